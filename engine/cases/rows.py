"""From rows of the store to the records that people see; and which rows an actor may see at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.staff import name_of
from engine.cases.views import HistoryRow, Light, TaskRow
from engine.duties import Post, StaffMember, agencies_on
from engine.law.calendar import CalendarGap
from engine.people import Employer, Person, Region, id_number_of, record_look
from engine.store.crypto import mask_id
from engine.values import CHINA, Actor, CaseId, TaskId, reach
from engine.workflow.forms import Field
from engine.workflow.tables import ProcessVersion, WorkflowCase, WorkflowHistory, WorkflowTask

#: a limit with at most so many working days left is shown as near
SOON = 1
_LANE_OF: Mapping[str, str] = {"person": "claimant", "employer": "employer"}


@dataclass(frozen=True, slots=True, order=True)
class Reach:
    """One duty in one part of the country."""

    duty: str
    #: what the codes of its regions begin with
    scope: str


def reaches(session: Session, office: Office, actor: Actor) -> tuple[Reach, ...]:
    """What the posts in force of a member of staff reach, with those they stand in for; none twice."""
    if actor.kind != "staff":
        return ()
    today = office.today
    posts = session.execute(
        select(Post.duty, Post.region_code).where(
            Post.staff_id == actor.id,
            Post.valid_from <= today,
            or_(Post.valid_until.is_(None), Post.valid_until > today),
        )
    ).all()
    lent = [(agency.duty, agency.region_code) for agency in agencies_on(session, actor.id, today)]
    found = {Reach(duty, reach(region)) for duty, region in (*posts, *lent)}
    return tuple(sorted(each for each in found if not any(_holds(wider, each) for wider in found)))


def _holds(wider: Reach, other: Reach) -> bool:
    return wider != other and wider.duty == other.duty and other.scope.startswith(wider.scope)


def within(reach: Reach) -> ColumnElement[bool]:
    """The tasks of that duty and those regions."""
    return and_(WorkflowTask.duty == reach.duty, WorkflowTask.region_code.startswith(reach.scope))


def visible(session: Session, office: Office, actor: Actor) -> ColumnElement[bool]:
    """The open tasks that the actor's posts reach: by duty and region; a person's or employer's own."""
    if actor.kind in _LANE_OF:
        return and_(WorkflowCase.subject == actor.key, WorkflowTask.duty == _LANE_OF[actor.kind])
    reached = [within(each) for each in reaches(session, office, actor)]
    return or_(*reached) if reached else false()


def task_rows(
    session: Session, office: Office, found: Sequence[tuple[WorkflowTask, WorkflowCase, str]]
) -> tuple[TaskRow, ...]:
    """The rows of a list, with the names of subjects and regions looked up at once."""
    subjects = subject_labels(session, office, {case.subject for _, case, _ in found})
    regions = region_names(session, {task.region_code for task, _, _ in found})
    names = actor_names(session, {task.assignee for task, _, _ in found if task.assignee})
    return tuple(
        _task_row(office, task, case, process, subjects, regions, names) for task, case, process in found
    )


def subject_labels(session: Session, office: Office, keys: Iterable[str]) -> dict[str, str]:
    """Whom each case is about, in words: name with masked number, employer's name, office; the key of one not seen."""
    by_kind: dict[str, list[int]] = {}
    labels = {key: key for key in keys}
    for key in labels:
        kind, _, number = key.partition(":")
        if number.isdigit():
            by_kind.setdefault(kind, []).append(int(number))
    for person in session.scalars(select(Person).where(Person.id.in_(by_kind.get("person", [])))):
        number = id_number_of(office.vault, person)
        labels[f"person:{person.id}"] = f"{person.name} {mask_id(number)}"
    for employer in session.scalars(select(Employer).where(Employer.id.in_(by_kind.get("employer", [])))):
        labels[f"employer:{employer.id}"] = employer.name
    codes = [str(code) for code in by_kind.get("office", [])]
    for code, name in region_names(session, codes).items():
        labels[f"office:{code}"] = f"{name}经办机构"
    return labels


