"""Employers report who left, when and why (减员申报); the notice is given, received and proved (SERV-03, SERV-04).

An employer reports nobody but whom it insures now, and sees nothing but its own reports; a person sees only their own.
A late report is taken and marked late, and never held against the worker. Corrections are data changes
(``data_changes.ask_correction``), objections ``exit_objections``. Cases of ``processes/reduction.bpmn``.
Source: 社会保险法第五十条；鲁人社函〔2020〕10号（一）（五）（九）；渝人社发〔2019〕169号三（一）4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.rating_invites import staff_who_are
from engine.cases.start import next_case, start_case
from engine.cases.steps import attempt
from engine.cases.views import Done, FieldFaults
from engine.duties import keep_away
from engine.law.identity import id_number as read_id_number
from engine.law.time_limits import deadline
from engine.people import Employer, Person, ensure_person
from engine.registers import RegisterDown
from engine.registers.reduction_tables import ReductionReport
from engine.registers.reductions import SOURCE, still_insured
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.values import Actor, CaseRef, Reason, Refusal, RefusedError

PROCESS = "reduction"
_DOWN = Reason(
    code="register_down",
    text="人口或参保登记暂时没有回答，请稍后再试；没有保存任何内容",
    text_en="A register does not answer just now: try again later. Nothing was kept.",
)
#: one sentence for a wrong number, another's name and somebody else's worker: nobody learns which by trying
_NOT_YOURS = Reason(
    code="not_your_employee",
    text="号码与姓名核对不一致，或者现在不由贵单位参保，请检查后重试",
    text_en="Number and name do not agree, or the person is not insured by you now. Check and try again.",
    source=SOURCE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAsked:
    """What an employer writes about one worker; days as 2025-11-03."""

    id_number: str
    name: str
    exit_day: str
    #: code of the catalogue; a name is not enough
    reason: str
    #: when the notice was handed to the worker; may be said later
    notice_given_on: str = ""


def report_reduction(
    office: Office, actor: Actor, asked: ReportAsked, *, channel: str = "web"
) -> Done | FieldFaults | Refusal:
    """The report, with its case; counted at once unless its reason is one that a second person has to look at.

    Refused for anybody whom the employer does not insure now, and for a leaving that is reported already.
    """
    if actor.kind != "employer":
        return Refusal(reasons=(_ONLY_EMPLOYERS,))
    faults = _faults(office, asked)
    if faults:
        return FieldFaults(faults=faults)

    def work(session: Session) -> Done:
        employer = session.get_one(Employer, actor.id)
        with beyond(session, "an employer names its worker by number and name, and reads nothing of them"):
            person, region = _employee(session, office, employer, asked)
            report, case = begin(
                session,
                office,
                actor,
                asked,
                employer=employer,
                person=person,
                region=region,
                channel=channel,
            )
        late = "，已超过申报期限，照常登记，不影响职工" if report.reported_on > report.due_on else ""
        review = (
            "，原因须经办机构复核" if office.book.exit_reasons[report.reason].involuntary == "manual" else ""
        )
        message = f"{person.name}的减员申报已收到，编号 {report.case_key}{late}{review}"
        return Done(message=message, case_id=case.id, case_key=report.case_key)

    try:
        outcome = attempt(office, actor, work, subject=actor.key, stream="reductions")
    except RegisterDown:
        return Refusal(reasons=(_DOWN,))
    if isinstance(outcome, Refusal) and outcome.reasons[0].code in _FIELD_OF:
        # recorded as refused all the same: whoever tries numbers leaves a trace
        return FieldFaults(faults={_FIELD_OF[outcome.reasons[0].code]: outcome.reasons[0]})
    return outcome


def note_notice_given(
    office: Office, actor: Actor, report_id: int, *, day: str
) -> Done | FieldFaults | Refusal:
    """The day on which the employer handed the notice to the worker; said once."""
    given = _day(day)
    if given is None or given > office.today:
        return FieldFaults(faults={"day": _DAY})

    def work(session: Session) -> Done:
        report = own_report(session, actor, report_id)
        if report.notice_given_on is not None:
            raise RefusedError(fault("said_before", "已经填过，不能改", "It was said before."))
        report.notice_given_on = given
        session.flush()
        note(session, office, actor, report, Action.CLAIM_NOTICE_GIVEN, after={"given_on": given.isoformat()})
        return Done(message="已记下把告知书交给职工的日期")

    return attempt(office, actor, work, subject=f"reduction:{report_id}", stream="reductions")


def receive_notice(office: Office, actor: Actor, report_id: int) -> Done | Refusal:
    """The person confirms that they have the notice: proof of delivery. Once; again changes nothing."""

    def work(session: Session) -> Done:
        report = report_about(session, actor, report_id)
        if report.status != "counted":
            raise RefusedError(NOT_RECORDED)
        if report.notice_received_at is None:
            report.notice_received_at = office.clock()
            session.flush()
            note(session, office, actor, report, Action.CLAIM_NOTICE_RECEIVED, after={})
        return Done(message="已记下您收到告知书")

    return attempt(office, actor, work, subject=f"reduction:{report_id}", stream="reductions")


def _faults(office: Office, asked: ReportAsked) -> dict[str, Reason]:
    faults: dict[str, Reason] = {}
    number = read_id_number(asked.id_number)
    if isinstance(number, Refusal):
        faults["id_number"] = number.reasons[0]
    if not asked.name.strip():
        faults["name"] = fault("name_missing", "请填写职工姓名", "Give the worker's name.")
    exit_day = _day(asked.exit_day)
    if exit_day is None or exit_day > office.today:
        faults["exit_day"] = _DAY
    if asked.reason.strip().upper() not in office.book.exit_reasons:
        faults["reason"] = NO_REASON
    given = _day(asked.notice_given_on)
    if asked.notice_given_on.strip() and (given is None or given > office.today):
        faults["notice_given_on"] = _DAY
    return faults


def _employee(session: Session, office: Office, employer: Employer, asked: ReportAsked) -> tuple[Person, str]:
    """Whom the population register has under number and name and this employer insures now; with where."""
    record = office.registers.population.person(asked.id_number)
    if record is None or record.name != asked.name.strip():
        raise RefusedError(_NOT_YOURS)
    history = office.registers.contributions.history(record.id_number)
    if history.last_employer_code != employer.credit_code or not history.current:
        raise RefusedError(_NOT_YOURS)
    region = history.region or employer.region_code
    elsewhere = office.peers.of_region(region)
    if elsewhere is not None:
        raise RefusedError(
            fault(
                "served_elsewhere",
                f"参保地由{elsewhere.name}经办，请向其申报",
                f"Report to {elsewhere.code}.",
            )
        )
    person = ensure_person(session, office.vault, record, now=office.clock(), region=region)
    if not still_insured(session, history, person_id=person.id):
        raise RefusedError(_ALREADY)
    return person, region


def begin(
    session: Session,
    office: Office,
    actor: Actor,
    asked: ReportAsked,
    *,
    employer: Employer,
    person: Person,
    region: str,
    channel: str,
) -> tuple[ReductionReport, CaseRef]:
    """The report with its case, run to its first wait. Refused where that leaving is reported already."""
    exit_day = date.fromisoformat(asked.exit_day.strip())
    waiting = select(ReductionReport.id).where(
        ReductionReport.employer_id == actor.id,
        ReductionReport.person_id == person.id,
        (ReductionReport.status == "reported")
        | ((ReductionReport.status == "counted") & (ReductionReport.exit_day == exit_day)),
    )
    if session.scalar(waiting) is not None:
        raise RefusedError(_ALREADY)
    limit = deadline("reduction_report", exit_day, region=region, book=office.book, calendar=office.calendar)
    if isinstance(limit, Refusal):
        raise RefusedError(*limit.reasons)
    case = next_case(session, office, PROCESS, region=region, subject=actor.key)
    report = ReductionReport(
        case_id=case.id,
        case_key=case.key,
        employer_id=actor.id,
        person_id=person.id,
        region_code=region,
        exit_day=exit_day,
        reason=asked.reason.strip().upper(),
        reported_on=office.today,
        due_on=limit.day,
        reported_by=actor.key,
        channel=channel,
        notice_given_on=_day(asked.notice_given_on),
    )
    session.add(report)
    session.flush()
    _start(session, office, actor, report, case, employer=employer, person=person)
    return report, case


def _start(
    session: Session,
    office: Office,
    actor: Actor,
    report: ReductionReport,
    case: CaseRef,
    *,
    employer: Employer,
    person: Person,
) -> None:
    """The case of the report; a member of staff who is the worker has no hand in it."""
    for staff_id in staff_who_are(session, f"person:{person.id}"):
        keep_away(session, report.case_id, why="named", staff_id=staff_id)
    after = {
        "exit_day": report.exit_day.isoformat(),
        "reason": report.reason,
        "due_on": report.due_on.isoformat(),
    }
    note(session, office, actor, report, Action.REDUCTION_REPORTED, after=after)
    data = {
        "reduction_id": report.id,
        "employee_name": person.name,
        "employer_name": employer.name,
        "exit_day": report.exit_day.isoformat(),
        "exit_reason": report.reason,
        "reported_on": report.reported_on.isoformat(),
        "report_due": report.due_on.isoformat(),
        "needs_review": office.book.exit_reasons[report.reason].involuntary == "manual",
    }
    start_case(office, session, actor, case, data)


def own_report(session: Session, actor: Actor, report_id: int) -> ReductionReport:
    """The employer's own report, locked; RefusedError for anybody else's."""
    found = session.get(ReductionReport, report_id, with_for_update=True, populate_existing=True)
    if actor.kind != "employer" or found is None or found.employer_id != actor.id:
        raise RefusedError(NO_SUCH_REPORT)
    return found


def report_about(session: Session, actor: Actor, report_id: int) -> ReductionReport:
    """The report about the person, locked; RefusedError for one about anybody else."""
    found = session.get(ReductionReport, report_id, with_for_update=True, populate_existing=True)
    if actor.kind != "person" or found is None or found.person_id != actor.id:
        raise RefusedError(NO_SUCH_REPORT)
    return found


def note(
    session: Session,
    office: Office,
    actor: Actor,
    report: ReductionReport,
    action: Action,
    *,
    after: Mapping[str, object],
    why: str = "",
) -> None:
    """What was done about a report, in the trail of its case."""
    append(
        session,
        stream=f"case:{report.case_id}",
        action=action,
        actor=actor,
        subject=f"person:{report.person_id}",
        after={"report": report.id, **after},
        reason=why,
        now=office.clock(),
    )


def fault(code: str, text: str, text_en: str) -> Reason:
    """Why something about a report is refused."""
    return Reason(code=code, text=text, text_en=text_en, source=SOURCE)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


NOT_RECORDED = fault("not_recorded", "这件申报还没有登记", "It is not recorded yet.")
NO_SUCH_REPORT = fault("no_such_report", "没有这件减员申报", "No such report.")
#: what is to be chosen where a reason is missing or not of the catalogue
NO_REASON = fault(
    "reason_missing",
    "请从目录中选一个离职原因，不能只写“辞职”",
    "Choose a reason of the catalogue; “left” alone is not enough.",
)
_DAY = fault(
    "day_form", "请填日期（如 2025-11-03），不能在今天之后", "Give a day such as 2025-11-03, not after today."
)
_ONLY_EMPLOYERS = fault("not_an_employer", "只有参保单位可以申报减员", "Only an employer reports.")
_ALREADY = fault(
    "reported_before",
    "这名职工的减员已经申报过；要改原因或日期，请在原申报上申请更正",
    "That leaving is reported already; to change it, ask for a correction of that report.",
)
_FIELD_OF = {
    "not_your_employee": "id_number",
    "reported_before": "id_number",
    "served_elsewhere": "id_number",
}
