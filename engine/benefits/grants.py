"""How a grant ends before its months are used up, and how a wrong stop is taken back.

The month of the event is still due (社会保险法 art. 51; 浙江转发人社厅发〔2020〕24号): what was ordered after it and
still waits is cancelled here; what has gone to the bank is told to the caller, who opens a recovery.
Who may decide is the caller's business. Called by operations, inside their transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.money import payments
from engine.money.payments import PaymentOrder
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money, Month, Reason, RefusedError

SOURCE = "社会保险法第五十一条"
#: what is paid to a claimant month by month
MONTHLY = ("benefit", "subsidy")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidMonth:
    """One order of one benefit month."""

    month: Month
    order_id: int
    key: str
    purpose: str
    amount: Money
    #: as the order stands: ordered, batched, sent, paid, returned, held
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A grant that ended, and what was ordered beyond its end."""

    grant: BenefitGrant
    #: the month of the event
    last_due: Month
    #: cancelled, because they still waited, or came back from the bank
    cancelled: tuple[PaidMonth, ...]
    #: gone or going to the bank: overpaid once paid
    paid_after: tuple[PaidMonth, ...]


def months_of(session: Session, grant: BenefitGrant) -> tuple[PaidMonth, ...]:
    """Every monthly order of the grant that is not cancelled, oldest month first."""
    orders = session.scalars(
        select(PaymentOrder)
        .where(
            PaymentOrder.payee_kind == "person",
            PaymentOrder.payee_id == grant.person_id,
            PaymentOrder.purpose.in_(MONTHLY),
            PaymentOrder.month >= grant.first_month,
            PaymentOrder.status != "cancelled",
        )
        .order_by(PaymentOrder.month, PaymentOrder.id)
    )
    # another grant of the same person has other months, and its number in its keys
    own = (order for order in orders if f":{grant.id}:" in order.key)
    return tuple(
        PaidMonth(
            month=Month.parse(order.month),
            order_id=order.id,
            key=order.key,
            purpose=order.purpose,
            amount=Money(order.amount_fen),
            status=order.status,
        )
        for order in own
        if order.month
    )


def cancel_waiting(
    session: Session, waiting: Iterable[PaidMonth], *, reason: str, actor: Actor, now: datetime
) -> None:
    """Orders that wait, are held or came back from the bank, cancelled for good."""
    for paid in waiting:
        if paid.status == "returned":
            payments.hold(session, order_id=paid.order_id, reason=reason, actor=actor, now=now)
        if paid.status != "ordered":
            payments.free(session, order_id=paid.order_id, reason=reason, actor=actor, now=now)
        payments.cancel(session, order_id=paid.order_id, reason=reason, actor=actor, now=now)


def stop_grant(
    session: Session,
    grant_id: int,
    *,
    ground: str,
    event_day: date,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Stopped:
    """The grant, stopped on a statutory ground from the month after the event; the same stop again changes nothing.

    Refused for a grant that was stopped on another ground or day, and for an event before its first month began.
    """
    grant = _locked(session, grant_id)
    if grant.status == "stopped" and (grant.ended_ground, grant.ended_on) != (ground, event_day):
        raise _refused(
            "stopped_before",
            f"该待遇已于 {grant.ended_on} 以 {grant.ended_ground} 停发，不能再以 {ground} 停发",
            "The grant was stopped before.",
        )
    last_due = max(Month.of(event_day), Month.parse(grant.first_month).plus(-1))
    after = [paid for paid in months_of(session, grant) if paid.month > last_due]
    waiting = [paid for paid in after if paid.status in ("ordered", "held", "returned")]
    cancel_waiting(session, waiting, reason=reason, actor=actor, now=now)
    if grant.status != "stopped":
        before = {"status": grant.status, "paid_through": grant.paid_through}
        grant.status, grant.ended_ground, grant.ended_on = "stopped", ground, event_day
        _take_back(grant, waiting)
        session.flush()
        _note(session, grant, Action.GRANT_CEASED, before=before, reason=reason, actor=actor, now=now)
    return Stopped(
        grant=grant,
        last_due=last_due,
        cancelled=tuple(waiting),
        paid_after=tuple(paid for paid in after if paid not in waiting),
    )


def resume_grant(
    session: Session, grant_id: int, *, reason: str, actor: Actor, now: datetime
) -> BenefitGrant:
    """A stop that turned out wrong, taken back: the months since are due again and the next run pays them."""
    grant = _locked(session, grant_id)
    if grant.status != "stopped":
        raise _refused("not_stopped", "该待遇没有停发，无须恢复", "The grant is not stopped.")
    running = select(BenefitGrant.id).where(
        BenefitGrant.person_id == grant.person_id, BenefitGrant.status == "active"
    )
    if session.scalar(running) is not None:
        raise _refused("grant_running", "该人另有正在领取的待遇，不能恢复", "Another grant is running.")
    before = {"status": grant.status, "ended_ground": grant.ended_ground, "ended_on": str(grant.ended_on)}
    grant.status, grant.ended_ground, grant.ended_on = "active", None, None
    session.flush()
    _note(session, grant, Action.GRANT_RESUMED, before=before, reason=reason, actor=actor, now=now)
    return grant


def _take_back(grant: BenefitGrant, waiting: list[PaidMonth]) -> None:
    """How far the grant is ordered once the orders that waited are cancelled."""
    gone = [paid.month for paid in waiting if paid.purpose == "benefit"]
    if not gone or grant.paid_through is None:
        return
    through = min(gone).plus(-1)
    first = Month.parse(grant.first_month)
    grant.paid_through = str(through) if through >= first else None
    grant.months_paid = min(grant.months_paid, max(0, first.until(through) + 1))


def _locked(session: Session, grant_id: int) -> BenefitGrant:
    return session.get_one(BenefitGrant, grant_id, with_for_update=True, populate_existing=True)


def _refused(code: str, text: str, text_en: str) -> RefusedError:
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=SOURCE))


def _note(
    session: Session,
    grant: BenefitGrant,
    action: Action,
    *,
    before: Mapping[str, object],
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    append(
        session,
        stream=f"case:{grant.case_id}" if grant.case_id else f"grants:{grant.region_code}",
        action=action,
        actor=actor,
        subject=f"benefit_grant:{grant.id}",
        before=before,
        after={
            "status": grant.status,
            "ended_ground": grant.ended_ground,
            "ended_on": str(grant.ended_on) if grant.ended_on else None,
            "paid_through": grant.paid_through,
        },
        reason=reason,
        now=now,
    )
