"""Moves a running case to another version of its diagram: whether it can, what people should know, and the move.

Pure over the state of one case; rows are written by ``moving``. What is finished and what was never
reached may differ freely between the versions; only the steps that are alive bind. An open task, its due
instant and its data are carried over as they are, never started again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.values import Reason
from engine.workflow.codec import decode, encode
from engine.workflow.moving_checks import Judge, keeps_waiting
from engine.workflow.reader import Blueprint
from engine.workflow.script import ScriptEngine
from engine.workflow.versions import Published

Verdict = Literal["clean", "notice", "cannot"]
#: gives the engine as it answers at an instant; None is now
EngineAt = Callable[[datetime | None], ScriptEngine]

_LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED
_AHEAD = TaskState.PREDICTED_MASK | TaskState.FUTURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a move would do to one case."""

    verdict: Verdict
    #: what people should know, or why it cannot be; the element's id is in ``fact``
    reasons: tuple[Reason, ...]


def plan(state: bytes, old: Published, new: Published) -> Plan:
    """What the move of the stored case would do; raises StateError for a state that cannot be read."""
    return plan_for(read_state(state, old.blueprint), old, new)


def plan_for(workflow: BpmnWorkflow, old: Published, new: Published) -> Plan:
    """What the move of the case would do; nothing is changed."""
    judge = Judge(old, new)
    for part, spec in _parts(workflow, new.blueprint):
        judge.look(part, spec)
    if judge.refusals:
        return Plan(verdict="cannot", reasons=_once(judge.refusals))
    return Plan(verdict="notice" if judge.notices else "clean", reasons=_once(judge.notices))


def read_state(state: bytes, blueprint: Blueprint) -> BpmnWorkflow:
    """The stored case on its diagram, for looking and moving; it cannot run."""
    return decode(state, blueprint.spec, blueprint.subprocess_specs, ScriptEngine.idle())


def move(
    workflow: BpmnWorkflow,
    old: Published,
    new: Published,
    *,
    engine_at: EngineAt,
    since: Mapping[str, datetime],
) -> BpmnWorkflow:
    """The case on the new diagram; the one that was handed in is used up. Only for what the plan allows.

    Open tasks, waiting events and their due instants keep ids and values. A boundary event that the new
    version adds to a running activity is armed: a duration counts from now, because nobody knew of it
    before; a limit worked out by a function of the office (working days, time limits of the law) counts
    from the instant in `since` at which the open task came up, because the law's days ran all along. It is
    due at the next sweep when that day has passed. Raises StepError where its time cannot be worked out.
    """
    armed: list[Task] = []
    for part, spec in _parts(workflow, new.blueprint):
        if spec is None:
            raise AssertionError(part.spec.name)
        _forget_future(part)
        spent = _drop_boundaries(part, old.blueprint, new.blueprint)
        _repoint(part, spec)
        armed += _add_boundaries(part, spent)
        for task in _live(part):
            task.task_spec._predict(task, mask=TaskState.NOT_FINISHED_MASK)
    workflow.subprocess_specs = dict(new.blueprint.subprocess_specs)
    for task in armed:
        _arm(task, engine_at, since)
    blueprint = new.blueprint
    # stored and read once more: whatever still hung on the old diagram is gone, and it can surely be read
    return read_state(encode(workflow), blueprint)


def _parts(workflow: BpmnWorkflow, new: Blueprint) -> Iterator[tuple[Any, Any]]:
    """The case and its running sub-processes, each with its spec of the new version; None where it has none."""
    yield workflow, new.spec
    for part in list(workflow.subprocesses.values()):
        yield part, new.subprocess_specs.get(part.spec.name)


def _live(part: Any) -> list[Task]:
    return [task for task in part.tasks.values() if task.has_state(_LIVE)]


def _once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))


def _forget_future(part: Any) -> None:
    """Take out what the old version foresaw behind every live task."""
    for task in _live(part):
        for child in task.children:
            if child.has_state(_AHEAD):
                part._remove_task(child.id)


