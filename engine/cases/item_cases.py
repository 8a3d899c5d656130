"""The cases of items: each item has one, opened by the sweep; one that was settled wrongly gets another (RECT-04)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from engine.cases.checklist_views import in_sight, not_seen
from engine.cases.hands import refuse_empty
from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.start import next_case, start_case
from engine.cases.steps import attempt, carry_out
from engine.cases.views import Done
from engine.law.rectification import SOURCE, dates_in_order, dues_on_receipt
from engine.oversight.rectification import follow, give_case, item_of_case
from engine.oversight.rectification_tables import Checklist, ChecklistTopic, RectificationItem
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import SYSTEM, Actor, CaseRef, Reason, Refusal, RefusedError
from engine.workflow.runner import StepFailedError
from engine.workflow.tables import ProcessVersion, WorkflowCase

_PROCESS = "rectification"
#: who issues, supervises, holds still and closes
ISSUES = "provincial"
#: where the case of an item begins, by how the item stands when it is opened
_BEGINS_AT = {"unchecked": "check", "planning": "plan", "doing": "work"}
_SETTLED = ("no_problem", "done")


def open_item_cases(office: Office, limit: int = 100) -> int:
    """How many items got their case now; swept."""
    with office.store.reading() as session:
        if session.scalar(select(exists().where(ProcessVersion.process_id == _PROCESS))) is not True:
            return 0
        waiting = session.scalars(
            select(RectificationItem.id)
            .join(Checklist, Checklist.id == RectificationItem.checklist_id)
            .where(
                RectificationItem.case_id.is_(None),
                RectificationItem.status.in_(_BEGINS_AT),
                Checklist.status == "open",
            )
            .order_by(RectificationItem.id)
            .limit(limit)
        ).all()
    return sum(_opened(office, item_id) for item_id in waiting)


def open_case(session: Session, office: Office, item: RectificationItem, actor: Actor) -> CaseRef:
    """The case in which the item is dealt with; the caller has locked the item, or just laid it."""
    topic = session.get_one(ChecklistTopic, item.topic_id)
    case = next_case(session, office, _PROCESS, region=item.region_code, subject=f"office:{item.region_code}")
    data = {
        "item_id": item.id,
        "begins_at": _BEGINS_AT[item.status],
        "topic": topic.title,
        "benchmark": topic.benchmark,
        "problem": item.problem,
        "self_check_due": _iso(item.self_check_due),
        "plan_due": _iso(item.plan_due),
        "done_due": _iso(item.done_due),
    }
    start_case(office, session, actor, case, data)
    give_case(session, item, case.id, now=office.clock())
    return case


def reopen_item(
    office: Office, actor: Actor, item_id: int, *, why: str, plan_due: date, done_due: date
) -> Done | Refusal:
    """A settled item was found untrue: it has a new case, in which a plan is wanted by a new day (RECT-04).

    By who issues in the unit's region. Refused for an item that is not settled, without a reason, and for days that
    have passed or are out of order.
    """

    def work(session: Session) -> Done:
        item = session.scalar(
            select(RectificationItem)
            .where(RectificationItem.id == item_id, in_sight(actor))
            .with_for_update()
        )
        if item is None:
            raise RefusedError(not_seen())
        require_duty(session, office, actor, ISSUES, item.region_code)
        reason = refuse_empty(why, "重新打开的理由")
        _refuse_reopening(session, office, item, plan_due, done_due)
        before = item.status
        item.status, item.plan_due, item.done_due = "planning", plan_due, done_due
        item.problem, item.sent_back_on, item.sent_back_why = item.problem or reason, office.today, reason
        item.reopened, item.progress = item.reopened + 1, 0
        case = open_case(session, office, item, actor)
        append(
            session,
            stream=f"case:{case.id}",
            action=Action.ITEM_REOPENED,
            actor=actor,
            subject=f"office:{item.region_code}",
            before={"status": before},
            after={"status": item.status, "plan_due": plan_due.isoformat(), "done_due": done_due.isoformat()},
            reason=reason,
            now=office.clock(),
        )
        return Done(message=f"已重新打开，编号 {case.key}", case_id=case.id, case_key=case.key)

    return attempt(office, actor, work, subject=f"rectification_item:{item_id}")


def move_dues(session: Session, case_id: int, move: Callable[[date], date]) -> None:
    """The deadlines of the item that the case is about, each moved so; nothing for a case about something else."""
    item = session.scalar(
        select(RectificationItem).where(RectificationItem.case_id == case_id).with_for_update()
    )
    for name in ("self_check_due", "plan_due", "done_due") if item is not None else ():
        due = getattr(item, name)
        if due is not None:
            setattr(item, name, move(due))
    session.flush()


def follow_case(
    session: Session, office: Office, case: WorkflowCase, waiting: Sequence[str], *, anew: bool
) -> None:
    """The item of a case that was sent back or taken back stands where the case does; nothing for other cases.

    Sent back by others (``anew``) a deadline that has passed counts from today: nobody is late by being told. RefusedError
    where a figure or a calendar year for that is not on file.
    """
    if case.process_id != _PROCESS:
        return
    follow(session, case.id, waiting)
    if not anew:
        return
    item = item_of_case(session, case.id)
    dues = dues_on_receipt(
        office.today,
        self_check=item.self_check_due,
        plan=item.plan_due,
        done=item.done_due,
        region=item.region_code,
        book=office.book,
        calendar=office.calendar,
    )
    if isinstance(dues, Refusal):
        raise RefusedError(*dues.reasons)
    item.self_check_due, item.plan_due, item.done_due = dues.self_check, dues.plan, dues.done
    session.flush()


def _opened(office: Office, item_id: int) -> bool:
    """Whether this worker opened the case; one that another is opening is left to it."""

    def work(session: Session) -> bool:
        item = session.scalars(
            select(RectificationItem)
            .where(RectificationItem.id == item_id, RectificationItem.case_id.is_(None))
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if item is None:
            return False
        open_case(session, office, item, SYSTEM)
        return True

    try:
        return (
            carry_out(office, SYSTEM, work, subject=f"rectification_item:{item_id}", stream="office") is True
        )
    except StepFailedError:
        # the item still wants its case: the next sweep tries again
        return False


def _refuse_reopening(
    session: Session, office: Office, item: RectificationItem, plan_due: date, done_due: date
) -> None:
    running = item.case_id is not None and session.get_one(WorkflowCase, item.case_id).status == "running"
    checklist = session.get_one(Checklist, item.checklist_id)
    if item.status not in _SETTLED or running or checklist.status != "open":
        raise RefusedError(
            _reason(
                "item_not_settled",
                "只有清单办结前已承诺无问题或已销号的事项可以重新打开",
                "Only a settled item of an open checklist is reopened.",
            )
        )
    if plan_due < office.today:
        raise RefusedError(
            _reason("plan_due_past", "方案上报期限不能早于今天", "The plan was due before today.")
        )
    reversed_ = dates_in_order(None, plan_due, done_due)
    if reversed_ is not None:
        raise RefusedError(reversed_)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _reason(code: str, text: str, english: str) -> Reason:
    return Reason(code=code, text=text, text_en=english, source=SOURCE)
