"""The file of a case: what it is about, how it got where it is, what was written and paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, and_, false, or_, select
from sqlalchemy.orm import Session

from engine.cases.casefacts import facts_of, reasons_of
from engine.cases.desk_tables import CaseCopy, TaskSigner
from engine.cases.family import letters_to_family
from engine.cases.inbox import labels_of
from engine.cases.office import Office
from engine.cases.operations import not_operator, operator_scopes
from engine.cases.payments import orders_of_case
from engine.cases.rows import history_rows, look, region_names, subject_labels, task_rows, visible
from engine.cases.sight import why_not_seen
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.views import CaseRow, CaseView, IncidentView, LetterView, Page, Step, TaskRow
from engine.duties import covers, held_by, kept_away
from engine.store.outbox import OutboxMessage
from engine.store.sight import beyond
from engine.tasks.tables import Letter
from engine.values import Actor, CaseId, Reason, Refusal, RefusedError, reach
from engine.workflow.history import history_of, standing_of
from engine.workflow.tables import (
    ProcessVersion,
    WorkflowCase,
    WorkflowHistory,
    WorkflowIncident,
    WorkflowTask,
)
from engine.workflow.versions import Published
from engine.workflow.xml_file import text_of

_PAGE = 25
#: recipient of what everybody may read
PUBLIC = "public:0"
STATUS_NAMES: Mapping[str, str] = {"running": "办理中", "completed": "已办结", "cancelled": "已终止"}
_SEEN_BY_OVERSIGHT = {"control", "fund_supervisor", "provincial", "verifier"}
_STEP_KINDS = {"userTask", "manualTask", "task", "serviceTask", "businessRuleTask", "sendTask", "receiveTask"}


def case_view(office: Office, actor: Actor, case_id: int) -> CaseView | Refusal:
    """The whole file; refused to those whose duty and region it is not. The look is recorded."""

    def work(session: Session) -> CaseView:
        case = seen_case(session, office, actor, case_id, why="查看案件")
        return case_record(session, office, actor, case)

    return attempt(office, actor, work, subject=f"case:{case_id}")


def case_record(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> CaseView:
    """The whole file of a case that the actor was found to see."""
    version = office.runner.versions.get(session, case.version_id)
    tasks = _open_tasks(session, office, case)
    data = data_of_case(session, office, case)
    marks = _marks(session, case, tasks)
    return CaseView(
        case_id=CaseId(case.id),
        case_key=case.case_key,
        process_id=case.process_id,
        process_name=version.name,
        version=version.number,
        status=case.status,  # type: ignore[arg-type]
        status_name=STATUS_NAMES[case.status],
        subject=subject_labels(session, office, {case.subject})[case.subject],
        region_name=region_names(session, {case.region_code})[case.region_code],
        started_at=case.started_at,
        ended_at=case.ended_at,
        diagram=text_of(version.diagram),
        marks=marks,
        steps=_steps(session, office, version, case, marks, tasks),
        facts=facts_of(office, session, data),
        reasons=reasons_of(data),
        history=history_rows(session, office, case.id, labels_of(version)),
        letters=_letters(session, actor, case.id),
        orders=orders_of_case(session, office, case.id),
        incidents=_incidents(session, office, case.id),
        tasks=tasks,
        can=_can(actor, case),
    )


def data_of_case(session: Session, office: Office, case: WorkflowCase) -> dict[str, Any]:
    """The data of the case as it stands; of an ended one, as its steps left them."""
    if case.status == "running":
        return office.runner.data_of(session, case.id)
    return _last_data(session, case.id)


def diagram_of(office: Office, actor: Actor, case_id: int) -> str | Refusal:
    """The diagram of the case as drawn, for the picture on its page; shows no personal data."""

    def work(session: Session) -> str:
        case = _found(session, office, actor, case_id)
        return text_of(office.runner.versions.get(session, case.version_id).diagram)

    return attempt(office, actor, work, subject=f"case:{case_id}")


def my_cases(office: Office, actor: Actor, *, cursor: str = "") -> Page[CaseRow]:
    """The cases about the actor or started by the actor, newest first."""
    with office.store.reading() as session:
        query = select(WorkflowCase, ProcessVersion.name).join(
            ProcessVersion, ProcessVersion.id == WorkflowCase.version_id
        )
        query = query.where(or_(WorkflowCase.subject == actor.key, WorkflowCase.started_by == actor.key))
        total = len(session.execute(query.with_only_columns(WorkflowCase.id)).all())
        if cursor:
            query = query.where(WorkflowCase.id < int(cursor) if cursor.isdigit() else false())
        found = session.execute(query.order_by(WorkflowCase.id.desc()).limit(_PAGE + 1)).all()
        labels = subject_labels(session, office, {case.subject for case, _ in found})
        rows = tuple(_case_row(session, case, name, labels) for case, name in found[:_PAGE])
        return Page(
            rows=rows, total=total, next_cursor=str(found[_PAGE - 1][0].id) if len(found) > _PAGE else ""
        )


def incidents(office: Office, actor: Actor) -> tuple[IncidentView, ...] | Refusal:
    """Every open incident of the actor's region; for internal control, analysts and administrators."""
    with office.store.reading() as session:
        scopes = operator_scopes(session, office, actor)
        return _incidents(session, office, None, scopes) if scopes else not_operator()


