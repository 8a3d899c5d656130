"""In whose name the database is asked: what a session may see, and the few ways out (CTRL-07).

A session opened while somebody is looked for (:func:`seen_as`) runs under a database role that sees only what
the row security of each table leaves to their regions and duties (``engine.cases.row_security``). Work of the
office itself runs as the owner of the database. ``docs/decisions/0011-row-security.md``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")
#: reads: sees, and writes nothing; acts: sees as much, and writes what it sees
Role = Literal["reads", "acts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Whose eyes a session has: who they are, and the beginnings of the codes of the regions that they reach."""

    #: actor key; empty: nobody is signed in, and nothing that is anybody's is seen
    actor: str
    #: by any duty: which cases are whose
    reach: tuple[str, ...] = ()
    #: by duties that deal with insured people
    people: tuple[str, ...] = ()
    #: by duties of money
    money: tuple[str, ...] = ()
    #: by duties that read the books
    books: tuple[str, ...] = ()


NOBODY = Sight(actor="")

_SIGHT: ContextVar[Sight | None] = ContextVar("changling_sight", default=None)
_KEPT, _WIDENED = "sight", "beyond"

_NARROW = text(
    "SELECT set_config('changling.actor', :actor, true), set_config('changling.reach', :reach, true), "
    "set_config('changling.people', :people, true), set_config('changling.money', :money, true), "
    "set_config('changling.books', :books, true), set_config('role', office_role(:role), true)"
)
_WIDEN = text("SELECT set_config('role', 'none', true)")


def current() -> Sight | None:
    """Whose eyes sessions have that are opened now; None: the office's own, which sees all."""
    return _SIGHT.get()


def look_as(sight: Sight | None) -> None:
    """Every session opened from now on in this thread sees as much; for the door of a request, which ends it again."""
    _SIGHT.set(sight)


@contextmanager
def seen_as(sight: Sight | None) -> Iterator[None]:
    """Sessions opened within it see as much; None: all, as the office itself."""
    token = _SIGHT.set(sight)
    try:
        yield
    finally:
        _SIGHT.reset(token)


class SightedSession(Session):
    """A session that has the eyes of whoever it was opened for, in each of its transactions."""

    def look(self, role: Role) -> None:
        """Take the eyes that are current now, with that role."""
        sight = current()
        if sight is not None:
            self.info[_KEPT] = {
                "actor": sight.actor,
                "reach": _array(sight.reach),
                "people": _array(sight.people),
                "money": _array(sight.money),
                "books": _array(sight.books),
                "role": role,
            }


@contextmanager
def beyond(session: Session, why: str) -> Iterator[None]:
    """Within it the session sees and writes as the office itself: a named way out of somebody's regions.

    ``why`` says for the reader of the code what lawful need there is; each is listed in the decision.
    What was looked at within stays with the session: hand on what was asked for, and no more.
    """
    if not why:
        raise ValueError("a way out needs its reason")
    if _KEPT not in session.info or _WIDENED in session.info:
        yield
        return
    session.flush()
    session.execute(_WIDEN)
    session.info[_WIDENED] = why
    try:
        yield
        session.flush()
    except BaseException:
        del session.info[_WIDENED]
        # a transaction that the database gave up takes no more statements, and keeps nothing either
        with suppress(SQLAlchemyError):
            session.execute(_NARROW, session.info[_KEPT])
        raise
    del session.info[_WIDENED]
    session.execute(_NARROW, session.info[_KEPT])


def as_office(
    why: str,
) -> Callable[[Callable[Concatenate[S, Session, P], T]], Callable[Concatenate[S, Session, P], T]]:
    """A method that runs :func:`beyond` from its first to its last line; its first argument is the session."""

    def decorate(
        method: Callable[Concatenate[S, Session, P], T],
    ) -> Callable[Concatenate[S, Session, P], T]:
        @functools.wraps(method)
        def widened(self: S, session: Session, /, *args: P.args, **kwargs: P.kwargs) -> T:
            with beyond(session, why):
                return method(self, session, *args, **kwargs)

        return widened

    return decorate


def _array(beginnings: tuple[str, ...]) -> str:
    """As PostgreSQL writes an array; empty for none. The whole country is one empty beginning."""
    return "{" + ",".join(f'"{each}"' for each in beginnings) + "}" if beginnings else ""


@event.listens_for(SightedSession, "after_begin")
def _narrow(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if _KEPT in session.info and not transaction.nested:
        connection.execute(_NARROW, session.info[_KEPT])


@event.listens_for(SightedSession, "before_commit")
def _widen_to_commit(session: Session) -> None:
    """What the database checks only when it commits looks at the whole, not at what one person may see of it."""
    kept: Any = session.info.get(_KEPT)
    if kept is not None and not session.in_nested_transaction():
        session.flush()
        session.execute(_WIDEN)
