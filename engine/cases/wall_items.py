"""The items behind the wall: lists of them, and everything of one cell; each actor sees those of their own reach (RECT-03)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

import orjson
from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from engine.cases.checklist_views import TopicView, in_sight, near_until, not_seen, seen_checklist
from engine.cases.files import STATUS_NAMES, may_see
from engine.cases.office import Office
from engine.cases.rows import region_names
from engine.cases.staff import name_of
from engine.cases.supervising import why_not
from engine.cases.views import Page
from engine.cases.wall import Sight, due_this_week, head_of, in_view, sight_of, topic_view
from engine.cases.wall_views import (
    SHOWN,
    ItemCaseLine,
    ItemDue,
    ItemFilter,
    ItemRow,
    ItemView,
    Stage,
    WallHead,
)
from engine.law.calendar import CalendarGap
from engine.oversight.rectification import read
from engine.oversight.rectification_standing import (
    STANDINGS,
    is_returned,
    running_due,
    running_due_kind,
    standing,
)
from engine.oversight.rectification_tables import (
    DUE_KINDS,
    PROBLEM_TYPES,
    STATUSES,
    Checklist,
    ChecklistTopic,
    ItemCase,
    RectificationItem,
)
from engine.values import Actor, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase, WorkflowTask

_Item = RectificationItem
_PAGE = 50
_Found = Row[RectificationItem, ChecklistTopic, str, date | None, str, str | None]


def items(
    office: Office, actor: Actor, checklist_id: int, asked: ItemFilter, *, cursor: str = "", size: int = _PAGE
) -> tuple[WallHead, Page[ItemRow]] | Refusal:
    """A page of the items that the filter asks for, by deadline; in the actor's region and below."""
    with office.store.reading() as session:
        try:
            sight = sight_of(session, office, actor, checklist_id, region=asked.region)
        except RefusedError as no:
            return no.refusal
        query = _rows(office, sight).where(*_conditions(office, sight, asked))
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        start = int(cursor) if cursor.isdecimal() and len(cursor) < 10 else 0
        ordered = query.order_by(
            running_due().nulls_last(), _Item.region_code, ChecklistTopic.position, _Item.id
        )
        found = session.execute(ordered.offset(start).limit(size + 1)).all()
        page = Page(
            rows=item_rows(session, office, found[:size]),
            total=total,
            next_cursor=str(start + size) if len(found) > size else "",
            previous_cursor=str(max(0, start - size)) if start else "",
        )
        return head_of(session, sight.checklist), page


def cell(office: Office, actor: Actor, item_id: int) -> ItemView | Refusal:
    """Everything of one cell: its deadlines, problem, plan, results, cases, and what the actor may do."""
    with office.store.reading() as session:
        try:
            return _cell(session, office, actor, item_id)
        except RefusedError as no:
            return no.refusal


def item_rows(session: Session, office: Office, found: Sequence[_Found]) -> tuple[ItemRow, ...]:
    """Rows as pages show them, with the names of regions looked up at once."""
    names = region_names(session, {item.region_code for item, *_ in found})
    return tuple(
        ItemRow(
            item_id=item.id,
            topic=topic.title,
            position=topic.position,
            region=item.region_code,
            region_name=names[item.region_code],
            lead_unit=item.lead_unit,
            standing=word,
            status_name=STATUSES[item.status],
            due=due,
            due_name=DUE_KINDS.get(kind, ""),
            days_late=_days_late(office, due),
            returned=item.sent_back_on is not None,
            progress=item.progress,
            case_id=item.case_id,
            case_key=key or "",
        )
        for item, topic, word, due, kind, key in found
    )


def _rows(
    office: Office, sight: Sight
) -> Select[RectificationItem, ChecklistTopic, str, date | None, str, str | None]:
    return (
        select(
            _Item,
            ChecklistTopic,
            standing(office.today, sight.near),
            running_due(),
            running_due_kind(),
            WorkflowCase.case_key,
        )
        .join(ChecklistTopic, ChecklistTopic.id == _Item.topic_id)
        .outerjoin(WorkflowCase, WorkflowCase.id == _Item.case_id)
        .where(in_view(sight))
    )


def _conditions(office: Office, sight: Sight, asked: ItemFilter) -> Iterator[ColumnElement[bool]]:
    if asked.topic.isdecimal() and len(asked.topic) < 6:
        yield ChecklistTopic.position == int(asked.topic)
    if asked.own:
        yield _Item.region_code == sight.region
    if asked.lead:
        yield _Item.lead_unit == asked.lead
    if asked.show in STANDINGS:
        yield standing(office.today, sight.near) == asked.show
    elif asked.show in SHOWN:
        yield {
            "due_week": due_this_week(office.today, sight.week_end),
            "returned": is_returned(),
            "reopened": _Item.reopened > 0,
            "supervised": _Item.supervised > 0,
            "escalated": _Item.circulars > 0,
        }[asked.show]


