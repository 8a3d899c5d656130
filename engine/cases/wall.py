"""The wall (整改墙): topics over regions, counted by how they stand, for a whole province or one of its cities (RECT-03).

The counts come from one statement, whatever the size; each actor sees their own region and what is below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func, select
from sqlalchemy.orm import Session

from engine.cases.checklist_views import TopicView, dates_of, near_until, not_seen, seen_checklist
from engine.cases.office import Office
from engine.cases.rows import region_names
from engine.cases.wall_views import (
    TREND_WEEKS,
    MissingCell,
    Tally,
    Trend,
    TrendWeek,
    Wall,
    WallCell,
    WallColumn,
    WallHead,
    WallRow,
)
from engine.oversight.rectification import missing_cells
from engine.oversight.rectification_standing import is_returned, running_due, standing
from engine.oversight.rectification_tables import (
    Checklist,
    ChecklistTopic,
    ChecklistUnit,
    Escalation,
    RectificationItem,
)
from engine.people import Region
from engine.values import Actor, Refusal, RefusedError, reach

_Item = RectificationItem
#: so many missing cells are told by name; the rest are counted
_MISSING_TOLD = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What of a checklist an actor looks at."""

    checklist: Checklist
    #: the region in view
    region: str
    #: the last deadline that counts as near, and the last day of this week
    near: date
    week_end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """The items of one topic in one column."""

    tally: Tally
    #: the only one's
    item_id: int
    due: date | None


def wall(office: Office, actor: Actor, checklist_id: int, *, region: str = "") -> Wall | Refusal:
    """The matrix of the region (the actor's own, or that of the checklist where it is narrower) and all below it.

    Refused to whoever has no duty of rectification there, for a region out of reach, and where a figure is not on file.
    """
    with office.store.reading() as session:
        try:
            sight = sight_of(session, office, actor, checklist_id, region=region)
        except RefusedError as no:
            return no.refusal
        return _wall(session, office, actor, sight)


def trend(office: Office, actor: Actor, checklist_id: int, *, region: str = "") -> Trend | Refusal:
    """Week by week, oldest first: items checked, planned, settled, and escalated in the region in view."""
    with office.store.reading() as session:
        try:
            sight = sight_of(session, office, actor, checklist_id, region=region)
        except RefusedError as no:
            return no.refusal
        return Trend(
            head=head_of(session, sight.checklist),
            region=sight.region,
            region_name=region_names(session, {sight.region})[sight.region],
            weeks=_weeks(session, office, sight),
        )


def sight_of(session: Session, office: Office, actor: Actor, checklist_id: int, *, region: str) -> Sight:
    """What the actor looks at; RefusedError for a checklist or region that is not theirs to see."""
    checklist = seen_checklist(session, actor, checklist_id)
    widest = max(actor.region, checklist.region, key=lambda code: len(reach(code)))
    wanted = region or widest
    if not wanted.startswith(reach(widest)) or session.get(Region, wanted) is None:
        raise RefusedError(not_seen())
    return Sight(
        checklist=checklist,
        region=wanted,
        near=near_until(office, checklist.region),
        week_end=office.today + timedelta(days=6 - office.today.weekday()),
    )


def head_of(session: Session, checklist: Checklist) -> WallHead:
    """The checklist or plan in a few words."""
    return WallHead(
        checklist_id=checklist.id,
        number=checklist.number,
        kind=checklist.kind,
        title=checklist.title,
        source=checklist.source,
        region=checklist.region,
        region_name=region_names(session, {checklist.region})[checklist.region],
        issued_on=checklist.issued_on,
        received_on=checklist.received_on,
        status=checklist.status,
        trouble=checklist.trouble,
    )


def topics_of(session: Session, checklist_id: int) -> tuple[TopicView, ...]:
    """The topics in the order of the notice."""
    query = select(ChecklistTopic).where(ChecklistTopic.checklist_id == checklist_id)
    return tuple(map(topic_view, session.scalars(query.order_by(ChecklistTopic.position))))


def topic_view(topic: ChecklistTopic) -> TopicView:
    """A topic as pages show it."""
    return TopicView(
        topic_id=topic.id,
        position=topic.position,
        code=topic.code,
        title=topic.title,
        benchmark=topic.benchmark,
        group_title=topic.group_title,
        task=topic.task,
        done_due=topic.done_due,
    )


