"""Carrying one case on from outside: its due timers fire, and messages reach the case that waits for them.

One transaction each, so that nothing is lost or happens twice. A message for a case of another office is handed to
``correspondence``. Called by the sweep, by retries and by rehearsals.
"""

from __future__ import annotations

from typing import cast

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases import incidents
from engine.cases.correspondence import to_peer
from engine.cases.handover import UndeliveredError, begin, hand_over
from engine.cases.notice_objections import OBJECTED
from engine.cases.office import Office
from engine.cases.steps import around, attempt, carry_out, pass_on
from engine.cases.transfer_ends import overtaken
from engine.store import outbox
from engine.store.outbox import OutboxMessage
from engine.values import SYSTEM, Refusal
from engine.workflow.runner import NotWaitingError
from engine.workflow.tables import WorkflowCase, WorkflowSubscription, WorkflowTimer


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
    """Hands a message to the case that waits for it, starts the process that begins with it, or sends it to its office.

    Delivery and its mark are one transaction, so that a message is neither lost nor heard twice.
    """

    def work(session: Session) -> bool:
        message = session.get_one(OutboxMessage, message_id, with_for_update=True)
        if message.sent_at is not None:
            return True
        content = orjson.loads(message.payload)
        if message.kind == "signal" and "case_id" not in content:
            _keep_for_paused(office, session, message, content)
        receipt = to_peer(office, session, message) or _hand_over(office, session, message.kind, content)
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
    name = str(content["name"])
    payload = dict(content["payload"])  # type: ignore[call-overload]
    try:
        heard = hand_over(
            office,
            session,
            kind=kind,
            name=name,
            correlation=str(content["correlation"]),
            payload=payload,
            case_id=cast(int | None, content.get("case_id")),
        )
    except NotWaitingError:
        if kind == "signal":
            return "无案件等待"
        if name == OBJECTED:
            return "案件已自行查看"
        if late := overtaken(session, name, str(content["correlation"])):
            return late
        region = str(payload.get("from_region") or payload.get("region") or office.settings.region)
        return begin(office, session, name=name, payload=payload, region=region).key
    return "、".join(case.key for case in heard)
