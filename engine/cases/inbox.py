"""The inbox: lists of tasks, one task, and what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import DateTime, Select, String, Tuple, func, literal, select, tuple_, update
from sqlalchemy.orm import Session

from engine.cases.casefacts import facts_of, reasons_of
from engine.cases.incidents import resolve
from engine.cases.office import Office
from engine.cases.payments import batch_record
from engine.cases.rows import history_rows, look, task_rows, visible
from engine.cases.staff import name_of
from engine.cases.steps import around, attempt, pass_on
from engine.cases.views import Done, InboxList, Page, TaskRow, TaskView
from engine.duties import check_may
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.forms import Field, Form, FormErrors
from engine.workflow.runner import TaskClosedError
from engine.workflow.tables import ProcessVersion, WorkflowCase, WorkflowHistory, WorkflowTask
from engine.workflow.versions import Published

_PAGE = 25
_FOUR_EYES = "鲁人社函〔2020〕10号（八）：岗位相互监督、业务环节相互制衡"


def inbox(
    office: Office,
    actor: Actor,
    which: InboxList,
    *,
    cursor: str = "",
    search: str = "",
    process: str = "",
) -> Page[TaskRow]:
    """A page of one of the actor's lists: mine to do, claimable by my duties, or done by me.

    Oldest first, done newest first. `search` finds case numbers; `process` is a process id.
    """
    with office.store.reading() as session:
        query = _of_list(session, office, actor, which)
        if search:
            query = query.where(WorkflowCase.case_key.contains(search.strip().upper(), autoescape=True))
        if process:
            query = query.where(WorkflowCase.process_id == process)
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        newest_first = which == "done"
        at = (WorkflowTask.completed_at if newest_first else WorkflowTask.created_at, WorkflowTask.id)
        if cursor:
            seen = _seen(cursor)
            query = query.where(tuple_(*at) < seen if newest_first else tuple_(*at) > seen)
        ordered = query.order_by(*(c.desc() for c in at) if newest_first else at).limit(_PAGE + 1)
        found = [(task, case, name) for task, case, name in session.execute(ordered)]
        rows = task_rows(session, office, found[:_PAGE])
        last = found[_PAGE - 1][0] if len(found) > _PAGE else None
        stamp = (last.completed_at if newest_first else last.created_at) if last else None
        return Page(
            rows=rows, total=total, next_cursor=f"{stamp.isoformat()}~{last.id}" if last and stamp else ""
        )


def counts(office: Office, actor: Actor) -> Mapping[InboxList, int]:
    """How many tasks each list has."""
    names: tuple[InboxList, ...] = ("todo", "claimable", "done")
    with office.store.reading() as session:
        return {
            which: session.scalar(
                select(func.count()).select_from(_of_list(session, office, actor, which).subquery())
            )
            or 0
            for which in names
        }


def task_view(office: Office, actor: Actor, task_id: str) -> TaskView | Refusal:
    """The task with its form, facts and reasons; a look at a person's file is recorded (CTRL-07)."""

    def work(session: Session) -> TaskView:
        task, case = _find(session, task_id)
        _may_see(session, office, actor, task, case)
        look(session, office, actor, case.subject, why=f"办理 {case.case_key} {task.name}")
        version = office.runner.versions.get(session, case.version_id)
        data = office.runner.data_of(session, case.id, task_id) if task.status == "ready" else {}
        form = _form(version, task)
        draft = orjson.loads(task.draft) if task.draft else {}
        forbidden = _forbidden(session, office, actor, task, case, version)
        process = version.name
        return TaskView(
            row=task_rows(session, office, [(task, case, process)])[0],
            form=form,
            values={**form.values(data), **draft},
            facts=facts_of(office, session, data),
            reasons=reasons_of(data),
            history=history_rows(session, office, case.id, labels_of(version)),
            can=_can(task, actor, forbidden),
            forbidden=forbidden,
            batch=batch_record(session, office, str(data["batch_number"]))
            if data.get("batch_number")
            else None,
        )

    return attempt(office, actor, work, subject=f"task:{task_id}")


def claim_task(office: Office, actor: Actor, task_id: str) -> Done | Refusal:
    """The task is the actor's alone until released; refused with who has it."""

    def work(session: Session) -> Done:
        task, case = _find(session, task_id)
        _check(session, office, actor, task, case)
        won = session.execute(
            update(WorkflowTask)
            .where(
                WorkflowTask.id == task_id, WorkflowTask.assignee.is_(None), WorkflowTask.status == "ready"
            )
            .values(assignee=actor.key)
            .execution_options(synchronize_session=False)
        )
        if won.rowcount != 1:  # type: ignore[attr-defined]
            session.refresh(task)
            _check_assignee(session, actor, task)
        _note(session, office, actor, task, case, Action.TASK_CLAIMED)
        return Done(message=f"已领取：{task.name}", case_id=CaseId(case.id), case_key=case.case_key)

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=_stream(office, task_id))


