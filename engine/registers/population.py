"""The population register: who somebody is, where they belong, and whether they died, left or serve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from engine.values import RegionCode


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationRecord:
    """One citizen."""

    #: 18 characters, the last may be X
    id_number: str
    name: str
    birth: date
    sex: Literal["male", "female"]
    #: where the household is registered
    household_region: RegionCode
    deceased_on: date | None = None
    #: moved abroad for good
    emigrated_on: date | None = None
    #: military service since
    serving_since: date | None = None


class PopulationRegister(Protocol):
    """Kept by the police; the national population base."""

    def person(self, id_number: str) -> PopulationRecord | None:
        """The citizen of that number; none when unknown. Raises RegisterDown."""
        ...
