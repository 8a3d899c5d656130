"""People and places: regions, insured persons, employers, and who looked at whose file.

Identity numbers and telephones are encrypted and found by a keyed blind index; pages get a masked card.
Knows nothing of benefits: what others say about a person is asked of ``engine.registers``.
Called by use-cases and operations, inside their transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal, Protocol, get_args

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.store.crypto import Vault, mask_id, mask_phone, normalised
from engine.store.db import Base
from engine.store.declaration import Entry, read_declaration
from engine.store.guards import insert_only, keep_rows
from engine.values import Actor, EmployerId, PersonId, RegionCode

Sex = Literal["male", "female"]
Level = Literal["country", "province", "city", "county"]
_COUNTRY = "000000"


class Region(Base):
    """A region of GB/T 2260, from ``processes/regions.yaml``."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    english: Mapped[str] = mapped_column(String(40))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    #: country, province, city, county
    level: Mapped[str] = mapped_column(String(10))


class Person(Base):
    """An insured person; rows are kept."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("sex IN ('male', 'female')", name="sex_known"),
        Index("ix_person_region", "region_code"),
        Index("ix_person_name", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: bound to the index beside it, so that it decrypts in no other row
    id_number_cipher: Mapped[bytes] = mapped_column(LargeBinary)
    id_number_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str] = mapped_column(String(60))
    birth: Mapped[date]
    sex: Mapped[str] = mapped_column(String(6))
    phone_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: where they are insured: the office that may see them
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    created_at: Mapped[datetime]


class Employer(Base):
    """An insured employer; rows are kept."""

    __tablename__ = "employer"

    id: Mapped[int] = mapped_column(primary_key=True)
    credit_code: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), index=True)
    created_at: Mapped[datetime]


class AccessRecord(Base):
    """Insert-only. Each look at a person's file: who, whose, when and why."""

    __tablename__ = "access_record"
    __table_args__ = (
        Index("ix_access_record_person", "person_id", "at"),
        Index("ix_access_record_actor", "actor", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    #: actor key
    actor: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    why: Mapped[str] = mapped_column(Text)


class GeneratedProvince(Base):
    """The one row from which every process of a trial office rebuilds the same made-up province."""

    __tablename__ = "generated_province"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    seed: Mapped[int]
    people: Mapped[int]
    employers: Mapped[int]
    day: Mapped[date]


TRIGGERS: tuple[str, ...] = (*insert_only("access_record"), *keep_rows("person"), *keep_rows("employer"))


class KnownPerson(Protocol):
    """What the population register knows of a person; ``registers.population.PopulationRecord`` fits."""

    @property
    def id_number(self) -> str:
        """Citizen identity number."""
        ...

    @property
    def name(self) -> str:
        """Full name."""
        ...

    @property
    def birth(self) -> date:
        """Day of birth."""
        ...

    @property
    def sex(self) -> Sex:
        """Sex as registered."""
        ...

    @property
    def household_region(self) -> RegionCode:
        """Where the household is registered."""
        ...


class KnownEmployer(Protocol):
    """What the business register knows of an employer; ``registers.business.EmployerRecord`` fits."""

    @property
    def credit_code(self) -> str:
        """Unified social credit code."""
        ...

    @property
    def name(self) -> str:
        """Registered name."""
        ...

    @property
    def region(self) -> RegionCode:
        """Where it is insured."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCard:
    """A person as a page shows them: numbers masked."""

    person_id: PersonId
    name: str
    #: ``371502********0017``
    id_number: str
    birth: date
    sex: Sex
    #: ``138****5678``; empty when none is kept
    phone: str
    region: RegionCode
    region_name: str


class UnknownPersonError(Exception):
    """没有这名参保人员。"""

    retryable = False


class UnknownRegionError(Exception):
    """地区表是空的；请先同步 processes/regions.yaml。"""

    retryable = False


def sync_regions(session: Session, path: Path) -> int:
    """How many regions the file declares; the table then holds them. Idempotent.

    DeclarationError names file and line; a region no longer declared is kept, because people live in it.
    """
    rows = _region_rows(path)
    statement = insert(Region).values(rows)
    renewed = {name: statement.excluded[name] for name in ("name", "english", "parent_code", "level")}
    session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=renewed))
    return len(rows)


def region_name(session: Session, code: str) -> str:
    """The region's name; the code itself when it is not in the table."""
    return session.scalar(select(Region.name).where(Region.code == code)) or code


def region_known(session: Session, code: str) -> RegionCode:
    """The nearest region of the table: the code, its city, its province, or the whole country.

    Identity numbers carry districts of other provinces, and codes that were abolished long ago (372501, 371523).
    UnknownRegionError when not even the country is there: :func:`sync_regions` has not run.
    """
    for candidate in (code, code[:4] + "00", code[:2] + "0000", _COUNTRY):
        if session.get(Region, candidate) is not None:
            return RegionCode(candidate)
    raise UnknownRegionError(f"没有地区「{code}」；地区表是空的，请先同步 processes/regions.yaml")


def ensure_person(
    session: Session, vault: Vault, record: KnownPerson, *, now: datetime, region: str = ""
) -> Person:
    """The person of the record, created if not yet kept. Idempotent, also when two do it at once.

    ``region`` is where they are insured; without it their household counts at first, and is not changed later.
    Name, birth and sex follow the record.
    """
    statement = insert(Person).values(
        **number_columns(vault, record.id_number),
        name=record.name,
        birth=record.birth,
        sex=record.sex,
        region_code=region_known(session, region or record.household_region),
        created_at=now,
    )
    following = ("name", "birth", "sex", "region_code") if region else ("name", "birth", "sex")
    renewed = {name: statement.excluded[name] for name in following}
    upsert = statement.on_conflict_do_update(index_elements=["id_number_index"], set_=renewed).returning(
        Person
    )
    return session.scalars(upsert, execution_options={"populate_existing": True}).one()


def number_columns(vault: Vault, id_number: str) -> dict[str, bytes]:
    """The two columns that keep an identity number: its blind index, and its cipher bound to that index."""
    index = vault.index(id_number)
    cipher = vault.encrypt(normalised(id_number), bound_to=identity_place(index))
    return {"id_number_index": index, "id_number_cipher": cipher}


def find_person(session: Session, vault: Vault, id_number: str) -> PersonId | None:
    """Who has that identity number, in any written form; None when nobody is kept under it."""
    found = session.scalar(select(Person.id).where(Person.id_number_index == vault.index(id_number)))
    return None if found is None else PersonId(found)


def id_number_of(vault: Vault, person: Person) -> str:
    """The identity number in full, for asking a register; never for a page, a log or case data."""
    return vault.decrypt(person.id_number_cipher, bound_to=identity_place(person.id_number_index))


def phone_of(session: Session, vault: Vault, person_id: int) -> str:
    """The telephone in full, for sending a notice; empty when none is kept. UnknownPersonError if nobody."""
    return _phone(vault, _person(session, person_id))


def set_phone(session: Session, vault: Vault, *, person_id: int, phone: str) -> None:
    """Keeps the telephone encrypted; an empty one forgets it. UnknownPersonError if nobody."""
    person = _person(session, person_id)
    place = _place("phone", person.id_number_index)
    person.phone_cipher = vault.encrypt(normalised(phone), bound_to=place) if phone.strip() else None
    session.flush()


def person_card(session: Session, vault: Vault, person_id: int) -> PersonCard:
    """The person with masked numbers. UnknownPersonError if nobody. Record the look with :func:`record_look`."""
    person = _person(session, person_id)
    return PersonCard(
        person_id=PersonId(person.id),
        name=person.name,
        id_number=mask_id(id_number_of(vault, person)),
        birth=person.birth,
        sex="male" if person.sex == "male" else "female",
        phone=mask_phone(_phone(vault, person)),
        region=RegionCode(person.region_code),
        region_name=region_name(session, person.region_code),
    )


def record_look(session: Session, *, actor: Actor, subject: str, why: str, now: datetime) -> None:
    """Leaves the trace of one look at the file of ``person:12``; other subjects have no personal file.

    ValueError without a reason for looking.
    """
    if not why.strip():
        raise ValueError("查看个人资料须写明事由")
    kind, _, number = subject.partition(":")
    if kind == "person" and number.isdigit():
        session.add(AccessRecord(at=now, actor=actor.key, person_id=int(number), why=why.strip()))
        session.flush()


def looks_at(session: Session, person_id: int, *, limit: int = 50) -> tuple[AccessRecord, ...]:
    """Who looked at the person's file, latest first."""
    asked = select(AccessRecord).where(AccessRecord.person_id == person_id).order_by(AccessRecord.id.desc())
    return tuple(session.scalars(asked.limit(limit)))


def ensure_employer(session: Session, record: KnownEmployer, *, now: datetime) -> Employer:
    """The employer of the record, created if not yet kept; name and region follow the record. Idempotent."""
    statement = insert(Employer).values(
        credit_code=normalised(record.credit_code),
        name=record.name,
        region_code=region_known(session, record.region),
        created_at=now,
    )
    renewed = {name: statement.excluded[name] for name in ("name", "region_code")}
    upsert = statement.on_conflict_do_update(index_elements=["credit_code"], set_=renewed).returning(Employer)
    return session.scalars(upsert, execution_options={"populate_existing": True}).one()


def find_employer(session: Session, credit_code: str) -> EmployerId | None:
    """Who has that credit code, in any written form; None when no employer is kept under it."""
    found = session.scalar(select(Employer.id).where(Employer.credit_code == normalised(credit_code)))
    return None if found is None else EmployerId(found)


def _person(session: Session, person_id: int) -> Person:
    person = session.get(Person, person_id)
    if person is None:
        raise UnknownPersonError(f"没有参保人员 {person_id}")
    return person


def _phone(vault: Vault, person: Person) -> str:
    if person.phone_cipher is None:
        return ""
    return vault.decrypt(person.phone_cipher, bound_to=_place("phone", person.id_number_index))


def identity_place(index: bytes) -> str:
    """What an encrypted identity number is bound to: the index that stands beside it."""
    return _place("id_number", index)


def _place(column: str, index: bytes) -> str:
    return f"person.{column}:{index.hex()}"


def _region_rows(path: Path) -> list[dict[str, str | None]]:
    top = read_declaration(path)
    top.only("regions")
    levels: dict[str, str] = {}
    rows: list[dict[str, str | None]] = []
    for entry in top.entries("regions"):
        row = _region_row(entry, levels)
        levels[str(row["code"])] = str(row["level"])
        rows.append(row)
    if not rows:
        raise top.error("至少要有一个地区", field="regions")
    return rows


def _region_row(entry: Entry, levels: Mapping[str, str]) -> dict[str, str | None]:
    entry.only("code", "name", "english", "parent", "level")
    code, level, parent = entry.text("code"), entry.text("level"), entry.text("parent", default="")
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        raise entry.error(f"地区代码「{code}」应当是6位数字", field="code")
    if code in levels:
        raise entry.error(f"地区代码「{code}」写了两次", field="code")
    if level not in get_args(Level):
        raise entry.error(f"level 应当是 country、province、city、county，现在是「{level}」", field="level")
    if level != "country" and parent not in levels:
        raise entry.error(f"上级地区「{parent}」须写在前面", field="parent")
    return {
        "code": code,
        "name": entry.text("name"),
        "english": entry.text("english"),
        "parent_code": parent or None,
        "level": level,
    }