def release_task(office: Office, actor: Actor, task_id: str) -> Done | Refusal:
    """The task goes back to those who may claim it; only who has it can give it back."""

    def work(session: Session) -> Done:
        task, case = _find(session, task_id)
        if task.assignee != actor.key:
            raise RefusedError(Reason(code="not_assignee", text="此任务不在您名下，无法退回待领"))
        task.assignee = None
        _note(session, office, actor, task, case, Action.TASK_RELEASED)
        return Done(message=f"已退回待领：{task.name}", case_id=CaseId(case.id), case_key=case.case_key)

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=_stream(office, task_id))


def save_draft(office: Office, actor: Actor, task_id: str, fields: Mapping[str, Any]) -> Done | Refusal:
    """What was typed so far, kept as typed; nothing is checked and nothing moves."""

    def work(session: Session) -> Done:
        task, case = _find(session, task_id)
        _check(session, office, actor, task, case)
        known = {
            field.key for field in _form(office.runner.versions.get(session, case.version_id), task).fields
        }
        task.draft = orjson.dumps({key: value for key, value in fields.items() if key in known}).decode()
        return Done(message="草稿已保存", case_id=CaseId(case.id), case_key=case.case_key)

    return attempt(office, actor, work, subject=f"task:{task_id}")


def complete_task(
    office: Office, actor: Actor, task_id: str, fields: Mapping[str, str | list[str]]
) -> Done | FormErrors | Refusal:
    """The task completed and the case moved on, or what is wrong with the form, or why the actor may not.

    Checked here, whatever page or program asks: duty and region in force today, four eyes on the
    case, own case, who has claimed it, and the form (MONEY-01, MONEY-02).
    """
    command = {"kind": "complete", "task_id": task_id, "actor": actor.key, "fields": dict(fields)}
    case_id = _case_of(office, task_id)

    def work(session: Session) -> Done | FormErrors:
        task, case = _find(session, task_id)
        _check(session, office, actor, task, case)
        version = office.runner.versions.get(session, case.version_id)
        entered = _form(version, task).clean(fields)
        if isinstance(entered, FormErrors):
            return entered
        control = version.blueprint.elements[task.element_id].control
        passed = bool(control) and office.controls.passed(control, entered)
        stepped = office.runner.complete(
            session,
            task=task,
            data=entered,
            control=control if passed else None,
            around=around(office, session, actor),
        )
        pass_on(session, stepped, now=office.clock())
        _note(session, office, actor, task, case, Action.TASK_COMPLETED, after=entered)
        resolve(session, case.id, orjson.dumps(command).decode(), now=office.clock())
        return Done(message=f"已办结：{task.name}", case_id=CaseId(case.id), case_key=case.case_key)

    return attempt(
        office,
        actor,
        work,
        subject=f"task:{task_id}",
        stream=f"case:{case_id}" if case_id else "office",
        command=command,
        case_id=case_id,
    )


def labels_of(version: Published) -> dict[str, Mapping[str, Field]]:
    """The fields of each element's form by key, to put entered values into words."""
    return {
        element.id: {field.key: field for field in version.forms[element.form].fields}
        for element in version.blueprint.elements.values()
        if element.form and element.form in version.forms
    }


def _seen(cursor: str) -> Tuple:
    """Where the page before ended; a cursor that is none begins anew."""
    instant, _, task_id = cursor.partition("~")
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        at, task_id = datetime.min.replace(tzinfo=UTC), ""
    return tuple_(literal(at, DateTime(timezone=True)), literal(task_id, String))


def _of_list(
    session: Session, office: Office, actor: Actor, which: InboxList
) -> Select[WorkflowTask, WorkflowCase, str]:
    query = (
        select(WorkflowTask, WorkflowCase, ProcessVersion.name)
        .join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
        .join(ProcessVersion, ProcessVersion.id == WorkflowCase.version_id)
    )
    if which == "done":
        return query.where(WorkflowTask.completed_by == actor.key)
    query = query.where(WorkflowTask.status == "ready")
    if actor.kind != "staff" and which == "todo":
        return query.where(visible(session, office, actor))
    if which == "todo":
        return query.where(WorkflowTask.assignee == actor.key)
    if actor.kind != "staff":
        return query.where(WorkflowTask.id == "")
    return query.where(WorkflowTask.assignee.is_(None), visible(session, office, actor))


