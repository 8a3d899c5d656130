"""What the fund pays beside the benefit: medical premium, death grants, price subsidy, skills subsidy.

Local figures that no notice gave us (average wage, medical rate, living-allowance line) are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from engine.law.policy import NATIONAL, PolicyBook, PolicyGap, or_refusal, reason_of
from engine.law.retirement import add_months
from engine.values import Money, Reason

SkillLevel = Literal["junior", "intermediate", "senior"]
LEVEL_NAMES = {
    "junior": "初级（五级）",
    "intermediate": "中级（四级）",
    "senior": "高级（三级）",
    "technician": "技师（二级）",
    "senior_technician": "高级技师（一级）",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An amount due, zero where the reasons say why not."""

    amount: Money
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeathGrant:
    """What the family of a claimant who died receives once."""

    funeral: Money
    #: None where the region's rule for dependants needs a figure not on file
    dependants: Money | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillSubsidy:
    """Whether a skills certificate earns a subsidy; every failed condition when not."""

    eligible: bool
    amount: Money
    #: last day to apply, inclusive
    apply_by: date
    reasons: tuple[Reason, ...]


@or_refusal
def medical_premium(*, average_wage: Money, rate: Decimal, day: date, book: PolicyBook) -> Due:
    """The monthly medical premium the fund pays: average wage × lowest base share × local rate.

    Source: 社会保险法 art. 48, 人社部发〔2011〕77号. Base and premium each rounded half up to the fen; the person
    pays nothing.
    """
    share = book.at("medical.base_ratio_min", NATIONAL, day)
    paid = book.at("medical.paid_by_fund", NATIONAL, day)
    base = average_wage.times(share.decimal)
    amount = base.times(rate)
    reason = reason_of(
        "medical_premium",
        f"基数{base.text}元×费率{rate:.2%}，由基金支付，本人不缴",
        share,
        paid,
        text_en=f"Base {base.text} × {rate:.2%}",
        fact=f"上年月平均工资{average_wage.text}元",
    )
    return Due(amount=amount, reasons=(reason,))


@or_refusal
def relief_cap_2020(*, monthly: Money, day: date, book: PolicyBook) -> Due:
    """The highest monthly 失业补助金 of 2020: 80 % of the benefit, at most 6 months; kept for old cases only.

    Refused for a day outside 2020-03 to 2020-12: the scheme is closed.
    """
    share = book.at("relief2020.cap", NATIONAL, day)
    months = book.at("relief2020.months", NATIONAL, day)
    reason = reason_of(
        "relief_2020",
        f"不超过失业保险金{monthly.text}元的{share.decimal:.0%}，最长{months.count}个月",
        share,
        months,
        text_en=f"At most {share.decimal:.0%} of {monthly.text} for {months.count} months",
    )
    return Due(amount=monthly.times(share.decimal), reasons=(reason,))


@or_refusal
def death_grant(*, monthly: Money, region: str, day: date, book: PolicyBook) -> DeathGrant:
    """Funeral grant and dependants' grant for a death while claiming.

    Source: 社会保险法 art. 49; 重庆 6 and 10 × the monthly benefit; 山东 a fixed funeral grant and 10 × the province's
    average monthly wage of the year before. Which of several funds pays is ``death.death_benefits``' question.
    """
    fixed = book.find("death.funeral_fixed", region, day)
    if fixed:
        reason = reason_of(
            "death_grant", f"丧葬补助金{fixed.money.text}元", fixed, text_en="Fixed funeral grant"
        )
        relief, why = _of_wages(region, day, book)
        return DeathGrant(funeral=fixed.money, dependants=relief, reasons=(reason, why))
    funeral = book.at("death.funeral_months", region, day)
    dependants = book.at("death.dependants_months", region, day)
    reason = reason_of(
        "death_grant",
        f"丧葬补助金{funeral.count}个月、抚恤金{dependants.count}个月失业保险金",
        funeral,
        dependants,
        text_en=f"{funeral.count} and {dependants.count} times the monthly benefit",
        fact=f"月标准{monthly.text}元",
    )
    return DeathGrant(
        funeral=monthly.times(funeral.count), dependants=monthly.times(dependants.count), reasons=(reason,)
    )


