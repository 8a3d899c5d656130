"""The contribution register: who paid unemployment insurance for whom, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.values import Month, RegionCode


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPlace:
    """What was paid at a place of insurance before the last one, and lies there still."""

    region: RegionCode
    #: since the last benefit that was drawn there
    months_paid: int
    last_month: Month


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionHistory:
    """What was paid for one person up to today, where it was paid: the register knows of no transfer of rights."""

    #: months paid by employer and worker since the last benefit
    months_paid: int
    #: service before the scheme, or in the forces, that counts as paid (视同缴费)
    deemed_months: int
    #: False: the deemed months rest on no shared record and need evidence
    deemed_proven: bool
    #: benefit months granted earlier and not drawn
    carried_months: int
    #: credit code of the last paying employer; empty when nobody ever paid
    last_employer_code: str
    #: last month paid; none when nobody ever paid
    last_month: Month | None
    #: True: some employer pays now, so the person is employed
    current: bool
    #: pooling region of the last payment, where the months above lie; empty when nobody ever paid
    region: RegionCode
    #: other pools in which months lie
    earlier: tuple[EarlierPlace, ...] = ()


#: what is answered for whoever was never insured
NEVER_INSURED = ContributionHistory(
    months_paid=0,
    deemed_months=0,
    deemed_proven=True,
    carried_months=0,
    last_employer_code="",
    last_month=None,
    current=False,
    region=RegionCode(""),
)


class ContributionRegister(Protocol):
    """Kept by the social insurance agency with the tax office."""

    def history(self, id_number: str) -> ContributionHistory:
        """The person's history; all zero for whoever was never insured. Raises RegisterDown."""
        ...
