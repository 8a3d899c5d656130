"""The month run: the same as the law says grant by grant, once, whatever kills it, and nothing lost (CLAIM-08, CLAIM-10)."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from paid_grants import CROWD, REGION, Put, a_grant, an_index, confirm_indices, open_books, put
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.benefits.grants import resume_grant, stop_grant
from engine.benefits.tables import BenefitGrant
from engine.cases.office import Office
from engine.disbursement import month_run as month_runs
from engine.disbursement.month_run import do_part, next_part, start_run
from engine.disbursement.tables import MonthDecision, MonthRun
from engine.law.month import GrantFacts, MonthOutcome, month_due
from engine.law.prices import Prices
from engine.money.payments import PaymentOrder, prepare_batch
from engine.oversight.hits import hold_in_doubt, payees_in_doubt, report_hit, settle_hit
from engine.store.export import verify_database
from engine.values import SYSTEM, Money, Month

SEED = 20251129
RUN = Month(2025, 12)
#: how many random grants are held against the law; a whole province's worth with CHANGLING_MONTH=all
MANY = 10_000 if os.environ.get("CHANGLING_MONTH") == "all" else 1_500


@pytest.fixture
def books(office: Office) -> Iterator[Office]:
    """An office on 20 December 2025 without a grant."""
    office.clock.set("2025-12-20T09:00+08:00")  # type: ignore[attr-defined]
    open_books(office)
    yield office
    with office.store.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for table in (
            "price_index", "month_decision", "month_rate", "month_part", "month_run", "match_hit", "match_round", "payment_line", "payment_batch", "payment_order", "payment_chunk", "posting", "journal_entry", "benefit_grant", "card_account",
            "roster_line", "roster", "letter", "person", "account", "payment_purpose", "audit_event", "audit_stream", "audit_seal", "audit_seal_leaf",
        ):  # fmt: skip
            connection.execute(text(f"DELETE FROM {table}"))


def decide_all(office: Office, month: Month = RUN, region: str = REGION) -> int:
    """The run of the month, every matching and deciding part carried out; its number."""
    with office.store.transaction() as session:
        run = start_run(
            session,
            region=region,
            month=month,
            day=office.today,
            book=office.book,
            actor=SYSTEM,
            now=office.clock(),
        )
        run_id = run.id
    while one_part(office, run_id):
        pass
    with office.store.transaction() as session:
        session.get_one(MonthRun, run_id).status = "done"
    return run_id


def one_part(office: Office, run_id: int) -> bool:
    with office.store.transaction() as session:
        part = next_part(session, run_id, now=office.clock())
        if part is None or part.kind not in ("match", "decide"):
            return False
        do_part(
            session,
            session.get_one(MonthRun, run_id),
            part,
            book=office.book,
            actor=SYSTEM,
            now=office.clock(),
        )
        return True


def decided(office: Office, run_id: int) -> dict[int, MonthDecision]:
    with office.store.reading() as session:
        found = session.query(MonthDecision).where(MonthDecision.run_id == run_id)
        return {decision.grant_id: decision for decision in found}


def orders_of(office: Office, grant: Put) -> dict[str, int]:
    """What was ordered for the grant, by key without the grant's number."""
    with office.store.reading() as session:
        found = session.query(PaymentOrder).where(PaymentOrder.key.contains(f":{grant.grant_id}:"))
        return {
            order.key.replace(f":{grant.grant_id}:", ":"): order.amount_fen
            for order in found
            if order.status != "cancelled"
        }


