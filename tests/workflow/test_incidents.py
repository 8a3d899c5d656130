"""A step that fails is rolled back whole, kept with its cause, tried again, and never in anybody's way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from builders import CAST_DAY, CONFIRMED, PASSWORD, Case, a_claim, actor, refused
from offices import staffed
from sqlalchemy import func, select, text

from engine.cases import claims, files
from engine.cases.retry import retry_incident
from engine.cases.sweep import sweep, sweep_until_idle
from engine.cases.views import Done
from engine.registers.down import RegisterDown
from engine.registers.memory import registers_of
from engine.registers.pensions import PensionRecord, PensionRegister
from engine.store.audit import AuditEvent
from engine.store.db import Base
from engine.tasks.tables import Claim
from engine.values import Refusal
from engine.workflow.tables import WorkflowCase, WorkflowIncident

if TYPE_CHECKING:
    from offices import FixedClock, staffed

    from engine.cases.office import Office

pytestmark = pytest.mark.req("FLOW-08")

#: the answer to an objection, after which the registers are asked anew
ANSWERED = {"objection_accepted": "no", "objection_reply": "经核查，原记录无误"}
OBJECTED = {
    **CONFIRMED,
    "answer": "object",
    "objected_field": "months_paid",
    "objection_text": "缴费月数少记了两年",
}
#: what a step may leave behind when it fails
KEPT_OF_A_FAILURE = {"workflow_incident"}


@dataclass(slots=True)
class FailingPensions:
    """The pension roll of a real province, which fails so many times before it answers."""

    roll: PensionRegister
    times: int
    failure: Exception
    asked: int = 0

    def record(self, id_number: str) -> PensionRecord | None:
        """See the Protocol."""
        self.asked += 1
        if self.asked <= self.times:
            raise self.failure
        return self.roll.record(id_number)


@pytest.fixture
def ready(office: Office) -> Iterator[Office]:
    """The office with staff and registers; nobody has a case."""
    staffed(office, day=CAST_DAY, password=PASSWORD)
    yield office
    # what other tests made stays out of the next one's way; only a superuser can do this
    with office.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(
            text(
                "TRUNCATE workflow_case, workflow_task, workflow_timer, workflow_subscription, workflow_history, "
                "workflow_incident, claim, letter, outbox_message, benefit_grant, unemployment_registration CASCADE"
            )
        )


def failing(office: Office, times: int, failure: Exception | None = None) -> FailingPensions:
    """From now on the pension roll fails so many times."""
    roll = FailingPensions(office.registers.pensions, times, failure or RegisterDown("pensions"))
    office._registers = replace(office.registers, pensions=roll)
    return roll


def kept(office: Office) -> dict[str, int]:
    """How many rows each table has."""
    with office.store.reading() as session:
        return {
            name: session.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0 for name in Base.metadata.tables
        }


def incidents(office: Office) -> list[WorkflowIncident]:
    """All incidents there ever were, oldest first."""
    with office.store.reading() as session:
        return list(session.scalars(select(WorkflowIncident).order_by(WorkflowIncident.id)))


def objecting(office: Office) -> Case:
    """A claim that waits for the answer to its objection; after it the registers are asked anew."""
    return a_claim(office).does("li", "confirm_form", **OBJECTED)


def revision(case: Case) -> int:
    with case.office.store.reading() as session:
        return session.get_one(WorkflowCase, case.id).revision


def test_step_with_a_register_down_is_rolled_back_whole_and_kept_with_its_cause(ready: Office) -> None:
    case = objecting(ready)
    failing(ready, 1)
    before, step = kept(ready), revision(case)

    outcome = case.tries("wangshouli", "answer_objection", **ANSWERED)

    assert refused(outcome) == ("step_failed",)
    assert isinstance(outcome, Refusal)
    assert "自动重试" in outcome.text
    after = kept(ready)
    assert {name for name in after if after[name] != before[name]} <= KEPT_OF_A_FAILURE | {
        "audit_event",
        "audit_stream",
    }
    assert (case.open_steps(), revision(case)) == (["answer_objection"], step)
    (incident,) = incidents(ready)
    assert (incident.element_id, incident.detail, incident.retryable, incident.status) == (
        "gather_facts",
        "RegisterDown",
        True,
        "open",
    )
    assert "pensions" in incident.cause
    assert case.letters() == []


def test_sweep_tries_it_again_after_its_wait_by_the_same_hand_and_resolves_it(
    ready: Office, clock: FixedClock
) -> None:
    case = objecting(ready)
    roll = failing(ready, 3)
    case.tries("wangshouli", "answer_objection", **ANSWERED)

    waits = []
    for _ in range(3):
        due_at = incidents(ready)[0].due_at
        waits.append((due_at - clock.now).total_seconds())
        sweep_until_idle(ready)
        asked = roll.asked
        clock.now = due_at
        sweep_until_idle(ready)
        assert roll.asked == asked + 1

    assert waits == [30, 60, 120]
    (incident,) = incidents(ready)
    assert (incident.status, incident.attempts, incident.resolved_at) == ("resolved", 3, clock.now)
    assert case.open_steps() == ["confirm_form"]
    assert case.hands()["answer_objection"] == actor(ready, "wangshouli").key
    assert case.history().count("answer_objection") == 1
    assert case.letters() == ["objection-reply"]


def test_defect_stays_open_until_the_analyst_retries_it_by_hand(ready: Office, clock: FixedClock) -> None:
    case = objecting(ready)
    roll = failing(ready, 2, ZeroDivisionError("缴费年限为零"))
    case.tries("wangshouli", "answer_objection", **ANSWERED)
    (incident,) = incidents(ready)
    assert (incident.retryable, incident.detail) == (False, "ZeroDivisionError")

    clock.forward(days=1)
    sweep_until_idle(ready)
    assert roll.asked == 1
    seen = files.incidents(ready, actor(ready, "chuliucheng"))
    assert isinstance(seen, tuple)
    assert [(each.case_key, each.cause) for each in seen] == [(case.key, "缴费年限为零")]

    assert refused(retry_incident(ready, actor(ready, "wangshouli"), incident.id)) == ("not_operator",)
    assert refused(retry_incident(ready, actor(ready, "chuliucheng"), incident.id)) == ("step_failed",)
    assert isinstance(retry_incident(ready, actor(ready, "chuliucheng"), incident.id), Done)

    assert (incidents(ready)[0].status, incidents(ready)[0].attempts) == ("resolved", 2)
    assert case.hands()["answer_objection"] == actor(ready, "wangshouli").key
    assert refused(retry_incident(ready, actor(ready, "chuliucheng"), incident.id)) == ("no_such_incident",)


@pytest.mark.parametrize("failure", [RegisterDown("pensions"), ZeroDivisionError("缴费年限为零")])
def test_task_completed_meanwhile_closes_the_incident(ready: Office, failure: Exception) -> None:
    case = objecting(ready)
    failing(ready, 1, failure)
    case.tries("wangshouli", "answer_objection", **ANSWERED)

    case.does("wangshouli", "answer_objection", **{**ANSWERED, "objection_reply": "已电话核实，记录无误"})

    assert [incident.status for incident in incidents(ready)] == ["resolved"]
    assert case.history().count("answer_objection") == 1


def test_withdrawn_claim_closes_its_incident(ready: Office, clock: FixedClock) -> None:
    case = objecting(ready)
    roll = failing(ready, 99)
    case.tries("wangshouli", "answer_objection", **ANSWERED)

    assert isinstance(case.withdraw(), Done)

    assert (case.ended_in, [incident.status for incident in incidents(ready)]) == (
        "claim_withdrawn",
        ["resolved"],
    )
    clock.forward(days=1)
    sweep_until_idle(ready)
    assert roll.asked == 1


def test_retry_that_is_refused_waits_for_a_person_and_is_not_refused_for_ever(
    ready: Office, clock: FixedClock
) -> None:
    """Whoever answered has lost the post: trying again every five minutes would only fill the trail."""
    case = objecting(ready)
    failing(ready, 1)
    case.tries("wangshouli", "answer_objection", **ANSWERED)
    with ready.store.transaction() as session:
        session.execute(text("UPDATE post SET valid_until = valid_from WHERE duty = 'intake'"))

    for _ in range(5):
        clock.forward(minutes=10)
        sweep(ready)

    (incident,) = incidents(ready)
    assert (incident.status, incident.retryable) == ("open", False)
    assert "岗" in incident.cause
    with ready.store.transaction() as session:
        session.execute(text("UPDATE post SET valid_until = NULL WHERE duty = 'intake'"))
        refusals = select(func.count()).where(
            AuditEvent.stream == f"case:{case.id}", AuditEvent.action == "ACTION_REFUSED"
        )
        assert session.scalar(refusals) == 1


@pytest.mark.req("CLAIM-01")
def test_claim_with_a_register_down_at_its_start_is_told_to_come_again_and_half_saves_nothing(
    ready: Office,
) -> None:
    li = actor(ready, "li")
    before = kept(ready)
    failing(ready, 1)

    outcome = claims.submit_claim(ready, li)

    assert refused(outcome) == ("try_later",)
    assert isinstance(outcome, Refusal)
    assert "稍后再试" in outcome.text
    assert outcome.reasons[0].text_en
    after = kept(ready)
    assert {name for name in after if after[name] != before[name]} <= {"audit_event", "audit_stream"}
    assert isinstance(claims.submit_claim(ready, li), Done)
    with ready.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 1


@pytest.mark.req("CLAIM-01")
def test_claim_with_the_contribution_register_down_is_told_to_come_again(ready: Office) -> None:
    li = actor(ready, "li")
    outages = {"contributions"}
    ready._registers = registers_of(ready.registers.pensions.desk.province, outages=outages)  # type: ignore[attr-defined]

    assert refused(claims.submit_claim(ready, li)) == ("try_later",)
    outages.clear()
    assert isinstance(claims.submit_claim(ready, li), Done)


def test_claim_with_a_defect_at_its_start_is_answered_in_words_and_on_record(ready: Office) -> None:
    li = actor(ready, "li")
    failing(ready, 1, ZeroDivisionError("缴费年限为零"))

    outcome = claims.submit_claim(ready, li)

    assert refused(outcome) == ("not_carried_out",)
    with ready.store.reading() as session:
        last = session.scalars(select(AuditEvent).where(AuditEvent.actor == li.key)).all()[-1]
        assert (last.action, "缴费年限为零" in last.reason) == ("ACTION_REFUSED", True)


def test_withdrawal_that_fails_is_answered_in_words_and_keeps_nothing(ready: Office) -> None:
    """A damaged state: the worst that a claimant can meet is a sentence."""
    case = a_claim(ready)
    with ready.store.transaction() as session:
        session.execute(text("UPDATE workflow_case SET state = '\x0102'::bytea"))

    assert refused(case.withdraw()) == ("not_carried_out",)
    assert case.status == "running"


def test_case_that_cannot_be_read_does_not_stop_the_sweep_of_the_others(
    ready: Office, clock: FixedClock
) -> None:
    broken, sound = a_claim(ready, "li"), a_claim(ready, "ana")
    with ready.store.transaction() as session:
        session.execute(text(f"UPDATE workflow_case SET state = '\x0102'::bytea WHERE id = {broken.id}"))

    clock.forward(days=30)
    sweep_until_idle(ready)

    assert "remind_claimant" in sound.history()
    (incident,) = incidents(ready)
    assert (incident.case_id, incident.detail, incident.retryable) == (
        broken.id,
        "UnreadableStateError",
        False,
    )


@pytest.mark.req("CLAIM-12")
def test_task_that_failed_does_not_hold_up_a_time_limit(ready: Office, clock: FixedClock) -> None:
    outages: set[str] = set()
    ready._registers = registers_of(ready.registers.pensions.desk.province, outages=outages)  # type: ignore[attr-defined]
    case = a_claim(ready, at="approve_claim")
    outages.add("accounts")
    assert refused(case.tries("sunshenpi", "approve_claim", approval="approve")) == ("step_failed",)
    with ready.store.transaction() as session:
        session.execute(text("UPDATE workflow_incident SET due_at = due_at + interval '90 days'"))

    clock.forward(days=30)
    sweep_until_idle(ready)

    assert {"remind_approver", "escalate_approval"} <= set(case.history())
    assert case.open_steps() == ["approve_claim"]
    outages.clear()
    clock.forward(days=90)
    sweep_until_idle(ready)
    assert case.ended_in == "claim_granted"
