"""Risk rules as written: read from ``processes/risk-rules.yaml`` or from a page, checked, not yet put to anybody.

A rule is data that an internal controller reads and changes (鲁人社函〔2020〕10号（八）). Called by ``risk_versions`` and
the use-cases of the control room.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from engine.law.policy import PolicyBook
from engine.oversight.risk_expressions import Condition, RuleError, compile_condition
from engine.oversight.risk_facts import FACTS, Kind
from engine.store.declaration import Entry, read_declaration

Level = Literal["high", "middle", "low"]
LEVEL_NAMES: Mapping[str, str] = {"high": "高", "middle": "中", "low": "低"}

_ID = re.compile(r"[a-z][a-z0-9_]{2,39}")
_PLACE = re.compile(r"\{([^{}]*)\}")
_KINDS: Mapping[str, Kind] = {"flag": "flag", "text": "text", "date": "day", "month": "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRule:
    """A rule as somebody wrote it."""

    rule: str
    name: str
    english: str
    level: str
    condition: str
    #: what a flag says; ``{account_shared_by}`` is filled in
    says: str
    source: str
    verified: bool

    @property
    def digest(self) -> str:
        """SHA-256 over everything that is written."""
        return hashlib.sha256(
            json.dumps(asdict(self), sort_keys=True, ensure_ascii=False).encode()
        ).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What is wrong with a rule, by field; a sentence in Chinese and in English for each."""

    by_field: Mapping[str, tuple[str, str]]


def figures_of(book: PolicyBook) -> Mapping[str, Kind]:
    """What each key of the policy holds; amounts are numbers of fen."""
    return {each.key: _KINDS.get(each.unit, "number") for each in book.parameters()}


def told_facts(written: WrittenRule, condition: Condition) -> tuple[str, ...]:
    """The facts that a flag keeps: those of the condition, and those that its text names."""
    return tuple(dict.fromkeys((*condition.facts, *_PLACE.findall(written.says))))


def faults_of(written: WrittenRule, book: PolicyBook) -> Faults:
    """Every field that cannot stand; nothing for a rule that may be tried."""
    wrong: dict[str, tuple[str, str]] = {}
    if not _ID.fullmatch(written.rule):
        wrong["rule"] = (
            "编号须以小写字母开头，3至40位小写字母、数字、下划线",
            "An id has 3 to 40 small letters, digits and underscores, a letter first.",
        )
    for field, longest in (("name", 60), ("english", 120), ("says", 400), ("source", 300)):
        text = getattr(written, field)
        if not text.strip() or len(text) > longest or not text.isprintable():
            wrong[field] = (f"须填写，最多{longest}字，不分行", f"1 to {longest} characters on one line.")
    if written.level not in get_args(Level):
        wrong["level"] = ("请选择高、中、低", "Choose high, middle or low.")
    unknown = [name for name in _PLACE.findall(written.says) if name not in FACTS]
    if unknown and "says" not in wrong:
        wrong["says"] = (f"没有叫“{unknown[0]}”的事实", f"There is no fact “{unknown[0]}”.")
    try:
        compile_condition(written.condition, figures_of(book))
    except RuleError as error:
        wrong["condition"] = (str(error), error.english)
    return Faults(by_field=wrong)


def read_rules(path: Path, book: PolicyBook) -> tuple[WrittenRule, ...]:
    """The rules of the file; DeclarationError names the file, the line and what is wrong with it."""
    top = read_declaration(path)
    top.only("rules")
    found: dict[str, WrittenRule] = {}
    for entry in top.entries("rules"):
        written = _read(entry)
        if written.rule in found:
            raise entry.error(f"规则「{written.rule}」写了两次", field="id")
        for field, (message, _english) in faults_of(written, book).by_field.items():
            raise entry.error(message, field=_FIELDS[field])
        found[written.rule] = written
    return tuple(found.values())


_FIELDS = {
    "rule": "id", "name": "name", "english": "english", "level": "level", "condition": "when", "says": "text",
    "source": "source",
}  # fmt: skip


def _read(entry: Entry) -> WrittenRule:
    entry.only("id", "name", "english", "level", "when", "text", "source", "verified")
    texts = {field: entry.text(key) for field, key in _FIELDS.items()}
    return WrittenRule(**texts, verified=entry.flag("verified", default=False))
