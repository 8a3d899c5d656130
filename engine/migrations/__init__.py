"""The history of the database's shape: bring a database to the newest revision, or say where it stands.

Needs no model: what a revision does stands in its own file under ``versions/``, and its triggers in
``sql/``. How a new revision is written: ``python -m engine.migrations WORDS`` (``docs/howto/migrate.md``).
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import errors as pg
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

HERE = Path(__file__).parent

#: any number of this program's own: two processes that migrate at once wait for each other
_MIGRATION_LOCK = 371500_0001


class RightsMissingError(Exception):
    """数据库用户的权限不够；请数据库管理员先执行所列语句。"""

    retryable = False


def upgrade(url: str, revision: str = "head") -> str:
    """The revision that the database now has. Idempotent; all steps are one transaction, or none is kept.

    RightsMissingError says what an administrator has to run first, where the user may not make the two roles.
    """
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            command.upgrade(config(connection), revision)
            return _current(connection)
    except ProgrammingError as refused:
        if not isinstance(refused.orig, pg.InsufficientPrivilege):
            raise
        told = refused.orig.diag
        raise RightsMissingError(
            f"{told.message_primary} ({told.message_hint or 'permission denied'})"
        ) from refused


def current(url: str) -> str:
    """The revision of the database; empty if it was never migrated."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return _current(connection)


def head() -> str:
    """The newest revision that this program knows."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def statements(name: str) -> tuple[str, ...]:
    """The SQL statements of ``sql/<name>.sql``, which a line ``--;`` separates."""
    return tuple((HERE / "sql" / f"{name}.sql").read_text().strip().split("\n--;\n"))


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, which need no file."""
    settings = Config()
    settings.set_main_option("script_location", str(HERE).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def _current(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""
