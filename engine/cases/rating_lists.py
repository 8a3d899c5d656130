"""Bad ratings for those who make them good and those above: the list, one of them, and the number to call (SERV-02).

Whoever had a hand in the matter sees none of it: who was dissatisfied is kept from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from engine.cases.contacts import phone_for
from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.rating_invites import matter_name
from engine.cases.rows import reaches, region_names, subject_labels
from engine.cases.steps import attempt
from engine.cases.views import Page
from engine.duties import kept_away
from engine.feedback import ratings
from engine.feedback.ratings import CHANNEL_NAMES, SCORES, STATUS_NAMES
from engine.feedback.tables import RatingInvitation, ServiceRating
from engine.people import record_look
from engine.values import CHINA, Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase

#: duties that see ratings and complaints
SEEN_BY = frozenset({"control", "approve", "provincial"})
STATES = {"open": "处理中", "settled": "已答复"}
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRating:
    """One bad rating, and how far it is made good."""

    rating_id: int
    #: name with masked number
    rater: str
    matter: str
    region_name: str
    rated_case_key: str
    score: int
    score_name: str
    said: str
    channel_name: str
    rated_at: datetime
    case_id: CaseId
    case_key: str
    status: str
    status_name: str
    call_back_by: date | None
    called_at: datetime | None
    #: it was called back after its day, or its day is over
    call_back_late: bool
    fix_by: date | None
    settled_at: datetime | None
    fix_late: bool
    #: empty until it is answered
    reply: str
    #: how it was rated afterwards; empty while it was not
    again_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRatings:
    """A page of bad ratings, newest first."""

    page: Page[BadRating]
    #: open, settled; empty: both
    status: str


def bad_ratings(office: Office, actor: Actor, *, status: str = "", cursor: str = "") -> BadRatings | Refusal:
    """The bad ratings in the actor's reach, without those of their own work."""
    with office.store.reading() as session:
        scopes = scopes_of(session, office, actor)
        if not scopes:
            return Refusal(reasons=(NOT_SEEN,))
        asked = status if status in STATES else ""
        conditions = [
            or_(*(ServiceRating.region_code.startswith(scope) for scope in scopes)),
            ServiceRating.status == asked if asked else ServiceRating.status.in_(STATES),
            ~func.keeps_away(ServiceRating.case_id, actor.key),
        ]
        total = session.scalar(select(func.count()).select_from(ServiceRating).where(*conditions)) or 0
        if cursor.isdigit() and len(cursor) < 19:
            conditions.append(ServiceRating.id < int(cursor))
        query = select(ServiceRating).where(*conditions).order_by(ServiceRating.id.desc()).limit(_PAGE + 1)
        found = session.scalars(query).all()
        following = str(found[_PAGE - 1].id) if len(found) > _PAGE else ""
        rows = _rows(session, office, list(found[:_PAGE]))
        return BadRatings(page=Page(rows=rows, total=total, next_cursor=following), status=asked)


def bad_rating(office: Office, actor: Actor, rating_id: int) -> BadRating | Refusal:
    """One bad rating; the look at the person's file is recorded."""

    def work(session: Session) -> BadRating:
        rating = _seen(session, office, actor, rating_id)
        record_look(
            session, actor=actor, subject=rating.rater, why=f"查看差评 {rating.id}", now=office.clock()
        )
        return _rows(session, office, [rating])[0]

    return attempt(office, actor, work, subject=f"rating:{rating_id}", stream="feedback")


def number_to_call(office: Office, actor: Actor, rating_id: int) -> str | Refusal:
    """The telephone of the rater in full, for who calls back an open bad rating; the look is recorded with why."""

    def work(session: Session) -> str:
        rating = _seen(session, office, actor, rating_id)
        require_duty(session, office, actor, "control", rating.region_code)
        asked = session.get_one(RatingInvitation, rating.invitation_id)
        open_yet = rating.status == "open"
        phone = phone_for(session, office, asked.rater, case_id=asked.of_case_id) if open_yet else ""
        if not phone:
            raise RefusedError(
                Reason(
                    code="no_such_number",
                    text="没有可以回访的电话，或差评已经答复",
                    text_en="There is no telephone to call, or the rating was answered.",
                )
            )
        record_look(
            session,
            actor=actor,
            subject=rating.rater,
            why=f"差评回访查看电话 {rating.id}",
            now=office.clock(),
        )
        return phone

    return attempt(office, actor, work, subject=f"rating:{rating_id}", stream="feedback")


