"""Operations of ``processes/refund-settlement.bpmn``, in drawn order: 先预拨、后承诺、再清算 (REFUND-03)."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.law.refund import settle
from engine.law.time_limits import deadline
from engine.people import Employer
from engine.refunds import settlement
from engine.refunds.campaign_tables import RetentionRefund
from engine.tasks.catalogue import granted, operation, refuse, refuse_unverified
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.tasks.refund_basis import judged, pay
from engine.values import Money

_SOURCE = "鲁人社函〔2020〕10号（二）"


@operation("ask_commitment", title="请单位承诺", provides=("commitment_until",))
def ask_commitment(desk: Desk, *, refund_id: int, prepaid_fen: int) -> dict[str, Any]:
    """The employer is asked to commit itself: what was prepaid, and until when."""
    refund = settlement.prepaid_refund(desk.session, refund_id)
    if refund.settlement_case_id not in (None, desk.case.id):
        raise refuse("settlement_exists", "该笔预拨已在清算", text_en="It is being settled already.")
    until = _limit(desk, "refund_commitment")
    refund.settlement_case_id, refund.commitment_until = desk.case.id, until
    desk.session.flush()
    send_letter(
        desk,
        "refund-commitment",
        employer_name=_name(desk, refund),
        year=refund.year,
        prepaid_fen=prepaid_fen,
        commitment_until=until.isoformat(),
    )
    return {"commitment_until": until.isoformat()}


@operation("record_commitment", title="登记承诺", provides=("committed",))
def record_commitment(desk: Desk, *, refund_id: int) -> dict[str, Any]:
    """The employer committed itself today."""
    refund = settlement.prepaid_refund(desk.session, refund_id)
    refund.status, refund.committed_on = "committed", desk.today
    return {"committed": True}


@operation("record_no_commitment", title="登记未承诺", provides=("committed",))
def record_no_commitment(desk: Desk, *, refund_id: int, prepaid_fen: int) -> dict[str, Any]:
    """No commitment came: nothing is settled, and everything prepaid is to come back."""
    refund = settlement.prepaid_refund(desk.session, refund_id)
    send_letter(
        desk,
        "refund-no-commitment",
        employer_name=_name(desk, refund),
        year=refund.year,
        prepaid_fen=prepaid_fen,
    )
    return {"committed": False}


@operation(
    "reckon_settlement",
    title="核算清算金额",
    provides=("settled_fen", "top_up_fen", "recover_fen", "settlement"),
)
def reckon_settlement(
    desk: Desk, *, refund_id: int, employer_id: int, year: int, prepaid_fen: int, committed: bool
) -> dict[str, Any]:
    """What is due by the data of today, less what was prepaid: to be paid on, or to come back. Nothing without commitment."""
    settlement.prepaid_refund(desk.session, refund_id)
    employer = desk.session.get_one(Employer, employer_id)
    if committed:
        found, reasons = judged(desk, employer, year=year)
        actual = found.amount
        told = [reason for reason in reasons if reason.code.endswith("_failed")] or list(reasons[-1:])
        plain = [reason.plain() for reason in reasons]
        basis = "；".join(
            filter(None, (f"{each.text}{f'（{each.fact}）' if each.fact else ''}" for each in told))
        )
    else:
        actual, plain, basis = Money(0), [], "逾期没有承诺，不予清算，全额追回"
    outcome = settle(prepaid=Money(prepaid_fen), actual=actual)
    return {
        "settled_fen": actual.fen,
        "top_up_fen": outcome.pay.fen,
        "recover_fen": outcome.recover.fen,
        "settlement": {"reasons": plain, "basis": basis, "committed": committed},
    }


@operation("order_top_up", title="生成补付支付单", provides=("order_id",))
def order_top_up(
    desk: Desk, *, refund_id: int, settled_fen: int, top_up_fen: int, settlement: dict[str, Any]
) -> dict[str, Any]:
    """The order of the difference, under a key of its own: paid once."""
    refuse_unverified(desk, settlement["reasons"])
    refund = _settling(desk, refund_id)
    order = pay(desk, refund, Money(top_up_fen), part="top-up")
    refund.settled_fen, refund.topped_fen, refund.status = settled_fen, top_up_fen, "topping_up"
    return {"order_id": order.id}


@operation("close_settlement", title="清算办结")
def close_settlement(desk: Desk, *, refund_id: int, settled_fen: int) -> dict[str, Any]:
    """What was prepaid is what is due."""
    refund = _settling(desk, refund_id)
    assert settled_fen == refund.prepaid_fen, refund.id  # noqa: S101 - the diagram came by another way
    refund.settled_fen, refund.settled_on, refund.status = settled_fen, desk.today, "settled"
    return {}


@operation("tell_settlement", title="告知清算结果")
def tell_settlement(
    desk: Desk,
    *,
    refund_id: int,
    prepaid_fen: int,
    settled_fen: int,
    top_up_fen: int,
    settlement: dict[str, Any],
) -> dict[str, Any]:
    """Tells the employer what was prepaid, what is due, and the difference that is on its way."""
    refund = _row(desk, refund_id)
    send_letter(
        desk,
        "refund-settled",
        employer_name=_name(desk, refund),
        year=refund.year,
        prepaid_fen=prepaid_fen,
        settled_fen=settled_fen,
        top_up_fen=top_up_fen,
        reckoning=settlement["basis"],
    )
    return {}


@operation("claim_back", title="追回入账", provides=("repay_until", "repay_open_fen"))
def claim_back(desk: Desk, *, refund_id: int, settled_fen: int, recover_fen: int) -> dict[str, Any]:
    """What was prepaid beyond what is due becomes a claim of the fund, booked once."""
    refund = settlement.prepaid_refund(desk.session, refund_id)
    settlement.claim_back(
        desk.session, refund, Money(recover_fen), settled=Money(settled_fen), actor=desk.actor, now=desk.now
    )
    return {
        "repay_until": _limit(desk, "refund_repayment").isoformat(),
        "repay_open_fen": settlement.open_amount(refund).fen,
    }


@operation("tell_recovery", title="告知追回")
def tell_recovery(
    desk: Desk,
    *,
    refund_id: int,
    prepaid_fen: int,
    settled_fen: int,
    recover_fen: int,
    repay_until: str,
    settlement: dict[str, Any],
) -> dict[str, Any]:
    """Tells the employer how much is to come back, until when, why, and what it may do against it."""
    refund = _row(desk, refund_id)
    send_letter(
        desk,
        "refund-recovery",
        employer_name=_name(desk, refund),
        year=refund.year,
        prepaid_fen=prepaid_fen,
        settled_fen=settled_fen,
        recover_fen=recover_fen,
        repay_until=repay_until,
        reckoning=settlement["basis"],
    )
    return {}


@operation("take_repayment", title="退款入账", provides=("repay_open_fen",))
def take_repayment(
    desk: Desk, *, refund_id: int, repaid_fen: int, repaid_on: str, repaid_reference: str
) -> dict[str, Any]:
    """Money that came back, booked once for a bank reference; how much is still open."""
    refund = settlement.prepaid_refund(desk.session, refund_id)
    settlement.repay(
        desk.session,
        refund,
        day=date.fromisoformat(repaid_on),
        amount=Money(repaid_fen),
        reference=repaid_reference,
        actor=desk.actor,
        now=desk.now,
    )
    return {"repay_open_fen": settlement.open_amount(refund).fen}


def _settling(desk: Desk, refund_id: int) -> RetentionRefund:
    """The refund whose employer committed itself; nothing is settled for another."""
    refund = settlement.prepaid_refund(desk.session, refund_id)
    if refund.committed_on is None:
        raise refuse("no_commitment", "单位没有承诺，不予清算", source=_SOURCE, text_en="No commitment.")
    return refund


def _row(desk: Desk, refund_id: int) -> RetentionRefund:
    return desk.session.get_one(RetentionRefund, refund_id)


def _limit(desk: Desk, name: str) -> date:
    found = deadline(name, desk.today, region=desk.case.region, book=desk.book, calendar=desk.calendar)
    return granted(found).day


def _name(desk: Desk, refund: RetentionRefund) -> str:
    return desk.session.get_one(Employer, refund.employer_id).name
