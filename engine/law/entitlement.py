"""How many months, how much a month: the benefit a claim is granted.

Source: 社会保险法 arts. 46, 47, 50; province tables and minimum-wage linkage come from the policy book.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from engine.law.eligibility import eligibility, qualifying_months
from engine.law.facts import ClaimFacts, Determination, refused
from engine.law.policy import Parameter, PolicyBook, PolicyGap, or_refusal, reason_of
from engine.values import Money, Month, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """Benefit months with what they are made of."""

    months: int
    #: from the table for the months paid
    granted_new: int
    #: unclaimed from an earlier grant, as far as the total allows
    carried: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """The monthly standard of a day."""

    monthly: Money
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDue:
    """One benefit month and its amount."""

    month: Month
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The months of a grant, each with its amount."""

    months: tuple[MonthDue, ...]
    reasons: tuple[Reason, ...]

    @property
    def total(self) -> Money:
        """The sum over all months."""
        return Money.total(due.amount for due in self.months)


def determine(facts: ClaimFacts, book: PolicyBook) -> Determination:
    """Eligibility, months, amount and first month in one decision.

    Not granted: every refusing reason of ``eligibility``, or ``policy_gap`` where a figure has none in force, or
    ``no_months`` where no benefit month is due. The amount is the standard of the day of application.
    """
    decision = eligibility(facts, book)
    if not decision.granted:
        return decision
    region, day = facts.region, facts.applied_on
    try:
        months = _months(
            paid=facts.months_paid,
            deemed=facts.deemed_months,
            carried=facts.carried_months,
            region=region,
            day=day,
            book=book,
        )
        amount = _amount(region=region, day=day, household_region=facts.household_region, book=book)
        offset = book.at("benefit.first_month_offset", region, day)
    except PolicyGap as gap:
        return refused(gap.reason)
    if months.months == 0:
        return refused(*months.reasons)
    first = Month.of(day).plus(offset.count)
    began = reason_of(
        "first_month",
        f"自{first}起按月发放",
        offset,
        text_en=f"Paid from {first}",
        fact=f"申请日{day.isoformat()}",
    )
    return replace(
        decision,
        months=months.months,
        monthly=amount.monthly,
        first_month=first,
        reasons=(*decision.reasons, *months.reasons, *amount.reasons, began),
    )


@or_refusal
def benefit_months(
    *, paid: int, deemed: int = 0, carried: int = 0, region: str, day: date, book: PolicyBook
) -> Months:
    """Months of benefit due for the paid months.

    Source: 社会保险法 art. 46 and the region's table. Unit: whole months. Full years of paid plus deemed months
    look up the table, never above the national cap; months carried over are added up to 24. Below one paid
    year: the carried months only, reason ``carried_remainder``, or zero, reason ``not_qualified``.
    """
    return _months(paid=paid, deemed=deemed, carried=carried, region=region, day=day, book=book)


def _months(*, paid: int, deemed: int, carried: int, region: str, day: date, book: PolicyBook) -> Months:
    counting, counted = qualifying_months(paid=paid, deemed=deemed, region=region, day=day, book=book)
    least = book.at("eligibility.min_months", region, day)
    if counting < least.count:
        return _below_one_year(paid=counting, carried=carried, least=least, region=region, day=day, book=book)
    credited = paid + deemed
    table = book.at("benefit.months_table", region, day)
    cap = book.at("benefit.national_cap", region, day)
    years = credited // 12
    new = min(table.for_years(years), cap.for_years(years))
    reasons = [
        reason_of(
            "benefit_months",
            f"累计缴费满{years}年，应领{new}个月（国家上限{cap.for_years(years)}个月）",
            table,
            cap,
            text_en=f"{years} full years give {new} months",
            fact=f"累计缴费{credited}个月",
        ),
        *counted,
    ]
    if not carried:
        return Months(months=new, granted_new=new, carried=0, reasons=tuple(reasons))
    most = book.at("benefit.max_months", region, day)
    total = min(new + carried, most.count)
    reasons.append(
        reason_of(
            "carried_months",
            f"加上次未领的{carried}个月，合并{total}个月（最长{most.count}个月）",
            most,
            text_en=f"With {carried} months carried over: {total}",
            fact=f"上次未领{carried}个月",
        )
    )
    return Months(months=total, granted_new=new, carried=total - new, reasons=tuple(reasons))


