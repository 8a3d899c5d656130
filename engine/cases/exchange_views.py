"""The exchange with other offices as people see it: each office with its last contact, what waits, what is amiss.

Holds no personal data: messages are shown by number, kind and transfer. Reads only; sending again and statements are
``correspondence``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import Session

from engine.cases.correspondence import dead_messages, folder_states, own_public_key
from engine.cases.exchange_duties import LOOK, OPERATE, peer_of, require
from engine.cases.exchange_folders import FolderState
from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.cases.views import Page
from engine.exchange.bodies import KIND_NAMES
from engine.exchange.peers import Peer
from engine.exchange.sending import OUTBOX
from engine.exchange.tables import ExchangeFault, ExchangeMessage, ExchangeStatement
from engine.store.outbox import OutboxMessage
from engine.values import Actor, Refusal, RefusedError

#: lists of messages: what needs somebody's eyes, or everything
Which = Literal["open", "all"]
_PAGE = 50
_FAULTS = 20

_Message, _Sent = ExchangeMessage, OutboxMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRow:
    """One other office and how the exchange with it goes."""

    code: str
    name: str
    #: what the codes of its regions begin with
    regions: tuple[str, ...]
    channel: str
    address: str
    #: a second person has confirmed key and account with it
    verified: bool
    #: when it last said anything, by a message or by an answer to ours; None: never
    last_contact: datetime | None
    sent: int
    came: int
    #: sent, and not acknowledged; of them given up
    unacked: int
    dead: int
    oldest_unacked: datetime | None
    #: came, and cannot be heard yet
    unheard: int
    #: of either side: what its case could not hear any more, or what says something else than before
    contradicted: int
    #: numbers between those that came
    missing: int
    faults: int
    #: when each side last stated its account
    stated_at: datetime | None
    they_stated_at: datetime | None
    folder: FolderState | None

    @property
    def trouble(self) -> bool:
        """Whether somebody should look: given up, contradicted, missing, refused, or a folder out of use."""
        unusable = self.folder is not None and (not self.folder.usable or self.folder.bad > 0)
        return bool(self.dead or self.contradicted or self.missing or self.faults or unusable)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRoom:
    """All other offices."""

    own: str
    #: by which others check what this office signs
    own_key: str
    peers: tuple[PeerRow, ...]
    #: what came and bore no signature that is known here
    unknown_faults: tuple[FaultLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeLine:
    """One message to or from another office."""

    message_id: int
    way: Literal["sent", "came"]
    number: int
    kind: str
    kind_name: str
    transfer_number: str
    at: datetime
    acked_at: datetime | None
    ack_state: str
    heard_at: datetime | None
    outcome: str
    outcome_text: str
    dead: bool
    #: how often it was tried, and when it is tried next; 0 and None for what came
    attempts: int
    next_at: datetime | None
    #: by hand: what left is not acknowledged, what came is not heard
    can_resend: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultLine:
    """Something that came and was not taken."""

    at: datetime
    #: empty where no signature says who sent it
    peer: str
    code: str
    text: str
    number: int | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRoom:
    """One other office with a page of messages and its faults."""

    peer: PeerRow
    which: Which
    page: Page[ExchangeLine]
    faults: tuple[FaultLine, ...]
    #: resend, state
    can: frozenset[str]


def exchange_room(office: Office, actor: Actor) -> ExchangeRoom | Refusal:
    """All other offices, those with something amiss first."""

    def work(session: Session) -> ExchangeRoom:
        require(session, office, actor, LOOK)
        peers = _peer_rows(session, tuple(office.peers.peers.values()), _folders(office))
        troubled = sorted(peers, key=lambda row: (not row.trouble, row.code))
        return ExchangeRoom(
            own=office.peers.own,
            own_key=own_public_key(office),
            peers=tuple(troubled),
            unknown_faults=_faults(session, ""),
        )

    return attempt(office, actor, work, subject="exchange", stream="exchange")


def peer_room(
    office: Office, actor: Actor, code: str, *, which: Which = "open", cursor: str = "", size: int = _PAGE
) -> PeerRoom | Refusal:
    """One other office; its messages newest first."""

    def work(session: Session) -> PeerRoom:
        require(session, office, actor, LOOK)
        peer = peer_of(office, code)
        (row,) = _peer_rows(session, (peer,), _folders(office))
        return PeerRoom(
            peer=row,
            which=which,
            page=_messages(session, peer, which, cursor, size),
            faults=_faults(session, code),
            can=_can(session, office, actor),
        )

    return attempt(office, actor, work, subject="exchange", stream="exchange")


def operates(session: Session, office: Office, actor: Actor) -> bool:
    """Whether the actor may send again and have a statement made; the use-cases judge anew."""
    try:
        require(session, office, actor, OPERATE)
    except RefusedError:
        return False
    return True


def _can(session: Session, office: Office, actor: Actor) -> frozenset[str]:
    return frozenset({"resend", "state"} if operates(session, office, actor) else ())


def _folders(office: Office) -> Mapping[str, FolderState]:
    return {each.peer: each for each in folder_states(office)}


def _peer_rows(
    session: Session, peers: Sequence[Peer], folders: Mapping[str, FolderState]
) -> tuple[PeerRow, ...]:
    codes = [peer.code for peer in peers]
    sums = {(row.peer, row.direction): row for row in session.execute(_sums(codes))}
    dead = dict(session.execute(_dead(codes)).all())
    faults = dict(
        session.execute(
            select(ExchangeFault.peer, func.count())
            .where(ExchangeFault.peer.in_(codes))
            .group_by(ExchangeFault.peer)
        ).all()
    )
    stated = {
        (peer, direction): at
        for peer, direction, at in session.execute(
            select(ExchangeStatement.peer, ExchangeStatement.direction, func.max(ExchangeStatement.as_of))
            .where(ExchangeStatement.peer.in_(codes))
            .group_by(ExchangeStatement.peer, ExchangeStatement.direction)
        )
    }
    return tuple(
        _peer_row(peer, sums, dead.get(peer.code, 0), faults.get(peer.code, 0), stated, folders)
        for peer in peers
    )


def _peer_row(
    peer: Peer,
    sums: Mapping[tuple[str, str], Row[Any]],
    dead: int,
    faults: int,
    stated: Mapping[tuple[str, str], datetime],
    folders: Mapping[str, FolderState],
) -> PeerRow:
    out, came = sums.get((peer.code, "out")), sums.get((peer.code, "in"))
    heard_of = [at for at in (out.acked_at if out else None, came.latest if came else None) if at]
    return PeerRow(
        code=peer.code,
        name=peer.name,
        regions=peer.regions,
        channel=peer.channel,
        address=peer.address,
        verified=peer.verified,
        last_contact=max(heard_of, default=None),
        sent=out.n if out else 0,
        came=came.n if came else 0,
        unacked=out.unacked if out else 0,
        dead=dead,
        oldest_unacked=out.oldest if out else None,
        unheard=came.unheard if came else 0,
        contradicted=(out.contradicted if out else 0) + (came.contradicted if came else 0),
        missing=(came.highest - came.n) if came else 0,
        faults=faults,
        stated_at=stated.get((peer.code, "out")),
        they_stated_at=stated.get((peer.code, "in")),
        folder=folders.get(peer.code),
    )


def _sums(codes: Sequence[str]) -> Any:
    unacked = _Message.acked_at.is_(None)
    return (
        select(
            _Message.peer,
            _Message.direction,
            func.count().label("n"),
            func.max(_Message.number).label("highest"),
            func.max(_Message.created_at).label("latest"),
            func.max(_Message.acked_at).label("acked_at"),
            func.count().filter(unacked).label("unacked"),
            func.min(_Message.created_at).filter(unacked).label("oldest"),
            func.count().filter(_Message.heard_at.is_(None)).label("unheard"),
            func.count().filter(_contradicted()).label("contradicted"),
        )
        .where(_Message.peer.in_(codes))
        .group_by(_Message.peer, _Message.direction)
    )


def _dead(codes: Sequence[str]) -> Any:
    return (
        select(_Message.peer, func.count())
        .join(_Sent, and_(_Sent.kind == OUTBOX, _Sent.key == _Message.key))
        .where(_Message.peer.in_(codes), _Message.direction == "out", _Message.acked_at.is_(None))
        .where(_Sent.dead_at.is_not(None))
        .group_by(_Message.peer)
    )


def _contradicted() -> ColumnElement[bool]:
    return or_(_Message.outcome == "contradicted", _Message.ack_state == "contradicted")


def _messages(session: Session, peer: Peer, which: Which, cursor: str, size: int) -> Page[ExchangeLine]:
    conditions = [_Message.peer == peer.code]
    if which == "open":
        waits = or_(
            and_(_Message.direction == "out", _Message.acked_at.is_(None)),
            and_(_Message.direction == "in", _Message.heard_at.is_(None)),
        )
        conditions.append(or_(waits, _contradicted()))
    total = session.scalar(select(func.count()).select_from(_Message).where(*conditions)) or 0
    if cursor.isdecimal() and cursor.isascii() and len(cursor) < 19:
        conditions.append(_Message.id < int(cursor))
    query = (
        select(_Message, _Sent)
        .outerjoin(_Sent, and_(_Message.direction == "out", _Sent.kind == OUTBOX, _Sent.key == _Message.key))
        .where(*conditions)
        .order_by(_Message.id.desc())
        .limit(size + 1)
    )
    found = session.execute(query).all()
    gone = dead_messages(session, [message.id for message, _ in found[:size]])
    rows = tuple(_line(message, sent, dead=message.id in gone) for message, sent in found[:size])
    return Page(rows=rows, total=total, next_cursor=str(found[size - 1][0].id) if len(found) > size else "")


def _line(message: ExchangeMessage, sent: OutboxMessage | None, *, dead: bool) -> ExchangeLine:
    waits = message.waits
    return ExchangeLine(
        message_id=message.id,
        way="sent" if message.direction == "out" else "came",
        number=message.number,
        kind=message.kind,
        kind_name=KIND_NAMES.get(message.kind, message.kind),
        transfer_number=message.transfer_number,
        at=message.created_at,
        acked_at=message.acked_at,
        ack_state=message.ack_state,
        heard_at=message.heard_at,
        outcome=message.outcome,
        outcome_text=message.outcome_text,
        dead=dead and waits,
        attempts=sent.attempts if sent else 0,
        next_at=sent.due_at if sent is not None and waits and not dead else None,
        can_resend=waits,
    )


def _faults(session: Session, peer: str) -> tuple[FaultLine, ...]:
    query = select(ExchangeFault).where(ExchangeFault.peer == peer).order_by(ExchangeFault.id.desc())
    return tuple(
        FaultLine(
            at=fault.at,
            peer=fault.peer,
            code=fault.code,
            text=fault.text,
            number=fault.number,
            digest=fault.digest,
        )
        for fault in session.scalars(query.limit(_FAULTS))
    )
