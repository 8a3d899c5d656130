"""The shipped diagrams are drawn for people: nothing overlaps, lines are square, names can be read.

Reads ``processes/*.bpmn`` as XML only; whether they may be published is another test's question.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

import pytest
import yaml
from lxml import etree

ROOT = Path(__file__).parents[2]
DIAGRAMS = sorted((ROOT / "processes").glob("*.bpmn"))
NS = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
}
#: a straight part of a line as (left, top, right, bottom), in px
Stretch = tuple[float, float, float, float]
#: px per Chinese character of a label outside its shape, as modelers draw it
GLYPH, LINE = 11, 14
#: px that rounding may cost
SLACK = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A drawn rectangle, in px; ``of`` is the id of what it shows."""

    of: str
    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        """Whether the two share area; touching edges do not count."""
        return (
            self.x + SLACK < other.x + other.width
            and other.x + SLACK < self.x + self.width
            and self.y + SLACK < other.y + other.height
            and other.y + SLACK < self.y + self.height
        )

    def holds(self, other: Box) -> bool:
        """Whether the other lies wholly inside."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.x + other.width <= self.x + self.width
            and other.y + other.height <= self.y + self.height
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What one file draws."""

    kinds: dict[str, str]
    names: dict[str, str]
    shapes: dict[str, Box]
    labels: dict[str, Box]
    lines: dict[str, list[tuple[float, float]]]
    ends: dict[str, tuple[str, str]]
    hosts: dict[str, str]
    lanes: dict[str, str]

    def nodes(self) -> list[Box]:
        """Steps, events, gateways and notes: everything that may not lie on anything else."""
        frames = {"participant", "lane"}
        return [box for box in self.shapes.values() if self.kinds[box.of] not in frames]


def _box(of: str, bounds: etree._Element | None) -> Box:
    assert bounds is not None, f"{of} has no bounds"
    x, y, width, height = (float(bounds.get(key, "nan")) for key in ("x", "y", "width", "height"))
    return Box(of=of, x=x, y=y, width=width, height=height)


def _labels(drawn: list[etree._Element]) -> dict[str, Box]:
    labels = [(shape.get("bpmnElement", ""), shape.find("bpmndi:BPMNLabel/dc:Bounds", NS)) for shape in drawn]
    return {of: _box(of, bounds) for of, bounds in labels if bounds is not None}


def _points(edge: etree._Element) -> list[tuple[float, float]]:
    return [(float(p.get("x", "nan")), float(p.get("y", "nan"))) for p in edge.findall("di:waypoint", NS)]


def read(path: Path) -> Drawing:
    """The drawing of one shipped file."""
    root = etree.fromstring(path.read_bytes())
    elements = [
        e for e in root.iter() if isinstance(e.tag, str) and e.get("id") and f"{{{NS['bpmn']}}}" in e.tag
    ]
    shapes = root.findall(".//bpmndi:BPMNShape", NS)
    edges = root.findall(".//bpmndi:BPMNEdge", NS)
    flows = root.findall(".//bpmn:sequenceFlow", NS) + root.findall(".//bpmn:messageFlow", NS)
    lanes = root.findall(".//bpmn:lane", NS)
    return Drawing(
        kinds={e.get("id", ""): etree.QName(e).localname for e in elements},
        names={e.get("id", ""): e.get("name", "") for e in elements},
        shapes={
            s.get("bpmnElement", ""): _box(s.get("bpmnElement", ""), s.find("dc:Bounds", NS)) for s in shapes
        },
        labels=_labels([*shapes, *edges]),
        lines={e.get("bpmnElement", ""): _points(e) for e in edges},
        ends={f.get("id", ""): (f.get("sourceRef", ""), f.get("targetRef", "")) for f in flows},
        hosts={
            b.get("id", ""): b.get("attachedToRef", "") for b in root.findall(".//bpmn:boundaryEvent", NS)
        },
        lanes={
            ref.text or "": lane.get("id", "")
            for lane in lanes
            for ref in lane.findall("bpmn:flowNodeRef", NS)
        },
    )


@pytest.fixture(params=DIAGRAMS, ids=lambda path: path.stem)
def drawing(request: pytest.FixtureRequest) -> Drawing:
    """Each shipped diagram in turn."""
    return read(request.param)


