"""Clocks, settings and databases of tests: what ``conftest`` makes its fixtures of, for tests that need more than one."""

from __future__ import annotations

import itertools
import os
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from engine.config import Settings

_numbers = itertools.count(1)


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


class OwnDatabase:
    """A database of its own for the length of a ``with`` block; gives its URL."""

    def __init__(self, server: str, template: str = "template1") -> None:
        self._name = f"h_changling_{os.getpid()}_{next(_numbers)}"
        self._url = make_url(server)
        self._template = template

    def __enter__(self) -> str:
        self._run(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
        self._run(f"CREATE DATABASE {self._name} TEMPLATE {self._template}")
        return self._url.set(database=self._name).render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        self._run(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")

    def _run(self, sql: str) -> None:
        engine = create_engine(self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(sql))
