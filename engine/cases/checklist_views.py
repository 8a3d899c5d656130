"""What a checklist or plan looks like: its days, its topics, and how many of its items stand how. Who may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.rows import region_names
from engine.cases.staff import name_of
from engine.duties import covers
from engine.law.rectification import SOURCE, soon_until
from engine.oversight.rectification import missing_cells, read
from engine.oversight.rectification_standing import is_returned, standing
from engine.oversight.rectification_tables import (
    Checklist,
    ChecklistTopic,
    ChecklistUnit,
    RectificationItem,
)
from engine.store.sight import beyond
from engine.values import Actor, Reason, Refusal, RefusedError, reach

#: duties that have to do with rectification; each sees the items of its own region and below
SEEN_BY = frozenset({"provincial", "verifier", "rectifier", "fund_supervisor", "control", "approve"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistDate:
    """A day that the notice names."""

    title: str
    due: date
    source: str
    #: names of the regions it is for; empty: all
    units: tuple[str, ...]
    #: it had passed when the units received the notice
    passed_on_receipt: bool
    #: the day that counts instead, where one is counted from receipt
    counted_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicView:
    """One topic of a checklist, or one task of a plan."""

    topic_id: int
    position: int
    code: str
    title: str
    benchmark: str
    group_title: str
    task: str
    done_due: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistView:
    """A checklist or plan, with how its items stand where the actor looks."""

    checklist_id: int
    number: str
    #: checklist, plan
    kind: str
    title: str
    source: str
    issued_on: date
    received_on: date
    region: str
    region_name: str
    issued_by: str
    #: open, closed
    status: str
    dates: tuple[ChecklistDate, ...]
    topics: tuple[TopicView, ...]
    unit_count: int
    #: how many items there must be, and how many there are, over all regions
    expected: int
    present: int
    #: topic code and region code of every cell without an item; empty is as it must be, and in lists
    missing: tuple[tuple[str, str], ...]
    #: items in the actor's sight, by word of ``STANDINGS``
    standings: Mapping[str, int]
    #: of these, sent back and not handed in again
    returned: int
    #: why a reminder or circular could not be written; empty is as it should be
    trouble: str


def checklist_record(
    session: Session, office: Office, actor: Actor, checklist: Checklist, *, whole: bool = True
) -> ChecklistView:
    """The checklist as the actor sees it; that they may see it is the caller's to check.

    Not the whole: without looking for missing cells one by one, for lists.
    """
    standings, returned = _standings(session, office, actor, checklist)
    topics = _topics(session, checklist.id)
    units = select(func.count()).where(ChecklistUnit.checklist_id == checklist.id)
    present = select(func.count()).where(RectificationItem.checklist_id == checklist.id)
    with beyond(
        session, "whether a cell is missing is a NOT EXISTS over every unit; told are numbers and cells"
    ):
        there = session.scalar(present) or 0
        missing = missing_cells(session, checklist) if whole else ()
    return ChecklistView(
        checklist_id=checklist.id,
        number=checklist.number,
        kind=checklist.kind,
        title=checklist.title,
        source=checklist.source,
        issued_on=checklist.issued_on,
        received_on=checklist.received_on,
        region=checklist.region,
        region_name=region_names(session, {checklist.region})[checklist.region],
        issued_by=name_of(session, checklist.issued_by),
        status=checklist.status,
        dates=dates_of(session, checklist, topics),
        topics=topics,
        unit_count=session.scalar(units) or 0,
        expected=checklist.cells,
        present=there,
        missing=missing,
        standings=standings,
        returned=returned,
        trouble=checklist.trouble,
    )


def seen_checklist(session: Session, actor: Actor, checklist_id: int) -> Checklist:
    """The checklist, for staff of its region, above it, or of a unit below; RefusedError for anybody else."""
    checklist = session.get(Checklist, checklist_id)
    if checklist is None or actor.kind != "staff" or not actor.duties & SEEN_BY:
        raise RefusedError(not_seen())
    if not (covers(actor.region, checklist.region) or covers(checklist.region, actor.region)):
        raise RefusedError(not_seen())
    return checklist


def in_sight(actor: Actor) -> ColumnElement[bool]:
    """The items that the actor may see: of their own region and below."""
    return RectificationItem.region_code.startswith(reach(actor.region), autoescape=True)


def checklists_in_sight(actor: Actor) -> ColumnElement[bool]:
    """The checklists of the actor's region, above it and below it."""
    begins = reach(actor.region)
    above = {f"{begins[:length]:0<6}" for length in range(0, len(begins) + 1, 2)}
    return or_(Checklist.region.startswith(begins, autoescape=True), Checklist.region.in_(above))


