"""Where a live case stands in the token game of its diagram: every token of the engine as a place of the net.

The engine keeps a tree of tasks, the net a set of places; this is the one place that knows both. Of a step that
is done several times at once only one round is looked at: the one that a given task is in, else the first.
Called by ``going_back``; changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.workflow.net import Ground, Marking, Net

_LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED
_FIRED = TaskState.READY | TaskState.STARTED | TaskState.COMPLETED


@dataclass(slots=True, kw_only=True)
class Whereabouts:
    """The tokens of a live case."""

    marking: Marking = 0
    #: place → the engine's tasks that are the token there; a join has one for each branch that came that way
    tasks: dict[Marking, list[Task]] = field(default_factory=dict)
    #: scope → the engine's workflow that plays it
    parts: dict[int, Any] = field(default_factory=dict)

    def add(self, place: Marking, task: Task) -> None:
        """Note a token."""
        self.marking |= place
        self.tasks.setdefault(place, []).append(task)

    def place_of(self, task: Task) -> Marking:
        """The place of the token that the task is, or is one round of; 0 where it is none."""
        rounds_of = task.parent if is_round(task) else task
        return next((place for place, found in self.tasks.items() if rounds_of in found), 0)


def marking_of(workflow: BpmnWorkflow, net: Net) -> Marking:
    """The places that hold a token."""
    return whereabouts_of(workflow, net).marking


def whereabouts_of(workflow: BpmnWorkflow, net: Net, seen_from: Task | None = None) -> Whereabouts:
    """Every token of the case, as seen from one of its tasks."""
    where = Whereabouts()
    line = set(_hosts(workflow, seen_from)) if seen_from is not None else set()
    waiting = [(workflow, 0)] if net.grounds else []
    while waiting:
        part, number = waiting.pop()
        ground = net.grounds[number]
        where.parts[number] = part
        _look(where, part, ground)
        for own, inside in ground.inner.items():
            held = where.tasks.get(ground.at[own], [])
            found = [sub for task in held for sub in _running(workflow, task)]
            if found:
                waiting.append((next((sub for sub in found if sub.parent_task_id in line), found[0]), inside))
    return where


def is_round(task: Task) -> bool:
    """Whether the task is one round of a step that is done several times."""
    above = task.parent
    return (
        above is not None
        and isinstance(above.task_spec, LoopTask)
        and above.task_spec.task_spec == task.task_spec.name
    )


def _look(where: Whereabouts, part: Any, ground: Ground) -> None:
    """Note the tokens of one scope."""
    joined = {
        task.task_spec.name
        for task in part.tasks.values()
        if _joins(task.task_spec) and task.has_state(_FIRED)
    }
    for task in part.tasks.values():
        own = str(task.task_spec.bpmn_id or "")
        if _joins(task.task_spec):
            if task.task_spec.name not in joined and _has_come(task):
                # a flow that the diagram no longer has gives no place: the marking is then none that it can reach
                where.add(ground.flows.get((str(task.parent.task_spec.bpmn_id), own), 0), task)
        elif not task.has_state(_LIVE):
            continue
        elif isinstance(task.task_spec, BoundaryEvent):
            if own in ground.armed:
                where.add(ground.armed[own], task)
        elif own in ground.at and not is_round(task):
            where.add(ground.at[own], task)


def _joins(spec: Any) -> bool:
    """Whether tokens wait here for each other."""
    return isinstance(spec, UnstructuredJoin) and not isinstance(spec, _EndJoin) and len(spec.inputs) > 1


def _has_come(task: Task) -> bool:
    """Whether a branch has come to the join with this task; the engine cancels all but the latest that waits."""
    come = task.has_state(TaskState.WAITING | TaskState.CANCELLED)
    return come and task.parent is not None and task.parent.state == TaskState.COMPLETED


def _running(workflow: BpmnWorkflow, host: Task) -> list[Any]:
    """The workflows inside a sub-process or call: one, or one for each round that runs."""
    owners = [host, *(child for child in host.children if child.has_state(_LIVE))]
    return [workflow.subprocesses[task.id] for task in owners if task.id in workflow.subprocesses]


def _hosts(workflow: BpmnWorkflow, task: Task | None) -> Iterator[Any]:
    """Ids of the tasks that hold the scopes around the task, innermost first."""
    while task is not None:
        own = task.workflow.parent_task_id
        if own is None:
            return
        yield own
        task = workflow.get_task_from_id(own)
