"""Runs cases: one command, one step, inside the transaction of the caller.

A step reads the case with its revision, runs the diagram, and writes state, inbox, timers,
subscriptions and history together; the write takes hold only on the revision that was read.
It knows no insurance: what a diagram may call comes from :class:`Around`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.values import Actor, CaseId, CaseRef, RefusedError, RegionCode
from engine.workflow import codec
from engine.workflow.script import ScriptEngine
from engine.workflow.sidecar import Sidecar, definition_for, element_of, follow, sidecar_of
from engine.workflow.specs import CORRELATION
from engine.workflow.tables import WorkflowCase, WorkflowHistory, WorkflowSubscription, WorkflowTask
from engine.workflow.versions import Published, Versions

#: kinds of element that leave a history row of their own when they pass, and its kind
_TOLD = {
    "serviceTask": "operation",
    "businessRuleTask": "decided",
    "sendTask": "sent",
    "intermediateThrowEvent": "sent",
    "intermediateCatchEvent": "passed",
    "receiveTask": "message",
    "boundaryEvent": "passed",
    "endEvent": "ended",
}


class Around(Protocol):
    """What a step may ask of the office around it."""

    @property
    def now(self) -> datetime:
        """The instant of the step."""

    @property
    def actor(self) -> Actor:
        """Who acts."""

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """The functions that expressions may call."""

    def call(self, operation: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry out an operation of the catalogue; what it provides is merged into the case's data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thrown:
    """A message or signal that left the case; the caller delivers it."""

    #: ``message`` or ``signal``
    kind: str
    name: str
    correlation: str
    payload: Mapping[str, Any]
    #: unique: a redelivery has the same key
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """What a step did."""

    case: CaseRef
    #: running, completed or cancelled
    status: str
    #: end event reached, empty while running
    ended_in: str
    thrown: tuple[Thrown, ...]


class StaleCaseError(Exception):
    """Another step changed the case since it was read; read it again and retry."""

    retryable = True


class TaskClosedError(Exception):
    """The task no longer waits: somebody completed it, or the case went another way."""

    retryable = False

    def __init__(self, task_id: str, *, name: str = "", by: str = "", at: datetime | None = None) -> None:
        self.task_id, self.name, self.by, self.at = task_id, name, by, at
        super().__init__(f"任务已不在待办：{name or task_id}")


class StepFailedError(Exception):
    """A step could not be carried out; nothing of it is kept."""

    def __init__(self, element_id: str, cause: BaseException) -> None:
        self.element_id = element_id
        self.cause = cause
        self.retryable = bool(getattr(cause, "retryable", False))
        super().__init__(f"环节 {element_id} 未能完成：{cause}")


class NotWaitingError(Exception):
    """No case waits for the message."""

    retryable = True


class AmbiguousMessageError(Exception):
    """More than one case waits for the message; it needs a correlation that tells them apart."""

    retryable = False


@dataclass(slots=True)
class _Live:
    """A case in memory while its step runs."""

    ref: CaseRef
    version: Published
    around: Around
    revision: int
    workflow: BpmnWorkflow
    before: Sidecar
    provided: dict[str, Any] = field(default_factory=dict)
    history: list[WorkflowHistory] = field(default_factory=list)
    ended_in: str = ""


class Runner:
    """Starts cases and moves them; holds nothing but the cache of versions."""

    def __init__(self, versions: Versions) -> None:
        self.versions = versions

    def start(
        self,
        session: Session,
        *,
        process_id: str,
        ref: CaseRef,
        data: Mapping[str, Any],
        around: Around,
        message: str = "",
    ) -> Stepped:
        """Start a case on the latest version; `message` names the start event that it answers."""
        version = self.versions.latest(session, process_id)
        engine = ScriptEngine.idle()
        spec, subs = version.blueprint.spec, version.blueprint.subprocess_specs
        workflow = BpmnWorkflow(spec, subs, script_engine=engine)
        live = _Live(ref, version, around, 0, workflow, Sidecar.empty())
        workflow.script_engine = _engine_of(live)
        initial = {**data, "case_key": ref.key, "case_id": ref.id}
        for task in workflow.get_tasks(state=TaskState.READY):
            task.data.update(initial)
        session.add(_new_case(ref, version, around))
        session.flush()
        live.history.append(_told(live, "started", version.process_id, version.name, initial))
        with _failing():
            workflow.do_engine_steps(did_complete_task=lambda task: _tell(live, task))
            if message:
                _catch_start(workflow, message, initial)
            self._run(live)
        return self._save(session, live)

    def complete(
        self,
        session: Session,
        *,
        task: WorkflowTask,
        data: Mapping[str, Any],
        control: str | None,
        around: Callable[[CaseRef], Around],
    ) -> Stepped:
        """Complete a user task with checked data; TaskClosedError when it no longer waits.

        Timers already due fire first: a passed statutory limit wins over a late hand.
        """
        try:
            live = self._load(session, task.case_id, around)
        except TaskClosedError as ended:
            raise _closed(session, task) from ended
        with _failing():
            live.workflow.refresh_timers()
            self._run(live)
            waiting = _find(live.workflow, task.id)
            if waiting is None or waiting.state != TaskState.READY:
                raise _closed(session, task)
            waiting.data.update(data)
            waiting.run()
            row = _told(live, "completed", task.element_id, task.name, data)
            row.duty, row.control = task.duty, control
            # written before the diagram goes on: operations check controls from history
            session.add_all([*live.history, row])
            live.history.clear()
            session.flush()
            self._run(live)
        task.status, task.completed_at, task.completed_by = (
            "completed",
            live.around.now,
            live.around.actor.key,
        )
        task.draft = None
        session.flush()
        return self._save(session, live, done=task.id)

    def deliver(
        self,
        session: Session,
        *,
        kind: str,
        name: str,
        correlation: str,
        payload: Mapping[str, Any],
        around: Callable[[CaseRef], Around],
        case_id: int | None = None,
    ) -> list[Stepped]:
        """Hand a message to the one case that waits for it, or a signal to all; NotWaitingError for none.

        A waiting step that an earlier one took away is passed over.
        """
        waiting = self._subscribers(session, kind, name, correlation, case_id)
        if not waiting:
            raise NotWaitingError(f"没有案件在等待消息“{name}”（{correlation or '无编号'}）")
        if kind == "message" and len({row.case_id for row in waiting}) > 1:
            raise AmbiguousMessageError(f"不止一个案件在等待消息“{name}”（{correlation or '无编号'}）")
        tried = [self._hand_over(session, row, name, payload, around) for row in waiting]
        heard = [stepped for stepped in tried if stepped is not None]
        if not heard:
            raise NotWaitingError(f"案件已不再等待消息“{name}”")
        return heard

    def fire_due(self, session: Session, case_id: int, around: Callable[[CaseRef], Around]) -> Stepped:
        """Fire every timer of the case that is due; none due leaves the case as it was."""
        live = self._load(session, case_id, around)
        with _failing():
            live.workflow.refresh_timers()
            self._run(live)
        return self._save(session, live)

    def cancel(
        self, session: Session, case_id: int, *, why: str, around: Callable[[CaseRef], Around]
    ) -> Stepped:
        """End the case where it stands; open tasks, timers and subscriptions go."""
        live = self._load(session, case_id, around)
        live.workflow.cancel()
        live.history.append(_told(live, "cancelled", live.ref.process_id, live.version.name, {"why": why}))
        return self._save(session, live, cancelled=True)

    def data_of(self, session: Session, case_id: int, task_id: str = "") -> dict[str, Any]:
        """The data of a running case as an open task sees it; of the latest task without one. For looking only."""
        row = session.execute(
            select(WorkflowCase.version_id, WorkflowCase.state).where(WorkflowCase.id == case_id)
        ).one()
        blueprint = self.versions.get(session, row.version_id).blueprint
        workflow = codec.decode(row.state, blueprint.spec, blueprint.subprocess_specs, ScriptEngine.idle())
        task = _find(workflow, task_id) if task_id else None
        if task is not None:
            return dict(task.data)
        data: dict[str, Any] = {}
        for task in sorted(
            workflow.get_tasks(state=TaskState.DEFINITE_MASK), key=lambda t: t.last_state_change
        ):
            data.update(task.data)
        return data

    def _subscribers(
        self, session: Session, kind: str, name: str, correlation: str, case_id: int | None
    ) -> Sequence[WorkflowSubscription]:
        wanted = f"signal:{name}" if kind == "signal" else name
        query = select(WorkflowSubscription).where(WorkflowSubscription.message == wanted)
        if kind == "message":
            query = query.where(WorkflowSubscription.correlation.in_([correlation, ""]))
        if case_id is not None:
            query = query.where(WorkflowSubscription.case_id == case_id)
        return session.scalars(query.order_by(WorkflowSubscription.case_id)).all()

    def _hand_over(
        self,
        session: Session,
        row: WorkflowSubscription,
        name: str,
        payload: Mapping[str, Any],
        around: Callable[[CaseRef], Around],
    ) -> Stepped | None:
        """The step that the message caused; None when the waiting step is no longer there."""
        try:
            live = self._load(session, row.case_id, around)
        except TaskClosedError:
            return None
        with _failing():
            task = _find(live.workflow, row.task_id)
            if task is None or task.state != TaskState.WAITING:
                return None
            event = BpmnEvent(definition_for(task, name), dict(payload))
            task.task_spec.catch(task, event)
            task.task_spec._update(task)
            self._run(live)
        return self._save(session, live)

    def _load(self, session: Session, case_id: int, around: Callable[[CaseRef], Around]) -> _Live:
        row = session.execute(
            select(
                WorkflowCase.version_id,
                WorkflowCase.revision,
                WorkflowCase.state,
                WorkflowCase.status,
                WorkflowCase.case_key,
                WorkflowCase.process_id,
                WorkflowCase.region_code,
                WorkflowCase.subject,
            ).where(WorkflowCase.id == case_id)
        ).one()
        if row.status != "running":
            raise TaskClosedError("", name=f"案件 {row.case_key} 已办结")
        ref = CaseRef(
            id=CaseId(case_id),
            key=row.case_key,
            process_id=row.process_id,
            region=RegionCode(row.region_code),
            subject=row.subject,
        )
        live_around = around(ref)
        with _failing():
            version = self.versions.get(session, row.version_id)
            spec, subs = version.blueprint.spec, version.blueprint.subprocess_specs
            workflow = codec.decode(row.state, spec, subs, ScriptEngine.idle())
        before = sidecar_of(workflow, version.blueprint)
        live = _Live(ref, version, live_around, row.revision, workflow, before)
        workflow.script_engine = _engine_of(live)
        return live

    def _run(self, live: _Live) -> None:
        """Run until only people, messages and timers in the future are left."""
        live.workflow.do_engine_steps(did_complete_task=lambda task: _tell(live, task))
        while live.workflow.get_tasks(state=TaskState.READY, manual=False):
            live.workflow.do_engine_steps(did_complete_task=lambda task: _tell(live, task))

    def _save(self, session: Session, live: _Live, *, done: str = "", cancelled: bool = False) -> Stepped:
        workflow, ref, now = live.workflow, live.ref, live.around.now
        completed = not cancelled and workflow.is_completed()
        status = "cancelled" if cancelled else "completed" if completed else "running"
        thrown = _thrown(live)
        if status == "running":
            codec.prune(workflow)
        after = sidecar_of(workflow, live.version.blueprint) if status == "running" else Sidecar.empty()
        with _failing():
            state = codec.encode(workflow)
        values = {
            "state": state,
            "status": status,
            "revision": live.revision + 1,
            "ended_at": None if status == "running" else now,
            "ended_in": live.ended_in or None,
        }
        won = session.execute(
            update(WorkflowCase)
            .where(WorkflowCase.id == ref.id, WorkflowCase.revision == live.revision)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        if won.rowcount != 1:  # type: ignore[attr-defined]
            raise StaleCaseError(ref.key)
        session.flush()
        blueprint, functions = live.version.blueprint, live.around.functions
        with _failing():
            follow(
                session, ref.id, ref.region, live.before, after,
                blueprint=blueprint, functions=functions, done=done, now=now,
            )  # fmt: skip
        session.add_all(live.history)
        session.flush()
        return Stepped(case=ref, status=status, ended_in=live.ended_in, thrown=thrown)


def _new_case(ref: CaseRef, version: Published, around: Around) -> WorkflowCase:
    """The row of a case before its first step; operations of that step may already refer to it."""
    return WorkflowCase(
        id=ref.id,
        case_key=ref.key,
        version_id=version.id,
        process_id=ref.process_id,
        region_code=ref.region,
        subject=ref.subject,
        status="running",
        revision=0,
        state=b"",
        started_by=around.actor.key,
        started_at=around.now,
    )


def _engine_of(live: _Live) -> ScriptEngine:
    def call(operation: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        live.provided = dict(live.around.call(operation, data))
        return live.provided

    def decide(decision: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        live.provided = dict(live.version.decisions[decision].decide(data, live.around.functions))
        return live.provided

    return ScriptEngine(
        functions=live.around.functions, call=call, decide=decide, now=lambda: live.around.now
    )


def _tell(live: _Live, task: Task) -> None:
    """History row of an engine task that passed."""
    element = element_of(live.version.blueprint, task)
    kind = _TOLD.get(element.kind) if element else None
    if element is None or kind is None:
        return
    if kind == "ended" and task.workflow is live.workflow:
        live.ended_in = element.id
    outcome, live.provided = live.provided, {}
    live.history.append(_told(live, kind, element.id, element.name, outcome))


def _told(live: _Live, kind: str, element_id: str, name: str, outcome: Mapping[str, Any]) -> WorkflowHistory:
    by = live.around.actor.key if kind in {"started", "completed", "cancelled"} else "system:0"
    return WorkflowHistory(
        case_id=live.ref.id,
        element_id=element_id,
        name=name or element_id,
        kind=kind,
        actor=by,
        duty="",
        control=None,
        at=live.around.now,
        outcome=orjson.dumps(dict(outcome), option=orjson.OPT_NON_STR_KEYS).decode(),
    )


def _thrown(live: _Live) -> tuple[Thrown, ...]:
    """The events that nobody inside the case caught."""
    out = []
    for index, event in enumerate(live.workflow.get_events()):
        definition = event.event_definition
        kind = "signal" if type(definition).__name__.startswith("Signal") else "message"
        payload = dict(event.payload or {})
        correlation = str(payload.pop(CORRELATION, ""))
        key = f"{live.ref.key}/{live.revision}/{index}/{definition.name}"
        out.append(Thrown(kind=kind, name=definition.name, correlation=correlation, payload=payload, key=key))
    return tuple(out)


def _catch_start(workflow: BpmnWorkflow, message: str, data: Mapping[str, Any]) -> None:
    for task in list(workflow.event_manager.tasks.values()):
        if task.task_spec.event_definition.name == message:
            event = BpmnEvent(task.task_spec.event_definition, dict(data))
            task.task_spec.catch(task, event)
            task.task_spec._update(task)
            return
    raise NotWaitingError(f"流程没有以消息“{message}”开始")


def _closed(session: Session, task: WorkflowTask) -> TaskClosedError:
    """Who closed the task, as it stands now: the row may have been read before another one's step."""
    session.refresh(task)
    return TaskClosedError(task.id, name=task.name, by=task.completed_by or "", at=task.completed_at)


def _find(workflow: BpmnWorkflow, task_id: str) -> Task | None:
    """The task of the case or of one of its sub-processes; None when it is no longer there."""
    wanted = UUID(hex=task_id)
    parts = (workflow, *workflow.subprocesses.values())
    return next((part.tasks[wanted] for part in parts if wanted in part.tasks), None)


class _failing:
    """Turns whatever goes wrong in a step into StepFailedError; refusals and our own errors pass."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or not isinstance(error, Exception):
            return
        if isinstance(error, RefusedError | TaskClosedError | NotWaitingError | StepFailedError):
            return
        cause = error.exception or error if isinstance(error, WorkflowTaskException) else error
        # the database's own no, or a deadlock to be retried, is for the use-case to tell apart
        if not isinstance(cause, RefusedError | DBAPIError):
            raise StepFailedError(_element_at(error), cause) from error
        if cause is not error:
            raise cause from error


def _element_at(error: Exception) -> str:
    """The element where it went wrong; empty where the case as a whole is meant."""
    spec = getattr(error, "task_spec", None)
    if spec is not None:
        return str(getattr(spec, "bpmn_id", "") or spec.name)
    return error.element if isinstance(error, codec.StateError) else ""
