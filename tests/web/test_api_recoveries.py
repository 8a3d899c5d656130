"""The API of recoveries: money that came back is booked once for one key, and everybody else is told why not."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from test_api import signed_in
from visitors import PASSWORD, STAFF, program

from engine.benefits.recovery_tables import Overpayment
from engine.cases import inbox
from engine.cases.office import Office
from engine.cases.recovery_lists import RecoveryView, recovery_view
from engine.cases.recovery_openers import open_recovery
from engine.cases.staff import sign_in, sign_in_person
from engine.cases.views import Done
from engine.registers.cast import PEOPLE
from engine.values import Actor, Refusal, TaskId
from engine.workflow.tables import WorkflowTask

#: each step of a recovery, who answers it and how; nobody of staff: the person
STEPS = (
    ("state_and_defend", "", {"statement_answer": "accept", "wished_mode": "once"}),
    (
        "propose_recovery",
        "intake",
        {
            "proposal": "recover",
            "conduct": "unintended",
            "mode": "once",
            "proposal_note": "停发情形发生后仍领取",
        },
    ),
    ("review_recovery", "review", {"review_opinion": "agree"}),
    ("approve_recovery", "approve", {"approval": "approve"}),
)


def member(office: Office, duty: str) -> Actor:
    """The holder of the duty, as the pages know them."""
    found = sign_in(office, login=STAFF[duty], password=PASSWORD)
    assert not isinstance(found, Refusal)
    return found


def decided(office: Office, key: str) -> int:
    """The number of a recovery of 4914.00 yuan that two people have decided."""
    person = sign_in_person(office, id_number=PEOPLE[key].id_number, name=PEOPLE[key].name)
    assert not isinstance(person, Refusal)
    made = open_recovery(office, person, {"event_day": "2025-07-14", "months": 3, "region": "371500"})
    assert isinstance(made, Done), made
    for element, duty, answers in STEPS:
        with office.store.reading() as session:
            task = session.scalars(
                select(WorkflowTask.id).where(
                    WorkflowTask.case_id == made.case_id,
                    WorkflowTask.element_id == element,
                    WorkflowTask.status == "ready",
                )
            ).one()
        who = member(office, duty) if duty else person
        done = inbox.complete_task(office, who, TaskId(task), answers)
        assert isinstance(done, Done), done
    with office.store.reading() as session:
        return session.scalars(select(Overpayment.id).where(Overpayment.case_id == made.case_id)).one()


@pytest.mark.req("FLOW-10", "CLAIM-13")
def test_money_that_came_back_is_booked_once_for_one_key_and_only_by_the_accountant(
    app: Flask, office: Office
) -> None:
    number = decided(office, "feng")
    path = f"/api/v1/recoveries/{number}"
    client, headers = signed_in(app, "accountant")
    paid = {"day": "2025-11-03", "amount": "1000.00", "reference": "BKAPI1"}
    keyed = {**headers, "Idempotency-Key": f"repay-{number}"}

    first = client.post(f"{path}/repayments", headers=keyed, json=paid)
    again = client.post(f"{path}/repayments", headers=keyed, json=paid)
    other = client.post(f"{path}/repayments", headers=keyed, json={**paid, "amount": "2000.00"})

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422), first.text
    assert first.data == again.data
    assert again.headers["Idempotency-Replayed"] == "true"
    seen = recovery_view(office, member(office, "accountant"), number)
    assert isinstance(seen, RecoveryView)
    assert [(each.reference, each.amount) for each in seen.repayments] == [("BKAPI1", "1000.00")]
    told = client.get(path).json
    assert (told["row"]["open"], told["back"]) == ("3914.00", "1000.00")
    assert str(number) in {
        str(row["overpayment_id"]) for row in client.get("/api/v1/recoveries").json["rows"]
    }
    clerk, theirs = signed_in(app, "cashier")
    no = clerk.post(f"{path}/repayments", headers=theirs, json={**paid, "reference": "BKAPI2"})
    assert (no.status_code, bool(no.json["reasons"][0]["text_en"])) == (403, True)


@pytest.mark.req("FLOW-10", "CLAIM-13")
def test_what_cannot_be_is_told_by_field_or_with_its_reason(app: Flask) -> None:
    client, headers = signed_in(app, "accountant")
    path = "/api/v1/recoveries"

    for amount in ("0", "0.00", "-1", "1,000", "1.234", "x"):
        wrong = client.post(
            f"{path}/1/repayments",
            headers=headers,
            json={"day": "2025-11-03", "amount": amount, "reference": "B"},
        )
        assert (wrong.status_code, list(wrong.json["fields"])) == (422, ["amount"]), amount
    absent = client.post(
        f"{path}/999999/repayments",
        headers=headers,
        json={"day": "2025-11-03", "amount": "1.00", "reference": "B"},
    )
    assert (absent.status_code, absent.json["reasons"][0]["code"]) == (404, "no_such_recovery")
    control, theirs = signed_in(app, "control")
    none = control.post(path, headers=theirs, json={"grant_id": 999999})
    assert none.json["reasons"][0]["code"] == "grant_not_stopped"
    supervisor, last = program(app, "zhujiandu")
    assert supervisor.get("/api/v1/dishonesty").status_code == 200
    gone = supervisor.post("/api/v1/dishonesty/999999/removal", headers=last, json={"why": "查无此事"})
    assert (gone.status_code, gone.json["reasons"][0]["code"]) == (404, "no_such_listing")
    assert client.get("/api/v1/dishonesty").status_code == 403


@pytest.mark.req("FLOW-10", "CLAIM-13")
def test_a_rest_that_no_rule_covers_is_not_given_up(app: Flask, office: Office) -> None:
    number = decided(office, "jin")
    path = f"/api/v1/recoveries/{number}/write-offs"
    client, headers = signed_in(app, "intake")

    answer = client.post(path, headers=headers, json={"rule": "death", "evidence": "据称已经死亡"})
    judged = signed_in(app, "approve")
    none = judged[0].post(f"{path}/999999/decision", headers=judged[1], json={"approve": True})

    assert (answer.status_code, answer.json["reasons"][0]["code"]) == (403, "not_dead")
    assert (none.status_code, none.json["reasons"][0]["code"]) == (404, "no_such_write_off")
