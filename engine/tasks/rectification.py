"""Operations of ``processes/rectification.bpmn``, in drawn order: each keeps the item where its case is.

Reminders, circulars and what follows them are no steps of the case: they come by the working day, in sets
(``engine.oversight.escalating``).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.oversight.rectification import item_of_case
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.catalogue import operation, refuse
from engine.tasks.desk import Desk

_SOURCE = "鲁人社函〔2020〕10号（十）"


@operation("record_self_check", title="登记查摆结果")
def record_self_check(
    desk: Desk, *, check_result: str, problem: str | None = None, problem_kind: str | None = None
) -> dict[str, Any]:
    """No problem: signed by who says so. A problem: its kind and what it is; a plan is wanted next (RECT-01)."""
    item = item_of_case(desk.session, desk.case.id)
    item.checked_on = desk.today
    if check_result == "problem":
        item.status, item.problem, item.problem_type = "planning", problem or "", problem_kind or ""
    else:
        item.status, item.statement_by, item.problem, item.problem_type = "no_problem", desk.actor.key, "", ""
    _tell(desk, Action.ITEM_CHECKED, item.status, problem=item.problem)
    return {}


@operation("record_plan", title="登记整改方案")
def record_plan(
    desk: Desk, *, problem_kind: str, problem: str, measures: str, responsible: str, done_due: str
) -> dict[str, Any]:
    """The plan as handed in: measures, deadline, responsible person (RECT-02). Refused: a deadline that has passed."""
    _refuse_past(desk, done_due, "完成时限")
    item = item_of_case(desk.session, desk.case.id)
    item.status, item.planned_on, item.sent_back_on = "planned", desk.today, None
    item.problem_type, item.problem = problem_kind, problem
    item.measures, item.responsible = measures, responsible
    return {}


@operation("record_plan_opinion", title="登记审核意见")
def record_plan_opinion(
    desk: Desk, *, plan_opinion: str, plan_due: str, done_due: str, plan_note: str | None = None
) -> dict[str, Any]:
    """Accepted: the plan's day counts from now on. Returned: by the new day the plan is wanted again.

    Refused: a day that has passed, so that nobody is late the moment they are told.
    """
    item = item_of_case(desk.session, desk.case.id)
    if plan_opinion == "accept":
        _refuse_past(desk, done_due, "方案的完成时限", hint="；请退回重报")
        item.status, item.accepted_on, item.done_due = "doing", desk.today, date.fromisoformat(done_due)
    else:
        _refuse_past(desk, plan_due, "重报的时限")
        item.status, item.plan_due = "planning", date.fromisoformat(plan_due)
        item.sent_back_on, item.sent_back_why, item.returned = desk.today, plan_note or "", item.returned + 1
    return {}


@operation("record_report", title="登记进展")
def record_report(
    desk: Desk, *, report_kind: str, evidence: str, progress: int | None = None
) -> dict[str, Any]:
    """Progress as reported, with what shows it; finished, the item waits to be verified."""
    item = item_of_case(desk.session, desk.case.id)
    item.reported_on, item.evidence = desk.today, evidence
    if report_kind == "finished":
        item.status, item.progress, item.sent_back_on = "verifying", 100, None
    else:
        item.progress = int(progress or 0)
    return {}


@operation("reopen_work", title="退回重新整改")
def reopen_work(desk: Desk, *, done_due: str, verify_note: str) -> dict[str, Any]:
    """What was found not to be done is done again by a new day. Refused: a day that has passed."""
    _refuse_past(desk, done_due, "重新整改的时限")
    item = item_of_case(desk.session, desk.case.id)
    item.status, item.done_due, item.progress = "doing", date.fromisoformat(done_due), min(item.progress, 99)
    item.sent_back_on, item.sent_back_why, item.returned = desk.today, verify_note, item.returned + 1
    return {}


@operation("close_item", title="销号")
def close_item(desk: Desk) -> dict[str, Any]:
    """The item is closed; somebody else than who accepted the plan has verified it (RECT-04)."""
    item = item_of_case(desk.session, desk.case.id)
    item.status, item.verified_on = "done", desk.today
    _tell(desk, Action.FINDING_CLOSED, item.status)
    return {}


def _tell(desk: Desk, action: Action, status: str, **facts: Any) -> None:
    append(
        desk.session,
        stream=f"case:{desk.case.id}",
        action=action,
        actor=desk.actor,
        subject=desk.case.subject,
        after={"status": status, **facts},
        now=desk.now,
    )


def _refuse_past(desk: Desk, day: str, what: str, *, hint: str = "") -> None:
    if date.fromisoformat(day) < desk.today:
        raise refuse(
            "day_past",
            f"{what}（{day}）已过，请填写今天或以后的日期{hint}",
            text_en=f"The day {day} has passed; choose today or later.",
            source=_SOURCE,
            fact=day,
        )
