"""The employers' reports: who left, when, and why (参保单位人员减少申报)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitReport:
    """The latest reduction report about one person."""

    #: unified social credit code
    employer_code: str
    employer_name: str
    #: last day of the employment
    day: date
    #: code of ``processes/policy/exit-reasons.yaml`` (I01 … U99); empty: the employer gave none
    reason: str
    #: when the employer reported; its lateness is never held against the worker
    reported_on: date


class EmployerReportRegister(Protocol):
    """Kept by the social insurance agency from what employers file."""

    def exit_report(self, id_number: str) -> ExitReport | None:
        """The latest report; none while no employer reported an exit. Raises RegisterDown."""
        ...
