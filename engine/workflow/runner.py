"""Runs cases: one command, one step, inside the transaction of the caller.

A step reads the case with its revision, runs the diagram, and writes state, inbox, timers,
subscriptions and history together; the write takes hold only on the revision that was read.
It knows no insurance: what a diagram may call comes from :class:`Around`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.values import CaseId, CaseRef, RegionCode
from engine.workflow import codec
from engine.workflow.script import ScriptEngine
from engine.workflow.sidecar import Sidecar, definition_for, follow, sidecar_of
from engine.workflow.stepping import (
    AmbiguousMessageError,
    Around,
    Live,
    NotWaitingError,
    StaleCaseError,
    StepFailedError,
    Stepped,
    TaskClosedError,
    Thrown,
    UncaughtError,
    engine_of,
    failing,
    tell,
    thrown_of,
    told,
)
from engine.workflow.tables import WorkflowCase, WorkflowSubscription, WorkflowTask
from engine.workflow.versions import Published, Versions

__all__ = [
    "AmbiguousMessageError",
    "Around",
    "NotWaitingError",
    "Runner",
    "StaleCaseError",
    "StepFailedError",
    "Stepped",
    "TaskClosedError",
    "Thrown",
    "UncaughtError",
]


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
        live = Live(ref, version, around, 0, workflow, Sidecar.empty())
        workflow.script_engine = engine_of(live)
        initial = {**data, "case_key": ref.key, "case_id": ref.id}
        for task in workflow.get_tasks(state=TaskState.READY):
            task.data.update(initial)
        session.add(_new_case(ref, version, around))
        session.flush()
        live.history.append(told(live, "started", version.process_id, version.name, initial))
        with failing():
            workflow.do_engine_steps(did_complete_task=lambda task: tell(live, task))
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
        on_behalf_of: str = "",
    ) -> Stepped:
        """Complete a user task with checked data; TaskClosedError when it no longer waits.

        Timers already due fire first: a passed statutory limit wins over a late hand.
        """
        try:
            live = self._load(session, task.case_id, around)
        except TaskClosedError as ended:
            raise _closed(session, task) from ended
        with failing():
            live.workflow.refresh_timers()
            self._run(live)
            waiting = _find(live.workflow, task.id)
            if waiting is None or waiting.state != TaskState.READY:
                raise _closed(session, task)
            waiting.data.update(data)
            waiting.run()
            row = told(live, "completed", task.element_id, task.name, data)
            row.duty, row.control, row.on_behalf_of = task.duty, control, on_behalf_of
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
        with failing():
            live.workflow.refresh_timers()
            self._run(live)
        return self._save(session, live)

    def cancel(
        self, session: Session, case_id: int, *, why: str, around: Callable[[CaseRef], Around]
    ) -> Stepped:
        """End the case where it stands; open tasks, timers and subscriptions go."""
        live = self._load(session, case_id, around)
        live.workflow.cancel()
        live.history.append(told(live, "cancelled", live.ref.process_id, live.version.name, {"why": why}))
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
        with failing():
            task = _find(live.workflow, row.task_id)
            if task is None or task.state != TaskState.WAITING:
                return None
            event = BpmnEvent(definition_for(task, name), dict(payload))
            task.task_spec.catch(task, event)
            task.task_spec._update(task)
            self._run(live)
        return self._save(session, live)

    def _load(self, session: Session, case_id: int, around: Callable[[CaseRef], Around]) -> Live:
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
        with failing():
            version = self.versions.get(session, row.version_id)
            spec, subs = version.blueprint.spec, version.blueprint.subprocess_specs
            workflow = codec.decode(row.state, spec, subs, ScriptEngine.idle())
        before = sidecar_of(workflow, version.blueprint)
        live = Live(ref, version, live_around, row.revision, workflow, before)
        workflow.script_engine = engine_of(live)
        return live

    def _run(self, live: Live) -> None:
        """Run until only people, messages and timers in the future are left."""
        live.workflow.do_engine_steps(did_complete_task=lambda task: tell(live, task))
        while live.workflow.get_tasks(state=TaskState.READY, manual=False):
            live.workflow.do_engine_steps(did_complete_task=lambda task: tell(live, task))

    def _save(self, session: Session, live: Live, *, done: str = "", cancelled: bool = False) -> Stepped:
        workflow, ref, now = live.workflow, live.ref, live.around.now
        completed = not cancelled and workflow.is_completed()
        status = "cancelled" if cancelled else "completed" if completed else "running"
        thrown = thrown_of(live)
        if status == "running":
            codec.prune(workflow)
        after = sidecar_of(workflow, live.version.blueprint) if status == "running" else Sidecar.empty()
        with failing():
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
        with failing():
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
