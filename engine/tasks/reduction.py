"""Operations of ``processes/reduction.bpmn`` and ``exit-objection.bpmn``, in drawn order (SERV-03, SERV-04).

A report is counted, passed on to both agencies and told to employer and worker by the notice of how benefit is claimed
(《失业保险金申领告知书》). A worker who says that the reason is wrong has it looked into; the answer itself is the one of a
claim's objection (``claim.apply_correction``).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.law.catalogues import ExitReason
from engine.law.time_limits import deadline
from engine.people import Employer, Person
from engine.registers import reductions
from engine.registers.reduction_tables import ReductionCorrection, ReductionReport
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.tasks.catalogue import granted, operation
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter


@operation("return_reduction", title="退回减员申报")
def return_reduction(desk: Desk, *, reduction_id: int, review_note: str | None = None) -> dict[str, Any]:
    """The reviewer does not agree: nothing counts, and the employer is told why and reports anew."""
    report = reductions.report_of(desk.session, reduction_id)
    reductions.decide(
        desk.session, report, counts=False, why=review_note or "", actor=desk.actor, now=desk.now
    )
    send_letter(
        desk,
        "reduction-returned",
        recipient=f"employer:{report.employer_id}",
        employee_name=_employee(desk, report),
        exit_day=report.exit_day.isoformat(),
        reason_name=_reason(desk, report.reason).name,
        reason_name_en=_reason(desk, report.reason).name_en,
        note=review_note or "",
    )
    return {}


@operation("record_reduction", title="登记减员")
def record_reduction(desk: Desk, *, reduction_id: int, review_note: str | None = None) -> dict[str, Any]:
    """From now on claims read it."""
    report = reductions.report_of(desk.session, reduction_id)
    reductions.decide(
        desk.session, report, counts=True, why=review_note or "", actor=desk.actor, now=desk.now
    )
    return {}


@operation("pass_on_reduction", title="传送两家经办机构")
def pass_on_reduction(desk: Desk, *, reduction_id: int) -> dict[str, Any]:
    """The insurance agency and the public employment service get the same record (渝人社发〔2019〕169号三（一）4)."""
    report = reductions.report_of(desk.session, reduction_id)
    reductions.pass_on(desk.session, report, actor=desk.actor, now=desk.now)
    return {}


@operation("send_claim_notice", title="送达单位申领告知书")
def send_claim_notice(desk: Desk, *, reduction_id: int) -> dict[str, Any]:
    """The notice to the employer, to be handed to the worker; late or not, the worker loses nothing."""
    report = reductions.report_of(desk.session, reduction_id)
    reason = _reason(desk, report.reason)
    send_letter(
        desk,
        "claim-notice-employer",
        recipient=f"employer:{report.employer_id}",
        employee_name=_employee(desk, report),
        exit_day=report.exit_day.isoformat(),
        reason_name=reason.name,
        reason_name_en=reason.name_en,
        meaning=reason.for_worker[0],
        meaning_en=reason.for_worker[1],
        reported_on=report.reported_on.isoformat(),
        due_on=report.due_on.isoformat(),
        late=report.reported_on > report.due_on,
        given_on=report.notice_given_on.isoformat() if report.notice_given_on else "",
    )
    return {}


@operation("tell_employee", title="送达职工申领告知书")
def tell_employee(desk: Desk, *, reduction_id: int) -> dict[str, Any]:
    """The notice to the worker: what was reported, what it means, how benefit is claimed, how to object."""
    report = reductions.report_of(desk.session, reduction_id)
    reason = _reason(desk, report.reason)
    send_letter(
        desk,
        "claim-notice",
        recipient=f"person:{report.person_id}",
        employer_name=_employer(desk, report),
        exit_day=report.exit_day.isoformat(),
        reason_name=reason.name,
        reason_name_en=reason.name_en,
        meaning=reason.for_worker[0],
        meaning_en=reason.for_worker[1],
        reported_on=report.reported_on.isoformat(),
    )
    return {}


@operation(
    "ask_employer",
    title="请单位答复离职原因异议",
    provides=("employer_answer_by", "objection_answer_by"),
)
def ask_employer(desk: Desk, *, reduction_id: int, objection_text: str) -> dict[str, Any]:
    """The employer is told what the worker says and until when to answer; the agency decides in its own limit anyway."""
    report = reductions.report_of(desk.session, reduction_id)
    days = {
        name: granted(
            deadline(name, desk.today, region=desk.case.region, book=desk.book, calendar=desk.calendar)
        ).day.isoformat()
        for name in ("exit_objection_employer", "exit_objection")
    }
    objection = reductions.objection_of_case(desk.session, desk.case.id)
    objection.employer_answer_by = date.fromisoformat(days["exit_objection_employer"])
    desk.session.flush()
    send_letter(
        desk,
        "exit-objection-employer",
        recipient=f"employer:{report.employer_id}",
        employee_name=_employee(desk, report),
        report_key=report.case_key,
        reason_name=_reason(desk, report.reason).name,
        reason_name_en=_reason(desk, report.reason).name_en,
        objection_text=objection_text,
        answer_by=days["exit_objection_employer"],
    )
    return {
        "employer_answer_by": days["exit_objection_employer"],
        "objection_answer_by": days["exit_objection"],
    }


@operation("correct_exit_reason", title="更正减员原因")
def correct_exit_reason(
    desk: Desk, *, reduction_id: int, corrections: dict[str, Any], objection_reply: str
) -> dict[str, Any]:
    """What the worker said is right: the report is put right with before and after, passed on again, and all are told."""
    report = reductions.report_of(desk.session, reduction_id)
    made = reductions.correct(
        desk.session,
        report,
        field="reason",
        after=str(corrections.get("exit_reason") or report.reason),
        why=objection_reply,
        asked_by=desk.case.subject,
        source=f"case:{desk.case.id}",
        actor=desk.actor,
        now=desk.now,
    )
    if made is not None:
        tell_correction(desk, report, made)
    _settled(desk, status="upheld", reply=objection_reply)
    return {}


@operation("keep_exit_reason", title="维持减员原因")
def keep_exit_reason(desk: Desk, *, reduction_id: int, objection_reply: str) -> dict[str, Any]:
    """The reason stays as reported; the employer, who was asked, is told the end of it too."""
    report = reductions.report_of(desk.session, reduction_id)
    send_letter(
        desk,
        "exit-objection-kept",
        recipient=f"employer:{report.employer_id}",
        employee_name=_employee(desk, report),
        report_key=report.case_key,
        reason_name=_reason(desk, report.reason).name,
        reason_name_en=_reason(desk, report.reason).name_en,
        reply=objection_reply,
    )
    _settled(desk, status="dismissed", reply=objection_reply)
    return {}


def tell_correction(desk: Desk, report: ReductionReport, made: ReductionCorrection) -> None:
    """A report that counts and was put right goes to both agencies again, and to employer and worker in writing."""
    if report.status != "counted":
        return
    reductions.pass_on(desk.session, report, actor=desk.actor, now=desk.now)
    reason = _reason(desk, report.reason)
    for recipient in (f"employer:{report.employer_id}", f"person:{report.person_id}"):
        send_letter(
            desk,
            "reduction-corrected",
            occasion=f"{made.id}/{recipient}",
            recipient=recipient,
            employee_name=_employee(desk, report),
            employer_name=_employer(desk, report),
            report_key=report.case_key,
            field=made.field,
            before=shown(desk, made.field, made.before),
            after=shown(desk, made.field, made.after),
            meaning=reason.for_worker[0],
            meaning_en=reason.for_worker[1],
            why=made.why,
        )


def shown(desk: Desk, field: str, value: str) -> str:
    """A day as it is, a reason by its name."""
    return _reason(desk, value).name if field == "reason" else value


def _settled(desk: Desk, *, status: str, reply: str) -> None:
    objection = reductions.objection_of_case(desk.session, desk.case.id)
    if objection.status != "open":
        return
    objection.status, objection.reply, objection.decided_at = status, reply, desk.now
    desk.session.flush()
    append(
        desk.session,
        stream=f"case:{desk.case.id}",
        action=Action.EXIT_OBJECTION_DECIDED,
        actor=desk.actor,
        subject=desk.case.subject,
        after={"objection": objection.id, "status": status},
        reason=reply,
        now=desk.now,
    )


def _reason(desk: Desk, code: str) -> ExitReason:
    return desk.book.exit_reasons[code]


def _employee(desk: Desk, report: ReductionReport) -> str:
    with beyond(desk.session, "an employer named the worker itself, by number and name"):
        return desk.session.get_one(Person, report.person_id).name


def _employer(desk: Desk, report: ReductionReport) -> str:
    with beyond(desk.session, "a worker knows their employer"):
        return desk.session.get_one(Employer, report.employer_id).name
