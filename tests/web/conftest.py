"""One seeded office and its pages, shared by the page tests: each test works with a person of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool
from visitors import PASSWORD, PROVINCE, StandingClock

from engine.cases.office import Office, open_office
from engine.cases.setup import seed, set_up
from engine.config import Settings
from web.app import create_app


@pytest.fixture(scope="session")
def web_settings(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of an office with a database for all page tests."""
    name, admin = (
        f"h_web_{os.getpid()}",
        create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT"),
    )
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    folder = str(tmp_path_factory.mktemp("office"))
    yield Settings.from_env({"DATABASE_URL": url, "CHANGLING_DATA": folder, "CHANGLING_SECRET": "5a" * 32})
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


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


@pytest.fixture
def app(office: Office) -> Flask:
    """The pages of the office."""
    return create_app(office)
