"""The rule of going back: which tokens a way back to an earlier step takes away.

Let M be where the case stands. Going back from the sender's token to a step takes away the fewest tokens, the
sender's among them, such that the rest and one fresh token at the step is a marking that the diagram can reach,
and from which it can come to M again while the rest stays. Where the step lies on a branch that has been joined
since, the other branches wait at the join again, as done as they were: the fewest such. So whatever the publisher
proved of every reachable marking still holds, and a way back is never a way to somewhere else. Gateways need no
rules of their own. Pure; called by ``going_back``. Argued in ``docs/decisions/0005-going-back.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.workflow.net import Marking, Net, Spot
from engine.workflow.reachable import Reachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way back."""

    spot: Spot
    #: the tokens that go
    withdrawn: Marking
    #: branches that wait at a join again
    restored: Marking
    #: where the case stands afterwards
    after: Marking
    #: what lies on the way from the step to where the case stands now, the step itself included
    between: frozenset[Spot]
    #: all that may be done from there on before what stays moves: whatever of it was done is undone
    undone: frozenset[Spot]


def ways_to(
    net: Net, reach: Reachable, marking: Marking, spots: Iterable[Spot], *, sender: Marking
) -> tuple[Way, ...]:
    """The ways back to the step that take away the fewest tokens: none, one, or several that take away as many.

    `spots` is where the step stands; `sender` the place that must be among those taken away, 0 for whichever.
    """
    earlier = reach.leading_to(marking)
    found: list[Way] = []
    for spot in spots:
        found += _ways_to(net, reach, marking, spot, sender, earlier)
    fewest = min(map(_cost, found), default=(0, 0))
    return tuple(way for way in found if _cost(way) == fewest)


def fresh(net: Net, marking: Marking, spot: Spot) -> Marking:
    """The places that a token put on the step fills: its own, its events', and those of scopes entered with it."""
    ground = net.grounds[spot.scope]
    places = ground.at[spot.node.id] | ground.arming[spot.node.id]
    while ground.outer is not None:
        host, ground = ground.host, net.grounds[ground.outer]
        if marking & ground.at[host]:
            break
        places |= ground.at[host] | ground.arming[host]
    return places


def _ways_to(
    net: Net, reach: Reachable, marking: Marking, spot: Spot, sender: Marking, earlier: set[Marking]
) -> list[Way]:
    put = fresh(net, marking, spot)
    if marking & put:
        return []
    may_be_there = put | marking | _before_joins(net)
    possible = [
        Way(
            spot=spot,
            withdrawn=marking & ~after,
            restored=after & ~put & ~marking,
            after=after,
            between=frozenset(),
            undone=frozenset(),
        )
        for after in earlier
        # where the engine would go on at once nobody has been sent back to
        if after & put == put
        and not after & ~may_be_there
        and not after & sender
        and all(move.waits for move in net.moves(after))
    ]
    found: list[Way] = []
    for way in sorted(possible, key=_cost):
        if found and _cost(way) > _cost(found[0]):
            break
        between = reach.between(way.after, marking) if way.withdrawn else None
        if between is not None:
            undone = reach.ahead(way.after, way.after & marking)
            found.append(replace(way, between=between, undone=undone))
    return found


def _cost(way: Way) -> tuple[int, int]:
    return way.withdrawn.bit_count(), way.restored.bit_count()


def _before_joins(net: Net) -> Marking:
    """The places where a branch waits for others."""
    places: Marking = 0
    for bit, holder in enumerate(net.holders):
        if holder.node.kind in ("parallelGateway", "inclusiveGateway") and len(holder.node.incoming) > 1:
            places |= 1 << bit
    return places
