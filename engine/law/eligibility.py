"""Who may draw the benefit: the three conditions of 社会保险法第四十五条 and what the records show.

Finds every reason, not only the first. Never refuses for a late claim, a late employer or a missing certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from engine.law.facts import ClaimFacts, Determination, RetirementClass, refused
from engine.law.policy import PolicyBook, PolicyGap, reason_of
from engine.law.retirement import retirement
from engine.values import Money, Reason, Refusal

#: reasons that refuse; any other reason of this module supports or explains
REFUSING = frozenset(
    {
        "not_qualified",
        "left_voluntarily",
        "unknown_exit_reason",
        "no_wish_to_work",
        "still_contributing",
        "active_business",
        "receives_pension",
        "not_yet_unemployed",
        "policy_gap",
    }
)


def eligibility(facts: ClaimFacts, book: PolicyBook) -> Determination:
    """Whether the person may draw the benefit; months and amount are left to ``entitlement.determine``.

    Source: 社会保险法 arts. 45, 51. Not granted: all refusing reasons. Granted: all supporting ones;
    ``needs_second_review`` where the exit reason has to be found by a person.
    """
    reasons = [reason for check in _CHECKS for reason in _asked(check, facts, book)]
    against = [reason for reason in reasons if reason.code in REFUSING]
    if against:
        return refused(*against)
    return Determination(
        granted=True,
        months=0,
        monthly=Money(0),
        first_month=None,
        reasons=tuple(reasons),
        needs_second_review=any(reason.code == "manual_review" for reason in reasons),
    )


Check = Callable[[ClaimFacts, PolicyBook], Iterator[Reason]]


def _asked(check: Check, facts: ClaimFacts, book: PolicyBook) -> tuple[Reason, ...]:
    try:
        return tuple(check(facts, book))
    except PolicyGap as gap:
        return (gap.reason,)


def qualifying_months(
    *, paid: int, deemed: int, region: str, day: date, book: PolicyBook
) -> tuple[int, tuple[Reason, ...]]:
    """Months that count towards the first condition, with the setting that lets deemed months count."""
    if not deemed:
        return paid, ()
    counts = book.at("eligibility.deemed_counts", region, day)
    used = reason_of(
        "deemed_months_counted" if counts.flag else "deemed_months_not_counted",
        f"视同缴费{deemed}个月{'计入' if counts.flag else '不计入'}满一年的判断",
        counts,
        text_en=f"{deemed} deemed months {'count' if counts.flag else 'do not count'}",
    )
    return paid + deemed * counts.flag, (used,)


def _paid_one_year(facts: ClaimFacts, book: PolicyBook) -> Iterator[Reason]:
    region, day = facts.region, facts.applied_on
    least = book.at("eligibility.min_months", region, day)
    months, used = qualifying_months(
        paid=facts.months_paid, deemed=facts.deemed_months, region=region, day=day, book=book
    )
    fact = f"累计缴费{months}个月"
    if months >= least.count:
        yield reason_of(
            "paid_one_year", f"缴费满{least.count}个月", least, text_en=f"{months} months paid", fact=fact
        )
        yield from used
    elif facts.carried_months > 0:
        remainder = book.at("benefit.continue_remainder", region, day)
        yield reason_of(
            "carried_remainder",
            f"再就业不满一年又失业，可继续领取剩余{facts.carried_months}个月",
            remainder,
            text_en=f"May go on drawing the {facts.carried_months} months left",
            fact=fact,
        )
    else:
        yield reason_of(
            "not_qualified",
            f"缴费不满{least.count}个月，已缴{months}个月予以保留，以后累计计算",
            least,
            text_en=f"{months} months paid, {least.count} needed; the months are kept",
            fact=fact,
        )


def _left_against_will(facts: ClaimFacts, book: PolicyBook) -> Iterator[Reason]:
    rule = book.at("eligibility.involuntary", facts.region, facts.applied_on)
    if not facts.exit_reason:
        yield _no_report(facts, book)
        return
    found = book.exit_reasons.get(facts.exit_reason)
    if found is None:
        yield reason_of(
            "unknown_exit_reason",
            f"减员原因代码{facts.exit_reason}不在目录中，请单位更正",
            rule,
            text_en=f"Exit reason {facts.exit_reason} is not in the catalogue",
        )
        return
    codes = {"yes": "involuntary_exit", "manual": "manual_review", "no": "left_voluntarily"}
    words = {
        "yes": f"失业原因“{found.name}”属非因本人意愿中断就业",
        "manual": f"失业原因“{found.name}”须由第二人复核认定",
        "no": f"失业原因“{found.name}”不属非因本人意愿中断就业，缴费月数保留；如与事实不符可提出异议",
    }
    yield Reason(
        code=codes[found.involuntary],
        text=words[found.involuntary],
        text_en=found.name_en,
        fact=f"{found.code} {found.name}",
        parameter=rule.label,
        source="；".join(dict.fromkeys(each for each in (rule.source, found.source, found.statute) if each)),
        verified=rule.verified and found.verified,
    )


def _no_report(facts: ClaimFacts, book: PolicyBook) -> Reason:
    # the employer's lateness is never the worker's loss: a person finds the reason instead
    rule = book.find("eligibility.late_employer_harmless", facts.region, facts.applied_on)
    return reason_of(
        "manual_review",
        "单位尚未申报减员原因，不得因此拒绝；由第二人复核认定失业原因",
        *(() if rule is None else (rule,)),
        text_en="No exit report yet; a second reviewer finds the reason",
        fact="无减员申报",
    )


def _registered_and_willing(facts: ClaimFacts, book: PolicyBook) -> Iterator[Reason]:
    rule = book.at("eligibility.wants_work", facts.region, facts.applied_on)
    if not facts.wants_work:
        yield reason_of("no_wish_to_work", "没有求职要求", rule, text_en="Does not want work")
        return
    yield reason_of("wants_work", "有求职要求", rule, text_en="Wants work")
    together = book.find("eligibility.registered_with_claim", facts.region, facts.applied_on)
    if together:
        yield reason_of(
            "registered_with_claim",
            "失业登记与申领同时办理，无须另行提交证明",
            together,
            text_en="Unemployment is registered with the claim",
        )


def _unemployed(facts: ClaimFacts, book: PolicyBook) -> Iterator[Reason]:
    region, day = facts.region, facts.applied_on
    stopped = book.at("eligibility.unemployed", region, day)
    if facts.has_current_contribution:
        yield reason_of(
            "still_contributing",
            "仍有单位在为其缴纳社会保险费",
            stopped,
            text_en="An employer still pays contributions",
        )
    elif facts.exit_day and facts.exit_day > day:
        yield reason_of(
            "not_yet_unemployed",
            f"劳动关系到{facts.exit_day.isoformat()}才结束",
            stopped,
            text_en=f"Employment ends on {facts.exit_day.isoformat()}",
        )
    else:
        yield reason_of(
            "unemployed", "单位已停止缴纳社会保险费", stopped, text_en="Contributions have stopped"
        )
    if facts.has_active_business:
        business = book.at("eligibility.no_business", region, day)
        yield reason_of(
            "active_business", "名下有在营的经营主体", business, text_en="Has an active business registration"
        )


def _no_pension(facts: ClaimFacts, book: PolicyBook) -> Iterator[Reason]:
    rule = book.at("eligibility.no_pension", facts.region, facts.applied_on)
    if facts.receives_pension:
        yield reason_of(
            "receives_pension", "已享受基本养老保险待遇", rule, text_en="Receives a basic pension"
        )
    else:
        yield reason_of("no_pension", "未享受基本养老保险待遇", rule, text_en="Receives no basic pension")


def _late_is_no_matter(facts: ClaimFacts, book: PolicyBook) -> Iterator[Reason]:
    limit = book.find("eligibility.late_after_days", facts.region, facts.applied_on)
    rule = book.find("eligibility.no_claim_limit", facts.region, facts.applied_on)
    late = facts.exit_day and limit and (facts.applied_on - facts.exit_day).days > limit.count
    if late and rule and limit:
        yield reason_of(
            "late_claim_accepted",
            f"离职超过{limit.count}日不影响申领",
            rule,
            text_en="A late claim is never refused",
            fact=f"离职后第{(facts.applied_on - facts.exit_day).days if facts.exit_day else 0}日申领",
        )


def _past_retirement(facts: ClaimFacts, book: PolicyBook) -> Iterator[Reason]:
    cls = retirement_class(facts)
    if cls is None or facts.receives_pension:
        return
    found = retirement(facts.person_birth, cls, book=book)
    rule = book.find("eligibility.past_retirement", facts.region, facts.applied_on)
    if not isinstance(found, Refusal) and rule and facts.applied_on >= found.date:
        yield reason_of(
            "past_retirement_no_pension",
            "已过法定退休年龄但未享受养老保险待遇，可以申领",
            rule,
            text_en="Past retirement age without a pension",
            fact=f"法定退休日{found.date.isoformat()}",
        )


def retirement_class(facts: ClaimFacts) -> RetirementClass | None:
    """The class on file; for a man without one M60, for a woman None: her class is never guessed."""
    return facts.retirement_class or ("M60" if facts.sex == "male" else None)


_CHECKS: tuple[Check, ...] = (
    _paid_one_year,
    _left_against_will,
    _registered_and_willing,
    _unemployed,
    _no_pension,
    _late_is_no_matter,
    _past_retirement,
)
