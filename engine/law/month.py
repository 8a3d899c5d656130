"""What one benefit month brings, and what a month's run owes one grant: the definition that the month run is held to.

Source: 社会保险法 arts. 46 to 51; 鲁人社发〔2018〕60号 for raises that reach running claims; 人社厅发〔2020〕24号 for the
extension. A month that is in doubt is held and never lost: a later run pays every month that is due by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from engine.law.benefits import medical_premium
from engine.law.entitlement import benefit_amount
from engine.law.facts import RetirementClass
from engine.law.policy import PolicyBook, PolicyGap
from engine.law.prices import NO_PRICES, Prices, subsidy_of
from engine.law.retirement import extension
from engine.values import Money, Month, Reason, Refusal

AccountState = Literal["good", "none", "inactive", "other_holder"]
Outcome = Literal["pay", "hold", "end", "none"]

#: why a grant's month was decided as it was: code → the sentence for people, and the same in English
REASONS: dict[str, tuple[str, str]] = {
    "due": ("按月应发", "Due this month"),
    "extended": ("期满续发，至法定退休当月", "Extended to the month of retirement"),
    "raised": ("标准提高，补发已发月份的差额", "The difference to a raised standard is paid"),
    "price": ("补发已发月份的价格临时补贴", "The price subsidy of a month that was ordered before"),
    "last": ("本月发放后领取期满", "Used up with this month"),
    "used_up": ("领取期限已满", "Used up"),
    "paid_up": ("应发月份均已发放", "Everything due is ordered"),
    "not_begun": ("尚未到起领月份", "Not begun"),
    "hit": ("比对命中待核实，暂缓发放，核实后补发", "Held: a hit of the matching is open"),
    "no_account": ("没有社会保障卡银行账户，暂缓发放，补齐后补发", "Held: no card account"),
    "account_inactive": ("社会保障卡账户未激活，暂缓发放，激活后补发", "Held: the account is not activated"),
    "holder_differs": (
        "账户户主不是本人，暂缓发放，核实后补发",
        "Held: the account belongs to somebody else",
    ),
    "class_unknown": ("领取期满，是否续发须先确认退休类别", "Held: the retirement class is not known"),
    "extension_gap": ("续发起始月份须人工核定", "Held: the extension begins later than the period ends"),
    "no_rate": ("当月没有有效的发放标准，暂缓发放", "Held: no standard in force"),
}
_ACCOUNTS: dict[AccountState, str] = {
    "none": "no_account",
    "inactive": "account_inactive",
    "other_holder": "holder_differs",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What the law gives for one month in one region; None where no figure is on file."""

    benefit: Money | None
    medical: Money | None
    subsidy: Money | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFacts:
    """One grant as it stands before the run."""

    region: str
    household_region: str | None
    birth: date
    retirement_class: RetirementClass | None
    applied_on: date
    monthly: Money
    first_month: Month
    months: int
    #: last month ordered; None before the first
    paid_through: Month | None
    #: last month of an extension that was found before
    extended_through: Month | None
    #: the day of a statutory stop; its month is due
    stopped_on: date | None
    used_up: bool
    #: a hit is open
    in_doubt: bool
    account: AccountState
    #: months that this office ordered the benefit of: an index that comes later still reaches them
    ordered: frozenset[Month] = frozenset()
    #: months whose price subsidy the person was ordered, on whatever grant
    subsidised: frozenset[Month] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOutcome:
    """What the run owes the grant now; ``months`` only where the outcome is ``pay``."""

    outcome: Outcome
    #: word of REASONS
    reason: str
    months: tuple[tuple[Month, Money], ...] = ()
    #: price subsidies that are due now, each once for a person and month
    subsidies: tuple[tuple[Month, Money], ...] = ()
    #: found now or before
    extended_through: Month | None = None
    #: nothing will be due after this
    used_up: bool = False


def rate_of(
    *, region: str, household_region: str | None, month: Month, book: PolicyBook, prices: Prices = NO_PRICES
) -> Rate:
    """Benefit, medical premium and price subsidy of the month, each with its reasons or its gap.

    ``prices``: the indices that are published by now.
    """
    day = month.first_day
    amount = benefit_amount(region=region, day=day, household_region=household_region, book=book)
    medical, medical_reasons = _medical(region, day, book)
    subsidy, subsidy_reasons = subsidy_of(prices.at(region, month), region=region, book=book)
    return Rate(
        benefit=None if isinstance(amount, Refusal) else amount.monthly,
        medical=medical,
        subsidy=subsidy,
        reasons=(*amount.reasons, *medical_reasons, *subsidy_reasons),
    )


def follows(*, region: str, day: date, book: PolicyBook) -> bool | None:
    """Whether a later standard reaches a claim of that day; None where no rule was in force."""
    setting = book.find("benefit.adjust_running_claims", region, day)
    return None if setting is None else setting.flag


def extended_to(
    last: Month, *, birth: date, cls: RetirementClass | None, region: str, book: PolicyBook
) -> tuple[Month | None, str | None]:
    """The last month of the extension of a grant whose period ends with ``last``, None where it just ends.

    With it, the word of REASONS for why it cannot be said, where it cannot.
    """
    if cls is None:
        return None, "class_unknown"
    found = extension(last.last_day, birth, cls, book=book, region=region)
    if isinstance(found, Refusal):
        return None, "class_unknown"
    if not found.extends or found.first_month is None:
        return None, None
    if found.first_month != last.plus(1):
        return None, "extension_gap"
    return found.last_month, None