def _segments(points: list[tuple[float, float]]) -> list[Stretch]:
    """Each stretch as (left, top, right, bottom)."""
    return [(min(a, c), min(b, d), max(a, c), max(b, d)) for (a, b), (c, d) in pairwise(points)]


def _crosses(segment: Stretch, box: Box, *, margin: float = 2) -> bool:
    """Whether a stretch runs inside a box, deeper than the margin in px."""
    left, top, right, bottom = segment
    beside = right <= box.x + margin or left >= box.x + box.width - margin
    above_or_below = bottom <= box.y + margin or top >= box.y + box.height - margin
    return not (beside or above_or_below)


@pytest.mark.req("FLOW-01", "SERV-01")
def test_the_five_procedures_are_shipped() -> None:
    names = {path.stem for path in DIAGRAMS}

    assert {"claim", "payment-run", "transfer", "stable-jobs", "rectification"} <= names


def test_every_step_and_flow_is_drawn(drawing: Drawing) -> None:
    drawn = set(drawing.shapes) | set(drawing.lines)
    undrawn_kinds = {"definitions", "collaboration", "process", "laneSet", "message"}
    wanted = {
        id_
        for id_, kind in drawing.kinds.items()
        if kind not in undrawn_kinds and not kind.endswith("EventDefinition")
    }

    assert wanted == drawn


def test_no_two_shapes_lie_on_each_other(drawing: Drawing) -> None:
    overlapping = [
        (a.of, b.of)
        for a, b in combinations(drawing.nodes(), 2)
        if a.meets(b) and drawing.hosts.get(a.of) != b.of and drawing.hosts.get(b.of) != a.of
    ]

    assert overlapping == []


def test_every_step_stands_inside_its_own_lane(drawing: Drawing) -> None:
    outside = [
        node
        for node, lane in drawing.lanes.items()
        if node not in drawing.hosts and not drawing.shapes[lane].holds(drawing.shapes[node])
    ]

    assert outside == []


def test_every_step_belongs_to_one_lane(drawing: Drawing) -> None:
    frames = {"participant", "lane", "textAnnotation"}
    nodes = {id_ for id_ in drawing.shapes if drawing.kinds[id_] not in frames}

    assert nodes == set(drawing.lanes)


def test_lanes_are_duties(drawing: Drawing) -> None:
    duties = yaml.safe_load((ROOT / "processes" / "duties.yaml").read_text(encoding="utf-8"))["duties"]

    named = {drawing.names[id_] for id_, kind in drawing.kinds.items() if kind == "lane"}

    assert named <= {duty["lane"] for duty in duties}


def test_lines_are_square(drawing: Drawing) -> None:
    slanted = [
        id_
        for id_, points in drawing.lines.items()
        if id_ in drawing.ends and any(a != c and b != d for (a, b), (c, d) in pairwise(points))
    ]

    assert slanted == []


def test_lines_begin_and_end_on_the_edge_of_their_shapes(drawing: Drawing) -> None:
    loose = []
    for flow, (source, target) in drawing.ends.items():
        for id_, (x, y) in ((source, drawing.lines[flow][0]), (target, drawing.lines[flow][-1])):
            box = drawing.shapes[id_]
            on_x = abs(x - box.x) <= SLACK or abs(x - box.x - box.width) <= SLACK
            on_y = abs(y - box.y) <= SLACK or abs(y - box.y - box.height) <= SLACK
            within = (
                box.x - SLACK <= x <= box.x + box.width + SLACK
                and box.y - SLACK <= y <= box.y + box.height + SLACK
            )
            if not (within and (on_x or on_y)):
                loose.append((flow, id_))

    assert loose == []


def test_no_line_runs_through_a_shape(drawing: Drawing) -> None:
    through = []
    for flow, ends in drawing.ends.items():
        own = set(ends) | {drawing.hosts.get(end, "") for end in ends}
        for box in drawing.nodes():
            if box.of not in own and any(_crosses(s, box) for s in _segments(drawing.lines[flow])):
                through.append((flow, box.of))

    assert through == []


def test_lines_share_a_stretch_only_on_the_way_to_the_same_step(drawing: Drawing) -> None:
    stretches = [(flow, segment) for flow in drawing.ends for segment in _segments(drawing.lines[flow])]

    shared = [
        (one, two)
        for (one, a), (two, b) in combinations(stretches, 2)
        if one != two and drawing.ends[one][1] != drawing.ends[two][1] and _run_along(a, b)
    ]

    assert shared == []


