"""The nine registers together, as operations are handed them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.registers.accounts import CardAccountRegister
from engine.registers.business import BusinessRegister
from engine.registers.contributions import ContributionRegister
from engine.registers.employers import EmployerReportRegister
from engine.registers.employment import EmploymentServiceRegister
from engine.registers.pensions import PensionRegister
from engine.registers.population import PopulationRegister
from engine.registers.retention import RetentionRegister
from engine.registers.skills import SkillCertificateRegister


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """One adapter for each register; each may raise RegisterDown, which is retried."""

    contributions: ContributionRegister
    employers: EmployerReportRegister
    pensions: PensionRegister
    business: BusinessRegister
    population: PopulationRegister
    employment: EmploymentServiceRegister
    accounts: CardAccountRegister
    retention: RetentionRegister
    skills: SkillCertificateRegister
