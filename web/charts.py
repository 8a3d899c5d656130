"""Charts and the heat map, drawn on the server as SVG: with words and figures, no script and no inline style.

Colours are classes of ``monitoring.css``; what a colour says is written beside it as a figure, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from engine.workflow.picture import Box, Picture

_BARS_HEIGHT, _BAR_WIDTH, _GAP = 150, 22, 6
_TOP, _FOOT = 22, 24
#: of a trend: its height, the room of a place, and that of the words of levels
_TREND_HEIGHT, _TREND_STEP, _LEVEL_ROOM = 170, 62, 150
_EVENTS = ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")
#: signs in one line of a step's name
_SIGNS_A_LINE = 6
_MARGIN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """One place on the axis: its word, and a figure for each series; None where there is none."""

    word: str
    figures: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """What is written on a step of the heat map: a level from 0 to 4, the figure, and how many wait."""

    level: int | None
    figure: str
    count: int


def bars(rows: Sequence[Bars], *, title: str, decimals: int = 0) -> Markup:
    """Groups of bars with their figures above them; the table beside it says the same."""
    series = max((len(row.figures) for row in rows), default=1)
    group = series * _BAR_WIDTH + 2 * _GAP
    highest = max((figure or 0 for row in rows for figure in row.figures), default=0) or 1
    base = _TOP + _BARS_HEIGHT
    parts = [f'<line class="axis" x1="0" y1="{base}" x2="{group * len(rows)}" y2="{base}"/>']
    for place, row in enumerate(rows):
        left = place * group + _GAP
        for number, figure in enumerate(row.figures):
            tall = _BARS_HEIGHT * (figure or 0) / highest
            said = "–" if figure is None else f"{figure:.{decimals}f}"
            x = left + number * _BAR_WIDTH
            parts.append(
                f'<rect class="bar-{number + 1}" x="{x + 1}" y="{base - tall:.1f}" '
                f'width="{_BAR_WIDTH - 2}" height="{tall:.1f}"/>'
                f'<text class="bar-figure" x="{x + _BAR_WIDTH / 2}" y="{base - tall - 4:.1f}">{said}</text>'
            )
        middle = left + series * _BAR_WIDTH / 2
        parts.append(f'<text class="bar-word" x="{middle}" y="{base + 16}">{escape(row.word)}</text>')
    return _svg(parts, (0, 0, max(group * len(rows), 1), base + _FOOT), "chart", title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A level line across a trend: what it stands for, and where."""

    word: str
    figure: float


