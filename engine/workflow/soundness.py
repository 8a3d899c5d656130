"""Whether every case can finish: no dead end, no step that never comes, no token left behind, none doubled.

Plays the net of a diagram through every marking that can be reached. Bounded in markings and seconds; what cannot
be explored within the bounds is refused, with the numbers. Every finding has a path that replays it.
Called by ``checks``.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.workflow.net import THROWN, Marking, Move, Net, Spot, bits
from engine.workflow.problems import Problem, Severity, called
from engine.workflow.vocabulary import SUB_PROCESSES

#: steps named in a sentence; the path itself is whole
_NAMED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a diagram is explored before it is given up."""

    states: int = 50_000
    seconds: float = 8.0
    #: instant of the monotonic clock that no exploration passes; several share it
    until: float = math.inf


class Clock:
    """Says when the bounds of one exploration are reached."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._until = min(time.monotonic() + bounds.seconds, bounds.until)

    def spent(self, states: int) -> bool:
        """Whether so many states, or the time since the start, are too much."""
        return states > self.bounds.states or time.monotonic() > self._until


@dataclass(slots=True, kw_only=True)
class Trail:
    """How each state was first reached."""

    #: state number → (state before, move that led here); the first states have no state before
    steps: list[tuple[int, Move]] = field(default_factory=list)

    def path(self, state: int, *more: Move) -> tuple[str, ...]:
        """The elements and flows passed on the way to the state, and by the moves after it."""
        moves = list(reversed(more))
        while state >= 0:
            state, move = self.steps[state]
            moves.append(move)
        shown = [own for move in reversed(moves) for own in move.shows if own]
        return tuple(own for i, own in enumerate(shown) if i == 0 or shown[i - 1] != own)


@dataclass(slots=True, kw_only=True)
class _Explored:
    """Every marking that was reached."""

    net: Net
    trail: Trail = field(default_factory=Trail)
    markings: list[Marking] = field(default_factory=list)
    numbers: dict[Marking, int] = field(default_factory=dict)
    #: state → states from which a move leads here
    before: list[list[int]] = field(default_factory=list)
    #: state → states to which the engine goes on by itself
    onward: dict[int, list[int]] = field(default_factory=dict)
    #: places of nodes in the net's list of spots that took part
    acted: set[int] = field(default_factory=set)
    #: place → (state, move) that first put a second token there
    doubled: dict[int, tuple[int, Move]] = field(default_factory=dict)
    #: end → (state, move) that first ended a token while another could still come to the same end
    improper: dict[int, tuple[int, Move]] = field(default_factory=dict)
    given_up: bool = False

    def reach(self, marking: Marking, before: int, move: Move) -> int:
        """The number of the marking, new or known."""
        known = self.numbers.get(marking)
        if known is None:
            known = self.numbers[marking] = len(self.markings)
            self.markings.append(marking)
            self.before.append([])
            self.trail.steps.append((before, move))
        if before >= 0:
            self.before[known].append(before)
        return known


def judge_soundness(net: Net, bounds: Bounds) -> list[Problem]:
    """What keeps cases from finishing properly; empty when nothing does."""
    problems = [
        _problem(fault.code, fault.spot, fault.message, severity=fault.severity) for fault in net.faults
    ]
    explored = _explore(net, bounds)
    problems += _doubled(explored) + _improper(explored)
    if explored.given_up:
        return [*problems, _given_up(net, len(explored.markings), bounds)]
    if not problems:
        problems += _stuck(explored)
    if not problems:
        problems += _spinning(explored) + _dead(explored)
    return problems


def bound_problem(net: Net, states: int, bounds: Bounds, what: str) -> Problem:
    """The refusal of a diagram that has too many states to look at."""
    first = net.starts[0].spot if net.starts else net.spots[0]
    message = (
        f"推演了{states}种状态（上限{bounds.states}种、{bounds.seconds:g}秒）还没有走完，无法确认{what}，不能发布；"
        "请减少同时进行的分路，或把一部分画成单独的流程"
    )
    return _problem("exploration_bound", first, message)


def told(net: Net, path: Sequence[str]) -> str:
    """The path as people read it: the names of the steps, gateways and events without names left out."""
    names = {spot.node.id: spot.node.name for spot in net.spots}
    steps = [names[own] for own in path if names.get(own)]
    if len(steps) > _NAMED:
        steps = [*steps[:2], "…", *steps[-(_NAMED - 3) :]]
    return " → ".join(steps) or " → ".join(own for own in path if own in names)


def _explore(net: Net, bounds: Bounds) -> _Explored:
    explored, clock = _Explored(net=net), Clock(bounds)
    numbers = {id(spot): number for number, spot in enumerate(net.spots)}
    for start in net.starts:
        explored.acted.add(numbers[id(start.spot)])
        explored.reach(start.puts, -1, start)
    state = 0
    while state < len(explored.markings):
        if clock.spent(len(explored.markings)):
            explored.given_up = True
            break
        for move in net.moves(explored.markings[state]):
            if (
                move.act != "event" or not move.without
            ):  # a timer that is late already is no proof that it lives
                explored.acted.update(numbers[id(spot)] for spot in (move.spot, *move.also))
            _make(explored, state, move)
        state += 1
    return explored


def _make(explored: _Explored, state: int, move: Move) -> None:
    marking = explored.markings[state]
    if doubled := move.collides(marking):
        explored.doubled.setdefault(next(bits(doubled)), (state, move))
        return
    following = move.after(marking)
    if move.act == "end":
        _note_improper(explored, state, move, following)
    number = explored.reach(following, state, move)
    if not move.waits and move.act != "again":
        explored.onward.setdefault(state, []).append(number)


def _note_improper(explored: _Explored, state: int, move: Move, following: Marking) -> None:
    """Note an end that is reached while another token may still come to it; a terminate event means it so."""
    net, own = explored.net, move.takes.bit_length() - 1
    others = following & net.inside[move.spot.scope]
    if others and any(others & net.leads_to.get(place, 0) for place in _ways_in(net, move.spot, own)):
        explored.improper.setdefault(own, (state, move))


def _ways_in(net: Net, end: Spot, place: int) -> Iterable[int]:
    return [bit for bit in net.leads_to if net.holders[bit] is end] or [place]


def _doubled(explored: _Explored) -> list[Problem]:
    found: dict[str, Problem] = {}
    for place, (state, move) in explored.doubled.items():
        holder = explored.net.holders[place]
        path = explored.trail.path(state, move)
        message = (
            f"走到这里时，前一次走到的还没有办完，同一步会同时做两遍；请先用并行网关汇合，或改用排他网关分路。"
            f"路径：{told(explored.net, path)}"
        )
        found.setdefault(holder.node.id, _problem("two_tokens", holder, message, path=path))
    return list(found.values())


def _improper(explored: _Explored) -> list[Problem]:
    found: dict[str, Problem] = {}
    for state, move in explored.improper.values():
        path = explored.trail.path(state, move)
        message = (
            "走到这个结束时，还有别的分路没有办完，而且也会走到这里：案件没有一起办结，两路共用的步骤还会做两遍；"
            f"请先用并行网关汇合，或让分路走到各自的结束。路径：{told(explored.net, path)}"
        )
        found.setdefault(move.spot.node.id, _problem("improper_end", move.spot, message, path=path))
    return list(found.values())


def _stuck(explored: _Explored) -> list[Problem]:
    """The first marking from which the case cannot finish."""
    done = _finishing(explored)
    lost = next((state for state in range(len(explored.markings)) if state not in done), None)
    if lost is None:
        return []
    # the marking is lost already; what shows it is the first one behind it where nothing can happen
    state = next((s for s in range(lost, len(explored.markings)) if _is_over(explored, s, done)), lost)
    marking, path = explored.markings[state], explored.trail.path(state)
    holder = _holder(explored.net, marking)
    if explored.net.moves(marking):
        message = f"案件会在这里打转，永远走不到结束。路径：{told(explored.net, path)}"
        return [_problem("livelock", holder, message, path=path)]
    ended = any(own in path for own in _ends(explored.net))
    code = "leftover_token" if ended else "deadlock"
    return [_problem(code, holder, _why_stuck(explored.net, holder, ended, path), path=path)]


def _holder(net: Net, marking: Marking) -> Spot:
    """The innermost node that keeps a token; the sub-process around it only waits for it."""
    holders = [net.holders[bit] for bit in bits(marking)]
    around = SUB_PROCESSES | {"callActivity"}
    return next((holder for holder in reversed(holders) if holder.node.kind not in around), holders[0])


def _is_over(explored: _Explored, state: int, done: set[int]) -> bool:
    return state not in done and not explored.net.moves(explored.markings[state])


def _why_stuck(net: Net, holder: Spot, ended: bool, path: Sequence[str]) -> str:
    if holder.node.kind in ("parallelGateway", "inclusiveGateway"):
        why = "这个汇合会一直等一条不会再来的分路，案件就停在这里；分路与汇合的网关种类要一致"
    elif holder.node.kind == "exclusiveGateway":
        why = "条件不成立时没有去向，案件就停在这里；请加一条默认去向"
    else:
        why = "案件会停在这里，走不到结束"
    before = "（别的分路已经结束）" if ended else ""
    return f"{why}{before}。路径：{told(net, path)}"


def _spinning(explored: _Explored) -> list[Problem]:
    """A round that the engine may go through again and again without anybody; shape sees those without scopes."""
    entries = Counter(state for following in explored.onward.values() for state in following)
    waiting = [state for state in explored.onward if not entries[state]]
    left = set(explored.onward)
    while waiting:
        state = waiting.pop()
        left.discard(state)
        for following in explored.onward.get(state, ()):
            entries[following] -= 1
            if not entries[following]:
                waiting.append(following)
    if not left:
        return []
    first = min(left)
    path = explored.trail.path(first)
    holder = explored.net.holders[next(bits(explored.markings[first]))]
    message = f"这个回路上没有人办理，也不等消息或定时，会一直空转。路径：{told(explored.net, path)}"
    return [_problem("automatic_loop", holder, message, path=path)]


def _dead(explored: _Explored) -> list[Problem]:
    """Steps that no case ever comes to."""
    acted = {spot.node.id for number, spot in enumerate(explored.net.spots) if number in explored.acted}
    dead = {spot.node.id: spot for spot in explored.net.spots if spot.node.id not in acted}
    return [_problem("dead_step", spot, _why_dead(spot)) for spot in dead.values()]


def _why_dead(spot: Spot) -> str:
    if spot.node.kind == "boundaryEvent" and spot.element.event in THROWN:
        return "里面没有哪一步抛出它，永远不会发生；请在里面画上抛出它的事件，或删去这个边界事件"
    if spot.node.kind == "boundaryEvent":
        return "所附着的这一步一到就办完，不会等，这个事件永远不会发生；请附着在人工任务或等待的步骤上"
    return "照图推演，没有一个案件会走到这里；请检查它之前的网关和事件"


def _finishing(explored: _Explored) -> set[int]:
    """The states from which every token can be brought to an end."""
    final = explored.numbers.get(0)
    found = set() if final is None else {final}
    waiting = list(found)
    while waiting:
        for state in explored.before[waiting.pop()]:
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found


def _ends(net: Net) -> set[str]:
    return {spot.node.id for spot in net.spots if spot.node.kind == "endEvent"}


def _given_up(net: Net, states: int, bounds: Bounds) -> Problem:
    return bound_problem(net, states, bounds, "每个案件都能办结")


def _problem(
    code: str, spot: Spot, message: str, *, path: tuple[str, ...] = (), severity: Severity = "error"
) -> Problem:
    return Problem(
        severity=severity,
        code=code,
        element=spot.node.id,
        line=spot.node.line,
        message=f"{called(spot.node)}：{message}",
        path=path,
    )
