"""Whether somebody may act: with a post of their own, or as the substitute of who holds it.

Every function works inside the caller's transaction. On one case everybody in whose name something was done
is bound by it: the actor and the person for whom they acted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from engine.duties.agency import agencies_on
from engine.duties.avoidance import kept_away
from engine.duties.book import DutyBook
from engine.duties.posts import assignable, covers, held_by, refusal
from engine.duties.tables import HANDS
from engine.store.sight import beyond
from engine.values import Actor, Reason, Refusal


def check_may(
    session: Session,
    book: DutyBook,
    actor: Actor,
    duty: str,
    region: str,
    day: date,
    *,
    subject: str = "",
    case_id: int | None = None,
) -> Refusal | None:
    """Why the actor may not act with that duty in that region on that day; None when they may.

    A duty that the book no longer knows is refused too: an old diagram may still name it.
    Asked of the posts in force, not of what the actor held at sign-in. With ``subject`` (``person:12``) also
    refuses one's own case; with ``case_id`` also what was done on that case and is incompatible with the duty.
    Only on a case does it count to stand in for somebody: elsewhere nothing would remember the second name.
    """
    if case_id is not None:
        found = acting_for(session, book, actor, duty, region, day, subject=subject, case_id=case_id)
        return found if isinstance(found, Refusal) else None
    without_post = _without_post(session, book, actor, duty, region, day)
    reasons = (
        without_post.reasons if without_post else _named(session, book, (actor.key,), duty, subject, None)
    )
    return Refusal(reasons=reasons) if reasons else None


def acting_for(
    session: Session,
    book: DutyBook,
    actor: Actor,
    duty: str,
    region: str,
    day: date,
    *,
    subject: str = "",
    case_id: int | None = None,
    holders: Sequence[str] = (),
) -> str | Refusal:
    """In whose name the actor acts: empty for their own, else the key of the person for whom they stand in.

    ``holders`` are those who have the task: whoever stands in for one of them acts in their name; any other acts in
    their own where they hold the duty. Refuses as :func:`check_may`, for every name that would be bound.
    """
    without_post = _without_post(session, book, actor, duty, region, day)
    principals = _principals(session, actor, duty, region, day)
    having = [principal for principal in principals if principal in holders]
    if having:
        principals = having
    elif without_post is None:
        principals = [""]
    against: tuple[Reason, ...] = without_post.reasons if without_post else ()
    for place, principal in enumerate(principals):
        names = (actor.key, principal) if principal else (actor.key,)
        found = _named(session, book, names, duty, subject, case_id)
        if not found:
            return principal
        against = found if place == 0 else against
    return Refusal(reasons=against)


def hands_on(session: Session, case_id: int, names: Sequence[str]) -> frozenset[tuple[str, str]]:
    """What was done on the case in one of these names (actor keys): (element id, duty)."""
    query = text(
        """SELECT DISTINCT element_id, duty FROM workflow_history
            WHERE case_id = :case AND kind IN :hands AND (actor IN :names OR on_behalf_of IN :names)"""
    ).bindparams(bindparam("hands", expanding=True), bindparam("names", expanding=True))
    asked = {"case": case_id, "hands": list(HANDS), "names": list(names)}
    with beyond(session, "every hand in the case binds, also one that who asks may not see"):
        rows = session.execute(query, asked).all()
    return frozenset((element_id, duty) for element_id, duty in rows)


def own_case(session: Session, book: DutyBook, key: str, subject: str) -> tuple[Reason, ...]:
    """Why the member of staff with that key keeps away from a case about that subject; empty when they need not."""
    kind, _, number = subject.partition(":")
    who, _, staff_id = key.partition(":")
    if kind != "person" or who != "staff" or not number.isdigit():
        return ()
    # by SQL, because persons are another room's table
    query = text(
        """SELECT true FROM person p JOIN staff_member s ON s.id_number_index = p.id_number_index
            WHERE p.id = :person AND s.id = :staff"""
    )
    with beyond(session, "whether a case is about the member of staff, whoever asks"):
        own = session.scalar(query, {"person": int(number), "staff": int(staff_id)})
    return (book.own_case,) if own else ()


def _named(
    session: Session, book: DutyBook, names: Sequence[str], duty: str, subject: str, case_id: int | None
) -> tuple[Reason, ...]:
    """Why one of these names may not stand under a step of that duty on that case."""
    found = [reason for name in names for reason in own_case(session, book, name, subject)]
    if case_id is not None:
        found += kept_away(session, case_id, tuple(names))
        done = sorted({earlier for _, earlier in hands_on(session, case_id, names)})
        found += [
            reason for earlier in done if earlier in book.duties and (reason := book.same_case(earlier, duty))
        ]
    return tuple(dict.fromkeys(found))


def _without_post(
    session: Session, book: DutyBook, actor: Actor, duty: str, region: str, day: date
) -> Refusal | None:
    """Why the actor has no post of their own for it; None when they have."""
    if duty not in book.duties:
        return Refusal(reasons=assignable(book, duty))
    wanted = book.duty(duty)
    if not wanted.staff:
        return _lane_refusal(actor, wanted.id, wanted.lane)
    regions = [post.region_code for post in held_by(session, actor, day) if post.duty == duty]
    if not regions:
        return refusal(
            "no_post",
            f"当日未担任{wanted.lane}",
            f"The duty {wanted.english} is not held on that day.",
            fact=actor.name or actor.key,
        )
    if not any(covers(held, region) for held in regions):
        return refusal(
            "other_region",
            f"{wanted.lane}的管辖地区不含 {region}",
            f"The post does not reach region {region}.",
            fact="、".join(regions),
        )
    return None


def _principals(session: Session, actor: Actor, duty: str, region: str, day: date) -> list[str]:
    if actor.kind != "staff":
        return []
    return [
        f"staff:{agency.principal_id}"
        for agency in agencies_on(session, actor.id, day)
        if agency.duty == duty and covers(agency.region_code, region)
    ]


def _lane_refusal(actor: Actor, lane_id: str, lane: str) -> Refusal | None:
    """Lanes that are nobody's post: only their own kind of actor; whose case it is, the caller knows."""
    kinds = {"claimant": "person", "employer": "employer", "system": "system"}
    if kinds.get(lane_id) == actor.kind:
        return None
    return refusal(
        "not_staff_lane",
        f"这一步由{lane}办理",
        f"This step belongs to the lane {lane_id}.",
        fact=actor.name or actor.key,
    )
