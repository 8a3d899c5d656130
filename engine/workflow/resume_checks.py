"""Whether a step may ask to get the case straight back (``send_back="resume"``): no control may lie between.

A step that sends the case back and gets it straight back skips what lies between. Called by ``play``.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.workflow.net import Marking, Move, Net, Spot, bits
from engine.workflow.problems import Problem, called
from engine.workflow.vocabulary import PEOPLE_TASKS, Names


def judge_resume(net: Net, names: Names) -> list[Problem]:
    """A problem for every step that could get the case straight back over a control, or over what a control guards."""
    senders = {spot.node.id: spot for spot in net.spots if spot.element.send_back == "resume"}
    return [problem for spot in senders.values() for problem in _judge(net, names, spot)]


def _judge(net: Net, names: Names, sender: Spot) -> Iterator[Problem]:
    before = _before(net, sender)
    for spot in before:
        if not spot.element.control and spot.element.topic not in names.needs:
            continue
        earlier = next(
            (each for each in _before(net, spot, but=sender) if _may_be_gone_to(each, spot, sender)), None
        )
        if earlier is None:
            continue
        message = (
            f"{called(sender.node)}：退回方式写的是 resume（改好后直接送回），但从{called(earlier.node)}到这里要经过"
            f"{called(spot.node)}，不能跳过；请改为 redo（逐步重办）"
        )
        yield Problem(
            severity="error",
            code="resume_over_control",
            element=sender.node.id,
            line=sender.node.line,
            message=message,
        )
        return


def _may_be_gone_to(earlier: Spot, over: Spot, sender: Spot) -> bool:
    return earlier.node.kind in PEOPLE_TASKS and earlier.node.id not in (over.node.id, sender.node.id)


def _before(net: Net, spot: Spot, but: Spot | None = None) -> list[Spot]:
    """What a token may pass on its way to the step, without passing the step itself or the other one."""
    leading = _leading(net, spot, but)
    found: dict[int, Spot] = {}
    seen = _entrance(net, spot)
    waiting = list(bits(seen))
    while waiting:
        for move in leading.get(waiting.pop(), ()):
            if move.spot is not spot and move.act != "enter":
                found[id(move.spot)] = move.spot
            waiting += bits((move.takes | move.gathers) & ~seen)
            seen |= move.takes | move.gathers
    return list(found.values())


def _leading(net: Net, spot: Spot, but: Spot | None) -> dict[int, list[Move]]:
    """Place → the moves that put a token there, without what follows the step and without the other one."""
    leading: dict[int, list[Move]] = {}
    for move in net.every_move():
        if move.spot is but or (move.spot is spot and move.act != "enter"):
            continue
        around = net.around[move.spot.scope] if move.act == "end" else 0
        for place in bits(move.puts | around):
            leading.setdefault(place, []).append(move)
    return leading


def _entrance(net: Net, spot: Spot) -> Marking:
    """The places from which a token comes to the step."""
    entering: Marking = 0
    for move in net.every_move():
        if move.spot is spot and move.act in ("enter", "pass"):
            entering |= move.takes
    return entering
