"""Operations of ``processes/claim.bpmn`` that follow the decision: withdrawal, refusal, registration, grant, first order."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
from sqlalchemy import func, select

from engine.benefits.tables import BenefitGrant
from engine.money.payments import order_payment
from engine.people import Person, id_number_of
from engine.registers.card_accounts import keep_account
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.catalogue import operation, refuse, refuse_unverified
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.tasks.moved_rights import hold, use_up
from engine.tasks.tables import Claim, UnemploymentRegistration
from engine.values import Money, Month


@operation("record_withdrawal", title="登记撤回申请", letters=("withdrawal",))
def record_withdrawal(desk: Desk, *, withdrawal_reason: str = "") -> dict[str, Any]:
    """The claim is withdrawn by its claimant; nothing of the right is lost."""
    _close_claim(desk, "withdrawn")
    send_letter(desk, "withdrawal", reason=withdrawal_reason)
    return {}


@operation("send_refusal_notice", title="送达不予核定告知书", letters=("refusal-notice",))
def send_refusal_notice(
    desk: Desk, *, determination: dict[str, Any], approval_note: str = ""
) -> dict[str, Any]:
    """The written no, with every reason, its source, and how to object."""
    _close_claim(desk, "refused")
    send_letter(desk, "refusal-notice", determination=determination, note=approval_note)
    return {}


@operation("register_unemployment", title="同步办理失业登记", provides=("registered_on",))
def register_unemployment(
    desk: Desk, *, person_id: int, exit_reason: str, wants_work: bool
) -> dict[str, Any]:
    """The unemployment registration, made in the same step as the decision (CLAIM-06; 鲁人社函〔2020〕10号（六）)."""
    desk.session.add(
        UnemploymentRegistration(
            case_id=desk.case.id,
            person_id=person_id,
            region_code=desk.case.region,
            registered_on=desk.today,
            exit_reason=exit_reason,
            wants_work=wants_work,
        )
    )
    desk.session.flush()
    return {"registered_on": desk.today.isoformat()}


@operation("create_grant", title="建立待遇", provides=("grant_id",))
def create_grant(
    desk: Desk,
    *,
    person_id: int,
    granted: bool,
    months: int,
    monthly_fen: int,
    first_month: str,
    determination: dict[str, Any],
    applied_on: str,
    household_region: str = "",
    retirement_class: str | None = None,
    prefilled: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The right to benefit; refused unless the law granted it, and while another grant runs.

    The months that it was reckoned from are used up, those that were moved here among them.
    """
    if not granted:
        raise refuse("not_granted", "核定结论为不予核定，不能建立待遇", source="失业保险条例第十四条")
    hold(desk.session, person_id)
    running = select(func.count()).where(BenefitGrant.person_id == person_id, BenefitGrant.status == "active")
    if desk.session.scalar(running):
        raise refuse(
            "grant_running",
            "该人已有正在领取的失业保险待遇，不能重复核定",
            source="鲁人社函〔2020〕10号（七）防止重复领取",
        )
    refuse_unverified(desk, determination["reasons"])
    grant = BenefitGrant(
        case_id=desk.case.id,
        person_id=person_id,
        region_code=desk.case.region,
        household_region=household_region,
        retirement_class=retirement_class,
        applied_on=date.fromisoformat(applied_on),
        granted_on=desk.today,
        first_month=first_month,
        months=months,
        monthly_fen=monthly_fen,
        determination=orjson.dumps(determination).decode(),
    )
    desk.session.add(grant)
    desk.session.flush()
    use_up(desk.session, grant, (prefilled or {}).get("transfers", ()))
    _close_claim(desk, "granted")
    append(
        desk.session,
        stream=f"case:{desk.case.id}",
        action=Action.GRANT_CREATED,
        actor=desk.actor,
        subject=desk.case.subject,
        after={"first_month": first_month, "months": months, "monthly_fen": monthly_fen},
        now=desk.now,
    )
    return {"grant_id": grant.id}


@operation("order_first_payment", title="生成首月支付单", provides=("order_id",))
def order_first_payment(
    desk: Desk, *, person_id: int, grant_id: int, first_month: str, monthly_fen: int
) -> dict[str, Any]:
    """The payment order of the first benefit month; the same month of the same grant is ordered once."""
    person = desk.session.get_one(Person, person_id)
    id_number = id_number_of(desk.vault, person)
    account = desk.registers.accounts.account(id_number)
    if account is None:
        raise refuse(
            "no_card_account",
            "没有找到社会保障卡银行账户，无法生成支付单",
            source="社会保险经办条例第六十二条",
        )
    keep_account(desk.session, desk.vault, account, person_index=person.id_number_index, day=desk.today)
    order = order_payment(
        desk.session,
        desk.vault,
        key=f"benefit:{grant_id}:{first_month}",
        payee_kind="person",
        payee_id=person_id,
        payee_name=person.name,
        account=account.number,
        account_name=account.holder_name,
        amount=Money(monthly_fen),
        purpose="benefit",
        month=Month.parse(first_month),
        region=desk.case.region,
        case_id=desk.case.id,
        actor=desk.actor,
        now=desk.now,
    )
    grant = desk.session.get_one(BenefitGrant, grant_id)
    if grant.paid_through is None:
        grant.months_paid, grant.paid_through = 1, first_month
    return {"order_id": order.id}


@operation("send_grant_notice", title="送达核定告知书", letters=("grant-notice",))
def send_grant_notice(
    desk: Desk, *, determination: dict[str, Any], months: int, monthly_fen: int, first_month: str
) -> dict[str, Any]:
    """The written yes: months, amount, first month, reasons, sources, and the duty to report."""
    send_letter(
        desk,
        "grant-notice",
        determination=determination,
        months=months,
        monthly_fen=monthly_fen,
        first_month=first_month,
    )
    return {}


def _close_claim(desk: Desk, status: str) -> None:
    claim = desk.session.get_one(Claim, desk.case.id)
    claim.status = status
