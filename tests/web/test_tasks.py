"""Tasks and cases as people see them, and what a hand-made request cannot do."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from visitors import ANSWERS, claimant, claimed, confirmed, granted, open_task, staff

from engine.cases.office import Office
from engine.store.audit import AuditEvent


@pytest.mark.req("CLAIM-01", "CLAIM-02", "CLAIM-11", "FLOW-05", "FLOW-07")
def test_a_claim_goes_from_one_click_to_a_grant_without_any_script(app: Flask) -> None:
    person, case = granted(app)

    page = person.get(f"/cases/{case}").text
    assert "已办结" in page
    assert "核定告知书" in page
    assert "失业保险金" in page
    assert "未确认" in page, "a figure that waits for confirmation says so"


@pytest.mark.req("MONEY-01", "MONEY-02", "CTRL-01")
def test_a_hand_made_request_without_the_duty_is_refused_with_its_rule_and_recorded(
    app: Flask, office: Office
) -> None:
    _person, case = confirmed(app)
    task = open_task(staff(app, "intake"), case)
    cashier = staff(app, "cashier")

    answer = cashier.post(f"/tasks/{task}", **ANSWERS["check_intake"])

    assert answer.status_code == 403
    assert "受理岗" in answer.text
    with office.store.reading() as session:
        refused = session.scalars(
            select(AuditEvent).where(
                AuditEvent.action == "ACTION_REFUSED", AuditEvent.stream == f"case:{case}"
            )
        ).all()
    assert len(refused) == 1


def test_errors_keep_what_was_typed_and_say_what_to_correct(app: Flask) -> None:
    person, _case, task = claimed(app)

    page = person.post(f"/tasks/{task}", answer="object", phone="12345", objection_text="工资不对")

    assert page.status_code == 422
    assert 'value="12345"' in page.text
    assert "工资不对" in page.text
    assert 'href="#f-phone"' in page.text
    assert 'aria-describedby="f-phone-error f-phone-hint"' in page.text


def test_a_draft_is_kept_as_typed(app: Flask) -> None:
    person, _case, task = claimed(app)

    person.follow(person.post(f"/tasks/{task}/draft", phone="1380"))

    assert 'value="1380"' in person.get(f"/tasks/{task}").text


@pytest.mark.req("CTRL-07")
def test_a_case_is_not_shown_to_another_person_nor_to_another_region(app: Flask) -> None:
    _person, case, task = claimed(app, "lin")
    others = claimant(app), staff(app, "elsewhere"), staff(app, "administrator")

    pages = [other.get(path) for other in others for path in (f"/cases/{case}", f"/tasks/{task}")]
    diagrams = [other.get(f"/cases/{case}/diagram.bpmn") for other in others]

    assert [page.status_code for page in pages + diagrams] == [403] * 9
    assert all("林立新" not in page.text for page in pages)


def test_what_a_person_writes_is_shown_as_text(app: Flask) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    person, case, task = claimed(app)

    person.post(
        f"/tasks/{task}",
        **{
            **ANSWERS["confirm_form"],
            "answer": "object",
            "objected_field": "exit_day",
            "objection_text": hostile,
        },
    )

    member = staff(app, "intake")
    for path in (f"/cases/{case}", f"/tasks/{open_task(member, case)}"):
        page = member.get(path).text
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.req("CLAIM-01")
def test_a_claim_is_withdrawn_with_a_reason_and_only_by_its_person(app: Flask) -> None:
    person, case, _task = claimed(app)
    stranger = claimant(app)

    refused = stranger.post(f"/cases/{case}/withdraw", why="不是我的")
    page = person.follow(person.post(f"/cases/{case}/withdraw", why="已找到工作"))

    assert refused.status_code == 403
    assert "已撤回" in page.text


def test_a_second_claim_while_one_is_open_is_refused_with_its_number(app: Flask) -> None:
    person, _case, _task = claimed(app)

    again = person.post("/my/claims")

    assert again.status_code == 409
    assert re.search(r"SL-2025-\d{6}", again.text)


@pytest.mark.parametrize("path", ["/tasks/nothing", "/cases/999999", "/payments/nothing"])
def test_what_is_not_there_is_not_found(app: Flask, path: str) -> None:
    assert staff(app, "intake").get(path).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "?cursor=%27;drop",
        "?cursor=2025-99-99T00:00:00%2B00:00~x",
        "?list=none",
        "?search=%25_\\",
        "?process=x",
    ],
)
def test_a_hostile_address_of_the_inbox_shows_an_inbox(app: Flask, query: str) -> None:
    assert staff(app, "intake").get(f"/inbox{query}").status_code == 200


def test_the_enhancer_gets_the_list_alone_and_history_the_whole_page(app: Flask) -> None:
    member = staff(app, "intake")

    part = member.get("/inbox", **{"HX-Request": "true"}).text
    whole = member.get("/inbox", **{"HX-Request": "true", "HX-History-Restore-Request": "true"}).text

    assert "<html" not in part
    assert "<html" in whole
