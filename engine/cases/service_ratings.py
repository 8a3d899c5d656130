"""Rating a finished matter (好差评): signed in on one's own page, by the link of the short message, at a kiosk (SERV-02).

Whoever it was for rates, and nobody for them: a member of staff who is signed in is turned away at every door.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.public_forms import too_often
from engine.cases.rating_invites import matter_name, rater_of
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.feedback import ratings
from engine.feedback.ratings import CHANNEL_NAMES, GROUNDS, SCORES, STATUS_NAMES, Channel
from engine.feedback.tables import RatingInvitation, ServiceRating
from engine.store.sight import seen_as
from engine.values import SYSTEM, Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase

#: for pages
GRADES, REASONS, CHANNELS = SCORES, GROUNDS, CHANNEL_NAMES
WORDS_MAX = ratings.WORDS_MAX
_OWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was chosen and written."""

    #: 5 very satisfied … 1 very dissatisfied; 0: nothing chosen
    score: int
    grounds: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRating:
    """A matter that waits to be rated."""

    invitation_id: int
    matter: str
    #: number of the case; empty on a page that nobody signed in for
    case_key: str
    finished_on: date
    open_until: date
    #: it was rated badly, and has been made good since
    once_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRating:
    """A rating that the actor gave, and how far a bad one is made good."""

    rating_id: int
    matter: str
    case_id: CaseId | None
    case_key: str
    score: int
    score_name: str
    #: what was ticked and written
    said: str
    rated_at: datetime
    channel_name: str
    status: str
    status_name: str
    fix_by: date | None
    #: empty until it is answered
    reply: str
    once_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MyRatings:
    """What the actor may rate, and has rated."""

    to_rate: tuple[AskedRating, ...]
    rated: tuple[GivenRating, ...]


def my_ratings(office: Office, actor: Actor) -> MyRatings | Refusal:
    """What waits for the actor's rating, and what they rated, newest first."""
    if actor.kind not in ("person", "employer"):
        return _staff_never()
    with office.store.reading() as session:
        return MyRatings(to_rate=_asked(session, office, actor.key), rated=_given(session, actor.key))


def rate_own(office: Office, actor: Actor, invitation_id: int, given: Given) -> Done | Refusal:
    """The actor rates a matter of their own, signed in."""
    if actor.kind not in ("person", "employer"):
        return _staff_never()

    def work(session: Session) -> Done:
        asked = session.get(RatingInvitation, invitation_id)
        if asked is None or asked.rater != actor.key:
            raise RefusedError(_UNKNOWN)
        return _rated(session, office, asked, given, channel="web", actor=actor)

    return attempt(office, actor, work, subject=f"rating_invitation:{invitation_id}", stream="feedback")


def asked_by_link(office: Office, signed_in: Actor | None, token: str) -> AskedRating | Refusal:
    """The matter that the link is for. Says of it no more than what it is and when it was finished."""
    if signed_in is not None and signed_in.kind not in ("person", "employer"):
        return _staff_never()
    with office.store.beyond("whoever has the link is asked of the one matter that it is for") as session:
        asked = ratings.of_token(session, office.vault, token)
        if asked is None:
            return Refusal(reasons=(_UNKNOWN,))
        over = ratings.why_not(session, asked, office.today)
        if over is not None:
            return Refusal(reasons=(over,))
        return _record(session, asked, case_key="")


def rate_by_link(
    office: Office, signed_in: Actor | None, token: str, given: Given, *, visitor: str, kiosk: bool = False
) -> Done | Refusal:
    """Whoever has the link rates the one matter that it is for, once."""
    if signed_in is not None and signed_in.kind not in ("person", "employer"):
        return _staff_never()
    over = too_often(office, "kiosk" if kiosk else "rating", visitor)
    if over:
        return over

    def work(session: Session) -> Done:
        asked = ratings.of_token(session, office.vault, token)
        if asked is None:
            raise RefusedError(_UNKNOWN)
        channel: Channel = "kiosk" if kiosk else "link"
        return _rated(session, office, asked, given, channel=channel, actor=rater_of(asked))

    return attempt(office, SYSTEM, work, subject="rating_link", stream="feedback")


