"""Every marking that a case of a diagram can come to, and the ways between two of them. Pure, bounded.

The same game as ``soundness`` plays; kept here as a graph, because who goes back asks for the ways to a marking.
Called by ``rewinding`` and ``going_back``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.workflow.net import Marking, Move, Net, Spot
from engine.workflow.soundness import Bounds, Clock


@dataclass(slots=True, kw_only=True)
class Reachable:
    """The markings of a net, and the moves between them."""

    #: marking → (move, marking after it)
    after: dict[Marking, list[tuple[Move, Marking]]] = field(default_factory=dict)
    #: marking → markings from which a move leads to it
    before: dict[Marking, list[Marking]] = field(default_factory=dict)
    #: all of them were found within the bounds
    whole: bool = True

    def leading_to(self, end: Marking) -> set[Marking]:
        """The markings from which the case can come to the given one, itself included."""
        return self._backwards(end, keeping=0, stop=None)

    def between(self, start: Marking, end: Marking) -> frozenset[Spot] | None:
        """What may happen on the way while every token that both have stays where it is; None if there is no way.

        What is only entered at the end has not happened yet.
        """
        keeping = start & end
        ahead = self._forwards(start, keeping, end)
        if end not in ahead:
            return None
        on_the_way = ahead & self._backwards(end, keeping, start)
        found: set[Spot] = set()
        for marking in on_the_way - {end}:
            for move, following in self.after[marking]:
                if following in on_the_way and move.act != "enter":
                    found.update((move.spot, *move.also))
        return frozenset(found)

    def ahead(self, start: Marking, keeping: Marking) -> frozenset[Spot]:
        """What may happen from the marking on while the tokens to be kept stay where they are."""
        found: set[Spot] = set()
        for marking in self._forwards(start, keeping, None):
            for move, following in self.after.get(marking, ()):
                if following & keeping == keeping and move.act != "enter":
                    found.update((move.spot, *move.also))
        return frozenset(found)

    def _forwards(self, start: Marking, keeping: Marking, stop: Marking | None) -> set[Marking]:
        found, waiting = {start}, [start]
        while waiting:
            here = waiting.pop()
            if here == stop:
                continue
            for _, following in self.after.get(here, ()):
                if following not in found and following & keeping == keeping:
                    found.add(following)
                    waiting.append(following)
        return found

    def _backwards(self, end: Marking, keeping: Marking, stop: Marking | None) -> set[Marking]:
        found, waiting = {end}, [end]
        while waiting:
            here = waiting.pop()
            if here == stop:
                continue
            for earlier in self.before.get(here, ()):
                if earlier not in found and earlier & keeping == keeping:
                    found.add(earlier)
                    waiting.append(earlier)
        return found


def reachable(net: Net, bounds: Bounds = Bounds()) -> Reachable:  # noqa: B008 — frozen
    """The markings that a case can come to; not whole when the bounds were reached."""
    found, clock = Reachable(), Clock(bounds)
    waiting = list(dict.fromkeys(start.puts for start in net.starts))
    found.before = {marking: [] for marking in waiting}
    while waiting:
        if clock.spent(len(found.before)):
            found.whole = False
            return found
        marking = waiting.pop()
        arcs = [(m, m.after(marking)) for m in net.moves(marking) if not m.collides(marking)]
        found.after[marking] = arcs
        for _, following in arcs:
            if following not in found.before:
                found.before[following] = []
                waiting.append(following)
            found.before[following].append(marking)
    return found
