"""The price subsidy of a month: what the published indices give, and which region's indices count.

Pure. An index is news and no figure of law: it is handed in; the triggers are policy (``price.*``). Source:
社会救助和保障标准与物价上涨挂钩联动机制（2016年）: reckoned by the month, paid once its indices are published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from engine.law.benefits import price_subsidy
from engine.law.policy import NATIONAL, PolicyBook
from engine.values import Money, Month, Reason, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceIndex:
    """What was published about one month's prices, for a region and all below it. Rises are ratios: 0.042 for 4.2 %."""

    region: str
    month: Month
    #: rise of consumer prices over a year; below zero where they fell, as the next two
    cpi: Decimal
    food: Decimal
    #: rise of the price index of households with low income (SCPI)
    low_income: Decimal
    #: living allowance (低保) of a month
    living_allowance: Money
    published_on: date
    source: str = ""


@dataclass(frozen=True, slots=True)
class Prices:
    """The indices that are known on a day, by region and month; one for each at most."""

    known: Mapping[tuple[str, Month], PriceIndex] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, indices: Iterable[PriceIndex]) -> Prices:
        """These indices."""
        return cls(MappingProxyType({(index.region, index.month): index for index in indices}))

    def at(self, region: str, month: Month) -> PriceIndex | None:
        """The index of the most specific region that has one (371502 → 371500 → 370000 → 000000); None where none has."""
        for wider in (region, f"{region[:4]}00", f"{region[:2]}0000", NATIONAL):
            if (wider, month) in self.known:
                return self.known[wider, month]
        return None


NO_PRICES = Prices()


def subsidy_of(
    index: PriceIndex | None, *, region: str, book: PolicyBook
) -> tuple[Money | None, tuple[Reason, ...]]:
    """The subsidy that the index gives a payee of the region, zero below the trigger, with its reasons.

    None without an index or a trigger on file; without an index there is no reason either: nothing is asked then.
    """
    if index is None:
        return None, ()
    found = price_subsidy(
        living_allowance=index.living_allowance,
        index_rise=index.low_income,
        cpi=index.cpi,
        food=index.food,
        region=region,
        day=index.month.first_day,
        book=book,
    )
    return (None if isinstance(found, Refusal) else found.amount), found.reasons
