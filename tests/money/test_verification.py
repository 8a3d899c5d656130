"""Whatever is altered, removed or added behind the triggers' back is found, and named first (CTRL-01)."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from money_builders import (
    CLERK,
    GOOD,
    NOW,
    OWN_TABLES,
    REGION,
    WRONG_NUMBER,
    Office,
    TestBank,
    a_vault,
    empty,
    like_order,
    new_database,
)  # fmt: skip
from sqlalchemy import CheckConstraint, select, text
from sqlalchemy.orm import Session

from engine.config import ROOT
from engine.money import ledger_tables, payment_tables
from engine.money.bulk import order_many
from engine.money.chart import Chart
from engine.money.payments import hold, requeue_line, take_receipt
from engine.store import audit
from engine.store.audit import EVENT_COLUMNS, SEALED, AuditEvent, AuditStream, append, link_digest, seal
from engine.store.canonical import plain
from engine.store.db import Base
from engine.store.export import export, verify_database, verify_export
from engine.values import SYSTEM

#: columns that nothing vouches for, because they may move: where the work stands, not what was done
FREE = {
    ("payment_order", "status"),
    ("payment_order", "status_reason"),
    # lowering it only seals a head once more; raising it is found (its own test below)
    ("audit_stream", "sealed_seq"),
}
#: what this database has of them; papers of a case are sealed in a room of their own
TABLES = sorted(
    {
        *(SEALED.keys() & OWN_TABLES),
        "posting",
        "payment_line",
        *(t for t in Base.metadata.tables if t.startswith("audit_")),
    }
)
COLUMNS = [
    (table, column.name)
    for table in TABLES
    for column in Base.metadata.tables[table].columns
    if (table, column.name) not in FREE
]


def story(office: Office) -> None:
    """A small history: two orders, one returned, corrected and paid; two seals; events after the last."""
    with office.transaction() as session:
        office.order(session, "k1", account=WRONG_NUMBER)
        office.order(session, "k2", case_id=18)
        append(
            session,
            stream="case:17",
            action="CASE_STARTED",
            actor=CLERK,
            subject="case:17",
            before={"a": 1},
            after={"a": 2},
            reason="申领",
            now=NOW,
        )
    receive(office, "B1")
    with office.transaction() as session:
        requeue_line(session, office.vault, order_id=1, reason="换卡", actor=CLERK, now=NOW, account=GOOD)
        seal(session, now=NOW)
    receive(office, "B2")
    with office.transaction() as session:
        take_receipt(session, office.vault, "回盘坏了", actor=SYSTEM, now=NOW)
        seal(session, now=NOW)
    with office.transaction() as session:
        office.order(session, "k3")
        hold(session, order_id=3, reason="疑点", actor=CLERK, now=NOW)
    with office.transaction() as session:
        order_many(session, key="run:1", region=REGION, rows=like_order(3, 2, "many"), actor=SYSTEM, now=NOW)


def receive(office: Office, number: str) -> None:
    answer = office.bank.answer(office.send(number))
    with office.transaction() as session:
        take_receipt(session, office.vault, answer, actor=SYSTEM, now=NOW)


@pytest.fixture(scope="module")
def told(request) -> Office:
    """An office with the story in it; each test tampers inside a transaction that is rolled back."""
    with new_database() as engine:
        office = Office(engine, a_vault(), TestBank()).open_books()
        story(office)
        yield office


def verdict_after(office: Office, *changes: str):
    """The verdict after the changes, made past the triggers, then taken back."""
    with Session(office.engine) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for change in changes:
            assert session.execute(text(change)).rowcount != 0, f"nothing changed by {change}"
        verdict = verify_database(session)
        session.rollback()
    return verdict


def altered(table: str, column: str) -> tuple[str, ...]:
    """Statements that change the column in the row that stands last; an owner also drops the checks first."""
    type_ = Base.metadata.tables[table].columns[column].type
    kind = type_.python_type.__name__
    value = {
        "int": f"COALESCE({column}, 0) + 1000",
        "str": f"COALESCE({column}, '') || 'x'",
        "bytes": f"{column} || '\\x00'::bytea",
        "datetime": f"COALESCE({column}, now()) + interval '1 second'",
        "date": f"{column} + 1",
        "bool": f"NOT {column}",
    }[kind]
    if kind == "str" and type_.length:
        value = f"overlay(COALESCE({column}, '') placing 'z' from 1 for 1)"
    checks = (
        f"ALTER TABLE {table} DROP CONSTRAINT {check.name}"
        for check in Base.metadata.tables[table].constraints
        if isinstance(check, CheckConstraint)
    )
    if Base.metadata.tables[table].columns[column].identity:
        checks = (*checks, f"ALTER TABLE {table} ALTER COLUMN {column} DROP IDENTITY")
    return (*checks, f"UPDATE {table} SET {column} = {value} WHERE ctid = (SELECT max(ctid) FROM {table})")


def chart() -> int:
    """Accounts and purposes: each is vouched for when the books are opened."""
    declared = Chart.load(ROOT / "processes")
    return len(declared.accounts) + len(declared.purposes)


def test_an_untouched_office_verifies(told: Office):
    with Session(told.engine) as session:
        verdict = verify_database(session)

    assert verdict.ok, verdict.text
    assert (verdict.seals, verdict.rows) == (2, chart() + 6 + 3 + 1 + 1 + 2 + 3)


@pytest.mark.req("CTRL-01", "MONEY-03")
@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_an_altered_column_is_found(told: Office, table, column):
    verdict = verdict_after(told, *altered(table, column))

    assert not verdict.ok


@pytest.mark.req("CTRL-01", "MONEY-03")
@pytest.mark.parametrize("end", ["min", "max"])
@pytest.mark.parametrize("table", TABLES)
def test_a_removed_row_is_found(told: Office, table, end):
    verdict = verdict_after(told, f"DELETE FROM {table} WHERE ctid = (SELECT {end}(ctid) FROM {table})")

    assert not verdict.ok


@pytest.mark.req("CTRL-01", "MONEY-03")
def test_a_whole_entry_removed_with_its_postings_is_named_first(told: Office):
    verdict = verdict_after(
        told, "DELETE FROM posting WHERE entry_id = 2", "DELETE FROM journal_entry WHERE id = 2"
    )

    assert verdict.first_broken.startswith("journal_entry 2：")
    assert verdict.text.startswith("第一处不符：journal_entry 2：")


@pytest.mark.req("CTRL-01")
def test_an_altered_account_name_is_named_first(told: Office):
    verdict = verdict_after(told, "UPDATE account SET name = '小金库' WHERE code = '1001'")

    assert verdict.first_broken.startswith("account 1001：内容与")


@pytest.mark.req("CTRL-01")
def test_an_altered_amount_is_found_even_where_the_entry_still_balances(told: Office):
    verdict = verdict_after(
        told,
        "UPDATE posting SET debit_fen = debit_fen + 1 WHERE entry_id = 1 AND debit_fen > 0",
        "UPDATE posting SET credit_fen = credit_fen + 1 WHERE entry_id = 1 AND credit_fen > 0",
    )

    assert verdict.first_broken.startswith("journal_entry 1：")


@pytest.mark.req("CTRL-01")
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (
            (
                "DELETE FROM audit_event WHERE stream = 'case:17' AND seq = "
                "(SELECT last_seq FROM audit_stream WHERE stream = 'case:17')",
            ),
            "audit_stream case:17",
        ),
        (
            (
                "DELETE FROM audit_event WHERE stream = 'batch:2' AND seq >= 4",
                "UPDATE audit_stream SET last_seq = 3, sealed_seq = 0, last_digest = (SELECT digest FROM "
                "audit_event WHERE stream = 'batch:2' AND seq = 3) WHERE stream = 'batch:2'",
            ),
            "audit_event batch:2 第 6 号：第 2 次封存里有",
        ),
        (
            (
                "DELETE FROM audit_event WHERE stream = 'case:18'",
                "DELETE FROM audit_stream WHERE stream = 'case:18'",
            ),
            "audit_event case:18 第 1 号：封存里有",
        ),
        (("DELETE FROM audit_event WHERE stream = 'case:18'",), "audit_stream case:18：整条链"),
        (("DELETE FROM audit_seal WHERE number = 2",), "audit_seal_leaf 2/1"),
        (("DELETE FROM audit_seal_leaf WHERE seal = 2",), "audit_seal 2：叶子全部不见了"),
        (
            ("DELETE FROM audit_seal WHERE number = 2", "DELETE FROM audit_seal_leaf WHERE seal = 2"),
            "audit_stream bank：记为已封存到",
        ),
        (("UPDATE audit_stream SET sealed_seq = 99 WHERE stream = 'case:18'",), "audit_stream case:18"),
        (
            (
                "UPDATE audit_event SET seq = -seq WHERE stream = 'batch:1' AND seq IN (2, 3)",
                "UPDATE audit_event SET seq = CASE seq WHEN -2 THEN 3 ELSE 2 END "
                "WHERE stream = 'batch:1' AND seq < 0",
            ),
            "audit_event batch:1 第 2 号",
        ),
        (
            ("UPDATE audit_event SET actor = 'staff:66' WHERE stream = 'batch:1' AND seq = 2",),
            "audit_event batch:1 第 2 号：内容被改动",
        ),
    ],
    ids=[
        "last event",
        "tail with head set back",
        "whole stream",
        "all events of a stream",
        "a seal",
        "all leaves",
        "seal with leaves",
        "head claims to be sealed",
        "two events exchanged",
        "actor",
    ],
)
def test_tampering_with_the_trail_itself_is_named(told: Office, changes, named):
    verdict = verdict_after(told, *changes)

    assert verdict.first_broken.startswith(named), verdict.first_broken


def rewritten(session: Session, stream: str) -> None:
    """The forger's best: another actor, and every digest of the chain and its head worked out anew."""
    previous = "0" * 64
    events = session.scalars(select(AuditEvent).where(AuditEvent.stream == stream).order_by(AuditEvent.seq))
    for event in events.all():
        event.actor, event.previous = "staff:66", previous
        event.digest = link_digest({name: plain(getattr(event, name)) for name in EVENT_COLUMNS})
        previous = event.digest
    session.get_one(AuditStream, stream).last_digest = previous
    session.flush()


