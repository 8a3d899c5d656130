"""The last part of a net: what lies before what. Ranks, ways to ends, what inclusive joins wait for, loops at joins.

Called by ``net_moves`` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.workflow.net import Fault, Marking, Move, Net, Spot, bits
from engine.workflow.net_areas import Area

_IN_LOOP = (
    "这个汇合在回路上：再次走到时引擎不等其他分路就放行（SpiffWorkflow 3.2.0 的缺陷），"
    "请把分路和汇合一起画进一个子流程，再让子流程回头重做"
)


@dataclass(slots=True)
class _Ways:
    """From which place a token may come to which, and by whose move."""

    before: dict[int, list[tuple[int, Move | None]]] = field(default_factory=dict)
    after: dict[int, list[int]] = field(default_factory=dict)

    def add(self, sources: Marking, targets: Marking, move: Move | None) -> None:
        """A token on one of the sources may come to each of the targets."""
        for source in bits(sources):
            for target in bits(targets):
                self.before.setdefault(target, []).append((source, move))
                self.after.setdefault(source, []).append(target)

    def leading_to(
        self, place: int, *, within: Marking, not_by: Spot | None = None, without_side_events: bool = False
    ) -> Marking:
        """The places of the scope from which a token may come to the place without leaving it; itself included."""
        found: Marking = 1 << place
        waiting = [place]
        while waiting:
            for source, move in self.before.get(waiting.pop(), ()):
                known = found >> source & 1 or not within >> source & 1
                if known or (move and _left_out(move, not_by, without_side_events)):
                    continue
                found |= 1 << source
                waiting.append(source)
        return found


def finish(net: Net, areas: Sequence[Area]) -> None:
    """Write ranks, ways to ends and what joins wait for into the finished moves; note joins on loops."""
    ways = _ways(net, areas)
    net.ranks = _ranks(net, ways)
    for area in areas:
        inside = net.inside[area.number]
        for spot in area.spots.values():
            if spot.node.kind == "endEvent":
                for flow in spot.node.incoming:
                    place = area.place(flow).bit_length() - 1
                    net.leads_to[place] = ways.leading_to(place, within=inside, without_side_events=True)
            if spot.node.kind in ("parallelGateway", "inclusiveGateway") and len(spot.node.incoming) > 1:
                _join(net, ways, area, spot)


def _left_out(move: Move, spot: Spot | None, side_events: bool) -> bool:
    if spot is not None and move.spot is spot:
        return True
    own = move.spot
    return side_events and own.node.kind == "boundaryEvent" and not own.element.interrupting


def _ways(net: Net, areas: Sequence[Area]) -> _Ways:
    ways = _Ways()
    for move in net.every_move():
        ways.add(move.takes | move.gathers, move.puts, move)
        area = areas[move.spot.scope]
        if move.act == "end" and area.host is not None and area.outer is not None:
            # the last token that ends lets the scope be left
            ways.add(move.takes, area.outer.at[area.host.node.id], None)
    return ways


def _ranks(net: Net, ways: _Ways) -> dict[int, int]:
    """Upstream places first: numbered backwards in the order in which a walk through all of them is finished."""
    ranks: dict[int, int] = {}
    seen: set[int] = set()
    for first in range(len(net.holders)):
        stack = [(first, iter(ways.after.get(first, ())))] if first not in seen else []
        seen.add(first)
        while stack:
            place, following = stack[-1]
            then = next((each for each in following if each not in seen), None)
            if then is None:
                ranks[place] = -len(ranks)
                stack.pop()
            elif then in net.automatic:
                seen.add(then)
                stack.append((then, iter(ways.after.get(then, ()))))
            else:
                seen.add(then)
                ranks[then] = -len(ranks)
    return ranks


def _join(net: Net, ways: _Ways, area: Area, spot: Spot) -> None:
    places = [area.place(flow) for flow in spot.node.incoming]
    inside = net.inside[area.number]
    sources = [ways.leading_to(place.bit_length() - 1, within=inside) for place in places]
    if any(source & area.out(spot) for source in sources):
        net.faults.append(Fault(severity="error", code="join_in_loop", spot=spot, message=_IN_LOOP))
    if spot.node.kind != "inclusiveGateway":
        return
    awaits = tuple(
        (place, ways.leading_to(place.bit_length() - 1, within=inside, not_by=spot)) for place in places
    )
    for place in places:
        bit = place.bit_length() - 1
        moves = net.automatic[bit]
        net.automatic[bit] = [replace(move, awaits=awaits) if move.spot is spot else move for move in moves]
