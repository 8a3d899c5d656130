"""Cases on a real database: after every step inbox, timers, subscriptions and history say what the state says."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from drawings import END, HEAD, START, between, chain, flow, process, user
from running import House
from sqlalchemy import func, select, text

from engine.store.db import Store
from engine.workflow.runner import (
    AmbiguousMessageError,
    NotWaitingError,
    StaleCaseError,
    StepFailedError,
    TaskClosedError,
)
from engine.workflow.tables import (
    WorkflowCase,
    WorkflowSubscription,
    WorkflowTask,
    WorkflowTimer,
)

MESSAGE = '<message id="m" name="letter"/>'
SIGNAL = '<signal id="g" name="recall"/>'
ERROR = '<error id="err" errorCode="E1"/>'


def timer(text: str) -> str:
    """A timer definition of a duration."""
    return f"<timerEventDefinition><timeDuration>{text}</timeDuration></timerEventDefinition>"


def service(own: str, topic: str = "pay") -> str:
    """A service task."""
    return f'<serviceTask id="{own}" camunda:type="external" camunda:topic="{topic}"/>'


def properties(**values: str) -> str:
    """Extension elements with camunda properties."""
    inside = "".join(f'<camunda:property name="{name}" value="{value}"/>' for name, value in values.items())
    return f"<extensionElements><camunda:properties>{inside}</camunda:properties></extensionElements>"


def parallel(own: str) -> str:
    """A parallel gateway."""
    return f'<parallelGateway id="{own}"/>'


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    """A house on the module's database, emptied of cases."""
    with store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(
            text(
                "TRUNCATE workflow_case, workflow_task, workflow_timer, workflow_subscription, "
                "workflow_history, workflow_incident, process_version CASCADE"
            )
        )
    yield House(store=store)


def rows_left(house: House) -> int:
    """Open inbox rows, timers and subscriptions of all cases."""
    with house.store.reading() as session:
        ready = session.scalar(select(func.count()).where(WorkflowTask.status == "ready")) or 0
        timers = session.scalar(select(func.count()).select_from(WorkflowTimer)) or 0
        return ready + timers + (session.scalar(select(func.count()).select_from(WorkflowSubscription)) or 0)


@pytest.mark.req("FLOW-01")
def test_operation_decision_and_question_lead_to_the_person_who_is_next(house: House) -> None:
    rule = (Path(__file__).parents[2] / "processes" / "decisions" / "claim-route.dmn").read_text("utf-8")
    decision = '<businessRuleTask id="route" camunda:decisionRef="claim-route" camunda:resultVariable="way" camunda:mapDecisionResult="singleEntry"/>'
    body = (
        START + service("ask", "gather") + decision + user("look") + '<exclusiveGateway id="q" default="q_back"/>'
        + user("back") + END + chain("s", "ask", "route", "look", "q") + flow("q", "e", '${opinion == "agree"}')
        + flow("q", "back") + chain("back", "look")
    )  # fmt: skip
    house.operations["gather"] = lambda data: {"months": 26}
    house.publish(process(body), decisions={"claim-route.dmn": rule})

    case = house.start(person_id=1, **ROUTE_FACTS)
    assert house.open(case) == ["look"]
    house.complete(case, "look", opinion="refuse")
    house.complete(case, "back")
    assert house.data(case)["months"] == 26
    house.complete(case, "look", opinion="agree")

    assert house.case(case).ended_in == "e"
    assert house.told(case) == [
        ("started", "p"), ("operation", "ask"), ("decided", "route"), ("completed", "look"),
        ("completed", "back"), ("completed", "look"), ("ended", "e"),
    ]  # fmt: skip
    assert rows_left(house) == 0


ROUTE_FACTS = {"exit_reason": "I21", "deemed_proven": True, "account_matches": True}


