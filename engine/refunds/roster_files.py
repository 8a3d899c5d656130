"""Files of employers as other offices send them: a year of contributions, or one of the lists (CSV, UTF-8 or GB18030).

Read whole or not at all: a faulty file is refused with every faulty line. Knows nothing of the database but which
employers there are, which the caller tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from engine.law.identity import credit_code
from engine.law.screening import KINDS
from engine.refunds.rosters import ListKind, ListRow, YearRow
from engine.registers.roster_lines import WrongLineError, read_lines
from engine.values import Money, Refusal

_MONTHS = 12
_KINDS = {name: kind for kind, (name, _) in KINDS.items()}
_SIZES = {"大型": "large", "中型": "medium", "小型": "small", "微型": "micro", "": ""}
_INDUSTRIES = "ABCDEFGHIJKLMNOPQRST"
#: more than anybody employs, and more than anybody pays in a month, fen
_MOST_PEOPLE, _MOST_FEN = 10_000_000, 10**13

#: the head of a list file; the amount only on the list of arrears
LIST_COLUMNS = ("统一社会信用代码", "列入日期", "欠费金额", "说明")
#: the head of a file of contributions
YEAR_COLUMNS = (
    "统一社会信用代码", "统筹区", "单位类型", "企业规模", "行业门类", "以前年度足额缴费月数", "上年末参保人数", "裁减人数",
    *(f"{month}月参保人数" for month in range(1, _MONTHS + 1)),
    *(f"{month}月应缴" for month in range(1, _MONTHS + 1)),
    *(f"{month}月实缴" for month in range(1, _MONTHS + 1)),
    "其中派遣人员实缴", "其中派往机关事业单位实缴",
)  # fmt: skip


def read_list(file: bytes, kind: ListKind, *, until: date) -> tuple[ListRow, ...]:
    """The rows of a list, head as LIST_COLUMNS; ``until`` is the day that it describes. RosterFileError otherwise."""
    return read_lines(file, LIST_COLUMNS, lambda cells: _list_row(cells, kind, until))


def read_years(
    file: bytes, *, known: Callable[[str], int | None], regions: frozenset[str]
) -> tuple[YearRow, ...]:
    """The rows of a year of contributions, head as YEAR_COLUMNS; RosterFileError otherwise.

    ``known`` tells the number of an employer by its credit code; ``regions``: those that the file may speak of.
    """
    seen: set[str] = set()

    def read(cells: list[str]) -> YearRow:
        code = _code(cells[0])
        if code in seen:
            raise WrongLineError(f"单位 {code} 出现了两次", "The employer stands there twice")
        seen.add(code)
        number = known(code)
        if number is None:
            raise WrongLineError(f"没有登记单位 {code}", "The employer is not registered")
        return _year_row(number, cells, regions)

    return read_lines(file, YEAR_COLUMNS, read)


def _list_row(cells: list[str], kind: ListKind, until: date) -> ListRow:
    code, since, owed, detail = cells
    if kind != "arrears" and owed:
        raise WrongLineError("只有欠费名单填欠费金额", "Only the list of arrears has amounts")
    fen = _fen("欠费金额", owed) if kind == "arrears" else 0
    if kind == "arrears" and not fen:
        raise WrongLineError("欠费金额应大于零", "The amount must be more than zero")
    return _code(code), _since(since, until), fen, detail


def _year_row(number: int, cells: list[str], regions: frozenset[str]) -> YearRow:
    region, kind, size, industry, before, previous, claimants = cells[1:8]
    months, dispatched, placed = (
        cells[8:-2],
        _fen("派遣人员实缴", cells[-2]),
        _fen("派往机关事业单位实缴", cells[-1]),
    )
    if region not in regions:
        raise WrongLineError(f"统筹区「{region}」不在名册地区内", "The region is outside the roster's")
    if industry not in _INDUSTRIES or len(industry) != 1:
        raise WrongLineError(f"行业门类「{industry}」应为 A 至 T", "The section of industry is A to T")
    paid = [_fen("实缴", cell) for cell in months[2 * _MONTHS :]]
    if placed > dispatched or dispatched > sum(paid):
        raise WrongLineError("其中数大于总数", "A part is more than its whole")
    return (
        number,
        region,
        _word("单位类型", kind, _KINDS),
        _word("企业规模", size, _SIZES),
        industry,
        _count("以前年度足额缴费月数", before, 1_200),
        _count("上年末参保人数", previous, _MOST_PEOPLE),
        _count("裁减人数", claimants, _MOST_PEOPLE),
        [_count("参保人数", cell, _MOST_PEOPLE) for cell in months[:_MONTHS]],
        [_fen("应缴", cell) for cell in months[_MONTHS : 2 * _MONTHS]],
        paid,
        dispatched,
        placed,
    )


def _code(text: str) -> str:
    known = credit_code(text)
    if isinstance(known, Refusal):
        raise WrongLineError(f"统一社会信用代码「{text}」不正确", "The credit code is not valid")
    return known.normalised


def _since(text: str, until: date) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise WrongLineError(f"列入日期「{text}」应写成 2026-11-05", "Write the day as 2026-11-05") from None
    if day > until:
        raise WrongLineError(f"列入日期 {day} 晚于名单日期 {until}", "The day is after the list's own")
    return day


def _word(name: str, text: str, words: Mapping[str, str]) -> str:
    if text not in words:
        allowed = "、".join(word for word in words if word)
        raise WrongLineError(f"{name}「{text}」不认识，可填：{allowed}", f"Choose one of: {allowed}")
    return words[text]


def _count(name: str, text: str, most: int) -> int:
    # int() would read ٣ and 1_0, too
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= most):
        raise WrongLineError(f"{name}「{text}」应为 0 至 {most} 的整数", "A whole number is expected")
    return int(text)


def _fen(name: str, text: str) -> int:
    """The yuan as fen; an empty cell is nothing."""
    if not text:
        return 0
    try:
        fen = Money.yuan(text).fen
    except ValueError:
        fen = -1
    if not 0 <= fen < _MOST_FEN:
        raise WrongLineError(f"{name}「{text}」应写成 1638.00", "Write the amount as 1638.00")
    return fen
