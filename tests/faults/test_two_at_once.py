"""Two server processes do the same at the same instant: one of them does it, the other is told who did."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from rivals import Place, Told, claim, collect, complete, race, sweep_once
from sqlalchemy import func, select, text
from told import (
    assert_books_and_trail_are_right,
    claim_until,
    do,
    orders,
    run_until,
)

from engine.cases.start import next_case, start_case
from engine.demo import Demo
from engine.store import outbox
from engine.store.outbox import OutboxMessage
from engine.values import SYSTEM
from engine.workflow.tables import (
    WorkflowCase,
    WorkflowHistory,
    WorkflowIncident,
    WorkflowTask,
    WorkflowTimer,
)
from engine.workflow.versions import Source

pytestmark = [pytest.mark.slow, pytest.mark.req("MONEY-02", "FLOW-08")]

ROUNDS = 1_000 if os.environ.get("CHANGLING_KILLS") == "all" else 300

DIAGRAM = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn"><process id="{id}" name="竞争">
<startEvent id="s"/><userTask id="x" name="核对" camunda:candidateGroups="review"/>{more}<endEvent id="e"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="x"/><sequenceFlow id="f2" sourceRef="x" targetRef="e"/>
</process></definitions>"""
#: a reminder each day for two days, each one writing a letter
REMINDED = """<boundaryEvent id="b{n}" attachedToRef="x" cancelActivity="false"><timerEventDefinition>
<timeDuration>P{n}D</timeDuration></timerEventDefinition></boundaryEvent>
<serviceTask id="r{n}" camunda:type="external" camunda:topic="remind"/><endEvent id="e{n}"/>
<sequenceFlow id="g{n}" sourceRef="b{n}" targetRef="r{n}"/><sequenceFlow id="h{n}" sourceRef="r{n}" targetRef="e{n}"/>"""


def cases_of(demo: Demo, process_id: str, count: int, more: str = "") -> list[str]:
    """So many new cases of a tiny diagram; the ids of their open tasks."""
    office = demo.office
    source = Source(
        file_name="race.bpmn",
        diagram=DIAGRAM.format(id=process_id, more=more).encode(),
        forms={},
        decisions={},
    )
    with office.store.transaction() as session:
        office.runner.versions.publish(
            session, source, author=SYSTEM.key, published_by=SYSTEM.key, note="", now=office.clock()
        )
    started = []
    with office.store.transaction() as session:
        for _ in range(count):
            case = next_case(session, office, process_id, region="371500", subject="office:371500")
            started.append(start_case(office, session, SYSTEM, case, {}).id)
    with office.store.reading() as session:
        rows = select(WorkflowTask.id).where(WorkflowTask.case_id.in_(started)).order_by(WorkflowTask.case_id)
        return list(session.scalars(rows))


@pytest.fixture
def place(demo: Demo) -> Place:
    """Where the rivals open their offices."""
    settings = demo.office.settings
    return Place(database_url=settings.database_url, data_dir=settings.data_dir, now=demo.clock())


@pytest.fixture
def reviewers(demo: Demo) -> tuple[int, int]:
    """Two members of staff with the same duty."""
    return demo.staff("zhaofuhe").id, demo.staff("qianfuhe2").id


def assert_one_won_each(told: list[tuple[Told, Told]], demo: Demo, code: str, *, least: int) -> None:
    """One winner in each round; the other one was refused with that code and the winner's name."""
    names = (demo.staff("zhaofuhe").name, demo.staff("qianfuhe2").name)
    for first, second in told:
        assert (first.won, second.won) in {(True, False), (False, True)}, (first, second)
        winner = names[0] if first.won else names[1]
        loser = second if first.won else first
        assert (loser.code, winner in loser.text) == (code, True), loser
    wins = Counter(first.won for first, _ in told)
    print(f"{len(told)} rounds, wins {dict(wins)}")
    # otherwise they did not race
    assert min(wins[True], wins[False]) >= least


