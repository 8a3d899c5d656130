"""A small world of payees for tests of oversight: everybody clean until somebody plants a fraud; undone after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.cases.office import Office
from engine.cases.risk_room import ship
from engine.money.payments import order_payment
from engine.oversight import risk
from engine.oversight.risk_tables import RiskFlag, RiskRound
from engine.oversight.risk_versions import live_rules
from engine.people import ensure_person
from engine.registers.population import PopulationRecord
from engine.registers.roster_tables import CardAccount
from engine.registers.rosters import RosterRow, take_roster
from engine.values import SYSTEM, Money, Month, RegionCode

MONTHS = ("2025-09", "2025-10")
#: the next to be paid, on 25 November
NEXT = Month(2025, 11)
DAY = date(2025, 11, 3)
REGIONS = ("371502", "371525", "371400")
MONTHLY = 163_800


class _Undo(Exception):
    """Nothing of it stays."""


@contextmanager
def undone(office: Office) -> Iterator[World]:
    """A world in one transaction that is rolled back."""
    try:
        with office.store.transaction() as session:
            yield World(office=office, session=session)
            _undo()
    except _Undo:
        pass


def _undo() -> None:
    raise _Undo


@dataclass
class World:
    """Payees, their accounts, what was ordered for them, and who is known to the population."""

    office: Office
    session: Session
    known: list[RosterRow] = field(default_factory=list)
    count: int = 0

    def payee(
        self,
        *,
        name: str = "",
        born: date = date(1985, 3, 1),
        region: str = REGIONS[0],
        account: str = "",
        holder: str = "",
        changed_on: date | None = None,
        granted_on: date = date(2025, 8, 11),
        months: Sequence[str] = MONTHS,
        known: bool = True,
    ) -> BenefitGrant:
        """Somebody who is paid; without more words there is nothing wrong with them."""
        self.count += 1
        number = f"37150219{self.count:010d}"
        index = self.office.vault.index(number)
        record = PopulationRecord(
            id_number=number,
            name=name or f"清白{self.count}",
            birth=born,
            sex="female",
            household_region=RegionCode("371502"),
        )
        person = ensure_person(self.session, self.office.vault, record, now=self.office.clock())
        card = account or f"6217994511{self.count:09d}"
        self.session.add(
            CardAccount(
                person_index=index,
                account=b"",
                account_index=self.office.vault.index(card),
                holder_name=record.name,
                holder_index=self.office.vault.index(holder or number),
                bank="",
                activated=True,
                as_of=DAY,
                changed_on=changed_on,
            )
        )
        grant = BenefitGrant(
            origin="import",
            person_id=person.id,
            region_code=region,
            applied_on=date(2025, 8, 1),
            granted_on=granted_on,
            first_month="2025-08",
            months=12,
            months_paid=len(months),
            paid_through=months[-1] if months else None,
            monthly_fen=MONTHLY,
            determination="{}",
            status="active",
        )
        self.session.add(grant)
        self.session.flush()
        for month in months:
            self.order(grant, month, account=card, name=record.name)
        if known:
            self.known.append((index, "", None, ""))
        return grant

    def order(
        self, grant: BenefitGrant, month: str, *, account: str, name: str, fen: int = MONTHLY, more: str = ""
    ) -> int:
        """The month ordered through the real door; its number."""
        order = order_payment(
            self.session,
            self.office.vault,
            key=f"benefit:{grant.id}:{month}{more}",
            payee_kind="person",
            payee_id=grant.person_id,
            payee_name=name,
            account=account,
            account_name=name,
            amount=Money(fen),
            purpose="benefit",
            month=Month.parse(month),
            region=grant.region_code,
            case_id=None,
            actor=SYSTEM,
            now=self.office.clock(),
        )
        return order.id

    def roster(self, *more: RosterRow) -> None:
        """The population of the province: everybody who is to be known, and what else is told."""
        take_roster(
            self.session,
            [*self.known, *more],
            kind="population",
            region="370000",
            as_of=DAY,
            digest=f"{self.count:064d}",
            source="测试",
            actor=SYSTEM,
            now=self.office.clock(),
        )

    def index_of(self, grant: BenefitGrant) -> bytes:
        """The blind index of whom the grant pays."""
        found: bytes = self.session.execute(
            text("SELECT id_number_index FROM person WHERE id = :id"), {"id": grant.person_id}
        ).scalar_one()
        return bytes(found)

    def screened(self, *, without: str = "") -> RiskRound:
        """Every shipped rule but that one put to the whole province."""
        ship(self.session, self.office)
        rules = [rule for rule in live_rules(self.session) if rule.rule != without]
        return risk.flag(self.session, self.scope(), rules=rules, actor=SYSTEM, now=self.office.clock())

    def scope(self) -> risk.Scope:
        """The province before the next pay day."""
        return risk.scope_of(
            region="370000",
            month=NEXT,
            day=DAY,
            book=self.office.book,
            calendar=self.office.calendar,
        )

    def flagged(self, *, without: str = "") -> set[tuple[int, str]]:
        """Grant and rule of every flag of a screening."""
        made = self.screened(without=without)
        rows = self.session.query(RiskFlag.grant_id, RiskFlag.rule).filter(RiskFlag.round_id == made.id)
        return {(grant_id, rule) for grant_id, rule in rows}