def _find(session: Session, task_id: str) -> tuple[WorkflowTask, WorkflowCase]:
    task = session.get(WorkflowTask, task_id)
    if task is None:
        raise RefusedError(Reason(code="no_such_task", text="没有这个任务", text_en="No such task."))
    return task, session.get_one(WorkflowCase, task.case_id)


def _case_of(office: Office, task_id: str) -> int | None:
    with office.store.reading() as session:
        return session.scalar(select(WorkflowTask.case_id).where(WorkflowTask.id == task_id))


def _stream(office: Office, task_id: str) -> str:
    case_id = _case_of(office, task_id)
    return f"case:{case_id}" if case_id else "office"


def _form(version: Published, task: WorkflowTask) -> Form:
    return version.forms[task.form] if task.form in version.forms else Form.empty()


def _may_see(session: Session, office: Office, actor: Actor, task: WorkflowTask, case: WorkflowCase) -> None:
    """A task is seen by those whose duty and region it is, and by whoever completed it."""
    if actor.key in {task.completed_by, task.assignee}:
        return
    reasons = _lane_reasons(session, office, actor, task, case, same_case=False)
    if reasons:
        raise RefusedError(*reasons)


def _check(session: Session, office: Office, actor: Actor, task: WorkflowTask, case: WorkflowCase) -> None:
    """Everything that must hold before the actor does anything with the task; RefusedError otherwise."""
    if task.status != "ready":
        raise TaskClosedError(task.id, name=task.name, by=task.completed_by or "", at=task.completed_at)
    _check_assignee(session, actor, task)
    version = office.runner.versions.get(session, case.version_id)
    reasons = _forbidden(session, office, actor, task, case, version)
    if reasons:
        raise RefusedError(*reasons)


def _check_assignee(session: Session, actor: Actor, task: WorkflowTask) -> None:
    if task.assignee and task.assignee != actor.key:
        who = name_of(session, task.assignee)
        raise RefusedError(
            Reason(
                code="claimed_by_other",
                text=f"此任务已由{who}领取",
                text_en=f"Claimed by {who}.",
                fact=task.assignee,
            )
        )


def _forbidden(
    session: Session, office: Office, actor: Actor, task: WorkflowTask, case: WorkflowCase, version: Published
) -> tuple[Reason, ...]:
    reasons = _lane_reasons(session, office, actor, task, case, same_case=True)
    others = version.blueprint.elements[task.element_id].different_person_from
    if not others:
        return reasons
    done = session.scalars(
        select(WorkflowHistory.name)
        .where(
            WorkflowHistory.case_id == case.id,
            WorkflowHistory.kind == "completed",
            WorkflowHistory.actor == actor.key,
            WorkflowHistory.element_id.in_(others),
        )
        .distinct()
    ).all()
    found = tuple(
        Reason(
            code="different_person",
            text=f"本案“{name}”已由您办理，“{task.name}”须由另一人办理",
            text_en="Another person must do this step.",
            fact=actor.name or actor.key,
            source=_FOUR_EYES,
        )
        for name in done
    )
    return reasons + found


def _lane_reasons(
    session: Session, office: Office, actor: Actor, task: WorkflowTask, case: WorkflowCase, *, same_case: bool
) -> tuple[Reason, ...]:
    if actor.kind in {"person", "employer"} and case.subject != actor.key:
        return (
            Reason(
                code="not_own_case",
                text="这不是您的案件",
                text_en="Not your case.",
                fact=actor.name or actor.key,
            ),
        )
    no = check_may(
        session,
        office.duties,
        actor,
        task.duty,
        task.region_code,
        office.today,
        subject=case.subject if same_case else "",
        case_id=case.id if same_case else None,
    )
    return no.reasons if no else ()


def _can(task: WorkflowTask, actor: Actor, forbidden: tuple[Reason, ...]) -> frozenset[str]:
    if task.status != "ready" or forbidden or (task.assignee and task.assignee != actor.key):
        return frozenset()
    if actor.kind != "staff":
        return frozenset({"complete", "draft"})
    return frozenset({"complete", "draft", "release"} if task.assignee else {"complete", "draft", "claim"})


def _note(
    session: Session,
    office: Office,
    actor: Actor,
    task: WorkflowTask,
    case: WorkflowCase,
    action: Action,
    *,
    after: Mapping[str, Any] | None = None,
) -> None:
    append(
        session,
        stream=f"case:{case.id}",
        action=action,
        actor=actor,
        subject=f"task:{task.id}",
        after={"element": task.element_id, "duty": task.duty, **({"entered": dict(after)} if after else {})},
        now=office.clock(),
    )
