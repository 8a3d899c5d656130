"""Recovery of overpaid benefit (追偿): what was paid beyond an event, and the decision that it is to come back.

The rule of a single grant is :func:`engine.law.recovery.overpayment`; here the months are those whose orders were
really paid. Who may decide is the caller's business; money that comes back is in ``repayments``. Called by operations
of ``processes/recovery.bpmn``, inside their transaction. Source: 社会保险经办条例 art. 46.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.benefits.grants import PaidMonth, months_of
from engine.benefits.recovery_plan import PlannedPart, balance_of, overpaid_months, refused
from engine.benefits.recovery_tables import (
    SEALED_OVERPAYMENT,
    Instalment,
    OverpaidMonth,
    Overpayment,
    Repayment,
)
from engine.benefits.tables import BenefitGrant
from engine.money import payments
from engine.money.ledger import Line, accounting_day, post
from engine.money.ledger_tables import PaymentPurpose
from engine.money.payments import PaymentOrder
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import Vault
from engine.values import Actor, Money, Month

#: 应收多领待遇: what people owe the fund
CLAIM_ACCOUNT = "1131"
Mode = Literal["once", "instalments", "offset"]
STATUS_NAMES = {
    "open": "待决定",
    "dropped": "已撤销",
    "decided": "待退款",
    "paying": "退款中",
    "settled": "已结清",
    "written_off": "已核销",
}
MODE_NAMES = {"once": "一次退回", "instalments": "分期退回", "offset": "从后续待遇中抵扣"}
_AT_BANK = ("batched", "sent")
_WAITING = ("ordered", "held", "returned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was paid beyond the event."""

    #: None while the bank has not answered for every month, and where nothing was overpaid
    overpayment: Overpayment | None
    #: oldest month first
    months: tuple[OverpaidMonth, ...]
    #: orders of later months that the bank still has
    at_bank: int

    @property
    def amount(self) -> Money:
        """The sum of the months."""
        return Money.total(Money(month.amount_fen) for month in self.months)


def find_overpayment(
    session: Session,
    vault: Vault,
    grant_id: int,
    *,
    ground: str,
    event_day: date,
    case_id: int,
    actor: Actor,
    now: datetime,
) -> Found:
    """What the grant was paid after the month of the event; recorded once every order has its answer.

    Orders of later months that still wait are cancelled. Asked again, a recorded overpayment stays as it is.
    Refused where the grant was not stopped by that month, and where another case recovers it.
    """
    grant = session.get_one(BenefitGrant, grant_id, with_for_update=True, populate_existing=True)
    if grant.ended_on is None or Month.of(event_day) > Month.of(grant.ended_on):
        raise refused(
            "grant_not_stopped",
            "该待遇没有停发到此情形所在的月份，不能追偿",
            "The grant was not stopped by that month.",
        )
    known = _known(session, grant_id, ground, event_day)
    if known is not None:
        if known.case_id != case_id:
            raise refused(
                "recovery_exists", f"该笔多发待遇已在追偿（{known.id}）", "It is recovered already."
            )
        return Found(overpayment=known, months=overpaid_months(session, known.id), at_bank=0)
    later = [paid for paid in months_of(session, grant) if paid.month > Month.of(event_day)]
    _cancel_waiting(session, vault, later, actor=actor, now=now)
    months = tuple(_overpaid(session, grant, later, event_day))
    at_bank = sum(paid.status in _AT_BANK for paid in later)
    if at_bank or not months:
        return Found(overpayment=None, months=months, at_bank=at_bank)
    record = Overpayment(
        grant_id=grant_id,
        person_id=grant.person_id,
        case_id=case_id,
        region_code=_one_region(session, months),
        ground=ground,
        event_day=event_day,
        amount_fen=sum(month.amount_fen for month in months),
        found_by=actor.key,
        found_at=now,
        status="open",
    )
    session.add(record)
    session.flush()
    for month in months:
        month.overpayment_id = record.id
    session.add_all(months)
    session.flush()
    note(session, record, Action.RECOVERY_OPENED, actor=actor, now=now, after={"months": len(months)})
    return Found(overpayment=record, months=months, at_bank=0)


def decide(
    session: Session,
    overpayment_id: int,
    *,
    mode: Mode,
    plan: Sequence[PlannedPart],
    intentional: bool,
    fraud: bool,
    reviewed_by: str,
    decided_by: str,
    actor: Actor,
    now: datetime,
) -> Overpayment:
    """The overpayment, decided: claim booked, plan on record; decided before, it stays as it was decided.

    Dr 1131, Cr the expense of each purpose. Refused where it is no longer open.
    """
    record = locked(session, overpayment_id)
    if record.decided_at is not None:
        return record
    require_status(record, ("open",), "决定追回")
    record.mode, record.intentional, record.fraud = mode, intentional, fraud
    record.reviewed_by, record.decided_by, record.decided_at = reviewed_by, decided_by, now
    record.status = "decided"
    parts = [
        Instalment(overpayment_id=record.id, number=at, due_on=part.due_on, amount_fen=part.amount.fen)
        for at, part in enumerate(plan, start=1)
    ]
    session.add_all(parts)
    session.flush()
    _recognise(session, record, actor=actor, now=now)
    after = {"mode": mode, "intentional": intentional, "fraud": fraud, "parts": len(parts)}
    note(session, record, Action.RECOVERY_DECIDED, actor=actor, now=now, after=after)
    return record


def drop(session: Session, overpayment_id: int, *, why: str, actor: Actor, now: datetime) -> Overpayment:
    """The overpayment, found unfounded before anything was booked; nothing is to come back."""
    record = locked(session, overpayment_id)
    if record.status == "dropped":
        return record
    require_status(record, ("open",), "撤销")
    record.status, record.closed_at = "dropped", now
    session.flush()
    note(session, record, Action.RECOVERY_DROPPED, actor=actor, now=now, reason=why)
    return record


