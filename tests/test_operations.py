"""What operators see: queues, cases that stand still and why, versions; and many incidents tried again, row by row."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from builders import a_claim
from many_tasks import a_post
from offices import staffed
from sqlalchemy import delete, select, update

from engine.cases import files, operations, retry
from engine.cases.office import Office
from engine.cases.operations import Operations
from engine.store import outbox
from engine.values import Actor, Refusal
from engine.workflow.tables import (
    WorkflowCase,
    WorkflowIncident,
    WorkflowSubscription,
    WorkflowTask,
    WorkflowTimer,
)


@pytest.fixture
def seeded(office: Office) -> Office:
    return staffed(office, day=office.today, password="changling-test")


def seen(office: Office, actor: Actor, days: int = 30) -> Operations:
    found = operations.operations(office, actor, quiet_days=days)
    assert isinstance(found, Operations), found
    return found


def an_incident(office: Office, case_id: int, *, retryable: bool = True) -> int:
    now = office.clock()
    with office.store.transaction() as session:
        incident = WorkflowIncident(
            case_id=case_id,
            element_id="check_intake",
            command=orjson.dumps({"kind": "timer", "case_id": case_id}).decode(),
            cause="登记系统没有回答",
            retryable=retryable,
            created_at=now,
            due_at=now,
        )
        session.add(incident)
        session.flush()
        return incident.id


@pytest.mark.req("FLOW-08")
def test_a_case_that_waits_for_nothing_is_found_whatever_its_age(seeded: Office) -> None:
    case = a_claim(seeded, "li")
    analyst = a_post(seeded, "analyst", "370000")
    assert case.id not in {row.case_id for row in seen(seeded, analyst).stuck}

    with seeded.store.transaction() as session:
        session.execute(delete(WorkflowTimer).where(WorkflowTimer.case_id == case.id))
        session.execute(delete(WorkflowSubscription).where(WorkflowSubscription.case_id == case.id))
        session.execute(
            update(WorkflowTask).where(WorkflowTask.case_id == case.id).values(status="cancelled")
        )

    (found,) = [row for row in seen(seeded, analyst).stuck if row.case_id == case.id]
    assert found.why == "nothing"
    incident = an_incident(seeded, case.id)
    assert case.id not in {row.case_id for row in seen(seeded, analyst).stuck}
    with seeded.store.transaction() as session:
        session.execute(delete(WorkflowIncident).where(WorkflowIncident.id == incident))
        session.execute(update(WorkflowCase).where(WorkflowCase.id == case.id).values(status="cancelled"))


@pytest.mark.req("FLOW-08")
def test_a_quiet_case_says_what_it_waits_for_and_stays_in_its_region(seeded: Office) -> None:
    case = a_claim(seeded, "zhou", at="check_intake")
    seeded.clock.now += timedelta(days=40)  # type: ignore[attr-defined]

    rows = {row.case_id: row for row in seen(seeded, a_post(seeded, "control", "371500")).stuck}
    elsewhere = seen(seeded, a_post(seeded, "control", "371400"))

    assert rows[case.id].why == "task"
    assert rows[case.id].what == "受理审核"
    assert case.id not in {row.case_id for row in elsewhere.stuck}
    assert isinstance(operations.operations(seeded, a_post(seeded, "intake", "371500")), Refusal)


@pytest.mark.req("FLOW-08")
def test_queues_are_counted_by_kind_and_state_as_prometheus_gets_them(seeded: Office) -> None:
    now = seeded.clock()
    before = operations.counts(seeded)
    with seeded.store.transaction() as session:
        outbox.put(session, kind="bank_file", key="ops-1", payload={}, now=now)
        outbox.put(
            session, kind="bank_file", key="ops-2", payload={}, now=now, due_at=now + timedelta(days=1)
        )
        outbox.put(session, kind="bank_file", key="ops-3", payload={}, now=now).dead_at = now

    found = seen(seeded, a_post(seeded, "administrator", "370000"))
    after = operations.counts(seeded)

    states = {row.kind: row.n for row in found.backlog if row.what == "outbox"}
    assert {key: states[f"bank_file/{key}"] for key in ("due", "later", "dead")} == {
        "due": 1,
        "later": 1,
        "dead": 1,
    }
    assert after["outbox_waiting"] - before["outbox_waiting"] == 2
    assert after["outbox_dead"] - before["outbox_dead"] == 1
    with seeded.store.reading() as session:
        running = session.scalars(select(WorkflowCase.id).where(WorkflowCase.status == "running")).all()
    assert sum(row.running for row in found.versions) == len(running) == after["cases_running"]


@pytest.mark.req("FLOW-08")
def test_many_incidents_are_tried_again_each_with_its_own_answer(seeded: Office) -> None:
    case = a_claim(seeded, "wu", at="check_intake")
    good = an_incident(seeded, case.id)
    control = a_post(seeded, "control", "371500")

    rows = retry.retry_all(seeded, control, [good, 999_999, good])

    assert [row.incident_id for row in rows] == [good, 999_999]
    assert not rows[1].done
    assert rows[1].message


@pytest.mark.req("FLOW-08", "CTRL-01")
def test_nobody_tries_again_what_is_outside_their_region_or_duty(seeded: Office) -> None:
    case = a_claim(seeded, "zheng", at="check_intake")
    number = an_incident(seeded, case.id)
    for duty, region in (("control", "371400"), ("administrator", "370000"), ("approve", "371500")):
        actor = a_post(seeded, duty, region)
        (row,) = retry.retry_all(seeded, actor, [number])
        assert not row.done, duty
    there = files.incidents(seeded, a_post(seeded, "control", "371400"))
    here = files.incidents(seeded, a_post(seeded, "control", "371500"))
    assert not isinstance(there, Refusal)
    assert not isinstance(here, Refusal)
    assert number not in {row.incident_id for row in there}
    assert number in {row.incident_id for row in here}
