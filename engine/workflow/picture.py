"""Where everything of a diagram is drawn: boxes and lines, for pictures that are made without a browser. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.workflow.vocabulary import local_name
from engine.workflow.xml_file import read_xml

_DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A pool, lane, step, event or gateway where it is drawn; places in the units of the diagram."""

    element_id: str
    #: BPMN tag
    kind: str
    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A flow where it is drawn."""

    element_id: str
    kind: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything drawn, in the order of the file, and the rectangle that holds it."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    x: float
    y: float
    width: float
    height: float


def picture_of(diagram: bytes) -> Picture:
    """The picture in the file; empty where none is drawn. ReadError for what is no XML."""
    root = read_xml(diagram).root
    told: dict[str, Any] = {
        str(node.get("id")): node for node in root.iter() if local_name(node) and node.get("id")
    }
    boxes = tuple(box for shape in root.iter(f"{_DI}BPMNShape") if (box := _box(shape, told)))
    lines = tuple(line for edge in root.iter(f"{_DI}BPMNEdge") if (line := _line(edge, told)))
    places = [(box.x, box.y) for box in boxes] + [(box.x + box.width, box.y + box.height) for box in boxes]
    across = [x for x, _ in places] + [x for line in lines for x, _ in line.points] or [0.0]
    down = [y for _, y in places] + [y for line in lines for _, y in line.points] or [0.0]
    left, top = min(across), min(down)
    return Picture(boxes=boxes, lines=lines, x=left, y=top, width=max(across) - left, height=max(down) - top)


def _box(shape: Any, told: dict[str, Any]) -> Box | None:
    node = told.get(shape.get("bpmnElement"))
    bounds = next((child for child in shape if str(child.tag).endswith("}Bounds")), None)
    if node is None or bounds is None:
        return None
    x, y, width, height = (float(bounds.get(key) or 0) for key in ("x", "y", "width", "height"))
    return Box(
        element_id=str(node.get("id")),
        kind=local_name(node),
        name=" ".join(str(node.get("name") or "").split()),
        x=x,
        y=y,
        width=width,
        height=height,
    )


def _line(edge: Any, told: dict[str, Any]) -> Line | None:
    node = told.get(edge.get("bpmnElement"))
    points = [
        (float(child.get("x") or 0), float(child.get("y") or 0))
        for child in edge
        if str(child.tag).endswith("}waypoint")
    ]
    if node is None or len(points) < 2:
        return None
    return Line(element_id=str(node.get("id")), kind=local_name(node), points=tuple(points))
