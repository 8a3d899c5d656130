"""Takes tokens out of a live case and puts one on a step, in the engine's own tree of tasks.

Finished steps are forgotten (``pruning``), so there is no earlier state to go back to: what goes is cut out, and
the step is hung where nothing that stays looks at it, with its data above it, as if it had just been reached.
Called by ``going_back``, which knows that what comes out is a marking that the diagram can reach.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit, _EndJoin
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.workflow.net import Marking, Net, Spot, bits
from engine.workflow.whereabouts import Whereabouts


def data_of(task: Task) -> Mapping[str, Any]:
    """What is known of a token; a branch that has come to a join is known by the step before it."""
    above = task.parent if isinstance(task.task_spec, UnstructuredJoin) else None
    found: Mapping[str, Any] = task.data if above is None else above.data
    return found


def below(task: Task) -> Iterator[Task]:
    """The task with everything that hangs below it or runs inside it."""
    waiting = [task]
    while waiting:
        each = waiting.pop()
        yield each
        inside = each.workflow.top_workflow.subprocesses.get(each.id)
        waiting += each.children if inside is None else [*each.children, inside.task_tree]


def withdraw(where: Whereabouts, places: Marking) -> None:
    """Take out the tokens on the places, with their events and all that runs inside.

    What a non-interrupting event set going stays: it is a token of its own.
    """
    for bit in bits(places):
        for task in where.tasks[1 << bit]:
            if task.id in task.workflow.tasks:
                _take_out(task)


def forget_joins(where: Whereabouts, elements: Collection[str], kept: Marking) -> None:
    """Take out what earlier branches left at joins that are ahead again, but for the tokens that stay there.

    A join counts every branch that it finds: one of before would let it go on too early.
    """
    staying = {task.id for bit in bits(kept) for task in where.tasks[1 << bit]}
    for part in where.parts.values():
        for task in list(part.tasks.values()):
            if (
                task.id not in part.tasks
                or task.id in staying
                or not isinstance(task.task_spec, UnstructuredJoin)
            ):
                continue
            ends = isinstance(task.task_spec, _EndJoin) and task.parent is not None
            own = task.parent.task_spec.bpmn_id if ends else task.task_spec.bpmn_id
            if str(own) not in elements:
                continue
            if task.has_state(TaskState.FINISHED_MASK):
                # kept for what hangs below it
                task.task_spec = part.spec.start
            else:
                _cut(task)


def put(where: Whereabouts, net: Net, spot: Spot, data: Mapping[str, Any]) -> Task:
    """A fresh token on the step: its task, its events armed from now; scopes that nobody is in are entered.

    The engine still has to run. Raises what working out the times of events raises.
    """
    chain = [spot.scope]
    while (outer := net.grounds[chain[0]].outer) is not None:
        chain.insert(0, outer)
    part = where.parts[chain[0]]
    for number in chain[1:]:
        inside = where.parts.get(number)
        if inside is None:
            host = _enter(part, net.grounds[number].host, data)
            inside = host.workflow.top_workflow.subprocesses[host.id]
            for child in list(inside.task_tree.children):
                _cut(child)
            where.parts[number] = inside
        part = inside
    return _enter(part, spot.node.id, data)


def put_at_join(where: Whereabouts, net: Net, place: Marking, data: Mapping[str, Any]) -> None:
    """A branch that waits at a join again, as if it had just come there."""
    for number, ground in enumerate(net.grounds):
        for (source, target), flow in ground.flows.items():
            if flow == place:
                part = where.parts[number]
                spec = part.spec.task_specs
                done = _above(part, spec[source], data)
                task = done._add_child(spec[target], TaskState.FUTURE)
                task.task_spec._predict(task, mask=TaskState.NOT_FINISHED_MASK)
                task.task_spec._update(task)


def _above(part: Any, spec: Any, data: Mapping[str, Any]) -> Task:
    """A finished step from which what follows takes its data."""
    above = Task(part, spec, part.task_tree, state=TaskState.COMPLETED)
    above.data = deepcopy(dict(data))
    return above


def _enter(part: Any, own: str, data: Mapping[str, Any]) -> Task:
    """The task of the element, reached anew."""
    # a step takes its data from the one above it; the start of a scope is what no join and no event asks for
    above = _above(part, part.spec.start, data)
    entrance = part.spec.task_specs.get(f"{own}.BoundaryEventSplit") or part.spec.task_specs[own]
    task = above._add_child(entrance, TaskState.FUTURE)
    entrance._predict(task, mask=TaskState.NOT_FINISHED_MASK)
    entrance._update(task)
    if isinstance(entrance, BoundaryEventSplit):
        task.run()
        task = next(child for child in task.children if child.task_spec.name == own)
    part.last_task = above
    return task


def _take_out(task: Task) -> None:
    """Take out a waiting task: an activity with the events on it that still wait, or anything else alone."""
    split = task.parent
    is_event = isinstance(task.task_spec, BoundaryEvent)
    if split is not None and isinstance(split.task_spec, BoundaryEventSplit) and not is_event:
        for child in split.children:
            if child is not task and child.state == TaskState.WAITING:
                _cut(child)
            elif child is not task:
                _cut_all(each for each in child.children if isinstance(each.task_spec, BoundaryEventJoin))
    _cut(task)


def _cut_all(tasks: Iterable[Task]) -> None:
    for task in list(tasks):
        _cut(task)


def _cut(task: Task) -> None:
    """Take a task and everything below and inside it out of the case."""
    part, top = task.workflow, task.workflow.top_workflow
    going = list(below(task))
    for each in going:
        top.event_manager.remove_task(each)
        top.subprocesses.pop(each.id, None)
    if part.last_task in going:
        part.last_task = None
    part._remove_task(task.id)
