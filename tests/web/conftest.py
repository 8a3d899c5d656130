"""One seeded office and its pages, shared by the page tests: each test works with a person of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from offices import OwnDatabase, settings_for
from visitors import PASSWORD, PROVINCE, StandingClock

from engine.cases.office import Office, open_office
from engine.cases.setup import seed, set_up
from engine.config import Settings
from web.app import create_app


@pytest.fixture(scope="session")
def web_settings(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of an office with a database for all page tests."""
    with OwnDatabase(server, template) as url:
        yield settings_for(url, tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="session")
def seeded(web_settings: Settings) -> Iterator[Office]:
    """The office with diagrams published, staff and the cast."""
    office = open_office(web_settings, clock=StandingClock())
    set_up(office)
    seed(office, **PROVINCE, password=PASSWORD)  # type: ignore[arg-type]
    yield office
    office.close()


@pytest.fixture
def office(seeded: Office) -> Office:
    """The office, with its clock back at Monday morning."""
    seeded.clock = StandingClock()
    return seeded


@pytest.fixture(scope="session")
def pages(seeded: Office) -> Flask:
    """The pages of the office, made once: it takes longer than most tests of them."""
    return create_app(seeded)


@pytest.fixture
def app(office: Office, pages: Flask) -> Flask:
    """The pages of the office, whose clock stands at Monday morning."""
    return pages


@pytest.fixture
def own_app(office: Office) -> Flask:
    """Pages of its own, for a test that changes them."""
    return create_app(office)