def _below_one_year(
    *, paid: int, carried: int, least: Parameter, region: str, day: date, book: PolicyBook
) -> Months:
    if not carried:
        reason = reason_of(
            "not_qualified",
            f"缴费不满{least.count}个月，已缴{paid}个月予以保留，以后累计计算",
            least,
            text_en=f"{paid} months paid, {least.count} needed; the months are kept",
            fact=f"累计缴费{paid}个月",
        )
        return Months(months=0, granted_new=0, carried=0, reasons=(reason,))
    remainder = book.at("benefit.continue_remainder", region, day)
    most = book.at("benefit.max_months", region, day)
    left = min(carried, most.count)
    reason = reason_of(
        "carried_remainder",
        f"再就业不满一年又失业，继续领取剩余{left}个月；本次缴费{paid}个月予以保留",
        remainder,
        most,
        text_en=f"Goes on drawing the {left} months left; {paid} months are kept",
        fact=f"累计缴费{paid}个月，上次未领{carried}个月",
    )
    return Months(months=left, granted_new=0, carried=left, reasons=(reason,))


@or_refusal
def benefit_amount(
    *, region: str, day: date, household_region: str | None = None, book: PolicyBook
) -> Amount:
    """The monthly benefit of that day, to the fen.

    Source: 鲁人社发〔2018〕60号 (share of the region's minimum-wage tier), 重庆 80 % of the highest tier and 90 %
    for households of four counties. Without a household the place of insurance stands for it, and where that
    decides the share the reason ``household_assumed`` says so and is unverified. Rounded half up.
    """
    return _amount(region=region, day=day, household_region=household_region, book=book)


def _amount(*, region: str, day: date, household_region: str | None, book: PolicyBook) -> Amount:
    fixed = book.find("benefit.monthly_fixed", region, day)
    if fixed:
        reason = reason_of("benefit_amount", f"月标准{fixed.money.text}元", fixed, text_en="Fixed standard")
        return Amount(monthly=fixed.money, reasons=(reason,))
    share, assumed = _share(region=region, day=day, household_region=household_region, book=book)
    tier = book.at("minimum_wage.tier", region, day)
    wage = book.at(f"minimum_wage.tier{tier.count}", region, day)
    monthly = wage.money.times(share.decimal)
    reason = reason_of(
        "benefit_amount",
        f"最低工资{wage.money.text}元的{share.decimal:.0%}，月标准{monthly.text}元",
        share,
        wage,
        tier,
        text_en=f"{share.decimal:.0%} of the minimum wage {wage.money.text}",
        fact=f"{region}第{tier.count}档",
    )
    return Amount(monthly=monthly, reasons=(reason, *assumed))


def _share(
    *, region: str, day: date, household_region: str | None, book: PolicyBook
) -> tuple[Parameter, tuple[Reason, ...]]:
    """The share of the minimum wage, raised for households that the insuring province favours."""
    home = household_region or region
    # a favoured household counts only inside the province that insures the person
    favoured = book.find("benefit.household_ratio", home, day) if home[:2] == region[:2] else None
    if favoured is None:
        return book.at("benefit.ratio", region, day), ()
    if household_region:
        return favoured, ()
    assumed = Reason(
        code="household_assumed",
        text=f"户籍未核实，暂按参保地{region}户籍适用优惠比例，发放前须核实",
        text_en="Household not known; the place of insurance stands for it",
        parameter=favoured.label,
        source=favoured.source,
        verified=False,
    )
    return favoured, (assumed,)


@or_refusal
def benefit_schedule(
    *,
    first_month: Month,
    months: int,
    granted_on: date,
    region: str,
    household_region: str | None = None,
    adjusted: bool | None = None,
    book: PolicyBook,
) -> Schedule:
    """Each benefit month with its amount.

    Unadjusted: the standard of the day of application throughout. Adjusted: from the month in which a new
    standard takes effect, the new one. None: as the bureau's setting says. Both months inclusive.
    """
    setting = book.at("benefit.adjust_running_claims", region, granted_on)
    follows = setting.flag if adjusted is None else adjusted
    granted = _amount(region=region, day=granted_on, household_region=household_region, book=book)
    dues: list[MonthDue] = []
    for index in range(months):
        month = first_month.plus(index)
        # a raise counts from its own month on, and never reaches back before the application
        day = max(month.first_day, granted_on) if follows else granted_on
        amount = _amount(region=region, day=day, household_region=household_region, book=book)
        dues.append(MonthDue(month=month, amount=amount.monthly))
    reason = reason_of(
        "benefit_schedule",
        "标准调整后自调整当月起按新标准" if follows else "按申请之日标准发放",
        setting,
        text_en="Follows later standards" if follows else "Standard of the day of application",
        fact=f"{first_month}起{months}个月",
    )
    return Schedule(months=tuple(dues), reasons=(*granted.reasons, reason))
