"""Where each region stands on a map of tiles, from ``processes/tile-maps.yaml``: no geographic data is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.store.declaration import Entry, read_declaration

_EMPTY = "-"
#: tiles in a row where nobody has drawn a map
_IN_A_ROW = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A region's place: column and row from 0, counted from the north-west."""

    code: str
    x: int
    y: int


def tiles_of(directory: Path, region: str, codes: Sequence[str]) -> tuple[Tile, ...]:
    """A tile for each of the codes: as drawn for the region around them, those not drawn in rows below.

    DeclarationError names file and line of a map that cannot be used.
    """
    drawn = _drawn(directory / "tile-maps.yaml").get(region, {})
    wanted = set(codes)
    found = [Tile(code=code, x=x, y=y) for code, (x, y) in drawn.items() if code in wanted]
    below = max((tile.y for tile in found), default=-1) + 1
    rest = [code for code in codes if code not in drawn]
    found += [
        Tile(code=code, x=place % _IN_A_ROW, y=below + place // _IN_A_ROW) for place, code in enumerate(rest)
    ]
    return tuple(sorted(found, key=lambda tile: (tile.y, tile.x)))


def _drawn(path: Path) -> dict[str, dict[str, tuple[int, int]]]:
    top = read_declaration(path)
    top.only("maps")
    return {entry.text("region"): _places(entry) for entry in top.entries("maps")}


def _places(entry: Entry) -> dict[str, tuple[int, int]]:
    entry.only("region", "rows")
    found: dict[str, tuple[int, int]] = {}
    for y, row in enumerate(entry.words("rows")):
        for x, code in enumerate(row.split()):
            if code in found:
                raise entry.error(f"{code} 在方格地图上画了两次", field="rows")
            if code != _EMPTY:
                found[code] = (x, y)
    return found
