"""What an actor may see of the database: the regions that their duties of today reach (CTRL-07).

Asked once at the door of a request, and by ``steps`` where an act begins elsewhere.
"""

from __future__ import annotations

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.duties import agencies_on, held_by
from engine.store.db import Base
from engine.store.sight import NOBODY, Sight, beyond, current, look_as, seen_as
from engine.values import Actor, Reason, reach

#: duties to which money is shown: business, finance, control, supervision
MONEY_DUTIES = {"intake", "review", "approve", "accountant", "cashier", "control", "fund_supervisor"}
#: who reads the books: these, and the provincial office that watches over them
_BOOKS = MONEY_DUTIES | {"provincial"}
#: who keeps posts or draws diagrams sees cases by number and state, and nothing that they hold about people
_NOT_OF_PEOPLE = {"administration", "design"}


def sight_of(office: Office, actor: Actor | None) -> Sight | None:
    """The eyes of the actor; of nobody without one; None, the office's own, for the system."""
    if actor is None:
        return NOBODY
    if actor.kind == "system":
        return None
    if actor.kind != "staff":
        return Sight(actor=actor.key)
    with seen_as(None), office.store.reading() as session:
        posts = held_by(session, actor, office.today)
        lent = agencies_on(session, actor.id, office.today)
        held = {(post.duty, reach(post.region_code)) for post in posts}
        held |= {(agency.duty, reach(agency.region_code)) for agency in lent}
    of_people = {(duty, scope) for duty, scope in held if not _designs(office, duty)}
    return Sight(
        actor=actor.key,
        reach=_widest(held),
        people=_widest(of_people),
        money=_widest({(duty, scope) for duty, scope in of_people if duty in MONEY_DUTIES}),
        books=_widest({(duty, scope) for duty, scope in of_people if duty in _BOOKS}),
    )


def open_eyes(office: Office, actor: Actor | None) -> None:
    """From now on, what this thread reads is what the actor may see; nobody's rows without one. For a door."""
    look_as(sight_of(office, actor))


def close_eyes() -> None:
    """What this thread does from now on is the office's own work again."""
    look_as(None)


def why_not_seen(session: Session, record: type[Base], key: object, actor: Actor, *, none: Reason) -> Reason:
    """Why the actor got no row of that key: it is not theirs; `none` where there is none."""
    column = inspect(record).primary_key[0]
    with beyond(
        session, "whether there is such a row at all: to say that it is not yours, and not that it is not"
    ):
        there = session.scalar(select(column).where(column == key)) is not None
    if not there:
        return none
    return Reason(
        code="not_in_reach",
        text="此案不在您的岗位与地区范围内",
        text_en="The case is not within your duty and region.",
        source="社会保险经办条例第四十九条（保密）",
        fact=actor.name or actor.key,
    )


def acting_as(office: Office, actor: Actor) -> Sight | None:
    """The eyes for one act of the actor: those of the request, where it is the actor's own."""
    if not office.store.narrows:
        return None
    here = current()
    return here if here is not None and here.actor == actor.key else sight_of(office, actor)


def _designs(office: Office, duty: str) -> bool:
    known = office.duties.duties.get(duty)
    return known is None or known.duty_class in _NOT_OF_PEOPLE


def _widest(held: set[tuple[str, str]]) -> tuple[str, ...]:
    """The beginnings of region codes, without those that another one holds already."""
    scopes = {scope for _, scope in held}
    return tuple(sorted(each for each in scopes if not any(o != each and each.startswith(o) for o in scopes)))