def trend(
    words: Sequence[str], series: Sequence[Sequence[float]], levels: Sequence[Level], *, title: str
) -> Markup:
    """Lines over the places of the axis, each with its own mark and figures, against levels; the table says the same."""
    figures = [figure for line in series for figure in line] + [level.figure for level in levels]
    highest, lowest = max((*figures, 0.0)), min((*figures, 0.0))
    scale = _TREND_HEIGHT / ((highest - lowest) or 1)
    wide = _TREND_STEP * max(len(words), 3)

    def across(place: int) -> float:
        return _TREND_STEP * (place + 0.5)

    def up(figure: float) -> float:
        return _TOP + (highest - figure) * scale

    parts = [f'<line class="axis" x1="0" y1="{up(0):.1f}" x2="{wide}" y2="{up(0):.1f}"/>']
    for number, level in enumerate(levels, start=1):
        y = up(level.figure)
        parts.append(
            f'<line class="level-{number}" x1="0" y1="{y:.1f}" x2="{wide}" y2="{y:.1f}"/>'
            f'<text class="level-word" x="{wide + 6}" y="{y + 4:.1f}">{escape(level.word)}</text>'
        )
    for number, line in enumerate(series, start=1):
        places = [(across(place), up(figure)) for place, figure in enumerate(line)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="line-{number}" points="{points}"/>')
        for place, (x, y) in enumerate(places):
            # the higher of two has its figure above, the lower below: they do not lie on each other then
            highest_here = max(range(len(series)), key=lambda other: series[other][place]) == number - 1
            beside = -8 if highest_here else 17
            parts.append(_mark(number, x, y))
            parts.append(f'<text x="{x:.1f}" y="{y + beside:.1f}">{line[place]:.1f}</text>')
    foot = _TOP + _TREND_HEIGHT + 34
    for place, word in enumerate(words):
        parts.append(f'<text class="bar-word" x="{across(place):.1f}" y="{foot - 4}">{escape(word)}</text>')
    return _svg(parts, (0, 0, wide + _LEVEL_ROOM, foot), "chart", title)


def _mark(series: int, x: float, y: float) -> str:
    """A dot for the first line, a square for the others: told apart without colours."""
    if series == 1:
        return f'<circle class="mark-1" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    return f'<rect class="mark-{series}" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'


def heat_map(picture: Picture, heats: Mapping[str, Heat], *, title: str) -> Markup:
    """The diagram as drawn, each step coloured and labelled by how long it waits."""
    parts = list(_lines(picture))
    boxes = sorted(picture.boxes, key=lambda box: _depth(box.kind))
    for box in boxes:
        parts += _box(box)
    # figures last: nothing may lie over them
    for box in boxes:
        if box.element_id in heats:
            parts += _heated(box, heats[box.element_id])
    sides = (
        picture.x - _MARGIN,
        picture.y - _MARGIN,
        picture.width + 2 * _MARGIN,
        picture.height + 2 * _MARGIN,
    )
    return _svg(parts, sides, "heat-map", title)


def _svg(parts: Sequence[str], sides: tuple[float, float, float, float], kind: str, title: str) -> Markup:
    x, y, width, height = sides
    # every word from outside is escaped where it is put in
    return Markup(  # noqa: S704
        f'<svg class="{kind}" role="img" aria-label="{escape(title)}" viewBox="{x:g} {y:g} {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _depth(kind: str) -> int:
    order = ("participant", "lane", "subProcess")
    return order.index(kind) if kind in order else len(order)


def _lines(picture: Picture) -> Iterator[str]:
    arrow = "M0 0 L10 5 L0 10 z"
    yield (
        '<defs><marker id="arrow" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="9" markerHeight="9" '
        f'orient="auto"><path class="arrow" d="{arrow}"/></marker></defs>'
    )
    for line in picture.lines:
        points = " ".join(f"{x:g},{y:g}" for x, y in line.points)
        flow = line.kind == "sequenceFlow"
        end = ' marker-end="url(#arrow)"' if flow else ""
        yield f'<polyline class="{"flow" if flow else "flow-loose"}" points="{points}"{end}/>'


def _box(box: Box) -> Iterator[str]:
    x, y, width, height = box.x, box.y, box.width, box.height
    middle_x, middle_y = x + width / 2, y + height / 2
    if box.kind in {"participant", "lane"}:
        yield f'<rect class="lane" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>'
        yield (
            f'<text class="lane-name" transform="translate({x + 20:g} {middle_y:g}) rotate(-90)">'
            f"{escape(box.name)}</text>"
        )
    elif box.kind in _EVENTS:
        thick = " event-end" if box.kind == "endEvent" else ""
        yield f'<circle class="event{thick}" cx="{middle_x:g}" cy="{middle_y:g}" r="{width / 2:g}"/>'
        yield from _words(box.name, middle_x, y + height + 14, "small")
    elif box.kind.endswith("Gateway"):
        corners = (
            f"{middle_x:g},{y:g} {x + width:g},{middle_y:g} {middle_x:g},{y + height:g} {x:g},{middle_y:g}"
        )
        yield f'<polygon class="gateway" points="{corners}"/>'
        yield from _words(box.name, middle_x, y - 6, "small", lines=1)
    elif box.kind not in {"textAnnotation", "dataObjectReference", "dataStoreReference", "group"}:
        yield f'<rect class="step" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8"/>'
        lines = -(-len(box.name) // _SIGNS_A_LINE)
        yield from _words(box.name, middle_x, middle_y + 6 - 9 * (min(lines, 3) - 1), "name")


def _words(name: str, x: float, y: float, kind: str, *, lines: int = 3) -> Iterator[str]:
    # a name in Latin letters takes half the room
    each = _SIGNS_A_LINE if any(ord(sign) > 0x2E80 for sign in name) else 2 * _SIGNS_A_LINE
    cut = [name[start : start + each] for start in range(0, len(name), each)]
    if lines == 1:
        cut = [name]
    for number, line in enumerate(cut[:lines]):
        yield f'<text class="{kind}" x="{x:g}" y="{y + 17 * number:g}">{escape(line)}</text>'


def _heated(box: Box, heat: Heat) -> Iterator[str]:
    level = "none" if heat.level is None else str(heat.level)
    yield (
        f'<rect class="heat heat-{level}" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" '
        f'height="{box.height:g}" rx="8"><title>{escape(box.name)} {escape(heat.figure)}</title></rect>'
    )
    middle = box.x + box.width / 2
    lines = min(-(-len(box.name) // _SIGNS_A_LINE), 2)
    yield from _words(
        box.name, middle, box.y + (28 if lines == 1 else 18), f"name heat-text-{level}", lines=2
    )
    yield f'<text class="heat-figure heat-text-{level}" x="{middle:g}" y="{box.y + box.height - 7:g}">{escape(heat.figure)}</text>'
    if heat.count:
        wide = 20 + 13 * len(str(heat.count))
        right = box.x + box.width
        yield f'<rect class="waits" x="{right - wide + 14:g}" y="{box.y - 20:g}" width="{wide:g}" height="32" rx="16"/>'
        yield f'<text class="waits-figure" x="{right - wide / 2 + 14:g}" y="{box.y + 4:g}">{heat.count}</text>'
