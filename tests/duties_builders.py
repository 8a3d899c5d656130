"""A database with duties, staff and posts, and a few builders: shared by the tests of duties and posts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path

from offices import OwnDatabase
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.config import Settings
from engine.duties import HISTORY_GUARDS, TRIGGERS, DutyBook, StaffMember, avoidance, hash_password, sync
from engine.store.crypto import Vault
from engine.store.db import Base
from engine.values import Actor

FILE = Path(__file__).parent.parent / "processes" / "duties.yaml"
BOOK = DutyBook.load(FILE)
DAY = date(2026, 11, 3)
NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
STAFF_DUTIES = sorted(duty.id for duty in BOOK.duties.values() if duty.staff)
PAIRS = list(combinations(STAFF_DUTIES, 2))
VAULT = Vault(Settings.from_env({"CHANGLING_SECRET": "5a" * 32, "CHANGLING_DATA": "unused"}))
TABLES = ("duty", "duty_conflict", "same_case_conflict", "staff_member", "post", "agency", "case_avoidance")
#: what the guards see of the tables of other rooms
SHAPES = (
    "CREATE TABLE workflow_case (id integer PRIMARY KEY, subject text NOT NULL)",
    """CREATE TABLE workflow_history (id serial PRIMARY KEY, case_id integer NOT NULL, element_id text NOT NULL,
         kind text NOT NULL, actor text NOT NULL, duty text NOT NULL DEFAULT '',
         on_behalf_of text NOT NULL DEFAULT '', at timestamptz NOT NULL)""",
    "CREATE TABLE person (id integer PRIMARY KEY, id_number_index bytea)",
)


@contextmanager
def new_database(server_url: str) -> Iterator[Engine]:
    """An empty database; dropped after."""
    with OwnDatabase(server_url) as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()


@contextmanager
def duties_database(server_url: str) -> Iterator[Engine]:
    """A database with the tables of duties, the triggers put up twice, and the book mirrored."""
    guards = (*TRIGGERS, *HISTORY_GUARDS, *avoidance.TRIGGERS)
    with new_database(server_url) as engine:
        with engine.begin() as connection:
            Base.metadata.create_all(connection, tables=[Base.metadata.tables[table] for table in TABLES])
            for statement in (*SHAPES, *guards, *guards):
                connection.exec_driver_sql(statement)
        with Session(engine) as session, session.begin():
            sync(session, BOOK)
        yield engine


def a_member(session: Session, login: str = "ceshi", *, region: str = "371500", password: str = "") -> int:
    hashed = hash_password(password) if password else "!"
    member = StaffMember(login=login, name="测试", password_hash=hashed, region_code=region)
    session.add(member)
    session.flush()
    return member.id


def a_post(
    session: Session, staff_id: int, duty: str, *, since: date = DAY, until: date | None = None
) -> None:
    session.execute(
        text(
            """INSERT INTO post (staff_id, duty, region_code, valid_from, valid_until, assigned_by)
               VALUES (:s, :d, '371500', :f, :u, 'system:0')"""
        ),
        {"s": staff_id, "d": duty, "f": since, "u": until},
    )


def a_step(session: Session, staff_id: int, duty: str, *, case_id: int = 1, at: datetime = NOW) -> None:
    session.execute(
        text(
            """INSERT INTO workflow_history (case_id, element_id, kind, actor, duty, at)
               VALUES (:c, 'step', 'completed', :a, :d, :at)"""
        ),
        {"c": case_id, "a": f"staff:{staff_id}", "d": duty, "at": at},
    )


def staff_actor(staff_id: int) -> Actor:
    return Actor(kind="staff", id=staff_id, name="测试")
