"""The API of what people and employers say about themselves: contacts, applications, reports about workers."""

from __future__ import annotations

import pytest
from flask import Flask
from test_api import signed_in
from test_reduction_pages import reported
from visitors import Visitor, claimant

from engine.cases.office import Office


def token_of(visitor: Visitor) -> dict[str, str]:
    """The header that changes of whoever is signed in need."""
    told = visitor.client.get("/api/v1/session").json
    assert told is not None
    return {"X-CSRFToken": told["csrf_token"]}


@pytest.mark.req("FLOW-10", "CLAIM-09")
def test_a_person_says_where_to_be_told(app: Flask) -> None:
    person = claimant(app)
    headers, path = token_of(person), "/api/v1/my/contacts"

    kept = person.client.put(path, headers=headers, json={"channel": "sms", "address": "13906351234"})
    wrong = person.client.put(path, headers=headers, json={"channel": "mail", "address": "x"})

    assert kept.status_code == 200, kept.text
    assert (wrong.status_code, wrong.json["reasons"][0]["code"]) == (403, "mail_form")
    assert person.client.get(path).json["phone"] == "139****1234"
    assert "139****1234" in person.get("/contacts").text
    assert person.client.put(path, headers=headers, json={"channel": "sms"}).status_code == 200
    assert person.client.get(path).json["phone"] == ""


@pytest.mark.req("FLOW-10", "CLAIM-11", "CLAIM-10")
def test_faults_of_an_application_are_told_at_their_fields(app: Flask) -> None:
    person = claimant(app)
    headers = token_of(person)
    death = {
        "deceased_number": "370000190001010011", "deceased_name": "某某", "relation": "spouse", "other_fund": "none",
    }  # fmt: skip

    skill = person.client.post("/api/v1/my/skills", headers=headers, json={"certificate_number": "X1"})
    uncommitted = person.client.post("/api/v1/my/death-grants", headers=headers, json=death)

    assert (skill.status_code, list(skill.json["fields"])) == (422, ["certificate_number"])
    assert skill.json["reasons"][0]["code"]
    assert uncommitted.status_code == 422
    assert {"commitment", "deceased_number"} <= set(uncommitted.json["fields"])
    assert person.client.get("/api/v1/my/skills").json["certificates"] == []
    clerk, _theirs = signed_in(app, "intake")
    assert clerk.get("/api/v1/skill-subsidies").json["counter"] is True
    assert clerk.get("/api/v1/death-grants").json["counter"] is True


@pytest.mark.req("FLOW-10", "SERV-04")
def test_a_worker_objects_and_the_employer_answers(app: Flask, office: Office) -> None:
    own, who, number = reported(app)
    path = f"/api/v1/reductions/{number}"
    person = Visitor(app)
    person.post("/apply", id_number=who.population.id_number, name=who.population.name)
    mine, theirs = token_of(person), token_of(own)
    day = {"day": "2099-01-01"}

    late = own.client.post(f"{path}/given", headers=theirs, json=day)
    assert (late.status_code, list(late.json["fields"])) == (422, ["day"])
    assert own.client.post(f"{path}/given", headers=theirs, json={"day": "2025-11-02"}).status_code == 200
    assert person.client.post(f"{path}/received", headers=mine).status_code == 200
    said = {"statement": "是单位要我走的", "claimed_reason": "I07"}
    wrong = person.client.post(f"{path}/objection", headers=mine, json={**said, "claimed_reason": "X99"})
    assert (wrong.status_code, list(wrong.json["fields"])) == (422, ["claimed_reason"])
    key = {**mine, "Idempotency-Key": f"objects-{number}"}
    first, again = (person.client.post(f"{path}/objection", headers=key, json=said) for _ in range(2))
    assert (first.status_code, first.data) == (201, again.data)
    answer = own.client.post(
        f"{path}/answer", headers=theirs, json={"agrees": False, "statement": "本人递交了辞职信"}
    )
    assert answer.status_code == 200, answer.text
    seen = own.client.get(path).json
    assert (seen["objections"][0]["employer_agrees"], seen["row"]["given_on"]) == (False, "2025-11-02")
    assert number in {
        each["row"]["report_id"] for each in person.client.get("/api/v1/my/reductions").json["rows"]
    }
    assert number in {
        each["report_id"] for each in own.client.get("/api/v1/my/reduction-reports").json["rows"]
    }
    clerk, _headers = signed_in(app, "intake")
    listed = clerk.get("/api/v1/reductions?which=objected").json["page"]["rows"]
    assert number in {each["report_id"] for each in listed}
    stranger = claimant(app)
    assert stranger.client.get(path).status_code in (403, 404)
