"""Diagrams, catalogue, forms, letters and facts name the same things: nothing is called, needed or written in vain.

Reads the files and the code; the paths of the other tests prove that it runs.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from builders import (
    MAIN_ROAD,
    a_bad_rating,
    a_claim,
    a_complaint,
    a_death_grant,
    a_difference,
    a_finding,
    a_hit,
    a_listing,
    a_payment_run,
    a_recheck,
    a_recovery,
    a_refund,
    a_settlement,
    a_skill_subsidy,
    a_suspicion_line,
    a_transfer,
    an_exit_objection,
    other_office,
    reduction_of,
)
from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta
from paths import DETOURS
from walked import map_of

from engine.cases.controls import ControlBook
from engine.cases.escalations import LETTERS as ESCALATION_LETTERS
from engine.cases.month_letters import KINDS as MONTH_LETTERS
from engine.cases.names import names_of
from engine.cases.office import Office
from engine.cases.supervising import LETTER as SUPERVISION_LETTER
from engine.cases.transfers import APPLIED
from engine.duties import DutyBook
from engine.tasks import CATALOGUE
from engine.tasks.letters import render
from engine.values import Reason
from engine.workflow.checks import check_file
from engine.workflow.expressions import compile_expression
from engine.workflow.facts import bare
from engine.workflow.form_parts import with_conditions
from engine.workflow.forms import Form, read_form
from engine.workflow.guide import road_of
from engine.workflow.reader import Blueprint, read_processes
from engine.workflow.versions import references_of
from engine.workflow.vocabulary import GATEWAYS, Element, Names

ROOT = Path(__file__).parents[2]
PROCESSES = ROOT / "processes"
DUTIES = DutyBook.load(PROCESSES / "duties.yaml")
CONTROLS = ControlBook.load(PROCESSES / "controls.yaml", DUTIES)
NAMES: Names = names_of(PROCESSES, DUTIES, CONTROLS)
DIAGRAMS = sorted(PROCESSES.glob("*.bpmn"))
BLUEPRINTS: Mapping[str, Blueprint] = {
    blueprint.process_id: blueprint
    for path in DIAGRAMS
    for blueprint in read_processes(path.read_bytes(), names=NAMES).values()
}
FORMS: Mapping[str, Form] = {
    path.stem: read_form(path.read_bytes()) for path in (PROCESSES / "forms").glob("*.form")
}
#: what every letter may say of its case
GIVEN = {"case_key", "today"}


def elements() -> Iterator[Element]:
    """Every element of every shipped diagram."""
    return (each for blueprint in BLUEPRINTS.values() for each in blueprint.elements.values())


# ---- operations, forms, controls


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_a_shipped_diagram_has_neither_errors_nor_warnings(path: Path) -> None:
    assert check_file(path.read_bytes(), NAMES, path.name) == []


def test_every_operation_that_is_called_exists_and_every_one_that_exists_is_called() -> None:
    assert {each.topic for each in elements() if each.topic} == set(CATALOGUE)


def test_every_step_for_a_person_has_a_form_and_a_duty() -> None:
    steps = [each for each in elements() if each.kind == "userTask"]

    assert [each.id for each in steps if each.form not in FORMS] == []
    assert [each.id for each in steps if each.duty not in DUTIES.duties] == []


@pytest.mark.req("CLAIM-12")
def test_every_step_for_a_person_has_a_time_limit() -> None:
    assert [each.id for each in elements() if each.kind == "userTask" and not each.due] == []


@pytest.mark.req("MONEY-02")
def test_every_control_is_held_by_a_step_of_its_duty_in_each_diagram_that_needs_it() -> None:
    for process, blueprint in BLUEPRINTS.items():
        called = {each.topic for each in blueprint.elements.values() if each.topic}
        held = {each.control: each.duty for each in blueprint.elements.values() if each.control}
        for operation in called & set(CONTROLS.by_operation):
            for control in CONTROLS.by_operation[operation].controls:
                assert held.get(control) == CONTROLS.controls[control].duty, (process, operation, control)


def test_the_tests_know_a_way_through_every_step_and_try_every_answer() -> None:
    steps = {each.id: FORMS[each.form] for each in elements() if each.kind == "userTask"}
    assert set(steps) == set(MAIN_ROAD)

    for step, form in steps.items():
        tried = [
            dict(MAIN_ROAD[step][1]),
            *({**MAIN_ROAD[step][1], **other} for other in DETOURS.get(step, ())),
        ]
        for field in form.fields:
            if field.kind == "radio" and field.key != "problem_kind":
                answered = {entered.get(field.key) for entered in tried}
                assert {option.value for option in field.choices} <= answered, (step, field.key)


# ---- data


@dataclass(frozen=True, slots=True)
class Sure:
    """Names of case data that are there on every path, and those whose value may be empty."""

    set: frozenset[str]
    filled: frozenset[str]

    def __and__(self, other: Sure) -> Sure:
        return Sure(self.set & other.set, self.filled & other.filled)


def _always_filled(form: Form) -> set[str]:
    """The fields that have a value whenever the form was sent: required ones, and boxes, ticked or not."""
    return {
        part.key
        for part, conditions in with_conditions(form.components, ())
        if (part.required or part.kind == "checkbox") and not part.readonly and not conditions
    }


def _after(element: Element, before: Sure) -> Sure:
    """What is there once the element has passed."""
    given = set(element.provides)
    if element.topic:
        given |= set(CATALOGUE[element.topic].provides)
    if element.decision:
        given |= NAMES.decisions[element.decision]
    filled = set(given)
    if element.form:
        form = FORMS[element.form]
        given |= {field.key for field in form.fields if not field.readonly}
        filled |= _always_filled(form)
        # what a form leaves empty is null from then on, whatever it was before
        before = Sure(before.set, before.filled - (given - filled))
    return Sure(before.set | given, before.filled | filled)


def sure_before(blueprint: Blueprint) -> dict[str, Sure]:
    """What is there on every path when each element is reached: the greatest fixed point over all flows."""
    everything = frozenset(
        name for each in elements() for name in _after(each, Sure(frozenset(), frozenset())).set
    )
    top = Sure(everything | NAMES.always, everything | NAMES.always)
    before = dict.fromkeys(blueprint.elements, top)
    sources: dict[str, list[str]] = {each: [] for each in blueprint.elements}
    for flow in blueprint.flows:
        sources[flow.target].append(flow.source)
    for _ in range(len(blueprint.elements)):
        for name, element in blueprint.elements.items():
            if element.attached_to:
                before[name] = before[element.attached_to]
            elif sources[name]:
                ways = [_after(blueprint.elements[each], before[each]) for each in sources[name]]
                joined = ways[0]
                for way in ways[1:]:
                    joined = joined & way
                before[name] = joined
            else:
                before[name] = Sure(NAMES.always, NAMES.always)
    return before


@pytest.mark.req("FLOW-03")
@pytest.mark.parametrize("process", BLUEPRINTS)
def test_an_operation_finds_what_it_needs_on_every_path(process: str) -> None:
    before = sure_before(BLUEPRINTS[process])

    for element in BLUEPRINTS[process].elements.values():
        if element.topic:
            missing = set(CATALOGUE[element.topic].needs) - before[element.id].filled
            assert missing == set(), (element.id, element.topic)


@pytest.mark.req("FLOW-03")
@pytest.mark.parametrize("process", BLUEPRINTS)
def test_a_condition_a_timer_and_a_message_find_their_data_on_every_path(process: str) -> None:
    blueprint = BLUEPRINTS[process]
    before = sure_before(blueprint)

    for flow in blueprint.flows:
        if flow.condition:
            names = compile_expression(flow.condition, NAMES.functions).names
            assert names <= before[flow.source].set, flow.id
    for element in blueprint.elements.values():
        for text in (element.timer, element.due):
            if text.startswith("${"):
                names = compile_expression(bare(text), NAMES.functions).names
                assert names <= before[element.id].set, element.id
        if element.kind == "sendTask":
            assert {element.correlate, *element.carries} <= before[element.id].set, element.id


@pytest.mark.parametrize("process", BLUEPRINTS)
def test_what_waits_for_a_message_expects_what_its_sender_carries(process: str) -> None:
    carried = {each.message: set(each.carries) for each in elements() if each.kind == "sendTask"}

    for element in BLUEPRINTS[process].elements.values():
        if element.message in carried and element.kind not in ("sendTask", "startEvent"):
            assert set(element.provides) <= carried[element.message], element.id


def test_every_fact_that_pages_show_is_provided_by_something() -> None:
    facts = yaml.safe_load((PROCESSES / "facts.yaml").read_text("utf-8"))["facts"]
    provided = {name for each in elements() for name in _after(each, Sure(frozenset(), frozenset())).set}

    assert {fact["key"] for fact in facts if fact["key"].partition(".")[0] not in provided} == set()


@pytest.mark.parametrize("process", BLUEPRINTS)
def test_history_tells_which_flows_were_taken(process: str) -> None:
    # the coverage of the other tests rests on this: one way at most from one told element to the next
    blueprint = BLUEPRINTS[process]

    several = {ends: ways for ends, ways in map_of(blueprint).ways.items() if len(ways) > 1}

    assert several == {}
    assert any(each.kind in GATEWAYS for each in blueprint.elements.values())


@pytest.mark.req("FLOW-01")
def test_a_case_starts_with_the_data_that_its_diagram_promises(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    cases = {
        "claim": a_claim(office),
        "payment_run": a_payment_run(office),
        "stable_jobs": a_refund(office),
        "refund_settlement": a_settlement(office),
        "rectification": a_finding(office),
        "recovery": a_recovery(office, "feng"),
        "listing": a_listing(office, "wu"),
        "reconcile": a_difference(office),
        "recheck": a_recheck(office),
        "stop": a_hit(office, "bo"),
        "suspicion": a_suspicion_line(office, "lin"),
        "death_grant": a_death_grant(office, "li", of="zheng"),
        "rating": a_bad_rating(office, "qin"),
        "complaint": a_complaint(office, "qin"),
        "skill_subsidy": a_skill_subsidy(office),
        "exit_objection": an_exit_objection(office, answered=False),
        "transfer_in": transfer,
        "transfer_out": other_office(transfer),
    }

    cases["reduction"] = reduction_of(cases["exit_objection"])

    for process, blueprint in BLUEPRINTS.items():
        (start,) = (each for each in blueprint.elements.values() if each.kind == "startEvent")
        assert set(start.provides) <= set(cases[process].started_with()), process


# ---- letters


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that writes a letter."""

    kind: str
    facts: frozenset[str]
    line: str


