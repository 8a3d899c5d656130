"""The line between two offices, and what may go wrong on it. It stands where HTTP stands; nothing else is replaced.

A message in good order is handed to the door of the other office, and the door's answer is given back. A fault
loses, repeats, delays, changes or exchanges either of them, or ends the process at one of the ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from channel_plans import Fault
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.exchange.envelope import Ack, Envelope, seal, seal_ack
from engine.exchange.peers import Peer
from engine.exchange.wire import LineDownError


class Crash(BaseException):
    """The process has ended: nothing catches this, and what was not committed is gone."""


class Door(Protocol):
    """An end of the line."""

    code: str

    @property
    def key(self) -> Ed25519PrivateKey:
        """What the office signs with."""
        ...

    def receive(self, raw: bytes) -> bytes:
        """The office's answer; LineDownError where its process died over it."""
        ...

    def restart(self) -> None:
        """The process is another one."""
        ...

    def die(self, at: int, when: str) -> None:
        """The process will end ``before`` or ``after`` its at-th commit from now."""
        ...

    def die_sweeping(self, at: int, when: str) -> None:
        """The same, counted from the beginning of its next sweep."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message on its way."""

    sender: Door
    receiver: Door
    raw: bytes
    kind: str
    transfer: str
    number: int
    #: of this transfer and kind: which sending of it this is, from 0
    turn: int
    fault: Fault | None


@dataclass(slots=True)
class Line:
    """All wires between the offices."""

    clock: Callable[[], datetime]
    doors: dict[str, Door] = field(default_factory=dict)
    #: what happens to the messages of a transfer, by its number: found out when it is first seen
    faults_of: Callable[[str, Mapping[str, Any]], tuple[Fault, ...]] = lambda _number, _body: ()
    #: when no more faults are made
    healed: bool = False
    #: every message that ever travelled with its answer, as an eavesdropper has them
    heard: list[tuple[Parcel, bytes]] = field(default_factory=list)
    #: copies that come out of the line later
    held: list[tuple[datetime, Parcel]] = field(default_factory=list)
    #: what was done, for reports and to see that every fault took place
    done: list[tuple[str, str, str]] = field(default_factory=list)
    _turns: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _shut: dict[tuple[str, int], datetime] = field(default_factory=dict)

    def wire(self, code: str) -> Wire:
        """The wire out of that office."""
        return Wire(self, code)

    def carry(self, sender: str, receiver: str, raw: bytes) -> bytes:
        """The answer that comes back to the sender, whatever became of it on the way."""
        parcel = self._parcel(self.doors[sender], self.doors[receiver], raw)
        until = self._shut.get((sender, parcel.number))
        if not self.healed and until is not None and self.clock() < until:
            raise LineDownError
        if self.healed or parcel.fault is None:
            return self.hand_over(parcel)
        self.done.append((parcel.kind, parcel.fault.what, sender))
        return FAULTS[parcel.fault.what](self, parcel)

    def hand_over(self, parcel: Parcel) -> bytes:
        """The message comes to the door."""
        answer = parcel.receiver.receive(parcel.raw)
        self.heard.append((parcel, answer))
        return answer

    def shut(self, parcel: Parcel, hours: int) -> None:
        """That message does not get through for so long."""
        self._shut[parcel.sender.code, parcel.number] = self.clock() + timedelta(hours=hours)

    def hold(self, parcel: Parcel, hours: int) -> None:
        """A copy of it comes out of the line so much later."""
        self.held.append((self.clock() + timedelta(hours=hours), parcel))

    def release(self) -> None:
        """What was held and is due comes to the doors; nobody waits for the answers any more."""
        now = self.clock()
        due = [parcel for at, parcel in self.held if at <= now or self.healed]
        self.held = [(at, parcel) for at, parcel in self.held if at > now and not self.healed]
        for parcel in due:
            try_to(lambda parcel=parcel: self.hand_over(parcel))  # type: ignore[misc]

    def others(self, parcel: Parcel, *, same: bool) -> list[tuple[Parcel, bytes]]:
        """What travelled the same way before: of the same transfer, or of others."""
        return [
            (each, answer)
            for each, answer in self.heard
            if each.sender is parcel.sender
            and (each.transfer == parcel.transfer) is same
            and each.raw != parcel.raw
        ]

    def _parcel(self, sender: Door, receiver: Door, raw: bytes) -> Parcel:
        said = json.loads(raw)["envelope"]
        number, kind = said["transfer_number"], said["kind"]
        key = (sender.code, number, kind)
        turn = self._turns.get(key, 0)
        self._turns[key] = turn + 1
        meant = [f for f in self.faults_of(number, said["body"]) if f.kind == kind for _ in range(f.times)]
        return Parcel(
            sender=sender,
            receiver=receiver,
            raw=raw,
            kind=kind,
            transfer=number,
            number=said["number"],
            turn=turn,
            fault=meant[turn] if turn < len(meant) else None,
        )


