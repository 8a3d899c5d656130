"""Limits of tasks over a simulated month: each told once, on the right working day, by however many sweeps."""

from __future__ import annotations

import random
import threading
from datetime import date, datetime, time, timedelta

import pytest
from many_tasks import seed_open_tasks
from offices import FixedClock
from sqlalchemy import select, update

from engine.cases import setup
from engine.cases.limit_tables import Breach, Reminder
from engine.cases.limits import watch_limits
from engine.cases.office import Office
from engine.tasks.tables import Letter
from engine.values import CHINA, above
from engine.workflow.tables import WorkflowCase, WorkflowTask

SEED = random.randrange(2**32)
TASKS = 240
FIRST = date(2025, 9, 22)
#: over the National Day holiday, with its worked weekends
DAYS = 28

pytestmark = [pytest.mark.req("FLOW-08", "RECT-03")]


@pytest.mark.parametrize(
    ("region", "superior"),
    [("371525", "371500"), ("371500", "370000"), ("370000", "370000"), ("500000", "500000")],
)
def test_above(region: str, superior: str) -> None:
    """A county belongs to its city, a city to its province, a province to nobody else."""
    assert above(region) == superior


def test_a_month_of_random_tasks(office: Office, clock: FixedClock) -> None:
    """Reminders, breaches and escalations are those of a plain replay of the month, each exactly once."""
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    clock.now = _instant(FIRST, 8)
    setup.set_up(office)
    _tasks(office, rng)
    expected = _Month(office)
    for day in range(DAYS):
        for hour in sorted(rng.sample(range(24), 2)):
            clock.now = _instant(FIRST + timedelta(days=day), hour)
            _happen(office, rng)
            expected.sweep(clock.now)
            _sweep(office, rivals=rng.choice([1, 1, 2, 3]))
    with office.store.reading() as session:
        told = {(row.task_id, row.kind): row.at for row in session.scalars(select(Reminder))}
        breaches = {
            row.task_id: (row.escalated_to, row.escalated_at) for row in session.scalars(select(Breach))
        }
        letters = session.scalars(select(Letter.key).where(Letter.kind.startswith("limit-"))).all()
    assert told == expected.told
    assert breaches == expected.breaches
    assert sorted(letters) == sorted(expected.letters)
    assert {kind for _, kind in told} == {"soon", "overdue", "escalated"}
    assert any(superior for superior, _ in breaches.values())


class _Month:
    """The same month, replayed plainly: one task at a time, with the calendar and two figures of the policy."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.told: dict[tuple[str, str], datetime] = {}
        self.breaches: dict[str, tuple[str, datetime | None]] = {}
        self.letters: list[str] = []

    def sweep(self, now: datetime) -> None:
        with self.office.store.reading() as session:
            rows = session.execute(
                select(WorkflowTask, WorkflowCase)
                .join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
                .where(WorkflowTask.status == "ready", WorkflowCase.paused_at.is_(None))
            ).all()
            for task, case in rows:
                if task.due_at is not None:
                    self._task(task, case.case_key, now)

    def _task(self, task: WorkflowTask, key: str, now: datetime) -> None:
        today, due = now.astimezone(CHINA).date(), task.due_at.astimezone(CHINA).date()
        calendar = self.office.calendar
        if task.due_at <= now:
            if self._once(task.id, "overdue", key, now):
                self.breaches[task.id] = ("", None)
            since = (due + timedelta(days=n) for n in range(1, (today - due).days + 1))
            late = any(calendar.is_workday(day) for day in since)
            if late and self._once(task.id, "escalated", key, now):
                self.breaches[task.id] = (above(task.region_code), now)
        elif due <= calendar.after(today, 1) and task.created_at.astimezone(CHINA).date() < today:
            self._once(task.id, "soon", key, now)

    def _once(self, task_id: str, kind: str, key: str, now: datetime) -> bool:
        if (task_id, kind) in self.told:
            return False
        self.told[task_id, kind] = now
        self.letters.append(f"{key}/limit-{kind}/{task_id}")
        return True


def _sweep(office: Office, *, rivals: int) -> None:
    """Sweeps at the same time, until none finds anything."""

    def run() -> None:
        while watch_limits(office, limit=25):
            pass

    threads = [threading.Thread(target=run) for _ in range(rivals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _tasks(office: Office, rng: random.Random) -> None:
    with office.store.transaction() as session:
        seed_open_tasks(session, TASKS, now=office.clock())
    with office.store.transaction() as session:
        for task in session.scalars(select(WorkflowTask)):
            due = FIRST + timedelta(days=rng.randrange(DAYS))
            task.due_at = rng.choice([None, _instant(due, rng.randrange(24)), _instant(due, 23)])
            if task.due_at is not None:
                task.created_at = min(
                    task.due_at - timedelta(hours=1), _instant(due, 0) - timedelta(days=rng.randrange(6))
                )


def _happen(office: Office, rng: random.Random) -> None:
    """Some tasks are done, some cases are paused and some go on."""
    with office.store.transaction() as session:
        open_tasks = session.scalars(select(WorkflowTask.id).where(WorkflowTask.status == "ready")).all()
        done = rng.sample(sorted(open_tasks), k=min(3, len(open_tasks)))
        session.execute(update(WorkflowTask).where(WorkflowTask.id.in_(done)).values(status="completed"))
        cases = sorted(session.scalars(select(WorkflowCase.id)))
        session.execute(
            update(WorkflowCase)
            .where(WorkflowCase.id.in_(rng.sample(cases, 4)))
            .values(paused_at=office.clock())
        )
        session.execute(
            update(WorkflowCase).where(WorkflowCase.id.in_(rng.sample(cases, 6))).values(paused_at=None)
        )


def _instant(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour, 59), tzinfo=CHINA)
