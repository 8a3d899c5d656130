"""How grave a fund incident is and when its first report is due, and the draft that a re-check leads to (CTRL-05).

The rule itself is ``engine.law.incidents``. Called by use-cases and operations, inside their transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import orjson
from sqlalchemy.orm import Session

from engine.law.calendar import CalendarGap, WorkCalendar
from engine.law.incidents import IncidentLevel, incident_level, report_due
from engine.law.policy import PolicyBook, PolicyGap
from engine.oversight.incident_tables import FundIncident
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money, Refusal, RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """The level with its reasons, and the last day of the first report."""

    found: IncidentLevel
    due: date | None


def grade(
    found_on: date,
    amount: Money,
    *,
    filed: bool,
    grave: bool,
    book: PolicyBook,
    calendar: WorkCalendar,
) -> Graded:
    """Level and deadline; RefusedError where a figure or a year of the calendar is not on file."""
    level = incident_level(amount=amount, filed=filed, day=found_on, book=book, grave=grave)
    if isinstance(level, Refusal):
        raise RefusedError(*level.reasons)
    try:
        due = report_due(level, found_on, book=book, calendar=calendar)
    except (PolicyGap, CalendarGap) as gap:
        raise RefusedError(gap.reason) from gap
    return Graded(found=level, due=due)


def raise_incident(
    session: Session,
    graded: Graded,
    *,
    region: str,
    found_on: date,
    title: str,
    account: str,
    amount: Money,
    filed: bool,
    case_id: int,
    actor: Actor,
    now: datetime,
) -> FundIncident:
    """The draft that a re-check leads to; a leader signs it. Below every threshold it stands as level none."""
    made = FundIncident(
        region_code=region,
        found_on=found_on,
        found_by="recheck",
        title=title,
        account=account,
        contact=actor.name,
        amount_fen=amount.fen,
        filed=filed,
        grave=False,
        level=graded.found.level,
        due_on=graded.due,
        reasons=orjson.dumps([reason.plain() for reason in graded.found.reasons]).decode(),
        case_id=case_id,
        status="draft",
        written_by=actor.key,
        written_at=now,
    )
    session.add(made)
    session.flush()
    append(
        session,
        stream="fund-incidents",
        action=Action.INCIDENT_RAISED,
        actor=actor,
        subject=f"fund_incident:{made.id}",
        after={"level": made.level, "amount": amount.text, "due_on": str(made.due_on or "")},
        reason=title,
        now=now,
    )
    return made
