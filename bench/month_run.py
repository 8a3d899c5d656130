"""A month run from matching to bank file, against the bare set-based SQL of the same decisions, payments and postings.

Seeds a database of its own with so many payees and the rosters of everybody, runs the bare statements over plain
copies of the tables (same indexes; no triggers, no trail, no cases), then the real run with every batch signed by
three people and its bank file written. Prints seconds, their ratio, and for each stage how high the memory of this
process rose (not of the database) and where it stood before: of a stage that is flat the two differ by the same for
every size. By hand::

    DATABASE_URL=postgresql+psycopg://… python bench/month_run.py [people[:paid of fifty]] …    5000000 5000000:15
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from builders import PASSWORD, sign_batches  # noqa: E402
from offices import measured_office  # noqa: E402

from engine.cases import setup  # noqa: E402
from engine.cases.crowd import seed_crowd  # noqa: E402
from engine.cases.month_runs import drive, start_month_run  # noqa: E402
from engine.cases.office import Office  # noqa: E402
from engine.disbursement import decide  # noqa: E402
from engine.disbursement.month_run import _ask_extensions, _write_follows, start_run  # noqa: E402
from engine.oversight import matching  # noqa: E402
from engine.registers.crowd import PAID_OF_FIFTY  # noqa: E402
from engine.values import SYSTEM, Month, Refusal  # noqa: E402

DAY = date(2025, 12, 20)
MONTH = Month.of(DAY)
#: written by the bare statements in place of the office's own
COPIED = (
    "match_hit",
    "month_decision",
    "payment_order",
    "payment_line",
    "journal_entry",
    "posting",
    "benefit_grant",
)


def main() -> None:
    """Print the times for each size."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("请设置 DATABASE_URL（PostgreSQL）。 Set DATABASE_URL to a PostgreSQL.")
    for size in sys.argv[1:] or ["5000000", "5000000:15"]:
        people, _, paid = size.partition(":")
        with _office(url, int(people), int(paid or PAID_OF_FIFTY)) as office:
            _measure(office, int(people))


def _measure(office: Office, people: int) -> None:
    bare = _timed("bare SQL", lambda: _bare(office))
    started = time.perf_counter()
    run = _timed("run: matching, decisions, orders, batches", lambda: _run(office))
    signed = _timed("run: signatures and bank files", lambda: sign_batches(office))
    whole = time.perf_counter() - started
    with office.store.reading() as session:
        payees, paid = session.execute(
            text(
                "SELECT (SELECT count(*) FROM benefit_grant), (SELECT count(*) FROM payment_order WHERE status = 'sent')"
            )
        ).one()
    print(
        f"{people:>10} people, {payees} payees, {paid} orders sent: run {run + signed:.1f} s, bare {bare:.1f} s, "
        f"ratio {whole / bare:.2f}"
    )


def _timed(what: str, work: Callable[[], object]) -> float:
    Path("/proc/self/clear_refs").write_text("5")
    before, began = _megabytes("VmRSS"), time.perf_counter()
    work()
    took = time.perf_counter() - began
    print(f"    {what:<44}{took:>8.1f} s   {before:>4.0f} → {_megabytes('VmHWM'):>4.0f} MB", flush=True)
    return took


