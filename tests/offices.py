"""Clocks, settings and databases of tests: what ``conftest`` makes its fixtures of, for tests that need more than one."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.pool import NullPool

from engine.config import Settings

if TYPE_CHECKING:
    from engine.cases.office import Office

LOCAL = os.environ.get("TEST_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
_numbers = itertools.count(1)


def answers(url: str) -> bool:
    """Whether a PostgreSQL answers there."""
    try:
        psycopg.connect(url.replace("+psycopg", ""), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@lru_cache(maxsize=1)
def own_server() -> str:
    """The URL of one PostgreSQL of the office's own, started at the first question and stopped at the end.

    Not under pytest's own folder: every other run of pytest shuts that to the database's user again.
    """
    from engine.store.embedded import EmbeddedPostgres

    folder = Path(tempfile.mkdtemp(prefix="changling-own-"))
    postgres = EmbeddedPostgres(folder / "postgres")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(postgres.stop, even_if_shared=True)
    return postgres.start()


def a_server() -> str:
    """The URL of a server for databases of tests: the local one where it answers, else the office's own."""
    return LOCAL if answers(LOCAL) else own_server()


class FixedClock:
    """A clock that moves only when told to."""

    def __init__(self, instant: str) -> None:
        self.now = at(instant)

    def __call__(self) -> datetime:
        return self.now

    def set(self, instant: str) -> None:
        """Stand at another instant."""
        self.now = at(instant)

    def forward(self, *, days: int = 0, minutes: int = 0) -> None:
        """Move on."""
        self.now += timedelta(days=days, minutes=minutes)


def at(instant: str) -> datetime:
    """The instant written as ``2025-11-03T09:00+08:00``; a zone must be given."""
    parsed = datetime.fromisoformat(instant)
    assert parsed.tzinfo is not None, f"no zone: {instant}"
    return parsed


def settings_for(database_url: str, data_dir: Path) -> Settings:
    """Settings of a trial office, with a secret that tests know."""
    return Settings.from_env(
        {"DATABASE_URL": database_url, "CHANGLING_DATA": str(data_dir), "CHANGLING_SECRET": "5a" * 32}
    )


def staffed(office: Office, *, day: date, password: str) -> Office:
    """The office with diagrams, staff and the cast, made at the first test of its database alone."""
    from engine.cases import setup
    from engine.workflow.tables import ProcessVersion

    with office.store.reading() as session:
        new = session.scalar(select(ProcessVersion.id).limit(1)) is None
    if new:
        setup.set_up(office)
        setup.seed(office, people=0, employers=0, seed=1, day=day, password=password)
    return office


@contextmanager
def measured_office(server: str, *, now: str) -> Iterator[Office]:
    """An empty office for a benchmark, on a migrated database of its own."""
    from engine.cases.office import open_office
    from engine.migrations import upgrade

    with OwnDatabase(server, measured=True) as url, tempfile.TemporaryDirectory() as folder:
        upgrade(url)
        office = open_office(settings_for(url, Path(folder)), clock=FixedClock(now))
        try:
            yield office
        finally:
            office.close()


#: a drop waits until the whole server has written what it holds, for seconds on a busy disk
_DROPS = """
import sys, psycopg
for line in sys.stdin:
    server, name = line.split()
    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    except psycopg.OperationalError:
        pass  # the server is gone, and the database with it
"""


@lru_cache(maxsize=1)
def _dropper() -> subprocess.Popen[str]:
    """A process that drops databases while the tests go on; what is left is waited for at the end."""
    process = subprocess.Popen([sys.executable, "-c", _DROPS], stdin=subprocess.PIPE, text=True)
    ours = os.getpid()

    def wait() -> None:
        if os.getpid() == ours:
            process.communicate()

    atexit.register(wait)
    return process


class OwnDatabase:
    """A database of its own for the length of a ``with`` block; gives its URL."""

    def __init__(self, server: str, template: str = "template1", *, measured: bool = False) -> None:
        """``measured``: commits wait for the disk, and nothing goes on beside what follows it."""
        self._measured = measured
        self._name = f"h_changling_{os.getpid()}_{next(_numbers)}"
        self._url = make_url(server)
        self._template = template

    def __enter__(self) -> str:
        self._run(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
        self._run(f"CREATE DATABASE {self._name} TEMPLATE {self._template}")
        if not self._measured:
            # tests kill processes, never the server: what a commit waits for on the disk proves nothing here
            self._run(f"ALTER DATABASE {self._name} SET synchronous_commit = off")
        return self._url.set(database=self._name).render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        if self._measured:
            self._run(f"DROP DATABASE {self._name} WITH (FORCE)")
            return
        server = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        stdin = _dropper().stdin
        assert stdin is not None
        print(server, self._name, file=stdin, flush=True)

    def _run(self, sql: str) -> None:
        engine = create_engine(self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(sql))
