"""The lists of the inbox, page by page, with what they are narrowed to and how many there are.

What may be done with one task is ``inbox``'s; how a page is found among a million, ``inbox_pages``'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, exists, func, select, union
from sqlalchemy.orm import Session

from engine.cases.bulk import allows_bulk
from engine.cases.desk_tables import CaseCopy, TaskSigner
from engine.cases.inbox_filters import (
    DueDays,
    InboxFilter,
    case_conditions,
    due_condition,
    due_days,
    task_conditions,
)
from engine.cases.inbox_pages import (
    COUNTED_MAX,
    OPEN,
    Asked,
    Cursor,
    Found,
    Within,
    count_of,
    count_of_strands,
    cursor_at,
    few_cases,
    page_of,
    page_of_strands,
    strands_of,
    total_of,
)
from engine.cases.office import Office
from engine.cases.rows import Reach, reaches, task_rows, visible
from engine.cases.views import InboxList, Light, Page, TaskList, TaskRow
from engine.store.sight import beyond
from engine.values import Actor
from engine.workflow.tables import ProcessVersion, WorkflowCase, WorkflowTask

#: duties that see the open tasks of every duty in the regions below their own
SEE_BELOW = frozenset({"approve", "control", "fund_supervisor", "provincial", "verifier"})
#: of these, who may open the files of what they see (``files``)
_OPEN_BELOW = SEE_BELOW - {"approve"}
REACHED: frozenset[InboxList] = frozenset({"claimable", "overdue", "below"})


def inbox(
    office: Office, actor: Actor, which: TaskList, asked: InboxFilter | None = None, *, cursor: str = ""
) -> Page[TaskRow]:
    """A page of a list of tasks: mine, claimable, done, overdue, below, or lent to a colleague.

    Oldest first unless asked otherwise; done newest first, what is about due days by these. A cursor that is none begins anew.
    """
    asked = asked or InboxFilter()
    if actor.kind != "staff" and which not in {"todo", "done"}:
        return Page(rows=(), total=0)
    place = _asked(which, asked, cursor)
    with office.store.reading() as session:
        mine = reaches(session, office, actor)
        if which in REACHED:
            # numbers of tasks in their order; the rows shown are read with the actor's own eyes
            with beyond(
                session, "the place of a page among a million tasks: what posts reach, by its indexes"
            ):
                found, total = _reached(session, office, which, asked, place, mine)
        else:
            found, total = _own(session, office, actor, which, asked, place)
        ids, before, after = found
        return Page(
            rows=_task_rows(session, office, actor, mine, [task_id for task_id, _ in ids]),
            total=min(total, COUNTED_MAX) if _counted_up_to(which, asked) else total,
            more=_counted_up_to(which, asked) and total > COUNTED_MAX,
            next_cursor=cursor_at("after", ids[-1]) if after and ids else "",
            previous_cursor=cursor_at("before", ids[0]) if before and ids else "",
        )


def counts(office: Office, actor: Actor) -> Mapping[InboxList, int]:
    """How many each list has; of copies, how many were not opened yet."""
    with office.store.reading() as session:

        def rows(which: InboxList) -> int:
            return _count_of_own(session, actor, _own_conditions(session, office, actor, which))

        found: dict[InboxList, int] = {"todo": rows("todo"), "done": rows("done")}
        if actor.kind != "staff":
            return found
        mine = reaches(session, office, actor)
        reached: tuple[InboxList, ...] = ("claimable", "overdue", "below")
        for which in reached:
            inside = within_list(office, which, mine).narrowed(session, "")
            days = due_days(office, InboxFilter(), light=light_of_list(which))
            strands = strands_of(session, inside, InboxFilter(), days)
            with beyond(session, "how many tasks posts reach: counted by its indexes, none of them shown"):
                found[which] = total_of(session, office, inside, InboxFilter(), days, strands)
        started = select(func.count()).where(WorkflowCase.started_by == actor.key)
        unread = select(func.count()).where(CaseCopy.reader == actor.key, CaseCopy.read_at.is_(None))
        found["started"], found["copied"] = session.scalar(started) or 0, session.scalar(unread) or 0
        return found | {"delegated": rows("delegated")}


def _asked(which: TaskList, asked: InboxFilter, cursor: str) -> Asked:
    about_days = which == "overdue" or asked.light or asked.due_from or asked.due_until
    sort = "due" if about_days and asked.sort == "received" and not asked.order else asked.sort
    return Asked(
        sort=sort,
        newest_first=asked.order == "desc" if asked.order else which == "done",
        size=asked.size,
        cursor=Cursor.read(cursor, sort),
        at=WorkflowTask.completed_at if which == "done" else WorkflowTask.created_at,  # type: ignore[arg-type]
    )


def light_of_list(which: InboxList) -> Light | Literal[""]:
    """The light that all rows of the list have; empty where they differ."""
    return "overdue" if which == "overdue" else ""


def _counted_up_to(which: InboxList, asked: InboxFilter) -> bool:
    """Whether the total is counted row by row, so that counting has to stop somewhere."""
    return asked.narrows and (which not in REACHED or asked.of_case or bool(asked.assignee))


def within_list(office: Office, which: InboxList, mine: tuple[Reach, ...]) -> Within:
    """What the list reaches: the actor's duties and regions, or those below."""
    if which != "below":
        return Within(reaches=mine, claimed=False if which == "claimable" else None)
    above = {each for each in mine if len(each.scope) < _COUNTY_DIGITS}
    staff = [duty.id for duty in office.duties.duties.values() if duty.staff]
    found = {
        Reach(duty, each.scope)
        for each in above
        for duty in (staff if each.duty in SEE_BELOW else (each.duty,))
    }
    kept = {each for each in found if not any(_wider(other, each) for other in found)}
    return Within(
        reaches=tuple(sorted(kept)),
        without=frozenset(each.scope.ljust(_COUNTY_DIGITS, "0") for each in above),
    )