def assert_agree(office: Office, grant: Put, sql: MonthDecision | None, rule: MonthOutcome) -> None:
    """The statements decided what the rule decides, and left the grant as the rule leaves it."""
    assert (sql.outcome if sql else "none") == rule.outcome, (grant, sql and sql.reason, rule)
    if sql is not None:
        assert sql.reason == rule.reason, (grant, rule)
        assert sql.benefit_fen == sum(amount.fen for _, amount in rule.months), (grant, rule)
        assert (sql.first_due, sql.last_due) == (
            (str(rule.months[0][0]), str(rule.months[-1][0])) if rule.months else (None, None)
        )
        assert sql.subsidy_fen == sum(amount.fen for _, amount in rule.subsidies), (grant, rule)
    expected_orders = {f"benefit:{month}": amount.fen for month, amount in rule.months}
    expected_orders |= {f"subsidy:{month}": amount.fen for month, amount in rule.subsidies}
    before = {f"benefit:{month}" for month in grant.facts.ordered}
    before |= {f"subsidy:{month}" for month in grant.facts.subsidised}
    ordered = orders_of(office, grant)
    assert {key: fen for key, fen in ordered.items() if key not in before} == expected_orders, (grant, rule)
    with office.store.reading() as session:
        row = session.get_one(BenefitGrant, grant.grant_id)
    facts = grant.facts
    assert row.extended_through == (str(rule.extended_through) if rule.extended_through else None), (
        grant,
        rule,
    )
    expected = "stopped" if facts.stopped_on else "used_up" if rule.used_up or facts.used_up else "active"
    assert row.status == expected, (grant, rule)
    through = rule.months[-1][0] if rule.months else facts.paid_through
    assert row.paid_through == (str(through) if through else None)


def random_grant(drawn: random.Random) -> GrantFacts:
    """Any grant: old and new, near retirement, behind, stopped, in doubt, without an account."""
    months = drawn.choice((1, 3, 6, 9, 12, 14, 18, 24))
    first = RUN.plus(-drawn.randrange(-1, months + 14))
    applied = first.first_day.replace(day=drawn.randrange(1, 28))
    gone = drawn.choice((None, *range(months)))
    paid = None if gone is None or first.plus(gone) >= RUN else first.plus(gone)
    kind = drawn.random()
    # as a run would have left it: an extension is found with the last month, a finished grant is used up
    extended = None
    stopped = None
    if kind < 0.1:
        stopped = first.plus(drawn.randrange(0, months)).first_day.replace(day=drawn.randrange(1, 28))
    elif kind < 0.2 and first.plus(months - 1) < RUN:
        extended = first.plus(months - 1 + drawn.randrange(1, 12))
    return a_grant(
        region=drawn.choice((REGION, REGION, REGION, "371521")),
        household_region=drawn.choice((None, None, "371502", "500229")),
        birth=date(
            drawn.choice((1965, 1966, 1970, 1971, 1975, 1976, 1990)),
            drawn.randrange(1, 13),
            drawn.randrange(1, 28),
        ),
        retirement_class=drawn.choice(("M60", "F55", "F50", None)),
        applied_on=applied,
        monthly=Money(drawn.choice((153_000, 163_800, 181_800))),
        first_month=first,
        months=months,
        paid_through=paid,
        extended_through=extended,
        stopped_on=stopped,
        used_up=stopped is None and extended is None and drawn.random() < 0.05,
        in_doubt=drawn.random() < 0.1,
        account=drawn.choice(("good",) * 12 + ("none", "inactive", "other_holder")),
    )


#: published by 20 December: two months that pay, one below the trigger, one county's own, one too late for this run
INDICES = (
    an_index("371500", "2025-09", cpi="0.036"),
    an_index("371500", "2025-10", cpi="0.02", food="0.059"),
    an_index("371500", "2025-11", food="0.061", low="0.05"),
    an_index("371521", "2025-11", cpi="0.035", low="0.031", allowance=65_530),
    an_index("371500", "2025-12", cpi="0.05", published="2026-01-09"),
)


@pytest.mark.req("CLAIM-08", "CLAIM-10", "REFUND-06")
def test_the_statements_decide_what_the_rule_decides_for_every_random_grant(books: Office):
    print(f"seed {SEED}, {MANY} grants")
    drawn = random.Random(SEED)
    with books.store.transaction() as session:
        confirm_indices(session, books, INDICES)
        grants = [put(session, books, ordered_before(drawn, random_grant(drawn)), n) for n in range(MANY)]

    run_id = decide_all(books, region="371500")

    found = decided(books, run_id)
    prices = Prices.of(index for index in INDICES if index.published_on <= books.today)
    outcomes: dict[str, int] = {}
    for grant in grants:
        rule = month_due(grant.facts, RUN, books.book, prices)
        outcomes["subsidised"] = outcomes.get("subsidised", 0) + bool(rule.subsidies)
        if rule.outcome == "none" and not rule.extended_through and not grant.facts.extended_through:
            outcomes["none"] = outcomes.get("none", 0) + 1
            assert grant.grant_id not in found, (grant, rule)
            continue
        outcomes[rule.reason] = outcomes.get(rule.reason, 0) + 1
        assert_agree(books, grant, found.get(grant.grant_id), rule)
    print(outcomes)
    assert {
        "due",
        "extended",
        "last",
        "hit",
        "no_account",
        "class_unknown",
        "price",
        "none",
    } <= outcomes.keys()
    assert outcomes["subsidised"] > MANY / 10


