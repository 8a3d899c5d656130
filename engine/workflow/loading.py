"""One step of a case as the database sees it: read with its revision, run, and written back on that revision.

State, inbox, timers, subscriptions and history are written together, in the caller's transaction. Called by
``runner`` only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.duties.tables import StaffMember
from engine.values import CaseRef
from engine.workflow import codec
from engine.workflow.script import ScriptEngine
from engine.workflow.sidecar import Sidecar, follow, sidecar_of
from engine.workflow.stepping import (
    Around,
    Live,
    PausedError,
    StaleCaseError,
    Stepped,
    TaskClosedError,
    engine_of,
    failing,
    tell,
    thrown_of,
)
from engine.workflow.tables import WorkflowCase, WorkflowTask, case_ref
from engine.workflow.versions import Versions
from engine.workflow.whereabouts import is_round

_ACTOR_KEY = re.compile(r"staff:[1-9]\d{0,8}")


def load(
    session: Session,
    versions: Versions,
    case_id: int,
    around: Callable[[CaseRef], Around],
    *,
    paused: bool = False,
) -> Live:
    """The running case on its version, ready to go on; TaskClosedError when it has ended.

    PausedError for a paused case, unless `paused` ones are wanted too.
    """
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
            WorkflowCase.paused_at,
        ).where(WorkflowCase.id == case_id)
    ).one()
    if row.status != "running":
        raise TaskClosedError("", name=f"案件 {row.case_key} 已办结")
    if row.paused_at is not None and not paused:
        raise PausedError(row.case_key, since=row.paused_at)
    ref = case_ref(case_id, row)
    live_around = around(ref)
    with failing():
        version = versions.get(session, row.version_id)
        spec, subs = version.blueprint.spec, version.blueprint.subprocess_specs
        workflow = codec.decode(row.state, spec, subs, ScriptEngine.idle())
    before = sidecar_of(workflow, version.blueprint)
    live = Live(
        ref,
        version,
        live_around,
        row.revision,
        workflow,
        before,
        frozenset(versions.names.duties.values()),
        paused_at=row.paused_at,
    )
    workflow.script_engine = engine_of(live)
    return live


def run(live: Live) -> None:
    """Run until only people, messages and timers in the future are left."""
    live.workflow.do_engine_steps(did_complete_task=lambda task: tell(live, task))
    while live.workflow.get_tasks(state=TaskState.READY, manual=False):
        live.workflow.do_engine_steps(did_complete_task=lambda task: tell(live, task))


def save(session: Session, live: Live, *, done: str = "", cancelled: bool = False) -> Stepped:
    """Write the case and its rows as they are now; StaleCaseError when another step was quicker.

    `done` is the task that was just completed.
    """
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
        "paused_at": live.paused_at,
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
    rounds = {
        own: task for own, task in after.tasks.items() if is_round(task) and own not in live.before.tasks
    }
    meant = {own: _meant(session, live, task) for own, task in rounds.items()}
    with failing():
        follow(
            session, ref.id, ref.region, live.before, after,
            blueprint=blueprint, functions=functions, done=done, now=now, assigned=live.assigned, meant=meant,
        )  # fmt: skip
    session.add_all(live.history)
    session.flush()
    return Stepped(case=ref, status=status, ended_in=live.ended_in, thrown=thrown)


def _meant(session: Session, live: Live, task: Task) -> tuple[str, str]:
    """(assignee, duty) that the entry of a round names: a login, an actor key or a duty; empty texts for neither.

    A control stays with its duty, whatever was entered.
    """
    element = live.version.blueprint.elements[str(task.task_spec.bpmn_id)]
    several = element.multi_instance
    entry = task.data.get(several.entry) if several and several.entry else None
    if not isinstance(entry, str):
        return "", ""
    if entry in live.duties:
        return "", "" if element.control else entry
    if _ACTOR_KEY.fullmatch(entry):
        return entry, ""
    staff_id = session.scalar(select(StaffMember.id).where(StaffMember.login == entry))
    return f"staff:{staff_id}" if staff_id else "", ""


def closed(session: Session, task: WorkflowTask) -> TaskClosedError:
    """Who closed the task, as it stands now: the row may have been read before another one's step."""
    session.refresh(task)
    return TaskClosedError(task.id, name=task.name, by=task.completed_by or "", at=task.completed_at)


def find(workflow: BpmnWorkflow, task_id: str) -> Task | None:
    """The task of the case or of one of its sub-processes; None when it is no longer there."""
    wanted = UUID(hex=task_id)
    parts = (workflow, *workflow.subprocesses.values())
    return next((part.tasks[wanted] for part in parts if wanted in part.tasks), None)
