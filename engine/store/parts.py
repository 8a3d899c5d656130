"""Work that is too much for one transaction, done part by part: each is one transaction, so that a kill loses one at most.

A part that cannot tell beforehand how much it is takes several, and counts how far it is (``mark_further``).

The tables of parts belong to the rooms that do the work; here is how parts are taken in turn, put off and counted.
Called by those rooms, inside their transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

#: a part that failed is tried again after so long
AGAIN = timedelta(minutes=10)


class PartColumns:
    """What every table of parts has; its own keys and ranges come beside it."""

    run_id: Mapped[int]
    #: in the order in which they are done, from 1
    number: Mapped[int]
    #: waiting, done
    status: Mapped[str] = mapped_column(String(8))
    #: how many things it dealt with
    dealt: Mapped[int] = mapped_column(default=0, server_default="0")
    #: why it failed when it was tried last; nothing of that try was kept
    trouble: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: not tried again before this instant
    due_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


P = TypeVar("P", bound=PartColumns)


def first_waiting(session: Session, parts: type[P], run_id: int, *, now: datetime) -> P | None:
    """The first part that is not done and is due, locked for this transaction; None when none is left or others have it."""
    waiting = (
        select(parts)
        .where(parts.run_id == run_id, parts.status == "waiting")
        .where(parts.due_at.is_(None) | (parts.due_at <= now))
        .order_by(parts.number)
    )
    return session.scalars(waiting.limit(1).with_for_update(skip_locked=True)).first()


def any_waits(session: Session, parts: type[P], run_id: int) -> bool:
    """Whether a part of the run is not done."""
    left = select(func.count()).where(parts.run_id == run_id, parts.status == "waiting")
    return bool(session.scalar(left))


def mark_done(session: Session, part: PartColumns, *, dealt: int, now: datetime) -> None:
    """The part is done, whatever went wrong before."""
    part.status, part.dealt, part.done_at, part.trouble = "done", dealt, now, ""
    session.flush()


def mark_further(session: Session, part: PartColumns, *, dealt: int) -> None:
    """The part is so far, and goes on in another transaction."""
    part.dealt, part.trouble = dealt, ""
    session.flush()


def put_off(part: PartColumns, failure: Exception, *, now: datetime) -> None:
    """The part is tried again later; why it failed is kept."""
    part.trouble = f"{type(failure).__name__}：{failure}"[:500]
    part.due_at = now + AGAIN


def how_far(session: Session, parts: type[P], run_id: int) -> tuple[int, int]:
    """How many parts are done, of how many."""
    done, total = session.execute(
        select(func.count().filter(parts.status == "done"), func.count()).where(parts.run_id == run_id)
    ).one()
    return int(done), int(total)


def troubles(session: Session, parts: type[P], run_id: int) -> tuple[str, ...]:
    """What went wrong in parts that wait to be tried again, each once."""
    found = select(parts.trouble).where(
        parts.run_id == run_id, parts.status == "waiting", parts.trouble != ""
    )
    return tuple(dict.fromkeys(session.scalars(found)))
