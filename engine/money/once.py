"""Insert a keyed row once, however many transactions try at the same moment."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from engine.store.db import Base

Row = TypeVar("Row", bound=Base)


def insert_once(session: Session, row: Row) -> Row | None:
    """The inserted row with its id; None if a row with the same ``key`` is there already.

    Waits for another transaction that is inserting the same key; what that one decides then counts.
    The given object is only a carrier of values and stays out of the session.
    """
    table = type(row)
    values = {
        column.key: value
        for column in inspect(table).column_attrs
        if (value := getattr(row, column.key)) is not None
    }
    statement = upsert(table).values(values).on_conflict_do_nothing(index_elements=["key"]).returning(table)
    return session.scalars(select(table).from_statement(statement)).one_or_none()
