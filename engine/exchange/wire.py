"""How a sealed message gets to a peer and its answer back: by HTTP, bounded in time and size.

Judges neither. Called by ``engine.cases.correspondence`` outside of any transaction; tests put another wire in.
"""

from __future__ import annotations

import http.client
import threading
import time
from typing import Protocol
from urllib.parse import urlsplit

from engine.exchange.envelope import BYTES_MAX
from engine.exchange.peers import Peer

#: the door of every office
PATH = "/exchange/messages"


class LineDownError(Exception):
    """对方机构没有应答；稍后自动重发，也可人工重发。"""

    retryable = True
    #: an office may be out of reach for a night or a holiday: its letters wait, none is laid aside for that
    patient = True

    def __init__(self, text: str = "") -> None:
        super().__init__(text or LineDownError.__doc__)


class SilentPeerError(LineDownError):
    """对方机构刚刚没有应答，稍候再试。"""

    def __init__(self, seconds: float) -> None:
        #: how much longer it is left in peace
        self.seconds = seconds
        super().__init__(SilentPeerError.__doc__ or "")


class Wire(Protocol):
    """Carries one message."""

    def carry(self, peer: Peer, sealed: bytes) -> bytes:
        """The peer's answer as it came, not yet judged. LineDownError where none came in time, or one too long."""
        ...


class HttpWire:
    """Posts to ``address/exchange/messages``; follows no redirection. One for a process.

    A peer that did not answer is not asked again for ``silence`` seconds: it must not hold up what else is due.
    """

    def __init__(self, *, seconds: float = 10.0, silence: float = 20.0) -> None:
        #: for connecting, and again for each part of the answer
        self._seconds = seconds
        self._silence = silence
        self._silent_until: dict[str, float] = {}
        self._lock = threading.Lock()

    def carry(self, peer: Peer, sealed: bytes) -> bytes:
        """The body of the answer, whatever its status: an answer that is not signed is none to the caller."""
        with self._lock:
            left = self._silent_until.get(peer.code, 0.0) - time.monotonic()
        if left > 0:
            raise SilentPeerError(left)
        try:
            return _post(peer.address, sealed, self._seconds)
        except (OSError, http.client.HTTPException) as cause:
            with self._lock:
                self._silent_until[peer.code] = time.monotonic() + self._silence
            raise LineDownError(f"{peer.code} 没有应答（{type(cause).__name__}）") from cause


def _post(address: str, sealed: bytes, seconds: float) -> bytes:
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=seconds)
    try:
        connection.request(
            "POST",
            parts.path + PATH,
            body=sealed,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        answer = connection.getresponse().read(BYTES_MAX + 1)
        if len(answer) > BYTES_MAX:
            raise http.client.HTTPException
        return answer
    finally:
        connection.close()
