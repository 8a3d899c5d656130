"""Opens the office that a command works on: its settings, its database, its first records.

Loads what it needs when it is asked, so that commands that open nothing answer at once. Called by the command line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from engine.config import Settings

if TYPE_CHECKING:
    from engine.cases.office import Office

_DEMO_PEOPLE, _DEMO_EMPLOYERS = 2000, 200
_DEMO_CROWD = 3000  # 6 % of whom are paid already


def settings_with_database() -> Settings:
    """The settings of the environment, with a database that runs."""
    from engine.store.opening import with_database

    return with_database(Settings.from_env())


def settings_without_secret() -> Settings:
    """For commands that read rules only: they must not make a secret beside data that they never touch."""
    return Settings.from_env({"CHANGLING_SECRET": "0" * 64, **os.environ})


@contextmanager
def opened_office(*, migrate: bool = False) -> Iterator[Office]:
    """The open office; its own database is migrated first, another one only when asked."""
    settings = settings_with_database()
    from engine.cases.office import open_office
    from engine.migrations import current, head, upgrade

    if migrate or not Settings.from_env().database_url:
        upgrade(settings.database_url)
    elif current(settings.database_url) != head():
        raise click.ClickException(
            "数据库结构不是最新：请先运行 changling migrate (run changling migrate first)"
        )
    office = open_office(settings)
    try:
        yield office
    finally:
        office.close()


def set_up_office(office: Office, *, demo: bool) -> None:
    """The books and diagrams in place; for a demo also made-up records and accounts."""
    from engine.cases import setup
    from engine.demo import PASSWORD

    setup.set_up(office)
    if demo:
        setup.seed(
            office,
            people=_DEMO_PEOPLE,
            employers=_DEMO_EMPLOYERS,
            seed=1,
            day=office.today,
            password=PASSWORD,
            crowd=_DEMO_CROWD,
        )