def region_names(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """The regions' names by code; the code itself for one that is not known."""
    wanted = set(codes)
    known = {
        region.code: region.name for region in session.scalars(select(Region).where(Region.code.in_(wanted)))
    }
    return {code: known.get(code, code) for code in wanted}


def actor_names(session: Session, keys: Iterable[str | None]) -> dict[str, str]:
    """The name of whoever has each actor key, as :func:`name_of` gives it, staff asked for at once; None is nobody."""
    wanted = {key for key in keys if key is not None}
    ids = [int(key[6:]) for key in wanted if key.startswith("staff:") and key[6:].isdigit()]
    found = session.execute(select(StaffMember.id, StaffMember.name).where(StaffMember.id.in_(ids))).all()
    names = {f"staff:{number}": name for number, name in found}
    return {key: names.get(key) or name_of(session, key) for key in wanted}


def addressee(task: WorkflowTask, case: WorkflowCase) -> str:
    """Whom a letter about the open task goes to: who has it, else whom it is for, else the office of the region."""
    if task.assignee:
        return task.assignee
    return case.subject if task.duty in _LANE_OF.values() else f"office:{task.region_code}"


def look(session: Session, office: Office, actor: Actor, subject: str, *, why: str) -> None:
    """Leaves the trace of a look at a person's file by somebody else (CTRL-07)."""
    if actor.key != subject:
        record_look(session, actor=actor, subject=subject, why=why, now=office.clock())


def light_of(office: Office, due_at: datetime | None) -> tuple[Light, int | None]:
    """The deadline light, and working days left (negative when passed); no days where a year has no calendar."""
    if due_at is None:
        return "none", None
    due_day, today = due_at.astimezone(CHINA).date(), office.today
    try:
        if office.clock() > due_at:
            return "overdue", -max(1, office.calendar.between(due_day, today))
        left = office.calendar.between(today, due_day)
    except CalendarGap:
        return "gap", None
    return ("soon" if left <= SOON else "calm"), left


def process_names(session: Session) -> dict[int, str]:
    """The name of every version's process."""
    return dict(session.execute(select(ProcessVersion.id, ProcessVersion.name)).all())


def history_rows(
    session: Session, office: Office, case_id: int, labels: Mapping[str, Mapping[str, Field]]
) -> tuple[HistoryRow, ...]:
    """What happened in the case, in order; `labels` turns entered values into words, by element."""
    rows = session.scalars(
        select(WorkflowHistory).where(WorkflowHistory.case_id == case_id).order_by(WorkflowHistory.id)
    )
    names: dict[str, str] = {}
    out = []
    for row in rows:
        who = names.setdefault(row.actor, name_of(session, row.actor))
        duty = office.duties.duties.get(row.duty)
        out.append(
            HistoryRow(
                at=row.at,
                actor=who,
                duty_name=duty.lane if duty else "",
                element_id=row.element_id,
                name=row.name,
                outcome=outcome_words(row, labels.get(row.element_id, {})),
                note=note_words(row),
            )
        )
    return tuple(out)


#: kinds of history that somebody did, not the system
BY_PEOPLE = frozenset(
    {"started", "completed", "cancelled", "returned", "recalled", "signed", "assisted", "paused", "resumed"}
)
_KINDS = {
    "started": "发起",
    "operation": "系统办理",
    "decided": "决策表判定",
    "sent": "已发出",
    "message": "收到消息",
    "passed": "事件发生",
    "ended": "到达终点",
    "cancelled": "终止",
    "moved": "换版",
    "returned": "退回到此环节",
    "recalled": "撤回到此环节",
    "signed": "加签意见",
    "assisted": "受委派办理",
    "paused": "挂起",
    "resumed": "恢复",
}
_OPINIONS = {"agree": "同意", "disagree": "不同意"}
_SAID = ("note", "reply", "text", "why", "refusal_reason", "withdrawal_reason")


def outcome_words(row: WorkflowHistory, labels: Mapping[str, Field]) -> str:
    """What was decided, in the words of the form (``复核意见：同意``); else what kind of thing happened."""
    entered = orjson.loads(row.outcome)
    if row.kind != "completed":
        opinion = _OPINIONS.get(str(entered.get("opinion", "")), "") if row.kind == "signed" else ""
        return "：".join(filter(None, (_KINDS.get(row.kind, row.kind), opinion)))
    words = [
        f"{field.label}：{option.label}"
        for field in labels.values()
        for option in field.choices
        if entered.get(field.key) == option.value
    ]
    return "；".join(words) or "已办理"


def note_words(row: WorkflowHistory) -> str:
    """What somebody wrote with it; empty for what the system did."""
    if row.kind not in BY_PEOPLE - {"started"}:
        return ""
    entered = orjson.loads(row.outcome)
    return "；".join(str(value) for key, value in entered.items() if key.endswith(_SAID) and value)


def _task_row(
    office: Office,
    task: WorkflowTask,
    case: WorkflowCase,
    process: str,
    subjects: Mapping[str, str],
    regions: Mapping[str, str],
    names: Mapping[str, str],
) -> TaskRow:
    runs = task.status == "ready" and case.paused_at is None
    light, left = light_of(office, task.due_at) if runs else ("none", None)
    duty = office.duties.duties.get(task.duty)
    return TaskRow(
        task_id=TaskId(task.id),
        case_id=CaseId(case.id),
        case_key=case.case_key,
        process_id=case.process_id,
        process_name=process,
        element_id=task.element_id,
        name=task.name,
        duty=task.duty,
        duty_name=duty.lane if duty else task.duty,
        region=task.region_code,
        region_name=regions.get(task.region_code, task.region_code),
        subject=subjects.get(case.subject, case.subject),
        status=task.status,  # type: ignore[arg-type]
        assignee=names[task.assignee] if task.assignee else "",
        created_at=task.created_at,
        due_at=task.due_at,
        completed_at=task.completed_at,
        light=light,
        workdays_left=left,
        paused=case.paused_at is not None,
    )
