"""What people did with a case: the forms as they filled them in, and the trail of opinions (审批记录).

Told from the history, with what stands beside it in the audit trail: hand-overs, signers asked, urges, papers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.desk_tables import TaskSigner
from engine.cases.file_views import FilledForm, Span, TrailRow
from engine.cases.inbox import labels_of
from engine.cases.office import Office
from engine.cases.rows import BY_PEOPLE, actor_names, note_words, outcome_words
from engine.law.calendar import CalendarGap
from engine.store.actions import Action
from engine.store.audit import AuditEvent
from engine.store.crypto import mask_numbers
from engine.values import CHINA, SYSTEM
from engine.workflow.forms import Form
from engine.workflow.history import history_of, standing_of
from engine.workflow.tables import WorkflowCase, WorkflowHistory, WorkflowTask
from engine.workflow.versions import Published

#: what happens around a task and leaves no history row of its own
_BESIDE = (
    "TASK_HANDED_OVER", "TASK_DELEGATED", "TASK_SIGNER_ADDED", "TASK_SIGNER_REMOVED", "TASK_COMPLETION_HELD",
    "TASK_COMPLETION_RETURNED", "TASK_URGED", "TASK_ESCALATED", "CASE_COPIED", "ATTACHMENT_ADDED",
    "ATTACHMENT_REMOVED",
)  # fmt: skip
#: who else is named in what an event tells
_NAMED = ("to", "signer", "reader", "readers", "told")


def filled_forms(
    session: Session, office: Office, case: WorkflowCase, version: Published, *, whole_numbers: bool = False
) -> tuple[FilledForm, ...]:
    """Every form as it was filled in, oldest first; numbers of persons masked unless whole ones are asked for.

    A prefilled value is the one that the case had when the form was filled in.
    """
    rows = history_of(session, case.id)
    stand = {done.row.id for done in standing_of(rows)}
    names = actor_names(session, {key for row in rows for key in (row.actor, row.on_behalf_of) if key})
    data: dict[str, Any] = {}
    forms = []
    for row in rows:
        data.update(orjson.loads(row.outcome))
        form = _form_of(version, row)
        if form is None:
            continue
        shown = {key: _shown(value, whole_numbers) for key, value in form.values(data).items()}
        duty = office.duties.duties.get(row.duty)
        forms.append(
            FilledForm(
                element_id=row.element_id,
                name=row.name,
                form=form,
                values=shown,
                actor=names.get(row.actor, row.actor),
                on_behalf_of=names.get(row.on_behalf_of, ""),
                duty_name=duty.lane if duty else "",
                at=row.at,
                stands=row.id in stand,
            )
        )
    return tuple(forms)


def trail_of(
    session: Session, office: Office, case: WorkflowCase, version: Published
) -> tuple[TrailRow, ...]:
    """Everything that happened in the case, oldest first, with how long each step had waited."""
    rows = history_of(session, case.id)
    told = [
        *_from_history(session, office, case, version, rows),
        *_from_audit(session, case, version),
    ]
    return tuple(sorted(told, key=lambda row: row.at))


def span_of(office: Office, since: datetime, until: datetime) -> Span:
    """How long it is from one instant to the other, in working days and by the clock."""
    try:
        days = office.calendar.between(since.astimezone(CHINA).date(), until.astimezone(CHINA).date())
    except CalendarGap:
        return Span(workdays=None, minutes=_minutes(since, until))
    return Span(workdays=days, minutes=_minutes(since, until))


def _from_history(
    session: Session,
    office: Office,
    case: WorkflowCase,
    version: Published,
    rows: Sequence[WorkflowHistory],
) -> list[TrailRow]:
    labels = labels_of(version)
    stand = {done.row.id for done in standing_of(rows)}
    names = actor_names(session, {key for row in rows for key in (row.actor, row.on_behalf_of) if key})
    began = _beginnings(session, case.id)
    found = []
    for row in rows:
        duty = office.duties.duties.get(row.duty)
        control = office.controls.controls.get(row.control or "")
        since = began.get((_waited_at(row), row.actor if row.kind == "signed" else "", row.at))
        found.append(
            TrailRow(
                at=row.at,
                kind=row.kind,
                name=row.name,
                actor=names.get(row.actor, row.actor),
                on_behalf_of=names.get(row.on_behalf_of, ""),
                duty_name=duty.lane if duty else "",
                outcome=outcome_words(row, labels.get(row.element_id, {})),
                note=mask_numbers(note_words(row)),
                took=span_of(office, since, row.at) if since else None,
                control=control.name if control else "",
                stands=row.id in stand if row.kind == "completed" else None,
                automatic=row.kind not in BY_PEOPLE,
            )
        )
    return found


def _beginnings(session: Session, case_id: int) -> Mapping[tuple[str, str, datetime], datetime]:
    """Since when what ended at an instant had waited: by element, signer (empty for a task) and that instant."""
    tasks = session.scalars(
        select(WorkflowTask).where(WorkflowTask.case_id == case_id, WorkflowTask.completed_at.is_not(None))
    )
    found = {(task.element_id, "", task.completed_at): task.created_at for task in tasks if task.completed_at}
    signers = session.execute(
        select(TaskSigner, WorkflowTask.element_id)
        .join(WorkflowTask, WorkflowTask.id == TaskSigner.task_id)
        .where(TaskSigner.case_id == case_id, TaskSigner.signed_at.is_not(None))
    )
    for signer, element_id in signers:
        if signer.signed_at:
            found[element_id, signer.signer, signer.signed_at] = signer.asked_at
    return found


def _waited_at(row: WorkflowHistory) -> str:
    """The element that had waited: of a way back, the one that it was sent from."""
    if row.kind in ("returned", "recalled"):
        return str(orjson.loads(row.outcome).get("from", ""))
    return row.element_id


def _from_audit(session: Session, case: WorkflowCase, version: Published) -> list[TrailRow]:
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.stream == f"case:{case.id}", AuditEvent.action.in_(_BESIDE))
    ).all()
    after = {event.seq: orjson.loads(event.after or "{}") for event in events}
    keys = {key for told in after.values() for key in _keys_in(told)}
    names = actor_names(session, keys | {event.actor for event in events})
    tasks = dict(
        session.execute(
            select(WorkflowTask.id, WorkflowTask.name).where(WorkflowTask.case_id == case.id)
        ).all()
    )
    found = []
    for event in events:
        told = after[event.seq]
        others = "、".join(names[key] for key in _keys_in(told))
        words = Action[event.action].label
        found.append(
            TrailRow(
                at=event.at,
                kind=event.action.lower(),
                name=_name_of(event, told, version, tasks),
                actor=names[event.actor],
                on_behalf_of="",
                duty_name="",
                outcome=f"{words}：{others}" if others else words,
                note=mask_numbers(event.reason),
                automatic=event.actor == SYSTEM.key,
            )
        )
    return found


def _name_of(event: AuditEvent, told: Mapping[str, Any], version: Published, tasks: Mapping[str, str]) -> str:
    """What the event was about: a paper by its title, a task or a step by its name."""
    paper = str(told.get("title") or told.get("name") or "")
    element = version.blueprint.elements.get(str(told.get("element", "")))
    return paper or tasks.get(event.subject.removeprefix("task:"), "") or (element.name if element else "")


def _keys_in(told: Mapping[str, Any]) -> list[str]:
    """The actor keys that an event names beside its actor."""
    values = [value for name in _NAMED for value in _listed(told.get(name))]
    return [str(value) for value in values if str(value).startswith(("staff:", "person:", "employer:"))]


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value] if value else []


def _form_of(version: Published, row: WorkflowHistory) -> Form | None:
    element = version.blueprint.elements.get(row.element_id)
    if row.kind != "completed" or element is None:
        return None
    return version.forms.get(element.form)


def _shown(value: object, whole_numbers: bool) -> object:
    return mask_numbers(value) if isinstance(value, str) and not whole_numbers else value


def _minutes(since: datetime, until: datetime) -> int:
    return int((until - since).total_seconds() // 60)
