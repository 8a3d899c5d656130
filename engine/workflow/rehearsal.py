"""Rehearsals as analysts write them: a YAML file beside a diagram that lists cases, what is done, and what should come.

Reading only; ``engine.cases.rehearse`` plays them. The format is told at the top of ``processes/claim.tests.yaml``.
Knows nothing of what the words of a file mean to an office: subjects and facts are handed on as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias

import yaml

from engine.store.declaration import DeclarationError, Entry

#: a value of a file: text, whole number, yes or no, nothing, or lists and groups of them
Value: TypeAlias = "str | int | bool | Sequence[Value] | Mapping[str, Value] | None"

#: beyond these a file is not a list of tests any more
_MOST_BYTES = 500_000
_DEEPEST = 20
_MOST_TOKENS = 60_000
#: the one in C: the other takes seconds for a file of this size
_LOADER = yaml.CSafeLoader
_OPENING = (
    yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken, yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)  # fmt: skip
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_YES_NO = {"true": True, "false": False}
#: a case of another age would only try what a calendar can hold
_YEARS = range(1950, 2200)
_UNITS = ("workdays", "days", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Do:
    """Somebody completes the open task of an element."""

    element: str
    fields: Mapping[str, Value]
    #: login, duty, or ``=element``: whoever did that step; empty: somebody who may
    by: str
    #: code of the refusal that must come instead; empty: it must go through
    refused: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Time passes: so many days or working days, or until the end of a day."""

    unit: Literal["workdays", "days", "until"]
    count: int
    day: date | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message from outside reaches the case that waits for it."""

    name: str
    payload: Mapping[str, Value]
    refused: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Another process is started; what follows may be done in any of the cases."""

    process: str
    data: Mapping[str, Value]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An outside party answers everything that was sent to it."""

    who: str
    line: int


ScriptStep = Do | Wait | Message | Start | Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What should have come of it; what is not named is not looked at."""

    #: ends that must have been reached, each by one of the cases
    ended_in: tuple[str, ...] = ()
    #: elements in this order, others may lie between
    path: tuple[str, ...] = ()
    visited: tuple[str, ...] = ()
    not_visited: tuple[str, ...] = ()
    #: exactly the elements that wait for a person; None: not looked at
    open: tuple[str, ...] | None = None
    data: Mapping[str, Value] = field(default_factory=dict)
    #: letters in this order, others may lie between
    letters: tuple[str, ...] = ()
    #: code of a refusal met on the way
    refused: str = ""
    #: element → last day of its open task
    due: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """One case to be rehearsed."""

    name: str
    #: empty: the first process of the diagram
    process: str
    #: whom the case is about, by key; empty: an office matter
    person: str
    employer: str
    #: what is different about them
    facts: Mapping[str, Value]
    #: what the case starts with
    data: Mapping[str, Value]
    day: date
    steps: tuple[ScriptStep, ...]
    expect: Expected
    line: int


def read_tests(content: bytes, *, file: str = "tests.yaml") -> tuple[Rehearsal, ...]:
    """The cases of the file, in order; DeclarationError with file and line for anything it cannot mean."""
    root = _compose(content, file)
    if not isinstance(root, yaml.SequenceNode) or not root.value:
        raise DeclarationError(file=file, line=1, message="文件应当是案例的列表，每个案例以「- name: …」开始")
    cases = tuple(_case(entry) for entry in Entry(file=file, line=1, fields={"cases": root}).entries("cases"))
    names: set[str] = set()
    for case in cases:
        if case.name in names:
            raise DeclarationError(file=file, line=case.line, message=f"案例「{case.name}」写了两次")
        names.add(case.name)
    return cases


def value_of(text: str) -> str | int | bool:
    """What the text means where it stands without quotes: yes or no, a whole number, else the text itself."""
    if text in _YES_NO:
        return _YES_NO[text]
    return int(text) if _WHOLE.fullmatch(text) else text


def first_difference(expected: Sequence[str], found: Sequence[str]) -> str:
    """The first of the expected that does not come in order among those found; empty when all do."""
    rest = iter(found)
    return next((each for each in expected if each not in rest), "")


def _compose(content: bytes, file: str) -> yaml.Node | None:
    if len(content) > _MOST_BYTES:
        raise DeclarationError(file=file, line=1, message=f"文件超过 {_MOST_BYTES // 1000} KB")
    try:
        text = content.decode("utf-8-sig")
        _refuse_endless(text, file)
        return yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as cause:
        raise DeclarationError(file=file, line=1, message="文件不是 UTF-8 编码") from cause
    except yaml.MarkedYAMLError as cause:
        # what is missing at the end is told of a line behind it
        line = min(cause.problem_mark.line, text.count("\n")) + 1 if cause.problem_mark else 1
        raise DeclarationError(file=file, line=line, message=f"YAML 写法不对：{cause.problem}") from cause
    except yaml.YAMLError as cause:
        raise DeclarationError(file=file, line=1, message="YAML 写法不对：含有不可用的字符") from cause


def _refuse_endless(text: str, file: str) -> None:
    """An alias could make a small file endless, and depth spend the stack; tests have no use for either."""
    depth = 0
    for number, token in enumerate(yaml.scan(text, Loader=_LOADER)):
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        why = "不支持 YAML 引用（*名称），请写全" if isinstance(token, yaml.AliasToken) else ""
        why = f"嵌套太深（最多{_DEEPEST}层）" if depth > _DEEPEST else why
        why = "内容太多，请拆成几个文件" if number > _MOST_TOKENS else why
        if why:
            raise DeclarationError(file=file, line=token.start_mark.line + 1, message=why)