def sent_letters() -> list[Sent]:
    """Every letter that operations and use-cases write, as their code says."""
    found = []
    rooms = (ROOT / "engine" / "tasks", ROOT / "engine" / "cases")
    for path in sorted(path for room in rooms for path in room.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "send_letter"
            ):
                facts = {str(each.arg) for each in node.keywords} - {"occasion", "recipient"}
                line = f"{path.name}:{node.lineno}"
                found += [Sent(kind, frozenset(facts), line) for kind in _kinds(node.args[1])]
    return found


def _kinds(written: ast.expr) -> list[str]:
    """The kinds of letter that the expression may stand for; of ``f"limit-{kind}"`` all that begin so."""
    if isinstance(written, ast.JoinedStr):
        begins = str(written.values[0].value) if isinstance(written.values[0], ast.Constant) else ""
        letters = (PROCESSES / "letters").glob(f"{begins}*.md")
        return sorted(path.stem for path in letters if not path.stem.endswith(".en"))
    return [str(part.value) for part in ast.walk(written) if isinstance(part, ast.Constant)]


SENT = sent_letters()


def test_every_letter_that_is_written_has_a_template_and_every_template_is_used() -> None:
    templates = {path.stem for path in (PROCESSES / "letters").glob("*.md") if not path.stem.endswith(".en")}

    beside = {*MONTH_LETTERS, *ESCALATION_LETTERS.values(), APPLIED, SUPERVISION_LETTER}
    assert {sent.kind for sent in SENT} | beside == templates


