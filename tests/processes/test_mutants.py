"""Every small mistake in the claim's diagram is refused with a reason, or the real engine shows that it does no harm.

A mutant is the diagram with one thing changed. What the checks let through is played on SpiffWorkflow with every
choice tried: each case must be able to finish, and nothing is paid without review and approval by two people.
By default a sample of the reroutes is checked and a sample of the accepted mutants is played;
``CHANGLING_MUTANTS=all`` checks every one and plays every accepted one to the end (about ten minutes).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from brute import Game, Rules, play
from lxml import etree

from engine.cases.controls import ControlBook
from engine.cases.names import names_of
from engine.duties import DutyBook
from engine.workflow.checks import check_file
from engine.workflow.expressions import compile_expression
from engine.workflow.problems import Problem
from engine.workflow.reader import Blueprint, read_process
from engine.workflow.vocabulary import BPMN, CAMUNDA, PEOPLE_TASKS

PROCESSES = Path(__file__).parents[2] / "processes"
DUTIES = DutyBook.load(PROCESSES / "duties.yaml")
CONTROLS = ControlBook.load(PROCESSES / "controls.yaml", DUTIES)
NAMES = names_of(PROCESSES, DUTIES, CONTROLS)
CLAIM = (PROCESSES / "claim.bpmn").read_bytes()

ALL = os.environ.get("CHANGLING_MUTANTS") == "all"
SEED = int(os.environ.get("CHANGLING_SEED", "20251103"))
#: reroutes taken; every other kind of mutant is taken whole
REROUTES = 4000 if ALL else 400
#: how many of the accepted mutants the engine plays, and how many states of each at most
PLAYED = 10_000 if ALL else 12
STATES = 3000 if ALL else 160

TASKS = ("userTask", "serviceTask", "businessRuleTask")
GATEWAY_KINDS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway")

Tree = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """The diagram with one thing changed."""

    kind: str
    what: str
    data: bytes


def tag(name: str) -> str:
    """The full BPMN name."""
    return f"{{{BPMN}}}{name}"


class Drawn:
    """A copy of the diagram that can be changed."""

    def __init__(self) -> None:
        root = deepcopy(ORIGINAL)
        self.root = root
        self.process = root.find(tag("process"))
        self.nodes = {
            node.get("id"): node
            for node in self.process
            if node.find(tag("incoming")) is not None or node.find(tag("outgoing")) is not None
        }
        self.flows = {flow.get("id"): flow for flow in self.process.iter(tag("sequenceFlow"))}

    def drop(self, own: str) -> None:
        """Take the element out, with every mention of it."""
        for node in list(self.root.iter()):
            mentioned = (
                node.tag in (tag("incoming"), tag("outgoing"), tag("flowNodeRef")) and node.text == own
            )
            drawn = (node.get("bpmnElement") or "") == own
            if mentioned or drawn or node.get("id") == own:
                node.getparent().remove(node)

    def drop_node(self, own: str) -> None:
        """Take the node out, with its flows and boundary events."""
        for event in [node for node in self.nodes.values() if node.get("attachedToRef") == own]:
            self.drop_node(event.get("id"))
        for flow in list(self.flows.values()):
            if own in (flow.get("sourceRef"), flow.get("targetRef")):
                self.drop(flow.get("id"))
        self.drop(own)

    def reroute(self, flow: str, target: str) -> None:
        """Let the flow lead to another node."""
        for mention in self.nodes[self.flows[flow].get("targetRef")].findall(tag("incoming")):
            if mention.text == flow:
                mention.getparent().remove(mention)
        self.flows[flow].set("targetRef", target)

    def lane(self, own: str) -> Any:
        """The mention of the node in its lane."""
        return next(each for each in self.root.iter(tag("flowNodeRef")) if each.text == own)

    def properties(self, own: str, name: str) -> list[Any]:
        """The node's properties of that name."""
        return [each for each in self.nodes[own].iter(f"{{{CAMUNDA}}}property") if each.get("name") == name]

    def mutant(self, kind: str, what: str) -> Mutant:
        """What it has become."""
        return Mutant(kind=kind, what=what, data=etree.tostring(self.root))


ORIGINAL = etree.fromstring(CLAIM)
for _picture in ORIGINAL.findall("{http://www.omg.org/spec/BPMN/20100524/DI}BPMNDiagram"):
    ORIGINAL.remove(_picture)
PLAN = Drawn()
LANES = [lane.get("id") for lane in PLAN.root.iter(tag("lane"))]


