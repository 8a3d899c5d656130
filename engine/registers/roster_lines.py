"""The lines of a roster file (CSV, UTF-8 or GB18030), read whole or not at all: every faulty line is told.

What a line must say is the caller's: it reads one, or says in both languages why it cannot.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from engine.store.text_files import text_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RosterFault:
    """What is wrong with one line of a roster file."""

    line: int
    message: str
    message_en: str


class RosterFileError(Exception):
    """A roster file that cannot be taken in; every fault with its line."""

    retryable = False

    def __init__(self, faults: tuple[RosterFault, ...]) -> None:
        self.faults = faults
        super().__init__("；".join(f"第{fault.line}行：{fault.message}" for fault in faults[:20]))


class WrongLineError(Exception):
    """名册中的一行读不懂。"""

    retryable = False

    def __init__(self, text: str, text_en: str) -> None:
        self.words = (text, text_en)
        super().__init__(text)


def read_lines(file: bytes, columns: tuple[str, ...], row: Callable[[list[str]], T]) -> tuple[T, ...]:
    """Every filled line below a head of these columns, as ``row`` reads its trimmed cells; it raises WrongLineError.

    RosterFileError with every faulty line, or for a file that is no such table at all.
    """
    try:
        lines = csv.reader(io.StringIO(text_of(file)))
    except UnicodeDecodeError as wrong:
        fault = RosterFault(1, "文件编码须为 UTF-8 或 GB18030", "The file must be UTF-8 or GB18030")
        raise RosterFileError((fault,)) from wrong
    if tuple(cell.strip().lstrip("\ufeff") for cell in next(lines, [])) != columns:
        head = RosterFault(1, f"表头应为：{'、'.join(columns)}", f"The head must be: {', '.join(columns)}")
        raise RosterFileError((head,))
    rows: list[T] = []
    faults: list[RosterFault] = []
    for number, cells in _filled(lines):
        try:
            _require_width(cells, len(columns))
            rows.append(row(cells))
        except WrongLineError as wrong_line:
            faults.append(RosterFault(number, *wrong_line.words))
    if faults:
        raise RosterFileError(tuple(faults))
    return tuple(rows)


def _filled(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for number, cells in enumerate(lines, start=2):
        trimmed = [cell.strip() for cell in cells]
        if any(trimmed):
            yield number, trimmed


def _require_width(cells: list[str], width: int) -> None:
    if len(cells) != width:
        raise WrongLineError(f"应有{width}栏，现有{len(cells)}栏", f"{width} columns expected")
