"""Which database an office uses: the one it was told, or its own.

Called by the command line and the worker before an office is opened.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from engine.config import Settings

if TYPE_CHECKING:
    from engine.store.embedded import EmbeddedPostgres

_NAME = "changling"


def with_database(settings: Settings) -> Settings:
    """The settings with the URL of a database that exists; unchanged where one was given.

    Without one, the office's own server is started under ``data_dir/postgres`` and stops with the last
    process that uses it. Idempotent: a server that was killed is started again. Raises a named EmbeddedPostgresError where it does not start.
    """
    if settings.database_url:
        return settings
    server = _own_server(settings.data_dir / "postgres")
    url = server.start()
    # suppressed where it was made before, or by another process at this very moment
    with (
        psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection,
        suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation),
    ):
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_NAME)))
    return replace(settings, database_url=server.url(_NAME))


@cache
def _own_server(folder: Path) -> EmbeddedPostgres:
    # imported here: an office with a server of its own choice needs no wheel
    from engine.store.embedded import EmbeddedPostgres

    return EmbeddedPostgres(folder)
