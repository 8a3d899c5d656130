"""Money, posts and incidents on pages: who may, and what is said to who may not."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from visitors import Visitor, claimant, granted, staff

from engine.registers.cast import EMPLOYERS


@pytest.mark.req("MONEY-01")
@pytest.mark.parametrize("duty", ["cashier", "accountant"])
def test_a_finance_post_for_a_business_person_is_refused_with_the_rule_and_its_source(
    app: Flask, duty: str
) -> None:
    administrator = staff(app, "administrator")

    page = administrator.post("/staff/posts", login="wangshouli", duty=duty, region="371500")

    assert page.status_code == 403
    assert "业务岗与财务岗不得由同一人担任" in page.text
    assert "鲁人社函〔2020〕10号" in page.text
    assert re.search(rf'<option value="{duty}" selected>', page.text), "the choice is kept"


@pytest.mark.parametrize("duty", ["intake", "cashier", "approve"])
def test_posts_are_for_the_administrator_only(app: Flask, duty: str) -> None:
    member = staff(app, duty)

    assert member.get("/staff").status_code == 403
    assert member.post("/staff/posts", login="wuchuna", duty="cashier", region="371500").status_code == 403


@pytest.mark.req("MONEY-04")
def test_a_payment_run_is_signed_page_by_page_and_its_batch_shows_who_signed(app: Flask) -> None:
    granted(app, "zheng")
    staff(app, "intake").post("/payments/run", month="2025-11")
    steps = (
        ("review", {"sample_opinion": "pass", "sampled_lines": "1", "sample_note": "逐笔核对一致"}),
        ("accountant", {"certificate": "agree"}),
    )

    for duty, answers in (*steps, ("cashier", {"release": "agree"})):
        member = staff(app, duty)
        found = re.search(
            r'action="/tasks/(\w+)/claim"', member.get("/inbox?list=claimable&process=payment_run").text
        )
        assert found, duty
        member.post(f"/tasks/{found[1]}/claim")
        assert "支付明细" in member.get(f"/tasks/{found[1]}").text
        member.follow(member.post(f"/tasks/{found[1]}", **answers))

    number = re.search(r'href="/payments/([\w-]+)"', staff(app, "control").get("/payments").text)
    assert number
    page = staff(app, "control").get(f"/payments/{number[1]}").text
    assert all(name in page for name in ("赵复和", "周会", "吴娜"))


@pytest.mark.req("MONEY-01")
def test_a_payment_run_is_not_started_by_finance(app: Flask) -> None:
    assert staff(app, "cashier").post("/payments/run", month="2025-11").status_code == 403


@pytest.mark.parametrize("month", ["", "2025-13", "十一月", "2025-11-01'"])
def test_a_month_that_is_none_is_answered_in_words(app: Flask, month: str) -> None:
    member = staff(app, "intake")

    page = member.follow(member.post("/payments/run", month=month))

    assert "月份写法不对" in page.text


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00garbage", "不是回盘".encode()])
def test_a_file_that_is_no_receipt_is_refused_in_words(app: Flask, content: bytes) -> None:
    accountant = staff(app, "accountant")
    upload = {"csrf_token": accountant.token(), "receipt": (io.BytesIO(content), "receipt.txt")}

    answer = accountant.client.post("/payments/receipt", data=upload)

    assert answer.status_code == 403
    assert "系统出了问题" not in answer.text
    assert "第" in answer.text, "the line is named"


def test_a_file_that_is_too_large_is_refused_in_words(app: Flask) -> None:
    accountant = staff(app, "accountant")
    upload = {"csrf_token": accountant.token(), "receipt": (io.BytesIO(b"x" * 9_000_000), "receipt.txt")}

    answer = accountant.client.post("/payments/receipt", data=upload)

    assert answer.status_code == 413
    assert "文件太大" in answer.text


def test_incidents_are_for_those_who_run_the_office(app: Flask) -> None:
    assert staff(app, "control").get("/incidents").status_code == 200
    assert staff(app, "intake").get("/incidents").status_code == 403
    assert staff(app, "intake").post("/incidents/1/retry").status_code == 403


def test_the_menu_offers_only_pages_of_use(app: Flask) -> None:
    assert 'href="/staff"' in staff(app, "administrator").get("/inbox").text
    assert 'href="/payments"' not in staff(app, "administrator").get("/inbox").text
    assert 'href="/staff"' not in staff(app, "intake").get("/inbox").text


def test_an_employer_signs_in_by_its_code_and_sees_its_own_page(app: Flask) -> None:
    visitor = Visitor(app)
    employer = EMPLOYERS["guangyue"]

    page = visitor.follow(visitor.post("/employer/sign-in", credit_code=employer.credit_code))

    assert employer.name in page.text
    assert visitor.post("/employer/sign-in", credit_code="91371502L000000110").status_code == 403


@pytest.mark.req("RECT-02")
def test_a_finding_is_issued_by_the_province_only_and_reaches_its_region(app: Flask) -> None:
    asked = {"topic": "参保范围", "unit": "371500", "plan_due": "2025-11-20", "done_due": "2025-12-31"}
    province = staff(app, "provincial")

    page = province.follow(province.post("/rectification/one", **asked))
    wrong = province.post("/rectification/one", **{**asked, "plan_due": "下周"})
    reversed_ = province.post("/rectification/one", **{**asked, "done_due": "2025-11-01"})

    assert "整改问题已下达" in page.text
    assert (wrong.status_code, reversed_.status_code) == (422, 403)
    assert 'value="参保范围"' in wrong.text
    assert "整改" in staff(app, "rectifier").get("/inbox?list=claimable").text
    assert staff(app, "intake").post("/rectification/one", **asked).status_code == 403


@pytest.mark.req("TRANS-01")
def test_a_person_asks_for_a_transfer_with_two_places_and_nothing_else(app: Flask) -> None:
    person = claimant(app, "qin")

    page = person.follow(person.post("/my/transfers", from_region="371500", to_region="371400"))
    nowhere = person.post("/my/transfers", from_region="371500", to_region="999999")

    assert "转迁申请已受理" in page.text
    assert nowhere.status_code == 403
    assert "999999" in nowhere.text
