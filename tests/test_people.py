"""Persons, employers, regions, and the trace of each look."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import pytest
from duties_builders import FILE, NOW, VAULT, new_database
from sqlalchemy import select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine import people
from engine.people import (
    Person,
    Region,
    UnknownPersonError,
    UnknownRegionError,
    ensure_employer,
    ensure_person,
    find_employer,
    find_person,
    id_number_of,
    looks_at,
    person_card,
    phone_of,
    record_look,
    region_known,
    region_name,
    set_phone,
    sync_regions,
)
from engine.store.crypto import VaultError
from engine.store.db import Base
from engine.store.declaration import DeclarationError
from engine.values import SYSTEM, Actor, RegionCode

REGIONS = FILE.parent / "regions.yaml"
TABLES = ("region", "person", "employer", "access_record", "generated_province")
DONGCHANGFU = RegionCode("371502")
CLERK = Actor(kind="staff", id=3, name="王守礼")


@dataclass(frozen=True, kw_only=True)
class Known:
    """A record of the population register."""

    id_number: str = "371502196506150017"
    name: str = "李国强"
    birth: date = date(1965, 6, 15)
    sex: Literal["male", "female"] = "male"
    household_region: RegionCode = DONGCHANGFU


@dataclass(frozen=True, kw_only=True)
class KnownFirm:
    """A record of the business register."""

    credit_code: str = "91371500MA3TE5T031"
    name: str = "聊城光岳机械制造有限公司"
    region: RegionCode = DONGCHANGFU


@pytest.fixture(scope="module")
def database(server: str) -> Iterator[Engine]:
    with new_database(server) as engine:
        with engine.begin() as connection:
            Base.metadata.create_all(connection, tables=[Base.metadata.tables[table] for table in TABLES])
            for statement in (*people.TRIGGERS, *people.TRIGGERS):
                connection.exec_driver_sql(statement)
        with Session(engine) as session, session.begin():
            sync_regions(session, REGIONS)
        yield engine


@pytest.fixture
def session(database: Engine) -> Iterator[Session]:
    with Session(database) as session:
        yield session
        session.rollback()


# --- persons --------------------------------------------------------------------------------------


@pytest.mark.req("CTRL-07")
def test_no_number_stands_in_the_table_in_clear(session: Session) -> None:
    person = ensure_person(session, VAULT, Known(), now=NOW)
    set_phone(session, VAULT, person_id=person.id, phone="138 1234 5678")

    row = session.execute(text("SELECT p::text FROM person p WHERE id = :id"), {"id": person.id}).scalar_one()
    raw = session.execute(
        text("SELECT id_number_cipher || id_number_index || phone_cipher FROM person WHERE id = :id"),
        {"id": person.id},
    ).scalar_one()

    for secret in ("371502196506150017", "19650615", "13812345678"):
        assert secret not in row
        assert secret.encode() not in bytes(raw)
        assert secret.encode().hex() not in row


@pytest.mark.req("CTRL-07")
def test_a_card_shows_masked_numbers(session: Session) -> None:
    person = ensure_person(session, VAULT, Known(), region="371525", now=NOW)
    set_phone(session, VAULT, person_id=person.id, phone="138 1234 5678")

    card = person_card(session, VAULT, person.id)

    assert (card.id_number, card.phone) == ("371502********0017", "138****5678")
    assert (card.name, card.region, card.region_name) == ("李国强", "371525", "冠县")
    assert (id_number_of(VAULT, person), phone_of(session, VAULT, person.id)) == (
        "371502196506150017",
        "13812345678",
    )


def test_the_same_person_is_kept_once_however_the_number_is_written(session: Session) -> None:
    first = ensure_person(session, VAULT, Known(id_number="11010519491231002X"), now=NOW)

    again = ensure_person(session, VAULT, Known(id_number=" 11010519491231002x", name="李国刚"), now=NOW)

    assert first.id == again.id
    assert again.name == "李国刚"
    assert find_person(session, VAULT, "１１０１０５１９４９１２３１００２ｘ") == first.id
    assert find_person(session, VAULT, "371502196506150017") is None


def test_a_region_given_later_moves_the_person_and_none_given_does_not(session: Session) -> None:
    person = ensure_person(session, VAULT, Known(), now=NOW)
    assert person.region_code == "371502"

    assert ensure_person(session, VAULT, Known(), region="371500", now=NOW).region_code == "371500"
    assert ensure_person(session, VAULT, Known(), now=NOW).region_code == "371500"


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("371502", "371502"),
        ("371523", "371500"),
        ("372501", "370000"),
        ("130424", "000000"),
        ("500229", "500229"),
        ("", "000000"),
    ],
)
def test_an_old_or_foreign_district_falls_to_the_nearest_region(
    session: Session, code: str, known: str
) -> None:
    assert region_known(session, code) == known


def test_without_any_region_the_message_says_what_to_do(session: Session) -> None:
    session.execute(text("DELETE FROM region"))

    with pytest.raises(UnknownRegionError, match=r"regions\.yaml"):
        region_known(session, "371502")


@pytest.mark.req("CTRL-07")
def test_a_number_copied_into_another_row_is_refused(session: Session) -> None:
    li = ensure_person(session, VAULT, Known(), now=NOW)
    other = ensure_person(session, VAULT, Known(id_number="11010519491231002X"), now=NOW)
    other.id_number_cipher = li.id_number_cipher

    with pytest.raises(VaultError):
        id_number_of(VAULT, other)


def test_two_who_keep_the_same_person_at_once_get_one_row(database: Engine) -> None:
    record, ids = Known(id_number="34052419800101001X"), []
    barrier = threading.Barrier(2)

    def keep() -> None:
        with Session(database) as session, session.begin():
            barrier.wait(timeout=10)
            ids.append(ensure_person(session, VAULT, record, now=NOW).id)

    threads = [threading.Thread(target=keep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_an_unknown_person_is_a_named_failure(session: Session) -> None:
    with pytest.raises(UnknownPersonError):
        person_card(session, VAULT, 999_999)


def test_an_emptied_telephone_is_forgotten(session: Session) -> None:
    person = ensure_person(session, VAULT, Known(), now=NOW)
    set_phone(session, VAULT, person_id=person.id, phone="13812345678")

    set_phone(session, VAULT, person_id=person.id, phone=" ")

    assert phone_of(session, VAULT, person.id) == ""
    assert person_card(session, VAULT, person.id).phone == ""


@pytest.mark.parametrize(
    "statement", ["DELETE FROM person", "DELETE FROM employer", "TRUNCATE person CASCADE"]
)
def test_persons_and_employers_are_kept(session: Session, statement: str) -> None:
    ensure_person(session, VAULT, Known(), now=NOW)
    ensure_employer(session, KnownFirm(), now=NOW)

    with pytest.raises(DBAPIError, match="不能"):
        session.execute(text(statement))


# --- looks ----------------------------------------------------------------------------------------


@pytest.mark.req("CTRL-07")
def test_each_look_leaves_a_trace_that_cannot_be_removed(session: Session) -> None:
    person = ensure_person(session, VAULT, Known(), now=NOW)

    record_look(session, actor=CLERK, subject=f"person:{person.id}", why="查看案件 SL-2026-000017", now=NOW)
    record_look(session, actor=CLERK, subject="employer:5", why="查看案件 WG-2026-000001", now=NOW)

    (look,) = looks_at(session, person.id)
    assert (look.actor, look.why, look.at) == ("staff:3", "查看案件 SL-2026-000017", NOW)
    for statement in (
        "DELETE FROM access_record",
        "UPDATE access_record SET why = ''",
        "TRUNCATE access_record",
    ):
        with pytest.raises(DBAPIError, match="access_record"), session.begin_nested():
            session.execute(text(statement))


def test_a_look_needs_a_reason(session: Session) -> None:
    person = ensure_person(session, VAULT, Known(), now=NOW)

    with pytest.raises(ValueError, match="事由"):
        record_look(session, actor=SYSTEM, subject=f"person:{person.id}", why=" ", now=NOW)


# --- employers and regions ------------------------------------------------------------------------


def test_an_employer_is_kept_once_and_follows_its_record(session: Session) -> None:
    first = ensure_employer(session, KnownFirm(), now=NOW)

    again = ensure_employer(
        session,
        replace(KnownFirm(), credit_code="91371500ma3te5t031", name="新名称"),
        now=datetime(2027, 1, 1, tzinfo=UTC),
    )

    assert (again.id, again.name, again.created_at) == (first.id, "新名称", NOW)
    assert find_employer(session, "9137 1500 MA3TE5T031") == first.id
    assert find_employer(session, "91371502TE5T00016H") is None


def test_the_regions_are_those_of_the_digest(session: Session) -> None:
    def children(code: str) -> list[str]:
        return sorted(session.scalars(select(Region.code).where(Region.parent_code == code)))

    assert len(children("370000")) == 16
    assert children("371500") == [
        "371502",
        "371503",
        "371521",
        "371522",
        "371524",
        "371525",
        "371526",
        # three development zones, which the notice of 2020 counts among the twelve units
        "371571",
        "371572",
        "371573",
        "371581",
    ]
    assert len(children("500000")) == 38
    assert [region_name(session, code) for code in ("500229", "500238", "500242", "500243")] == [
        "城口县", "巫溪县", "酉阳土家族苗族自治县", "彭水苗族土家族自治县",
    ]  # fmt: skip


def test_regions_may_be_synchronised_again(session: Session) -> None:
    session.execute(text("UPDATE region SET name = '错' WHERE code = '371502'"))

    assert sync_regions(session, REGIONS) == sync_regions(session, REGIONS) == 68
    assert region_name(session, "371502") == "东昌府区"


@pytest.mark.parametrize(
    ("old", "new", "line_of", "message"),
    [
        ('code: "371502"', 'code: "37150"', '"37150"', "6位数字"),
        ('code: "371503"', 'code: "371502"', "name: 茌平区", "写了两次"),
        ('parent: "371500"', 'parent: "371599"', '"371599"', "上级地区「371599」须写在前面"),
        ("level: city", "level: town", "level: town", "level 应当是"),
        ("name: 济南市, ", "", 'english: "Jinan"', "缺少字段「name」"),
        ("regions:", "region:", "  - {code", "不认识的字段"),
    ],
)
def test_a_mistake_in_the_regions_is_named_with_its_line(
    session: Session, tmp_path: Path, old: str, new: str, line_of: str, message: str
) -> None:
    good = REGIONS.read_text(encoding="utf-8")
    assert old in good
    bad = good.replace(old, new, 1)
    (tmp_path / "regions.yaml").write_text(bad, encoding="utf-8")

    with pytest.raises(DeclarationError) as caught:
        sync_regions(session, tmp_path / "regions.yaml")

    line = bad[: bad.index(line_of)].count("\n") + 1
    assert str(caught.value).startswith(f"regions.yaml:{line}: ")
    assert message in str(caught.value)


def test_no_column_of_a_person_is_forgotten_by_the_masks() -> None:
    """A new column of personal data has to be thought about here first."""
    assert {column.name for column in Person.__table__.columns} == {
        "id", "id_number_cipher", "id_number_index", "name", "birth", "sex", "phone_cipher", "region_code", "created_at",
    }  # fmt: skip
