"""Every small mistake in a shipped diagram is refused with a reason, or the real engine shows that it does no harm.

A mutant is the diagram with one thing changed. What the checks let through is played on SpiffWorkflow with every
choice tried: each case must be able to finish, and nothing is paid without the controls, each by another person.
By default a sample of the reroutes is checked and a sample of the accepted mutants is played.
``CHANGLING_MUTANTS=all`` checks every one and plays every accepted one to the end; ``CHANGLING_MUTANTS=refused``
plays those instead that only playing refused, and lists the ones that do no harm: no rule says how many there may
be, and docs/decisions/0003-soundness.md explains them. ``CHANGLING_SHARD=3/8`` takes every eighth mutant.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, islice, product
from pathlib import Path
from typing import Any

import pytest
from brute import FAR, Game, Rules, play
from diagram_mutants import Drawn, Mutant, Plan, tag

from engine.cases.controls import ControlBook
from engine.cases.names import names_of
from engine.duties import DutyBook
from engine.workflow.checks import check_file
from engine.workflow.expressions import compile_expression
from engine.workflow.problems import Problem
from engine.workflow.reader import Blueprint, read_processes
from engine.workflow.syntax import Comparison, Literal, Name, walk
from engine.workflow.vocabulary import PEOPLE_TASKS

PROCESSES = Path(__file__).parents[2] / "processes"
DUTIES = DutyBook.load(PROCESSES / "duties.yaml")
CONTROLS = ControlBook.load(PROCESSES / "controls.yaml", DUTIES)
NAMES = names_of(PROCESSES, DUTIES, CONTROLS)

HOW = os.environ.get("CHANGLING_MUTANTS", "some")
ALL = HOW in ("all", "refused")
SHARD, SHARDS = (int(part) for part in os.environ.get("CHANGLING_SHARD", "1/1").split("/"))
SEED = int(os.environ.get("CHANGLING_SEED", "20251103"))
#: how many states of a mutant the engine plays at most
STATES = 3000 if ALL else 160
#: what only playing finds; whatever else is refused the engine could not even be given
PLAYED_CODES = frozenset(
    {"deadlock", "livelock", "leftover_token", "two_tokens", "improper_end", "dead_step", "join_in_loop"}
    | {"control_missing", "control_same_person", "unset_data", "two_interrupting_timers", "too_much_ahead"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A shipped process, and how much is made of it by default: reroutes, and accepted mutants that are played."""

    file: str
    process_id: str
    reroutes: int = 40
    played: int = 2
    #: by default each how many-th mutant is checked, from a drawn one on
    stride: int = 1

    def plan(self) -> Plan:
        """The process as it is."""
        return Plan((PROCESSES / self.file).read_bytes(), self.process_id, CONTROLS.controls)


CLAIM = Shipped(file="claim.bpmn", process_id="claim", reroutes=60, played=6, stride=2)
SHIPPED = (
    CLAIM,
    Shipped(file="payment-run.bpmn", process_id="payment_run"),
    Shipped(file="rectification.bpmn", process_id="rectification"),
    Shipped(file="reconcile.bpmn", process_id="reconcile"),
    Shipped(file="stable-jobs.bpmn", process_id="stable_jobs"),
    Shipped(file="refund-settlement.bpmn", process_id="refund_settlement", stride=3),
    Shipped(file="transfer.bpmn", process_id="transfer_in"),
    Shipped(file="transfer.bpmn", process_id="transfer_out"),
    Shipped(file="stop.bpmn", process_id="stop", stride=3),
    Shipped(file="suspicion.bpmn", process_id="suspicion", stride=3),
    Shipped(file="recovery.bpmn", process_id="recovery", stride=3),
    Shipped(file="listing.bpmn", process_id="listing", stride=3),
    Shipped(file="recheck.bpmn", process_id="recheck", stride=3),
    Shipped(file="death-grant.bpmn", process_id="death_grant", stride=3),
    Shipped(file="rating.bpmn", process_id="rating", stride=3),
    Shipped(file="complaint.bpmn", process_id="complaint", stride=3),
)


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
        if [element.duty for element in by] != [CONTROLS.controls[control].duty for control in need.controls]:
            self.paid_wrongly.append(f"{name} with a control in other hands")
        in_turn = sorted(by, key=lambda element: [own for own, _ in self.done].index(element.id))
        for first, second in combinations(in_turn, 2):
            barred = DUTIES.same_case(first.duty or "", second.duty or "")
            if not barred and first.id not in second.different_person_from:
                self.paid_wrongly.append(f"{name} by one person")


Options = list[dict[str, Any]]


def deciding(blueprint: Blueprint) -> dict[str, list[Any]]:
    """Field that a gateway or a control looks at → the values that it tells apart."""
    texts = [flow.condition for flow in blueprint.flows if flow.condition]
    texts += [control.passed_when.text for control in CONTROLS.controls.values()]
    found: dict[str, dict[Any, None]] = {}
    for part in (part for text in texts for part, _ in walk(compile_expression(text).tree)):
        match part:
            case Comparison(first=Name(id=name), rest=((sign, Literal(value=value)),)):
                other = not value if isinstance(value, bool) else "别的" if isinstance(value, str) else 1
                found.setdefault(name, {}).update(dict.fromkeys([value, other]))
                assert sign == "==" or (sign, value) in ((">", 0), (">=", 2))
            case Comparison():
                raise AssertionError(part)
    return {name: list(values) for name, values in found.items()}


def options(fields: Iterable[str], values: Mapping[str, list[Any]]) -> Options:
    """Everything that may be entered in, or provided for, the fields; those that decide nothing are the same always."""
    names = sorted(fields)
    return [
        dict(zip(names, chosen, strict=True))
        for chosen in product(*(values.get(name, [FAR]) for name in names))
    ]


