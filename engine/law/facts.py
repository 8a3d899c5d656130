"""What is known of a claim when it is decided, and what was decided.

Plain values: ``engine/tasks`` gathers the facts from the registers, the rules of this package judge them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from engine.values import Money, Month, Reason

Sex = Literal["male", "female"]
#: original retirement age: men 60, women 55 (managers, technical posts), women 50; an identity card cannot give it
RetirementClass = Literal["M60", "F55", "F50"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """The facts of one claim on the day it was made."""

    person_birth: date
    sex: Sex
    #: from the pension file; None where it is not known and must not be guessed
    retirement_class: RetirementClass | None
    #: place of insurance, whose standard and table apply
    region: str
    applied_on: date
    #: months that employer and worker paid, since the last benefit
    months_paid: int
    #: proven months that count as paid
    deemed_months: int
    #: benefit months granted earlier and not yet drawn
    carried_months: int
    #: last day of the employment; None while the employer has not reported it
    exit_day: date | None
    #: code of ``exit-reasons.yaml``; None or empty while the employer has not reported it
    exit_reason: str | None
    has_current_contribution: bool
    has_active_business: bool
    receives_pension: bool
    wants_work: bool
    #: household registration; None where it is not known
    household_region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """The decision on a claim with everything it rests on.

    Granted: every reason supports the grant. Not granted: every reason refuses it, months and amount are zero.
    """

    granted: bool
    #: benefit months
    months: int
    #: standard of the day of application
    monthly: Money
    #: first month paid; None when not granted
    first_month: Month | None
    reasons: tuple[Reason, ...]
    #: a second reviewer has to find the exit reason before the grant takes effect
    needs_second_review: bool = False

    @property
    def total(self) -> Money:
        """Months times the standard, before any later adjustment."""
        return self.monthly.times(self.months)


def refused(*reasons: Reason) -> Determination:
    """A determination that grants nothing, for all the reasons given."""
    return Determination(granted=False, months=0, monthly=Money(0), first_month=None, reasons=reasons)