def deletions() -> Iterator[Mutant]:
    """Without one flow; without one node; without one node, its ways joined."""
    for flow in PLAN.flows:
        drawn = Drawn()
        drawn.drop(flow)
        yield drawn.mutant("flow deleted", flow)
    for own in PLAN.nodes:
        drawn = Drawn()
        drawn.drop_node(own)
        yield drawn.mutant("node deleted", own)
        out = [flow for flow in PLAN.flows.values() if flow.get("sourceRef") == own]
        for way in out:
            drawn = Drawn()
            for flow in list(drawn.flows.values()):
                if flow.get("targetRef") == own:
                    drawn.reroute(flow.get("id"), way.get("targetRef"))
            drawn.flows = {
                flow.get("id"): flow for flow in drawn.flows.values() if flow.get("sourceRef") == own
            }
            drawn.drop_node(own)
            yield drawn.mutant("node bridged", f"{own} by {way.get('id')}")


def reroutes() -> Iterator[Mutant]:
    """One flow leads elsewhere."""
    targets = [
        own for own, node in PLAN.nodes.items() if node.tag not in (tag("startEvent"), tag("boundaryEvent"))
    ]
    pairs = [
        (flow, target)
        for flow, drawn in PLAN.flows.items()
        for target in targets
        if target != drawn.get("targetRef")
    ]
    chosen = sorted(random.Random(SEED).sample(pairs, min(REROUTES, len(pairs))))
    for flow, target in chosen:
        drawn = Drawn()
        drawn.reroute(flow, target)
        yield drawn.mutant("flow rerouted", f"{flow} to {target}")


def lane_swaps() -> Iterator[Mutant]:
    """One task stands in another lane."""
    for own, node in PLAN.nodes.items():
        for lane in LANES:
            drawn = Drawn()
            mention = drawn.lane(own)
            home = next(each for each in drawn.root.iter(tag("lane")) if each.get("id") == lane)
            if node.tag in [tag(kind) for kind in TASKS] and mention.getparent() is not home:
                home.append(mention)
                yield drawn.mutant("lane swapped", f"{own} to {lane}")


def gateway_changes() -> Iterator[Mutant]:
    """One gateway is of another kind."""
    for own, node in PLAN.nodes.items():
        for kind in GATEWAY_KINDS:
            if node.tag in [tag(each) for each in GATEWAY_KINDS] and node.tag != tag(kind):
                drawn = Drawn()
                drawn.nodes[own].tag = tag(kind)
                yield drawn.mutant("gateway changed", f"{own} to {kind}")


def property_changes() -> Iterator[Mutant]:
    """A control is dropped, or another one written; another person is no longer asked for."""
    for own in PLAN.nodes:
        for value in ("", *CONTROLS.controls):
            drawn = Drawn()
            for each in drawn.properties(own, "control"):
                if each.get("value") != value:
                    each.set("value", value)
                    yield drawn.mutant("control changed", f"{own} to {value or 'none'}")
        for each in PLAN.properties(own, "different_person_from"):
            others = [other.strip() for other in each.get("value").split(",")]
            for left in [[], *[[o for o in others if o != dropped] for dropped in others if len(others) > 1]]:
                drawn = Drawn()
                drawn.properties(own, "different_person_from")[0].set("value", ", ".join(left))
                yield drawn.mutant("other person dropped", f"{own}: {left}")


def event_changes() -> Iterator[Mutant]:
    """A boundary event interrupts or no longer does, or sits on another task."""
    events = [node for node in PLAN.nodes.values() if node.tag == tag("boundaryEvent")]
    hosts = [own for own, node in PLAN.nodes.items() if node.tag in [tag(kind) for kind in TASKS]]
    for event in events:
        drawn = Drawn()
        node = drawn.nodes[event.get("id")]
        node.set("cancelActivity", "false" if node.get("cancelActivity") == "true" else "true")
        yield drawn.mutant("event interrupts or not", event.get("id"))
        for host in hosts:
            if host != event.get("attachedToRef"):
                drawn = Drawn()
                drawn.nodes[event.get("id")].set("attachedToRef", host)
                yield drawn.mutant("event moved", f"{event.get('id')} to {host}")


def choice_changes() -> Iterator[Mutant]:
    """Another default, none, a condition dropped, or two conditions swapped."""
    gateways = [own for own, node in PLAN.nodes.items() if node.get("default")]
    for own in gateways:
        out = [flow for flow, node in PLAN.flows.items() if node.get("sourceRef") == own]
        for default in ["", *out]:
            drawn = Drawn()
            if default != PLAN.nodes[own].get("default"):
                drawn.nodes[own].set("default", default)
                yield drawn.mutant("default swapped", f"{own} to {default or 'none'}")
        for flow in out:
            drawn = Drawn()
            for condition in drawn.flows[flow].findall(tag("conditionExpression")):
                drawn.flows[flow].remove(condition)
                yield drawn.mutant("condition dropped", flow)
        for first, second in [(a, b) for a in out for b in out if a < b]:
            drawn = Drawn()
            ends = drawn.flows[first].get("targetRef"), drawn.flows[second].get("targetRef")
            drawn.reroute(first, ends[1])
            drawn.reroute(second, ends[0])
            yield drawn.mutant("ways swapped", f"{first} and {second}")


