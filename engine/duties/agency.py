"""Leave substitution (委托代理): somebody stands in for a colleague with one duty, for a region and a time.

Who acts so acts in two names, and both are bound by it on the case: see ``acting``. Inside the caller's
transaction; the triggers of ``tables`` refuse the same things again.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from engine.duties.book import DutyBook
from engine.duties.posts import (
    against_duty,
    assignable,
    covers,
    may_administer,
    place_and_time,
    posts_within,
    refusal,
)
from engine.duties.tables import Agency, Post, StaffMember
from engine.values import CHINA, Actor, Reason, Refusal

_ARRANGED_BY = "内部控制：请假须办理委托代理并登记，代理人与委托人不得借此兼任不相容岗位（本系统设计）"


def make_agency(
    session: Session,
    book: DutyBook,
    *,
    principal_id: int,
    substitute_id: int,
    duty: str,
    region: str,
    day: date,
    until: date,
    longest_days: int,
    why: str,
    by: Actor,
    now: datetime,
) -> Agency | Refusal:
    """The agency, in force from ``day`` to before ``until``.

    Made by the principal, or by an administrator above for somebody absent, who then is neither of the two.
    Refuses: a post that the principal does not hold themselves for that region and time; a substitute who could not
    hold the duty beside everything that they hold or act in then; a substitute of a substitute, or of another region's
    office; a time that began before ``now`` or is longer than ``longest_days``. Until it commits, posts of both wait.
    """
    reasons = (
        *assignable(book, duty),
        *place_and_time(region, day, until),
        *_bounds(day, until, longest_days, why, now),
    )
    if reasons:
        return Refusal(reasons=reasons)
    for staff_id in sorted((principal_id, substitute_id)):
        member = session.get(StaffMember, staff_id, with_for_update=True)
        if member is None or not member.active:
            return refusal("staff_unknown", "没有这名在职工作人员", "No such active member of staff.")
    reasons = _near(session, substitute_id, region) or _who(
        session, by, principal_id, substitute_id, region, day
    )
    reasons = reasons or (
        *_held_throughout(session, book, principal_id, duty, region, day, until),
        *against_duty(session, book, substitute_id, duty, day, until),
        *_chain(session, principal_id, substitute_id, duty, day, until),
    )
    if reasons:
        return Refusal(reasons=reasons)
    agency = Agency(
        principal_id=principal_id,
        substitute_id=substitute_id,
        duty=duty,
        region_code=region,
        valid_from=day,
        valid_until=until,
        why=why.strip(),
        made_by=by.key,
        made_at=now,
    )
    session.add(agency)
    session.flush()
    return agency


def end_agency(session: Session, *, agency_id: int, day: date, by: Actor, now: datetime) -> Agency | Refusal:
    """The agency, which from now on gives nothing; ended by one of the two or an administrator above."""
    agency = session.get(Agency, agency_id, with_for_update=True)
    if agency is None or agency.ended_at is not None:
        return refusal("agency_unknown", "没有这条有效的委托代理", "No such agency in force.")
    if by.key not in {f"staff:{agency.principal_id}", f"staff:{agency.substitute_id}"}:
        reasons = may_administer(session, by, agency.region_code, day)
        if reasons:
            return Refusal(reasons=reasons)
    agency.ended_by, agency.ended_at = by.key, now
    session.flush()
    return agency


def agencies_on(session: Session, staff_id: int, day: date) -> tuple[Agency, ...]:
    """The agencies in which the member of staff may stand in for somebody that day, in order of making.

    Only those whose principal still holds the post itself, so that nothing is handed on that is not there.
    """
    found = session.scalars(
        select(Agency)
        .join(StaffMember, StaffMember.id == Agency.substitute_id)
        .where(Agency.substitute_id == staff_id, StaffMember.active, _in_force(day))
        .order_by(Agency.id)
    )
    return tuple(agency for agency in found if _principal_holds(session, agency, day))


def _in_force(day: date) -> ColumnElement[bool]:
    return and_(Agency.valid_from <= day, Agency.valid_until > day, Agency.ended_at.is_(None))


def _principal_holds(session: Session, agency: Agency, day: date) -> bool:
    held = select(Post.region_code).join(StaffMember, StaffMember.id == Post.staff_id)
    held = held.where(
        Post.staff_id == agency.principal_id,
        StaffMember.active,
        Post.duty == agency.duty,
        Post.valid_from <= day,
        or_(Post.valid_until.is_(None), Post.valid_until > day),
    )
    return any(covers(region, agency.region_code) for region in session.scalars(held))


def _bounds(day: date, until: date, longest_days: int, why: str, now: datetime) -> tuple[Reason, ...]:
    found: list[Reason] = []
    if not why.strip():
        found += refusal("why_missing", "请填写委托原因", "Say why.").reasons
    if day < now.astimezone(CHINA).date():
        found += refusal(
            "agency_in_past", "委托代理不得从过去的日期开始", "An agency does not begin in the past."
        ).reasons
    if (until - day).days > longest_days:
        found += refusal(
            "agency_too_long",
            f"一次委托代理最长{longest_days}天",
            f"An agency lasts at most {longest_days} days.",
            fact=f"{day} 至 {until}",
        ).reasons
    return tuple(found)


def _who(
    session: Session, by: Actor, principal_id: int, substitute_id: int, region: str, day: date
) -> tuple[Reason, ...]:
    if principal_id == substitute_id:
        return refusal("own_agency", "委托人与代理人不得是同一人", "Nobody stands in for themselves.").reasons
    if by.kind == "staff" and by.id == substitute_id:
        return refusal(
            "own_agency", "不得指定自己为代理人", "Nobody makes themselves a substitute.", source=_ARRANGED_BY
        ).reasons
    if by.kind == "staff" and by.id == principal_id:
        return ()
    return may_administer(session, by, region, day)


def _near(session: Session, substitute_id: int, region: str) -> tuple[Reason, ...]:
    """Nobody of another city or county gets to see the region's cases this way."""
    home = session.get_one(StaffMember, substitute_id).region_code
    if covers(home, region) or covers(region, home):
        return ()
    return refusal(
        "substitute_elsewhere",
        f"代理人不属于{region}或其上下级机构",
        "The substitute belongs to another region's office.",
        fact=home,
    ).reasons


