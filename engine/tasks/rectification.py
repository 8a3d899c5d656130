"""Operations of ``processes/rectification.bpmn``, in drawn order."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.catalogue import operation
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.tasks.tables import Finding


@operation("remind_unit", title="提醒责任单位")
def remind_unit(desk: Desk, *, topic: str, plan_due: str) -> dict[str, Any]:
    """A reminder before the plan is due (RECT-04); one a day."""
    send_letter(
        desk, "rectification-reminder", occasion=desk.today.isoformat(), topic=topic, plan_due=plan_due
    )
    return {}


@operation("issue_circular", title="通报：方案逾期未报")
def issue_circular(desk: Desk, *, topic: str, plan_due: str) -> dict[str, Any]:
    """The circular on a plan that was not handed in on its day (鲁人社函〔2020〕10号（十）)."""
    return _circular(desk, topic=topic, due=plan_due, what="整改方案逾期未报")


@operation("issue_circular_late", title="通报：整改逾期未完成")
def issue_circular_late(desk: Desk, *, topic: str, done_due: str) -> dict[str, Any]:
    """The circular on a measure that was not done on its day."""
    return _circular(desk, topic=topic, due=done_due, what="整改逾期未完成")


@operation("close_finding", title="销号")
def close_finding(desk: Desk) -> dict[str, Any]:
    """The finding is closed; somebody else than who accepted the plan has verified it."""
    desk.session.get_one(Finding, _finding_id(desk)).status = "closed"
    append(
        desk.session,
        stream=f"case:{desk.case.id}",
        action=Action.FINDING_CLOSED,
        actor=desk.actor,
        subject=desk.case.subject,
        now=desk.now,
    )
    return {}


def _circular(desk: Desk, *, topic: str, due: str, what: str) -> dict[str, Any]:
    finding = desk.session.get_one(Finding, _finding_id(desk))
    finding.circulars += 1
    due_day = date.fromisoformat(due)
    late = desk.calendar.between(due_day, desk.today) if desk.today > due_day else 0
    send_letter(desk, "circular", occasion=f"{what}/{due}", topic=topic, due=due, what=what, days_late=late)
    return {}


def _finding_id(desk: Desk) -> int:
    return int(desk.session.execute(select(Finding.id).where(Finding.case_id == desk.case.id)).scalar_one())
