"""The first half of a net: every scope that is at hand with its nodes, and a place for every flow and every wait.

An area is a scope where it stands: a process that is called twice gives two areas. Called by ``net_moves`` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.workflow.drawing import DrawnNode, Flow, Scope
from engine.workflow.net import Fault, Ground, Marking, Net, Spot
from engine.workflow.vocabulary import PEOPLE_TASKS, SUB_PROCESSES, Element, tag

#: beyond this a net is not explored
MAX_PLACES = 6000
#: kinds at which a token waits, or inside which tokens run
_HOLDING = PEOPLE_TASKS | SUB_PROCESSES | {
    "receiveTask", "callActivity", "intermediateCatchEvent", "eventBasedGateway",
}  # fmt: skip
_ROUNDS = (tag("multiInstanceLoopCharacteristics"), tag("standardLoopCharacteristics"))


class TooLargeError(Exception):
    """流程连同它调用的流程过大，无法逐步推演。"""

    retryable = False


@dataclass(slots=True, kw_only=True)
class Area:
    """A scope where it stands in the net."""

    number: int
    scope: Scope
    outer: Area | None
    #: the sub-process or call that it is inside of; None for the process itself
    host: Spot | None
    #: called processes around it, itself included
    calls: frozenset[str]
    #: it is gone through several times
    repeated: bool
    spots: dict[str, Spot] = field(default_factory=dict)
    #: flow → its place; flows of a file from elsewhere may have no id
    flows: dict[int, Marking] = field(default_factory=dict)
    #: node id → the place where a token waits there, or stands for what runs inside
    at: dict[str, Marking] = field(default_factory=dict)
    #: non-interrupting event → the place that says it may still happen
    armed: dict[str, Marking] = field(default_factory=dict)
    #: sub-process or call → the area inside
    inner: dict[str, Area] = field(default_factory=dict)

    def place(self, flow: Flow) -> Marking:
        """The place of a flow."""
        return self.flows[id(flow)]

    def out(self, spot: Spot) -> Marking:
        """The places behind a node."""
        return sum(self.place(flow) for flow in spot.node.outgoing)

    def boundaries(self, spot: Spot) -> Iterator[Spot]:
        """The boundary events of a node."""
        return (self.spots[node.id] for node in self.scope.boundaries(spot.node.id))

    def arming(self, spot: Spot) -> Marking:
        """The places of the non-interrupting events of a node."""
        return sum(
            self.armed[event.node.id] for event in self.boundaries(spot) if event.node.id in self.armed
        )

    def starts(self) -> list[Spot]:
        """The start events."""
        return [spot for spot in self.spots.values() if spot.node.kind == "startEvent"]

    def begins(self) -> Marking:
        """The places behind the start events."""
        return sum(self.out(spot) for spot in self.starts())

    def ground(self) -> Ground:
        """Its places by name."""
        return Ground(
            outer=self.outer.number if self.outer else None,
            host=self.host.node.id if self.host else "",
            at=self.at,
            arming={own: self.arming(spot) for own, spot in self.spots.items()},
            armed=self.armed,
            flows={(flow.source, flow.target): self.place(flow) for flow in self.scope.flows},
            inner={own: inner.number for own, inner in self.inner.items()},
        )

    def whole(self) -> Marking:
        """All places inside, inner areas included."""
        own = sum(self.flows.values()) | sum(self.at.values()) | sum(self.armed.values())
        for inner in self.inner.values():
            own |= inner.whole()
        return own


def areas_of(
    scopes: Mapping[str, Scope], elements: Mapping[str, Element], process_id: str, net: Net
) -> list[Area]:
    """The areas of a process, outermost first; places and spots are written into the net. Raises TooLargeError."""
    first = Area(
        number=0,
        scope=scopes[process_id],
        outer=None,
        host=None,
        calls=frozenset({process_id}),
        repeated=False,
    )
    areas = [first]
    for area in areas:
        _fill(area, elements, net)
        for spot in list(area.spots.values()):
            inside = _inside(area, spot, scopes)
            if inside is not None:
                inner = Area(
                    number=len(areas),
                    scope=inside,
                    outer=area,
                    host=spot,
                    calls=area.calls | {inside.id},
                    repeated=area.repeated or rounds(spot.node),
                )
                area.inner[spot.node.id] = inner
                areas.append(inner)
    return areas


def rounds(node: DrawnNode) -> bool:
    """Whether the step may be done several times, or not at all."""
    return any(node.xml.find(kind) is not None for kind in _ROUNDS)


def is_opaque(area: Area, spot: Spot) -> bool:
    """Whether a called process cannot be looked into."""
    return spot.node.kind == "callActivity" and spot.node.id not in area.inner


def _inside(area: Area, spot: Spot, scopes: Mapping[str, Scope]) -> Scope | None:
    """The scope inside a node; None where there is none, or a process calls itself."""
    if spot.node.kind in SUB_PROCESSES:
        return scopes.get(spot.node.id)
    called = scopes.get(spot.element.called) if spot.node.kind == "callActivity" else None
    if called is None or called.kind != "process" or called.id in area.calls:
        return None
    return called


def _fill(area: Area, elements: Mapping[str, Element], net: Net) -> None:
    for node in area.scope.nodes.values():
        spot = Spot(
            node=node,
            element=elements[node.id],
            scope=area.number,
            repeated=area.repeated or rounds(node),
        )
        area.spots[node.id] = spot
        net.spots.append(spot)
    for flow in area.scope.flows:
        area.flows[id(flow)] = _place(net, area.spots[flow.target])
    for spot in area.spots.values():
        if spot.node.kind in _HOLDING:
            area.at[spot.node.id] = _place(net, spot)
        if spot.node.kind == "boundaryEvent" and not spot.element.interrupting:
            area.armed[spot.node.id] = _place(net, spot)
    if len(net.holders) > MAX_PLACES:
        raise TooLargeError
    _judge_timers(area, net)


def _judge_timers(area: Area, net: Net) -> None:
    for spot in area.spots.values():
        timers = [
            event
            for event in area.boundaries(spot)
            if event.element.event == "timer" and event.element.interrupting
        ]
        for timer in timers[1:]:
            message = "同一步上不能有两个中断的定时：都到期时引擎会两路都走，请只留一个中断，其余改为不中断"
            net.faults.append(
                Fault(severity="error", code="two_interrupting_timers", spot=timer, message=message)
            )


def _place(net: Net, holder: Spot) -> Marking:
    net.holders.append(holder)
    place: Marking = 1 << (len(net.holders) - 1)
    return place
