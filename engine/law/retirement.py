"""Statutory retirement date, the extension of benefit to it, and the pension premium of older claimants.

Source: 国务院关于渐进式延迟法定退休年龄的办法, in force 2025-01-01; 人社厅发〔2020〕24号 for the extension.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from engine.law.facts import RetirementClass
from engine.law.policy import NATIONAL, Parameter, PolicyBook, or_refusal, reason_of
from engine.values import Money, Month, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """When the statutory retirement age is reached."""

    date: date
    #: months later than the original age
    delay_months: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """Whether benefit goes on by itself after its period, and how long."""

    extends: bool
    #: the retirement date; None when it does not go on
    until: date | None
    #: None where no whole month is left: the benefit month of the expiry is the month of retirement
    first_month: Month | None
    #: last month paid; nothing after it
    last_month: Month | None
    #: months paid, both ends included
    months: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PensionPremium:
    """What the fund gives back of pension premiums that an older claimant paid first."""

    amount: Money
    reasons: tuple[Reason, ...]


def add_months(day: date, months: int) -> date:
    """The same day so many months later, clipped to the end of a shorter month."""
    month = Month.of(day).plus(months)
    return date(month.year, month.month, min(day.day, monthrange(month.year, month.month)[1]))


@or_refusal
def retirement(birth: date, cls: RetirementClass, *, book: PolicyBook) -> Retirement:
    """The statutory retirement date of a person of that class.

    Source: 延迟退休办法 art. 1. The first band is delayed by one month already. Which law applies is settled by
    the day on which the original age is reached, so a person who reached it before 2025 has no delay.
    Early or late retirement by choice (art. 3) does not move this date.
    """
    return _retirement(birth, cls, book)


def _retirement(birth: date, cls: RetirementClass, book: PolicyBook) -> Retirement:
    key = f"retirement.{cls.lower()}"
    # a class is named after its original age, so the day that settles the law needs no figure of the law
    reached = add_months(birth, int(cls[1:]) * 12)
    years = book.at(f"{key}.base_years", NATIONAL, reached)
    cap = book.at(f"{key}.cap_months", NATIONAL, reached)
    used: tuple[Parameter, ...] = (years, cap)
    delay = 0
    if cap.count:
        step = book.at(f"{key}.step_months", NATIONAL, reached)
        first = book.at(f"{key}.first_birth_month", NATIONAL, reached)
        born_later = first.month.until(Month.of(birth))
        delay = min(born_later // step.count + 1, cap.count) if born_later >= 0 else 0
        used = (years, first, step, cap)
    day = add_months(birth, years.count * 12 + delay)
    age = f"{years.count + delay // 12}岁" + (f"{delay % 12}个月" if delay % 12 else "")
    reason = reason_of(
        "retirement_age",
        f"法定退休年龄{age}，延迟{delay}个月，{day.isoformat()}达到",
        *used,
        text_en=f"Statutory retirement on {day.isoformat()}, delayed by {delay} months",
        fact=f"{birth.isoformat()}出生，{cls}",
    )
    return Retirement(date=day, delay_months=delay, reasons=(reason,))


@or_refusal
def extension(
    expiry: date, birth: date, cls: RetirementClass, *, book: PolicyBook, region: str = NATIONAL
) -> Extension:
    """Whether benefit that ends on the expiry day goes on to the retirement date, and for which months.

    Source: 人社厅发〔2020〕24号, 鲁人社函〔2020〕10号（六）. Extends when expiry < retirement < expiry + 1 year,
    both exclusive; needs no application. Pays from the month after expiry (not before 2019-12) through the
    month of the retirement date. Statutory grounds stop it like any benefit.
    """
    found = _retirement(birth, cls, book)
    rule = book.find("extension.within_months", region, found.date)
    if rule is None:
        return _not_extended("extension_not_in_force", "续发自2019年12月起施行，退休日在此之前", found)
    if found.date <= expiry:
        return _not_extended("already_past_retirement", "期满时已达到法定退休年龄", found, rule)
    if found.date >= add_months(expiry, rule.count):
        return _not_extended(
            "not_within_one_year", f"期满时距法定退休年龄不少于{rule.count}个月", found, rule
        )
    through = book.at("extension.pays_retirement_month", region, found.date)
    start = max(Month.of(expiry).plus(1), Month.of(rule.valid_from))
    last = Month.of(found.date) if through.flag else Month.of(found.date).plus(-1)
    reason = reason_of(
        "extended_to_retirement",
        f"期满时距法定退休年龄不足{rule.count}个月，自动续发至{found.date.isoformat()}，末月{last}",
        rule,
        through,
        text_en=f"Paid on until {found.date.isoformat()}",
        fact=f"期满日{expiry.isoformat()}",
    )
    months = max(start.until(last) + 1, 0)
    return Extension(
        extends=True,
        until=found.date,
        first_month=start if months else None,
        last_month=last if months else None,
        months=months,
        reasons=(reason, *found.reasons),
    )


def _not_extended(code: str, text: str, found: Retirement, *used: Parameter) -> Extension:
    reason = reason_of(
        code,
        text,
        *used,
        text_en="Benefit ends with its period",
        fact=f"法定退休日{found.date.isoformat()}",
    )
    return Extension(
        extends=False,
        until=None,
        first_month=None,
        last_month=None,
        months=0,
        reasons=(reason, *found.reasons),
    )


@or_refusal
def pension_min_months(*, day: date, book: PolicyBook) -> Parameter:
    """Contribution months needed for a basic pension when retiring that day. Source: 延迟退休办法 art. 2."""
    return book.at("pension.min_contribution_months", NATIONAL, day)


@or_refusal
def pension_premium(
    *, paid_monthly: Money, lowest_monthly: Money, months: int, day: date, book: PolicyBook
) -> PensionPremium:
    """What the fund refunds to a claimant under one year from retirement who paid pension premiums first.

    Source: 人社部发〔2024〕76号, 2025-01-01 to 2039-12-31. Each month the smaller of what was paid and the
    local lowest rate for flexible workers.
    """
    rule = book.at("pension.premium_for_claimants", NATIONAL, day)
    monthly = min(paid_monthly, lowest_monthly)
    reason = reason_of(
        "pension_premium_refunded",
        f"先缴后补：每月{monthly.text}元，共{months}个月",
        rule,
        text_en=f"{months} months at {monthly.text} yuan",
        fact=f"实缴每月{paid_monthly.text}元，最低标准{lowest_monthly.text}元",
    )
    return PensionPremium(amount=monthly.times(months), reasons=(reason,))
