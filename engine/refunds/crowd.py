"""A made-up crowd of employers, for a trial at the size of a province: a million firms by arithmetic, with lists that name some.

Firm ``i`` depends on the seed and ``i`` alone, its numbers on the year, too. Every tenth stands on a boundary of the layoff rate. No real firm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from engine.law.screening import EmployerFacts, Kind
from engine.refunds.rosters import LIST_NAMES, ListKind, ListRow, YearRow
from engine.registers.crowd import drawn
from engine.registers.firms import LAYOFF_BOUNDARIES
from engine.registers.names import drawn_firm
from engine.registers.numbers import credit_code_for

#: kind, prefix of its credit code, suffix of its name, how many of a thousand
_KINDS: tuple[tuple[Kind, str, str, int], ...] = (
    ("enterprise", "91", "有限公司", 840),
    ("individual_business", "92", "商行", 70),
    ("dispatch_agency", "91", "人力资源有限公司", 15),
    ("social_service", "52", "职业培训学校", 20),
    ("social_group", "51", "行业协会", 15),
    ("foundation", "53", "基金会", 3),
    ("law_firm", "31", "律师事务所", 10),
    ("accounting_firm", "91", "会计师事务所", 7),
    ("public_body", "12", "服务中心", 18),
    ("self_employed", "92", "经营部", 2),
)
#: how many firms of ten thousand a list names
SHARES: dict[ListKind, int] = {
    "arrears": 150,
    "environment": 60,
    "industry": 80,
    "dishonest": 100,
    "zombie": 40,
    "struggling": 50,
}
#: insured people: of a thousand firms so many have at most so many
_HEADS: tuple[tuple[int, int], ...] = ((600, 9), (850, 40), (960, 200), (993, 900), (1000, 4000))
_INDUSTRIES = "ABCDEFGHIJKLMNOPQRST"
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Firm:
    """One firm of the crowd."""

    number: int
    credit_code: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class FirmCrowd:
    """So many firms of a seed, spread over the regions, in a calendar year."""

    seed: int
    firms: int
    year: int
    regions: Sequence[str]

    def draw(self, number: int, salt: int) -> int:
        """A number below 2^32 that looks drawn; the same for the same firm and salt, whatever the year."""
        return drawn(self.seed, number, salt)

    def draw_year(self, number: int, salt: int) -> int:
        """As ``draw``, but another one each year."""
        return drawn(self.seed * 10_007 + self.year, number, salt)

    def firm(self, number: int) -> Firm:
        """The firm of that number, from 0."""
        _, prefix, suffix, _ = self._kind(number)
        region = self.regions[number % len(self.regions)]
        code = credit_code_for(prefix=prefix, region=region, organisation=f"Q{number:07d}")
        return Firm(number, code, drawn_firm(self.draw(number, 1), suffix=suffix), region)

    def facts(self, number: int) -> EmployerFacts:
        """The firm's year, with what the lists say of it."""
        kind = self._kind(number)[0]
        previous, claimants = self._people(number)
        heads = self._heads(number, previous)
        wage = 4_200 + self.draw_year(number, 2) % 5_600
        # 1 % of the wages in all, policy §6.4: so many fen for a yuan of wages
        due = tuple(each * wage for each in heads)
        paid = self._paid(number, due)
        whole = sum(paid)
        dispatched = whole * (self.draw_year(number, 3) % 90) // 100 if kind == "dispatch_agency" else 0
        return EmployerFacts(
            region=self.regions[number % len(self.regions)],
            kind=kind,
            size=self._size(number, max(heads)),  # type: ignore[arg-type]
            months_before=0
            if not heads[0] or self.draw_year(number, 4) % 40 == 0
            else self.draw_year(number, 5) % 120,
            previous_end=previous,
            heads=heads,
            due=due,
            paid=paid,
            claimants=claimants,
            owed=self.owed(number),
            dispatched=dispatched,
            placed_public=dispatched // 10 if self.draw_year(number, 6) % 3 == 0 else 0,
            listed=frozenset(kind for kind in SHARES if kind != "arrears" and self.named(number, kind)),
        )

    def named(self, number: int, kind: ListKind) -> bool:
        """Whether the list names the firm."""
        return self.draw(number, 20 + list(SHARES).index(kind)) % 10_000 < SHARES[kind]

    def owed(self, number: int) -> int:
        """What the list of arrears says the firm owes, fen."""
        return 1 + self.draw(number, 7) % 5_000_000 if self.named(number, "arrears") else 0

    def years(self, first_id: int) -> Iterator[YearRow]:
        """The rows of the roster of contributions, the firms numbered from ``first_id``."""
        for number in range(self.firms):
            one = self.facts(number)
            industry = _INDUSTRIES[self.draw(number, 8) % len(_INDUSTRIES)]
            yield (
                first_id + number, one.region, one.kind, one.size, industry, one.months_before, one.previous_end, one.claimants,
                list(one.heads), list(one.due), list(one.paid), one.dispatched, one.placed_public,
            )  # fmt: skip

    def listing(self, kind: ListKind) -> Iterator[ListRow]:
        """The rows of a list: the firms that it names, and a few that are not insured here."""
        detail = LIST_NAMES[kind][0]
        for number in range(self.firms):
            if self.named(number, kind):
                since = date(self.year, 1 + self.draw(number, 9) % 12, 1 + self.draw(number, 10) % 28)
                owed = self.owed(number) if kind == "arrears" else 0
                yield self.firm(number).credit_code, since, owed, detail
        for stranger in range(3):
            code = credit_code_for(prefix="91", region="110105", organisation=f"Y{stranger:07d}")
            yield code, None, int(kind == "arrears"), f"{detail}（外地单位）"

    def _kind(self, number: int) -> tuple[Kind, str, str, int]:
        left = self.draw(number, 11) % 1_000
        for each in _KINDS:
            left -= each[3]
            if left < 0:
                return each
        return _KINDS[0]

    def _people(self, number: int) -> tuple[int, int]:
        """Insured at the end of the year before, and let go in the year."""
        if number % 10 == 0:
            return LAYOFF_BOUNDARIES[number // 10 % len(LAYOFF_BOUNDARIES)]
        place = self.draw_year(number, 12) % 1_000
        lower = 1
        for share, most in _HEADS:
            if place < share:
                break
            lower = most
        previous = lower + self.draw_year(number, 13) % (most - lower + 1)
        # most let nobody or few go; the square keeps many small shares and some great ones
        share = (self.draw_year(number, 14) % 50) ** 2
        return previous, previous * share // 12_000

    def _heads(self, number: int, previous: int) -> tuple[int, ...]:
        """Month by month: most stay, some begin within the year, some shrink or grow."""
        begins = 1 + self.draw_year(number, 15) % 11 if self.draw_year(number, 16) % 100 < 6 else 0
        drift = self.draw_year(number, 17) % 25 - 12
        return tuple(
            0 if month < begins else max(previous + previous * drift * month // 1_200, 1)
            for month in range(_MONTHS)
        )

    def _paid(self, number: int, due: tuple[int, ...]) -> tuple[int, ...]:
        """As due, but for the few that left a month short."""
        if self.draw_year(number, 18) % 100 >= 4:
            return due
        short = self.draw_year(number, 19) % _MONTHS
        return tuple(each // 2 if month == short else each for month, each in enumerate(due))

    def _size(self, number: int, most: int) -> str:
        """As the statistics office classed it: not every firm is classed, and people alone do not decide."""
        if self.draw(number, 30) % 10 == 0:
            return ""
        if most >= 300:
            return "large" if self.draw(number, 31) % 4 else "medium"
        return "micro" if most < 20 else "small"
