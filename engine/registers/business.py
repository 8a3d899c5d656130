"""The business register: who runs a business, and what an employer is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from engine.values import RegionCode

Role = Literal["法定代表人", "经营者", "股东"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessRecord:
    """An active registration in which a person has a part."""

    credit_code: str
    name: str
    role: Role
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerRecord:
    """An employer as registered."""

    credit_code: str
    name: str
    #: where it is insured
    region: RegionCode
    #: 企业, 个体工商户, 事业单位, 社会团体, 律师事务所 …
    kind: str
    #: account reported to the tax office; empty when it has none
    account: str
    bank: str


class BusinessRegister(Protocol):
    """Kept by the market regulation office."""

    def active_registrations(self, id_number: str) -> tuple[BusinessRecord, ...]:
        """Every active registration of the person; a lead, not a decision (it may be dormant). Raises RegisterDown."""
        ...

    def employer(self, credit_code: str) -> EmployerRecord | None:
        """The employer of that code; none when unknown. Raises RegisterDown."""
        ...
