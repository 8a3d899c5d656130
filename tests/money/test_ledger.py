"""The books: balanced at every commit, never changed, only reversed (MONEY-03)."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date

import pytest
from money_builders import ACCOUNTANT, CLERK, NOW, REGION, Office
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from engine.config import ROOT
from engine.money.chart import Chart
from engine.money.ledger import LedgerError, Line, balance, post, reverse, sync_accounts, trial_balance
from engine.money.ledger_tables import JournalEntry, Posting
from engine.store.declaration import DeclarationError
from engine.values import SYSTEM, Money, RefusedError

DAY = date(2025, 11, 5)


def benefit(fen: int = 163_800) -> list[Line]:
    return [Line("5101", "debit", Money(fen)), Line("2101", "credit", Money(fen))]


def booked(session, key="k1", *, lines=None, day=DAY, text_="失业保险金"):
    return post(
        session,
        key=key,
        day=day,
        region=REGION,
        text=text_,
        lines=lines or benefit(),
        actor=CLERK,
        now=NOW,
    )


INSERT_ENTRY = (
    "INSERT INTO journal_entry (key, day, region, text, actor, created_at, line_count) "
    "VALUES ('raw', '2025-11-05', '371502', 'x', 'staff:9', now(), 2) RETURNING id"
)


@pytest.mark.req("MONEY-03")
@pytest.mark.parametrize(
    "postings",
    [
        [],
        [("5101", 100, 0)],
        [("5101", 100, 0), ("2101", 0, 99)],
        [("5101", 100, 0), ("2101", 0, 50), ("2101", 0, 50)],
    ],
    ids=["none", "one", "unequal", "more than announced"],
)
def test_database_refuses_at_commit_an_entry_that_does_not_balance(office: Office, postings):
    with pytest.raises(IntegrityError, match="不平"), office.transaction() as session:
        entry = session.scalar(text(INSERT_ENTRY))
        for line_no, (account, debit, credit) in enumerate(postings, start=1):
            session.add(
                Posting(entry_id=entry, line_no=line_no, account=account, debit_fen=debit, credit_fen=credit)
            )


@pytest.mark.req("MONEY-03")
def test_balanced_postings_cannot_join_an_entry_later(office: Office):
    with office.transaction() as session:
        entry = booked(session)

    with pytest.raises(IntegrityError, match="应有 2 笔分录，现有 4"), office.transaction() as session:
        for line_no, debit, credit in ((3, 5, 0), (4, 0, 5)):
            session.add(
                Posting(
                    entry_id=entry.id, line_no=line_no, account="1001", debit_fen=debit, credit_fen=credit
                )
            )


@pytest.mark.req("MONEY-03")
@pytest.mark.parametrize(
    ("debit", "credit"), [(0, 0), (-5, 0), (5, 5), (0, -5)], ids=["zero", "negative", "both", "minus"]
)
def test_database_refuses_a_posting_without_exactly_one_positive_side(office: Office, debit, credit):
    with pytest.raises(IntegrityError, match="ck_posting"), office.transaction() as session:
        entry = session.scalar(text(INSERT_ENTRY))
        session.add(Posting(entry_id=entry, line_no=1, account="5101", debit_fen=debit, credit_fen=credit))
        session.flush()


@pytest.mark.req("MONEY-03", "CTRL-01")
@pytest.mark.parametrize("table", ["account", "payment_purpose", "journal_entry", "posting"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_what_is_booked_can_be_neither_changed_nor_removed(office: Office, table, change):
    column = {"account": "name", "payment_purpose": "name", "journal_entry": "text", "posting": "account"}[
        table
    ]
    with office.transaction() as session:
        booked(session)

    with pytest.raises(IntegrityError, match="不能"), office.transaction() as session:
        session.execute(text(change.format(table, column, column)))


def test_same_key_gives_the_same_entry_and_no_second_posting(office: Office):
    with office.transaction() as session:
        first = booked(session)
    with office.transaction() as session:
        again = booked(session)

        assert again.id == first.id
        assert session.scalar(select(func.count()).select_from(Posting)) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"lines": benefit(1)},
        {"lines": list(reversed(benefit()))},
        {"day": date(2025, 11, 6)},
        {"text_": "别的"},
    ],
    ids=["amount", "order", "day", "text"],
)
def test_same_key_with_other_content_is_refused(office: Office, other):
    with office.transaction() as session:
        booked(session)

    with pytest.raises(LedgerError, match="k1 已入账"), office.transaction() as session:
        booked(session, **other)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([Line("5101", "debit", Money(1))], "至少要有两笔"),
        ([Line("5101", "debit", Money(1)), Line("9999", "credit", Money(1))], "没有科目 9999"),
        ([Line("5101", "debit", Money(0)), Line("2101", "credit", Money(0))], "大于零"),
        ([Line("5101", "debit", Money(2)), Line("2101", "credit", Money(1))], "借贷不平"),
    ],
)
def test_a_wrong_request_is_refused_in_plain_words_before_the_database_sees_it(office: Office, lines, words):
    with pytest.raises(LedgerError, match=words), office.transaction() as session:
        booked(session, lines=lines)


@pytest.mark.req("MONEY-03")
def test_reversal_mirrors_the_entry_once_and_takes_the_balance_back(office: Office):
    with office.transaction() as session:
        entry = booked(session)
    with office.transaction() as session:
        made = reverse(session, entry.id, reason="重复", day=DAY, actor=ACCOUNTANT, now=NOW)
        again = reverse(session, entry.id, reason="重复", day=DAY, actor=ACCOUNTANT, now=NOW)

        assert made.id == again.id
        assert made.reverses_id == entry.id
        assert balance(session, "5101", REGION, DAY) == Money(0)
        assert session.scalar(select(func.count()).select_from(JournalEntry)) == 2


def test_a_reversal_is_not_reversed(office: Office):
    with office.transaction() as session:
        made = reverse(session, booked(session).id, reason="错", day=DAY, actor=CLERK, now=NOW)

        with pytest.raises(RefusedError, match="本身就是冲销凭证"):
            reverse(session, made.id, reason="又错", day=DAY, actor=CLERK, now=NOW)


def test_balances_stand_on_the_accounts_own_side_by_region_and_day(office: Office):
    with office.transaction() as session:
        booked(session)
        booked(session, "k2", day=date(2025, 11, 7))

        assert balance(session, "5101", REGION, DAY) == Money(163_800)
        assert balance(session, "2101", REGION, date(2025, 11, 7)) == Money(327_600)
        assert balance(session, "2101", "371503", date(2025, 11, 7)) == Money(0)


def test_trial_balance_has_every_account_and_equal_columns(office: Office):
    with office.transaction() as session:
        booked(session)

        rows = trial_balance(session)

        assert len(rows) == len(Chart.load(ROOT / "processes").accounts)
        assert (
            Money.total(row.debit for row in rows)
            == Money.total(row.credit for row in rows)
            == Money(163_800)
        )


def test_one_key_posted_by_two_connections_at_once_is_one_entry(office: Office):
    together = threading.Barrier(2)
    found: list[int] = []

    def work() -> None:
        with office.transaction() as session:
            together.wait()
            found.append(booked(session).id)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=20)

    assert len(found) == 2
    assert len(set(found)) == 1


def test_taking_the_chart_over_again_adds_nothing_and_a_changed_account_is_refused(office: Office):
    chart = Chart.load(ROOT / "processes")
    first = replace(chart.accounts[0], name="改名")
    changed = replace(chart, accounts=(first,), purposes=())

    with office.transaction() as session:
        assert sync_accounts(session, chart, actor=SYSTEM, now=NOW) == 0
        with pytest.raises(LedgerError, match="已启用的科目不能改"):
            sync_accounts(session, changed, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("kind: asset}", "kind: assets}", "assets"),
        ('"1002"', '"1001"', "写了两次"),
        ('payable: "2102"}', 'payable: "1001"}', "类别为 liability"),
        ('expense: "5101"', 'expense: "9999"', "类别为 expense"),
        ('credit: "4001"}', 'credit: "2101"}', "类别为 asset 或 income 或 equity"),
        ('carried_to: "3001"', 'carried_to: "1001"', "类别为 equity"),
    ],
)
def test_a_wrong_chart_is_refused_with_file_and_line(tmp_path, old, new, words):
    good = (ROOT / "processes" / "chart-of-accounts.yaml").read_text()
    line = good[: good.index(old)].count("\n") + 1
    (tmp_path / "chart-of-accounts.yaml").write_text(good.replace(old, new, 1))

    with pytest.raises(DeclarationError, match=words) as complaint:
        Chart.load(tmp_path)

    assert complaint.value.line == line
