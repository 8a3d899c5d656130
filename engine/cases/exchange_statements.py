"""Statements between offices: stated on the first working day of a month or when asked, compared where they differ.

Only statements are compared, never a statement with what came later: so both ends see the same differences until
one of them states anew. Nothing is put right here; people do that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.exchange_duties import LOOK, OPERATE, peer_of, require
from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.exchange import sending, statements
from engine.exchange.bodies import STATEMENT
from engine.exchange.differences import Difference, compare
from engine.exchange.statements import StatedTransfer
from engine.exchange.tables import ExchangeMessage, ExchangeStatement
from engine.law.calendar import CalendarGap
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.tasks.tables import RightsTransfer
from engine.values import CHINA, Actor, Month, Refusal

#: a peer's statement is answered with ours, unless we stated so lately: it could keep us stating
_LATELY = timedelta(minutes=1)
_OPEN = ("open", "moved", "credited", "in_transit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Where this office and a peer differ, by the latest statement of each."""

    peer: str
    peer_name: str
    #: None while that side has stated nothing
    ours_as_of: datetime | None
    theirs_as_of: datetime | None
    rows: tuple[Difference, ...]


def differences(office: Office, actor: Actor, peer: str) -> Differences | Refusal:
    """Where the two offices differ; none can be told before both have stated.

    For analysts, internal control, administrators, accountants and fund supervisors.
    """

    def work(session: Session) -> Differences:
        require(session, office, actor, LOOK)
        other = peer_of(office, peer)
        ours = statements.newest(session, direction="out", peer=peer)
        theirs = statements.newest(session, direction="in", peer=peer)
        rows = compare(ours, theirs, own=office.peers.own, peer=peer) if ours and theirs else ()
        return Differences(
            peer=peer,
            peer_name=other.name,
            ours_as_of=ours.as_of if ours else None,
            theirs_as_of=theirs.as_of if theirs else None,
            rows=rows,
        )

    return attempt(office, actor, work, subject=f"exchange:{peer}", stream="exchange")


def state_now(office: Office, actor: Actor, peer: str) -> Done | Refusal:
    """A statement sent to the peer now, which answers with its own; who asked is on record."""

    def work(session: Session) -> Done:
        require(session, office, actor, OPERATE)
        other = peer_of(office, peer)
        with beyond(
            session, "a statement is the office's word on every transfer with the other, in no region less"
        ):
            number = _state(session, office, peer)
        append(
            session,
            stream=sending.stream(peer),
            action=Action.EXCHANGE_STATED,
            actor=actor,
            subject=f"exchange:{peer}",
            after={"statement": number},
            now=office.clock(),
        )
        return Done(message=f"第{number}号对账单将送{other.name}")

    return attempt(office, actor, work, subject=f"exchange:{peer}", stream="exchange")


def state_month(office: Office) -> int:
    """To how many peers this month's statement was put: from the first working day on, once; swept."""
    first = _first_workday(office)
    if not office.peers.peers or first is None or office.clock() < first:
        return 0
    with office.store.reading() as session:
        due = [code for code in office.peers.peers if _due(session, code, first)]
    stated = 0
    for code in due:
        with office.store.transaction() as session:
            sending.lock(session, "out", code)
            if _due(session, code, first):
                _state(session, office, code)
                stated += 1
    return stated


def keep_statement(
    office: Office, session: Session, message: ExchangeMessage, body: Mapping[str, Any]
) -> str:
    """Why a part of a peer's statement is laid aside; empty when it is kept. With its last part, ours is sent back."""
    # before the part is kept: of two that are heard at once, the later one sees that it is the last
    sending.lock(session, "out", message.peer)
    wrong = statements.keep_part(session, direction="in", peer=message.peer, body=body, now=office.clock())
    # an answer is not answered: two offices with a slow line between them would never be done
    if wrong or body["answer"] or not statements.is_whole(session, peer=message.peer, number=body["number"]):
        return wrong
    latest = _latest(session, message.peer)
    if latest is None or latest < office.clock() - _LATELY:
        _state(session, office, message.peer, answer=True)
    return ""


def _state(session: Session, office: Office, peer: str, *, answer: bool = False) -> int:
    """The number of the statement that is put, every part of it."""
    now = office.clock()
    sending.lock(session, "out", peer)
    number = statements.next_number(session, peer)
    transfers = _transfers(session, peer, now)
    open_numbers = [line.transfer_number for line in transfers if line.state in _OPEN]
    lines = statements.lines_of(session, peer=peer, open_numbers=open_numbers, now=now)
    for body in statements.parts_of(number, now, lines, transfers, answer=answer):
        statements.keep_part(session, direction="out", peer=peer, body=body, now=now)
        sending.put(
            session,
            office.vault,
            key=f"statement/{peer}/{number}/{body['part']}",
            peer=peer,
            own=office.peers.own,
            kind=STATEMENT,
            transfer_number="",
            body=body,
            case_id=None,
            now=now,
        )
    return number


def _transfers(session: Session, peer: str, now: datetime) -> list[StatedTransfer]:
    """What this office has of every transfer with the peer that is open, or about which something passed lately."""
    lately = select(ExchangeMessage.transfer_number).where(
        ExchangeMessage.peer == peer, ExchangeMessage.created_at >= now - statements.LISTED
    )
    rows = session.scalars(
        select(RightsTransfer)
        .where(RightsTransfer.peer == peer)
        .where(RightsTransfer.status.in_(_OPEN) | RightsTransfer.transfer_number.in_(lately))
        .order_by(RightsTransfer.id)
    )
    return [_stated(row) for row in rows]


def _stated(row: RightsTransfer) -> StatedTransfer:
    side: statements.Direction = "out" if row.side == "out" else "in"
    paid = row.fee_fen if row.paid_on else None
    money = paid if side == "out" else row.arrived_fen
    return StatedTransfer(
        transfer_number=row.transfer_number,
        side=side,
        state=row.status,
        months_paid=row.months_paid,
        months_left=row.months_left,
        fee_fen=row.fee_fen,
        announced_fen=-1 if row.announced_fen is None else row.announced_fen,
        money_fen=-1 if money is None else money,
    )


def _due(session: Session, peer: str, since: datetime) -> bool:
    """Whether there was something to state by then, and nothing was stated since."""
    latest = _latest(session, peer)
    if latest is not None and latest >= since:
        return False
    before = select(ExchangeMessage.id).where(
        ExchangeMessage.peer == peer, ExchangeMessage.created_at < since
    )
    return session.scalar(before.limit(1)) is not None


def _latest(session: Session, peer: str) -> datetime | None:
    return session.scalar(
        select(ExchangeStatement.as_of)
        .where(ExchangeStatement.direction == "out", ExchangeStatement.peer == peer)
        .order_by(ExchangeStatement.number.desc())
        .limit(1)
    )


def _first_workday(office: Office) -> datetime | None:
    """When the first working day of the month begins in China; None where its calendar was not entered."""
    first = Month.of(office.today).first_day
    try:
        day = office.calendar.after(first, 0)
    except CalendarGap:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)
