"""A small house that runs diagrams on a real database, and the one invariant: rows say what the state says."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from drawings import NAMES
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import SignalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.store.db import Store
from engine.values import Actor, CaseId, CaseRef, RegionCode
from engine.workflow import codec
from engine.workflow.runner import Runner, Stepped, Thrown
from engine.workflow.script import ScriptEngine, instant_of
from engine.workflow.tables import (
    WorkflowCase,
    WorkflowHistory,
    WorkflowSubscription,
    WorkflowTask,
    WorkflowTimer,
)
from engine.workflow.versions import Source, Versions
from engine.workflow.vocabulary import Names

MONDAY = datetime(2025, 11, 3, 1, 0, tzinfo=UTC)
#: an insured person, whom no rule about posts concerns
HAND = Actor(kind="person", id=7, name="经手人")

_case_ids = itertools.count(1)

Operations = Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a step may ask of this house."""

    now: datetime
    operations: Operations
    #: arguments of every call of ``after_workdays``
    asked: list[int]
    actor: Actor = HAND

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """What expressions may call."""
        return {
            "today": lambda: self.now.date().isoformat(),
            "after_workdays": self._after_workdays,
            "limit": lambda _name: self._after_workdays(5),
        }

    def _after_workdays(self, days: int) -> str:
        self.asked.append(days)
        return (self.now + timedelta(days=days)).date().isoformat()

    def call(self, operation: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry out an operation of this house's own catalogue."""
        return self.operations[operation](data)


@dataclass(slots=True, kw_only=True)
class House:
    """Publishes diagrams and moves cases; after every step the rows are held against the state."""

    store: Store
    names: Names = NAMES
    operations: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = field(default_factory=dict)
    now: datetime = MONDAY
    #: messages and signals that left a case and were not delivered yet
    thrown: list[Thrown] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    #: who acts
    hand: Actor = HAND
    runner: Runner = field(init=False)

    def __post_init__(self) -> None:
        self.runner = Runner(Versions(self.names))

    def desk(self, _case: CaseRef | None = None) -> Desk:
        """The desk of a step made now."""
        return Desk(now=self.now, operations=self.operations, asked=self.asked, actor=self.hand)

    def publish(self, diagram: bytes, **files: Mapping[str, str]) -> list[str]:
        """Publish the file; the processes in it."""
        source = Source(
            file_name="p.bpmn",
            diagram=diagram,
            forms=files.get("forms", {}),
            decisions=files.get("decisions", {}),
        )
        with self.store.transaction() as session:
            made = self.runner.versions.publish(
                session, source, author=HAND.key, published_by=HAND.key, note="", now=self.now
            )
            return [version.process_id for version in made]

    def start(self, process_id: str = "p", *, message: str = "", **data: Any) -> int:
        """A new case of the newest version; its number."""
        number = next(_case_ids)
        ref = CaseRef(
            id=CaseId(number),
            key=f"T-{number}",
            process_id=process_id,
            region=RegionCode("371500"),
            subject=HAND.key,
        )
        with self.store.transaction() as session:
            stepped = self.runner.start(
                session, process_id=process_id, ref=ref, data=data, around=self.desk(), message=message
            )
        self._after([stepped])
        return number

    def complete(self, case_id: int, element: str, **data: Any) -> Stepped:
        """Complete the oldest open task of the element."""
        return self.complete_task(self.task(case_id, element), **data)

    def complete_task(self, task_id: str, **data: Any) -> Stepped:
        """Complete the task of that id."""
        with self.store.transaction() as session:
            task = session.get_one(WorkflowTask, task_id)
            stepped = self.runner.complete(session, task=task, data=data, control=None, around=self.desk)
        return self._after([stepped])[0]

    def ways_back(self, case_id: int, element: str) -> dict[str, str]:
        """Earlier step → why the open task of the element cannot be sent back there; empty where it can."""
        with self.store.reading() as session:
            found = self.runner.ways_back(session, session.get_one(WorkflowTask, self.task(case_id, element)))
            return {way.element_id: way.refused.code if way.refused else "" for way in found}

    def send_back(self, case_id: int, element: str, to: str, *, resume: bool = False) -> Stepped:
        """Send the open task of the element back."""
        return self.send_task_back(self.task(case_id, element), to, resume=resume)

    def send_task_back(self, task_id: str, to: str, *, resume: bool = False) -> Stepped:
        """Send the task of that id back."""
        with self.store.transaction() as session:
            stepped = self.runner.send_back(
                session,
                task=session.get_one(WorkflowTask, task_id),
                to=to,
                why="材料不齐",
                around=self.desk,
                resume=resume,
            )
        return self._after([stepped])[0]

    def recall(self, case_id: int, element: str) -> Stepped:
        """Take the latest completed task of the element back."""
        with self.store.transaction() as session:
            task = session.get_one(WorkflowTask, self.task(case_id, element, status="completed"))
            stepped = self.runner.recall(session, task=task, why="填错了", around=self.desk)
        return self._after([stepped])[0]

    def pause(self, case_id: int) -> None:
        """Let nothing move the case."""
        with self.store.transaction() as session:
            stepped = self.runner.pause(session, case_id, why="等法院裁定", around=self.desk)
        self._after([stepped])

    def resume(self, case_id: int, **later: int) -> None:
        """Let a paused case go on, everything due so much later."""
        with self.store.transaction() as session:
            stepped = self.runner.resume(
                session, case_id, shift=lambda due: due + timedelta(**later), around=self.desk
            )
        self._after([stepped])

    def task(self, case_id: int, element: str, status: str = "ready") -> str:
        """Id of the oldest open task of the element, or of the latest completed one."""
        query = select(WorkflowTask.id).where(
            WorkflowTask.case_id == case_id, WorkflowTask.element_id == element, WorkflowTask.status == status
        )
        order = (
            (WorkflowTask.created_at, WorkflowTask.id)
            if status == "ready"
            else (WorkflowTask.completed_at.desc(), WorkflowTask.created_at.desc())
        )
        with self.store.reading() as session:
            return session.scalars(query.order_by(*order).limit(1)).one()

    def deliver(self, name: str, correlation: str = "", *, kind: str = "message", **payload: Any) -> int:
        """Hand a message or signal over; how many cases heard it."""
        with self.store.transaction() as session:
            stepped = self.runner.deliver(
                session, kind=kind, name=name, correlation=correlation, payload=payload, around=self.desk
            )
        return len(self._after(stepped))

    def post(self) -> int:
        """Deliver everything that left a case; how many there were."""
        out, self.thrown = self.thrown, []
        for each in out:
            self.deliver(each.name, each.correlation, kind=each.kind, **each.payload)
        return len(out)

    def wait(self, **time: int) -> None:
        """Let time pass and fire what is due, one case after another."""
        self.now += timedelta(**time)
        with self.store.reading() as session:
            due = session.scalars(
                select(WorkflowTimer.case_id).where(WorkflowTimer.due_at <= self.now).distinct()
            ).all()
        for case_id in due:
            with self.store.transaction() as session:
                stepped = self.runner.fire_due(session, case_id, self.desk)
            self._after([stepped])

    def pass_limits(self, case_id: int) -> None:
        """Let every limit of the one case pass; of others only what was due before does not fire here."""
        self.now = max([self.now, *self.due(case_id).values()])
        with self.store.transaction() as session:
            stepped = self.runner.fire_due(session, case_id, self.desk)
        self._after([stepped])

    def cancel(self, case_id: int) -> None:
        """End the case where it stands."""
        with self.store.transaction() as session:
            stepped = self.runner.cancel(session, case_id, why="test", around=self.desk)
        self._after([stepped])

    def open(self, case_id: int) -> list[str]:
        """Elements in the inbox, sorted."""
        return self._column(WorkflowTask.element_id, case_id, WorkflowTask.status == "ready")

    def timers(self, case_id: int) -> list[str]:
        """Elements whose timer runs, sorted."""
        return self._column(WorkflowTimer.element_id, case_id)

    def due(self, case_id: int) -> dict[str, datetime]:
        """When each waiting timer is due, by element."""
        with self.store.reading() as session:
            rows = session.scalars(select(WorkflowTimer).where(WorkflowTimer.case_id == case_id))
            return {row.element_id: row.due_at for row in rows}

    def awaits(self, case_id: int) -> list[str]:
        """Messages and signals waited for, sorted."""
        return self._column(WorkflowSubscription.message, case_id)

    def told(self, case_id: int) -> list[tuple[str, str]]:
        """(kind, element) of the history in order."""
        with self.store.reading() as session:
            rows = session.execute(
                select(WorkflowHistory.kind, WorkflowHistory.element_id)
                .where(WorkflowHistory.case_id == case_id)
                .order_by(WorkflowHistory.id)
            )
            return [(kind, element) for kind, element in rows]

    def case(self, case_id: int) -> WorkflowCase:
        """The row of the case."""
        with self.store.reading() as session:
            return session.get_one(WorkflowCase, case_id)

    def data(self, case_id: int) -> dict[str, Any]:
        """The case's data as its latest steps see them."""
        with self.store.reading() as session:
            return self.runner.data_of(session, case_id)

    def _column(self, column: Any, case_id: int, *where: Any) -> list[str]:
        with self.store.reading() as session:
            return sorted(session.scalars(select(column).where(column.class_.case_id == case_id, *where)))

    def _after(self, stepped: list[Stepped]) -> list[Stepped]:
        for each in stepped:
            self.thrown.extend(each.thrown)
        with self.store.reading() as session:
            for case_id in {each.case.id for each in stepped}:
                assert_rows_match_state(session, self.runner, case_id)
        return stepped


def assert_rows_match_state(session: Session, runner: Runner, case_id: int) -> None:
    """Inbox, timers, subscriptions and history say what the stored state says; nothing is left of an ended case.

    Reads the state on its own way, task by task, not through the code that wrote the rows.
    """
    case = session.get_one(WorkflowCase, case_id)
    blueprint = runner.versions.get(session, case.version_id).blueprint
    workflow = codec.decode(case.state, blueprint.spec, blueprint.subprocess_specs, ScriptEngine.idle())
    tasks = [task for part in (workflow, *workflow.subprocesses.values()) for task in part.tasks.values()]
    running = case.status == "running"
    assert workflow.is_completed() is not running, (case_id, case.status)
    ready = [task for task in tasks if task.state == TaskState.READY] if running else []
    assert all(task.task_spec.manual for task in ready), [task.task_spec.name for task in ready]
    waiting = [
        task
        for task in tasks
        if running and task.state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent)
    ]
    assert {task.id for task in waiting} == (set(workflow.event_manager.tasks) if running else set())
    _assert_inbox(session, case_id, ready, blueprint.elements)
    _assert_waits(session, case_id, waiting)
    _assert_history(session, case)
    # a running case that waits for nothing would never be seen again
    assert bool(ready or waiting) is running, (case_id, case.status)


