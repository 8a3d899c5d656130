"""Guards that PostgreSQL itself keeps on tables: insert-only, frozen columns, allowed transitions.

Each function returns SQL statements for a module's ``TRIGGERS`` tuple; every statement may be run
again. They hold neither ``%`` nor ``:name``, so a driver takes them with or without parameters.
A refused change comes back as ``sqlalchemy.exc.IntegrityError`` with a Chinese message and SQLSTATE 23001.
Not here: rights of database roles (an owner can still disable triggers; ``engine.store.verification``
finds what was done meanwhile).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import CheckConstraint, Connection, Table

REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
    MESSAGE = '表 ' || TG_TABLE_NAME || ' 的记录不能' ||
      CASE TG_OP WHEN 'UPDATE' THEN '修改' WHEN 'DELETE' THEN '删除' ELSE '清空' END ||
      COALESCE('（' || TG_ARGV[0] || '）', '（只增不改）'),
    HINT = 'insert-only: correct it by a new record';
END $$
"""


def insert_only(table: str) -> tuple[str, ...]:
    """Statements after which UPDATE, DELETE and TRUNCATE of the table are refused."""
    return (
        REFUSE_CHANGE,
        *_trigger(table, "insert_only", "BEFORE UPDATE OR DELETE OR TRUNCATE", "FOR EACH STATEMENT"),
    )


def keep_rows(table: str) -> tuple[str, ...]:
    """Statements after which DELETE and TRUNCATE of the table are refused; UPDATE stays possible."""
    return (
        REFUSE_CHANGE,
        *_trigger(table, "keep_rows", "BEFORE DELETE OR TRUNCATE", "FOR EACH STATEMENT", note="记录须保留"),
    )


def frozen_columns(table: str, *columns: str) -> tuple[str, ...]:
    """Statements after which an UPDATE that changes one of the columns is refused."""
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    return (
        REFUSE_CHANGE,
        *_trigger(
            table,
            "frozen_columns",
            "BEFORE UPDATE",
            f"FOR EACH ROW WHEN ({changed})",
            note="核心栏目一经写入不得改动",
        ),
    )


def set_once(table: str, *columns: str) -> tuple[str, ...]:
    """Statements after which a column that holds a value keeps it; an empty (NULL) one may be filled."""
    changed = " OR ".join(
        f"(OLD.{column} IS NOT NULL AND OLD.{column} IS DISTINCT FROM NEW.{column})" for column in columns
    )
    return (
        REFUSE_CHANGE,
        *_trigger(
            table,
            "set_once",
            "BEFORE UPDATE",
            f"FOR EACH ROW WHEN ({changed})",
            note="签过的步骤不得改写",
        ),
    )


def allowed_transitions(table: str, column: str, pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Statements after which the column may only change along the pairs (from, to)."""
    pairs = tuple(pairs)
    steps = ", ".join(f"'{old}>{new}'" for old, new in pairs)
    changed = f"OLD.{column} IS DISTINCT FROM NEW.{column}"
    unlisted = f"(OLD.{column} || '>' || NEW.{column}) NOT IN ({steps})"
    note = "允许的步骤：" + "、".join(f"{old}→{new}" for old, new in pairs)
    return (
        REFUSE_CHANGE,
        *_trigger(
            table,
            f"{column}_steps",
            "BEFORE UPDATE",
            f"FOR EACH ROW WHEN ({changed} AND {unlisted})",
            note=note,
        ),
    )


def checks_again(table: Table) -> tuple[str, ...]:
    """Statements that put up the CHECKs of a table that stood before with fewer: a revision draws no such change itself."""
    return tuple(
        statement
        for check in sorted(
            (each for each in table.constraints if isinstance(each, CheckConstraint)),
            key=lambda each: str(each.name),
        )
        for statement in (
            f"ALTER TABLE {table.name} DROP CONSTRAINT IF EXISTS {check.name}",
            f"ALTER TABLE {table.name} ADD CONSTRAINT {check.name} CHECK ({check.sqltext})",
        )
    )


def put_up(connection: Connection, statements: Iterable[str]) -> None:
    """Run the statements of one or more ``TRIGGERS`` tuples in the connection's transaction."""
    for statement in statements:
        connection.exec_driver_sql(statement)


def _trigger(table: str, name: str, when: str, scope: str, *, note: str = "") -> tuple[str, str]:
    argument = f"'{note}'" if note else ""
    return (
        f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}",
        f"CREATE TRIGGER {table}_{name} {when} ON {table} {scope} EXECUTE FUNCTION refuse_change({argument})",
    )