def ordered_before(drawn: random.Random, facts: GrantFacts) -> GrantFacts:
    """The grant, of whose months this office ordered some or all, a few with their subsidy."""
    if facts.paid_through is None:
        return facts
    since = facts.first_month.plus(drawn.choice((0, 0, 0, 1, 3, 30)))
    count = since.until(facts.paid_through) + 1
    ordered = frozenset(since.plus(index) for index in range(count))
    subsidised = frozenset(month for month in ordered if month >= Month(2025, 9) and drawn.random() < 0.3)
    return replace(facts, ordered=ordered, subsidised=subsidised)


#: boundary cases of the law, as they stand in the policy digest §3.4 and §2.5
BOUNDARIES = {
    "retires 60 days after the period": (
        a_grant(birth=date(1965, 12, 1), first_month=Month(2025, 1), months=12, applied_on=date(2025, 1, 3), paid_through=Month(2025, 11)),
        "due", "2026-03",
    ),
    "retires exactly a year after the period": (
        a_grant(birth=date(1975, 12, 31), retirement_class="F50", first_month=Month(2025, 1), months=6, applied_on=date(2025, 1, 3), paid_through=Month(2025, 6)),
        "used_up", None,
    ),
    "woman whose class nobody knows": (
        a_grant(retirement_class=None, first_month=Month(2025, 1), months=11, applied_on=date(2025, 1, 3), paid_through=Month(2025, 11)),
        "class_unknown", None,
    ),
    "past retirement age without a pension": (
        a_grant(birth=date(1964, 3, 1), first_month=Month(2025, 10), months=9, applied_on=date(2025, 10, 3), paid_through=Month(2025, 11)),
        "due", None,
    ),
    "three months behind are caught up": (a_grant(paid_through=Month(2025, 9)), "due", None),
    "stopped in the month of the event": (a_grant(stopped_on=date(2025, 12, 2)), "due", None),
    "not begun": (a_grant(first_month=Month(2026, 1), applied_on=date(2025, 12, 30), paid_through=None), None, None),
}  # fmt: skip


@pytest.mark.req("CLAIM-10")
@pytest.mark.parametrize("name", BOUNDARIES)
def test_a_boundary_case_of_the_law_is_decided_alike_in_sets(books: Office, name: str):
    facts, reason, through = BOUNDARIES[name]
    with books.store.transaction() as session:
        grant = put(session, books, facts, 1)

    found = decided(books, decide_all(books)).get(grant.grant_id)

    rule = month_due(facts, RUN, books.book)
    assert (found.reason if found else None) == reason
    assert (str(rule.extended_through) if rule.extended_through else None) == through
    assert_agree(books, grant, found, rule)


@pytest.mark.req("CLAIM-08")
def test_a_raise_reaches_running_claims_from_its_own_month(books: Office):
    """Policy §2.5: claimed 2023-08 at 1530, raised to 1638 from October: 2 × 1530 + 7 × 1638 = 14526."""
    facts = a_grant(
        applied_on=date(2023, 8, 10),
        monthly=Money(153_000),
        first_month=Month(2023, 8),
        months=9,
        paid_through=None,
    )
    with books.store.transaction() as session:
        grant = put(session, books, facts, 1)

    decide_all(books)

    assert sum(orders_of(books, grant).values()) == 1_452_600


