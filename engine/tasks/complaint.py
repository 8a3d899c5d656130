"""Operations of ``processes/complaint.bpmn``, in drawn order: a complaint is taken or passed on, answered, reviewed (SERV-03).

Who complained without signing in is sent no letter: whoever has the code reads the answer.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from engine.duties import StaffMember, keep_away
from engine.feedback import complaints
from engine.feedback.complaints import FINDINGS, REVIEWS
from engine.law.time_limits import deadline
from engine.tasks.catalogue import granted, operation, refuse
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter


@operation("accept_complaint", title="受理投诉", provides=("complaint_answer_by",))
def accept_complaint(desk: Desk, *, concerned_staff: str | None = None) -> dict[str, Any]:
    """It is looked into and answered in time; whom it concerns keeps away from it from now on."""
    for login in (concerned_staff or "").replace("，", " ").replace(",", " ").replace("、", " ").split():
        _keep_away(desk, login)
    limit = granted(
        deadline(
            "complaint_answer", desk.today, region=desk.case.region, book=desk.book, calendar=desk.calendar
        )
    )
    complaint = complaints.of_case(desk.session, desk.case.id)
    complaints.accept(desk.session, complaint, answer_by=limit.day, actor=desk.actor, now=desk.now)
    if complaint.complainant:
        send_letter(
            desk, "complaint-accepted", recipient=complaint.complainant, answer_by=limit.day.isoformat()
        )
    return {"complaint_answer_by": limit.day.isoformat()}


@operation("pass_on_complaint", title="转交投诉")
def pass_on_complaint(desk: Desk, *, passed_to: str = "", passed_why: str = "") -> dict[str, Any]:
    """Not ours: the complainant is told in writing to whom it went, and why (社会保险法第八十二条)."""
    complaint = complaints.of_case(desk.session, desk.case.id)
    complaints.pass_on(desk.session, complaint, to=passed_to, why=passed_why, actor=desk.actor, now=desk.now)
    if complaint.complainant:
        send_letter(
            desk,
            "complaint-passed-on",
            recipient=complaint.complainant,
            passed_to=passed_to,
            passed_why=passed_why,
        )
    return {}


@operation("answer_complaint", title="答复投诉", provides=("object_until",))
def answer_complaint(desk: Desk, *, complaint_finding: str, complaint_answer: str) -> dict[str, Any]:
    """The answer; the complainant may object once."""
    limit = granted(
        deadline("complaint_objection", desk.today, region=desk.case.region, book=desk.book, calendar=desk.calendar)
    )  # fmt: skip
    complaint = complaints.of_case(desk.session, desk.case.id)
    complaints.answer(
        desk.session,
        complaint,
        finding=complaint_finding,
        text=complaint_answer,
        object_until=limit.day,
        actor=desk.actor,
        now=desk.now,
    )
    if complaint.complainant:
        send_letter(
            desk,
            "complaint-answer",
            recipient=complaint.complainant,
            finding=FINDINGS[complaint_finding],
            complaint_answer=complaint_answer,
            object_until=limit.day.isoformat(),
        )
    return {"object_until": limit.day.isoformat()}


@operation("close_complaint", title="投诉办结")
def close_complaint(desk: Desk) -> dict[str, Any]:
    """Nobody objected in time."""
    complaint = complaints.of_case(desk.session, desk.case.id)
    complaints.close(desk.session, complaint, actor=desk.actor, now=desk.now)
    return {}


@operation("answer_complaint_objection", title="答复异议")
def answer_complaint_objection(desk: Desk, *, complaint_review: str, review_answer: str) -> dict[str, Any]:
    """What the superior found; it is the last word of the office."""
    complaint = complaints.of_case(desk.session, desk.case.id)
    complaints.close(
        desk.session,
        complaint,
        actor=desk.actor,
        now=desk.now,
        review_finding=complaint_review,
        review_answer=review_answer,
    )
    if complaint.complainant:
        send_letter(
            desk,
            "complaint-review",
            recipient=complaint.complainant,
            review=REVIEWS[complaint_review],
            review_answer=review_answer,
        )
    return {}


def _keep_away(desk: Desk, login: str) -> None:
    """Refused for a login that nobody has, and where the accepting person is named themself."""
    staff_id = desk.session.scalar(select(StaffMember.id).where(StaffMember.login == login.lower()))
    if staff_id is None:
        raise refuse(
            "staff_unknown", f"没有登录名为“{login[:60]}”的工作人员", text_en="No such member of staff."
        )
    if desk.actor.key == f"staff:{staff_id}":
        raise refuse(
            "own_work",
            "投诉涉及您本人，请退还任务，由他人受理",
            text_en="The complaint concerns you: somebody else takes it.",
            source=complaints.SOURCE,
        )
    keep_away(desk.session, desk.case.id, why="named", staff_id=staff_id)
