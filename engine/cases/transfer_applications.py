"""Applications that were sent on to the office of the receiving region: of them nothing else is kept here yet.

The person's number and places stand in the message that carried the application; which were theirs, in the trail.
"""

from __future__ import annotations

from datetime import datetime

import orjson
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.rows import reaches, region_names
from engine.cases.transfer_records import SentOn
from engine.cases.transfer_states import SEEN_BY
from engine.store.actions import Action
from engine.store.audit import AuditEvent
from engine.store.outbox import OutboxMessage
from engine.store.sight import beyond
from engine.tasks.tables import RightsTransfer
from engine.values import Actor

_KIND = "transfer_application"


def sent_on(session: Session, office: Office, actor: Actor) -> tuple[SentOn, ...]:
    """The applications of the person that have not come back as a transfer yet, latest first."""
    with beyond(
        session, "the trail tells which applications were the person's own, and is read by staff alone"
    ):
        return _sent_on(session, office, _numbers_of(session, actor))


def _sent_on(session: Session, office: Office, numbers: list[str]) -> tuple[SentOn, ...]:
    found = []
    for number in numbers:
        known = select(exists().where(RightsTransfer.transfer_number == number))
        end = None if session.scalar(known) else application(session, office, number)
        if end is None:
            continue
        row, at = end
        names = region_names(session, {row.from_region, row.to_region})
        peer = office.peers.of_code(row.peer)
        found.append(
            SentOn(
                number=number,
                applied_at=at,
                from_name=names[row.from_region],
                to_name=names[row.to_region],
                peer_name=peer.name if peer else row.peer,
            )
        )
    return tuple(found)


def application(session: Session, office: Office, number: str) -> tuple[RightsTransfer, datetime] | None:
    """The application of that number as an end of a transfer, in no session, and when it was made; None for none.

    Asked beyond anybody's eyes, because it stands in the outbox alone: whoever asks is judged by it afterwards.
    """
    query = select(OutboxMessage).where(
        OutboxMessage.kind == "message", OutboxMessage.key == f"{number}/{_KIND}"
    )
    message = session.scalars(query).one_or_none()
    if message is None:
        return None
    data = orjson.loads(message.payload)["payload"]
    peer = office.peers.of_region(str(data["to_region"]))
    row = RightsTransfer(
        transfer_number=number,
        side="out",
        person_id=int(data["person_id"]),
        from_region=str(data["from_region"]),
        to_region=str(data["to_region"]),
        peer=peer.code if peer else "",
        months_paid=0,
        months_left=0,
        fee_fen=0,
        employed=False,
        status="open",
        reason="",
    )
    return row, message.created_at


def may_see_application(session: Session, office: Office, actor: Actor, row: RightsTransfer) -> bool:
    """Whether it is the actor's own, or of the regions of their duties."""
    if actor.kind == "person":
        return row.person_id == actor.id
    return any(
        each.duty in SEEN_BY and row.from_region.startswith(each.scope)
        for each in reaches(session, office, actor)
    )


def _numbers_of(session: Session, actor: Actor) -> list[str]:
    """The numbers under which the person's applications went out; the letter that told them is on record."""
    told = session.scalars(
        select(AuditEvent.after)
        .where(
            AuditEvent.subject == actor.key,
            AuditEvent.actor == actor.key,
            AuditEvent.action == Action.NOTICE_SENT,
            AuditEvent.after.contains('"transfer-applied"'),
        )
        .order_by(AuditEvent.at.desc())
    )
    numbers = (str(orjson.loads(after or "{}").get("transfer_number", "")) for after in told)
    return [number for number in dict.fromkeys(numbers) if number]
