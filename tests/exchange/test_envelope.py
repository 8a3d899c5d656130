"""Envelopes: the same bytes each time, and no other bytes are read as them."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from two_offices import a_peer

from engine.exchange.envelope import (
    BYTES_MAX,
    DEPTH_MAX,
    Ack,
    Envelope,
    EnvelopeError,
    open_ack,
    open_sealed,
    seal,
    seal_ack,
)
from engine.exchange.peers import PeerBook

OURS, THEIRS, STRANGER = (Ed25519PrivateKey.generate() for _ in range(3))
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.recursive(
    WORDS | st.integers(-(2**53), 2**53) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
#: an envelope and its body take two layers of the depth
BODIES = st.dictionaries(WORDS, PLAIN, max_size=4).filter(lambda body: _depth(body) <= DEPTH_MAX - 2)


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, dict | list) else 0


HERE = PeerBook(own="371500", peers={"371400": a_peer("371400", THEIRS, "3714")})
THERE = PeerBook(own="371400", peers={"371500": a_peer("371500", OURS, "3715")})


def envelope(body: dict[str, object] | None = None, **changed: object) -> Envelope:
    said = {
        "sender": "371400",
        "receiver": "371500",
        "number": 7,
        "transfer_number": "ZY-371400-ZR-2025-000001",
        "step": 1,
        "kind": "transfer_info",
        "body": {"months_paid": 26} if body is None else body,
        "sent_at": datetime(2025, 11, 3, 1, 0, tzinfo=UTC),
    }
    return Envelope(**{**said, **changed})  # type: ignore[arg-type]


def code_of(raw: bytes, peers: PeerBook = HERE) -> str:
    with pytest.raises(EnvelopeError) as refused:
        open_sealed(raw, peers)
    return refused.value.code


@pytest.mark.req("TRANS-04")
@given(BODIES)
def test_what_was_sealed_is_opened_and_sealed_again_to_the_same_bytes(body: dict[str, object]) -> None:
    raw = seal(envelope(body), THEIRS)

    opened = open_sealed(raw, HERE).envelope

    assert opened == envelope(body)
    assert seal(opened, THEIRS) == raw


@pytest.mark.req("TRANS-04")
@given(BODIES, st.data())
def test_any_flipped_bit_is_refused(body: dict[str, object], data: st.DataObject) -> None:
    raw = seal(envelope(body), THEIRS)
    at = data.draw(st.integers(0, len(raw) - 1))
    flipped = raw[:at] + bytes([raw[at] ^ (1 << data.draw(st.integers(0, 7)))]) + raw[at + 1 :]

    assert code_of(flipped) in ("malformed", "bad_signature", "unknown_sender")


@pytest.mark.req("TRANS-04")
def test_every_flipped_bit_of_one_envelope_and_of_one_receipt_is_refused() -> None:
    raw = seal(envelope(), THEIRS)
    ack = seal_ack(Ack(sender="371400", receiver="371500", number=7, digest="0" * 64, state="taken"), THEIRS)

    for at in range(len(raw) * 8):
        assert code_of(bit_flipped(raw, at))
    for at in range(len(ack) * 8):
        with pytest.raises(EnvelopeError):
            open_ack(bit_flipped(ack, at), HERE, sender="371400")


def bit_flipped(raw: bytes, at: int) -> bytes:
    return raw[: at // 8] + bytes([raw[at // 8] ^ (1 << at % 8)]) + raw[at // 8 + 1 :]


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (seal(envelope(), STRANGER), "bad_signature"),
        (seal(envelope(sender="370100"), THEIRS), "unknown_sender"),
        (seal(envelope(receiver="370100"), THEIRS), "not_for_us"),
        (seal(envelope(), THEIRS) + b"\n", "malformed"),
        (seal(envelope(), THEIRS).replace(b":", b": ", 1), "malformed"),
        (b"", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"null", "malformed"),
        (b"[]", "malformed"),
        (b'{"envelope":1,"signature":2}', "malformed"),
        (b"[" * 5000 + b"]" * 5000, "malformed"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "malformed"),
        (b"{" + b" " * BYTES_MAX + b"}", "too_large"),
    ],
    ids=[
        *("stranger", "unknown", "misdirected", "newline", "spaced", "empty", "not text", "null", "list"),
        *("wrong types", "deep list", "deep mapping", "large"),
    ],
)
def test_what_is_not_a_letter_of_a_peer_to_us_is_refused_with_its_code(raw: bytes, code: str) -> None:
    assert code_of(raw) == code


def test_a_signature_of_the_right_key_on_a_wrong_form_is_malformed() -> None:
    for wrong in (
        {"number": 0}, {"number": True}, {"number": "7"}, {"step": -1}, {"step": 0}, {"kind": "Transfer Info"},
        {"transfer_number": "a b"}, {"transfer_number": "x" * 41}, {"body": []}, {"sent_at": "yesterday"},
        {"sent_at": "2025-13-03T01:00:00.000000Z"}, {"sender": "a/b"}, {"receiver": ""}, {"more": 1},
    ):  # fmt: skip
        record = {**orjson.loads(envelope().record()), **wrong}
        content = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
        signature = THEIRS.sign(b"changling/exchange/envelope/1\n" + content).hex().encode()

        assert code_of(b'{"envelope":' + content + b',"signature":"' + signature + b'"}') == "malformed", (
            wrong
        )


def test_fractions_and_what_is_too_deep_or_too_long_are_not_even_sealed() -> None:
    deep: object = 1
    for _ in range(DEPTH_MAX):
        deep = [deep]
    for body in ({"a": 0.5}, {"a": deep}, {"a": "x" * BYTES_MAX}):
        with pytest.raises(ValueError, match="信件太大或层次太深"):
            seal(envelope(body), THEIRS)


@pytest.mark.req("TRANS-04")
def test_a_receipt_is_no_letter_and_a_letter_no_receipt() -> None:
    """A signature under the one says nothing under the other, even over the same record."""
    ack = Ack(sender="371500", receiver="371400", number=7, digest=envelope().digest, state="taken")
    assert open_ack(seal_ack(ack, OURS), THERE, sender="371500") == ack

    assert code_of(seal_ack(ack, OURS), THERE) == "malformed"
    with pytest.raises(EnvelopeError):
        open_ack(seal(envelope(), THEIRS), HERE, sender="371400")
    record = seal(envelope(), THEIRS).replace(b'"envelope"', b'"ack"')
    with pytest.raises(EnvelopeError):
        open_ack(record, HERE, sender="371400")


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    ("changed", "key", "code"),
    [
        ({}, STRANGER, "bad_signature"),
        ({"sender": "370100"}, OURS, "unknown_sender"),
        ({"receiver": "370100"}, OURS, "not_for_us"),
        ({"state": "perhaps"}, OURS, "malformed"),
        ({"number": 0}, OURS, "malformed"),
        ({"text": "x" * 501}, OURS, "malformed"),
        ({"text": "a\x00b"}, OURS, "malformed"),
    ],
)
def test_a_receipt_that_another_gave_is_none(
    changed: dict[str, object], key: Ed25519PrivateKey, code: str
) -> None:
    said = {"sender": "371500", "receiver": "371400", "number": 7, "digest": "0" * 64, "state": "taken"}
    with pytest.raises(EnvelopeError) as refused:
        open_ack(seal_ack(Ack(**{**said, **changed}), key), THERE, sender="371500")  # type: ignore[arg-type]

    assert refused.value.code == code
