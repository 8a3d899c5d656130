"""What a change gives and takes, drawn on the server as SVG in a line of a table: less to the left of the middle, more to the right.

The figures stand in the cells beside; a line says nothing of its own, so screen readers pass it over.
"""

from __future__ import annotations

from markupsafe import Markup

#: of the drawing; it is stretched over the cell
_WIDE, _HIGH = 1000, 12
#: one of a million is still to be seen
_LEAST = 6.0


def change_line(less: int, more: int, most: int) -> Markup:
    """Both amounts from the middle, each as wide as its share of ``most``, the greatest on the page."""
    middle = _WIDE / 2
    left, right = _width(less, most, middle), _width(more, most, middle)
    # numbers and classes of our own
    return Markup(  # noqa: S704
        f'<svg class="change-line" viewBox="0 0 {_WIDE} {_HIGH}" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<rect class="change-less" x="{middle - left:.1f}" y="2" width="{left:.1f}" height="{_HIGH - 4}"/>'
        f'<rect class="change-more" x="{middle:.1f}" y="2" width="{right:.1f}" height="{_HIGH - 4}"/>'
        f'<line class="change-middle" x1="{middle:g}" y1="0" x2="{middle:g}" y2="{_HIGH}"/></svg>'
    )


def _width(amount: int, most: int, whole: float) -> float:
    share = min(amount / most, 1.0) * whole if most > 0 else 0.0
    return max(share, _LEAST) if amount > 0 else 0.0
