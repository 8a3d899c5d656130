"""An office of Liaocheng on the day on which it received the notice, set up once for a module."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import pytest
from builders import PASSWORD
from offices import FixedClock, settings_for

if TYPE_CHECKING:
    from engine.cases.office import Office


@pytest.fixture(scope="module")
def liaocheng(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An open office with the demo's staff; its clock moves only when told to."""
    from engine.cases import setup
    from engine.cases.office import open_office
    from engine.duties import seed_staff

    settings = settings_for(database_url, tmp_path_factory.mktemp("office"))
    office = open_office(settings, clock=FixedClock("2020-04-02T09:00+08:00"))
    setup.set_up(office)
    with office.store.transaction() as session:
        seed_staff(session, office.duties, office.vault, day=date(2020, 1, 2), password=PASSWORD)
    yield office
    office.close()
