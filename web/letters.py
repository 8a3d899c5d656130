"""Letters as pages: the few marks that ``processes/letters`` uses, turned into HTML. Everything else is text.

Headings (``##``), lists (``-`` and ``1.``) and ``**strong**``; there is no way to write a tag or a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from markupsafe import Markup, escape

_STRONG = re.compile(r"\*\*(.+?)\*\*")
#: kind of line → what marks it
_MARKS = {"h": re.compile(r"#{1,4}\s+"), "ul": re.compile(r"[-*]\s+"), "ol": re.compile(r"\d+[.、]\s*")}
_LISTS = {"ul": Markup("<ul>{}</ul>"), "ol": Markup("<ol>{}</ol>")}


def letter(text: str) -> Markup:
    """The letter as HTML, escaped first."""
    lines = [_read(line.strip()) for line in text.splitlines()]
    return Markup("\n").join(
        block
        for kind, group in groupby(lines, key=lambda line: line[0])
        for block in _blocks(kind, list(group))
    )


def _read(line: str) -> tuple[str, str]:
    """Which kind of line it is, and what it says; lines of a list keep together."""
    if not line:
        return "", ""
    for kind, mark in _MARKS.items():
        found = mark.match(line)
        if found:
            return kind, line[found.end() :]
    return "p", line


def _blocks(kind: str, lines: list[tuple[str, str]]) -> Iterator[Markup]:
    words = [_strong(words) for _kind, words in lines]
    match kind:
        case "ul" | "ol":
            yield _LISTS[kind].format(Markup("").join(Markup("<li>{}</li>").format(each) for each in words))
        case "h":
            yield from (Markup("<h3>{}</h3>").format(each) for each in words)
        case "p":
            yield Markup("<p>{}</p>").format(Markup("<br>").join(words))


def _strong(words: str) -> Markup:
    parts = _STRONG.split(words)  # every second part stood between the stars
    return Markup("").join(
        Markup("<strong>{}</strong>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(parts)
    )
