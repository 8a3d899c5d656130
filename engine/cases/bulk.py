"""Many tasks at once: claimed, given back, handed over or completed, each in a transaction of its own.

Every row goes through the use-case of one task, with all its checks; one that is refused leaves the others done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.cases.handing import hand_over
from engine.cases.inbox import claim_task, complete_task, release_task
from engine.cases.office import Office
from engine.cases.rows import task_rows, visible
from engine.cases.views import BulkRow, Done, TaskRow
from engine.values import Actor, Reason, Refusal, TaskId
from engine.workflow.forms import Form, FormErrors
from engine.workflow.tables import ProcessVersion, WorkflowCase, WorkflowTask

#: more than a page of the inbox holds are never asked for at once
ROWS_MAX = 100

_NO_BULK = Reason(
    code="not_bulk",
    text="此环节须逐件办理，不能批量办结",
    text_en="This step is done case by case, not in bulk.",
)

Fields = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkForm:
    """The one form for many tasks of one step."""

    form: Form
    name: str
    rows: tuple[TaskRow, ...]


def claim_all(office: Office, actor: Actor, task_ids: Sequence[str]) -> tuple[BulkRow, ...] | Refusal:
    """Each task claimed, or why not."""
    return _each(office, actor, task_ids, lambda task_id: claim_task(office, actor, task_id))


def release_all(office: Office, actor: Actor, task_ids: Sequence[str]) -> tuple[BulkRow, ...] | Refusal:
    """Each task given back to those who may claim it, or why not."""
    return _each(office, actor, task_ids, lambda task_id: release_task(office, actor, task_id))


def hand_all(
    office: Office, actor: Actor, task_ids: Sequence[str], *, to: str, why: str
) -> tuple[BulkRow, ...] | Refusal:
    """Each task handed over to the colleague with that login, or why not."""
    return _each(office, actor, task_ids, lambda task_id: hand_over(office, actor, task_id, to=to, why=why))


def complete_all(
    office: Office, actor: Actor, task_ids: Sequence[str], fields: Fields
) -> tuple[BulkRow, ...] | Refusal:
    """Each task completed with the same entries, or why not; only where the diagram allows it (``bulk``)."""
    return _each(office, actor, task_ids, lambda task_id: complete_in_bulk(office, actor, task_id, fields))


def complete_in_bulk(
    office: Office, actor: Actor, task_id: str, fields: Fields
) -> Done | FormErrors | Refusal:
    """The task completed as one of many; refused where its step is done case by case."""
    with office.store.reading() as session:
        found = open_tasks(session, office, actor, [task_id])
        if found and not allows_bulk(session, office, *found[0][:2]):
            return Refusal(reasons=(_NO_BULK,))
    return complete_task(office, actor, task_id, fields)


def bulk_form(office: Office, actor: Actor, task_ids: Sequence[str]) -> BulkForm | Refusal:
    """The form to fill in once for all of the tasks; refused unless they are one step with one form."""
    too_many = _too_many(task_ids)
    if too_many:
        return too_many
    with office.store.reading() as session:
        found = [
            each
            for each in open_tasks(session, office, actor, task_ids)
            if actor.key in {each[0].assignee} or not each[0].assignee
        ]
        if not found:
            return _no("nothing_chosen", "请先选择要办理的任务", "Choose tasks first.")
        if not all(allows_bulk(session, office, task, case) for task, case, _ in found):
            return Refusal(reasons=(_NO_BULK,))
        forms = [form_of(session, office, task, case) for task, case, _ in found]
        first = found[0][0]
        if any(task.element_id != first.element_id for task, _, _ in found) or any(
            form != forms[0] for form in forms
        ):
            return _no(
                "different_steps",
                "所选任务不是同一环节或表单版本不同，请分开办理",
                "These are different steps or versions of a form; do them apart.",
            )
        return BulkForm(form=forms[0], name=first.name, rows=task_rows(session, office, found))


def errors_of(asked: BulkForm, fields: Fields) -> FormErrors | None:
    """What is wrong with the entries for all of the tasks; None when they will do."""
    entered = asked.form.clean(fields)
    return entered if isinstance(entered, FormErrors) else None


def allows_bulk(session: Session, office: Office, task: WorkflowTask, case: WorkflowCase) -> bool:
    """Whether the diagram of the case lets many of the step be completed at once."""
    element = office.runner.versions.get(session, case.version_id).blueprint.elements.get(task.element_id)
    return element is not None and element.bulk == "yes"


def form_of(session: Session, office: Office, task: WorkflowTask, case: WorkflowCase) -> Form:
    """The task's form as the version of its case has it."""
    return office.runner.versions.get(session, case.version_id).forms.get(task.form) or Form.empty()


def _each(
    office: Office, actor: Actor, task_ids: Sequence[str], act: Callable[[str], Done | FormErrors | Refusal]
) -> tuple[BulkRow, ...] | Refusal:
    too_many = _too_many(task_ids)
    if too_many:
        return too_many
    with office.store.reading() as session:
        known = {
            task.id: (case.case_key, task.name, labels_in(form_of(session, office, task, case)))
            for task, case, _ in open_tasks(session, office, actor, task_ids)
        }
    # one after the other: two of one case would only wait for each other
    return tuple(
        bulk_row(task_id, *known.get(task_id, ("", "", {})), act(task_id))
        for task_id in dict.fromkeys(task_ids)
    )


def labels_in(form: Form) -> dict[str, str]:
    """What each field of the form is called."""
    return {field.key: field.label for field in form.fields}


def bulk_row(
    task_id: str, case_key: str, name: str, labels: Mapping[str, str], outcome: Done | FormErrors | Refusal
) -> BulkRow:
    """What came of one task, in a line."""
    errors = tuple(outcome.errors.items()) if isinstance(outcome, FormErrors) else ()
    if isinstance(outcome, FormErrors):
        message = "；".join(f"{labels.get(key, key)}：{sentence}" for key, sentence in errors)
    else:
        message = outcome.message if isinstance(outcome, Done) else outcome.text
    return BulkRow(
        task_id=TaskId(task_id),
        case_key=case_key,
        name=name,
        done=isinstance(outcome, Done),
        message=message,
        reasons=outcome.reasons if isinstance(outcome, Refusal) else (),
        errors=errors,
    )


def open_tasks(
    session: Session, office: Office, actor: Actor, task_ids: Sequence[str]
) -> list[tuple[WorkflowTask, WorkflowCase, str]]:
    """The open tasks among them that the actor has or may claim, in the order asked for."""
    query = (
        select(WorkflowTask, WorkflowCase, ProcessVersion.name)
        .join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
        .join(ProcessVersion, ProcessVersion.id == WorkflowCase.version_id)
        .where(WorkflowTask.id.in_(task_ids), WorkflowTask.status == "ready")
        .where(or_(WorkflowTask.assignee == actor.key, visible(session, office, actor)))
    )
    found = {task.id: (task, case, name) for task, case, name in session.execute(query)}
    return [found[task_id] for task_id in dict.fromkeys(task_ids) if task_id in found]


def _too_many(task_ids: Sequence[str]) -> Refusal | None:
    if len(task_ids) > ROWS_MAX:
        return _no(
            "too_many", f"一次最多办理{ROWS_MAX}件，请分批", f"At most {ROWS_MAX} at once; do them in parts."
        )
    return None if task_ids else _no("nothing_chosen", "请先选择要办理的任务", "Choose tasks first.")


def _no(code: str, sentence: str, english: str) -> Refusal:
    return Refusal(reasons=(Reason(code=code, text=sentence, text_en=english),))
