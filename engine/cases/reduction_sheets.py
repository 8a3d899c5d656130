"""Many reductions in one sheet (CSV or Excel): every line is a report of its own, and every faulty line is told why."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from engine.cases.office import Office
from engine.cases.reductions import ReportAsked, report_reduction
from engine.cases.sheet_files import SheetError, read_cells
from engine.cases.views import Done
from engine.store.text_files import text_of
from engine.values import Actor, Reason, Refusal

COLUMNS = ("身份证号码", "姓名", "离职日期", "离职原因代码", "告知书交给职工的日期")
LINES_MAX = 500
_BYTES, _UNPACKED = 2 * 1024 * 1024, 20 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTold:
    """What came of one line of the sheet."""

    line: int
    #: as typed, so that it is found again
    name: str
    #: number of the report; empty where it was not taken
    case_key: str
    #: why it was not taken
    faults: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTaken:
    """The sheet line by line."""

    lines: tuple[LineTold, ...]

    @property
    def taken(self) -> int:
        """How many lines became reports."""
        return sum(1 for each in self.lines if each.case_key)


def template() -> bytes:
    """An empty sheet."""
    return ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()


def report_sheet(office: Office, actor: Actor, content: bytes) -> SheetTaken | Refusal:
    """Each line reported by itself: what is right is kept, what is not is told; sent in again, nothing is kept twice."""
    try:
        rows = _rows(content)
    except (SheetError, UnicodeDecodeError, csv.Error):
        return _no("sheet_unreadable", "读不出这个文件，请下载模板填写，存为 CSV（UTF-8）或 xlsx", "The file cannot be read: use the template, as CSV or xlsx.")  # fmt: skip
    if not rows or tuple(rows[0][1][: len(COLUMNS)]) != COLUMNS:
        return _no("sheet_head", f"表头应为：{'、'.join(COLUMNS)}", "The head of the sheet is not that of the template.")  # fmt: skip
    if len(rows) - 1 > LINES_MAX:
        return _no("sheet_long", f"一次最多{LINES_MAX}行", f"At most {LINES_MAX} lines at once.")
    return SheetTaken(lines=tuple(_line(office, actor, number, cells) for number, cells in rows[1:]))


def _line(office: Office, actor: Actor, number: int, cells: list[str]) -> LineTold:
    filled = [*cells, *([""] * len(COLUMNS))][: len(COLUMNS)]
    asked = ReportAsked(
        id_number=filled[0], name=filled[1], exit_day=filled[2], reason=filled[3], notice_given_on=filled[4]
    )
    outcome = report_reduction(office, actor, asked, channel="sheet")
    if isinstance(outcome, Done):
        return LineTold(line=number, name=asked.name, case_key=outcome.case_key, faults=())
    faults = outcome.reasons if isinstance(outcome, Refusal) else tuple(outcome.faults.values())
    return LineTold(line=number, name=asked.name, case_key="", faults=faults)


def _rows(content: bytes) -> list[tuple[int, list[str]]]:
    """The filled rows with their numbers; a workbook by its first bytes, else text."""
    if content.startswith(b"PK"):
        found = [*read_cells(content, bytes_max=_BYTES, unpacked_max=_UNPACKED)]
    else:
        found = [*enumerate(csv.reader(io.StringIO(text_of(content[: _BYTES + 1]))), 1)]
    trimmed = [(number, [cell.strip().lstrip("\ufeff") for cell in cells]) for number, cells in found]
    return [(number, cells) for number, cells in trimmed if any(cells)]


def _no(code: str, text: str, text_en: str) -> Refusal:
    return Refusal(reasons=(Reason(code=code, text=text, text_en=text_en),))
