"""Lists of cases beside the lists of tasks: those one started, and those one was sent a copy of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import false, func, select
from sqlalchemy.orm import Session

from engine.cases.desk_tables import CaseCopy
from engine.cases.files import STATUS_NAMES
from engine.cases.inbox_filters import InboxFilter, case_conditions
from engine.cases.office import Office
from engine.cases.rows import actor_names, subject_labels
from engine.cases.views import CaseList, CaseRow, Page
from engine.values import Actor, CaseId
from engine.workflow.tables import ProcessVersion, WorkflowCase, WorkflowTask


def case_list(
    office: Office, actor: Actor, which: CaseList, asked: InboxFilter | None = None, *, cursor: str = ""
) -> Page[CaseRow]:
    """A page of the cases that the actor started, or was sent a copy of; newest first."""
    asked = asked or InboxFilter()
    with office.store.reading() as session:
        key = CaseCopy.id if which == "copied" else WorkflowCase.id
        query = _case_query(actor, which, asked)
        total = session.scalar(select(func.count()).select_from(query.with_only_columns(key).subquery())) or 0
        way, _, number = cursor.partition("~")
        at = int(number) if number.isdigit() and len(number) < 10 else 0
        if at:
            query = query.where(key > at if way == "before" else key < at)
        back = bool(at) and way == "before"
        ordered = query.order_by(key if back else key.desc()).limit(asked.size + 1)
        found = [tuple(row) for row in session.execute(ordered)]
        further, found = len(found) > asked.size, found[: asked.size]
        if back:
            found = found[::-1]
        ends = [copy.id if copy else case.id for case, _, copy in found]
        return Page(
            rows=_case_rows(session, office, found),
            total=total,
            next_cursor=f"after~{ends[-1]}" if ends and (further or back) else "",
            previous_cursor=f"before~{ends[0]}" if ends and (further if back else at) else "",
        )


def _case_query(actor: Actor, which: CaseList, asked: InboxFilter) -> Any:
    named = select(WorkflowCase, ProcessVersion.name, CaseCopy).join(
        ProcessVersion, ProcessVersion.id == WorkflowCase.version_id
    )
    if which == "copied":
        query = named.join(CaseCopy, CaseCopy.case_id == WorkflowCase.id).where(CaseCopy.reader == actor.key)
    else:
        query = named.outerjoin(CaseCopy, false()).where(WorkflowCase.started_by == actor.key)
    if asked.process:
        query = query.where(WorkflowCase.process_id == asked.process)
    return query.where(*case_conditions(asked))


def _case_rows(
    session: Session, office: Office, found: Sequence[tuple[WorkflowCase, str, CaseCopy | None]]
) -> tuple[CaseRow, ...]:
    labels = subject_labels(session, office, {case.subject for case, _, _ in found})
    senders = actor_names(session, {copy.sent_by for _, _, copy in found if copy})
    where: dict[int, list[str]] = {}
    steps = select(WorkflowTask.case_id, WorkflowTask.name).where(
        WorkflowTask.case_id.in_([case.id for case, _, _ in found]), WorkflowTask.status == "ready"
    )
    for case_id, name in session.execute(steps):
        where.setdefault(case_id, []).append(name)
    return tuple(
        CaseRow(
            case_id=CaseId(case.id),
            case_key=case.case_key,
            process_name=process,
            subject=labels.get(case.subject, case.subject),
            status=case.status,
            status_name=STATUS_NAMES[case.status],
            started_at=case.started_at,
            where="、".join(where.get(case.id, ())),
            sent_by=senders[copy.sent_by] if copy else "",
            note=copy.note if copy else "",
            unread=bool(copy and copy.read_at is None),
        )
        for case, process, copy in found
    )
