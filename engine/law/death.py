"""What is due when somebody dies while drawing benefit: the two grants of the family, and the months not yet drawn.

Pure. Source: 社会保险法 art. 49; 失业保险条例 art. 20; 社会保险经办条例 art. 19; 失业保险金申领发放办法 art. 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from engine.law.benefits import DeathGrant, death_grant
from engine.law.month import rate_of, standard_of
from engine.law.policy import PolicyBook, PolicyGap, or_refusal
from engine.law.prices import NO_PRICES, Prices
from engine.values import Money, Month, Reason, Refusal

#: another insurance from which the family draws the funeral grant
OtherFund = Literal["none", "pension", "injury"]
FUND_NAMES: dict[OtherFund, tuple[str, str]] = {
    "none": ("由失业保险支付", "from unemployment insurance"),
    "pension": ("由基本养老保险支付", "from the basic pension"),
    "injury": ("由工伤保险支付", "from work-injury insurance"),
}
SOURCE = "社会保险法第四十九条；失业保险条例第二十条；社会保险经办条例第十九条"
CHOICE = "社会保险法第四十九条第二款；社会保险经办条例第十九条"
UNDRAWN = "失业保险金申领发放办法（劳动和社会保障部令第8号）第十条"
_DEATH = "ST9"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeathFacts:
    """A grant as it stands, and the death."""

    region: str
    household_region: str | None
    applied_on: date
    monthly: Money
    first_month: Month
    months: int
    #: last month ordered; None before the first
    paid_through: Month | None
    #: last month of the extension to retirement age
    extended_through: Month | None
    #: ground and day of a statutory stop
    ended_ground: str | None
    ended_on: date | None
    died_on: date
    other_fund: OtherFund


@dataclass(frozen=True, slots=True, kw_only=True)
class UndrawnMonth:
    """A month that was due and that nobody has ordered."""

    month: Month
    benefit: Money
    #: price subsidy of the month; zero in most
    subsidy: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DeathBenefits:
    """What the family is due; zero where the reasons say why not."""

    funeral: Money
    dependants: Money
    undrawn: tuple[UndrawnMonth, ...]
    #: the last month for which benefit is due at all; what is ordered and unpaid until then is the family's
    last_due: Month
    reasons: tuple[Reason, ...]


@or_refusal
def death_benefits(
    facts: DeathFacts, book: PolicyBook, prices: Prices = NO_PRICES
) -> DeathBenefits | Refusal:
    """Grants and undrawn months with every reason; refused where a figure is not on file, never guessed.

    Amounts are those of the day of the death. The funeral grant is due from one insurance only; the dependants'
    grant and the undrawn months do not depend on that choice.
    """
    last_due = min(Month.of(facts.ended_on or facts.died_on), Month.of(facts.died_on), _end(facts))
    undrawn = _undrawn(facts, last_due, book, prices)
    if (outside := _outside(facts)) is not None:
        return DeathBenefits(
            funeral=Money(0), dependants=Money(0), undrawn=undrawn, last_due=last_due,
            reasons=(outside, *_why_undrawn(undrawn)),
        )  # fmt: skip
    found = _grants(facts, book)
    if isinstance(found, Refusal):
        return found
    if found.dependants is None:
        return Refusal(reasons=tuple(each for each in found.reasons if each.code == "policy_gap"))
    died = Reason(
        code="died_on_benefit",
        text="在领取失业保险金期间死亡，向遗属发给一次性丧葬补助金和抚恤金",
        text_en="The person died while drawing benefit: the family is paid a funeral and a dependants' grant.",
        fact=f"死亡日期{facts.died_on}",
        source=SOURCE,
    )
    chosen = _why_chosen(facts.other_fund)
    return DeathBenefits(
        funeral=found.funeral if facts.other_fund == "none" else Money(0),
        dependants=found.dependants,
        undrawn=undrawn,
        last_due=last_due,
        reasons=(died, *found.reasons, chosen, *_why_undrawn(undrawn)),
    )


def _end(facts: DeathFacts) -> Month:
    last = facts.first_month.plus(facts.months - 1)
    return max(last, facts.extended_through) if facts.extended_through else last


def _outside(facts: DeathFacts) -> Reason | None:
    """Why the death did not fall into the time of benefit; None where it did."""
    died = Month.of(facts.died_on)
    if died < facts.first_month:
        code, text, english = (
            "died_before_benefit",
            f"死亡在起领月份{facts.first_month}之前，不属于领取失业保险金期间死亡",
            "The death came before the first benefit month.",
        )
    elif facts.ended_on and facts.ended_ground != _DEATH and facts.died_on > facts.ended_on:
        code, text, english = (
            "died_after_stop",
            f"失业保险金已于{facts.ended_on}因其他情形停发，不属于领取失业保险金期间死亡",
            "The benefit had stopped on another ground before the death.",
        )
    elif died > _end(facts):
        code, text, english = (
            "died_after_benefit",
            f"失业保险金领至{_end(facts)}期满，不属于领取失业保险金期间死亡",
            "The benefit was used up before the death.",
        )
    else:
        return None
    return Reason(code=code, text=text, text_en=english, fact=f"死亡日期{facts.died_on}", source=SOURCE)


def _grants(facts: DeathFacts, book: PolicyBook) -> DeathGrant | Refusal:
    monthly = _standard(facts, Month.of(facts.died_on), book)
    return death_grant(monthly=monthly, region=facts.region, day=facts.died_on, book=book)


def _standard(facts: DeathFacts, month: Month, book: PolicyBook) -> Money:
    """The standard of the month; PolicyGap where none is on file."""
    found = standard_of(
        region=facts.region,
        household_region=facts.household_region,
        applied_on=facts.applied_on,
        monthly=facts.monthly,
        month=month,
        book=book,
    )
    if found is None:
        raise PolicyGap("benefit.standard", facts.region, month.first_day, "失业保险金标准")
    return found


def _undrawn(
    facts: DeathFacts, last_due: Month, book: PolicyBook, prices: Prices
) -> tuple[UndrawnMonth, ...]:
    first = facts.paid_through.plus(1) if facts.paid_through else facts.first_month
    months = (first.plus(index) for index in range(first.until(last_due) + 1))
    return tuple(
        UndrawnMonth(
            month=month,
            benefit=_standard(facts, month, book),
            subsidy=rate_of(
                region=facts.region,
                household_region=facts.household_region,
                month=month,
                book=book,
                prices=prices,
            ).subsidy
            or Money(0),
        )
        for month in months
    )


def _why_undrawn(undrawn: tuple[UndrawnMonth, ...]) -> tuple[Reason, ...]:
    if not undrawn:
        return ()
    reason = Reason(
        code="undrawn_months",
        text="死亡当月及以前尚未领取的失业保险金，由遗属领取",
        text_en="Benefit up to the month of the death that was not drawn yet goes to the family.",
        fact="、".join(str(each.month) for each in undrawn),
        source=UNDRAWN,
    )
    return (reason,)


def _why_chosen(fund: OtherFund) -> Reason:
    if fund == "none":
        text, english = (
            "遗属选择由失业保险支付丧葬补助金，承诺没有也不再向养老、工伤保险领取",
            "The family chose unemployment insurance and declared to draw the funeral grant nowhere else.",
        )
    else:
        name, in_english = FUND_NAMES[fund]
        text, english = (
            f"遗属选择丧葬补助金{name}，失业保险不再支付；抚恤金不受影响",
            f"The family draws the funeral grant {in_english}; the dependants' grant is not touched by that.",
        )
    return Reason(code=f"funeral_{fund}", text=text, text_en=english, source=CHOICE)