def mutants() -> Iterator[Mutant]:
    """All of them, each content once."""
    seen = {etree.tostring(ORIGINAL)}
    for several in (
        property_changes(), deletions(), lane_swaps(), gateway_changes(), event_changes(), choice_changes(), reroutes(),
    ):  # fmt: skip
        for mutant in several:
            if mutant.data not in seen:
                seen.add(mutant.data)
                yield mutant


# -- what the engine really does


@dataclass(kw_only=True)
class Office(Rules):
    """Plays the people of an office, and notes every payment that lacks a control."""

    blueprint: Blueprint
    #: completed steps since each was first done, with the control that was passed
    done: list[tuple[str, str]] = field(default_factory=list)
    paid_wrongly: list[str] = field(default_factory=list)

    def memory(self) -> Any:
        return tuple(self.done)

    def recall(self, memory: Any) -> None:
        self.done = list(memory or ())

    def completed(self, element: str, entered: Mapping[str, Any]) -> None:
        names = [own for own, _ in self.done]
        if element in names:
            del self.done[names.index(element) :]
        control = self.blueprint.elements[element].control
        self.done.append((element, control if control and CONTROLS.passed(control, entered) else ""))

    def called(self, name: str, data: Mapping[str, Any]) -> None:
        need = CONTROLS.needs(name)
        if need is None:
            return
        places = {control: place for place, (_, control) in enumerate(self.done)}
        lacking = [control for control in need.controls if control not in places]
        if lacking:
            self.paid_wrongly.append(f"{name} without {lacking} after {self.done}")
            return
        by = [self.blueprint.elements[self.done[places[control]][0]] for control in need.controls]
        first, second = sorted(by, key=lambda element: [own for own, _ in self.done].index(element.id))
        if [element.duty for element in by] != [CONTROLS.controls[control].duty for control in need.controls]:
            self.paid_wrongly.append(f"{name} with a control in other hands")
        barred = first.id in second.different_person_from or DUTIES.same_case(
            first.duty or "", second.duty or ""
        )
        if not barred:
            self.paid_wrongly.append(f"{name} by one person")


FORMS: dict[str, list[dict[str, Any]]] = {
    "claim-confirm": [{"answer": "confirm"}, {"answer": "object"}],
    "intake-check": [{"intake_opinion": "pass"}, {"intake_opinion": "return"}],
    "claim-review": [{"review_opinion": "agree"}, {"review_opinion": "return"}],
    "claim-review-second": [{"second_opinion": "agree"}, {"second_opinion": "return"}],
    "claim-approval": [{"approval": "approve"}, {"approval": "refuse"}, {"approval": "return"}],
}
PROVIDED: dict[str, list[dict[str, Any]]] = {
    "claim-route": [
        {"route": "evidence", "second_review": True},
        {"route": "evidence", "second_review": False},
        {"route": "second_review", "second_review": True},
        {"route": "normal", "second_review": False},
    ],
    "determine_entitlement": [{"granted": True}, {"granted": False}],
}


def played(data: bytes) -> tuple[Game, Office]:
    """The diagram as the engine plays it."""
    blueprint = read_process(data, names=NAMES)
    elements = blueprint.elements.values()
    office = Office(
        blueprint=blueprint,
        provides=PROVIDED,
        forms={
            element.id: FORMS.get(element.form, [{}]) for element in elements if element.kind in PEOPLE_TASKS
        },
        live=live_data(blueprint),
        start={"case_key": "案1"},
        functions=NAMES.functions,
    )
    return play(blueprint, office, states=STATES), office


def live_data(blueprint: Blueprint) -> dict[str, frozenset[str]]:
    """Element → names that a gateway may still look at before they are set anew."""
    after: dict[str, list[str]] = {own: [] for own in blueprint.elements}
    looks: dict[str, set[str]] = {own: set() for own in blueprint.elements}
    for flow in blueprint.flows:
        after[flow.source].append(flow.target)
        if flow.condition:
            looks[flow.source] |= compile_expression(flow.condition).names
    sets = {
        own: {
            name
            for option in (*FORMS.get(e.form, []), *PROVIDED.get(e.topic or e.decision, []))
            for name in option
        }
        for own, e in blueprint.elements.items()
    }
    live: dict[str, set[str]] = {own: set() for own in blueprint.elements}
    grown = True
    while grown:
        grown = False
        for own in live:
            behind = set().union(*(live[each] for each in after[own])) - sets[own]
            beside = set().union(*(live[e.id] for e in blueprint.elements.values() if e.attached_to == own))
            found = looks[own] | behind | beside
            grown |= found != live[own]
            live[own] = found
    return {own: frozenset(names) for own, names in live.items()}


