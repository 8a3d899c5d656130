"""Incidents: steps that failed, were rolled back, and wait with their cause for another try."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.store.sight import beyond
from engine.workflow.runner import StepFailedError
from engine.workflow.tables import WorkflowIncident, WorkflowTask, WorkflowTimer

#: first wait before the sweep tries again; doubles with each failure
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=6)
_OWN = "what is to be tried again is the office's own, whoever carried the case on or ended it"


def park(
    session: Session, failed: StepFailedError, *, command: str, case_id: int, now: datetime
) -> WorkflowIncident:
    """The open incident of this command; a repeated failure counts one more attempt on the same row."""
    incident = session.scalar(
        select(WorkflowIncident)
        .where(
            WorkflowIncident.case_id == case_id,
            WorkflowIncident.command == command,
            WorkflowIncident.status == "open",
        )
        .with_for_update()
    )
    if incident is None:
        incident = WorkflowIncident(
            case_id=case_id, command=command, attempts=0, created_at=now, status="open"
        )
        session.add(incident)
    incident.attempts += 1
    incident.element_id = failed.element_id
    incident.cause = str(failed.cause)
    incident.detail = type(failed.cause).__name__
    incident.retryable = failed.retryable
    incident.due_at = now + min(_FIRST_WAIT * 2 ** (incident.attempts - 1), _LONGEST_WAIT)
    session.flush()
    return incident


def resolve(session: Session, case_id: int, command: str, *, now: datetime) -> None:
    """The command has gone through: its open incident, if there is one, is resolved."""
    with beyond(session, _OWN):
        incident = session.scalar(
            select(WorkflowIncident).where(
                WorkflowIncident.case_id == case_id,
                WorkflowIncident.command == command,
                WorkflowIncident.status == "open",
            )
        )
        if incident is not None:
            incident.status, incident.resolved_at = "resolved", now


def settle(session: Session, case_id: int, *, ended: bool, now: datetime) -> None:
    """A step of the case has gone through: resolve what it left nothing to try again of.

    That is every open incident of a case that ended, of a task that no longer waits (somebody else did it, or
    the case went another way), and of timers that are no longer due.
    """
    open_ones = select(WorkflowIncident).where(
        WorkflowIncident.case_id == case_id, WorkflowIncident.status == "open"
    )
    with beyond(session, _OWN):
        for incident in session.scalars(open_ones):
            if ended or not _still_due(session, orjson.loads(incident.command), now):
                incident.status, incident.resolved_at = "resolved", now


def lay_open(session: Session, incident_id: int, *, cause: str) -> None:
    """The incident can not go through by itself any more: it stays open with the new cause for a person."""
    incident = session.get_one(WorkflowIncident, incident_id, with_for_update=True)
    if incident.status == "open":
        incident.cause, incident.retryable = cause, False


def _still_due(session: Session, command: dict[str, object], now: datetime) -> bool:
    if command["kind"] == "timer":
        due = select(WorkflowTimer.task_id).where(
            WorkflowTimer.case_id == command["case_id"], WorkflowTimer.due_at <= now
        )
        return session.scalar(due.limit(1)) is not None
    task = session.get(WorkflowTask, command["task_id"], populate_existing=True)
    return task is not None and task.status == "ready"


def revive(session: Session, *, said: str, now: datetime) -> int:
    """How many open incidents whose cause has these words the sweep will try again: what they lacked is there now."""
    freed = session.execute(
        update(WorkflowIncident)
        .where(WorkflowIncident.status == "open", WorkflowIncident.cause.contains(said, autoescape=True))
        .values(retryable=True, due_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(freed.rowcount)  # type: ignore[attr-defined]
