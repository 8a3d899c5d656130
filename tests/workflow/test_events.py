"""Timers and messages as they run: by the office's clock, and to the case that they are meant for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from drawings import END, HEAD, NAMES, START, between, chain, flow, process, user
from office_in_memory import MONDAY, Office, properties, timer, waiting
from SpiffWorkflow.bpmn.util.event import BpmnEvent

from engine.workflow.reader import read_processes
from engine.workflow.script import StepError, TimerError, due_instant, instant_of
from engine.workflow.specs import CORRELATION


@pytest.mark.parametrize(
    ("text", "part", "due"),
    [
        ("P5D", "timeDuration", "2026-12-12T01:00:00+00:00"),
        ("PT36H", "timeDuration", "2026-12-08T13:00:00+00:00"),
        ("P1M", "timeDuration", "2027-01-07T01:00:00+00:00"),
        ("P1Y2M", "timeDuration", "2028-02-07T01:00:00+00:00"),
        ("${after_workdays(3)}", "timeDuration", "2026-12-10T15:59:59+00:00"),
        ("${after_workdays(3)}", "timeDate", "2026-12-10T15:59:59+00:00"),
        ("2026-12-31", "timeDate", "2026-12-31T15:59:59+00:00"),
        ("2026-12-31T09:00", "timeDate", "2026-12-31T01:00:00+00:00"),
        ("2026-12-31T09:00:00Z", "timeDate", "2026-12-31T09:00:00+00:00"),
        ("${reminder_on}", "timeDate", "2026-12-09T15:59:59+00:00"),
        ('"P1D"', "timeDuration", "2026-12-08T01:00:00+00:00"),
        ("\n   P1D\n ", "timeDuration", "2026-12-08T01:00:00+00:00"),
    ],
)
def test_timer_is_due_by_the_office_clock_and_a_day_ends_at_its_end(text: str, part: str, due: str) -> None:
    office = Office(waiting(text, part), reminder_on="2026-12-09")

    assert office.due("x").isoformat() == due
    office.now = datetime.fromisoformat(due) - timedelta(seconds=1)
    office.wait()
    assert not office.case.is_completed()
    office.wait(seconds=1)
    assert office.case.is_completed()


def test_month_timer_at_a_months_end_falls_on_the_last_day() -> None:
    january = datetime(2027, 1, 31, 4, tzinfo=UTC)

    assert due_instant("P1M", january).isoformat() == "2027-02-28T04:00:00+00:00"
    assert (
        due_instant("P1M", datetime(2027, 1, 30, 20, tzinfo=UTC)).isoformat() == "2027-02-27T20:00:00+00:00"
    )


@pytest.mark.parametrize(
    "value", ["P", "PT", "P-1D", "5D", "P9999999Y", "2026-02-30", "yesterday", "", 5, None, ["P1D"]]
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(TimerError):
        due_instant(value, MONDAY)


def test_instant_of_a_day_is_its_end_in_the_offices_time() -> None:
    assert instant_of("2026-12-01").isoformat() == "2026-12-01T23:59:59+08:00"


def test_cycle_timer_fires_by_the_office_clock() -> None:
    event = f'<boundaryEvent id="b" attachedToRef="x" cancelActivity="false">{timer("R2/PT10M", "timeCycle")}</boundaryEvent>'
    body = (
        between(user("x"))
        + event
        + '<serviceTask id="r" camunda:type="external" camunda:topic="pay"/>'
        + flow("b", "r")
    )
    office = Office(process(body + '<endEvent id="e2"/>' + flow("r", "e2")))

    office.wait(minutes=9)
    assert len(office.called) == 0
    office.wait(minutes=1)
    assert len(office.called) == 1
    office.wait(minutes=10)
    office.wait(minutes=10)
    assert len(office.called) == 2
    assert office.open == ["x"]


def test_interrupting_timer_ends_the_task_and_a_plain_one_does_not() -> None:
    late = f'<boundaryEvent id="b" attachedToRef="x">{timer("P2D")}</boundaryEvent>'
    nudge = f'<boundaryEvent id="n" attachedToRef="x" cancelActivity="false">{timer("P1D")}</boundaryEvent>'
    nudged = '<serviceTask id="r" camunda:type="external" camunda:topic="pay"/><endEvent id="e2"/>'
    body = between(user("x")) + late + nudge + nudged + user("y") + '<endEvent id="e3"/>'
    office = Office(process(body + chain("n", "r", "e2") + chain("b", "y", "e3")))

    office.wait(days=1)
    assert (office.open, len(office.called)) == (["x"], 1)
    office.wait(days=1)
    assert office.open == ["y"]


TWO_POOLS = (
    HEAD + '<message id="m1" name="letter"/><message id="m2" name="answer"/><collaboration id="c">'
    '<participant id="pa" name="甲地" processRef="a"/><participant id="pb" name="乙地" processRef="b"/></collaboration>'
    '<process id="a" name="甲">' + START
    + f'<sendTask id="x" messageRef="m1">{properties(carries="number, person", correlate="number")}</sendTask>'
    + f'<eventBasedGateway id="g"/><intermediateCatchEvent id="got">{properties(correlate="number")}'
    '<messageEventDefinition messageRef="m2"/></intermediateCatchEvent>'
    f'<intermediateCatchEvent id="late">{timer("P7D")}</intermediateCatchEvent>' + user("remind") + END + '<endEvent id="e2"/>'
    + chain("s", "x", "g", "got", "e") + chain("g", "late", "remind", "e2") + "</process>"
    '<process id="b" name="乙"><startEvent id="sb"><messageEventDefinition messageRef="m1"/></startEvent>'
    + user("look") + f'<endEvent id="eb">{properties(carries="fee", correlate="number")}'
    '<messageEventDefinition messageRef="m2"/></endEvent>' + chain("sb", "look", "eb") + "</process></definitions>"
).encode()  # fmt: skip


@pytest.mark.req("TRANS-01")
def test_message_carries_only_what_is_named_and_is_paired_by_its_correlation() -> None:
    blueprints = read_processes(TWO_POOLS, names=NAMES)
    here = Office(blueprints["a"], number="T-1", person=7, secret="x")

    (event,) = here.case.get_events()

    assert event.event_definition.name == "letter"
    assert event.payload == {"number": "T-1", "person": 7, CORRELATION: "T-1"}
    assert blueprints["b"].start_messages == {"letter"}
    assert blueprints["a"].messages == {"letter", "answer"}
    assert (blueprints["a"].pool, blueprints["b"].pool) == ("甲地", "乙地")


def test_answer_or_time_wins_at_an_event_gateway() -> None:
    blueprint = read_processes(TWO_POOLS, names=NAMES)["a"]
    answered, silent = (Office(blueprint, number="T-1", person=7) for _ in range(2))

    gateway = next(iter(answered.case.event_manager.tasks.values()))
    definition = next(d for d in gateway.task_spec.event_definition.event_definitions if d.name == "answer")
    answered.case.catch(BpmnEvent(definition, {"fee": 300}))
    answered.case.do_engine_steps()
    silent.wait(days=7)

    assert answered.data["fee"] == 300
    assert silent.open == ["remind"]


def test_message_without_its_data_fails_by_name() -> None:
    with pytest.raises(StepError, match="person"):
        Office(read_processes(TWO_POOLS, names=NAMES)["a"], number="T-1")