def dates_of(
    session: Session, checklist: Checklist, topics: tuple[TopicView, ...]
) -> tuple[ChecklistDate, ...]:
    """Every day that the notice names, in order; the days that count are read from the items themselves."""
    earliest = select(func.min(RectificationItem.self_check_due), func.min(RectificationItem.plan_due)).where(
        RectificationItem.checklist_id == checklist.id, RectificationItem.overdue_on_receipt
    )
    with beyond(session, "from when the days of the whole checklist count, whichever unit looks"):
        counted = session.execute(earliest).one()
    own: list[tuple[str, date | None, date | None]] = [
        ("查摆", checklist.self_check_due, counted[0]),
        ("报送整改方案", checklist.plan_due, counted[1]),
        ("完成整改", checklist.done_due, None),
    ]
    if checklist.self_check_due == checklist.plan_due and checklist.plan_due is not None:
        own[:2] = [("查摆并报送整改方案", checklist.plan_due, counted[1])]
    milestones = read(checklist.milestones)
    names = region_names(session, {code for each in milestones for code in each.units})
    found = [
        _date(checklist, title, due, checklist.source or SOURCE, (), counts)
        for title, due, counts in own
        if due is not None
    ]
    found += [
        _date(checklist, each.title, each.due, each.source, tuple(names[code] for code in each.units), None)
        for each in milestones
    ]
    told = {each.due for each in milestones} | {checklist.done_due}
    found += [
        _date(checklist, f"完成整改：{topic.title}", topic.done_due, checklist.source, (), None)
        for topic in topics
        if topic.done_due is not None and topic.done_due not in told
    ]
    return tuple(sorted(found, key=lambda each: each.due))


def near_until(office: Office, region: str) -> date:
    """The last deadline that counts as near today; RefusedError where a figure or a year is not on file."""
    found = soon_until(office.today, region=region, book=office.book, calendar=office.calendar)
    if isinstance(found, Refusal):
        raise RefusedError(*found.reasons)
    return found


def not_seen() -> Reason:
    """Why somebody does not see a checklist, and whether there is one is not said."""
    return Reason(
        code="no_such_checklist",
        text="没有这份清单，或不在您的地区、岗位",
        text_en="No such checklist, or not of your region and duty.",
    )


def _standings(
    session: Session, office: Office, actor: Actor, checklist: Checklist
) -> tuple[Mapping[str, int], int]:
    word = standing(office.today, near_until(office, checklist.region))
    counts = (
        select(word, func.count(), func.count().filter(is_returned()))
        .where(RectificationItem.checklist_id == checklist.id, in_sight(actor))
        .group_by(word)
    )
    found = session.execute(counts).all()
    return {name: count for name, count, _ in found}, sum(returned for _, _, returned in found)


def _topics(session: Session, checklist_id: int) -> tuple[TopicView, ...]:
    query = select(ChecklistTopic).where(ChecklistTopic.checklist_id == checklist_id)
    return tuple(
        TopicView(
            topic_id=topic.id,
            position=topic.position,
            code=topic.code,
            title=topic.title,
            benchmark=topic.benchmark,
            group_title=topic.group_title,
            task=topic.task,
            done_due=topic.done_due,
        )
        for topic in session.scalars(query.order_by(ChecklistTopic.position))
    )


def _date(
    checklist: Checklist,
    title: str,
    due: date,
    source: str,
    units: tuple[str, ...],
    counted_on: date | None,
) -> ChecklistDate:
    passed = due < checklist.received_on
    return ChecklistDate(
        title=title,
        due=due,
        source=source,
        units=units,
        passed_on_receipt=passed,
        counted_on=counted_on if passed else None,
    )
