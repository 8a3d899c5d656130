"""Operations of ``processes/stable-jobs.bpmn``, in drawn order."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson

from engine.law.refund import prepayment
from engine.law.screening import Screened, campaign_day
from engine.law.screening_reasons import explain
from engine.law.time_limits import deadline
from engine.people import Employer
from engine.refunds import notices
from engine.refunds.campaign_tables import RetentionRefund
from engine.refunds.known import line_of
from engine.refunds.records import campaign_over, refund_of, take_up
from engine.refunds.screening import figures_kept, found_of
from engine.refunds.tables import ScreenDecision
from engine.tasks.catalogue import granted, operation, refuse, refuse_unverified
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.tasks.refund_basis import account_shown, judged, pay, registered
from engine.values import Money, Reason

_SOURCE = "鲁人社函〔2020〕10号（二）"


@operation(
    "screen_employer",
    title="后台比对返还条件",
    provides=("eligible", "amount_fen", "screening", "confirm_until", "notice_until", "pay_mode", "account_masked"),
)  # fmt: skip
def screen_employer(
    desk: Desk, *, employer_id: int, year: int, screen_run_id: int = 0, pay_mode: str = ""
) -> dict[str, Any]:
    """What the campaign's screening found for the employer; later, and outside a campaign, the same rule by today's data.

    Silent screening: the employer hands in nothing. Source: 鲁人社函〔2020〕10号（二）. Refused where no figures are in
    force, or another case has the year.
    """
    employer = desk.session.get_one(Employer, employer_id)
    before = refund_of(desk.session, employer_id, year)
    first = before is None or before.case_id != desk.case.id
    refund = take_up(desk.session, employer, year=year, case_id=desk.case.id)
    found, reasons = (
        _found_by(desk, screen_run_id, employer)
        if first and screen_run_id
        else judged(desk, employer, year=year)
    )
    eligible = found.outcome in ("eligible", "apply")
    _describe(desk, refund, employer, found)
    if first:
        _enter_campaign(desk, refund, employer, screen_run_id=screen_run_id, pay_mode=pay_mode)
        refund.screened_fen = found.amount.fen
    refund.amount_fen, refund.status = found.amount.fen, "screened"
    refund.screening = orjson.dumps({"reasons": _plain(reasons), "eligible": eligible}).decode()
    desk.session.flush()
    against = tuple(reason for reason in reasons if reason.code.endswith("_failed"))
    return {
        "eligible": eligible,
        "amount_fen": found.amount.fen,
        "screening": {"reasons": _plain(reasons if eligible else against), "eligible": eligible},
        "confirm_until": _confirm_until(desk, year).isoformat(),
        "notice_until": "",
        "pay_mode": refund.mode,
        "account_masked": account_shown(registered(desk, employer)),
    }


@operation("record_not_eligible", title="登记不符合条件", letters=("refund-not-eligible",))
def record_not_eligible(
    desk: Desk,
    *,
    employer_id: int,
    year: int,
    screening: dict[str, Any],
    review_note: str = "",
    approval_note: str = "",
    objection_reply: str = "",
    notice_note: str = "",
) -> dict[str, Any]:
    """Kept, and told to the employer: each condition that failed, or the words of whoever declined it."""
    refund = _refund(desk, employer_id, year)
    refund.status, refund.amount_fen = "not_eligible", 0
    employer = desk.session.get_one(Employer, employer_id)
    send_letter(
        desk,
        "refund-not-eligible",
        employer_name=employer.name,
        year=year,
        screening=screening,
        # a reviewer who agrees leaves no note; the approver's may be that of an earlier return
        note=review_note or notice_note or approval_note,
        objection_reply=objection_reply,
    )
    return {}


@operation("push_to_employer", title="向单位推送", letters=("refund-push",))
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
    refund = _refund(desk, employer_id, year)
    again = refund.pushed_on is not None
    refund.status, refund.pushed_on = "pushed", desk.today
    refund.confirm_until = date.fromisoformat(confirm_until)
    send_letter(
        desk,
        "refund-push",
        occasion=desk.now.isoformat() if again or objection_reply else str(year),
        employer_name=employer.name,
        year=year,
        amount_fen=amount_fen,
        confirm_until=confirm_until,
        objection_reply=objection_reply,
    )
    return {}


@operation("record_lapse", title="逾期未确认，登记失效", letters=("refund-lapse",))
def record_lapse(desk: Desk, *, employer_id: int, year: int) -> dict[str, Any]:
    """Nobody confirmed in time; the employer is told."""
    refund = _refund(desk, employer_id, year)
    refund.status, refund.lapsed_on = "lapsed", desk.today
    send_letter(
        desk, "refund-lapse", employer_name=desk.session.get_one(Employer, employer_id).name, year=year
    )
    return {}


@operation("take_refund_objection", title="登记单位异议")
def take_refund_objection(desk: Desk, *, employer_id: int, year: int) -> dict[str, Any]:
    """The employer objects; the time to confirm begins anew with the next push."""
    refund = _refund(desk, employer_id, year)
    refund.status, refund.objected_on = "objected", desk.today
    return {}


@operation(
    "look_up_account", title="核对收款账户", provides=("account_masked", "account_name", "account_changed")
)
def look_up_account(desk: Desk, *, employer_id: int, year: int) -> dict[str, Any]:
    """The account that is paid to, as the register has it now; ``account_changed``: not the one that was shown before.

    Refused where the register has none: the money goes to no other account.
    """
    employer = desk.session.get_one(Employer, employer_id)
    record = registered(desk, employer)
    if record is None or not record.account:
        raise refuse(
            "no_employer_account",
            "没有找到该单位的对公账户，也没有缴费账户；请先到税务部门登记账户，再确认",
            source=_SOURCE,
            text_en="No account of the employer is on record; register one with the tax office first.",
        )
    refund = _refund(desk, employer_id, year)
    index = desk.vault.index(record.account)
    changed = refund.account_index is not None and refund.account_index != index
    refund.account_index, refund.account_masked = index, account_shown(record)
    refund.status = "confirmed"
    refund.confirmed_on = refund.confirmed_on or desk.today
    return {
        "account_masked": refund.account_masked,
        "account_name": employer.name,
        "account_changed": "yes" if changed else "no",
    }


@operation("publish_notice", title="公示", provides=("notice_until",))
def publish_notice(desk: Desk, *, employer_id: int, year: int, amount_fen: int) -> dict[str, Any]:
    """The public notice list, and the last day for objections (REFUND-05)."""
    employer = desk.session.get_one(Employer, employer_id)
    refund = _refund(desk, employer_id, year)
    line = notices.publish(
        desk.session,
        refund,
        employer,
        day=desk.today,
        until=granted(_deadline(desk, "public_notice")).day,
        actor=desk.actor,
        now=desk.now,
    )
    until = refund.notice_until
    assert until is not None, refund.id  # noqa: S101 - it was published just now
    send_letter(
        desk,
        "refund-notice",
        # a refund that was sent back and agreed to again is published again
        occasion=f"{until}/{line.id}",
        recipient="public:0",
        employer_name=employer.name,
        credit_code=employer.credit_code,
        year=year,
        amount_fen=amount_fen,
        notice_until=until.isoformat(),
    )
    return {"notice_until": until.isoformat()}


@operation(
    "look_at_objections",
    title="查看公示异议",
    provides=("open_objections", "objections_said", "notice_over"),
)
def look_at_objections(desk: Desk, *, employer_id: int, year: int, notice_until: str) -> dict[str, Any]:
    """How many objections nobody has decided yet, what they say, and whether the notice has ended."""
    refund = _refund(desk, employer_id, year)
    waiting = notices.open_objections(desk.session, refund.id)
    over = notices.is_over(date.fromisoformat(notice_until), desk.now)
    return {
        "open_objections": len(waiting),
        "objections_said": "\n".join(f"{at}. {each.said}" for at, each in enumerate(waiting, start=1)),
        "notice_over": "yes" if over else "no",
    }


@operation("settle_notice_objections", title="办结公示异议", provides=("objection_reply", "notice_note"))
def settle_notice_objections(
    desk: Desk, *, employer_id: int, year: int, notice_answer: str, notice_decision: str
) -> dict[str, Any]:
    """What was said is decided; the employer is told the answer with whatever comes of it."""
    refund = _refund(desk, employer_id, year)
    upheld = notice_decision != "dismiss"
    notices.settle(desk.session, refund, upheld=upheld, answer=notice_answer, actor=desk.actor, now=desk.now)
    return {
        "objection_reply": notice_answer if notice_decision == "rescreen" else "",
        "notice_note": notice_answer if notice_decision == "decline" else "",
    }


@operation("order_refund_payment", title="生成返还支付单", provides=("order_id",))
def order_refund_payment(
    desk: Desk, *, employer_id: int, year: int, amount_fen: int, screening: dict[str, Any]
) -> dict[str, Any]:
    """The payment order of the refund; one for an employer and year, whatever is retried."""
    refund = _ready(desk, employer_id, year, amount_fen, screening)
    order = pay(desk, refund, Money(refund.amount_fen))
    refund.status, refund.ordered_on = "ordered", desk.today
    return {"order_id": order.id}


@operation("notify_refund", title="告知返还结果", letters=("refund-done",))
def notify_refund(desk: Desk, *, employer_id: int, amount_fen: int, year: int) -> dict[str, Any]:
    """Tells the employer that the refund is on its way."""
    employer = desk.session.get_one(Employer, employer_id)
    send_letter(desk, "refund-done", employer_name=employer.name, amount_fen=amount_fen, year=year)
    return {}


@operation("order_prepayment", title="生成预拨支付单", provides=("order_id", "prepaid_fen"))
def order_prepayment(
    desk: Desk, *, employer_id: int, year: int, amount_fen: int, screening: dict[str, Any]
) -> dict[str, Any]:
    """The order of the share that is paid before commitment and settlement (REFUND-03); one, whatever is retried."""
    refund = _ready(desk, employer_id, year, amount_fen, screening)
    share = granted(
        prepayment(estimate=Money(refund.amount_fen), region=desk.case.region, day=desk.today, book=desk.book)
    )
    refuse_unverified(desk, _plain(share.reasons))
    order = pay(desk, refund, share.amount, part="prepay")
    refund.status, refund.ordered_on, refund.prepaid_fen = "prepay_ordered", desk.today, share.amount.fen
    return {"order_id": order.id, "prepaid_fen": share.amount.fen}


@operation("notify_prepayment", title="告知预拨", letters=("refund-prepaid",))
def notify_prepayment(desk: Desk, *, employer_id: int, prepaid_fen: int, year: int) -> dict[str, Any]:
    """Tells the employer what is prepaid, and that it has to commit itself before it is settled."""
    employer = desk.session.get_one(Employer, employer_id)
    send_letter(desk, "refund-prepaid", employer_name=employer.name, prepaid_fen=prepaid_fen, year=year)
    return {}


def _ready(
    desk: Desk, employer_id: int, year: int, amount_fen: int, screening: dict[str, Any]
) -> RetentionRefund:
    """The published refund that may be paid: its figures are confirmed and nothing said against it is open."""
    refuse_unverified(desk, screening["reasons"])
    refund = _refund(desk, employer_id, year)
    if notices.open_objections(desk.session, refund.id):
        raise refuse(
            "objection_open",
            "公示异议还没有处理完，不能拨付；请退回",
            source=_SOURCE,
            text_en="Something said against it is not decided yet; nothing may be paid.",
        )
    assert refund.amount_fen == amount_fen, (refund.id, amount_fen)  # noqa: S101 - case and record agree
    return refund


def _found_by(desk: Desk, run_id: int, employer: Employer) -> tuple[Screened, tuple[Reason, ...]]:
    """What the screening of the campaign found, explained by the figures of its day."""
    decision = desk.session.get_one(ScreenDecision, (run_id, employer.id))
    found = found_of(decision)
    return found, explain(found, figures_kept(desk.session, run_id, decision.region))


def _describe(desk: Desk, refund: RetentionRefund, employer: Employer, found: Screened) -> None:
    line = line_of(desk.session, employer, year=refund.year - 1)
    refund.kind = found.way
    refund.size = line.size if line and line.size else found.size
    refund.industry = line.industry if line else ""


def _enter_campaign(
    desk: Desk, refund: RetentionRefund, employer: Employer, *, screen_run_id: int, pay_mode: str
) -> None:
    campaign = campaign_over(desk.session, employer.region_code, refund.year)
    refund.campaign_id = campaign.id if campaign else None
    refund.mode = campaign.mode if campaign else pay_mode or "disburse"
    refund.screen_run_id = screen_run_id or None
    refund.late_entrant = not screen_run_id


def _plain(reasons: tuple[Reason, ...]) -> list[dict[str, str | bool]]:
    return [reason.plain() for reason in reasons]


def _deadline(desk: Desk, name: str) -> Any:
    return deadline(name, desk.today, region=desk.case.region, book=desk.book, calendar=desk.calendar)


def _confirm_until(desk: Desk, year: int) -> date:
    """The last day to confirm: so many working days, and never past the day that the year's notice sets."""
    limit: date = granted(_deadline(desk, "refund_confirmation")).day
    notice = desk.book.find("refund.confirm_by", desk.case.region, campaign_day(year, desk.today))
    last = notice.day if notice else limit
    return min(limit, last) if last >= desk.today else limit


def _refund(desk: Desk, employer_id: int, year: int) -> RetentionRefund:
    refund = refund_of(desk.session, employer_id, year, locked=True)
    assert refund is not None, (employer_id, year)  # noqa: S101 - screening made it
    return refund