def _megabytes(which: str) -> float:
    """VmRSS: memory of this process now; VmHWM: the highest since that was cleared."""
    found = re.search(rf"{which}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def _run(office: Office) -> None:
    run = start_month_run(office, SYSTEM, month=str(MONTH))
    assert not isinstance(run, Refusal), run.text
    drive(office, run.run_id, say=lambda _done, _total: None)


def _bare(office: Office) -> None:
    """The same statements over plain copies, region by region, then lines, postings and the files' rows."""
    with office.store.engine.connect() as connection, connection.begin() as whole:
        _copies(connection)
        _bare_run(office, connection)
        whole.rollback()


def _copies(connection: Connection) -> None:
    for table in COPIED:
        connection.execute(text(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)"))
    connection.execute(text("INSERT INTO bare_benefit_grant SELECT * FROM benefit_grant"))
    connection.execute(text("ANALYZE bare_benefit_grant"))


def _plainly(statement: str) -> str:
    """The statement over the copies."""
    return re.sub(rf"\b({'|'.join(COPIED)})\b(?! AS)", r"bare_\1", statement).replace(
        "uq_match_hit_evidence", "bare_match_hit_grant_id_ground_event_day_detail_key"
    )


def _bare_run(office: Office, connection: Connection) -> None:
    from sqlalchemy.orm import Session

    session = Session(connection, join_transaction_mode="create_savepoint")
    run = start_run(
        session, region="371500", month=MONTH, day=DAY, book=office.book, actor=SYSTEM, now=office.clock()
    )
    rosters = session.execute(text("SELECT id, kind FROM roster WHERE status = 'current'")).all()
    given = {
        "round": None,
        "within": "3715%",
        "now": office.clock(),
        "rosters": [each.id for each in rosters],
    }
    session.execute(text(_plainly(matching._FOUND.text)), given)
    population = next(each.id for each in rosters if each.kind == "population")
    session.execute(
        text(_plainly(matching._GHOSTS.text)), {**given, "roster": population, "covered": "3715%"}
    )
    session.execute(text(decide.RAISES), {"run": run.id, "within": "3715%"})
    regions = session.scalars(text("SELECT DISTINCT region_code FROM benefit_grant ORDER BY 1")).all()
    for number, region in enumerate(regions, start=1):
        _bare_region(office, session, run.id, number, region)
    session.execute(
        text(
            "INSERT INTO bare_payment_line (batch_id, line_no, order_id, amount_fen, account, account_index, account_name, status, return_code, return_reason) "
            "SELECT 1, row_number() OVER (ORDER BY id), id, amount_fen, account, account_index, account_name, 'waiting', '', '' FROM bare_payment_order"
        )
    )
    session.execute(text("UPDATE bare_payment_order SET status = 'batched'"))
    session.execute(text("UPDATE bare_payment_order SET status = 'sent'"))
    driver = session.connection().connection.driver_connection
    with (
        tempfile.TemporaryFile() as file,
        driver.cursor() as cursor,
        cursor.copy(  # type: ignore[union-attr]
            "COPY (SELECT line_no, account, account_name, amount_fen FROM bare_payment_line ORDER BY line_no) TO STDOUT"
        ) as copy,
    ):
        # to disk, as the run's own files: kept in memory it would stand for the memory of a run
        for block in copy:
            file.write(block)
    session.close()


def _bare_region(office: Office, session: object, run: int, number: int, region: str) -> None:
    given = {
        "run": run, "part": number, "region": region, "first": 0, "last": 2**31 - 1,
        "run_no": MONTH.year * 12 + MONTH.month - 1, "look_from": "9999-99",
    }  # fmt: skip
    _ask_extensions(session, given, office.book)  # type: ignore[arg-type]
    _write_follows(session, region, office.book)  # type: ignore[arg-type]
    execute = session.execute  # type: ignore[attr-defined]
    for statement in decide.IN_ORDER:
        execute(text(_plainly(statement)), given)
    names = "key, payee_kind, payee_id, payee_name, account, account_index, account_name, amount_fen, purpose, month, region, case_id"
    execute(
        text(
            f"INSERT INTO bare_payment_order ({names}, created_by, created_at, status, status_reason) "
            f"SELECT {names}, 'system:0', now(), 'ordered', '' FROM ({_plainly(decide.ORDERS)}) rows"
        ),
        given,
    )
    execute(text(_plainly(decide.MOVE)), given)
    execute(
        text(
            "WITH entry AS (INSERT INTO bare_journal_entry (key, day, region, text, actor, created_at, line_count) "
            "VALUES (:key, :day, :region, '', 'system:0', now(), 2) RETURNING id) "
            "INSERT INTO bare_posting (entry_id, line_no, account, debit_fen, credit_fen) "
            "SELECT entry.id, side, CASE side WHEN 1 THEN '5101' ELSE '2101' END, CASE side WHEN 1 THEN fen ELSE 0 END, CASE side WHEN 2 THEN fen ELSE 0 END "
            "FROM entry, generate_series(1, 2) side, (SELECT sum(amount_fen) fen FROM bare_payment_order WHERE region = :region) total"
        ),
        {"key": f"bare:{region}", "day": DAY, "region": region},
    )
    for name in ("part_extension", "part_due", "part_month", "part_raise", "part_price", "run_follows"):
        execute(text(f"DROP TABLE {name}"))


@contextmanager
def _office(url: str, people: int, paid_of_fifty: int) -> Iterator[Office]:
    with measured_office(url, now=f"{DAY}T09:00+08:00") as office:
        setup.set_up(office)
        setup.seed(office, people=200, employers=50, seed=1, day=DAY, password=PASSWORD)
        _timed(
            f"seed of {people} people",
            lambda: seed_crowd(office, people=people, seed=1, day=DAY, paid_of_fifty=paid_of_fifty),
        )
        yield office


if __name__ == "__main__":
    main()
