"""Random walks through a diagram: the same choices give the same way, wherever the case is kept.

A walk starts a case, then at each step finishes an open task, delivers an awaited event or lets a timer
run out, all drawn from a seed, and writes down what can be seen. A *passage* is what happens to the case
between two steps: nothing, or bytes and back. Two walks with one seed must see the same.
"""

from __future__ import annotations

import ast
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.specs.event_definitions import NoneEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.conditional import ConditionalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.workflow.codec import StateError, decode, encode, prune
from engine.workflow.reader import Names, ReadError, read_processes
from engine.workflow.script import ScriptEngine

Specs = tuple[Any, dict[str, Any]]
Passage = Callable[[BpmnWorkflow, "Model"], BpmnWorkflow]

#: engine steps after which a walk is given up: the diagram runs in circles without a person
ENGINE_STEPS = 400
FAR = datetime(2999, 1, 1, tzinfo=UTC)
LISTS: list[object] = [
    ["甲", "乙", "丙"],
    {"2025-01": 1, "2025-02": 2},
    [{"name": "甲", "paid": [1]}, {"name": "乙"}],
    [],
]
#: a script may use these and nothing else: the diagrams of a corpus are strangers' programs
BUILTINS = {"len": len, "range": range, "str": str, "int": int, "dict": dict, "list": list, "sum": sum}


@dataclass(frozen=True, kw_only=True)
class Model:
    """One process to walk through."""

    name: str
    #: parses it anew: a spec that has never run anything
    parse: Callable[[], Specs]
    engine: Callable[[], Any] = lambda: PythonScriptEngine(TaskDataEnvironment({"__builtins__": BUILTINS}))


class WalkedInCirclesError(Exception):
    """The diagram goes on for ever without a person."""


def plain_models(data: bytes, name: str) -> list[Model]:
    """The processes of a file that the library's own parser can read; empty where it refuses."""

    def parse(process: str) -> Specs:
        parser = SpiffBpmnParser()
        parser.add_bpmn_str(data)
        return parser.get_spec(process), parser.get_subprocess_specs(process)

    models = []
    try:
        parser = SpiffBpmnParser()
        parser.add_bpmn_str(data)
        processes = parser.get_process_ids()
    except Exception:  # noqa: BLE001  # the library raises anything for a diagram it does not like
        return []
    for process in processes:
        try:
            parse(process)
        except Exception:  # noqa: BLE001
            continue
        models.append(Model(name=f"{name}#{process}", parse=lambda process=process: parse(process)))
    return models


def office_models(data: bytes, name: str) -> list[Model]:
    """The processes of a file that our own reader can read; empty where it refuses."""

    def parse(process: str) -> Specs:
        blueprint = read_processes(data, names=Names.any())[process]
        return blueprint.spec, dict(blueprint.subprocess_specs)

    try:
        processes = list(read_processes(data, names=Names.any()))
    except ReadError:
        return []
    return [
        Model(name=f"{name}#{process}", parse=lambda process=process: parse(process), engine=_office_engine)
        for process in processes
    ]


def _office_engine() -> ScriptEngine:
    """Our script engine with operations and decisions that add nothing: the walk has set all names already."""
    functions = {"after_workdays": lambda days: f"P{days}D", "today": lambda: "2026-01-01"}
    return ScriptEngine(
        functions,
        lambda name, data: {},
        lambda name, data: {"outcome": data.get("outcome")},
        lambda: datetime.now(UTC),
    )


def in_memory(workflow: BpmnWorkflow, model: Model) -> BpmnWorkflow:
    """The case never leaves memory."""
    return workflow


def stored(workflow: BpmnWorkflow, model: Model) -> BpmnWorkflow:
    """Stored, and read by a process that has only just parsed the diagram."""
    spec, subprocess_specs = model.parse()
    return decode(encode(workflow), spec, subprocess_specs, model.engine())


