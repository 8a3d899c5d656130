"""The API of internal control: rules, data changes and incidents by two people; who looked at files is seen."""

from __future__ import annotations

import pytest
from flask import Flask
from test_api import signed_in
from visitors import PASSWORD, STAFF, granted, program

from engine.cases import risk_room
from engine.cases.data_changes import ChangeDesk, change_desk
from engine.cases.fund_incidents import IncidentView, fund_incident
from engine.cases.office import Office
from engine.cases.staff import sign_in
from engine.registers.cast import PEOPLE
from engine.values import Actor, Refusal

RULE = {
    "rule": "api_shared_account",
    "name": "两人以上共用账户（接口）",
    "english": "Two or more on one account",
    "level": "high",
    "condition": "account_shared_by > 1",
    "says": "另有 {account_shared_by} 人",
    "source": "内控设计",
}


def member(office: Office, login: str) -> Actor:
    """The member of staff, as the pages know them."""
    found = sign_in(office, login=login, password=PASSWORD)
    assert not isinstance(found, Refusal)
    return found


@pytest.mark.req("FLOW-10", "CTRL-04")
def test_a_rule_is_tried_kept_and_put_in_force_by_two(app: Flask, office: Office) -> None:
    control, hers = signed_in(app, "control")
    supervisor, theirs = program(app, "zhujiandu")
    path = "/api/v1/control/rules"

    faulty = control.post(path, headers=hers, json={**RULE, "condition": "account_shared_by > 7"})
    in_english = control.post(
        path, headers={**hers, "Accept-Language": "en"}, json={**RULE, "condition": "account_shared_by > 7"}
    )
    tried = control.post(f"{path}/trial", headers=hers, json=RULE)
    key = {**hers, "Idempotency-Key": "rule-1"}
    kept, again = (control.post(path, headers=key, json=RULE) for _ in range(2))

    assert (faulty.status_code, list(faulty.json["fields"])) == (422, ["condition"])
    assert "cannot be written" in in_english.json["fields"]["condition"]
    assert tried.status_code == 200 and tried.json["payees"] >= tried.json["flagged"]
    assert (kept.status_code, kept.data) == (201, again.data)
    number = kept.json["rule_id"]
    untried = supervisor.post(f"{path}/{number}/approval", headers=theirs)
    assert (untried.status_code, untried.json["reasons"][0]["code"]) == (403, "not_tried")
    assert control.post(f"{path}/{number}/trial", headers=hers).status_code == 200
    own = control.post(f"{path}/{number}/approval", headers=hers)
    assert own.status_code == 403 and own.json["reasons"][0]["text_en"]
    assert supervisor.post(f"{path}/{number}/approval", headers=theirs).status_code == 200
    seen = risk_room.rule_view(office, member(office, STAFF["control"]), number)
    assert not isinstance(seen, Refusal) and seen.status == "live"
    assert (
        control.post(f"{path}/{number}/retirement", headers=hers, json={"why": "测试完毕"}).status_code == 200
    )


@pytest.mark.req("FLOW-10", "CTRL-04", "CTRL-03")
def test_payees_are_screened_samples_drawn_and_both_are_listed(app: Flask) -> None:
    granted(app)
    client, headers = signed_in(app, "control")

    screened = client.post("/api/v1/control/screenings", headers=headers, json={})
    unknown = client.post(
        "/api/v1/control/samples", headers=headers, json={"what": "process:x", "month": "2025-11"}
    )
    drawn = client.post(
        "/api/v1/control/samples", headers=headers, json={"what": "process:claim", "month": "2025-11"}
    )
    recheck = client.post("/api/v1/control/flags/999999/recheck", headers=headers)

    assert screened.status_code == 200, screened.text
    assert client.get("/api/v1/control/rules").json["last"]["region"] == "371500"
    assert client.get("/api/v1/control/flags").status_code == 200
    assert unknown.json["reasons"][0]["code"] == "no_such_choice"
    assert drawn.status_code == 201, drawn.text
    draw = client.get("/api/v1/control/samples").json["draws"][0]
    found = client.get(f"/api/v1/control/samples/{draw['draw_id']}?again=true").json
    assert found["again"] is not None and len(found["items"]) == draw["drawn"]
    assert recheck.status_code == 404
    for duty in ("intake", "administrator"):
        visitor, own = signed_in(app, duty)
        assert visitor.get("/api/v1/control/rules").status_code == 403
        assert visitor.get("/api/v1/control/looks").status_code == 403
        assert visitor.post("/api/v1/control/screenings", headers=own, json={}).status_code == 403