@pytest.mark.req("CTRL-01")
@pytest.mark.parametrize(
    ("leaf_too", "named"),
    [
        (False, "audit_event case:18 第 1 号：与第 1 次封存不符"),
        (True, "audit_seal 1：叶子被改动，树根不符"),
    ],
    ids=["chain", "chain and leaf"],
)
def test_a_chain_rewritten_with_all_its_digests_is_found_by_the_seal(told: Office, leaf_too, named):
    with Session(told.engine) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        rewritten(session, "case:18")
        if leaf_too:
            session.execute(
                text(
                    "UPDATE audit_seal_leaf l SET digest = e.digest FROM audit_event e "
                    "WHERE e.stream = l.stream AND e.seq = l.seq AND l.stream = 'case:18'"
                )
            )
        verdict = verify_database(session)
        session.rollback()

    assert verdict.first_broken == named


@pytest.mark.req("CTRL-01")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            "INSERT INTO journal_entry (key, day, region, text, actor, created_at, line_count) "
            "VALUES ('ghost', '2025-11-05', '371502', 'x', 'staff:9', now(), 2)",
            "journal_entry 7：没有任何审计事件",
        ),
        ("INSERT INTO posting VALUES (99, 1, '1001', 5, 0)", "posting entry_id=99：没有任何审计事件"),
        ("INSERT INTO account VALUES ('9999', '小金库', 'x', 'asset')", "account 9999：没有任何审计事件"),
    ],
)
def test_a_row_that_nobody_vouches_for_is_found(told: Office, change, named):
    verdict = verdict_after(told, change)

    assert verdict.first_broken.startswith(named), verdict.first_broken