def _case(entry: Entry) -> Rehearsal:
    entry.only("name", "process", "person", "employer", "facts", "data", "day", "steps", "expect")
    steps = tuple(_step(each) for each in entry.entries("steps"))
    return Rehearsal(
        name=entry.text("name"),
        process=entry.text("process", default=""),
        person=entry.text("person", default=""),
        employer=entry.text("employer", default=""),
        facts=_mapping(entry, "facts"),
        data=_mapping(entry, "data"),
        day=_day(entry, "day"),
        steps=steps,
        expect=_expected(entry.entry("expect")) if "expect" in entry.fields else Expected(),
        line=entry.line,
    )


def _step(entry: Entry) -> ScriptStep:
    kinds = [name for name in entry.fields if name in _READERS]
    if len(kinds) != 1:
        raise entry.error(f"一个步骤只写其中一项：{'、'.join(_READERS)}")
    return _READERS[kinds[0]](entry)


def _do(entry: Entry) -> Do:
    entry.only("do", "with", "as", "refused")
    return Do(
        element=entry.text("do"),
        fields=_mapping(entry, "with"),
        by=entry.text("as", default=""),
        refused=entry.text("refused", default=""),
        line=entry.line,
    )


def _wait(entry: Entry) -> Wait:
    entry.only("wait")
    how = entry.entry("wait")
    units = [unit for unit in _UNITS if unit in how.fields]
    if len(how.fields) != 1 or not units:
        raise how.error("wait 只写其中一项：workdays、days、until（例：{workdays: 3}）")
    if units[0] == "until":
        return Wait(unit="until", count=0, day=_day(how, "until"), line=entry.line)
    text = how.text(units[0])
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:6]) <= 4000:
        raise how.error(f"天数应当是 1 至 4000 的整数，现在是「{text}」", field=units[0])
    return Wait(
        unit="workdays" if units[0] == "workdays" else "days", count=int(text), day=None, line=entry.line
    )


def _message(entry: Entry) -> Message:
    entry.only("message", "refused")
    what = entry.entry("message")
    what.only("name", "payload")
    return Message(
        name=what.text("name"),
        payload=_mapping(what, "payload"),
        refused=entry.text("refused", default=""),
        line=entry.line,
    )


def _start(entry: Entry) -> Start:
    entry.only("start", "data")
    return Start(process=entry.text("start"), data=_mapping(entry, "data"), line=entry.line)


def _answer(entry: Entry) -> Answer:
    entry.only("answer")
    return Answer(who=entry.text("answer"), line=entry.line)


_READERS: Mapping[str, Callable[[Entry], ScriptStep]] = {
    "do": _do,
    "wait": _wait,
    "message": _message,
    "start": _start,
    "answer": _answer,
}


def _expected(entry: Entry) -> Expected:
    entry.only("ended_in", "path", "visited", "not_visited", "open", "data", "letters", "refused", "due")
    return Expected(
        ended_in=_words(entry, "ended_in"),
        path=_words(entry, "path"),
        visited=_words(entry, "visited"),
        not_visited=_words(entry, "not_visited"),
        open=_words(entry, "open") if "open" in entry.fields else None,
        data=_mapping(entry, "data"),
        letters=_words(entry, "letters"),
        refused=entry.text("refused", default=""),
        due=_mapping(entry, "due"),
    )


def _words(entry: Entry, name: str) -> tuple[str, ...]:
    """One text or a list of texts, which may be empty."""
    node = entry.fields.get(name)
    if node is None:
        return ()
    if isinstance(node, yaml.ScalarNode) and node.value:
        return (str(node.value),)
    if isinstance(node, yaml.SequenceNode) and not node.value:
        return ()
    return entry.words(name)


def _day(entry: Entry, name: str) -> date:
    text = entry.text(name)
    try:
        day = date.fromisoformat(text)
    except ValueError as cause:
        raise entry.error(f"日期应当写成 2025-11-03，现在是「{text}」", field=name) from cause
    if day.year not in _YEARS:
        raise entry.error(
            f"年份应当在 {_YEARS.start} 至 {_YEARS.stop - 1} 之间，现在是「{text}」", field=name
        )
    return day


def _mapping(entry: Entry, name: str) -> Mapping[str, Value]:
    node = entry.fields.get(name)
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise entry.error(f"字段「{name}」应当是「名称: 值」的一组", field=name)
    group = _plain(node, entry)
    assert isinstance(group, Mapping)  # noqa: S101 - a mapping node gives a mapping
    return group


def _plain(node: yaml.Node, entry: Entry) -> Value:
    """The value as written: days and decimals stay text, as forms and case data have them."""
    if isinstance(node, yaml.MappingNode):
        group: dict[str, Value] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in group:
                raise DeclarationError(
                    file=entry.file, line=key.start_mark.line + 1, message="名称写了两次，或不是文字"
                )
            group[str(key.value)] = _plain(value, entry)
        return group
    if isinstance(node, yaml.SequenceNode):
        return tuple(_plain(each, entry) for each in node.value)
    text = str(node.value)
    if isinstance(node, yaml.ScalarNode) and node.style in ("'", '"', "|", ">"):
        return text
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return value_of(text)
