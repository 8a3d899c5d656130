"""Vouchers by hand and the year's end: two people, the same paper once, and every figure still what it was (MONEY-03)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from money_builders import ACCOUNTANT, CASHIER, CLERK, NOW, SAMPLER, Office, empty
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from test_periods import CITY, COUNTY, OTHER, close, codes, reconcile

from engine.config import ROOT
from engine.money import hand_vouchers, year_end
from engine.money.chart import Chart
from engine.money.hand_tables import HandVoucher
from engine.money.ledger import Line, balance, post
from engine.money.ledger_tables import JournalEntry
from engine.money.periods import confirm_close, propose_close
from engine.money.reconciliation import compare_tax
from engine.money.statements import balance_sheet, by_month, by_region, income_and_expenditure, trial
from engine.store.export import verify_database
from engine.values import Money, Month, RefusedError

CHART = Chart.load(ROOT / "processes")
TODAY = date(2025, 11, 5)
#: after the year
FEBRUARY = datetime(2026, 2, 3, 2, tzinfo=UTC)
LAST = date(2025, 12, 31)


def entered(session, *, day=TODAY, kind="contributions", yuan="1000.00", paper="税-1", by=ACCOUNTANT):
    return hand_vouchers.propose(
        session, CHART, region=COUNTY, kind=kind, day=day, amount=Money.yuan(yuan), paper=paper, note="", actor=by, now=NOW,
    )  # fmt: skip


def decided(session, voucher, *, approve=True, why="", by=SAMPLER):
    return hand_vouchers.decide(session, CHART, voucher.id, approve=approve, why=why, actor=by, now=NOW)


@pytest.mark.req("MONEY-03")
def test_a_paper_is_booked_by_another_person_taken_back_by_two_and_may_then_come_again(office: Office):
    with office.transaction() as session:
        voucher = entered(session)
        assert balance(session, "4001", COUNTY, TODAY) == Money(0)
        with pytest.raises(RefusedError) as own:
            decided(session, voucher, by=ACCOUNTANT)
        decided(session, voucher)
        assert balance(session, "4001", COUNTY, TODAY) == Money.yuan("1000.00")
        with pytest.raises(RefusedError) as again:
            entered(session)
        back = hand_vouchers.ask_back(session, voucher.id, why="记错了", actor=ACCOUNTANT, now=NOW)
        with pytest.raises(RefusedError) as own_back:
            decided(session, back, by=ACCOUNTANT)
        with pytest.raises(RefusedError) as twice:
            hand_vouchers.ask_back(session, voucher.id, why="记错了", actor=CASHIER, now=NOW)
        decided(session, back)
        assert balance(session, "4001", COUNTY, TODAY) == balance(session, "1002", COUNTY, TODAY) == Money(0)
        assert voucher.status == "taken_back"
        decided(session, entered(session))

    assert [codes(no) for no in (own, again, own_back, twice)] == [
        {"same_person"}, {"paper_known"}, {"same_person"}, {"back_asked"},
    ]  # fmt: skip
    with office.transaction() as session:
        assert balance(session, "4001", COUNTY, TODAY) == Money.yuan("1000.00")
        assert verify_database(session).ok


@pytest.mark.req("MONEY-03")
def test_everything_wrong_with_a_voucher_is_said_at_once_and_nothing_is_kept(office: Office):
    with office.transaction() as session, pytest.raises(RefusedError) as no:
        entered(session, kind="benefit", day=date(2025, 12, 1), yuan="0", paper=" ")

    assert codes(no) == {"unknown_kind", "day_ahead", "amount_wrong", "paper_missing"}
    with office.transaction() as session:
        assert session.scalars(select(HandVoucher)).all() == []


@pytest.mark.req("MONEY-03")
def test_a_month_closed_meanwhile_takes_no_voucher(office: Office):
    with office.transaction() as session:
        voucher = entered(session, day=date(2025, 10, 8))
        close(session, Month(2025, 10))
        with pytest.raises(RefusedError) as late:
            decided(session, voucher)
        with pytest.raises(RefusedError) as new:
            entered(session, day=date(2025, 10, 9), paper="税-2")

    assert codes(late) == codes(new) == {"month_closed"}


@pytest.mark.req("MONEY-01", "MONEY-03")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hand_voucher SET status = 'posted', entry_id = 1, decided_by = proposed_by, decided_at = now()",
        "UPDATE hand_voucher SET amount_fen = 1",
        "UPDATE hand_voucher SET status = 'posted', decided_by = 'staff:9', decided_at = now()",
        "DELETE FROM hand_voucher",
        "INSERT INTO hand_voucher (region, kind, day, amount_fen, paper, note, proposed_by, proposed_at, status) "
        "SELECT region, kind, day, amount_fen, paper, note, 'staff:9', now(), 'proposed' FROM hand_voucher",
    ],
)
def test_the_database_itself_holds_to_two_people_and_one_paper(office: Office, statement: str):
    with office.transaction() as session:
        entered(session)

    with pytest.raises(IntegrityError), office.transaction() as session:
        session.execute(text(statement))


@pytest.mark.req("MONEY-03")
def test_no_kind_by_hand_moves_what_is_owed_or_spent():
    kinds = {line.code: line.kind for line in CHART.accounts}
    moved = {kinds[code] for each in CHART.by_hand for code in (each.debit, each.credit)}

    assert moved == {"asset", "income", "equity"}


MOVES = st.lists(
    st.tuples(
        st.sampled_from([CITY, COUNTY, OTHER]),
        st.sampled_from([("1002", "4001"), ("1002", "4002"), ("5101", "2101"), ("2101", "1001"), ("5103", "2102"), ("2101", "5101")]),
        st.integers(1, 10**9),
        st.dates(date(2025, 12, 1), LAST),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


def booked(session, moves, key: str) -> None:
    for number, (region, (debit, credit), fen, day) in enumerate(moves):
        lines = [Line(debit, "debit", Money(fen)), Line(credit, "credit", Money(fen))]
        post(session, key=f"{key}:{number}", day=day, region=region, text="x", lines=lines, actor=CLERK, now=NOW)  # fmt: skip


def carried(session) -> None:
    wish = year_end.propose(session, region=CITY, year=2025, actor=ACCOUNTANT, now=FEBRUARY)
    year_end.decide(session, CHART, wish.id, approve=True, why="", actor=SAMPLER, now=FEBRUARY)


def said(session) -> tuple:
    """What every statement says of the year, and what stands in the fund."""
    first = date(2025, 1, 1)
    return (
        income_and_expenditure(session, CITY, first=first, last=LAST),
        by_month(session, CITY, months=[Month(2025, 12)]),
        by_region(session, CITY, first=first, last=LAST),
        balance_sheet(session, CITY, day=LAST).fund_total,
        balance_sheet(session, CITY, day=LAST).assets,
        compare_tax(session, region=CITY, month=Month(2025, 12), said={}),
    )


@pytest.mark.req("MONEY-03")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, later=MOVES)
def test_the_year_goes_to_the_fund_and_every_statement_says_what_it_said(office: Office, moves, later):
    """Whatever was booked; and once more for what was booked between the carrying and the closing."""
    empty(office.engine)
    office.open_books()
    for name, more in (("first", moves), ("later", later)):
        with office.transaction() as session:
            booked(session, more, name)
            before = said(session)
            if year_end.uncarried(session, CITY, 2025):
                carried(session)
            after = said(session)
            books = trial(session, CITY, first=date(2025, 12, 1), last=LAST)
            surplus = balance_sheet(session, CITY, day=LAST).surplus
            standing = {row.kind for row in books.rows if row.closing.fen}

        assert after == before
        assert books.balances
        assert surplus == Money(0)
        assert not standing & {"income", "expense"}
    with office.transaction() as session:
        assert year_end.uncarried(session, CITY, 2025) == {}
        assert verify_database(session).ok


@pytest.mark.req("MONEY-03")
def test_december_is_closed_after_its_year_is_carried_and_not_before(office: Office):
    december = Month(2025, 12)
    with office.transaction() as session:
        booked(session, [(COUNTY, ("1002", "4001"), 500, date(2025, 12, 3))], "x")
        reconcile(session, CITY, december)
        with pytest.raises(RefusedError) as before:
            propose_close(session, region=CITY, month=december, actor=ACCOUNTANT, now=FEBRUARY)
        wish = year_end.propose(session, region=CITY, year=2025, actor=ACCOUNTANT, now=FEBRUARY)
        with pytest.raises(RefusedError) as own:
            year_end.decide(session, CHART, wish.id, approve=True, why="", actor=ACCOUNTANT, now=FEBRUARY)
        year_end.decide(session, CHART, wish.id, approve=True, why="", actor=SAMPLER, now=FEBRUARY)
        closing = propose_close(session, region=CITY, month=december, actor=ACCOUNTANT, now=FEBRUARY)
        confirm_close(session, closing.id, actor=SAMPLER, now=FEBRUARY)
        with pytest.raises(RefusedError) as after:
            year_end.propose(session, region=CITY, year=2025, actor=ACCOUNTANT, now=FEBRUARY)
        [entry] = session.scalars(select(JournalEntry).where(JournalEntry.key.startswith("year-end:")))

    assert (codes(before), codes(own)) == ({"year_not_carried"}, {"same_person"})
    assert codes(after) == {"year_closed", "nothing_to_carry"}
    assert (entry.region, entry.day) == (COUNTY, LAST)


@pytest.mark.req("MONEY-03")
def test_a_year_that_runs_or_whose_months_are_open_is_not_carried(office: Office):
    with office.transaction() as session:
        booked(session, [(COUNTY, ("1002", "4001"), 500, date(2025, 9, 3))], "x")
        with pytest.raises(RefusedError) as no:
            year_end.propose(session, region=CITY, year=2025, actor=ACCOUNTANT, now=NOW)

    assert codes(no) == {"year_runs", "earlier_open"}
