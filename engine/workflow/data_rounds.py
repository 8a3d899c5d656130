"""Whether a case can leave every round: a gateway that sends it back must, in the end, find other data.

A gateway that decides by data which no step of the round sets may decide the same way every time; where the round has
no other way out, the case then never ends. The worst is assumed of such data. Called by ``play``.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from engine.workflow.drawing import Flow
from engine.workflow.expressions import BUILT_IN, Expression, ExpressionError, compile_expression
from engine.workflow.facts_of_data import written
from engine.workflow.net import Net, Spot
from engine.workflow.net_moves import is_default
from engine.workflow.problems import Problem, called
from engine.workflow.soundness import told
from engine.workflow.syntax import Binary, Call, Name, Node, walk
from engine.workflow.vocabulary import Names

_Spots = Mapping[str, Spot]
_After = Mapping[str, list[str]]


def judge_rounds(net: Net, names: Names) -> list[Problem]:
    """A problem for every gateway that may send a case round for ever; nobody knows what a file from elsewhere sets."""
    if names.open:
        return []
    scopes: dict[int, dict[str, Spot]] = {}
    for spot in net.spots:
        scopes.setdefault(spot.scope, {})[spot.node.id] = spot
    found: dict[str, Problem] = {}
    for number, spots in scopes.items():
        if _ended_from_outside(net, scopes, number):
            continue
        after = _after(spots)
        for spot in spots.values():
            way = _endless(spot, spots, after, names)
            if way is not None:
                found.setdefault(spot.node.id, _problem(net, spots, spot, way))
    return list(found.values())


def _ended_from_outside(net: Net, scopes: Mapping[int, _Spots], number: int) -> bool:
    """Whether an event on a step around the scope can end what runs inside."""
    while (outer := net.grounds[number].outer) is not None:
        host = net.grounds[number].host
        if any(
            spot.node.attached_to == host and spot.element.interrupting for spot in scopes[outer].values()
        ):
            return True
        number = outer
    return False


def _endless(gateway: Spot, spots: _Spots, after: _After, names: Names) -> Flow | None:
    """The way on which the gateway sends a case round for ever; None where there is none."""
    ways = gateway.node.outgoing
    if gateway.node.kind != "exclusiveGateway" or len(ways) < 2:
        return None
    for way in ways:
        around = _behind(way, gateway, after)
        ends = any(not spots[own].node.outgoing for own in around)
        returns = any(flow.target == gateway.node.id for own in around for flow in spots[own].node.outgoing)
        if ends or not returns:
            continue
        sets: set[str] = set()
        for own in around:
            fields = written(spots[own], names)
            if fields is None:
                break
            sets |= fields
        else:
            if _same_again(gateway, way, sets):
                return way
    return None


def _same_again(gateway: Spot, way: Flow, sets: Set[str]) -> bool:
    """Whether data that stay as they are may let the gateway take the way every time."""
    try:
        if not is_default(gateway.node, way):
            return _stays(compile_expression(way.condition or ""), sets, sign="or")
        others = [other for other in gateway.node.outgoing if not is_default(gateway.node, other)]
        return all(_stays(compile_expression(other.condition or ""), sets, sign="and") for other in others)
    except ExpressionError:
        return False


def _stays(condition: Expression, sets: Set[str], *, sign: str) -> bool:
    """Whether one part of the ``or`` may stay true, or of the ``and`` false, whatever is set of the rest."""
    waiting, parts = [condition.tree], list[Node]()
    while waiting:
        part = waiting.pop()
        if isinstance(part, Binary) and part.sign == sign:
            waiting += [part.left, part.right]
        else:
            parts.append(part)
    return any(_fixed(part, sets) for part in parts)


def _fixed(part: Node, sets: Set[str]) -> bool:
    """Whether it reads data, and none that is set or that changes by itself, as the day does."""
    inside = [each for each, _ in walk(part)]
    if any(isinstance(each, Call) and each.function not in BUILT_IN for each in inside):
        return False
    read = {each.id for each in inside if isinstance(each, Name)}
    return bool(read) and not read & sets


def _after(spots: _Spots) -> _After:
    """Node → the nodes behind it and the events on it."""
    after = {own: [flow.target for flow in spot.node.outgoing] for own, spot in spots.items()}
    for own, spot in spots.items():
        if spot.node.attached_to:
            after[spot.node.attached_to].append(own)
    return after


def _behind(way: Flow, gateway: Spot, after: _After) -> set[str]:
    """The nodes to which the way leads without passing the gateway again, events on them included."""
    found: set[str] = set()
    waiting = [way.target]
    while waiting:
        own = waiting.pop()
        if own not in found and own != gateway.node.id:
            found.add(own)
            waiting += after[own]
    return found


def _problem(net: Net, spots: _Spots, gateway: Spot, way: Flow) -> Problem:
    path = (*_to(gateway, spots), way.id, way.target)
    message = (
        f"{called(gateway.node)}：走上“{way.name or way.id}”以后会回到这里，而这一圈上没有哪一步改变决定它的数据，"
        f"可能每次都走同一路，案件永远走不到结束。路径：{told(net, path)}"
    )
    return Problem(
        severity="error",
        code="livelock",
        element=gateway.node.id,
        line=gateway.node.line,
        message=message,
        path=path,
    )


def _to(gateway: Spot, spots: _Spots) -> tuple[str, ...]:
    """Nodes and flows of a shortest way from a start event of the scope to the gateway."""
    came: dict[str, tuple[str, ...]] = {
        own: (own,) for own, spot in spots.items() if spot.node.kind == "startEvent"
    }
    waiting = list(came)
    for own in waiting:
        for flow in spots[own].node.outgoing:
            if flow.target not in came:
                came[flow.target] = (*came[own], flow.id, flow.target)
                waiting.append(flow.target)
        for other, spot in spots.items():
            if spot.node.attached_to == own and other not in came:
                came[other] = (*came[own], other)
                waiting.append(other)
    return came.get(gateway.node.id, (gateway.node.id,))
