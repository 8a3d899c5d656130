"""What stands in the way of each thing that can be done with a task; use-cases and pages get the same answer.

Whether somebody may have a hand in the step at all is judged in ``hands``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.desk_tables import TaskSigner, TaskUrge
from engine.cases.hands import AtTask, at_task, paused
from engine.cases.office import Office
from engine.cases.staff import name_of
from engine.duties import covers, held_by
from engine.law.calendar import CalendarGap
from engine.values import CHINA, Actor, Reason, RefusedError
from engine.workflow.runner import TaskClosedError

#: duties that press for the tasks of others, in their region and those below it
_MANAGERS = frozenset({"approve", "provincial"})


def ready_to(session: Session, office: Office, actor: Actor, task_id: str, action: str) -> AtTask:
    """The actor at the open task, free to do that; RefusedError with what stands in the way, TaskClosedError when done."""
    at = at_task(session, office, actor, task_id)
    if at.task.status != "ready":
        raise TaskClosedError(
            at.task.id, name=at.task.name, by=at.task.completed_by or "", at=at.task.completed_at
        )
    reasons = refused(at, action)
    if reasons:
        raise RefusedError(*reasons)
    return at


def refused(at: AtTask, action: str) -> tuple[Reason, ...]:
    """Why the actor may not do that with the open task now; empty when they may."""
    return next((reasons for rule in RULES[action] if (reasons := rule(at))), ())


def _running(at: AtTask) -> tuple[Reason, ...]:
    return paused(at.case)


def _lane(at: AtTask) -> tuple[Reason, ...]:
    return at.against


def _staff(at: AtTask) -> tuple[Reason, ...]:
    if at.actor.kind == "staff":
        return ()
    return (Reason(code="not_for_public", text="此操作限经办人员", text_en="Only members of staff do this."),)


def _free(at: AtTask) -> tuple[Reason, ...]:
    """Nobody has it, or the actor, or who the actor stands in for."""
    if not at.task.assignee or at.task.assignee in at.names:
        return ()
    who = name_of(at.session, at.task.assignee)
    return (
        Reason(
            code="claimed_by_other",
            text=f"此任务已由{who}领取",
            text_en=f"Claimed by {who}.",
            fact=at.task.assignee,
        ),
    )


def _has_it(at: AtTask) -> tuple[Reason, ...]:
    if at.task.assignee in at.names:
        return ()
    return (
        Reason(
            code="not_assignee",
            text="此任务不在您名下",
            text_en="You do not have this task.",
            fact=at.actor.key,
        ),
    )


def _not_delegated(at: AtTask) -> tuple[Reason, ...]:
    if not at.task.owner:
        return ()
    owner = name_of(at.session, at.task.owner)
    return (
        Reason(
            code="delegated",
            text=f"此任务由{owner}委派，交回后由{owner}办结",
            text_en=f"Delegated by {owner}, who gets it back and completes it.",
            fact=at.task.owner,
        ),
    )


def _delegated(at: AtTask) -> tuple[Reason, ...]:
    if at.task.owner and ({at.task.owner, at.task.assignee} & at.names):
        return ()
    return (
        Reason(
            code="not_delegated",
            text="此任务没有委派给您，也不是您委派的",
            text_en="This task was not delegated to you or by you.",
            fact=at.actor.key,
        ),
    )


def _not_held(at: AtTask) -> tuple[Reason, ...]:
    if at.held is None:
        return ()
    waiting = "、".join(name_of(at.session, each.signer) for each in waiting_signers(at, "after"))
    return (
        Reason(
            code="completion_held",
            text=f"已提交，等待后加签：{waiting}；如需修改请先撤回提交",
            text_en=f"Handed in; waits for signatures after it: {waiting}. Take it back to change it.",
            fact=waiting,
        ),
    )


def _held_by_actor(at: AtTask) -> tuple[Reason, ...]:
    if at.held is not None and at.held.actor in at.names:
        return ()
    return (
        Reason(
            code="nothing_held", text="您没有等待加签的提交", text_en="Nothing of yours waits for signatures."
        ),
    )


def _signed_before(at: AtTask) -> tuple[Reason, ...]:
    waiting = "、".join(name_of(at.session, each.signer) for each in waiting_signers(at, "before"))
    if not waiting:
        return ()
    return (
        Reason(
            code="signers_waiting",
            text=f"前加签尚未完成：{waiting}",
            text_en=f"Signatures before completion are missing: {waiting}.",
            fact=waiting,
        ),
    )


def waiting_signers(at: AtTask, place: str) -> tuple[TaskSigner, ...]:
    """Those asked before or after completion who have not signed yet."""
    return tuple(each for each in at.signers if each.place == place and each.signed_at is None)


def question_for(at: AtTask) -> TaskSigner | None:
    """What the actor was asked to sign and may sign now; a signature after waits for the completion."""
    open_now = {"before": at.held is None, "after": at.held is not None}
    return next(
        (
            each
            for each in at.signers
            if each.signer == at.actor.key and each.signed_at is None and open_now[each.place]
        ),
        None,
    )


def _asked(at: AtTask) -> tuple[Reason, ...]:
    if question_for(at) is not None:
        return ()
    return (
        Reason(
            code="nothing_to_sign",
            text="此任务目前没有请您加签",
            text_en="Nothing of this task waits for your signature now.",
            fact=at.actor.key,
        ),
    )


def _presses(at: AtTask) -> tuple[Reason, ...]:
    """Whoever the case is for or opened it, who manages the region, and colleagues of the same duty above."""
    held = held_by(at.session, at.actor, at.office.today)
    above = any(
        covers(post.region_code, at.task.region_code)
        and (
            post.duty in _MANAGERS or (post.duty == at.task.duty and post.region_code != at.task.region_code)
        )
        for post in held
    )
    concerned = above or at.actor.key in {at.case.started_by, at.case.subject}
    if concerned and at.task.assignee not in at.names:
        return ()
    return (
        Reason(
            code="not_to_urge",
            text="只有申请人、发起人、上级同岗或本地区主管可以催办他人的任务",
            text_en="Only who opened the case, who manages the region or colleagues above press for a task.",
            fact=at.actor.name or at.actor.key,
        ),
    )


def _not_pressed_lately(at: AtTask) -> tuple[Reason, ...]:
    last = at.session.scalar(
        select(TaskUrge.at)
        .where(TaskUrge.task_id == at.task.id, TaskUrge.urged_by == at.actor.key)
        .order_by(TaskUrge.id.desc())
        .limit(1)
    )
    every, today = at.office.settings.urge_workdays, at.office.today
    try:
        if last is None or at.office.calendar.between(last.astimezone(CHINA).date(), today) >= every:
            return ()
    except CalendarGap as gap:
        return (Reason(code="calendar_gap", text=str(gap), text_en="A year of the calendar is missing."),)
    return (
        Reason(
            code="urged_already",
            text=f"您已催办过，每{every}个工作日最多一次",
            text_en=f"Pressed for already; at most once in {every} working days.",
            fact=f"{last.astimezone(CHINA):%Y-%m-%d %H:%M}",
        ),
    )


def _may_go_back(at: AtTask) -> tuple[Reason, ...]:
    element = at.version.blueprint.elements[at.task.element_id]
    if element.properties.get("send_back") != "no":
        return ()
    return (
        Reason(
            code="send_back_no",
            text=f"流程图写明“{at.task.name}”不能退回",
            text_en="The diagram allows no way back from this step.",
        ),
    )


_WORK = (_running, _free, _lane)
_WHOLE = (_running, _staff, _free, _lane, _not_delegated, _not_held)

Rule = Callable[[AtTask], tuple[Reason, ...]]

#: what must hold for each action on an open task, in the order in which it is told
RULES: Mapping[str, tuple[Rule, ...]] = {
    "claim": (_running, _staff, _free, _lane),
    "release": (_staff, _has_it, _not_delegated, _not_held),
    "draft": (*_WORK, _not_held),
    "complete": (*_WORK, _not_delegated, _not_held, _signed_before),
    "send_back": (*_WHOLE, _may_go_back),
    "hand_over": _WHOLE,
    "delegate": _WHOLE,
    "give_back": (_running, _delegated),
    "add_signer": _WHOLE,
    "remove_signer": (_running, _staff, _has_it),
    "take_back": (_running, _held_by_actor),
    "sign": (_running, _asked),
    "urge": (_running, _presses, _not_pressed_lately),
}
