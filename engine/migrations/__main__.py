"""Write the next revision: ``python -m engine.migrations WORDS… [--again]``.

Compares the models with a database brought to the newest revision, and writes
``versions/000N_words.py`` and ``sql/000N_words.sql``. ``--again`` writes the newest revision anew, for
as long as no office has run it. A scratch database is made beside the office's own and dropped.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import MetaData, create_engine, make_url, text
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator

from engine.config import Settings
from engine.migrations import HERE, config, head, upgrade
from engine.migrations.models import metadata, triggers
from engine.store.opening import with_database

_SCRATCH = "h_house_revision"


def main() -> None:
    """Write the files and name them."""
    parser = argparse.ArgumentParser(prog="python -m engine.migrations", description=__doc__)
    parser.add_argument("words", nargs="+", help="what the revision does, e.g. keep leave of staff")
    parser.add_argument("--again", action="store_true", help="write the newest revision anew")
    asked = parser.parse_args()
    if asked.again and head():
        for old in HERE.glob(f"*/{head()}_*"):
            old.unlink()
    print(write(" ".join(asked.words)))


def write(words: str) -> str:
    """The name of the revision written, without an ending."""
    number = f"{int(head() or 0) + 1:04d}"
    name = f"{number}_{words.lower().replace(' ', '_')}"
    (HERE / "versions").mkdir(exist_ok=True)
    (HERE / "sql").mkdir(exist_ok=True)
    (HERE / "sql" / f"{name}.sql").write_text("\n--;\n".join(_not_yet_put_up(triggers())) + "\n")
    with _scratch_database() as url, create_engine(url, poolclass=NullPool).begin() as connection:
        settings = config(connection)
        settings.set_main_option("file_template", name.replace("%", "%%"))
        settings.attributes["comparison"] = {
            "target_metadata": _spelled_out(metadata()),
            "render_item": _plain_type,
        }
        command.revision(settings, message=words, autogenerate=True, rev_id=number)
    revision = HERE / "versions" / f"{name}.py"
    revision.write_text(re.sub(r"^ *# ###.*\n", "", revision.read_text(), flags=re.MULTILINE))
    return name


@contextmanager
def _scratch_database() -> Iterator[str]:
    url = make_url(with_database(Settings.from_env()).database_url)
    admin = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {_SCRATCH}"))
        connection.execute(text(f"CREATE DATABASE {_SCRATCH}"))
        scratch = url.set(database=_SCRATCH).render_as_string(hide_password=False)
        try:
            if head():
                upgrade(scratch)
            yield scratch
        finally:
            connection.execute(text(f"DROP DATABASE IF EXISTS {_SCRATCH} WITH (FORCE)"))


def _not_yet_put_up(wanted: tuple[str, ...]) -> Iterator[str]:
    """The statements that no earlier revision ran, each new trigger with the line that drops the one before."""
    run = {
        statement.strip()
        for path in (HERE / "sql").glob("*.sql")
        for statement in path.read_text().strip().split("\n--;\n")
    }
    for statement, then in zip(wanted, (*wanted[1:], ""), strict=True):
        replaced = statement.startswith("DROP TRIGGER") and then not in run
        if statement not in run or replaced:
            yield statement


def _spelled_out(models: MetaData) -> MetaData:
    """A key that Python fills is told apart in the models by its default, which a revision does not carry."""
    for table in models.tables.values():
        if table.autoincrement_column is None:
            for column in table.primary_key.columns:
                column.autoincrement = False
    return models


def _plain_type(kind: str, item: object, _context: AutogenContext) -> str | bool:
    """A revision knows no class of ours: a decorated type is written as the database type beneath it."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}" if hasattr(item, "impl_instance") else f"sa.{item.impl!r}"
    return False


if __name__ == "__main__":
    main()
