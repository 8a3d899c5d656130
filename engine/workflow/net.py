"""The token game of a drawn process: places, moves, and what may follow a marking.

A marking is the set of places that hold a token, kept as the bits of one int: a place holds one token or none,
and a move that would put a second one says so. Sub-processes, and called processes that are at hand, are drawn
into one net; a called process that is not at hand is one step that somebody takes. As the engine does, steps
that wait for nobody run first, and only then somebody or something outside chooses. Built by
``net_areas``, ``net_moves`` and ``net_ways``; played by ``soundness`` and ``controls``. Pure: no engine, no judgement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.workflow.drawing import DrawnNode, Flow
from engine.workflow.problems import Severity
from engine.workflow.vocabulary import Element

#: the places that hold a token, as bits
Marking = int

#: what a move does: a step passes or is entered, is done by somebody, is done once more, is left out, an event
#: happens, a token ends, a scope is left, or no way out can be chosen
Act = Literal["pass", "enter", "done", "again", "skip", "event", "end", "leave", "stuck"]


#: events that are caught only around the scope in which they are thrown
THROWN = ("error", "escalation", "cancel")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spot:
    """A drawn node where it stands in the net; a called process that is called twice has each node twice."""

    node: DrawnNode
    element: Element
    #: number of the scope that it stands in
    scope: int
    #: inside a step that is done several times
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Move:
    """One thing that can happen: tokens taken, tokens put."""

    spot: Spot
    act: Act
    #: all of these must hold a token
    takes: Marking
    puts: Marking
    #: emptied as well, where there is a token
    clears: Marking = 0
    #: none of these may hold a token
    without: Marking = 0
    #: an inclusive join: one empty way in → places from which a token may still come that way
    awaits: tuple[tuple[Marking, Marking], ...] = ()
    #: ways in of an inclusive join; what is there is taken
    gathers: Marking = 0
    #: flows chosen at a gateway; their conditions hold
    chosen: tuple[Flow, ...] = ()
    #: somebody or something outside chooses it
    waits: bool = False
    #: ends others by force, or looks at others: considered after every step that is left to itself
    late: bool = False
    #: ids of elements and flows, in the order in which they are passed
    shows: tuple[str, ...] = ()
    #: others that take part: who threw what an event caught
    also: tuple[Spot, ...] = ()

    def enabled(self, marking: Marking) -> bool:
        """Whether it can happen now."""
        if marking & self.takes != self.takes or marking & self.without:
            return False
        if not self.gathers:
            return True
        if not marking & self.gathers:
            return False
        return not any(not marking & way and marking & sources for way, sources in self.awaits)

    def collides(self, marking: Marking) -> Marking:
        """Places that would hold two tokens."""
        return self.puts & self._rest(marking)

    def after(self, marking: Marking) -> Marking:
        """The marking when it has happened."""
        return self._rest(marking) | self.puts

    def _rest(self, marking: Marking) -> Marking:
        return marking & ~(self.takes | self.clears | self.gathers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something drawn that the token game cannot, or the engine does not, play as drawn."""

    severity: Severity
    code: str
    spot: Spot
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the nodes and flows of one scope have their places."""

    #: number of the scope around it; None for the process itself
    outer: int | None
    #: the sub-process or call that it is inside of; empty for the process itself
    host: str
    #: node → the place where a token waits there, or stands for what runs inside
    at: Mapping[str, Marking]
    #: node → the places of all its non-interrupting events
    arming: Mapping[str, Marking]
    #: non-interrupting event → the place that says it may still happen
    armed: Mapping[str, Marking]
    #: (source, target) → the place of the flow
    flows: Mapping[tuple[str, str], Marking]
    #: sub-process or call → the number of the scope inside
    inner: Mapping[str, int]


@dataclass(slots=True, kw_only=True)
class Net:
    """A process as places and moves."""

    process_id: str
    #: how a case may start: one move for each start event
    starts: list[Move] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    #: bit number → the node that holds the token, or that it flows to
    holders: list[Spot] = field(default_factory=list)
    #: moves without choice from outside, by the bit number of a place that they take from, in order of rank
    automatic: dict[int, list[Move]] = field(default_factory=dict)
    #: bit number → how early its moves go: what lies upstream goes first, so that tokens meet where they can
    ranks: dict[int, int] = field(default_factory=dict)
    #: moves that somebody or something outside chooses, by bit number
    waiting: dict[int, list[Move]] = field(default_factory=dict)
    #: place before an end → places from which a token can flow to that end without a non-interrupting event
    leads_to: dict[int, Marking] = field(default_factory=dict)
    #: places of the scope with everything inside, by scope number
    inside: list[Marking] = field(default_factory=list)
    #: place of the sub-process or call around the scope, by scope number; 0 for the process itself
    around: list[Marking] = field(default_factory=list)
    #: the places of each scope by name, by scope number
    grounds: list[Ground] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def moves(self, marking: Marking) -> list[Move]:
        """What can happen next: the alternatives of one step left to itself, else everything from outside."""
        late: list[Move] = []
        for bit in sorted((b for b in bits(marking) if b in self.automatic), key=self._rank):
            able = [move for move in self.automatic[bit] if move.enabled(marking)]
            if able and not able[0].late:
                return able
            late += able
        if late:
            return late
        return [move for bit in bits(marking) for move in self.waiting.get(bit, ()) if move.enabled(marking)]

    def every_move(self) -> list[Move]:
        """Every move once, the starts left out."""
        moves = (move for several in (*self.automatic.values(), *self.waiting.values()) for move in several)
        return list({id(move): move for move in moves}.values())

    def _rank(self, bit: int) -> int:
        return self.ranks[bit]


def bits(marking: Marking) -> Iterator[int]:
    """The numbers of the places that hold a token, lowest first."""
    while marking:
        lowest = marking & -marking
        yield lowest.bit_length() - 1
        marking ^= lowest
