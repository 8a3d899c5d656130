"""How an overpayment is to come back and how it stands: the plan, its parts, and what is still open. Reads only.

Called by ``recovery``, ``repayments`` and pages. Source: 社会保险经办条例 art. 46.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.benefits.recovery_tables import Instalment, OverpaidMonth, Overpayment, Repayment, WriteOff
from engine.values import Money, Month, Reason, RefusedError

SOURCE = "社会保险经办条例第四十六条"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPart:
    """One part of a plan: so much by that day, inclusive."""

    due_on: date
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How an overpayment stands on a day."""

    amount: Money
    by_bank: Money
    by_offset: Money
    written_off: Money
    #: what the plan wants by the end of the day
    due: Money
    #: the earliest part that is not covered; None where there is none
    next_due: date | None

    @property
    def back(self) -> Money:
        """What came back."""
        return self.by_bank + self.by_offset

    @property
    def open(self) -> Money:
        """What is still to come."""
        return self.amount - self.back - self.written_off

    @property
    def behind(self) -> Money:
        """What should have come by the day and did not; zero where the plan is kept."""
        return Money(max(0, self.due.fen - self.back.fen - self.written_off.fen))


def plan_of(amount: Money, *, count: int, first_day: date) -> tuple[PlannedPart, ...]:
    """The amount in so many monthly parts from the first day on, the last one taking what does not divide.

    A day that a month does not have is its last one. Refused for fewer than one part, or more parts than fen.
    """
    if not 1 <= count <= amount.fen:
        raise refused("instalment_count", f"期数不对：{count}", "The number of instalments is wrong.")
    share = amount.fen // count
    month = Month.of(first_day)
    return tuple(
        PlannedPart(
            due_on=_day_in(month.plus(at), first_day.day),
            amount=Money(share if at < count - 1 else amount.fen - share * (count - 1)),
        )
        for at in range(count)
    )


def balance_of(session: Session, record: Overpayment, day: date) -> Balance:
    """How the overpayment stands at the end of the day."""
    sums = session.execute(
        select(Repayment.way, func.sum(Repayment.amount_fen))
        .where(Repayment.overpayment_id == record.id)
        .group_by(Repayment.way)
    )
    ways = {way: int(fen) for way, fen in sums}
    given_up = session.scalar(
        select(func.coalesce(func.sum(WriteOff.amount_fen), 0)).where(
            WriteOff.overpayment_id == record.id, WriteOff.status == "approved"
        )
    )
    covered = ways.get("bank", 0) + ways.get("offset", 0) + int(given_up or 0)
    due, wanted, next_due = 0, 0, None
    for part in plan_on_record(session, record.id):
        wanted += part.amount_fen
        due += part.amount_fen if part.due_on <= day else 0
        if wanted > covered and next_due is None:
            next_due = part.due_on
    return Balance(
        amount=Money(record.amount_fen),
        by_bank=Money(ways.get("bank", 0)),
        by_offset=Money(ways.get("offset", 0)),
        written_off=Money(int(given_up or 0)),
        due=Money(due),
        next_due=next_due,
    )


def overpaid_months(session: Session, overpayment_id: int) -> tuple[OverpaidMonth, ...]:
    """Its months, oldest first."""
    query = select(OverpaidMonth).where(OverpaidMonth.overpayment_id == overpayment_id)
    return tuple(session.scalars(query.order_by(OverpaidMonth.month, OverpaidMonth.order_id)))


def plan_on_record(session: Session, overpayment_id: int) -> tuple[Instalment, ...]:
    """Its parts in order; none where it is offset, or not decided."""
    query = select(Instalment).where(Instalment.overpayment_id == overpayment_id)
    return tuple(session.scalars(query.order_by(Instalment.number)))


def refused(code: str, text: str, text_en: str) -> RefusedError:
    """The refusal with one reason, for the caller to raise."""
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=SOURCE))


def _day_in(month: Month, day: int) -> date:
    return date(month.year, month.month, min(day, month.last_day.day))
