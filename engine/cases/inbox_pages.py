"""One page of open tasks out of very many, and how many there are, at a cost that does not grow with them.

A list of what posts reach is read as strands: one for each step, duty, part of the country and whether
somebody has it. Each strand is a range of one index in the order asked for; the counters say which strands
are not empty. Called by ``inbox_lists`` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Select,
    String,
    column,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
    union_all,
    values,
)
from sqlalchemy.orm import Session

from engine.cases.inbox_counts import OpenCount, open_counts
from engine.cases.inbox_filters import (
    DueDays,
    InboxFilter,
    Sort,
    case_conditions,
    due_between,
    due_key,
    passed_today,
    standing_still,
    task_conditions,
)
from engine.cases.office import Office
from engine.cases.rows import Reach, within
from engine.people import Region
from engine.values import reach
from engine.workflow.tables import WorkflowCase, WorkflowTask

#: a total that nobody keeps is counted up to here, and then said to be more
COUNTED_MAX = 10_000
#: cases that a filter of cases may find to be looked up one by one
_FEW = 1_000
_INFINITY = literal_column("'infinity'::timestamptz", DateTime(timezone=True))
_MANY = 2**31 - 2
#: written out, so that an index of open tasks is known to serve
OPEN: ColumnElement[bool] = literal_column("(workflow_task.status = 'ready')", Boolean)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page ends or begins: the row beside it, in the order of the list."""

    back: bool
    value: datetime | int | None
    task_id: str

    @classmethod
    def read(cls, written: str, sort: Sort) -> Cursor | None:
        """The cursor as a page gave it; None for one that no page of that order gave."""
        way, _, rest = written.partition("~")
        plain, _, task_id = rest.partition("~")
        if way not in {"after", "before"} or not task_id.isalnum() or len(task_id) > 32:
            return None
        try:
            value = _value(plain, sort)
        except (ValueError, OverflowError):
            return None
        return cls(back=way == "before", value=value, task_id=task_id)

    @property
    def bound(self) -> ColumnElement[Any]:
        """The row as a tuple for comparison."""
        if isinstance(self.value, int):
            return tuple_(literal(self.value, Integer), literal(self.task_id, String))
        at = _INFINITY if self.value is None else literal(self.value, DateTime(timezone=True))
        return tuple_(at, literal(self.task_id, String))


def cursor_at(way: str, row: Sequence[Any]) -> str:
    """The cursor of the page after or before a row ``(task id, value)``."""
    task_id, value = row
    plain = (
        value.astimezone(UTC).isoformat()
        if isinstance(value, datetime)
        else "never"
        if value is None
        else value
    )
    return f"{way}~{plain}~{task_id}"