def in_view(sight: Sight) -> ColumnElement[bool]:
    """The items of the checklist in the region in view."""
    return and_(
        _Item.checklist_id == sight.checklist.id,
        _Item.region_code.startswith(reach(sight.region), autoescape=True),
    )


def due_this_week(today: date, week_end: date) -> ColumnElement[bool]:
    """The deadline that runs falls on today or a later day of this week."""
    return running_due().between(today, week_end)


def _wall(session: Session, office: Office, actor: Actor, sight: Sight) -> Wall:
    by_city = _by_city(session, sight)
    counted = _counted(session, office, sight, by_city=by_city)
    units = _units(session, sight, by_city=by_city)
    topics = topics_of(session, sight.checklist.id)
    whole = sight.checklist.kind == "checklist"
    codes = sorted(units, key=lambda code: (code != sight.region, code))
    rows = tuple(
        _row(
            topic,
            [_cell(counted.get((topic.topic_id, code)), units[code] if whole else None) for code in codes],
        )
        for topic in topics
    )
    tally = sum_of(row.tally for row in rows)
    names = region_names(session, {*codes, sight.region})
    expected = _expected(sight, units=sum(units.values()), topics=len(topics), present=tally.total)
    return Wall(
        head=head_of(session, sight.checklist),
        region=sight.region,
        region_name=names[sight.region],
        above=_above(session, actor, sight),
        columns=tuple(
            WallColumn(
                code=code,
                name=names[code],
                own=code == sight.region and len(codes) > 1,
                units=units[code],
                drills=by_city and code != sight.region,
                tally=sum_of(cell.tally for row in rows if (cell := row.cells[place])),
            )
            for place, code in enumerate(codes)
        ),
        rows=rows,
        tally=tally,
        units=sum(units.values()),
        expected=expected,
        present=tally.total,
        missing=_missing(session, sight) if tally.total != expected else (),
        week_end=sight.week_end,
        dates=dates_of(session, sight.checklist, topics),
    )


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """All of them counted together."""
    standings: dict[str, int] = {}
    returned = due_week = 0
    for each in tallies:
        for word, count in each.standings.items():
            standings[word] = standings.get(word, 0) + count
        returned, due_week = returned + each.returned, due_week + each.due_week
    return Tally(standings=standings, returned=returned, due_week=due_week)


def _by_city(session: Session, sight: Sight) -> bool:
    """A column is a city with all below it, where the region in view has cities; else it is a unit."""
    if len(reach(sight.region)) > 2:
        return False
    below = select(Region.code).where(
        Region.level == "city", Region.code.startswith(reach(sight.region), autoescape=True)
    )
    return session.scalar(below.limit(1)) is not None


def _counted(
    session: Session, office: Office, sight: Sight, *, by_city: bool
) -> Mapping[tuple[int, str], _Counted]:
    """The one statement of the wall: items by topic, column and standing."""
    items = (
        select(
            _Item.id,
            _Item.topic_id,
            (_Item.city if by_city else _Item.region_code).label("place"),
            standing(office.today, sight.near).label("word"),
            is_returned().label("returned"),
            due_this_week(office.today, sight.week_end).label("due_week"),
            running_due().label("due"),
        )
        .where(in_view(sight))
        .subquery()
    )
    each = items.c
    query = select(
        each.topic_id,
        each.place,
        each.word,
        func.count(),
        func.count().filter(each.returned),
        func.count().filter(each.due_week),
        func.min(each.id),
        func.min(each.due),
    ).group_by(each.topic_id, each.place, each.word)
    found: dict[tuple[int, str], _Counted] = {}
    for topic_id, place, word, count, returned, due_week, item_id, due in session.execute(query):
        before = found.get((topic_id, place))
        tally = Tally(standings={word: count}, returned=returned, due_week=due_week)
        found[topic_id, place] = _Counted(
            tally=sum_of((before.tally, tally)) if before else tally, item_id=item_id, due=due
        )
    return found


