"""How each time limit of a case was reckoned: from when, by which rule and source, with pauses and breaches.

Shows and explains; limits are set by the diagram, moved by ``pausing`` and watched by ``limits``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.file_views import CaseLimits, LimitRow, PauseRow
from engine.cases.limit_tables import Breach, LimitPause
from engine.cases.office import Office
from engine.cases.rows import actor_names, region_names
from engine.cases.trail import span_of
from engine.law.time_limits import deadline
from engine.values import CHINA, Reason, Refusal
from engine.workflow.tables import WorkflowCase, WorkflowTask, WorkflowTimer
from engine.workflow.versions import Published

_LIMIT = re.compile(r"""limit\(\s*["'](\w+)["']\s*\)""")
_WORKDAYS = re.compile(r"after_workdays\(\s*(\d+)\s*\)")


def limits_of(
    session: Session, office: Office, case: WorkflowCase, version: Published, data: Mapping[str, Any]
) -> CaseLimits:
    """Every limit of the case: its own first, then those of its steps in the order in which they came up."""
    tasks = session.scalars(
        select(WorkflowTask)
        .where(WorkflowTask.case_id == case.id)
        .order_by(WorkflowTask.created_at, WorkflowTask.completed_at.nulls_last(), WorkflowTask.id)
    ).all()
    people = {key for task in tasks for key in (task.completed_by, task.assignee) if key}
    names = actor_names(session, people)
    breaches = _breaches(session, case.id)
    own = _own_limit(office, case, data)
    rows = (
        *([own] if own else []),
        *(_row(office, version, task, names, breaches.get(task.id, "")) for task in tasks),
    )
    notices = {reason.parameter: reason for row in rows for reason in row.reasons if _is_notice(reason)}
    return CaseLimits(
        rows=tuple(
            replace(row, reasons=tuple(reason for reason in row.reasons if not _is_notice(reason)))
            for row in rows
        ),
        calendars=tuple(notices.values()),
        timers=_timers(session, case, version),
        pauses=_pauses(session, case.id),
    )


def _is_notice(reason: Reason) -> bool:
    return reason.code == "working_calendar"


def _own_limit(office: Office, case: WorkflowCase, data: Mapping[str, Any]) -> LimitRow | None:
    """The limit for the case as a whole, where its data have one (社会保险经办条例第二十四条)."""
    if not data.get("decide_by"):
        return None
    last = date.fromisoformat(str(data["decide_by"]))
    # a day means its end
    due_at = datetime.combine(last, time(23, 59, 59), tzinfo=CHINA)
    applied = date.fromisoformat(str(data.get("applied_on") or case.started_at.astimezone(CHINA).date()))
    found = deadline(
        "claim_decision", applied, region=case.region_code, book=office.book, calendar=office.calendar
    )
    until = case.ended_at or office.clock()
    return LimitRow(
        name="全案办结",
        holder="",
        since=case.started_at,
        due_at=due_at,
        ended_at=case.ended_at,
        state=_state(due_at, case.ended_at, now=office.clock(), gone=False),
        used=span_of(office, case.started_at, until),
        reasons=found.reasons,
    )


def _row(
    office: Office, version: Published, task: WorkflowTask, names: Mapping[str, str], breach: str
) -> LimitRow:
    ended = task.completed_at if task.status != "ready" else None
    element = version.blueprint.elements.get(task.element_id)
    return LimitRow(
        name=task.name,
        holder=names.get(task.completed_by or task.assignee or "", ""),
        since=task.created_at,
        due_at=task.due_at,
        ended_at=ended,
        state=_state(task.due_at, ended, now=office.clock(), gone=task.status == "cancelled"),
        used=span_of(office, task.created_at, ended or office.clock()),
        reasons=_reasons(office, element.due if element else "", task),
        breach=breach,
    )


def _state(due_at: datetime | None, ended_at: datetime | None, *, now: datetime, gone: bool) -> str:
    if gone:
        return "gone"
    if due_at is None:
        return "none"
    if ended_at is None:
        return "passed" if now > due_at else "running"
    return "missed" if ended_at > due_at else "kept"


def _reasons(office: Office, due: str, task: WorkflowTask) -> tuple[Reason, ...]:
    """The calculation as the law book gives it for the day on which the step came up, and any later move of the day."""
    began = task.created_at.astimezone(CHINA).date()
    named, counted = _LIMIT.search(due), _WORKDAYS.search(due)
    reasons: tuple[Reason, ...] = ()
    reckoned: date | None = None
    if named:
        found = deadline(named[1], began, region=task.region_code, book=office.book, calendar=office.calendar)
        reasons = found.reasons
        reckoned = None if isinstance(found, Refusal) else found.day
    elif counted:
        reckoned = office.calendar.after(began, int(counted[1]))
        reasons = (
            Reason(
                code="drawn_limit",
                text=f"流程图规定{counted[1]}个工作日，至{reckoned.isoformat()}",
                text_en=f"{counted[1]} working days by the diagram, until {reckoned.isoformat()}",
                fact=f"自{began.isoformat()}起算",
                source="流程图",
            ),
        )
    elif due:
        reasons = (
            Reason(
                code="drawn_day",
                text=f"流程图规定的日期：{due.strip('${} ')}",
                text_en="The day that the diagram gives",
                source="流程图",
            ),
        )
    return (*reasons, *_moved(task, reckoned))


def _moved(task: WorkflowTask, reckoned: date | None) -> tuple[Reason, ...]:
    if task.due_at is None or reckoned is None:
        return ()
    due = task.due_at.astimezone(CHINA).date()
    if due == reckoned:
        return ()
    return (
        Reason(
            code="limit_moved",
            text=f"因挂起或日历更新，期限由{reckoned.isoformat()}改至{due.isoformat()}",
            text_en=f"Moved from {reckoned.isoformat()} to {due.isoformat()} by a pause or a new calendar",
        ),
    )


def _breaches(session: Session, case_id: int) -> Mapping[str, str]:
    rows = session.scalars(select(Breach).where(Breach.case_id == case_id)).all()
    regions = region_names(session, {row.escalated_to for row in rows if row.escalated_to})
    return {
        row.task_id: f"{row.found_at.astimezone(CHINA):%Y-%m-%d} 记录超期"
        + (f"，已报{regions[row.escalated_to]}" if row.escalated_to else "")
        for row in rows
    }


def _timers(session: Session, case: WorkflowCase, version: Published) -> tuple[tuple[str, datetime], ...]:
    rows = session.scalars(
        select(WorkflowTimer).where(WorkflowTimer.case_id == case.id).order_by(WorkflowTimer.due_at)
    )
    elements = version.blueprint.elements
    named = (
        (elements[row.element_id].name if row.element_id in elements else row.element_id, row.due_at)
        for row in rows
    )
    return tuple((name or "定时", due_at) for name, due_at in named)


def _pauses(session: Session, case_id: int) -> tuple[PauseRow, ...]:
    rows = session.scalars(
        select(LimitPause).where(LimitPause.case_id == case_id).order_by(LimitPause.id)
    ).all()
    names = actor_names(session, {key for row in rows for key in (row.paused_by, row.resumed_by) if key})
    return tuple(
        PauseRow(
            since=row.paused_at,
            until=row.resumed_at,
            why=row.why,
            source=row.source,
            by=names[row.paused_by],
            ended_by=names.get(row.resumed_by or "", ""),
        )
        for row in rows
    )
