"""The condition that hides a field, as plain lists that ``app.js`` can walk. Nothing is evaluated as code.

The server decides with the same expression (``engine.workflow.forms``); the browser only spares the reader
fields that do not apply. What it could not walk stays visible.
"""

from __future__ import annotations

from decimal import Decimal
from functools import reduce

from engine.workflow.syntax import Binary, Comparison, Literal, Name, Node, Unary

#: ``["==", ["name", "answer"], ["value", "object"]]``
Tree = list["str | int | float | bool | Tree | None"]

_COMPARED = frozenset({"==", "!=", "<", "<=", ">", ">="})


def tree_of(node: Node) -> Tree | None:
    """The condition as nested lists; None where it uses more than names, values and comparisons."""
    match node:
        case Literal(value=value):
            return ["value", float(value) if isinstance(value, Decimal) else value]
        case Name(id=name):
            return ["name", name]
        case Unary(sign="not", operand=operand):
            return _all("not", tree_of(operand))
        case Binary(sign=("and" | "or") as sign, left=left, right=right):
            return _all(sign, tree_of(left), tree_of(right))
        case Comparison():
            return _comparison(node)
    return None


def _comparison(node: Comparison) -> Tree | None:
    sides = [node.first, *(part for _sign, part in node.rest)]
    signs = [sign for sign, _part in node.rest]
    if not _COMPARED.issuperset(signs):
        return None
    pairs = [_all(sign, tree_of(a), tree_of(b)) for sign, a, b in zip(signs, sides, sides[1:], strict=False)]
    return reduce(lambda left, right: _all("and", left, right), pairs)


def _all(word: str, *parts: Tree | None) -> Tree | None:
    return None if any(part is None for part in parts) else [word, *parts]
