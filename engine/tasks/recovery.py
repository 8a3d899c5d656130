"""Operations of ``processes/recovery.bpmn``, in drawn order."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from engine.benefits import recovery, recovery_plan
from engine.benefits.recovery import Mode
from engine.benefits.recovery_plan import Balance, PlannedPart
from engine.benefits.recovery_tables import OverpaidMonth, Overpayment
from engine.law.policy import NATIONAL
from engine.law.recovery import DishonestyTrigger, dishonesty_trigger
from engine.law.time_limits import deadline
from engine.oversight.grounds import GROUNDS
from engine.tasks.catalogue import granted, operation, refuse
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.values import Money

_SOURCE = "社会保险经办条例第四十六条"


@operation(
    "compute_overpayment",
    title="逐月核算多领待遇",
    provides=(
        "overpayment_id", "overpaid_fen", "overpaid_months", "at_bank_count", "overpaid", "respond_by",
        "reported", "next_check_on",
    ),
)  # fmt: skip
def compute_overpayment(desk: Desk, *, grant_id: int, ground: str, event_day: str) -> dict[str, Any]:
    """Month by month what was really paid after the month of the event (社会保险经办条例 art. 46).

    While the bank has not answered for a month nothing is recorded yet: ``at_bank_count`` says for how many.
    """
    found = recovery.find_overpayment(
        desk.session,
        desk.vault,
        grant_id,
        ground=ground,
        event_day=date.fromisoformat(event_day),
        case_id=desk.case.id,
        actor=desk.actor,
        now=desk.now,
    )
    months = len({month.month for month in found.months})
    return {
        "overpayment_id": found.overpayment.id if found.overpayment else 0,
        "overpaid_fen": found.amount.fen,
        "overpaid_months": months,
        "at_bank_count": found.at_bank,
        "overpaid": {
            "amount": f"{found.amount.text} 元",
            "months": months,
            "ground_name": _basis(ground)["name"],
            "event_day": event_day,
            "breakdown": _breakdown(found.months, between="；", mark=""),
        },
        "respond_by": _limit(desk, "recovery_statement"),
        "reported": [],
        "next_check_on": "",
    }


@operation("send_overpayment_notice", title="告知多领待遇和陈述申辩权")
def send_overpayment_notice(
    desk: Desk, *, overpayment_id: int, overpaid_fen: int, respond_by: str
) -> dict[str, Any]:
    """Tells the person each month with its amount, the provision, and until when to state and defend."""
    record = recovery.locked(desk.session, overpayment_id)
    months = recovery_plan.overpaid_months(desk.session, overpayment_id)
    send_letter(
        desk,
        "overpayment-notice",
        amount_fen=overpaid_fen,
        breakdown=_breakdown(months),
        basis=_basis(record.ground),
        event_day=record.event_day.isoformat(),
        respond_by=respond_by,
        source=_return_source(desk),
    )
    return {}


@operation("decide_recovery", title="决定追回并入账", provides=("open_fen", "next_check_on", "plan"))
def decide_recovery(
    desk: Desk,
    *,
    overpayment_id: int,
    conduct: str | None = None,
    mode: Mode | None = None,
    instalment_count: int | None = None,
    first_due: str | None = None,
) -> dict[str, Any]:
    """The claim of the fund, booked on the signatures of reviewer and approver, with its plan."""
    if not conduct or not mode:
        raise refuse("proposal_missing", "没有提出主观情形和退回方式，不能决定追回", source=_SOURCE)
    record = recovery.locked(desk.session, overpayment_id)
    plan = _plan(desk, Money(record.amount_fen), mode, instalment_count, first_due)
    recovery.decide(
        desk.session,
        overpayment_id,
        mode=mode,
        plan=plan,
        intentional=conduct in ("intentional", "fraud"),
        fraud=conduct == "fraud",
        reviewed_by=_signed(desk, "business_review"),
        decided_by=_signed(desk, "business_approval"),
        actor=desk.actor,
        now=desk.now,
    )
    lines = [f"{part.due_on} 前 {part.amount.text} 元" for part in plan]
    return {
        "open_fen": record.amount_fen,
        "next_check_on": plan[0].due_on.isoformat() if plan else _limit(desk, "recovery_reminder"),
        "plan": "；".join(lines) or "从后续待遇中抵扣",
    }


@operation("send_recovery_decision", title="送达追回决定")
def send_recovery_decision(
    desk: Desk,
    *,
    overpayment_id: int,
    plan: str,
    proposal_note: str = "",
) -> dict[str, Any]:
    """The decision: amount, way and plan, the provision, and how to object (行政复议、诉讼)."""
    record = recovery.locked(desk.session, overpayment_id)
    review = desk.book.at("time_limit.admin_review", desk.case.region, desk.today)
    lawsuit = desk.book.at("recovery.lawsuit_months", NATIONAL, desk.today)
    send_letter(
        desk,
        "recovery-decision",
        amount_fen=record.amount_fen,
        breakdown=_breakdown(recovery_plan.overpaid_months(desk.session, overpayment_id)),
        basis=_basis(record.ground),
        event_day=record.event_day.isoformat(),
        mode_name=recovery.MODE_NAMES[record.mode or "once"],
        plan=plan,
        reasons=proposal_note or "",
        source=_return_source(desk),
        review_days=review.count,
        review_source=review.source,
        lawsuit_months=lawsuit.count,
        lawsuit_source=lawsuit.source,
    )
    return {}


@operation("close_unfounded", title="撤销多领认定并告知")
def close_unfounded(desk: Desk, *, overpayment_id: int, proposal_note: str = "") -> dict[str, Any]:
    """Nothing is to come back: the person is told, and why."""
    why = proposal_note or "经核查，不属于多领"
    recovery.drop(desk.session, overpayment_id, why=why, actor=desk.actor, now=desk.now)
    send_letter(desk, "recovery-dropped", reasons=why)
    return {}


@operation("examine_conduct", title="对照失信情形", provides=("report_conduct", "reported", "from_region"))
def examine_conduct(desk: Desk, *, overpayment_id: int, reported: list[str]) -> dict[str, Any]:
    """Whether something new is to be reported to fund supervision; the law opens a proposal, never a listing.

    Fraud is always reported, for the fine; a trigger once for each rule. Source: policy §4.
    """
    record = recovery.locked(desk.session, overpayment_id)
    trigger = trigger_of(desk, record)
    wanted = [
        rule
        for rule, reached in (
            ("fraud", bool(record.fraud)), ("local", trigger.local), ("national", trigger.national),
        )
        if reached
    ]  # fmt: skip
    new = [rule for rule in wanted if rule not in reported]
    return {
        "report_conduct": "yes" if new else "no",
        "reported": [*reported, *new],
        # a message that begins a case says where under this name
        "from_region": desk.case.region,
    }


@operation("weigh_balance", title="核对余额", provides=("open_fen", "next_check_on"))
def weigh_balance(desk: Desk, *, overpayment_id: int) -> dict[str, Any]:
    """What is still open after money came back or was given up, and when to look again."""
    record = recovery.locked(desk.session, overpayment_id)
    balance = recovery_plan.balance_of(desk.session, record, desk.today)
    return {"open_fen": balance.open.fen, "next_check_on": _next_check(desk, balance)}


@operation("check_plan", title="核对退款计划", provides=("plan_broken", "next_check_on"))
def check_plan(desk: Desk, *, overpayment_id: int, overpaid_fen: int) -> dict[str, Any]:
    """Once behind, the person is reminded; still behind at the next look, the plan is noted as broken, once."""
    record = recovery.locked(desk.session, overpayment_id)
    balance = recovery_plan.balance_of(desk.session, record, desk.today)
    broken = False
    if balance.behind.fen and record.broken_at is None:
        late = balance.next_due
        broken = late is not None and _limit(desk, "recovery_reminder", start=late) <= desk.today.isoformat()
        if broken:
            recovery.break_plan(desk.session, overpayment_id, actor=desk.actor, now=desk.now)
        _remind(desk, balance, overpaid_fen=overpaid_fen, broken=broken)
    return {"plan_broken": "yes" if broken else "no", "next_check_on": _next_check(desk, balance)}


@operation("settle_recovery", title="结清并告知")
def settle_recovery(desk: Desk, *, overpayment_id: int) -> dict[str, Any]:
    """Tells the person that nothing is open any more."""
    record = recovery.locked(desk.session, overpayment_id)
    balance = recovery_plan.balance_of(desk.session, record, desk.today)
    if balance.open.fen:
        raise refuse("recovery_open", f"尚有 {balance.open.text} 元未退，不能结清", source=_SOURCE)
    send_letter(
        desk,
        "recovery-settled",
        amount_fen=record.amount_fen,
        returned=balance.by_bank.text,
        offset=balance.by_offset.text,
        given_up=balance.written_off.text if balance.written_off.fen else "",
    )
    return {}


def trigger_of(desk: Desk, record: Overpayment) -> DishonestyTrigger:
    """What the law says of the conduct; return was refused where the plan was broken after the order."""
    months = {month.month for month in recovery_plan.overpaid_months(desk.session, record.id)}
    return granted(
        dishonesty_trigger(
            months=len(months),
            amount=Money(record.amount_fen),
            intentional=bool(record.intentional),
            refused_return=record.broken_at is not None,
            fraud=bool(record.fraud),
            region=record.region_code,
            day=desk.today,
            book=desk.book,
        )
    )


def _plan(
    desk: Desk, amount: Money, mode: Mode, count: int | None, first_due: str | None
) -> tuple[PlannedPart, ...]:
    if mode == "offset":
        return ()
    if mode == "once":
        return (PlannedPart(due_on=date.fromisoformat(_limit(desk, "recovery_return")), amount=amount),)
    most = desk.book.at("recovery.instalments_max", desk.case.region, desk.today).count
    first = date.fromisoformat(first_due) if first_due else desk.today
    if not count or not 2 <= count <= most:
        raise refuse(
            "instalment_count", f"分期须为2至{most}期", source=_SOURCE, text_en=f"2 to {most} instalments."
        )
    if first <= desk.today:
        raise refuse(
            "first_due_past",
            "首期日期须在今天之后",
            source=_SOURCE,
            text_en="The first day lies in the past.",
        )
    return recovery_plan.plan_of(amount, count=count, first_day=first)


def _next_check(desk: Desk, balance: Balance) -> str:
    """The day of the next part that is to come, or the end of the reminder's limit where one is late or none is set."""
    if balance.next_due is not None and balance.next_due > desk.today:
        return balance.next_due.isoformat()
    return _limit(desk, "recovery_reminder")


