"""What a refund rests on: what is found for an employer today, and the account that it is paid to.

For the operations of both diagrams of the refund, ``stable_jobs`` and ``refund_settlement``.
"""

from __future__ import annotations

from engine.law.screening import Screened, campaign_day, figures_of, screened
from engine.law.screening_reasons import explain
from engine.money.payments import PaymentOrder, order_payment
from engine.people import Employer
from engine.refunds.campaign_tables import RetentionRefund
from engine.refunds.known import known_of
from engine.refunds.records import order_key
from engine.registers.business import EmployerRecord
from engine.store.crypto import mask_account
from engine.tasks.catalogue import refuse
from engine.tasks.desk import Desk
from engine.values import Money, Reason, RefusedError

_SOURCE = "鲁人社函〔2020〕10号（二）"


def judged(desk: Desk, employer: Employer, *, year: int) -> tuple[Screened, tuple[Reason, ...]]:
    """The employer by what is known today and the law of the campaign's day, each condition with its reason.

    Refused without a record of the year before, and where a figure of law is missing that it would turn on.
    """
    known = known_of(desk.session, desk.registers.retention, employer, year=year - 1)
    if known is None:
        raise refuse(
            "no_employer_year",
            f"没有该单位 {year - 1} 年的参保缴费记录",
            source=_SOURCE,
            text_en=f"No contributions of {year - 1} are on record for this employer.",
        )
    day = campaign_day(year, desk.today)
    figures = figures_of(region=known.facts.region, day=day, book=desk.book)
    found = screened(known.facts, figures)
    reasons = explain(found, figures)
    if found.outcome == "gap":
        raise RefusedError(*(reason for reason in reasons if reason.code == "policy_gap"))
    return found, reasons


def pay(desk: Desk, refund: RetentionRefund, amount: Money, *, part: str = "") -> PaymentOrder:
    """The order of a part of the refund, to the account that was checked: refused where the register has another now."""
    employer = desk.session.get_one(Employer, refund.employer_id)
    record = registered(desk, employer)
    if record is None or not record.account:
        raise refuse("no_employer_account", "没有找到该单位的对公账户", source=_SOURCE)
    if desk.vault.index(record.account) != refund.account_index:
        raise refuse(
            "account_changed",
            "单位账户在审核以后有变化，请退回初审重新核对",
            source=_SOURCE,
            text_en="The employer's account has changed since it was checked; send the case back.",
        )
    return order_payment(
        desk.session,
        desk.vault,
        key=order_key(refund, part=part),
        payee_kind="employer",
        payee_id=employer.id,
        payee_name=employer.name,
        account=record.account,
        account_name=employer.name,
        amount=amount,
        purpose="refund",
        month=None,
        region=refund.city,
        case_id=desk.case.id,
        actor=desk.actor,
        now=desk.now,
    )


def registered(desk: Desk, employer: Employer) -> EmployerRecord | None:
    """The employer as the register has it, with the account that it reported to the tax office. Raises RegisterDown."""
    return desk.registers.business.employer(employer.credit_code)


def account_shown(record: EmployerRecord | None) -> str:
    """Bank and masked account, as people see it; empty where there is none."""
    return f"{record.bank} {mask_account(record.account)}" if record and record.account else ""
