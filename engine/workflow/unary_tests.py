"""The tests in the cells of a decision table: the part of S-FEEL that the office reads.

``-`` or nothing; ``"a", "b"``; ``< 5``; ``[1..5]``, ``(1..5)``, ``]1..5[``; ``not("a")``; ``true``;
``date("2026-12-01")``; and any condition that names the tested value ``?``. Called by ``decisions`` only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.workflow.expressions import Expression, ExpressionError, compile_expression

#: the tested value's name inside a cell
VALUE = "tested_value"

_COMPARISON = re.compile(r"(<=|>=|!=|<|>|==|=)(?!=)\s*(.+)", re.DOTALL)
_NEGATION = re.compile(r"not\s*\((.*)\)", re.DOTALL)
#: one that is not closed reaches to the end, so that no text is gone through twice
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*(?:"|\Z)|'(?:[^'\\]|\\.)*(?:'|\Z))""", re.DOTALL)
#: signs of one cell
MAX_CELL = 4_000
_MOST_NOTS = 10
_OPENING = "([{"
_CLOSING = ")]}"


def _iso_day(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError('日期要写成 date("2026-12-01")')
    return date.fromisoformat(text).isoformat()


#: what a cell may call besides the office's functions
DATE: Mapping[str, Callable[..., Any]] = {"date": _iso_day}


@dataclass(frozen=True, slots=True)
class Test:
    """One cell; it holds when any of its parts holds."""

    text: str
    #: conditions over ``tested_value``, and plain values that it may equal
    conditions: tuple[Expression, ...]
    values: tuple[Expression, ...]
    #: the cell says ``not(…)``
    negated: bool = False

    def holds(
        self, value: object, data: Mapping[str, object], functions: Mapping[str, Callable[..., Any]]
    ) -> bool:
        """Whether the value passes. An empty value passes no comparison. Raises ExpressionError."""
        if not self.conditions and not self.values:
            return True
        around = {**data, VALUE: value}
        found = any(_equals(expression.evaluate(around, functions), value) for expression in self.values)
        if not found:
            found = any(self._met(expression, around, functions) for expression in self.conditions)
        return found is not self.negated

    @staticmethod
    def _met(
        expression: Expression, around: Mapping[str, object], functions: Mapping[str, Callable[..., Any]]
    ) -> bool:
        if around[VALUE] is None and expression.text.startswith(VALUE):
            return False
        return expression.evaluate(around, functions) is True


def compile_tests(text: str) -> Test:
    """The test written in a cell. Raises ExpressionError."""
    text = inner = text.strip()
    if text in ("", "-"):
        return Test(text, (), ())
    if len(text) > MAX_CELL:
        raise ExpressionError(f"单元格过长（{len(text)}字，最多{MAX_CELL}字）")
    nots = 0
    while (negation := _NEGATION.fullmatch(inner)) and _closes_at_end(inner):
        inner, nots = negation[1].strip(), nots + 1
        if nots > _MOST_NOTS:
            raise ExpressionError("not(…) 套得太多")
    if inner in ("", "-"):
        return Test(text, (), (), nots % 2 == 1)
    conditions: list[Expression] = []
    values: list[Expression] = []
    for part in _parts(inner):
        condition = _condition(part)
        if condition:
            conditions.append(compile_expression(condition))
        else:
            values.append(compile_expression(part))
    return Test(text, tuple(conditions), tuple(values), nots % 2 == 1)


def _condition(part: str) -> str:
    """The part as a condition over the tested value; empty for a plain value."""
    comparison = _COMPARISON.fullmatch(part)
    if comparison:
        return f"{VALUE} {comparison[1]} ({comparison[2]})"
    interval = _interval(part)
    if interval:
        low = ">=" if part[0] == "[" else ">"
        high = "<=" if part[-1] == "]" else "<"
        return f"{VALUE} {low} ({interval[0]}) and {VALUE} {high} ({interval[1]})"
    pieces = _QUOTED.split(part)
    if any("?" in piece for piece in pieces[::2]):
        return "".join(
            piece if index % 2 else piece.replace("?", f" {VALUE} ") for index, piece in enumerate(pieces)
        )
    return ""


def _interval(part: str) -> tuple[str, str] | None:
    """The bounds of ``[low..high]``, whichever way its brackets look; None for anything else."""
    if len(part) < 2 or part[0] not in "[](" or part[-1] not in "[])":
        return None
    at = _masked(part).find("..")
    low, high = part[1:at].strip(), part[at + 2 : -1].strip()
    return (low, high) if at > 0 and low and high else None


def _masked(text: str) -> str:
    """The text with nothing but x between its quotation marks, as long as before."""
    return _QUOTED.sub(lambda quoted: "x" * len(quoted[0]), text)


def _equals(wanted: object, value: object) -> bool:
    if isinstance(wanted, list):
        return any(_equals(entry, value) for entry in wanted)
    # Python counts True as 1; a table must not
    return isinstance(wanted, bool) is isinstance(value, bool) and wanted == value


def _parts(text: str) -> list[str]:
    """The text cut at the commas that stand outside brackets and quotation marks."""
    parts, depth, start = [], 0, 0
    masked = _masked(text)
    if "," not in masked:
        return [text]
    for position, sign in enumerate(masked):
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if sign == "," and depth <= 0:
            parts.append(text[start:position].strip())
            start = position + 1
    parts.append(text[start:].strip())
    if not all(parts):
        raise ExpressionError("逗号之间缺少内容")
    return parts


def _closes_at_end(text: str) -> bool:
    """True if the first bracket closes with the last sign, as in ``not("a", "b")`` but not ``not(a) or (b)``."""
    depth = 0
    masked = _masked(text)
    for position, sign in enumerate(masked):
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if depth == 0 and sign in _CLOSING:
            return position == len(masked) - 1
    return False
