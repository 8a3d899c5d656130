"""One seeded office for all tests of the diagrams; each test finds it without any case.

The database is cloned and seeded once. After a test its cases are deleted behind the triggers' back, which
is quicker than another database and leaves nobody's claim in the next test's way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import CAST_DAY, PASSWORD, MovableClock
from offices import OwnDatabase, settings_for
from sqlalchemy import text
from walked import Walked

from engine.cases import setup
from engine.cases.office import open_office
from engine.store.db import Base

if TYPE_CHECKING:
    from engine.cases.office import Office

#: tables of a seeded office without any case
SEEDED = {
    "account", "payment_purpose", "duty", "duty_conflict", "same_case_conflict", "staff_member", "post",
    "process_version", "region", "person", "employer", "generated_province",
}  # fmt: skip


@pytest.fixture(scope="session")
def seeded(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An open office with staff, registers and the shipped diagrams, on a database of its own."""
    with OwnDatabase(server, template) as url:
        office = open_office(settings_for(url, tmp_path_factory.mktemp("office")))
        setup.set_up(office)
        setup.seed(office, people=0, employers=0, seed=1, day=CAST_DAY, password=PASSWORD)
        yield office
        office.close()


@pytest.fixture
def office(
    seeded: Office, clock: MovableClock, tmp_path: Path, walked: Walked, request: pytest.FixtureRequest
) -> Iterator[Office]:
    """The seeded office on Monday 3 November 2025, with no case; what a test walked is kept for coverage."""
    yield replace(seeded, clock=clock, settings=replace(seeded.settings, data_dir=tmp_path))
    walked.keep(seeded)
    _forget_cases(seeded)


@pytest.fixture
def afresh(office: Office, clock: MovableClock, walked: Walked) -> Callable[[], None]:
    """Forgets every case in the middle of a test, once what was walked is kept; the clock goes back too."""
    beginning = clock.now

    def forget() -> None:
        walked.keep(office)
        _forget_cases(office)
        clock.now = beginning

    return forget


@pytest.fixture(scope="module")
def walked() -> Walked:
    """The elements and flows that the tests of the module have passed."""
    return Walked()


def _forget_cases(office: Office) -> None:
    """Delete everything but the seeded rows; the triggers that forbid it are off for this transaction alone."""
    cases = "; ".join(f'DELETE FROM "{name}"' for name in Base.metadata.tables if name not in SEEDED)
    with office.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text(cases))
        session.execute(text("DELETE FROM process_version WHERE number > 1"))
        session.execute(text("DELETE FROM post WHERE valid_from >= '2025-11-03'"))
