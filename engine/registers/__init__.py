"""What others know: one Protocol for each register, and a made-up province that answers all of them.

A real adapter replaces one field of :class:`Registers` and nothing else. No rule of law is here: a record is
evidence, and a hit is a lead (社会保险经办条例第二十六条).
"""

from engine.registers.accounts import CardAccount, CardAccountRegister
from engine.registers.bundle import Registers
from engine.registers.business import BusinessRecord, BusinessRegister, EmployerRecord
from engine.registers.contributions import ContributionHistory, ContributionRegister
from engine.registers.down import RegisterDown
from engine.registers.employers import EmployerReportRegister, ExitReport
from engine.registers.employment import EmploymentServiceRegister, ServiceRecord
from engine.registers.pensions import PensionRecord, PensionRegister
from engine.registers.population import PopulationRecord, PopulationRegister
from engine.registers.retention import EmployerYear, RetentionRegister
from engine.registers.skills import SkillCertificate, SkillCertificateRegister

__all__ = [
    "BusinessRecord",
    "BusinessRegister",
    "CardAccount",
    "CardAccountRegister",
    "ContributionHistory",
    "ContributionRegister",
    "EmployerRecord",
    "EmployerReportRegister",
    "EmployerYear",
    "EmploymentServiceRegister",
    "ExitReport",
    "PensionRecord",
    "PensionRegister",
    "PopulationRecord",
    "PopulationRegister",
    "RegisterDown",
    "Registers",
    "RetentionRegister",
    "ServiceRecord",
    "SkillCertificate",
    "SkillCertificateRegister",
]
