"""Operations of ``processes/transfer.bpmn``: both offices, in drawn order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from engine.benefits.tables import BenefitGrant
from engine.law.entitlement import benefit_amount, benefit_months
from engine.law.transfer import transfer_fee
from engine.money import ledger
from engine.money.ledger import Line
from engine.money.payments import order_payment
from engine.people import Person, id_number_of
from engine.tasks.catalogue import granted, operation, refuse, refuse_unverified
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.tasks.tables import RightsTransfer
from engine.values import Money

#: a transfer is paid from office to office, on the account that the receiving office publishes
_OFFICE_ACCOUNT = "6217{region}000000018"


# ---- receiving office


@operation("check_transfer", title="核对转入条件", provides=("transfer_possible", "transfer_note"))
def check_transfer(
    desk: Desk, *, person_id: int, from_region: str, to_region: str, transfer_number: str
) -> dict[str, Any]:
    """Whether the rights may move: not while benefit is being paid (人社厅发〔2021〕85号: no change of place).

    Nor inside one pool, nor twice out of the same pool: its fee would be paid twice.
    """
    desk.session.add(
        RightsTransfer(
            transfer_number=transfer_number,
            side="in",
            case_id=desk.case.id,
            person_id=person_id,
            from_region=from_region,
            to_region=to_region,
        )
    )
    desk.session.flush()
    if _is_paid(desk, person_id):
        return {"transfer_possible": False, "transfer_note": "正在领取失业保险金，领取期间不变更领取地"}
    if _pool(from_region) == _pool(to_region):
        return {"transfer_possible": False, "transfer_note": "转出地与转入地相同，无需转迁"}
    if earlier := _earlier(desk, person_id=person_id, from_region=from_region, number=transfer_number):
        note = f"此地的关系已由转迁 {earlier} 办理，不能重复转出"
        return {"transfer_possible": False, "transfer_note": note}
    return {"transfer_possible": True, "transfer_note": "可以转入"}


@operation("remind_counterpart", title="催告转出地")
def remind_counterpart(desk: Desk, *, from_region: str, transfer_number: str) -> dict[str, Any]:
    """A reminder to the office that has not answered in time; one a day."""
    send_letter(
        desk,
        "transfer-reminder",
        occasion=desk.today.isoformat(),
        recipient=f"office:{from_region}",
        transfer_number=transfer_number,
    )
    return {}


@operation("credit_months", title="记入转入缴费月数")
def credit_months(
    desk: Desk, *, transfer_number: str, months_paid: int, months_left: int, fee_fen: int
) -> dict[str, Any]:
    """The months of the sending office count here; the money may still be on its way."""
    transfer = _transfer(desk, transfer_number, "in")
    transfer.months_paid, transfer.months_left, transfer.fee_fen = months_paid, months_left, fee_fen
    transfer.status = "credited"
    return {}


@operation("book_transfer_money", title="转入资金入账")
def book_transfer_money(desk: Desk, *, transfer_number: str, fee_fen: int) -> dict[str, Any]:
    """The money that came with the rights: from in transit to income of this region; nothing for zero."""
    transfer = _transfer(desk, transfer_number, "in")
    if fee_fen:
        ledger.post(
            desk.session,
            key=f"transfer-in:{transfer_number}",
            day=desk.today,
            region=desk.case.region,
            text=f"转入失业保险费用 {transfer_number}",
            lines=(Line("2103", "debit", Money(fee_fen)), Line("4101", "credit", Money(fee_fen))),
            actor=desk.actor,
            now=desk.now,
            case_id=desk.case.id,
        )
    transfer.status = "settled"
    return {}


@operation("notify_transfer", title="通知转迁办结")
def notify_transfer(
    desk: Desk, *, transfer_number: str, months_paid: int, months_left: int, fee_fen: int
) -> dict[str, Any]:
    """Tells the person what was moved."""
    send_letter(
        desk,
        "transfer-done",
        transfer_number=transfer_number,
        months_paid=months_paid,
        months_left=months_left,
        fee_fen=fee_fen,
    )
    return {}


@operation("notify_transfer_refused", title="通知转迁被拒")
def notify_transfer_refused(
    desk: Desk,
    *,
    transfer_number: str,
    refusal_reason: str = "",
    accept_note: str = "",
    transfer_possible: bool = True,
    transfer_note: str = "",
) -> dict[str, Any]:
    """Tells the person why nothing was moved: the sending office's words, the clerk's, or what the check found."""
    # both offices keep their records in this database; the sending one has no step of its own for it
    for each in desk.session.scalars(
        select(RightsTransfer).where(RightsTransfer.transfer_number == transfer_number)
    ):
        each.status = "refused"
    checked = "" if transfer_possible else transfer_note
    reason = "；".join(filter(None, (refusal_reason, accept_note, checked)))
    send_letter(desk, "transfer-refused", transfer_number=transfer_number, reason=reason)
    return {}


# ---- sending office


@operation(
    "compute_transfer_fee",
    title="核算转移费用",
    provides=("fee_fen", "months_left", "months_paid", "relation_only", "fee_reasons", "person_id"),
)
def compute_transfer_fee(
    desk: Desk,
    *,
    person_id: int,
    from_region: str,
    to_region: str,
    transfer_number: str,
    unemployed: bool = True,
) -> dict[str, Any]:
    """Months and money that move: months left × this region's standard × factor (policy §5)."""
    history = desk.registers.contributions.history(
        id_number_of(desk.vault, desk.session.get_one(Person, person_id))
    )
    paid = history.months_paid + (history.deemed_months if history.deemed_proven else 0)
    months = granted(
        benefit_months(
            paid=history.months_paid,
            deemed=history.deemed_months if history.deemed_proven else 0,
            carried=history.carried_months,
            region=from_region,
            day=desk.today,
            book=desk.book,
        )
    )
    amount = granted(benefit_amount(region=from_region, day=desk.today, book=desk.book))
    fee = granted(
        transfer_fee(
            months=months.months if unemployed else 0,
            monthly=amount.monthly,
            months_paid=paid,
            within_province=from_region[:2] == to_region[:2],
            region=from_region,
            day=desk.today,
            book=desk.book,
        )
    )
    desk.session.add(
        RightsTransfer(
            transfer_number=transfer_number,
            side="out",
            case_id=desk.case.id,
            person_id=person_id,
            from_region=from_region,
            to_region=to_region,
            months_paid=paid,
            months_left=months.months,
            fee_fen=fee.amount.fen,
        )
    )
    desk.session.flush()
    return {
        "person_id": person_id,
        "fee_fen": fee.amount.fen,
        "months_left": months.months,
        "months_paid": paid,
        "relation_only": fee.amount.fen == 0,
        "fee_reasons": [reason.plain() for reason in (*months.reasons, *fee.reasons)],
    }