def _assert_inbox(session: Session, case_id: int, ready: list[Task], elements: Mapping[str, Any]) -> None:
    rows = session.scalars(
        select(WorkflowTask).where(WorkflowTask.case_id == case_id, WorkflowTask.status == "ready")
    )
    shown = {(row.id, row.element_id, row.duty, row.form) for row in rows}
    found = set()
    for task in ready:
        element = elements[task.task_spec.bpmn_id]
        several = element.multi_instance
        entry = task.data.get(several.entry) if several else None
        duty = entry if entry in NAMES.duties.values() and not element.control else element.duty or ""
        found.add((task.id.hex, element.id, duty, element.form))
    assert shown == found


def _assert_waits(session: Session, case_id: int, waiting: list[Task]) -> None:
    timers, messages = {}, set()
    for task in waiting:
        due = task.internal_data.get("event_value")
        if isinstance(due, dict):
            due = due["next"] if due["cycles"] else None
        if due is not None:
            timers[task.id.hex] = instant_of(due)
        definition = task.task_spec.event_definition
        parts = (
            definition.event_definitions if isinstance(definition, MultipleEventDefinition) else [definition]
        )
        messages |= {(task.id.hex, part.name) for part in parts if isinstance(part, MessageEventDefinition)}
        messages |= {
            (task.id.hex, f"signal:{part.name}") for part in parts if isinstance(part, SignalEventDefinition)
        }
    rows = session.scalars(select(WorkflowTimer).where(WorkflowTimer.case_id == case_id))
    assert {row.task_id: row.due_at for row in rows} == timers
    subscribed = session.scalars(select(WorkflowSubscription).where(WorkflowSubscription.case_id == case_id))
    assert {(row.task_id, row.message) for row in subscribed} == messages


def _assert_history(session: Session, case: WorkflowCase) -> None:
    """One start, one row for each completion, and the end where the case says that it ended."""
    rows = session.scalars(
        select(WorkflowHistory).where(WorkflowHistory.case_id == case.id).order_by(WorkflowHistory.id)
    ).all()
    kinds = Counter(row.kind for row in rows)
    assert (rows[0].kind, kinds["started"]) == ("started", 1)
    closed = session.execute(
        select(WorkflowTask.element_id, func.count())
        .where(WorkflowTask.case_id == case.id, WorkflowTask.status == "completed")
        .group_by(WorkflowTask.element_id)
    )
    assert dict(tuple(row) for row in closed) == Counter(
        row.element_id for row in rows if row.kind == "completed"
    )
    undated = select(func.count()).where(
        WorkflowTask.case_id == case.id,
        WorkflowTask.status.in_(["completed", "cancelled"]),
        WorkflowTask.completed_at.is_(None),
    )
    assert session.scalar(undated) == 0
    assert (case.ended_at is None) is (case.status == "running")
    assert kinds["cancelled"] == (case.status == "cancelled")
    if case.status == "completed":
        assert case.ended_in in {row.element_id for row in rows if row.kind == "ended"}
