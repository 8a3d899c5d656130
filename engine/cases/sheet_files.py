"""Workbooks of Excel as the office writes and reads them: text stays text, and nothing in them is ever run.

Pure but for a temporary file; knows no case and no actor. Called by ``sheets``.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import IO, Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from engine.cases.media import XLSX, MacroError, medium_of
from engine.values import CHINA

#: a sheet of so many tasks is already a long day
ROWS_MAX = 300
_COLUMNS_MAX = 60
_UPLOAD_BYTES_MAX = 2_000_000
_UNPACKED_BYTES_MAX = 40_000_000
_RATIO_MAX = 200
_PARTS_MAX = 200
_CHOICES = "选项"
#: parts by which a workbook brings in what is not its own
_FOREIGN = ("externallinks/", "embeddings/", "activex/", "connections.xml", "querytables/", "ctrlprops/")


class SheetError(Exception):
    """这个 Excel 文件不能使用。"""

    retryable = False

    def __init__(self, text: str, text_en: str) -> None:
        self.text, self.text_en = text, text_en
        super().__init__(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetColumn:
    """A column: its heading, the key under which it is read, and what may be chosen in it."""

    heading: str
    key: str
    width: int = 16
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """A row that was read: its number in the sheet and its texts by key."""

    number: int
    texts: dict[str, str]


def write_sheet(
    title: str, columns: Sequence[SheetColumn], rows: Iterable[Sequence[object]], *, keys: bool = False
) -> IO[bytes]:
    """The workbook as an open temporary file, at its beginning; rows are written as they come.

    With ``keys`` a hidden second row names the columns, and choices are offered as lists.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A3" if keys else "A2"
    for place, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(place)].width = column.width
    if keys:
        sheet.row_dimensions[2].hidden = True
    choices = _choices(book, columns) if keys else []
    heading = [_cell(sheet, column.heading) for column in columns]
    for cell in heading:
        cell.font = Font(bold=True)
    sheet.append(heading)
    if keys:
        sheet.append([_cell(sheet, column.key) for column in columns])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    for validation in choices:
        sheet.data_validations.append(validation)
    kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - handed on open
    book.save(kept)
    kept.seek(0)
    return kept


def read_sheet(content: bytes) -> tuple[SheetRow, ...]:
    """The rows under the hidden row of keys, empty ones left out. SheetError for anything that is not such a sheet."""
    _refuse_archive(content)
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(min_row=1, max_row=ROWS_MAX + 4, max_col=_COLUMNS_MAX)
        found = [[_read(cell) for cell in row] for row in rows]
    except SheetError:
        raise
    except Exception as error:
        raise SheetError(
            "读不出这个 Excel 文件，请下载模板重新填写", "The workbook cannot be read."
        ) from error
    if len(found) < 2 or "task_id" not in found[1]:
        raise SheetError(
            "不是本系统的模板：第二行（隐藏行）缺少栏目代码，请下载模板填写",
            "Not our template: the hidden second row is missing.",
        )
    keys = found[1]
    if len(set(filter(None, keys))) < len(list(filter(None, keys))):
        raise SheetError("第二行的栏目代码有重复", "A column code of the second row stands twice.")
    filled = [(number, row) for number, row in enumerate(found[2:], 3) if any(row)]
    if len(filled) > ROWS_MAX:
        raise SheetError(f"一次最多{ROWS_MAX}行，请分成几个文件", f"At most {ROWS_MAX} rows in one file.")
    return tuple(
        SheetRow(number=number, texts={key: text for key, text in zip(keys, row, strict=False) if key})
        for number, row in filled
    )


