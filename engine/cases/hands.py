"""Hands in a case: who stands at a task, in whose name, and why they may not do its step.

The one place that judges a hand: of whoever acts, of whoever is named as the next, and of whoever is stood in for
(MONEY-02). What can be done with a task, and when, is in ``task_rules``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.desk_tables import HeldCompletion, TaskSigner
from engine.cases.office import Office
from engine.cases.sight import why_not_seen
from engine.cases.staff import name_of
from engine.cases.views import Done
from engine.duties import StaffMember, acting_for, hands_on, reload_actor
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import CHINA, Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.forms import Form
from engine.workflow.tables import WorkflowCase, WorkflowHistory, WorkflowTask
from engine.workflow.versions import Published

_FOUR_EYES = "鲁人社函〔2020〕10号（八）：岗位相互监督、业务环节相互制衡"


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTask:
    """Somebody at a task."""

    session: Session
    office: Office
    actor: Actor
    task: WorkflowTask
    case: WorkflowCase
    version: Published
    #: key of the person for whom the actor stands in; empty: in their own name
    on_behalf_of: str
    #: why the actor may not do the step of this task, whoever has it
    against: tuple[Reason, ...]
    #: who was asked for an opinion and was not taken away again
    signers: tuple[TaskSigner, ...]
    held: HeldCompletion | None

    @property
    def names(self) -> frozenset[str]:
        """The keys of everybody in whose name the actor is here."""
        return frozenset((self.actor.key, *([self.on_behalf_of] if self.on_behalf_of else [])))

    @property
    def form(self) -> Form:
        """What the task asks for."""
        return form_of(self.version, self.task)

    def done(self, message: str) -> Done:
        """That it is done, in a sentence, with the case."""
        return Done(message=message, case_id=CaseId(self.case.id), case_key=self.case.case_key)

    def note(
        self,
        action: Action,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        why: str = "",
    ) -> None:
        """The action in the trail of the case, with both names where the actor stood in for somebody."""
        behalf = {"on_behalf_of": self.on_behalf_of} if self.on_behalf_of else {}
        append(
            self.session,
            stream=f"case:{self.case.id}",
            action=action,
            actor=self.actor,
            subject=f"task:{self.task.id}",
            before=before,
            after={"element": self.task.element_id, "duty": self.task.duty, **behalf, **(after or {})},
            reason=why,
            now=self.office.clock(),
        )

    def leave_hand(
        self, kind: str, who: str, outcome: Mapping[str, Any], *, duty: str = "", on_behalf_of: str = ""
    ) -> None:
        """A hand in the case that completes nothing (signed, assisted): whoever has it is bound by it."""
        row = WorkflowHistory(
            case_id=self.case.id,
            element_id=self.task.element_id,
            name=self.task.name,
            kind=kind,
            actor=who,
            on_behalf_of=on_behalf_of,
            duty=duty or self.task.duty,
            at=self.office.clock(),
            outcome=orjson.dumps(dict(outcome)).decode(),
        )
        self.session.add(row)
        self.session.flush()


def at_task(session: Session, office: Office, actor: Actor, task_id: str, *, writing: bool = True) -> AtTask:
    """The actor at the task; RefusedError when there is none.

    Writing, the case is locked first: two actions on one case never judge the same state.
    """
    case_id = session.scalar(select(WorkflowTask.case_id).where(WorkflowTask.id == task_id))
    if case_id is None:
        none = Reason(code="no_such_task", text="没有这个任务", text_en="No such task.")
        why = why_not_seen(session, WorkflowTask, task_id, actor, none=none)
        raise RefusedError(why if why is none or actor.kind == "staff" else _not_own(actor))
    fresh = {"with_for_update": True, "populate_existing": True} if writing else {}
    case = session.get_one(WorkflowCase, case_id, **fresh)  # type: ignore[arg-type]
    task = session.get_one(WorkflowTask, task_id, populate_existing=writing)
    version = office.runner.versions.get(session, case.version_id)
    on_behalf_of, against = standing(session, office, actor, task, case, version)
    signers = session.scalars(
        select(TaskSigner)
        .where(TaskSigner.task_id == task_id, TaskSigner.ended_at.is_(None))
        .order_by(TaskSigner.id)
    )
    return AtTask(
        session=session,
        office=office,
        actor=actor,
        task=task,
        case=case,
        version=version,
        on_behalf_of=on_behalf_of,
        against=against,
        signers=tuple(signers),
        held=session.get(HeldCompletion, task_id),
    )


def _not_own(who: Actor) -> Reason:
    return Reason(
        code="not_own_case", text="这不是您的案件", text_en="Not your case.", fact=who.name or who.key
    )


def standing(
    session: Session,
    office: Office,
    who: Actor,
    task: WorkflowTask,
    case: WorkflowCase,
    version: Published,
    *,
    duty: str = "",
) -> tuple[str, tuple[Reason, ...]]:
    """In whose name somebody would have a hand in the step (empty: their own), and why they may not have it.

    With ``duty`` they act with that one instead of the task's own.
    """
    if who.kind in {"person", "employer"} and case.subject != who.key:
        return "", (_not_own(who),)
    found = acting_for(
        session,
        office.duties,
        who,
        duty or task.duty,
        task.region_code,
        office.today,
        subject=case.subject,
        case_id=case.id,
        holders=[who for who in (task.owner, task.assignee) if who],
    )
    principal, reasons = ("", found.reasons) if isinstance(found, Refusal) else (found, ())
    return principal, reasons + _different_people(session, task, case, version, (who.key, principal))


def staff_of(session: Session, office: Office, login: str) -> Actor:
    """The colleague with that login, as they are today; RefusedError when there is none at work."""
    staff_id = session.scalar(select(StaffMember.id).where(StaffMember.login == login.strip().lower()))
    known = reload_actor(session, staff_id, office.today) if staff_id is not None else None
    if known is None:
        raise RefusedError(
            Reason(
                code="staff_unknown",
                text=f"没有登录名为“{login[:60]}”的在职工作人员",
                text_en="No such member of staff.",
            )
        )
    return known


def refuse_empty(words: str, what: str, *, code: str = "why_missing") -> str:
    """The words without blanks at either end; RefusedError when nothing is left of them."""
    if not words.strip():
        raise RefusedError(Reason(code=code, text=f"请填写{what}", text_en="Something must be written here."))
    return words.strip()


def form_of(version: Published, task: WorkflowTask) -> Form:
    """The form of the task; an empty one where it has none."""
    return version.forms[task.form] if task.form in version.forms else Form.empty()


def case_of(office: Office, task_id: str) -> int | None:
    """The case of the task; None where there is no such task."""
    with office.store.reading() as session:
        return session.scalar(select(WorkflowTask.case_id).where(WorkflowTask.id == task_id))


def stream_of(office: Office, task_id: str) -> str:
    """The trail that tells of the task."""
    case_id = case_of(office, task_id)
    return f"case:{case_id}" if case_id else "office"


def paused(case: WorkflowCase) -> tuple[Reason, ...]:
    """Why nothing moves in the case; empty where it goes on."""
    if case.paused_at is None:
        return ()
    since = f"{case.paused_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
    return (
        Reason(
            code="case_paused",
            text=f"案件已于{since}挂起，恢复后方可办理",
            text_en=f"The case has been paused since {since}; it must be resumed first.",
            fact=case.case_key,
        ),
    )


def _different_people(
    session: Session, task: WorkflowTask, case: WorkflowCase, version: Published, names: tuple[str, ...]
) -> tuple[Reason, ...]:
    """The steps that the diagram wants done by others, and that one of these names had a hand in."""
    others = version.blueprint.elements[task.element_id].different_person_from
    if not others:
        return ()
    found = []
    for key in filter(None, names):
        done = {element for element, _ in hands_on(session, case.id, (key,))}
        for element in sorted(done.intersection(others)):
            earlier = version.blueprint.elements[element].name or element
            who = name_of(session, key)
            found.append(
                Reason(
                    code="different_person",
                    text=f"本案“{earlier}”已由{who}经手，“{task.name}”须由另一人办理",
                    text_en="Another person must do this step.",
                    fact=who,
                    source=_FOUR_EYES,
                )
            )
    return tuple(found)
