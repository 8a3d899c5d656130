"""Handing a task on: to a colleague for good (转办), for work and back (委派), and all that a leaver has (离职交接)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from engine.cases.desk_tables import TaskSigner
from engine.cases.hands import AtTask, at_task, refuse_empty, staff_of, standing, stream_of
from engine.cases.office import Office
from engine.cases.signing import against_signer, ask
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.task_rules import ready_to
from engine.cases.views import BulkRow, Done
from engine.duties import Agency, Post, StaffMember, covers, may_administer, reload_actor
from engine.store.actions import Action
from engine.store.sight import beyond
from engine.values import Actor, Reason, Refusal, RefusedError, TaskId
from engine.workflow.runner import TaskClosedError
from engine.workflow.tables import WorkflowCase, WorkflowTask

#: candidates that are shown at once
_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A colleague to whom the task could go."""

    login: str
    name: str
    region: str
    #: why not them; empty: the task may go to them
    reasons: tuple[Reason, ...] = ()


def candidates(
    office: Office, actor: Actor, task_id: str, *, search: str = "", to_sign: bool = False
) -> tuple[Candidate, ...] | Refusal:
    """Colleagues whose duty and region reach the task, with the reasons against those who may not have it.

    ``search`` is part of a name or login. Those who may come first. ``to_sign``: only those who may sign it,
    whatever compatible duty they have.
    """

    def work(session: Session) -> tuple[Candidate, ...]:
        at = at_task(session, office, actor, task_id, writing=False)
        if at.against:
            raise RefusedError(*at.against)
        found = [
            _candidate(at, member, to_sign=to_sign)
            for member in _in_reach(at, search.strip(), any_duty=to_sign)
            if f"staff:{member.id}" not in {at.actor.key, at.task.assignee}
        ]
        shown = [each for each in found if not (to_sign and each.reasons)]
        return tuple(sorted(shown, key=lambda each: (bool(each.reasons), each.name))[:_SHOWN])

    return attempt(office, actor, work, subject=f"task:{task_id}")


def hand_over(office: Office, actor: Actor, task_id: str, *, to: str, why: str) -> Done | Refusal:
    """The task is the colleague's (login) from now on; refused where they may not have a hand in this case.

    What was drafted goes along, and whoever drafted it is bound like one who acted.
    """

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "hand_over")
        reason = refuse_empty(why, "转办原因")
        receiver = _receiver(at, to)
        had, at.task.assignee = at.task.assignee, receiver.key
        if at.task.draft:
            at.leave_hand("assisted", actor.key, {"note": reason}, on_behalf_of=at.on_behalf_of)
        at.note(
            Action.TASK_HANDED_OVER, before={"assignee": had}, after={"assignee": receiver.key}, why=reason
        )
        return at.done(f"已转办给{receiver.name}：{at.task.name}")

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def delegate(office: Office, actor: Actor, task_id: str, *, to: str, why: str) -> Done | Refusal:
    """The colleague (login) works on the task and gives it back; only who delegated it completes it."""

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "delegate")
        reason = refuse_empty(why, "委派要求")
        receiver = _receiver(at, to)
        had = at.task.assignee
        at.task.owner, at.task.assignee = had or actor.key, receiver.key
        at.note(
            Action.TASK_DELEGATED,
            before={"assignee": had, "owner": None},
            after={"assignee": receiver.key, "owner": at.task.owner},
            why=reason,
        )
        return at.done(f"已委派给{receiver.name}：{at.task.name}")

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def give_back(office: Office, actor: Actor, task_id: str, *, note: str) -> Done | Refusal:
    """The delegated task is its owner's again, by the colleague or taken back by the owner.

    The colleague's work is a hand in the case: a row of history with their note. Taken back before they did
    anything, there is none.
    """

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "give_back")
        helper, owner = at.task.assignee or "", at.task.owner or ""
        taken_back = owner in at.names
        words = note.strip() if taken_back else refuse_empty(note, "办理意见", code="note_missing")
        if taken_back and at.task.draft:
            _bind_drafter(at, helper, words)
        elif not taken_back:
            at.leave_hand("assisted", actor.key, {"note": words}, on_behalf_of=at.on_behalf_of)
        at.task.assignee, at.task.owner = owner, None
        at.note(
            Action.TASK_GIVEN_BACK,
            before={"assignee": helper, "owner": owner},
            after={"assignee": owner, "owner": None},
            why=words,
        )
        return at.done(f"已交回{name_of(session, owner)}：{at.task.name}")

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def hand_over_all(
    office: Office, actor: Actor, *, leaver: str, to: str, why: str
) -> tuple[BulkRow, ...] | Refusal:
    """Everything open of who leaves (login) goes to a colleague (login), each row by itself and with its own answer.

    Tasks they hold, tasks they delegated, and questions put to them. By an administrator above, never to themselves.
    """

    def work(session: Session) -> tuple[str, tuple[str, ...]]:
        _refuse_handing_all(session, office, actor, leaver, to, why)
        key = _key_of(session, leaver)
        return key, _open_of(session, key)

    asked = attempt(office, actor, work, subject=f"login:{leaver[:60]}", stream="staff")
    if isinstance(asked, Refusal):
        return asked
    key, task_ids = asked
    return tuple(_moved(office, actor, task_id, key, to, why.strip()) for task_id in task_ids)


