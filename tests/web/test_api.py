"""The API gives what the pages give, and refuses what they refuse."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from visitors import ANSWERS, PASSWORD, STAFF, claimed, confirmed, open_task, program, staff
from werkzeug.test import TestResponse


def signed_in(app: Flask, duty: str) -> tuple[FlaskClient, dict[str, str]]:
    """A program signed in as the duty's holder, and the header that its changes need."""
    return program(app, STAFF[duty])


@pytest.mark.req("FLOW-10")
def test_a_task_is_found_read_claimed_and_completed(app: Flask) -> None:
    _person, case = confirmed(app)
    task = open_task(staff(app, "intake"), case)
    client, headers = signed_in(app, "intake")

    rows = client.get("/api/v1/inbox?list=claimable").json["rows"]
    view = client.get(f"/api/v1/tasks/{task}").json
    claim = client.post(f"/api/v1/tasks/{task}/claim", headers=headers)
    done = client.post(
        f"/api/v1/tasks/{task}/complete", headers=headers, json={"fields": ANSWERS["check_intake"]}
    )

    assert task in [row["task_id"] for row in rows]
    assert "intake_opinion" in [field["key"] for field in view["fields"]]
    assert claim.status_code == 200
    assert done.json["message"].startswith("已办结")
    assert {"element_id", "state"} <= set(client.get(f"/api/v1/cases/{case}").json["steps"][0])


@pytest.mark.req("FLOW-10", "MONEY-01")
def test_a_refusal_is_a_problem_with_its_reasons(app: Flask) -> None:
    _person, case = confirmed(app)
    task = open_task(staff(app, "intake"), case)
    client, headers = signed_in(app, "cashier")

    answer = client.post(
        f"/api/v1/tasks/{task}/complete", headers=headers, json={"fields": ANSWERS["check_intake"]}
    )

    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"
    assert answer.json["reasons"][0]["text"]


def test_a_change_without_the_token_is_refused(app: Flask) -> None:
    client, _headers = signed_in(app, "intake")

    answer = client.post("/api/v1/claims")

    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"


def test_who_is_not_signed_in_is_told_where_to(app: Flask) -> None:
    client = app.test_client()

    for path in ("/api/v1/inbox", "/api/v1/tasks/x", "/api/v1/cases/1", "/api/v1/session"):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_wrong_fields_are_named(app: Flask) -> None:
    _person, case = confirmed(app)
    task = open_task(staff(app, "intake"), case)
    client, headers = signed_in(app, "intake")

    wrong = client.post(f"/api/v1/tasks/{task}/complete", headers=headers, json={"fields": {}})
    shapeless = client.post(
        f"/api/v1/tasks/{task}/complete", headers=headers, json={"fields": {"a": {"b": 1}}}
    )
    nothing = client.post(
        f"/api/v1/tasks/{task}/complete", headers=headers, data="{", content_type="application/json"
    )

    assert wrong.status_code == 422
    assert "intake_opinion" in wrong.json["fields"]
    assert shapeless.status_code == 422
    assert nothing.status_code in (400, 422)


def test_a_claim_is_filed_by_its_person_only(app: Flask) -> None:
    person, case, _task = claimed(app)
    token = person.client.get("/api/v1/session").json["csrf_token"]
    client, headers = signed_in(app, "intake")

    again = person.client.post("/api/v1/claims", headers={"X-CSRFToken": token})

    assert again.status_code == 409
    assert client.post("/api/v1/claims", headers=headers).status_code == 403
    assert person.client.get(f"/api/v1/cases/{case}").json["can"] == ["withdraw"]


