"""The HTTP wire against servers that behave as they like: it waits for nobody long, and believes nothing unsigned."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from builders import a_transfer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from two_offices import DEZHOU, LIAOCHENG, Pair, a_peer, messages

from engine.exchange.envelope import BYTES_MAX
from engine.exchange.peers import Peer
from engine.exchange.wire import HttpWire, LineDownError, SilentPeerError

Reply = Callable[[bytes], tuple[int, bytes]]


@contextmanager
def a_server(reply: Reply) -> Iterator[str]:
    """The address of a server that answers every POST so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def at(address: str) -> Peer:
    return replace(a_peer("371400", Ed25519PrivateKey.generate(), "3714"), address=address)


@pytest.mark.req("TRANS-04")
def test_what_is_posted_comes_to_the_door_and_the_answer_back() -> None:
    seen = []

    def reply(raw: bytes) -> tuple[int, bytes]:
        seen.append(raw)
        return 200, b"answer"

    with a_server(reply) as address:
        assert HttpWire().carry(at(address), b"letter") == b"answer"
        assert HttpWire().carry(at(address + "/office"), b"letter") == b"answer"
    assert seen == [b"letter", b"letter"]


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"x" * (BYTES_MAX + 1)), (302, b"elsewhere")],
    ids=["endless answer", "redirection"],
)
def test_an_answer_that_is_too_long_is_none_and_no_redirection_is_followed(status: int, body: bytes) -> None:
    with a_server(lambda _raw: (status, body)) as address:
        if status == 200:
            with pytest.raises(LineDownError):
                HttpWire().carry(at(address), b"letter")
        else:
            assert HttpWire().carry(at(address), b"letter") == body


@pytest.mark.req("TRANS-04")
def test_a_silent_peer_is_left_in_peace_for_a_while_and_others_are_not() -> None:
    wire = HttpWire(seconds=0.3, silence=60)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        silent = at(f"http://127.0.0.1:{deaf.getsockname()[1]}")
        with pytest.raises(LineDownError) as first:
            wire.carry(silent, b"letter")
        assert not isinstance(first.value, SilentPeerError)
        with pytest.raises(SilentPeerError) as second:
            wire.carry(silent, b"letter")
    assert 0 < second.value.seconds <= 60
    with a_server(lambda _raw: (200, b"answer")) as address:
        assert wire.carry(replace(at(address), code="500000"), b"letter") == b"answer"


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"{}",
        b'{"ack":{},"signature":""}',
        b'{"problem":{"code":"busy"}}',
    ],
)
def test_an_answer_without_a_signature_leaves_the_letter_to_be_sent_again(pair: Pair, answer: bytes) -> None:
    with a_server(lambda _raw: (200, answer)) as address:
        there = pair.dezhou.peers.peers[LIAOCHENG]
        peers = {**pair.dezhou.peers.peers, LIAOCHENG: replace(there, address=address)}
        pair.dezhou.peers = replace(pair.dezhou.peers, peers=peers)
        pair.dezhou.wire = HttpWire()
        a_transfer(pair.dezhou, source=LIAOCHENG, to=DEZHOU).answers("accept_transfer")
        pair.sweep()
    (sent,) = messages(pair.dezhou, "out")
    assert sent.acked_at is None

    pair.dezhou.wire = pair.line
    pair.wait()

    (sent,) = messages(pair.dezhou, "out")
    assert sent.ack_state == "taken"
