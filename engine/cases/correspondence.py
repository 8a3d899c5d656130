"""Letters between this office and others: what leaves, what comes to the door, what the two compare, by hand again.

A message to a case of another office is put into the exchange in the transaction that hands it on; it is posted
outside of any, and again until the peer's signed answer is here. Behind this door: ``exchange_door`` (what comes is
answered), ``hearing`` (and told to the case), ``exchange_folders``, ``exchange_statements``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, and_, case, select
from sqlalchemy.orm import Session

from engine.cases.exchange_door import Answer, answer, judged, note_ack, receive, said
from engine.cases.exchange_duties import OPERATE, require
from engine.cases.exchange_folders import collect_folders, folder_states, lay_out
from engine.cases.exchange_statements import Differences, differences, state_month, state_now
from engine.cases.hearing import hear
from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.exchange import receiving, sending
from engine.exchange.bodies import KIND_NAMES, KINDS, STAYS, faults_of
from engine.exchange.envelope import BYTES_MAX, EnvelopeError
from engine.exchange.keys import public_text
from engine.exchange.peers import Peer
from engine.exchange.sending import UnsendableError
from engine.exchange.tables import ExchangeMessage
from engine.exchange.wire import LineDownError, SilentPeerError
from engine.people import Person, id_number_of
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import RightsTransfer
from engine.values import Actor, Reason, Refusal, RefusedError

__all__ = [
    "BYTES_MAX",
    "Answer",
    "Differences",
    "answer",
    "collect_folders",
    "dead_messages",
    "differences",
    "folder_states",
    "hear",
    "own_public_key",
    "post",
    "receive",
    "resend",
    "state_month",
    "state_now",
    "to_peer",
]


def to_peer(office: Office, session: Session, message: OutboxMessage) -> str:
    """What becomes of a message that is for a case of another office: it is put into the exchange; else empty.

    UnsendableError where it says what offices have not agreed upon, or has no person to speak of.
    """
    content = message.content
    kind = KINDS.get(str(content["name"])) if message.kind == "message" else None
    if kind is None or not office.peers.peers:
        return ""
    payload: Mapping[str, Any] = content["payload"]  # type: ignore[assignment]
    peer = _receiver(office, session, message, str(content["name"]), payload)
    if peer is None:
        return ""
    body = _body(office, session, payload)
    if wrong := faults_of(str(content["name"]), body):
        raise UnsendableError(f"{kind.name}不能发出：{'；'.join(wrong)}")
    put = sending.put(
        session,
        office.vault,
        key=message.key,
        peer=peer.code,
        own=office.peers.own,
        kind=str(content["name"]),
        transfer_number=str(payload["transfer_number"]),
        body=body,
        case_id=message.case_id,
        now=office.clock(),
    )
    return f"转交 {peer.code} 第{put.number}号"


def post(office: Office, message_id: int) -> bool:
    """The message sent and its answer noted; LineDownError while the peer gives none that can be relied upon."""
    with office.store.reading() as session:
        message = _message_of(session, message_id)
    peer = office.peers.of_code(message.peer)
    if peer is None:
        raise LineDownError(f"机构名册（peers.yaml）中没有 {message.peer}")
    sealed = sending.sealed(office.vault, message, own=office.peers.own, key=office.exchange_key)
    if peer.channel == "folder":
        receipt = lay_out(office, peer, message, sealed)
        with office.store.transaction() as session:
            outbox.mark_sent(session, message_id, now=office.clock(), receipt=receipt)
        return True
    try:
        came = office.wire.carry(peer, sealed)
    except SilentPeerError as silent:
        wait = timedelta(seconds=silent.seconds)
        with office.store.transaction() as session:
            outbox.postpone(session, message_id, now=office.clock(), wait=wait)
        return False
    _note_answer(office, peer, message, message_id, came)
    return True


def resend(office: Office, actor: Actor, message_id: int) -> Done | Refusal:
    """A message that was given up, or that no answer came to, sent again at once; one that came is heard again.

    By analysts, internal control and administrators, on record. Refused for what the other office has.
    """

    def work(session: Session) -> tuple[ExchangeMessage, int, bool]:
        require(session, office, actor, OPERATE)
        message = session.get(ExchangeMessage, message_id, with_for_update=True)
        if message is None:
            raise RefusedError(_reason("no_such_message", "没有这封机构信件", "No such message."))
        if not message.waits:
            raise RefusedError(
                _reason(
                    "already_taken", "此信已有结果，无需重发", "It has its answer; nothing to send again."
                )
            )
        queued = session.scalars(_queued(message)).one()
        outbox.revive(session, queued.id, now=office.clock())
        outbox.hasten(session, kind=queued.kind, key=queued.key, now=office.clock())
        append(
            session,
            stream=sending.stream(message.peer),
            action=Action.EXCHANGE_RESENT,
            actor=actor,
            subject=f"exchange_message:{message.id}",
            after={"number": message.number, "kind": message.kind, "direction": message.direction},
            now=office.clock(),
        )
        return message, queued.id, queued.sent_at is not None

    asked = attempt(office, actor, work, subject=f"exchange_message:{message_id}", stream="exchange")
    if isinstance(asked, Refusal):
        return asked
    message, queued_id, left = asked
    try:
        # what left once waits in no outbox: it is in a folder that nobody fetched it from
        gone = left and not post(office, queued_id)
    except LineDownError as down:
        return Refusal(reasons=(_reason("line_down", str(down), "The other office does not answer."),))
    name = KIND_NAMES.get(message.kind, message.kind)
    verb = "将再次办理" if message.direction == "in" else "已重发" if left and not gone else "将立即重发"
    return Done(message=f"{message.peer} 第{message.number}号{name}{verb}")


def dead_messages(session: Session, message_ids: Iterable[int]) -> frozenset[int]:
    """Which of the messages were given up: tried too often, or not to be sent or heard at all."""
    kind = case((ExchangeMessage.direction == "out", sending.OUTBOX), else_=receiving.OUTBOX)
    query = (
        select(ExchangeMessage.id)
        .join(OutboxMessage, and_(OutboxMessage.key == ExchangeMessage.key, OutboxMessage.kind == kind))
        .where(ExchangeMessage.id.in_(list(message_ids)), OutboxMessage.dead_at.is_not(None))
    )
    return frozenset(session.scalars(query))


def own_public_key(office: Office) -> str:
    """What other offices enter as this one's ``public_key``."""
    return public_text(office.exchange_key)


