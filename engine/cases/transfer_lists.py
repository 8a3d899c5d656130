"""The transfers of one's regions and duties, or one's own: a page at a time, with true totals. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Row, and_, func, not_, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.rows import region_names, subject_labels
from engine.cases.transfer_applications import sent_on
from engine.cases.transfer_records import MyTransfers, TransferFilter, TransferList, TransferRow
from engine.cases.transfer_states import (
    SIDE_NAMES,
    STATE_NAMES,
    Mine,
    Other,
    Thresholds,
    in_sight,
    late,
    not_seen,
    other_end,
    sees_transfers,
    standing,
    state,
    thresholds,
)
from engine.cases.views import Page
from engine.store.sight import beyond
from engine.values import Actor, Money, Refusal
from engine.workflow.tables import WorkflowCase

_PAGE = 50
_NUMBER_MAX = 40
#: of a filter: the other end is in this database, too
HERE = "here"


def transfers(
    office: Office, actor: Actor, asked: TransferFilter, *, cursor: str = "", size: int = _PAGE
) -> TransferList | Refusal:
    """A page of the transfers that the actor may see, newest first; for a person their own."""
    with office.store.reading() as session:
        if not sees_transfers(session, office, actor):
            return Refusal(reasons=(not_seen(actor),))
        asked, mistakes = _understood(office, asked)
        with beyond(session, "an end is late by open steps of the other, too; rows are read under the role"):
            found, total = _place(session, office, actor, asked, cursor, size)
        rows = _rows(session, office, found[:size])
        following = str(found[size - 1].id) if len(found) > size else ""
    return TransferList(
        asked=asked,
        page=Page(rows=rows, total=total, next_cursor=following),
        peers=tuple((peer.code, peer.name) for peer in office.peers.peers.values()),
        mistakes=mistakes,
    )


def my_transfers(office: Office, actor: Actor, *, cursor: str = "") -> MyTransfers:
    """The person's own transfers, newest first, and what went to another office; nothing for anybody else."""
    if actor.kind != "person":
        return MyTransfers(page=Page(rows=(), total=0), sent_on=())
    found = transfers(office, actor, TransferFilter(), cursor=cursor)
    with office.store.reading() as session:
        elsewhere = sent_on(session, office, actor)
    page = Page[TransferRow](rows=(), total=0) if isinstance(found, Refusal) else found.page
    return MyTransfers(page=page, sent_on=elsewhere)


def _place(
    session: Session, office: Office, actor: Actor, asked: TransferFilter, cursor: str, size: int
) -> tuple[Sequence[Row[int, str, bool]], int]:
    """The ends of the page, one more than its size, by number with their state and whether late; and of how many."""
    at = thresholds(office)
    conditions = _conditions(session, office, actor, asked, at)
    count = select(func.count()).select_from(Mine).outerjoin(Other, other_end()).where(*conditions)
    total = session.scalar(count) or 0
    if cursor.isdecimal() and cursor.isascii() and len(cursor) < 10:
        conditions.append(Mine.id < int(cursor))
    query = standing(at).with_only_columns(Mine.id, state().label("state"), late(at).label("late"))
    return session.execute(query.where(*conditions).order_by(Mine.id.desc()).limit(size + 1)).all(), total


def _conditions(
    session: Session, office: Office, actor: Actor, asked: TransferFilter, at: Thresholds
) -> list[ColumnElement[bool]]:
    conditions = [in_sight(session, office, actor)]
    if asked.direction:
        conditions.append(Mine.side == asked.direction)
    else:
        # a transfer both of whose ends are in sight stands in the list once, by its receiving end
        also_seen = and_(Other.id.is_not(None), in_sight(session, office, actor, Other))
        conditions.append(not_(and_(Mine.side == "out", also_seen)))
    if asked.peer:
        conditions.append(Mine.peer == ("" if asked.peer == HERE else asked.peer))
    if asked.number:
        conditions.append(Mine.transfer_number.startswith(asked.number, autoescape=True))
    if asked.state:
        conditions.append(state() == asked.state)
    if asked.late:
        conditions.append(late(at))
    return conditions


def _understood(office: Office, asked: TransferFilter) -> tuple[TransferFilter, tuple[str, ...]]:
    """The filter with what nobody knows left out, and a sentence for each such part."""
    mistakes = []
    if asked.state and asked.state not in STATE_NAMES:
        mistakes.append("没有这种状态，已显示全部")
        asked = replace(asked, state="")
    if asked.direction and asked.direction not in SIDE_NAMES:
        mistakes.append("方向只有转入和转出，已显示全部")
        asked = replace(asked, direction="")
    if asked.peer and asked.peer != HERE and office.peers.of_code(asked.peer) is None:
        mistakes.append("没有这个对方机构，已显示全部")
        asked = replace(asked, peer="")
    return replace(asked, number=asked.number.strip().upper()[:_NUMBER_MAX]), tuple(mistakes)


def _rows(session: Session, office: Office, found: Sequence[Row[int, str, bool]]) -> tuple[TransferRow, ...]:
    """The ends as rows, in their order; one that the actor does not see is not there."""
    both = select(Mine, Other).outerjoin(Other, other_end()).where(Mine.id.in_([row.id for row in found]))
    seen = {mine.id: (mine, other) for mine, other in session.execute(both)}
    ends = [mine for mine, _ in seen.values()]
    people = subject_labels(session, office, {f"person:{end.person_id}" for end in ends})
    names = region_names(session, {code for end in ends for code in (end.from_region, end.to_region)})
    ids = {end.case_id for end in ends}
    cases = {case.id: case for case in session.scalars(select(WorkflowCase).where(WorkflowCase.id.in_(ids)))}
    rows = []
    for end_id, stands, is_late in found:
        if end_id not in seen:
            continue
        mine, other = seen[end_id]
        known = max((mine, other) if other else (mine,), key=lambda end: (end.months_paid, end.fee_fen))
        reckoned = known.months_paid or known.fee_fen
        peer = office.peers.of_code(mine.peer) if mine.peer else None
        case = cases[mine.case_id]
        rows.append(
            TransferRow(
                number=mine.transfer_number,
                person=people.get(f"person:{mine.person_id}", "—"),
                side="in" if mine.side == "in" else "out",
                from_name=names[mine.from_region],
                to_name=names[mine.to_region],
                peer_name=peer.name if peer else mine.peer,
                state=stands,
                state_name=STATE_NAMES[stands],
                late=bool(is_late),
                months_left=known.months_left if reckoned else None,
                fee=Money(known.fee_fen).text if reckoned else "",
                applied_at=case.started_at,
                case_key=case.case_key,
            )
        )
    return tuple(rows)
