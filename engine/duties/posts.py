"""Posts: giving a duty to a member of staff, ending it, and asking who holds which.

Every function works inside the caller's transaction. The triggers of ``engine.duties.tables``
refuse the same things again, for whoever reaches the database another way.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.duties.book import DutyBook
from engine.duties.tables import Agency, DutyConflict, DutyRow, Post, SameCaseConflict, StaffMember
from engine.values import Actor, Reason, Refusal, reach

_GRANTED_BY = "内部控制：岗位权限由市级以上系统管理员授予并登记（参照甘肃省社会保险经办内部控制规定）"


def covers(held: str, asked: str) -> bool:
    """Whether a post in region ``held`` reaches region ``asked``.

    A province (370000) reaches its cities and counties, a city (371500) its counties; a county only itself.
    """
    return asked.startswith(reach(held))


def sync(session: Session, book: DutyBook) -> tuple[Reason, ...]:
    """Mirrors the book into the tables of the triggers; the posts in force that a new rule forbids.

    Idempotent. A forbidden post is reported and not ended: that is for people to decide.
    """
    rows = [
        {"id": duty.id, "lane": duty.lane, "duty_class": duty.duty_class, "staff": duty.staff}
        for duty in book.duties.values()
    ]
    statement = insert(DutyRow).values(rows)
    renewed = {name: statement.excluded[name] for name in ("lane", "duty_class", "staff")}
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=renewed))
    session.execute(update(DutyRow).where(DutyRow.id.not_in(book.duties)).values(staff=False))
    _mirror(session, book)
    return tuple(_posts_in_conflict(session))


def assign_post(
    session: Session,
    book: DutyBook,
    *,
    staff_id: int,
    duty: str,
    region: str,
    day: date,
    by: Actor,
    until: date | None = None,
) -> Post | Refusal:
    """The post, in force from ``day`` to before ``until``; the same post again if it is already held.

    Refuses: a lane that is no duty of staff, a region or time that cannot be; an assigner who is no administrator
    of a city or the province above that region, one's own post; and every duty that may not be combined with one
    held, or acted in for somebody, in that time.
    Until it commits, assignments to the same person wait.
    """
    reasons = (*assignable(book, duty), *place_and_time(region, day, until))
    reasons = reasons or may_administer(session, by, region, day, staff_id=staff_id)
    if reasons:
        return Refusal(reasons=reasons)
    member = session.get(StaffMember, staff_id, with_for_update=True)
    if member is None or not member.active:
        return refusal("staff_unknown", "没有这名在职工作人员", "No such active member of staff.")
    held = posts_within(session, staff_id, day, until)
    same = next((post for post in held if post.duty == duty and covers(post.region_code, region)), None)
    if same is not None and same.valid_from <= day and same.valid_until == until:
        return same
    found = against_duty(session, book, staff_id, duty, day, until)
    if found:
        return Refusal(reasons=found)
    post = Post(
        staff_id=staff_id,
        duty=duty,
        region_code=region,
        valid_from=day,
        valid_until=until,
        assigned_by=by.key,
    )
    session.add(post)
    session.flush()
    return post


def end_post(session: Session, *, post_id: int, day: date, by: Actor) -> Post | Refusal:
    """The post, in force until before ``day``; refuses unless an administrator above it asks."""
    post = session.get(Post, post_id, with_for_update=True)
    if post is None:
        return refusal("post_unknown", "没有这条岗位记录", "No such post.")
    reasons = may_administer(session, by, post.region_code, day, staff_id=post.staff_id)
    if reasons:
        return Refusal(reasons=reasons)
    post.valid_until = max(day, post.valid_from)
    session.flush()
    return post


def may_administer(
    session: Session, by: Actor, region: str, day: date, *, staff_id: int | None = None
) -> tuple[Reason, ...]:
    """Why ``by`` may not administer staff of that region on that day; empty when they may.

    The system may; a member of staff needs the post of administrator of a city or the province above the region,
    and never administers themselves (``staff_id``).
    """
    if by.kind == "system":
        return ()
    if by.kind == "staff" and by.id == staff_id:
        return refusal("own_post", "不得给自己任命或解除岗位", "Nobody assigns posts to themselves.").reasons
    regions = [post.region_code for post in held_by(session, by, day) if post.duty == "administrator"]
    if any(_is_city_or_above(held) and covers(held, region) for held in regions):
        return ()
    return refusal(
        "not_administrator",
        f"只有本地区市级以上的系统管理岗可以任命岗位（{region}）",
        "Only an administrator of the city or province above that region assigns posts.",
        fact=by.key,
        source=_GRANTED_BY,
        verified=False,
    ).reasons


def against_duty(
    session: Session, book: DutyBook, staff_id: int, duty: str, day: date, until: date | None
) -> tuple[Reason, ...]:
    """Why the member of staff may not take up the duty in that time; empty when they may.

    Every post that they hold in it counts, and every duty in which they stand in for somebody.
    """
    period = func.agency_days(Agency.valid_from, Agency.valid_until, Agency.ended_at)
    acting = session.scalars(
        select(Agency.duty)
        .where(Agency.substitute_id == staff_id, period.op("&&")(func.daterange(day, until)))
        .order_by(Agency.id)
    )
    held = [post.duty for post in posts_within(session, staff_id, day, until)]
    return tuple(
        reason for other in dict.fromkeys((*held, *acting)) if (reason := book.conflict(other, duty))
    )


def duties_on(session: Session, staff_id: int, day: date) -> frozenset[str]:
    """The duties that the member of staff holds on that day, in any region."""
    return frozenset(post.duty for post in posts_within(session, staff_id, day, day + timedelta(days=1)))


def _is_city_or_above(region: str) -> bool:
    return region.endswith("00")


def _mirror(session: Session, book: DutyBook) -> None:
    ordered = [(a, b) for a in book.duties for b in book.duties if a != b]
    for table, rule in ((DutyConflict, book.conflict), (SameCaseConflict, book.same_case)):
        session.execute(delete(table))
        rows = [
            {"duty_a": a, "duty_b": b, "rule": reason.code, "text": reason.text, "source": reason.source}
            for a, b in ordered
            if (reason := rule(a, b))
        ]
        if rows:
            session.execute(insert(table).values(rows))


def _posts_in_conflict(session: Session) -> Iterable[Reason]:
    rows = session.execute(
        text(
            """SELECT DISTINCT c.rule, c.text, c.source, s.id, p.duty, q.duty
                 FROM staff_member s, duties_held(s.id) p, duties_held(s.id) q, duty_conflict c
                WHERE c.duty_a = p.duty AND c.duty_b = q.duty AND p.duty < q.duty AND p.days && q.days
                ORDER BY s.id, p.duty, q.duty"""
        )
    )
    for rule, sentence, source, staff_id, first, second in rows:
        yield Reason(code=rule, text=sentence, fact=f"staff:{staff_id} 任 {first}、{second}", source=source)


def assignable(book: DutyBook, duty: str) -> tuple[Reason, ...]:
    """Why nobody can be given that duty; empty for a duty of staff."""
    if duty not in book.duties:
        return refusal("duty_unknown", f"没有岗位「{duty}」", f"No duty {duty!r}.").reasons
    if not book.duty(duty).staff:
        lane = book.duty(duty).lane
        return refusal(
            "duty_not_for_staff", f"{lane}不是工作人员岗位，不能任命", "Not a duty of staff."
        ).reasons
    return ()


def place_and_time(region: str, day: date, until: date | None) -> tuple[Reason, ...]:
    """Why a duty cannot be given for that region and time at all; empty when it can."""
    if not (len(region) == 6 and region.isascii() and region.isdigit()):
        return refusal(
            "region_form", f"地区代码「{region}」应当是6位数字", "A region code has six digits."
        ).reasons
    if until is not None and until <= day:
        return refusal(
            "period_empty", f"结束日期 {until} 应当晚于开始日期 {day}", "The post would end before it begins."
        ).reasons
    return ()


def held_by(session: Session, actor: Actor, day: date) -> list[Post]:
    """The actor's own posts in force that day; none for whoever is no active member of staff."""
    return posts_within(session, actor.id, day, day + timedelta(days=1)) if actor.kind == "staff" else []


def posts_within(session: Session, staff_id: int, day: date, until: date | None) -> list[Post]:
    """Posts of an active member of staff in force at some time from ``day`` (inclusive) to before ``until``."""
    period = func.daterange(Post.valid_from, Post.valid_until)
    asked = (
        select(Post)
        .join(StaffMember, StaffMember.id == Post.staff_id)
        .where(Post.staff_id == staff_id, StaffMember.active, period.op("&&")(func.daterange(day, until)))
        .order_by(Post.id)
    )
    return list(session.scalars(asked))


def refusal(
    code: str, sentence: str, english: str, *, fact: str = "", source: str = "", verified: bool = True
) -> Refusal:
    """The refusal with that one reason."""
    reason = Reason(code=code, text=sentence, text_en=english, fact=fact, source=source, verified=verified)
    return Refusal(reasons=(reason,))
