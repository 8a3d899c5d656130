"""An office with a province and staff, seeded once for a module, on a clock that moves only when told to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.cases import setup
from engine.cases.office import open_office
from engine.config import Settings
from engine.demo import DAY, PASSWORD, Demo, DemoClock


@pytest.fixture(scope="module")
def demo(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The office and its people, of the module's own database."""
    settings = Settings.from_env(
        {
            "DATABASE_URL": database_url,
            "CHANGLING_DATA": str(tmp_path_factory.mktemp("data")),
            "CHANGLING_SECRET": "5a" * 32,
        }
    )
    clock = DemoClock()
    office = open_office(settings, clock=clock)
    setup.set_up(office)
    setup.seed(office, people=80, employers=5, seed=1, day=DAY, password=PASSWORD)
    yield Demo(office=office, clock=clock, say=lambda _: None)
    office.close()
