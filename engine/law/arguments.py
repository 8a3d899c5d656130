"""Arguments of a question asked in words, read into typed values.

Used by ``answers``; a wrong argument is ``BadArgumentError`` here and a refusal of code ``bad_argument`` outside.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.law.calendar import WorkCalendar
from engine.law.policy import PolicyBook
from engine.values import Money, Month, Refusal

Answer = dict[str, object]

_YES = frozenset({"yes", "y", "true", "1", "是", "有"})
_NO = frozenset({"no", "n", "false", "0", "否", "无"})
_COUNT = re.compile(r"[0-9]{1,7}")
_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,8})?")
_YUAN = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?")
_REGION = re.compile(r"[0-9]{4}[0-9A-Z]{2}")
_YEARS = range(1900, 2200)


class BadArgumentError(Exception):
    """参数缺失或写法不对；消息写明参数名和正确写法。"""

    retryable = False

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """When, where and on which figures a question is answered."""

    on: date
    region: str
    book: PolicyBook
    calendar: WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that ``changling law`` answers."""

    name: str
    #: one line of help, Chinese
    title: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    reply: Callable[[Arguments, Setting], Answer | Refusal]


class Arguments:
    """The arguments of one question, checked for missing and unknown names."""

    def __init__(self, given: Mapping[str, str], question: Question) -> None:
        known = (*question.required, *question.optional)
        self._given: dict[str, str] = {}
        for written, value in given.items():
            name = written.strip().lower().replace("_", "-")
            if name not in known:
                raise BadArgumentError(written, f"不认识的参数 {written!r}，可用：{'、'.join(known) or '无'}")
            self._given[name] = unicodedata.normalize("NFKC", str(value)).strip()
        missing = [name for name in question.required if not self._given.get(name)]
        if missing:
            raise BadArgumentError(missing[0], f"缺少参数 {'、'.join(missing)}")

    def has(self, name: str) -> bool:
        """Whether the argument was given with a value."""
        return bool(self._given.get(name))

    def text(self, name: str, default: str = "") -> str:
        """The argument as written, blanks trimmed."""
        return self._given.get(name) or default

    def day(self, name: str) -> date:
        """The argument as a day written ``2025-11-03``, from 1900 to 2199."""
        text = self.text(name)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or day.year not in _YEARS:
            raise BadArgumentError(name, f"{name}={text!r} 不是可用的日期（例：2025-11-03）")
        return day

    def month(self, name: str) -> Month:
        """The argument as a month written ``2025-11``."""
        text = self.text(name)
        try:
            month = Month.parse(text)
        except ValueError as error:
            raise BadArgumentError(name, f"{name}：{error}") from None
        if month.year not in _YEARS:
            raise BadArgumentError(name, f"{name}={text!r} 不在1900年至2199年之间")
        return month

    def count(self, name: str, default: int = 0) -> int:
        """The argument as a whole number, zero or more."""
        text = self.text(name, str(default))
        if not _COUNT.fullmatch(text):
            raise BadArgumentError(name, f"{name}={text!r} 须是不小于零的整数")
        return int(text)

    def money(self, name: str) -> Money:
        """The argument as yuan, zero or more, at most two decimals; thousands separators are ignored."""
        text = self.text(name)
        plain = text.replace(",", "").removeprefix("¥").removesuffix("元")
        if not _YUAN.fullmatch(plain):
            raise BadArgumentError(
                name, f"{name}={text!r} 不是金额，须以元为单位、最多两位小数（例：1638.00）"
            )
        return Money.yuan(plain)

    def ratio(self, name: str) -> Decimal:
        """The argument as a ratio: ``0.042`` or ``4.2%``."""
        text = self.text(name)
        plain = text.removesuffix("%")
        if not _DECIMAL.fullmatch(plain):
            raise BadArgumentError(name, f"{name}={text!r} 不是比例（例：0.042 或 4.2%）")
        return Decimal(plain) / 100 if text.endswith("%") else Decimal(plain)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """The argument as yes or no; the default when it was not given."""
        text = self.text(name, "yes" if default else "no").lower()
        if text not in _YES | _NO:
            raise BadArgumentError(name, f"{name}={text!r} 须是 yes 或 no")
        return text in _YES

    def choice(self, name: str, *allowed: str) -> str:
        """The argument as one of the words, upper or lower case."""
        text = self.text(name)
        for word in allowed:
            if text.lower() == word.lower():
                return word
        raise BadArgumentError(name, f"{name}={text!r} 须是 {'、'.join(allowed)} 之一")

    def region(self, name: str) -> str | None:
        """The argument as a region code; None when it was not given."""
        return read_region(name, self.text(name)) if self.has(name) else None


def read_region(name: str, text: str) -> str:
    """A region code of six characters; BadArgumentError names the argument it came from."""
    if not _REGION.fullmatch(text):
        raise BadArgumentError(name, f"{name}={text!r} 不是六位行政区划代码（例：371500）")
    return text
