"""Signing staff in: passwords by argon2id, lock-out, and who they are today.

Not sessions or cookies (web) and not what a person may do (posts). Inside the caller's transaction,
which must commit on a refusal too: the count of failures is kept by it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.duties.posts import duties_on
from engine.duties.tables import StaffMember
from engine.values import CHINA, Actor, Reason, Refusal, RegionCode

#: failures in a row before the account is locked
FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
SHORTEST_PASSWORD = 8

# OWASP's minimum for argon2id; one lane, because a county office's server has few cores
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: what an unknown login is checked against, so that its answer takes as long; no password fits it
_NOBODY = _HASHER.hash("nobody's password is never this")


def hash_password(password: str) -> str:
    """The argon2id hash of the password, in its own encoded form."""
    return _HASHER.hash(_storable(password))


def password_refusal(login: str, password: str) -> Refusal | None:
    """Why the password is too weak for that login; None when it is not."""
    if len(password) < SHORTEST_PASSWORD or password.lower() == login:
        return _no(
            "password_weak",
            f"密码至少{SHORTEST_PASSWORD}位，且不能与登录名相同",
            f"A password has at least {SHORTEST_PASSWORD} characters and is not the login.",
        )
    return None


def set_password(session: Session, *, staff_id: int, password: str) -> Refusal | None:
    """Gives a member of staff a new password and unlocks them; refuses one that is too short or is the login."""
    member = session.get(StaffMember, staff_id, with_for_update=True)
    if member is None:
        return _no("staff_unknown", "没有这名工作人员", "No such member of staff.")
    weak = password_refusal(member.login, password)
    if weak is not None:
        return weak
    member.password_hash = hash_password(password)
    member.failed_sign_ins, member.locked_until = 0, None
    session.flush()
    return None


def sign_in(session: Session, *, login: str, password: str, now: datetime) -> Actor | Refusal:
    """Who signed in, with the duties of today.

    Refuses an unknown login and a wrong password with one and the same sentence, after the same time;
    five wrong ones in a row lock the account for 15 minutes; refuses whoever is no longer active.
    """
    asked = select(StaffMember).where(StaffMember.login == _storable(login).strip().lower())
    member = session.scalar(asked.with_for_update())
    right = _fits(member.password_hash if member else _NOBODY, password)
    if member is None:
        return _wrong()
    if member.locked_until is not None and now < member.locked_until:
        minutes = -(-(member.locked_until - now) // timedelta(minutes=1))
        return _no(
            "locked",
            f"密码多次输错，账号已锁定，请{minutes}分钟后再试",
            f"Locked after too many wrong passwords; try again in {minutes} minutes.",
        )
    if not right:
        _count_failure(member, now)
        session.flush()
        return _wrong()
    if not member.active:
        return _no("inactive", "账号已停用，请联系系统管理员", "The account is no longer active.")
    member.failed_sign_ins, member.locked_until, member.last_seen_at = 0, None, now
    if _HASHER.check_needs_rehash(member.password_hash):
        member.password_hash = hash_password(password)
    session.flush()
    return _actor(session, member, now.astimezone(CHINA).date())


def reload_actor(session: Session, staff_id: int, day: date) -> Actor | None:
    """The member of staff with the duties of that day; None when they are gone or no longer active.

    Called for each request: a post that ended this morning gives nothing this afternoon.
    """
    member = session.get(StaffMember, staff_id)
    return _actor(session, member, day) if member is not None and member.active else None


def _actor(session: Session, member: StaffMember, day: date) -> Actor:
    return Actor(
        kind="staff",
        id=member.id,
        name=member.name,
        region=RegionCode(member.region_code),
        duties=duties_on(session, member.id, day),
    )


def _fits(encoded: str, password: str) -> bool:
    try:
        return _HASHER.verify(encoded, _storable(password))
    except (VerificationError, InvalidHashError):
        return False


def _storable(typed: str) -> str:
    """What was typed, with what no database text can hold (NUL, half a surrogate pair) replaced."""
    return typed.encode("utf-8", "replace").decode().replace("\0", "?")


def _count_failure(member: StaffMember, now: datetime) -> None:
    member.failed_sign_ins += 1
    if member.failed_sign_ins >= FAILURES_ALLOWED:
        member.failed_sign_ins, member.locked_until = 0, now + LOCKED_FOR


def _wrong() -> Refusal:
    return _no("wrong_login", "登录名或密码不对", "Wrong login or password.")


def _no(code: str, sentence: str, english: str) -> Refusal:
    return Refusal(reasons=(Reason(code=code, text=sentence, text_en=english),))
