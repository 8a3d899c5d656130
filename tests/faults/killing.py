"""Kill -9 at a chosen point: a child process does real work and dies between two statements of it.

A point is a moment just before a statement, just before a commit, just after a transaction (its connection
goes back to the pool), or just before a file is opened for writing or renamed. Nothing of the program is
replaced: SQLAlchemy's events and Python's audit events only tell where it stands.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from offices import FixedClock, OwnDatabase, settings_for
from sqlalchemy import Engine, event, make_url, text

from engine.cases.office import Office, open_office
from engine.store.db import Base

T = TypeVar("T")

STATEMENT, COMMIT, RETURNED, FILE = "statement", "commit", "returned", "file"
EVERY = (STATEMENT, COMMIT, RETURNED)


def dies_at(
    number: int,
    work: Callable[[], object],
    *,
    engine: Engine,
    kinds: tuple[str, ...] = EVERY,
    folder: Path | None = None,
) -> bool:
    """Do the work in a child that is killed at that point, from 1; False when it came to its end before it.

    A child that fails in any other way fails the test.
    """
    # a connection must not cross the fork
    engine.dispose()
    child = os.fork()
    if child == 0:
        code = 3
        try:
            _watch(number, engine, kinds, folder)
            work()
            code = 0
        except BaseException:  # noqa: BLE001 - the child must never return into pytest
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "the child failed by itself"
    return False


def outlives_kills(
    copy: Callable[[], AbstractContextManager[Office]],
    work: Callable[[Office], object],
    left: Callable[[Office], T],
    *,
    points: int = 10,
) -> T:
    """What the undisturbed work leaves; work killed at random points and resumed has left the same.

    ``copy`` opens an office on a fresh copy. Five kills in one life, each further on than the one before.
    """
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    with copy() as office:
        event.listen(office.store.engine, "before_cursor_execute", count)
        work(office)
        event.remove(office.store.engine, "before_cursor_execute", count)
        whole = left(office)
    seed = random.randrange(10**6)
    drawn = sorted(random.Random(seed).sample(range(1, statements), points))
    print(f"seed {seed}: {statements} statements, killed at {drawn}")
    for at in range(0, points, 5):
        with copy() as office:
            for point in drawn[at : at + 5]:
                dies_at(point, partial(work, office), engine=office.store.engine)
            work(office)
            assert left(office) == whole
    return whole


def contents(engine: Engine) -> dict[str, str]:
    """A digest of all rows of every table; two that are equal hold the same rows."""
    each = (
        f"SELECT '{name}', count(*) || ':' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') "
        f'FROM "{name}" t'
        for name in sorted(Base.metadata.tables)
    )
    with engine.connect() as connection:
        return {name: digest for name, digest in connection.execute(text(" UNION ALL ".join(each)))}  # noqa: C416


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Names of the tables that differ."""
    return {name for name in before if before[name] != after[name]}


def clone_of(url: str) -> OwnDatabase:
    """A copy of the database, which nobody may be connected to."""
    here = make_url(url)
    server = here.set(database="postgres").render_as_string(hide_password=False)
    return OwnDatabase(server, str(here.database))


@contextmanager
def opened_copy(url: str, folder: Path, now: str) -> Iterator[Office]:
    """An office on a copy of the database, whose clock stands at that instant."""
    with clone_of(url) as copy:
        office = open_office(settings_for(copy, folder), clock=FixedClock(now))
        try:
            yield office
        finally:
            office.close()


def _watch(number: int, engine: Engine, kinds: tuple[str, ...], folder: Path | None) -> None:
    passed = 0

    def point(kind: str) -> None:
        nonlocal passed
        if kind in kinds:
            passed += 1
            if passed == number:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "before_cursor_execute", lambda *_: point(STATEMENT))
    event.listen(engine, "commit", lambda *_: point(COMMIT))
    event.listen(engine, "checkin", lambda *_: point(RETURNED))
    if folder is not None:
        sys.addaudithook(lambda name, arguments: point(FILE) if _touches(name, arguments, folder) else None)


def _touches(name: str, arguments: tuple[Any, ...], folder: Path) -> bool:
    if name == "open":
        path, mode, _ = arguments
        return str(path).startswith(str(folder)) and mode is not None and "w" in mode
    return name == "os.rename" and str(arguments[0]).startswith(str(folder))
