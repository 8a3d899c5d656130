"""Rehearsals in the background: nothing is handed in or published that has not passed, whatever happens meanwhile."""
# ruff: noqa: F401, F811 - fixtures come from where the studio is tested

from __future__ import annotations

import threading

import pytest
from builders import actor
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from test_studio import (
    DIAGRAM,
    PROCESSES,
    TESTS,
    author,
    codes,
    office,
    one_case,
    opened,
    other_ends,
    published_text,
    ready,
    renamed,
    saved,
    second,
    submitted,
    third,
    untested,
)

from engine.cases import staff, studio
from engine.cases.office import Office
from engine.cases.rehearsal_runs import RunView, run_view, start_run
from engine.cases.rehearsal_sweep import rehearse_due
from engine.cases.rehearsal_tables import RehearsalCase
from engine.cases.studio_views import ChangeView
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.duties import Post, end_post
from engine.values import Actor

RECTIFICATION = "rectification.bpmn"


@pytest.fixture
def tested(office: Office, author: Actor, second: Actor) -> Office:
    """An office whose library has the shipped tests of one diagram."""
    tests = (PROCESSES / TESTS).read_bytes()
    assert isinstance(
        studio.publish_change(office, second, submitted(office, author, tests, TESTS)), ChangeView
    )
    return office


def handed_in(office: Office, by: Actor, content: bytes | None = None) -> int:
    """A change of the tested diagram whose cases are to be played."""
    change_id = opened(office, by)
    saved(office, by, change_id, RECTIFICATION, content or published_text(office, RECTIFICATION) + b"\n")
    outcome = studio.submit_change(office, by, change_id)
    assert isinstance(outcome, ChangeView), outcome
    assert (outcome.status, outcome.status_name) == ("submitting", "演练中，通过即提交")
    return change_id


def run_of(office: Office, who: Actor, change_id: int) -> RunView:
    """The latest run of the change."""
    found = run_view(office, who, change_id)
    assert isinstance(found, RunView), found
    return found


def status(office: Office, who: Actor, change_id: int) -> str:
    """How the change stands."""
    found = studio.view_change(office, who, change_id)
    assert isinstance(found, ChangeView)
    return found.status


@pytest.mark.req("FLOW-03")
def test_a_run_is_played_case_by_case_and_then_submits(tested: Office, author: Actor) -> None:
    change_id = handed_in(tested, author)
    run = run_of(tested, author, change_id)
    assert (run.status, run.done, run.submits) == ("waiting", 0, True)

    assert rehearse_due(tested, 1) == 1

    run = run_of(tested, author, change_id)
    assert (run.status, run.done, len(run.reports)) == ("running", 1, 1)
    assert status(tested, author, change_id) == "submitting"
    sweep_until_idle(tested)
    run = run_of(tested, author, change_id)
    assert (run.status, run.done) == ("passed", run.total)
    assert all(case.passed and case.file == TESTS and case.line > 1 for case in run.reports)
    assert status(tested, author, change_id) == "submitted"