def seen_case(session: Session, office: Office, actor: Actor, case_id: int, *, why: str) -> WorkflowCase:
    """The case, for whoever may see it; the look is recorded with why (CTRL-07). RefusedError for others."""
    case = _found(session, office, actor, case_id)
    look(session, office, actor, case.subject, why=f"{why} {case.case_key}")
    return case


def may_see(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> bool:
    """Whether the file is open to the actor; denied by default.

    To the case's own person or employer, to whoever has a hand in it or an open task or question of it, to whoever
    decides over such cases of the region, and to oversight of the region. Never to whoever keeps away from it (回避).
    """
    if case.subject == actor.key:
        return True
    if actor.kind != "staff" or kept_away(session, case.id, (actor.key,)):
        return False
    if actor.duties & _SEEN_BY_OVERSIGHT and case.region_code.startswith(reach(actor.region)):
        return True
    if any(session.scalar(query.limit(1)) for query in _hands(session, office, actor, case.id)):
        return True
    if _decides(session, office, actor, case):
        return True
    # whom a case may be copied to is decided when it is copied; a copy ends with the post
    copied = select(CaseCopy.id).where(CaseCopy.case_id == case.id, CaseCopy.reader == actor.key)
    return case.region_code.startswith(reach(actor.region)) and session.scalar(copied) is not None


def _decides(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> bool:
    """Whether the actor approves such cases in the region: who may end a case (终止) reads it first."""
    held = held_by(session, actor, office.today)
    if not any(post.duty == "approve" and covers(post.region_code, case.region_code) for post in held):
        return False
    elements = office.runner.versions.get(session, case.version_id).blueprint.elements.values()
    return any(element.duty == "approve" for element in elements)


def _hands(session: Session, office: Office, actor: Actor, case_id: int) -> tuple[Select[Any], ...]:
    """What joins a member of staff to a case: steps done, also in their name; tasks and questions."""
    history, task, signer = WorkflowHistory, WorkflowTask, TaskSigner
    return (
        select(history.id).where(
            history.case_id == case_id, or_(history.actor == actor.key, history.on_behalf_of == actor.key)
        ),
        select(task.id)
        .join(WorkflowCase, WorkflowCase.id == task.case_id)
        .where(task.case_id == case_id, task.status == "ready")
        .where(or_(task.assignee == actor.key, task.owner == actor.key, visible(session, office, actor))),
        select(signer.id).where(
            signer.case_id == case_id, signer.signer == actor.key, signer.ended_at.is_(None)
        ),
    )


def _found(session: Session, office: Office, actor: Actor, case_id: int) -> WorkflowCase:
    case = session.get(WorkflowCase, case_id)
    if case is None:
        none = Reason(code="no_such_case", text="没有这个案件", text_en="No such case.")
        raise RefusedError(why_not_seen(session, WorkflowCase, case_id, actor, none=none))
    if not may_see(session, office, actor, case):
        raise RefusedError(
            Reason(
                code="not_in_reach",
                text="此案不在您的岗位与地区范围内",
                text_en="The case is not within your duty and region.",
                source="社会保险经办条例第四十九条（保密）",
                fact=actor.name or actor.key,
            )
        )
    return case


def _open_tasks(session: Session, office: Office, case: WorkflowCase) -> tuple[TaskRow, ...]:
    found = session.scalars(
        select(WorkflowTask)
        .where(WorkflowTask.case_id == case.id, WorkflowTask.status == "ready")
        .order_by(WorkflowTask.created_at)
    ).all()
    name = session.scalars(select(ProcessVersion.name).where(ProcessVersion.id == case.version_id)).one()
    return task_rows(session, office, [(task, case, name) for task in found])


def _last_data(session: Session, case_id: int) -> dict[str, Any]:
    """The data of an ended case, gathered from what its steps left in history."""
    data: dict[str, Any] = {}
    for outcome in session.scalars(
        select(WorkflowHistory.outcome).where(WorkflowHistory.case_id == case_id).order_by(WorkflowHistory.id)
    ):
        data.update(orjson.loads(outcome))
    return data


def _marks(session: Session, case: WorkflowCase, tasks: tuple[TaskRow, ...]) -> dict[str, str]:
    history = history_of(session, case.id)
    marks = dict.fromkeys((row.element_id for row in history), "done")
    stand = {done.element_id for done in standing_of(history)}
    completed = {row.element_id for row in history if row.kind == "completed"}
    marks.update(dict.fromkeys(completed - stand, "void"))
    marks.update({task.element_id: "overdue" if task.light == "overdue" else "current" for task in tasks})
    return marks


def _steps(
    session: Session,
    office: Office,
    version: Published,
    case: WorkflowCase,
    marks: Mapping[str, str],
    tasks: tuple[TaskRow, ...],
) -> tuple[Step, ...]:
    last: dict[str, WorkflowHistory] = {}
    for row in session.scalars(
        select(WorkflowHistory).where(WorkflowHistory.case_id == case.id).order_by(WorkflowHistory.id)
    ):
        last[row.element_id] = row
    open_tasks = {task.element_id: task for task in tasks}
    rest = "future" if case.status == "running" else "skipped"
    steps = []
    for element in version.blueprint.elements.values():
        if element.kind not in _STEP_KINDS:
            continue
        task, told = open_tasks.get(element.id), last.get(element.id)
        duty = office.duties.duties.get(element.duty or "")
        steps.append(
            Step(
                element_id=element.id,
                name=element.name or element.id,
                duty_name=duty.lane if duty else "",
                state=marks.get(element.id, rest),  # type: ignore[arg-type]
                at=task.created_at if task else told.at if told else None,
                actor=task.assignee if task else name_of(session, told.actor) if told else "",
                due_at=task.due_at if task else None,
            )
        )
    return tuple(steps)


def letters_of(session: Session, actor: Actor, case_id: int) -> Sequence[tuple[Letter, datetime | None]]:
    """The letters of the case and when each was sent, oldest first; others than staff see those written to them.

    With the application of a relative go the letters that were written to the family of who died.
    """
    family = letters_to_family(session, actor, case_id)
    query = (
        select(Letter, OutboxMessage.sent_at)
        .outerjoin(OutboxMessage, OutboxMessage.key == Letter.key)
        .order_by(Letter.id)
    )
    own = Letter.case_id == case_id
    if actor.kind != "staff":
        own = and_(own, Letter.recipient.in_((actor.key, PUBLIC)))
    if family is None:
        return [(letter, sent_at) for letter, sent_at in session.execute(query.where(own))]
    with beyond(
        session, "letters to the family are found by the case of the dead, which is not the relative's"
    ):
        return [(letter, sent_at) for letter, sent_at in session.execute(query.where(or_(own, family)))]


def _letters(session: Session, actor: Actor, case_id: int) -> tuple[LetterView, ...]:
    return tuple(
        LetterView(title=letter.title, text=letter.text, at=letter.created_at, sent_at=sent_at)
        for letter, sent_at in letters_of(session, actor, case_id)
    )


def _incidents(
    session: Session, office: Office, case_id: int | None, scopes: tuple[str, ...] = ()
) -> tuple[IncidentView, ...]:
    query = (
        select(WorkflowIncident, WorkflowCase)
        .join(WorkflowCase, WorkflowCase.id == WorkflowIncident.case_id)
        .where(WorkflowIncident.status == "open")
        .order_by(WorkflowIncident.id)
    )
    if case_id is not None:
        query = query.where(WorkflowIncident.case_id == case_id)
    if scopes:
        query = query.where(or_(*(WorkflowCase.region_code.startswith(scope) for scope in scopes)))
    out = []
    for incident, case in session.execute(query):
        element = office.runner.versions.get(session, case.version_id).blueprint.elements.get(
            incident.element_id
        )
        out.append(
            IncidentView(
                incident_id=incident.id,
                case_id=CaseId(case.id),
                case_key=case.case_key,
                element_id=incident.element_id,
                name=element.name if element else incident.element_id,
                cause=incident.cause,
                at=incident.created_at,
                attempts=incident.attempts,
                retryable=incident.retryable,
            )
        )
    return tuple(out)


def _can(actor: Actor, case: WorkflowCase) -> frozenset[str]:
    can = set()
    if actor.kind == "person" and case.status == "running" and case.process_id in ("claim", "death_grant"):
        can.add("withdraw")
    if actor.duties & {"analyst", "control"}:
        can.add("retry")
    return frozenset(can)


def _case_row(session: Session, case: WorkflowCase, name: str, labels: Mapping[str, str]) -> CaseRow:
    where = session.scalars(
        select(WorkflowTask.name).where(WorkflowTask.case_id == case.id, WorkflowTask.status == "ready")
    )
    return CaseRow(
        case_id=CaseId(case.id),
        case_key=case.case_key,
        process_name=name,
        subject=labels.get(case.subject, case.subject),
        status=case.status,
        status_name=STATUS_NAMES[case.status],
        started_at=case.started_at,
        where="、".join(where),
    )
