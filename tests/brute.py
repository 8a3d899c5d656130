"""Plays a diagram on the real engine, every choice tried, to judge what the checks say of it.

Independent of the checks: it knows nothing of markings. A case is kept as bytes between two steps, an oracle
gives every answer that a condition, an operation or a decision may have, and a state is seen twice when the
same steps are open with the same data that still matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions import NoneEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.workflow.codec import decode, encode
from engine.workflow.reader import Blueprint
from engine.workflow.script import ScriptEngine

NOW = datetime(2026, 1, 5, tzinfo=UTC)
#: what every function of time answers: timers run out when the game says so, not by the clock
FAR = "2099-01-01"
#: engine steps after which a diagram is taken to run in circles
CIRCLES = 300


class Oracle:
    """Answers questions by a list of numbers, and tells which lists are left to try."""

    def __init__(self, answers: tuple[int, ...] = ()) -> None:
        self.answers = answers
        self.asked: list[int] = []

    def choose(self, options: int) -> int:
        """A number below ``options``."""
        place = len(self.asked)
        self.asked.append(options)
        return self.answers[place] if place < len(self.answers) else 0

    def next(self) -> tuple[int, ...] | None:
        """The next list of answers; None when all were tried."""
        given = [*self.answers, *[0] * len(self.asked)][: len(self.asked)]
        for place in reversed(range(len(given))):
            if given[place] + 1 < self.asked[place]:
                return (*given[:place], given[place] + 1)
        return None


def oracles(run: Callable[[Oracle], None]) -> None:
    """Run with every list of answers."""
    answers: tuple[int, ...] | None = ()
    while answers is not None:
        oracle = Oracle(answers)
        run(oracle)
        answers = oracle.next()


class Played(ScriptEngine):
    """Our script engine, with an oracle behind it."""

    def __init__(self, rules: Rules, oracle: Oracle, calls: list[str]) -> None:
        def call(name: str, data: dict[str, Any]) -> Mapping[str, Any]:
            calls.append(name)
            rules.called(name, data)
            return _one_of(rules.provided(name), oracle)

        def decide(name: str, _data: dict[str, Any]) -> Mapping[str, Any]:
            return _one_of(rules.provided(name), oracle)

        functions = {name: lambda *_: FAR for name in rules.functions}
        super().__init__(functions, call, decide, lambda: NOW)
        self.rules, self.oracle = rules, oracle

    def holds(self, task: Any, condition: str) -> bool:
        if self.rules.free_conditions:
            return bool(self.oracle.choose(2))
        return super().holds(task, condition)


@dataclass(kw_only=True)
class Rules:
    """What a game may do, and what is noted of it."""

    #: conditions may hold or not, whatever the data
    free_conditions: bool = False
    #: operation or decision → the data that it may provide
    provides: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: element → what may be entered there
    forms: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: element → names of data that still matter while it is open
    live: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: what every case starts with, and what else it may start with
    start: Mapping[str, Any] = field(default_factory=dict)
    starts: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    #: names of functions that expressions may call
    functions: frozenset[str] = frozenset({"after_workdays", "today"})

    def provided(self, name: str) -> list[dict[str, Any]]:
        """What the operation or decision may provide."""
        return self.provides.get(name, [{}])

    def called(self, name: str, data: Mapping[str, Any]) -> None:
        """An operation is called."""

    def completed(self, element: str, entered: Mapping[str, Any]) -> None:
        """A step was done by somebody."""

    def memory(self) -> Any:
        """What the game must remember of the past; part of the state."""
        return None

    def recall(self, memory: Any) -> None:
        """Set what is remembered."""


@dataclass(kw_only=True)
class Game:
    """Everything that can happen in the cases of a diagram, as far as it was explored."""

    #: signature → signatures that follow
    follows: dict[Any, set[Any]] = field(default_factory=dict)
    #: signatures of finished cases
    finished: set[Any] = field(default_factory=set)
    #: elements that took part
    passed: set[str] = field(default_factory=set)
    #: sets of open steps that were seen
    open: set[tuple[str, ...]] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    #: every state was looked at
    whole: bool = True

    def lost(self) -> list[Any]:
        """States from which no case can finish."""
        before: dict[Any, set[Any]] = {}
        for state, following in self.follows.items():
            for each in following:
                before.setdefault(each, set()).add(state)
        good, waiting = set(self.finished), list(self.finished)
        while waiting:
            for state in before.get(waiting.pop(), ()):
                if state not in good:
                    good.add(state)
                    waiting.append(state)
        return [state for state in self.follows if state not in good]


def play(blueprint: Blueprint, rules: Rules, *, states: int = 2000) -> Game:
    """The game of the diagram; not whole when it has more states."""
    table = _Table(blueprint, rules, Game())
    oracles(table.start)
    while table.waiting:
        if len(table.game.follows) > states:
            table.game.whole = False
            break
        signature, state, memory = table.waiting.pop(0)
        for number in range(_count_moves(blueprint, state, rules)):
            oracles(partial(table.step, signature, state, memory, number))
    return table.game


@dataclass
class _Table:
    """Where a game is played."""

    blueprint: Blueprint
    rules: Rules
    game: Game
    #: states to look at: signature, bytes, what is remembered
    waiting: list[tuple[Any, bytes, Any]] = field(default_factory=list)

    def start(self, oracle: Oracle) -> None:
        """Start a case."""
        self.rules.recall(None)
        specs = self.blueprint.spec, dict(self.blueprint.subprocess_specs)
        workflow = BpmnWorkflow(*specs, script_engine=Played(self.rules, oracle, []))
        for task in workflow.get_tasks(state=TaskState.READY):
            task.data.update({**self.rules.start, **_one_of(self.rules.starts, oracle)})
        if _run(workflow, self.game):
            self._arrive(workflow, None)

    def step(self, signature: Any, state: bytes, memory: Any, number: int, oracle: Oracle) -> None:
        """Make one move from a state."""
        self.rules.recall(memory)
        engine = Played(self.rules, oracle, [])
        workflow = decode(state, self.blueprint.spec, self.blueprint.subprocess_specs, engine)
        element, move = list(moves(workflow, self.rules))[number]
        try:
            move()
        except Exception as fault:  # noqa: BLE001 — whatever the engine says, it is a fault of the diagram
            self.game.faults.append(f"{element}: {fault}")
            return
        if _run(workflow, self.game):
            self._arrive(workflow, signature)

    def _arrive(self, workflow: BpmnWorkflow, before: Any) -> None:
        workflow.get_events()  # messages that leave the case reach nobody here
        signature = (_signature(workflow, self.rules), self.rules.memory())
        self.game.passed |= _passed(workflow)
        if before is not None:
            self.game.follows[before].add(signature)
        if signature in self.game.follows:
            return
        self.game.follows[signature] = set()
        self.game.open.add(tuple(sorted(own for own, *_ in signature[0])))
        if workflow.is_completed():
            self.game.finished.add(signature)
        else:
            self.waiting.append((signature, encode(workflow), self.rules.memory()))


def _count_moves(blueprint: Blueprint, state: bytes, rules: Rules) -> int:
    workflow = decode(state, blueprint.spec, blueprint.subprocess_specs, ScriptEngine.idle())
    return len(list(moves(workflow, rules)))


def moves(workflow: BpmnWorkflow, rules: Rules) -> Iterator[tuple[str, Callable[[], None]]]:
    """What can happen next: an open task is done, an awaited event comes."""
    open_tasks = [task for task in workflow.get_tasks(state=TaskState.READY) if task.task_spec.manual]
    for task in sorted(open_tasks, key=_name):
        for entered in rules.forms.get(_name(task), [{}]):
            yield _name(task), lambda task=task, entered=entered: _complete(task, entered, rules)
    for task in sorted(workflow.event_manager.tasks.values(), key=_name):
        for definition in _awaited(task):
            yield _name(task), lambda task=task, definition=definition: _happen(task, definition)


def _complete(task: Task, entered: Mapping[str, Any], rules: Rules) -> None:
    task.data.update(entered)
    rules.completed(_name(task), entered)
    task.run()


def _awaited(task: Task) -> Iterable[Any]:
    definition = task.task_spec.event_definition
    several = getattr(definition, "event_definitions", None)
    found = list(several) if several is not None else [definition]
    thrown = ("ErrorEventDefinition", "EscalationEventDefinition", "CancelEventDefinition")
    return [
        each
        for each in found
        if not isinstance(each, NoneEventDefinition) and type(each).__name__ not in thrown
    ]


def _happen(task: Task, definition: Any) -> None:
    if isinstance(definition, TimerEventDefinition) and definition is task.task_spec.event_definition:
        task._set_internal_data(event_fired=True)
    else:
        task.task_spec.catch(task, BpmnEvent(definition, {}))
    task.task_spec._update(task)


def _run(workflow: BpmnWorkflow, game: Game) -> bool:
    """Let the engine go on until it waits; False if it cannot."""
    taken = 0

    def count(_task: Task) -> None:
        nonlocal taken
        taken += 1
        if taken > CIRCLES:
            raise RecursionError("circles")

    try:
        workflow.do_engine_steps(will_complete_task=count)
    except Exception as fault:  # noqa: BLE001
        game.faults.append(str(fault))
        return False
    return True


def _one_of(options: list[dict[str, Any]], oracle: Oracle) -> dict[str, Any]:
    return options[oracle.choose(len(options))] if len(options) > 1 else options[0]


def _signature(workflow: BpmnWorkflow, rules: Rules) -> tuple[tuple[str, str, tuple[Any, ...]], ...]:
    found = []
    for task in workflow.get_tasks(state=TaskState.READY | TaskState.WAITING | TaskState.STARTED):
        if task.task_spec.bpmn_id is None:
            continue
        own = _name(task)
        data = tuple((name, str(task.data.get(name))) for name in sorted(rules.live.get(own, ())))
        found.append((own, TaskState.get_name(task.state), data))
    return tuple(sorted(found))


def _passed(workflow: BpmnWorkflow) -> set[str]:
    states = TaskState.COMPLETED | TaskState.READY | TaskState.STARTED
    return {_name(task) for task in workflow.get_tasks(state=states)}


def _name(task: Task) -> str:
    return str(task.task_spec.bpmn_id or task.task_spec.name)