def test_two_sweeps_share_a_run_and_play_no_case_twice(tested: Office, author: Actor) -> None:
    change_id = handed_in(tested, author)
    done: list[int] = []

    def sweep() -> None:
        while run_of(tested, author, change_id).status in ("waiting", "running"):
            done.append(rehearse_due(tested, 2))

    both = [threading.Thread(target=sweep) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()

    run = run_of(tested, author, change_id)
    assert (run.status, run.done) == ("passed", run.total)
    assert sum(done) == run.total + 1, "each case, and the end of the run"


def test_a_case_that_a_dead_sweep_still_holds_is_played_once_it_lets_go(
    tested: Office, author: Actor
) -> None:
    change_id = handed_in(tested, author)
    run = run_of(tested, author, change_id)
    with tested.store.engine.connect() as dying:
        held = select(RehearsalCase).where(RehearsalCase.run_id == run.run_id, RehearsalCase.number == 1)
        dying.execute(held.with_for_update())
        sweep_until_idle(tested)

        run = run_of(tested, author, change_id)
        assert (run.status, run.done) == ("running", run.total - 1)
        dying.rollback()

    sweep_until_idle(tested)

    assert run_of(tested, author, change_id).status == "passed"
    assert status(tested, author, change_id) == "submitted"


def test_what_is_published_meanwhile_makes_the_run_begin_again(
    tested: Office, author: Actor, second: Actor, third: Actor
) -> None:
    other = submitted(tested, third, renamed(tested))
    change_id = handed_in(tested, author)
    rehearse_due(tested, 1)
    first = run_of(tested, author, change_id)
    assert isinstance(studio.publish_change(tested, second, other), ChangeView)

    rehearse_due(tested, 1)

    again = run_of(tested, author, change_id)
    assert again.run_id != first.run_id and again.done == 0
    with tested.store.reading() as session:
        query = text("SELECT status FROM rehearsal_run WHERE id = :run")
        assert session.scalar(query, {"run": first.run_id}) == "outdated"
    sweep_until_idle(tested)
    assert status(tested, author, change_id) == "submitted"


def test_a_change_that_is_taken_back_is_not_submitted_by_its_run(tested: Office, author: Actor) -> None:
    change_id = handed_in(tested, author)
    assert codes(studio.save_file(tested, author, change_id, DIAGRAM, b"<a/>")) == ("change_status",)
    with pytest.raises(IntegrityError, match="不在修改中"), tested.store.transaction() as session:
        session.execute(
            text("UPDATE change_file SET updated_by = updated_by WHERE change_id = :id"), {"id": change_id}
        )
    rehearse_due(tested, 1)

    assert isinstance(studio.reopen_change(tested, author, change_id), ChangeView)
    sweep_until_idle(tested)

    assert status(tested, author, change_id) == "open"
    assert run_of(tested, author, change_id).status == "outdated"


@pytest.mark.req("CTRL-01")
def test_whoever_lost_the_post_meanwhile_submits_nothing(tested: Office, author: Actor, third: Actor) -> None:
    change_id = handed_in(tested, author)
    with tested.store.transaction() as session:
        post = session.scalars(
            select(Post).where(Post.staff_id == author.id, Post.duty == "analyst", Post.valid_until.is_(None))
        ).one()
        session.execute(text("UPDATE post SET valid_until = valid_from WHERE id = :id"), {"id": post.id})

    sweep_until_idle(tested)

    run = run_of(tested, third, change_id)
    assert (run.status, run.done) == ("failed", run.total)
    assert "流程分析岗" in run.why
    assert status(tested, third, change_id) == "open"


def test_a_run_by_hand_submits_nothing_and_counts_when_the_change_is_handed_in(
    tested: Office, author: Actor, second: Actor
) -> None:
    change_id = opened(tested, author)
    saved(tested, author, change_id, RECTIFICATION, published_text(tested, RECTIFICATION) + b"\n")
    run = start_run(tested, author, change_id)
    assert isinstance(run, RunView) and not run.submits
    assert codes(start_run(tested, actor(tested, "wangshouli"), change_id)) == ("no_post",)
    same = start_run(tested, author, change_id)
    assert isinstance(same, RunView) and same.run_id == run.run_id
    sweep_until_idle(tested)
    assert status(tested, author, change_id) == "open"

    outcome = studio.submit_change(tested, author, change_id)

    assert isinstance(outcome, ChangeView) and outcome.status == "submitted"
    assert run_of(tested, author, change_id).run_id == run.run_id
    assert isinstance(studio.publish_change(tested, second, change_id), ChangeView)


def test_a_case_that_fails_on_the_published_files_too_is_no_fault_of_the_change(
    tested: Office, author: Actor, second: Actor
) -> None:
    """Broken by what is no file of the library: here by a tests file that came before anything was rehearsed."""
    wrong = one_case().replace(b"ended_in: ", b"ended_in: no_such_end_", 1)
    assert wrong != one_case()
    with tested.store.transaction() as session:
        session.execute(
            text(
                "INSERT INTO library_file (name, number, content, digest, author, published_by, published_at)"
                " VALUES (:name, 9, :content, 'x', 'system:0', 'system:0', now())"
            ),
            {"name": TESTS, "content": wrong},
        )
    change_id = handed_in(tested, author)

    sweep_until_idle(tested)

    run = run_of(tested, author, change_id)
    ((case),) = run.reports
    assert (run.status, case.status) == ("passed", "excused")
    assert "no_such_end_" in case.difference and case.passed
    assert status(tested, author, change_id) == "submitted"
    assert isinstance(studio.publish_change(tested, second, change_id), ChangeView)


@pytest.mark.req("FLOW-03", "CTRL-01")
def test_the_database_lets_no_change_pass_that_was_not_rehearsed(
    tested: Office, author: Actor, second: Actor
) -> None:
    broken = other_ends(published_text(tested, RECTIFICATION))
    change_id = handed_in(tested, author, broken)
    run = run_of(tested, author, change_id)
    for statement, said in (
        ("UPDATE change SET status = 'submitted' WHERE id = :change", "没有在现行版本上演练通过"),
        ("UPDATE rehearsal_run SET status = 'passed' WHERE id = :run", "有案例没有通过"),
        ("UPDATE rehearsal_run SET total = 0 WHERE id = :run", "不得改动"),
        ("DELETE FROM rehearsal_case WHERE run_id = :run", "须保留"),
    ):
        with pytest.raises(IntegrityError, match=said), tested.store.transaction() as session:
            session.execute(text(statement), {"change": change_id, "run": run.run_id})
    sweep_until_idle(tested)
    failed = run_of(tested, author, change_id)
    assert failed.status == "failed" and status(tested, author, change_id) == "open"
    with pytest.raises(IntegrityError), tested.store.transaction() as session:
        session.execute(
            text("UPDATE rehearsal_case SET status = 'passed' WHERE run_id = :run"), {"run": failed.run_id}
        )
    assert codes(studio.publish_change(tested, second, change_id)) == ("change_status",)


def test_a_rollback_carries_nothing_but_what_it_brings_back(
    tested: Office, author: Actor, second: Actor
) -> None:
    assert isinstance(
        studio.publish_change(tested, second, submitted(tested, author, renamed(tested))), ChangeView
    )
    back = studio.roll_back(tested, author, "claim", 1, why="改名不妥")
    assert isinstance(back, ChangeView)
    assert isinstance(studio.reopen_change(tested, author, back.change_id), ChangeView)

    assert codes(studio.save_file(tested, author, back.change_id, DIAGRAM, b"<a/>")) == ("rollback_fixed",)
    assert codes(studio.drop_file(tested, author, back.change_id, DIAGRAM)) == ("rollback_fixed",)
    with pytest.raises(IntegrityError), tested.store.transaction() as session:
        session.execute(
            text("UPDATE change_file SET content = 'x' WHERE change_id = :id"), {"id": back.change_id}
        )