def _moved(office: Office, actor: Actor, task_id: str, leaver: str, to: str, why: str) -> BulkRow:
    shown: dict[str, str] = {"case_key": "", "name": ""}

    def work(session: Session) -> Done:
        at = at_task(session, office, actor, task_id)
        shown.update(case_key=at.case.case_key, name=at.task.name)
        if at.task.status != "ready":
            raise TaskClosedError(task_id, name=at.task.name)
        against = may_administer(session, actor, at.task.region_code, office.today)
        if against:
            raise RefusedError(*against)
        before = _places(at, leaver)
        receiver = staff_of(session, office, to)
        _move_task(at, leaver, receiver)
        _move_question(at, leaver, receiver)
        at.note(Action.TASK_HANDED_OVER, before=before, after=_places(at, receiver.key), why=why)
        return at.done(f"已交接给{receiver.name}")

    outcome = attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))
    refused = isinstance(outcome, Refusal)
    return BulkRow(
        task_id=TaskId(task_id),
        case_key=shown["case_key"],
        name=shown["name"],
        done=not refused,
        message=outcome.text if isinstance(outcome, Refusal) else outcome.message,
        reasons=outcome.reasons if isinstance(outcome, Refusal) else (),
    )


def _move_task(at: AtTask, leaver: str, receiver: Actor) -> None:
    if leaver not in {at.task.assignee, at.task.owner}:
        return
    if at.held is not None:
        at.session.delete(at.held)
    if at.task.draft and at.task.assignee == leaver:
        _bind_drafter(at, leaver, "离职交接")
    if at.task.assignee == leaver:
        at.task.assignee = receiver.key
    if at.task.owner == leaver:
        at.task.owner = receiver.key
    if at.task.assignee == at.task.owner:
        at.task.owner = None
    _refuse(_against(at, receiver))


def _move_question(at: AtTask, leaver: str, receiver: Actor) -> None:
    for question in at.signers:
        if question.signer == leaver and question.signed_at is None:
            question.ended_at = at.office.clock()
            ask(at, receiver, place=question.place, why=question.why, asked_by=question.asked_by)


def _places(at: AtTask, who: str) -> Mapping[str, object]:
    """Where somebody stands at the task."""
    signs = any(each.signer == who and each.ended_at is None for each in at.signers)
    return {"assignee": at.task.assignee, "owner": at.task.owner, "signer": who if signs else None}


def _receiver(at: AtTask, login: str) -> Actor:
    """The colleague, who may have the task; RefusedError with why not."""
    receiver = staff_of(at.session, at.office, login)
    if receiver.key in {at.actor.key, at.task.assignee}:
        raise RefusedError(
            Reason(
                code="has_it_already",
                text=f"任务已在{receiver.name}名下",
                text_en=f"{receiver.name} has it already.",
                fact=receiver.key,
            )
        )
    _refuse(_against(at, receiver))
    return receiver


