"""Settling a prepaid refund: what is due in the end, the difference, and prepaid money that comes back (REFUND-03).

The books: claiming back debits 1133 and takes it off the expense; money at the bank debits 1001 against 1133. Called
by operations of ``processes/refund-settlement.bpmn``, inside their transaction. Source: 鲁人社函〔2020〕10号（二）.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.benefits.repayments import require_reference
from engine.money.ledger import Line, accounting_day, post
from engine.money.ledger_tables import PaymentPurpose
from engine.money.receipts import BANK_ACCOUNT
from engine.refunds.campaign_tables import SEALED_REFUND_REPAYMENT, RefundRepayment, RetentionRefund
from engine.refunds.records import order_key, refused
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money

#: 应收稳岗返还: what employers owe the fund
CLAIM_ACCOUNT = "1133"


def prepaid_refund(session: Session, refund_id: int) -> RetentionRefund:
    """The refund, for this transaction alone."""
    return session.get_one(RetentionRefund, refund_id, with_for_update=True, populate_existing=True)


def claim_back(
    session: Session, refund: RetentionRefund, amount: Money, *, settled: Money, actor: Actor, now: datetime
) -> None:
    """What is to come back, booked once: Dr 1133, Cr the expense of refunds. Never more than was prepaid."""
    if refund.status == "recovering":
        return
    expense = session.get_one(PaymentPurpose, "refund").expense
    post(
        session,
        key=f"claimed:{order_key(refund)}",
        day=accounting_day(now),
        region=refund.city,
        text=f"清算追回稳岗返还 {refund.employer_id} {refund.year}",
        lines=[Line(CLAIM_ACCOUNT, "debit", amount), Line(expense, "credit", amount)],
        actor=actor,
        now=now,
        case_id=refund.settlement_case_id,
    )
    refund.recover_fen, refund.settled_fen, refund.status = amount.fen, settled.fen, "recovering"
    refund.settled_on = accounting_day(now)
    session.flush()
    append(
        session,
        stream=f"case:{refund.settlement_case_id}",
        action=Action.REFUND_CLAIMED_BACK,
        actor=actor,
        subject=f"retention_refund:{refund.id}",
        after={"prepaid": Money(refund.prepaid_fen).text, "settled": settled.text, "to_recover": amount.text},
        now=now,
    )


def repay(
    session: Session,
    refund: RetentionRefund,
    *,
    day: date,
    amount: Money,
    reference: str,
    actor: Actor,
    now: datetime,
) -> RefundRepayment:
    """The repayment of that bank reference, booked now or before: Dr 1001, Cr 1133.

    The entry's key is the reference itself, by which the bank's statement is reconciled. Refused for a reference
    that stands for something else, a day to come or before the claim, and for more than is still open.
    """
    known = session.scalars(
        select(RefundRepayment).where(RefundRepayment.reference == reference)
    ).one_or_none()
    if known is not None:
        if (known.refund_id, known.day, known.amount_fen) == (refund.id, day, amount.fen):
            return known
        raise refused(
            "reference_used", f"银行流水号 {reference} 已入账，内容与这次的不同", "The reference is booked."
        )
    _require_fitting(session, refund, day=day, amount=amount, reference=reference, today=accounting_day(now))
    entry = post(
        session,
        key=reference,
        day=day,
        region=refund.city,
        text=f"退回稳岗返还 {refund.employer_id} {refund.year}",
        lines=[Line(BANK_ACCOUNT, "debit", amount), Line(CLAIM_ACCOUNT, "credit", amount)],
        actor=actor,
        now=now,
        case_id=refund.settlement_case_id,
    )
    made = RefundRepayment(
        refund_id=refund.id, day=day, amount_fen=amount.fen, reference=reference,
        entry_id=entry.id, recorded_by=actor.key, recorded_at=now,
    )  # fmt: skip
    session.add(made)
    refund.recovered_fen += amount.fen
    if refund.recovered_fen == refund.recover_fen:
        refund.status = "recovered"
    session.flush()
    append(
        session,
        stream=f"case:{refund.settlement_case_id}",
        action=Action.REFUND_REPAID,
        actor=actor,
        subject=f"refund_repayment:{made.id}",
        after={"amount": amount.text, "open": open_amount(refund).text},
        now=now,
        voucher=SEALED_REFUND_REPAYMENT.voucher(made),
    )
    return made


def open_amount(refund: RetentionRefund) -> Money:
    """What is still to come back."""
    return Money(refund.recover_fen - refund.recovered_fen)


def _require_fitting(
    session: Session, refund: RetentionRefund, *, day: date, amount: Money, reference: str, today: date
) -> None:
    require_reference(session, reference)
    if refund.status != "recovering":
        raise refused("nothing_to_recover", "该笔返还没有待退回的金额", "Nothing of it is to come back.")
    claimed = refund.settled_on or today
    if not claimed <= day <= today:
        raise refused(
            "repayment_day", f"到账日期须在决定之日（{claimed}）至今天之间", "Between the decision and today."
        )
    rest = open_amount(refund)
    if not 0 < amount.fen <= rest.fen:
        raise refused(
            "more_than_open",
            f"尚未退回 {rest.text} 元，不能登记 {amount.text} 元；多退的款项应原路退还单位",
            f"{rest.text} yuan are open; {amount.text} cannot be booked.",
        )
