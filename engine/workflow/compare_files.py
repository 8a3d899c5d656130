"""What differs between two forms, decision files, letters or called diagrams, by meaning. Pure; called by the studio.

Fields are paired by what they are called in the case data, rows of a table by their id, lines of a letter by their
words. A file that cannot be read any more is compared line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, TypeVar

from engine.workflow.compare import Change, compare, differing
from engine.workflow.decisions import Decision, DecisionError, Rule, read_decisions
from engine.workflow.form_parts import Field, FormError, walk
from engine.workflow.forms import Form, read_form
from engine.workflow.xml_file import ReadError

Kind = Literal["diagram", "form", "decision", "letter"]
T = TypeVar("T")

#: differing lines of one letter that are told
_LINES_TOLD = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDifference:
    """A file beside the diagram that differs."""

    #: its name in the library, e.g. ``forms/claim-review.form``
    name: str
    kind: Kind
    #: never empty: what cannot be told in parts is told as a whole
    changes: tuple[Change, ...]


def compare_file(name: str, kind: Kind, old: bytes | None, new: bytes | None) -> FileDifference | None:
    """What differs from the old content to the new, None for a file that is not there; None where nothing does."""
    if old == new:
        return None
    if old is None or new is None:
        there = ("无", "有") if old is None else ("有", "无")
        changes = [Change(element="", name=name, what="文件", before=there[0], after=there[1])]
    else:
        changes = list(_COMPARE[kind](old, new)) or [_whole(name)]
    return FileDifference(name=name, kind=kind, changes=tuple(changes))


def _whole(name: str) -> Change:
    return Change(element="", name=name, what="写法", before="不同的写法", after="含义相同")


def _diagrams(old: bytes, new: bytes) -> Iterator[Change]:
    try:
        found = compare(old, new)
    except ReadError:
        yield from _lines(old, new)
        return
    for part in found.removed:
        yield Change(
            element=part.id, name=part.name or part.id, what=f"删除{part.kind}", before="有", after="无"
        )
    for part in found.added:
        yield Change(
            element=part.id, name=part.name or part.id, what=f"新增{part.kind}", before="无", after="有"
        )
    yield from found.changed
    yield from found.relabelled


def _forms(old: bytes, new: bytes) -> Iterator[Change]:
    try:
        before, after = read_form(old), read_form(new)
    except FormError:
        yield from _lines(old, new)
        return
    yield from _changes("", after.title or after.id, _form_facts(before), _form_facts(after))
    was = {part.key or part.id: part for part in walk(before.components)}
    now = {part.key or part.id: part for part in walk(after.components)}
    yield from _paired(was, now, _field_name, _field_facts, "字段")
    yield from _order("", after.title or after.id, "字段次序", list(was), list(now))


def _form_facts(form: Form) -> dict[str, str]:
    english = "；".join(f"{key}={text}" for key, text in sorted(form.english.items()))
    return {"标题": form.title, "英文": english}


def _field_name(part: Field) -> str:
    return part.label or part.key or part.id


#: each fact of a field: its name for people, and its text
_FIELD_FACTS: tuple[tuple[str, Callable[[Field], object]], ...] = (
    ("名称", lambda f: f.label),
    ("说明", lambda f: f.description),
    ("类型", lambda f: f.kind),
    ("必填", lambda f: f.required),
    ("只读", lambda f: f.readonly),
    ("金额（元）", lambda f: f.money),
    ("选项", lambda f: "；".join(f"{choice.value}={choice.label}" for choice in f.choices)),
    ("最少字数", lambda f: f.length_min),
    ("最多字数", lambda f: f.length_max),
    ("最小值", lambda f: f.minimum),
    ("最大值", lambda f: f.maximum),
    ("小数位", lambda f: f.decimals),
    ("格式", lambda f: f.pattern),
    ("预填", lambda f: f.default),
    ("隐藏条件", lambda f: f.hide_when.text if f.hide_when else ""),
    ("取值位置", lambda f: ".".join(f.path)),
)


def _field_facts(part: Field) -> dict[str, str]:
    return {what: _word(tell(part)) for what, tell in _FIELD_FACTS}


def _decision_files(old: bytes, new: bytes) -> Iterator[Change]:
    try:
        before, after = read_decisions(old), read_decisions(new)
    except (DecisionError, ReadError):
        yield from _lines(old, new)
        return
    yield from _paired(before, after, lambda table: table.name, _table_facts, "决策表")
    for own in after:
        if own in before:
            yield from _rows(before[own], after[own])


def _table_facts(table: Decision) -> dict[str, str]:
    return {
        "名称": table.name,
        "命中策略": f"{table.hit_policy} {table.aggregation}".strip(),
        "输入列": "；".join(f"{column.label}：{column.expression.text}" for column in table.inputs),
        "输出列": "；".join(
            f"{column.label}（{column.name}）" + (f"，默认 {column.default.text}" if column.default else "")
            for column in table.outputs
        ),
    }


def _rows(before: Decision, after: Decision) -> Iterator[Change]:
    was, now = ({rule.id or f"第{rule.number}行": rule for rule in table.rules} for table in (before, after))
    facts = {
        **{id(rule): _row_facts(before, rule) for rule in was.values()},
        **{id(rule): _row_facts(after, rule) for rule in now.values()},
    }
    yield from _paired(
        was, now, lambda rule: f"{after.name} 第{rule.number}行", lambda rule: facts[id(rule)], "行"
    )
    yield from _order(after.id, after.name, "行的次序", list(was), list(now))


def _row_facts(table: Decision, rule: Rule) -> dict[str, str]:
    tests = {
        f"条件“{column.label}”": test.text for column, test in zip(table.inputs, rule.tests, strict=True)
    }
    answers = {
        f"答案“{column.label}”": answer.text
        for column, answer in zip(table.outputs, rule.answers, strict=True)
    }
    return tests | answers


def _lines(old: bytes, new: bytes) -> Iterator[Change]:
    """The lines that differ, each block with where it begins in the newer text."""
    was, now = (side.decode("utf-8-sig", "replace").splitlines() for side in (old, new))
    told = 0
    for what, before, before_end, after, after_end in SequenceMatcher(
        None, was, now, autojunk=False
    ).get_opcodes():
        if what == "equal":
            continue
        told += max(before_end - before, after_end - after)
        if told > _LINES_TOLD:
            yield Change(element="", name="", what="更多", before="", after="其余差别请下载后比较")
            return
        yield Change(
            element="",
            name=f"第{after + 1}行",
            what="文字",
            before="\n".join(was[before:before_end]) or "无",
            after="\n".join(now[after:after_end]) or "无",
        )


def _paired(
    was: Mapping[str, T],
    now: Mapping[str, T],
    name: Callable[[T], str],
    facts: Callable[[T], Mapping[str, str]],
    what: str,
) -> Iterator[Change]:
    """Parts that only one side has, then the facts that differ in those that both have."""
    for own, part in was.items():
        if own not in now:
            told = _told(facts(part))
            yield Change(element=own, name=name(part), what=f"删除{what}", before=told, after="无")
    for own, part in now.items():
        if own not in was:
            told = _told(facts(part))
            yield Change(element=own, name=name(part), what=f"新增{what}", before="无", after=told)
        else:
            yield from _changes(own, name(part), facts(was[own]), facts(part))


def _changes(own: str, name: str, was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Change]:
    for what, before, after in differing(was, now):
        yield Change(element=own, name=name or own, what=what, before=before, after=after)


def _order(own: str, name: str, what: str, was: list[str], now: list[str]) -> Iterator[Change]:
    """Whether what both sides have comes in another order."""
    both = set(was) & set(now)
    before, after = ([each for each in side if each in both] for side in (was, now))
    if before != after:
        yield Change(
            element=own, name=name or own, what=what, before=" → ".join(before), after=" → ".join(after)
        )


def _told(facts: Mapping[str, str]) -> str:
    return "；".join(f"{what} {text}" for what, text in facts.items() if text not in ("", "否"))


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)


_COMPARE: Mapping[Kind, Callable[[bytes, bytes], Iterator[Change]]] = {
    "diagram": _diagrams,
    "form": _forms,
    "decision": _decision_files,
    "letter": _lines,
}
