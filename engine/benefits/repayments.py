"""Money that comes back of an overpayment: by the bank, by offset against later benefit, never beyond what is open.

Both are booked against 1131; the same reference or order books once. The case is told by the caller. Called by ``engine.cases.recoveries`` and the sweep, inside their transaction.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.benefits.recovery import (
    CLAIM_ACCOUNT,
    MODE_NAMES,
    locked,
    note,
    require_status,
)
from engine.benefits.recovery_plan import balance_of, refused
from engine.benefits.recovery_tables import (
    SEALED_REPAYMENT,
    Overpayment,
    Repayment,
)
from engine.law.policy import PolicyBook
from engine.money import payments
from engine.money.accounts import open_account, pay_to_now
from engine.money.ledger import Line, accounting_day, post
from engine.money.ledger_tables import JournalEntry, PaymentPurpose
from engine.money.payments import AccountCorrection, PaymentBatch, PaymentOrder
from engine.money.receipts import BANK_ACCOUNT
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import Vault
from engine.values import Actor, Money, Month, reach

#: what a bank's reference looks like: no colon, so that it is never the key of an entry of ours
REFERENCE = re.compile(r"[A-Z0-9][A-Z0-9-]{3,39}")
#: what may be kept back of: the person's own money
_OFFSETTABLE = ("benefit", "subsidy")


def repay_by_bank(
    session: Session,
    overpayment_id: int,
    *,
    day: date,
    amount: Money,
    reference: str,
    actor: Actor,
    now: datetime,
) -> Repayment:
    """The repayment of that bank reference, booked now or before: Dr 1001, Cr 1131.

    The entry's key is the reference itself, by which the bank's statement is reconciled. Refused for a reference
    that stands for something else, a day to come or before the decision, and for more than is still open.
    """
    record = locked(session, overpayment_id)
    known = session.scalars(select(Repayment).where(Repayment.reference == reference)).one_or_none()
    if known is not None:
        if (known.overpayment_id, known.day, known.amount_fen) == (record.id, day, amount.fen):
            return known
        raise refused(
            "reference_used", f"银行流水号 {reference} 已入账，内容与这次的不同", "The reference is booked."
        )
    require_status(record, ("decided", "paying"), "登记退款")
    require_reference(session, reference)
    _require_day(record, day, accounting_day(now))
    _require_open(session, record, amount, day)
    entry = post(
        session,
        key=reference,
        day=day,
        region=record.region_code,
        text=f"退回多领待遇 {record.id}",
        lines=[Line(BANK_ACCOUNT, "debit", amount), Line(CLAIM_ACCOUNT, "credit", amount)],
        actor=actor,
        now=now,
        case_id=record.case_id,
    )
    return _keep(
        session,
        record,
        Repayment(day=day, amount_fen=amount.fen, way="bank", reference=reference, entry_id=entry.id),
        actor=actor,
        now=now,
    )


def offset_order(
    session: Session,
    vault: Vault,
    overpayment_id: int,
    *,
    order_id: int,
    book: PolicyBook,
    actor: Actor,
    now: datetime,
) -> Repayment | None:
    """What was kept back of a waiting order, at most the share that the policy allows; None where nothing can be.

    The order is cancelled and ordered anew for the rest under a key of its own; the part kept back is booked as
    benefit against 1131. An order is offset once, and never what is left of one.
    """
    record = locked(session, overpayment_id)
    require_status(record, ("decided", "paying"), "抵扣")
    if record.mode != "offset":
        raise refused(
            "not_offset", f"追回方式是{MODE_NAMES[record.mode or 'once']}，不能抵扣", "Not by offset."
        )
    order = session.get_one(PaymentOrder, order_id, with_for_update=True, populate_existing=True)
    part = _part_of(session, record, order, book=book, day=accounting_day(now))
    if part.fen <= 0:
        return None
    rest = Money(order.amount_fen) - part
    why = f"抵扣多领待遇 {record.id} {part.text} 元"
    account = _account_of(session, vault, order)
    payments.cancel(session, order_id=order.id, reason=why, actor=actor, now=now)
    if rest.fen:
        _order_rest(session, vault, order, record, rest, account=account, actor=actor, now=now)
    entry = post(
        session,
        key=f"offset:{record.id}:{order.id}",
        day=accounting_day(now),
        region=order.region,
        text=f"{why}（支付单 {order.id}）",
        lines=[
            Line(session.get_one(PaymentPurpose, order.purpose).expense, "debit", part),
            Line(CLAIM_ACCOUNT, "credit", part),
        ],
        actor=actor,
        now=now,
        case_id=record.case_id,
    )
    made = Repayment(
        day=accounting_day(now),
        amount_fen=part.fen,
        way="offset",
        reference=f"offset:{record.id}:{order.id}",
        order_id=order.id,
        entry_id=entry.id,
    )
    return _keep(session, record, made, actor=actor, now=now)


def offset_waiting(
    session: Session, vault: Vault, *, region: str, book: PolicyBook, actor: Actor, now: datetime
) -> int:
    """How many waiting orders of the region and all below it a part was kept back of; before they go into a batch."""
    due = offsets_due(session, within=reach(region), limit=None)
    made = [
        offset_order(session, vault, overpayment_id, order_id=order_id, book=book, actor=actor, now=now)
        for overpayment_id, order_id in due
        if locked(session, overpayment_id).status in ("decided", "paying")
    ]
    return sum(each is not None for each in made)


def offsets_due(session: Session, *, limit: int | None, within: str = "") -> tuple[tuple[int, int], ...]:
    """(overpayment, waiting order) of people whose debt is to be offset, oldest order first."""
    rows = session.execute(
        select(Overpayment.id, PaymentOrder.id)
        .join(
            PaymentOrder,
            (PaymentOrder.payee_kind == "person") & (PaymentOrder.payee_id == Overpayment.person_id),
        )
        .where(
            Overpayment.mode == "offset",
            Overpayment.status.in_(("decided", "paying")),
            PaymentOrder.status == "ordered",
            PaymentOrder.purpose.in_(_OFFSETTABLE),
            PaymentOrder.region == Overpayment.region_code,
            PaymentOrder.region.startswith(within),
            ~PaymentOrder.key.contains(":less:"),
        )
        .order_by(PaymentOrder.id, Overpayment.id)
        .limit(limit)
    )
    return tuple((overpayment_id, order_id) for overpayment_id, order_id in rows)


def _part_of(
    session: Session, record: Overpayment, order: PaymentOrder, *, book: PolicyBook, day: date
) -> Money:
    fits = (
        order.status == "ordered"
        and order.purpose in _OFFSETTABLE
        and (order.payee_kind, order.payee_id) == ("person", record.person_id)
        and order.region == record.region_code
        and ":less:" not in order.key
    )
    if not fits:
        return Money(0)
    share = book.at("recovery.offset_share", record.region_code, day).decimal
    return min(Money(order.amount_fen).times(share), balance_of(session, record, day).open)


def _order_rest(
    session: Session,
    vault: Vault,
    order: PaymentOrder,
    record: Overpayment,
    rest: Money,
    *,
    account: tuple[str, str],
    actor: Actor,
    now: datetime,
) -> None:
    payments.order_payment(
        session,
        vault,
        key=f"{order.key}:less:{record.id}",
        payee_kind="person",
        payee_id=order.payee_id,
        payee_name=order.payee_name,
        account=account[0],
        account_name=account[1],
        amount=rest,
        purpose=order.purpose,
        month=Month.parse(order.month) if order.month else None,
        region=order.region,
        case_id=order.case_id,
        actor=actor,
        now=now,
    )


def _account_of(session: Session, vault: Vault, order: PaymentOrder) -> tuple[str, str]:
    correction = session.scalars(
        select(AccountCorrection)
        .where(AccountCorrection.order_id == order.id)
        .order_by(AccountCorrection.id.desc())
        .limit(1)
    ).first()
    pay_to = pay_to_now(order, correction)
    return open_account(vault, pay_to, order_key=order.key), pay_to.account_name


def _keep(
    session: Session, record: Overpayment, made: Repayment, *, actor: Actor, now: datetime
) -> Repayment:
    made.overpayment_id, made.recorded_by, made.recorded_at = record.id, actor.key, now
    session.add(made)
    session.flush()
    before = record.status
    rest = balance_of(session, record, accounting_day(now)).open
    record.status = "paying" if rest.fen else "settled"
    record.closed_at = None if rest.fen else now
    session.flush()
    append(
        session,
        stream=f"case:{record.case_id}",
        action=Action.RECOVERY_BOOKED,
        actor=actor,
        subject=f"repayment:{made.id}",
        after={"amount": Money(made.amount_fen).text, "way": made.way, "open": rest.text},
        now=now,
        voucher=SEALED_REPAYMENT.voucher(made),
    )
    if record.status != before:
        action = Action.RECOVERY_BOOKED if rest.fen else Action.RECOVERY_SETTLED
        note(session, record, action, actor=actor, now=now)
    return made


def require_reference(session: Session, reference: str) -> None:
    """Nothing; a refusal where it is no bank's reference, or stands for something else in the books."""
    taken = (
        select(JournalEntry.id).where(JournalEntry.key == reference),
        select(PaymentBatch.id).where(PaymentBatch.number == reference),
    )
    if not REFERENCE.fullmatch(reference):
        raise refused(
            "reference_form",
            "银行流水号须为4至40位大写字母、数字或短横线，与对账单上的一致",
            "The bank's reference: 4 to 40 capital letters, digits or hyphens.",
        )
    if any(session.scalar(query) is not None for query in taken):
        raise refused("reference_used", f"{reference} 已是另一笔凭证或批次的编号", "The reference is taken.")


def _require_day(record: Overpayment, day: date, today: date) -> None:
    decided = accounting_day(record.decided_at) if record.decided_at else today
    if not decided <= day <= today:
        raise refused(
            "repayment_day", f"到账日期须在决定之日（{decided}）至今天之间", "Between the decision and today."
        )


def _require_open(session: Session, record: Overpayment, amount: Money, day: date) -> None:
    rest = balance_of(session, record, day).open
    if not 0 < amount.fen <= rest.fen:
        raise refused(
            "more_than_open",
            f"尚未退回 {rest.text} 元，不能登记 {amount.text} 元；多退的款项应原路退还本人",
            f"{rest.text} yuan are open; {amount.text} cannot be booked.",
        )
