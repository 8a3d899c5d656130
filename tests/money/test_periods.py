"""Months of the books: closed by two, opened again by others on record, and shut to every entry meanwhile (MONEY-03)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from money_builders import ACCOUNTANT, CASHIER, CLERK, NOW, SAMPLER, Office, empty
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from engine.money.ledger import Line, accounting_day, post
from engine.money.payments import take_receipt
from engine.money.period_checks import closed_through, missing, open_day
from engine.money.period_tables import PeriodClosing
from engine.money.periods import (
    ask_reopening,
    confirm_close,
    decide_reopening,
    decline_close,
    propose_close,
    reopenings,
)
from engine.money.reconciliation_tables import SIDES, Reconciliation, ReconciliationDifference
from engine.money.statements import trial
from engine.store.export import verify_database
from engine.values import SYSTEM, Actor, Money, Month, RefusedError

CITY, COUNTY, OTHER = "371500", "371502", "371521"
SUPERVISOR = Actor(kind="staff", id=5, name="朱鉴度")
SEPTEMBER, OCTOBER, NOVEMBER = Month(2025, 9), Month(2025, 10), Month(2025, 11)
DECEMBER_1 = datetime(2025, 12, 1, 2, tzinfo=UTC)


def book(session, day: date, *, region: str = COUNTY, fen: int = 100, key: str = "") -> None:
    lines = [Line("1002", "debit", Money(fen)), Line("3001", "credit", Money(fen))]
    name = key or f"{region}:{day}:{fen}"
    post(session, key=name, day=day, region=region, text="拨入", lines=lines, actor=CLERK, now=NOW)


def reconcile(session, region: str, month: Month) -> None:
    """A signed report of every side."""
    for side in SIDES:
        session.add(
            Reconciliation(
                region=region,
                month=str(month),
                side=side,
                digest="0" * 64,
                file_name="",
                booked_fen=0,
                found_fen=0,
                paired=0,
                opened_by=ACCOUNTANT.key,
                opened_at=NOW,
                status="signed",
                signed_by=ACCOUNTANT.key,
                signed_at=NOW,
                countersigned_by=SAMPLER.key,
                countersigned_at=NOW,
            )
        )
    session.flush()


def close(session, month: Month, *, region: str = CITY, now: datetime = DECEMBER_1) -> PeriodClosing:
    """Closed by the accountant and the controller."""
    reconcile(session, region, month)
    proposed = propose_close(session, region=region, month=month, actor=ACCOUNTANT, now=now)
    return confirm_close(session, proposed.id, actor=SAMPLER, now=now)


def codes(error: pytest.ExceptionInfo[RefusedError]) -> set[str]:
    return {reason.code for reason in error.value.refusal.reasons}


@pytest.mark.req("MONEY-03")
@pytest.mark.parametrize("region", [CITY, COUNTY])
def test_the_database_refuses_any_entry_in_a_closed_month_whoever_writes(office: Office, region):
    with office.transaction() as session:
        close(session, OCTOBER)

    for day in (date(2025, 10, 31), date(2025, 9, 1)):
        with pytest.raises(IntegrityError, match="账期已结"), office.transaction() as session:
            session.execute(
                text(
                    "INSERT INTO journal_entry (key, day, region, text, actor, created_at, line_count) "
                    "VALUES ('by hand', :day, :region, 'x', 'staff:1', now(), 2)"
                ),
                {"day": day, "region": region},
            )
    with office.transaction() as session:
        book(session, date(2025, 11, 1), region=region)
        book(session, date(2025, 10, 31), region="371400")


@pytest.mark.req("MONEY-03")
def test_a_month_is_closed_by_two_people_and_what_is_missing_is_listed(office: Office):
    with office.transaction() as session:
        book(session, date(2025, 9, 3))
        take_receipt(session, office.vault, "坏的", actor=SYSTEM, now=NOW)

        with pytest.raises(RefusedError) as no:
            propose_close(session, region=CITY, month=NOVEMBER, actor=ACCOUNTANT, now=NOW)

    assert codes(no) == {
        "month_runs",
        "receipt_refused",
        "earlier_open",
        *(f"unsigned_{side}" for side in SIDES),
    }


@pytest.mark.req("MONEY-03")
def test_a_closing_waits_for_entries_under_way_and_an_entry_after_it_is_refused(office: Office):
    with office.transaction() as session:
        reconcile(session, CITY, OCTOBER)
        proposed = propose_close(session, region=CITY, month=OCTOBER, actor=ACCOUNTANT, now=DECEMBER_1).id

    def confirm() -> str:
        with office.transaction() as session:
            return confirm_close(session, proposed, actor=SAMPLER, now=DECEMBER_1).digest

    with ThreadPoolExecutor(1) as pool:
        with office.transaction() as session:
            book(session, date(2025, 10, 20))
            closing = pool.submit(confirm)
            with pytest.raises(TimeoutError):
                closing.result(timeout=0.3)
        digest = closing.result(timeout=20)

    with office.transaction() as session:
        books = trial(session, CITY, first=OCTOBER.first_day, last=OCTOBER.last_day)
        assert (books.debit, books.digest) == (Money(100), digest)
    with pytest.raises(IntegrityError, match="账期已结"), office.transaction() as session:
        book(session, date(2025, 10, 20), fen=7)


@pytest.mark.req("MONEY-03", "MONEY-05")
def test_a_difference_that_waits_keeps_the_month_open(office: Office):
    with office.transaction() as session:
        reconcile(session, CITY, OCTOBER)
        session.add(
            ReconciliationDifference(
                reconciliation_id=session.scalars(select(Reconciliation.id)).first(),
                region=CITY,
                month="2025-10",
                side="bank",
                key="k",
                text="x",
                text_en="x",
                booked_fen=1,
                found_fen=2,
                found_at=NOW,
            )
        )
        session.flush()

        [why] = missing(session, region=CITY, month=OCTOBER, now=DECEMBER_1)

    assert why.code == "differences_open"


@pytest.mark.req("MONEY-03", "MONEY-05")
def test_a_refused_receipt_that_a_reconciliation_has_settled_no_longer_keeps_the_month_open(office: Office):
    with office.transaction() as session:
        refused = take_receipt(session, office.vault, "坏的", actor=SYSTEM, now=NOW)
        reconcile(session, CITY, OCTOBER)
        [why] = missing(session, region=CITY, month=OCTOBER, now=DECEMBER_1)
        assert why.code == "receipt_refused"

        settled = {"status": "settled", "explanation": "重复上传", "explained_by": ACCOUNTANT.key}
        session.add(
            ReconciliationDifference(
                reconciliation_id=session.scalars(select(Reconciliation.id)).first(),
                region=CITY,
                month="2025-10",
                side="bank",
                key=f"receipt:{refused.receipt_id}",
                text="x",
                text_en="x",
                booked_fen=0,
                found_fen=0,
                found_at=NOW,
                settled_by=SAMPLER.key,
                **settled,
            )
        )
        session.flush()

        assert missing(session, region=CITY, month=OCTOBER, now=DECEMBER_1) == ()


@pytest.mark.req("MONEY-03", "MONEY-02")
def test_nobody_confirms_or_sends_back_what_they_proposed(office: Office):
    with office.transaction() as session:
        reconcile(session, CITY, OCTOBER)
        proposed = propose_close(session, region=CITY, month=OCTOBER, actor=ACCOUNTANT, now=DECEMBER_1)
        for act in (
            lambda: confirm_close(session, proposed.id, actor=ACCOUNTANT, now=DECEMBER_1),
            lambda: decline_close(session, proposed.id, why="x", actor=ACCOUNTANT, now=DECEMBER_1),
        ):
            with pytest.raises(RefusedError) as no:
                act()
            assert codes(no) == {"same_person"}

    with pytest.raises(IntegrityError, match="two_people"), office.transaction() as session:
        session.execute(
            text("UPDATE period_closing SET status = 'closed', decided_by = 'staff:3', decided_at = now()")
        )


@pytest.mark.req("MONEY-03", "MONEY-02")
def test_a_month_is_opened_again_only_on_record_by_two_who_did_not_close_it(office: Office):
    with office.transaction() as session:
        closing = close(session, OCTOBER)
    with pytest.raises(IntegrityError, match="重新开账须有"), office.transaction() as session:
        session.execute(text("UPDATE period_closing SET status = 'reopened'"))

    with office.transaction() as session:
        for who in (SAMPLER,):
            with pytest.raises(RefusedError) as no:
                ask_reopening(session, closing.id, reason="漏记一笔", actor=who, now=DECEMBER_1)
            assert codes(no) == {"same_person"}
        wish = ask_reopening(session, closing.id, reason="漏记一笔", actor=ACCOUNTANT, now=DECEMBER_1)
        for who in (ACCOUNTANT, SAMPLER):
            with pytest.raises(RefusedError) as no:
                decide_reopening(session, wish.id, approve=True, why="", actor=who, now=DECEMBER_1)
            assert codes(no) == {"same_person"}
        decide_reopening(session, wish.id, approve=True, why="", actor=SUPERVISOR, now=DECEMBER_1)
        book(session, date(2025, 10, 31))

    with office.transaction() as session:
        [said] = reopenings(session, region=COUNTY, first=SEPTEMBER, last=OCTOBER)
        assert (said.reason, said.asked_by, said.decided_by) == (
            "漏记一笔",
            ACCOUNTANT.key,
            SUPERVISOR.key,
        )
    with office.transaction() as session:
        assert verify_database(session).ok


@pytest.mark.req("MONEY-03")
def test_months_are_opened_again_from_the_last_and_the_highest_down(office: Office):
    with office.transaction() as session:
        county = close(session, SEPTEMBER, region=COUNTY)
        september = close(session, SEPTEMBER)
        october = close(session, OCTOBER)
        for earlier in (county, september):
            with pytest.raises(RefusedError) as no:
                ask_reopening(session, earlier.id, reason="x", actor=CASHIER, now=DECEMBER_1)
            assert codes(no) == {"later_closed"}
        ask_reopening(session, october.id, reason="x", actor=CASHIER, now=DECEMBER_1)


@pytest.mark.req("MONEY-03")
def test_a_late_fact_is_booked_on_the_first_open_day_and_what_happens_now_always_can_be(office: Office):
    with office.transaction() as session:
        assert closed_through(session, COUNTY) is None
        assert open_day(session, region=COUNTY, day=date(2025, 9, 5)) == date(2025, 9, 5)
        close(session, OCTOBER)

        assert open_day(session, region=COUNTY, day=date(2025, 9, 5)) == date(2025, 11, 1)
        assert open_day(session, region=COUNTY, day=date(2025, 11, 5)) == date(2025, 11, 5)
        assert open_day(session, region=COUNTY, day=accounting_day(NOW)) == accounting_day(NOW)


MONTHS = [Month(2025, 8), SEPTEMBER, OCTOBER]


class Books(RuleBasedStateMachine):
    """Entries, closings and reopenings in any order, in two levels of regions."""

    office: Office

    def __init__(self) -> None:
        super().__init__()
        empty(self.office.engine)
        self.office.open_books()
        self.posted = 0

    @rule(
        region=st.sampled_from([CITY, COUNTY, OTHER]),
        month=st.sampled_from(MONTHS),
        day=st.integers(0, 27),
        fen=st.integers(1, 9),
    )
    def an_entry(self, region, month, day, fen):
        self.posted += 1
        wanted = month.first_day + timedelta(days=day)
        with suppress(IntegrityError), self.office.transaction() as session:
            book(session, wanted, region=region, fen=fen, key=f"k{self.posted}")

    @rule(region=st.sampled_from([CITY, COUNTY]), month=st.sampled_from(MONTHS))
    def a_closing(self, region, month):
        with suppress(RefusedError, IntegrityError), self.office.transaction() as session:
            reconcile_once(session, region, month)
            proposed = propose_close(session, region=region, month=month, actor=ACCOUNTANT, now=DECEMBER_1)
            confirm_close(session, proposed.id, actor=SAMPLER, now=DECEMBER_1)

    @rule(number=st.integers(1, 6))
    def a_reopening(self, number):
        with suppress(RefusedError), self.office.transaction() as session:
            wish = ask_reopening(session, number, reason="x", actor=ACCOUNTANT, now=DECEMBER_1)
            decide_reopening(session, wish.id, approve=True, why="", actor=SUPERVISOR, now=DECEMBER_1)

    @invariant()
    def the_trial_balance_of_a_closed_month_never_changes(self):
        with self.office.transaction() as session:
            for closing in session.scalars(select(PeriodClosing).where(PeriodClosing.status == "closed")):
                month = Month.parse(closing.month)
                books = trial(session, closing.region, first=month.first_day, last=month.last_day)
                assert books.balances
                assert books.digest == closing.digest, (closing.region, closing.month)


def reconcile_once(session, region: str, month: Month) -> None:
    known = session.scalar(
        select(Reconciliation.id).where(Reconciliation.region == region, Reconciliation.month == str(month))
    )
    if known is None:
        reconcile(session, region, month)


@pytest.mark.req("MONEY-03")
def test_whatever_is_booked_closed_and_opened_a_closed_month_stays_as_it_was(office: Office):
    Books.office = office
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=8,
            stateful_step_count=18,
            suppress_health_check=list(HealthCheck),
        ),
    )
