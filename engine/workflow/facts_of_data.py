"""What is surely known of the case data on a path: a field has a value, or has not. Pure.

Only fields that decide whether a control is passed are followed. What is not surely known is left open, and then
every outcome is possible. Called by ``controls`` only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from engine.workflow.drawing import DrawnNode, Flow
from engine.workflow.expressions import ExpressionError, compile_expression, compile_script
from engine.workflow.net import Move, Spot
from engine.workflow.net_moves import is_default
from engine.workflow.syntax import Binary, Comparison, Literal, Name, Node, Unary
from engine.workflow.vocabulary import GATEWAYS, PEOPLE_TASKS, Names, tag

_WRITE_NOTHING = GATEWAYS | {"startEvent", "endEvent", "intermediateThrowEvent"}


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """The field has the value, or surely has another."""

    field: str
    value: str | int | Decimal | bool | None
    holds: bool


Facts = frozenset[Fact]
NOTHING: Facts = frozenset()


def deciding_fact(passed_when: str) -> Fact | None:
    """The fact that passing a control means; None if the expression is not of the form ``field == value``."""
    try:
        tree = compile_expression(passed_when).tree
    except ExpressionError:
        return None
    return _equality(tree)


def may_choose(move: Move, facts: Facts) -> bool:
    """Whether the ways that the move chooses at a gateway can be the chosen ones, as far as is known."""
    if not facts or not move.chosen:
        return True
    for flow in move.spot.node.outgoing:
        held = _holds(flow, facts)
        if flow in move.chosen:
            if is_default(move.spot.node, flow):
                continue
            if held is False:
                return False
        elif held is True and _excludes(move, flow):
            return False
    return True


def written(spot: Spot, names: Names) -> frozenset[str] | None:
    """The fields that the step may set; None if it may set any."""
    element = spot.element
    if spot.node.kind in _WRITE_NOTHING or (spot.node.kind == "sendTask" and not element.topic):
        return frozenset()
    if element.multi_instance is not None or spot.repeated or element.event not in ("", "timer"):
        return None
    if spot.node.kind in PEOPLE_TASKS:
        return names.forms.get(element.form) if element.form else frozenset()
    if spot.node.kind == "scriptTask":
        return _by_script(spot.node, element.result_variable)
    if element.decision:
        if element.result_variable:
            return frozenset({element.result_variable})
        return names.decisions.get(element.decision)
    if element.topic:
        operation = names.operations.get(element.topic)
        return operation.provides if operation else None
    return frozenset() if element.event == "timer" else None


def kept(facts: Facts, fields: Collection[str] | None) -> Facts:
    """What is still known when the fields may have been set anew; nothing when any may have been."""
    if fields is None:
        return NOTHING
    return frozenset(fact for fact in facts if fact.field not in fields)


def common(several: Iterable[Facts]) -> Facts:
    """What is known whichever of several branches the data come from."""
    branches = list(several)
    return frozenset.intersection(*branches) if branches else NOTHING


def _excludes(move: Move, flow: Flow) -> bool:
    """Whether a way that surely holds keeps the move from being chosen.

    Of an exclusive gateway's ways the first that holds is taken, and which is first depends on the drawing: then
    only the default is kept from. An inclusive gateway takes every way that holds.
    """
    if is_default(move.spot.node, flow):
        return False
    if move.spot.node.kind == "inclusiveGateway":
        return True
    return any(is_default(move.spot.node, chosen) for chosen in move.chosen)


def _holds(flow: Flow, facts: Facts) -> bool | None:
    if not flow.condition:
        return None
    try:
        return _truth(compile_expression(flow.condition).tree, facts)
    except ExpressionError:
        return None


def _truth(node: Node, facts: Facts) -> bool | None:
    """Whether the condition holds; None where it is not known."""
    if isinstance(node, Binary) and node.sign in ("and", "or"):
        return _both(node.sign, _truth(node.left, facts), _truth(node.right, facts))
    if isinstance(node, Unary) and node.sign == "not":
        inside = _truth(node.operand, facts)
        return None if inside is None else not inside
    asked = _equality(node)
    return None if asked is None else _known(asked, facts)


def _both(sign: str, left: bool | None, right: bool | None) -> bool | None:
    decides = sign == "or"
    if left is decides or right is decides:
        return decides
    return None if left is None or right is None else not decides


def _known(asked: Fact, facts: Facts) -> bool | None:
    for fact in facts:
        if fact.field != asked.field or type(fact.value) is not type(asked.value):
            continue
        same = fact.value == asked.value
        if fact.holds or same:
            equal = fact.holds and same
            return equal if asked.holds else not equal
    return None


def _equality(node: Node) -> Fact | None:
    """The fact that ``field == value`` or ``field != value`` states."""
    if not isinstance(node, Comparison) or len(node.rest) != 1:
        return None
    sign, right = node.rest[0]
    if sign not in ("==", "!=") or not isinstance(node.first, Name) or not isinstance(right, Literal):
        return None
    return Fact(node.first.id, right.value, sign == "==")


def _by_script(node: DrawnNode, result_variable: str) -> frozenset[str] | None:
    if result_variable:
        return frozenset({result_variable})
    script = node.xml.find(tag("script"))
    try:
        return compile_script(str(script.text or "")).provides if script is not None else frozenset()
    except ExpressionError:
        return None