def test_two_complete_one_task_at_the_same_instant_hundreds_of_times(
    demo: Demo, place: Place, reviewers: tuple[int, int]
) -> None:
    tasks = cases_of(demo, "race", ROUNDS)

    told = race(place, complete, reviewers, tasks)

    assert_one_won_each(told, demo, "task_closed", least=ROUNDS // 50)
    with demo.office.store.reading() as session:
        done = select(WorkflowHistory.case_id, func.count()).where(WorkflowHistory.kind == "completed")
        counts = session.execute(
            done.join(WorkflowTask, WorkflowTask.case_id == WorkflowHistory.case_id)
            .where(WorkflowTask.id.in_(tasks))
            .group_by(WorkflowHistory.case_id)
        ).all()
        assert [count for _, count in counts] == [1] * ROUNDS
        closed = select(WorkflowTask, WorkflowHistory.actor, WorkflowCase.status, WorkflowCase.revision)
        for task, actor, status, revision in session.execute(
            closed.join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
            .join(WorkflowHistory, WorkflowHistory.case_id == WorkflowTask.case_id)
            .where(WorkflowTask.id.in_(tasks), WorkflowHistory.kind == "completed")
        ):
            assert (task.completed_by, status, revision) == (actor, "completed", 2)
    assert_books_and_trail_are_right(demo)


def test_two_claim_one_task_at_the_same_instant(demo: Demo, place: Place, reviewers: tuple[int, int]) -> None:
    tasks = cases_of(demo, "claim_race", 150)

    told = race(place, claim, reviewers, tasks)

    assert_one_won_each(told, demo, "claimed_by_other", least=3)
    with demo.office.store.reading() as session:
        keys = dict(enumerate(f"staff:{number}" for number in reviewers))
        rows = {task.id: task.assignee for task in session.scalars(select(WorkflowTask))}
    assert [rows[task] for task in tasks] == [keys[0] if first.won else keys[1] for first, _ in told]


def test_two_sweepers_fire_each_timer_once_and_send_each_letter_once(
    demo: Demo, place: Place, reviewers: tuple[int, int]
) -> None:
    count = 40
    tasks = cases_of(demo, "timer_race", count, REMINDED.format(n=1) + REMINDED.format(n=2))
    with demo.office.store.reading() as session:
        cases = list(session.scalars(select(WorkflowTask.case_id).where(WorkflowTask.id.in_(tasks))))
        assert session.scalar(select(func.count()).where(WorkflowTimer.case_id.in_(cases))) == 2 * count

    for day in (1, 2):
        demo.clock.forward(days=1, minutes=1)
        later = Place(database_url=place.database_url, data_dir=place.data_dir, now=demo.clock())
        told = race(later, sweep_once, reviewers, range(4))
        print([(each.timers, each.sent) for each in told[0]])
        # had both fired one, or both sent one, they would have counted more between them
        assert sum(each.timers for pair in told for each in pair) == count
        assert sum(each.sent for pair in told for each in pair) == count
        with demo.office.store.reading() as session:
            fired = session.execute(
                select(WorkflowHistory.case_id, WorkflowHistory.element_id, func.count())
                .where(WorkflowHistory.case_id.in_(cases), WorkflowHistory.kind == "passed")
                .group_by(WorkflowHistory.case_id, WorkflowHistory.element_id)
            ).all()
            assert len(fired) == day * count
            assert {times for *_, times in fired} == {1}
            letters = session.scalars(select(OutboxMessage).where(OutboxMessage.case_id.in_(cases))).all()
            assert len(letters) == day * count
            assert {(letter.attempts, letter.sent_at is not None) for letter in letters} == {(1, True)}
            assert session.scalar(select(func.count()).where(WorkflowIncident.status == "open")) == 0
    assert_books_and_trail_are_right(demo)


def test_two_sweepers_take_one_receipt_once(demo: Demo, place: Place, reviewers: tuple[int, int]) -> None:
    claimed = claim_until(demo, "approve_claim")
    do(demo, "approve_claim", claimed)
    run = run_until(demo, "release_batch")
    do(demo, "release_batch", run)
    demo.sweep()
    assert orders(demo, claimed) == ["paid"]
    folder = demo.office.settings.data_dir / "bank"
    (answered,) = (folder / "done").glob("*.txt")
    for number in range(60):
        # the bank sends its answer again and again, under whatever name
        (folder / "in" / f"{number:03d}.txt").write_bytes(answered.read_bytes())

    race(place, collect, reviewers, range(3))

    assert not list((folder / "in").iterdir())
    assert not list((folder / "refused").glob("*"))
    with demo.office.store.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM bank_receipt")) == 1
        assert session.scalar(text("SELECT count(*) FROM posting WHERE account = '1001'")) == 1
        told_run = select(func.count()).where(OutboxMessage.key.startswith("bank_receipt/"))
        assert session.scalar(told_run) == 1
    assert_books_and_trail_are_right(demo)


def test_two_sweepers_deliver_one_message_once(demo: Demo, place: Place, reviewers: tuple[int, int]) -> None:
    with demo.office.store.transaction() as session:
        for number in range(30):
            outbox.put(
                session,
                kind="signal",
                key=f"nobody/{number}",
                payload={"name": "nobody", "correlation": "", "payload": {}},
                now=demo.clock(),
            )

    told = race(place, sweep_once, reviewers, range(2))

    assert sum(each.sent for pair in told for each in pair) == 30
    with demo.office.store.reading() as session:
        sent = session.scalars(select(OutboxMessage).where(OutboxMessage.key.startswith("nobody/"))).all()
    assert {(message.attempts, message.receipt) for message in sent} == {(1, "无案件等待")}
