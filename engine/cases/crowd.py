"""Seeding a trial office at the size of a province: rosters of everybody, and those who are paid with their grants.

Never in production. Everything streams; the same seed and day give the same office, but for the bytes of ciphers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache

import orjson
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.cases.office import Office
from engine.law.entitlement import benefit_amount
from engine.people import Person, Region, identity_place
from engine.registers.crowd import PAID_OF_FIFTY, Citizen, Crowd
from engine.registers.rosters import GROUNDS, KIND_NAMES, digest_of_file, take_roster
from engine.store.copying import copy_rows
from engine.store.crypto import account_place
from engine.values import SYSTEM, Month, Reason, Refusal, RefusedError, reach

Say = Callable[[str], object]
#: months that a grant of the crowd may have
_MONTHS = (3, 6, 9, 12, 12, 14, 15, 16, 18, 18, 20, 24, 24)
_DETERMINATION = orjson.dumps({"granted": True, "reasons": [{"text": "模拟数据：旧系统转入的待遇"}]}).decode()

_PERSON = ("id", "id_number_cipher", "id_number_index", "name", "birth", "sex", "region_code", "created_at")
_CARD = (
    "person_index",
    "account",
    "account_index",
    "holder_name",
    "holder_index",
    "bank",
    "activated",
    "as_of",
)
_GRANT = (
    "origin", "person_id", "region_code", "household_region", "retirement_class", "applied_on", "granted_on",
    "first_month", "months", "months_paid", "paid_through", "monthly_fen", "determination", "status",
)  # fmt: skip


def seed_crowd(
    office: Office,
    *,
    people: int,
    seed: int,
    day: date,
    paid_of_fifty: int = PAID_OF_FIFTY,
    say: Say = lambda _text: None,
) -> Crowd:
    """A crowd of so many citizens: its payees kept with card and grant, and a roster of each kind.

    Refused in production, and where a crowd stands already.
    """
    if office.settings.production:
        raise RefusedError(
            Reason(code="production", text="生产模式不得生成演示数据", text_en="Not in production.")
        )
    with office.store.transaction() as session:
        crowd = Crowd(seed, people, day, places(session, office.settings.region), paid_of_fifty)
        if crowd_there(office):
            raise RefusedError(
                Reason(
                    code="crowd_there",
                    text="已有转入的待遇，不再生成模拟人员",
                    text_en="A crowd is there already.",
                )
            )
        count = _keep_payees(session, office, crowd)
        say(f"在领人员 {count} 人")
    for kind in GROUNDS:
        with office.store.transaction() as session:
            roster = take_roster(
                session,
                crowd.roster(kind, office.vault),
                kind=kind,
                region=office.settings.region,
                as_of=day,
                digest=digest_of_file(f"{kind}/{seed}/{people}/{day}".encode()),
                source="模拟数据",
                actor=SYSTEM,
                now=office.clock(),
            )
            say(f"{KIND_NAMES[kind][0]}名册 {roster.line_count} 行")
    with office.store.transaction() as session:
        session.execute(text("ANALYZE person, benefit_grant, card_account, roster_line"))
    return crowd


def crowd_there(office: Office) -> bool:
    """Whether grants were taken over already, by a crowd or from an older system."""
    with office.store.reading() as session:
        return (
            session.scalar(select(BenefitGrant.id).where(BenefitGrant.origin == "import").limit(1))
            is not None
        )


def places(session: Session, region: str) -> tuple[str, ...]:
    """The counties of the office's region: where the law has figures for everybody."""
    parents = select(Region.parent_code).where(Region.parent_code.is_not(None))
    query = select(Region.code).where(Region.code.startswith(reach(region)), Region.code.not_in(parents))
    return tuple(session.scalars(query.order_by(Region.code)))


def _keep_payees(session: Session, office: Office, crowd: Crowd) -> int:
    session.execute(text("LOCK TABLE person IN SHARE ROW EXCLUSIVE MODE"))
    first = int(session.scalar(select(func.coalesce(func.max(Person.id), 0))) or 0) + 1
    now = office.clock()
    count = copy_rows(
        session,
        "person",
        _PERSON,
        (
            (
                first + at,
                office.vault.encrypt(citizen.id_number, bound_to=identity_place(index)),
                index,
                citizen.name,
                citizen.birth,
                "male" if citizen.male else "female",
                citizen.region,
                now,
            )
            for at, (citizen, index) in enumerate(_indexed(office, crowd))
        ),
    )
    session.execute(
        text("SELECT setval(pg_get_serial_sequence('person', 'id'), :last)"), {"last": first + count}
    )
    copy_rows(session, "card_account", _CARD, _cards(office, crowd))
    copy_rows(session, "benefit_grant", _GRANT, _grants(office, crowd, first))
    return count


def _indexed(office: Office, crowd: Crowd) -> Iterator[tuple[Citizen, bytes]]:
    for number in crowd.payees():
        citizen = crowd.citizen(number)
        yield citizen, office.vault.index(citizen.id_number)


def _cards(office: Office, crowd: Crowd) -> Iterator[tuple[object, ...]]:
    """The cards of the payees: some have none, some are not activated, some belong to somebody else."""
    for citizen, index in _indexed(office, crowd):
        drawn = crowd.draw(citizen.number, 6) % 1_000
        if drawn < 7:
            continue
        card = crowd.card_number(citizen.number)
        card_index = office.vault.index(card)
        holder = office.vault.index(f"other/{citizen.number}") if drawn < 10 else index
        cipher = office.vault.encrypt(card, bound_to=account_place(card_index))
        yield index, cipher, card_index, citizen.name, holder, "中国工商银行", drawn >= 20, crowd.day


def _grants(office: Office, crowd: Crowd, first_id: int) -> Iterator[tuple[object, ...]]:
    """A grant for each payee: begun some months ago, ordered through the month before, at the standard of its day."""
    month = Month.of(crowd.day)

    @cache
    def monthly(region: str, day: date) -> int:
        found = benefit_amount(region=region, day=day, book=office.book)
        if isinstance(found, Refusal):
            raise RefusedError(*found.reasons)
        return found.monthly.fen

    for at, number in enumerate(crowd.payees()):
        citizen = crowd.citizen(number)
        months = _MONTHS[crowd.draw(number, 7) % len(_MONTHS)]
        gone = crowd.draw(number, 8) % months
        first = month.plus(-gone)
        # most are ordered through last month, some wait since longer: their months are caught up
        behind = min(gone, crowd.draw(number, 9) % 50 == 0)
        ordered = gone - behind
        applied = min(first.first_day + timedelta(days=crowd.draw(number, 10) % 28), crowd.day)
        yield (
            "import", first_id + at, citizen.region, citizen.region, _retires_as(crowd, citizen), applied, applied,
            str(first), months, ordered, str(first.plus(ordered - 1)) if ordered else None,
            monthly(citizen.region, applied), _DETERMINATION, "active",
        )  # fmt: skip


def _retires_as(crowd: Crowd, citizen: Citizen) -> str | None:
    if citizen.male:
        return "M60"
    drawn = crowd.draw(citizen.number, 11) % 100
    return None if drawn < 1 else "F55" if drawn < 35 else "F50"
