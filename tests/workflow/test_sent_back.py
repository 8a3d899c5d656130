"""What being sent back, taking back and pausing do to controls, money, messages, limits and the inbox."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import orjson
import pytest
from drawings import END, START, chain, flow, process, user
from psycopg.errors import DeadlockDetected
from running import MONDAY, House
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from test_going_back import boundary
from test_going_back import house as _house
from test_runner import MESSAGE, SIGNAL, parallel, properties, service, timer
from test_votes import PAYING

from engine.values import Actor, RefusedError
from engine.workflow.checks import check_file
from engine.workflow.history import history_of, standing_of
from engine.workflow.runner import PausedError, StaleCaseError, TaskClosedError
from engine.workflow.tables import WorkflowHistory, WorkflowTask
from engine.workflow.vocabulary import Names

house = _house
pytestmark = pytest.mark.req("FLOW-06", "MONEY-02")

REVIEW = properties(control="business_review")
ASKED = '<exclusiveGateway id="g" default="g_e2"/><endEvent id="e2"/>' + flow("g", "e2")
FORWARD = START + user("a") + user("r", REVIEW) + ASKED + user("b") + service("pay") + END
#: the way from a to the payment, over the review
OVER = chain("s", "a", "r", "g") + flow("g", "b", 'opinion == "agree"')


def paying(house: House) -> House:
    """A house that pays only after a review."""
    paid = House(store=house.store, names=PAYING)
    paid.operations["pay"] = lambda _data: {"paid": 1}
    return paid


def review(house: House, case: int, element: str = "r", opinion: str = "agree") -> None:
    """The control, passed or not."""
    with house.store.transaction() as session:
        task = session.get_one(WorkflowTask, house.task(case, element))
        passed = "business_review" if opinion == "agree" else None
        house.runner.complete(
            session, task=task, data={"opinion": opinion}, control=passed, around=house.desk
        )


def controls(house: House, case: int) -> list[str]:
    """The controls that stand."""
    with house.store.reading() as session:
        return [done.row.control for done in standing_of(history_of(session, case)) if done.row.control]


def test_a_control_that_lies_between_is_void_at_once(house: House) -> None:
    house = paying(house)
    house.publish(process(FORWARD + OVER + chain("b", "pay", "e")))
    case = house.start()
    house.complete(case, "a")
    review(house, case)
    assert controls(house, case) == ["business_review"]

    house.send_back(case, "b", "a")

    assert controls(house, case) == []
    with house.store.reading() as session:
        row = session.scalars(select(WorkflowHistory).where(WorkflowHistory.kind == "returned")).one()
    assert (row.element_id, row.actor, row.duty) == ("a", house.hand.key, "intake")
    assert orjson.loads(row.outcome) == {
        "why": "材料不齐", "from": "b", "resume": False, "withdrawn": ["b"], "voids": ["a", "b", "r"],
    }  # fmt: skip


def test_a_way_back_from_which_money_could_be_reached_uncontrolled_is_refused(house: House) -> None:
    house = paying(house)
    # not to be published: nobody asks what the review said. A case that came here all the same is kept from paying
    unasked = START + user("a") + user("r", REVIEW) + user("b") + service("pay") + END
    house.publish(process(unasked + chain("s", "a", "r", "b", "pay", "e")))
    case = house.start()
    house.complete(case, "a")
    review(house, case)

    assert house.ways_back(case, "b") == {"r": "controls_lost", "a": "controls_lost"}


def test_a_control_on_a_branch_that_stays_stands_though_it_was_done_later(house: House) -> None:
    house = paying(house)
    house.publish(process(
        START + parallel("f") + user("u") + user("v") + user("r", REVIEW) + parallel("j") + ASKED + service("pay") + END
        + chain("s", "f", "u", "v", "j", "g") + flow("g", "pay", 'opinion == "agree"') + chain("pay", "e") + chain("f", "r", "j")
    ))  # fmt: skip
    case = house.start()
    house.complete(case, "u")
    review(house, case)

    house.send_back(case, "v", "u")

    assert controls(house, case) == ["business_review"]
    house.complete(case, "u")
    # doing it anew voids, as drawn rounds do: what was sent back before is not asked for again
    assert controls(house, case) == ["business_review"]
    house.complete(case, "v")
    assert house.case(case).status == "completed"


def test_a_vote_that_is_sent_back_leaves_no_vote_behind(house: House) -> None:
    house = paying(house)
    loop = '<multiInstanceLoopCharacteristics camunda:collection="people" camunda:elementVariable="who"/>'
    house.publish(process(
        START + user("r", REVIEW) + ASKED + user("v", loop) + service("pay") + END
        + chain("s", "r", "g") + flow("g", "v", 'opinion == "agree"') + chain("v", "pay", "e")
    ))  # fmt: skip
    case = house.start(people=["甲", "乙"])
    review(house, case)
    house.complete(case, "v")

    house.send_back(case, "v", "r")
    review(house, case)
    house.complete(case, "v")

    # else the second vote would void the review, as if it had been gone back over
    assert controls(house, case) == ["business_review"]
    house.complete(case, "v")
    assert house.case(case).ended_in == "e"


def test_back_along_a_drawn_round_what_was_done_since_goes_too(house: House) -> None:
    house = paying(house)
    house.publish(process(
        START + '<exclusiveGateway id="m"/>' + user("r", REVIEW) + ASKED + user("x") + '<exclusiveGateway id="h" default="h_e"/>'
        + END + chain("s", "m", "r", "g") + flow("g", "x", 'opinion == "agree"') + chain("x", "h") + flow("h", "m", "again == 1") + flow("h", "e")
    ))  # fmt: skip
    case = house.start()
    review(house, case)
    house.complete(case, "x", again=1)
    assert house.ways_back(case, "r") == {"x": ""}

    house.send_back(case, "r", "x")

    assert (house.open(case), controls(house, case)) == (["x"], ["business_review"])


def test_what_was_paid_is_not_gone_back_over(house: House) -> None:
    house = paying(house)
    house.publish(process(FORWARD + user("after") + OVER + chain("b", "pay", "after", "e")))
    case = house.start()
    house.complete(case, "a")
    review(house, case)
    house.complete(case, "b")

    assert house.ways_back(case, "after") == {"b": "used", "r": "used", "a": "used"}
    with pytest.raises(RefusedError, match="付款前须复核"):
        house.send_back(case, "after", "a")


def test_a_message_that_has_left_or_come_is_not_gone_back_over(house: House) -> None:
    letter = '<messageEventDefinition messageRef="m"/>'
    house.publish(process(
        START + user("a") + f'<intermediateThrowEvent id="out">{letter}</intermediateThrowEvent>' + user("b")
        + f'<intermediateCatchEvent id="in">{letter}</intermediateCatchEvent>' + user("c") + END
        + chain("s", "a", "out", "b", "in", "c", "e"), more=MESSAGE,
    ))  # fmt: skip
    case = house.start()
    house.complete(case, "a")
    assert house.ways_back(case, "b") == {"a": "message_passed"}
    house.complete(case, "b")
    house.thrown.clear()
    house.deliver("letter")
    assert house.ways_back(case, "c") == {"b": "message_passed", "a": "message_passed"}


RESUMING = START + user("a") + user("b") + user("c", properties(send_back="resume")) + user("d") + END


def test_the_corrected_case_comes_straight_back_to_the_sender(house: House) -> None:
    house.publish(process(RESUMING + boundary("t", "c", timer("P5D"), stops=False) + user("late")
                          + '<endEvent id="e2"/>' + chain("s", "a", "b", "c", "d", "e") + chain("t", "late", "e2")))  # fmt: skip
    case = house.start()
    house.complete(case, "a")
    house.complete(case, "b")
    house.hand = Actor(kind="person", id=31, name="退回的人")
    house.send_back(case, "c", "a", resume=True)
    house.hand = Actor(kind="person", id=32, name="补正的人")
    house.now += timedelta(days=2)

    house.complete(case, "a", mended=1)

    assert house.open(case) == ["c"]
    assert house.due(case) == {"t": house.now + timedelta(days=5)}
    assert house.data(case)["mended"] == 1
    with house.store.reading() as session:
        assert session.get_one(WorkflowTask, house.task(case, "c")).assignee == "person:31"
    house.complete(case, "c")
    house.complete(case, "d")
    assert house.case(case).status == "completed"


def test_a_control_itself_may_get_the_case_straight_back(house: House) -> None:
    house = paying(house)
    asking = properties(control="business_review", send_back="resume")
    steps = START + user("a") + user("x") + user("r", asking) + ASKED + service("pay") + END
    house.publish(
        process(
            steps
            + chain("s", "a", "x", "r", "g")
            + flow("g", "pay", 'opinion == "agree"')
            + chain("pay", "e")
        )
    )
    case = house.start()
    house.complete(case, "a")
    house.complete(case, "x")
    house.send_back(case, "r", "a", resume=True)

    house.complete(case, "a")

    assert (house.open(case), controls(house, case)) == (["r"], [])
    review(house, case)
    assert house.case(case).ended_in == "e"


def test_a_case_does_not_come_straight_back_where_all_branches_went(house: House) -> None:
    resume = properties(send_back="resume")
    house.publish(process(
        START + user("q") + parallel("f") + user("a", resume) + user("b") + parallel("j") + END
        + chain("s", "q", "f", "a", "j", "e") + chain("f", "b", "j")
    ))  # fmt: skip
    case = house.start()
    house.complete(case, "q")

    house.send_back(case, "a", "q", resume=True)
    house.complete(case, "q")

    assert house.open(case) == ["a", "b"]


def codes(body: str, names: Names = PAYING) -> set[str]:
    """Codes of the errors of a process."""
    return {problem.code for problem in check_file(process(body), names) if problem.severity == "error"}


def test_what_the_properties_say_is_checked_before_publishing() -> None:
    def drawn(inside_r: str, inside_b: str) -> str:
        steps = user("a") + user("r", inside_r) + ASKED + user("b", inside_b) + service("pay")
        return START + steps + END + OVER + chain("b", "pay", "e")

    both = properties(control="business_review", send_back="resume")
    assert codes(drawn(both, properties(send_back="redo", bulk="yes"))) == set()
    assert codes(drawn(REVIEW, properties(send_back="back"))) == {"send_back"}
    assert codes(drawn(REVIEW, properties(bulk="perhaps"))) == {"bulk"}
    assert codes(drawn(properties(control="business_review", bulk="yes"), "")) == {"bulk"}
    # the review lies between a and b
    assert codes(drawn(REVIEW, properties(send_back="resume"))) == {"resume_over_control"}


def test_nobody_is_sent_back_from_a_step_that_says_no(house: House) -> None:
    house.publish(
        process(START + user("a") + user("b", properties(send_back="no")) + END + chain("s", "a", "b", "e"))
    )
    case = house.start()
    house.complete(case, "a")

    assert house.ways_back(case, "b") == {"a": "send_back_no"}


FORKED = (
    START + user("q") + parallel("f") + user("a") + user("b") + parallel("j") + user("c") + END
    + chain("s", "q", "f", "a", "j", "c", "e") + chain("f", "b", "j")
)  # fmt: skip


def test_a_step_is_taken_back_over_a_split_while_nobody_has_acted(house: House) -> None:
    house.publish(process(FORKED))
    case = house.start()
    house.complete(case, "q", typed=1)

    house.recall(case, "q")

    assert house.open(case) == ["q"]
    assert house.data(case)["typed"] == 1
    house.complete(case, "q")
    house.complete(case, "a")
    with pytest.raises(RefusedError, match="已经有人办理"):
        house.recall(case, "q")
    house.recall(case, "a")
    assert house.open(case) == ["a", "b"]
    house.complete(case, "b")
    house.complete(case, "a")
    # the branches have been joined: the other one waits for this one again
    house.recall(case, "a")
    assert house.open(case) == ["a"]
    house.complete(case, "a")
    assert house.open(case) == ["c"]


@pytest.mark.parametrize("values", [{"assignee": "staff:9"}, {"draft": "{}"}])
def test_a_step_is_not_taken_back_when_the_next_is_taken_up(house: House, values: dict[str, str]) -> None:
    house.publish(process(FORKED))
    case = house.start()
    house.complete(case, "q")
    with house.store.transaction() as session:
        task = session.get_one(WorkflowTask, house.task(case, "b"))
        for name, value in values.items():
            setattr(task, name, value)

    with pytest.raises(RefusedError, match="领取或开始填写"):
        house.recall(case, "q")


def test_what_was_typed_stays_on_the_row_that_was_withdrawn(house: House) -> None:
    house.publish(process(FORKED))
    case = house.start()
    house.complete(case, "q")
    with house.store.transaction() as session:
        session.get_one(WorkflowTask, house.task(case, "b")).draft = '{"opinion":"half"}'

    house.send_back(case, "a", "q")

    with house.store.reading() as session:
        row = session.get_one(WorkflowTask, house.task(case, "b", status="cancelled"))
    assert row.draft == '{"opinion":"half"}'


LIMITS = (
    START + user("a", attributes='camunda:dueDate="${after_workdays(3)}"') + boundary("t", "a", timer("P5D"))
    + user("late") + END + '<endEvent id="e2"/>' + chain("s", "a", "e") + chain("t", "late", "e2")
)  # fmt: skip


def test_a_paused_case_stands_still_and_all_its_limits_move(house: House) -> None:
    house.publish(process(LIMITS))
    case = house.start()
    with house.store.reading() as session:
        due_at = session.get_one(WorkflowTask, house.task(case, "a")).due_at
    assert due_at is not None
    house.pause(case)
    house.now += timedelta(days=10)

    with pytest.raises(PausedError):
        house.complete(case, "a")
    with pytest.raises(PausedError):
        house.pass_limits(case)
    with pytest.raises(PausedError):
        house.pause(case)

    house.resume(case, days=10)
    assert house.due(case) == {"t": MONDAY + timedelta(days=15)}
    with house.store.reading() as session:
        assert session.get_one(WorkflowTask, house.task(case, "a")).due_at == due_at + timedelta(days=10)
    assert [kind for kind, _ in house.told(case)] == ["started", "paused", "resumed"]
    house.wait(days=5)
    assert house.open(case) == ["late"]


def test_a_timer_that_comes_again_and_again_moves_too(house: House) -> None:
    cycle = "<timerEventDefinition><timeCycle>R3/P2D</timeCycle></timerEventDefinition>"
    house.publish(process(
        START + user("a") + boundary("t", "a", cycle, stops=False) + service("remind") + END + '<endEvent id="e2"/>'
        + chain("s", "a", "e") + chain("t", "remind", "e2")
    ))  # fmt: skip
    house.operations["pay"] = lambda _data: {}
    case = house.start()
    house.wait(days=2)
    assert house.due(case) == {"t": MONDAY + timedelta(days=4)}

    house.pause(case)
    house.resume(case, days=3)

    assert house.due(case) == {"t": MONDAY + timedelta(days=7)}
    house.wait(days=5)
    assert house.due(case) == {"t": MONDAY + timedelta(days=9)}


def test_a_paused_case_hears_nothing_and_can_only_be_ended(house: House) -> None:
    catch = '<intermediateCatchEvent id="c"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
    house.publish(process(START + catch + END + chain("s", "c", "e"), more=MESSAGE))
    case = house.start()
    house.pause(case)
    with pytest.raises(PausedError):
        house.deliver("letter")

    house.cancel(case)

    assert (house.case(case).status, house.case(case).paused_at) == ("cancelled", None)


def test_a_signal_to_all_passes_over_the_paused(house: House) -> None:
    catch = '<intermediateCatchEvent id="c"><signalEventDefinition signalRef="g"/></intermediateCatchEvent>'
    house.publish(process(START + catch + END + chain("s", "c", "e"), more=SIGNAL))
    paused, other = house.start(), house.start()
    house.pause(paused)

    assert house.deliver("recall", kind="signal") == 1
    assert (house.case(other).status, house.case(paused).status) == ("completed", "running")


def test_of_two_at_once_one_completes_or_one_sends_back(house: House) -> None:
    house.publish(process(START + user("a") + user("b") + user("c") + END + chain("s", "a", "b", "c", "e")))
    case = house.start()
    house.complete(case, "a")
    won: Counter[str] = Counter()
    for _ in range(8):
        task_id, together = house.task(case, "b"), Barrier(2)

        def hand(act: str, task_id: str = task_id, together: Barrier = together) -> str:
            together.wait()
            try:
                house.complete_task(task_id) if act == "complete" else house.send_task_back(task_id, "a")
            except (StaleCaseError, TaskClosedError):
                return ""
            except OperationalError as error:
                # each had what the other wanted; the use-cases try again then
                assert isinstance(error.orig, DeadlockDetected)
                return ""
            return act

        with ThreadPoolExecutor(2) as pool:
            done = [each for each in pool.map(hand, ("complete", "send back")) if each]
        won.update(done)
        assert len(done) == 1
        opened = house.open(case)
        assert opened == (["c"] if done == ["complete"] else ["a"])
        if opened == ["c"]:
            house.send_back(case, "c", "b")
        else:
            house.complete(case, "a")

    print(dict(won))