def _units(session: Session, sight: Sight, *, by_city: bool) -> dict[str, int]:
    """How many units each column has, columns without one left out."""
    city = case((Region.level == "county", func.coalesce(Region.parent_code, Region.code)), else_=Region.code)
    place = city if by_city else ChecklistUnit.region_code
    query = (
        select(place, func.count())
        .select_from(ChecklistUnit)
        .join(Region, Region.code == ChecklistUnit.region_code)
        .where(
            ChecklistUnit.checklist_id == sight.checklist.id,
            ChecklistUnit.region_code.startswith(reach(sight.region), autoescape=True),
        )
        .group_by(place)
    )
    return dict(session.execute(query).all())


def _row(topic: TopicView, cells: Sequence[WallCell | None]) -> WallRow:
    return WallRow(topic=topic, cells=tuple(cells), tally=sum_of(cell.tally for cell in cells if cell))


def _cell(found: _Counted | None, expected: int | None) -> WallCell | None:
    if found is None:
        return (
            None if expected is None else WallCell(tally=Tally(), expected=expected, item_id=None, due=None)
        )
    only = found.tally.total == 1
    return WallCell(
        tally=found.tally,
        expected=expected,
        item_id=found.item_id if only else None,
        due=found.due if only else None,
    )


def _expected(sight: Sight, *, units: int, topics: int, present: int) -> int:
    """Every topic for every unit; of a plan what was laid out, which only its whole can prove."""
    if sight.checklist.kind == "checklist":
        return units * topics
    return sight.checklist.cells if sight.region == sight.checklist.region else present


def _missing(session: Session, sight: Sight) -> tuple[MissingCell, ...]:
    titles = {topic.code: topic.title for topic in topics_of(session, sight.checklist.id)}
    gaps = [
        (code, region)
        for code, region in missing_cells(session, sight.checklist)
        if region.startswith(reach(sight.region))
    ]
    names = region_names(session, {region for _, region in gaps[:_MISSING_TOLD]})
    return tuple(
        MissingCell(topic=titles[code], region_name=names[region]) for code, region in gaps[:_MISSING_TOLD]
    )


def _above(session: Session, actor: Actor, sight: Sight) -> tuple[tuple[str, str], ...]:
    """The regions around the one in view that the actor may look at, the widest first."""
    begins = reach(sight.region)
    codes = [f"{begins[:length]:0<6}" for length in range(2, len(begins), 2)]
    seen = [
        code
        for code in codes
        if code.startswith(reach(actor.region)) and code.startswith(reach(sight.checklist.region))
    ]
    names = dict(session.execute(select(Region.code, Region.name).where(Region.code.in_(seen))).all())
    return tuple((code, names[code]) for code in seen if code in names)


def _weeks(session: Session, office: Office, sight: Sight) -> tuple[TrendWeek, ...]:
    monday = office.today - timedelta(days=office.today.weekday())
    mondays = [monday - timedelta(weeks=back) for back in reversed(range(TREND_WEEKS))]
    settled = case(
        (_Item.status == "done", _Item.verified_on), (_Item.status == "no_problem", _Item.checked_on)
    )
    found: dict[tuple[str, date], int] = {}
    for name, day in (("checked", _Item.checked_on), ("planned", _Item.planned_on), ("settled", settled)):
        found |= {(name, week): count for week, count in _weekly(session, day, mondays[0], in_view(sight))}
    named = and_(Escalation.item_id == _Item.id, in_view(sight))
    found |= {
        ("escalated", week): count for week, count in _weekly(session, Escalation.done_on, mondays[0], named)
    }
    return tuple(
        TrendWeek(
            monday=each,
            checked=found.get(("checked", each), 0),
            planned=found.get(("planned", each), 0),
            settled=found.get(("settled", each), 0),
            escalated=found.get(("escalated", each), 0),
        )
        for each in mondays
    )


def _weekly(
    session: Session,
    day: SQLColumnExpression[date | None] | SQLColumnExpression[date],
    first: date,
    where: ColumnElement[bool],
) -> list[tuple[date, int]]:
    query = select(day, func.count()).where(where, day >= first).group_by(day)
    found: dict[date, int] = {}
    for each, count in session.execute(query):
        if each is None:
            continue
        monday = each - timedelta(days=each.weekday())
        found[monday] = found.get(monday, 0) + count
    return list(found.items())
