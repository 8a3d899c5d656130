"""Facts and reasons of a case in words, by the labels of ``processes/facts.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.views import Fact
from engine.people import region_name
from engine.store.declaration import read_declaration
from engine.values import Money, Reason

_WORDS: Mapping[str, str] = {"web": "网上", "counter": "窗口", "kiosk": "自助机", "national": "全国平台"}
_KINDS = ("text", "months", "yuan", "flag", "day", "month", "reason", "region")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactLabel:
    """How one item of case data is shown."""

    key: str
    label: str
    english: str
    kind: str
    source: str


def facts_of(
    office: Office, session: Session, data: Mapping[str, Any], *, keys: Sequence[str] = ()
) -> tuple[Fact, ...]:
    """The facts that the case has, in the order of the file; with keys, those only, in their order."""
    labels = fact_labels(office.settings.processes_dir / "facts.yaml")
    if keys:
        by_key = {label.key: label for label in labels}
        labels = tuple(by_key[key] for key in keys if key in by_key)
    found = []
    for label in labels:
        value: Any = data
        for part in label.key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None and value != "":
            found.append(
                Fact(
                    label=label.label,
                    value=_in_words(office, session, label.kind, value),
                    source=label.source,
                )
            )
    return tuple(found)


def reasons_of(data: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Why the case was decided as it was: the same objects on page, letter, audit and API."""
    plain = [
        *(data.get("determination") or {}).get("reasons", ()),
        *(data.get("screening") or {}).get("reasons", ()),
        *data.get("transfer_reasons", ()),
        *data.get("fee_reasons", ()),
    ]
    return tuple(Reason(**reason) for reason in plain)


@lru_cache(maxsize=4)
def fact_labels(path: Path) -> tuple[FactLabel, ...]:
    """The labels in the file; DeclarationError names file and line of the first mistake."""
    labels = []
    for entry in read_declaration(path).entries("facts"):
        entry.only("key", "label", "english", "kind", "source")
        kind = entry.text("kind")
        if kind not in _KINDS:
            raise entry.error(f"kind 只能是 {'、'.join(_KINDS)}", field="kind")
        labels.append(
            FactLabel(
                key=entry.text("key"),
                label=entry.text("label"),
                english=entry.text("english"),
                kind=kind,
                source=entry.text("source"),
            )
        )
    return tuple(labels)


def _in_words(office: Office, session: Session, kind: str, value: Any) -> str:
    if kind == "yuan":
        return f"{Money(int(value)).text} 元"
    if kind == "flag":
        return "是" if value else "否"
    if kind == "months":
        return f"{value} 个月"
    if kind == "region":
        return region_name(session, str(value))
    if kind == "reason":
        known = office.book.exit_reasons.get(str(value))
        return f"{value} {known.name}" if known else str(value)
    return _WORDS.get(str(value), str(value))