def played(mutant: Mutant, process_id: str) -> tuple[Game, Office]:
    """The diagram as the engine plays it."""
    blueprint = read_processes(mutant.data, names=NAMES)[process_id]
    values, elements = deciding(blueprint), blueprint.elements.values()
    provides = {
        element.topic: options(NAMES.operations[element.topic].provides, values)
        for element in elements
        if element.topic
    }
    provides |= {e.decision: options(NAMES.decisions[e.decision], values) for e in elements if e.decision}
    forms = {
        element.id: options(NAMES.forms.get(element.form, ()), values)
        for element in elements
        if element.kind in PEOPLE_TASKS
    }
    made = {name for several in (*provides.values(), *forms.values()) for name in several[0]}
    # what nobody in the office sets comes with the start or with a message
    told = {name for element in elements for name in element.provides}
    given = told | (values.keys() - made)
    office = Office(
        blueprint=blueprint,
        provides=provides,
        forms=forms,
        live=live_data(blueprint, provides, forms),
        start={"case_key": "案1"},
        starts=options(given, values),
        functions=NAMES.functions,
    )
    return play(blueprint, office, states=STATES), office


def live_data(
    blueprint: Blueprint, provides: Mapping[str, Options], forms: Mapping[str, Options]
) -> dict[str, frozenset[str]]:
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
            for option in (*forms.get(own, []), *provides.get(e.topic or e.decision, []))
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


def harm(mutant: Mutant, process_id: str) -> list[str]:
    """What the engine does with the mutant that must not be."""
    try:
        game, office = played(mutant, process_id)
    except RecursionError as fault:
        return [f"cannot start: {fault}"]
    found = [f"pays wrongly: {wrong}" for wrong in office.paid_wrongly[:1]]
    found += [f"fails: {fault}" for fault in game.faults[:1]]
    if game.whole:
        found += [f"cannot finish: {state[0]}" for state in game.lost()[:1]]
        missing = set(office.blueprint.elements) - game.passed
        found += [f"never comes to: {sorted(missing)}"] if missing else []
    return found


def refusals(mutant: Mutant) -> list[Problem]:
    """The errors that the checks find."""
    return [each for each in check_file(mutant.data, NAMES, "mutant.bpmn") if each.severity == "error"]


def sorted_out(shipped: Shipped) -> Iterator[tuple[Mutant, list[Problem]]]:
    """The mutants of this shard, each with its errors; counts are printed at the end."""
    kinds: dict[str, Counter[str]] = {}
    codes: Counter[str] = Counter()
    every = shipped.plan().mutants(reroutes=10**6 if ALL else shipped.reroutes, seed=SEED)
    first, stride = (
        (SHARD - 1, SHARDS) if ALL else (random.Random(SEED).randrange(shipped.stride), shipped.stride)
    )
    for mutant in islice(every, first, None, stride):
        problems = refusals(mutant)
        assert all((each.element or each.line) and each.message for each in problems), mutant.what
        kinds.setdefault(mutant.kind, Counter())["refused" if problems else "accepted"] += 1
        codes.update({each.code for each in problems})
        yield mutant, problems
    whole = sum(kinds.values(), Counter[str]())
    print(
        f"\n{shipped.process_id}, seed {SEED}, every {stride} from {first}: {whole.total()} mutants, {dict(whole)}"
    )
    for kind, counts in kinds.items():
        print(f"  {kind}: {dict(counts)}")
    print(f"  reasons: {dict(codes.most_common())}", flush=True)


def list_refused_without_need(shipped: Shipped, mutants: Iterable[tuple[Mutant, list[Problem]]]) -> None:
    """Print the mutants that only playing refused, and that do no harm when the engine plays them."""
    several = [(mutant, {each.code for each in problems}) for mutant, problems in mutants if problems]
    several = [(mutant, codes) for mutant, codes in several if codes <= PLAYED_CODES]
    harmless: Counter[str] = Counter()
    for mutant, codes in several:
        if not harm(mutant, shipped.process_id):
            harmless.update(codes)
            print(f"  no harm, refused for {sorted(codes)}: {mutant.kind}: {mutant.what}", flush=True)
    print(f"  {len(several)} refused by playing alone, without harm by code: {dict(harmless)}", flush=True)


@pytest.mark.req("FLOW-03", "MONEY-02")
@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda each: each.process_id)
def test_no_small_mistake_gets_through_unseen(shipped: Shipped) -> None:
    mutants = list(sorted_out(shipped))
    if HOW == "refused":
        list_refused_without_need(shipped, mutants)
        return
    accepted = [mutant for mutant, problems in mutants if not problems]
    chosen = accepted if ALL else random.Random(SEED).sample(accepted, min(shipped.played, len(accepted)))

    false = {}
    for mutant in chosen:
        if found := harm(mutant, shipped.process_id):
            false[f"{mutant.kind}: {mutant.what}"] = found
            print(f"  FALSELY ACCEPTED {mutant.kind}: {mutant.what}: {found}", flush=True)
    print(f"  {len(chosen)} accepted ones played, {len(false)} do harm", flush=True)

    assert chosen
    assert not false


def test_the_processes_themselves_are_played_without_harm() -> None:
    for shipped in SHIPPED:
        mutant = Mutant(kind="none", what="none", data=(PROCESSES / shipped.file).read_bytes())

        assert not refusals(mutant)
        assert not harm(mutant, shipped.process_id), shipped.process_id


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
    drawn = CLAIM.plan().drawn()
    change(drawn)

    problems = refusals(drawn.mutant(name, name))

    assert (code, element) in {(problem.code, problem.element) for problem in problems}
    assert all(
        problem.path for problem in problems if problem.code in ("control_missing", "deadlock", "unset_data")
    )