def _of_wages(region: str, day: date, book: PolicyBook) -> tuple[Money | None, Reason]:
    """The dependants' grant reckoned by wages; None with the gap where a figure is not on file."""
    try:
        times = book.at("death.dependants_wages", region, day)
        wage = book.at("death.average_wage", region, day)
    except PolicyGap as gap:
        return None, gap.reason
    amount = wage.money.times(times.count)
    reason = reason_of(
        "death_dependants",
        f"抚恤金{amount.text}元",
        times,
        wage,
        text_en=f"Dependants' grant of {amount.text}",
        fact=f"上年全省月平均工资{wage.money.text}元×{times.count}",
    )
    return amount, reason


@or_refusal
def price_subsidy(
    *,
    living_allowance: Money,
    index_rise: Decimal,
    cpi: Decimal,
    food: Decimal,
    day: date,
    book: PolicyBook,
    region: str = NATIONAL,
) -> Due:
    """The month's price subsidy: living allowance × rise of the low-income price index.

    Paid when consumer prices or food prices rose by the region's trigger over a year, inclusive; else zero, as where
    the low-income index itself did not rise. All rises are ratios (0.042 for 4.2 %). Rounded half up to the fen.
    """
    general = book.at("price.cpi_trigger", region, day)
    foods = book.at("price.food_trigger", region, day)
    fact = f"居民消费价格同比{cpi:.1%}，食品{food:.1%}"
    if cpi < general.decimal and food < foods.decimal:
        reason = reason_of(
            "price_below_trigger",
            "未达到启动条件，当月不发",
            general,
            foods,
            text_en="Below the trigger",
            fact=fact,
        )
        return Due(amount=Money(0), reasons=(reason,))
    # a food trigger may be reached in a month in which the other index fell: nobody owes a subsidy back
    amount = living_allowance.times(max(index_rise, Decimal(0)))
    reason = reason_of(
        "price_subsidy",
        f"低保标准{living_allowance.text}元×{index_rise:.1%}",
        general,
        foods,
        text_en=f"{living_allowance.text} × {index_rise:.1%}",
        fact=fact,
    )
    return Due(amount=amount, reasons=(reason,))


@or_refusal
def skill_subsidy(
    *,
    certificate_on: date,
    applied_on: date,
    level: SkillLevel,
    months_paid: int,
    day: date,
    book: PolicyBook,
    region: str = NATIONAL,
) -> SkillSubsidy:
    """Whether the certificate earns the subsidy of its level; figures are those in force on ``day``.

    The last day to apply is the same day twelve months after the certificate, inclusive. Which day's figures
    govern, certificate or application, is an open question: the caller says by ``day``.
    """
    amount = book.at(f"skill.amount.{level}", region, day)
    least = book.at("skill.min_months", region, day)
    window = book.at("skill.apply_within_months", region, day)
    apply_by = add_months(certificate_on, window.count)
    failed: list[Reason] = []
    if applied_on > apply_by:
        failed.append(
            reason_of(
                "skill_too_late",
                f"须在证书核发后{window.count}个月内申请，最后一日{apply_by.isoformat()}",
                window,
                text_en=f"Last day was {apply_by.isoformat()}",
                fact=f"证书{certificate_on.isoformat()}，申请{applied_on.isoformat()}",
            )
        )
    if months_paid < least.count:
        failed.append(
            reason_of(
                "skill_paid_too_short",
                f"累计缴费须满{least.count}个月",
                least,
                text_en=f"{least.count} months needed",
                fact=f"缴费{months_paid}个月",
            )
        )
    if failed:
        return SkillSubsidy(eligible=False, amount=Money(0), apply_by=apply_by, reasons=tuple(failed))
    granted = reason_of(
        "skill_subsidy",
        f"{LEVEL_NAMES[level]}补贴{amount.money.text}元",
        amount,
        least,
        window,
        text_en=f"Subsidy of {amount.money.text}",
        fact=f"最后申请日{apply_by.isoformat()}",
    )
    return SkillSubsidy(eligible=True, amount=amount.money, apply_by=apply_by, reasons=(granted,))
