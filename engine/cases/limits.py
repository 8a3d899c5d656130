"""Watches the limits of open tasks: reminds before the day, records what passed it, and tells the office above.

Each of the three is told once for a task, however many sweeps run at a time: a row says that it was. Cases that
are paused wait. Swept; the pages of managers read the breaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.cases.limit_tables import Breach, Reminder
from engine.cases.office import Office
from engine.cases.rows import addressee, region_names
from engine.cases.steps import around
from engine.law.calendar import CalendarGap
from engine.law.policy import PolicyGap
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.letters import send_letter
from engine.values import CHINA, SYSTEM, above
from engine.workflow.tables import WorkflowCase, WorkflowTask, case_ref

#: an open task with its case
Watched: TypeAlias = Row[WorkflowTask, WorkflowCase]
Kind = Literal["soon", "overdue", "escalated"]

#: policy keys, in working days
BEFORE = "control.remind_before"
AFTER = "control.escalate_after"


def watch_limits(office: Office, limit: int = 100) -> int:
    """How many tasks were told of; at most `limit` of each kind."""
    # what is overdue comes first: it is escalated in a later round, once its row stands
    return sum(watch(office, limit) for watch in (_overdue, _escalated, _soon))


def _overdue(office: Office, limit: int) -> int:
    now = office.clock()
    with office.store.transaction() as session:
        rows = session.execute(
            _watched("overdue").where(WorkflowTask.due_at <= now).order_by(WorkflowTask.due_at).limit(limit)
        ).all()
        mine = _take(session, office, rows, "overdue")
        for row in mine:
            session.add(_breach(row[0], now))
            _tell(session, office, row, "overdue", to=addressee(*row))
        return len(mine)


def _breach(task: WorkflowTask, now: datetime) -> Breach:
    assert task.due_at is not None  # noqa: S101 - tasks without a limit are not watched
    return Breach(
        task_id=task.id,
        case_id=task.case_id,
        element_id=task.element_id,
        duty=task.duty,
        region_code=task.region_code,
        due_at=task.due_at,
        assignee=task.assignee or "",
        found_at=now,
        escalated_to="",
    )


def _escalated(office: Office, limit: int) -> int:
    """Breaches that stand for so many working days; the region above its own is told."""
    with office.store.transaction() as session:
        rows = session.execute(
            _watched("escalated")
            .join(Breach, Breach.task_id == WorkflowTask.id)
            .where(Breach.escalated_at.is_(None))
            .order_by(Breach.due_at)
            .limit(limit)
        ).all()
        mine = _take(session, office, [row for row in rows if _stands_long(office, row)], "escalated")
        for row in mine:
            superior = above(row[0].region_code)
            session.execute(
                update(Breach)
                .where(Breach.task_id == row[0].id)
                .values(escalated_to=superior, escalated_at=office.clock())
            )
            _tell(session, office, row, "escalated", to=f"office:{superior}")
            _note(session, office, row, superior)
        return len(mine)


def _soon(office: Office, limit: int) -> int:
    horizon = _horizon(office)
    if horizon is None:
        return 0
    morning = datetime.combine(office.today, datetime.min.time(), tzinfo=CHINA)
    with office.store.transaction() as session:
        rows = session.execute(
            _watched("soon")
            # whoever got it today has just been told of its limit
            .where(
                WorkflowTask.due_at > office.clock(),
                WorkflowTask.due_at <= horizon,
                WorkflowTask.created_at < morning,
            )
            .order_by(WorkflowTask.due_at)
            .limit(limit)
        ).all()
        mine = _take(session, office, rows, "soon")
        for row in mine:
            _tell(session, office, row, "soon", to=addressee(*row))
        return len(mine)


def _watched(kind: Kind) -> Select[WorkflowTask, WorkflowCase]:
    """Open tasks with a limit whose case goes on, and of which this was not yet told."""
    told: ColumnElement[bool] = exists().where(Reminder.task_id == WorkflowTask.id, Reminder.kind == kind)
    return (
        select(WorkflowTask, WorkflowCase)
        .join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
        .where(
            WorkflowTask.status == "ready",
            WorkflowTask.due_at.is_not(None),
            WorkflowCase.paused_at.is_(None),
            ~told,
        )
    )


def _take(session: Session, office: Office, rows: Sequence[Watched], kind: Kind) -> list[Watched]:
    """Those of the rows that no other sweep told of: the row of the reminder is the right to tell."""
    if not rows:
        return []
    values = [{"task_id": task.id, "kind": kind, "at": office.clock()} for task, _ in rows]
    taken = set(
        session.scalars(insert(Reminder).values(values).on_conflict_do_nothing().returning(Reminder.task_id))
    )
    return [row for row in rows if row[0].id in taken]


def _horizon(office: Office) -> datetime | None:
    """The end of the last day whose limits are near; None where policy or calendar do not say."""
    try:
        days = int(office.book.at(BEFORE, office.settings.region, office.today).value)  # type: ignore[arg-type]
        last = office.calendar.after(office.today, days)
    except (PolicyGap, CalendarGap):
        # the missing year is said to those who can enter it; the breach itself needs no calendar
        return None
    return datetime.combine(last + timedelta(days=1), datetime.min.time(), tzinfo=CHINA)


def _stands_long(office: Office, row: Watched) -> bool:
    due_day = _due(row).date()
    try:
        days = int(office.book.at(AFTER, row[0].region_code, office.today).value)  # type: ignore[arg-type]
        return bool(office.today >= office.calendar.after(due_day, days))
    except PolicyGap:
        return False
    except CalendarGap:
        # a limit that has passed is never kept from the office above because a year is missing
        return office.today > due_day


def _due(row: Watched) -> datetime:
    """When the task is due, in China."""
    assert row[0].due_at is not None  # noqa: S101 - tasks without a limit are not watched
    return row[0].due_at.astimezone(CHINA)


def _tell(session: Session, office: Office, row: Watched, kind: Kind, *, to: str) -> None:
    task, case = row
    duty = office.duties.duties.get(task.duty)
    send_letter(
        around(office, session, SYSTEM)(case_ref(case.id, case)).desk,
        f"limit-{kind}",
        occasion=task.id,
        recipient=to,
        step=task.name,
        duty=duty.lane if duty else task.duty,
        region=region_names(session, [task.region_code])[task.region_code],
        due=_due(row).strftime("%Y-%m-%d %H:%M"),
    )


def _note(session: Session, office: Office, row: Watched, superior: str) -> None:
    task, case = row
    append(
        session,
        stream=f"case:{case.id}",
        action=Action.TASK_ESCALATED,
        actor=SYSTEM,
        subject=f"task:{task.id}",
        after={"due_at": _due(row).isoformat(), "to": superior, "duty": task.duty},
        now=office.clock(),
    )
