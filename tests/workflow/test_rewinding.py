"""The rule of going back, held against the real engine: what it refuses, no fresh case can come to either."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from brute import Game, Oracle, Played, Rules, _run, moves, oracles
from casework_drawings import PEOPLE, casework_diagram
from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.workflow.checks import check_file
from engine.workflow.codec import decode, encode, prune
from engine.workflow.drawing import draw
from engine.workflow.net import Marking, Net, bits
from engine.workflow.play import nets_of
from engine.workflow.reachable import reachable
from engine.workflow.reader import Blueprint, definitions_of, read_processes, read_xml
from engine.workflow.rewinding import ways_to
from engine.workflow.vocabulary import PEOPLE_TASKS, Names
from engine.workflow.whereabouts import marking_of, whereabouts_of

pytestmark = pytest.mark.req("FLOW-06")

#: what an engine's case holds, without any word of nets: open steps, waiting events, branches that have come to a join
Held = frozenset[str]

STATES = 250
DIAGRAMS = int(os.environ.get("CHANGLING_WAYS_BACK", "12"))


class Real:
    """Every state that a fresh case of a diagram can really come to, found by letting the engine play."""

    def __init__(self, data: bytes) -> None:
        self.blueprint: Blueprint = read_processes(data, names=Names.any())["p"]
        self.rules = Rules(free_conditions=True, start={"people": PEOPLE})
        self.follows: dict[Held, set[Held]] = {}
        self.states: dict[Held, bytes] = {}
        self._game, waiting = Game(), []
        oracles(partial(self._start, waiting))
        while waiting and len(self.states) < STATES:
            held = waiting.pop(0)
            for number in range(len(list(moves(self.load(held), self.rules)))):
                oracles(partial(self._step, waiting, held, number))
        self.whole = not waiting
        assert not self._game.faults, self._game.faults

    def load(self, held: Held, oracle: Oracle | None = None) -> BpmnWorkflow:
        """The case in that state."""
        engine = Played(self.rules, oracle or Oracle(), [])
        return decode(self.states[held], self.blueprint.spec, self.blueprint.subprocess_specs, engine)

    def _start(self, waiting: list[Held], oracle: Oracle) -> None:
        engine = Played(self.rules, oracle, [])
        specs = self.blueprint.spec, dict(self.blueprint.subprocess_specs)
        workflow = BpmnWorkflow(*specs, script_engine=engine)
        workflow.task_tree.data.update(self.rules.start)
        for task in workflow.get_tasks(state=TaskState.READY):
            task.data.update(self.rules.start)
        self._arrive(waiting, workflow, None)

    def _step(self, waiting: list[Held], before: Held, number: int, oracle: Oracle) -> None:
        workflow = self.load(before, oracle)
        own, move = list(moves(workflow, self.rules))[number]
        move()
        while self.blueprint.elements[own].multi_instance and own in (
            left := dict(moves(workflow, self.rules))
        ):
            # a vote is one step here: every round of it is done
            left[own]()
        self._arrive(waiting, workflow, before)

    def _arrive(self, waiting: list[Held], workflow: BpmnWorkflow, before: Held | None) -> None:
        while workflow.get_tasks(state=TaskState.READY, manual=False):
            assert _run(workflow, self._game), self._game.faults
        prune(workflow)
        held = held_by(workflow)
        if before is not None:
            self.follows[before].add(held)
        if held not in self.follows:
            self.follows[held] = set()
            if held:
                self.states[held] = encode(workflow)
                waiting.append(held)


def held_by(workflow: BpmnWorkflow) -> Held:
    """What the case holds."""
    return frozenset(name for part in (workflow, *workflow.subprocesses.values()) for name in _of_part(part))


def _of_part(part: Any) -> Iterator[str]:
    for task in part.tasks.values():
        spec, own = task.task_spec, str(task.task_spec.bpmn_id or "")
        if isinstance(spec, UnstructuredJoin):
            come = task.has_state(TaskState.WAITING | TaskState.CANCELLED) and not isinstance(spec, _EndJoin)
            if come and task.parent.state == TaskState.COMPLETED and not _joined(part, task):
                yield f"{task.parent.task_spec.bpmn_id}>{own}"
        elif own and task.has_state(TaskState.READY | TaskState.WAITING | TaskState.STARTED):
            yield own


def _joined(part: Any, task: Task) -> bool:
    return any(
        each.task_spec is task.task_spec and each.state == TaskState.COMPLETED for each in part.tasks.values()
    )


def put_by(blueprint: Blueprint, held: Held, step: str) -> Held:
    """What a fresh token at the step holds: the step, events on it, and scopes that nobody is in."""
    put, own = set(), step
    while own:
        put |= {own, *(e.id for e in blueprint.elements.values() if e.attached_to == own)}
        scope = blueprint.elements[own].scope
        hosts = [e.id for e in blueprint.elements.values() if scope in (e.id, e.called)]
        own = next((host for host in hosts if host not in held), "")
    return frozenset(put)


def really(real: Real, held: Held, sender: str, step: str) -> set[Held]:
    """The states of the fewest tokens withdrawn that a case can really come to, and come from again.

    Branches that have been joined may wait for each other once more: the fewest.
    """
    put = put_by(real.blueprint, held, step)
    if held & put:
        return set()
    found: dict[Held, tuple[int, int]] = {}
    for state in real.states:
        gone, more = held - state, state - put - held
        if (
            put <= state
            and all(">" in name for name in more)
            and sender in gone
            and _leads(real, state, held)
        ):
            found[state] = len(_counted(real, gone)), len(more)
    return {state for state, count in found.items() if count == min(found.values())}


def _leads(real: Real, start: Held, end: Held) -> bool:
    keeping, seen, waiting = start & end, {start}, [start]
    while waiting:
        for following in real.follows.get(waiting.pop(), ()):
            if following == end:
                return True
            if following not in seen and keeping <= following:
                seen.add(following)
                waiting.append(following)
    return False


def _counted(real: Real, held: Held) -> Held:
    """Without the events that stop their step: they come and go with it."""
    stops = {e.id for e in real.blueprint.elements.values() if e.attached_to and e.interrupting}
    return held - stops


def named(net: Net, marking: Marking) -> Held:
    """The marking in the words of the engine."""
    found = {}
    for ground in net.grounds:
        found.update({place: own for own, place in (*ground.at.items(), *ground.armed.items())})
        found.update({place: f"{source}>{target}" for (source, target), place in ground.flows.items()})
    return frozenset(found[1 << bit] for bit in bits(marking))


def sound_diagrams(seed: int, count: int) -> Iterator[tuple[int, bytes]]:
    """So many random structures that may be published."""
    while count:
        seed += 1
        data, _ = casework_diagram(random.Random(seed))
        if not [problem for problem in check_file(data, Names.any()) if problem.severity == "error"]:
            count -= 1
            yield seed, data


def test_what_the_rule_allows_and_refuses_is_what_a_fresh_case_can_really_come_to() -> None:
    base = random.randrange(10**6)
    print(f"seed {base}")
    told: Counter[str] = Counter()

    for seed, data in sound_diagrams(base, DIAGRAMS):
        real = Real(data)
        net = nets_of(draw(definitions_of(read_xml(data))), Names.any())["p"]
        reach = reachable(net)
        if not real.whole:
            told["too many states"] += 1
            continue
        steps = [spot for spot in net.spots if spot.node.kind in PEOPLE_TASKS]
        for held in real.states:
            workflow = real.load(held)
            assert named(net, marking_of(workflow, net)) == _counted(real, held), (seed, held)
            for task in workflow.get_tasks(state=TaskState.READY, manual=True):
                where = whereabouts_of(workflow, net, task)
                for spot in steps:
                    sender, own = str(task.task_spec.bpmn_id), spot.node.id
                    if own == sender:
                        continue
                    ways = ways_to(net, reach, where.marking, [spot], sender=where.place_of(task))
                    found = {named(net, way.after) for way in ways}
                    assert found == {_counted(real, state) for state in really(real, held, sender, own)}, (
                        seed,
                        sorted(held),
                        sender,
                        own,
                    )
                    told[f"{len(found)} ways"] += 1

    print(dict(told))
    assert told["1 ways"] > DIAGRAMS
    assert told["0 ways"] > DIAGRAMS