def _remind(desk: Desk, balance: Balance, *, overpaid_fen: int, broken: bool) -> None:
    send_letter(
        desk,
        "recovery-broken" if broken else "recovery-reminder",
        occasion=desk.today.isoformat(),
        amount_fen=overpaid_fen,
        behind=balance.behind.text,
        open=balance.open.text,
        since=str(balance.next_due or ""),
        source=_return_source(desk),
    )


def _breakdown(months: tuple[OverpaidMonth, ...], *, between: str = "\n", mark: str = "- ") -> str:
    """Each month with its sum, in words of no language."""
    sums: dict[str, int] = defaultdict(int)
    for each in months:
        sums[each.month] += each.amount_fen
    return between.join(f"{mark}{month}: {Money(fen).text}" for month, fen in sorted(sums.items()))


def _basis(ground: str) -> dict[str, str]:
    """The ground as letters name it, in both languages."""
    known = GROUNDS.get(ground)
    return {"name": known.name, "english": known.english} if known else {"name": ground, "english": ground}


def _return_source(desk: Desk) -> str:
    return desk.book.at("recovery.return_ordered", desk.case.region, desk.today).source


def _signed(desk: Desk, control: str) -> str:
    if control not in desk.controls:
        raise refuse("control_missing", f"决定前缺少控制环节：{control}", source=_SOURCE)
    return desk.controls[control][0]


def _limit(desk: Desk, name: str, *, start: date | None = None) -> str:
    found = deadline(
        name, start or desk.today, region=desk.case.region, book=desk.book, calendar=desk.calendar
    )
    return granted(found).day.isoformat()