def standard_of(
    *,
    region: str,
    household_region: str | None,
    applied_on: date,
    monthly: Money,
    month: Month,
    book: PolicyBook,
) -> Money | None:
    """The standard of the month: the grant's own until a later one reaches it; None where none is in force."""
    reached = follows(region=region, day=applied_on, book=book)
    if reached is None:
        return None
    if not reached or month.first_day <= applied_on:
        return monthly
    found = benefit_amount(region=region, day=month.first_day, household_region=household_region, book=book)
    return None if isinstance(found, Refusal) else found.monthly


def month_due(facts: GrantFacts, run: Month, book: PolicyBook, prices: Prices = NO_PRICES) -> MonthOutcome:
    """What a run of that month owes the grant: every month up to it that is due and not ordered, or why not.

    With it the price subsidy of every month that is drawn by then and whose index is published (``prices``): in most
    cases the month before, whose benefit an earlier run ordered.
    """
    last = facts.first_month.plus(facts.months - 1)
    through, verdict = _extension(facts, run, last, book)
    end = _end(facts, last, through)
    start = facts.paid_through.plus(1) if facts.paid_through else facts.first_month
    until = min(run, end)
    finished = facts.used_up or (
        facts.stopped_on is None and verdict is None and last <= run and (through is None or through <= run)
    )
    held = "hit" if facts.in_doubt else _ACCOUNTS.get(facts.account)
    if facts.used_up or start > until:
        subsidies = _subsidies(facts, start.plus(-1), run, end, book, prices)
        if not subsidies:
            return _nothing(facts, run, start, verdict, finished=finished, through=through)
        if held:
            return MonthOutcome(outcome="hold", reason=held, extended_through=through, used_up=facts.used_up)
        return MonthOutcome(
            outcome="pay", reason="price", subsidies=subsidies, extended_through=through, used_up=finished
        )
    if held:
        return MonthOutcome(outcome="hold", reason=held, extended_through=through)
    months = tuple((month, _amount(facts, month, book)) for month in _between(start, until))
    due = tuple((month, amount) for month, amount in months if amount is not None)
    if len(due) < len(months):
        return MonthOutcome(outcome="hold", reason="no_rate", extended_through=through)
    return MonthOutcome(
        outcome="pay",
        reason="last" if finished else "extended" if until > last else "due",
        months=due,
        subsidies=_subsidies(facts, until, run, end, book, prices),
        extended_through=through,
        used_up=finished,
    )


def _subsidies(
    facts: GrantFacts, drawn: Month, run: Month, end: Month, book: PolicyBook, prices: Prices
) -> tuple[tuple[Month, Money], ...]:
    """The subsidies of months up to ``drawn`` that nobody has ordered yet.

    A month that an older system paid is not this office's: it paid the subsidy with it.
    """
    first_unordered = facts.paid_through.plus(1) if facts.paid_through else facts.first_month
    found = []
    for month in _between(facts.first_month, min(drawn, run, end)):
        if month in facts.subsidised or (month < first_unordered and month not in facts.ordered):
            continue
        amount, _ = subsidy_of(prices.at(facts.region, month), region=facts.region, book=book)
        if amount is not None and amount.fen:
            found.append((month, amount))
    return tuple(found)


def _nothing(
    facts: GrantFacts, run: Month, start: Month, verdict: str | None, *, finished: bool, through: Month | None
) -> MonthOutcome:
    """No month is due: because the grant is finished, because something must be asked first, or not yet."""
    if finished and not facts.used_up:
        return MonthOutcome(outcome="end", reason="used_up", extended_through=through, used_up=True)
    if verdict is not None and not facts.used_up:
        return MonthOutcome(outcome="hold", reason=verdict, extended_through=through)
    reason = "not_begun" if start > run and facts.paid_through is None else "paid_up"
    return MonthOutcome(outcome="none", reason=reason, extended_through=through, used_up=facts.used_up)


def _end(facts: GrantFacts, last: Month, through: Month | None) -> Month:
    end = max(last, through) if through else last
    return min(end, Month.of(facts.stopped_on)) if facts.stopped_on else end


def _extension(
    facts: GrantFacts, run: Month, last: Month, book: PolicyBook
) -> tuple[Month | None, str | None]:
    """As ``extended_to``, for a grant whose period ends by this month and whose extension nobody has looked at."""
    if facts.extended_through or facts.stopped_on or facts.used_up or last > run:
        return facts.extended_through, None
    return extended_to(last, birth=facts.birth, cls=facts.retirement_class, region=facts.region, book=book)


def _amount(facts: GrantFacts, month: Month, book: PolicyBook) -> Money | None:
    return standard_of(
        region=facts.region,
        household_region=facts.household_region,
        applied_on=facts.applied_on,
        monthly=facts.monthly,
        month=month,
        book=book,
    )


def _between(first: Month, last: Month) -> tuple[Month, ...]:
    return tuple(first.plus(index) for index in range(first.until(last) + 1))


def _medical(region: str, day: date, book: PolicyBook) -> tuple[Money | None, tuple[Reason, ...]]:
    try:
        wage, rate = book.at("medical.average_wage", region, day), book.at("medical.rate", region, day)
    except PolicyGap as gap:
        return None, (gap.reason,)
    found = medical_premium(average_wage=wage.money, rate=rate.decimal, day=day, book=book)
    return (None if isinstance(found, Refusal) else found.amount), found.reasons
