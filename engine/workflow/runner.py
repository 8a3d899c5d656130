"""Runs cases: one command, one step, inside the transaction of the caller.

A step reads the case with its revision, runs the diagram, and writes state, inbox, timers,
subscriptions and history together; the write takes hold only on the revision that was read.
It knows no insurance: what a diagram may call comes from :class:`Around`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.store.sight import as_office
from engine.values import CaseRef, RefusedError
from engine.workflow import codec, retreating
from engine.workflow.going_back import Judge, WayBack
from engine.workflow.history import history_of
from engine.workflow.loading import closed, find, load, run, save
from engine.workflow.script import ScriptEngine
from engine.workflow.sidecar import Sidecar, definition_for, shift_timers
from engine.workflow.stepping import (
    AmbiguousMessageError,
    Around,
    Live,
    NotWaitingError,
    PausedError,
    StaleCaseError,
    StepFailedError,
    Stepped,
    TaskClosedError,
    Thrown,
    UncaughtError,
    control_of,
    count_voter,
    engine_of,
    failing,
    tell,
    told,
)
from engine.workflow.tables import WorkflowCase, WorkflowSubscription, WorkflowTask
from engine.workflow.versions import Published, Versions

__all__ = [
    "AmbiguousMessageError",
    "Around",
    "NotWaitingError",
    "PausedError",
    "Runner",
    "StaleCaseError",
    "StepFailedError",
    "Stepped",
    "TaskClosedError",
    "Thrown",
    "UncaughtError",
    "WayBack",
]

#: who may begin it was judged with their own eyes; what it then asks is the law's: is benefit paid elsewhere, is a
#: claim open elsewhere. Half a view would decide wrongly
_STEP = "a step of a case asks and writes whatever the law needs, in any region"


class Runner:
    """Starts cases and moves them; holds nothing but the cache of versions."""

    def __init__(self, versions: Versions) -> None:
        self.versions = versions

    @as_office(_STEP)
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
        duties = frozenset(self.versions.names.duties.values())
        live = Live(ref, version, around, 0, workflow, Sidecar.empty(), duties)
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
            run(live)
        return save(session, live)

    @as_office(_STEP)
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
        live = self._open(session, task, around)
        with failing():
            waiting = self._due_first(session, live, task)
            element = live.version.blueprint.elements[task.element_id]
            count_voter(element, waiting, live.around.actor.key, on_behalf_of)
            waiting.data.update(data)
            if not retreating.goes_straight_back(live, self.versions.names, waiting):
                waiting.run()
            row = told(live, "completed", task.element_id, task.name, data)
            row.control = control_of(self.versions.names, element, waiting, control)
            row.duty, row.on_behalf_of = task.duty, on_behalf_of
            # written before the diagram goes on: operations check controls from history
            session.add(row)
            session.flush()
            run(live)
        task.status, task.completed_at, task.completed_by = (
            "completed",
            live.around.now,
            live.around.actor.key,
        )
        task.draft = None
        session.flush()
        return save(session, live, done=task.id)

    def ways_back(self, session: Session, task: WorkflowTask) -> tuple[WayBack, ...]:
        """The steps that an open task could be sent back to (退回), the latest first, or why not; for looking only."""
        version, workflow = self._look(session, task.case_id)
        sender = find(workflow, task.id)
        if sender is None or sender.state != TaskState.READY:
            raise closed(session, task)
        history = history_of(session, task.case_id)
        return Judge(workflow, version, self.versions.names, history=history, sender=sender).ways()

    @as_office(_STEP)
    def send_back(
        self,
        session: Session,
        *,
        task: WorkflowTask,
        to: str,
        why: str,
        around: Callable[[CaseRef], Around],
        resume: bool = False,
        on_behalf_of: str = "",
    ) -> Stepped:
        """Send the case back from an open task to an earlier step (退回); RefusedError where it cannot go.

        With `resume` it comes straight back to the actor once the step is done anew, where that is lawful.
        Timers already due fire first, as before a completion.
        """
        live = self._open(session, task, around)
        with failing():
            waiting = self._due_first(session, live, task)
            fresh, row = retreating.send_back(
                session, live, self.versions.names, waiting, to=to, why=why, resume=resume
            )
            row.duty, row.on_behalf_of = task.duty, on_behalf_of
            self._arrive(live, fresh)
        return save(session, live)

    @as_office(_STEP)
    def recall(
        self,
        session: Session,
        *,
        task: WorkflowTask,
        why: str,
        around: Callable[[CaseRef], Around],
        on_behalf_of: str = "",
    ) -> Stepped:
        """Take a completed task back (撤回) while nobody and nothing after it has acted; RefusedError otherwise."""
        live = self._open(session, task, around)
        with failing():
            fresh, row = retreating.recall(session, live, self.versions.names, task, why=why)
            row.duty, row.on_behalf_of = task.duty, on_behalf_of
            self._arrive(live, fresh)
        return save(session, live)

    @as_office(_STEP)
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

        A waiting step that an earlier one took away is passed over. Paused cases do not hear a signal to all:
        the caller keeps it for each of them. PausedError for a message, or a signal to one.
        """
        waiting = self._subscribers(session, kind, name, correlation, case_id)
        if not waiting:
            raise NotWaitingError(f"没有案件在等待消息“{name}”（{correlation or '无编号'}）")
        if kind == "message" and len({row.case_id for row in waiting}) > 1:
            raise AmbiguousMessageError(f"不止一个案件在等待消息“{name}”（{correlation or '无编号'}）")
        if kind == "signal" and case_id is None:
            paused = select(WorkflowCase.id).where(WorkflowCase.paused_at.is_not(None))
            held = set(session.scalars(paused.where(WorkflowCase.id.in_([row.case_id for row in waiting]))))
            waiting = [row for row in waiting if row.case_id not in held]
        tried = [self._hand_over(session, row, name, payload, around) for row in waiting]
        heard = [stepped for stepped in tried if stepped is not None]
        if not heard:
            raise NotWaitingError(f"案件已不再等待消息“{name}”")
        return heard

    @as_office(_STEP)
    def fire_due(self, session: Session, case_id: int, around: Callable[[CaseRef], Around]) -> Stepped:
        """Fire every timer of the case that is due; none due leaves the case as it was."""
        live = load(session, self.versions, case_id, around)
        with failing():
            live.workflow.refresh_timers()
            run(live)
        return save(session, live)

    @as_office(_STEP)
    def cancel(
        self, session: Session, case_id: int, *, why: str, around: Callable[[CaseRef], Around]
    ) -> Stepped:
        """End the case where it stands; open tasks, timers and subscriptions go."""
        live = load(session, self.versions, case_id, around, paused=True)
        live.paused_at = None
        live.workflow.cancel()
        live.history.append(told(live, "cancelled", live.ref.process_id, live.version.name, {"why": why}))
        return save(session, live, cancelled=True)

    @as_office(_STEP)
    def pause(
        self, session: Session, case_id: int, *, why: str, around: Callable[[CaseRef], Around]
    ) -> Stepped:
        """Let nothing move the case until it is resumed (挂起); PausedError where it is paused already."""
        live = load(session, self.versions, case_id, around)
        live.paused_at = live.around.now
        live.history.append(told(live, "paused", live.ref.process_id, live.version.name, {"why": why}))
        return save(session, live)

    @as_office(_STEP)
    def resume(
        self,
        session: Session,
        case_id: int,
        *,
        shift: Callable[[datetime], datetime],
        around: Callable[[CaseRef], Around],
    ) -> Stepped:
        """Let a paused case go on (恢复); due days of open tasks and waiting timers move by `shift`.

        A case that is not paused is left as it was. What is due by then fires with the next sweep.
        """
        live = load(session, self.versions, case_id, around, paused=True)
        if live.paused_at is not None:
            since, live.paused_at = live.paused_at.isoformat(), None
            shift_timers(live.workflow, shift)
            for row in session.scalars(
                select(WorkflowTask).where(
                    WorkflowTask.case_id == case_id,
                    WorkflowTask.status == "ready",
                    WorkflowTask.due_at.is_not(None),
                )
            ):
                row.due_at = shift(row.due_at) if row.due_at else None
            live.history.append(
                told(live, "resumed", live.ref.process_id, live.version.name, {"since": since})
            )
        return save(session, live)

    def data_of(self, session: Session, case_id: int, task_id: str = "") -> dict[str, Any]:
        """The data of a running case as an open task sees it; of the latest task without one. For looking only."""
        _, workflow = self._look(session, case_id)
        task = find(workflow, task_id) if task_id else None
        if task is not None:
            return dict(task.data)
        data: dict[str, Any] = {}
        for task in sorted(
            workflow.get_tasks(state=TaskState.DEFINITE_MASK), key=lambda t: t.last_state_change
        ):
            data.update(task.data)
        return data

    def _look(self, session: Session, case_id: int) -> tuple[Published, BpmnWorkflow]:
        """The case as it is stored; it cannot run."""
        row = session.execute(
            select(WorkflowCase.version_id, WorkflowCase.state).where(WorkflowCase.id == case_id)
        ).one()
        version = self.versions.get(session, row.version_id)
        spec, subs = version.blueprint.spec, version.blueprint.subprocess_specs
        return version, codec.decode(row.state, spec, subs, ScriptEngine.idle())

    def _open(self, session: Session, task: WorkflowTask, around: Callable[[CaseRef], Around]) -> Live:
        """The case of the task; TaskClosedError for the task where the case has ended."""
        try:
            return load(session, self.versions, task.case_id, around)
        except TaskClosedError as ended:
            raise closed(session, task) from ended

    def _due_first(self, session: Session, live: Live, task: WorkflowTask) -> Task:
        """The waiting task, after the timers that are due have fired and been told; TaskClosedError if it went."""
        live.workflow.refresh_timers()
        run(live)
        session.add_all(live.history)
        live.history.clear()
        session.flush()
        waiting = find(live.workflow, task.id)
        if waiting is None or waiting.state != TaskState.READY:
            raise closed(session, task)
        return waiting

    def _arrive(self, live: Live, fresh: Task) -> None:
        """Let the engine run on after a way back; RefusedError where the step would be over at once."""
        run(live)
        if not fresh.has_state(TaskState.READY | TaskState.STARTED):
            raise RefusedError(retreating.OVER_AT_ONCE)

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
            live = load(session, self.versions, row.case_id, around)
        except TaskClosedError:
            return None
        with failing():
            task = find(live.workflow, row.task_id)
            if task is None or task.state != TaskState.WAITING:
                return None
            event = BpmnEvent(definition_for(task, name), dict(payload))
            task.task_spec.catch(task, event)
            task.task_spec._update(task)
            run(live)
        return save(session, live)


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
