"""The books against business and bank (MONEY-05), and money moved towards regions that are short (MONEY-06)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from money_builders import ACCOUNTANT, CLERK, NOW, REGION, WRONG_NUMBER, Office
from sqlalchemy import text

from engine.money.adjustment import adjust_fund, share_out, shortfalls
from engine.money.bank_file import BankFileError
from engine.money.bank_rows import closed
from engine.money.bank_statement import Statement, StatementLine, read_statement, write_statement
from engine.money.ledger import LedgerError, Line, balance, post, trial_balance
from engine.money.payments import take_receipt
from engine.money.reconciliation import reconcile_bank, reconcile_business
from engine.store.export import verify_database
from engine.values import SYSTEM, Money, Month, RefusedError

DAY, NOVEMBER = date(2025, 11, 5), Month(2025, 11)

STATEMENT = Statement(
    region=REGION,
    first_day=NOVEMBER.first_day,
    last_day=NOVEMBER.last_day,
    opening=Money(0),
    closing=Money(836_200),
    lines=(
        StatementLine(day=DAY, reference="funding:1", amount=Money(1_000_000)),
        StatementLine(day=DAY, reference="B1", amount=Money(-163_800)),
    ),
)


def paid_month(office: Office) -> None:
    """November: the account is funded, one order is paid, one comes back."""
    with office.transaction() as session:
        fund(session, "funding:1", "1001", 1_000_000)
        office.order(session)
        office.order(session, "k2", account=WRONG_NUMBER)
    answer = office.bank.answer(office.send())
    with office.transaction() as session:
        take_receipt(session, office.vault, answer, actor=SYSTEM, now=NOW)


def fund(session, key: str, account: str, fen: int, region: str = REGION) -> None:
    lines = [Line(account, "debit", Money(fen)), Line("3001", "credit", Money(fen))]
    post(session, key=key, day=DAY, region=region, text="拨入", lines=lines, actor=CLERK, now=NOW)


def differences(office: Office, statement: Statement, now=NOW):
    with office.transaction() as session:
        return reconcile_bank(session, month=NOVEMBER, statement=statement, now=now)


@pytest.mark.req("MONEY-05")
def test_a_month_on_which_books_bank_and_business_agree_has_no_difference(office: Office):
    paid_month(office)

    assert differences(office, STATEMENT) == ()
    with office.transaction() as session:
        assert reconcile_business(session, region="371500") == ()


@pytest.mark.req("MONEY-05")
@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            {"lines": STATEMENT.lines[:1], "closing": Money(1_000_000)},
            ["bank:371502:2025-11:B1", "closing:371502:2025-11"],
        ),
        (
            {
                "lines": (*STATEMENT.lines, StatementLine(day=DAY, reference="FEE", amount=Money(-5))),
                "closing": Money(836_195),
            },
            ["bank:371502:2025-11:FEE", "closing:371502:2025-11"],
        ),
        (
            {
                "lines": (STATEMENT.lines[0], replace(STATEMENT.lines[1], amount=Money(-163_801))),
                "closing": Money(836_199),
            },
            ["bank:371502:2025-11:B1", "closing:371502:2025-11"],
        ),
        ({"opening": Money(1), "closing": Money(836_201)}, ["closing:371502:2025-11"]),
    ],
    ids=["missing at the bank", "missing in the books", "other amount", "other balance"],
)
def test_each_disagreement_with_the_bank_is_named_with_a_key_that_stays(office: Office, change, found):
    paid_month(office)

    first = differences(office, replace(STATEMENT, **change))

    assert [difference.key for difference in first] == found
    assert differences(office, replace(STATEMENT, **change)) == first


@pytest.mark.req("MONEY-05")
def test_a_batch_that_the_bank_leaves_unanswered_is_a_difference_after_three_days(office: Office):
    with office.transaction() as session:
        office.order(session)
    office.send()
    empty = replace(STATEMENT, lines=(), closing=Money(0))

    assert differences(office, empty, NOW + timedelta(days=3)) == ()
    [late] = differences(office, empty, NOW + timedelta(days=3, seconds=1))
    assert late.key == "unanswered:B1"


@pytest.mark.req("MONEY-05")
def test_a_refused_receipt_stays_a_difference(office: Office):
    paid_month(office)
    with office.transaction() as session:
        take_receipt(session, office.vault, "坏的", actor=SYSTEM, now=NOW)

    assert [d.key for d in differences(office, STATEMENT)] == ["receipt:2"]


@pytest.mark.req("MONEY-05")
def test_an_order_that_the_books_do_not_know_is_a_difference_with_the_business(office: Office):
    paid_month(office)
    with office.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE payment_order SET amount_fen = amount_fen + 1 WHERE id = 2"))

    with office.transaction() as session:
        [found] = reconcile_business(session, region=REGION)

    assert (found.key, found.booked, found.found) == (
        "business:371502:2101",
        Money(163_800),
        Money(163_801),
    )


def test_a_statement_is_read_back_as_it_was_written():
    assert read_statement(write_statement(STATEMENT)) == STATEMENT


HEAD = "CHANGLING-STATEMENT|1|371502|2025-11-01|2025-11-30|0|-500|1"


@pytest.mark.parametrize(
    ("head", "row", "line", "words"),
    [
        (HEAD.replace("-500|", "-499|"), "2025-11-05|B1|-5.00", 1, "期末余额"),
        (HEAD.replace("|1|371502", "|9|371502"), "2025-11-05|B1|-5.00", 1, "版本"),
        (HEAD, "2025-12-01|B1|-5.00", 2, "不在 2025-11-01 至 2025-11-30 之内"),
        (HEAD, "2025-11-05||-5.00", 2, "摘要号为空"),
        (HEAD, "2025-11-05|B1|--5.00", 2, "金额写法不对"),
        (HEAD, "2025-11-05|B1|-0.00", 2, "不能为零"),
        (HEAD, "2025-11-05|B1", 2, "应有 3 栏"),
    ],
)
def test_a_bad_statement_is_refused_with_the_line(head, row, line, words):
    with pytest.raises(BankFileError, match=words) as complaint:
        read_statement(closed([head, row], 1, Money(-500)))

    assert complaint.value.line == line


needs = st.dictionaries(
    st.sampled_from(["500229", "500238", "500242", "500243", "500101"]), st.integers(0, 999)
)


@pytest.mark.req("MONEY-06")
@given(st.integers(0, 3_000), needs)
def test_deeply_poor_counties_are_served_in_full_before_anyone_else(available, wanted):
    poor = {"500229", "500238"}

    shares = share_out(Money(available), {k: Money(v) for k, v in wanted.items()}, first=poor)

    given_ = sum(s.share.fen for s in shares)
    assert given_ == min(available, sum(wanted.values()))
    assert all(0 <= s.share.fen <= s.need.fen for s in shares)
    if any(s.share < s.need for s in shares if s.first):
        assert all(s.share == Money(0) for s in shares if not s.first)


@pytest.mark.req("MONEY-06", "MONEY-03")
def test_an_adjustment_stands_in_both_regions_books_once_and_verifies(office: Office):
    with office.transaction() as session:
        fund(session, "f", "1002", 1_000, region="371500")
    for _ in range(2):
        with office.transaction() as session:
            adjust(session, 400)

    with office.transaction() as session:
        assert balance(session, "1002", "371500", DAY) == Money(600)
        assert balance(session, "1002", REGION, DAY) == Money(400)
        rows = trial_balance(session)
        assert Money.total(r.debit for r in rows) == Money.total(r.credit for r in rows)
    with office.transaction() as session:
        assert verify_database(session).ok


def adjust(session, fen: int, **change):
    asked = {"key": "2025-11", "giver": "371500", "taker": REGION, "reason": "支出户不足", **change}
    return adjust_fund(session, amount=Money(fen), actor=ACCOUNTANT, now=NOW, **asked)


@pytest.mark.req("MONEY-06")
@pytest.mark.parametrize(
    ("fen", "change", "words"), [(1_001, {}, "只有 10.00 元"), (1, {"taker": "371500"}, "地区相同")]
)
def test_an_adjustment_that_cannot_be_is_refused(office: Office, fen, change, words):
    with office.transaction() as session:
        fund(session, "f", "1002", 1_000, region="371500")

        with pytest.raises(RefusedError, match=words):
            adjust(session, fen, **change)


def test_an_adjustment_key_used_for_another_amount_is_refused(office: Office):
    with office.transaction() as session:
        fund(session, "f", "1002", 1_000, region="371500")
        adjust(session, 400)

        with pytest.raises(LedgerError, match="已入账"):
            adjust(session, 500)


@pytest.mark.req("MONEY-06")
def test_a_region_is_short_by_what_it_owes_beyond_its_means(office: Office):
    with office.transaction() as session:
        fund(session, "f", "1002", 100_000)
        office.order(session)
        fund(session, "g", "1002", 5, region="371503")

        assert shortfalls(session) == {REGION: Money(63_800)}
