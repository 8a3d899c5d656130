"""The three lists beside the figures: sources, exit reasons, forbidden demands.

Read by ``policy.py`` into the policy book; holds also the search for a forbidden demand in a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.law.policy_file import Findings, Place, pairs, read_root, texts

#: how far a source was seen: whole text, excerpt, only remembered, not found, or this system's own proposal
SourceStatus = Literal["full", "excerpt", "memory", "not_found", "design"]
Involuntary = Literal["yes", "no", "manual"]
Layoff = Literal["yes", "no", "local"]

_CLAUSE = re.compile(r"[，。；;,.！!？?\n]")
_DENIED = re.compile(r"(不得|不再|不需|无需|无须|不必|不用|不要|不应|免|取消|严禁|禁止|not |no )")
#: after the thing named only a waiver denies the demand: “没有离职证明不得受理” still makes it
_WAIVED = re.compile(r"(不再|不需|无需|无须|不必|不用|免|取消|is not |not needed)")
_DOUBLE_DENIED = re.compile(r"(不得不|不得缺少?|不得没有|不能没有|不可缺少?|免不了)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text that a figure comes from."""

    key: str
    title: str
    #: document number; empty when it has none or none is known
    number: str
    #: day of the text; None when not known
    date: date | None
    status: SourceStatus
    note: str

    @property
    def was_read(self) -> bool:
        """Whether at least an excerpt was read; a figure from any other source stays unverified."""
        return self.status in ("full", "excerpt")

    def cite(self, article: str = "") -> str:
        """Title, number and provision, as a letter writes them."""
        return f"《{self.title}》{f'（{self.number}）' if self.number else ''}{article}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitReason:
    """Why an employment ended, as the employer reports it."""

    code: str
    name: str
    name_en: str
    #: provision of the labour contract law; empty when there is none
    statute: str
    #: whether leaving counts as not of own will; manual: a second reviewer decides
    involuntary: Involuntary
    #: whether it counts into the layoff rate of a refund; local: the province decides
    layoff: Layoff
    source: str
    verified: bool
    note: str

    @property
    def for_worker(self) -> tuple[str, str]:
        """What the reason means for whoever left, Chinese and English; nothing but the claim decides the claim."""
        return _FOR_WORKER[self.involuntary]

    @property
    def for_employer(self) -> tuple[str, str]:
        """What the reason means for the layoff rate of the employer, Chinese and English."""
        return _FOR_EMPLOYER[self.layoff]


