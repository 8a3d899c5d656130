"""Asking for ratings, taking them by short message, and opening the cases of bad ones: what the sweep does (SERV-02, SERV-05).

Whoever a finished matter was for is asked once, on their own page and by a short message; nobody else can answer: the
link and the number are derived from the office's secret when the message goes out, and stand nowhere else.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

import orjson
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from engine.cases.contacts import phone_for
from engine.cases.office import Office
from engine.cases.sms import IncomingSms, collect_sms, send_sms
from engine.cases.start import next_case, start_case
from engine.cases.steps import carry_out
from engine.duties import StaffMember, keep_away
from engine.feedback import ratings
from engine.feedback.tables import RatingInvitation, ServiceRating, SmsReply
from engine.law.policy import PolicyGap
from engine.law.time_limits import deadline
from engine.people import Person
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import mask_numbers
from engine.store.outbox import OutboxMessage
from engine.values import CHINA, SYSTEM, Actor, Reason, Refusal, RefusedError
from engine.workflow.runner import StepFailedError
from engine.workflow.tables import ProcessVersion, WorkflowCase

#: what the office does of its own accord, and what is rated at its other end, is not asked about
UNRATED = frozenset(
    {"rating", "complaint", "stop", "recovery", "listing", "suspicion", "transfer_out", "reduction"}
)
_PROCESS = "rating"
_NO_CALENDAR = Reason(
    code="calendar_gap",
    text="缺少当年的工作日历，回访和整改期限不能计算",
    text_en="A year of the calendar is missing: the time to call back cannot be reckoned.",
)
_ANSWER = re.compile(r"\s*([1-5])\s*(?:[# ]\s*([0-9]{1,12}))?\s*")


def invite_due(office: Office, limit: int = 100) -> int:
    """How many people and employers were asked now to rate what was finished for them; each matter once."""
    try:
        open_days = office.book.at("feedback.rating_open", office.settings.region, office.today).count
    except PolicyGap:
        return 0

    def work(session: Session) -> int:
        found = session.execute(
            select(
                WorkflowCase.id, WorkflowCase.process_id, WorkflowCase.region_code, WorkflowCase.subject,
                WorkflowCase.ended_at,
            )
            .where(
                WorkflowCase.status == "completed",
                WorkflowCase.ended_at > office.clock() - timedelta(days=open_days),
                WorkflowCase.process_id.not_in(UNRATED),
                or_(WorkflowCase.subject.startswith("person:"), WorkflowCase.subject.startswith("employer:")),
                ~exists().where(RatingInvitation.of_case_id == WorkflowCase.id),
            )
            .order_by(WorkflowCase.ended_at)
            .limit(limit)
        ).all()  # fmt: skip
        invited = sum(
            ratings.invite(
                session,
                office.book,
                of_case_id=case_id,
                process_id=process_id,
                region=region,
                rater=subject,
                round_number=1,
                finished_on=ended_at.astimezone(CHINA).date(),
                now=office.clock(),
            )
            is not None
            for case_id, process_id, region, subject, ended_at in found
            if ended_at is not None
        )
        if invited:
            append(
                session, stream="feedback", action=Action.RATINGS_INVITED, actor=SYSTEM, subject="ratings",
                after={"invited": invited}, now=office.clock(),
            )  # fmt: skip
        return invited

    done = carry_out(office, SYSTEM, work, subject="ratings", stream="feedback")
    return 0 if isinstance(done, Refusal) else done


def send_invitation(office: Office, message_id: int) -> bool:
    """The short message to whoever is asked, where a telephone of theirs is known; the own page asks in any case."""
    with office.store.transaction() as session:
        wanted = _to_send(session, office, message_id)
    if wanted is None:
        return True
    key, phone, text = wanted
    receipt = send_sms(office, key=key, phone=phone, text=text)
    with office.store.transaction() as session:
        outbox.mark_sent(session, message_id, now=office.clock(), receipt=receipt)
    return True


def collect_replies(office: Office) -> int:
    """How many replies to short messages were taken in; swept."""
    return collect_sms(office, take_reply)


def take_reply(office: Office, sms: IncomingSms) -> bool:
    """Take one reply in, once: ``4`` rates the one matter that its telephone was asked, ``4#17`` the one of that number.

    False where it could not be looked at now. What is no rating is kept with why.
    """

    def work(session: Session) -> bool:
        if session.scalar(select(exists().where(SmsReply.message_number == sms.message_number))):
            return True
        index = office.vault.index(_bare(sms.phone))
        outcome, rating_id = _rated(session, office, index, sms.text)
        session.add(
            SmsReply(
                message_number=sms.message_number,
                phone_index=index,
                text=mask_numbers(sms.text),
                taken_at=office.clock(),
                outcome=outcome,
                rating_id=rating_id,
            )
        )
        return True

    done = carry_out(office, SYSTEM, work, subject="sms_reply", stream="feedback")
    # a message that another worker has just taken in is refused by its number, and taken all the same
    return not isinstance(done, Refusal) or done.reasons[0].code != "busy"


def open_bad_ratings(office: Office, limit: int = 100) -> int:
    """How many bad ratings got their case now; swept. One waits while its time cannot be reckoned (no calendar yet)."""
    with office.store.reading() as session:
        if session.scalar(select(exists().where(ProcessVersion.process_id == _PROCESS))) is not True:
            return 0
        query = select(ServiceRating).where(ServiceRating.status == "waiting").order_by(ServiceRating.id)
        waiting = [each.id for each in session.scalars(query.limit(limit)) if _limits(office, each)]
    return sum(_opened(office, rating_id) for rating_id in waiting)


def start_bad_rating(session: Session, office: Office, rating: ServiceRating) -> int:
    """The case in which the bad rating is made good; the caller has locked the rating.

    Its subject is the office: who gave it is known to those who handle it, and to nobody whose work it was about.
    """
    limits = _limits(office, rating)
    if limits is None:
        raise RefusedError(_NO_CALENDAR)
    call_back_by, fix_by = limits
    case = next_case(
        session, office, _PROCESS, region=rating.region_code, subject=f"office:{rating.region_code}"
    )
    keep_away(session, case.id, why="own_work", of_case_id=rating.of_case_id)
    for staff_id in staff_who_are(session, rating.rater):
        keep_away(session, case.id, why="complainant", staff_id=staff_id)
    rated = session.get(WorkflowCase, rating.of_case_id)
    data = {
        "rating_id": rating.id,
        "rated_case_key": rated.case_key if rated else "",
        "rated_matter": matter_name(session, rating.process_id),
        "rating_score": ratings.SCORES[rating.score][0],
        "rating_said": ratings.said_of(rating) or "没有写",
        "rating_channel": ratings.CHANNEL_NAMES[rating.channel][0],
        "call_back_by": call_back_by.isoformat(),
        "fix_by": fix_by.isoformat(),
    }
    start_case(office, session, SYSTEM, case, data)
    rating.case_id, rating.status = case.id, "open"
    rating.call_back_by, rating.fix_by = call_back_by, fix_by
    session.flush()
    return case.id


def staff_who_are(session: Session, key: str) -> tuple[int, ...]:
    """The members of staff who are the person with that actor key: nobody handles their own."""
    kind, _, number = key.partition(":")
    if kind != "person" or not number.isdigit():
        return ()
    same = select(StaffMember.id).join(Person, Person.id_number_index == StaffMember.id_number_index)
    return tuple(session.scalars(same.where(Person.id == int(number))))


def matter_name(session: Session, process_id: str) -> str:
    """The name that the newest diagram of the matter has; the id where it has none."""
    newest = select(ProcessVersion.name).where(ProcessVersion.process_id == process_id)
    return session.scalar(newest.order_by(ProcessVersion.number.desc()).limit(1)) or process_id


def _opened(office: Office, rating_id: int) -> bool:
    def work(session: Session) -> bool:
        rating = session.scalars(
            select(ServiceRating)
            .where(ServiceRating.id == rating_id, ServiceRating.status == "waiting")
            .with_for_update(of=ServiceRating, skip_locked=True)
        ).one_or_none()
        if rating is None:
            return False
        start_bad_rating(session, office, rating)
        return True

    try:
        return carry_out(office, SYSTEM, work, subject=f"rating:{rating_id}", stream="feedback") is True
    except StepFailedError:
        # it still waits for its case: the next sweep tries again
        return False


def _limits(office: Office, rating: ServiceRating) -> tuple[date, date] | None:
    """By when to call back and to make good, from the day of the rating; None where a year has no calendar."""
    found = [
        deadline(name, rating.rated_on, region=rating.region_code, book=office.book, calendar=office.calendar)
        for name in ("rating_call_back", "rating_fix")
    ]
    days = [each.day for each in found if not isinstance(each, Refusal)]
    return (days[0], days[1]) if len(days) == len(found) else None


def _rated(session: Session, office: Office, phone: bytes, text: str) -> tuple[str, int | None]:
    """What came of the text of a reply, and the rating that it made."""
    read = _ANSWER.fullmatch(unicodedata.normalize("NFKC", text))
    if read is None:
        return "unreadable", None
    rated = exists().where(ServiceRating.invitation_id == RatingInvitation.id)
    asked = select(RatingInvitation, rated).where(
        RatingInvitation.phone_index == phone, RatingInvitation.open_until >= office.today
    )
    if read[2]:
        asked = asked.where(RatingInvitation.id == int(read[2]))
    found = session.execute(asked.with_for_update(of=RatingInvitation)).all()
    waiting = [invitation for invitation, done in found if not done]
    if not waiting:
        return ("rated_before" if found else "nothing_open"), None
    if len(waiting) > 1:
        return "several_open", None
    rating = ratings.rate(
        session,
        waiting[0],
        score=int(read[1]),
        grounds=(),
        words="",
        channel="sms",
        actor=rater_of(waiting[0]),
        now=office.clock(),
    )
    return "rated", rating.id


def _bare(phone: str) -> str:
    """The number as people write it: gateways put the country before it."""
    return re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", phone.replace(" ", "").replace("-", ""))


def rater_of(invitation: RatingInvitation) -> Actor:
    """Whoever was invited, as who acts."""
    kind, _, number = invitation.rater.partition(":")
    return Actor(kind="person" if kind == "person" else "employer", id=int(number), name="")


def _to_send(session: Session, office: Office, message_id: int) -> tuple[str, str, str] | None:
    """Key, telephone and text of the message; None, and marked as sent, where there is nothing to send."""
    message = session.get_one(OutboxMessage, message_id, with_for_update=True)
    asked = session.get_one(RatingInvitation, int(orjson.loads(message.payload)["invitation_id"]))
    answered = ratings.rating_of(session, asked.id) is not None
    phone = "" if answered else phone_for(session, office, asked.rater, case_id=asked.of_case_id)
    if not phone:
        outbox.mark_sent(session, message_id, now=office.clock(), receipt="站内送达")
        return None
    if asked.phone_index is None:
        asked.phone_index = office.vault.index(_bare(phone))
    return message.key, phone, _invitation_text(session, office, asked)


def _invitation_text(session: Session, office: Office, asked: RatingInvitation) -> str:
    again = "我们已处理您的意见，请再评一次" if asked.round > 1 else "已办结，请您评价"
    grades = " ".join(f"{score}{name}" for score, (name, _english) in ratings.SCORES.items())
    return (
        f"【畅领】您的{matter_name(session, asked.process_id)}{again}："
        f"{office.settings.public_address}/rate/{ratings.token_of(office.vault, asked.id)} "
        f"或回复数字：{grades}（有几件待评的，数字后加#{asked.id}）。"
        f"自助机评价码{ratings.code_of(office.vault, asked.id)}，{asked.open_until.isoformat()}前有效。"
    )