def _note_answer(office: Office, peer: Peer, message: ExchangeMessage, queued_id: int, came: bytes) -> None:
    try:
        ack = judged(office, peer, came)
    except EnvelopeError as error:
        raise LineDownError(f"{peer.code} 的应答不可用：{said(came) or error.text}") from error
    if (ack.number, ack.digest) != (message.number, message.digest):
        raise LineDownError(f"{peer.code} 应答的不是这封信")
    with office.store.transaction() as session:
        note_ack(session, office, message.id, ack, came)
        receipt = f"{peer.code} 已收第{ack.number}号" if ack.state != "contradicted" else f"矛盾：{ack.text}"
        outbox.mark_sent(session, queued_id, now=office.clock(), receipt=receipt)


def _receiver(
    office: Office, session: Session, message: OutboxMessage, kind: str, payload: Mapping[str, Any]
) -> Peer | None:
    """The other office that the message is for; None where its case is here."""
    if KINDS[kind].begins:
        return office.peers.of_region(str(payload[KINDS[kind].region_of_receiver]))
    code = session.scalar(
        select(RightsTransfer.peer)
        .where(RightsTransfer.case_id == message.case_id, RightsTransfer.peer != "")
        .limit(1)
    )
    if code is None:
        return None
    peer = office.peers.of_code(code)
    if peer is None:
        raise LineDownError(f"机构名册（peers.yaml）中没有 {code}")
    return peer


def _body(office: Office, session: Session, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as it travels: a person by number and name, and nothing that means something here only."""
    body = {name: value for name, value in payload.items() if name not in STAYS}
    if "person_id" in payload:
        person = session.get_one(Person, payload["person_id"])
        body["person"] = {"id_number": id_number_of(office.vault, person), "name": person.name}
    return body


def _queued(message: ExchangeMessage) -> Select[OutboxMessage]:
    kind = sending.OUTBOX if message.direction == "out" else receiving.OUTBOX
    return select(OutboxMessage).where(OutboxMessage.kind == kind, OutboxMessage.key == message.key)


def _message_of(session: Session, message_id: int) -> ExchangeMessage:
    queued = session.get_one(OutboxMessage, message_id)
    return session.get_one(ExchangeMessage, queued.content["exchange_message"])


def _reason(code: str, text: str, english: str) -> Reason:
    return Reason(code=code, text=text, text_en=english)
