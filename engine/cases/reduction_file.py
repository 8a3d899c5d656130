"""One reduction report with its corrections, objections and deliveries, as its reader may see them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.change_fields import FIELDS as CHANGES
from engine.cases.data_changes import STATUS_NAMES
from engine.cases.files import may_see
from engine.cases.office import Office
from engine.cases.reduction_views import (
    FIELDS,
    OBJECTION_STATES,
    AskedRow,
    CorrectionRow,
    DeliveryRow,
    ObjectionRow,
    ReductionRow,
    ReductionView,
)
from engine.cases.staff import name_of
from engine.oversight.change_tables import DataChange
from engine.registers.reduction_tables import ReductionCorrection, ReductionObjection, ReductionReport
from engine.registers.reductions import AGENCIES, PASSED_ON
from engine.store.outbox import OutboxMessage
from engine.store.sight import beyond
from engine.tasks.tables import Letter
from engine.values import Actor, CaseId
from engine.workflow.tables import WorkflowCase

_WORKER, _EMPLOYER = ("职工", "Worker"), ("单位", "Employer")


def view_of(
    session: Session, office: Office, actor: Actor, report: ReductionReport, row: ReductionRow
) -> ReductionView:
    """The report of that row; whether the reader may read it at all was asked before."""
    objections = session.scalars(
        select(ReductionObjection)
        .where(ReductionObjection.report_id == report.id)
        .order_by(ReductionObjection.id.desc())
    ).all()
    cases = [report.case_id, *(each.case_id for each in objections)]
    return ReductionView(
        row=row,
        corrections=_corrections(session, office, report),
        asked=_asked(session, report) if actor.kind != "person" else (),
        objections=tuple(_objection(session, office, actor, each) for each in objections),
        deliveries=_deliveries(session, actor, report, cases),
        can=_can(actor, report, objections[0] if objections else None),
    )


def _corrections(session: Session, office: Office, report: ReductionReport) -> tuple[CorrectionRow, ...]:
    made = session.scalars(
        select(ReductionCorrection)
        .where(ReductionCorrection.report_id == report.id)
        .order_by(ReductionCorrection.id.desc())
    )
    with beyond(session, "who asked for a correction is named to whoever sees the report"):
        return tuple(
            CorrectionRow(
                field_name=FIELDS[each.field],
                before=_value(office, each.field, each.before),
                after=_value(office, each.field, each.after),
                why=each.why,
                asked_by=name_of(session, each.asked_by),
                decided_by=name_of(session, each.decided_by),
                at=each.at,
            )
            for each in made
        )


def _value(office: Office, field: str, value: str) -> tuple[str, str]:
    if field != "reason":
        return (value, value)
    known = office.book.exit_reasons[value]
    return (known.name, known.name_en)


def _asked(session: Session, report: ReductionReport) -> tuple[AskedRow, ...]:
    """What was asked for by way of a data change; row security leaves an employer its own."""
    found = session.scalars(
        select(DataChange)
        .where(DataChange.record == "reduction", DataChange.record_id == report.id)
        .order_by(DataChange.id.desc())
    )
    return tuple(
        AskedRow(
            field_name=(CHANGES[each.field].name, CHANGES[each.field].english),
            before=each.before,
            after=each.after,
            reason=each.reason,
            status=each.status,
            status_name=STATUS_NAMES[each.status],
            asked_at=each.requested_at,
            decided_why=each.decided_why,
        )
        for each in found
    )


def _objection(session: Session, office: Office, actor: Actor, made: ReductionObjection) -> ObjectionRow:
    case = session.get(WorkflowCase, made.case_id)
    claimed = office.book.exit_reasons.get(made.claimed_reason)
    return ObjectionRow(
        case_key=case.case_key if case else "",
        case_id=CaseId(case.id) if case and may_see(session, office, actor, case) else None,
        statement=made.statement,
        claimed=(claimed.name, claimed.name_en) if claimed else ("", ""),
        made_at=made.made_at,
        employer_answer_by=made.employer_answer_by,
        employer_agrees=made.employer_agrees,
        employer_statement=made.employer_statement or "",
        status=made.status,
        status_name=OBJECTION_STATES[made.status],
        reply=made.reply or "",
    )


def _deliveries(
    session: Session, actor: Actor, report: ReductionReport, cases: list[int]
) -> tuple[DeliveryRow, ...]:
    """The letters, to the reader themself or, for staff, to everybody; and the passings on, for staff and employer."""
    wanted = [f"person:{report.person_id}", f"employer:{report.employer_id}"]
    wanted = wanted if actor.kind == "staff" else [actor.key]
    with beyond(session, "letters about a report lie in cases of which each sees one; asked by recipient"):
        letters = session.execute(
            select(Letter, OutboxMessage)
            .outerjoin(OutboxMessage, (OutboxMessage.key == Letter.key) & (OutboxMessage.kind == "letter"))
            .where(Letter.case_id.in_(cases), Letter.recipient.in_(wanted))
            .order_by(Letter.id)
        ).all()
        passed = session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.kind == PASSED_ON, OutboxMessage.case_id == report.case_id)
            .order_by(OutboxMessage.id)
        ).all()
    told = [
        DeliveryRow(
            what=(letter.title, ""),
            to=_WORKER if letter.recipient.startswith("person:") else _EMPLOYER,
            text=letter.text,
            written_at=letter.created_at,
            sent_at=message.sent_at if message else None,
            receipt=message.receipt if message else "",
        )
        for letter, message in letters
    ]
    if actor.kind == "person":
        return tuple(told)
    return (*told, *(_passed(each) for each in passed))


def _passed(message: OutboxMessage) -> DeliveryRow:
    _, agency, revision = message.key.rsplit("/", 2)
    return DeliveryRow(
        what=(f"减员信息（第{revision}版）", f"Record (version {revision})"),
        to=AGENCIES[agency],
        text="",
        written_at=message.created_at,
        sent_at=message.sent_at,
        receipt=message.receipt,
    )


def _can(actor: Actor, report: ReductionReport, latest: ReductionObjection | None) -> frozenset[str]:
    """What the reader may do; the use-cases refuse the rest anyway."""
    if report.status != "counted":
        return frozenset()
    open_now = latest is not None and latest.status == "open"
    if actor.kind == "person":
        ways = {"receive": report.notice_received_at is None, "object": not open_now}
    elif actor.kind == "employer":
        unanswered = latest is not None and open_now and latest.employer_answered_at is None
        ways = {"give": report.notice_given_on is None, "answer": unanswered, "correct": True}
    else:
        ways = {}
    return frozenset(name for name, may in ways.items() if may)
