"""After a claim was paid: any row of trail and ledger altered or removed by a superuser is found and named (CTRL-01).

``tests/money/test_verification.py`` does this for the room of money and a small history; here it is the whole
office after the demo's claim, every row, and the command that an auditor runs.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Column, text
from sqlalchemy.orm import Session

from engine.demo import Demo, claim_is_paid
from engine.store.audit import append, seal
from engine.store.db import Base
from engine.store.export import export, verify_database, verify_export
from engine.store.verification import Verdict
from engine.values import SYSTEM

pytestmark = [pytest.mark.slow, pytest.mark.req("CTRL-01", "MONEY-03")]

TABLES = (
    "audit_event", "audit_stream", "audit_seal", "audit_seal_leaf", "account", "journal_entry", "posting",
    "payment_order", "payment_line", "bank_receipt",
)  # fmt: skip
#: where the work stands, not what was done: these columns may move, so nothing vouches for them
MOVING = {
    ("payment_order", "status"),
    ("payment_order", "status_reason"),
    # lowering it seals a head once more and hurts nothing; raising it is found
    ("audit_stream", "sealed_seq"),
}
COLUMNS = [
    (table, column.name)
    for table in TABLES
    for column in Base.metadata.tables[table].columns
    if (table, column.name) not in MOVING
]
CHANGLING = str(Path(sys.executable).parent / "changling")


@pytest.fixture(scope="module")
def paid(demo: Demo) -> Demo:
    """The office after the demo's claim was paid; sealed twice, and something happened after the last seal."""
    claim_is_paid(demo)
    for _ in range(2):
        with demo.office.store.transaction() as session:
            seal(session, now=demo.clock())
            _note(session, demo)
        demo.clock.forward(minutes=30)
    return demo


def _note(session: Session, demo: Demo) -> None:
    append(
        session, stream="office", action="FILE_SEEN", actor=SYSTEM, subject="office:371500", now=demo.clock()
    )


@contextmanager
def behind_the_triggers(demo: Demo) -> Iterator[Session]:
    """A superuser's transaction in which no trigger fires; taken back at the end."""
    with Session(demo.office.store.engine) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        yield session
        session.rollback()


def rows_of(demo: Demo, table: str) -> list[str]:
    """Where each row of the table stands in it."""
    with demo.office.store.reading() as session:
        return list(session.scalars(text(f"SELECT ctid::text FROM {table} ORDER BY ctid")))


def loosened(table: str, column: Column[object]) -> list[str]:
    """What an owner of the table would do first, so that no constraint stands in the way."""
    checks = [c for c in Base.metadata.tables[table].constraints if isinstance(c, CheckConstraint)]
    loose = [f"ALTER TABLE {table} DROP CONSTRAINT {check.name}" for check in checks]
    if column.identity:
        loose.append(f"ALTER TABLE {table} ALTER COLUMN {column.name} DROP IDENTITY")
    return loose


def other_value(column: Column[object]) -> str:
    """An expression for a value that the column does not hold there."""
    name, kind = column.name, column.type.python_type.__name__
    if kind == "str":
        # of the same length where that is limited
        return f"CASE WHEN starts_with({name}, 'z') THEN 'y' ELSE 'z' END || substr(coalesce({name}, ''), 2)"
    return {
        "int": f"coalesce({name}, 0) + 1000",
        "bytes": f"{name} || '\\x00'::bytea",
        "datetime": f"coalesce({name}, now()) + interval '1 second'",
        "date": f"{name} + 1",
        "bool": f"NOT {name}",
    }[kind]


def assert_found(verdict: Verdict, why: str) -> None:
    """It fails, and says of which row."""
    assert not verdict.ok, f"not found: {why}"
    assert verdict.first_broken is not None
    table, _, rest = verdict.first_broken.partition(" ")
    assert table in Base.metadata.tables, f"{why}: {verdict.first_broken}"
    assert rest, f"{why}: {verdict.first_broken}"


