"""The inbox: pages, counts and search, through the use-cases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from offices import staffed

from engine.cases import checklists, inbox, inbox_lists, staff
from engine.cases.office import Office
from engine.cases.views import Done
from engine.values import Actor

PASSWORD = "inbox-test-pass"


@pytest.fixture
def seeded(office: Office) -> Office:
    return staffed(office, day=office.today, password=PASSWORD)


def _actor(office: Office, login: str) -> Actor:
    actor = staff.sign_in(office, login=login, password=PASSWORD)
    assert isinstance(actor, Actor), actor
    return actor


def _findings(office: Office, count: int) -> None:
    provincial = _actor(office, "handudao")
    for number in range(count):
        due = office.today + timedelta(days=10)
        outcome = checklists.issue_item(
            office, provincial, topic=f"事项{number}", region="371500", plan_due=due, done_due=due
        )
        assert isinstance(outcome, Done), outcome


@pytest.mark.req("FLOW-05")
def test_every_task_is_on_exactly_one_page(seeded: Office) -> None:
    _findings(seeded, 30)
    rectifier = _actor(seeded, "jiangzhenggai")

    first = inbox_lists.inbox(seeded, rectifier, "claimable")
    second = inbox_lists.inbox(seeded, rectifier, "claimable", cursor=first.next_cursor)

    ids = [row.task_id for row in first.rows + second.rows]
    assert (len(first.rows), len(second.rows), first.total, second.next_cursor) == (25, 5, 30, "")
    assert len(set(ids)) == 30
    assert inbox_lists.counts(seeded, rectifier) == {
        "todo": 0, "claimable": 30, "done": 0, "overdue": 0, "below": 0, "delegated": 0, "started": 0, "copied": 0,
    }  # fmt: skip


@pytest.mark.req("FLOW-05")
def test_a_cursor_that_is_none_begins_anew(seeded: Office) -> None:
    _findings(seeded, 2)
    rectifier = _actor(seeded, "jiangzhenggai")

    page = inbox_lists.inbox(seeded, rectifier, "claimable", cursor="'; DROP TABLE post")

    assert page.rows
    assert page == inbox_lists.inbox(seeded, rectifier, "claimable")


@pytest.mark.req("FLOW-05")
def test_done_tasks_are_newest_first_over_pages(seeded: Office) -> None:
    _findings(seeded, 27)
    rectifier = _actor(seeded, "jiangzhenggai")
    fields = {
        "problem_kind": "half_done",
        "problem": "有手工报盘",
        "measures": "停用手工报盘，走社银接口",
        "responsible": "蒋正凯",
        "done_due": (seeded.today + timedelta(days=20)).isoformat(),
    }
    for _ in range(27):
        task_id = inbox_lists.inbox(seeded, rectifier, "claimable").rows[0].task_id
        assert isinstance(inbox.complete_task(seeded, rectifier, task_id, fields), Done)

    first = inbox_lists.inbox(seeded, rectifier, "done")
    second = inbox_lists.inbox(seeded, rectifier, "done", cursor=first.next_cursor)

    assert first.total == 27
    assert len({row.task_id for row in first.rows + second.rows}) == 27
