"""Months of the books: closed by two people, and opened again only on record and by others (MONEY-03).

A closing covers its region and all below it, its month and everything before; the database refuses any later entry
there (``period_tables``). A fact that is found late is booked on ``open_day``: what happens now is booked now
(``ledger.accounting_day``), and the month that runs is never closed. Called by the pages of the books, which check
duties; who is the same person as whom is checked here and by constraints.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.money.period_checks import alone, chain, missing, period_reason, require_nothing, said_why
from engine.money.period_tables import PeriodClosing, PeriodReopening
from engine.money.statements import trial
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money, Month, RefusedError, reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """One reopening of a month, as every statement of the month says it."""

    region: str
    month: str
    reason: str
    asked_by: str
    decided_by: str
    at: datetime


def propose_close(
    session: Session, *, region: str, month: Month, actor: Actor, now: datetime
) -> PeriodClosing:
    """The closing, proposed; RefusedError with everything that is missing."""
    alone(session)
    require_nothing(missing(session, region=region, month=month, now=now))
    standing = session.scalars(
        select(PeriodClosing).where(
            PeriodClosing.region.in_(chain(region)),
            PeriodClosing.month == str(month),
            PeriodClosing.status.in_(("proposed", "closed")),
        )
    ).first()
    if standing is not None:
        word = "已经结账" if standing.status == "closed" else "已经提请结账，等他人确认"
        raise RefusedError(
            period_reason(
                "closing_stands",
                f"{standing.region} {month} {word}",
                f"{month} is closed or proposed already.",
            )
        )
    closing = PeriodClosing(
        region=region, month=str(month), status="proposed", proposed_by=actor.key, proposed_at=now
    )
    session.add(closing)
    session.flush()
    _note(session, closing, Action.PERIOD_CLOSE_PROPOSED, actor=actor, now=now)
    return closing


def confirm_close(session: Session, closing_id: int, *, actor: Actor, now: datetime) -> PeriodClosing:
    """The month closed, with the digest of its trial balance; checked once more. Never by who proposed it."""
    alone(session)
    closing = _closing(session, closing_id, "proposed")
    _require_other(actor, closing.proposed_by, "提请结账")
    month = Month.parse(closing.month)
    require_nothing(missing(session, region=closing.region, month=month, now=now))
    books = trial(session, closing.region, first=month.first_day, last=month.last_day)
    closing.status, closing.decided_by, closing.decided_at = "closed", actor.key, now
    closing.digest, closing.turnover_fen = books.digest, books.debit.fen
    session.flush()
    _note(session, closing, Action.PERIOD_CLOSED, actor=actor, now=now)
    return closing


def decline_close(
    session: Session, closing_id: int, *, why: str, actor: Actor, now: datetime
) -> PeriodClosing:
    """The proposal sent back with its reason, by somebody else than proposed it."""
    closing = _closing(session, closing_id, "proposed")
    _require_other(actor, closing.proposed_by, "提请结账")
    closing.status, closing.decided_by, closing.decided_at = "declined", actor.key, now
    closing.reason = said_why(why)
    session.flush()
    _note(session, closing, Action.PERIOD_CLOSE_DECLINED, actor=actor, now=now, reason=closing.reason)
    return closing


def ask_reopening(
    session: Session, closing_id: int, *, reason: str, actor: Actor, now: datetime
) -> PeriodReopening:
    """The wish to open a closed month again: its own record, by somebody else than confirmed the closing.

    Refused while a later month is closed there or above: its opening figures would change behind it.
    """
    closing = _closing(session, closing_id, "closed")
    closed_by = closing.decided_by or ""
    _require_other(actor, closed_by, "确认结账")
    _require_last(session, closing)
    known = session.scalar(
        select(PeriodReopening.id).where(
            PeriodReopening.closing_id == closing_id, PeriodReopening.status == "asked"
        )
    )
    if known is not None:
        raise RefusedError(
            period_reason(
                "reopening_asked", "已有人申请重新开账，等他人批准", "A reopening is asked for already."
            )
        )
    wish = PeriodReopening(
        closing_id=closing.id,
        closed_by=closed_by,
        reason=said_why(reason),
        asked_by=actor.key,
        asked_at=now,
        status="asked",
    )
    session.add(wish)
    session.flush()
    _note(session, closing, Action.PERIOD_REOPENING_ASKED, actor=actor, now=now, reason=wish.reason)
    return wish


def decide_reopening(
    session: Session, reopening_id: int, *, approve: bool, why: str, actor: Actor, now: datetime
) -> PeriodClosing:
    """The month open again, or the wish declined; by neither who asked nor who closed."""
    alone(session)
    wish = session.get(PeriodReopening, reopening_id, with_for_update=True)
    if wish is None or wish.status != "asked":
        raise RefusedError(
            period_reason(
                "no_such_reopening", "没有待批准的重新开账申请", "No reopening waits for a decision."
            )
        )
    closing = _closing(session, wish.closing_id, "closed")
    _require_other(actor, wish.asked_by, "申请重新开账")
    _require_other(actor, wish.closed_by, "确认结账")
    if approve:
        _require_last(session, closing)
    wish.decided_why = why.strip() if approve else said_why(why)
    wish.status = "approved" if approve else "declined"
    wish.decided_by, wish.decided_at = actor.key, now
    session.flush()
    if approve:
        closing.status = "reopened"
        session.flush()
    action = Action.PERIOD_REOPENED if approve else Action.PERIOD_REOPENING_DECLINED
    _note(session, closing, action, actor=actor, now=now, reason=wish.decided_why or wish.reason)
    return closing


def reopenings(session: Session, *, region: str, first: Month, last: Month) -> tuple[Reopened, ...]:
    """Every time that one of the months was opened again, for the region, above or below it; oldest first."""
    rows = session.execute(
        select(PeriodReopening, PeriodClosing)
        .join(PeriodClosing, PeriodClosing.id == PeriodReopening.closing_id)
        .where(PeriodReopening.status == "approved")
        .where(PeriodClosing.month >= str(first), PeriodClosing.month <= str(last))
        .where(
            PeriodClosing.region.in_(chain(region)) | PeriodClosing.region.startswith(reach(region)),
        )
        .order_by(PeriodReopening.id)
    )
    return tuple(
        Reopened(
            region=closing.region,
            month=closing.month,
            reason=wish.reason,
            asked_by=wish.asked_by,
            decided_by=wish.decided_by or "",
            at=wish.decided_at or wish.asked_at,
        )
        for wish, closing in rows
    )


def _require_last(session: Session, closing: PeriodClosing) -> None:
    later = session.scalar(
        select(PeriodClosing.month)
        .where(
            PeriodClosing.region.in_(chain(closing.region)),
            PeriodClosing.status == "closed",
            (PeriodClosing.month > closing.month)
            | ((PeriodClosing.month == closing.month) & (PeriodClosing.id != closing.id)),
        )
        .limit(1)
    )
    if later:
        raise RefusedError(
            period_reason(
                "later_closed",
                f"{later} 也已结账，应先从最后一个月、最上一级依次重新开账",
                f"{later} is closed too; reopen the last month and the highest region first.",
            )
        )


def _closing(session: Session, closing_id: int, status: str) -> PeriodClosing:
    closing = session.get(PeriodClosing, closing_id, with_for_update=True)
    if closing is None or closing.status != status:
        word = {"proposed": "待确认", "closed": "已结账"}[status]
        raise RefusedError(
            period_reason("no_such_closing", f"没有{word}的账期，可能别人刚刚办理过", "No such closing.")
        )
    return closing


def _require_other(actor: Actor, earlier: str, what: str) -> None:
    if actor.key == earlier:
        raise RefusedError(
            period_reason(
                "same_person",
                f"{what}的人不能再办这一步，须由他人办理",
                "It takes somebody else.",
                actor.name,
            )
        )


def _note(
    session: Session, closing: PeriodClosing, action: Action, *, actor: Actor, now: datetime, reason: str = ""
) -> None:
    # not on the stream of the ledger: entries lock that one after the periods, and this would lock it before
    append(
        session,
        stream=f"books:{closing.region}",
        action=action,
        actor=actor,
        subject=f"period_closing:{closing.id}",
        after={
            "region": closing.region,
            "month": closing.month,
            "status": closing.status,
            "digest": closing.digest,
            "turnover": Money(closing.turnover_fen or 0).text,
        },
        reason=reason,
        now=now,
    )