@pytest.mark.req("CLAIM-08")
def test_a_raise_that_comes_late_is_paid_up_for_months_already_ordered(books: Office):
    with books.store.transaction() as session:
        grant = put(session, books, a_grant(paid_through=Month(2025, 9)), 1)
        held = put(session, books, a_grant(paid_through=Month(2025, 9), in_doubt=True), 2)
    run_id = decide_all(books)
    with books.store.engine.begin() as connection:
        # the first run knew a lower standard than the law has today
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(
            text("UPDATE month_rate SET benefit_fen = 163800 WHERE run_id = :run AND month >= '2025-11'"),
            {"run": run_id},
        )
        connection.execute(text("UPDATE payment_order SET amount_fen = 163800 WHERE month >= '2025-11'"))
    assert orders_of(books, grant) == {
        "benefit:2025-10": 181_800,
        "benefit:2025-11": 163_800,
        "benefit:2025-12": 163_800,
    }

    decide_all(books)
    again = decide_all(books)

    assert orders_of(books, grant) == {
        "benefit:2025-10": 181_800,
        "benefit:2025-11": 163_800,
        "benefit:2025-12": 163_800,
        "raise:2025-11:181800": 18_000,
        "raise:2025-12:181800": 18_000,
    }
    assert orders_of(books, held) == {}
    assert grant.grant_id not in decided(books, again)


@pytest.mark.req("CTRL-02")
def test_what_was_held_is_paid_by_the_next_run_once_it_is_cleared(books: Office):
    with books.store.transaction() as session:
        grant = put(session, books, a_grant(in_doubt=True), 1)
    first = decide_all(books)
    assert decided(books, first)[grant.grant_id].reason == "hit"
    assert orders_of(books, grant) == {}

    with books.store.transaction() as session:
        hit = session.scalar(text("SELECT id FROM match_hit"))
        settle_hit(session, hit, status="cleared", why="同名", actor=SYSTEM, now=books.clock())
    decide_all(books)

    assert orders_of(books, grant) == {"benefit:2025-12": 181_800}


@pytest.mark.req("CLAIM-09")
def test_what_waits_beyond_a_stop_is_cancelled_and_never_ordered_again(books: Office):
    with books.store.transaction() as session:
        grant = put(session, books, a_grant(paid_through=Month(2025, 10)), 1)
    decide_all(books)
    assert set(orders_of(books, grant)) == {"benefit:2025-11", "benefit:2025-12"}

    with books.store.transaction() as session:
        stopped = stop_grant(
            session,
            grant.grant_id,
            ground="ST9",
            event_day=date(2025, 11, 20),
            reason="死亡",
            actor=SYSTEM,
            now=books.clock(),
        )
    assert [paid.key for paid in stopped.cancelled] == [f"benefit:{grant.grant_id}:2025-12"]
    assert stopped.paid_after == ()
    decide_all(books)

    assert orders_of(books, grant) == {"benefit:2025-11": 181_800}


@pytest.mark.req("CLAIM-09")
def test_a_wrong_stop_taken_back_is_paid_again_however_often_it_happens(books: Office):
    with books.store.transaction() as session:
        grant = put(session, books, a_grant(paid_through=Month(2025, 10)), 1)
    decide_all(books)
    for turn in (1, 2):
        with books.store.transaction() as session:
            stop_grant(
                session, grant.grant_id, ground="ST1", event_day=date(2025, 10, 20), reason="同名", actor=SYSTEM, now=books.clock()
            )  # fmt: skip
        assert orders_of(books, grant) == {}
        with books.store.transaction() as session:
            resume_grant(session, grant.grant_id, reason="查无此事", actor=SYSTEM, now=books.clock())

        decide_all(books)

        assert orders_of(books, grant) == {
            f"benefit:2025-11:{turn}": 181_800,
            f"benefit:2025-12:{turn}": 181_800,
        }


@pytest.mark.req("MONEY-04")
def test_a_part_that_is_rolled_back_and_done_again_leaves_what_an_undisturbed_run_leaves(
    books: Office, monkeypatch
):
    drawn = random.Random(SEED)
    monkeypatch.setattr(month_runs, "GRANTS_PER_PART", 12)
    with books.store.transaction() as session:
        for number in range(60):
            put(session, books, random_grant(drawn), number)
    whole = told(books, killed_at=())
    for number in range(2, 8):
        assert told(books, killed_at=(number,)) == whole, number


