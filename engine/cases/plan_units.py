"""Units of work plans (牵头单位、配合单位) by the one name each has, from ``processes/plans/units.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from engine.store.declaration import Entry, read_declaration

#: own: of the office that issues the plan; below: every region below it does the task by itself
UnitLevel = Literal["own", "below"]
_APART = re.compile(r"[、，,；;/／\s]+")
#: brackets of either width are one
_SAME = str.maketrans({"(": "（", ")": "）"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanUnit:
    """One unit and on whom its tasks are laid."""

    name: str
    english: str
    level: UnitLevel


@dataclass(frozen=True, slots=True)
class UnitBook:
    """The units by every way of writing them."""

    units: Mapping[str, PlanUnit]

    @classmethod
    def load(cls, directory: Path) -> UnitBook:
        """The book in ``plans/units.yaml``; DeclarationError names file, line and field."""
        top = read_declaration(directory / "plans" / "units.yaml")
        top.only("units")
        found: dict[str, PlanUnit] = {}
        for entry in top.entries("units"):
            unit = _unit(entry)
            aliases = entry.words("aliases") if "aliases" in entry.fields else ()
            for written in {_key(each) for each in (unit.name, *aliases)}:
                if written in found:
                    raise entry.error(f"“{written}”是两个单位的写法", field="name")
                found[written] = unit
        return cls(found)

    def find(self, written: str) -> PlanUnit | None:
        """The unit that is so written; None for one that is not on file."""
        return self.units.get(_key(written))

    def names_in(self, text: str) -> tuple[str, ...]:
        """The units that a cell lists, as written and in its order; “甲和乙” are two where both are on file."""
        found: list[str] = []
        for part in filter(None, _APART.split(text.strip())):
            both = part.split("和")
            two = self.find(part) is None and len(both) > 1 and all(self.find(each) for each in both)
            found += both if two else [part]
        return tuple(found)


def _unit(entry: Entry) -> PlanUnit:
    entry.only("name", "english", "level", "aliases")
    level = entry.text("level")
    if level not in get_args(UnitLevel):
        raise entry.error("level 应当是 own 或 below", field="level")
    return PlanUnit(name=entry.text("name"), english=entry.text("english"), level=cast(UnitLevel, level))


def _key(written: str) -> str:
    return re.sub(r"\s", "", written).translate(_SAME)
