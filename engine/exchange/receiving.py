"""What comes in: verified, stored once, answered. What it means is found out later, when it is heard.

The answer is signed and says only that the message is kept; a peer that gets it need not send again. A message
that contradicts an earlier one is never stored over it: the contradiction is kept, shown and answered.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.exchange.envelope import Ack, AckState, Envelope, EnvelopeError, Sealed, open_sealed, seal_ack
from engine.exchange.peers import PeerBook
from engine.exchange.sending import hand_on, lock, place, stream
from engine.exchange.tables import ExchangeFault, ExchangeMessage
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.canonical import canonical, digest_of
from engine.store.crypto import Vault
from engine.values import SYSTEM

#: the outbox's kind of what is to be heard
OUTBOX = "exchange_in"
#: what anybody may send without a signature is kept so often in an hour and no more: it must not fill the office
UNVERIFIED_MAX = 100
_HOUR = timedelta(hours=1)


def take(
    session: Session,
    vault: Vault,
    raw: bytes,
    *,
    peers: PeerBook,
    own: str,
    key: Ed25519PrivateKey,
    now: datetime,
    via: str = "",
) -> bytes:
    """The signed answer to the message, which is stored with this transaction if it is new.

    EnvelopeError for what bears no signature of a peer, or, with ``via``, of that peer; :func:`keep_fault` keeps it.
    """
    sealed = open_sealed(raw, peers)
    if via and sealed.envelope.sender != via:
        raise EnvelopeError(
            "unknown_sender",
            "来件不是这个目录所属机构的",
            "The message is not from the office of this folder.",
        )
    state, text = _store(session, vault, sealed, now=now)
    envelope = sealed.envelope
    ack = Ack(
        sender=own,
        receiver=envelope.sender,
        number=envelope.number,
        digest=envelope.digest,
        state=state,
        text=text,
    )
    return seal_ack(ack, key)


def keep_fault(session: Session, raw: bytes, error: EnvelopeError, *, now: datetime) -> ExchangeFault | None:
    """What came and could not be verified, on record with the trail; None where an hour has brought too many."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("exchange:fault", 0))))
    recent = session.scalar(
        select(func.count()).where(ExchangeFault.peer == "", ExchangeFault.at > now - _HOUR)
    )
    if recent is not None and recent >= UNVERIFIED_MAX:
        return None
    return add_fault(
        session, peer="", code=error.code, text=error.text, digest=digest_of("sha256", raw), now=now
    )


def add_fault(
    session: Session,
    *,
    peer: str,
    code: str,
    text: str,
    digest: str,
    now: datetime,
    number: int | None = None,
    message_id: int | None = None,
) -> ExchangeFault:
    """The fault, on record with the trail; neither holds anything of what was said."""
    fault = ExchangeFault(
        at=now, peer=peer, code=code, text=text, number=number, digest=digest, message_id=message_id
    )
    session.add(fault)
    session.flush()
    append(
        session,
        stream=stream(peer) if peer else "exchange",
        action=Action.EXCHANGE_CONTRADICTED if peer else Action.EXCHANGE_REFUSED,
        actor=SYSTEM,
        subject=f"exchange_fault:{fault.id}",
        after={"code": code, "number": number, "digest": digest},
        reason=text,
        now=now,
    )
    return fault


def _store(session: Session, vault: Vault, sealed: Sealed, *, now: datetime) -> tuple[AckState, str]:
    """What to answer: taken, with the message stored; or that it was there already, or is not the same."""
    envelope = sealed.envelope
    lock(session, "in", envelope.sender)
    mine = (ExchangeMessage.direction == "in", ExchangeMessage.peer == envelope.sender)
    known = session.scalar(select(ExchangeMessage).where(*mine, ExchangeMessage.number == envelope.number))
    if known is not None and known.digest == envelope.digest:
        return "repeated", ""
    if known is not None:
        text = f"第{envelope.number}号已收到过另一内容的信件"
        return _contradicted(session, envelope, known, text, now)
    if envelope.transfer_number:
        same_step = session.scalar(
            select(ExchangeMessage).where(
                *mine,
                ExchangeMessage.transfer_number == envelope.transfer_number,
                ExchangeMessage.step == envelope.step,
            )
        )
        if same_step is not None:
            text = f"转迁 {envelope.transfer_number} 的第{envelope.step}步已由第{same_step.number}号说过"
            return _contradicted(session, envelope, same_step, text, now)
    _keep(session, vault, sealed, now=now)
    return "taken", ""


def _contradicted(
    session: Session, envelope: Envelope, known: ExchangeMessage, text: str, now: datetime
) -> tuple[AckState, str]:
    """Kept once, however often it is sent."""
    again = session.scalar(
        select(ExchangeFault.id)
        .where(
            ExchangeFault.peer == envelope.sender,
            ExchangeFault.number == envelope.number,
            ExchangeFault.digest == envelope.digest,
        )
        .limit(1)
    )
    if again is None:
        add_fault(
            session,
            peer=envelope.sender,
            code="contradicted",
            text=text,
            digest=envelope.digest,
            now=now,
            number=envelope.number,
            message_id=known.id,
        )
    return "contradicted", text


def _keep(session: Session, vault: Vault, sealed: Sealed, *, now: datetime) -> None:
    envelope = sealed.envelope
    body = canonical(envelope.body).decode()
    message = ExchangeMessage(
        direction="in",
        peer=envelope.sender,
        number=envelope.number,
        key=f"{envelope.sender}/{envelope.number}",
        transfer_number=envelope.transfer_number,
        step=envelope.step,
        kind=envelope.kind,
        digest=envelope.digest,
        signature=sealed.signature,
        body_cipher=vault.encrypt(body, bound_to=place("in", envelope.sender, envelope.number)),
        case_id=None,
        sent_at=envelope.sent_at,
        created_at=now,
        acked_at=now,
        ack_state="taken",
        ack="",
        outcome="",
        outcome_text="",
    )
    session.add(message)
    session.flush()
    hand_on(session, message, kind=OUTBOX, action=Action.EXCHANGE_TAKEN, now=now)
