"""A paper as it is printed: title, blocks, and what stands at its foot. Frozen records, no behaviour but its text.

The same record is written as a page, a PDF and a Word file, so that all three say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line."""

    text: str
    strong: bool = False


#: one line of words
Line = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within the paper."""

    words: Line


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list, with dots or with numbers."""

    items: tuple[Line, ...]
    numbered: bool


@dataclass(frozen=True, slots=True)
class Pairs:
    """A table of facts: (what, how much, who says so)."""

    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a head."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """One box of an approval form."""

    step: str
    words: str
    note: str
    #: name, duty, and on whose behalf
    signed: str
    at: str


@dataclass(frozen=True, slots=True)
class Opinions:
    """The boxes of an approval form, one under the other."""

    rows: tuple[Opinion, ...]


@dataclass(frozen=True, slots=True)
class Sealing:
    """Where the office puts its seal, and the day."""

    office: str
    day: str


Block = Heading | Paragraph | Listing | Pairs | Grid | Opinions | Sealing


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper, ready to be written."""

    #: ``approval``, ``receipt`` or ``letter-7``
    kind: str
    title: str
    case_key: str
    #: whose office it is
    office: str
    blocks: tuple[Block, ...]
    #: SHA-256 of title and text, hex: of a letter, of what was sent
    digest: str
    printed_by: str
    printed_at: datetime
    #: numbers of persons are masked
    masked: bool

    @property
    def text(self) -> str:
        """Every word of the paper, line by line, without marks."""
        return "\n".join((self.title, *(line for block in self.blocks for line in lines_of(block))))


def lines_of(block: Block) -> Iterator[str]:
    """The words of a block, line by line; the cells of a table one after the other."""
    match block:
        case Heading(words):
            yield plain(words)
        case Paragraph(lines):
            yield from map(plain, lines)
        case Listing(items):
            yield from map(plain, items)
        case Pairs(rows) | Grid(_, rows):
            heads = block.heads if isinstance(block, Grid) else ()
            yield from heads
            yield from (cell for row in rows for cell in row if cell)
        case Opinions(boxes):
            for box in boxes:
                yield from filter(None, (box.step, box.words, box.note, box.signed, box.at))
        case Sealing(office, day):
            yield from filter(None, (office, day))


def plain(line: Line) -> str:
    """The words of one line, without marks."""
    return "".join(run.text for run in line)
