"""Operations of ``transfer_out`` in ``processes/transfer.bpmn``: the sending office, in drawn order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from engine.law.entitlement import benefit_amount, benefit_months
from engine.law.transfer import Fee, pool_of, transfer_fee
from engine.money.payments import order_payment
from engine.people import Person, id_number_of
from engine.registers import ContributionHistory
from engine.tasks.catalogue import granted, operation, refuse, refuse_unverified
from engine.tasks.desk import Desk
from engine.tasks.moved_rights import Rights, hold, rights_at
from engine.tasks.tables import Claim, RightsTransfer
from engine.tasks.transfer import draws_benefit
from engine.tasks.transfer_record import find_record, in_words, note_difference, record_of
from engine.values import Money, Reason, Refusal

_SOURCE = "人社厅发〔2021〕85号（转述，待核）"


@operation(
    "compute_transfer_fee",
    title="核算转移费用",
    provides=(
        "person_id",
        "months_paid",
        "carried_months",
        "months_left",
        "fee_fen",
        "relation_only",
        "fee_known",
        "fee_reasons",
        "fee_basis",
    ),
)
def compute_transfer_fee(
    desk: Desk,
    *,
    person_id: int,
    from_region: str,
    to_region: str,
    transfer_number: str,
    employed: bool | None = None,
    peer: str | None = None,
) -> dict[str, Any]:
    """Months and money that would move: months left × this region's standard × factor (policy §5), with the reasons.

    What cannot be reckoned for want of a figure is said with the gap (``fee_known`` false) and cannot be sent.
    """
    rights = rights_at(desk.session, _history(desk, person_id), person_id=person_id, region=from_region)
    reckoned = _reckoned(desk, rights, from_region, to_region, employed=bool(employed))
    transfer = find_record(desk, transfer_number, "out")
    if transfer is not None and transfer.case_id != desk.case.id:
        raise refuse(
            "letter_repeated",
            f"联系函 {transfer_number} 已有办件",
            source="转迁登记",
            text_en=f"Contact letter {transfer_number} has its case already.",
        )
    if transfer is None:
        transfer = RightsTransfer(
            transfer_number=transfer_number,
            side="out",
            case_id=desk.case.id,
            person_id=person_id,
            from_region=from_region,
            to_region=to_region,
            peer=peer or "",
            employed=bool(employed),
        )
        desk.session.add(transfer)
    transfer.months_paid, transfer.carried_months = rights.counting, rights.carried
    transfer.months_left, transfer.fee_fen = reckoned.months, reckoned.fee.amount.fen
    desk.session.flush()
    return {
        "person_id": person_id,
        "months_paid": rights.counting,
        "carried_months": rights.carried,
        "months_left": reckoned.months,
        "fee_fen": reckoned.fee.amount.fen,
        "relation_only": reckoned.fee.amount.fen == 0,
        "fee_known": reckoned.known,
        "fee_reasons": [reason.plain() for reason in reckoned.reasons],
        "fee_basis": in_words(reckoned.reasons),
    }


@operation("refuse_transfer_out", title="登记不予转出", provides=("refusal_reason",))
def refuse_transfer_out(
    desk: Desk, *, transfer_number: str, refusal_reason: str | None = None, review_note: str | None = None
) -> dict[str, Any]:
    """The refusal on record, with the reason that the other office and the person will read."""
    reason = refusal_reason or review_note or "转出地经办机构不予转出"
    transfer = record_of(desk, transfer_number, "out")
    transfer.status, transfer.reason = "refused", reason
    return {"refusal_reason": reason}


@operation("record_counterpart_withdrawal", title="登记转入地撤回", provides=("refusal_reason",))
def record_counterpart_withdrawal(
    desk: Desk, *, transfer_number: str, withdrawal_reason: str | None = None
) -> dict[str, Any]:
    """The receiving office took the letter back in time: nothing has moved, and it is told so."""
    transfer = record_of(desk, transfer_number, "out")
    transfer.status, transfer.reason = "withdrawn", withdrawal_reason or ""
    return {"refusal_reason": f"已按转入地的撤回终止：{withdrawal_reason or '未说明原因'}"}


@operation("move_rights", title="转出权益")
def move_rights(
    desk: Desk,
    *,
    person_id: int,
    from_region: str,
    transfer_number: str,
    fee_reasons: list[dict[str, Any]],
    fee_known: bool = True,
) -> dict[str, Any]:
    """From now on the months are gone here. Refused while benefit is paid or claimed, and when they have changed."""
    hold(desk.session, person_id)
    transfer = record_of(desk, transfer_number, "out")
    if draws_benefit(desk, person_id):
        raise refuse(
            "drawing_benefit",
            "本人正在领取失业保险金，领取期间不变更领取地，不能转出",
            source=_SOURCE,
            text_en="Benefit is being paid; the place stays.",
        )
    _refuse_claimed(desk, person_id, from_region)
    rights = rights_at(desk.session, _history(desk, person_id), person_id=person_id, region=from_region)
    if not rights.any:
        raise refuse(
            "nothing_to_move",
            "本地没有可转移的缴费月数或未领月数，请写明理由不予转出",
            source="参保缴费记录",
            text_en="There is nothing to move; refuse with the reason.",
        )
    if (rights.counting, rights.carried) != (transfer.months_paid, transfer.carried_months):
        raise refuse(
            "rights_changed",
            f"核算以后月数有变化：现在缴费{rights.counting}个月、未领{rights.carried}个月，请退回重新核算",
            source="参保缴费记录",
            text_en="The months have changed since; return it to be reckoned anew.",
        )
    if not fee_known:
        gaps = "、".join(str(each["text"]) for each in fee_reasons if each["code"] == "policy_gap")
        raise refuse(
            "fee_unknown",
            f"转移费用还不能核算：{gaps}。补录参数后退回重新核算",
            source="processes/policy",
            text_en="The fee cannot be reckoned for want of a figure.",
        )
    transfer.status = "moved"
    desk.session.flush()
    return {}


@operation("order_transfer_payment", title="生成转移资金支付单", provides=("transfer_order_id",))
def order_transfer_payment(
    desk: Desk, *, transfer_number: str, fee_fen: int, to_region: str, fee_reasons: list[dict[str, Any]]
) -> dict[str, Any]:
    """The order to pay the receiving office on the account that it published; a relationship without money has none.

    In production neither an unverified figure nor an unverified account is paid on.
    """
    refuse_unverified(desk, fee_reasons)
    if not fee_fen:
        return {"transfer_order_id": 0}
    to = _account(desk, to_region)
    order = order_payment(
        desk.session,
        desk.vault,
        key=f"transfer:{transfer_number}",
        payee_kind="office",
        payee_id=int(to_region),
        payee_name=to.name,
        account=to.account,
        account_name=to.account_name,
        amount=Money(fee_fen),
        purpose="transfer",
        month=None,
        region=desk.case.region,
        case_id=desk.case.id,
        actor=desk.actor,
        now=desk.now,
    )
    return {"transfer_order_id": order.id}


@operation("note_transfer_paid", title="登记转移资金已付")
def note_transfer_paid(
    desk: Desk, *, transfer_number: str, paid_on: str, bank_reference: str
) -> dict[str, Any]:
    """The bank has paid: the money is on its way."""
    transfer = record_of(desk, transfer_number, "out")
    transfer.paid_on, transfer.bank_reference = date.fromisoformat(paid_on), bank_reference
    transfer.announced_fen, transfer.status = transfer.fee_fen, "in_transit"
    return {}


@operation("settle_transfer_out", title="转出销号")
def settle_transfer_out(
    desk: Desk, *, transfer_number: str, arrived_fen: int | None = None, arrived_on: str | None = None
) -> dict[str, Any]:
    """The receipt of the other office on record; one over another amount than was paid stays as a difference."""
    transfer = record_of(desk, transfer_number, "out")
    transfer.arrived_fen = arrived_fen if transfer.fee_fen else None
    transfer.arrived_on = date.fromisoformat(arrived_on) if arrived_on and transfer.fee_fen else None
    if (arrived_fen or 0) == transfer.fee_fen:
        transfer.status = "settled"
        return {}
    transfer.reason = "对方回执的金额与支付的不一致"
    note_difference(
        desk, transfer_number, sheet_fen=transfer.fee_fen, told_fen=arrived_fen, what=transfer.reason
    )
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reckoned:
    """What would move, as far as it can be reckoned."""

    months: int
    fee: Fee
    known: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """Where an office takes its money."""

    name: str
    account: str
    account_name: str


def _history(desk: Desk, person_id: int) -> ContributionHistory:
    person = desk.session.get_one(Person, person_id)
    return desk.registers.contributions.history(id_number_of(desk.vault, person))


def _reckoned(desk: Desk, rights: Rights, from_region: str, to_region: str, *, employed: bool) -> _Reckoned:
    months = granted(
        benefit_months(
            paid=rights.paid,
            deemed=rights.deemed if rights.deemed_proven else 0,
            carried=rights.carried,
            region=from_region,
            day=desk.today,
            book=desk.book,
        )
    )
    standard = benefit_amount(region=from_region, day=desk.today, book=desk.book)
    unknown = isinstance(standard, Refusal)
    fee = granted(
        transfer_fee(
            months=months.months,
            monthly=Money(0) if isinstance(standard, Refusal) else standard.monthly,
            months_paid=rights.counting,
            within_province=from_region[:2] == to_region[:2],
            employed=employed,
            region=from_region,
            day=desk.today,
            book=desk.book,
        )
    )
    # the standard is named only where the fee rests on it
    rests_on = () if fee.relation_only else standard.reasons
    return _Reckoned(
        months=months.months,
        fee=fee,
        known=fee.relation_only or not unknown,
        reasons=(*months.reasons, *(() if unknown and not fee.relation_only else fee.reasons), *rests_on),
    )


def _refuse_claimed(desk: Desk, person_id: int, from_region: str) -> None:
    open_claims = desk.session.scalars(
        select(Claim.region_code).where(Claim.person_id == person_id, Claim.status == "open")
    )
    if any(pool_of(region) == pool_of(from_region) for region in open_claims):
        raise refuse(
            "claim_open",
            "本人在本地的申领正在办理，办结或撤回后才能转出",
            source="鲁人社函〔2020〕10号（七）防止重复领取",
            text_en="The person's claim here is still open.",
        )


def _account(desk: Desk, region: str) -> _Account:
    """The account of the office that serves the region, from the book of offices; refused where none may be used."""
    found = desk.peers.of_region(region) or desk.payee("transfer", region)
    if found is None or not found.account:
        raise refuse(
            "no_receiving_account",
            f"没有登记 {region} 经办机构的收款账户，不能支付转移费用",
            source="processes/payees.yaml；peers.yaml",
            text_en=f"No account is on file for the office of {region}.",
        )
    if desk.production and not found.verified:
        raise refuse(
            "unverified_account",
            f"{found.name}的收款账户尚未经第二人与对方核实，生产模式下不得支付",
            source=found.source,
            text_en="The account awaits confirmation with that office; in production it is not paid to.",
        )
    return _Account(name=found.name, account=found.account, account_name=found.account_name)
