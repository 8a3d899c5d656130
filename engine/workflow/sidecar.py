"""What a case shows to the outside: open tasks, timers and subscriptions, and their rows.

Worked out from the state before and after a step; only the difference is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import SignalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from engine.workflow.expressions import compile_expression
from engine.workflow.reader import Blueprint
from engine.workflow.script import instant_of
from engine.workflow.tables import WorkflowSubscription, WorkflowTask, WorkflowTimer
from engine.workflow.vocabulary import Element

Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that waits for a person."""

    element_id: str
    name: str
    duty: str
    form: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sidecar:
    """All that a case waits for."""

    tasks: Mapping[str, OpenTask]
    #: task id → (element id, due instant)
    timers: Mapping[str, tuple[str, datetime]]
    #: (task id, message) → (element id, correlation)
    messages: Mapping[tuple[str, str], tuple[str, str]]

    @classmethod
    def empty(cls) -> Sidecar:
        """Of a case that is not there yet, or has ended."""
        return cls({}, {}, {})


def sidecar_of(workflow: BpmnWorkflow, blueprint: Blueprint, functions: Functions) -> Sidecar:
    """What the case waits for now."""
    tasks = {
        task.id.hex: _open_task(blueprint, task, functions)
        for task in workflow.get_tasks(state=TaskState.READY, manual=True)
    }
    timers: dict[str, tuple[str, datetime]] = {}
    messages: dict[tuple[str, str], tuple[str, str]] = {}
    for task in workflow.event_manager.tasks.values():
        if task.state != TaskState.WAITING:
            continue
        element_id = str(task.task_spec.bpmn_id or task.task_spec.name)
        due_at = due_of(task)
        if due_at is not None:
            timers[task.id.hex] = (element_id, due_at)
        for name, correlate in _awaited(blueprint, task):
            value = str(compile_expression(correlate).evaluate(task.data, functions)) if correlate else ""
            messages[(task.id.hex, name)] = (element_id, value)
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
    done: str,
    now: datetime,
) -> None:
    """Write the difference between two sidecars; `done` is the task that was just completed."""
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
            **_plain(task),
        }
        for task_id, task in after.tasks.items()
        if task_id not in before.tasks
    ]
    if new:
        session.execute(insert(WorkflowTask), new)
    _follow_timers(session, case_id, before, after)
    _follow_messages(session, case_id, before, after)


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


def _follow_messages(session: Session, case_id: int, before: Sidecar, after: Sidecar) -> None:
    stale = [key for key, value in before.messages.items() if after.messages.get(key) != value]
    for task_id, message in stale:
        session.execute(
            delete(WorkflowSubscription).where(
                WorkflowSubscription.task_id == task_id, WorkflowSubscription.message == message
            )
        )
    fresh = [
        {
            "task_id": key[0],
            "message": key[1],
            "case_id": case_id,
            "element_id": value[0],
            "correlation": value[1],
        }
        for key, value in after.messages.items()
        if before.messages.get(key) != value
    ]
    if fresh:
        session.execute(insert(WorkflowSubscription), fresh)


def _plain(task: OpenTask) -> dict[str, Any]:
    return {
        "element_id": task.element_id,
        "name": task.name,
        "duty": task.duty,
        "form": task.form,
        "due_at": task.due_at,
    }


def _open_task(blueprint: Blueprint, task: Task, functions: Functions) -> OpenTask:
    element = element_of(blueprint, task)
    assert element is not None, task.task_spec.name  # noqa: S101 - every manual task is drawn
    due = compile_expression(element.due).evaluate(task.data, functions) if element.due else None
    return OpenTask(
        element_id=element.id,
        name=element.name or element.id,
        duty=element.duty or "",
        form=element.form or "",
        due_at=instant_of(str(due)).astimezone(UTC) if due else None,
    )


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
