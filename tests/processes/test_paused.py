"""What is meant for a paused case waits in the outbox, as long as it takes, and is heard when the case goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import a_claim, actor
from sqlalchemy import select

from engine.cases import pausing
from engine.cases.office import Office
from engine.cases.views import Done
from engine.store import outbox
from engine.store.outbox import MAX_ATTEMPTS, OutboxMessage
from engine.workflow.tables import WorkflowTimer

pytestmark = pytest.mark.req("FLOW-06")

PAUSE = {"why": "等待法院判决", "source": "社会保险经办条例"}


def message_of(office: Office, key: str) -> OutboxMessage:
    """The message as it stands."""
    with office.store.reading() as session:
        return session.scalars(select(OutboxMessage).where(OutboxMessage.key == key)).one()


def test_a_message_to_a_paused_case_waits_and_is_heard_after(office: Office) -> None:
    case = a_claim(office, "li").goes_on(until="review_claim")
    reviewer = actor(office, "zhaofuhe")
    assert isinstance(pausing.pause_case(office, reviewer, case.id, **PAUSE), Done)
    content = {
        "name": "claim_withdrawn",
        "correlation": case.key,
        "payload": {"withdrawal_reason": "找到工作"},
    }
    with office.store.transaction() as session:
        outbox.put(session, kind="message", key="to-the-paused", payload=content, now=office.clock())

    for _ in range(MAX_ATTEMPTS + 2):
        case.clock.now += timedelta(minutes=6)
        case.sweep()
    waiting = message_of(office, "to-the-paused")
    assert (waiting.sent_at, waiting.dead_at, case.status) == (None, None, "running")

    assert isinstance(pausing.resume_case(office, reviewer, case.id), Done)
    case.clock.now += timedelta(minutes=6)
    case.sweep()
    assert message_of(office, "to-the-paused").sent_at is not None
    assert case.ended_in == "claim_withdrawn"


def test_a_limit_that_passes_while_a_case_is_paused_does_not_fire(office: Office) -> None:
    case = a_claim(office, "li").goes_on(until="review_claim")
    reviewer = actor(office, "zhaofuhe")
    with office.store.reading() as session:
        due = session.scalars(select(WorkflowTimer.due_at).where(WorkflowTimer.case_id == case.id)).all()
    assert due
    assert isinstance(pausing.pause_case(office, reviewer, case.id, **PAUSE), Done)
    before = case.history()

    case.clock.now = max(due) + timedelta(days=1)
    case.sweep()

    assert case.history() == before
