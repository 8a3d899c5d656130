"""A price index as people type it or a file has it: read whole, with everything that cannot be meant told at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from engine.disbursement.prices import SOURCE
from engine.law.prices import PriceIndex
from engine.registers.roster_lines import WrongLineError, read_lines
from engine.values import Money, Month, Reason, RefusedError

#: the head of a file of indices; rises in per cent
COLUMNS = (
    "地区",
    "月份",
    "居民消费价格同比%",
    "食品价格同比%",
    "低收入居民价格同比%",
    "低保标准",
    "公布日期",
)
#: beyond these a figure is a slip of the pen
_LEAST_RISE, _MOST_RISE = Decimal(-50), Decimal(100)
_MOST_ALLOWANCE = Money(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """An index as it was typed: rises in per cent, the allowance in yuan."""

    region: str
    month: str
    cpi: str
    food: str
    low_income: str
    living_allowance: str
    published_on: str
    source: str


def read_file(file: bytes, *, source: str, today: date) -> tuple[PriceIndex, ...]:
    """Every index of a CSV with the head COLUMNS; RosterFileError with every faulty line."""
    return read_lines(file, COLUMNS, lambda cells: _line(cells, source, today))


def read_entered(entered: Entered, today: date) -> PriceIndex:
    """The typed index; RefusedError with a reason for each field that cannot be meant."""
    faults: list[Reason] = []
    month = _month(entered.month, faults)
    cpi = _rise("居民消费价格同比", "The rise of consumer prices", entered.cpi, faults)
    food = _rise("食品价格同比", "The rise of food prices", entered.food, faults)
    low = _rise("低收入居民价格同比", "The rise of the low-income index", entered.low_income, faults)
    allowance = _allowance(entered.living_allowance, faults)
    published = _published(entered.published_on, month, today, faults)
    if faults or month is None or published is None:
        raise RefusedError(*faults)
    return PriceIndex(
        region=entered.region,
        month=month,
        cpi=cpi,
        food=food,
        low_income=low,
        living_allowance=allowance,
        published_on=published,
        source=entered.source.strip(),
    )


def _month(text: str, faults: list[Reason]) -> Month | None:
    try:
        return Month.parse(text.strip())
    except ValueError:
        faults.append(_fault("月份应写成 2026-10", "Write the month as 2026-10."))
        return None


def _rise(name: str, english: str, text: str, faults: list[Reason]) -> Decimal:
    """A rise typed in per cent, as a ratio of whole ten-thousandths."""
    try:
        rise = Decimal(text.strip().rstrip("%％"))
        whole = rise * 100 == (rise * 100).to_integral_value()
    except InvalidOperation:
        rise, whole = Decimal(0), False
    if not whole or not _LEAST_RISE <= rise <= _MOST_RISE:
        faults.append(
            _fault(
                f"{name}应写成百分数，例如 3.6 表示上涨 3.6%（下降写负数，最多两位小数）",
                f"{english} is written in per cent, with two decimals at most: 3.6 for 3.6 %.",
            )
        )
        return Decimal(0)
    return rise / 100


def _allowance(text: str, faults: list[Reason]) -> Money:
    try:
        allowance = Money.yuan(text.strip())
    except (ValueError, InvalidOperation):
        allowance = Money(0)
    if not 0 < allowance.fen <= _MOST_ALLOWANCE.fen:
        faults.append(
            _fault(
                "低保标准应写成每月多少元，例如 700.00", "Write the living allowance in yuan a month: 700.00."
            )
        )
    return allowance


def _published(text: str, month: Month | None, today: date, faults: list[Reason]) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = None
    if day is None or day > today or (month is not None and day <= month.last_day):
        faults.append(
            _fault(
                "公布日期应写成 2026-11-09，在所指月份结束之后，不晚于今天",
                "The day of publication comes after the month and not after today.",
            )
        )
        return None
    return day


def _fault(text: str, english: str) -> Reason:
    return Reason(code="index_field", text=text, text_en=english, source=SOURCE)


def _line(cells: list[str], source: str, today: date) -> PriceIndex:
    region, month, cpi, food, low, allowance, published = cells
    try:
        return read_entered(
            Entered(
                region=region,
                month=month,
                cpi=cpi,
                food=food,
                low_income=low,
                living_allowance=allowance,
                published_on=published,
                source=source,
            ),
            today,
        )
    except RefusedError as wrong:
        raise WrongLineError(
            "；".join(reason.text for reason in wrong.refusal.reasons),
            " ".join(reason.text_en for reason in wrong.refusal.reasons),
        ) from wrong
