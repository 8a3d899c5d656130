"""A month run killed with -9 at ten random points and resumed leaves what an undisturbed run leaves, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders import PASSWORD, sign_batches
from killing import opened_copy, outlives_kills
from offices import FixedClock, settings_for
from sqlalchemy import text

from engine.cases import setup
from engine.cases.crowd import seed_crowd
from engine.cases.month_runs import drive, start_month_run
from engine.cases.month_views import MonthRunView
from engine.cases.office import Office, open_office
from engine.disbursement import month_run
from engine.money.batches import open_bank_file
from engine.store.export import verify_database
from engine.store.outbox import OutboxMessage
from engine.values import SYSTEM

pytestmark = [pytest.mark.slow, pytest.mark.req("CLAIM-08", "MONEY-03", "MONEY-04")]

DAY, MONTH = date(2025, 12, 20), "2025-12"
#: of a crowd of so many, 6 % are paid
PEOPLE = 6_000
#: so few go into one file of the bank that every county needs several
LINES = 15

#: everything that a run leaves, by what it is and not by numbers of rows, which a lost transaction skips
LEFT = """
SELECT 'order', key, payee_name, amount_fen::text, month, status, encode(account_index, 'hex') FROM payment_order
UNION ALL SELECT 'line', b.number, l.line_no::text, o.key, l.amount_fen::text, l.status, encode(l.account_index, 'hex')
  FROM payment_line l JOIN payment_batch b ON b.id = l.batch_id JOIN payment_order o ON o.id = l.order_id
UNION ALL SELECT 'batch', number, region, status, line_count::text, total_fen::text, prepared_by FROM payment_batch
UNION ALL SELECT 'entry', e.key, e.region, e.day::text, p.account, p.debit_fen::text, p.credit_fen::text
  FROM journal_entry e JOIN posting p ON p.entry_id = e.id
UNION ALL SELECT 'decision', grant_id::text, outcome, reason, benefit_fen::text, first_due, last_due FROM month_decision
UNION ALL SELECT 'grant', id::text, status, paid_through, months_paid::text, extended_through, '' FROM benefit_grant
UNION ALL SELECT 'hit', grant_id::text, ground, event_day::text, detail, status, '' FROM match_hit
UNION ALL SELECT 'letter', key, recipient, title, text, '', '' FROM letter
UNION ALL SELECT 'part', number::text, kind, region, status, dealt::text, '' FROM month_part
ORDER BY 1, 2, 3, 4, 5, 6, 7
"""


@pytest.fixture(scope="module")
def crowded(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an office with a crowd to pay, to which nobody is connected."""
    office = open_office(
        settings_for(database_url, tmp_path_factory.mktemp("crowd")), clock=FixedClock(f"{DAY}T09:00+08:00")
    )
    setup.set_up(office)
    setup.seed(office, people=10, employers=2, seed=1, day=DAY, password=PASSWORD)
    seed_crowd(office, people=PEOPLE, seed=3, day=DAY)
    office.close()
    return database_url


@contextmanager
def a_copy(url: str, folder: Path) -> Iterator[Office]:
    """An office on a copy of that database, which parts its payments by fifteen."""
    with opened_copy(url, folder, f"{DAY}T09:00+08:00") as office:
        usual = office.book.at("payment.lines_per_file", office.settings.region, DAY)
        yield replace(office, book=office.book.with_tried([replace(usual, value=LINES)]))


def run_it(office: Office) -> None:
    """Start the run, or go on with the one there is; done, it stays done."""
    with office.store.reading() as session:
        begun = session.scalar(text("SELECT id FROM month_run"))
    if begun is not None:
        return drive(office, begun, say=lambda _done, _total: None)
    run = start_month_run(office, SYSTEM, month=MONTH)
    assert isinstance(run, MonthRunView), run.text
    return drive(office, run.run_id, say=lambda _done, _total: None)


def sign_all(office: Office) -> dict[str, bytes]:
    """Every batch signed; its bank files, by batch number."""
    sign_batches(office)
    with office.store.reading() as session:
        messages = session.query(OutboxMessage).where(OutboxMessage.kind == "bank_file").all()
        return {message.key: open_bank_file(office.vault, message.content) for message in messages}


def left_by(office: Office) -> tuple[list[tuple[object, ...]], dict[str, bytes]]:
    files = sign_all(office)
    with office.store.reading() as session:
        rows = [tuple(row) for row in session.execute(text(LEFT))]
        verdict = verify_database(session)
    assert verdict.ok, verdict.text
    return rows, files


def test_killed_at_ten_random_points_and_resumed_the_result_is_byte_equal(
    crowded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(month_run, "GRANTS_PER_PART", 20)

    whole = outlives_kills(lambda: a_copy(crowded, tmp_path), run_it, left_by)

    counties = {number.rsplit("-", 2)[0] for number in whole[1]}
    assert len(counties) == 11, "counties and development zones"
    assert len(whole[1]) >= 2 * len(counties), "and batches of each that a kill parts"