def _cell(session: Session, office: Office, actor: Actor, item_id: int) -> ItemView:
    item = session.scalar(select(_Item).where(_Item.id == item_id, in_sight(actor)))
    if item is None:
        raise RefusedError(not_seen())
    checklist = seen_checklist(session, actor, item.checklist_id)
    sight = Sight(
        checklist=checklist,
        region=item.region_code,
        near=near_until(office, checklist.region),
        week_end=office.today,
    )
    row = session.execute(_rows(office, sight).where(_Item.id == item_id)).one()
    topic = topic_view(row[1])
    return ItemView(
        head=head_of(session, checklist),
        row=item_rows(session, office, [row])[0],
        topic=topic,
        overdue_on_receipt=item.overdue_on_receipt,
        dues=_dues(checklist, topic, item, running=row[4]),
        problem_type_name=PROBLEM_TYPES.get(item.problem_type, ""),
        problem=item.problem,
        measures=item.measures,
        responsible=item.responsible,
        evidence=item.evidence,
        statement_by=name_of(session, item.statement_by) if item.statement_by else "",
        days=_days(item),
        sent_back_on=item.sent_back_on,
        sent_back_why=item.sent_back_why,
        counts=_counts(item),
        supervised_on=item.supervised_on,
        supervised_why=item.supervised_why,
        cooperating=tuple(orjson.loads(item.cooperating)),
        stages=_stages(item, office.today),
        cases=_cases(session, office, actor, item_id),
        why_not=why_not(session, office, actor, item, checklist),
    )


def _dues(
    checklist: Checklist, topic: TopicView, item: RectificationItem, *, running: str
) -> tuple[ItemDue, ...]:
    stated = {
        "self_check": checklist.self_check_due,
        "plan": checklist.plan_due,
        "done": topic.done_due or checklist.done_due,
    }
    counts = {"self_check": item.self_check_due, "plan": item.plan_due, "done": item.done_due}
    return tuple(
        ItemDue(name=name, stated=stated[kind], counts=counts[kind], runs=kind == running)
        for kind, name in DUE_KINDS.items()
        if stated[kind] or counts[kind]
    )


def _days(item: RectificationItem) -> tuple[tuple[str, date], ...]:
    told = (
        ("查摆", item.checked_on),
        ("方案已报", item.planned_on),
        ("方案受理", item.accepted_on),
        ("报告进展", item.reported_on),
        ("核验", item.verified_on),
    )
    return tuple((name, day) for name, day in told if day is not None)


def _counts(item: RectificationItem) -> dict[str, int]:
    told = {
        "退回": item.returned,
        "重新打开": item.reopened,
        "提醒": item.reminders,
        "通报": item.circulars,
        "通报当地人民政府": item.government_notices,
        "提请问责": item.referrals,
        "督办": item.supervised,
    }
    return {name: count for name, count in told.items() if count}


def _stages(item: RectificationItem, today: date) -> tuple[Stage, ...]:
    """The timetable; a stage is done once the work reported has reached its end."""
    reached, found = Fraction(0), []
    for each in read(item.milestones):
        reached += Fraction(each.weight or 0)
        done = each.done_on is not None or item.status == "done" or item.progress >= 100 * reached
        found.append(
            Stage(
                title=each.title,
                due=each.due,
                weight=each.weight,
                done=done,
                late=not done and each.due < today,
            )
        )
    return tuple(found)


def _cases(session: Session, office: Office, actor: Actor, item_id: int) -> tuple[ItemCaseLine, ...]:
    query = (
        select(WorkflowCase)
        .join(ItemCase, ItemCase.case_id == WorkflowCase.id)
        .where(ItemCase.item_id == item_id)
        .order_by(WorkflowCase.id)
    )
    return tuple(
        ItemCaseLine(
            # nobody is led to a file that is not open to them
            case_id=case.id if may_see(session, office, actor, case) else 0,
            case_key=case.case_key,
            status_name=STATUS_NAMES[case.status],
            where=_where(session, case.id),
        )
        for case in session.scalars(query)
    )


def _where(session: Session, case_id: int) -> str:
    waiting = select(WorkflowTask.name).where(WorkflowTask.case_id == case_id, WorkflowTask.status == "ready")
    return "、".join(session.scalars(waiting.order_by(WorkflowTask.created_at)))


def _days_late(office: Office, due: date | None) -> int | None:
    if due is None or due >= office.today:
        return 0
    try:
        return office.calendar.between(due, office.today)
    except CalendarGap:
        return None
