"""Values that every room speaks: money, months, ids, actors, reasons.

Pure and small; imports nothing of the project.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NewType

PersonId = NewType("PersonId", int)
EmployerId = NewType("EmployerId", int)
StaffId = NewType("StaffId", int)
CaseId = NewType("CaseId", int)
TaskId = NewType("TaskId", str)
RegionCode = NewType("RegionCode", str)

Clock = Callable[[], datetime]

#: the law's days are counted in Chinese time, which knows no summer time
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")

_YUAN = re.compile(r"-?\d+(\.\d{1,2})?")
_MONTH = re.compile(r"(\d{4})-(\d{2})")


def reach(region: str) -> str:
    """What the codes of the region and of all regions under it begin with: 371500 → 3715, 370000 → 37."""
    while region.endswith("00"):
        region = region[:-2]
    return region


def above(region: str) -> str:
    """The region that a region belongs to: 371525 → 371500 → 370000; a province has none above it but itself."""
    begins = reach(region)
    return region if len(begins) <= 2 else f"{begins[:-2]:0<6}"


def system_clock() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of yuan, kept as whole fen (1 yuan = 100 fen)."""

    fen: int

    @classmethod
    def yuan(cls, text: str | int | Decimal) -> Money:
        """The amount written in yuan with at most two decimals; ValueError for any other text."""
        plain = str(text)
        if not _YUAN.fullmatch(plain):
            raise ValueError(f"金额写法不对：{plain!r}（例：1638.00）")
        return cls(int(Decimal(plain) * 100))

    @property
    def text(self) -> str:
        """The amount in yuan with two decimals, without separators: ``1638.00``."""
        return f"{Decimal(self.fen) / 100:.2f}"

    def __add__(self, other: Money) -> Money:
        return Money(self.fen + other.fen)

    def __sub__(self, other: Money) -> Money:
        return Money(self.fen - other.fen)

    def __neg__(self) -> Money:
        return Money(-self.fen)

    def times(self, factor: int | Decimal) -> Money:
        """The amount times an exact factor, rounded half up to the fen."""
        return Money(int((Decimal(self.fen) * factor).quantize(Decimal(1), ROUND_HALF_UP)))

    @classmethod
    def total(cls, amounts: Iterable[Money]) -> Money:
        """The sum; zero for none."""
        return cls(sum(amount.fen for amount in amounts))


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """The month written as ``2025-11``; ValueError for any other text."""
        match = _MONTH.fullmatch(text)
        if not match or not 1 <= int(match[2]) <= 12:
            raise ValueError(f"月份写法不对：{text!r}（例：2025-11）")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that the day is in."""
        return cls(day.year, day.month)

    def plus(self, months: int) -> Month:
        """The month so many months later (earlier when negative)."""
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    def until(self, later: Month) -> int:
        """How many months from this one to the later one; negative when it is earlier."""
        return (later.year - self.year) * 12 + later.month - self.month

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return self.plus(1).first_day - timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something was decided, granted or refused: the same object on page, letter, audit and API."""

    #: stable snake_case word, e.g. ``not_qualified``
    code: str
    #: the sentence for people, Chinese
    text: str
    #: the same sentence in English
    text_en: str = ""
    #: what was found, e.g. ``缴费11个月``
    fact: str = ""
    #: the policy parameter used, e.g. ``benefit.months_table=…``
    parameter: str = ""
    #: the provision, e.g. ``社会保险法第四十五条``
    source: str = ""
    #: False where the parameter or rule still waits for the bureau's confirmation
    verified: bool = True

    def plain(self) -> dict[str, str | bool]:
        """The reason as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A lawful no: a value, never an exception. At least one reason."""

    reasons: tuple[Reason, ...]

    @property
    def text(self) -> str:
        """All reasons with their sources, one sentence each."""
        return "；".join(f"{r.text}（{r.source}）" if r.source else r.text for r in self.reasons)


class RefusedError(Exception):
    """A use-case was refused; the transaction is rolled back and the refusal recorded."""

    retryable = False

    def __init__(self, *reasons: Reason) -> None:
        self.refusal = Refusal(reasons=reasons)
        super().__init__(self.refusal.text)


ActorKind = Literal["staff", "person", "employer", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a member of staff, an insured person, an employer, or the system itself."""

    kind: ActorKind
    id: int
    name: str
    #: where a member of staff holds their posts; empty for others
    region: RegionCode = RegionCode("")
    #: duties held today, by id of ``processes/duties.yaml``
    duties: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """``staff:3``, ``person:12``, ``employer:5`` or ``system:0``: the form kept in history and audit."""
        return f"{self.kind}:{self.id}"


SYSTEM = Actor(kind="system", id=0, name="系统")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRef:
    """Which case a step is about."""

    id: CaseId
    #: what people call it, e.g. ``SL-2026-000017``
    key: str
    process_id: str
    region: RegionCode
    #: whom it is about: ``person:12``, ``employer:5``, ``office:371500``
    subject: str
