"""Letters as pages: what ``engine.cases.marks`` reads in them, turned into HTML. Everything else is text."""

from __future__ import annotations

from markupsafe import Markup, escape

from engine.cases.marks import blocks_of
from engine.cases.print_views import Heading, Line, Listing, Paragraph

_LISTS = {False: Markup("<ul>{}</ul>"), True: Markup("<ol>{}</ol>")}


def letter(text: str) -> Markup:
    """The letter as HTML, escaped first."""
    return Markup("\n").join(map(_block, blocks_of(text)))


def line(words: Line) -> Markup:
    """One line of words as HTML."""
    return Markup("").join(
        Markup("<strong>{}</strong>").format(run.text) if run.strong else escape(run.text) for run in words
    )


def _block(block: Heading | Paragraph | Listing) -> Markup:
    match block:
        case Heading(words):
            return Markup("<h3>{}</h3>").format(line(words))
        case Listing(items, numbered):
            inside = Markup("").join(Markup("<li>{}</li>").format(line(each)) for each in items)
            return _LISTS[numbered].format(inside)
        case Paragraph(lines):
            return Markup("<p>{}</p>").format(Markup("<br>").join(map(line, lines)))
