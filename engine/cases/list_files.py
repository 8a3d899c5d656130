"""A suspicion list as a file: CSV (UTF-8 or GB18030) or a workbook, read line by line with what is wrong in each.

Pure; knows no case and no actor. Called by ``suspicion_lists``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from engine.cases.sheet_files import SheetError, read_cells
from engine.law.identity import id_number as read_id_number
from engine.oversight.lists import ListRow
from engine.store.text_files import text_of
from engine.values import Refusal

#: the headings that a list must have, and what it may have besides
NUMBER, NAME, CLAIM = "证件号码", "姓名", "疑点情形"
HEADINGS = (NUMBER, NAME, CLAIM)
LINES_MAX = 5000
BYTES_MAX = 4_000_000
_UNPACKED_MAX = 60_000_000
_CLAIM_MAX = 500
_NAME_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFault:
    """What is wrong in one line of the file; line 0 is the file itself."""

    line_no: int
    text: str
    text_en: str


def read_list(content: bytes) -> tuple[tuple[ListRow, ...], tuple[LineFault, ...]]:
    """The lines of the file, and every fault in it; with a fault nothing of the file is to be taken."""
    if not content:
        return (), (_of_file("请选择名单文件", "Choose the file of the list."),)
    if len(content) > BYTES_MAX:
        return (), (_of_file("文件太大，最多4 MB", "The file is too large; at most 4 MB."),)
    try:
        lines = list(_lines(content))
    except SheetError as error:
        return (), (_of_file(error.text, error.text_en),)
    except (UnicodeDecodeError, csv.Error):
        return (), (
            _of_file(
                "读不出文字：请存为 UTF-8 或 GB18030 编码的 CSV，或 .xlsx",
                "The text cannot be read: save it as UTF-8 or GB18030 CSV, or as .xlsx.",
            ),
        )
    return _judged(lines)


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    if content.startswith(b"PK"):
        yield from read_cells(content, bytes_max=BYTES_MAX, unpacked_max=_UNPACKED_MAX)
        return
    for number, row in enumerate(csv.reader(StringIO(text_of(content)), strict=True), 1):
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield number, cells


def _judged(lines: Sequence[tuple[int, list[str]]]) -> tuple[tuple[ListRow, ...], tuple[LineFault, ...]]:
    heading = lines[0][1] if lines else []
    missing = [name for name in (NUMBER, CLAIM) if name not in heading]
    if missing:
        named = "、".join(missing)
        return (), (_of_file(f"第一行缺少栏目：{named}", f"The heading lacks: {', '.join(missing)}."),)
    if len(lines) == 1:
        return (), (_of_file("名单没有任何一行", "The list has no line."),)
    if len(lines) - 1 > LINES_MAX:
        return (), (_of_file(f"一份名单最多{LINES_MAX}行", f"At most {LINES_MAX} lines in one list."),)
    at = {name: heading.index(name) for name in HEADINGS if name in heading}
    rows: list[ListRow] = []
    faults: list[LineFault] = []
    seen: dict[tuple[str, str], int] = {}
    for number, cells in lines[1:]:
        row, wrong = _row(
            number, {name: cells[place] if place < len(cells) else "" for name, place in at.items()}
        )
        faults += wrong
        if row is None:
            continue
        earlier = seen.setdefault((row.id_number, row.claim_text), number)
        if earlier != number:
            faults.append(_fault(number, f"与第{earlier}行重复", f"The same as line {earlier}."))
        rows.append(row)
    return tuple(rows), tuple(faults)


def _row(number: int, cells: dict[str, str]) -> tuple[ListRow | None, list[LineFault]]:
    faults = []
    read = read_id_number(cells[NUMBER])
    if isinstance(read, Refusal):
        faults.append(_fault(number, f"证件号码：{read.text}", f"Identity number: {read.reasons[0].text_en}"))
    if not 2 <= len(cells[CLAIM]) <= _CLAIM_MAX:
        faults.append(
            _fault(
                number, f"疑点情形应为2至{_CLAIM_MAX}字", f"The suspicion is 2 to {_CLAIM_MAX} characters."
            )
        )
    name = cells.get(NAME, "")
    if len(name) > _NAME_MAX:
        faults.append(_fault(number, "姓名过长", "The name is too long."))
    if faults or isinstance(read, Refusal):
        return None, faults
    return ListRow(line_no=number, id_number=read.normalised, name=name, claim_text=cells[CLAIM]), []


def _fault(number: int, text: str, text_en: str) -> LineFault:
    return LineFault(line_no=number, text=text, text_en=text_en)


def _of_file(text: str, text_en: str) -> LineFault:
    return LineFault(line_no=0, text=text, text_en=text_en)
