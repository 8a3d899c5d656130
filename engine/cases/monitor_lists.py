"""The rows behind the figures of monitoring: cases that began, ended or run, and tasks that passed their limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import ColumnElement, Row, Select, exists, func, select
from sqlalchemy.orm import Session

from engine.cases.files import STATUS_NAMES
from engine.cases.limit_tables import Breach
from engine.cases.monitoring import MonitorFilter, Sight, sight_of
from engine.cases.office import Office
from engine.cases.rows import actor_names, region_names
from engine.cases.views import Page
from engine.law.calendar import CalendarGap
from engine.values import CHINA, Actor, CaseId, Reason, Refusal
from engine.workflow.tables import ProcessVersion, WorkflowCase, WorkflowTask

CaseKind = Literal["started", "completed", "cancelled", "open", "overdue"]
KINDS: tuple[CaseKind, ...] = get_args(CaseKind)
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case behind a figure; whose it is, its own page says to those who may open it."""

    case_id: CaseId
    case_key: str
    process_name: str
    region_name: str
    status_name: str
    started_at: datetime
    ended_at: datetime | None
    #: the open steps, in words
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachLine:
    """A task that passed its limit."""

    task_id: str
    case_id: CaseId
    case_key: str
    process_name: str
    step: str
    duty_name: str
    region_name: str
    #: who had it when the limit passed; empty: nobody of the staff
    holder: str
    due_at: datetime
    #: None: it still waits
    completed_at: datetime | None
    #: done, waiting, or gone with its case
    status: str
    #: working days after the limit until it was done, or now; None where a year has no calendar
    late: int | None
    #: the office that was told; empty: none yet
    escalated_to: str


def cases_behind(
    office: Office,
    actor: Actor,
    wanted: MonitorFilter,
    kind: CaseKind,
    *,
    element: str = "",
    cursor: str = "",
) -> tuple[Sight, Page[CaseLine]] | Refusal:
    """A page of the cases that a figure counts, newest first; refused to those who see figures only."""
    with office.store.reading() as session:
        sight = sight_of(session, office, actor, wanted)
        if isinstance(sight, Refusal):
            return sight
        if not sight.cases:
            return _figures_only()
        conditions = _conditions(sight, kind, element)
        total = session.scalar(select(func.count()).select_from(WorkflowCase).where(*conditions)) or 0
        if cursor.isdigit() and len(cursor) < 10:
            conditions.append(WorkflowCase.id < int(cursor))
        query = (
            select(WorkflowCase, ProcessVersion.name)
            .join(ProcessVersion, ProcessVersion.id == WorkflowCase.version_id)
            .where(*conditions)
            .order_by(WorkflowCase.id.desc())
            .limit(_PAGE + 1)
        )
        found = session.execute(query).all()
        rows = _case_lines(session, found[:_PAGE])
        following = str(found[_PAGE - 1][0].id) if len(found) > _PAGE else ""
        return sight, Page(rows=rows, total=total, next_cursor=following)


def breaches(
    office: Office,
    actor: Actor,
    wanted: MonitorFilter,
    *,
    duty: str = "",
    cursor: str = "",
    size: int = _PAGE,
) -> tuple[Sight, Page[BreachLine]] | Refusal:
    """A page of the limits that passed in the period, latest first; for those who may see who had the task."""
    with office.store.reading() as session:
        sight = sight_of(session, office, actor, wanted)
        if isinstance(sight, Refusal):
            return sight
        if not sight.names:
            return _figures_only()
        query = _breaches(sight, duty)
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        start = int(cursor) if cursor.isdigit() and len(cursor) < 10 else 0
        query = query.order_by(Breach.due_at.desc(), Breach.task_id).offset(start).limit(size + 1)
        found = session.execute(query).all()
        rows = _breach_lines(session, office, found[:size])
        return sight, Page(rows=rows, total=total, next_cursor=str(start + size) if len(found) > size else "")


def breach_duties(office: Office) -> tuple[tuple[str, str], ...]:
    """The duties whose tasks have limits, with their names."""
    return tuple((duty.id, duty.lane) for duty in office.duties.duties.values() if duty.id != "system")


