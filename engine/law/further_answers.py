"""More questions of law in words: the ones beside the promised list of ``answers``.

Rule authors use them in ``tests/law/*.yaml``; the shapes follow ``answers``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from engine.law.arguments import Answer, Arguments, BadArgumentError, Setting
from engine.law.benefits import (
    SkillLevel,
    death_grant,
    medical_premium,
    price_subsidy,
    relief_cap_2020,
    skill_subsidy,
)
from engine.law.catalogues import find_demands
from engine.law.entitlement import benefit_schedule, determine
from engine.law.facts import ClaimFacts, Determination, RetirementClass, Sex
from engine.law.identity import bank_card
from engine.law.policy import reason_of
from engine.law.recovery import dishonesty_trigger, fine_range, overpayment
from engine.law.refund import settle, struggling_refund
from engine.law.retirement import pension_min_months, pension_premium
from engine.law.screening_answers import QUESTION as REFUND_DUE
from engine.law.time_limits import deadline, pay_day
from engine.law.transfer import transfer_place
from engine.values import Money, Reason, Refusal

Reply = Callable[[Arguments, Setting], Answer | Refusal]


def claim_facts(given: Arguments, at: Setting) -> ClaimFacts:
    """The facts of a claim from its arguments; what is not given stands for an ordinary claimant."""
    return ClaimFacts(
        person_birth=given.day("birth"),
        sex=cast(Sex, given.choice("sex", "male", "female")),
        retirement_class=cast(RetirementClass, given.choice("class", "M60", "F55", "F50"))
        if given.has("class")
        else None,
        region=at.region,
        applied_on=at.on,
        months_paid=given.count("paid"),
        deemed_months=given.count("deemed"),
        carried_months=given.count("carried"),
        exit_day=given.day("exit-day") if given.has("exit-day") else None,
        exit_reason=given.text("exit-reason") or None,
        has_current_contribution=given.flag("contributing"),
        has_active_business=given.flag("business"),
        receives_pension=given.flag("pension"),
        wants_work=given.flag("wants-work", default=True),
        household_region=given.region("household"),
    )


def _claim(given: Arguments, at: Setting) -> Answer:
    return _determination(determine(claim_facts(given, at), at.book))


def _determination(found: Determination) -> Answer:
    return {
        "granted": found.granted,
        "months": found.months,
        "monthly": found.monthly.text,
        "total": found.total.text,
        "first_month": str(found.first_month) if found.first_month else None,
        "needs_second_review": found.needs_second_review,
        "reasons": _plain(found.reasons),
    }


def _schedule(given: Arguments, at: Setting) -> Answer | Refusal:
    months = given.count("months")
    if not 1 <= months <= 60:
        raise BadArgumentError("months", f"months={months} 须在1到60之间")
    found = benefit_schedule(
        first_month=given.month("first-month"),
        months=months,
        granted_on=at.on,
        region=at.region,
        household_region=given.region("household"),
        adjusted=given.flag("adjusted") if given.has("adjusted") else None,
        book=at.book,
    )
    if isinstance(found, Refusal):
        return found
    return {
        "total": found.total.text,
        "months": [{"month": str(due.month), "amount": due.amount.text} for due in found.months],
        "reasons": _plain(found.reasons),
    }


def _medical(given: Arguments, at: Setting) -> Answer | Refusal:
    found = medical_premium(
        average_wage=given.money("average-wage"), rate=given.ratio("rate"), day=at.on, book=at.book
    )
    return found if isinstance(found, Refusal) else _amount(found.amount, found.reasons)


def _relief(given: Arguments, at: Setting) -> Answer | Refusal:
    found = relief_cap_2020(monthly=given.money("monthly"), day=at.on, book=at.book)
    return found if isinstance(found, Refusal) else _amount(found.amount, found.reasons)


def _death(given: Arguments, at: Setting) -> Answer | Refusal:
    found = death_grant(monthly=given.money("monthly"), region=at.region, day=at.on, book=at.book)
    if isinstance(found, Refusal):
        return found
    return {
        "funeral": found.funeral.text,
        "dependants": found.dependants.text if found.dependants else None,
        "reasons": _plain(found.reasons),
    }


def _price(given: Arguments, at: Setting) -> Answer | Refusal:
    found = price_subsidy(
        living_allowance=given.money("living-allowance"),
        index_rise=given.ratio("index-rise"),
        cpi=given.ratio("cpi"),
        food=given.ratio("food"),
        region=at.region,
        day=at.on,
        book=at.book,
    )
    return found if isinstance(found, Refusal) else _amount(found.amount, found.reasons)


def _skill(given: Arguments, at: Setting) -> Answer | Refusal:
    found = skill_subsidy(
        certificate_on=given.day("certificate"),
        applied_on=given.day("applied") if given.has("applied") else at.on,
        level=cast(SkillLevel, given.choice("level", "junior", "intermediate", "senior")),
        months_paid=given.count("paid"),
        day=at.on,
        book=at.book,
    )
    if isinstance(found, Refusal):
        return found
    return {
        "eligible": found.eligible,
        "amount": found.amount.text,
        "apply_by": found.apply_by.isoformat(),
        "reasons": _plain(found.reasons),
    }


def _pension_months(given: Arguments, at: Setting) -> Answer | Refusal:
    day = given.day("retires") if given.has("retires") else at.on
    found = pension_min_months(day=day, book=at.book)
    if isinstance(found, Refusal):
        return found
    reason = reason_of(
        "pension_min_months", f"最低缴费{found.count}个月", found, text_en=f"{found.count} months"
    )
    return {"months": found.count, "reasons": _plain((reason,))}


def _pension_premium(given: Arguments, at: Setting) -> Answer | Refusal:
    found = pension_premium(
        paid_monthly=given.money("paid"),
        lowest_monthly=given.money("lowest"),
        months=given.count("months"),
        day=at.on,
        book=at.book,
    )
    return found if isinstance(found, Refusal) else _amount(found.amount, found.reasons)


def _overpayment(given: Arguments, at: Setting) -> Answer | Refusal:
    found = overpayment(
        event_day=given.day("event"),
        paid_until=given.month("paid-until"),
        monthly=given.money("monthly"),
        region=at.region,
        day=at.on,
        book=at.book,
    )
    if isinstance(found, Refusal):
        return found
    return {
        "months": found.months,
        "first_month": str(found.first_month),
        **_amount(found.amount, found.reasons),
    }


def _fine(given: Arguments, at: Setting) -> Answer | Refusal:
    found = fine_range(amount=given.money("amount"), day=at.on, book=at.book)
    if isinstance(found, Refusal):
        return found
    return {
        "lowest": found.lowest.text,
        "highest": found.highest.text,
        "reasons": _plain(found.reasons),
    }


def _dishonesty(given: Arguments, at: Setting) -> Answer | Refusal:
    found = dishonesty_trigger(
        months=given.count("months"),
        amount=given.money("amount"),
        intentional=given.flag("intentional"),
        refused_return=given.flag("refused-return"),
        fraud=given.flag("fraud"),
        region=at.region,
        day=at.on,
        book=at.book,
    )
    if isinstance(found, Refusal):
        return found
    return {"local": found.local, "national": found.national, "reasons": _plain(found.reasons)}


def _struggling(given: Arguments, at: Setting) -> Answer | Refusal:
    found = struggling_refund(
        monthly=given.money("monthly"),
        insured=given.count("insured"),
        region=at.region,
        day=at.on,
        book=at.book,
    )
    return found if isinstance(found, Refusal) else _amount(found.amount, found.reasons)


def _settle(given: Arguments, at: Setting) -> Answer:  # noqa: ARG001 (one shape for all)
    found = settle(prepaid=given.money("prepaid"), actual=given.money("actual"))
    reason = Reason(
        code="settlement",
        text="先预拨、后承诺、再清算，多退少补",
        text_en="The difference is paid on or recovered",
        source="《山东省人社厅关于进一步推进失业保险金“畅通领、安全办”有关工作的通知》（鲁人社函〔2020〕10号）第二项",
    )
    return {"pay": found.pay.text, "recover": found.recover.text, "reasons": _plain((reason,))}


def _time_limit(given: Arguments, at: Setting) -> Answer | Refusal:
    start = given.day("from") if given.has("from") else at.on
    name = given.text("name").replace("-", "_")
    found = deadline(name, start, region=at.region, book=at.book, calendar=at.calendar)
    if isinstance(found, Refusal):
        return found
    return {"date": found.day.isoformat(), "reasons": _plain(found.reasons)}


def _pay_day(given: Arguments, at: Setting) -> Answer | Refusal:
    found = pay_day(given.month("month"), region=at.region, book=at.book, calendar=at.calendar)
    if isinstance(found, Refusal):
        return found
    return {"date": found.day.isoformat(), "reasons": _plain(found.reasons)}


def _parameter(given: Arguments, at: Setting) -> Answer:
    found = at.book.at(given.text("key"), at.region, at.on)
    reason = reason_of("parameter", found.title, found, fact=found.note)
    shown = found.value.text if isinstance(found.value, Money) else found.value
    if isinstance(shown, tuple):
        shown = ",".join(str(each) for each in shown)
    return {
        "value": shown if isinstance(shown, bool | int) else str(shown),
        "unit": found.unit,
        "region": found.region,
        "from": found.valid_from.isoformat(),
        "until": found.last_day.isoformat() if found.last_day else None,
        "verified": found.verified,
        "reasons": _plain((reason,)),
    }


def _exit_reason(given: Arguments, at: Setting) -> Answer:
    found = at.book.exit_reasons.get(given.text("code").upper())
    if found is None:
        known = "、".join(at.book.exit_reasons)
        raise BadArgumentError("code", f"没有减员原因 {given.text('code')!r}，可用：{known}")
    reason = Reason(
        code="exit_reason",
        text=found.name,
        text_en=found.name_en,
        source="；".join(each for each in (found.source, found.statute) if each),
        verified=found.verified,
    )
    return {
        "name": found.name,
        "involuntary": found.involuntary,
        "layoff": found.layoff,
        "reasons": _plain((reason,)),
    }


def _bank_card(given: Arguments, at: Setting) -> Answer:  # noqa: ARG001 (one shape for all)
    found = bank_card(given.text("value"))
    if isinstance(found, Refusal):
        return {"valid": False, "reasons": _plain(found.reasons)}
    return {
        "valid": True,
        "warnings": [warning.code for warning in found.warnings],
        "reasons": _plain(found.warnings),
    }


def _demands(given: Arguments, at: Setting) -> Answer:
    found = find_demands(given.text("text"), at.book.forbidden_demands)
    reasons = tuple(
        Reason(
            code="forbidden_demand",
            text=f"不得索要或设置：{each.demand.name}",
            text_en=f"Forbidden demand: {each.demand.code}",
            fact=each.word,
            source=each.demand.source,
        )
        for each in found
    )
    return {"demands": [each.demand.code for each in found], "reasons": _plain(reasons)}


def _amount(amount: Money, reasons: tuple[Reason, ...]) -> Answer:
    return {"amount": amount.text, "reasons": _plain(reasons)}


def _plain(reasons: tuple[Reason, ...]) -> list[dict[str, str | bool]]:
    return [reason.plain() for reason in reasons]


def _transfer_place(given: Arguments, at: Setting) -> Answer | Refusal:
    found = transfer_place(
        from_region=given.region("from") or "",
        to_region=at.region,
        household_region=given.region("household") or "",
        last_region=given.region("last") or "",
        works_there=given.flag("works-there"),
        draws_benefit=given.flag("draws-benefit"),
        day=at.on,
        book=at.book,
    )
    if isinstance(found, Refusal):
        return found
    return {"allowed": found.allowed, "employed": found.employed, "reasons": _plain(found.reasons)}


#: name, title, required and optional arguments, reply
QUESTIONS: tuple[tuple[str, str, str, str, Reply], ...] = (
    (
        "claim",
        "申领核定",
        "birth sex paid",
        "class deemed carried exit-day exit-reason contributing business pension wants-work household",
        _claim,
    ),
    ("schedule", "逐月应发", "first-month months", "household adjusted", _schedule),
    ("medical-premium", "代缴医疗保险费", "average-wage rate", "", _medical),
    ("relief-2020", "失业补助金上限（2020年）", "monthly", "", _relief),
    ("death-grant", "死亡待遇", "monthly", "", _death),
    ("price-subsidy", "价格临时补贴", "living-allowance index-rise cpi food", "", _price),
    ("skill-subsidy", "技能提升补贴", "certificate level paid", "applied", _skill),
    ("pension-months", "养老金最低缴费月数", "", "retires", _pension_months),
    ("pension-premium", "大龄领金人员养老保险费", "paid lowest months", "", _pension_premium),
    ("overpayment", "多领退回", "event paid-until monthly", "", _overpayment),
    ("fraud-fine", "骗取罚款幅度", "amount", "", _fine),
    ("dishonesty", "失信名单情形", "months amount", "intentional refused-return fraud", _dishonesty),
    (
        "transfer-place",
        "能否转入本地区",
        "from",
        "household last works-there draws-benefit",
        _transfer_place,
    ),
    ("struggling-refund", "困难企业返还", "monthly insured", "", _struggling),
    REFUND_DUE,
    ("settle", "预拨清算", "prepaid actual", "", _settle),
    ("time-limit", "办理时限", "name", "from", _time_limit),
    ("pay-day", "发放日", "month", "", _pay_day),
    ("parameter", "政策参数", "key", "", _parameter),
    ("exit-reason", "减员原因", "code", "", _exit_reason),
    ("bank-card", "银行卡号校验", "value", "", _bank_card),
    ("demands", "禁止性要求检查", "text", "", _demands),
)
