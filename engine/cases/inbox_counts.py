"""How many tasks are open, by region, step and due day: sums that PostgreSQL itself keeps exact.

Triggers on ``workflow_task`` write what each statement changed as rows of ``open_task_delta``, in the same
transaction, so no two steps wait for one row. The sweep adds them into ``open_task_total``; a reader sums
both in one statement. A task counts at every level above it: ``371502``, ``3715``, ``37`` and the empty scope.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, Identity, Index, String, func, select, text, tuple_, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.store.db import Base
from engine.store.guards import frozen_columns

#: the due day of a task without a limit
NEVER = date.max


class OpenTaskTotal(Base):
    """The sum of all changes that the sweep has taken in; written by the sweep only."""

    __tablename__ = "open_task_total"
    __table_args__ = (Index("ix_open_task_total_empty", "scope", postgresql_where=text("n = 0")),)

    #: what the codes of the regions begin with
    scope: Mapped[str] = mapped_column(String(6), primary_key=True)
    duty: Mapped[str] = mapped_column(String(40), primary_key=True)
    element_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    process_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    claimed: Mapped[bool] = mapped_column(primary_key=True)
    #: the day in China
    due_on: Mapped[date] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


class OpenTaskDelta(Base):
    """What one statement changed; written by the triggers only, removed by the sweep."""

    __tablename__ = "open_task_delta"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    scope: Mapped[str] = mapped_column(String(6))
    duty: Mapped[str] = mapped_column(String(40))
    element_id: Mapped[str] = mapped_column(String(120))
    process_id: Mapped[str] = mapped_column(String(64))
    claimed: Mapped[bool]
    due_on: Mapped[date]
    n: Mapped[int] = mapped_column(BigInteger)


_CHANGED = {
    "insert": "SELECT *, 1 AS sign FROM after_rows",
    "update": "SELECT *, 1 AS sign FROM after_rows UNION ALL SELECT *, -1 AS sign FROM before_rows",
    "delete": "SELECT *, -1 AS sign FROM before_rows",
}
_SEEN = {
    "insert": "NEW TABLE AS after_rows",
    "update": "OLD TABLE AS before_rows NEW TABLE AS after_rows",
    "delete": "OLD TABLE AS before_rows",
}


def _counting(verb: str) -> tuple[str, ...]:
    name = f"count_open_tasks_{verb}"
    return (
        f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO open_task_delta (scope, duty, element_id, process_id, claimed, due_on, n)
    SELECT left(t.region_code, level.digits), t.duty, t.element_id, c.process_id, t.assignee IS NOT NULL,
           coalesce((t.due_at AT TIME ZONE 'Asia/Shanghai')::date, '{NEVER}'), sum(t.sign)
      FROM ({_CHANGED[verb]}) t
      JOIN workflow_case c ON c.id = t.case_id
      JOIN (VALUES (0), (2), (4), (6)) level(digits) ON level.digits <= length(t.region_code)
     WHERE t.status = 'ready'
     GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(t.sign) <> 0;
    RETURN NULL;
END $$
""",  # noqa: S608 - words of our own
        f"DROP TRIGGER IF EXISTS workflow_task_{name} ON workflow_task",
        f"""CREATE TRIGGER workflow_task_{name} AFTER {verb.upper()} ON workflow_task
       REFERENCING {_SEEN[verb]} FOR EACH STATEMENT EXECUTE FUNCTION {name}()""",
    )


TRIGGERS: tuple[str, ...] = (
    *_counting("insert"),
    *_counting("update"),
    *_counting("delete"),
    # the sums lean on it
    *frozen_columns("workflow_case", "process_id"),
)

_STEP = ("scope", "duty", "element_id", "process_id", "claimed")
_KEYS = (*_STEP, "due_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCount:
    """So many open tasks of one step of one duty within a scope, held by somebody or by nobody."""

    scope: str
    duty: str
    element_id: str
    process_id: str
    claimed: bool
    n: int


def open_counts(
    session: Session, reaches: Iterable[tuple[str, str]], *, first: date = date.min, last: date = NEVER
) -> tuple[OpenCount, ...]:
    """How many tasks are open for each (duty, scope) by step and holder, due in those days, both inclusive.

    Where there are none, there is no count.
    """
    asked = sorted(set(reaches))
    if not asked or last < first:
        return ()
    parts = union_all(
        *(
            select(*(getattr(table, key) for key in _STEP), table.n).where(
                tuple_(table.duty, table.scope).in_(asked), table.due_on.between(first, last)
            )
            for table in (OpenTaskTotal, OpenTaskDelta)
        )
    ).subquery()
    keys = [parts.c[key] for key in _STEP]
    n = func.sum(parts.c.n)
    rows = session.execute(select(*keys, n).group_by(*keys).having(n != 0).order_by(*keys)).all()
    return tuple(
        OpenCount(
            scope=scope, duty=duty, element_id=element, process_id=process, claimed=claimed, n=int(count)
        )
        for scope, duty, element, process, claimed, count in map(tuple, rows)
    )


def take_in(session: Session) -> int:
    """How many rows of changes were added into the sums; 0 while another sweep does it."""
    lock = "SELECT pg_try_advisory_xact_lock(hashtextextended('open_task_total', 0))"
    if not session.scalar(text(lock)):
        return 0
    keys = ", ".join(_KEYS)
    taken = session.scalar(
        text(
            f"""WITH gone AS (DELETE FROM open_task_delta RETURNING {keys}, n),
                     added AS (INSERT INTO open_task_total ({keys}, n)
                               SELECT {keys}, sum(n) FROM gone GROUP BY {keys} HAVING sum(n) <> 0
                                   ON CONFLICT ({keys}) DO UPDATE SET n = open_task_total.n + excluded.n)
                SELECT count(*) FROM gone"""  # noqa: S608 - names of our own columns
        )
    )
    if taken:
        session.execute(text("DELETE FROM open_task_total WHERE n = 0"))
    return int(taken or 0)
