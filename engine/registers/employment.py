"""The employment services: what work and training the public services offered, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecord:
    """One service given."""

    day: date
    kind: Literal["registration", "guidance", "job_offer", "training_offer"]
    #: who gave it
    office: str
    #: ``refused`` without good reason is a ground to stop, after a hearing; ``declined`` had one
    outcome: Literal["done", "accepted", "declined", "refused"]
    note: str = ""


class EmploymentServiceRegister(Protocol):
    """Kept by the public employment services."""

    def services(self, id_number: str) -> tuple[ServiceRecord, ...]:
        """Every service given, oldest first. Raises RegisterDown."""
        ...
