"""The API of the books: what the pages show, a month closed by two, money moved between funds once for one key."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import pytest
from flask import Flask
from test_api import signed_in
from visitors import PASSWORD, program

from engine.cases import book_periods
from engine.cases.adjustments import Adjustments, adjustments
from engine.cases.books import BooksFilter
from engine.cases.office import Office
from engine.cases.staff import sign_in
from engine.money.ledger import Line, post
from engine.values import SYSTEM, Actor, Money, Refusal

#: a county that books, and one in which nothing ever happened and whose month is closed
COUNTY, QUIET, MONTH = "371526", "371524", "2025-09"
#: statements of a month in which nothing happened
STATEMENTS = {
    "bank": "日期,摘要号,金额\n,期初余额,0\n,期末余额,0\n",
    "tax": f"地区,月份,金额\n{QUIET},{MONTH},0\n",
    "treasury": f"地区,月份,金额\n{QUIET},{MONTH},0\n",
}


def member(office: Office, login: str) -> Actor:
    """The member of staff, as the pages know them."""
    found = sign_in(office, login=login, password=PASSWORD)
    assert not isinstance(found, Refusal)
    return found


@pytest.mark.req("FLOW-10", "MONEY-03")
def test_the_statements_of_a_region_are_read_as_on_the_pages(app: Flask, office: Office) -> None:
    with office.store.transaction() as session:
        made = post(
            session,
            key="api-books:1",
            day=office.today,
            region=COUNTY,
            text="接口测试凭证",
            lines=[Line("5101", "debit", Money(30_050)), Line("2101", "credit", Money(30_050))],
            actor=SYSTEM,
            now=office.clock(),
        ).id
    client, _headers = signed_in(app, "accountant")

    fund = client.get(f"/api/v1/books/fund?region={COUNTY}").json
    trial = client.get(f"/api/v1/books/trial?region={COUNTY}").json
    sheet = client.get(f"/api/v1/books/balance?region={COUNTY}").json
    page = client.get(f"/api/v1/books/vouchers?region={COUNTY}&account=5101").json
    workbook = client.get(f"/api/v1/books/workbook?table=fund&region={COUNTY}")

    assert (fund["fund"]["expense_total"], fund["sight"]["first"]) == ("300.50", "2025-11")
    assert trial["trial"]["debit"] == trial["trial"]["credit"] == "300.50"
    assert sheet["sheet"]["liabilities_total"] == "300.50"
    assert client.get(f"/api/v1/books?region={COUNTY}").json["months"][-1]["expense"] == "300.50"
    assert [row["voucher"]["id"] for row in page["rows"]] == [made]
    assert client.get(f"/api/v1/books/vouchers?region={COUNTY}&before={made}").json["rows"] == []
    assert client.get(f"/api/v1/books/vouchers/{made}").json["voucher"]["lines"][0]["debit"] == "300.50"
    rows = openpyxl.load_workbook(BytesIO(workbook.data)).active
    assert rows is not None and 300.5 in {cell.value for row in rows.iter_rows() for cell in row}
    assert signed_in(app, "intake")[0].get("/api/v1/books").status_code == 403


@pytest.mark.req("FLOW-10", "MONEY-03", "MONEY-05")
def test_a_month_is_reconciled_signed_and_closed_by_two_and_opened_again_by_others(
    app: Flask, office: Office
) -> None:
    accountant, his = signed_in(app, "accountant")
    control, hers = signed_in(app, "control")
    early = accountant.post("/api/v1/books/periods", headers=his, json={"region": QUIET, "month": MONTH})
    assert early.status_code == 403
    assert len(early.json["reasons"]) == 4, "each report that is missing is a reason"

    for side in ("business", *STATEMENTS):
        form = {"region": QUIET, "month": MONTH, "side": side}
        if side in STATEMENTS:
            form["file"] = (BytesIO(STATEMENTS[side].encode()), f"{side}.csv")  # type: ignore[assignment]
        taken = accountant.post("/api/v1/books/reconciliations", headers=his, data=form)
        assert taken.status_code == 201, taken.text
    view = accountant.get(f"/api/v1/books/reconciliations?region={QUIET}&month={MONTH}").json
    for side in view["sides"]:
        path = f"/api/v1/books/reconciliations/{side['reconciliation_id']}"
        assert accountant.post(f"{path}/signature", headers=his).status_code == 200
        assert accountant.post(f"{path}/signature", headers=his).status_code == 403, (
            "not the same person twice"
        )
        assert control.post(f"{path}/signature", headers=hers).status_code == 200
        assert control.get(path).json["side"]["status"] == "signed"

    asked = accountant.post("/api/v1/books/periods", headers=his, json={"region": QUIET, "month": MONTH})
    assert asked.status_code == 201, asked.text
    row = accountant.get(f"/api/v1/books/periods?region={QUIET}").json["rows"][0]
    closing = f"/api/v1/books/periods/{row['closing_id']}"
    own = accountant.post(f"{closing}/confirmation", headers=his)
    assert (own.status_code, own.json["reasons"][0]["code"]) == (403, "same_person")
    assert own.json["reasons"][0]["text_en"]
    assert control.post(f"{closing}/confirmation", headers=hers).status_code == 200
    page = book_periods.months(office, member(office, "zhoukuaiji"), BooksFilter(region=QUIET))
    assert not isinstance(page, Refusal) and page.rows[0].status == "closed"

    cashier, theirs = signed_in(app, "cashier")
    why = {"why": "漏记一笔"}
    assert cashier.post(f"{closing}/reopenings", headers=theirs, json=why).status_code == 201
    row = accountant.get(f"/api/v1/books/periods?region={QUIET}").json["rows"][0]
    supervisor, last = program(app, "zhujiandu")
    opened = supervisor.post(
        f"/api/v1/books/reopenings/{row['reopening_id']}/decision", headers=last, json={"approve": True}
    )
    assert opened.status_code == 200, opened.text
    assert accountant.get(f"/api/v1/books/periods?region={QUIET}").json["rows"][0]["status"] == "reopened"


@pytest.mark.req("FLOW-10", "MONEY-05")
def test_a_statement_that_cannot_be_read_says_where(app: Flask) -> None:
    client, headers = signed_in(app, "accountant")
    lines = f"地区,月份,金额\n{COUNTY},2025-10,1\n{COUNTY},2025-10,2\n370100,2025-10,3\n"

    answer = client.post(
        "/api/v1/books/reconciliations",
        headers=headers,
        data={
            "region": COUNTY,
            "month": "2025-10",
            "side": "tax",
            "file": (BytesIO(lines.encode()), "t.csv"),
        },
    )

    assert answer.status_code == 403
    assert [reason["text"][:5] for reason in answer.json["reasons"]] == ["第 3 行", "第 4 行"]


@pytest.mark.req("FLOW-10", "MONEY-06")
def test_an_adjustment_is_proposed_and_booked_once_for_one_key(app: Flask, office: Office) -> None:
    supervisor = member(office, "zhujiandu")

    def seen() -> Adjustments:
        found = adjustments(office, supervisor, BooksFilter(region="371500"))
        assert not isinstance(found, Refusal)
        return found

    with office.store.transaction() as session:
        for key, region, debit, credit, fen in (
            ("has", "371500", "1002", "3001", 500_000),
            ("need", COUNTY, "5101", "2101", 300_000),
        ):
            lines = [Line(debit, "debit", Money(fen)), Line(credit, "credit", Money(fen))]
            post(session, key=f"api-adjust:{key}", day=office.today, region=region, text="测试", lines=lines, actor=SYSTEM, now=office.clock())  # fmt: skip
    accountant, his = signed_in(app, "accountant")
    wish = {"region": "371500", "amount": "10.00", "why": "支付能力不足"}
    path, keyed = "/api/v1/books/adjustments", {**his, "Idempotency-Key": "adjust-1"}
    assert signed_in(app, "cashier")[0].get(f"{path}?region=371500").json["may_propose"] is False

    first = accountant.post(path, headers=keyed, json=wish)
    again = accountant.post(path, headers=keyed, json=wish)
    wrong = accountant.post(path, headers=his, json={**wish, "amount": "1,2,x"})

    assert (first.status_code, again.status_code, first.data) == (201, 201, again.data)
    assert (wrong.status_code, wrong.json["reasons"][0]["code"]) == (403, "amount_wrong")
    [proposal] = [each for each in seen().proposals if each.reason == "支付能力不足"]
    decision = f"{path}/{proposal.proposal_id}/decision"
    assert accountant.post(decision, headers=his, json={"approve": True}).status_code == 403
    client, theirs = program(app, "zhujiandu")
    theirs["Idempotency-Key"] = "adjust-2"
    before = seen().held
    answers = [client.post(decision, headers=theirs, json={"approve": True}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert before.fen - seen().held.fen == 1_000


@pytest.mark.req("FLOW-10", "MONEY-01", "MONEY-03")
def test_a_paper_is_entered_once_for_one_key_and_booked_by_another(app: Flask, office: Office) -> None:
    accountant, headers = signed_in(app, "accountant")
    controller, theirs = signed_in(app, "control")
    paper = {
        "region": "371525",
        "kind": "bank_interest",
        "day": "2025-11-03",
        "amount": "12.34",
        "paper": "息-1",
    }
    once = headers | {"Idempotency-Key": "interest-1"}

    first = accountant.post("/api/v1/books/entries", json=paper, headers=once)
    again = accountant.post("/api/v1/books/entries", json=paper, headers=once)
    other = accountant.post("/api/v1/books/entries", json=paper, headers=headers)
    assert (first.status_code, again.headers.get("Idempotency-Replayed"), first.json) == (
        201,
        "true",
        again.json,
    )
    assert [reason["code"] for reason in other.json["reasons"]] == ["paper_known"]

    [row] = accountant.get("/api/v1/books/entries?region=371525").json["rows"]
    address = f"/api/v1/books/entries/{row['voucher_id']}/decision"
    own = accountant.post(address, json={"approve": True}, headers=headers)
    assert [reason["code"] for reason in own.json["reasons"]] == ["same_person"]
    assert controller.post(address, json={"approve": True}, headers=theirs).status_code == 200
    # other tests may give the county money of the fund: interest is this paper's alone
    income = accountant.get("/api/v1/books/fund?region=371525").json["fund"]["income"]
    assert [each["credit"] for each in income if each["account"] == "4002"] == ["12.34"]
    runs = accountant.post(
        "/api/v1/books/year-ends", json={"region": "371525", "year": "2025"}, headers=headers
    )
    assert "year_runs" in [reason["code"] for reason in runs.json["reasons"]]