def pruned(workflow: BpmnWorkflow, model: Model) -> BpmnWorkflow:
    """Finished steps forgotten, then stored and read."""
    prune(workflow)
    return stored(workflow, model)


def walk(model: Model, passage: Passage, seed: int, steps: int = 14) -> list[object]:
    """What could be seen along the way; an exception that the diagram causes ends it and is seen too."""
    rng = random.Random(f"{model.name}:{seed}")
    spec, subprocess_specs = model.parse()
    workflow = BpmnWorkflow(spec, subprocess_specs, script_engine=model.engine())
    choices = _choices([spec, *subprocess_specs.values()])
    workflow.task_tree.data.update(_draw(rng, choices, len(choices)))
    # a list that is being worked through stays as it is
    answers = {name: values for name, values in choices.items() if values is not LISTS}
    trace: list[object] = []
    try:
        _run(workflow)
        for step in range(steps):
            trace.append(_seen(workflow))
            if workflow.is_completed():
                break
            workflow = passage(workflow, model)
            move = _move(workflow, rng, step)
            if move is None:
                break
            trace.append(move[0])
            move[1](_draw(rng, answers, 2))
            _run(workflow)
        trace.append(_seen(workflow))
    except StateError:
        raise
    except Exception as fault:  # noqa: BLE001  # the library raises anything for a diagram that it cannot run
        trace.append(("fault", type(fault).__name__))
    return trace


def _run(workflow: BpmnWorkflow) -> None:
    taken = 0

    def count(task: Task) -> None:
        nonlocal taken
        taken += 1
        if taken > ENGINE_STEPS:
            raise WalkedInCirclesError

    workflow.do_engine_steps(will_complete_task=count)
    workflow.do_engine_steps(will_complete_task=count)
    for task in workflow.event_manager.tasks.values():
        _set_timer(task, FAR)


def _seen(workflow: BpmnWorkflow) -> object:
    """All that a caller can see of the case; events that left it are taken out."""
    ready = workflow.get_tasks(state=TaskState.READY)
    return (
        sorted((task.workflow.spec.name, task.task_spec.name, _text(task.data)) for task in ready),
        sorted(
            (task.workflow.spec.name, task.task_spec.name)
            for task in workflow.get_tasks(state=TaskState.WAITING)
            if isinstance(task.task_spec, CatchingEvent)
        ),
        workflow.is_completed(),
        _text(workflow.data),
        _text(workflow.correlations),
        [(str(event.event_definition.name), _text(event.payload)) for event in workflow.get_events()],
    )


def _move(
    workflow: BpmnWorkflow, rng: random.Random, step: int
) -> tuple[object, Callable[[Any], None]] | None:
    """One possible next step, and how to take it with some values; None if the case waits for nothing."""
    tasks = [task for task in workflow.get_tasks(state=TaskState.READY) if task.task_spec.manual]
    catching = [
        (task, definition)
        for task in workflow.get_tasks(state=TaskState.WAITING)
        if isinstance(task.task_spec, CatchingEvent)
        for definition in _awaited(task)
    ]
    tasks.sort(key=_order)
    catching.sort(key=lambda pair: (_order(pair[0]), type(pair[1]).__name__, str(pair[1].name)))
    if tasks and (not catching or rng.random() < 0.7):
        task = tasks[rng.randrange(len(tasks))]
        return ("task", task.task_spec.name), lambda values: _finish(task, {f"v{step}": step, **values})
    if catching:
        task, definition = catching[rng.randrange(len(catching))]
        if isinstance(definition, TimerEventDefinition):
            past = datetime.now(UTC) - timedelta(seconds=1)
            return ("timer", task.task_spec.name), lambda values: _set_timer(task, past)
        event = BpmnEvent(definition, {f"p{step}": step})
        return ("event", task.task_spec.name, str(definition.name)), lambda values: workflow.catch(event)
    return None