@pytest.mark.req("SERV-01")
def test_an_operation_of_a_public_process_declares_exactly_the_letters_that_the_guide_announces() -> None:
    topics = {
        element.topic
        for path in DIAGRAMS
        for process in references_of(path.read_bytes()).processes
        if road_of(path.read_bytes(), process, NAMES)
        for element in BLUEPRINTS[process].elements.values()
        if element.topic
    }

    declared = {topic: set(CATALOGUE[topic].letters) for topic in topics}

    assert len(topics) > 20
    assert declared == {topic: _to_the_subject(CATALOGUE[topic].act) for topic in topics}


def _to_the_subject(act: Callable[..., object]) -> set[str]:
    """The kinds of letter that an operation writes to whom its case is about."""
    return {
        kind
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(act))))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "send_letter"
        and not any(each.arg == "recipient" for each in node.keywords)
        for kind in _kinds(node.args[1])
    }


@pytest.mark.parametrize("sent", SENT, ids=lambda sent: f"{sent.kind}@{sent.line}")
@pytest.mark.parametrize("language", ["", ".en"])
def test_a_letter_uses_only_what_its_operation_gives(sent: Sent, language: str) -> None:
    letters = Environment(loader=FileSystemLoader(PROCESSES / "letters"), undefined=StrictUndefined)
    letters.filters["yuan"] = str
    text = (PROCESSES / "letters" / f"{sent.kind}{language}.md").read_text("utf-8")

    assert meta.find_undeclared_variables(letters.parse(text)) - GIVEN <= sent.facts, sent.line


