"""Moving running cases in bulk: authorised, tried first, killed in the middle, taken back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builders import CAST_DAY, CONFIRMED, PASSWORD, MovableClock, a_claim, actor, refused
from clones import assert_rows_match, clone
from sqlalchemy import func, select

from engine.cases import inbox, move_trial, moves, setup
from engine.cases.move_sweep import move_due
from engine.cases.move_tables import MoveItem
from engine.cases.move_trial import MoveReport
from engine.cases.moves import MoveProgress
from engine.cases.office import Office, open_office
from engine.cases.sweep import sweep
from engine.cases.views import Done
from engine.config import Settings
from engine.store.audit import AuditEvent
from engine.store.export import verify_database
from engine.values import Refusal
from engine.workflow.tables import ProcessVersion, WorkflowCase, WorkflowHistory, WorkflowTask, WorkflowTimer
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


def publish(office: Office, *changes: tuple[str, str]) -> int:
    """The claim with these texts replaced, as a new version; its id."""
    drawn = CLAIM.read_text("utf-8")
    for old, new in changes:
        assert old in drawn, old
        drawn = drawn.replace(old, new)
    with office.store.transaction() as session:
        first = session.scalars(select(ProcessVersion).where(ProcessVersion.process_id == "claim")).first()
        assert first is not None
        source = Source(file_name="claim.bpmn", diagram=drawn.encode(), **json.loads(first.bundle))
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
@pytest.mark.req("FLOW-04")
def test_a_move_killed_in_the_middle_is_finished_by_the_next_sweep_and_loses_nothing(
    office: Office, database_url: str
) -> None:
    case = a_claim(office, "li")
    cases = [case.id, *clone(office, case.id, times=299)]
    before = standing(office, cases)
    old, new = version_of(office, 1), publish(office, *LONGER)
    report = move_trial.dry_run(office, actor(office, ANALYST), from_version_id=old, to_version_id=new)
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


def fresh(office: Office, label: str) -> int:
    """A version of its own for a test: cases that start now are on it and on no other's."""
    return publish(office, ('name="失业保险金申领" isExecutable', f'name="{label}" isExecutable'))


#: the intake goes to the reviewers and gets another time limit; a version's label makes each file differ
def to_reviewers(label: str) -> tuple[tuple[str, str], ...]:
    return (
        ('name="失业保险金申领" isExecutable', f'name="{label}" isExecutable'),
        (
            '<bpmn:userTask id="check_intake"',
            '<bpmn:userTask id="check_intake" camunda:candidateGroups="review"',
        ),
        (
            '<bpmn:boundaryEvent id="intake_overdue"',
            '<bpmn:boundaryEvent id="intake_second_limit" name="再次超期" cancelActivity="false" '
            'attachedToRef="check_intake"><bpmn:timerEventDefinition><bpmn:timeDate>${after_workdays(1)}'
            "</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
            '<bpmn:sequenceFlow id="again_late" sourceRef="intake_second_limit" targetRef="intake_escalated"/>'
            '<bpmn:boundaryEvent id="intake_overdue"',
        ),
    )


@pytest.mark.req("FLOW-04")
def test_a_duty_and_a_limit_that_change_are_carried_over_and_taken_back_whole(
    office: Office, clock: MovableClock
) -> None:
    old = fresh(office, "甲")
    case = a_claim(office, "zhou", at="check_intake")
    clerk = actor(office, "wangshouli")
    task_id = case.task_id("check_intake")
    inbox.claim_task(office, clerk, task_id)
    inbox.save_draft(office, clerk, task_id, {"intake_opinion": "pass"})
    before, task = standing(office, [case.id]), case.tasks()[-1]
    new = publish(office, *to_reviewers("乙"))
    analyst = actor(office, ANALYST)
    clock.now += timedelta(minutes=30)

    report = move_trial.dry_run(office, analyst, from_version_id=old, to_version_id=new)
    job = started(moves.start_move(office, analyst, from_version_id=old, to_version_id=new))
    second = moves.start_move(office, analyst, from_version_id=old, to_version_id=new)
    done = until_done(office, job.job_id)
    moved = next(row for row in case.tasks() if row.id == task_id)

    assert isinstance(report, MoveReport) and (report.clean, report.notice, report.cannot) == (0, 1, 0)
    assert {reason.code for reason in report.rows[0].reasons} == {"duty_changed", "event_added"}
    assert any("由“受理岗”改由“复核岗”办理" in reason.text for reason in report.rows[0].reasons)
    assert refused(second) == ("move_under_way",)
    assert done.counts == {"notice": 1}
    assert (moved.duty, moved.assignee, moved.draft, moved.due_at) == (
        "review",
        None,
        task.draft,
        task.due_at,
    )
    # counted from Monday 3 November, when the task came up
    assert case.timers()["intake_second_limit"] == "2025-11-04 23:59:59"
    assert set(before[case.id]) < set(standing(office, [case.id])[case.id])
    assert_rows_match(office, case.id)

    assert refused(moves.undo_move(office, analyst, job.job_id, why=" ")) == ("why_missing",)
    started(moves.undo_move(office, analyst, job.job_id, why="画错了"))
    undone = until_done(office, job.job_id)
    back = next(row for row in case.tasks() if row.id == task_id)

    assert (undone.status, undone.counts) == ("undone", {"undone": 1})
    assert standing(office, [case.id]) == before
    assert (back.duty, back.assignee, back.draft) == ("intake", clerk.key, task.draft)
    assert_rows_match(office, case.id)
    assert [row.kind for row in case.told()].count("moved") == 2
    assert case.goes_on().status == "completed"
    with office.store.reading() as session:
        assert verify_database(session).ok