def _drop_boundaries(part: Any, old: Blueprint, new: Blueprint) -> set[str]:
    """Take out waiting boundary events that the new version does not have there; names of those that have fired.

    One that has fired goes on as a branch of its own: beneath the split, the join would take it for the
    activity itself, or for an interruption.
    """
    spent = set()
    for task in list(part.tasks.values()):
        if task.id not in part.tasks or not isinstance(task.task_spec, BoundaryEvent):
            continue
        before = old.elements.get(str(task.task_spec.bpmn_id))
        after = new.elements.get(str(task.task_spec.bpmn_id))
        kept = before is not None and keeps_waiting(before, after)
        if task.state == TaskState.WAITING and not kept:
            part._remove_task(task.id)
        elif task.has_state(TaskState.FINISHED_MASK) and not (kept and after and not after.interrupting):
            _branch_off(part, task)
            spent.add(task.task_spec.name)
    return spent


def _branch_off(part: Any, fired: Task) -> None:
    """Hang a fired boundary event beside the activity that it was attached to."""
    for child in fired.children:
        if isinstance(child.task_spec, BoundaryEventJoin) and child.has_state(_LIVE):
            part._remove_task(child.id)
    split = fired.parent
    if split is None or not isinstance(split.task_spec, BoundaryEventSplit) or split.parent is None:
        return
    split._children.remove(fired.id)
    fired.parent = split.parent
    split.parent._children.append(fired.id)


def _repoint(part: Any, spec: Any) -> None:
    """Put every task on the element of the same name.

    A finished step that is gone, or has become something else, is kept for its data only: it stands on the
    start of the process, which no join and no event ever asks for.
    """
    part.spec = spec
    for task in list(part.tasks.values()):
        found = spec.task_specs.get(task.task_spec.name)
        if found is not None and type(found) is type(task.task_spec):
            task.task_spec = found
        elif task.has_state(TaskState.FINISHED_MASK):
            task.task_spec = spec.start
        else:
            # what is alive and not here any more can only be the join of an activity that lost its events
            assert isinstance(task.task_spec, BoundaryEventJoin), task.task_spec.name  # noqa: S101
            part._remove_task(task.id)


def _add_boundaries(part: Any, spent: set[str]) -> list[Task]:
    """The boundary events that the new version adds to running activities, waiting but not yet armed."""
    added = []
    for task in _live(part):
        split_spec = part.spec.task_specs.get(f"{task.task_spec.name}.BoundaryEventSplit")
        if split_spec is None:
            continue
        split = task.parent if task.parent.task_spec is split_spec else _split_above(task, split_spec)
        there = {child.task_spec for child in split.children}
        for event in split_spec.outputs:
            if isinstance(event, BoundaryEvent) and event not in there and event.name not in spent:
                added.append(split._add_child(event, TaskState.WAITING))
    return added


def _split_above(task: Task, split_spec: Any) -> Task:
    """A passed split between the activity and the step before it."""
    above = task.parent
    place = above._children.index(task.id)
    split = Task(task.workflow, split_spec, above, state=TaskState.COMPLETED)
    above._children.remove(split.id)
    above._children[place] = split.id
    split.data = deepcopy(above.data)
    split._children.append(task.id)
    task.parent = split
    return split


def _arm(event: Task, engine_at: EngineAt, since: Mapping[str, datetime]) -> None:
    """Work out what the event waits for; it never fires here, but at the next sweep."""
    definition = event.task_spec.event_definition
    is_limit = "(" in str(getattr(definition, "expression", ""))
    main = next(child for child in event.parent.children if not isinstance(child.task_spec, BoundaryEvent))
    top = event.workflow.top_workflow
    top.script_engine = engine_at(since.get(main.id.hex) if is_limit else None)
    event.data = deepcopy(event.parent.data)
    definition.has_fired(event)
    top.event_manager.add_task(event)
