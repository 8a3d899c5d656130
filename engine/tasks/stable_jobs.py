"""Operations of ``processes/stable-jobs.bpmn``, in drawn order."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
from sqlalchemy import select

from engine.law.refund import Standing, refund_amount, refund_eligible
from engine.money.payments import order_payment
from engine.people import Employer
from engine.refunds.campaign_tables import RetentionRefund
from engine.tasks.catalogue import granted, operation, refuse, refuse_unverified
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.values import Money, Reason

_SOURCE = "鲁人社函〔2020〕10号（二）"
#: where a refund stands that another case may take up
_REOPENED = ("not_eligible", "lapsed")


@operation(
    "screen_employer",
    title="后台比对返还条件",
    provides=("eligible", "amount_fen", "screening", "confirm_until", "notice_until"),
)
def screen_employer(desk: Desk, *, employer_id: int, year: int) -> dict[str, Any]:
    """Every condition against the registers, with its evidence; and the amount (REFUND-01).

    Silent screening: the employer hands in nothing. Source: 鲁人社函〔2020〕10号（二）.
    """
    employer = desk.session.get_one(Employer, employer_id)
    found = desk.registers.retention.employer_year(employer.credit_code, year - 1)
    if found is None:
        raise refuse("no_employer_year", f"没有该单位 {year - 1} 年的参保缴费记录", source=_SOURCE)
    verdict = granted(
        refund_eligible(
            months=found.months,
            insured=found.insured_previous_year_end,
            left=found.left,
            standing=Standing(industry_ok=found.industry_ok, dishonest=found.dishonest, zombie=found.zombie),
            region=desk.case.region,
            day=_campaign_day(desk, year),
            book=desk.book,
        )
    )
    amount = granted(
        refund_amount(
            paid=found.paid,
            size=found.size,
            social_org=found.social_org,
            region=desk.case.region,
            day=_campaign_day(desk, year),
            book=desk.book,
        )
    )
    reasons: tuple[Reason, ...] = (*verdict.reasons, *(amount.reasons if verdict.eligible else ()))
    screening = {"reasons": [reason.plain() for reason in reasons], "eligible": verdict.eligible}
    fen = amount.amount.fen if verdict.eligible else 0
    _keep(desk, employer_id, year, fen, screening)
    return {
        "eligible": verdict.eligible,
        "amount_fen": fen,
        "screening": screening,
        "confirm_until": _confirm_until(desk, year).isoformat(),
        "notice_until": "",
    }


@operation("record_not_eligible", title="登记不符合条件")
def record_not_eligible(
    desk: Desk,
    *,
    employer_id: int,
    year: int,
    screening: dict[str, Any],
    review_note: str = "",
    approval_note: str = "",
    objection_reply: str = "",
) -> dict[str, Any]:
    """Kept, and told to the employer: each condition that failed, or the words of whoever declined it."""
    _refund(desk, employer_id, year).status = "not_eligible"
    employer = desk.session.get_one(Employer, employer_id)
    send_letter(
        desk,
        "refund-not-eligible",
        employer_name=employer.name,
        year=year,
        screening=screening,
        # a reviewer who agrees leaves no note; the approver's may be that of an earlier return
        note=review_note or approval_note,
        objection_reply=objection_reply,
    )
    return {}


@operation("push_to_employer", title="向单位推送")
def push_to_employer(
    desk: Desk,
    *,
    employer_id: int,
    amount_fen: int,
    confirm_until: str,
    year: int,
    objection_reply: str = "",
) -> dict[str, Any]:
    """The push: what was found, how much, until when to confirm; nothing to hand in (REFUND-02).

    After an objection it is written anew, with the answer.
    """
    employer = desk.session.get_one(Employer, employer_id)
    send_letter(
        desk,
        "refund-push",
        occasion=desk.now.isoformat() if objection_reply else str(year),
        employer_name=employer.name,
        year=year,
        amount_fen=amount_fen,
        confirm_until=confirm_until,
        objection_reply=objection_reply,
    )
    return {}


@operation("record_lapse", title="逾期未确认，登记失效")
def record_lapse(desk: Desk, *, employer_id: int, year: int) -> dict[str, Any]:
    """Nobody confirmed in time; the employer is told."""
    _refund(desk, employer_id, year).status = "lapsed"
    send_letter(
        desk, "refund-lapse", employer_name=desk.session.get_one(Employer, employer_id).name, year=year
    )
    return {}


@operation("publish_notice", title="公示", provides=("notice_until",))
def publish_notice(desk: Desk, *, employer_id: int, year: int, amount_fen: int) -> dict[str, Any]:
    """The public notice list, and the last day for objections (REFUND-05)."""
    employer = desk.session.get_one(Employer, employer_id)
    until = desk.calendar.after(desk.today, int(_limit(desk, "public_notice")))
    _refund(desk, employer_id, year).status = "noticed"
    send_letter(
        desk,
        "refund-notice",
        # a refund that was sent back and agreed to again is published again
        occasion=until.isoformat(),
        recipient="public:0",
        employer_name=employer.name,
        credit_code=employer.credit_code,
        year=year,
        amount_fen=amount_fen,
        notice_until=until.isoformat(),
    )
    return {"notice_until": until.isoformat()}


@operation("order_refund_payment", title="生成返还支付单", provides=("order_id",))
def order_refund_payment(
    desk: Desk,
    *,
    employer_id: int,
    year: int,
    amount_fen: int,
    screening: dict[str, Any],
    account_name: str = "",
) -> dict[str, Any]:
    """The payment order of the refund; one for an employer and year, whatever is retried."""
    refuse_unverified(desk, screening["reasons"])
    employer = desk.session.get_one(Employer, employer_id)
    record = desk.registers.business.employer(employer.credit_code)
    if record is None or not record.account:
        raise refuse("no_employer_account", "没有找到该单位的对公账户", source=_SOURCE)
    refund = _refund(desk, employer_id, year)
    order = order_payment(
        desk.session,
        desk.vault,
        key=f"refund:{employer_id}:{year}",
        payee_kind="employer",
        payee_id=employer_id,
        payee_name=employer.name,
        account=record.account,
        account_name=account_name or employer.name,
        amount=Money(amount_fen),
        purpose="refund",
        month=None,
        region=desk.case.region,
        case_id=desk.case.id,
        actor=desk.actor,
        now=desk.now,
    )
    refund.status = "ordered"
    return {"order_id": order.id}


@operation("notify_refund", title="告知返还结果")
def notify_refund(desk: Desk, *, employer_id: int, amount_fen: int, year: int) -> dict[str, Any]:
    """Tells the employer that the refund is on its way."""
    employer = desk.session.get_one(Employer, employer_id)
    send_letter(desk, "refund-done", employer_name=employer.name, amount_fen=amount_fen, year=year)
    return {}


def _limit(desk: Desk, name: str) -> int:
    value = desk.book.at(f"time_limit.{name}", desk.case.region, desk.today).value
    return int(str(value))


def _confirm_until(desk: Desk, year: int) -> date:
    """The last day to confirm: so many working days, and never past the day that the year's notice sets."""
    limit = desk.calendar.after(desk.today, _limit(desk, "refund_confirmation"))
    notice = desk.book.find("refund.confirm_by", desk.case.region, _campaign_day(desk, year))
    last = notice.day if notice else limit
    return min(limit, last) if last >= desk.today else limit


