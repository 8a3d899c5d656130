"""The record of a refund: taking an employer up for a year, finding and locking its row, and what the bank then paid.

Once a year and employer, whatever is retried. Called by operations and use-cases, inside their transaction.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.law.policy import region_chain
from engine.people import Employer
from engine.refunds.campaign_tables import TAKEN_UP_AGAIN, UNPAID, RefundCampaign, RetentionRefund
from engine.values import Reason, RefusedError

SOURCE = "鲁人社函〔2020〕10号（二）"


def city_of(region: str) -> str:
    """The city that manages the refunds of a region."""
    return f"{region[:4]}00"


def refund_of(
    session: Session, employer_id: int, year: int, *, locked: bool = False
) -> RetentionRefund | None:
    """The refund of the employer for the year, alone for this transaction where asked; None: never taken up."""
    found = select(RetentionRefund).where(
        RetentionRefund.employer_id == employer_id, RetentionRefund.year == year
    )
    if locked:
        found = found.with_for_update().execution_options(populate_existing=True)
    return session.scalars(found).one_or_none()


def take_up(session: Session, employer: Employer, *, year: int, case_id: int) -> RetentionRefund:
    """The row of the employer and year, carried on by the case; refused where another case carries it.

    A row that ended without payment is taken up again: conditions change (随时纳入).
    """
    refund = refund_of(session, employer.id, year, locked=True)
    if refund is None:
        refund = RetentionRefund(
            case_id=case_id,
            employer_id=employer.id,
            year=year,
            amount_fen=0,
            screening="{}",
            status="screened",
            region=employer.region_code,
            city=city_of(employer.region_code),
        )
        session.add(refund)
    elif refund.case_id != case_id and refund.status not in TAKEN_UP_AGAIN:
        raise refused(
            "refund_exists",
            f"该单位 {year} 年度已有稳岗返还案件，不能重复办理",
            "This employer has a refund of the year already.",
        )
    elif refund.status not in UNPAID:
        raise refused("refund_ordered", "该笔返还已安排拨付，不能重新筛查", "The refund is ordered already.")
    elif refund.case_id != case_id:
        refund.case_id, refund.lapsed_on, refund.objected_on, refund.confirmed_on = case_id, None, None, None
    session.flush()
    return refund


def campaign_over(session: Session, region: str, year: int) -> RefundCampaign | None:
    """The campaign that runs over the region for the year, the nearest one; None where none does."""
    around = tuple(region_chain(region))
    running = session.scalars(
        select(RefundCampaign).where(
            RefundCampaign.region.in_(around), RefundCampaign.year == year, RefundCampaign.status != "closed"
        )
    ).all()
    return min(running, key=lambda each: around.index(each.region), default=None)


def note_paid(session: Session, paid: frozenset[str], *, day: date) -> tuple[RetentionRefund, ...]:
    """The refunds whose orders the bank paid, by key of the order; each moves on once.

    Returned are the prepayments, which now want their commitment.
    """
    if not paid:
        return ()
    moves = {"ordered": "paid", "prepay_ordered": "prepaid", "topping_up": "settled"}
    found = select(RetentionRefund).where(
        RetentionRefund.status.in_(moves),
        RetentionRefund.employer_id.in_({int(key.split(":")[1]) for key in paid}),
    )
    prepaid = []
    for refund in session.scalars(found.order_by(RetentionRefund.id).with_for_update()):
        if order_key(refund, part=_PART[refund.status]) not in paid:
            continue
        refund.status = moves[refund.status]
        if refund.status == "paid":
            refund.paid_on = day
        elif refund.status == "prepaid":
            refund.prepaid_on = day
            prepaid.append(refund)
        else:
            refund.settled_on = day
    session.flush()
    return tuple(prepaid)


def order_key(refund: RetentionRefund, *, part: str = "") -> str:
    """What makes each payment of a refund unique: the whole, ``prepay`` or ``top-up``."""
    return ":".join(filter(None, (f"refund:{refund.employer_id}:{refund.year}", part)))


_PART = {"ordered": "", "prepay_ordered": "prepay", "topping_up": "top-up"}


def refused(code: str, text: str, text_en: str) -> RefusedError:
    """The refusal with one reason, for the caller to raise."""
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=SOURCE))