@pytest.mark.req("FLOW-10", "CTRL-01")
def test_stored_data_is_changed_by_two(app: Flask, office: Office) -> None:
    first, his = program(app, "fengshuju")
    second, hers = program(app, "lvshuju2")
    path = "/api/v1/control/changes"
    wish = {
        "field": "person_phone",
        "number": PEOPLE["jin"].id_number,
        "value": "13906350077",
        "reason": "本人来电更正（接口）",
        "evidence": "电话录音 77 号",
    }

    wrong = first.post(path, headers=his, json={**wish, "value": "12"})
    assert (wrong.status_code, bool(wrong.json["reasons"][0]["text_en"])) == (403, True)
    assert first.post(path, headers=his, json=wish).status_code == 201
    desk = change_desk(office, member(office, "fengshuju"))
    assert isinstance(desk, ChangeDesk)
    row = next(each for each in desk.rows if each.reason == wish["reason"])
    own = first.post(f"{path}/{row.change_id}/decision", headers=his, json={"approve": True, "why": "好"})
    assert own.status_code == 403 and "同一人" in own.json["reasons"][0]["text"]
    agreed = second.post(
        f"{path}/{row.change_id}/decision", headers=hers, json={"approve": True, "why": "与录音一致"}
    )
    assert agreed.status_code == 200, agreed.text
    told = first.get(f"{path}?status=applied")
    assert "13906350077" not in told.text
    assert row.change_id in {each["change_id"] for each in told.json["rows"]}
    assert {"id", "hint_english"} <= set(told.json["fields"][0])
    late = first.post(f"{path}/{row.change_id}/withdrawal", headers=his)
    assert late.status_code in (403, 409)


@pytest.mark.req("FLOW-10", "CTRL-05")
def test_an_incident_is_written_down_and_signed_by_another(app: Flask, office: Office) -> None:
    control, hers = signed_in(app, "control")
    supervisor, theirs = program(app, "zhujiandu")
    path = "/api/v1/control/incidents"
    told = {
        "region": "371500",
        "found_on": "2025-11-03",
        "found_by": "sample",
        "title": "冒领失业保险金（接口）",
        "account": "抽检发现一人冒领八个月",
        "contact": "郑内 0635-8888888",
        "amount": "12000.00",
    }

    form = control.post(path, headers=hers, json={**told, "amount": "1,2"})
    small = control.post(path, headers=hers, json={**told, "amount": "9999.99"})
    made = control.post(path, headers=hers, json=told)

    assert (form.status_code, list(form.json["fields"])) == (422, ["amount"])
    assert small.status_code == 403 and small.json["reasons"]
    assert made.status_code == 201, made.text
    one = f"{path}/{made.json['incident_id']}"
    assert control.get(one).json["due_on"] == "2025-11-10"
    assert control.post(f"{one}/signature", headers=hers).status_code == 403
    assert supervisor.post(f"{one}/signature", headers=theirs).status_code == 200
    more = control.post(
        f"{one}/reports", headers=hers, json={"text": "已追回", "amount": "12000.00", "closes": True}
    )
    assert more.status_code == 201, more.text
    seen = fund_incident(office, member(office, STAFF["control"]), made.json["incident_id"])
    assert isinstance(seen, IncidentView)
    assert (seen.status, [each.text for each in seen.follow_ups]) == ("closed", ["已追回"])


@pytest.mark.req("FLOW-10", "CTRL-07")
def test_who_looked_at_files_is_told_to_inspectors(app: Flask, office: Office) -> None:
    client, _headers = program(app, "zhujiandu")

    month = client.get("/api/v1/control/looks?month=2025-11")
    of_one = client.get(f"/api/v1/control/looks/{member(office, 'wangshouli').id}?month=2025-11")

    assert (month.status_code, month.json["month"]) == (200, "2025-11")
    assert of_one.status_code == 200, of_one.text
    assert "name" in of_one.json
