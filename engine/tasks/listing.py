"""Operations of ``processes/listing.bpmn``, in drawn order. Nobody is listed but by two people, after being heard."""

from __future__ import annotations

from typing import Any

from engine.benefits.recovery_tables import Overpayment
from engine.law.policy import NATIONAL
from engine.law.recovery import fine_range
from engine.oversight import dishonesty
from engine.tasks.catalogue import granted, operation, refuse
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.tasks.recovery import trigger_of
from engine.values import Money, Month


@operation(
    "prepare_listing",
    title="归集失信情形和罚款幅度",
    provides=("listing_rule", "conduct_facts", "answer_by"),
)
def prepare_listing(desk: Desk, *, overpayment_id: int) -> dict[str, Any]:
    """What the law says of the conduct, each reason with its provision; of fraud also the range of the fine."""
    record = desk.session.get_one(Overpayment, overpayment_id)
    trigger = trigger_of(desk, record)
    reasons = list(trigger.reasons)
    fine = ""
    if record.fraud:
        found = granted(fine_range(amount=Money(record.amount_fen), day=desk.today, book=desk.book))
        fine = f"{found.lowest.text} 元至 {found.highest.text} 元"
        reasons += found.reasons
    # a national trigger weighs more than a local one; without either there is nothing to list for
    rule = "national" if trigger.national else "local" if trigger.local else ""
    told = [f"{reason.text}（{reason.fact}；{reason.source}）" for reason in reasons]
    return {
        "listing_rule": rule,
        "answer_by": "",
        "conduct_facts": {"reasons": "；".join(told), "fine": fine or "不涉及罚款", "rule": _named(rule)},
    }


@operation("send_listing_notice", title="事先告知拟列入失信名单", provides=("answer_by",))
def send_listing_notice(desk: Desk, *, conduct_facts: dict[str, Any], proposal_reason: str) -> dict[str, Any]:
    """Tells the person before anything is decided: facts, rule, and until when to state and defend."""
    answer_by = str(desk.functions["limit"]("listing_statement"))
    send_letter(
        desk,
        "listing-notice",
        facts=conduct_facts["reasons"],
        rule=conduct_facts["rule"],
        reasons=proposal_reason,
        answer_by=answer_by,
    )
    return {"answer_by": answer_by}


@operation("enter_register", title="列入失信名单", provides=("listing_id", "publish_until"))
def enter_register(
    desk: Desk,
    *,
    person_id: int,
    overpayment_id: int,
    listing_rule: str,
    conduct_facts: dict[str, Any],
    decision_reason: str,
    referred_to: str | None = None,
) -> dict[str, Any]:
    """The entry, on the signatures of who proposed and who decided; the person is told how to object."""
    if listing_rule not in dishonesty.RULE_NAMES:
        raise refuse("no_rule_met", "没有达到列入失信名单的情形，不能列入", source=dishonesty.SOURCE)
    signed = {name: desk.controls[name][0] for name in ("listing_proposal", "listing_decision")}
    months = desk.book.at("dishonesty.publication_months", NATIONAL, desk.today).count
    last = Month.of(desk.today).plus(months)
    until = last.first_day.replace(day=min(desk.today.day, last.last_day.day))
    listing = dishonesty.enter(
        desk.session,
        subject_kind="person",
        subject_id=person_id,
        region=desk.session.get_one(Overpayment, overpayment_id).region_code,
        rule="national" if listing_rule == "national" else "local",
        ground=f"{conduct_facts['reasons']}。{decision_reason}",
        overpayment_id=overpayment_id,
        case_id=desk.case.id,
        proposed_by=signed["listing_proposal"],
        decided_by=signed["listing_decision"],
        decided_on=desk.today,
        publish_until=until,
        referred_to=referred_to or "",
        actor=desk.actor,
        now=desk.now,
    )
    review = desk.book.at("time_limit.admin_review", desk.case.region, desk.today)
    lawsuit = desk.book.at("recovery.lawsuit_months", NATIONAL, desk.today)
    send_letter(
        desk,
        "listing-decision",
        facts=conduct_facts["reasons"],
        rule=conduct_facts["rule"],
        reasons=decision_reason,
        publish_until=until.isoformat(),
        referred_to=referred_to or "",
        review_days=review.count,
        review_source=review.source,
        lawsuit_months=lawsuit.count,
        lawsuit_source=lawsuit.source,
    )
    return {"listing_id": listing.id, "publish_until": until.isoformat()}


@operation("notify_not_listed", title="告知不予列入")
def notify_not_listed(desk: Desk, *, decision_reason: str) -> dict[str, Any]:
    """Tells the person who was heard that nothing is listed."""
    send_letter(desk, "listing-declined", reasons=decision_reason)
    return {}


def _named(rule: str) -> str:
    return dishonesty.RULE_NAMES.get(rule, "未达到列入情形")