def scopes_of(session: Session, office: Office, actor: Actor) -> set[str]:
    """What the codes of the regions begin with whose ratings and complaints the actor sees; empty for others."""
    return {each.scope for each in reaches(session, office, actor) if each.duty in SEEN_BY}


def _seen(session: Session, office: Office, actor: Actor, rating_id: int) -> ServiceRating:
    rating = session.get(ServiceRating, rating_id)
    if rating is None or rating.case_id is None:
        raise RefusedError(Reason(code="no_such_rating", text="没有这件差评", text_en="No such bad rating."))
    if not any(rating.region_code.startswith(scope) for scope in scopes_of(session, office, actor)):
        raise RefusedError(NOT_SEEN)
    against = kept_away(session, rating.case_id, (actor.key,))
    if against:
        raise RefusedError(*against)
    return rating


def _rows(session: Session, office: Office, found: list[ServiceRating]) -> tuple[BadRating, ...]:
    people = subject_labels(session, office, {each.rater for each in found})
    regions = region_names(session, {each.region_code for each in found})
    rated, made_good, later = aliased(WorkflowCase), aliased(WorkflowCase), aliased(ServiceRating)
    query = (
        select(ServiceRating.id, rated.case_key, made_good.case_key, later.score)
        .outerjoin(rated, rated.id == ServiceRating.of_case_id)
        .outerjoin(made_good, made_good.id == ServiceRating.case_id)
        .outerjoin(
            later,
            (later.of_case_id == ServiceRating.of_case_id)
            & (later.rater == ServiceRating.rater)
            & (later.round == 2),
        )
        .where(ServiceRating.id.in_([each.id for each in found]))
    )
    beside = {row[0]: row for row in session.execute(query)}
    return tuple(
        _row(session, office, each, people[each.rater], regions[each.region_code], beside[each.id])
        for each in found
    )


def _row(
    session: Session,
    office: Office,
    rating: ServiceRating,
    rater: str,
    region: str,
    beside: tuple[object, ...],
) -> BadRating:
    _, rated_key, case_key, again = beside
    return BadRating(
        rating_id=rating.id,
        rater=rater,
        matter=matter_name(session, rating.process_id),
        region_name=region,
        rated_case_key=str(rated_key or ""),
        score=rating.score,
        score_name=SCORES[rating.score][0],
        said=ratings.said_of(rating),
        channel_name=CHANNEL_NAMES[rating.channel][0],
        rated_at=rating.rated_at,
        case_id=CaseId(rating.case_id or 0),
        case_key=str(case_key or ""),
        status=rating.status,
        status_name=STATUS_NAMES[rating.status],
        call_back_by=rating.call_back_by,
        called_at=rating.called_at,
        call_back_late=is_late(office, rating.call_back_by, rating.called_at),
        fix_by=rating.fix_by,
        settled_at=rating.settled_at,
        fix_late=is_late(office, rating.fix_by, rating.settled_at),
        reply=rating.reply or "",
        again_name=SCORES[again][0] if isinstance(again, int) else "",
    )


def is_late(office: Office, by: date | None, done_at: datetime | None) -> bool:
    """Whether it was done after its last day, or is not done and the day is over."""
    day = done_at.astimezone(CHINA).date() if done_at else office.today
    return by is not None and day > by


NOT_SEEN = Reason(
    code="no_post",
    text="评价和投诉由审批、内控稽核和省厅督导岗查看",
    text_en="Ratings and complaints are seen by approval, internal control and the provincial office.",
    source="社会保险经办条例第四十九条（保密）",
)