def told(office: Office, *, killed_at: tuple[int, ...]) -> list[tuple[object, ...]]:
    """Everything that the run leaves, by keys: tried in one transaction that is taken back."""
    with office.store.engine.connect() as connection, connection.begin() as outer:
        session = Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        run = start_run(
            session,
            region="371500",
            month=RUN,
            day=office.today,
            book=office.book,
            actor=SYSTEM,
            now=office.clock(),
        )
        session.commit()
        waiting = set(killed_at)
        while (part := next_part(session, run.id, now=office.clock())) and part.kind in ("match", "decide"):
            number = part.number
            do_part(session, run, part, book=office.book, actor=SYSTEM, now=office.clock())
            if number in waiting:
                waiting.discard(number)
                session.rollback()
            else:
                session.commit()
            for name in (
                "part_extension",
                "part_due",
                "part_month",
                "part_raise",
                "part_price",
                "run_raise",
                "run_follows",
            ):
                # all of it is one transaction here, at whose end they would go
                session.execute(text(f"DROP TABLE IF EXISTS {name}"))
        left = session.execute(
            text(
                "SELECT 'order', o.key, o.amount_fen::text, o.month, o.account_name FROM payment_order o "
                "UNION ALL SELECT 'entry', e.region, p.account, sum(p.debit_fen - p.credit_fen)::text, '' "
                "FROM journal_entry e JOIN posting p ON p.entry_id = e.id GROUP BY 2, 3 "
                "UNION ALL SELECT 'decision', grant_id::text, outcome, reason, benefit_fen::text FROM month_decision "
                "UNION ALL SELECT 'grant', id::text, status, paid_through, months_paid::text FROM benefit_grant ORDER BY 1, 2, 3"
            )
        ).all()
        session.close()
        outer.rollback()
    return [tuple(row) for row in left]


@pytest.mark.req("CTRL-01")
def test_the_trail_vouches_for_every_order_of_a_chunk_and_finds_one_that_was_changed(books: Office):
    with books.store.transaction() as session:
        for number in range(3):
            put(session, books, a_grant(), number)
    decide_all(books)
    with books.store.reading() as session:
        assert verify_database(session).ok
    with books.store.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(
            text(
                "UPDATE payment_order SET amount_fen = amount_fen + 1 WHERE id = (SELECT max(id) FROM payment_order)"
            )
        )

    with books.store.reading() as session:
        verdict = verify_database(session)

    assert not verdict.ok
    assert "payment_chunk" in (verdict.first_broken or "")


def test_a_crowd_has_no_number_twice():
    numbers = {CROWD.citizen(number).id_number for number in range(60_000)}

    assert len(numbers) == 60_000


@pytest.mark.req("CTRL-02")
def test_what_is_ordered_is_held_when_it_comes_into_doubt_and_freed_when_it_is_cleared(books: Office):
    with books.store.transaction() as session:
        grant = put(session, books, a_grant(), 1)
        clear = put(session, books, a_grant(), 2)
    decide_all(books)
    with books.store.transaction() as session:
        hit = report_hit(
            session, session.get_one(BenefitGrant, grant.grant_id), origin="report", ground="ST1", event_day=None,
            detail="单位来电", actor=SYSTEM, now=books.clock(),
        )  # fmt: skip

    with books.store.transaction() as session:
        assert hold_in_doubt(session, region=REGION, actor=SYSTEM, now=books.clock()) == 1
        batch = prepare_batch(session, region=REGION, number="PB-1", actor=SYSTEM, now=books.clock())
        assert batch is not None
        assert batch.line_count == 1
        assert payees_in_doubt(session, "PB-1") == ()
    with books.store.transaction() as session:
        settle_hit(session, hit.id, status="cleared", why="同名不同人", actor=SYSTEM, now=books.clock())
        again = prepare_batch(session, region=REGION, number="PB-2", actor=SYSTEM, now=books.clock())

    assert again is not None
    assert again.line_count == 1
    assert clear.grant_id != grant.grant_id


@pytest.mark.req("CTRL-02")
def test_a_batch_with_a_payee_who_came_into_doubt_says_who(books: Office):
    with books.store.transaction() as session:
        grant = put(session, books, a_grant(), 1)
    decide_all(books)
    with books.store.transaction() as session:
        prepare_batch(session, region=REGION, number="PB-1", actor=SYSTEM, now=books.clock())
        report_hit(
            session, session.get_one(BenefitGrant, grant.grant_id), origin="list", ground="ST9", event_day=None,
            detail="部疑点名单", actor=SYSTEM, now=books.clock(),
        )  # fmt: skip

        assert len(payees_in_doubt(session, "PB-1")) == 1