def harm(mutant: Mutant) -> list[str]:
    """What the engine does with the mutant that must not be."""
    game, office = played(mutant.data)
    found = [f"pays wrongly: {wrong}" for wrong in office.paid_wrongly[:1]]
    found += [f"fails: {fault}" for fault in game.faults[:1]]
    if game.whole:
        found += [f"cannot finish: {state[0]}" for state in game.lost()[:1]]
        missing = set(office.blueprint.elements) - game.passed
        found += [f"never comes to: {sorted(missing)}"] if missing else []
    return found


def refusals(mutant: Mutant) -> list[Problem]:
    """The errors that the checks find."""
    return [each for each in check_file(mutant.data, NAMES, "claim.bpmn") if each.severity == "error"]


@pytest.mark.req("FLOW-03", "MONEY-02")
def test_no_small_mistake_gets_through_unseen() -> None:
    accepted: list[Mutant] = []
    refused: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = {}
    for mutant in mutants():
        problems = refusals(mutant)
        kinds.setdefault(mutant.kind, Counter())["refused" if problems else "accepted"] += 1
        assert all((each.element or each.line) and each.message for each in problems), mutant.what
        refused.update({each.code for each in problems})
        if not problems:
            accepted.append(mutant)

    chosen = random.Random(SEED).sample(accepted, min(PLAYED, len(accepted)))
    false = {f"{mutant.kind}: {mutant.what}": found for mutant in chosen if (found := harm(mutant))}

    total = sum(sum(counts.values()) for counts in kinds.values())
    print(f"\nseed {SEED}: {total} mutants, {total - len(accepted)} refused, {len(accepted)} accepted, "
          f"{len(chosen)} of them played, {len(false)} falsely accepted")  # fmt: skip
    for kind, counts in kinds.items():
        print(f"  {kind}: {dict(counts)}")
    print(f"  reasons: {dict(refused.most_common())}")
    assert total >= 1000
    assert not false


def test_the_claim_itself_is_played_without_harm() -> None:
    mutant = Mutant(kind="none", what="none", data=CLAIM)

    assert not refusals(mutant)
    assert not harm(mutant)


def _move(drawn: Drawn, own: str, lane: str) -> None:
    next(each for each in drawn.root.iter(tag("lane")) if each.get("id") == lane).append(drawn.lane(own))


#: what must not get through: the change, the reason that is given, and where
REFUSED = {
    "a reviewer's no goes on to the approval": (
        lambda drawn: drawn.reroute("review_returned", "approval_due"), "control_missing", "order_first_payment"),
    "the approval can be left out": (
        lambda drawn: drawn.reroute("one_review_enough", "register_unemployment"),
        "control_missing", "order_first_payment"),
    "the review's control is gone": (
        lambda drawn: drawn.properties("review_claim", "control")[0].set("value", ""),
        "control_missing", "order_first_payment"),
    "the review stands in the lane of the approval": (
        lambda drawn: _move(drawn, "review_claim", "lane_approve"), "control_wrong_duty", "review_claim"),
    "a withdrawal goes on to the approval": (
        lambda drawn: drawn.reroute("withdrawn_at_check_intake_to_withdrawal_due", "approval_due"),
        "control_missing", "order_first_payment"),
    "an overdue reminder withdraws the claim": (
        lambda drawn: (
            drawn.reroute("escalate_review_to_escalate_review_done", "withdrawal_due"),
            drawn.drop_node("escalate_review_done"),
        ),
        "improper_end", "claim_withdrawn"),
    "two ways are waited for of which one comes": (
        lambda drawn: drawn.nodes["withdrawal_due"].__setattr__("tag", tag("parallelGateway")),
        "deadlock", "withdrawal_due"),
    "an approval before anything is determined": (
        lambda drawn: drawn.reroute("withdrawn_at_confirmation_to_withdrawal_due", "review_claim"),
        "unset_data", "second_review_needed"),
    "a deadline on a step that never waits": (
        lambda drawn: drawn.nodes["intake_overdue"].set("attachedToRef", "gather_facts"),
        "dead_step", "intake_overdue"),
}  # fmt: skip


@pytest.mark.req("FLOW-03", "MONEY-02")
@pytest.mark.parametrize("name", REFUSED)
def test_a_way_round_the_rules_is_refused_where_it_is(name: str) -> None:
    change, code, element = REFUSED[name]
    drawn = Drawn()
    change(drawn)

    problems = refusals(drawn.mutant(name, name))

    assert (code, element) in {(problem.code, problem.element) for problem in problems}
    assert all(
        problem.path for problem in problems if problem.code in ("control_missing", "deadlock", "unset_data")
    )
