"""The office served as in life, one database and one clock for each file of journeys, and browsers for people."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import date

import pytest
from browsing import PASSWORD, Invite, MorningClock, open_house
from offices import settings_for
from playwright.sync_api import Browser, sync_playwright
from waitress.server import create_server

from engine.cases.office import Office, open_office
from engine.cases.setup import seed, set_up
from web.app import create_app

# Debian's Chromium without its windows: a page opens in a third of the time
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def office_clock() -> MorningClock:
    """The clock of all journeys of one file."""
    return MorningClock()


@pytest.fixture(scope="module")
def office(
    database_url: str, office_clock: MorningClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """An office with diagrams published, staff, and the cast."""
    opened = open_office(settings_for(database_url, tmp_path_factory.mktemp("office")), clock=office_clock)
    set_up(opened)
    seed(opened, seed=1, people=60, employers=4, day=date(2025, 11, 3), password=PASSWORD)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def address(office: Office) -> Iterator[str]:
    """Where the office is served."""
    server = create_server(create_app(office), host="127.0.0.1", port=0, threads=12)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(5)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser program for the run; each visitor has a session of their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def invite(chromium: Browser, address: str) -> Iterator[Invite]:
    """Gives people browsers."""
    with open_house(chromium, address) as new:
        yield new
