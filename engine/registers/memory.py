"""The registers over a made-up province: complete adapters for trials, demos and tests.

Not a mock: every Protocol of this package is kept, and an outage can be switched on and off.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from engine.registers.accounts import CardAccount
from engine.registers.bundle import Registers
from engine.registers.business import BusinessRecord, EmployerRecord
from engine.registers.contributions import NEVER_INSURED, ContributionHistory
from engine.registers.down import RegisterDown
from engine.registers.employers import ExitReport
from engine.registers.employment import ServiceRecord
from engine.registers.files import EmployerFile, ResidentFile
from engine.registers.pensions import PensionRecord
from engine.registers.population import PopulationRecord
from engine.registers.province import Province
from engine.registers.retention import EmployerYear
from engine.registers.skills import SkillCertificate
from engine.store.crypto import normalised


def registers_of(province: Province, *, outages: AbstractSet[str] = frozenset()) -> Registers:
    """All nine registers over the province.

    ``outages`` holds names of Registers' fields that answer RegisterDown; hand in a mutable set to switch
    an outage on and off while the registers are in use.
    """
    desk = _Desk(province=province, outages=outages)
    return Registers(
        contributions=MemoryContributions(desk),
        employers=MemoryEmployerReports(desk),
        pensions=MemoryPensions(desk),
        business=MemoryBusiness(desk),
        population=MemoryPopulation(desk),
        employment=MemoryEmploymentServices(desk),
        accounts=MemoryAccounts(desk),
        retention=MemoryRetention(desk),
        skills=MemorySkills(desk),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Looks files up in any written form of a number, unless its register is down."""

    province: Province
    outages: AbstractSet[str]

    def resident(self, register: str, id_number: str) -> ResidentFile | None:
        self._open(register)
        return self.province.residents.get(normalised(id_number))

    def employer(self, register: str, credit_code: str) -> EmployerFile | None:
        self._open(register)
        return self.province.employers.get(normalised(credit_code))

    def _open(self, register: str) -> None:
        if register in self.outages:
            raise RegisterDown(register)


@dataclass(frozen=True, slots=True)
class MemoryContributions:
    """The contribution register over a province."""

    desk: _Desk

    def history(self, id_number: str) -> ContributionHistory:
        """See the Protocol."""
        file = self.desk.resident("contributions", id_number)
        return file.contributions if file else NEVER_INSURED


@dataclass(frozen=True, slots=True)
class MemoryEmployerReports:
    """The employers' reports over a province."""

    desk: _Desk

    def exit_report(self, id_number: str) -> ExitReport | None:
        """See the Protocol."""
        file = self.desk.resident("employers", id_number)
        return file.exit if file else None


@dataclass(frozen=True, slots=True)
class MemoryPensions:
    """The pension roll over a province."""

    desk: _Desk

    def record(self, id_number: str) -> PensionRecord | None:
        """See the Protocol."""
        file = self.desk.resident("pensions", id_number)
        return file.pension if file else None


@dataclass(frozen=True, slots=True)
class MemoryBusiness:
    """The business register over a province."""

    desk: _Desk

    def active_registrations(self, id_number: str) -> tuple[BusinessRecord, ...]:
        """See the Protocol."""
        file = self.desk.resident("business", id_number)
        return file.businesses if file else ()

    def employer(self, credit_code: str) -> EmployerRecord | None:
        """See the Protocol."""
        file = self.desk.employer("business", credit_code)
        return file.record if file else None


@dataclass(frozen=True, slots=True)
class MemoryPopulation:
    """The population register over a province."""

    desk: _Desk

    def person(self, id_number: str) -> PopulationRecord | None:
        """See the Protocol."""
        file = self.desk.resident("population", id_number)
        return file.population if file else None


@dataclass(frozen=True, slots=True)
class MemoryEmploymentServices:
    """The employment services over a province."""

    desk: _Desk

    def services(self, id_number: str) -> tuple[ServiceRecord, ...]:
        """See the Protocol."""
        file = self.desk.resident("employment", id_number)
        return file.services if file else ()


@dataclass(frozen=True, slots=True)
class MemoryAccounts:
    """The card accounts over a province."""

    desk: _Desk

    def account(self, id_number: str) -> CardAccount | None:
        """See the Protocol."""
        file = self.desk.resident("accounts", id_number)
        return file.account if file else None


@dataclass(frozen=True, slots=True)
class MemoryRetention:
    """The retention facts over a province."""

    desk: _Desk

    def employer_year(self, credit_code: str, year: int) -> EmployerYear | None:
        """See the Protocol."""
        file = self.desk.employer("retention", credit_code)
        return file.years.get(year) if file else None


@dataclass(frozen=True, slots=True)
class MemorySkills:
    """The skill certificates over a province."""

    desk: _Desk

    def certificates(self, id_number: str) -> tuple[SkillCertificate, ...]:
        """See the Protocol."""
        file = self.desk.resident("skills", id_number)
        return file.certificates if file else ()
