"""Ratings of finished matters (好差评): who is asked, by which link or number, and how a bad one is made good (SERV-02).

Works inside the caller's transaction. Who may rate is settled by the link, the number, the telephone or the sign-in
that the caller has checked; here a matter is rated once, and once more after a bad rating was made good.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.feedback.tables import RatingInvitation, ServiceRating
from engine.law.policy import PolicyBook
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import Vault
from engine.values import CHINA, Actor, Reason, RefusedError

Channel = Literal["web", "link", "sms", "kiosk"]

#: the five grades of the national scale, in Chinese and English
SCORES: Mapping[int, tuple[str, str]] = {
    5: ("非常满意", "very satisfied"),
    4: ("满意", "satisfied"),
    3: ("基本满意", "fairly satisfied"),
    2: ("不满意", "dissatisfied"),
    1: ("非常不满意", "very dissatisfied"),
}
#: grades up to this one are bad ratings (差评)
BAD = 2
#: what may be ticked as the reason
GROUNDS: Mapping[str, tuple[str, str]] = {
    "attitude": ("服务态度", "how I was treated"),
    "slow": ("办得太慢", "too slow"),
    "papers": ("多要了材料", "asked for papers"),
    "steps": ("手续繁琐", "too many steps"),
    "unclear": ("没有讲清楚", "not explained well"),
    "online": ("网上不好用", "hard to use online"),
    "result": ("不认可结果", "I disagree with the result"),
}
CHANNEL_NAMES: Mapping[str, tuple[str, str]] = {
    "web": ("网上", "web"),
    "link": ("短信链接", "link"),
    "sms": ("短信回复", "SMS"),
    "kiosk": ("自助机", "kiosk"),
}
STATUS_NAMES: Mapping[str, str] = {
    "none": "已评价",
    "waiting": "待处理",
    "open": "处理中",
    "settled": "已答复",
}
WORDS_MAX = 500
SOURCE = "国办发〔2019〕51号（政务服务好差评）"
#: kind of the outbox message by which a telephone is asked
OUTBOX = "rating_invitation"
#: guesses at one number before it is dead
_GUESSES = 5
_TOKEN = re.compile(r"([1-9][0-9]{0,17})-([A-Za-z0-9_-]{22})")
_CODE = re.compile(r"([1-9][0-9]{0,12})([0-9]{6})")


def is_bad(score: int) -> bool:
    """Whether the grade is a bad rating (差评): dissatisfied or very dissatisfied."""
    return score <= BAD


def invite(
    session: Session,
    book: PolicyBook,
    *,
    of_case_id: int,
    process_id: str,
    region: str,
    rater: str,
    round_number: int,
    finished_on: date,
    now: datetime,
) -> int | None:
    """The number of the new invitation, with its message in the outbox; None where they were invited before. Idempotent.

    It is open for ``feedback.rating_open`` days; PolicyGap where that is not on file.
    """
    today = now.astimezone(CHINA).date()
    row = insert(RatingInvitation).values(
        of_case_id=of_case_id,
        process_id=process_id,
        region_code=region,
        rater=rater,
        round=round_number,
        finished_on=finished_on,
        invited_at=now,
        open_until=today + timedelta(days=book.at("feedback.rating_open", region, today).count),
    )
    once = row.on_conflict_do_nothing(index_elements=["of_case_id", "rater", "round"])
    invited = session.scalar(once.returning(RatingInvitation.id))
    if invited is not None:
        key = f"rating/{of_case_id}/{rater}/{round_number}"
        payload = {"invitation_id": invited}
        outbox.put(session, kind=OUTBOX, key=key, payload=payload, now=now, case_id=of_case_id)
    return invited


def token_of(vault: Vault, invitation_id: int) -> str:
    """What stands in the link: nobody makes one up, and it stands nowhere in the database."""
    proof = vault.token(f"rating/{invitation_id}")[:16]
    return f"{invitation_id}-{base64.urlsafe_b64encode(proof).decode().rstrip('=')}"


def code_of(vault: Vault, invitation_id: int) -> str:
    """The number to be typed at a kiosk: that of the invitation with six check digits behind it."""
    return f"{invitation_id}{int.from_bytes(vault.token(f'kiosk/{invitation_id}')[:8]) % 1_000_000:06d}"


def of_token(session: Session, vault: Vault, token: str) -> RatingInvitation | None:
    """The invitation that the link is for; None for any other text."""
    read = _TOKEN.fullmatch(token)
    if read is None or not hmac.compare_digest(token_of(vault, int(read[1])), token):
        return None
    return session.get(RatingInvitation, int(read[1]))


def of_code(session: Session, vault: Vault, code: str) -> RatingInvitation | None:
    """The invitation of the number typed at a kiosk; None for a wrong one. A number is dead after five wrong guesses."""
    read = _CODE.fullmatch(code)
    found = session.get(RatingInvitation, int(read[1]), with_for_update=True) if read else None
    if found is None or found.wrong_codes >= _GUESSES:
        return None
    if hmac.compare_digest(code_of(vault, found.id), code):
        return found
    found.wrong_codes += 1
    return None


def rating_of(session: Session, invitation_id: int) -> ServiceRating | None:
    """What was answered to the invitation; None while nothing was."""
    return session.scalars(
        select(ServiceRating).where(ServiceRating.invitation_id == invitation_id)
    ).one_or_none()


def rate(
    session: Session,
    invitation: RatingInvitation,
    *,
    score: int,
    grounds: Collection[str],
    words: str,
    channel: Channel,
    actor: Actor,
    now: datetime,
) -> ServiceRating:
    """The rating on record; a bad one of the first round waits for its case.

    RefusedError: rated_before, rating_closed (too late), score_missing, or words that are too long.
    """
    # the row lock makes two answers to one invitation wait for each other
    session.refresh(invitation, with_for_update=True)
    today = now.astimezone(CHINA).date()
    over = why_not(session, invitation, today)
    if over is not None:
        raise RefusedError(over)
    if score not in SCORES:
        raise RefusedError(_no("score_missing", "请选择一项评价", "Choose a rating."))
    if len(words.strip()) > WORDS_MAX:
        raise RefusedError(
            _no("words_too_long", f"意见最多{WORDS_MAX}字", f"At most {WORDS_MAX} characters.")
        )
    followed = is_bad(score) and invitation.round == 1
    rating = ServiceRating(
        invitation_id=invitation.id,
        of_case_id=invitation.of_case_id,
        process_id=invitation.process_id,
        region_code=invitation.region_code,
        rater=invitation.rater,
        round=invitation.round,
        score=score,
        grounds=[each for each in GROUNDS if each in grounds],
        words=words.strip(),
        channel=channel,
        rated_at=now,
        rated_on=today,
        status="waiting" if followed else "none",
    )
    session.add(rating)
    session.flush()
    append(
        session,
        stream="feedback",
        action=Action.SERVICE_RATED,
        actor=actor,
        subject=f"rating:{rating.id}",
        after={"score": score, "channel": channel, "round": rating.round, "invitation": invitation.id},
        now=now,
    )
    return rating


def call_back(rating: ServiceRating, *, now: datetime) -> None:
    """The rater was called back, or could not be reached and it stands on record."""
    if rating.called_at is None:
        rating.called_at = now


def settle(session: Session, rating: ServiceRating, *, reply: str, actor: Actor, now: datetime) -> None:
    """The bad rating was made good, another has verified it, and the rater is answered."""
    rating.status, rating.settled_at, rating.reply = "settled", now, reply
    session.flush()
    append(
        session,
        stream="feedback",
        action=Action.BAD_RATING_SETTLED,
        actor=actor,
        subject=f"rating:{rating.id}",
        after={"case": rating.case_id},
        now=now,
    )


def said_of(rating: ServiceRating) -> str:
    """What was ticked and written, in one text; empty where only a grade was given."""
    ticked = "、".join(GROUNDS[each][0] for each in rating.grounds)
    return "：".join(filter(None, (ticked, rating.words)))


def why_not(session: Session, invitation: RatingInvitation, today: date) -> Reason | None:
    """Why the invitation cannot be answered any more; None while it can."""
    if rating_of(session, invitation.id) is not None:
        return _no("rated_before", "这件事已经评价过了，谢谢您", "This matter has been rated; thank you.")
    if today > invitation.open_until:
        until = invitation.open_until.isoformat()
        text = f"评价已于{until}截止；仍有意见的，可以投诉"
        return _no("rating_closed", text, f"Rating closed on {until}; you can still complain.")
    return None


def _no(code: str, text: str, text_en: str) -> Reason:
    return Reason(code=code, text=text, text_en=text_en, source=SOURCE)
