"""One task of an inbox, and what may be done with it; the lists are ``inbox_lists``'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy.orm import Session

from engine.cases.casefacts import facts_of, reasons_of
from engine.cases.desk_tables import HeldCompletion
from engine.cases.hands import AtTask, at_task, case_of, stream_of
from engine.cases.incidents import resolve
from engine.cases.office import Office
from engine.cases.payments import batch_record
from engine.cases.rows import history_rows, look, task_rows
from engine.cases.staff import name_of
from engine.cases.steps import around, attempt, pass_on
from engine.cases.task_rules import ready_to
from engine.cases.task_views import signer_views, urge_views, what_may
from engine.cases.views import Done, TaskView
from engine.duties import acting_for, kept_away
from engine.store.actions import Action
from engine.values import Actor, Refusal, RefusedError
from engine.workflow.forms import Field, FormErrors
from engine.workflow.versions import Published


def task_view(office: Office, actor: Actor, task_id: str) -> TaskView | Refusal:
    """The task with its form, facts and reasons; a look at a person's file is recorded (CTRL-07)."""

    def work(session: Session) -> TaskView:
        at = at_task(session, office, actor, task_id, writing=False)
        _may_see(at)
        task, case = at.task, at.case
        look(session, office, actor, case.subject, why=f"办理 {case.case_key} {task.name}")
        data = office.runner.data_of(session, case.id, task_id) if task.status == "ready" else {}
        draft = orjson.loads(task.draft) if task.draft else {}
        held = orjson.loads(at.held.fields) if at.held else {}
        can, why_not = what_may(at)
        return TaskView(
            row=task_rows(session, office, [(task, case, at.version.name)])[0],
            form=at.form,
            values={**at.form.values(data), **draft, **held},
            facts=facts_of(office, session, data),
            reasons=reasons_of(data),
            history=history_rows(session, office, case.id, labels_of(at.version)),
            can=can,
            why_not=why_not,
            forbidden=at.against,
            batch=batch_record(session, office, str(data["batch_number"]))
            if data.get("batch_number")
            else None,
            on_behalf_of=name_of(session, at.on_behalf_of) if at.on_behalf_of else "",
            owner=name_of(session, task.owner) if task.owner else "",
            signers=signer_views(at),
            urges=urge_views(at),
            held_at=at.held.at if at.held else None,
            paused_at=case.paused_at,
        )

    return attempt(office, actor, work, subject=f"task:{task_id}")


def claim_task(office: Office, actor: Actor, task_id: str) -> Done | Refusal:
    """The task is the actor's alone until released; refused with who has it."""

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "claim")
        if not at.task.assignee:
            at.task.assignee = actor.key
            at.note(Action.TASK_CLAIMED, before={"assignee": None}, after={"assignee": actor.key})
        return at.done(f"已领取：{at.task.name}")

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def release_task(office: Office, actor: Actor, task_id: str) -> Done | Refusal:
    """The task goes back to those who may claim it; only who has it can give it back."""

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "release")
        had, at.task.assignee = at.task.assignee, None
        at.note(Action.TASK_RELEASED, before={"assignee": had}, after={"assignee": None})
        return at.done(f"已退回待领：{at.task.name}")

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def save_draft(office: Office, actor: Actor, task_id: str, fields: Mapping[str, Any]) -> Done | Refusal:
    """What was typed so far, kept as typed; nothing is checked and nothing moves."""

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "draft")
        known = {field.key for field in at.form.fields}
        at.task.draft = orjson.dumps({key: value for key, value in fields.items() if key in known}).decode()
        return at.done("草稿已保存")

    return attempt(office, actor, work, subject=f"task:{task_id}")


def complete_task(
    office: Office, actor: Actor, task_id: str, fields: Mapping[str, str | list[str]]
) -> Done | FormErrors | Refusal:
    """The task completed and the case moved on, or what is wrong with the form, or why the actor may not.

    Checked here, whatever page or program asks: duty and region in force today, four eyes on the
    case, own case, who has claimed it, who signs before it, and the form (MONEY-01, MONEY-02).
    Where others sign after it, what was entered is kept until the last of them agrees.
    """
    command = {"kind": "complete", "task_id": task_id, "actor": actor.key, "fields": dict(fields)}
    case_id = case_of(office, task_id)

    def work(session: Session) -> Done | FormErrors:
        at = ready_to(session, office, actor, task_id, "complete")
        if any(signer.place == "after" for signer in at.signers):
            entered = at.form.clean(fields)
            return entered if isinstance(entered, FormErrors) else _hold(at, fields)
        done = complete_now(at, fields)
        if not isinstance(done, FormErrors):
            resolve(session, at.case.id, orjson.dumps(command).decode(), now=office.clock())
        return done

    return attempt(
        office,
        actor,
        work,
        subject=f"task:{task_id}",
        stream=f"case:{case_id}" if case_id else "office",
        command=command,
        case_id=case_id,
    )


def complete_now(at: AtTask, fields: Mapping[str, str | list[str]]) -> Done | FormErrors:
    """The task completed by the actor at it, who was found free to; the case moves on."""
    entered = at.form.clean(fields)
    if isinstance(entered, FormErrors):
        return entered
    control = at.version.blueprint.elements[at.task.element_id].control
    passed = bool(control) and at.office.controls.passed(control, entered)
    stepped = at.office.runner.complete(
        at.session,
        task=at.task,
        data=entered,
        control=control if passed else None,
        around=around(at.office, at.session, at.actor),
        on_behalf_of=at.on_behalf_of,
    )
    pass_on(at.session, stepped, now=at.office.clock())
    at.note(
        Action.TASK_COMPLETED, before={"status": "ready"}, after={"status": "completed", "entered": entered}
    )
    return at.done(f"已办结：{at.task.name}")


def _hold(at: AtTask, fields: Mapping[str, str | list[str]]) -> Done:
    """What was entered waits for those who sign after; whoever signed an earlier entry is asked again."""
    now = at.office.clock()
    kept = orjson.dumps(dict(fields)).decode()
    at.session.add(HeldCompletion(task_id=at.task.id, actor=at.actor.key, fields=kept, at=now))
    at.task.assignee = at.task.assignee or at.actor.key
    for signer in at.signers:
        if signer.place == "after":
            signer.opinion, signer.note, signer.signed_at = "", "", None
    at.note(Action.TASK_COMPLETION_HELD, after={"entered": dict(fields)})
    return at.done(f"已提交，待后加签：{at.task.name}")


def labels_of(version: Published) -> dict[str, Mapping[str, Field]]:
    """The fields of each element's form by key, to put entered values into words."""
    return {
        element.id: {field.key: field for field in version.forms[element.form].fields}
        for element in version.blueprint.elements.values()
        if element.form and element.form in version.forms
    }


def _may_see(at: AtTask) -> None:
    """A task is seen by those whose duty and region it is, who has or had it, and who was asked to sign it."""
    task = at.task
    if kept_away(at.session, at.case.id, (at.actor.key,)):
        raise RefusedError(*at.against)
    if at.names & {task.completed_by, task.assignee, task.owner, *(each.signer for each in at.signers)}:
        return
    if at.actor.kind != "staff" and at.case.subject != at.actor.key:
        raise RefusedError(*at.against)
    found = acting_for(at.session, at.office.duties, at.actor, task.duty, task.region_code, at.office.today)
    if isinstance(found, Refusal):
        raise RefusedError(*found.reasons)
