"""What goes out: numbered in the sender's transaction, sealed whenever it is sent.

A number is given under a lock that only messages to the same peer wait for, so that numbers have no gaps and a
peer sees when something is missing. Sending itself is the outbox's: see ``engine.cases.correspondence``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.exchange import envelope
from engine.exchange.bodies import STATEMENT
from engine.exchange.envelope import Envelope
from engine.exchange.tables import ExchangeMessage
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.canonical import Plain, canonical
from engine.store.crypto import Vault
from engine.values import SYSTEM

#: the outbox's kind of what is to be sent
OUTBOX = "exchange"


class UnsendableError(Exception):
    """信件的内容不合机构之间的约定，或太大，不能发出；请流程分析岗核对流程图中消息携带的数据。"""

    retryable = False


def put(
    session: Session,
    vault: Vault,
    *,
    key: str,
    peer: str,
    own: str,
    kind: str,
    transfer_number: str,
    body: Mapping[str, Plain],
    case_id: int | None,
    now: datetime,
) -> ExchangeMessage:
    """The message to the peer, in the outbox with this transaction; the one that was put first under the key.

    UnsendableError for what no office would take; the caller has checked the body against the agreement.
    """
    lock(session, "out", peer)
    found = session.scalar(
        select(ExchangeMessage).where(ExchangeMessage.direction == "out", ExchangeMessage.key == key)
    )
    if found is not None:
        return found
    written = canonical(body)
    made = Envelope(
        sender=own,
        receiver=peer,
        number=_count(session, peer) + 1,
        transfer_number=transfer_number,
        step=0 if kind == STATEMENT else _count(session, peer, transfer_number) + 1,
        kind=kind,
        body=orjson.loads(written),
        sent_at=now,
    )
    message = ExchangeMessage(
        direction="out",
        peer=peer,
        number=made.number,
        key=key,
        transfer_number=transfer_number,
        step=made.step,
        kind=kind,
        digest=_checked(made),
        signature="",
        body_cipher=vault.encrypt(written.decode(), bound_to=place("out", peer, made.number)),
        case_id=case_id,
        sent_at=now,
        created_at=now,
        ack_state="",
        ack="",
        outcome="",
        outcome_text="",
    )
    session.add(message)
    session.flush()
    hand_on(session, message, kind=OUTBOX, action=Action.EXCHANGE_SENT, now=now)
    return message


def sealed(vault: Vault, message: ExchangeMessage, *, own: str, key: Ed25519PrivateKey) -> bytes:
    """The bytes of the message: the same each time, for as long as the office has the same key."""
    return envelope.seal(
        Envelope(
            sender=own,
            receiver=message.peer,
            number=message.number,
            transfer_number=message.transfer_number,
            step=message.step,
            kind=message.kind,
            body=body_of(vault, message),
            sent_at=message.sent_at,
        ),
        key,
    )


def body_of(vault: Vault, message: ExchangeMessage) -> dict[str, Plain]:
    """What the message says; never for a log, a page list or an outbox payload. VaultError if tampered with."""
    bound = place(message.direction, message.peer, message.number)
    body: dict[str, Plain] = orjson.loads(vault.decrypt(message.body_cipher, bound_to=bound))
    return body


def place(direction: str, peer: str, number: int) -> str:
    """What an encrypted body is bound to."""
    return f"exchange_message.body:{direction}:{peer}:{number}"


def stream(peer: str) -> str:
    """The stream of the audit trail that tells what passed between this office and the peer."""
    return f"exchange:{peer}"


def lock(session: Session, direction: str, peer: str) -> None:
    """Until the transaction ends, nobody else numbers or takes messages of that direction and peer."""
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"exchange:{direction}:{peer}", 0)))
    )


def hand_on(session: Session, message: ExchangeMessage, *, kind: str, action: Action, now: datetime) -> None:
    """The message in the outbox, to be sent or heard, and in the trail without a word of what it says."""
    payload = {"exchange_message": message.id}
    outbox.put(session, kind=kind, key=message.key, payload=payload, now=now, case_id=message.case_id)
    told = {
        "kind": message.kind,
        "number": message.number,
        "transfer_number": message.transfer_number,
        "step": message.step,
        "digest": message.digest,
    }
    append(
        session,
        stream=stream(message.peer),
        action=action,
        actor=SYSTEM,
        subject=f"exchange_message:{message.id}",
        # what goes out is signed anew each time
        after={**told, "signature": message.signature} if message.signature else told,
        now=now,
    )


def _count(session: Session, peer: str, transfer_number: str = "") -> int:
    """The highest number to the peer, or the highest step of that transfer."""
    column = ExchangeMessage.step if transfer_number else ExchangeMessage.number
    query = select(func.max(column)).where(ExchangeMessage.direction == "out", ExchangeMessage.peer == peer)
    if transfer_number:
        query = query.where(ExchangeMessage.transfer_number == transfer_number)
    return session.scalar(query) or 0


def _checked(made: Envelope) -> str:
    """The digest of an envelope that every office can read; UnsendableError for one that none would."""
    try:
        envelope.check(made)
    except ValueError as cause:
        raise UnsendableError(f"{UnsendableError.__doc__}（{made.kind}）") from cause
    return made.digest
