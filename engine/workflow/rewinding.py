"""The rule of going back: which tokens a way back to an earlier step takes away.

Let M be where the case stands. Going back from the sender's token to a step takes away the fewest tokens, the
sender's among them, such that the rest and one fresh token at the step is a marking that the diagram can reach,
and from which it can come to M again while the rest stays. So whatever the publisher proved of every reachable
marking still holds, and a way back is never a way to somewhere else. Gateways need no rules of their own.
Pure; called by ``going_back``. Argued in ``docs/decisions/0005-going-back.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.workflow.net import Marking, Net, Spot
from engine.workflow.reachable import Reachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way back."""

    spot: Spot
    #: the tokens that go
    withdrawn: Marking
    #: where the case stands afterwards
    after: Marking
    #: what lies on the way from the step to where the case stands now, the step itself included
    between: frozenset[Spot]


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
    fewest = min((way.withdrawn.bit_count() for way in found), default=0)
    return tuple(way for way in found if way.withdrawn.bit_count() == fewest)


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
    possible = [
        (marking & ~after, after)
        for after in earlier
        if after & put == put and not after & ~put & ~marking and not after & sender
    ]
    found: list[Way] = []
    # where the engine would go on at once nobody has been sent back to
    possible = [pair for pair in possible if all(move.waits for move in net.moves(pair[1]))]
    for withdrawn, after in sorted(possible, key=lambda pair: pair[0].bit_count()):
        if found and withdrawn.bit_count() > found[0].withdrawn.bit_count():
            break
        between = reach.between(after, marking) if withdrawn else None
        if between is not None:
            found.append(Way(spot=spot, withdrawn=withdrawn, after=after, between=between))
    return found
