"""Files of an older system read into rows: CSV in UTF-8 or GB18030, and Excel. Pure; nothing in a file is ever run.

What a cell means is for ``import_rules``; here a file that is not such a file is refused as a whole.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from engine.cases.import_kinds import Column, KindOfFile
from engine.cases.sheet_files import SheetError, read_cells
from engine.store.text_files import text_of

BYTES_MAX = 40 * 1024 * 1024
ROWS_MAX = 300_000
#: an archive that unpacks to more is not unpacked
_UNPACKED_MAX = 200_000_000
#: a heading under which nothing is read: the column that a list of faults adds
FAULTS_HEADING = "问题（系统填写，重新上传时不读）"


class ImportFileError(Exception):
    """这个文件不能读。"""

    retryable = False

    def __init__(self, text: str, text_en: str) -> None:
        self.text, self.text_en = text, text_en
        super().__init__(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """A row as it came, its cells in the order of the kind's columns."""

    #: line of the file, the heading being line 1
    number: int
    cells: tuple[str, ...]
    #: more cells than the heading has
    extra: bool = False


def check_heading(content: bytes, kind: KindOfFile) -> None:
    """Nothing, where the file can be opened and its heading is the kind's; ImportFileError otherwise."""
    for _ in read_rows(content, kind):
        return


def read_rows(content: bytes, kind: KindOfFile) -> Iterator[RawRow]:
    """The rows under the heading, empty ones and the template's worked line left out.

    ImportFileError for what is no CSV or Excel file, for a heading that is not the kind's, and for too many rows.
    """
    lines = iter(_lines(content))
    _, heading = next(lines, (1, []))
    places = _places(heading, kind)
    count = 0
    for number, cells in lines:
        row = RawRow(
            number=number,
            cells=tuple(cells[at].strip() if 0 <= at < len(cells) else "" for at in places),
            extra=any(cells[len(heading) :]),
        )
        if not any(row.cells) or row.cells == kind.example:
            continue
        count += 1
        if count > ROWS_MAX:
            raise ImportFileError(
                f"一个文件最多{ROWS_MAX}行，请分成几个文件", f"At most {ROWS_MAX} rows in one file."
            )
        yield row


def _lines(content: bytes) -> Iterable[tuple[int, Sequence[str]]]:
    if not content:
        raise ImportFileError("请选择一个文件；空文件不能收入", "Choose a file.")
    if len(content) > BYTES_MAX:
        raise ImportFileError(
            f"文件超过 {BYTES_MAX // 1024 // 1024} MB，请分成几个文件", "The file is too large; split it."
        )
    if content.startswith(b"PK"):
        return _sheet(content)
    return _csv(_decoded(content))


def _sheet(content: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        yield from read_cells(content, bytes_max=BYTES_MAX, unpacked_max=_UNPACKED_MAX)
    except SheetError as wrong:
        raise ImportFileError(wrong.text, wrong.text_en) from wrong


def _csv(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    number = 1
    try:
        for cells in reader:
            yield number, cells
            # a quoted cell may hold line breaks: the number is the one that an editor shows
            number = reader.line_num + 1
    except csv.Error as wrong:
        raise ImportFileError(
            f"第{reader.line_num}行不是完整的 CSV（引号没有配对？）",
            f"Line {reader.line_num} is no complete CSV (unbalanced quotes?).",
        ) from wrong


def _decoded(content: bytes) -> str:
    if b"\x00" in content:
        raise ImportFileError("请上传 .csv 或 .xlsx 文件", "Please upload a .csv or .xlsx file.")
    try:
        return text_of(content)
    except UnicodeDecodeError as wrong:
        raise ImportFileError(
            "文件既不是 UTF-8 也不是 GB18030 编码，请另存为 CSV UTF-8",
            "The file is neither UTF-8 nor GB18030.",
        ) from wrong


def _places(heading: Sequence[str], kind: KindOfFile) -> list[int]:
    """Where each column of the kind stands; -1 for one that may be left out and is."""
    found = [text.strip() for text in heading]
    names = [{column.key, column.heading, column.english} for column in kind.columns]
    twice = [
        column
        for column, each in zip(kind.columns, names, strict=True)
        if sum(text in each for text in found) > 1
    ]
    # by their places: without a heading the first line would be somebody's data
    foreign = [
        at
        for at, text in enumerate(found, 1)
        if text and text != FAULTS_HEADING and not any(text in each for each in names)
    ]
    missing = [
        column
        for column, each in zip(kind.columns, names, strict=True)
        if column.required and not each & set(found)
    ]
    if missing or foreign or twice:
        raise ImportFileError(*_wrong_heading(kind, missing=missing, foreign=foreign, twice=twice))
    return [next((at for at, text in enumerate(found) if text in each), -1) for each in names]


def _wrong_heading(
    kind: KindOfFile, *, missing: Sequence[Column], foreign: Sequence[int], twice: Sequence[Column]
) -> tuple[str, str]:
    told: list[tuple[str, str]] = []
    if missing:
        told.append((f"缺少{_quoted(missing)}", f"missing: {', '.join(each.english for each in missing)}"))
    if foreign:
        shown = [str(at) for at in foreign[:8]]
        told.append((f"不认识第{'、'.join(shown)}栏", f"unknown: column {', '.join(shown)}"))
    if twice:
        told.append((f"{_quoted(twice)}写了两次", f"twice: {', '.join(each.english for each in twice)}"))
    return (
        f"第一行的表头不是“{kind.name}”的：{'；'.join(chinese for chinese, _ in told)}；请对照模板",
        f"The heading is not that of “{kind.english}” ({'; '.join(english for _, english in told)}); see the template.",
    )


def _quoted(columns: Sequence[Column]) -> str:
    return "、".join(f"“{column.heading}”" for column in columns)