def _finish(task: Task, values: dict[str, object]) -> None:
    # the body of a sequential loop must leave its own variable alone
    task.data.update(values)
    task.run()


def _awaited(task: Task) -> list[Any]:
    definition = task.task_spec.event_definition
    if isinstance(definition, MultipleEventDefinition):
        return list(definition.event_definitions)
    unanswerable = isinstance(definition, NoneEventDefinition | ConditionalEventDefinition)
    return [] if unanswerable else [definition]


def _set_timer(task: Task, due: datetime) -> None:
    value = task.internal_data.get("event_value")
    if value is None:
        return
    if isinstance(task.task_spec.event_definition, CycleTimerEventDefinition):
        value["next"] = due.isoformat()
    else:
        task.internal_data["event_value"] = due.isoformat()


def _order(task: Task) -> tuple[str, ...]:
    notes = {key: task.internal_data.get(key) for key in ("iteration", "key_or_index", "item")}
    owner = task.workflow.parent_task_id
    outer = () if owner is None else _order(task.workflow.top_workflow.get_task_from_id(owner))
    return (task.workflow.spec.name, task.task_spec.name, _text(notes), _text(task.data), *outer)


def _choices(specs: list[Any]) -> dict[str, list[object]]:
    """The names that the diagram asks for, each with values worth trying."""
    found: dict[str, list[object]] = {}
    times: dict[str, list[object]] = {}
    for spec in specs:
        for element in spec.task_specs.values():
            definition = getattr(element, "event_definition", None)
            found.update({key: ["甲", 1] for key in getattr(definition, "carries", ())})
            times.update({key: ["P5D", "2999-01-01"] for key in _timed(definition)})
            for expression in _expressions(element):
                _collect(expression, found)
    for spec in specs:
        for element in spec.task_specs.values():
            source = getattr(element, "data_input", None)
            if source is not None:
                found[source.bpmn_id] = LISTS
    found |= times
    return {name: found[name] for name in sorted(found)}


def _timed(definition: Any) -> Iterable[str]:
    """The names that the event's timers ask for; a gateway that waits for the first of several events has them all."""
    for one in (definition, *getattr(definition, "event_definitions", ())):
        if isinstance(one, TimerEventDefinition):
            yield from _names(one.expression)


def _expressions(element: Any) -> Iterable[str]:
    for condition, _target in getattr(element, "cond_task_specs", ()):
        if condition is not None:
            yield condition.args[0]
    for name in ("condition", "script"):
        text = getattr(element, name, None)
        if isinstance(text, str):
            yield text


def _collect(expression: str, found: dict[str, list[object]]) -> None:
    """Numbers for what is counted or ordered, else yes, no and every word that stands in the expression."""
    tree = _tree(expression)
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    words = [value for value in values if isinstance(value, str)]
    counted = any(
        isinstance(node, ast.BinOp | ast.Lt | ast.LtE | ast.Gt | ast.GtE) for node in ast.walk(tree)
    )
    for name in _names(expression):
        found[name] = [0, 1, 5] if counted else [*found.get(name, [True, False]), *words]


def _names(expression: str) -> list[str]:
    nodes = [node for node in ast.walk(_tree(expression)) if isinstance(node, ast.Name)]
    return [node.id for node in nodes if node.id not in BUILTINS]


def _tree(expression: str) -> ast.AST:
    try:
        return ast.parse(expression.strip().removeprefix("${").removesuffix("}"))
    except SyntaxError:
        return ast.Module([], [])


def _draw(rng: random.Random, choices: dict[str, list[object]], most: int) -> dict[str, object]:
    names = rng.sample(list(choices), min(most, len(choices)))
    return {name: json.loads(json.dumps(rng.choice(choices[name]))) for name in names}


def _text(value: object) -> str:
    return json.dumps(
        value, sort_keys=True, default=lambda other: f"<{type(other).__name__}>", ensure_ascii=False
    )
