"""The pension roll: who draws a basic pension, and the retirement class of whoever has a pension file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

RetirementClass = Literal["M60", "F55", "F50"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PensionRecord:
    """One person's pension file."""

    receiving: bool
    #: first day of the pension; none while it is not drawn
    since: date | None
    #: original retirement age by post; none where the file does not say (an identity number cannot)
    retirement_class: RetirementClass | None


class PensionRegister(Protocol):
    """Kept by the pension agency."""

    def record(self, id_number: str) -> PensionRecord | None:
        """The pension file; none when there is none. Raises RegisterDown."""
        ...
