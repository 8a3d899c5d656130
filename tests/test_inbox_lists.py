"""The lists of the inbox: every page against a plain sort of all rows, every total against a count of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import pytest
from many_tasks import a_post, seed_open_tasks
from sqlalchemy import select

from engine.cases import inbox_lists, setup, staff
from engine.cases.inbox_filters import InboxFilter, read_filter
from engine.cases.office import Office
from engine.cases.views import TaskRow
from engine.values import Actor, reach
from engine.workflow.tables import WorkflowCase, WorkflowTask

PASSWORD = "inbox-lists-pass"
SEED = random.randrange(2**32)


@pytest.fixture
def seeded(office: Office) -> Office:
    setup.set_up(office)
    setup.seed(office, people=0, employers=0, seed=1, day=office.today, password=PASSWORD)
    with office.store.transaction() as session:
        if session.scalar(select(WorkflowTask.id).limit(1)) is None:
            seed_open_tasks(session, 900, now=office.clock())
    return office


@pytest.fixture
def rng() -> random.Random:
    print(f"seed {SEED}")
    return random.Random(SEED)


def who(office: Office, login: str) -> Actor:
    actor = staff.sign_in(office, login=login, password=PASSWORD)
    assert isinstance(actor, Actor), actor
    return actor


def all_open(office: Office) -> list[tuple[WorkflowTask, WorkflowCase]]:
    with office.store.reading() as session:
        query = select(WorkflowTask, WorkflowCase).join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
        return [(task, case) for task, case in session.execute(query.where(WorkflowTask.status == "ready"))]


def every_page(office: Office, actor: Actor, which: Any, asked: InboxFilter) -> list[TaskRow]:
    """All rows, page after page; each page's way back leads to the page before it."""
    page = inbox_lists.inbox(office, actor, which, asked)
    rows, last = list(page.rows), page
    assert not page.previous_cursor
    while page.next_cursor:
        page = inbox_lists.inbox(office, actor, which, asked, cursor=page.next_cursor)
        back = inbox_lists.inbox(office, actor, which, asked, cursor=page.previous_cursor)
        assert back.rows == last.rows
        assert page.total == last.total
        rows, last = [*rows, *page.rows], page
    assert page.total == len(rows)
    return rows


KEYS: dict[str, Callable[[WorkflowTask], Any]] = {
    "received": lambda task: (task.created_at, task.id),
    "due": lambda task: (task.due_at is None, task.due_at or 0, task.id),
    "case": lambda task: (task.case_id, task.id),
}


@pytest.mark.req("FLOW-05")
@pytest.mark.parametrize("region", ["371502", "371500", "370000"])
@pytest.mark.parametrize("which", ["claimable", "overdue", "below"])
def test_pages_and_totals_are_those_of_a_plain_sort(
    seeded: Office, rng: random.Random, which: str, region: str
) -> None:
    actor = a_post(seeded, "approve" if which == "below" else "review", region)
    now = seeded.clock()

    def belongs(task: WorkflowTask, case: WorkflowCase) -> bool:
        if not task.region_code.startswith(reach(region)):
            return False
        if which == "below":
            return task.region_code != region
        if task.duty != "review":
            return False
        late = task.due_at is not None and task.due_at < now and case.paused_at is None
        return task.assignee is None if which == "claimable" else late

    everything = all_open(seeded)
    for sort in ("received", "due", "case"):
        order = rng.choice(["asc", "desc"])
        asked = InboxFilter(sort=sort, order=order, size=rng.choice([25, 50, 100]))  # type: ignore[arg-type]
        wanted = sorted((task for task, case in everything if belongs(task, case)), key=KEYS[sort])
        if order == "desc":
            wanted.reverse()

        rows = every_page(seeded, actor, which, asked)

        assert [row.task_id for row in rows] == [task.id for task in wanted], (SEED, sort, order)
    assert inbox_lists.counts(seeded, actor)[which] == len(wanted)  # type: ignore[index]


@pytest.mark.req("FLOW-05")
def test_filters_leave_what_a_plain_look_at_all_rows_leaves(seeded: Office, rng: random.Random) -> None:
    actor = a_post(seeded, "review", "370000")
    everything = [pair for pair in all_open(seeded) if pair[0].duty == "review" and pair[0].assignee is None]
    today = seeded.today
    lights = {
        "overdue": lambda due: due is not None and due < seeded.clock(),
        "soon": lambda due: (
            due is not None and seeded.clock() <= due and due.astimezone(UTC).date() < soon_end
        ),
        "none": lambda due: due is None,
    }
    soon_end = seeded.calendar.after(today, 2)
    for _ in range(60):
        asked = {
            "process": rng.choice(["", "claim", "transfer_in", "nothing"]),
            "element": rng.choice(["", "", "claim_step_1"]),
            "region": rng.choice(["", "371500", "371502", "370100", "500000"]),
            "light": rng.choice(["", "", "overdue", "soon", "none"]),
            "due_from": rng.choice(["", (today - timedelta(days=rng.randrange(20))).isoformat()]),
            "due_until": rng.choice(["", (today + timedelta(days=rng.randrange(20))).isoformat()]),
            "sort": rng.choice(["received", "due", "case"]),
            "order": rng.choice(["", "asc"]),
        }
        filters = read_filter(asked)
        assert not filters.mistakes

        def meets(task: WorkflowTask, case: WorkflowCase, asked: dict[str, str] = asked) -> bool:
            day = (task.due_at + timedelta(hours=8)).date().isoformat() if task.due_at else ""
            dated = bool(asked["due_from"] or asked["due_until"])
            return (
                asked["process"] in ("", case.process_id)
                and asked["element"] in ("", task.element_id)
                and task.region_code.startswith(reach(asked["region"] or "370000"))
                and (not asked["light"] or lights[asked["light"]](task.due_at))
                and (not dated or bool(day))
                and (asked["due_from"] or "0") <= (day or "1")
                and (day or "0") <= (asked["due_until"] or "9")
            )

        days = asked["light"] or asked["due_from"] or asked["due_until"]
        sort = "due" if days and asked["sort"] == "received" and not asked["order"] else asked["sort"]
        wanted = sorted((task for task, case in everything if meets(task, case)), key=KEYS[sort])

        rows = every_page(seeded, actor, "claimable", filters)

        assert [row.task_id for row in rows] == [task.id for task in wanted], (SEED, asked)
