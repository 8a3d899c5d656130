"""Reduction reports as employer, worker and agency see them: each its own, the agency by region (SERV-03).

Proof of delivery stands beside every letter and every passing on. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, false, func, or_, select
from sqlalchemy.orm import Session

from engine.cases.files import may_see
from engine.cases.office import Office
from engine.cases.reduction_file import view_of
from engine.cases.reduction_views import CHANNELS, LISTS, ReductionList, ReductionRow, ReductionView
from engine.cases.reductions import NO_SUCH_REPORT
from engine.cases.rows import look, reaches, region_names, subject_labels
from engine.cases.views import Page
from engine.law.catalogues import ExitReason
from engine.people import Employer, Person
from engine.registers.reduction_tables import ReductionObjection, ReductionReport
from engine.registers.reductions import STATUSES
from engine.store.sight import beyond
from engine.values import Actor, CaseId, Reason, Refusal
from engine.workflow.tables import WorkflowCase

_SEEN_BY = frozenset({"intake", "review", "approve", "control", "data_steward"})
_PAGE = 50
_NOT_SEEN = Reason(
    code="no_post",
    text="减员申报由受理、复核、审批、内控稽核和数据管理岗查看",
    text_en="Reduction reports are seen by intake, review, approval, internal control and data stewards.",
    source="社会保险经办条例第四十九条（保密）",
)


def reduction_list(
    office: Office, actor: Actor, *, which: str = "all", cursor: str = ""
) -> ReductionList | Refusal:
    """The reports of the actor's regions, newest first."""
    with office.store.reading() as session:
        held = [each for each in reaches(session, office, actor) if each.duty in _SEEN_BY]
        if not held:
            return Refusal(reasons=(_NOT_SEEN,))
        inside = or_(
            *(ReductionReport.region_code.startswith(scope) for scope in {each.scope for each in held})
        )
        counted = session.execute(
            select(*(func.count().filter(_condition(name)) for name in LISTS)).where(inside)
        ).one()
        wanted = which if which in LISTS else "all"
        counts = dict(zip(LISTS, map(int, counted), strict=True))
        page = _page(session, office, actor, inside & _condition(wanted), cursor=cursor, total=counts[wanted])
        return ReductionList(which=wanted, page=page, counts=counts)


def employer_reductions(office: Office, actor: Actor, *, cursor: str = "") -> Page[ReductionRow] | Refusal:
    """What the employer itself reported, newest first."""
    if actor.kind != "employer":
        return Refusal(reasons=(NO_SUCH_REPORT,))
    with office.store.reading() as session:
        own = ReductionReport.employer_id == actor.id
        total = session.scalar(select(func.count()).select_from(ReductionReport).where(own)) or 0
        return _page(session, office, actor, own, cursor=cursor, total=total)


def days_to_report(office: Office) -> int:
    """Within how many days of the last day an employer reports (社会保险法第五十条)."""
    return office.book.at("time_limit.reduction_report", office.settings.region, office.today).count


def my_reductions(office: Office, actor: Actor) -> tuple[ReductionView, ...] | Refusal:
    """All that was reported about the person, newest first."""
    if actor.kind != "person":
        return Refusal(reasons=(NO_SUCH_REPORT,))
    with office.store.reading() as session:
        query = select(ReductionReport).where(ReductionReport.person_id == actor.id)
        found = session.scalars(query.order_by(ReductionReport.id.desc())).all()
        rows = rows_of(session, office, actor, found)
        return tuple(
            view_of(session, office, actor, each, row) for each, row in zip(found, rows, strict=True)
        )


def report_view(office: Office, actor: Actor, report_id: int) -> ReductionView | Refusal:
    """One report: the employer's own, one about the person, or one of the agency's regions; a clerk's look is recorded."""
    with office.store.transaction() as session:
        report = session.get(ReductionReport, report_id)
        if report is None or not _may_read(session, office, actor, report):
            return Refusal(reasons=(NO_SUCH_REPORT,))
        if actor.kind == "staff":
            look(session, office, actor, f"person:{report.person_id}", why=f"查看减员申报 {report.case_key}")
        (row,) = rows_of(session, office, actor, (report,))
        return view_of(session, office, actor, report, row)


