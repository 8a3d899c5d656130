"""Envelopes and receipts as bytes: canonical JSON with an Ed25519 signature beside it.

The same envelope gives the same bytes each time, and no other bytes are read as that envelope: what is not
written canonically is refused, so that nothing can be changed unseen. ``docs/howto/exchange.md`` tells an office
with another system how to write them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine.exchange.peers import PeerBook
from engine.store.canonical import Plain, canonical, digest_of, plain

#: the largest message or receipt
BYTES_MAX = 64 * 1024
#: lists and mappings within one another, the outermost counted
DEPTH_MAX = 8
#: what is signed begins so: a receipt can never be taken for an envelope, nor either for anything else
_ENVELOPE = b"changling/exchange/envelope/1\n"
_ACK = b"changling/exchange/ack/1\n"

_FIELDS = frozenset({"sender", "receiver", "number", "transfer_number", "step", "kind", "body", "sent_at"})
_ACK_FIELDS = frozenset({"sender", "receiver", "number", "digest", "state", "text"})
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[0-9A-Za-z-]{1,20}")
_KIND = re.compile(r"[a-z_]{1,40}")
_TRANSFER = re.compile(r"[0-9A-Za-z-]{0,40}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_NUMBER_MAX = 2**53 - 1
_STEP_MAX = 2**31 - 1
_TEXT_MAX = 500
#: bytes that signature and names add to a record, and some more
_AROUND = 256

Code = Literal["malformed", "too_large", "unknown_sender", "not_for_us", "bad_signature"]
AckState = Literal["taken", "repeated", "contradicted"]
_STATES: tuple[AckState, ...] = ("taken", "repeated", "contradicted")


class EnvelopeError(Exception):
    """来件不能接收；信息说明原因，不引用来件内容。"""

    retryable = False

    def __init__(self, code: Code, text: str, text_en: str) -> None:
        self.code: Code = code
        self.text = text
        self.text_en = text_en
        super().__init__(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One message from office to office."""

    sender: str
    receiver: str
    #: from 1, without gaps for each receiver
    number: int
    #: empty for a statement
    transfer_number: str
    #: from 1 within the transfer; 0 for a statement
    step: int
    kind: str
    #: JSON: texts, whole numbers, yes and no, lists and mappings of them
    body: Mapping[str, Plain]
    sent_at: datetime

    def record(self) -> bytes:
        """The canonical JSON, without the signature."""
        return canonical(
            {
                "sender": self.sender,
                "receiver": self.receiver,
                "number": self.number,
                "transfer_number": self.transfer_number,
                "step": self.step,
                "kind": self.kind,
                "body": self.body,
                "sent_at": plain(self.sent_at),
            }
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON: what makes two messages the same."""
        return digest_of("sha256", self.record())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An envelope whose signature was verified."""

    envelope: Envelope
    #: 128 hex characters
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The receiver's answer to one message."""

    #: who answers
    sender: str
    #: whose message it was
    receiver: str
    number: int
    #: of the envelope that is answered
    digest: str
    state: AckState
    #: why it contradicts; names no person
    text: str = ""


def seal(envelope: Envelope, key: Ed25519PrivateKey) -> bytes:
    """The signed envelope; ValueError for one that no office would take."""
    check(envelope)
    return _signed("envelope", envelope.record(), key, _ENVELOPE)


def check(envelope: Envelope) -> None:
    """ValueError for an envelope that no office would take: too long, too deep, or not of the agreed form."""
    record = envelope.record()
    content = orjson.loads(record)
    if len(record) > BYTES_MAX - _AROUND or not _is_plain(content) or canonical(content) != record:
        raise ValueError(f"信件太大或层次太深：{envelope.kind}")
    try:
        _envelope(content)
    except EnvelopeError as cause:
        raise ValueError(f"信件的写法不合约定：{envelope.kind}") from cause


def open_sealed(raw: bytes, peers: PeerBook) -> Sealed:
    """The envelope in the bytes, from a known peer and for this office; EnvelopeError otherwise.

    Nothing of it is trusted before the signature is verified.
    """
    record, signature = _parts(raw, "envelope")
    envelope = _envelope(record)
    sender = peers.of_code(envelope.sender)
    if sender is None:
        raise EnvelopeError("unknown_sender", "发件机构不在名册内", "The sending office is not known here.")
    _verify(sender.key, signature, _ENVELOPE + canonical(record))
    if envelope.receiver != peers.own:
        raise EnvelopeError("not_for_us", "收件机构不是本机构", "The message is for another office.")
    return Sealed(envelope=envelope, signature=signature)


def seal_ack(ack: Ack, key: Ed25519PrivateKey) -> bytes:
    """The signed answer."""
    record: dict[str, Plain] = {
        "sender": ack.sender,
        "receiver": ack.receiver,
        "number": ack.number,
        "digest": ack.digest,
        "state": ack.state,
        "text": ack.text,
    }
    return _signed("ack", canonical(record), key, _ACK)


def open_ack(raw: bytes, peers: PeerBook, *, sender: str) -> Ack:
    """The answer in the bytes, given by that peer to this office; EnvelopeError otherwise."""
    record, signature = _parts(raw, "ack")
    if record.keys() != _ACK_FIELDS or not all(
        isinstance(record[name], str) for name in _ACK_FIELDS - {"number"}
    ):
        raise _malformed()
    state = next((each for each in _STATES if each == record["state"]), None)
    number, text = record["number"], str(record["text"])
    if (
        state is None
        or not _whole(number, 1, _NUMBER_MAX)
        or not (len(text) <= _TEXT_MAX and text.isprintable())
    ):
        raise _malformed()
    peer = peers.of_code(sender)
    if peer is None or record["sender"] != sender:
        raise EnvelopeError("unknown_sender", "应答的机构不是收件机构", "Another office answered.")
    _verify(peer.key, signature, _ACK + canonical(record))
    if record["receiver"] != peers.own or not _DIGEST.fullmatch(str(record["digest"])):
        raise EnvelopeError("not_for_us", "应答不是给本机构的", "The answer is for another office.")
    return Ack(
        sender=sender,
        receiver=peers.own,
        number=cast(int, number),
        digest=str(record["digest"]),
        state=state,
        text=text,
    )


def is_ack(raw: bytes) -> bool:
    """Whether the bytes claim to be an answer rather than a message; nothing is verified."""
    return raw.startswith(b'{"ack":')


def _signed(name: str, record: bytes, key: Ed25519PrivateKey, prefix: bytes) -> bytes:
    signature = key.sign(prefix + record).hex()
    # as canonical JSON has it: the name comes before "signature"
    return b'{"%s":%s,"signature":"%s"}' % (name.encode(), record, signature.encode())


def _parts(raw: bytes, name: str) -> tuple[dict[str, Plain], str]:
    """The record of that name and its signature, not yet verified; EnvelopeError unless written canonically."""
    if len(raw) > BYTES_MAX:
        raise EnvelopeError(
            "too_large",
            f"来件超过 {BYTES_MAX // 1024} KB",
            f"The message is larger than {BYTES_MAX // 1024} KB.",
        )
    try:
        whole = orjson.loads(raw)
    except orjson.JSONDecodeError as cause:
        raise _malformed() from cause
    if not _is_plain(whole) or canonical(whole) != raw:
        raise _malformed()
    if not isinstance(whole, dict) or whole.keys() != {name, "signature"}:
        raise _malformed()
    record, signature = whole[name], whole["signature"]
    if not isinstance(record, dict) or not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
        raise _malformed()
    return record, signature


def _envelope(record: Mapping[str, Plain]) -> Envelope:
    if record.keys() != _FIELDS:
        raise _malformed()
    words = {
        "sender": _CODE,
        "receiver": _CODE,
        "transfer_number": _TRANSFER,
        "kind": _KIND,
        "sent_at": _INSTANT,
    }
    for name, shape in words.items():
        value = record[name]
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise _malformed()
    number, step, body = record["number"], record["step"], record["body"]
    if not _whole(number, 1, _NUMBER_MAX) or not _whole(step, 0, _STEP_MAX) or not isinstance(body, dict):
        raise _malformed()
    if (step == 0) != (record["transfer_number"] == ""):
        raise _malformed()
    return Envelope(
        sender=str(record["sender"]),
        receiver=str(record["receiver"]),
        number=cast(int, number),
        transfer_number=str(record["transfer_number"]),
        step=cast(int, step),
        kind=str(record["kind"]),
        body=body,
        sent_at=_instant(str(record["sent_at"])),
    )


def _instant(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError as cause:
        raise _malformed() from cause


def _verify(key: Ed25519PublicKey, signature: str, content: bytes) -> None:
    try:
        key.verify(bytes.fromhex(signature), content)
    except InvalidSignature as cause:
        raise EnvelopeError("bad_signature", "签名不符", "The signature does not fit.") from cause


def _malformed() -> EnvelopeError:
    return EnvelopeError("malformed", "来件的写法不合约定", "The message is not written as agreed.")


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_plain(value: object) -> bool:
    """Whether the JSON has no fractions and is not deeper than agreed; looked at layer by layer, not by recursion."""
    layer: list[object] = [value]
    for _ in range(DEPTH_MAX):
        inner: list[object] = []
        for each in layer:
            if isinstance(each, float):
                return False
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        if not inner:
            return True
        layer = inner
    return not any(isinstance(each, dict | list | float) for each in layer)
