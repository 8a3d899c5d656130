"""What the registers hold about one resident and one employer, brought together. Records without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.registers.accounts import CardAccount
from engine.registers.business import BusinessRecord, EmployerRecord
from engine.registers.contributions import ContributionHistory
from engine.registers.employers import ExitReport
from engine.registers.employment import ServiceRecord
from engine.registers.pensions import PensionRecord
from engine.registers.population import PopulationRecord
from engine.registers.retention import EmployerYear
from engine.registers.skills import SkillCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentFile:
    """One resident as every register knows them."""

    population: PopulationRecord
    contributions: ContributionHistory
    exit: ExitReport | None
    pension: PensionRecord | None
    account: CardAccount | None
    businesses: tuple[BusinessRecord, ...] = ()
    services: tuple[ServiceRecord, ...] = ()
    certificates: tuple[SkillCertificate, ...] = ()
    #: names of the awkward cases met here, words of ``residents.RATES``; for tests and figures, not for rules
    traits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerFile:
    """One employer as every register knows it."""

    record: EmployerRecord
    #: by calendar year
    years: Mapping[int, EmployerYear] = field(default_factory=dict)