@pytest.mark.req("FLOW-04")
def test_a_case_that_went_on_is_not_taken_back_and_one_that_cannot_move_stays(office: Office) -> None:
    old = fresh(office, "丙")
    stays, goes = a_claim(office, "wu", at="check_intake"), a_claim(office, "feng")
    new = publish(
        office,
        ('name="失业保险金申领" isExecutable', 'name="丁" isExecutable'),
        ('<bpmn:userTask id="check_intake"', '<bpmn:manualTask id="check_intake"'),
        (
            "<bpmn:outgoing>check_intake_to_intake_passed</bpmn:outgoing>\n    </bpmn:userTask>",
            "<bpmn:outgoing>check_intake_to_intake_passed</bpmn:outgoing>\n    </bpmn:manualTask>",
        ),
    )
    analyst = actor(office, ANALYST)
    job = started(moves.start_move(office, analyst, from_version_id=old, to_version_id=new))

    done = until_done(office, job.job_id)
    listed = started(moves.move_progress(office, analyst, job.job_id, status="cannot"))
    goes.does("feng", "confirm_form", **CONFIRMED)
    started(moves.undo_move(office, analyst, job.job_id, why="再想想"))
    undone = until_done(office, job.job_id)

    assert done.counts == {"cannot": 1, "moved": 1}
    assert [(row.case_key, row.reasons[0].code) for row in listed.rows] == [(stays.key, "kind_changed")]
    assert "受理审核" in listed.rows[0].reasons[0].text
    assert undone.counts == {"cannot": 1, "kept": 1}
    kept = started(moves.move_progress(office, analyst, job.job_id, status="kept"))
    assert [(row.case_key, row.reasons[0].code) for row in kept.rows] == [(goes.key, "went_on")]
    assert stays.goes_on().status == "completed"
    with office.store.reading() as session:
        versions = select(WorkflowCase.version_id).where(WorkflowCase.id.in_([stays.id, goes.id]))
        assert session.scalars(versions.order_by(WorkflowCase.id)).all() == [old, new]


@pytest.mark.req("FLOW-04")
def test_only_an_analyst_moves_cases_and_only_between_versions_of_one_process(office: Office) -> None:
    analyst, old, new = actor(office, ANALYST), fresh(office, "戊"), fresh(office, "己")
    with office.store.reading() as session:
        other = session.scalars(
            select(ProcessVersion.id).where(ProcessVersion.process_id == "stable_jobs")
        ).first()
    assert other is not None

    for who in ("wangshouli", "chenguanli", "li"):
        person = actor(office, who)
        for door in (move_trial.dry_run, moves.start_move):
            assert isinstance(door(office, person, from_version_id=old, to_version_id=new), Refusal)
        assert isinstance(moves.undo_move(office, person, 1, why="x"), Refusal)
        assert isinstance(moves.move_progress(office, person, 1), Refusal)
        assert isinstance(moves.move_jobs(office, person, process_id="claim"), Refusal)
    for target, code in ((old, "other_process"), (other, "other_process"), (999_999, "no_such_version")):
        refusal = moves.start_move(office, analyst, from_version_id=old, to_version_id=target)
        assert refused(refusal) == (code,)
    assert refused(moves.start_move(office, analyst, from_version_id=old, to_version_id=new)) == (
        "no_open_case",
    )
    assert refused(moves.undo_move(office, analyst, 999_999, why="x")) == ("no_such_move",)


@pytest.mark.slow
def test_workers_that_share_a_job_move_each_case_once_while_people_go_on(office: Office) -> None:
    old = fresh(office, "庚")
    case = a_claim(office, "lin")
    cases = [case.id, *clone(office, case.id, times=39)]
    new = publish(office, *LONGER, ('name="失业保险金申领" isExecutable', 'name="辛" isExecutable'))
    job = started(moves.start_move(office, actor(office, ANALYST), from_version_id=old, to_version_id=new))
    lin = actor(office, "lin")

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(move_due, office, 100) for _ in range(3)]
        person = pool.submit(inbox.complete_task, office, lin, case.task_id("confirm_form"), CONFIRMED)
        counts = [worker.result() for worker in workers]
    done = until_done(office, job.job_id)

    assert isinstance(person.result(), Done), person.result()
    assert sum(counts) <= 40
    assert sum(done.counts.values()) == done.counts["moved"] == 40
    assert case.open_steps() in (["read_promise"], ["check_intake"])
    for each in cases:
        assert_rows_match(office, each)
    with office.store.reading() as session:
        told = select(WorkflowHistory.case_id).where(WorkflowHistory.kind == "moved")
        assert sorted(session.scalars(told.where(WorkflowHistory.case_id.in_(cases)))) == cases


@pytest.mark.req("FLOW-04")
def test_a_paused_case_stays_until_it_is_resumed(office: Office) -> None:
    """The trial says so, the job leaves it, and nothing of it changes."""
    old = fresh(office, "壬")
    case = a_claim(office, "chen")
    new = publish(office, *LONGER, ('name="失业保险金申领" isExecutable', 'name="癸" isExecutable'))
    before = standing(office, [case.id])
    with office.store.transaction() as session:
        session.get_one(WorkflowCase, case.id).paused_at = office.clock()
    report = move_trial.dry_run(office, actor(office, ANALYST), from_version_id=old, to_version_id=new)
    job = started(moves.start_move(office, actor(office, ANALYST), from_version_id=old, to_version_id=new))
    done = until_done(office, job.job_id)
    assert isinstance(report, MoveReport)
    own = [row for row in report.rows if row.case_id == case.id]
    assert [reason.code for row in own for reason in row.reasons] == ["case_paused"]
    assert done.counts["cannot"] == 1
    assert standing(office, [case.id]) == before