def read_cells(content: bytes, *, bytes_max: int, unpacked_max: int) -> Iterator[tuple[int, list[str]]]:
    """Every row of the first sheet that holds something, with its number, read as one goes; SheetError as for a sheet.

    For long tables without hidden keys; a formula, a macro or anything foreign is refused all the same.
    """
    _refuse_archive(content, bytes_max=bytes_max, unpacked_max=unpacked_max)
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
        for number, row in enumerate(book.worksheets[0].iter_rows(max_col=_COLUMNS_MAX), 1):
            texts = [_read(cell) for cell in row]
            if any(texts):
                yield number, texts
    except SheetError:
        raise
    except Exception as error:
        raise SheetError("读不出这个 Excel 文件，请另存后再上传", "The workbook cannot be read.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A row of a table as people see it: a merged cell says the same in every row that it spans."""

    number: int
    texts: tuple[str, ...]
    #: columns (from 0) whose text stands in a cell that spans this row and another
    spanned: frozenset[int]


def read_table(content: bytes, *, bytes_max: int, unpacked_max: int, rows_max: int) -> tuple[TableRow, ...]:
    """The rows of the first sheet that hold something, merged cells filled; SheetError as for a sheet.

    For short tables that people laid out by hand: the whole sheet is held in memory.
    """
    _refuse_archive(content, bytes_max=bytes_max, unpacked_max=unpacked_max)
    try:
        sheet = load_workbook(BytesIO(content), data_only=False, keep_links=False).worksheets[0]
        _refuse_long(sheet, rows_max)
        spans = _spans(sheet, rows_max)
        rows = sheet.iter_rows(max_col=_COLUMNS_MAX)
        return tuple(row for number, cells in enumerate(rows, 1) if (row := _table_row(number, cells, spans)))
    except SheetError:
        raise
    except Exception as error:
        raise SheetError("读不出这个 Excel 文件，请另存后再上传", "The workbook cannot be read.") from error


def _refuse_long(sheet: Any, rows_max: int) -> None:
    if sheet.max_row > rows_max:
        raise SheetError(f"表格最多{rows_max}行", f"At most {rows_max} rows.")


def _spans(sheet: Any, rows_max: int) -> dict[tuple[int, int], str]:
    """By row and column, the text of the cell that spans it and rows beside it."""
    found: dict[tuple[int, int], str] = {}
    for area in sheet.merged_cells.ranges:
        if area.min_row == area.max_row or area.max_row > rows_max or area.max_col > _COLUMNS_MAX:
            continue
        said = _read(sheet.cell(area.min_row, area.min_col))
        for row in range(area.min_row, area.max_row + 1):
            found[row, area.min_col] = said
    return found


def _table_row(number: int, cells: Sequence[Any], spans: dict[tuple[int, int], str]) -> TableRow | None:
    texts = tuple(
        spans[number, column] if (number, column) in spans else _read(cell)
        for column, cell in enumerate(cells, 1)
    )
    spanned = frozenset(column - 1 for row, column in spans if row == number)
    return TableRow(number=number, texts=texts, spanned=spanned) if any(texts) else None


def _cell(sheet: Any, value: object) -> Any:
    """Texts as texts, whatever they begin with; instants as the time in China."""
    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, value.astimezone(CHINA).replace(tzinfo=None))
        cell.number_format = "yyyy-mm-dd hh:mm"
        return cell
    if isinstance(value, int | float | None):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, "")
    # a name that begins with = must not become a formula
    cell.value, cell.data_type, cell.number_format = str(value), "s", "@"
    return cell


def _choices(book: Any, columns: Sequence[SheetColumn]) -> list[DataValidation]:
    """Lists to choose from, kept on a hidden sheet: a list inside a rule may neither be long nor hold commas."""
    offered = [(place, column.choices) for place, column in enumerate(columns, 1) if column.choices]
    if not offered:
        return []
    side = book.create_sheet(_CHOICES)
    side.sheet_state = "hidden"
    longest = max(len(choices) for _, choices in offered)
    for line in range(longest):
        side.append([_cell(side, choices[line] if line < len(choices) else None) for _, choices in offered])
    rules = []
    for number, (place, choices) in enumerate(offered, 1):
        letter, column = get_column_letter(number), get_column_letter(place)
        rule = DataValidation(
            type="list", formula1=f"{_CHOICES}!${letter}$1:${letter}${len(choices)}", allow_blank=True
        )
        rule.error, rule.showErrorMessage = "请从列表中选择", True
        rule.add(f"{column}3:{column}{ROWS_MAX + 2}")
        rules.append(rule)
    return rules


def _refuse_archive(
    content: bytes, *, bytes_max: int = _UPLOAD_BYTES_MAX, unpacked_max: int = _UNPACKED_BYTES_MAX
) -> None:
    if len(content) > bytes_max:
        megabytes = bytes_max // 1_000_000
        raise SheetError(f"文件太大，最多{megabytes} MB", f"The file is too large; at most {megabytes} MB.")
    try:
        medium = medium_of(content)
    except MacroError as error:
        raise SheetError("文件带有宏，请另存为不带宏的 .xlsx", "The workbook has macros.") from error
    if medium != XLSX:
        raise SheetError("请上传 .xlsx 文件", "Please upload an .xlsx file.")
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = archive.infolist()
        _refuse_unpacked(parts, unpacked_max)
        for part in parts:
            if any(foreign in part.filename.lower() for foreign in _FOREIGN):
                raise SheetError("文件里有外部链接或嵌入对象", "The workbook links or embeds other files.")
            if _declares(archive, part):
                raise SheetError(
                    "文件里有不允许的声明", "The workbook holds declarations that are not allowed."
                )


def _refuse_unpacked(parts: Sequence[zipfile.ZipInfo], unpacked_max: int) -> None:
    """An archive that would grow without measure is not unpacked at all."""
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if len(parts) > _PARTS_MAX or unpacked > unpacked_max or unpacked > _RATIO_MAX * max(packed, 1):
        raise SheetError("文件解压后过大，不予读取", "The workbook unpacks to more than is allowed.")


def _declares(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether the part is XML with a document type: no workbook needs one."""
    try:
        return part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.read(part).upper()
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise SheetError("文件已损坏或加密", "The file is damaged or encrypted.") from error


def _read(cell: Any) -> str:
    value = cell.value
    if getattr(cell, "data_type", "") == "f":
        raise SheetError(
            f"单元格 {cell.coordinate} 是公式，请改填文字或数字", f"Cell {cell.coordinate} holds a formula."
        )
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def chunks(file: IO[bytes], size: int = 64 * 1024) -> Iterator[bytes]:
    """The file piece by piece, closed at its end."""
    with file:
        while piece := file.read(size):
            yield piece