@pytest.mark.req("FLOW-01")
def test_parallel_branches_wait_for_each_other_in_either_order(house: House) -> None:
    body = (
        START + parallel("f") + user("a") + user("b") + parallel("j") + user("c") + END
        + chain("s", "f", "a", "j", "c", "e") + chain("f", "b", "j")
    )  # fmt: skip
    house.publish(process(body))

    for first, second in (("a", "b"), ("b", "a")):
        case = house.start()
        assert house.open(case) == ["a", "b"]
        house.complete(case, first, left=first)
        assert house.open(case) == [second]
        house.complete(case, second, right=second)
        assert house.data(case)["left"] == first
        house.complete(case, "c")
        assert house.case(case).status == "completed"
    assert rows_left(house) == 0


@pytest.mark.req("FLOW-01")
@pytest.mark.parametrize(
    ("opinion", "note", "opened"), [(1, 1, ["a", "b"]), (1, 0, ["a"]), (0, 1, ["b"]), (0, 0, ["c"])]
)
def test_inclusive_gateway_opens_and_joins_exactly_the_ways_that_hold(
    house: House, opinion: int, note: int, opened: list[str]
) -> None:
    body = (
        START + '<inclusiveGateway id="f" default="f_c"/>' + user("a") + user("b") + user("c")
        + '<inclusiveGateway id="j"/>' + user("z") + END + chain("s", "f") + flow("f", "a", "opinion == 1")
        + flow("f", "b", "note == 1") + flow("f", "c") + chain("a", "j") + chain("b", "j") + chain("c", "j", "z", "e")
    )  # fmt: skip
    house.publish(process(body))

    case = house.start(opinion=opinion, note=note)
    assert house.open(case) == opened
    for element in opened:
        assert house.open(case) != ["z"]
        house.complete(case, element)
    assert house.open(case) == ["z"]
    house.complete(case, "z")

    assert rows_left(house) == 0


FIRST_OF = (
    START + '<eventBasedGateway id="w"/>'
    + f'<intermediateCatchEvent id="got">{properties(correlate="number")}<messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
    + '<intermediateCatchEvent id="called"><signalEventDefinition signalRef="g"/></intermediateCatchEvent>'
    + f'<intermediateCatchEvent id="late">{timer("P7D")}</intermediateCatchEvent>'
    + user("read") + user("stop") + user("remind") + '<exclusiveGateway id="x"/>' + END
    + chain("s", "w", "got", "read", "x", "e") + chain("w", "called", "stop", "x") + chain("w", "late", "remind", "x")
)  # fmt: skip


@pytest.mark.req("FLOW-01", "TRANS-04")
@pytest.mark.parametrize("event", ["message", "signal", "timer"])
def test_first_event_behind_the_gateway_wins_and_the_others_are_no_longer_waited_for(
    house: House, event: str
) -> None:
    house.publish(process(FIRST_OF, more=MESSAGE + SIGNAL))
    case = house.start(number="A-1")
    assert (house.timers(case), house.awaits(case)) == (["w"], ["letter", "signal:recall"])

    if event == "message":
        house.deliver("letter", "A-1", fee=300)
    elif event == "signal":
        house.deliver("recall", kind="signal")
    else:
        house.wait(days=7)

    element = {"message": "read", "signal": "stop", "timer": "remind"}[event]
    assert (house.open(case), house.timers(case), house.awaits(case)) == ([element], [], [])
    if event == "message":
        assert house.data(case)["fee"] == 300
    with pytest.raises(NotWaitingError):
        house.deliver("letter", "A-1")
    house.complete(case, element)
    assert rows_left(house) == 0


@pytest.mark.req("FLOW-01", "CLAIM-12")
def test_reminder_leaves_the_task_and_the_limit_takes_it(house: House) -> None:
    body = (
        between(user("x"))
        + f'<boundaryEvent id="n" attachedToRef="x" cancelActivity="false">{timer("P1D")}</boundaryEvent>'
        + f'<boundaryEvent id="b" attachedToRef="x">{timer("P2D")}</boundaryEvent>'
        + service("r") + '<endEvent id="e2"/>' + user("y") + '<endEvent id="e3"/>' + chain("n", "r", "e2") + chain("b", "y", "e3")
    )  # fmt: skip
    paid: list[object] = []
    house.operations["pay"] = lambda data: paid.append(1) or {}
    house.publish(process(body))
    case = house.start()
    assert house.timers(case) == ["b", "n"]

    house.wait(days=1)
    assert (house.open(case), house.timers(case), len(paid)) == (["x"], ["b"], 1)
    with house.store.reading() as session:
        task_id = session.scalars(select(WorkflowTask.id)).one()
    house.wait(days=1)
    assert (house.open(case), house.timers(case), len(paid)) == (["y"], [], 1)
    with pytest.raises(TaskClosedError):
        house.complete_task(task_id)
    house.complete(case, "y")

    assert house.case(case).ended_in == "e3"
    assert rows_left(house) == 0


