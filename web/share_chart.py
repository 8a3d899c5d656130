"""How grades share a whole, drawn on the server: a bar for each row, cut by grade; the table beside it says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDE, _ROW, _BAR, _WORDS, _END = 420, 34, 18, 150, 64
#: px that a figure needs inside its part
_FIGURE = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """One bar: its word, how often each grade was given, and what is written behind it."""

    word: str
    parts: tuple[int, ...]
    end: str


def share_bars(rows: Sequence[ShareRow], *, title: str) -> Markup:
    """The bars below one another, each as long as the others: what counts is the share."""
    height = _ROW * max(len(rows), 1) + 8
    width = _WORDS + _WIDE + _END
    drawn = [_bar(row, 4 + place * _ROW) for place, row in enumerate(rows)]
    # every word from outside is escaped where it is put in
    return Markup(  # noqa: S704
        f'<svg class="shares" role="img" aria-label="{escape(title)}" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" xmlns="http://www.w3.org/2000/svg">{"".join(drawn)}</svg>'
    )


def _bar(row: ShareRow, top: int) -> str:
    total = sum(row.parts) or 1
    middle = top + _BAR / 2 + 9
    parts = [f'<text class="share-word" x="{_WORDS - 10}" y="{middle}">{escape(row.word)}</text>']
    left = float(_WORDS)
    for grade, count in enumerate(row.parts, 1):
        wide = _WIDE * count / total
        if count:
            parts.append(
                f'<rect class="grade-{grade}" x="{left:.1f}" y="{top + 4}" width="{wide:.1f}" height="{_BAR}"/>'
            )
        if wide >= _FIGURE:
            parts.append(
                f'<text class="share-figure grade-text-{grade}" x="{left + wide / 2:.1f}" y="{middle}">{count}</text>'
            )
        left += wide
    parts.append(f'<text class="share-end" x="{_WORDS + _WIDE + 8}" y="{middle}">{escape(row.end)}</text>')
    return "".join(parts)
