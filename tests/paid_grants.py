"""Grants put straight into the tables, for the month run: what a case or an import would have left there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine import duties
from engine.cases.office import Office
from engine.disbursement.prices import confirm, enter
from engine.law.month import GrantFacts
from engine.law.prices import PriceIndex
from engine.money.ledger import sync_accounts
from engine.people import identity_place, sync_regions
from engine.registers.crowd import Crowd
from engine.store.crypto import account_place
from engine.values import SYSTEM, Actor, Money, Month

REGION = "371502"
CROWD = Crowd(7, 1_000_000, date(2025, 12, 20), (REGION, "371521"))


def open_books(office: Office) -> None:
    """Regions, duties and accounts: what a run stands on."""
    with office.store.transaction() as session:
        sync_regions(session, office.settings.processes_dir / "regions.yaml")
        duties.sync(session, office.duties)
        sync_accounts(session, office.chart, actor=SYSTEM, now=office.clock())


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A grant as it was put, with its number."""

    grant_id: int
    facts: GrantFacts


def a_grant(**changes: object) -> GrantFacts:
    """A grant of 12 months from September 2025, ordered through November, everything in order."""
    usual = GrantFacts(
        region=REGION,
        household_region=None,
        birth=date(1990, 5, 1),
        retirement_class="M60",
        applied_on=date(2025, 9, 3),
        monthly=Money(163_800),
        first_month=Month(2025, 9),
        months=12,
        paid_through=Month(2025, 11),
        extended_through=None,
        stopped_on=None,
        used_up=False,
        in_doubt=False,
        account="good",
    )
    return replace(usual, **changes)


def put(session: Session, office: Office, facts: GrantFacts, number: int) -> Put:
    """The grant of citizen ``number`` of the crowd, with person, card and hit as the facts say."""
    vault = office.vault
    citizen = CROWD.citizen(number)
    index, card = vault.index(citizen.id_number), CROWD.card_number(number)
    now = office.clock()
    person = session.scalar(
        text(
            "INSERT INTO person (id_number_cipher, id_number_index, name, birth, sex, region_code, created_at) "
            "VALUES (:cipher, :index, :name, :birth, 'male', :region, :now) RETURNING id"
        ),
        {
            "cipher": vault.encrypt(citizen.id_number, bound_to=identity_place(index)),
            "index": index,
            "name": citizen.name,
            "birth": facts.birth,
            "region": facts.region,
            "now": now,
        },
    )
    paid = facts.paid_through
    status = "stopped" if facts.stopped_on else "used_up" if facts.used_up else "active"
    grant_id = session.scalar(
        text(
            "INSERT INTO benefit_grant (origin, person_id, region_code, household_region, retirement_class, applied_on,"
            " granted_on, first_month, months, months_paid, paid_through, extended_through, monthly_fen, determination,"
            " status, ended_ground, ended_on) VALUES ('import', :person, :region, :household, :class, :applied, :applied,"
            " :first, :months, :paid, :through, :extended, :fen, '{}', :status, :ground, :ended) RETURNING id"
        ),
        {
            "person": person,
            "region": facts.region,
            "household": facts.household_region or "",
            "class": facts.retirement_class,
            "applied": facts.applied_on,
            "first": str(facts.first_month),
            "months": facts.months,
            "paid": min(facts.months, facts.first_month.until(paid) + 1) if paid else 0,
            "through": str(paid) if paid else None,
            "extended": str(facts.extended_through) if facts.extended_through else None,
            "fen": facts.monthly.fen,
            "status": status,
            "ground": "ST1" if facts.stopped_on else None,
            "ended": facts.stopped_on,
        },
    )
    if facts.account != "none":
        _card(session, office, index, card, citizen.name, facts)
    if facts.in_doubt:
        session.execute(
            text(
                "INSERT INTO match_hit (origin, grant_id, person_id, region_code, ground, detail, found_at, status, settled_why) "
                "VALUES ('report', :grant, :person, :region, 'ST1', '电话', :now, 'open', '')"
            ),
            {"grant": grant_id, "person": person, "region": facts.region, "now": now},
        )
    _order(session, office, int(grant_id), int(person), facts)
    return Put(grant_id=int(grant_id), facts=facts)


def an_index(
    region: str,
    month: str,
    *,
    cpi: str = "0.01",
    food: str = "0.01",
    low: str = "0.042",
    allowance: int = 70_000,
    published: str = "",
) -> PriceIndex:
    """What was published of the month, on the ninth of the next unless said; 700.00 and 4.2 % as in policy §2.6."""
    of = Month.parse(month)
    return PriceIndex(
        region=region,
        month=of,
        cpi=Decimal(cpi),
        food=Decimal(food),
        low_income=Decimal(low),
        living_allowance=Money(allowance),
        published_on=date.fromisoformat(published) if published else of.plus(1).first_day.replace(day=9),
        source="统计局月报",
    )


def confirm_indices(session: Session, office: Office, indices: Iterable[PriceIndex]) -> None:
    """The indices, entered by one person and confirmed by another."""
    for index in indices:
        row = enter(session, index, actor=Actor(kind="staff", id=901, name="数据一"), now=office.clock())
        confirm(session, row.id, actor=Actor(kind="staff", id=902, name="数据二"), now=office.clock())


def _order(session: Session, office: Office, grant_id: int, person_id: int, facts: GrantFacts) -> None:
    """Orders of months that were ordered before, paid long ago."""
    for purpose, months, fen in (
        ("benefit", facts.ordered, facts.monthly.fen),
        ("subsidy", facts.subsidised, 2_940),
    ):
        for month in months:
            session.execute(
                text(
                    "INSERT INTO payment_order (key, payee_kind, payee_id, payee_name, account, account_index, account_name,"
                    " amount_fen, purpose, month, region, created_by, created_at, status, status_reason) VALUES (:key,"
                    " 'person', :person, '甲', 'a', 'a', '甲', :fen, :purpose, :month, :region, 'system:0', :now, 'paid', '')"
                ),
                {
                    "key": f"{purpose}:{grant_id}:{month}",
                    "person": person_id,
                    "fen": fen,
                    "purpose": purpose,
                    "month": str(month),
                    "region": facts.region,
                    "now": office.clock(),
                },
            )


def _card(session: Session, office: Office, index: bytes, card: str, name: str, facts: GrantFacts) -> None:
    vault = office.vault
    session.execute(
        text(
            "INSERT INTO card_account (person_index, account, account_index, holder_name, holder_index, bank, activated, as_of) "
            "VALUES (:person, :account, :index, :name, :holder, '中国工商银行', :active, :day)"
        ),
        {
            "person": index,
            "account": vault.encrypt(card, bound_to=account_place(vault.index(card))),
            "index": vault.index(card),
            "name": name,
            "holder": vault.index("other") if facts.account == "other_holder" else index,
            "active": facts.account != "inactive",
            "day": office.today,
        },
    )