def _campaign_day(desk: Desk, year: int) -> date:
    """The day whose rules decide: today in the campaign's own year, else that year's last day."""
    return desk.today if desk.today.year == year else date(year, 12, 31)


def _keep(desk: Desk, employer_id: int, year: int, fen: int, screening: dict[str, Any]) -> None:
    refund = desk.session.scalar(
        select(RetentionRefund).where(
            RetentionRefund.employer_id == employer_id, RetentionRefund.year == year
        )
    )
    if refund is None:
        refund = RetentionRefund(case_id=desk.case.id, employer_id=employer_id, year=year)
        desk.session.add(refund)
    elif refund.status in _REOPENED:
        # 条件变化的随时纳入: a later screening takes over where nothing was paid
        refund.case_id = desk.case.id
    elif refund.case_id != desk.case.id:
        raise refuse("refund_exists", f"该单位 {year} 年度已有稳岗返还案件，不能重复办理", source=_SOURCE)
    refund.amount_fen, refund.screening, refund.status = fen, orjson.dumps(screening).decode(), "eligible"
    desk.session.flush()


def _refund(desk: Desk, employer_id: int, year: int) -> RetentionRefund:
    return desk.session.scalars(
        select(RetentionRefund).where(
            RetentionRefund.employer_id == employer_id, RetentionRefund.year == year
        )
    ).one()