def link_of_code(office: Office, signed_in: Actor | None, code: str, *, visitor: str) -> str | Refusal:
    """The link for a number typed at a kiosk. Wrong numbers are counted: five, and the number is dead."""
    if signed_in is not None and signed_in.kind not in ("person", "employer"):
        return _staff_never()
    over = too_often(office, "kiosk", visitor)
    if over:
        return over
    # committed whatever comes of it: a wrong guess is on record; nobody is signed in at a kiosk
    with seen_as(None), office.store.transaction() as session:
        asked = ratings.of_code(session, office.vault, code.replace(" ", ""))
        token = ratings.token_of(office.vault, asked.id) if asked else ""
    return token or Refusal(reasons=(_WRONG_CODE,))


def _rated(
    session: Session, office: Office, asked: RatingInvitation, given: Given, *, channel: Channel, actor: Actor
) -> Done:
    rating = ratings.rate(
        session,
        asked,
        score=given.score,
        grounds=given.grounds,
        words=given.words,
        channel=channel,
        actor=actor,
        now=office.clock(),
    )
    if rating.status == "waiting":
        return Done(message="评价已收到。很抱歉没有让您满意，会有人在规定的时限内给您回电话")
    return Done(message="评价已收到，谢谢您")


def _asked(session: Session, office: Office, rater: str) -> tuple[AskedRating, ...]:
    rated = select(ServiceRating.invitation_id).where(ServiceRating.rater == rater)
    query = (
        select(RatingInvitation, WorkflowCase.case_key)
        .join(WorkflowCase, WorkflowCase.id == RatingInvitation.of_case_id)
        .where(
            RatingInvitation.rater == rater,
            RatingInvitation.open_until >= office.today,
            RatingInvitation.id.not_in(rated),
        )
        .order_by(RatingInvitation.id.desc())
        .limit(_OWN)
    )
    return tuple(_record(session, asked, case_key=key) for asked, key in session.execute(query))


def _record(session: Session, asked: RatingInvitation, *, case_key: str) -> AskedRating:
    return AskedRating(
        invitation_id=asked.id,
        matter=matter_name(session, asked.process_id),
        case_key=case_key,
        finished_on=asked.finished_on,
        open_until=asked.open_until,
        once_more=asked.round > 1,
    )


def _given(session: Session, rater: str) -> tuple[GivenRating, ...]:
    query = (
        select(ServiceRating, WorkflowCase.case_key)
        .join(WorkflowCase, WorkflowCase.id == ServiceRating.of_case_id)
        .where(ServiceRating.rater == rater)
        .order_by(ServiceRating.id.desc())
        .limit(_OWN)
    )
    return tuple(
        GivenRating(
            rating_id=rating.id,
            matter=matter_name(session, rating.process_id),
            case_id=CaseId(rating.of_case_id),
            case_key=key,
            score=rating.score,
            score_name=SCORES[rating.score][0],
            said=ratings.said_of(rating),
            rated_at=rating.rated_at,
            channel_name=CHANNEL_NAMES[rating.channel][0],
            status=rating.status,
            status_name=STATUS_NAMES[rating.status],
            fix_by=rating.fix_by,
            reply=rating.reply or "",
            once_more=rating.round > 1,
        )
        for rating, key in session.execute(query)
    )


_UNKNOWN = Reason(
    code="no_such_rating",
    text="没有这项待评价的事项，请核对链接，或登录后在“我的评价”里评价",
    text_en="Nothing to be rated here. Check the link, or sign in and open “My ratings”.",
    source=ratings.SOURCE,
)
_WRONG_CODE = Reason(
    code="wrong_code",
    text="评价码不对，或已失效；请核对短信中的数字，或登录后评价",
    text_en="The number is wrong or no longer valid. Check the short message, or sign in to rate.",
    source=ratings.SOURCE,
)


def _staff_never() -> Refusal:
    return Refusal(
        reasons=(
            Reason(
                code="not_for_staff",
                text="评价由办事人本人作出，工作人员不得代评；请先退出登录",
                text_en="Whom the matter was for rates it; staff never do so for them. Sign out first.",
                source=ratings.SOURCE,
            ),
        )
    )
