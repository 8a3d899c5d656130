"""POST /exchange/messages: nobody signs in, a signature decides, and whatever comes gets a clear answer in JSON."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from builders import a_transfer
from flask import Flask
from two_offices import DEZHOU, LIAOCHENG, Pair, a_letter, messages
from werkzeug.test import TestResponse, create_environ, run_wsgi_app

from engine.exchange.envelope import BYTES_MAX, open_ack
from engine.exchange.peers import Peer
from engine.exchange.wire import PATH
from web.app import create_app


class Doors:
    """Posts to the door of the other office as HTTP does."""

    def __init__(self, apps: dict[str, Flask]) -> None:
        self._apps = apps

    def carry(self, peer: Peer, sealed: bytes) -> bytes:
        """See ``engine.exchange.wire.Wire``."""
        return post(self._apps[peer.code], sealed).data


def post(app: Flask, raw: bytes, **more: object) -> TestResponse:
    headers = {"Accept": "application/json"}
    return app.test_client().post(PATH, data=raw, content_type="application/json", headers=headers, **more)  # type: ignore[arg-type]


@pytest.mark.req("TRANS-01", "TRANS-04")
def test_a_transfer_goes_through_the_doors_of_two_offices(pair: Pair) -> None:
    pair.dezhou.wire = pair.liaocheng.wire = Doors(
        {LIAOCHENG: create_app(pair.liaocheng), DEZHOU: create_app(pair.dezhou)}
    )
    case = a_transfer(pair.dezhou, source=LIAOCHENG, to=DEZHOU).answers("accept_transfer")
    pair.sweep()
    pair.out_case().answers("review_transfer").answers("approve_transfer")
    pair.sweep()

    assert "credit_months" in case.history()
    assert [each.ack_state for each in messages(pair.dezhou, "out")][:1] == ["taken"]
    assert [each.ack_state for each in messages(pair.liaocheng, "out")][:1] == ["taken"]


@pytest.mark.req("TRANS-04")
def test_a_letter_is_answered_with_a_signed_receipt_without_session_or_token(
    pair: Pair, folder: Path
) -> None:
    answer = post(create_app(pair.liaocheng), a_letter(folder))

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert open_ack(answer.data, pair.dezhou.peers, sender=LIAOCHENG).state == "taken"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 400, "malformed"),
        (b"\x00\xff", 400, "malformed"),
        (b"<html>", 400, "malformed"),
        (b"{}", 400, "malformed"),
        (b'{"envelope":[],"signature":"00"}', 400, "malformed"),
        (b"[" * 30_000, 400, "malformed"),
        (b'{"a":' * 5_000 + b"0" + b"}" * 5_000, 400, "malformed"),
        (b'{"envelope":{"number":1e400},"signature":""}', 400, "malformed"),
        (b" " * (BYTES_MAX + 1), 413, "too_large"),
        (b" " * (BYTES_MAX * 20), 413, "too_large"),
    ],
    ids=[
        "empty",
        "binary",
        "page",
        "nothing",
        "types",
        "unclosed",
        "deep",
        "huge number",
        "one too long",
        "long",
    ],
)
def test_hostile_bodies_get_a_clear_answer(pair: Pair, raw: bytes, status: int, code: str) -> None:
    answer = post(create_app(pair.liaocheng), raw)

    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    problem = answer.get_json()["problem"]
    assert problem["code"] == code
    assert problem["text"]
    assert problem["text_en"]
    assert "Traceback" not in answer.text


@pytest.mark.req("TRANS-04")
def test_a_body_without_a_length_is_read_no_further_than_agreed(pair: Pair) -> None:
    class Endless:
        """Gives out bytes for as long as somebody reads."""

        read_bytes = 0

        def read(self, size: int = -1) -> bytes:
            self.read_bytes += max(size, 0)
            assert self.read_bytes < BYTES_MAX * 4, "read on and on"
            return b" " * max(size, 1)

        def readinto(self, buffer: bytearray) -> int:
            self.read(len(buffer))
            return len(buffer)

    environ = create_environ(PATH, method="POST", content_type="application/json")
    environ |= {"wsgi.input": Endless(), "wsgi.input_terminated": True}
    body, status, _headers = run_wsgi_app(create_app(pair.liaocheng), environ)

    assert status.startswith("413")
    assert orjson.loads(b"".join(body))["problem"]["code"] == "too_large"


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    ("changed", "code"),
    [({"signed_by": DEZHOU, "sender": "999999"}, "unknown_sender"), ({"receiver": DEZHOU}, "not_for_us")],
)
def test_letters_of_others_are_forbidden(
    pair: Pair, folder: Path, changed: dict[str, str], code: str
) -> None:
    answer = post(create_app(pair.liaocheng), a_letter(folder, **changed))

    assert (answer.status_code, answer.get_json()["problem"]["code"]) == (403, code)


@pytest.mark.req("TRANS-04")
def test_the_door_is_for_posting_only(pair: Pair) -> None:
    answer = create_app(pair.liaocheng).test_client().put(PATH, headers={"Accept": "application/json"})

    assert answer.status_code == 405
    assert answer.mimetype.endswith("json")
