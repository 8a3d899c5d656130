"""Public notices of refunds: what anybody may read without signing in, and what staff see of the same lists. Reads only.

What is published: name, credit code, district and amount of employers, as it was published; never an account. The
middle of a credit code is left out for individual businesses, behind whose name stands one person.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from engine.cases.office import Office
from engine.cases.refund_records import NoticeLineRow, NoticeList, NoticeListRow
from engine.cases.refund_sight import no_such, not_seen, scopes_of, within
from engine.cases.rows import region_names
from engine.cases.views import Page
from engine.refunds.campaign_tables import (
    NoticeObjection,
    RefundNoticeLine,
    RefundNoticeList,
    RetentionRefund,
)
from engine.values import Actor, Money, Refusal

PAGE_SIZE = 100
#: a list that is printed whole has at most so many lines
PRINTED_MAX = 5000
_LISTS_SHOWN = 60
#: an individual business, by the head of its credit code (GB 32100)
_INDIVIDUAL = "92"

Line, Notice, R = RefundNoticeLine, RefundNoticeList, RetentionRefund


def _published(office: Office) -> AbstractContextManager[Session]:
    return office.store.beyond("what is published is everybody's, also of who is not signed in")


def open_notices(office: Office) -> tuple[NoticeListRow, ...]:
    """The notices whose days have not run out, newest first; for everybody."""
    with _published(office) as session:
        return _lists(session, (Notice.until >= office.today,), office.today)


def notices(office: Office, actor: Actor) -> tuple[NoticeListRow, ...] | Refusal:
    """The notices of the regions of the actor's duties, those that are over too, with what was said against them."""
    with office.store.reading() as session:
        scopes = scopes_of(session, office, actor)
        if not scopes:
            return not_seen(actor)
        mine = (within(Notice.region, tuple(scope[:4] for scope in scopes)),)
        return _lists(session, mine, office.today, objections=True)


def notice_list(
    office: Office, list_id: int, *, search: str = "", cursor: str = "", size: int = PAGE_SIZE
) -> NoticeList | Refusal:
    """One notice with a page of its lines in their order, for everybody; what is over is not shown any more."""
    with _published(office) as session:
        found = _lists(session, (Notice.id == list_id, Notice.until >= office.today), office.today)
        if not found:
            return _no_such_notice()
        conditions: list[ColumnElement[bool]] = [Line.list_id == list_id]
        if search:
            named = Line.employer_name.contains(search, autoescape=True)
            conditions.append(or_(named, Line.credit_code == search.upper()))
        total = session.scalar(select(func.count()).select_from(Line).where(*conditions)) or 0
        after = int(cursor) if cursor.isascii() and cursor.isdecimal() and len(cursor) < 10 else 0
        before = select(func.count()).where(Line.list_id == list_id, Line.id <= after)
        begun = session.scalar(before) or 0
        query = _lines().where(*conditions, Line.id > after).order_by(Line.id).limit(size + 1)
        rows = _line_rows(session, query, office.today, begun=0 if search else begun)
    return NoticeList(
        notice=found[0],
        page=Page(
            rows=rows[:size], total=total, next_cursor=str(rows[size - 1].line_id) if len(rows) > size else ""
        ),
        search=search,
    )


def notice_line(office: Office, line_id: int) -> tuple[NoticeListRow, NoticeLineRow] | Refusal:
    """One published employer, for the form of an objection."""
    with _published(office) as session:
        line = session.get(Line, line_id)
        found = (
            _lists(session, (Notice.id == line.list_id, Notice.until >= office.today), office.today)
            if line
            else ()
        )
        if not found:
            return _no_such_notice()
        (row,) = _line_rows(session, _lines().where(Line.id == line_id), office.today)
        return found[0], row


def _no_such_notice() -> Refusal:
    return no_such("notice", "没有这份公示，或公示期已满", "No such notice, or its days are over.")


def _lists(
    session: Session, conditions: tuple[ColumnElement[bool], ...], today: date, *, objections: bool = False
) -> tuple[NoticeListRow, ...]:
    lines = (
        select(Line.list_id, func.count().label("employers"), func.sum(Line.amount_fen).label("fen"))
        .group_by(Line.list_id)
        .subquery()
    )
    found = session.execute(
        select(Notice, func.coalesce(lines.c.employers, 0), func.coalesce(lines.c.fen, 0))
        .outerjoin(lines, lines.c.list_id == Notice.id)
        .where(*conditions)
        .order_by(Notice.published_on.desc(), Notice.id.desc())
        .limit(_LISTS_SHOWN)
    ).all()
    names = region_names(session, {notice.region for notice, _, _ in found})
    against = _open_objections(session, [notice.id for notice, _, _ in found]) if objections else {}
    return tuple(
        NoticeListRow(
            list_id=notice.id,
            region=notice.region,
            region_name=names[notice.region],
            year=notice.year,
            published_on=notice.published_on,
            until=notice.until,
            is_open=notice.until >= today,
            employers=employers,
            total=Money(int(fen)).text,
            objections_open=against.get(notice.id, 0),
        )
        for notice, employers, fen in found
    )


def _open_objections(session: Session, lists: list[int]) -> dict[int, int]:
    rows = session.execute(
        select(Line.list_id, func.count())
        .join(NoticeObjection, NoticeObjection.line_id == Line.id)
        .where(Line.list_id.in_(lists), NoticeObjection.status == "open")
        .group_by(Line.list_id)
    )
    return dict(rows.all())


def _lines() -> Select[RefundNoticeLine, RefundNoticeList, RetentionRefund, bool]:
    later = aliased(Line)
    newest = ~select(later.id).where(and_(later.refund_id == Line.refund_id, later.id > Line.id)).exists()
    return (
        select(Line, Notice, R, newest)
        .join(Notice, Notice.id == Line.list_id)
        .join(R, R.id == Line.refund_id)
    )


def _line_rows(
    session: Session,
    query: Select[RefundNoticeLine, RefundNoticeList, RetentionRefund, bool],
    today: date,
    *,
    begun: int = 0,
) -> tuple[NoticeLineRow, ...]:
    found = session.execute(query).all()
    names = region_names(session, {refund.region for _, _, refund, _ in found})
    return tuple(
        NoticeLineRow(
            line_id=line.id,
            number=begun + place,
            employer_name=line.employer_name,
            credit_code=_shown(line.credit_code),
            region_name=names[refund.region],
            amount=Money(line.amount_fen).text,
            is_open=newest and refund.status == "noticed" and notice.until >= today,
        )
        for place, (line, notice, refund, newest) in enumerate(found, 1)
    )


def _shown(credit_code: str) -> str:
    if not credit_code.startswith(_INDIVIDUAL):
        return credit_code
    return f"{credit_code[:6]}{'*' * 8}{credit_code[-4:]}"
