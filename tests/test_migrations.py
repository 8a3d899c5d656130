"""The revisions, run one after another, give exactly what the rooms declare."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from engine.migrations import HERE, config, current, head, upgrade
from engine.migrations.models import metadata, triggers
from engine.store.guards import put_up

#: each row of these is something that PostgreSQL keeps of a schema, named and spelled out
CATALOGUE = (
    """SELECT 'column', table_name, column_name, data_type, character_maximum_length::text, is_nullable,
              column_default FROM information_schema.columns WHERE table_schema = 'public'""",
    """SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
         FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgenabled::text
         FROM pg_trigger WHERE NOT tgisinternal""",
    """SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace""",
    "SELECT 'sequence', sequencename, data_type::text FROM pg_sequences WHERE schemaname = 'public'",
    """SELECT 'policy', tablename, policyname, permissive, cmd, qual, with_check FROM pg_policies
        WHERE schemaname = 'public'""",
    """SELECT 'rights', relname, relrowsecurity::text, relacl::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')""",
)


def catalogue(connection: Connection) -> set[tuple[str, ...]]:
    rows = (tuple(map(str, row)) for query in CATALOGUE for row in connection.execute(text(query)))
    return {row for row in rows if "alembic_version" not in row[1]}


@pytest.mark.both_servers
def test_revisions_give_what_the_rooms_declare(database_url: str, empty_database: Callable[[], str]) -> None:
    declared = create_engine(empty_database(), poolclass=NullPool)
    with declared.begin() as connection:
        metadata().create_all(connection)
        put_up(connection, triggers())
        wanted = catalogue(connection)
    with create_engine(database_url, poolclass=NullPool).connect() as connection:
        found = catalogue(connection)

    assert sorted(wanted - found) == [], "declared but in no revision: python -m engine.migrations WORDS"
    assert sorted(found - wanted) == [], "in a revision but not declared"
    assert len(wanted) > 100


def test_alembic_finds_nothing_to_add(database_url: str) -> None:
    with create_engine(database_url, poolclass=NullPool).connect() as connection:
        context = MigrationContext.configure(connection)

        assert compare_metadata(context, metadata()) == []


def test_triggers_may_be_put_up_again(database_url: str) -> None:
    with create_engine(database_url, poolclass=NullPool).connect() as connection:
        before = catalogue(connection)
        put_up(connection, triggers())

        assert catalogue(connection) == before


def test_there_is_one_head_and_every_revision_has_a_number_and_words() -> None:
    from alembic.script import ScriptDirectory

    directory = ScriptDirectory.from_config(config())
    names = sorted(path.stem for path in (HERE / "versions").glob("*.py"))

    assert len(directory.get_heads()) == 1
    assert names
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
    assert all(re.fullmatch(r"\d{4}(_[a-z]+)+", name) for name in names)
    assert {path.stem for path in (HERE / "sql").glob("*.sql")} <= set(names)


@pytest.mark.both_servers
def test_upgrade_is_idempotent_and_says_where_it_stands(empty_database: Callable[[], str]) -> None:
    url = empty_database()

    before = current(url)
    first = upgrade(url)
    again = upgrade(url)

    assert before == ""
    assert first == again == current(url) == head()
