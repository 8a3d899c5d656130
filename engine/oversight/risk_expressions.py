"""The condition of a risk rule: a small language over declared facts and figures of the policy, compiled to SQL.

``account_shared_by >= control.shared_account and not holder_is_claimant``: comparisons, ``and``, ``or``, ``not``;
a name is a fact, a name with dots a figure of the policy. Of numbers only 0 and 1 may be written: any other is a
figure that somebody must answer for. Text is read as a tree and nothing of it is ever run.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal, not_, or_

from engine.oversight.risk_facts import FACTS, Kind

LONGEST = 400
_WORDS = {"true": True, "false": False, "True": True, "False": False}
_SIGNS: Mapping[type[ast.cmpop], tuple[str, Callable[[Any, Any], ColumnElement[bool]]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}


class RuleError(ValueError):
    """规则不能使用；说明哪里不对、怎样写。"""

    def __init__(self, message: str, english: str = "") -> None:
        self.english = english or message
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition that was checked: every name is declared and every comparison makes sense."""

    tree: ast.expr
    #: names of facts, in the order in which they are written
    facts: tuple[str, ...]
    #: keys of the policy
    figures: tuple[str, ...]

    def sql(self, figure: Callable[[str], ColumnElement[Any]]) -> ColumnElement[bool]:
        """The condition over the columns of the facts; where something is not known, it does not hold."""
        return func.coalesce(_sql(self.tree, figure), false())


def compile_condition(text: str, figures: Mapping[str, Kind]) -> Condition:
    """The condition of the text; ``figures`` are the keys of the policy and what they hold. RuleError says what is wrong."""
    if len(text) > LONGEST:
        raise RuleError(
            f"条件过长（{len(text)}字，最多{LONGEST}字），请拆成几条规则", f"At most {LONGEST} characters."
        )
    if not text.isascii():
        strange = next(sign for sign in text if not sign.isascii())
        raise RuleError(
            f"条件里只能用英文字母和半角符号，这里有“{strange}”", f"Only ASCII; there is “{strange}”."
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as cause:
        raise RuleError(
            "条件写法不对，例如 account_shared_by >= control.shared_account and not holder_is_claimant",
            "This cannot be read as a condition.",
        ) from cause
    reader = _Reader(figures)
    if reader.kind_of(tree) != "flag":
        raise RuleError("条件应当是一个判断（是或否），例如 hits_open > 0", "A condition says yes or no.")
    return Condition(
        tree=tree, facts=tuple(dict.fromkeys(reader.facts)), figures=tuple(dict.fromkeys(reader.keys))
    )


class _Reader:
    """Goes through the tree, tells the kind of every part and refuses what the language lacks."""

    def __init__(self, figures: Mapping[str, Kind]) -> None:
        self._figures = figures
        self.facts: list[str] = []
        self.keys: list[str] = []

    def kind_of(self, node: ast.expr) -> Kind:
        match node:
            case ast.BoolOp(values=values):
                for value in values:
                    self._flag(value)
                return "flag"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._flag(operand)
                return "flag"
            case ast.Compare():
                return self._compared(node)
            case ast.Name(id=name):
                return self._named(name)
            case ast.Attribute():
                return self._figure(node)
            case ast.Constant(value=value):
                return self._written(value)
            case _:
                what = ast.unparse(node)[:40]
                raise RuleError(
                    f"不能写“{what}”：只能写比较、and、or、not",
                    f"“{what}” is not of this language: comparisons, and, or, not.",
                )

    def _flag(self, node: ast.expr) -> None:
        if self.kind_of(node) != "flag":
            what = ast.unparse(node)[:40]
            raise RuleError(
                f"“{what}”不是判断，不能用 and、or、not 连接", f"“{what}” does not say yes or no."
            )

    def _compared(self, node: ast.Compare) -> Kind:
        kinds = [self.kind_of(part) for part in (node.left, *node.comparators)]
        for sign in node.ops:
            if type(sign) not in _SIGNS:
                raise RuleError("只能用 ==、!=、<、<=、>、>= 比较", "Only ==, !=, <, <=, > and >= compare.")
            if kinds[0] in ("flag", "text") and not isinstance(sign, (ast.Eq, ast.NotEq)):
                raise RuleError("是否和文字只能用 == 或 != 比较", "Yes, no and text compare by == or !=.")
        if len(set(kinds)) != 1:
            what = ast.unparse(node)[:60]
            raise RuleError(f"“{what}”两边不是同一类，不能比较", f"“{what}” compares unlike things.")
        return "flag"

    def _named(self, name: str) -> Kind:
        if name in _WORDS:
            return "flag"
        fact = FACTS.get(name)
        if fact is None:
            raise RuleError(f"没有叫“{name}”的事实；可用的事实见本页所列", f"There is no fact “{name}”.")
        self.facts.append(name)
        return fact.kind

    def _figure(self, node: ast.Attribute) -> Kind:
        key = _key(node)
        kind = self._figures.get(key)
        if kind is None:
            raise RuleError(
                f"政策参数里没有“{key}”；数字要先写进 processes/policy", f"The policy has no figure “{key}”."
            )
        self.keys.append(key)
        return kind

    @staticmethod
    def _written(value: object) -> Kind:
        if isinstance(value, str):
            return "text"
        if isinstance(value, bool) or (value in (0, 1) and isinstance(value, int)):
            return "flag" if isinstance(value, bool) else "number"
        raise RuleError(
            f"不能直接写数字“{value}”：除 0 和 1 外，数字须是政策参数，写它的键，如 control.shared_account",
            f"“{value}” cannot be written: numbers but 0 and 1 are figures of the policy, named by their key.",
        )


def _key(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_key(node.value)}.{node.attr}"
    raise RuleError(
        "点号只用在政策参数的键里，如 control.shared_account", "Dots stand in keys of the policy."
    )


def _sql(node: ast.expr, figure: Callable[[str], ColumnElement[Any]]) -> Any:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return and_(*(_sql(value, figure) for value in values))
        case ast.BoolOp(values=values):
            return or_(*(_sql(value, figure) for value in values))
        case ast.UnaryOp(operand=operand):
            return not_(_sql(operand, figure))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            parts = [_sql(part, figure) for part in (left, *comparators)]
            return and_(*(_SIGNS[type(sign)][1](parts[n], parts[n + 1]) for n, sign in enumerate(ops)))
        case ast.Name(id=name):
            return literal(_WORDS[name]) if name in _WORDS else FACTS[name].column
        case ast.Attribute():
            return figure(_key(node))
        case ast.Constant(value=value):
            return literal(value)
    raise AssertionError(ast.dump(node))  # the reader let through what it does not know
