"""The lines of a roster file (CSV, UTF-8 or GB18030), read whole or not at all: every faulty line is told.

What a line must say is the caller's: it reads one, or says in both languages why it cannot.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO, TypeVar

from engine.store.text_files import lines_of

T = TypeVar("T")

#: faulty lines whose fault is kept; of a file of millions with a wrong column no more stand in memory
KEPT = 1_000


@dataclass(frozen=True, slots=True)
class RosterFault:
    """What is wrong with one line of a roster file."""

    line: int
    message: str
    message_en: str


class RosterFileError(Exception):
    """A roster file that cannot be taken in: its first faults with their lines, and how many there are."""

    retryable = False

    def __init__(self, faults: tuple[RosterFault, ...], count: int | None = None) -> None:
        self.faults = faults
        self.count = len(faults) if count is None else count
        super().__init__("；".join(f"第{fault.line}行：{fault.message}" for fault in faults[:20]))


class WrongLineError(Exception):
    """名册中的一行读不懂。"""

    retryable = False

    def __init__(self, text: str, text_en: str) -> None:
        self.words = (text, text_en)
        super().__init__(text)


def read_lines(file: bytes, columns: tuple[str, ...], row: Callable[[list[str]], T]) -> tuple[T, ...]:
    """Every filled line of the file, as :func:`each_line` reads it."""
    return tuple(each_line(BytesIO(file), columns, row))


def each_line(file: BinaryIO, columns: tuple[str, ...], row: Callable[[list[str]], T]) -> Iterator[T]:
    """Every filled line below a head of these columns, as ``row`` reads its trimmed cells; it raises WrongLineError.

    RosterFileError at the end, with every faulty line (of very many the first KEPT and their number), or for a file
    that is no such table at all: whoever takes the rows keeps them only once the end was reached.
    """
    found = _Faults()
    lines = csv.reader(lines_of(file))
    try:
        _require_head(next(lines, []), columns)
        for number, cells in _filled(lines):
            try:
                _require_width(cells, len(columns))
                read = row(cells)
            except WrongLineError as wrong:
                found.note(number, *wrong.words)
            else:
                if not found.count:
                    yield read
    except UnicodeDecodeError:
        found.note(1, "文件编码须为 UTF-8 或 GB18030", "The file must be UTF-8 or GB18030")
    except csv.Error:
        found.note(lines.line_num, "这一行不是 CSV：引号、换行或长度不对", "This line is no CSV")
    if found.count:
        raise RosterFileError(tuple(found.first), found.count)


@dataclass(slots=True)
class _Faults:
    """What was found wrong so far."""

    first: list[RosterFault] = field(default_factory=list)
    count: int = 0

    def note(self, line: int, message: str, message_en: str) -> None:
        self.count += 1
        if self.count <= KEPT:
            self.first.append(RosterFault(line, message, message_en))


def _require_head(cells: list[str], columns: tuple[str, ...]) -> None:
    if tuple(cell.strip().lstrip("\ufeff") for cell in cells) != columns:
        head = RosterFault(1, f"表头应为：{'、'.join(columns)}", f"The head must be: {', '.join(columns)}")
        raise RosterFileError((head,))


def _filled(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for number, cells in enumerate(lines, start=2):
        trimmed = [cell.strip() for cell in cells]
        if any(trimmed):
            yield number, trimmed


def _require_width(cells: list[str], width: int) -> None:
    if len(cells) != width:
        raise WrongLineError(f"应有{width}栏，现有{len(cells)}栏", f"{width} columns expected")
