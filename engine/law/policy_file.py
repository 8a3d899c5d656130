"""Read the YAML files of ``processes/policy`` with their lines, so that a wrong entry can be named.

Knows the shape of the files and nothing of the law. ``policy.py`` builds the book from what is read here.
Every problem of every file is collected before the refusal, so that an author mends them in one go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.values import Money, Month

#: what a parameter may hold; a table holds one number for each full year paid, the last for all beyond
Value = Money | Month | date | Decimal | int | bool | str | tuple[int, ...]

_STR = "tag:yaml.org,2002:str"
_INT = "tag:yaml.org,2002:int"
_BOOL = "tag:yaml.org,2002:bool"
_REGION = re.compile(r"[0-9]{4}[0-9A-Z]{2}")
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")

MONEY_UNITS = frozenset({"yuan", "yuan_per_month"})
DECIMAL_UNITS = frozenset({"ratio", "factor"})
COUNT_UNITS = frozenset(
    {
        "months",
        "days",
        "workdays",
        "years",
        "persons",
        "times",
        "tier",
        "day_of_month",
        "certificates",
        "lines",
    }
)
UNITS = MONEY_UNITS | DECIMAL_UNITS | COUNT_UNITS | {"months_by_year", "flag", "month", "date", "text"}


class PolicyFileError(Exception):
    """政策参数文件不能使用；逐条列出文件、行号、键和毛病。"""

    retryable = False

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a thing stands: ``benefit.yaml:12``."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One number as written: in force from its first to its last day, both inclusive."""

    key: str
    title: str
    region: str
    valid_from: date
    #: last day in force; None while nothing ends it
    last_day: date | None
    value: Value
    unit: str
    #: key of sources.yaml
    source: str
    #: provision inside the source, e.g. 第四十五条
    article: str
    verified: bool
    note: str
    place: Place


@dataclass(slots=True)
class Findings:
    """Problems met while reading; the reader goes on after each."""

    problems: list[str] = field(default_factory=list)

    def add(self, place: Place, what: str, *, key: str = "") -> None:
        """Note one problem at its place, with the key it belongs to."""
        self.problems.append(f"{place} {key}：{what}" if key else f"{place} {what}")

    def refuse_if_any(self) -> None:
        """PolicyFileError with every problem; nothing when there is none."""
        if self.problems:
            raise PolicyFileError(tuple(self.problems))


