"""Sending a case back to an earlier step (退回), and taking back what one has just completed (撤回).

Where the way back leads, and whether there is one, is the diagram's: ``engine.workflow.going_back``. Here is asked
who may go it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.hands import AtTask, at_task, paused, refuse_empty, stream_of
from engine.cases.item_cases import follow_case
from engine.cases.office import Office
from engine.cases.staff import name_of
from engine.cases.steps import around, attempt, pass_on
from engine.cases.task_rules import ready_to
from engine.cases.views import Done
from engine.store.actions import Action
from engine.values import Actor, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowHistory, WorkflowTask


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierStep:
    """A step that was done in this case, and whether the task can be sent back to it."""

    element_id: str
    name: str
    done_by: str
    done_at: datetime
    #: once corrected it can come straight back to the sender
    resume: bool
    #: why not; empty where it can
    reasons: tuple[Reason, ...]


def ways_back(office: Office, actor: Actor, task_id: str) -> tuple[EarlierStep, ...] | Refusal:
    """The earlier steps, the latest first; refused for whoever may not send the task back at all."""

    def work(session: Session) -> tuple[EarlierStep, ...]:
        at = ready_to(session, office, actor, task_id, "send_back")
        return tuple(
            EarlierStep(
                element_id=way.element_id,
                name=way.name,
                done_by=name_of(session, way.done_by),
                done_at=way.done_at,
                resume=way.resume,
                reasons=(way.refused,) if way.refused else (),
            )
            for way in office.runner.ways_back(session, at.task)
        )

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def send_back(
    office: Office, actor: Actor, task_id: str, *, to: str, why: str, resume: bool | None = None
) -> Done | Refusal:
    """The case stands at the earlier step again; everything done since that lies on the way is void at once.

    ``resume``: the corrected case comes straight back to the actor. None: as the diagram says; where it does not
    allow it, the steps between are done again.
    """

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "send_back")
        reason = refuse_empty(why, "退回理由")
        before = {"open": _open_steps(at)}
        stepped = office.runner.send_back(
            session,
            task=at.task,
            to=to,
            why=reason,
            around=around(office, session, actor),
            resume=resume is not False,
            on_behalf_of=at.on_behalf_of,
        )
        pass_on(session, stepped, now=office.clock())
        follow_case(session, office, at.case, _open_steps(at), anew=True)
        at.note(Action.TASK_SENT_BACK, before=before, after={"open": _open_steps(at), "to": to}, why=reason)
        name = at.version.blueprint.elements[to].name or to
        return at.done(f"已退回“{name}”")

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def recall(office: Office, actor: Actor, task_id: str, *, why: str) -> Done | Refusal:
    """The completed task is open again, with who completed it, as long as nobody and nothing after it has acted.

    By whoever completed it or in whose name, who may still do the step; the refusal says who has acted since.
    """

    def work(session: Session) -> Done:
        at = at_task(session, office, actor, task_id)
        _refuse_recall(at)
        reason = refuse_empty(why, "撤回理由")
        before = {"open": _open_steps(at)}
        stepped = office.runner.recall(
            session,
            task=at.task,
            why=reason,
            around=around(office, session, actor),
            on_behalf_of=at.on_behalf_of,
        )
        pass_on(session, stepped, now=office.clock())
        follow_case(session, office, at.case, _open_steps(at), anew=False)
        _give(at)
        at.note(Action.TASK_WITHDRAWN, before=before, after={"open": _open_steps(at)}, why=reason)
        return at.done(f"已撤回：{at.task.name}")

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def _refuse_recall(at: AtTask) -> None:
    if at.actor.kind != "staff" or at.task.status != "completed" or not _by_actor(at):
        raise RefusedError(
            Reason(
                code="not_yours_to_recall",
                text="只有该环节的办理人可以撤回自己办结的任务",
                text_en="Only who completed a task takes it back.",
                fact=at.actor.name or at.actor.key,
            )
        )
    against = paused(at.case) or at.against
    if against:
        raise RefusedError(*against)


def _by_actor(at: AtTask) -> bool:
    """Whether the actor completed the task, or it was completed in their name."""
    if at.task.completed_by == at.actor.key:
        return True
    done = select(WorkflowHistory.id).where(
        WorkflowHistory.case_id == at.case.id,
        WorkflowHistory.element_id == at.task.element_id,
        WorkflowHistory.kind == "completed",
        WorkflowHistory.at == at.task.completed_at,
        WorkflowHistory.actor == at.task.completed_by,
        WorkflowHistory.on_behalf_of == at.actor.key,
    )
    return at.session.scalar(done.limit(1)) is not None


def _give(at: AtTask) -> None:
    """The step that is open again is the actor's: nobody else takes it up in between."""
    fresh = at.session.scalars(
        select(WorkflowTask).where(
            WorkflowTask.case_id == at.case.id,
            WorkflowTask.element_id == at.task.element_id,
            WorkflowTask.status == "ready",
            WorkflowTask.created_at == at.office.clock(),
            WorkflowTask.assignee.is_(None),
        )
    )
    for task in fresh:
        task.assignee = at.actor.key


def _open_steps(at: AtTask) -> list[str]:
    found = at.session.scalars(
        select(WorkflowTask.element_id)
        .where(WorkflowTask.case_id == at.case.id, WorkflowTask.status == "ready")
        .order_by(WorkflowTask.element_id)
    )
    return list(found)