@pytest.mark.req("FLOW-10")
def test_the_description_names_every_route(app: Flask) -> None:
    described = app.test_client().get("/api/v1/openapi.json").json

    routes = {
        re.sub(r"<(?:[^<>:]+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and "openapi" not in rule.rule
    }
    assert described["openapi"].startswith("3.")
    assert routes == set(described["paths"])


def test_a_foreign_page_cannot_sign_anybody_in(app: Flask) -> None:
    body = f'{{"login": "{STAFF["intake"]}", "password": "{PASSWORD}"}}'

    answer = app.test_client().post("/api/v1/session", data=body, content_type="text/plain")

    assert answer.status_code == 422


@pytest.mark.req("FLOW-10")
def test_a_claim_is_drafted_and_withdrawn_and_the_session_ended(app: Flask) -> None:
    person, case, task = claimed(app)
    headers = {"X-CSRFToken": person.client.get("/api/v1/session").json["csrf_token"]}

    draft = person.client.put(
        f"/api/v1/tasks/{task}/draft", headers=headers, json={"fields": {"phone": "138"}}
    )
    values = person.client.get(f"/api/v1/tasks/{task}").json["values"]
    silent = person.client.post(f"/api/v1/cases/{case}/withdrawal", headers=headers, json={"why": ""})
    gone = person.client.post(f"/api/v1/cases/{case}/withdrawal", headers=headers, json={"why": "已就业"})
    again = person.client.post(f"/api/v1/cases/{case}/withdrawal", headers=headers, json={"why": "已就业"})
    ended = person.client.delete("/api/v1/session", headers=headers)

    assert draft.status_code == 200
    assert values["phone"] == "138"
    assert [answer.status_code for answer in (silent, gone, again, ended)] == [422, 200, 409, 204]
    assert person.client.get("/api/v1/session").status_code == 401


@pytest.mark.req("FLOW-10", "MONEY-01")
def test_a_payment_run_is_started_by_business_only_and_its_batch_is_for_money_duties(app: Flask) -> None:
    client, headers = signed_in(app, "cashier")
    administrator, _headers = signed_in(app, "administrator")

    answer = client.post("/api/v1/payments", headers=headers, json={"month": "2025-11"})
    shapeless = client.post("/api/v1/payments", headers=headers, json={"month": "2025-11; drop"})

    assert answer.status_code == 403
    assert shapeless.status_code == 422
    assert shapeless.mimetype == "application/problem+json"
    assert "month" in shapeless.json["fields"]
    assert administrator.get("/api/v1/payments/PB-1").status_code == 403
    assert client.get("/api/v1/payments/PB-1").status_code == 404


@pytest.mark.req("FLOW-10")
def test_a_problem_speaks_the_language_of_its_caller(app: Flask) -> None:
    client, headers = signed_in(app, "intake")
    path = "/api/v1/my/cases"

    chinese = client.get(path, headers=headers)
    english = client.get(path, headers={**headers, "Accept-Language": "fr, en-GB;q=0.8, zh;q=0.5"})

    assert (chinese.status_code, english.status_code) == (403, 403)
    assert re.search("[\u4e00-\u9fff]", chinese.json["title"])
    assert not re.search("[\u4e00-\u9fff]", english.json["title"] + english.json["detail"])
    assert english.headers["Content-Language"] == "en"
    assert chinese.json["reasons"] == english.json["reasons"]


@pytest.mark.req("FLOW-10")
def test_a_read_that_is_asked_again_says_that_nothing_changed(app: Flask) -> None:
    client, _headers = signed_in(app, "intake")
    first = client.get("/api/v1/inbox/counts")

    same = client.get("/api/v1/inbox/counts", headers={"If-None-Match": first.headers["ETag"]})
    confirmed(app)
    other = client.get("/api/v1/inbox/counts", headers={"If-None-Match": first.headers["ETag"]})

    assert (same.status_code, same.data) == (304, b"")
    assert other.status_code == 200
    assert other.json["claimable"] == first.json["claimable"] + 1


def test_too_much_at_once_is_refused(app: Flask) -> None:
    client, headers = signed_in(app, "intake")

    long = client.post("/api/v1/inbox/find", headers=headers, json={"search": "长" * 300_000})
    many = client.post("/api/v1/bulk/claim", headers=headers, json={"task_ids": ["x"] * 101})
    wide = client.get("/api/v1/inbox?size=1000")
    unread = client.get("/api/v1/inbox?due_from=tomorrow")

    assert [answer.status_code for answer in (long, many, wide, unread)] == [413, 422, 422, 422]
    assert {answer.mimetype for answer in (long, many, wide, unread)} == {"application/problem+json"}
    assert "due_from" in unread.json["fields"]


@pytest.mark.req("FLOW-10")
def test_a_paper_is_sent_listed_fetched_and_taken_out(app: Flask) -> None:
    person, case, _task = claimed(app)
    headers = {"X-CSRFToken": person.client.get("/api/v1/session").json["csrf_token"]}
    content = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"

    def send(key: str) -> TestResponse:
        return person.client.post(
            f"/api/v1/cases/{case}/attachments",
            headers={**headers, "Idempotency-Key": key},
            data={"file": (BytesIO(content), "letter.pdf"), "title": "说明"},
        )

    first, again = send(f"paper-{case}"), send(f"paper-{case}")
    rows = person.client.get(f"/api/v1/cases/{case}/attachments").json["rows"]

    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [row["name"] for row in rows] == ["letter.pdf"]
    number = rows[0]["attachment_id"]
    assert person.client.get(f"/api/v1/attachments/{number}").data == content
    removal = f"/api/v1/attachments/{number}/removal"
    assert person.client.post(removal, headers=headers, json={"why": "传错了"}).status_code == 200


@pytest.mark.req("FLOW-10")
def test_the_description_is_a_page_without_scripts_from_elsewhere(app: Flask) -> None:
    page = app.test_client().get("/api/docs")

    assert page.status_code == 200
    assert "/api/v1/tasks/{task_id}/send-back" in page.text
    assert not re.search(r'(?:src|href)="https?:', page.text)