@pytest.mark.req("CLAIM-12")
def test_passed_limit_wins_over_a_late_hand_even_before_the_sweep(house: House) -> None:
    body = (
        between(user("x")) + f'<boundaryEvent id="b" attachedToRef="x">{timer("P2D")}</boundaryEvent>'
        + user("y") + '<endEvent id="e2"/>' + chain("b", "y", "e2")
    )  # fmt: skip
    house.publish(process(body))
    case = house.start()

    house.now += timedelta(days=2)
    with pytest.raises(TaskClosedError, match="x"):
        house.complete(case, "x")

    assert house.open(case) == ["x"]
    house.wait()
    assert house.open(case) == ["y"]


@pytest.mark.req("FLOW-01")
def test_intermediate_timers_one_after_the_other(house: House) -> None:
    body = (
        START + f'<intermediateCatchEvent id="t1">{timer("P1D")}</intermediateCatchEvent>' + service("r")
        + f'<intermediateCatchEvent id="t2">{timer("P1D")}</intermediateCatchEvent>' + END + chain("s", "t1", "r", "t2", "e")
    )  # fmt: skip
    house.operations["pay"] = lambda data: {}
    house.publish(process(body))
    case = house.start()

    house.wait(hours=23)
    assert house.timers(case) == ["t1"]
    house.wait(hours=1)
    assert house.timers(case) == ["t2"]
    house.wait(days=1)

    assert house.case(case).status == "completed"
    assert rows_left(house) == 0


TWO_POOLS = (
    HEAD + '<message id="m1" name="letter"/><message id="m2" name="answer"/><collaboration id="c">'
    '<participant id="pa" name="甲地" processRef="a"/><participant id="pb" name="乙地" processRef="b"/></collaboration>'
    '<process id="a" name="甲">' + START
    + f'<sendTask id="x" messageRef="m1">{properties(carries="number, person", correlate="number")}</sendTask>'
    + f'<receiveTask id="got" messageRef="m2">{properties(correlate="number")}</receiveTask>' + user("read") + END
    + chain("s", "x", "got", "read", "e") + "</process>"
    '<process id="b" name="乙"><startEvent id="sb"><messageEventDefinition messageRef="m1"/></startEvent>'
    + user("look") + f'<endEvent id="eb">{properties(carries="fee", correlate="number")}'
    '<messageEventDefinition messageRef="m2"/></endEvent>' + chain("sb", "look", "eb") + "</process></definitions>"
).encode()  # fmt: skip


@pytest.mark.req("TRANS-01")
def test_two_cases_talk_by_messages_and_each_answer_finds_its_own_case(house: House) -> None:
    assert house.publish(TWO_POOLS) == ["a", "b"]
    asking = {number: house.start("a", number=number, person=7, secret="x") for number in ("N-1", "N-2")}
    letters, house.thrown = house.thrown, []
    assert [(each.name, each.correlation) for each in letters] == [("letter", "N-1"), ("letter", "N-2")]
    assert len({each.key for each in letters}) == 2
    with house.store.reading() as session:
        assert house.runner.versions.started_by(session, "letter") == "b"
    answering = [house.start("b", message="letter", **each.payload) for each in letters]
    assert "secret" not in house.data(answering[0])

    house.complete(answering[1], "look", fee=2)
    house.post()
    assert (house.open(asking["N-1"]), house.open(asking["N-2"])) == ([], ["read"])
    house.complete(answering[0], "look", fee=1)
    house.post()

    assert [house.data(case)["fee"] for case in asking.values()] == [1, 2]
    for case in asking.values():
        house.complete(case, "read")
    assert rows_left(house) == 0