def read_root(path: Path, findings: Findings) -> MappingNode | None:
    """The top mapping of a YAML file; None and a finding when the file cannot be read as one."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except UnicodeDecodeError:
        findings.add(Place(file=path.name, line=1), "不是 UTF-8 文本")
        return None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        findings.add(Place(file=path.name, line=line), f"YAML 写法不对：{getattr(error, 'problem', error)}")
        return None
    if not isinstance(root, MappingNode):
        findings.add(Place(file=path.name, line=1), "文件最外层须是“键: 内容”")
        return None
    return root


def pairs(node: MappingNode, file: str, findings: Findings) -> Iterator[tuple[str, Node, Place]]:
    """Key, value node and place of each pair; a key written twice is a finding."""
    seen: set[str] = set()
    for key_node, value_node in node.value:
        place = Place(file=file, line=key_node.start_mark.line + 1)
        key = str(key_node.value)
        if key in seen:
            findings.add(place, "同一个键写了两次", key=key)
            continue
        seen.add(key)
        yield key, value_node, place


def texts(node: Node, file: str, findings: Findings) -> dict[str, str]:
    """The scalar pairs of a mapping as text; anything else in it is a finding."""
    if not isinstance(node, MappingNode):
        findings.add(Place(file=file, line=node.start_mark.line + 1), "此处须是“键: 值”")
        return {}
    found: dict[str, str] = {}
    for key, value, place in pairs(node, file, findings):
        if isinstance(value, ScalarNode):
            found[key] = "" if value.value in ("null", "~") else str(value.value)
        else:
            findings.add(place, "此处须是一个值", key=key)
    return found


def read_topic(path: Path, findings: Findings) -> list[Entry]:
    """Every entry of one topic file, in written order."""
    root = read_root(path, findings)
    if root is None:
        return []
    entries: list[Entry] = []
    for key, node, place in pairs(root, path.name, findings):
        if not isinstance(node, MappingNode):
            findings.add(place, "须写 title 和按行政区划代码分组的数值", key=key)
            continue
        entries.extend(_entries_of_key(key, node, path.name, findings))
    return entries


def _entries_of_key(key: str, node: MappingNode, file: str, findings: Findings) -> Iterator[Entry]:
    title = ""
    for name, value, place in pairs(node, file, findings):
        if name == "title":
            title = str(value.value)
        elif not _REGION.fullmatch(name):
            findings.add(place, f"{name!r} 不是六位行政区划代码", key=key)
        elif not isinstance(value, SequenceNode):
            findings.add(place, "每个地区下须是一列 - from: … 的条目", key=key)
        else:
            for item in value.value:
                entry = _entry(item, key=key, title=title or key, region=name, file=file, findings=findings)
                if entry:
                    yield entry


_FIELDS = frozenset({"from", "until", "value", "unit", "source", "article", "verified", "note"})


def _entry(item: Node, *, key: str, title: str, region: str, file: str, findings: Findings) -> Entry | None:
    place = Place(file=file, line=item.start_mark.line + 1)
    if not isinstance(item, MappingNode):
        findings.add(place, "条目须写 from、value、unit、source、verified", key=key)
        return None
    nodes = {name: node for name, node, _ in pairs(item, file, findings)}
    missing = [name for name in ("from", "value", "unit", "source", "verified") if name not in nodes]
    unknown = sorted(set(nodes) - _FIELDS)
    if missing or unknown:
        findings.add(
            place, f"缺少 {'、'.join(missing)}" if missing else f"不认识的字段 {'、'.join(unknown)}", key=key
        )
        return None
    try:
        unit = _scalar(nodes["unit"])
        return Entry(
            key=key,
            title=title,
            region=region,
            valid_from=_day(nodes["from"], "from"),
            last_day=_day(nodes["until"], "until") if "until" in nodes else None,
            value=read_value(nodes["value"], unit),
            unit=unit,
            source=_scalar(nodes["source"]),
            article=_scalar(nodes["article"]) if "article" in nodes else "",
            verified=_flag(nodes["verified"], "verified"),
            note=_scalar(nodes["note"]) if "note" in nodes else "",
            place=place,
        )
    except ValueError as error:
        findings.add(place, str(error), key=key)
        return None


def read_value(node: Node, unit: str) -> Value:
    """The value in the form its unit demands; ValueError says what is wrong with it."""
    if unit not in UNITS:
        raise ValueError(f"不认识的单位 {unit!r}，可用：{'、'.join(sorted(UNITS))}")
    if unit == "months_by_year":
        return _table(node)
    text = _scalar(node)
    if unit in MONEY_UNITS or unit in DECIMAL_UNITS:
        return _exact(node, text, unit)
    if unit in COUNT_UNITS:
        if node.tag != _INT or not text.isdecimal():
            raise ValueError(f"value {text!r} 须是不小于零的整数")
        return int(text)
    if unit == "flag":
        return _flag(node, "value")
    if unit == "date":
        return _day(node, "value")
    return Month.parse(text) if unit == "month" else text


def _exact(node: Node, text: str, unit: str) -> Value:
    # YAML would read 0.6 as a binary float; quoted text keeps the figure as the notice prints it
    if node.tag != _STR:
        raise ValueError(f"value {text} 须加引号写成文本，金额和比例不许用浮点数或裸数字")
    if unit in MONEY_UNITS:
        return Money.yuan(text)
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f'value {text!r} 须是十进制小数，例："0.90"')
    return Decimal(text)


def _table(node: Node) -> tuple[int, ...]:
    if not isinstance(node, SequenceNode) or not node.value:
        raise ValueError("value 须是一列整数，依次为满1年、满2年……对应的月数")
    if any(item.tag != _INT or not str(item.value).isdecimal() for item in node.value):
        raise ValueError("value 表中须全是整数")
    months = tuple(int(item.value) for item in node.value)
    if any(later < earlier for earlier, later in pairwise(months)):
        raise ValueError("value 表中的月数不得随缴费年限减少")
    return months


def _scalar(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        raise ValueError("此处须是一个值")  # noqa: TRY004 (the author of the file is at fault, not a type)
    return str(node.value).strip()


def _flag(node: Node, name: str) -> bool:
    if node.tag != _BOOL:
        raise ValueError(f"{name} 须是 true 或 false")
    return str(node.value).lower() in ("true", "yes", "on")


def _day(node: Node, name: str) -> date:
    text = _scalar(node)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} {text!r} 不是日期（例：2025-10-01）") from None