@operation("order_transfer_payment", title="生成转移资金支付单", provides=("transfer_order_id",))
def order_transfer_payment(
    desk: Desk, *, transfer_number: str, fee_fen: int, to_region: str, fee_reasons: list[dict[str, Any]]
) -> dict[str, Any]:
    """The order to pay the receiving office; a relationship without money has none."""
    refuse_unverified(desk, fee_reasons)
    transfer = _transfer(desk, transfer_number, "out")
    transfer.status = "settled"
    if not fee_fen:
        return {"transfer_order_id": 0}
    order = order_payment(
        desk.session,
        desk.vault,
        key=f"transfer:{transfer_number}",
        payee_kind="office",
        payee_id=int(to_region),
        payee_name=f"{to_region} 失业保险经办机构",
        account=_OFFICE_ACCOUNT.format(region=to_region),
        account_name="失业保险基金收入户",
        amount=Money(fee_fen),
        purpose="transfer",
        month=None,
        region=desk.case.region,
        case_id=desk.case.id,
        actor=desk.actor,
        now=desk.now,
    )
    return {"transfer_order_id": order.id}


def _transfer(desk: Desk, number: str, side: str) -> RightsTransfer:
    found = desk.session.scalar(
        select(RightsTransfer).where(RightsTransfer.transfer_number == number, RightsTransfer.side == side)
    )
    if found is None:
        raise refuse("no_such_transfer", f"没有编号为 {number} 的转迁", source="转迁登记")
    return found


def _earlier(desk: Desk, *, person_id: int, from_region: str, number: str) -> str | None:
    """The number of a transfer that has moved, or is moving, the same rights; None when there is none."""
    query = select(RightsTransfer.transfer_number).where(
        RightsTransfer.person_id == person_id,
        RightsTransfer.side == "in",
        RightsTransfer.from_region.startswith(_pool(from_region)),
        RightsTransfer.status != "refused",
        RightsTransfer.transfer_number != number,
    )
    return desk.session.scalars(query.limit(1)).one_or_none()


def _pool(region: str) -> str:
    """What all regions of one pool begin with: funds are pooled by city (市级统筹)."""
    return region[:4]


def _is_paid(desk: Desk, person_id: int) -> bool:
    query = select(BenefitGrant.id).where(
        BenefitGrant.person_id == person_id, BenefitGrant.status == "active"
    )
    return desk.session.scalar(query) is not None