@dataclass(frozen=True, slots=True)
class Wire:
    """What stands in an office of these tests where HTTP stands."""

    line: Line
    sender: str

    def carry(self, peer: Peer, sealed: bytes) -> bytes:
        """See ``engine.exchange.wire``."""
        return self.line.carry(self.sender, peer.code, sealed)


def try_to(work: Callable[[], object]) -> None:
    """Do it; that the other end died over it is nobody's concern."""
    with suppress(LineDownError):
        work()


def flipped(raw: bytes, seed: str) -> bytes:
    """The same bytes, but for one bit; nothing where there are none."""
    if not raw:
        return raw
    draw = Random(seed)
    at = draw.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << draw.randrange(8))]) + raw[at + 1 :]


# --- what may happen ------------------------------------------------------------------------------

_STRANGER = Ed25519PrivateKey.generate()


def _request_lost(line: Line, parcel: Parcel) -> bytes:
    raise LineDownError


def _answer_lost(line: Line, parcel: Parcel) -> bytes:
    line.hand_over(parcel)
    raise LineDownError


def _twice(line: Line, parcel: Parcel) -> bytes:
    line.hand_over(parcel)
    return line.hand_over(parcel)


def _late(line: Line, parcel: Parcel) -> bytes:
    line.shut(parcel, parcel.fault.amount if parcel.fault else 0)
    raise LineDownError


def _overtaken(line: Line, parcel: Parcel) -> bytes:
    line.hold(parcel, parcel.fault.amount if parcel.fault else 0)
    raise LineDownError


def _corrupt(line: Line, parcel: Parcel) -> bytes:
    return parcel.receiver.receive(flipped(parcel.raw, _of(parcel)))


def _corrupt_answer(line: Line, parcel: Parcel) -> bytes:
    return flipped(line.hand_over(parcel), _of(parcel))


def _forged(line: Line, parcel: Parcel) -> bytes:
    """Other figures, signed by a stranger."""
    return parcel.receiver.receive(_resealed(parcel.raw, more=1))


def _resigned(line: Line, parcel: Parcel) -> bytes:
    """The same words, signed by a stranger."""
    return parcel.receiver.receive(_resealed(parcel.raw, more=0))


def _contradicted(line: Line, parcel: Parcel) -> bytes:
    """The office has said something else under the same number before, duly signed."""
    parcel.receiver.receive(_resealed(parcel.raw, more=1, key=parcel.sender.key))
    return line.hand_over(parcel)


def _forged_answer(line: Line, parcel: Parcel) -> bytes:
    """A stranger says that it was taken; it never came."""
    envelope = _read(parcel.raw)
    said = Ack(
        sender=parcel.receiver.code,
        receiver=parcel.sender.code,
        number=envelope.number,
        digest=envelope.digest,
        state="taken",
    )
    return seal_ack(said, _STRANGER)


def _wrong_answer(line: Line, parcel: Parcel) -> bytes:
    """The answer to another message, duly signed; this one never came."""
    others = line.others(parcel, same=True) or line.others(parcel, same=False)
    if not others:
        raise LineDownError
    return others[-1][1]


