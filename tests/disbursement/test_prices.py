"""The price subsidy: by the published index, to the fen, with the run of its month, once for a person and month (REFUND-06)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from paid_grants import REGION, Put, a_grant, an_index, confirm_indices, open_books, put
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from test_month_run import decide_all, decided, orders_of

from engine.benefits.grants import stop_grant
from engine.cases.month_views import run_record
from engine.cases.office import Office
from engine.disbursement import prices
from engine.disbursement.price_tables import PublishedIndex
from engine.disbursement.tables import MonthRun
from engine.law.month import month_due
from engine.law.prices import PriceIndex, Prices, subsidy_of
from engine.money.batches import _bank_batch
from engine.money.payments import PaymentBatch, PaymentOrder, prepare_batch
from engine.oversight.hits import settle_hit
from engine.store.export import verify_database
from engine.values import SYSTEM, Actor, Money, Month, RefusedError

ENTERS, CONFIRMS = (Actor(kind="staff", id=number, name="数据") for number in (901, 902))
NOVEMBER = Month(2025, 11)


@pytest.fixture
def books(office: Office) -> Iterator[Office]:
    """An office on 20 December 2025 without a grant or an index."""
    office.clock.set("2025-12-20T09:00+08:00")  # type: ignore[attr-defined]
    open_books(office)
    yield office
    with office.store.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for table in (
            "price_index", "month_decision", "month_rate", "month_part", "month_run", "payment_line", "payment_batch", "payment_order", "payment_chunk", "posting", "journal_entry", "match_hit", "match_round", "benefit_grant", "card_account",
            "person", "account", "payment_purpose", "audit_event", "audit_stream", "audit_seal", "audit_seal_leaf",
        ):  # fmt: skip
            connection.execute(text(f"DELETE FROM {table}"))


def published(office: Office, *indices: PriceIndex) -> None:
    with office.store.transaction() as session:
        confirm_indices(session, office, indices)


def drawing(office: Office, number: int = 1, **changes: object) -> Put:
    """Somebody whose benefit this office ordered from September through November."""
    ordered = frozenset(Month(2025, month) for month in (9, 10, 11))
    with office.store.transaction() as session:
        return put(session, office, a_grant(ordered=ordered, **changes), number)


def subsidies(office: Office, grant: Put) -> dict[str, int]:
    return {key: fen for key, fen in orders_of(office, grant).items() if key.startswith("subsidy")}


def refused(code: str):
    return pytest.raises(RefusedError, match=code)


# ---- the law


@pytest.mark.req("REFUND-06")
@pytest.mark.parametrize(
    ("cpi", "food", "yuan"),
    [("0.035", "0.01", "29.40"), ("0.01", "0.06", "29.40"), ("0.0349", "0.0599", "0.00")],
)
def test_living_allowance_times_the_low_income_index_from_the_trigger_on(
    books: Office, cpi: str, food: str, yuan: str
) -> None:
    amount, reasons = subsidy_of(
        an_index("371500", "2025-11", cpi=cpi, food=food), region=REGION, book=books.book
    )

    assert amount is not None
    assert amount.text == yuan
    assert [reason.code for reason in reasons] == ["price_subsidy" if amount.fen else "price_below_trigger"]


@pytest.mark.req("REFUND-06")
def test_nobody_owes_a_subsidy_back_where_the_low_income_index_fell(books: Office) -> None:
    amount, _ = subsidy_of(
        an_index("371500", "2025-11", food="0.07", low="-0.004"), region=REGION, book=books.book
    )

    assert amount == Money(0)


def test_the_most_specific_region_counts() -> None:
    city, county = an_index("371500", "2025-11"), an_index("371521", "2025-11", low="0.05")
    known = Prices.of((city, county))

    assert known.at("371521", NOVEMBER) == county
    assert known.at("371502", NOVEMBER) == city
    assert known.at("371400", NOVEMBER) is None


# ---- the run


@pytest.mark.req("REFUND-06")
def test_the_run_of_the_month_of_publication_pays_the_month_before_once(books: Office) -> None:
    grant = drawing(books)
    published(books, an_index("371500", "2025-11", cpi="0.036"))

    run_id = decide_all(books)
    decide_all(books)

    assert subsidies(books, grant) == {"subsidy:2025-11": 2_940}
    assert decided(books, run_id)[grant.grant_id].subsidy_fen == 2_940


@pytest.mark.req("REFUND-06")
def test_what_is_published_late_is_paid_by_the_next_run_and_once(books: Office) -> None:
    grant = drawing(books)
    decide_all(books)
    assert subsidies(books, grant) == {}
    published(books, an_index("371500", "2025-11", cpi="0.036", published="2025-12-19"))

    later = decide_all(books)
    decide_all(books)

    assert subsidies(books, grant) == {"subsidy:2025-11": 2_940}
    assert decided(books, later)[grant.grant_id].reason == "price"


@pytest.mark.req("REFUND-06")
def test_a_month_below_the_trigger_pays_nothing_and_the_run_says_why(books: Office) -> None:
    grant = drawing(books)
    published(books, an_index("371500", "2025-11", cpi="0.034", food="0.059"))

    run_id = decide_all(books)

    assert subsidies(books, grant) == {}
    with books.store.reading() as session:
        (why,) = run_record(session, session.get_one(MonthRun, run_id), whole=True).price_reasons
    assert why.text == "2025-11 未达到启动条件，当月不发"
    assert "3.4%" in why.fact


@pytest.mark.req("REFUND-06")
def test_an_index_that_nobody_confirmed_pays_nothing(books: Office) -> None:
    grant = drawing(books)
    with books.store.transaction() as session:
        prices.enter(session, an_index("371500", "2025-11", cpi="0.036"), actor=ENTERS, now=books.clock())

    decide_all(books)

    assert subsidies(books, grant) == {}


@pytest.mark.req("REFUND-06")
def test_whose_benefit_ended_with_the_index_month_is_paid_all_the_same(books: Office) -> None:
    grant = drawing(books, months=3, used_up=True)
    stopped = drawing(books, 2)
    with books.store.transaction() as session:
        stop_grant(
            session, stopped.grant_id, ground="ST1", event_day=date(2025, 11, 5), reason="就业", actor=SYSTEM, now=books.clock()
        )  # fmt: skip
    published(books, an_index("371500", "2025-11", cpi="0.036"))

    decide_all(books)

    assert subsidies(books, grant) == subsidies(books, stopped) == {"subsidy:2025-11": 2_940}


@pytest.mark.req("REFUND-06")
def test_a_month_after_the_stop_has_no_subsidy(books: Office) -> None:
    grant = drawing(books)
    with books.store.transaction() as session:
        stop_grant(
            session, grant.grant_id, ground="ST1", event_day=date(2025, 10, 5), reason="就业", actor=SYSTEM, now=books.clock()
        )  # fmt: skip
    published(books, an_index("371500", "2025-11", cpi="0.036"))

    decide_all(books)

    assert subsidies(books, grant) == {}


@pytest.mark.req("REFUND-06")
def test_a_second_grant_of_the_person_brings_no_second_subsidy(books: Office) -> None:
    """The first grant was stopped in November with its subsidy ordered; the second begins in the same month."""
    first = drawing(books, stopped_on=date(2025, 11, 5), subsidised=frozenset({NOVEMBER}))
    with books.store.transaction() as session:
        second = put(session, books, a_grant(first_month=NOVEMBER, paid_through=None), 2)
    with books.store.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(
            text("UPDATE benefit_grant SET person_id = (SELECT person_id FROM benefit_grant WHERE id = :a) WHERE id = :b"),
            {"a": first.grant_id, "b": second.grant_id},
        )  # fmt: skip
    published(books, an_index("371500", "2025-11", cpi="0.036"))

    decide_all(books)

    assert subsidies(books, second) == {}
    assert subsidies(books, first) == {"subsidy:2025-11": 2_940}


@pytest.mark.req("REFUND-06")
def test_the_database_itself_refuses_a_second_subsidy_of_a_person_and_month(books: Office) -> None:
    drawing(books, subsidised=frozenset({NOVEMBER}))

    with (
        pytest.raises(IntegrityError, match="uq_payment_order_subsidy"),
        books.store.transaction() as session,
    ):
        session.execute(
            text(
                "INSERT INTO payment_order (key, payee_kind, payee_id, payee_name, account, account_index, account_name, amount_fen,"
                " purpose, month, region, created_by, created_at, status, status_reason) SELECT 'subsidy:0:2025-11', payee_kind,"
                " payee_id, payee_name, account, account_index, account_name, amount_fen, purpose, month, region, created_by,"
                " created_at, 'ordered', '' FROM payment_order WHERE purpose = 'subsidy'"
            )
        )


@pytest.mark.req("REFUND-06")
def test_what_is_held_is_paid_once_it_is_cleared(books: Office) -> None:
    grant = drawing(books, in_doubt=True)
    published(books, an_index("371500", "2025-11", cpi="0.036"))
    decide_all(books)
    assert subsidies(books, grant) == {}

    with books.store.transaction() as session:
        hit = session.scalar(text("SELECT id FROM match_hit"))
        settle_hit(session, hit, status="cleared", why="同名", actor=SYSTEM, now=books.clock())
    decide_all(books)

    assert subsidies(books, grant) == {"subsidy:2025-11": 2_940}


def test_months_that_an_older_system_paid_are_left_to_it(books: Office) -> None:
    with books.store.transaction() as session:
        grant = put(session, books, a_grant(), 1)
    published(books, an_index("371500", "2025-11", cpi="0.036"))

    decide_all(books)

    assert subsidies(books, grant) == {}
    known = Prices.of([an_index("371500", "2025-11", cpi="0.036")])
    assert month_due(grant.facts, Month(2025, 12), books.book, known).subsidies == ()


@pytest.mark.req("REFUND-06")
def test_the_statement_of_the_payee_says_price_subsidy_in_the_words_of_the_rule(books: Office) -> None:
    drawing(books)
    published(books, an_index("371500", "2025-11", cpi="0.036"))
    decide_all(books)

    with books.store.transaction() as session:
        prepare_batch(session, region=REGION, number="PB-1", actor=SYSTEM, now=books.clock())
        batch = session.scalars(select(PaymentBatch)).one()
        lines = _bank_batch(session, books.vault, batch, books.clock()).lines

    assert sorted(line.purpose for line in lines) == ["临时价补 2025-11", "失业保险金 2025-12"]


# ---- keeping an index


@pytest.mark.req("REFUND-06", "CTRL-01")
def test_whoever_entered_an_index_cannot_confirm_it(books: Office) -> None:
    with books.store.transaction() as session:
        row = prices.enter(session, an_index("371500", "2025-11"), actor=ENTERS, now=books.clock())
        with refused("录入人不能复核"):
            prices.confirm(session, row.id, actor=ENTERS, now=books.clock())

    with pytest.raises(IntegrityError, match="four_eyes"), books.store.transaction() as session:
        session.execute(
            text(
                "UPDATE price_index SET status = 'confirmed', confirmed_by = entered_by, confirmed_at = now()"
            )
        )


@pytest.mark.req("CTRL-01")
def test_the_trail_vouches_for_an_index_and_finds_one_that_was_changed(books: Office) -> None:
    published(books, an_index("371500", "2025-11", cpi="0.036"))
    with books.store.reading() as session:
        assert verify_database(session).ok
    with books.store.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("UPDATE price_index SET low_income_rise = 840"))

    with books.store.reading() as session:
        verdict = verify_database(session)

    assert not verdict.ok
    assert "price_index" in (verdict.first_broken or "")


@pytest.mark.req("REFUND-06")
def test_a_corrected_index_is_refused_once_the_month_has_one(books: Office) -> None:
    published(books, an_index("371500", "2025-11", cpi="0.036"))

    with books.store.transaction() as session, refused("不自动办理"):
        prices.enter(session, an_index("371500", "2025-11", cpi="0.034"), actor=ENTERS, now=books.clock())


@pytest.mark.req("REFUND-06")
def test_a_wrong_index_is_taken_back_until_a_run_has_gone_by_it(books: Office) -> None:
    published(books, an_index("371500", "2025-11", cpi="0.36"))
    with books.store.transaction() as session:
        wrong = session.scalars(select(PublishedIndex)).one().id
        prices.withdraw(session, wrong, why="小数点", actor=ENTERS, now=books.clock())
    published(books, an_index("371500", "2025-11", cpi="0.036"))
    drawing(books)
    decide_all(books)

    with books.store.transaction() as session, refused("不自动办理"):
        right = session.scalars(select(PublishedIndex).where(PublishedIndex.status == "confirmed")).one().id
        prices.withdraw(session, right, why="更正", actor=ENTERS, now=books.clock())


@pytest.mark.req("REFUND-06")
def test_a_countys_own_index_is_refused_once_the_citys_has_paid_there(books: Office) -> None:
    drawing(books)
    published(books, an_index("371500", "2025-11", cpi="0.036"))
    decide_all(books)

    with books.store.transaction() as session, refused("不自动办理"):
        own = replace(an_index("371500", "2025-11", cpi="0.05"), region=REGION)
        row = prices.enter(session, own, actor=ENTERS, now=books.clock())
        prices.confirm(session, row.id, actor=CONFIRMS, now=books.clock())


def test_the_orders_of_a_run_are_those_of_its_decisions(books: Office) -> None:
    for number in range(3):
        drawing(books, number)
    published(books, an_index("371500", "2025-10", cpi="0.036"), an_index("371500", "2025-11", cpi="0.036"))

    run_id = decide_all(books)

    with books.store.reading() as session:
        ordered = sum(
            session.scalars(select(PaymentOrder.amount_fen).where(PaymentOrder.status == "ordered"))
        )
    assert ordered == sum(each.benefit_fen + each.subsidy_fen for each in decided(books, run_id).values())