@pytest.fixture
def exported(told: Office, tmp_path: Path) -> Path:
    path = tmp_path / "trail.jsonl"
    with Session(told.engine) as session:
        export(session, path)
    return path


@pytest.mark.req("CTRL-01")
def test_an_export_verifies_offline_with_the_same_counts(told: Office, exported: Path):
    with Session(told.engine) as session:
        assert verify_export(exported) == verify_database(session)


@pytest.mark.req("CTRL-01")
def test_an_export_without_any_one_of_its_lines_is_refused(exported: Path):
    lines = exported.read_bytes().splitlines(keepends=True)

    for left_out in range(len(lines)):
        exported.write_bytes(b"".join(lines[:left_out] + lines[left_out + 1 :]))
        assert not verify_export(exported).ok, lines[left_out]


@pytest.mark.req("CTRL-01")
def test_an_export_with_two_lines_exchanged_is_refused_where_the_order_counts(exported: Path):
    lines = exported.read_bytes().splitlines(keepends=True)
    free = {b'["row"', b'["audit_stream"'}

    for at in range(len(lines) - 1):
        if lines[at].split(b",")[0] == lines[at + 1].split(b",")[0] and lines[at].split(b",")[0] in free:
            # rows and heads are looked up, their order means nothing
            continue
        swapped = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
        exported.write_bytes(b"".join(swapped))
        assert not verify_export(exported).ok, lines[at]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"not json\n", "第 2 行不是 JSON"),
        (b"[1]\n", "第 2 行应为"),
        (b'["wat", {}]\n', "不认识的种类"),
        (b'["audit_stream", {"stream": "x"}]\n', "栏目应为"),
        (
            b'["audit_seal_leaf", {"seal": "1", "position": 1, "stream": "x", "seq": 1, "digest": "x"}]\n',
            "seal 的值不对",
        ),
        (
            b'["audit_seal_leaf", {"seal": 99999999999999999999, "position": 1, "stream": "x", "seq": 1, '
            b'"digest": "x"}]\n',
            "seal 的值不对",
        ),
        (b"\xff\xfe\n", "第 2 行不是 JSON"),
    ],
)
def test_an_unreadable_export_is_a_no_with_the_line_and_never_an_error(exported: Path, line, words):
    head, rest = exported.read_bytes().split(b"\n", 1)
    exported.write_bytes(head + b"\n" + line + rest)

    verdict = verify_export(exported)

    assert not verdict.ok
    assert words in verdict.first_broken