@pytest.mark.req("TRANS-04")
def test_message_without_a_number_is_not_guessed_between_two_cases(house: House) -> None:
    body = between('<receiveTask id="x" messageRef="m"/>')
    house.publish(process(body, more=MESSAGE))
    for _ in range(2):
        house.start()

    with pytest.raises(AmbiguousMessageError):
        house.deliver("letter")
    with pytest.raises(NotWaitingError):
        house.deliver("something else")


@pytest.mark.req("FLOW-01")
def test_signal_is_heard_by_every_case_that_waits_and_by_no_other(house: House) -> None:
    listening = (
        START
        + '<intermediateCatchEvent id="w"><signalEventDefinition signalRef="g"/></intermediateCatchEvent>'
        + user("x")
        + END
    )
    throwing = (
        START
        + user("y")
        + '<intermediateThrowEvent id="t"><signalEventDefinition signalRef="g"/></intermediateThrowEvent>'
        + END
    )
    house.publish(process(listening + chain("s", "w", "x", "e"), more=SIGNAL))
    house.publish(process(throwing + chain("s", "y", "t", "e"), more=SIGNAL).replace(b'id="p"', b'id="q"'))
    heard, caller = [house.start() for _ in range(3)], house.start("q")

    house.complete(caller, "y")
    assert house.post() == 1
    late = house.start()

    assert [house.open(case) for case in heard] == [["x"]] * 3
    assert (house.open(late), house.awaits(late)) == ([], ["signal:recall"])


@pytest.mark.req("FLOW-01")
def test_signal_that_two_branches_wait_for_is_heard_though_the_first_ends_the_second(house: House) -> None:
    """Both boundary events of nested activities hear it; the outer one takes the inner one away."""
    catch = '<signalEventDefinition signalRef="g"/>'
    inner = (
        '<startEvent id="s1"/>' + user("u") + f'<boundaryEvent id="bi" attachedToRef="u">{catch}</boundaryEvent>'
        '<endEvent id="e1"/><endEvent id="e2"/>' + chain("s1", "u", "e1") + flow("bi", "e2")
    )  # fmt: skip
    body = (
        between(f'<subProcess id="x">{inner}</subProcess>')
        + f'<boundaryEvent id="bo" attachedToRef="x">{catch}</boundaryEvent>' + user("y") + '<endEvent id="e3"/>' + chain("bo", "y", "e3")
    )  # fmt: skip
    house.publish(process(body, more=SIGNAL))
    case, beside = house.start(), house.start()

    assert house.deliver("recall", kind="signal") == 2

    for each in (case, beside):
        assert house.awaits(each) == []
        assert house.open(each) in (["y"], [])


@pytest.mark.req("FLOW-01")
def test_error_of_a_sub_process_takes_the_way_drawn_for_it(house: House) -> None:
    inner = (
        '<startEvent id="s1"/>' + parallel("f") + user("u") + user("v") + '<exclusiveGateway id="q" default="q_e1"/>'
        '<endEvent id="e1"/><endEvent id="bad"><errorEventDefinition errorRef="err"/></endEvent><endEvent id="e4"/>'
        + chain("s1", "f", "u", "q", "e1") + chain("f", "v", "e4") + flow("q", "bad", "opinion == 'wrong'")
    )  # fmt: skip
    body = (
        between(f'<subProcess id="x">{inner}</subProcess>')
        + '<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition errorRef="err"/></boundaryEvent>'
        + user("mend") + '<endEvent id="e2"/>' + chain("b", "mend", "e2")
    )  # fmt: skip
    house.publish(process(body, more=ERROR))
    wrong, right = house.start(), house.start()

    assert house.open(wrong) == ["u", "v"]
    house.complete(wrong, "u", opinion="wrong")
    assert house.open(wrong) == ["mend"]
    house.complete(right, "u", opinion="fine")
    assert house.open(right) == ["v"]
    house.complete(wrong, "mend")
    house.complete(right, "v")

    assert (house.case(wrong).ended_in, house.case(right).ended_in) == ("e2", "e")
    assert rows_left(house) == 0