def test_untouched_office_verifies(paid: Demo) -> None:
    with paid.office.store.reading() as session:
        verdict = verify_database(session)

    assert verdict.ok, verdict.text
    assert verdict.events > 50
    assert verdict.seals > 2
    assert all(rows_of(paid, table) for table in TABLES)


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_altered_column_is_found_in_the_first_the_last_and_any_row(
    paid: Demo, table: str, column: str
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    rows = rows_of(paid, table)
    chosen = {rows[0], rows[-1], random.Random(seed).choice(rows)}
    kept = Base.metadata.tables[table].columns[column]

    for row in sorted(chosen):
        with behind_the_triggers(paid) as session:
            for statement in loosened(table, kept):
                session.execute(text(statement))
            change = f"UPDATE {table} SET {column} = {other_value(kept)} WHERE ctid = '{row}'"
            assert session.execute(text(change)).rowcount == 1  # type: ignore[attr-defined]
            assert_found(verify_database(session), f"{table}.{column} {row}")


@pytest.mark.parametrize("table", TABLES)
def test_every_single_row_is_missed_when_it_is_gone(paid: Demo, table: str) -> None:
    for row in rows_of(paid, table):
        with behind_the_triggers(paid) as session:
            session.execute(text(f"DELETE FROM {table} WHERE ctid = '{row}'"))
            assert_found(verify_database(session), f"{table} {row}")


@pytest.mark.parametrize("table", TABLES)
def test_every_single_row_is_missed_as_it_was(paid: Demo, table: str) -> None:
    """One column of every row, drawn by chance."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    names = [name for of, name in COLUMNS if of == table]
    for row in rows_of(paid, table):
        column = Base.metadata.tables[table].columns[rng.choice(names)]
        with behind_the_triggers(paid) as session:
            for statement in loosened(table, column):
                session.execute(text(statement))
            session.execute(
                text(f"UPDATE {table} SET {column.name} = {other_value(column)} WHERE ctid = '{row}'")
            )
            assert_found(verify_database(session), f"{table}.{column.name} {row}")


def test_amounts_changed_so_that_the_books_still_balance_are_found(paid: Demo) -> None:
    """A clever thief keeps debit and credit equal."""
    with behind_the_triggers(paid) as session:
        session.execute(text("UPDATE posting SET debit_fen = debit_fen * 2, credit_fen = credit_fen * 2"))
        assert_found(verify_database(session), "all postings")


def test_export_verifies_without_a_database_and_not_after_a_change(paid: Demo, tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    with paid.office.store.reading() as session:
        export(session, path)
    assert verify_export(path).ok

    lines = path.read_bytes().splitlines(keepends=True)
    for number in random.Random(1).sample(range(1, len(lines) - 1), 20):
        (tmp_path / "cut.jsonl").write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
        assert not verify_export(tmp_path / "cut.jsonl").ok, lines[number]


TAMPERED = {
    "audit_event": "UPDATE audit_event SET actor_name = '别人' WHERE stream LIKE 'case:%' AND seq = 2",
    "journal_entry": "UPDATE journal_entry SET text = '另有用途' WHERE id = (SELECT min(id) FROM journal_entry)",
    "payment_order": "UPDATE payment_order SET payee_name = '别人'",
    "audit_seal": "DELETE FROM audit_seal WHERE number = 1",
}


@pytest.mark.parametrize("table", TAMPERED)
def test_command_of_the_auditor_fails_and_names_the_row(paid: Demo, table: str) -> None:
    engine, columns = paid.office.store.engine, ", ".join(Base.metadata.tables[table].columns.keys())
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}"))
        connection.execute(text(TAMPERED[table]))

    try:
        found = _verify(paid)
    finally:
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(f"DELETE FROM {table}"))
            connection.execute(
                text(
                    f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM kept_{table}"
                )
            )
            connection.execute(text(f"DROP TABLE kept_{table}"))

    assert found.returncode == 1
    assert f"第一处不符：{table} " in found.stdout
    assert "Traceback" not in found.stdout + found.stderr
    with paid.office.store.reading() as session:
        assert verify_database(session).ok


def test_command_of_the_auditor_is_content_with_an_untouched_office(paid: Demo) -> None:
    found = _verify(paid)

    assert (found.returncode, found.stderr) == (0, "")
    assert "核对一致" in found.stdout


def _verify(demo: Demo) -> subprocess.CompletedProcess[str]:
    settings = demo.office.settings
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "CHANGLING_DATA": str(settings.data_dir),
        "CHANGLING_SECRET": "5a" * 32,
    }
    return subprocess.run(
        [CHANGLING, "verify"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
