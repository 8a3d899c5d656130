"""Opening what an analyst rehearses of ratings and complaints. Only on the stage of a rehearsal: see ``openers``."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.complaints import complain
from engine.cases.office import Office
from engine.cases.rating_invites import start_bad_rating
from engine.cases.start import next_case
from engine.cases.steps import attempt
from engine.cases.views import Done, FieldFaults
from engine.feedback import ratings
from engine.feedback.complaints import Told
from engine.feedback.tables import Complaint, RatingInvitation
from engine.values import SYSTEM, Actor, CaseId, Reason, Refusal
from engine.workflow.rehearsal import Value


def open_rating(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    """A bad rating of a matter that was just finished for the person: ``data`` says ``score`` (1 or 2) and ``said``."""
    if subject.kind != "person":
        return Refusal(
            reasons=(Reason(code="not_a_person", text="差评须写 person", text_en="Name a person."),)
        )
    region = str(data.get("region") or office.settings.region)

    def work(session: Session) -> Done:
        finished = next_case(session, office, "claim", region=region, subject=subject.key)
        invited = ratings.invite(
            session,
            office.book,
            of_case_id=finished.id,
            process_id="claim",
            region=region,
            rater=subject.key,
            round_number=1,
            finished_on=office.today,
            now=office.clock(),
        )
        rating = ratings.rate(
            session,
            session.get_one(RatingInvitation, invited),
            score=int(str(data.get("score") or ratings.BAD)),
            grounds=("slow",),
            words=str(data.get("said") or "办得太慢"),
            channel="web",
            actor=subject,
            now=office.clock(),
        )
        case_id = start_bad_rating(session, office, rating)
        return Done(message="差评", case_id=CaseId(case_id))

    return attempt(office, SYSTEM, work, subject=subject.key)


def open_complaint(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    """A complaint of the person, or of nobody known: ``data`` says ``kind``, ``text``, ``about``."""
    told = Told(
        kind=str(data.get("kind") or "attitude"),
        text=str(data.get("text") or "窗口让我第二天再来"),
        about_staff=str(data.get("about") or ""),
    )
    who = subject if subject.kind in ("person", "employer") else None
    made = complain(office, who, told, region=str(data.get("region") or ""), visitor="rehearsal")
    if isinstance(made, FieldFaults):
        return Refusal(reasons=tuple(made.faults.values()))
    if isinstance(made, Refusal):
        return made
    with office.store.reading() as session:
        query = select(Complaint.case_id).where(Complaint.id == made.complaint_id)
        case_id = session.scalars(query).one()
    return Done(message=made.message, case_id=CaseId(case_id), case_key=made.case_key)
