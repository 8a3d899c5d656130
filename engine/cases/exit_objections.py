"""A worker objects to the reason that an employer reported (原因不符), and the employer answers (SERV-03, S1-05).

Both ends go into one case of ``processes/exit-objection.bpmn``: the employer is asked, the agency decides within its
limit whether it answers or not, a correction is approved by a second person. The answer to the worker is the operation
that answers an objection inside a claim. Source: 鲁人社函〔2020〕10号（一）.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.reductions import NO_REASON, NOT_RECORDED, fault, note, own_report, report_about
from engine.cases.start import next_case, start_case
from engine.cases.steps import around, attempt, pass_on
from engine.cases.views import Done, FieldFaults
from engine.people import Employer
from engine.registers.reduction_tables import ReductionObjection
from engine.registers.reductions import open_objection
from engine.store.actions import Action
from engine.store.sight import beyond
from engine.values import Actor, Refusal, RefusedError
from engine.workflow.runner import NotWaitingError
from engine.workflow.tables import WorkflowCase

PROCESS = "exit_objection"
#: longest statement of a worker or employer, in characters
TEXT_MAX = 1000


def object_to_reason(
    office: Office, actor: Actor, report_id: int, *, statement: str, claimed_reason: str = ""
) -> Done | FieldFaults | Refusal:
    """The worker says that the reason is wrong: a case in which the employer is asked and the agency decides in time.

    A claim may be filed all the same, before or after.
    """
    said = statement.strip()
    if not said or len(said) > TEXT_MAX:
        return FieldFaults(faults={"statement": _STATEMENT})
    claimed = office.book.exit_reasons.get(claimed_reason)
    if claimed_reason and claimed is None:
        return FieldFaults(faults={"claimed_reason": NO_REASON})

    def work(session: Session) -> Done:
        report = report_about(session, actor, report_id)
        if report.status != "counted":
            raise RefusedError(NOT_RECORDED)
        if open_objection(session, report.id) is not None:
            raise RefusedError(
                fault("objection_open", "您的异议正在办理", "Your objection is being dealt with.")
            )
        if claimed_reason == report.reason:
            raise RefusedError(fault("same_reason", "申报的就是这个原因", "That is the reason reported."))
        case = next_case(session, office, PROCESS, region=report.region_code, subject=actor.key)
        objection = ReductionObjection(
            case_id=case.id,
            report_id=report.id,
            statement=said,
            claimed_reason=claimed_reason,
            made_at=office.clock(),
        )
        session.add(objection)
        session.flush()
        with beyond(session, "the employer is named and written to, whose row is not the worker's"):
            data = {
                "reduction_id": report.id,
                "employer_name": session.get_one(Employer, report.employer_id).name,
                "exit_day": report.exit_day.isoformat(),
                "exit_reason": report.reason,
                "objected_field": "exit_reason",
                "objection_text": said,
                "claimed_reason_name": claimed.name if claimed else "没有写",
            }
            start_case(office, session, actor, case, data)
        note(
            session, office, actor, report, Action.EXIT_OBJECTED, after={"objection": objection.id}, why=said
        )
        return Done(message=f"异议已收到，编号 {case.key}，我们请单位答复后书面答复您", case_id=case.id, case_key=case.key)  # fmt: skip

    return attempt(office, actor, work, subject=f"reduction:{report_id}", stream="reductions")


def answer_exit_objection(
    office: Office, actor: Actor, report_id: int, *, agrees: bool, statement: str
) -> Done | FieldFaults | Refusal:
    """The employer's answer to the objection to its report, within its limit; the agency decides either way."""
    said = statement.strip()
    if not said or len(said) > TEXT_MAX:
        return FieldFaults(faults={"statement": _STATEMENT})

    def work(session: Session) -> Done:
        report = own_report(session, actor, report_id)
        objection = open_objection(session, report.id)
        if objection is None or objection.employer_answered_at is not None:
            raise RefusedError(_TOO_LATE)
        objection.employer_agrees, objection.employer_statement = agrees, said
        objection.employer_answered_at = office.clock()
        session.flush()
        with beyond(
            session, "the employer's answer goes into the worker's case, which the employer does not see"
        ):
            _answered(session, office, actor, objection)
        note(
            session, office, actor, report, Action.EXIT_OBJECTION_ANSWERED, after={"agrees": agrees}, why=said
        )
        return Done(message="答复已收到，由经办机构查清后处理")

    return attempt(office, actor, work, subject=f"reduction:{report_id}", stream="reductions")


def _answered(session: Session, office: Office, actor: Actor, objection: ReductionObjection) -> None:
    case_key = session.get_one(WorkflowCase, objection.case_id).case_key
    try:
        stepped = office.runner.deliver(
            session,
            kind="message",
            name="employer_answered",
            correlation=case_key,
            payload={
                "employer_agrees": objection.employer_agrees,
                "employer_statement": objection.employer_statement,
            },
            around=around(office, session, actor),
            case_id=objection.case_id,
        )
    except NotWaitingError as late:
        raise RefusedError(_TOO_LATE) from late
    for each in stepped:
        pass_on(session, each, now=office.clock())


_STATEMENT = fault(
    "statement_missing",
    f"请写明实际情况，不超过{TEXT_MAX}字",
    f"Say how it was, in at most {TEXT_MAX} characters.",
)
_TOO_LATE = fault(
    "not_waiting",
    "没有等待贵单位答复的异议，或者已经过了答复期限",
    "No objection waits for your answer, or the limit is over.",
)
