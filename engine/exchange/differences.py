"""Where the statements of two offices do not agree. The same two statements give the same differences at either end.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import cast

from engine.exchange.statements import LISTED, Stated, StatedMessage, StatedTransfer
from engine.store.canonical import plain

#: a message that came and was heard by nobody for so long is a difference
_PATIENCE = timedelta(days=1)
#: states of a transfer in which nothing moved, or was taken back
_NOT_MOVED = frozenset({"refused", "withdrawn"})
_ENDED = _NOT_MOVED | {"settled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where the two statements do not agree. At the other end ``ours`` and ``theirs`` are exchanged, nothing else."""

    transfer_number: str
    #: a key of ``WHAT_NAMES``
    what: str
    #: which message: code of the office that sent it, its number and kind; empty for the transfer itself
    sender: str = ""
    number: int = 0
    kind: str = ""
    #: what this office has; empty for nothing
    ours: str
    theirs: str


WHAT_NAMES: Mapping[str, str] = {
    "not_received": "已发出，对方没有收到",
    "not_sent": "收到的信件，对方没有发出",
    "digest": "同一编号内容不同",
    "contradicted": "收信方认为矛盾",
    "unheard": "已收到，长期没有办理",
    "state": "办理状态不一致",
    "months": "缴费月数不一致",
    "months_left": "剩余月数不一致",
    "fee": "信息表费用不一致",
    "announced": "付款通知与信息表金额不一致",
    "money": "已付与到账不一致",
}


def compare(ours: Stated, theirs: Stated, *, own: str, peer: str) -> tuple[Difference, ...]:
    """Where the two differ, by transfer and message; what is younger than either is left for the next time."""
    until = plain(min(ours.as_of, theirs.as_of))
    found = [
        *_messages(ours, theirs, sender=own, until=str(until)),
        *(_turned(each) for each in _messages(theirs, ours, sender=peer, until=str(until))),
        *_transfers(ours, theirs),
    ]
    return tuple(sorted(found, key=lambda each: (each.transfer_number, each.sender, each.number, each.what)))


def _messages(sender_says: Stated, receiver_says: Stated, *, sender: str, until: str) -> Iterator[Difference]:
    """Differences about what the one says it sent and the other says it got; ``ours`` is the sender's."""
    sent = {
        line.number: line
        for line in sender_says.messages
        if line.direction == "out" and line.sent_at <= until
    }
    got = {
        line.number: line
        for line in receiver_says.messages
        if line.direction == "in" and line.sent_at <= until
    }
    for number in sorted(sent.keys() | got.keys()):
        one, other = sent.get(number), got.get(number)
        what = _what(one, other, sender_says, receiver_says)
        if what:
            line = cast(StatedMessage, one or other)
            yield Difference(
                transfer_number=line.transfer_number,
                what=what,
                sender=sender,
                number=number,
                kind=line.kind,
                ours=_sent_word(one),
                theirs=_got_word(other),
            )


def _what(
    sent: StatedMessage | None, got: StatedMessage | None, sender_says: Stated, receiver_says: Stated
) -> str:
    if got is None and sent is not None:
        # taken and so long ago that the receiver lists it no more
        old = sent.sent_at < str(plain(receiver_says.as_of - LISTED))
        return (
            "contradicted" if sent.state == "contradicted" else "" if old and sent.state else "not_received"
        )
    if sent is None and got is not None:
        old = got.sent_at < str(plain(sender_says.as_of - LISTED))
        return "" if old and got.state else "not_sent"
    assert sent is not None and got is not None  # noqa: S101 - of the two sets together
    if sent.digest != got.digest:
        return "digest"
    if "contradicted" in (sent.state, got.state):
        return "contradicted"
    late = got.sent_at < str(plain(receiver_says.as_of - _PATIENCE))
    return "unheard" if not got.state and late else ""


def _sent_word(line: StatedMessage | None) -> str:
    return "" if line is None else f"sent/{line.state}" if line.state else "sent"


def _got_word(line: StatedMessage | None) -> str:
    return "" if line is None else line.state or "waiting"


def _turned(found: Difference) -> Difference:
    return Difference(**{**asdict(found), "ours": found.theirs, "theirs": found.ours})


def _transfers(ours: Stated, theirs: Stated) -> Iterator[Difference]:
    mine = {line.transfer_number: line for line in ours.transfers}
    yours = {line.transfer_number: line for line in theirs.transfers}
    for number in sorted(mine.keys() | yours.keys()):
        one, other = mine.get(number), yours.get(number)
        for what, left, right in _apart(one, other):
            yield Difference(transfer_number=number, what=what, ours=left, theirs=right)


def _apart(one: StatedTransfer | None, other: StatedTransfer | None) -> Iterator[tuple[str, str, str]]:
    if one is None or other is None:
        known = cast(StatedTransfer, one or other)
        # one that was only asked for, or came to nothing, need not be known at the other end; an ended one may be old
        if known.state not in _ENDED | {"open"}:
            yield "state", one.state if one else "", other.state if other else ""
        return
    out, into = (one, other) if one.side == "out" else (other, one)
    if not _agree(out, into):
        yield "state", one.state, other.state
    # where both claim to be the same end there is nothing to compare
    if out.side != into.side and not {out.state, into.state} & (_NOT_MOVED | {"open"}):
        for what, left, right in _amounts(out, into):
            yield (what, left, right) if one is out else (what, right, left)


def _amounts(out: StatedTransfer, into: StatedTransfer) -> Iterator[tuple[str, str, str]]:
    """Months and money that both ends know and do not have alike; the sending end's first."""
    for what, left, right in (
        ("months", out.months_paid, into.months_paid),
        ("months_left", out.months_left, into.months_left),
        ("fee", out.fee_fen, into.fee_fen),
    ):
        if left != right:
            yield what, str(left), str(right)
    announced = {line.announced_fen for line in (out, into) if line.announced_fen >= 0}
    if announced - {out.fee_fen}:
        yield "announced", _fen(out.announced_fen), _fen(into.announced_fen)
    if out.money_fen != into.money_fen and into.money_fen >= 0:
        yield "money", _fen(out.money_fen), _fen(into.money_fen)


def _agree(out: StatedTransfer, into: StatedTransfer) -> bool:
    """Whether the two may stand so at the same time with every message heard."""
    if out.side == into.side:
        return False
    if _NOT_MOVED & {out.state, into.state}:
        return out.state in _NOT_MOVED and into.state in _NOT_MOVED
    if "open" in (out.state, into.state):
        return out.state == into.state
    if out.state == "settled" and out.fee_fen > 0:
        return into.state == "settled"
    return True


def _fen(amount: int) -> str:
    return "" if amount < 0 else str(amount)