def rows_of(
    session: Session, office: Office, actor: Actor, reports: Sequence[ReductionReport]
) -> tuple[ReductionRow, ...]:
    """The reports as the reader sees them; an employer reads no number of its workers."""
    with beyond(session, "the names of those in a report are for whoever sees the report"):
        people = _names(session, office, actor, reports)
        wanted = {each.employer_id for each in reports}
        employers = {
            each.id: each.name for each in session.scalars(select(Employer).where(Employer.id.in_(wanted)))
        }
    regions = region_names(session, {each.region_code for each in reports})
    objections = _latest_objections(session, [each.id for each in reports])
    cases = {
        case.id: case
        for case in session.scalars(
            select(WorkflowCase).where(WorkflowCase.id.in_([each.case_id for each in reports]))
        )
    }
    rows = []
    for each in reports:
        case, reason = cases.get(each.case_id), office.book.exit_reasons[each.reason]
        rows.append(
            ReductionRow(
                report_id=each.id,
                case_key=each.case_key,
                case_id=CaseId(case.id) if case and may_see(session, office, actor, case) else None,
                employee=people[each.person_id],
                employer=employers[each.employer_id],
                region_name=regions[each.region_code],
                exit_day=each.exit_day,
                reason=each.reason,
                reason_name=named(reason),
                meaning=reason.for_worker,
                layoff=reason.for_employer,
                reported_on=each.reported_on,
                due_on=each.due_on,
                late=each.reported_on > each.due_on,
                channel=CHANNELS[each.channel],
                status=each.status,
                status_name=STATUSES[each.status],
                given_on=each.notice_given_on,
                received_at=each.notice_received_at,
                corrections=each.revision - 1,
                objection=objections.get(each.id, ""),
            )
        )
    return tuple(rows)


def named(reason: ExitReason) -> tuple[str, str]:
    """The reason's name, Chinese and English."""
    return (reason.name, reason.name_en)


def _names(
    session: Session, office: Office, actor: Actor, reports: Sequence[ReductionReport]
) -> dict[int, str]:
    ids = {each.person_id for each in reports}
    if actor.kind == "staff":
        labels = subject_labels(session, office, {f"person:{each}" for each in ids})
        return {each: labels[f"person:{each}"] for each in ids}
    return {each.id: each.name for each in session.scalars(select(Person).where(Person.id.in_(ids)))}


def _latest_objections(session: Session, report_ids: list[int]) -> dict[int, str]:
    rows = session.execute(
        select(ReductionObjection.report_id, ReductionObjection.status)
        .where(ReductionObjection.report_id.in_(report_ids))
        .order_by(ReductionObjection.id)
    )
    return {int(report_id): status for report_id, status in rows}


def _page(
    session: Session, office: Office, actor: Actor, wanted: ColumnElement[bool], *, cursor: str, total: int
) -> Page[ReductionRow]:
    query = select(ReductionReport).where(wanted)
    if cursor.isascii() and cursor.isdigit() and len(cursor) < 12:
        query = query.where(ReductionReport.id < int(cursor))
    found = session.scalars(query.order_by(ReductionReport.id.desc()).limit(_PAGE + 1)).all()
    following = str(found[_PAGE - 1].id) if len(found) > _PAGE else ""
    return Page(rows=rows_of(session, office, actor, found[:_PAGE]), total=total, next_cursor=following)


def _condition(which: str) -> ColumnElement[bool]:
    objected = exists().where(ReductionObjection.report_id == ReductionReport.id)
    return {
        "all": ReductionReport.id.is_not(None),
        "waiting": ReductionReport.status == "reported",
        "late": ReductionReport.reported_on > ReductionReport.due_on,
        "objected": objected,
        "corrected": ReductionReport.revision > 1,
        "undelivered": (ReductionReport.status == "counted") & ReductionReport.notice_received_at.is_(None),
    }.get(which, false())


def _may_read(session: Session, office: Office, actor: Actor, report: ReductionReport) -> bool:
    match actor.kind:
        case "employer":
            return report.employer_id == actor.id
        case "person":
            return report.person_id == actor.id
        case _:
            return any(
                each.duty in _SEEN_BY and report.region_code.startswith(each.scope)
                for each in reaches(session, office, actor)
            )
