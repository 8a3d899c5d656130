"""The pages of the books: statements, vouchers, closing, reconciliation and adjustment, and who is let in."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime

import openpyxl
import pytest
from flask import Flask
from visitors import staff

from engine.cases.office import Office
from engine.money.ledger import Line, post
from engine.values import SYSTEM, Money

PAGES = (
    "",
    "/trial",
    "/fund",
    "/balance",
    "/vouchers",
    "/entries",
    "/periods",
    "/reconciliation",
    "/adjustment",
)


@pytest.fixture(scope="module")
def booked(seeded: Office) -> int:
    """October of Liaocheng and a county: 1,000.00 came in, 300.50 was spent, 200.50 of it is still owed; the voucher."""
    entries = (
        ("371500", date(2025, 10, 2), "1002", "3001", 100_000),
        ("371525", date(2025, 10, 9), "5101", "2101", 30_050),
        ("371525", date(2025, 10, 30), "2101", "1002", 10_000),
    )
    with seeded.store.transaction() as session:
        made = [
            post(
                session,
                key=f"books-test:{number}",
                day=day,
                region=region,
                text="测试凭证",
                lines=[Line(debit, "debit", Money(fen)), Line(credit, "credit", Money(fen))],
                actor=SYSTEM,
                now=datetime(2025, 10, 31, tzinfo=UTC),
            )
            for number, (region, day, debit, credit, fen) in enumerate(entries)
        ]
    return made[1].id


@pytest.mark.req("MONEY-03", "CTRL-01")
@pytest.mark.parametrize(
    ("duty", "status"),
    [
        ("accountant", 200),
        ("cashier", 200),
        ("control", 200),
        ("provincial", 200),
        ("intake", 403),
        ("administrator", 403),
    ],
)
def test_the_books_are_for_finance_control_and_supervision(
    app: Flask, booked: int, duty: str, status: int
) -> None:
    visitor = staff(app, duty)

    assert {page: visitor.get(f"/books{page}").status_code for page in PAGES} == dict.fromkeys(PAGES, status)


@pytest.mark.req("MONEY-03")
def test_a_statement_sums_a_region_with_all_below_it(app: Flask, booked: int) -> None:
    accountant = staff(app, "accountant")

    city = accountant.get("/books/balance?first=2025-10&last=2025-10").text
    county = accountant.get("/books/fund?region=371525&first=2025-10&last=2025-10").text

    assert figures(city, "资产合计") == ["900.00"]
    assert figures(city, "负债合计") == ["200.50"]
    assert figures(city, "净资产合计") == ["699.50"]
    assert figures(county, "支出合计") == ["300.50"]
    assert figures(county, "本期结余") == ["-300.50"]


def figures(page: str, words: str) -> list[str]:
    """The amounts in the row that begins with the words."""
    row = re.search(rf"<tr[^>]*>(?:(?!</tr>).)*{words}.*?</tr>", page, re.DOTALL)
    assert row, words
    return re.findall(r"-?[\d,]+\.\d\d", row[0])


@pytest.mark.req("MONEY-03")
@pytest.mark.parametrize("table", ["trial", "fund", "balance", "vouchers", "months", "regions"])
def test_every_statement_goes_to_excel_amounts_as_numbers_and_codes_as_text(
    app: Flask, booked: int, table: str
) -> None:
    answer = staff(app, "cashier").get(f"/books/export.xlsx?table={table}&first=2025-10&last=2025-10")

    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    values = {cell.value for row in sheet.iter_rows() for cell in row}
    assert (200.5 if table == "balance" else 300.5) in values
    assert not {value for value in values if isinstance(value, int | float) and value > 100_000}
    assert table in ("months", "regions") or ("2101" if table == "balance" else "5101") in values


@pytest.mark.req("MONEY-03")
def test_a_voucher_shows_its_postings_and_is_hidden_from_other_regions(app: Flask, booked: int) -> None:
    page = staff(app, "accountant").get(f"/books/vouchers/{booked}").text

    assert "5101" in page
    assert "300.50" in page
    assert staff(app, "accountant").get("/books/vouchers/999999").status_code == 404
    assert "不在您的岗位范围内" in staff(app, "accountant").get("/books?region=371400").text


@pytest.mark.req("MONEY-03")
@pytest.mark.parametrize(
    "asked",
    [
        "first=x&last=2025-13",
        "first=2025-11&last=2020-01",
        "last=9999-12",
        "first=0001-01",
        "region=%00&account='",
    ],
)
def test_nonsense_in_the_address_is_said_and_not_a_fault(app: Flask, booked: int, asked: str) -> None:
    accountant = staff(app, "accountant")
    for page in (*PAGES, "/export.xlsx"):
        answer = accountant.get(f"/books{page}?table=trial&before=x&month=x&amount=x&{asked}")
        assert answer.status_code == 200, page


@pytest.mark.req("MONEY-03")
def test_a_month_that_lacks_its_reports_is_not_closed_and_says_what_it_lacks(app: Flask, booked: int) -> None:
    answer = staff(app, "accountant").post("/books/periods", region="371500", month="2025-10")

    assert answer.status_code == 403
    assert "与银行的对账报告还没有两人签字" in answer.text
    assert staff(app, "cashier").post("/books/periods", region="371500", month="2025-10").status_code == 403
    wrong = staff(app, "accountant").post("/books/periods", region="371500", month="2025/10")
    assert "月份写法不对" in wrong.text


@pytest.mark.req("MONEY-01", "MONEY-03")
def test_a_voucher_by_hand_is_entered_by_one_and_booked_by_another(app: Flask, booked: int) -> None:
    asked = {"region": "371500", "kind": "contributions", "day": "2025-11-03", "paper": "税划-7", "note": ""}
    accountant, controller = staff(app, "accountant"), staff(app, "control")
    unread = accountant.post("/books/entries", **asked | {"day": "昨天"}, amount="很多")
    assert (unread.status_code, "日期写法不对" in unread.text, "金额写法不对" in unread.text) == (
        403,
        True,
        True,
    )
    assert "很多" in unread.text

    for nobody in ("cashier", "control", "intake"):
        assert staff(app, nobody).post("/books/entries", **asked, amount="500.00").status_code == 403
    entered = accountant.follow(accountant.post("/books/entries", **asked, amount="500.00"))
    assert "等他人复核入账" in entered.text
    number = re.search(r"第 (\d+) 号手工凭证已登记", entered.text)
    assert number
    address = f"/books/entries/{number[1]}"
    assert "登记的人不能自己复核入账" in accountant.post(address, act="approve", region="371500").text
    assert staff(app, "cashier").post(address, act="approve", region="371500").status_code == 403
    assert (
        "已入账，凭证号" in controller.follow(controller.post(address, act="approve", region="371500")).text
    )

    assert figures(accountant.get("/books/fund?first=2025-11&last=2025-11").text, "失业保险费收入") == [
        "500.00"
    ]


@pytest.mark.req("MONEY-03")
def test_a_year_that_runs_is_not_carried_and_the_page_says_what_is_missing(app: Flask, booked: int) -> None:
    refused = staff(app, "accountant").post("/books/entries/years", region="371500", year="2025")

    assert refused.status_code == 403
    assert "2025 年还没有过完" in refused.text
    assert (
        "年份写法不对"
        in staff(app, "accountant").post("/books/entries/years", region="371500", year="去年").text
    )