def test_an_export_of_another_format_is_refused(exported: Path):
    exported.write_bytes(exported.read_bytes().replace(b'"format":1', b'"format":2', 1))

    assert "导出版本 2" in verify_export(exported).first_broken


def test_a_voucher_for_a_table_that_nobody_declared_says_so(exported: Path):
    lines = [orjson.loads(line) for line in exported.read_bytes().splitlines()]
    lines[0][1]["tables"].remove("account")
    kept = [line for line in lines if not (line[0] == "row" and line[1]["table"] == "account")]
    kept[-1][1]["lines"] = len(kept) - 1
    exported.write_bytes(b"\n".join(orjson.dumps(line) for line in kept))

    assert verify_export(exported).first_broken.startswith("account：表没有登记")


def test_every_insert_only_table_of_money_is_vouched_for():
    own = {
        mapper.local_table.name
        for mapper in Base.registry.mappers
        if mapper.class_.__module__ in (ledger_tables.__name__, payment_tables.__name__)
    }
    members = {declared.members.table for declared in SEALED.values() if declared.members}

    assert own == {name for name in SEALED if name in own} | members & own


def test_choosing_sm3_hashes_new_events_and_both_kinds_verify_together(money_engine):
    empty(money_engine)
    office = Office(money_engine, a_vault(), TestBank()).open_books()
    try:
        audit.choose_digest("sm3")
        with office.transaction() as session:
            office.order(session)
            seal(session, now=NOW)
    finally:
        audit.choose_digest("sha256")

    with Session(office.engine) as session:
        assert verify_database(session).ok
        hashes = session.scalars(text("SELECT DISTINCT hash FROM audit_event ORDER BY hash")).all()
    assert hashes == ["sha256", "sm3"]