@pytest.mark.parametrize("sent", SENT, ids=lambda sent: f"{sent.kind}@{sent.line}")
@pytest.mark.parametrize("language", ["", ".en"])
@pytest.mark.parametrize("filled", [True, False], ids=["filled", "empty"])
def test_a_letter_renders_with_and_without_what_may_be_empty(sent: Sent, language: str, filled: bool) -> None:
    reason = Reason(code="r", text="理由", text_en="why", source="依据").plain()
    listed = {
        "granted": not filled,
        "eligible": not filled,
        "reasons": [reason],
        "months": 3,
        "monthly": "1.00",
    }
    samples: Mapping[str, object] = {
        "determination": listed, "screening": listed, "amount_fen": 100, "monthly_fen": 100, "fee_fen": 0, "announced_fen": 100,
        "found_fen": 0, "prepaid_fen": 100, "settled_fen": 100, "top_up_fen": 100 if filled else 0, "recover_fen": 100,
        "funeral_fen": 100, "dependants_fen": 100, "at_bank_count": 1 if filled else 0,
        "months": 3, "months_paid": 30, "months_left": 3, "year": 2025, "days_late": 2, "accepted": filled,
        "basis": {"name": "某", "english": "some", "source": "某", "proof": "某", "proof_english": "some", "hearing": filled},
        "certificate": {"number": "S1", "occupation": "电工", "level_name": "四级", "issued_on": "2025-05-07", "issuer": "中心"},
    }  # fmt: skip
    facts = {name: samples.get(name, "某" if filled else "") for name in sent.facts}

    title, body = render(
        PROCESSES / "letters", f"{sent.kind}{language}", {"case_key": "SL-1", "today": "2025-11-03", **facts}
    )

    assert title
    assert len(body) > 20
    assert "{" not in body
    assert re.search(r"\bNone\b(?! of)", body) is None
