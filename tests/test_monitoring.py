"""The figures of monitoring against a plain count of all rows, and who may see what of them."""

from __future__ import annotations

import random
import statistics
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from many_tasks import a_post
from offices import staffed
from openpyxl import load_workbook
from sqlalchemy import select
from weeks_of_work import seed_weeks

from engine.cases import monitor_lists, monitor_sheets, monitoring
from engine.cases.limit_tables import Breach
from engine.cases.monitoring import Monitor, MonitorFilter
from engine.cases.office import Office
from engine.values import CHINA, Actor, Refusal, reach
from engine.workflow.tables import WorkflowCase, WorkflowTask

SEED = random.randrange(2**32)


@pytest.fixture
def seeded(office: Office) -> Office:
    staffed(office, day=office.today, password="monitoring-pass")
    with office.store.transaction() as session:
        if session.scalar(select(WorkflowTask.id).limit(1)) is None:
            seed_weeks(session, office, 300, now=office.clock())
    return office


def seen(office: Office, actor: Actor, **wanted: str) -> Monitor:
    found = monitoring.monitor(office, actor, MonitorFilter(**wanted))
    assert isinstance(found, Monitor), found
    return found


def worked(office: Office, since: datetime, until: datetime) -> float:
    """Working days between the instants, counted day by day."""
    total, day = 0.0, since.astimezone(CHINA).date()
    while day <= until.astimezone(CHINA).date():
        if office.calendar.is_workday(day):
            begins = datetime.combine(day, time.min, tzinfo=CHINA)
            total += (min(until, begins + timedelta(days=1)) - max(since, begins)) / timedelta(days=1)
        day += timedelta(days=1)
    return total


def everything(office: Office) -> tuple[list[WorkflowCase], list[tuple[WorkflowTask, WorkflowCase]]]:
    with office.store.reading() as session:
        pairs = select(WorkflowTask, WorkflowCase).join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
        return list(session.scalars(select(WorkflowCase))), [(t, c) for t, c in session.execute(pairs)]


@pytest.mark.req("FLOW-09")
def test_every_figure_is_that_of_a_plain_count(seeded: Office) -> None:
    print(f"seed {SEED}")
    rng, today = random.Random(SEED), seeded.today
    actor = a_post(seeded, "control", "371500")
    cases, tasks = everything(seeded)
    for _ in range(6):
        first = today - timedelta(days=rng.randrange(5, 60))
        last = min(today, first + timedelta(days=rng.randrange(5, 50)))
        process = rng.choice([*{case.process_id for case in cases}])
        region = rng.choice(["371500", "371502", cases[0].region_code])

        def inside(at: datetime | None, first: date = first, last: date = last) -> bool:
            return at is not None and first <= at.astimezone(CHINA).date() <= last

        found = seen(
            seeded, actor, process=process, region=region, first=first.isoformat(), last=last.isoformat()
        )

        mine = [c for c in cases if c.process_id == process and c.region_code.startswith(reach(region))]
        done = [c for c in mine if c.status == "completed" and inside(c.ended_at)]
        total = found.total
        assert total.volume.started == sum(inside(c.started_at) for c in mine), SEED
        assert total.volume.completed == len(done), SEED
        assert total.volume.cancelled == sum(c.status == "cancelled" and inside(c.ended_at) for c in mine)
        assert total.open == sum(c.status == "running" for c in mine)
        times = [worked(seeded, c.started_at, c.ended_at) for c in done if c.ended_at]
        if times:
            assert total.volume.median == pytest.approx(statistics.median(times), abs=1e-4), SEED
        for week in found.weeks:
            monday = date.fromisoformat(week.key)
            end = min(monday + timedelta(days=6), last)
            ran = [c for c in mine if c.started_at.astimezone(CHINA).date() <= end]
            ran = [c for c in ran if c.ended_at is None or c.ended_at.astimezone(CHINA).date() > end]
            assert week.open == len(ran), (SEED, week.key)
        check_steps(seeded, found, [(t, c) for t, c in tasks if c in mine], inside)


def check_steps(office: Office, found: Monitor, tasks: list[Any], inside: Any) -> None:
    waits: dict[str, list[float]] = {}
    for task, _ in tasks:
        if task.status == "ready" or (task.status == "completed" and inside(task.completed_at)):
            until = task.completed_at or office.clock()
            waits.setdefault(task.element_id, []).append(worked(office, task.created_at, until))
    assert {row.waiting.element_id for row in found.steps} == set(waits), SEED
    for row in found.steps:
        each = row.waiting
        assert each.median == pytest.approx(statistics.median(waits[each.element_id]), abs=1e-4), SEED
        assert each.done + each.open == len(waits[each.element_id])
    assert [row.waiting.median for row in found.steps] == sorted(
        (row.waiting.median or 0 for row in found.steps), reverse=True
    )


