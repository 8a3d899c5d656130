"""What of a running workflow may be forgotten: every finished step that no open step will look at again.

SpiffWorkflow keeps a tree of all tasks since the start and stops seeing tasks deeper than 1,000: a long
loop would be lost without a word. :func:`prune` closes the gaps that finished steps leave: each task that
stays hangs under the nearest one above it that stays, so "is above" never changes between two of them.
The runner writes what is removed to the history; the codec stores the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import AdHocSubprocessSpec
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What pruning must know of one parsed process; worked out once."""

    prunable: bool
    #: for each element, the joins that a token on it can still reach, itself included
    joins_ahead: Mapping[str, frozenset[str]]


_shapes: WeakKeyDictionary[Any, _Shape] = WeakKeyDictionary()


def prunable(spec: Any) -> bool:
    """Whether finished steps of the process may be forgotten while it runs.

    No for a join of several flows that lies on a loop: it compares with earlier rounds (and, in
    SpiffWorkflow 3.2.0, counts a branch of an earlier round as arrived, so such a diagram is better
    refused). No for an ad-hoc process and for one that starts further processes at its root: both look at
    what hangs there.
    """
    return _shape(spec).prunable


def prune(workflow: BpmnWorkflow) -> list[Task]:
    """Take out the finished steps that no open step will look at again; the steps taken out, oldest first.

    Changes the workflow, its sub-processes included; how it goes on does not change. Sub-processes that
    are over go whole. A workflow that is completed stays as it is.
    """
    if workflow.completed:
        return []
    removed: list[Task] = []
    for part in (workflow, *workflow.subprocesses.values()):
        if not part.completed and prunable(part.spec):
            removed += _contract(part)
    removed += _drop_finished_parts(workflow)
    for task in removed:
        workflow.event_manager.remove_task(task)
    return sorted(removed, key=lambda task: task.last_state_change)


def _contract(workflow: Any) -> list[Task]:
    """Remove what is not needed and hang the rest under the nearest needed task above it."""
    needed = _needed(workflow)
    removed = [task for task in workflow.tasks.values() if task.id not in needed]
    if not removed:
        return []
    root = workflow.task_tree
    anchor = {root.id: root}
    children: dict[UUID, list[Task]] = {key: [] for key in needed}
    stack = [(child, root) for child in reversed(root.children)]
    while stack:
        task, above = stack.pop()
        if task.id in needed:
            children[above.id].append(task)
            task.parent = above
        anchor[task.id] = task if task.id in needed else above
        stack.extend((child, anchor[task.id]) for child in reversed(task.children))
    for key, below in children.items():
        workflow.tasks[key].children = below
    if workflow.last_task is not None:
        workflow.last_task = anchor.get(workflow.last_task.id)
    for task in removed:
        del workflow.tasks[task.id]
    return removed


def _needed(workflow: Any) -> set[UUID]:
    """Ids of all tasks that are open, and of the finished ones that an open one will look at."""
    needed = {workflow.task_tree.id}
    unfinished = [task for task in workflow.tasks.values() if task.has_state(TaskState.NOT_FINISHED_MASK)]
    for task in unfinished:
        needed.add(task.id)
        # a step takes its data from the one above it each time it is updated, and the join behind a step
        # with boundary events asks how they stand: the split above them is the parent of an unfinished one
        if task.parent is not None:
            needed.add(task.parent.id)
    for arrival in _arrivals(workflow, unfinished):
        needed.update((arrival.id, arrival.parent.id))
    return needed


def _arrivals(workflow: Any, unfinished: list[Task]) -> Iterator[Task]:
    """Finished branches that a join will still count, and merge the data of, when another one arrives.

    The end of the process is such a join: what ended early is merged in when the last branch ends.
    """
    finished = [
        task
        for task in workflow.tasks.values()
        if isinstance(task.task_spec, UnstructuredJoin) and task.has_state(TaskState.FINISHED_MASK)
    ]
    if not finished:
        return
    ahead = _shape(workflow.spec).joins_ahead
    lines = [(ahead.get(task.task_spec.name, frozenset()), _line(task)) for task in unfinished]
    for task in finished:
        name = task.task_spec.name
        # a join never counts what lies above itself, that is an earlier round
        if any(name in joins and task.id not in line for joins, line in lines):
            yield task


def _line(task: Task) -> set[UUID]:
    line = set()
    above: Task | None = task
    while above is not None:
        line.add(above.id)
        above = above.parent
    return line


def _drop_finished_parts(workflow: BpmnWorkflow) -> list[Task]:
    """Remove the sub-processes whose owner is over or gone, and those inside them."""
    parts = workflow.subprocesses
    owners = {
        key: part.tasks[key] for part in (workflow, *parts.values()) for key in part.tasks.keys() & parts
    }
    removed: list[Task] = []
    # an owner stands in an earlier part, so one pass in order of creation sees the whole chain
    for key, part in list(parts.items()):
        owner = owners.get(key)
        inside = owner.workflow.parent_task_id if owner is not None else None
        if (
            owner is None
            or owner.has_state(TaskState.FINISHED_MASK)
            or (inside is not None and inside not in parts)
        ):
            removed += part.tasks.values()
            del parts[key]
    return removed


def _shape(spec: Any) -> _Shape:
    shape = _shapes.get(spec)
    if shape is None:
        joins_ahead = _joins_ahead(spec)
        shape = _shapes[spec] = _Shape(
            prunable=not isinstance(spec, AdHocSubprocessSpec)
            and not spec.start.trigger_specs
            and not any(_looks_back(join, joins_ahead) for join in spec.task_specs.values()),
            joins_ahead=joins_ahead,
        )
    return shape


def _looks_back(join: Any, joins_ahead: Mapping[str, frozenset[str]]) -> bool:
    """Whether this is a join of several flows that can be reached again from its own outgoing flows."""
    return (
        isinstance(join, UnstructuredJoin)
        and len(join.inputs) > 1
        and any(join.name in joins_ahead[after.name] for after in join.outputs)
    )


def _joins_ahead(spec: Any) -> dict[str, frozenset[str]]:
    before: dict[str, list[str]] = {name: [] for name in spec.task_specs}
    for name, element in spec.task_specs.items():
        for after in element.outputs:
            before[after.name].append(name)
    found: dict[str, set[str]] = {name: set() for name in spec.task_specs}
    for name, element in spec.task_specs.items():
        if isinstance(element, UnstructuredJoin):
            stack = [name]
            while stack:
                here = stack.pop()
                if name not in found[here]:
                    found[here].add(name)
                    stack.extend(before[here])
    return {name: frozenset(joins) for name, joins in found.items()}
