"""Employers' reduction reports that this office took in itself, and the one answer to "why did this person leave?".

``latest_exit`` is what claims read: our own counted reports and the register of before, whichever is about the later
day. The law of the reasons is ``processes/policy/exit-reasons.yaml``. Called by operations and use-cases, inside their
transaction; who may is theirs to judge. Source: 社会保险法第五十条；鲁人社函〔2020〕10号（一）（九）.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.people import Employer
from engine.registers.contributions import ContributionHistory
from engine.registers.employers import EmployerReportRegister, ExitReport
from engine.registers.reduction_tables import ReductionCorrection, ReductionObjection, ReductionReport
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.values import Actor, Month

SOURCE = "社会保险法第五十条；鲁人社函〔2020〕10号（九）"
#: whom a report is passed on to: the insurance agency, and the public employment service
AGENCIES = {
    "insurance": ("社会保险经办机构", "Social insurance agency"),
    "employment": ("公共就业服务机构", "Public employment service"),
}
STATUSES = {
    "reported": ("待复核", "waiting for review"),
    "counted": ("已登记", "recorded"),
    "returned": ("已退回", "returned"),
}
#: outbox messages by which the agencies are told
PASSED_ON = "reduction"
Field = Literal["reason", "exit_day"]


def latest_exit(
    session: Session, register: EmployerReportRegister, *, person_id: int, id_number: str
) -> ExitReport | None:
    """The latest report about the person: ours that count, or the register's. Raises RegisterDown.

    Of two about the same day ours is the newer one: an employer that reports to us reports nowhere else any more.
    """
    told = register.exit_report(id_number)
    with beyond(
        session, "whoever asks why somebody left is asked of by their claim, wherever the report lies"
    ):
        own = session.execute(
            select(ReductionReport, Employer)
            .join(Employer, Employer.id == ReductionReport.employer_id)
            .where(ReductionReport.person_id == person_id, ReductionReport.status == "counted")
            .order_by(ReductionReport.exit_day.desc(), ReductionReport.id.desc())
            .limit(1)
        ).first()
    if own is None:
        return told
    report, employer = own
    if told is not None and told.day > report.exit_day:
        return told
    return ExitReport(
        employer_code=employer.credit_code,
        employer_name=employer.name,
        day=report.exit_day,
        reason=report.reason,
        reported_on=report.reported_on,
    )


def still_insured(session: Session, history: ContributionHistory, *, person_id: int) -> bool:
    """Whether an employer pays for the person now: what the register says, less what was reported to us since.

    A report ends the employment with its employer, however late it comes; months that the employer went on paying until
    then are not held against the worker. Who was taken on again is seen by a month that was paid after the report.
    """
    if not history.current or history.last_month is None:
        return history.current
    with beyond(session, "whether somebody has left is the same for everybody who asks"):
        reported = session.scalars(
            select(ReductionReport.reported_on)
            .join(Employer, Employer.id == ReductionReport.employer_id)
            .where(
                ReductionReport.person_id == person_id,
                ReductionReport.status == "counted",
                Employer.credit_code == history.last_employer_code,
            )
            .order_by(ReductionReport.reported_on.desc())
            .limit(1)
        ).first()
    return reported is None or history.last_month > Month.of(reported)


def report_of(session: Session, report_id: int) -> ReductionReport:
    """The report, locked."""
    return session.get_one(ReductionReport, report_id, with_for_update=True, populate_existing=True)


def decide(
    session: Session, report: ReductionReport, *, counts: bool, why: str, actor: Actor, now: datetime
) -> None:
    """The report counts from now on, or goes back to the employer; deciding twice changes nothing."""
    if report.status != "reported":
        return
    report.status, report.decided_at = "counted" if counts else "returned", now
    session.flush()
    action = Action.REDUCTION_COUNTED if counts else Action.REDUCTION_RETURNED
    _note(session, report, action, actor=actor, now=now, why=why)


def pass_on(session: Session, report: ReductionReport, *, actor: Actor, now: datetime) -> None:
    """The report, as it stands, to both agencies: once for each of them and revision."""
    for agency in AGENCIES:
        outbox.put(
            session,
            kind=PASSED_ON,
            key=passing_key(report, agency),
            payload={"report_id": report.id, "to": agency, "revision": report.revision},
            now=now,
            case_id=report.case_id,
        )
    _note(session, report, Action.REDUCTION_PASSED_ON, actor=actor, now=now, why="、".join(AGENCIES))


def passing_key(report: ReductionReport, agency: str) -> str:
    """Under which key the report as it stands goes to the agency."""
    return f"{report.case_key}/{agency}/{report.revision}"


def correct(
    session: Session,
    report: ReductionReport,
    *,
    field: Field,
    after: str,
    why: str,
    asked_by: str,
    source: str,
    actor: Actor,
    now: datetime,
) -> ReductionCorrection | None:
    """Reason or day put right by ``actor``, who is not who asked; with before and after. None: it stands so already."""
    before = report.reason if field == "reason" else report.exit_day.isoformat()
    if before == after:
        return None
    made = ReductionCorrection(
        report_id=report.id,
        field=field,
        before=before,
        after=after,
        why=why,
        asked_by=asked_by,
        decided_by=actor.key,
        source=source,
        at=now,
    )
    session.add(made)
    session.flush()
    if field == "reason":
        report.reason = after
    else:
        report.exit_day = date.fromisoformat(after)
    report.revision += 1
    session.flush()
    append(
        session,
        stream=f"case:{report.case_id}",
        action=Action.REDUCTION_CORRECTED,
        actor=actor,
        subject=f"person:{report.person_id}",
        before={field: before},
        after={field: after, "asked_by": asked_by, "source": source},
        reason=why,
        now=now,
    )
    return made


def open_objection(session: Session, report_id: int) -> ReductionObjection | None:
    """The objection to the report that is not decided yet."""
    return session.scalars(
        select(ReductionObjection).where(
            ReductionObjection.report_id == report_id, ReductionObjection.status == "open"
        )
    ).one_or_none()


def objection_of_case(session: Session, case_id: int) -> ReductionObjection:
    """The objection that the case is about, locked."""
    query = select(ReductionObjection).where(ReductionObjection.case_id == case_id)
    return session.scalars(query.with_for_update()).one()


def _note(
    session: Session, report: ReductionReport, action: Action, *, actor: Actor, now: datetime, why: str
) -> None:
    append(
        session,
        stream=f"case:{report.case_id}",
        action=action,
        actor=actor,
        subject=f"person:{report.person_id}",
        after={
            "employer": report.employer_id,
            "exit_day": report.exit_day.isoformat(),
            "reason": report.reason,
            "revision": report.revision,
        },
        reason=why,
        now=now,
    )