@pytest.mark.req("FLOW-01")
def test_terminate_ends_everything_that_is_still_open(house: House) -> None:
    body = (
        START + parallel("f") + user("a") + user("b") + f'<boundaryEvent id="n" attachedToRef="b">{timer("P1D")}</boundaryEvent>'
        + '<receiveTask id="c" messageRef="m"/><endEvent id="stop"><terminateEventDefinition/></endEvent>'
        + END + '<endEvent id="e2"/><endEvent id="e3"/>' + chain("s", "f", "a", "stop") + chain("f", "b", "e")
        + chain("f", "c", "e2") + chain("n", "e3")
    )  # fmt: skip
    house.publish(process(body, more=MESSAGE))
    case = house.start()
    assert (house.open(case), house.timers(case), house.awaits(case)) == (["a", "b"], ["n"], ["letter"])

    house.complete(case, "a")

    assert (house.case(case).status, house.case(case).ended_in) == ("completed", "stop")
    assert rows_left(house) == 0


@pytest.mark.req("FLOW-01", "FLOW-06")
def test_cancelled_case_leaves_nothing_open_and_takes_no_further_step(house: House) -> None:
    inner = '<startEvent id="s1"/>' + user("u") + '<endEvent id="e1"/>' + chain("s1", "u", "e1")
    body = (
        between(f'<subProcess id="x">{inner}</subProcess>')
        + f'<boundaryEvent id="n" attachedToRef="x">{timer("P1D")}</boundaryEvent><endEvent id="e2"/>' + chain("n", "e2")
    )  # fmt: skip
    house.publish(process(body))
    case = house.start()
    with house.store.reading() as session:
        task_id = session.scalars(select(WorkflowTask.id)).one()

    house.cancel(case)

    assert (house.case(case).status, rows_left(house)) == ("cancelled", 0)
    with pytest.raises(TaskClosedError):
        house.complete_task(task_id)


CALLED = (
    HEAD + '<process id="p">' + between('<callActivity id="x" calledElement="check"/>')
    + f'<boundaryEvent id="n" attachedToRef="x">{timer("P9D")}</boundaryEvent><endEvent id="e9"/>' + chain("n", "e9")
    + '</process><process id="check"><startEvent id="s1"/>' + user("u") + user("v") + '<endEvent id="e1"/>'
    + chain("s1", "u", "v", "e1") + "</process></definitions>"
).encode()  # fmt: skip


@pytest.mark.req("FLOW-01")
@pytest.mark.parametrize("late", [False, True])
def test_called_process_shows_its_tasks_in_the_calling_case(house: House, late: bool) -> None:
    assert house.publish(CALLED) == ["p", "check"]
    case = house.start(number="7")

    assert house.open(case) == ["u"]
    house.complete(case, "u", opinion="agree")
    assert house.open(case) == ["v"]
    if late:
        house.wait(days=9)
    else:
        house.complete(case, "v")

    assert house.case(case).ended_in == ("e9" if late else "e")
    assert rows_left(house) == 0


def several(*, sequential: bool, until: str = "") -> str:
    """A user task for every entry of ``people``."""
    condition = f"<completionCondition>{until}</completionCondition>" if until else ""
    return user(
        "x",
        f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}" camunda:collection="people" '
        f'camunda:elementVariable="person">{condition}</multiInstanceLoopCharacteristics>',
    )


