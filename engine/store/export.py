"""The audit trail as lines: out of the database, into a file, and from either into verification.

An export is UTF-8 JSON lines, one ``[kind, record]`` each, in the order of ``verification.SHAPES``.
It holds what the trail holds (names, reasons, amounts; account numbers only encrypted): keep it as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import cast

import orjson
from sqlalchemy import Column, String, Table, select, text
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from engine.store.audit import SEALED, Members, SealedTable
from engine.store.canonical import Plain, plain
from engine.store.db import Base
from engine.store.verification import FORMAT, SHAPES, Line, UnreadableTrailError, Verdict, verify_lines

#: rows fetched from the server at a time
CHUNK = 2_000

_ORDER: Mapping[str, tuple[str, ...]] = {
    "audit_seal": ("number",),
    "audit_seal_leaf": ("seal", "position"),
    "audit_stream": ("stream",),
    "audit_event": ("stream", "seq"),
}


def verify_database(session: Session) -> Verdict:
    """The verdict over one consistent picture of the database, where the session is still unused.

    A session that has already read keeps its own isolation; then nobody else should be writing.
    """
    if not session.in_transaction():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return verify_lines(database_lines(session))


def export(session: Session, path: Path) -> int:
    """How many lines were written to the file; the same picture rule as for ``verify_database``."""
    if not session.in_transaction():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    written = 0
    with path.open("wb") as file:
        for line in database_lines(session):
            file.write(orjson.dumps(line, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
            written += 1
    return written


def verify_export(path: Path) -> Verdict:
    """The verdict over an exported file; needs no database."""
    return verify_lines(_file_lines(path))


def database_lines(session: Session) -> Iterator[Line]:
    """Every line of the trail and of the rows that it vouches for; memory stays flat."""
    lines = 1
    yield "header", {"format": FORMAT, "tables": sorted(SEALED)}
    for line in _body(session):
        lines += 1
        yield line
    yield "trailer", {"lines": lines}


def _body(session: Session) -> Iterator[Line]:
    for name, order in _ORDER.items():
        for row in _stream(session, name, tuple(SHAPES[name]), order):
            yield name, row
    for name in sorted(SEALED):
        yield from _sealed_rows(session, SEALED[name])


def _sealed_rows(session: Session, sealed: SealedTable) -> Iterator[Line]:
    """The rows of a sealed table with their members; members whose row is gone come as rows of their own."""
    members = _members(session, sealed.members)
    key, ahead = next(members, (None, []))
    for row in _stream(
        session, sealed.table, sealed.columns, (sealed.key,), key=sealed.key, only=sealed.only
    ):
        own: list[Plain] = []
        while sealed.members and key is not None and key <= cast(int, row["_key"]):
            if key == row["_key"]:
                own = ahead
            else:
                yield _stray(sealed.members, key, ahead)
            key, ahead = next(members, (None, []))
        content: dict[str, Plain] = {name: row[name] for name in sealed.columns}
        if sealed.members:
            content[sealed.members.table] = own
        yield "row", {"table": sealed.table, "key": str(row["_key"]), "content": content}
    while sealed.members and key is not None:
        yield _stray(sealed.members, key, ahead)
        key, ahead = next(members, (None, []))


def _members(session: Session, members: Members | None) -> Iterator[tuple[int | None, list[Plain]]]:
    if members is None:
        return
    rows = _stream(
        session,
        members.table,
        members.columns,
        (members.by, members.order),
        key=members.by,
        only=f"{members.by} IS NOT NULL",
    )
    for key, group in groupby(rows, key=itemgetter("_key")):
        yield cast(int, key), [{name: row[name] for name in members.columns} for row in group]


def _stray(members: Members, key: int, rows: list[Plain]) -> Line:
    return "row", {"table": members.table, "key": f"{members.by}={key}", "content": {"rows": rows}}


def _stream(
    session: Session,
    name: str,
    columns: tuple[str, ...],
    order: tuple[str, ...],
    *,
    key: str = "",
    only: str = "",
) -> Iterator[dict[str, Plain]]:
    """The rows of a table in order, read by a server-side cursor; the key column also as ``_key``."""
    table: Table = Base.metadata.tables[name]
    chosen: list[ColumnElement[object]] = [table.c[column] for column in columns]
    if key:
        chosen.append(table.c[key].label("_key"))
    query = select(*chosen).order_by(*(_by_code_point(table.c[column]) for column in order))
    if only:
        query = query.where(text(only))
    for row in session.execute(query, execution_options={"yield_per": CHUNK}).mappings():
        yield {column: plain(value) for column, value in row.items()}


def _by_code_point(column: Column[object]) -> ColumnElement[object]:
    # the server's own collation may put texts in another order than Python does
    if isinstance(column.type, String):
        return cast(ColumnElement[object], column.collate("C"))
    return column


def _file_lines(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            try:
                line = orjson.loads(text)
            except orjson.JSONDecodeError as cause:
                raise UnreadableTrailError(f"第 {number} 行不是 JSON：{cause.msg}") from cause
            if not (isinstance(line, list) and len(line) == 2 and isinstance(line[1], dict)):
                raise UnreadableTrailError(f"第 {number} 行应为 [种类, 记录]")
            yield str(line[0]), line[1]
