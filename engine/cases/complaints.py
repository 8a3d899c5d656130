"""Complaining about the service: signed in, by a name or by nobody known, or typed at the counter (SERV-03).

Each complaint has a code by which whoever has it reads the answer and may object once. Whoever it names, and whoever
had a hand in the matter that it is about, keeps away from its case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.public_forms import too_often
from engine.cases.rating_invites import staff_who_are
from engine.cases.region_choices import region_choices
from engine.cases.rows import region_names
from engine.cases.start import next_case, start_case
from engine.cases.steps import around, attempt, pass_on
from engine.cases.views import Done, FieldFaults
from engine.duties import StaffMember, keep_away
from engine.feedback import complaints as kept
from engine.feedback.complaints import CHANNELS, FINDINGS, KINDS, REVIEWS, STATUS_NAMES
from engine.feedback.complaints import Told as Told
from engine.feedback.tables import Complaint
from engine.people import Employer, Person
from engine.values import SYSTEM, Actor, Reason, Refusal, RefusedError
from engine.workflow.runner import NotWaitingError
from engine.workflow.tables import WorkflowCase

#: for pages
KIND_NAMES, CHANNEL_NAMES, TEXT_MAX = KINDS, CHANNELS, kept.TEXT_MAX
#: how a clerk was told
AT_THE_COUNTER = tuple(channel for channel in CHANNELS if channel != "web")
_PROCESS = "complaint"
_OWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Complained:
    """The complaint was taken in. The code is told once, here, and kept nowhere."""

    message: str
    complaint_id: int
    case_key: str
    #: four groups of four signs
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintView:
    """A complaint as its complainant sees it."""

    complaint_id: int
    case_key: str
    kind_name: str
    region_name: str
    text: str
    received_at: datetime
    status: str
    status_name: str
    answer_by: date | None
    #: empty unless it was passed on
    passed_to: str
    passed_why: str
    #: empty until it is answered
    finding_name: str
    answer: str
    answered_at: datetime | None
    object_until: date | None
    may_object: bool
    objection: str
    #: empty until the objection is answered
    review_name: str
    review_answer: str


def complain(
    office: Office, actor: Actor | None, told: Told, *, region: str = "", of_case: str = "", visitor: str = ""
) -> Complained | FieldFaults | Refusal:
    """The complaint, with its case and its code. ``actor`` None: nobody is signed in, and ``visitor`` is counted.

    A member of staff enters one at the counter, with the duty of intake. Refused where no office here serves the region.
    """
    faults = kept.faults_of(told)
    staff = actor is not None and actor.kind == "staff"
    if told.channel not in (AT_THE_COUNTER if staff else ("web",)):
        faults["channel"] = _fault("channel", "请选择收到投诉的途径", "Say how it came.")
    if faults:
        return FieldFaults(faults=faults)
    over = too_often(office, "complaint", visitor) if actor is None else None
    if over:
        return over

    places = served(office, actor or SYSTEM)

    def work(session: Session) -> Complained:
        about = session.scalars(
            select(WorkflowCase).where(WorkflowCase.case_key == of_case.strip())
        ).one_or_none()
        home = _home(session, office, actor)
        where = about.region_code if about else region or (home if home in places else office.settings.region)
        if where not in places:
            raise RefusedError(
                _fault("region", "请选择本机构经办的地区", "Choose a region that this office serves.")
            )
        if staff:
            require_duty(session, office, actor or SYSTEM, "intake", where)
        return _begun(session, office, actor, told, where=where, about=about)

    return attempt(office, actor or SYSTEM, work, subject="complaints", stream="feedback")


def served(office: Office, actor: Actor) -> dict[str, tuple[str, str]]:
    """The regions that this office serves, with their names in Chinese and English."""
    return {
        each.code: (each.name, each.english)
        for group in region_choices(office, actor).groups
        for each in group.regions
        if not each.peer_name
    }


def my_complaints(office: Office, actor: Actor) -> tuple[ComplaintView, ...] | Refusal:
    """The complaints that the actor made signed in, newest first."""
    if actor.kind not in ("person", "employer"):
        return Refusal(reasons=(_UNKNOWN,))
    with office.store.reading() as session:
        query = select(Complaint).where(Complaint.complainant == actor.key).order_by(Complaint.id.desc())
        return tuple(_view(session, office, each) for each in session.scalars(query.limit(_OWN)))


def complaint_by_code(office: Office, code: str, *, visitor: str) -> ComplaintView | Refusal:
    """The complaint that the code is for, for whoever has it."""
    over = too_often(office, "look_up", visitor)
    if over:
        return over
    with office.store.beyond("whoever has the code sees the one complaint that it is of") as session:
        found = kept.of_code(session, office.vault, code)
        return _view(session, office, found) if found else Refusal(reasons=(_UNKNOWN,))


def object_to_answer(office: Office, actor: Actor, complaint_id: int, *, why: str) -> Done | Refusal:
    """The one objection of who complained signed in; a superior reviews the answer."""

    def work(session: Session) -> Done:
        found = session.get(Complaint, complaint_id, with_for_update=True)
        if found is None or actor.kind == "staff" or found.complainant != actor.key:
            raise RefusedError(_UNKNOWN)
        return _objected(session, office, actor, found, why)

    return attempt(office, actor, work, subject=f"complaint:{complaint_id}", stream="feedback")


def object_by_code(office: Office, code: str, *, why: str, visitor: str) -> Done | Refusal:
    """The one objection of whoever has the code."""
    over = too_often(office, "look_up", visitor)
    if over:
        return over

    def work(session: Session) -> Done:
        found = kept.of_code(session, office.vault, code)
        if found is None:
            raise RefusedError(_UNKNOWN)
        session.refresh(found, with_for_update=True)
        return _objected(session, office, SYSTEM, found, why)

    return attempt(office, SYSTEM, work, subject="complaint_code", stream="feedback")


def _begun(
    session: Session,
    office: Office,
    actor: Actor | None,
    told: Told,
    *,
    where: str,
    about: WorkflowCase | None,
) -> Complained:
    complainant = actor.key if actor is not None and actor.kind in ("person", "employer") else ""
    # the office is its subject: lists and inboxes tell nobody who complained
    case = next_case(session, office, _PROCESS, region=where, subject=f"office:{where}")
    complaint, code = kept.take(
        session,
        office.vault,
        told,
        case=case,
        of_case_id=about.id if about else None,
        complainant=complainant,
        actor=actor or SYSTEM,
        now=office.clock(),
    )
    _keep_away(session, complaint)
    data = {
        "complaint_id": complaint.id,
        "complaint_kind": KINDS[told.kind][0],
        "complaint_text": complaint.text,
        "complaint_about": complaint.about_staff or "没有写",
        "complaint_of_case": about.case_key if about else "没有写",
        "complaint_channel": CHANNELS[told.channel][0],
    }
    start_case(office, session, actor or SYSTEM, case, data)
    message = f"投诉已收到，编号 {case.key}。被投诉的人、办过该事项的人不参与处理"
    return Complained(message=message, complaint_id=complaint.id, case_key=case.key, code=code)


def _keep_away(session: Session, complaint: Complaint) -> None:
    """Who had a hand in the matter, whom the complaint names, and the complainant, if a colleague."""
    if complaint.of_case_id is not None:
        keep_away(session, complaint.case_id, why="own_work", of_case_id=complaint.of_case_id)
    named = select(StaffMember.id, StaffMember.name, StaffMember.login).where(StaffMember.active)
    for staff_id, name, login in session.execute(named):
        words = complaint.about_staff.lower().replace("，", " ").replace("、", " ").replace(",", " ").split()
        if name in complaint.about_staff or login in words:
            keep_away(session, complaint.case_id, why="named", staff_id=staff_id)
    for staff_id in staff_who_are(session, complaint.complainant):
        keep_away(session, complaint.case_id, why="complainant", staff_id=staff_id)


def _objected(session: Session, office: Office, actor: Actor, complaint: Complaint, why: str) -> Done:
    kept.object_to(session, complaint, why=why, actor=actor, now=office.clock())
    try:
        stepped = office.runner.deliver(
            session,
            kind="message",
            name="complaint_objected",
            correlation=str(complaint.id),
            payload={"objection_reason": why.strip()},
            around=around(office, session, actor),
            case_id=complaint.case_id,
        )
    except NotWaitingError as late:
        raise RefusedError(_fault("late", "现在不能提出异议", "There is nothing to object to now.")) from late
    for each in stepped:
        pass_on(session, each, now=office.clock())
    return Done(message="异议已收到，由上级机关复核后答复您", case_key=complaint.case_key)


def _view(session: Session, office: Office, complaint: Complaint) -> ComplaintView:
    open_to_objection = complaint.status == "answered" and complaint.object_until is not None
    return ComplaintView(
        complaint_id=complaint.id,
        case_key=complaint.case_key,
        kind_name=KINDS[complaint.kind][0],
        region_name=region_names(session, {complaint.region_code})[complaint.region_code],
        text=complaint.text,
        received_at=complaint.received_at,
        status=complaint.status,
        status_name=STATUS_NAMES[complaint.status],
        answer_by=complaint.answer_by,
        passed_to=complaint.passed_to or "",
        passed_why=complaint.passed_why or "",
        finding_name=FINDINGS.get(complaint.finding or "", ""),
        answer=complaint.answer or "",
        answered_at=complaint.answered_at,
        object_until=complaint.object_until,
        may_object=open_to_objection and office.today <= (complaint.object_until or office.today),
        objection=complaint.objection or "",
        review_name=REVIEWS.get(complaint.review_finding or "", ""),
        review_answer=complaint.review_answer or "",
    )


def _home(session: Session, office: Office, actor: Actor | None) -> str:
    """Where the actor belongs; the office's own region for everybody else."""
    found: str | None = None
    if actor is not None and actor.kind == "person":
        found = session.scalar(select(Person.region_code).where(Person.id == actor.id))
    elif actor is not None and actor.kind == "employer":
        found = session.scalar(select(Employer.region_code).where(Employer.id == actor.id))
    elif actor is not None:
        found = actor.region
    return found or office.settings.region


def _fault(field: str, text: str, text_en: str) -> Reason:
    return Reason(code=f"{field}_missing", text=text, text_en=text_en, source=kept.SOURCE)


_UNKNOWN = Reason(
    code="no_such_complaint",
    text="没有这件投诉，请核对查询码",
    text_en="No such complaint. Check the look-up code.",
    source=kept.SOURCE,
)
