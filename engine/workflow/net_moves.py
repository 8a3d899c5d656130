"""The second part of a net: what every kind of node does with its tokens. ``net_of`` builds the whole.

What the engine does with a node was found by running it: see ``docs/decisions/0003-soundness.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TypedDict

from engine.workflow.drawing import Drawing, DrawnNode, Flow
from engine.workflow.expressions import ExpressionError, compile_expression
from engine.workflow.net import THROWN, Act, Fault, Marking, Move, Net, Spot, bits
from engine.workflow.net_areas import Area, TooLargeError, areas_of, is_opaque, rounds
from engine.workflow.net_ways import finish
from engine.workflow.vocabulary import PEOPLE_TASKS, SUB_PROCESSES, Element

#: an inclusive gateway with more ways than this has too many choices to try
_MOST_WAYS = 7
#: a gateway with hundreds of ways in and out has a move for each pair
MOST_MOVES = 60_000


class _Tokens(TypedDict):
    takes: Marking
    clears: Marking
    puts: Marking


def net_of(
    drawings: Sequence[Drawing], elements: Mapping[str, Element], process_id: str, *, strict: bool
) -> Net:
    """The net of a process; what the drawings hold of the processes that it calls is drawn in.

    Strict: the only way out of a gateway may be closed, if it has a condition. Raises TooLargeError.
    """
    scopes = {own: scope for drawing in reversed(drawings) for own, scope in drawing.scopes.items()}
    codes = {own: named.code for drawing in drawings for own, named in drawing.named.items()}
    net = Net(process_id=process_id)
    areas = areas_of(scopes, elements, process_id, net)
    net.inside = [area.whole() for area in areas]
    net.grounds = [area.ground() for area in areas]
    net.around = [area.outer.at[area.host.node.id] if area.outer and area.host else 0 for area in areas]
    builder = _Moves(net, codes, strict=strict)
    for area in areas:
        for spot in area.spots.values():
            builder.add(area, spot)
    finish(net, areas)
    return net


class _Moves:
    """Writes the moves of every node into the net."""

    def __init__(self, net: Net, codes: Mapping[str, str], *, strict: bool) -> None:
        self.net, self.codes, self.strict = net, codes, strict
        self.count = 0

    def add(self, area: Area, spot: Spot) -> None:
        """Add the moves of one node."""
        kind = spot.node.kind
        if kind in _BY_KIND:
            _BY_KIND[kind](self, area, spot)
        elif kind in SUB_PROCESSES or (kind == "callActivity" and not is_opaque(area, spot)):
            self.holding(area, spot)
        elif kind in PEOPLE_TASKS or kind == "callActivity":
            self.by_somebody(area, spot)
        else:
            self.passing(area, spot)

    def start(self, area: Area, spot: Spot) -> None:
        """A case starts here; inside a scope the scope itself puts the first tokens."""
        if area.host is None:
            shows = _shown(spot, spot.node.outgoing)
            self.net.starts.append(Move(spot=spot, act="pass", takes=0, puts=area.out(spot), shows=shows))

    def end(self, area: Area, spot: Spot) -> None:
        """A token ends; a terminate, error or cancel event ends others too."""
        kind = spot.element.event
        if kind in THROWN and self.thrown(area, spot):
            return
        if kind in ("error", "cancel") and area.host is not None:
            word = "错误" if kind == "error" else "取消"
            message = (
                f"外面没有边界事件接住这个{word}，引擎会当作正常结束继续走下去，请在外面画上对应的边界事件"
            )
            self.net.faults.append(Fault(severity="error", code="uncaught", spot=spot, message=message))
        everything = self.net.inside[area.number] if kind == "terminate" else 0
        for flow in spot.node.incoming:
            place = area.place(flow)
            shows = (spot.node.id,)
            late = bool(everything)
            self._auto(
                Move(spot=spot, act="end", takes=place, puts=0, clears=everything, late=late, shows=shows)
            )

    def exclusive(self, area: Area, spot: Spot) -> None:
        """One way in, one way out."""
        for flow_in in spot.node.incoming:
            takes = area.place(flow_in)
            for flow in spot.node.outgoing:
                puts, shows = area.place(flow), _shown(spot, [flow])
                self._auto(Move(spot=spot, act="pass", takes=takes, puts=puts, chosen=(flow,), shows=shows))
            if self._may_block(spot.node):
                puts = self._dead_end(spot)
                self._auto(Move(spot=spot, act="stuck", takes=takes, puts=puts, shows=(spot.node.id,)))

    def parallel(self, area: Area, spot: Spot) -> None:
        """All ways in, all ways out."""
        takes = sum(area.place(flow) for flow in spot.node.incoming)
        shows = _shown(spot, spot.node.outgoing)
        self._auto(Move(spot=spot, act="pass", takes=takes, puts=area.out(spot), shows=shows))

    def inclusive(self, area: Area, spot: Spot) -> None:
        """Every way in from which a token can still come, and some of the ways out."""
        ways = sum(area.place(flow) for flow in spot.node.incoming)
        several = len(spot.node.incoming) > 1
        for chosen in self._choices(spot):
            move = Move(
                spot=spot,
                act="pass",
                takes=0 if several else ways,
                gathers=ways if several else 0,
                late=several,
                puts=sum(area.place(flow) for flow in chosen),
                chosen=tuple(chosen),
                shows=_shown(spot, chosen),
            )
            self._auto(move)

    def event_gateway(self, area: Area, spot: Spot) -> None:
        """Waits for whichever event comes first."""
        self._enter(area, spot)
        for flow in spot.node.outgoing:
            target = area.spots[flow.target]
            shows = (flow.id, *_shown(target, target.node.outgoing))
            takes, puts = area.at[spot.node.id], area.out(target)
            self._wait(Move(spot=target, act="event", takes=takes, puts=puts, shows=shows))

    def catching(self, area: Area, spot: Spot) -> None:
        """Waits for an event, unless an event gateway waits in its place."""
        if any(area.spots[flow.source].node.kind == "eventBasedGateway" for flow in spot.node.incoming):
            return
        self._enter(area, spot)
        takes, shows = area.at[spot.node.id], _shown(spot, spot.node.outgoing)
        clears, puts = area.arming(spot), area.out(spot)
        self._wait(Move(spot=spot, act="event", takes=takes, clears=clears, puts=puts, shows=shows))

    def throwing(self, area: Area, spot: Spot) -> None:
        """Passes; an escalation may be caught around it."""
        if spot.element.event != "escalation" or not self.thrown(area, spot):
            self.passing(area, spot)

    def boundary(self, area: Area, spot: Spot) -> None:
        """Happens while its host waits; what is thrown inside is moved by whoever throws it."""
        host = area.spots[spot.node.attached_to]
        kind = spot.element.event
        if kind not in THROWN and host.node.id in area.at:
            shows = _shown(spot, spot.node.outgoing)
            self._wait(Move(spot=spot, act="event", **self._caught(area, spot, host), shows=shows))

    def passing(self, area: Area, spot: Spot) -> None:
        """Waits for nobody: a token in, a token out."""
        shows = _shown(spot, spot.node.outgoing)
        for flow in spot.node.incoming:
            takes = area.place(flow)
            self._auto(Move(spot=spot, act="pass", takes=takes, puts=area.out(spot), shows=shows))

    def by_somebody(self, area: Area, spot: Spot) -> None:
        """Waits until somebody does it: a person, or a called process that cannot be looked into."""
        self._enter(area, spot)
        at, shows = area.at[spot.node.id], _shown(spot, spot.node.outgoing)
        clears, puts = area.arming(spot), area.out(spot)
        self._wait(Move(spot=spot, act="done", takes=at, clears=clears, puts=puts, shows=shows))
        if rounds(spot.node):
            self._wait(Move(spot=spot, act="again", takes=at, puts=at, shows=(spot.node.id,)))

    def holding(self, area: Area, spot: Spot) -> None:
        """A sub-process or called process: left when nothing runs inside any more."""
        inner = area.inner[spot.node.id]
        inside, at = self.net.inside[inner.number], area.at[spot.node.id]
        begin = tuple(part for first in inner.starts() for part in _shown(first, first.node.outgoing))
        self._enter(area, spot, inner=inner, shows=begin)
        puts, shows = area.out(spot), tuple(flow.id for flow in spot.node.outgoing)
        clears = area.arming(spot)
        self._auto(
            Move(spot=spot, act="leave", takes=at, without=inside, clears=clears, puts=puts, shows=shows)
        )
        if rounds(spot.node):
            puts = at | inner.begins()
            shows = (spot.node.id, *begin)
            self._auto(Move(spot=spot, act="again", takes=at, without=inside, puts=puts, shows=shows))
        for event in area.boundaries(spot):
            if event.element.event == "timer" and event.element.interrupting:
                # run out before the token came: it wins over what is done inside at once
                shows = _shown(event, event.node.outgoing)
                caught = self._caught(area, event, spot)
                self._auto(Move(spot=event, act="event", without=inside, shows=shows, **caught))

    def thrown(self, area: Area, spot: Spot) -> bool:
        """Add the moves of an error, escalation or cancellation that is caught around it; False if nobody does."""
        catcher, where = self._catcher(area, spot)
        if catcher is None or where is None:
            return False
        caught = self._caught(where, catcher, where.spots[catcher.node.attached_to])
        shows = (spot.node.id, *_shown(catcher, catcher.node.outgoing))
        act: Act = "end" if spot.node.kind == "endEvent" else "pass"
        for flow in spot.node.incoming:
            takes, goes_on = area.place(flow), area.out(spot)
            stops = catcher.element.interrupting
            move = Move(
                spot=catcher,
                act="event",
                takes=takes | caught["takes"],
                clears=caught["clears"],
                puts=caught["puts"] | (0 if stops else goes_on),
                late=stops,
                shows=shows,
                also=(spot,),
            )
            self._auto(move)
            if not stops:
                # an event that has happened once does not happen again
                without, passed = caught["takes"], _shown(spot, spot.node.outgoing)
                self._auto(Move(spot=spot, act=act, takes=takes, without=without, puts=goes_on, shows=passed))
        return True

    def _catcher(self, area: Area, spot: Spot) -> tuple[Spot | None, Area | None]:
        """The boundary event that catches what is thrown, and the area that it stands in."""
        kind, inside = spot.element.event, area
        while inside.host is not None and inside.outer is not None:
            for event in inside.outer.boundaries(inside.host):
                wanted = self._code(event)
                if event.element.event == kind and wanted in ("", self._code(spot)):
                    return event, inside.outer
            if kind == "cancel":
                break
            inside = inside.outer
        return None, None

    def _code(self, spot: Spot) -> str:
        definition = next(iter(spot.node.definitions), None)
        if definition is None:
            return ""
        return self.codes.get(str(definition.get(f"{spot.element.event}Ref") or ""), "")

    def _caught(self, area: Area, event: Spot, host: Spot) -> _Tokens:
        """What a boundary event takes, clears and puts."""
        puts = area.out(event)
        if not event.element.interrupting:
            return {"takes": area.armed[event.node.id], "clears": 0, "puts": puts}
        inner = area.inner.get(host.node.id)
        inside = self.net.inside[inner.number] if inner else 0
        return {"takes": area.at[host.node.id], "clears": area.arming(host) | inside, "puts": puts}

    def _choices(self, spot: Spot) -> Iterator[Sequence[Flow]]:
        """What an inclusive gateway may choose: some of the ways with conditions, or else the default."""
        ways = spot.node.outgoing
        default = [flow for flow in ways if is_default(spot.node, flow)]
        others = [flow for flow in ways if flow not in default]
        if len(others) > _MOST_WAYS:
            message = f"有{len(others)}条带条件的去向，组合过多（最多推演{_MOST_WAYS}条），请分成几个网关"
            self.net.faults.append(
                Fault(severity="error", code="exploration_bound", spot=spot, message=message)
            )
            others = others[:1]
        for count in range(1, len(others) + 1):
            yield from combinations(others, count)
        if default:
            yield default

    def _may_block(self, node: DrawnNode) -> bool:
        """True if the only way out has a condition that may fail; several ways are judged by ``shape``."""
        only = node.outgoing[0] if len(node.outgoing) == 1 else None
        if only is None or not self.strict or is_default(node, only):
            return False
        return not _always(only.condition or "")

    def _dead_end(self, spot: Spot) -> Marking:
        self.net.holders.append(spot)
        place: Marking = 1 << (len(self.net.holders) - 1)
        return place

    def _enter(
        self, area: Area, spot: Spot, *, inner: Area | None = None, shows: tuple[str, ...] = ()
    ) -> None:
        puts = area.at[spot.node.id] | area.arming(spot) | (inner.begins() if inner else 0)
        also, shows = tuple(inner.starts() if inner else ()), (spot.node.id, *shows)
        for flow in spot.node.incoming:
            takes = area.place(flow)
            self._auto(Move(spot=spot, act="enter", takes=takes, puts=puts, shows=shows, also=also))
            if rounds(spot.node):
                out = area.out(spot)
                passed = _shown(spot, spot.node.outgoing)
                self._auto(Move(spot=spot, act="skip", takes=takes, puts=out, shows=passed))

    def _auto(self, move: Move) -> None:
        self.count += 1
        if self.count > MOST_MOVES:
            raise TooLargeError
        for bit in bits(move.takes | move.gathers):
            self.net.automatic.setdefault(bit, []).append(move)

    def _wait(self, move: Move) -> None:
        self.net.waiting.setdefault(next(bits(move.takes)), []).append(replace(move, waits=True))


_BY_KIND: dict[str, Callable[[_Moves, Area, Spot], None]] = {
    "startEvent": _Moves.start,
    "endEvent": _Moves.end,
    "exclusiveGateway": _Moves.exclusive,
    "parallelGateway": _Moves.parallel,
    "inclusiveGateway": _Moves.inclusive,
    "eventBasedGateway": _Moves.event_gateway,
    "intermediateCatchEvent": _Moves.catching,
    "receiveTask": _Moves.catching,
    "intermediateThrowEvent": _Moves.throwing,
    "boundaryEvent": _Moves.boundary,
}


def is_default(node: DrawnNode, flow: Flow) -> bool:
    """Whether the gateway takes the way when no condition holds."""
    return flow.id == node.xml.get("default") or not flow.condition


def _always(text: str) -> bool:
    try:
        return compile_expression(text).evaluate({}) is True
    except ExpressionError:
        return False


def _shown(spot: Spot, flows: Sequence[Flow]) -> tuple[str, ...]:
    """What a path shows of a node that is passed on the flows."""
    return (spot.node.id, *(flow.id for flow in flows))
