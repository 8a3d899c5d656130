"""What every test may ask for: a real database, an open office, a clock that stands still.

Databases: ``database_url`` is a fresh migrated one per test module, cloned from a template. It is on the
PostgreSQL at 127.0.0.1:5432 where one answers, else on the office's own; a test marked ``both_servers``
runs on each that this machine can run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from offices import LOCAL, FixedClock, OwnDatabase, answers, at, own_server, settings_for
from sqlalchemy import make_url

from engine.config import Settings

if TYPE_CHECKING:
    from engine.cases.office import Office
    from engine.store.db import Store

__all__ = ["FixedClock", "at", "settings_for"]

# how long an example took on a busy machine says nothing about the code (speed is measured in bench/)
hypothesis.settings.register_profile("no-deadline", parent=hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("no-deadline")


#: what ``make check`` leaves out beside all that stands on a database; ``make test`` runs everything
SLOW = (
    "faults", "money", "processes", "web", "test_cli.py", "test_embedded.py", "registers/test_province.py",
    "workflow/test_codec.py", "workflow/test_sent_back.py", "workflow/test_migration.py",
    "workflow/test_soundness.py", "workflow/test_long_loop.py", "workflow/test_foreign_files.py",
    "workflow/test_hostile.py",
)  # fmt: skip

#: on a database, and quick all the same
QUICK = (
    "test_audit.py", "test_duties.py", "test_members.py", "test_people.py", "test_posts.py", "test_sign_in.py",
)  # fmt: skip


#: what takes longest goes first, or one process would still be at it when the others have nothing left to do
LONGEST = (
    "test_every_page.py", "test_casework_matrix.py", "test_casework_walk.py", "test_claim_journey.py", "test_month_run_kill.py",
    "test_channel.py", "test_history_import.py", "test_rehearse.py", "test_keyboard.py", "test_books_machine.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what ``make check`` leaves out; the longest files first."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
    here = Path(__file__).parent
    for item in items:
        file = item.path.relative_to(here).as_posix()
        on_a_database = "server" in getattr(item, "fixturenames", ())
        if file.startswith(SLOW) or (on_a_database and not file.startswith(QUICK)):
            item.add_marker(pytest.mark.slow)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run database tests on the default server, and those marked ``both_servers`` on all there are."""
    if "server" not in metafunc.fixturenames:
        return
    here = ["local", "embedded"] if answers(LOCAL) else ["embedded"]
    both = metafunc.definition.get_closest_marker("both_servers")
    metafunc.parametrize("server", here if both else here[:1], indirect=True, scope="session")


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> str:
    """The URL of the server's administrative database."""
    return LOCAL if request.param == "local" else own_server()


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """The name of a database with every migration run, which nobody connects to."""
    from engine.migrations import upgrade

    with OwnDatabase(server) as url:
        upgrade(url)
        yield str(make_url(url).database)


@pytest.fixture(scope="module")
def database_url(server: str, template: str) -> Iterator[str]:
    """The URL of a fresh, migrated, empty database of this test module."""
    with OwnDatabase(server, template) as url:
        yield url


@pytest.fixture(scope="module")
def store(database_url: str) -> Iterator[Store]:
    """The open store of this test module's database."""
    from engine.store.db import Store

    opened = Store(database_url, pool_size=4)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FixedClock:
    """Monday 3 November 2025, nine in the morning in China."""
    return FixedClock("2025-11-03T09:00+08:00")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a trial office on this test module's database."""
    return settings_for(database_url, tmp_path)


@pytest.fixture
def office(settings: Settings, clock: FixedClock) -> Iterator[Office]:
    """An open office whose clock stands still; its database is shared by the tests of the module."""
    from engine.cases.office import open_office

    opened = open_office(settings, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def empty_database(server: str) -> Iterator[Callable[[], str]]:
    """Makes databases without any table; they are dropped after the test."""
    made = []

    def make() -> str:
        made.append(OwnDatabase(server))
        return made[-1].__enter__()

    yield make
    for database in made:
        database.__exit__(None, None, None)
