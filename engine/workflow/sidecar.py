"""What a case shows to the outside: open tasks, timers and subscriptions, and their rows.

Worked out from the state before and after a step; only the difference is written. A due day and a
correlation are worked out once, when they are written: what they depend on may be gone a year later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import SignalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from engine.workflow.expressions import ExpressionError, compile_expression
from engine.workflow.reader import Blueprint
from engine.workflow.script import StepError, TimerError, instant_of
from engine.workflow.tables import WorkflowSubscription, WorkflowTask, WorkflowTimer
from engine.workflow.vocabulary import Element

Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Sidecar:
    """All that a case waits for."""

    #: task id → the engine's task that waits for a person
    tasks: Mapping[str, Task]
    #: task id → (element id, due instant)
    timers: Mapping[str, tuple[str, datetime]]
    #: (task id, message) → (the engine's waiting task, expression that pairs it)
    messages: Mapping[tuple[str, str], tuple[Task, str]]

    @classmethod
    def empty(cls) -> Sidecar:
        """Of a case that is not there yet, or has ended."""
        return cls({}, {}, {})


def sidecar_of(workflow: BpmnWorkflow, blueprint: Blueprint) -> Sidecar:
    """What the case waits for now."""
    tasks = {task.id.hex: task for task in workflow.get_tasks(state=TaskState.READY, manual=True)}
    timers: dict[str, tuple[str, datetime]] = {}
    messages: dict[tuple[str, str], tuple[Task, str]] = {}
    for task in workflow.event_manager.tasks.values():
        if task.state != TaskState.WAITING:
            continue
        due_at = due_of(task)
        if due_at is not None:
            timers[task.id.hex] = (_element_id(task), due_at)
        for name, correlate in _awaited(blueprint, task):
            messages[(task.id.hex, name)] = (task, correlate)
    return Sidecar(tasks, timers, messages)


def element_of(blueprint: Blueprint, task: Task) -> Element | None:
    """The drawn element behind an engine task; None for the engine's own auxiliaries."""
    return blueprint.elements.get(str(task.task_spec.bpmn_id or ""))


def due_of(task: Task) -> datetime | None:
    """When a waiting timer fires, in UTC; None for anything else."""
    definition = task.task_spec.event_definition
    parts = definition.event_definitions if isinstance(definition, MultipleEventDefinition) else [definition]
    value = task.internal_data.get("event_value")
    if value is None or not any(isinstance(part, TimerEventDefinition) for part in parts):
        return None
    if isinstance(value, dict):
        return instant_of(value["next"]).astimezone(UTC) if value["cycles"] else None
    return instant_of(value).astimezone(UTC)


def shift_timers(workflow: BpmnWorkflow, shift: Callable[[datetime], datetime]) -> None:
    """Move the instants of all waiting timers, boundary events and rounds of time included."""
    for task in workflow.event_manager.tasks.values():
        due, value = due_of(task), task.internal_data.get("event_value")
        if due is not None:
            later = shift(due).isoformat()
            task.internal_data["event_value"] = {**value, "next": later} if isinstance(value, dict) else later


def definition_for(task: Task, name: str) -> Any:
    """The event definition of a waiting task that the message wakes."""
    definition = task.task_spec.event_definition
    parts = definition.event_definitions if isinstance(definition, MultipleEventDefinition) else [definition]
    return next(part for part in parts if part.name == name)


def follow(
    session: Session,
    case_id: int,
    region: str,
    before: Sidecar,
    after: Sidecar,
    *,
    blueprint: Blueprint,
    functions: Functions,
    done: str,
    now: datetime,
    assigned: Mapping[str, str] = MappingProxyType({}),
    meant: Mapping[str, tuple[str, str]] = MappingProxyType({}),
) -> None:
    """Write the difference between two sidecars; `done` is the task that was just completed.

    `assigned` says which of the new tasks are somebody's at once, `meant` (assignee, duty) for whom a round is.

    Raises StepError where the due day or the correlation of something new cannot be worked out.
    """
    gone = [task_id for task_id in before.tasks if task_id not in after.tasks and task_id != done]
    if gone:
        session.execute(
            update(WorkflowTask)
            .where(WorkflowTask.id.in_(gone))
            .values(status="cancelled", completed_at=now)
            .execution_options(synchronize_session=False)
        )
    new = [
        {
            "id": task_id,
            "case_id": case_id,
            "region_code": region,
            "status": "ready",
            "created_at": now,
            **_plain(blueprint, task, functions),
            **_for(assigned.get(task_id, ""), *meant.get(task_id, ("", ""))),
        }
        for task_id, task in after.tasks.items()
        if task_id not in before.tasks
    ]
    if new:
        session.execute(insert(WorkflowTask), new)
    _follow_timers(session, case_id, before, after)
    _follow_messages(session, case_id, before, after, functions)


