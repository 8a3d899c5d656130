"""Pressing for a task (催办) and putting a case before somebody who need not act (抄送)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.desk_tables import CaseCopy, TaskUrge
from engine.cases.files import may_see, seen_case
from engine.cases.hands import AtTask, refuse_empty, staff_of, stream_of
from engine.cases.office import Office
from engine.cases.rows import addressee
from engine.cases.steps import around, attempt
from engine.cases.task_rules import ready_to
from engine.cases.views import Done
from engine.duties import covers, held_by, own_case
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.letters import send_letter
from engine.values import Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase, case_ref


def urge(office: Office, actor: Actor, task_id: str, *, note: str) -> Done | Refusal:
    """A notice to who has the task, or to all of its duty.

    By whoever the case is for or who opened it, by those who manage the region, and by colleagues of the same duty
    in a region above; at most once in so many working days for each of them (``Settings.urge_workdays``).
    """

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "urge")
        pressed = TaskUrge(
            task_id=task_id,
            urged_by=actor.key,
            note=refuse_empty(note, "催办的话", code="note_missing"),
            at=office.clock(),
        )
        session.add(pressed)
        session.flush()
        told = addressee(at.task, at.case)
        _tell(at, pressed, told)
        at.note(Action.TASK_URGED, after={"told": told}, why=pressed.note)
        return at.done(f"已催办：{at.task.name}")

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def copy_case(
    office: Office, actor: Actor, case_id: int, *, readers: Sequence[str], note: str
) -> Done | Refusal:
    """The case put before colleagues; all of them, or nobody and the reasons.

    A copy widens nothing: who gets one has a duty of this procedure, or of oversight, in the region already.
    """

    def work(session: Session) -> Done:
        if actor.kind != "staff":
            raise RefusedError(Reason(code="not_for_public", text="此操作限经办人员", text_en="Staff only."))
        case = seen_case(session, office, actor, case_id, why="抄送")
        people = [staff_of(session, office, login) for login in dict.fromkeys(readers)]
        if not people:
            raise RefusedError(
                Reason(
                    code="readers_missing", text="请至少选一名抄送对象", text_en="Name at least one reader."
                )
            )
        against = [reason for who in people for reason in _out_of_reach(session, office, who, case)]
        if against:
            raise RefusedError(*against)
        for who in people:
            _put_before(session, office, actor, case, who, note)
        append(
            session,
            stream=f"case:{case_id}",
            action=Action.CASE_COPIED,
            actor=actor,
            subject=f"case:{case_id}",
            after={"readers": [who.key for who in people]},
            reason=note.strip(),
            now=office.clock(),
        )
        names = "、".join(who.name for who in people)
        return Done(message=f"已抄送：{names}", case_id=CaseId(case_id), case_key=case.case_key)

    return attempt(office, actor, work, subject=f"case:{case_id}", stream=f"case:{case_id}")


def mark_read(office: Office, actor: Actor, case_id: int) -> Done | Refusal:
    """The copy is read; the look at the file is recorded (CTRL-07)."""

    def work(session: Session) -> Done:
        copy = session.scalar(
            select(CaseCopy).where(CaseCopy.case_id == case_id, CaseCopy.reader == actor.key)
        )
        if copy is None:
            raise RefusedError(
                Reason(code="no_copy", text="此案没有抄送给您", text_en="No copy of this case is yours.")
            )
        case = seen_case(session, office, actor, case_id, why="阅读抄送")
        if copy.read_at is None:
            copy.read_at = office.clock()
            append(
                session,
                stream=f"case:{case_id}",
                action=Action.CASE_COPY_READ,
                actor=actor,
                subject=f"case:{case_id}",
                now=copy.read_at,
            )
        return Done(message="已阅", case_id=CaseId(case_id), case_key=case.case_key)

    return attempt(office, actor, work, subject=f"case:{case_id}", stream=f"case:{case_id}")


def _tell(at: AtTask, pressed: TaskUrge, told: str) -> None:
    send_letter(
        around(at.office, at.session, at.actor)(case_ref(at.case.id, at.case)).desk,
        "task-urge",
        occasion=f"urge/{pressed.id}",
        recipient=told,
        step=at.task.name,
        duty=at.office.duties.duty(at.task.duty).lane,
        urged_by=at.actor.name,
        note=pressed.note,
    )


def _out_of_reach(session: Session, office: Office, who: Actor, case: WorkflowCase) -> tuple[Reason, ...]:
    """Why the case may not be put before them; empty for those whose duty and region may see it anyway."""
    own = own_case(session, office.duties, who.key, case.subject)
    if own:
        return own
    version = office.runner.versions.get(session, case.version_id)
    lanes = {element.duty for element in version.blueprint.elements.values()}
    held = held_by(session, who, office.today)
    if any(post.duty in lanes and covers(post.region_code, case.region_code) for post in held):
        return ()
    if may_see(session, office, who, case):
        return ()
    return (
        Reason(
            code="reader_out_of_reach",
            text=f"不能抄送给{who.name}：此案不在其岗位与地区范围内",
            text_en=f"{who.name} may not see this case: it is not within their duty and region.",
            source="社会保险经办条例第四十九条（保密）",
            fact=who.key,
        ),
    )


def _put_before(
    session: Session, office: Office, actor: Actor, case: WorkflowCase, who: Actor, note: str
) -> None:
    """A new copy, or the one there is, put before them anew."""
    copy = session.scalar(select(CaseCopy).where(CaseCopy.case_id == case.id, CaseCopy.reader == who.key))
    if copy is None:
        copy = CaseCopy(case_id=case.id, reader=who.key)
        session.add(copy)
    copy.sent_by, copy.note, copy.at, copy.read_at = actor.key, note.strip(), office.clock(), None
    session.flush()
