"""Handing a message to the case that waits for it, or beginning the process that begins with it.

For what one case sends another in this office (``delivery``) and for what other offices send (``hearing``).
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.start import next_case, start_case
from engine.cases.steps import around, pass_on
from engine.values import SYSTEM, CaseRef
from engine.workflow.runner import NotWaitingError


class UndeliveredError(Exception):
    """A message was refused by the case that it is for; it is tried again, and laid aside in the end."""

    retryable = True


def hand_over(
    office: Office,
    session: Session,
    *,
    kind: str,
    name: str,
    correlation: str,
    payload: Mapping[str, object],
    case_id: int | None = None,
) -> tuple[CaseRef, ...]:
    """The cases that heard it; NotWaitingError where none waits. ``kind`` is message or signal."""
    stepped = office.runner.deliver(
        session,
        kind=kind,
        name=name,
        correlation=correlation,
        payload=payload,
        around=around(office, session, SYSTEM),
        case_id=case_id,
    )
    for each in stepped:
        pass_on(session, each, now=office.clock())
    return tuple(each.case for each in stepped)


def begin(
    office: Office, session: Session, *, name: str, payload: Mapping[str, object], region: str
) -> CaseRef:
    """The case that begins with the message, in that region; NotWaitingError where no process begins with it."""
    process_id = office.runner.versions.started_by(session, name)
    if process_id is None:
        raise NotWaitingError(f"没有案件在等待“{name}”，也没有流程以它开始")
    subject = next(
        (f"{kind}:{payload[f'{kind}_id']}" for kind in ("person", "employer") if f"{kind}_id" in payload),
        f"office:{region}",
    )
    case = next_case(session, office, process_id, region=region, subject=subject)
    return start_case(office, session, SYSTEM, case, payload, message=name)
