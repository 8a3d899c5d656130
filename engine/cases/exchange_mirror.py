"""Where this office and another differ, in words: what we have beside what they have. The other end sees it mirrored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.cases.correspondence import differences
from engine.cases.office import Office
from engine.exchange.bodies import KIND_NAMES
from engine.exchange.differences import WHAT_NAMES, Difference
from engine.values import Actor, Money, Refusal

#: what either side may have of a message or a transfer; the statements speak in such words
WORDS: Mapping[str, str] = {
    "": "没有", "sent": "已发出，未确认收到", "sent/taken": "已发出，对方已收到", "sent/repeated": "已发出，对方已收到",
    "sent/contradicted": "已发出，对方认为矛盾", "waiting": "已收到，等待办理", "heard": "已收到并办理",
    "contradicted": "已收到，认为矛盾", "open": "办理中", "moved": "已转出", "credited": "已记入月数",
    "in_transit": "费用在途", "settled": "办结", "refused": "退回", "withdrawn": "已撤回",
}  # fmt: skip
_MONEY = frozenset({"fee", "announced", "money"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorLine:
    """One difference: what this office has, and what the other says that it has."""

    what: str
    what_name: str
    #: empty for a statement
    transfer_number: str
    #: whether this office sent the message that it is about; None where it is about no message
    sent_here: bool | None
    number: int
    kind_name: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """All differences with one other office, by the latest statement of each."""

    peer: str
    peer_name: str
    #: None while that side has stated nothing
    ours_as_of: datetime | None
    theirs_as_of: datetime | None
    rows: tuple[MirrorLine, ...]


def mirror(office: Office, actor: Actor, peer: str) -> Mirror | Refusal:
    """The differences with the other office, for whoever may compare; none before both have stated."""
    found = differences(office, actor, peer)
    if isinstance(found, Refusal):
        return found
    return Mirror(
        peer=found.peer,
        peer_name=found.peer_name,
        ours_as_of=found.ours_as_of,
        theirs_as_of=found.theirs_as_of,
        rows=tuple(_line(each, office.peers.own) for each in found.rows),
    )


def _line(difference: Difference, own: str) -> MirrorLine:
    return MirrorLine(
        what=difference.what,
        what_name=WHAT_NAMES.get(difference.what, difference.what),
        transfer_number=difference.transfer_number,
        sent_here=difference.sender == own if difference.sender else None,
        number=difference.number,
        kind_name=KIND_NAMES.get(difference.kind, difference.kind),
        ours=_said(difference.what, difference.ours),
        theirs=_said(difference.what, difference.theirs),
    )


def _said(what: str, word: str) -> str:
    if what in _MONEY and word.isdecimal():
        return Money(int(word)).text
    return WORDS.get(word, word)
