"""The facts about an employer's year that a job-retention refund rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from engine.values import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerYear:
    """One employer in one calendar year, brought together from tax, contributions and credit lists."""

    year: int
    #: contributions of the year actually paid, without back-payments of earlier years and late fees
    paid: Money
    #: months insured and paid in full, up to the end of the year
    months: int
    #: insured people at the end of the year before
    insured_previous_year_end: int
    #: people who were let go in the year (exit reasons that count as lay-off)
    left: int
    size: Literal["large", "sme"]
    #: activity fits industry and environment policy
    industry_ok: bool
    #: on the list of gravely dishonest employers
    dishonest: bool
    #: a zombie firm to be cleared
    zombie: bool
    #: social organisation, foundation, law or accounting firm, sole trader: treated like a small firm
    social_org: bool


class RetentionRegister(Protocol):
    """Kept by the agency with the tax office and the credit authorities."""

    def employer_year(self, credit_code: str, year: int) -> EmployerYear | None:
        """The employer's year; none when it was not insured then. Raises RegisterDown."""
        ...