def _run_along(a: Stretch, b: Stretch) -> bool:
    """Whether two stretches lie on one another for more than a point."""
    if a[1] == a[3] == b[1] == b[3]:
        return min(a[2], b[2]) - max(a[0], b[0]) > SLACK
    if a[0] == a[2] == b[0] == b[2]:
        return min(a[3], b[3]) - max(a[1], b[1]) > SLACK
    return False


def test_every_named_event_gateway_and_flow_has_a_label_where_it_fits(drawing: Drawing) -> None:
    small = []
    inside = {"participant", "lane", "message", "process", "laneSet"}
    for id_, name in drawing.names.items():
        kind = drawing.kinds[id_]
        if not name or kind in inside or kind.endswith("Task"):
            continue
        label = drawing.labels.get(id_)
        rows = int(label.height // LINE) if label else 0
        if label is None or len(name) * GLYPH * 0.56 > rows * label.width:
            small.append(id_)

    assert small == []


def test_no_label_lies_on_a_shape_a_line_or_another_label(drawing: Drawing) -> None:
    hidden = []
    for label in drawing.labels.values():
        # a diamond leaves the corners of its box free: its own name may stand there
        hidden += [(label.of, box.of) for box in drawing.nodes() if label.meets(box) and box.of != label.of]
        hidden += [
            (label.of, other.of)
            for other in drawing.labels.values()
            if other is not label and label.meets(other)
        ]
        for line in drawing.ends:
            if any(_crosses(segment, label, margin=1) for segment in _segments(drawing.lines[line])):
                hidden.append((label.of, line))

    assert hidden == []


def test_no_label_lies_on_the_border_of_a_lane(drawing: Drawing) -> None:
    lanes = [box for box in drawing.shapes.values() if drawing.kinds[box.of] == "lane"]

    astride = [
        (label.of, lane.of)
        for label in drawing.labels.values()
        for lane in lanes
        if label.meets(lane) and not lane.holds(label)
    ]

    assert astride == []


def test_lanes_fill_their_pool_from_top_to_bottom(drawing: Drawing) -> None:
    pools = [box for box in drawing.shapes.values() if drawing.kinds[box.of] == "participant"]
    lanes = [box for box in drawing.shapes.values() if drawing.kinds[box.of] == "lane"]
    by_pool: dict[str, list[Box]] = defaultdict(list)
    for pool in pools:
        by_pool[pool.of] = sorted((lane for lane in lanes if pool.holds(lane)), key=lambda lane: lane.y)

    for pool in pools:
        stack = by_pool[pool.of]
        assert stack[0].y == pool.y
        assert stack[-1].y + stack[-1].height == pool.y + pool.height
        assert all(a.y + a.height == b.y for a, b in pairwise(stack))


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_lines_seldom_cross(path: Path) -> None:
    """A crossing costs the reader; lines that have joined on the way to one step cross once."""
    drawing = read(path)
    stretches = [(flow, s) for flow in drawing.ends for s in _segments(drawing.lines[flow])]

    crossings = {
        _cut(a, b)
        for (one, a), (two, b) in combinations(stretches, 2)
        if one != two and drawing.ends[one][1] != drawing.ends[two][1] and _cut(a, b)
    }

    assert len(crossings) <= 0.2 * len(drawing.ends), crossings


def _cut(a: Stretch, b: Stretch) -> tuple[float, float] | None:
    """The point where a level and an upright stretch cut each other inside both; None if they do not."""
    if a[0] == a[2]:
        a, b = b, a
    level, upright = a[1] == a[3] and a[0] != a[2], b[0] == b[2] and b[1] != b[3]
    if level and upright and a[0] < b[0] < a[2] and b[1] < a[1] < b[3]:
        return (b[0], a[1])
    return None


@pytest.mark.req("CLAIM-11")
def test_every_step_is_named_and_explained_in_plain_words(drawing: Drawing) -> None:
    path = next(path for path in DIAGRAMS if read(path) == drawing)
    root = etree.fromstring(path.read_bytes())
    tasks = [e for e in root.iter() if isinstance(e.tag, str) and e.tag.endswith("Task")]

    unexplained = [
        t.get("id") for t in tasks if not t.get("name") or t.find("bpmn:documentation", NS) is None
    ]

    assert unexplained == []
