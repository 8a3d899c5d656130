"""Evaluating the tree of an expression: exact numbers, strict kinds, a budget, and nothing of Python's own.

Called by ``expressions`` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import cast

from engine.workflow.syntax import (
    Binary,
    Call,
    Choice,
    Comparison,
    Index,
    Literal,
    Name,
    Node,
    Place,
    Sequence,
    Table,
    Unary,
)

Function = Callable[..., object]

MAX_STEPS = 20_000
MAX_SIZE = 200_000
MAX_VALUE_DEPTH = 30
#: entries of a list or signs of a text that may be gone through for one step
_ENTRIES_PER_STEP = 16
MAX_BITS = 256
MAX_DIGITS = 60

_NOWHERE = Place(1, 1)


class Run:
    """One evaluation with its budget; all lines of a script share one."""

    def __init__(
        self, data: Mapping[str, object], functions: Mapping[str, Function], *, steps: int = MAX_STEPS
    ) -> None:
        self._data = data
        self._functions = functions
        self._left = steps

    def result(self, node: Node) -> object:
        """The node's value as JSON knows it; ExpressionError points at the part that cannot be computed."""
        copy = _Copy()
        value = copy.of(self.value(node), 0)
        self._spend(copy.parts // _ENTRIES_PER_STEP, node.at)
        return value

    def value(self, node: Node) -> object:
        """The node's value; ExpressionError points at the part that cannot be computed."""
        self._spend(1, node.at)
        match node:
            case Literal(value=value):
                return value
            case Name(id=name):
                return self._named(name, node)
            case Comparison():
                return self._holds(node)
            case Binary():
                return self._joined(node)
            case Unary():
                return self._unary(node)
            case Choice(condition=condition):
                return self.value(node.yes if _truth(self.value(condition), node.at) else node.no)
        return self._compound(node)

    def _spend(self, steps: int, at: Place) -> None:
        self._left -= steps
        if self._left < 0:
            raise at.error("计算步数超过上限")

    def _charge(self, at: Place, *values: object) -> None:
        """Long values cost more than one step."""
        for value in values:
            if isinstance(value, str | list | dict):
                self._spend(len(value) // _ENTRIES_PER_STEP, at)

    def _joined(self, node: Binary) -> object:
        if node.sign in ("and", "or"):
            return self._logic(node)
        left, right = self.value(node.left), self.value(node.right)
        self._charge(node.at, left, right)
        return _sized(_ARITHMETIC[node.sign](left, right, node.at), node.at)

    def _compound(self, node: Node) -> object:
        match node:
            case Index():
                return _item(self.value(node.target), self.value(node.key), node.at)
            case Call():
                return self._called(node)
            case Sequence(items=items):
                return [self.value(item) for item in items]
            case Table(pairs=pairs):
                return {_key(self.value(key), node.at): self.value(value) for key, value in pairs}
        raise AssertionError(node)

    def _named(self, name: str, node: Node) -> object:
        if name not in self._data:
            raise node.at.error(f"没有数据项 {name}")
        return _accepted(self._data[name], node.at, f"数据项 {name} ")

    def _logic(self, node: Binary) -> bool:
        left = _truth(self.value(node.left), node.left.at)
        if left is (node.sign == "or"):
            return left
        return _truth(self.value(node.right), node.right.at)

    def _unary(self, node: Unary) -> object:
        operand = self.value(node.operand)
        if node.sign == "not":
            return not _truth(operand, node.at)
        if node.sign == "empty":
            return operand is None or (isinstance(operand, str | list | dict) and not operand)
        return -_number(operand, node.at)

    def _holds(self, node: Comparison) -> bool:
        left = self.value(node.first)
        for sign, part in node.rest:
            right = self.value(part)
            self._charge(part.at, left, right)
            if not _compared(sign, left, right, part.at):
                return False
            left = right
        return True

    def _called(self, node: Call) -> object:
        arguments = [self.value(argument) for argument in node.arguments]
        self._charge(node.at, *arguments)
        function = self._functions.get(node.function) or BUILT_IN.get(node.function)
        if function is None:
            raise node.at.error(f"没有函数 {node.function}")
        try:
            result = function(*(arguments if node.function in BUILT_IN else map(plain, arguments)))
        except (TypeError, ValueError, ArithmeticError) as wrong:
            raise node.at.error(f"函数 {node.function} 不能这样用：{wrong}") from wrong
        return _sized(_accepted(result, node.at, f"函数 {node.function} 的结果"), node.at)


def _accepted(value: object, at: Place, what: str) -> object:
    """The value as the language knows it: exact numbers, ISO text for days; anything else is refused."""
    if value is None or isinstance(value, bool | int | str | Decimal | list | dict):
        return value
    if isinstance(value, float):
        try:
            return Decimal(repr(value)) if abs(value) < float("inf") else _refuse(at, what)
        except InvalidOperation:
            return _refuse(at, what)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return _refuse(at, what)


def _refuse(at: Place, what: str) -> object:
    raise at.error(f"{what}不是文字、数字、是否、列表或表，不能参加计算")


def plain(value: object) -> object:
    """The value as JSON knows it: whole numbers as int, fractions as float. Refuses what is too large or too deep."""
    return _Copy().of(value, 0)


class _Copy:
    """One copy of a value; counts its parts, since a list of lists of lists is short and huge."""

    def __init__(self) -> None:
        self.parts = 0

    def of(self, value: object, depth: int) -> object:
        self.parts += 1
        if self.parts > MAX_SIZE or depth > MAX_VALUE_DEPTH:
            raise _NOWHERE.error("内容过多或套得过深")
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        if isinstance(value, list):
            return [self.of(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {key: self.of(item, depth + 1) for key, item in value.items()}
        return value


def _sized(value: object, at: Place) -> object:
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise at.error("数字过大")
    if isinstance(value, Decimal) and (not value.is_finite() or abs(value.adjusted()) > MAX_BITS // 4):
        raise at.error("数字过大")
    if isinstance(value, str | list | dict) and len(value) > MAX_SIZE:
        raise at.error("内容过长")
    return value


def _truth(value: object, at: Place) -> bool:
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    raise at.error("这里要的是“是/否”，请写成比较，例如 answer == 'agree'")


def _number(value: object, at: Place) -> int | Decimal:
    value = _accepted(value, at, "这个值")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise at.error(f"这里要的是数字，得到的是{_kind(value)}")
    return value


def _kind(value: object) -> str:
    names = {
        str: "文字",
        bool: "是否",
        int: "数字",
        Decimal: "数字",
        float: "数字",
        list: "列表",
        dict: "表",
        type(None): "空",
    }
    return names.get(type(value), "别的东西")


def _key(value: object, at: Place) -> str:
    if not isinstance(value, str):
        raise at.error("表的名称要用文字")
    return value


def _item(target: object, key: object, at: Place) -> object:
    if isinstance(target, dict) and isinstance(key, str):
        if key not in target:
            raise at.error(f"没有“{key}”这一项")
        return _accepted(target[key], at, f"“{key}”")
    if isinstance(target, list | str) and isinstance(key, int) and not isinstance(key, bool):
        if not -len(target) <= key < len(target):
            raise at.error(f"没有第{key}项")
        return _accepted(target[key], at, f"第{key}项")
    raise at.error(f"不能从{_kind(target)}里按{_kind(key)}取内容")


def _compared(sign: str, left: object, right: object, at: Place) -> bool:
    if sign in ("==", "!="):
        return _same(left, right) is (sign == "==")
    if sign in ("in", "not in"):
        return _contains(right, left, at) is (sign == "in")
    if isinstance(left, str) and isinstance(right, str):
        order = (left > right) - (left < right)
    else:
        first, second = _number(left, at), _number(right, at)
        order = (first > second) - (first < second)
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]


def _same(left: object, right: object) -> bool:
    # Python counts True as 1; a diagram must not
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    if isinstance(left, float):
        left = _accepted(left, _NOWHERE, "")
    if isinstance(right, float):
        right = _accepted(right, _NOWHERE, "")
    return left == right


def _contains(container: object, item: object, at: Place) -> bool:
    if isinstance(container, list):
        return any(_same(member, item) for member in container)
    if isinstance(container, str | dict) and isinstance(item, str):
        return item in container
    raise at.error(f"不能在{_kind(container)}里找{_kind(item)}")


def _add(left: object, right: object, at: Place) -> object:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    if isinstance(left, str) or isinstance(right, str):
        raise at.error("文字只能与文字相加，数字请先用 str(…)")
    return _number(left, at) + _number(right, at)


def _divide(sign: str, left: object, right: object, at: Place) -> object:
    first, second = Decimal(_number(left, at)), Decimal(_number(right, at))
    if second == 0:
        raise at.error("除数是零")
    try:
        if sign == "/":
            return first / second
        whole = (first / second).to_integral_value(rounding=ROUND_FLOOR)
        return whole if sign == "//" else first - whole * second
    except InvalidOperation as wrong:
        raise at.error("数字过大") from wrong


_ARITHMETIC: dict[str, Callable[[object, object, Place], object]] = {
    "+": _add,
    "-": lambda left, right, at: _number(left, at) - _number(right, at),
    "*": lambda left, right, at: _number(left, at) * _number(right, at),
    "/": lambda left, right, at: _divide("/", left, right, at),
    "//": lambda left, right, at: _divide("//", left, right, at),
    "%": lambda left, right, at: _divide("%", left, right, at),
}


def _many(values: tuple[object, ...]) -> Iterable[object]:
    if len(values) == 1 and isinstance(values[0], list):
        values = tuple(values[0])
    if not values:
        raise ValueError("没有值")
    return values


def _numbers(values: tuple[object, ...]) -> list[int | Decimal]:
    return [_number(value, _NOWHERE) for value in values]


def _extreme(values: tuple[object, ...], *, largest: bool) -> object:
    found = tuple(_many(values))
    if all(isinstance(value, str) for value in found):
        texts = cast(tuple[str, ...], found)
        return max(texts) if largest else min(texts)
    numbers = _numbers(found)
    return max(numbers) if largest else min(numbers)


def _sum_of(*values: object) -> int | Decimal:
    total: int | Decimal = 0
    for value in _numbers(tuple(_many(values))) if values != ([],) else []:
        total = total + value
    return total


def _length(value: object) -> int:
    if not isinstance(value, str | list | dict):
        raise TypeError(f"{_kind(value)}没有长度")
    return len(value)


def _rounded(value: object, digits: object = 0) -> Decimal:
    if not isinstance(digits, int) or not 0 <= digits <= 10:
        raise ValueError("小数位数要在0到10之间")
    return Decimal(_number(value, _NOWHERE)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _whole(value: object) -> int:
    if isinstance(value, str):
        text = value.strip()
        if len(text) > MAX_DIGITS or not text.removeprefix("-").isdecimal():
            raise ValueError("不是整数")
        return int(text)
    return int(_number(value, _NOWHERE))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if not isinstance(value, str | int | Decimal):
        raise TypeError(f"{_kind(value)}不能变成文字")
    return str(plain(value))


#: functions that every expression may call
BUILT_IN: Mapping[str, Function] = {
    "len": _length,
    "min": lambda *values: _extreme(values, largest=False),
    "max": lambda *values: _extreme(values, largest=True),
    "abs": lambda value: abs(_number(value, _NOWHERE)),
    "round": _rounded,
    "sum": _sum_of,
    "str": _text,
    "int": _whole,
}
