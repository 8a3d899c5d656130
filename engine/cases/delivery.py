"""Carrying one case on from outside: its due timers fire, and messages reach the case that waits for them.

One transaction each, so that nothing is lost or happens twice. Called by the sweep, by retries and by rehearsals.
"""

from __future__ import annotations

from typing import cast

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases import incidents
from engine.cases.office import Office
from engine.cases.start import next_case, start_case
from engine.cases.steps import around, attempt, carry_out, pass_on
from engine.store import outbox
from engine.store.outbox import OutboxMessage
from engine.values import SYSTEM, Refusal
from engine.workflow.runner import NotWaitingError
from engine.workflow.tables import WorkflowCase, WorkflowSubscription, WorkflowTimer


class UndeliveredError(Exception):
    """A message was refused by the case that it is for; it is tried again, and laid aside in the end."""

    retryable = True


def fire_timers_of(office: Office, case_id: int) -> int:
    """Fire the due timers of one case; how many rows were due. One worker at a time does."""
    command = {"kind": "timer", "case_id": case_id}

    def work(session: Session) -> int:
        mine = session.scalars(
            select(WorkflowTimer.task_id)
            .where(WorkflowTimer.case_id == case_id, WorkflowTimer.due_at <= office.clock())
            .with_for_update(skip_locked=True)
        ).all()
        if not mine:
            incidents.settle(session, case_id, ended=False, now=office.clock())
            return 0
        stepped = office.runner.fire_due(session, case_id, around(office, session, SYSTEM))
        pass_on(session, stepped, now=office.clock())
        incidents.resolve(session, case_id, orjson.dumps(command).decode(), now=office.clock())
        return len(mine)

    done = attempt(
        office,
        SYSTEM,
        work,
        subject=f"case:{case_id}",
        stream=f"case:{case_id}",
        command=command,
        case_id=case_id,
    )
    return 0 if isinstance(done, Refusal) else done


def deliver(office: Office, message_id: int) -> bool:
    """Hands a message to the case that waits for it, or starts the process that begins with it.

    Delivery and its mark are one transaction, so that a message is neither lost nor heard twice.
    """

    def work(session: Session) -> bool:
        message = session.get_one(OutboxMessage, message_id, with_for_update=True)
        if message.sent_at is not None:
            return True
        content = orjson.loads(message.payload)
        if message.kind == "signal" and "case_id" not in content:
            _keep_for_paused(office, session, message, content)
        receipt = _hand_over(office, session, message.kind, content)
        outbox.mark_sent(session, message_id, now=office.clock(), receipt=receipt)
        return True

    done = carry_out(office, SYSTEM, work, subject=f"outbox:{message_id}")
    if isinstance(done, Refusal) and done.reasons[0].code == "case_paused":
        with office.store.transaction() as session:
            outbox.postpone(session, message_id, now=office.clock())
        return False
    if isinstance(done, Refusal):
        raise UndeliveredError(done.text)
    return done


def _keep_for_paused(
    office: Office, session: Session, message: OutboxMessage, content: dict[str, object]
) -> None:
    """A signal to all is kept for each paused case that waits for it, and heard when that goes on."""
    paused = (
        select(WorkflowSubscription.case_id)
        .join(WorkflowCase, WorkflowCase.id == WorkflowSubscription.case_id)
        .where(
            WorkflowSubscription.message == f"signal:{content['name']}", WorkflowCase.paused_at.is_not(None)
        )
    )
    for case_id in session.scalars(paused.distinct()).all():
        kept = {**content, "case_id": case_id}
        key = f"{message.key}/{case_id}"
        outbox.put(session, kind="signal", key=key, payload=kept, now=office.clock(), case_id=message.case_id)


def _hand_over(office: Office, session: Session, kind: str, content: dict[str, object]) -> str:
    name, correlation = str(content["name"]), str(content["correlation"])
    payload = dict(content["payload"])  # type: ignore[call-overload]
    try:
        stepped = office.runner.deliver(
            session,
            kind=kind,
            name=name,
            correlation=correlation,
            payload=payload,
            around=around(office, session, SYSTEM),
            case_id=cast(int | None, content.get("case_id")),
        )
    except NotWaitingError:
        if kind == "signal":
            return "无案件等待"
        return _start_by_message(office, session, name, payload)
    for each in stepped:
        pass_on(session, each, now=office.clock())
    return "、".join(each.case.key for each in stepped)


def _start_by_message(office: Office, session: Session, name: str, payload: dict[str, object]) -> str:
    process_id = office.runner.versions.started_by(session, name)
    if process_id is None:
        raise NotWaitingError(f"没有案件在等待“{name}”，也没有流程以它开始")
    region = str(payload.get("from_region") or payload.get("region") or office.settings.region)
    subject = f"person:{payload['person_id']}" if "person_id" in payload else f"office:{region}"
    case = next_case(session, office, process_id, region=region, subject=subject)
    start_case(office, session, SYSTEM, case, payload, message=name)
    return case.key
