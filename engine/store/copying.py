"""Many rows into a table by PostgreSQL's COPY, in the caller's transaction.

For rows by the ten thousand; triggers and constraints hold as for any insert. Knows no table by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg import Cursor, sql
from sqlalchemy.orm import Session


def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """How many rows were written; each gives its values in the order of the columns.

    A row that the database does not take rolls the whole transaction back.
    """
    session.flush()
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    written = 0
    connection = session.connection().connection
    cursor: Cursor[tuple[object, ...]] = connection.cursor()  # type: ignore[assignment]
    with cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            written += 1
    return written
