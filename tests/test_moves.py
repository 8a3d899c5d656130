"""Moving running cases in bulk: authorised, tried first, killed in the middle, taken back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders import CAST_DAY, CONFIRMED, PASSWORD, MovableClock, a_claim, actor
from clones import assert_rows_match, clone
from sqlalchemy import func, select

from engine.cases import moves, setup
from engine.cases.move_tables import MoveItem
from engine.cases.moves import MoveProgress, MoveReport
from engine.cases.office import Office, open_office
from engine.cases.sweep import sweep
from engine.config import Settings
from engine.store.audit import AuditEvent
from engine.store.export import verify_database
from engine.workflow.tables import ProcessVersion, WorkflowCase, WorkflowTask, WorkflowTimer
from engine.workflow.versions import Source

CLAIM = Path(__file__).parents[1] / "processes" / "claim.bpmn"
ANALYST = "chuliucheng"


@pytest.fixture(scope="module")
def seeded(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    settings = Settings.from_env(
        {
            "DATABASE_URL": database_url,
            "CHANGLING_DATA": str(tmp_path_factory.mktemp("moves")),
            "CHANGLING_SECRET": "5a" * 32,
        }
    )
    office = open_office(settings)
    setup.set_up(office)
    setup.seed(office, people=0, employers=0, seed=1, day=CAST_DAY, password=PASSWORD)
    yield office
    office.close()


@pytest.fixture
def office(seeded: Office, clock: MovableClock) -> Office:
    return replace(seeded, clock=clock)


def version_of(office: Office, number: int) -> int:
    with office.store.reading() as session:
        return session.scalars(
            select(ProcessVersion.id).where(
                ProcessVersion.process_id == "claim", ProcessVersion.number == number
            )
        ).one()


def publish(office: Office, directory: Path, *changes: tuple[str, str]) -> int:
    """The claim with these texts replaced, as a new version; its id."""
    drawn = CLAIM.read_text("utf-8")
    for old, new in changes:
        assert old in drawn, old
        drawn = drawn.replace(old, new)
    source = Source(file_name="claim.bpmn", diagram=drawn.encode(), **setup._beside(CLAIM.parent))
    with office.store.transaction() as session:
        made = office.runner.versions.publish(
            session, source, author="staff:1", published_by="staff:2", note="", now=office.clock()
        )
        return made[0].id


#: one more step after the confirmation, another label, another time limit to remind of
LONGER = (
    ('targetRef="claimant_objects"', 'targetRef="read_promise"'),
    (
        '<bpmn:exclusiveGateway id="claimant_objects"',
        '<bpmn:userTask id="read_promise" name="阅读承诺" camunda:candidateGroups="claimant"/>'
        '<bpmn:sequenceFlow id="promise_read" sourceRef="read_promise" targetRef="claimant_objects"/>'
        '<bpmn:exclusiveGateway id="claimant_objects"',
    ),
    ('name="核对并确认申请表"', 'name="核对申请表"'),
)


def started(report: MoveProgress | object) -> MoveProgress:
    assert isinstance(report, MoveProgress), report
    return report


def until_done(office: Office, job_id: int) -> MoveProgress:
    for _ in range(200):
        sweep(office)
        found = started(moves.move_progress(office, actor(office, ANALYST), job_id))
        if found.status in ("done", "undone"):
            return found
    raise AssertionError(found)


def standing(office: Office, cases: list[int]) -> dict[int, tuple[object, ...]]:
    """What must not be lost of each case: open task ids with due day and draft, timers with their instants."""
    with office.store.reading() as session:
        found: dict[int, list[object]] = {case: [] for case in cases}
        for task in session.scalars(
            select(WorkflowTask)
            .where(WorkflowTask.case_id.in_(cases), WorkflowTask.status == "ready")
            .order_by(WorkflowTask.id)
        ):
            found[task.case_id].append((task.id, task.element_id, task.due_at, task.draft, task.created_at))
        for timer in session.scalars(
            select(WorkflowTimer).where(WorkflowTimer.case_id.in_(cases)).order_by(WorkflowTimer.task_id)
        ):
            found[timer.case_id].append((timer.task_id, timer.element_id, timer.due_at))
        return {case: tuple(rows) for case, rows in found.items()}


@pytest.mark.slow
@pytest.mark.req("FLOW-07")
def test_a_move_killed_in_the_middle_is_finished_by_the_next_sweep_and_loses_nothing(
    office: Office, tmp_path: Path, database_url: str
) -> None:
    case = a_claim(office, "li")
    cases = [case.id, *clone(office, case.id, times=299)]
    before = standing(office, cases)
    old, new = version_of(office, 1), publish(office, tmp_path, *LONGER)
    report = moves.dry_run(office, actor(office, ANALYST), from_version_id=old, to_version_id=new)
    job = started(moves.start_move(office, actor(office, ANALYST), from_version_id=old, to_version_id=new))

    killed_at = kill_halfway(office, database_url, job.job_id, at_least=90)
    done = until_done(office, job.job_id)

    assert isinstance(report, MoveReport) and (report.clean, report.notice, report.cannot) == (300, 0, 0)
    assert 90 <= killed_at < 300
    assert done.counts == {"moved": 300}
    assert standing(office, cases) == before
    with office.store.reading() as session:
        assert set(session.scalars(select(WorkflowCase.version_id).where(WorkflowCase.id.in_(cases)))) == {
            new
        }
        revisions = select(WorkflowCase.revision).where(WorkflowCase.id.in_(cases))
        assert set(session.scalars(revisions)) == {2}
        events = select(func.count()).where(
            AuditEvent.action == "CASE_MIGRATED", AuditEvent.stream != "diagrams"
        )
        assert session.scalar(events) == 300
        assert verify_database(session).ok
        for moved in cases[::30]:
            assert_rows_match(office, moved)
        assert {task.name for task in case.tasks() if task.status == "ready"} == {"核对申请表"}
    case.does("li", "confirm_form", **CONFIRMED)
    assert case.open_steps() == ["read_promise"]


def kill_halfway(office: Office, url: str, job_id: int, *, at_least: int) -> int:
    """Start a worker, kill it without warning once it has moved so many cases; how many it had moved."""
    program = (
        "import sys; from engine.config import Settings; from engine.cases.office import open_office;"
        "from engine.cases.move_sweep import move_due; from engine.values import system_clock;"
        "office = open_office(Settings.from_env())\n"
        "while move_due(office, 20): pass"
    )
    settings = {
        "DATABASE_URL": url,
        "CHANGLING_DATA": str(office.settings.data_dir),
        "CHANGLING_SECRET": "5a" * 32,
    }
    worker = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, **settings})
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and worker.poll() is None:
            if _moved(office, job_id) >= at_least:
                break
            time.sleep(0.02)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    return _moved(office, job_id)


def _moved(office: Office, job_id: int) -> int:
    with office.store.reading() as session:
        return (
            session.scalar(
                select(func.count()).where(MoveItem.job_id == job_id, MoveItem.status != "waiting")
            )
            or 0
        )