_FOR_WORKER: Mapping[Involuntary, tuple[str, str]] = {
    "yes": (
        "属于非因本人意愿中断就业，缴费满一年、有求职要求的，可以申领失业保险金",
        "Not left by choice: with a year of contributions and the wish to work, benefit can be claimed",
    ),
    "no": (
        "不属于非因本人意愿中断就业，不能据此领取失业保险金；缴费年限保留，以后合并计算",
        "Not unemployment against one's will: no benefit on this ground; the months paid are kept and counted later",
    ),
    "manual": (
        "属于特殊情形，由经办机构第二人复核认定后才算数；可以申领，由经办机构核定",
        "A special case: it counts once a second person of the agency has looked at it; benefit can be claimed and is decided there",
    ),
}
_FOR_EMPLOYER: Mapping[Layoff, tuple[str, str]] = {
    "yes": ("计入稳岗返还的裁员率", "Counts into the layoff rate of the refund"),
    "no": ("不计入稳岗返还的裁员率", "Does not count into the layoff rate of the refund"),
    "local": (
        "是否计入稳岗返还的裁员率，由省里规定",
        "Whether it counts into the layoff rate is for the province to say",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbiddenDemand:
    """A thing that no form, letter or diagram may ask of a claimant."""

    code: str
    name: str
    #: empty where nobody has written it
    name_en: str
    #: a text that contains one of these, and does not deny it, makes the demand
    words: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandFound:
    """A forbidden demand met in a text, with the word that gave it away."""

    demand: ForbiddenDemand
    word: str


def find_demands(text: str, demands: tuple[ForbiddenDemand, ...]) -> tuple[DemandFound, ...]:
    """Forbidden demands that the text makes; a clause that denies one (无需…、不得要求…) makes none.

    Source: 人社厅发〔2020〕24号 and 渝人社发〔2019〕169号 三（一）; used when a form or diagram is published.
    """
    found: list[DemandFound] = []
    clauses = [clause for clause in _CLAUSE.split(text) if clause.strip()]
    for demand in demands:
        word = next((word for word in demand.words if any(_makes(clause, word) for clause in clauses)), None)
        if word:
            found.append(DemandFound(demand=demand, word=word))
    return tuple(found)


def _makes(clause: str, word: str) -> bool:
    before, met, after = _DOUBLE_DENIED.sub("须", clause).partition(word)
    return bool(met) and not _DENIED.search(before) and not _WAIVED.search(after)


def read_sources(path: Path, findings: Findings) -> dict[str, Source]:
    """The sources by key; title and status are required, number and date may be empty."""
    root = _root(path, findings)
    sources: dict[str, Source] = {}
    for key, node, place in pairs(root, path.name, findings) if root else ():
        row = texts(node, path.name, findings)
        status = row.get("status", "")
        if not row.get("title") or status not in get_args(SourceStatus):
            findings.add(place, f"来源须写 title 和 status（{'、'.join(get_args(SourceStatus))}）", key=key)
            continue
        sources[key] = Source(
            key=key,
            title=row["title"],
            number=row.get("number", ""),
            date=_day(row.get("date", ""), place, key, findings),
            status=status,  # type: ignore[arg-type]  # checked against the literal above
            note=row.get("note", ""),
        )
    return sources


def read_exit_reasons(path: Path, sources: Mapping[str, Source], findings: Findings) -> dict[str, ExitReason]:
    """The exit reasons by code."""
    reasons: dict[str, ExitReason] = {}
    for row, place in _rows(path, "exit_reasons", findings):
        code = row.get("code", "")
        wrong = [
            name
            for name, allowed in (("involuntary", get_args(Involuntary)), ("layoff", get_args(Layoff)))
            if row.get(name) not in allowed
        ]
        if not code or not row.get("name") or wrong or code in reasons:
            findings.add(
                place, f"减员原因写法不对：{'、'.join(wrong) or 'code 重复或缺 code、name'}", key=code
            )
            continue
        reasons[code] = ExitReason(
            code=code,
            name=row["name"],
            name_en=row.get("name_en", ""),
            statute=row.get("statute", ""),
            involuntary=row["involuntary"],  # type: ignore[arg-type]  # checked above
            layoff=row["layoff"],  # type: ignore[arg-type]  # checked above
            source=_cite(row, sources, place, code, findings),
            verified=row.get("verified", "") == "true",
            note=row.get("note", ""),
        )
    return reasons


def read_forbidden_demands(
    path: Path, sources: Mapping[str, Source], findings: Findings
) -> tuple[ForbiddenDemand, ...]:
    """The forbidden demands in written order."""
    demands: list[ForbiddenDemand] = []
    for row, place in _rows(path, "forbidden_demands", findings):
        words = tuple(word for word in row.get("words", "").split("|") if word)
        if not row.get("code") or not row.get("name") or not words:
            findings.add(place, "须写 code、name、words（用 | 隔开）和 source", key=row.get("code", ""))
            continue
        cited = _cite(row, sources, place, row["code"], findings)
        demands.append(
            ForbiddenDemand(
                code=row["code"],
                name=row["name"],
                name_en=row.get("name_en", ""),
                words=words,
                source=cited,
            )
        )
    return tuple(demands)


def _root(path: Path, findings: Findings) -> MappingNode | None:
    if not path.is_file():
        findings.add(Place(file=path.name, line=1), "缺少这个文件")
        return None
    return read_root(path, findings)


def _rows(path: Path, name: str, findings: Findings) -> Iterator[tuple[dict[str, str], Place]]:
    root = _root(path, findings)
    nodes = {key: node for key, node, _ in pairs(root, path.name, findings)} if root else {}
    rows = nodes.get(name)
    if root and not isinstance(rows, SequenceNode):
        findings.add(Place(file=path.name, line=1), f"须有一列 {name}")
        return
    for row in rows.value if isinstance(rows, SequenceNode) else ():
        yield _joined(row, path.name, findings), Place(file=path.name, line=row.start_mark.line + 1)


def _joined(row: Node, file: str, findings: Findings) -> dict[str, str]:
    """The pairs of a row as text, a list of words joined by ``|``."""
    if not isinstance(row, MappingNode):
        return texts(row, file, findings)
    found: dict[str, str] = {}
    for key, value, place in pairs(row, file, findings):
        if isinstance(value, SequenceNode) and all(isinstance(word, ScalarNode) for word in value.value):
            found[key] = "|".join(str(word.value) for word in value.value)
        elif isinstance(value, ScalarNode):
            found[key] = str(value.value)
        else:
            findings.add(place, "此处须是一个值或一列词", key=key)
    return found


def _cite(
    row: Mapping[str, str], sources: Mapping[str, Source], place: Place, key: str, findings: Findings
) -> str:
    source = sources.get(row.get("source", ""))
    if source is None:
        findings.add(place, f"source {row.get('source', '')!r} 不在 sources.yaml 里", key=key)
        return ""
    return source.cite(row.get("article", ""))


def _day(text: str, place: Place, key: str, findings: Findings) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        findings.add(place, f"date {text!r} 不是日期", key=key)
        return None