def _replay(line: Line, parcel: Parcel) -> bytes:
    return _after(line, parcel, line.others(parcel, same=True))


def _replay_other(line: Line, parcel: Parcel) -> bytes:
    return _after(line, parcel, line.others(parcel, same=False)[-3:])


def _misdirected(line: Line, parcel: Parcel) -> bytes:
    """It comes back to where it was sent from, which answers for the other."""
    return parcel.sender.receive(parcel.raw)


def _sender_dies_before(line: Line, parcel: Parcel) -> bytes:
    raise Crash


def _sender_dies_after(line: Line, parcel: Parcel) -> bytes:
    line.hand_over(parcel)
    raise Crash


def _sender_dies(when: str) -> Callable[[Line, Parcel], bytes]:
    """It dies over noting the answer."""

    def happens(line: Line, parcel: Parcel) -> bytes:
        answer = line.hand_over(parcel)
        parcel.sender.die(1, when)
        return answer

    return happens


def _receiver_dies_before(line: Line, parcel: Parcel) -> bytes:
    parcel.receiver.restart()
    raise LineDownError


def _receiver_dies(when: str) -> Callable[[Line, Parcel], bytes]:
    """It dies over storing what came."""

    def happens(line: Line, parcel: Parcel) -> bytes:
        parcel.receiver.die(1, when)
        return line.hand_over(parcel)

    return happens


def _receiver_dies_hearing(when: str) -> Callable[[Line, Parcel], bytes]:
    """It dies in the sweep in which the message is heard."""

    def happens(line: Line, parcel: Parcel) -> bytes:
        answer = line.hand_over(parcel)
        parcel.receiver.die_sweeping(parcel.fault.amount if parcel.fault else 1, when)
        return answer

    return happens


FAULTS: Mapping[str, Callable[[Line, Parcel], bytes]] = {
    "request_lost": _request_lost,
    "answer_lost": _answer_lost,
    "twice": _twice,
    "late": _late,
    "overtaken": _overtaken,
    "corrupt": _corrupt,
    "corrupt_answer": _corrupt_answer,
    "forged": _forged,
    "resigned": _resigned,
    "contradicted": _contradicted,
    "forged_answer": _forged_answer,
    "wrong_answer": _wrong_answer,
    "replay": _replay,
    "replay_other": _replay_other,
    "misdirected": _misdirected,
    "sender_dies_before": _sender_dies_before,
    "sender_dies_after": _sender_dies_after,
    "sender_dies_noting": _sender_dies("before"),
    "sender_dies_noted": _sender_dies("after"),
    "receiver_dies_before": _receiver_dies_before,
    "receiver_dies_storing": _receiver_dies("before"),
    "receiver_dies_stored": _receiver_dies("after"),
    "receiver_dies_hearing": _receiver_dies_hearing("before"),
    "receiver_dies_heard": _receiver_dies_hearing("after"),
}


def _after(line: Line, parcel: Parcel, earlier: list[tuple[Parcel, bytes]]) -> bytes:
    """Earlier messages come once more, before this one and after it."""
    for each, _ in earlier:
        try_to(lambda each=each: each.receiver.receive(each.raw))  # type: ignore[misc]
    answer = line.hand_over(parcel)
    for each, _ in reversed(earlier):
        try_to(lambda each=each: each.receiver.receive(each.raw))  # type: ignore[misc]
    return answer


def _of(parcel: Parcel) -> str:
    return f"{parcel.transfer}/{parcel.kind}/{parcel.turn}"


def _resealed(raw: bytes, *, more: int, key: Ed25519PrivateKey = _STRANGER) -> bytes:
    envelope = _read(raw)
    body = {
        key: value * 10 + more if more and isinstance(value, int) and not isinstance(value, bool) else value
        for key, value in envelope.body.items()
    }
    return seal(replace(envelope, body=body), key)


def _read(raw: bytes) -> Envelope:
    said = json.loads(raw)["envelope"]
    return Envelope(**{**said, "sent_at": datetime.fromisoformat(said["sent_at"])})