def _conditions(sight: Sight, kind: CaseKind, element: str) -> list[ColumnElement[bool]]:
    asked = sight.asked
    conditions = [
        WorkflowCase.process_id.in_(asked.processes),
        WorkflowCase.region_code.startswith(asked.scope),
    ]
    if asked.version_id is not None:
        conditions.append(WorkflowCase.version_id == asked.version_id)
    open_task = exists().where(WorkflowTask.case_id == WorkflowCase.id, WorkflowTask.status == "ready")
    if element:
        open_task = open_task.where(WorkflowTask.element_id == element)
    match kind:
        case "started":
            conditions += [WorkflowCase.started_at >= asked.first, WorkflowCase.started_at < asked.after]
        case "open":
            conditions += [WorkflowCase.status == "running", *([open_task] if element else [])]
        case "overdue":
            late = open_task.where(WorkflowTask.due_at < asked.now)
            conditions += [WorkflowCase.status == "running", WorkflowCase.paused_at.is_(None), late]
        case _:
            conditions += [WorkflowCase.status == kind, WorkflowCase.ended_at >= asked.first]
            conditions.append(WorkflowCase.ended_at < asked.after)
    return conditions


def _case_lines(session: Session, found: Sequence[Row[WorkflowCase, str]]) -> tuple[CaseLine, ...]:
    regions = region_names(session, {case.region_code for case, _ in found})
    where: dict[int, list[str]] = {}
    ids = [case.id for case, _ in found]
    waiting = select(WorkflowTask.case_id, WorkflowTask.name).where(
        WorkflowTask.case_id.in_(ids), WorkflowTask.status == "ready"
    )
    for case_id, name in session.execute(waiting.order_by(WorkflowTask.created_at)):
        where.setdefault(case_id, []).append(name)
    return tuple(
        CaseLine(
            case_id=CaseId(case.id),
            case_key=case.case_key,
            process_name=process,
            region_name=regions[case.region_code],
            status_name=STATUS_NAMES[case.status],
            started_at=case.started_at,
            ended_at=case.ended_at,
            where="、".join(where.get(case.id, ())),
        )
        for case, process in found
    )


def _breaches(sight: Sight, duty: str) -> Select[Breach, WorkflowTask, WorkflowCase, str]:
    asked = sight.asked
    query = (
        select(Breach, WorkflowTask, WorkflowCase, ProcessVersion.name)
        .join(WorkflowTask, WorkflowTask.id == Breach.task_id)
        .join(WorkflowCase, WorkflowCase.id == Breach.case_id)
        .join(ProcessVersion, ProcessVersion.id == WorkflowCase.version_id)
        .where(
            Breach.due_at >= asked.first,
            Breach.due_at < asked.after,
            Breach.region_code.startswith(asked.scope),
            WorkflowCase.process_id.in_(asked.processes),
        )
    )
    if asked.version_id is not None:
        query = query.where(WorkflowCase.version_id == asked.version_id)
    return query.where(Breach.duty == duty) if duty else query


def _breach_lines(
    session: Session, office: Office, found: Sequence[Row[Breach, WorkflowTask, WorkflowCase, str]]
) -> tuple[BreachLine, ...]:
    codes = {code for breach, *_ in found for code in (breach.region_code, breach.escalated_to) if code}
    regions = region_names(session, codes)
    # of claimants and employers the duty is told, not the name
    keys = {breach.assignee for breach, *_ in found if breach.assignee.startswith("staff:")}
    names = actor_names(session, keys)
    out = []
    for breach, task, case, process in found:
        duty = office.duties.duties.get(breach.duty)
        gone = task.status == "cancelled"
        out.append(
            BreachLine(
                task_id=task.id,
                case_id=CaseId(case.id),
                case_key=case.case_key,
                process_name=process,
                step=task.name,
                duty_name=duty.lane if duty else breach.duty,
                region_name=regions[breach.region_code],
                holder=names.get(breach.assignee, ""),
                due_at=breach.due_at,
                completed_at=task.completed_at,
                status="gone" if gone else "done" if task.status == "completed" else "waiting",
                late=None if gone else _late(office, breach.due_at, task.completed_at),
                escalated_to=regions[breach.escalated_to] if breach.escalated_to else "",
            )
        )
    return tuple(out)


def _late(office: Office, due_at: datetime, done_at: datetime | None) -> int | None:
    until = (done_at or office.clock()).astimezone(CHINA).date()
    try:
        return max(0, office.calendar.between(due_at.astimezone(CHINA).date(), until))
    except CalendarGap:
        return None


def _figures_only() -> Refusal:
    return Refusal(
        reasons=(
            Reason(
                code="figures_only",
                text="您的岗位只能查看汇总数据，不能查看具体案件和人员",
                text_en="Your duties see figures only, no cases and no people.",
            ),
        )
    )