@pytest.mark.req("FLOW-01")
@pytest.mark.parametrize("sequential", [False, True])
def test_round_over_a_list_gives_every_entry_its_own_task(house: House, sequential: bool) -> None:
    body = (
        START + several(sequential=sequential) + f'<boundaryEvent id="n" attachedToRef="x">{timer("P9D")}</boundaryEvent>'
        + user("y") + END + '<endEvent id="e2"/>' + chain("s", "x", "y", "e") + chain("n", "e2")
    )  # fmt: skip
    house.publish(process(body))
    case = house.start(people=["甲", "乙", "丙"])

    for left in (3, 2, 1):
        assert house.open(case) == ["x"] * (1 if sequential else left)
        house.complete(case, "x")
    assert house.open(case) == ["y"]
    house.complete(case, "y")
    overdue, nobody = house.start(people=["甲", "乙"]), house.start(people=[])
    assert house.open(nobody) == ["y"]
    house.wait(days=9)

    assert house.case(overdue).ended_in == "e2"
    house.complete(nobody, "y")
    assert rows_left(house) == 0


@pytest.mark.req("FLOW-01")
def test_round_that_has_enough_ends_early_and_withdraws_the_other_tasks(house: House) -> None:
    house.publish(process(between(several(sequential=False, until="${opinion == 'refuse'}"))))
    case = house.start(people=["甲", "乙", "丙"])

    house.complete(case, "x", opinion="agree")
    house.complete(case, "x", opinion="refuse")

    assert house.case(case).status == "completed"
    assert rows_left(house) == 0


@pytest.mark.req("FLOW-01")
@pytest.mark.parametrize("people", [None, "甲乙", 3])
def test_round_over_no_list_fails_with_the_element_and_keeps_nothing(house: House, people: object) -> None:
    house.publish(process(between(several(sequential=False))))

    with pytest.raises(StepFailedError, match="people") as failed:
        house.start(**({} if people is None else {"people": people}))

    assert failed.value.element_id == "x"
    assert rows_left(house) == 0
    with house.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(WorkflowCase)) == 0


@pytest.mark.req("FLOW-01")
def test_rounds_started_by_many_threads_at_once_are_counted_once(house: House) -> None:
    """The loops of a version are connected when it is read, not by the first case that starts one."""
    body = between(
        service("x").replace("/>", '><standardLoopCharacteristics loopMaximum="3"/></serviceTask>')
    )
    calls: list[int] = []
    house.operations["pay"] = lambda data: calls.append(data["case_id"]) or {}
    house.publish(process(body))
    with house.store.reading() as session:
        version = house.runner.versions.latest(session, "p")
    loops = [step for step in version.blueprint.spec.task_specs.values() if hasattr(step, "merge_child")]
    bodies = [version.blueprint.spec.task_specs[loop.task_spec] for loop in loops]

    assert all(
        body.completed_event.is_connected(loop.merge_child) for body, loop in zip(bodies, loops, strict=True)
    )
    with ThreadPoolExecutor(4) as pool:
        cases = list(pool.map(lambda _: house.start(), range(8)))

    assert [calls.count(case) for case in cases] == [3] * 8


