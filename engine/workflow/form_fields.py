"""The marshmallow field of each form component, with Chinese messages. Called by ``forms`` only."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from marshmallow import ValidationError, fields

from engine.values import Money
from engine.workflow.form_parts import Field

#: longest text where a form sets no limit of its own
MAX_TEXT = 4_000
#: longest text that is matched against a pattern
MAX_MATCHED = 200

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,10})?")


def field_of(part: Field) -> fields.Field[Any]:
    """The field that checks one component and turns it into case data: text, int, float, boolean or ISO day."""
    match part.kind:
        case "checkbox":
            return _Parsed(part, partial(_ticked, part), "请勾选")
        case "number":
            return _Parsed(part, partial(_number, part))
        case "datetime":
            return _Parsed(part, _day)
        case "radio" | "select":
            return _Parsed(part, partial(_chosen, part), "请选择")
    return _Parsed(part, partial(_yuan if part.money else _words, part))


class _Parsed(fields.Field[Any]):
    """A field whose text is turned into a value by a function; the function raises ValidationError."""

    def __init__(self, part: Field, parse: Callable[[str], object], empty: str = "请填写") -> None:
        messages: dict[str, Any] = {"required": empty, "null": empty}
        super().__init__(required=part.required, allow_none=not part.required, error_messages=messages)
        self._parse = parse

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> object:  # noqa: ARG002
        return self._parse(str(value))


def _ticked(part: Field, text: str) -> bool:
    ticked = text.lower() in ("true", "on", "1", "yes")
    if part.required and not ticked:
        raise ValidationError("请勾选")
    return ticked


def _words(part: Field, text: str) -> str:
    longest = part.length_max or (MAX_MATCHED if part.pattern else MAX_TEXT)
    if len(text) > longest:
        raise ValidationError(f"最多{longest}个字")
    if part.length_min and len(text) < part.length_min:
        raise ValidationError(f"至少{part.length_min}个字")
    # too long a text is not even matched: patterns come from files
    if part.pattern and (len(text) > MAX_MATCHED or not re.search(part.pattern, text)):
        raise ValidationError("格式不对")
    return text


def _chosen(part: Field, text: str) -> str:
    if all(option.value != text for option in part.choices):
        raise ValidationError("请从给出的选项中选择")
    return text


def _number(part: Field, text: str) -> int | float:
    text = text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        raise ValidationError("请填写数字")
    number = Decimal(text)
    if part.decimals is not None and number != round(number, part.decimals):
        raise ValidationError("请填写整数" if part.decimals == 0 else f"最多{part.decimals}位小数")
    _within(part, number)
    return int(number) if number == number.to_integral_value() else float(number)


def _yuan(part: Field, text: str) -> int:
    text = text.replace(",", "").removeprefix("¥").removeprefix("￥").removesuffix("元").strip()
    try:
        amount = Money.yuan(text) if len(text) <= 15 else Money(-1)
    except ValueError:
        amount = Money(-1)
    if amount.fen < 0:
        raise ValidationError("请填写金额，最多两位小数，例如 1638.00")
    _within(part, Decimal(amount.fen) / 100)
    return amount.fen


def _day(text: str) -> str:
    match = _DAY.fullmatch(text)
    try:
        return date(*(int(number) for number in match.groups())).isoformat() if match else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> str:
    raise ValidationError("请填写日期，例如 2026-12-01")


def _within(part: Field, number: Decimal) -> None:
    low, high = part.minimum, part.maximum
    if low is not None and math.isfinite(low) and number < Decimal(str(low)):
        raise ValidationError(f"不能小于{low}")
    if high is not None and math.isfinite(high) and number > Decimal(str(high)):
        raise ValidationError(f"不能大于{high}")