def _against(at: AtTask, receiver: Actor) -> tuple[Reason, ...]:
    """Why the task may not be theirs; who signs it does not also do it."""
    _, reasons = standing(at.session, at.office, receiver, at.task, at.case, at.version)
    if all(each.signer != receiver.key or each.ended_at is not None for each in at.signers):
        return reasons
    return (
        *reasons,
        Reason(
            code="is_signer",
            text=f"{receiver.name}是此任务的加签人，不能同时办理",
            text_en=f"{receiver.name} signs this task and does not also do it.",
            fact=receiver.key,
        ),
    )


def _refuse(reasons: tuple[Reason, ...]) -> None:
    if reasons:
        raise RefusedError(*reasons)


def _bind_drafter(at: AtTask, drafter: str, words: str) -> None:
    """Whoever drafted is bound by it; the draft of one who may have no hand in the case any more is not used."""
    known = reload_actor(at.session, int(drafter.removeprefix("staff:")), at.office.today)
    if known is not None:
        behalf, against = standing(at.session, at.office, known, at.task, at.case, at.version)
        if not against:
            at.leave_hand("assisted", drafter, {"note": words}, on_behalf_of=behalf)
            return
    at.task.draft = None


def _in_reach(at: AtTask, search: str, *, any_duty: bool) -> list[StaffMember]:
    """Active members of staff whose post, or whose place as a substitute, reaches the task."""
    today, task = at.office.today, at.task
    posts = select(Post.staff_id, Post.region_code).where(
        true() if any_duty else Post.duty == task.duty,
        Post.valid_from <= today,
        or_(Post.valid_until.is_(None), Post.valid_until > today),
    )
    lent = select(Agency.substitute_id, Agency.region_code).where(
        Agency.duty == task.duty,
        Agency.valid_from <= today,
        Agency.valid_until > today,
        Agency.ended_at.is_(None),
    )
    rows = [*at.session.execute(posts).all(), *at.session.execute(lent).all()]
    ids = {staff_id for staff_id, region in rows if covers(region, task.region_code)}
    query = select(StaffMember).where(StaffMember.id.in_(ids), StaffMember.active).order_by(StaffMember.id)
    if search:
        query = query.where(
            or_(
                StaffMember.name.contains(search, autoescape=True),
                StaffMember.login.contains(search.lower(), autoescape=True),
            )
        )
    return list(at.session.scalars(query))


def _candidate(at: AtTask, member: StaffMember, *, to_sign: bool) -> Candidate:
    known = reload_actor(at.session, member.id, at.office.today)
    judge = against_signer if to_sign else _against
    reasons = judge(at, known) if known else ()
    return Candidate(login=member.login, name=member.name, region=member.region_code, reasons=reasons)


def _refuse_handing_all(
    session: Session, office: Office, actor: Actor, leaver: str, to: str, why: str
) -> None:
    refuse_empty(why, "交接原因")
    member = session.scalar(select(StaffMember).where(StaffMember.login == leaver.strip().lower()))
    receiver = staff_of(session, office, to)
    if member is None or member.id == receiver.id or actor.key == receiver.key:
        raise RefusedError(
            Reason(
                code="handover_parties",
                text="交接人、接收人与管理人须是三名不同的工作人员",
                text_en="Who leaves, who receives and who administers are three members of staff.",
            )
        )
    _refuse(may_administer(session, actor, member.region_code, office.today, staff_id=member.id))


def _key_of(session: Session, login: str) -> str:
    found = select(StaffMember.id).where(StaffMember.login == login.strip().lower())
    return f"staff:{session.scalars(found).one()}"


def _open_of(session: Session, key: str) -> tuple[str, ...]:
    """The open tasks at which somebody stands: theirs, delegated by them, or waiting for their signature."""
    asked = select(TaskSigner.task_id).where(
        TaskSigner.signer == key, TaskSigner.signed_at.is_(None), TaskSigner.ended_at.is_(None)
    )
    query = (
        select(WorkflowTask.id)
        .join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
        .where(
            WorkflowTask.status == "ready",
            or_(WorkflowTask.assignee == key, WorkflowTask.owner == key, WorkflowTask.id.in_(asked)),
        )
        .order_by(WorkflowTask.created_at, WorkflowTask.id)
    )
    with beyond(session, "everything of who leaves, wherever it is: each row is then judged by itself"):
        return tuple(session.scalars(query))
