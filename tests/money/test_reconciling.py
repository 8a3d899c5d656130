"""What a reconciliation keeps: pairs, differences settled by two people, reports signed by two (MONEY-05); adjustment by two (MONEY-06)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from money_builders import ACCOUNTANT, CLERK, NOW, SAMPLER, Office, empty
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from engine.money import adjusting
from engine.money.adjustment import held, share_out, shortfalls
from engine.money.adjustment_tables import AdjustmentProposal
from engine.money.bank_statement import Statement, StatementLine
from engine.money.ledger import Line, post, trial_balance
from engine.money.pairing import Movement, Pair, pair
from engine.money.reconciliation import (
    BookDifference,
    Comparison,
    compare_bank,
    compare_tax,
    compare_treasury,
)
from engine.money.reconciliation_tables import Reconciliation, ReconciliationDifference
from engine.money.reconciling import decide_pair, open_reconciliation, settle_difference, sign
from engine.values import Money, Month, RefusedError

CITY, COUNTY, OTHER = "371500", "371502", "371521"
NOVEMBER, DAY = Month(2025, 11), date(2025, 11, 5)


def movements(references: str) -> st.SearchStrategy[list[Movement]]:
    """Some movements under these references, of few amounts and near days, so that many fit each other."""
    each = st.builds(
        Movement,
        reference=st.sampled_from(references),
        day=st.integers(0, 3).map(lambda days: DAY + timedelta(days=days)),
        amount=st.sampled_from([Money(5), Money(5), Money(-5)]),
    )
    return st.lists(each, max_size=7, unique_by=lambda movement: movement.reference)


@pytest.mark.req("MONEY-05")
@given(movements("abcdef"), movements("efghij"), st.integers(0, 4))
def test_every_item_stands_in_exactly_one_place_and_no_line_is_paired_twice(ours, theirs, days):
    found = pair(ours, theirs, days=days)

    pairs = [*found.agreed, *found.apart, *found.proposed]
    assert sorted([*(each.ours.reference for each in pairs), *refs(found.only_ours)]) == sorted(refs(ours))
    assert sorted([*(each.theirs.reference for each in pairs), *refs(found.only_theirs)]) == sorted(
        refs(theirs)
    )
    for each in found.proposed:
        assert each.ours.amount == each.theirs.amount
        assert abs((each.ours.day - each.theirs.day).days) <= days
    assert all(each.ours.reference == each.theirs.reference for each in (*found.agreed, *found.apart))


def refs(items) -> list[str]:
    return [each.reference for each in items]


@pytest.mark.req("MONEY-05")
def test_of_two_that_fit_the_nearest_day_is_proposed():
    ours = [Movement(reference="ours", day=DAY, amount=Money(-500))]
    theirs = [
        Movement(reference=f"they {days}", day=DAY + timedelta(days=days), amount=Money(-500))
        for days in (3, 1, 2)
    ]

    found = pair(ours, theirs, days=3)

    assert found.proposed == (Pair(ours=ours[0], theirs=theirs[1]),)
    assert pair(ours, [theirs[0]], days=2).proposed == ()


def book(session, key: str, debit: str, credit: str, fen: int, *, region: str = COUNTY, day: date = DAY):
    lines = [Line(debit, "debit", Money(fen)), Line(credit, "credit", Money(fen))]
    post(session, key=key, day=day, region=region, text="测试", lines=lines, actor=CLERK, now=NOW)


def statement(*lines: tuple[str, int, int]) -> Statement:
    rows = tuple(
        StatementLine(day=DAY + timedelta(days=days), reference=name, amount=Money(fen))
        for name, days, fen in lines
    )
    return Statement(
        region=CITY,
        first_day=NOVEMBER.first_day,
        last_day=NOVEMBER.last_day,
        opening=Money(0),
        closing=Money.total(row.amount for row in rows),
        lines=rows,
    )


def keep(session, comparison: Comparison, *, side: str = "bank"):
    return open_reconciliation(
        session,
        region=CITY,
        month=NOVEMBER,
        side=side,
        comparison=comparison,
        file=b"file",
        file_name="x.csv",
        actor=ACCOUNTANT,
        now=NOW,
    )


def one_apart(key: str = "k", found: int = 2) -> Comparison:
    apart = BookDifference(key=key, text="差异", text_en="x", booked=Money(1), found=Money(found))
    return Comparison(agreed=0, proposed=(), differences=(apart,), booked=Money(1), found=Money(found))


@pytest.mark.req("MONEY-05")
def test_a_movement_under_the_banks_own_number_is_proposed_and_confirmed_by_a_person(office: Office):
    with office.transaction() as session:
        book(session, "funding:1", "1001", "3001", 1_000)
        found = compare_bank(
            session, month=NOVEMBER, statement=statement(("8841", 2, 1_000)), days=3, now=NOW
        )

        assert [(each.ours.reference, each.theirs.reference) for each in found.proposed] == [
            ("funding:1", "8841")
        ]
        assert found.differences == ()
        opened = keep(session, found)
        with pytest.raises(RefusedError, match="没有办完"):
            sign(session, opened.reconciliation.id, actor=ACCOUNTANT, now=NOW)
        assert decide_pair(session, 1, same=True, actor=ACCOUNTANT, now=NOW) == ()
        sign(session, opened.reconciliation.id, actor=ACCOUNTANT, now=NOW)


@pytest.mark.req("MONEY-05")
def test_a_rejected_pair_leaves_two_differences_with_the_keys_that_they_would_have_had(office: Office):
    with office.transaction() as session:
        book(session, "funding:1", "1001", "3001", 1_000)
        found = compare_bank(
            session, month=NOVEMBER, statement=statement(("8841", 2, 1_000)), days=3, now=NOW
        )
        keep(session, found)

        raised = decide_pair(session, 1, same=False, actor=ACCOUNTANT, now=NOW)

        plain = compare_bank(
            session, month=NOVEMBER, statement=statement(("8841", 2, 1_000)), days=None, now=NOW
        )
        assert [each.key for each in raised] == ["bank:371500:2025-11:funding:1", "bank:371500:2025-11:8841"]
        assert {each.key for each in raised} == {each.key for each in plain.differences}
        with pytest.raises(RefusedError, match="没有待核定"):
            decide_pair(session, 1, same=True, actor=ACCOUNTANT, now=NOW)


@pytest.mark.req("MONEY-05")
def test_the_tax_office_and_the_treasury_are_compared_region_by_region(office: Office):
    with office.transaction() as session:
        book(session, "t1", "1002", "4001", 700)
        book(session, "t2", "1002", "4001", 300, region=OTHER)
        book(session, "t3", "1002", "4001", 999, day=date(2025, 10, 31))

        said = {COUNTY: Money(700), CITY: Money(5)}
        tax = compare_tax(session, region=CITY, month=NOVEMBER, said=said)
        treasury = compare_treasury(
            session, region=CITY, month=NOVEMBER, said={COUNTY: Money(1_699), OTHER: Money(300)}
        )

    assert [(each.key, each.booked.fen, each.found.fen) for each in tax.differences] == [
        ("tax:2025-11:371500", 0, 5),
        ("tax:2025-11:371521", 300, 0),
    ]
    assert (tax.agreed, tax.booked, tax.found) == (1, Money(1_000), Money(705))
    assert (treasury.differences, treasury.agreed) == ((), 2)


@pytest.mark.req("MONEY-05", "MONEY-02")
def test_a_difference_is_settled_by_two_people_and_the_same_evidence_is_raised_once(office: Office):
    with office.transaction() as session:
        [difference] = keep(session, one_apart()).raised
        assert keep(session, one_apart()).raised == ()
        assert len(keep(session, one_apart(found=3)).raised) == 1

        asked = {"explained_by": ACCOUNTANT.key, "explained_at": NOW, "explanation": "在途", "now": NOW}
        with pytest.raises(RefusedError, match="不能自己核实"):
            settle_difference(session, difference.id, actor=ACCOUNTANT, **asked)
        settled = settle_difference(session, difference.id, actor=SAMPLER, **asked)

        assert (settled.status, settled.explained_by, settled.settled_by) == (
            "settled",
            ACCOUNTANT.key,
            SAMPLER.key,
        )
        assert keep(session, one_apart()).raised == ()
    with pytest.raises(IntegrityError, match="two_people"), office.transaction() as session:
        session.execute(
            text(
                "UPDATE reconciliation_difference SET status = 'settled', explanation = 'x', "
                "explained_by = 'staff:3', settled_by = 'staff:3' WHERE status = 'open'"
            )
        )


@pytest.mark.req("MONEY-05", "MONEY-02")
def test_a_report_is_signed_by_two_people_and_then_stands(office: Office):
    nothing = Comparison(agreed=2, proposed=(), differences=(), booked=Money(1), found=Money(1))
    with office.transaction() as session:
        first = keep(session, nothing).reconciliation
        kept = keep(session, nothing).reconciliation
        assert session.get_one(Reconciliation, first.id).status == "superseded"
        sign(session, kept.id, actor=ACCOUNTANT, now=NOW)
        with pytest.raises(RefusedError, match="两个不同的人"):
            sign(session, kept.id, actor=ACCOUNTANT, now=NOW)
        assert sign(session, kept.id, actor=SAMPLER, now=NOW).status == "signed"
        with pytest.raises(RefusedError, match="已经签字"):
            keep(session, nothing)


@pytest.mark.req("MONEY-05")
def test_an_open_difference_of_an_earlier_statement_keeps_the_later_report_unsigned(office: Office):
    nothing = Comparison(agreed=2, proposed=(), differences=(), booked=Money(1), found=Money(1))
    with office.transaction() as session:
        keep(session, one_apart())
        later = keep(session, nothing).reconciliation

        with pytest.raises(RefusedError, match="没有办完"):
            sign(session, later.id, actor=ACCOUNTANT, now=NOW)
        assert session.scalars(select(ReconciliationDifference.status)).all() == ["open"]


fen = st.integers(0, 2_000)


@pytest.mark.req("MONEY-06")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(has=fen, needs=st.dictionaries(st.sampled_from([COUNTY, OTHER, "371522"]), fen), asked=fen, spent=fen)
def test_an_adjustment_never_exceeds_the_fund_or_a_need_and_is_whole_or_nothing(
    office: Office, has, needs, asked, spent
):
    empty(office.engine)
    office.open_books()
    with office.transaction() as session:
        if has:
            book(session, "has", "1002", "3001", has, region=CITY)
        for region, need in needs.items():
            if need:
                book(session, f"need:{region}", "5101", "2101", need, region=region)
        before = shortfalls(session)
    try:
        with office.transaction() as session:
            shares = share_out(Money(asked), before, first={OTHER})
            adjusting.propose(session, giver=CITY, shares=shares, reason="缺", actor=ACCOUNTANT, now=NOW)
        with office.transaction() as session:
            if 0 < spent <= held(session, CITY).fen:
                book(session, "spent", "2103", "1002", spent, region=CITY)
            before = shortfalls(session)
        with office.transaction() as session:
            adjusting.decide(session, 1, approve=True, why="", actor=SAMPLER, now=NOW)
    except RefusedError:
        pass

    with office.transaction() as session:
        assert held(session, CITY).fen >= 0
        after = shortfalls(session)
        approved = session.scalars(
            select(AdjustmentProposal).where(AdjustmentProposal.status == "approved")
        ).one_or_none()
        gained = sum(need.fen - after.get(r, Money(0)).fen for r, need in before.items() if r != CITY)
        assert gained == (approved.total_fen if approved else 0)
        assert all(held(session, region).fen <= need for region, need in needs.items())
        rows = trial_balance(session)
        assert Money.total(row.debit for row in rows) == Money.total(row.credit for row in rows)


@pytest.mark.req("MONEY-06", "MONEY-02")
def test_nobody_approves_the_adjustment_that_they_proposed(office: Office):
    with office.transaction() as session:
        book(session, "has", "1002", "3001", 500, region=CITY)
        book(session, "need", "5101", "2101", 300)
        shares = share_out(Money(400), shortfalls(session), first=())
        made = adjusting.propose(session, giver=CITY, shares=shares, reason="缺", actor=ACCOUNTANT, now=NOW)

        with pytest.raises(RefusedError, match="不能自己批准"):
            adjusting.decide(session, made.id, approve=True, why="", actor=ACCOUNTANT, now=NOW)
        with pytest.raises(RefusedError, match="写明理由"):
            adjusting.decide(session, made.id, approve=False, why=" ", actor=SAMPLER, now=NOW)
        adjusting.decide(session, made.id, approve=True, why="", actor=SAMPLER, now=NOW)

        assert (held(session, CITY), held(session, COUNTY)) == (Money(200), Money(300))
    with pytest.raises(IntegrityError, match="核心栏目"), office.transaction() as session:
        session.execute(text("UPDATE adjustment_proposal SET total_fen = 1"))
