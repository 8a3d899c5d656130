"""Bars that lie in a line of a table, drawn on the server as SVG: each as wide as its share of the whole.

The figure stands in the cell beside; a bar says nothing of its own, so screen readers pass it over.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask
from markupsafe import Markup

from engine.values import Money

#: of the drawing; it is stretched over the cell
_WIDE, _HIGH = 1000, 10


def bar_line(parts: Sequence[tuple[int, str]], whole: int) -> Markup:
    """The parts behind each other, each an amount and the class that gives its colour; the rest up to the whole is left blank."""
    drawn, x = [], 0.0
    for amount, kind in parts:
        width = _WIDE * min(max(amount, 0) / whole, 1.0) if whole > 0 else 0.0
        # one of a million is still to be seen
        width = min(max(width, 4.0 if amount > 0 else 0.0), _WIDE - x)
        if width > 0:
            drawn.append(f'<rect class="{kind}" x="{x:.1f}" y="0" width="{width:.1f}" height="{_HIGH}"/>')
        x += width
    # classes are words of our own pages
    return Markup(  # noqa: S704
        f'<svg class="bar-line" viewBox="0 0 {_WIDE} {_HIGH}" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f"{''.join(drawn)}</svg>"
    )


def money_line(parts: Sequence[tuple[str, str]], *wholes: str) -> Markup:
    """The same of amounts in yuan, as wide as their share of the greatest of the wholes; an empty text is nothing."""
    fen = [(_fen(text), kind) for text, kind in parts]
    return bar_line(fen, max(map(_fen, wholes), default=0))


def percent(part: int, whole: int) -> str:
    """The share with one decimal: ``12.3%``; a dash where there is no whole."""
    return f"{100 * part / whole:.1f}%" if whole > 0 else "—"


def money_percent(part: str, whole: str) -> str:
    """The same of amounts in yuan."""
    return percent(_fen(part), _fen(whole))


def use_bars(app: Flask) -> None:
    """Give templates the bars and shares."""
    app.jinja_env.globals.update(
        bar_line=bar_line, money_line=money_line, percent=percent, money_percent=money_percent
    )


def _fen(text: str) -> int:
    return Money.yuan(text).fen if text else 0
