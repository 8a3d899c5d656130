"""Fixtures of the money tests: one database for all, emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from money_builders import OWN_TABLES, Office, a_vault, empty, new_database
from sqlalchemy.engine import Engine

from engine.money.bank_file import TestBank
from engine.store.audit import SEALED


@pytest.fixture(scope="session")
def money_engine() -> Iterator[Engine]:
    with new_database() as engine:
        yield engine


@pytest.fixture(autouse=True)
def only_tables_of_money(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verification asks for every sealed table that some imported room declares; this database has those of money."""
    for table in set(SEALED) - OWN_TABLES:
        monkeypatch.delitem(SEALED, table)


@pytest.fixture
def office(money_engine: Engine) -> Office:
    empty(money_engine)
    return Office(money_engine, a_vault(), TestBank()).open_books()
