"""The door for letters of other offices, and what becomes of the answers to ours. Nobody signs in: signatures decide.

For POST /exchange/messages (``web.exchange_door``) and for folders (``exchange_folders``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import orjson
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.exchange import receiving
from engine.exchange.envelope import Ack, Code, EnvelopeError, open_ack
from engine.exchange.peers import Peer
from engine.exchange.tables import ExchangeMessage
from engine.store.sight import seen_as
from engine.values import SYSTEM, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the door says to whoever posted."""

    #: ``acked`` for a signed answer, else a code of EnvelopeError
    code: str
    #: JSON
    body: bytes
    #: of the message, where it is acknowledged
    number: int = 0
    #: why it is not
    text: str = ""


def receive(office: Office, raw: bytes) -> bytes:
    """The answer to what was posted: signed where the message is a peer's, else a problem that says why not."""
    return answer(office, raw).body


def answer(office: Office, raw: bytes, *, via: str = "") -> Answer:
    """As :func:`receive`, with the code; ``via`` is the one peer whose messages may come this way."""

    def work(session: Session) -> bytes:
        return receiving.take(
            session,
            office.vault,
            raw,
            peers=office.peers,
            own=office.peers.own,
            key=office.exchange_key,
            now=office.clock(),
            via=via,
        )

    try:
        taken = attempt(office, SYSTEM, work, subject="exchange")
    except EnvelopeError as error:
        # nobody is signed in at this door: the fault is the office's own record
        with seen_as(None), office.store.transaction() as session:
            receiving.keep_fault(session, raw, error, now=office.clock())
        return _problem(error.code, error.text, error.text_en)
    if isinstance(taken, Refusal):
        return _problem("busy", "本机构暂时不能接收，请稍后再发", "Not now; please send it again later.")
    return Answer(code="acked", body=taken, number=int(orjson.loads(taken)["ack"]["number"]))


def note_ack(session: Session, office: Office, message_id: int, ack: Ack, raw: bytes) -> None:
    """The peer's answer kept with the message; the first one stays. A contradiction is kept as a fault too."""
    message = session.get_one(ExchangeMessage, message_id, with_for_update=True, populate_existing=True)
    if message.acked_at is not None:
        return
    message.acked_at, message.ack_state, message.ack = office.clock(), ack.state, raw.decode()
    if ack.state == "contradicted":
        message.outcome, message.outcome_text = "contradicted", ack.text
        receiving.add_fault(
            session,
            peer=message.peer,
            code="contradicted",
            text=ack.text or "对方答复：与已收信件矛盾",
            digest=message.digest,
            now=office.clock(),
            number=message.number,
            message_id=message.id,
        )
    session.flush()


def judged(office: Office, peer: Peer, came: bytes) -> Ack:
    """The peer's signed answer; EnvelopeError, kept as a fault where somebody else's hand is in it."""
    try:
        return open_ack(came, office.peers, sender=peer.code)
    except EnvelopeError as error:
        if error.code not in ("malformed", "too_large"):
            with office.store.transaction() as session:
                receiving.keep_fault(session, came, error, now=office.clock())
        raise


def _problem(code: str, text: str, english: str) -> Answer:
    body = orjson.dumps({"problem": {"code": code, "text": text, "text_en": english}})
    return Answer(code=code, body=body, text=text)


def said(came: bytes) -> str:
    """The code of the problem that the peer answered with, if it is one of ours: nothing else of it is repeated."""
    try:
        code = orjson.loads(came)["problem"]["code"]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return ""
    return code if code in get_args(Code) or code == "busy" else ""
