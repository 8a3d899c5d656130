"""Incidents: steps that failed, were rolled back, and wait with their cause for another try."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.workflow.runner import StepFailedError
from engine.workflow.tables import WorkflowIncident

#: first wait before the sweep tries again; doubles with each failure
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=6)


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
    incident = session.scalar(
        select(WorkflowIncident).where(
            WorkflowIncident.case_id == case_id,
            WorkflowIncident.command == command,
            WorkflowIncident.status == "open",
        )
    )
    if incident is not None:
        incident.status, incident.resolved_at = "resolved", now