def break_plan(session: Session, overpayment_id: int, *, actor: Actor, now: datetime) -> bool:
    """Whether the plan is noted as broken only now; once broken it stays so."""
    record = locked(session, overpayment_id)
    if record.broken_at is not None or record.status not in ("decided", "paying"):
        return False
    record.broken_at = now
    session.flush()
    behind = balance_of(session, record, accounting_day(now)).behind
    note(session, record, Action.RECOVERY_PLAN_BROKEN, actor=actor, now=now, after={"behind": behind.text})
    return True


def locked(session: Session, overpayment_id: int) -> Overpayment:
    """The overpayment, for this transaction alone."""
    return session.get_one(Overpayment, overpayment_id, with_for_update=True, populate_existing=True)


def require_status(record: Overpayment, allowed: Sequence[str], verb: str) -> None:
    """Nothing; a refusal that names where the overpayment stands."""
    if record.status not in allowed:
        raise refused(
            "recovery_not_open",
            f"该笔多发待遇现为“{STATUS_NAMES[record.status]}”，不能{verb}",
            f"The overpayment is {record.status}.",
        )


def note(
    session: Session,
    record: Overpayment,
    action: Action,
    *,
    actor: Actor,
    now: datetime,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """What happened to the overpayment, and the trail vouches for it as it stands with its months."""
    append(
        session,
        stream=f"case:{record.case_id}",
        action=action,
        actor=actor,
        subject=f"overpayment:{record.id}",
        after={"status": record.status, "amount": Money(record.amount_fen).text, **(after or {})},
        reason=reason,
        now=now,
        voucher=SEALED_OVERPAYMENT.voucher(record, _by_order(session, record.id)),
    )


def _known(session: Session, grant_id: int, ground: str, event_day: date) -> Overpayment | None:
    return session.scalars(
        select(Overpayment).where(
            Overpayment.grant_id == grant_id,
            Overpayment.ground == ground,
            Overpayment.event_day == event_day,
            Overpayment.status != "dropped",
        )
    ).one_or_none()


def _cancel_waiting(
    session: Session, vault: Vault, later: Sequence[PaidMonth], *, actor: Actor, now: datetime
) -> None:
    """Nothing of a month that is not due goes out any more."""
    why = "停发之后的月份，不应再发"
    for paid in later:
        if paid.status not in _WAITING:
            continue
        if paid.status == "returned":
            payments.requeue_line(session, vault, order_id=paid.order_id, reason=why, actor=actor, now=now)
        elif paid.status == "held":
            payments.free(session, order_id=paid.order_id, reason=why, actor=actor, now=now)
        payments.cancel(session, order_id=paid.order_id, reason=why, actor=actor, now=now)


def _overpaid(
    session: Session, grant: BenefitGrant, later: Sequence[PaidMonth], event_day: date
) -> list[OverpaidMonth]:
    """Paid orders of later months, and what of such a month was kept back for an earlier debt: it was enjoyed too."""
    months = {
        paid.order_id: (str(paid.month), paid.purpose, paid.amount) for paid in later if paid.status == "paid"
    }
    kept_back = session.execute(
        select(PaymentOrder, Repayment.amount_fen)
        .join(Repayment, Repayment.order_id == PaymentOrder.id)
        .where(
            PaymentOrder.payee_kind == "person",
            PaymentOrder.payee_id == grant.person_id,
            PaymentOrder.month > str(Month.of(event_day)),
        )
    )
    for order, fen in kept_back:
        if f":{grant.id}:" in order.key:
            months[order.id] = (order.month or "", order.purpose, Money(fen))
    elsewhere = set(
        session.scalars(
            select(OverpaidMonth.order_id)
            .join(Overpayment, Overpayment.id == OverpaidMonth.overpayment_id)
            .where(Overpayment.grant_id == grant.id, Overpayment.status != "dropped")
        )
    )
    return [
        OverpaidMonth(order_id=order_id, month=month, purpose=purpose, amount_fen=amount.fen)
        for order_id, (month, purpose, amount) in sorted(
            months.items(), key=lambda each: (each[1][0], each[0])
        )
        if order_id not in elsewhere
    ]


def _one_region(session: Session, months: Sequence[OverpaidMonth]) -> str:
    orders = [month.order_id for month in months]
    regions = session.scalars(select(PaymentOrder.region).where(PaymentOrder.id.in_(orders)).distinct()).all()
    if len(regions) != 1:
        raise refused(
            "several_regions",
            f"多发的月份由几个地区支付（{'、'.join(regions)}），须分别核对",
            "Several regions paid.",
        )
    return regions[0]


def _recognise(session: Session, record: Overpayment, *, actor: Actor, now: datetime) -> None:
    sums: dict[str, int] = defaultdict(int)
    for month in overpaid_months(session, record.id):
        sums[session.get_one(PaymentPurpose, month.purpose).expense] += month.amount_fen
    credits = [Line(expense, "credit", Money(fen)) for expense, fen in sorted(sums.items())]
    post(
        session,
        key=f"overpayment:{record.id}",
        day=accounting_day(now),
        region=record.region_code,
        text=f"应收多领待遇 {record.id}",
        lines=[Line(CLAIM_ACCOUNT, "debit", Money(record.amount_fen)), *credits],
        actor=actor,
        now=now,
        case_id=record.case_id,
    )


def _by_order(session: Session, overpayment_id: int) -> Sequence[OverpaidMonth]:
    query = select(OverpaidMonth).where(OverpaidMonth.overpayment_id == overpayment_id)
    return session.scalars(query.order_by(OverpaidMonth.order_id)).all()
