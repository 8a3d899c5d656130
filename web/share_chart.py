"""How grades share a whole, drawn on the server: a bar for each row, cut by grade; the table beside it says the same.

Narrow enough for a telephone: the word stands above its bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDE, _ROW, _BAR, _END = 270, 48, 18, 56
#: px that a figure needs inside its part
_FIGURE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """One bar: its word, how often each grade was given, and what is written behind it."""

    word: str
    parts: tuple[int, ...]
    end: str


def share_bars(rows: Sequence[ShareRow], *, title: str) -> Markup:
    """The bars below one another, each as long as the others: what counts is the share."""
    height, width = _ROW * max(len(rows), 1), _WIDE + _END
    drawn = [_bar(row, place * _ROW) for place, row in enumerate(rows)]
    # every word from outside is escaped where it is put in
    return Markup(  # noqa: S704
        f'<svg class="shares" role="img" aria-label="{escape(title)}" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" xmlns="http://www.w3.org/2000/svg">{"".join(drawn)}</svg>'
    )


def _bar(row: ShareRow, top: int) -> str:
    total = sum(row.parts) or 1
    bar_top = top + 18
    parts = [f'<text class="share-word" x="0" y="{top + 14}">{escape(row.word)}</text>']
    left = 0.0
    for grade, count in enumerate(row.parts, 1):
        wide = _WIDE * count / total
        if count:
            parts.append(
                f'<rect class="grade-{grade}" x="{left:.1f}" y="{bar_top}" width="{wide:.1f}" height="{_BAR}"/>'
            )
        if wide >= _FIGURE:
            parts.append(
                f'<text class="share-figure grade-text-{grade}" x="{left + wide / 2:.1f}" y="{bar_top + 13}">{count}</text>'
            )
        left += wide
    parts.append(f'<text class="share-end" x="{_WIDE + 7}" y="{bar_top + 14}">{escape(row.end)}</text>')
    return "".join(parts)