def _held_throughout(
    session: Session, book: DutyBook, principal_id: int, duty: str, region: str, day: date, until: date
) -> tuple[Reason, ...]:
    """Only one's own post can be stood in for, and only while it is held without a break."""
    posts = [
        post
        for post in posts_within(session, principal_id, day, until)
        if post.duty == duty and covers(post.region_code, region)
    ]
    if any(
        post.valid_from <= day and (post.valid_until is None or post.valid_until >= until) for post in posts
    ):
        return ()
    duty_of = book.duty(duty)
    return refusal(
        "no_post",
        f"委托人在此期间未自始至终担任{region}的{duty_of.lane}，不能委托",
        f"The principal does not hold {duty_of.english} there throughout that time.",
    ).reasons


def _chain(
    session: Session, principal_id: int, substitute_id: int, duty: str, day: date, until: date
) -> tuple[Reason, ...]:
    days = func.agency_days(Agency.valid_from, Agency.valid_until, Agency.ended_at)
    linked = select(Agency.id).where(
        Agency.duty == duty,
        days.op("&&")(func.daterange(day, until)),
        or_(Agency.principal_id == substitute_id, Agency.substitute_id == principal_id),
    )
    if session.scalar(linked.limit(1)) is None:
        return ()
    return refusal(
        "agency_chain",
        "代理不得再转代理：代理人同期已将此岗委托他人，或委托人同期正在代理此岗",
        "A substitute has no substitute.",
        source=_ARRANGED_BY,
        verified=False,
    ).reasons