@pytest.mark.req("FLOW-08")
def test_step_that_fails_keeps_nothing_and_names_the_element(house: House) -> None:
    body = START + user("a") + service("r") + user("b") + END + chain("s", "a", "r", "b", "e")
    house.operations["pay"] = lambda data: {"paid": 1 // data["number"]}
    house.publish(process(body))
    case = house.start(number=0)
    before = (house.case(case).revision, house.told(case))

    with pytest.raises(StepFailedError) as failed:
        house.complete(case, "a", opinion="x")

    assert (failed.value.element_id, type(failed.value.cause), failed.value.retryable) == (
        "r",
        ZeroDivisionError,
        False,
    )
    assert (house.case(case).revision, house.told(case)) == before
    assert house.open(case) == ["a"]
    house.complete(case, "a", number=1)
    assert house.open(case) == ["b"]


@pytest.mark.req("FLOW-08")
@pytest.mark.parametrize(
    "task",
    [
        user("b", attributes='camunda:dueDate="${after_workdays(days)}"'),
        f'<receiveTask id="b" messageRef="m">{properties(correlate="days")}</receiveTask>',
    ],
)
def test_due_day_and_correlation_that_cannot_be_worked_out_fail_with_the_element(
    house: House, task: str
) -> None:
    house.publish(process(START + user("a") + task + END + chain("s", "a", "b", "e"), more=MESSAGE))
    case = house.start()

    with pytest.raises(StepFailedError, match="days") as failed:
        house.complete(case, "a")

    assert failed.value.element_id == "b"
    assert house.open(case) == ["a"]


@pytest.mark.req("FLOW-08")
def test_due_day_is_worked_out_once_and_never_again_for_a_task_that_has_it(house: House) -> None:
    """A calendar that ends next year must not stop a case that got its due day this year."""
    house.publish(
        process(
            START + parallel("f") + user("a", attributes='camunda:dueDate="${after_workdays(days)}"') + user("b")
            + parallel("j") + END + chain("s", "f", "a", "j", "e") + chain("f", "b", "j")
        )
    )  # fmt: skip
    case = house.start(days=3)
    with house.store.reading() as session:
        due_at = session.scalars(select(WorkflowTask.due_at).where(WorkflowTask.element_id == "a")).one()
    assert due_at is not None

    house.now += timedelta(days=365)
    house.asked.clear()
    house.complete(case, "b")

    assert house.asked == []
    with house.store.reading() as session:
        assert (
            session.scalars(select(WorkflowTask.due_at).where(WorkflowTask.element_id == "a")).one() == due_at
        )
    assert house.open(case) == ["a"]


@pytest.mark.req("FLOW-08")
def test_damaged_state_fails_as_a_step_of_its_case(house: House) -> None:
    house.publish(process(between(user("x"))))
    case = house.start()
    with house.store.transaction() as session:
        session.execute(text("UPDATE workflow_case SET state = '\\x0102'::bytea"))

    with pytest.raises(StepFailedError, match="损坏"):
        house.complete(case, "x")
    with house.store.transaction() as session, pytest.raises(StepFailedError):
        house.runner.fire_due(session, case, house.desk)


@pytest.mark.req("FLOW-01")
def test_step_on_a_case_that_moved_meanwhile_is_stale_and_keeps_nothing(house: House) -> None:
    body = (
        START + parallel("f") + user("a") + user("b") + parallel("j") + END + chain("s", "f", "a", "j", "e")
    )
    house.publish(process(body + chain("f", "b", "j")))
    case = house.start()

    def meanwhile(ref: object) -> object:
        # the first step has read the case; before it writes, another one is through
        if not moved:
            moved.append(1)
            house.complete(case, "b")
        return house.desk()

    moved: list[int] = []
    with pytest.raises(StaleCaseError), house.store.transaction() as session:
        task = session.scalars(select(WorkflowTask).where(WorkflowTask.element_id == "a")).one()
        house.runner.complete(session, task=task, data={}, control=None, around=meanwhile)

    assert house.open(case) == ["a"]
    house.complete(case, "a")
    assert house.case(case).status == "completed"


@pytest.mark.req("TRANS-04")
def test_message_for_a_step_that_was_called_off_is_not_heard(house: House) -> None:
    """The subscription was read just before another worker's step took the waiting step away."""
    body = (
        START + '<exclusiveGateway id="k"/>' + parallel("f") + user("a") + '<receiveTask id="w" messageRef="m"/>'
        + parallel("j") + user("z") + '<exclusiveGateway id="q" default="q_e"/>' + END
        + f'<boundaryEvent id="n" attachedToRef="w">{timer("P1D")}</boundaryEvent><endEvent id="e2"/>'
        + chain("s", "k", "f", "a", "j", "z", "q", "e") + chain("f", "w", "j") + chain("n", "e2") + flow("q", "k", "opinion == 1")
    )  # fmt: skip
    house.publish(process(body, more=MESSAGE))
    case = house.start()
    with house.store.reading() as session:
        row = session.scalars(select(WorkflowSubscription)).one()
        session.expunge(row)
    house.wait(days=1)
    with house.store.transaction() as session:
        session.add(WorkflowSubscription(**{c.name: getattr(row, c.name) for c in row.__table__.columns}))

    with pytest.raises(NotWaitingError):
        house.deliver("letter")

    assert house.open(case) == ["a"]