_COUNTY_DIGITS = 6


def _wider(one: Reach, other: Reach) -> bool:
    return one != other and one.duty == other.duty and other.scope.startswith(one.scope)


def _reached(
    session: Session,
    office: Office,
    which: InboxList,
    asked: InboxFilter,
    place: Asked,
    mine: tuple[Reach, ...],
) -> tuple[Found, int]:
    """A page and the total of a list of what posts reach."""
    inside = within_list(office, which, mine).narrowed(session, asked.region)
    days = due_days(office, asked, light=light_of_list(which))
    if not inside.reaches or days.empty:
        return ([], False, False), 0
    conditions = [due_condition(office, days), *task_conditions(session, asked)]
    if inside.without:
        conditions.append(WorkflowTask.region_code.not_in(inside.without))
    few = few_cases(session, asked) if asked.of_case else None
    if few is not None or asked.assignee:
        those = [*inside.conditions(), *conditions]
        those += [WorkflowTask.case_id.in_(few)] if few is not None else case_conditions(asked)
        return page_of(session, place, those), count_of(session, those)
    if asked.of_case:
        conditions.append(exists().where(WorkflowCase.id == WorkflowTask.case_id, *case_conditions(asked)))
    strands = strands_of(session, inside, asked, DueDays())
    if asked.of_case:
        found = page_of_strands(session, place, strands.counts, conditions)
        return found, count_of_strands(session, strands.counts, conditions)
    due = strands if days == DueDays() else strands_of(session, inside, asked, days)
    total = total_of(session, office, inside, asked, days, due)
    # either way costs about so many rows: reading all that is due then, or passing over what is not
    by_due = (
        due != strands and place.sort != "due" and total**2 < place.size * len(strands.counts) * strands.n
    )
    return page_of_strands(session, place, strands.counts, conditions, by_due=by_due), total


def _own(
    session: Session, office: Office, actor: Actor, which: InboxList, asked: InboxFilter, place: Asked
) -> tuple[Found, int]:
    """A page and the total of a list of the actor's own."""
    own = _own_conditions(session, office, actor, which)
    if not asked.narrows:
        return page_of(session, place, own), _count_of_own(session, actor, own)
    days = due_condition(office, due_days(office, asked))
    narrowed = [*own, days, *task_conditions(session, asked), *case_conditions(asked)]
    return page_of(session, place, narrowed), count_of(session, narrowed)


def _count_of_own(session: Session, actor: Actor, own: list[ColumnElement[bool]]) -> int:
    query = select(func.count(WorkflowTask.id)).where(*own)
    if actor.kind != "staff":
        query = query.join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
    return session.scalar(query) or 0


def _own_conditions(
    session: Session, office: Office, actor: Actor, which: InboxList
) -> list[ColumnElement[bool]]:
    """Which tasks a list of the actor's own has."""
    if which == "done":
        return [WorkflowTask.completed_by == actor.key]
    if actor.kind != "staff":
        return [OPEN, visible(session, office, actor)]
    if which == "delegated":
        return [OPEN, WorkflowTask.owner == actor.key, WorkflowTask.assignee != actor.key]
    mine = select(WorkflowTask.id).where(OPEN, WorkflowTask.assignee == actor.key)
    return [WorkflowTask.id.in_(union(mine, select(WorkflowTask.id).where(OPEN, _to_sign(actor))))]


def _to_sign(actor: Actor) -> ColumnElement[bool]:
    """Tasks that somebody else holds and that wait for the actor's signature (加签)."""
    waiting = select(TaskSigner.task_id).where(
        TaskSigner.signer == actor.key, TaskSigner.signed_at.is_(None), TaskSigner.ended_at.is_(None)
    )
    return WorkflowTask.id.in_(waiting)


def _task_rows(
    session: Session, office: Office, actor: Actor, mine: tuple[Reach, ...], ids: Sequence[str]
) -> tuple[TaskRow, ...]:
    query = (
        select(WorkflowTask, WorkflowCase, ProcessVersion.name)
        .join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
        .join(ProcessVersion, ProcessVersion.id == WorkflowCase.version_id)
        .where(WorkflowTask.id.in_(ids))
    )
    found = {task.id: (task, case, name) for task, case, name in session.execute(query)}
    rows = task_rows(session, office, [found[task_id] for task_id in ids if task_id in found])
    oversees = bool(actor.duties & _OPEN_BELOW)
    to_sign = set(
        session.scalars(select(WorkflowTask.id).where(WorkflowTask.id.in_(ids), OPEN, _to_sign(actor)))
    )
    return tuple(
        replace(
            row,
            to_sign=row.task_id in to_sign,
            bulk=row.status == "ready" and allows_bulk(session, office, *found[row.task_id][:2]),
            opens=_opens(actor, mine, row, found[row.task_id][0], oversees=oversees),
        )
        for row in rows
    )


def _opens(actor: Actor, mine: tuple[Reach, ...], row: TaskRow, task: WorkflowTask, *, oversees: bool) -> Any:
    if row.status != "ready":
        # what one has completed can be taken back there
        return "task" if row.status == "completed" and task.completed_by == actor.key else "case"
    if actor.kind != "staff" or actor.key in {task.assignee, task.owner}:
        return "task"
    if any(each.duty == row.duty and row.region.startswith(each.scope) for each in mine):
        return "task"
    return "case" if oversees else ""
