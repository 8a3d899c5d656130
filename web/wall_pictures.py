"""The pictures of the wall, drawn on the server as SVG: strips of standings and the map of tiles; words stand beside them.

Colours are classes of ``rectification.css``; each has its sign or figure written with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from engine.cases.tile_maps import Tile
from engine.cases.wall_views import SIGNS, WORDS, Tally, WallColumn

_SIDE, _GAP = 92, 8
_STRIP_HEIGHT = 10
#: a name in one line of a tile has at most so many signs
_NAME_MAX = 6


def strip(tally: Tally, *, width: int = 120) -> Markup:
    """How many stand how, as one bar; hidden from screen readers, for which the figures stand beside it."""
    parts: list[str] = []
    left = 0.0
    for word in WORDS:
        count = tally.standings.get(word, 0)
        if count:
            wide = width * count / tally.total
            parts.append(
                f'<rect class="s-{word}" x="{left:.1f}" y="0" width="{wide:.1f}" height="{_STRIP_HEIGHT}"/>'
            )
            left += wide
    # figures only: no word from outside is in it
    return Markup(  # noqa: S704
        f'<svg class="strip" aria-hidden="true" width="{width}" height="{_STRIP_HEIGHT}" '
        f'viewBox="0 0 {width} {_STRIP_HEIGHT}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def tile_map(
    tiles: Sequence[Tile], columns: Mapping[str, WallColumn], hrefs: Mapping[str, str], *, title: str
) -> Markup:
    """A tile for each region: its name, how much is settled, how much is late; each leads on."""
    parts = [_tile(tile, columns[tile.code], hrefs[tile.code]) for tile in tiles]
    wide = (max((tile.x for tile in tiles), default=0) + 1) * (_SIDE + _GAP) - _GAP
    tall = (max((tile.y for tile in tiles), default=0) + 1) * (_SIDE + _GAP) - _GAP
    # every word from outside is escaped where it is put in
    return Markup(  # noqa: S704
        f'<svg class="tile-map" role="group" aria-label="{escape(title)}" viewBox="-3 -3 {wide + 6} {tall + 6}" '
        f'width="{wide + 6}" height="{tall + 6}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def level_of(tally: Tally) -> int:
    """How far a region has come: 0 nothing settled, then by thirds, 4 everything."""
    if tally.settled == tally.total:
        return 4
    return 0 if not tally.settled else 1 + min(2, 3 * tally.settled // tally.total)


def _tile(tile: Tile, column: WallColumn, href: str) -> str:
    tally = column.tally
    x, y = tile.x * (_SIDE + _GAP), tile.y * (_SIDE + _GAP)
    middle = x + _SIDE / 2
    late = (
        f'<text class="tile-late" x="{middle}" y="{y + 82}">{SIGNS["late"]} {tally.late}</text>'
        if tally.late
        else ""
    )
    edge = " tile-edge-late" if tally.late else ""
    return (
        f'<a href="{escape(href)}">'
        f'<rect class="tile tile-{level_of(tally)}{edge}" x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}" rx="6"/>'
        f'{_name(column.name, middle, y)} <text class="tile-figure" x="{middle}" y="{y + 60}">{tally.percent}%</text> {late}</a>'
    )


def _name(name: str, middle: float, y: float) -> str:
    lines = [name[:_NAME_MAX], name[_NAME_MAX : 2 * _NAME_MAX]] if len(name) > _NAME_MAX else [name]
    tops = (16, 31) if len(lines) > 1 else (24,)
    return "".join(
        f'<text class="tile-name" lang="zh-CN" x="{middle}" y="{y + top}">{escape(line)}</text>'
        for line, top in zip(lines, tops, strict=True)
    )
