"""Statements of bank, tax office and treasury as files: the text of ``docs/bank-file.md``, CSV, or a workbook.

Pure; every fault is a reason that names its line, all of them at once. Called by ``reconciling``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from io import StringIO
from typing import TypeVar

from engine.cases.sheet_files import SheetError, read_cells
from engine.money.bank_rows import BankFileError
from engine.money.bank_statement import STATEMENT_MAGIC, Statement, StatementLine, read_statement
from engine.store.text_files import text_of
from engine.values import Money, Month, Reason, RefusedError, reach

T = TypeVar("T")

DAY, REFERENCE, AMOUNT, REGION, MONTH = "日期", "摘要号", "金额", "地区", "月份"
OPENING, CLOSING = "期初余额", "期末余额"
BYTES_MAX, LINES_MAX = 4_000_000, 20_000
_UNPACKED_MAX = 60_000_000
_FAULTS_MAX = 20
_REFERENCE_MAX = 100
#: no account of a fund holds more, and no file may say so
_AMOUNT_MAX = 10**15


def read_bank(content: bytes, *, region: str, month: Month) -> Statement:
    """The bank's statement of the month; RefusedError with the line of every fault.

    As text, or a table with columns 日期, 摘要号, 金额 (money out below zero); two of its lines have 期初余额 and
    期末余额 in place of a reference. A line without a reference is named by its number.
    """
    if content.startswith(STATEMENT_MAGIC.encode()):
        return _from_text(content, region, month)
    rows = _table(content, (DAY, REFERENCE, AMOUNT))
    faults: list[Reason] = []
    ends: dict[str, Money] = {}
    lines: list[StatementLine] = []
    for number, cells in rows:
        amount = _tried(faults, number, _amount, cells[AMOUNT])
        if cells[REFERENCE] in (OPENING, CLOSING):
            if cells[REFERENCE] in ends:
                faults.append(_fault(number, f"{cells[REFERENCE]}写了两次", "Balance given twice."))
            ends[cells[REFERENCE]] = amount or Money(0)
            continue
        day = _tried(faults, number, partial(_day, month=month), cells[DAY])
        if day and amount and amount.fen:
            reference = cells[REFERENCE] or f"第{number}行"
            if not _is_reference(reference):
                faults.append(
                    _fault(number, f"摘要号最多{_REFERENCE_MAX}字，不含控制字符", "Not a reference.")
                )
            lines.append(StatementLine(day=day, reference=reference, amount=amount))
        elif amount is not None and not amount.fen:
            faults.append(_fault(number, "金额不能为零", "The amount is zero."))
    _require_ends(faults, ends, lines)
    _require_none(faults)
    return Statement(
        region=region,
        first_day=month.first_day,
        last_day=month.last_day,
        opening=ends[OPENING],
        closing=ends[CLOSING],
        lines=tuple(lines),
    )


def read_figures(content: bytes, *, region: str, month: Month) -> dict[str, Money]:
    """One amount for each region in reach, of the month; RefusedError with the line of every fault.

    A table with columns 地区, 月份, 金额.
    """
    faults: list[Reason] = []
    found: dict[str, Money] = {}
    for number, cells in _table(content, (REGION, MONTH, AMOUNT)):
        amount = _tried(faults, number, _amount, cells[AMOUNT])
        code = cells[REGION]
        if len(code) != 6 or not code.isdigit() or not code.startswith(reach(region)):
            faults.append(_fault(number, f"地区 {code} 不在 {region} 之内", "Not a region below."))
        elif code in found:
            faults.append(_fault(number, f"地区 {code} 写了两次", "The region stands twice."))
        if cells[MONTH][:7] != str(month):
            faults.append(_fault(number, f"月份是 {cells[MONTH]}，不是 {month}", "Another month."))
        found[code] = amount or Money(0)
    _require_none(faults)
    return found


def _from_text(content: bytes, region: str, month: Month) -> Statement:
    try:
        statement = read_statement(content)
    except BankFileError as wrong:
        raise RefusedError(_fault(wrong.line, wrong.message, "Not as documented.")) from wrong
    for number, line in enumerate(statement.lines, 2):
        if not _is_reference(line.reference):
            raise RefusedError(_fault(number, f"摘要号最多{_REFERENCE_MAX}字", "The reference is too long."))
    if statement.region != region:
        raise RefusedError(
            _fault(1, f"对账单是 {statement.region} 的，不是 {region} 的", "Another region's statement.")
        )
    if (statement.first_day, statement.last_day) != (month.first_day, month.last_day):
        raise RefusedError(
            _fault(
                1,
                f"对账单是 {statement.first_day} 至 {statement.last_day} 的，不是 {month} 整月的",
                "Not of the whole month.",
            )
        )
    return statement


def _table(content: bytes, wanted: Sequence[str]) -> list[tuple[int, Mapping[str, str]]]:
    """The rows under the heading, each with its number and the wanted columns."""
    if not content:
        raise RefusedError(_file_fault("请选择文件", "Choose a file."))
    if len(content) > BYTES_MAX:
        raise RefusedError(_file_fault("文件太大，最多4 MB", "The file is too large; at most 4 MB."))
    try:
        rows = list(_cells(content))
    except SheetError as wrong:
        raise RefusedError(_file_fault(wrong.text, wrong.text_en)) from wrong
    except (UnicodeDecodeError, csv.Error) as wrong:
        raise RefusedError(
            _file_fault(
                "读不出文字：请存为 UTF-8 或 GB18030 编码的 CSV，或 .xlsx",
                "Not readable: save it as UTF-8 or GB18030 CSV, or as .xlsx.",
            )
        ) from wrong
    heading = rows[0][1] if rows else []
    missing = [name for name in wanted if name not in heading]
    if missing:
        raise RefusedError(
            _file_fault(f"第一行缺少栏目：{'、'.join(missing)}", "The heading lacks a column.")
        )
    if not 1 < len(rows) <= LINES_MAX + 1:
        raise RefusedError(_file_fault(f"应有1至{LINES_MAX}行", f"1 to {LINES_MAX} lines are expected."))
    at = {name: heading.index(name) for name in wanted}
    return [
        (number, {name: cells[place] if place < len(cells) else "" for name, place in at.items()})
        for number, cells in rows[1:]
    ]


def _cells(content: bytes) -> Iterator[tuple[int, list[str]]]:
    if content.startswith(b"PK"):
        yield from read_cells(content, bytes_max=BYTES_MAX, unpacked_max=_UNPACKED_MAX)
        return
    for number, row in enumerate(csv.reader(StringIO(text_of(content), newline=""), strict=True), 1):
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield number, cells


def _is_reference(text: str) -> bool:
    return len(text) <= _REFERENCE_MAX and text.isprintable()


def _amount(text: str) -> Money:
    amount = Money.yuan(text)
    if abs(amount.fen) > _AMOUNT_MAX:
        raise ValueError(f"金额过大：{text}")
    return amount


def _day(text: str, *, month: Month) -> date:
    day = date.fromisoformat(text)
    if Month.of(day) != month:
        raise ValueError(f"日期 {text} 不在 {month}")
    return day


def _tried(faults: list[Reason], number: int, read: Callable[[str], T], text: str) -> T | None:
    try:
        return read(text)
    except ValueError as wrong:
        said = str(wrong)
        faults.append(
            _fault(
                number,
                f"日期写法不对（例：2025-11-05）：{said}" if "isoformat" in said else said,
                "The value cannot be read.",
            )
        )
        return None


def _require_ends(faults: list[Reason], ends: Mapping[str, Money], lines: Sequence[StatementLine]) -> None:
    missing = [name for name in (OPENING, CLOSING) if name not in ends]
    if missing:
        faults.append(_file_fault(f"缺少{'、'.join(missing)}行", "Opening or closing balance is missing."))
    elif not faults:
        moved = ends[OPENING] + Money.total(line.amount for line in lines)
        if moved != ends[CLOSING]:
            faults.append(
                _file_fault(
                    f"期初余额加各行为 {moved.text}，期末余额却是 {ends[CLOSING].text}",
                    "Opening balance and lines do not come to the closing balance.",
                )
            )


def _require_none(faults: Sequence[Reason]) -> None:
    if faults:
        raise RefusedError(*faults[:_FAULTS_MAX])


def _fault(number: int, text: str, text_en: str) -> Reason:
    return Reason(code="statement_line", text=f"第 {number} 行：{text}", text_en=f"Line {number}: {text_en}")


def _file_fault(text: str, text_en: str) -> Reason:
    return Reason(code="statement_file", text=text, text_en=text_en)
