"""Complaints for those who handle them and those above, in their regions; never to whom one concerns (SERV-03)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import false, func, or_, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.rating_lists import NOT_SEEN, is_late, scopes_of
from engine.cases.rows import reaches, region_names, subject_labels
from engine.cases.steps import attempt
from engine.cases.views import Page
from engine.duties import kept_away
from engine.feedback import complaints as kept
from engine.feedback.complaints import CHANNELS, FINDINGS, KINDS, REVIEWS, STATUS_NAMES
from engine.feedback.tables import Complaint
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase

STATES = STATUS_NAMES
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRow:
    """One complaint as staff see it."""

    complaint_id: int
    case_id: CaseId
    case_key: str
    kind_name: str
    channel_name: str
    region_name: str
    text: str
    #: whom it names, as written
    about_staff: str
    of_case_key: str
    #: name with masked number where they were signed in, whether by name, or anonymous
    complainant: str
    received_at: datetime
    status: str
    status_name: str
    answer_by: date | None
    answered_at: datetime | None
    late: bool
    finding_name: str
    answer: str
    passed_to: str
    passed_why: str
    objection: str
    review_name: str
    review_answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintList:
    """A page of complaints, newest first."""

    page: Page[ComplaintRow]
    status: str
    #: whether the actor enters complaints at the counter
    counter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFile:
    """One complaint with who made it."""

    complaint: ComplaintRow
    #: both empty for an anonymous one, and for one that was made signed in
    name: str
    reach: str


def complaint_list(
    office: Office, actor: Actor, *, status: str = "", cursor: str = ""
) -> ComplaintList | Refusal:
    """The complaints in the actor's reach; intake, which enters them at the counter, is shown none."""
    with office.store.reading() as session:
        counter = any(each.duty == "intake" for each in reaches(session, office, actor))
        scopes = scopes_of(session, office, actor)
        if not scopes and not counter:
            return Refusal(reasons=(NOT_SEEN,))
        asked = status if status in STATES else ""
        conditions = [
            or_(false(), *(Complaint.region_code.startswith(scope) for scope in scopes)),
            ~func.keeps_away(Complaint.case_id, actor.key),
        ]
        if asked:
            conditions.append(Complaint.status == asked)
        total = session.scalar(select(func.count()).select_from(Complaint).where(*conditions)) or 0
        if cursor.isdigit() and len(cursor) < 19:
            conditions.append(Complaint.id < int(cursor))
        query = select(Complaint).where(*conditions).order_by(Complaint.id.desc()).limit(_PAGE + 1)
        found = session.scalars(query).all()
        following = str(found[_PAGE - 1].id) if len(found) > _PAGE else ""
        rows = _rows(session, office, list(found[:_PAGE]))
        return ComplaintList(
            page=Page(rows=rows, total=total, next_cursor=following), status=asked, counter=counter
        )


def complaint_file(office: Office, actor: Actor, complaint_id: int) -> ComplaintFile | Refusal:
    """One complaint with who made it, for those who handle it; that it was looked at is on record."""

    def work(session: Session) -> ComplaintFile:
        complaint = session.get(Complaint, complaint_id)
        if complaint is None:
            raise RefusedError(
                Reason(code="no_such_complaint", text="没有这件投诉", text_en="No such complaint.")
            )
        if not any(complaint.region_code.startswith(scope) for scope in scopes_of(session, office, actor)):
            raise RefusedError(NOT_SEEN)
        against = kept_away(session, complaint.case_id, (actor.key,))
        if against:
            raise RefusedError(*against)
        append(
            session, stream=f"case:{complaint.case_id}", action=Action.PERSON_LOOKED_AT, actor=actor,
            subject=f"complaint:{complaint.id}", reason="查看投诉", now=office.clock(),
        )  # fmt: skip
        contact = kept.contact_of(office.vault, complaint)
        return ComplaintFile(
            complaint=_rows(session, office, [complaint])[0],
            name=contact.name if contact else "",
            reach=contact.reach if contact else "",
        )

    return attempt(office, actor, work, subject=f"complaint:{complaint_id}", stream="feedback")


def _rows(session: Session, office: Office, found: list[Complaint]) -> tuple[ComplaintRow, ...]:
    people = subject_labels(session, office, {each.complainant for each in found if each.complainant})
    regions = region_names(session, {each.region_code for each in found})
    about = [each.of_case_id for each in found if each.of_case_id]
    keys: dict[int, str] = dict(
        session.execute(
            select(WorkflowCase.id, WorkflowCase.case_key).where(WorkflowCase.id.in_(about))
        ).all()
    )
    return tuple(
        ComplaintRow(
            complaint_id=each.id,
            case_id=CaseId(each.case_id),
            case_key=each.case_key,
            kind_name=KINDS[each.kind][0],
            channel_name=CHANNELS[each.channel][0],
            region_name=regions[each.region_code],
            text=each.text,
            about_staff=each.about_staff,
            of_case_key=keys.get(each.of_case_id or 0, ""),
            complainant=people.get(each.complainant) or ("匿名" if each.contact is None else "留有姓名"),
            received_at=each.received_at,
            status=each.status,
            status_name=STATUS_NAMES[each.status],
            answer_by=each.answer_by,
            answered_at=each.answered_at,
            late=is_late(office, each.answer_by, each.answered_at),
            finding_name=FINDINGS.get(each.finding or "", ""),
            answer=each.answer or "",
            passed_to=each.passed_to or "",
            passed_why=each.passed_why or "",
            objection=each.objection or "",
            review_name=REVIEWS.get(each.review_finding or "", ""),
            review_answer=each.review_answer or "",
        )
        for each in found
    )