def _value(plain: str, sort: Sort) -> datetime | int | None:
    if sort == "case":
        number = int(plain)
        if not 0 <= number < 2**31:
            raise ValueError(plain)
        return number
    if plain == "never" and sort == "due":
        return None
    at = datetime.fromisoformat(plain)
    if at.tzinfo is None:
        raise ValueError(plain)
    return at


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An order and a place in it."""

    sort: Sort
    newest_first: bool
    size: int
    cursor: Cursor | None
    #: what ``received`` means: when it came, or when it was completed
    at: ColumnElement[Any] = WorkflowTask.created_at  # type: ignore[assignment]

    @property
    def key(self) -> ColumnElement[Any]:
        """The column of the order."""
        return {"received": self.at, "due": due_key, "case": WorkflowTask.case_id}[self.sort]  # type: ignore[return-value]

    @property
    def descending(self) -> bool:
        """Which way the index is read; a page back is read against the order."""
        return self.newest_first != bool(self.cursor and self.cursor.back)

    def beyond(self) -> ColumnElement[bool]:
        """What lies past the cursor, the way that is read."""
        if self.cursor is None:
            return true()
        place = tuple_(self.key, WorkflowTask.id)
        return place < self.cursor.bound if self.descending else place > self.cursor.bound

    def ordered(self, query: Select[Any], key: Any, task_id: Any) -> Select[Any]:
        """The query in that order, with one row more than the page to see whether there are others."""
        keys = [key.desc(), task_id.desc()] if self.descending else [key, task_id]
        return query.order_by(*keys).limit(self.size + 1)


#: ids and values of the order for one page, in its order; whether there is a page before and after
Found = tuple[list[tuple[str, Any]], bool, bool]


def page_of(session: Session, asked: Asked, conditions: Sequence[ColumnElement[bool]]) -> Found:
    """The page of all tasks that meet the conditions, for lists that are short or have an index of their own."""
    shown = _shown(asked)
    query = (
        select(WorkflowTask.id, shown)
        .join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
        .where(*conditions, asked.beyond())
    )
    return _cut(
        asked, [tuple(row) for row in session.execute(asked.ordered(query, asked.key, WorkflowTask.id))]
    )


def page_of_strands(
    session: Session,
    asked: Asked,
    strands: Sequence[OpenCount],
    conditions: Sequence[ColumnElement[bool]],
    *,
    by_due: bool = False,
) -> Found:
    """The page of the tasks of the strands that meet the conditions.

    Each strand is read in the list's order as far as the page reaches; ``by_due``: read whole in the order of due
    days, where the conditions leave few of them, and sorted afterwards.
    """
    if not strands:
        return [], False, False
    parts = []
    for digits in sorted({len(strand.scope) for strand in strands}):
        wanted = _table([strand for strand in strands if len(strand.scope) == digits])
        one = select(WorkflowTask.id.label("id"), _shown(asked).label("shown"), asked.key.label("key"))
        one = one.where(*_of_strand(wanted, digits), *conditions, asked.beyond())
        if by_due:
            lateral = one.order_by(due_key, WorkflowTask.id).offset(0).lateral("waiting")
        else:
            lateral = asked.ordered(one, asked.key, WorkflowTask.id).lateral("waiting")
        columns = (lateral.c.id, lateral.c.shown, lateral.c.key)
        parts.append(select(*columns).select_from(wanted.join(lateral, true())))
    whole = union_all(*parts).subquery()
    query = asked.ordered(select(whole.c.id, whole.c.shown), whole.c.key, whole.c.id)
    with _in_index_order(session):
        return _cut(asked, [tuple(row) for row in session.execute(query)])


@contextmanager
def _in_index_order(session: Session) -> Iterator[None]:
    """Within it PostgreSQL reads each strand in the order of its index and stops.

    It takes step, duty and region for unrelated, hence strands for a handful of rows, and would rather sort them.
    """
    switch = text(
        "SELECT set_config(s, :to, true) FROM unnest(ARRAY['enable_sort', 'enable_bitmapscan', 'jit']) s"
    )
    session.execute(switch, {"to": "off"})
    yield
    session.execute(switch, {"to": "on"})


def count_of(session: Session, conditions: Sequence[ColumnElement[bool]], *, up_to: int = COUNTED_MAX) -> int:
    """How many tasks meet the conditions; one more than ``up_to`` for any number beyond."""
    query = (
        select(WorkflowTask.id)
        .join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
        .where(*conditions)
        .limit(up_to + 1)
    )
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def count_of_strands(
    session: Session, strands: Sequence[OpenCount], conditions: Sequence[ColumnElement[bool]]
) -> int:
    """The same over strands."""
    found = 0
    for digits in sorted({len(strand.scope) for strand in strands}):
        wanted = _table([strand for strand in strands if len(strand.scope) == digits])
        lateral = select(WorkflowTask.id).where(*_of_strand(wanted, digits), *conditions)
        each = lateral.limit(COUNTED_MAX + 1).lateral("waiting")
        query = select(each.c.id).select_from(wanted.join(each, true())).limit(COUNTED_MAX + 1)
        found += session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return min(found, COUNTED_MAX + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """What a list of open tasks reaches, before anything is filtered."""

    reaches: tuple[Reach, ...]
    #: offices whose own tasks are left out
    without: frozenset[str] = frozenset()
    #: claimed by somebody, by nobody, or either
    claimed: bool | None = None

    def narrowed(self, session: Session, region: str) -> Within:
        """What of it lies in the region; the whole country taken apart into provinces, as the indexes are."""
        found = {Reach(each.duty, scope) for each in self.reaches for scope in _scopes(session, each.scope)}
        if region:
            asked = reach(region)
            found = {
                each if each.scope.startswith(asked) else Reach(each.duty, asked)
                for each in found
                if each.scope.startswith(asked) or asked.startswith(each.scope)
            }
        return replace(self, reaches=tuple(sorted(found)))

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions on tasks, for few of them; not for a page."""
        found: list[ColumnElement[bool]] = [OPEN, or_(false(), *(within(each) for each in self.reaches))]
        if self.without:
            found.append(WorkflowTask.region_code.not_in(self.without))
        if self.claimed is not None:
            found.append(
                WorkflowTask.assignee.is_not(None) if self.claimed else WorkflowTask.assignee.is_(None)
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Strands:
    """The counts of a list that a filter's process, step and due days leave."""

    counts: tuple[OpenCount, ...]
    #: how many of them are tasks of offices that the list leaves out
    left_out: int = 0

    @property
    def n(self) -> int:
        """How many tasks the list has, as far as counters of days know."""
        return sum(count.n for count in self.counts) - self.left_out


def strands_of(session: Session, inside: Within, asked: InboxFilter, days: DueDays) -> Strands:
    """What the counters say of the list, with what the filter asks of step, process and due days."""
    wanted = {(each.duty, each.scope) for each in inside.reaches}
    own = {(duty, code) for duty, scope in wanted for code in inside.without if code.startswith(scope)}
    found = [
        count
        for count in open_counts(session, wanted | own, first=days.first, last=days.last)
        if inside.claimed in (None, count.claimed)
        and asked.process in ("", count.process_id)
        and asked.element in ("", count.element_id)
    ]
    return Strands(
        counts=tuple(count for count in found if (count.duty, count.scope) in wanted),
        left_out=sum(count.n for count in found if (count.duty, count.scope) in own),
    )


def total_of(
    session: Session, office: Office, inside: Within, asked: InboxFilter, days: DueDays, strands: Strands
) -> int:
    """How many tasks the list has: the counters' sum of its days, set right for what they do not know."""
    found = strands.n
    inside_them = [*inside.conditions(), *task_conditions(session, asked)]
    if days.passed_today:
        passed = [*inside_them, passed_today(office), ~standing_still()]
        found += days.passed_today * count_of(session, passed, up_to=_MANY)
    if days.running:
        paused = WorkflowTask.case_id.in_(select(WorkflowCase.id).where(WorkflowCase.paused_at.is_not(None)))
        found -= count_of(session, [*inside_them, paused, due_between(days)], up_to=_MANY)
    return found


def few_cases(session: Session, asked: InboxFilter) -> list[int] | None:
    """The running cases that the filter asks for; None when there are too many to look up one by one."""
    query = select(WorkflowCase.id).where(WorkflowCase.status == "running", *case_conditions(asked))
    found = list(session.scalars(query.limit(_FEW + 1)))
    return found if len(found) <= _FEW else None


def _scopes(session: Session, scope: str) -> tuple[str, ...]:
    if scope:
        return (scope,)
    return tuple(session.scalars(select(func.left(Region.code, 2)).distinct()))


def _table(strands: Sequence[OpenCount]) -> FromClause:
    rows = {(each.element_id, each.scope, each.duty, not each.claimed) for each in strands}
    columns = (
        column("element_id", String), column("scope", String), column("duty", String), column("free", Boolean),
    )  # fmt: skip
    return values(*columns, name="strand").data(sorted(rows))


def _of_strand(strand: FromClause, digits: int) -> list[ColumnElement[bool]]:
    """Spelled as in the indexes."""
    scope: ColumnElement[str] = literal_column(f'"left"(workflow_task.region_code::text, {digits})', String)
    free: ColumnElement[bool] = literal_column("(workflow_task.assignee IS NULL)", Boolean)
    return [
        OPEN,
        WorkflowTask.element_id == strand.c.element_id,
        scope == strand.c.scope,
        free == strand.c.free,
        WorkflowTask.duty == strand.c.duty,
    ]


def _shown(asked: Asked) -> ColumnElement[Any]:
    """The value of the order as a cursor keeps it; the driver has no word for an infinite instant."""
    return WorkflowTask.due_at if asked.sort == "due" else asked.key  # type: ignore[return-value]


def _cut(asked: Asked, rows: list[tuple[str, Any]]) -> Found:
    more, rows = len(rows) > asked.size, rows[: asked.size]
    if asked.cursor and asked.cursor.back:
        return rows[::-1], more, True
    return rows, asked.cursor is not None, more