@pytest.mark.req("FLOW-09", "CTRL-01")
def test_a_post_sees_its_region_its_processes_and_nobody_elses(seeded: Office) -> None:
    county = seen(seeded, a_post(seeded, "approve", "371502"), region="371500")
    assert county.sight.region == "371502"
    assert county.sight.mistakes
    assert {row.key for row in county.regions} <= {"", "371502"}

    clerk = seen(seeded, a_post(seeded, "accountant", "371500"))
    assert not clerk.people
    assert {row.key for row in clerk.processes} == {
        "payment_run",
        "reconcile",
        "refund_settlement",
        "transfer_in",
    }
    whole = seen(seeded, a_post(seeded, "accountant", "371500"), process="claim")
    assert {row.key for row in whole.processes} == {
        "payment_run",
        "reconcile",
        "refund_settlement",
        "transfer_in",
    }

    elsewhere = seen(seeded, a_post(seeded, "control", "371400"))
    assert (elsewhere.total.volume.started, elsewhere.total.open, elsewhere.people) == (0, 0, ())

    administrator = a_post(seeded, "administrator", "370000")
    assert isinstance(monitoring.monitor(seeded, administrator, MonitorFilter()), Refusal)


@pytest.mark.req("FLOW-09", "CTRL-07")
def test_an_analyst_sees_the_diagram_with_its_times_but_no_person_and_no_case(seeded: Office) -> None:
    analyst = a_post(seeded, "analyst", "370000")

    found = seen(seeded, analyst, process="claim")

    assert found.steps
    assert not found.people
    assert isinstance(monitor_lists.cases_behind(seeded, analyst, MonitorFilter(), "open"), Refusal)
    assert isinstance(monitor_lists.breaches(seeded, analyst, MonitorFilter()), Refusal)
    assert isinstance(monitor_sheets.export(seeded, analyst, MonitorFilter(), "breaches"), Refusal)
    people = monitor_sheets.export(seeded, analyst, MonitorFilter(), "people")
    assert not isinstance(people, Refusal)
    assert load_workbook(people).worksheets[0].max_row == 1


@pytest.mark.req("FLOW-09")
def test_lists_have_as_many_rows_as_the_figures_that_lead_to_them(seeded: Office) -> None:
    actor = a_post(seeded, "control", "371500")
    found = seen(seeded, actor)
    figures = {
        "started": found.total.volume.started,
        "completed": found.total.volume.completed,
        "cancelled": found.total.volume.cancelled,
        "open": found.total.open,
        "overdue": found.total.overdue,
    }
    for kind in monitor_lists.KINDS:
        ids: list[int] = []
        cursor = ""
        while True:
            answer = monitor_lists.cases_behind(seeded, actor, MonitorFilter(), kind, cursor=cursor)
            assert not isinstance(answer, Refusal)
            ids += [row.case_id for row in answer[1].rows]
            cursor = answer[1].next_cursor
            if not cursor:
                break
        assert len(ids) == len(set(ids)) == answer[1].total == figures[kind], kind


@pytest.mark.req("FLOW-09")
def test_breaches_are_listed_and_taken_out_to_excel(seeded: Office) -> None:
    actor = a_post(seeded, "control", "371500")
    wanted = MonitorFilter(first="2025-10-01", last="2025-10-31", process="claim")
    with seeded.store.reading() as session:
        due = [
            breach.due_at.astimezone(CHINA).date()
            for breach in session.scalars(
                select(Breach).join(WorkflowCase, WorkflowCase.id == Breach.case_id)
                .where(WorkflowCase.process_id == "claim")
            )
        ]  # fmt: skip
    october = sum(date(2025, 10, 1) <= day <= date(2025, 10, 31) for day in due)

    found = monitor_lists.breaches(seeded, actor, wanted)
    file = monitor_sheets.export(seeded, actor, wanted, "breaches")

    assert not isinstance(found, Refusal)
    assert not isinstance(file, Refusal)
    assert found[1].total == october > 0
    assert load_workbook(file).worksheets[0].max_row == october + 1
