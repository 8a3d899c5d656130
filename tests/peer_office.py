"""Another office as far as its letters go: it says what a test has it say, and answers, or keeps silent."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.cases import correspondence
from engine.cases.office import Office
from engine.exchange.envelope import Ack, Envelope, open_sealed, seal, seal_ack
from engine.exchange.keys import public_text
from engine.exchange.peers import Peer, PeerBook
from engine.exchange.wire import LineDownError

_codes = itertools.count(1)


@dataclass(slots=True)
class PeerOffice:
    """The office of Chongqing, which serves every region that begins with 50; each is another one by its code."""

    office: Office
    code: str = field(default_factory=lambda: f"CQ{next(_codes)}")
    name: str = "重庆市失业保险经办机构"
    prefixes: tuple[str, ...] = ("50",)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    #: takes nothing and answers nothing
    silent: bool = False
    got: list[Envelope] = field(default_factory=list)
    _number: int = 0
    _steps: Counter[str] = field(default_factory=Counter)

    def carry(self, peer: Peer, sealed: bytes) -> bytes:
        """See ``engine.exchange.wire.Wire``."""
        assert peer.code == self.code
        if self.silent:
            raise LineDownError
        envelope = open_sealed(sealed, self._book()).envelope
        self.got.append(envelope)
        ack = Ack(
            sender=self.code,
            receiver=envelope.sender,
            number=envelope.number,
            digest=envelope.digest,
            state="taken",
        )
        return seal_ack(ack, self.key)

    def says(self, kind: str, transfer_number: str, **body: Any) -> bytes:
        """What the office answers to the next message of this peer."""
        self._number += 1
        self._steps[transfer_number] += 1
        envelope = Envelope(
            sender=self.code,
            receiver=self.office.peers.own,
            number=self._number,
            transfer_number=transfer_number,
            step=self._steps[transfer_number],
            kind=kind,
            body=body,
            sent_at=self.office.clock(),
        )
        return correspondence.receive(self.office, seal(envelope, self.key))

    def card(self) -> Peer:
        """What the office knows of this peer."""
        return _card(self.code, self.name, self.prefixes, self.key)

    def _book(self) -> PeerBook:
        own = self.office.peers.own
        theirs = _card(own, "聊城市失业保险经办机构", ("37",), self.office.exchange_key)
        return PeerBook(own=self.code, peers={own: theirs})


@contextmanager
def a_peer(office: Office) -> Iterator[PeerOffice]:
    """The office with one peer; afterwards with those that it had before."""
    before = office.peers, office.wire
    peer = PeerOffice(office)
    office.peers = PeerBook(own=before[0].own, peers={peer.code: peer.card()})
    office.wire = peer
    yield peer
    office.peers, office.wire = before


def _card(code: str, name: str, prefixes: tuple[str, ...], key: Ed25519PrivateKey) -> Peer:
    return Peer(
        code=code,
        name=name,
        regions=prefixes,
        channel="http",
        address=f"https://{code}.example",
        public_key=public_text(key),
        account="6217500103000000018",
        account_name="失业保险基金收入户",
        source="测试",
        verified=True,
    )
