"""Members of staff: taking somebody on, and letting them go. Inside the caller's transaction.

What they may do is given by posts; rows are never deleted, because history names them.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.duties.posts import may_administer
from engine.duties.sign_in import hash_password, password_refusal
from engine.duties.tables import Post, StaffMember
from engine.law.identity import id_number as read_id_number
from engine.values import Actor, Reason, Refusal

_LOGIN = re.compile(r"[a-z][a-z0-9._-]{2,59}")


class Indexes(Protocol):
    """What is needed of the vault."""

    def index(self, text: str) -> bytes:
        """The keyed blind index of a value."""
        ...


def add_staff(
    session: Session,
    vault: Indexes,
    *,
    login: str,
    name: str,
    region: str,
    password: str,
    day: date,
    by: Actor,
    id_number: str = "",
) -> StaffMember | Refusal:
    """The new member of staff, without any post.

    With an identity number they are kept away from a case about themselves. Refuses a login that is malformed or
    taken, a weak password, an invalid or taken identity number, a region that ``by`` does not administer on that day.
    """
    login, name = login.strip().lower(), name.strip()
    malformed = _form(login, name, region)
    if malformed:
        return Refusal(reasons=malformed)
    weak = password_refusal(login, password)
    reasons = (
        *may_administer(session, by, region, day),
        *_taken(session, login),
        *_number(session, vault, id_number),
        *(weak.reasons if weak else ()),
    )
    if reasons:
        return Refusal(reasons=reasons)
    member = StaffMember(
        login=login,
        name=name,
        id_number_index=vault.index(id_number) if id_number else None,
        password_hash=hash_password(password),
        region_code=region,
    )
    session.add(member)
    session.flush()
    return member


def let_go(session: Session, *, staff_id: int, day: date, by: Actor) -> StaffMember | Refusal:
    """The member of staff, who from now on signs in and acts no more; their posts end on that day.

    Refuses whoever does not administer the region of one of their posts, and oneself.
    """
    member = session.get(StaffMember, staff_id, with_for_update=True)
    if member is None:
        reason = Reason(code="staff_unknown", text="没有这名工作人员", text_en="No such member of staff.")
        return Refusal(reasons=(reason,))
    asked = select(Post).where(Post.staff_id == staff_id).order_by(Post.id)
    posts = [post for post in session.scalars(asked) if post.valid_until is None or post.valid_until > day]
    regions = sorted({member.region_code, *(post.region_code for post in posts)})
    against = tuple(
        reason for region in regions for reason in may_administer(session, by, region, day, staff_id=staff_id)
    )
    if against:
        return Refusal(reasons=against)
    for post in posts:
        post.valid_until = max(day, post.valid_from)
    member.active = False
    session.flush()
    return member


def _form(login: str, name: str, region: str) -> tuple[Reason, ...]:
    reasons = []
    if not _LOGIN.fullmatch(login):
        reasons.append(
            Reason(
                code="login_form",
                text="登录名须以字母开头，3至60位，只用小写字母、数字、点、横线",
                text_en="A login begins with a letter and has 3 to 60 small letters, digits, dots or dashes.",
            )
        )
    if not 1 <= len(name) <= 60 or not name.isprintable():
        reasons.append(
            Reason(code="name_form", text="姓名须为1至60字", text_en="A name has 1 to 60 characters.")
        )
    if not re.fullmatch("[0-9]{6}", region):
        reasons.append(
            Reason(
                code="region_form",
                text=f"地区代码「{region}」应当是6位数字",
                text_en="A region code has six digits.",
            )
        )
    return tuple(reasons)


def _taken(session: Session, login: str) -> tuple[Reason, ...]:
    if session.scalar(select(StaffMember.id).where(StaffMember.login == login)) is None:
        return ()
    return (Reason(code="login_taken", text=f"登录名「{login}」已有人使用", text_en="Login taken."),)


def _number(session: Session, vault: Indexes, id_number: str) -> tuple[Reason, ...]:
    if not id_number:
        return ()
    read = read_id_number(id_number)
    if isinstance(read, Refusal):
        return read.reasons
    if session.scalar(select(StaffMember.id).where(StaffMember.id_number_index == vault.index(id_number))):
        return (
            Reason(
                code="id_number_taken", text="该身份证号码已登记为工作人员", text_en="Already on the staff."
            ),
        )
    return ()