def _follow_timers(session: Session, case_id: int, before: Sidecar, after: Sidecar) -> None:
    stale = [task_id for task_id, value in before.timers.items() if after.timers.get(task_id) != value]
    if stale:
        session.execute(delete(WorkflowTimer).where(WorkflowTimer.task_id.in_(stale)))
    fresh = [
        {"task_id": task_id, "case_id": case_id, "element_id": element_id, "due_at": due_at}
        for task_id, (element_id, due_at) in after.timers.items()
        if before.timers.get(task_id) != (element_id, due_at)
    ]
    if fresh:
        session.execute(insert(WorkflowTimer), fresh)


def _follow_messages(
    session: Session, case_id: int, before: Sidecar, after: Sidecar, functions: Functions
) -> None:
    for task_id, message in before.messages.keys() - after.messages.keys():
        session.execute(
            delete(WorkflowSubscription).where(
                WorkflowSubscription.task_id == task_id, WorkflowSubscription.message == message
            )
        )
    fresh = [
        {
            "task_id": task_id,
            "message": message,
            "case_id": case_id,
            "element_id": _element_id(task),
            "correlation": str(_value(task, correlate, functions)) if correlate else "",
        }
        for (task_id, message), (task, correlate) in after.messages.items()
        if (task_id, message) not in before.messages
    ]
    if fresh:
        session.execute(insert(WorkflowSubscription), fresh)


def _for(assigned: str, assignee: str, duty: str) -> dict[str, Any]:
    """Whose the task is, and of which duty, where that is not as drawn."""
    whose = {"assignee": assigned or assignee or None}
    return {**whose, "duty": duty} if duty else whose


def _plain(blueprint: Blueprint, task: Task, functions: Functions) -> dict[str, Any]:
    element = element_of(blueprint, task)
    assert element is not None, task.task_spec.name  # noqa: S101 - every manual task is drawn
    return {
        "element_id": element.id,
        "name": element.name or element.id,
        "duty": element.duty or "",
        "form": element.form or "",
        "due_at": _due_at(task, element.due, functions) if element.due else None,
    }


def _due_at(task: Task, due: str, functions: Functions) -> datetime | None:
    value = _value(task, due, functions)
    try:
        return instant_of(str(value)).astimezone(UTC) if value else None
    except TimerError as wrong:
        raise StepError(task, wrong) from wrong


def _value(task: Task, expression: str, functions: Functions) -> object:
    try:
        return compile_expression(expression).evaluate(task.data, functions)
    except ExpressionError as wrong:
        raise StepError(task, wrong) from wrong


def _element_id(task: Task) -> str:
    return str(task.task_spec.bpmn_id or task.task_spec.name)


def _awaited(blueprint: Blueprint, task: Task) -> list[tuple[str, str]]:
    """(message, correlate expression) that would wake the task; signals as ``signal:NAME``."""
    spec = task.task_spec
    definition = spec.event_definition
    if isinstance(definition, MultipleEventDefinition):
        # an event gateway took the definitions of the events behind it, in the order of its outputs
        sources = zip(definition.event_definitions, (out.bpmn_id for out in spec.outputs), strict=False)
        pairs = [(part, blueprint.elements.get(str(source))) for part, source in sources]
    else:
        pairs = [(definition, blueprint.elements.get(str(spec.bpmn_id)))]
    found = []
    for part, element in pairs:
        if isinstance(part, MessageEventDefinition):
            found.append((part.name, (element.correlate or "") if element else ""))
        elif isinstance(part, SignalEventDefinition):
            found.append((f"signal:{part.name}", ""))
    return found
