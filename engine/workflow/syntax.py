"""The parts of an expression: a small tree of values, and the error that points into its text.

Written by ``grammar``, evaluated by ``expressions``, compared by ``checks``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal


class ExpressionError(Exception):
    """An expression cannot be read or cannot be evaluated; the sentence says where and what to write."""

    retryable = False

    def __init__(self, message: str, *, line: int = 1, column: int = 1, element: str | None = None) -> None:
        self.message = message
        #: counted from 1 within the expression's own text
        self.line = line
        self.column = column
        #: the diagram element that holds the expression, when known
        self.element = element
        super().__init__(message)

    def __str__(self) -> str:
        where = f"“{self.element}”的表达式" if self.element else "表达式"
        return f"{where}第{self.line}行第{self.column}列：{self.message}"


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column of a token, both from 1."""

    line: int
    column: int

    def error(self, message: str) -> ExpressionError:
        """The error that points here."""
        return ExpressionError(message, line=self.line, column=self.column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of an expression; two nodes are equal if they mean the same, wherever they stand."""

    at: Place = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Node):
    """A text, number, true, false or null."""

    value: str | int | Decimal | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """A value of the case data."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence(Node):
    """``[a, b]``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Node):
    """``{"a": b}``."""

    pairs: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Node):
    """``a[b]``."""

    target: Node
    key: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """``f(a, b)``; only names can be called."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """``not a``, ``-a``, ``empty a``."""

    sign: str
    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """``a and b``, ``a or b``, ``a + b`` …"""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Node):
    """``a < b <= c``: every neighbouring pair must hold."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Node):
    """``yes if condition else no``, also written ``condition ? yes : no``."""

    condition: Node
    yes: Node
    no: Node


def children(node: Node) -> tuple[Node, ...]:
    """The parts directly below a node, in reading order."""
    match node:
        case Sequence(items=items) | Call(arguments=items):
            return items
        case Table(pairs=pairs):
            return tuple(part for pair in pairs for part in pair)
        case Index(target=first, key=second) | Binary(left=first, right=second):
            return (first, second)
        case Unary(operand=operand):
            return (operand,)
        case Comparison(first=first, rest=rest):
            return (first, *(part for _, part in rest))
        case Choice(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
    return ()


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """Every part with its depth (the whole is at depth 1); needs no recursion, so any tree can be measured."""
    waiting = [(node, 1)]
    while waiting:
        part, depth = waiting.pop()
        yield part, depth
        waiting.extend((child, depth + 1) for child in reversed(children(part)))


def negated(node: Node) -> Node:
    """A node that holds exactly when this one does not, as far as one sign can say it."""
    opposite = {
        "==": "!=",
        "!=": "==",
        "in": "not in",
        "not in": "in",
        "<": ">=",
        ">=": "<",
        ">": "<=",
        "<=": ">",
    }
    if isinstance(node, Unary) and node.sign == "not":
        return node.operand
    if isinstance(node, Comparison) and len(node.rest) == 1:
        sign, right = node.rest[0]
        return Comparison(at=node.at, first=node.first, rest=((opposite[sign], right),))
    if isinstance(node, Literal) and isinstance(node.value, bool):
        return Literal(at=node.at, value=not node.value)
    return Unary(at=node.at, sign="not", operand=node)
