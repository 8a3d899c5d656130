"""The few marks that texts in ``processes/letters`` and ``processes/prints`` use, read into blocks.

Headings (``##``), lists (``-`` and ``1.``) and ``**strong**``; everything else is text. There is no way to write
a tag or a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from engine.cases.print_views import Heading, Line, Listing, Paragraph, Run

_STRONG = re.compile(r"\*\*(.+?)\*\*")
#: kind of line → what marks it
_MARKS = {"h": re.compile(r"#{1,4}\s+"), "ul": re.compile(r"[-*]\s+"), "ol": re.compile(r"\d+[.、]\s*")}


def blocks_of(text: str) -> Iterator[Heading | Paragraph | Listing]:
    """The blocks of a letter, in order; lines of a list keep together, also over an empty one."""
    for kind, group in groupby(_joined(text), key=lambda line: line[0]):
        words = [line for _kind, line in group]
        match kind:
            case "ul" | "ol":
                yield Listing(tuple(map(_runs, words)), numbered=kind == "ol")
            case "h":
                yield from (Heading(_runs(each)) for each in words)
            case "p":
                yield Paragraph(tuple(map(_runs, words)))


def _joined(text: str) -> list[tuple[str, str]]:
    """Every line with its kind; an empty one between two of the same list is left out: they are one list."""
    lines = [_read(line.strip()) for line in text.splitlines()]
    kept: list[tuple[str, str]] = []
    for place, line in enumerate(lines):
        following = next((kind for kind, _ in lines[place + 1 :] if kind), "")
        if line[0] or not (kept and kept[-1][0] == following and following in ("ul", "ol")):
            kept.append(line)
    return kept


def _read(line: str) -> tuple[str, str]:
    """Which kind of line it is, and what it says."""
    if not line:
        return "", ""
    for kind, mark in _MARKS.items():
        found = mark.match(line)
        if found:
            return kind, line[found.end() :]
    return "p", line


def _runs(words: str) -> Line:
    parts = _STRONG.split(words)  # every second part stood between the stars
    return tuple(Run(part, strong=bool(at % 2)) for at, part in enumerate(parts) if part)
