"""Diagrams as they run: read by our parser, stepped through with a fixed clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from drawings import END, HEAD, NAMES, START, between, chain, flow, process, user
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.workflow.reader import Blueprint, Names, ReadError, read_process, read_processes, read_xml
from engine.workflow.script import ScriptEngine, StepError, TimerError, due_instant, instant_of
from engine.workflow.specs import CORRELATION, mapped_result

MONDAY = datetime(2026, 12, 7, 1, 0, tzinfo=UTC)


class Office:
    """One case of a diagram in memory, with a clock and operations that answer from a table."""

    def __init__(
        self, data: bytes, answers: Mapping[str, Mapping[str, Any]] | None = None, **known: Any
    ) -> None:
        self.now = MONDAY
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.answers = answers or {}
        self.blueprint = data if isinstance(data, Blueprint) else read_process(data, names=NAMES)
        functions = {"after_workdays": lambda days: f"2026-12-{7 + days:02d}", "today": lambda: "2026-12-07"}
        engine = ScriptEngine(functions=functions, call=self._call, decide=self._call, now=lambda: self.now)
        self.case = BpmnWorkflow(self.blueprint.spec, self.blueprint.subprocess_specs, script_engine=engine)
        for task in self.case.get_tasks(state=TaskState.READY):
            task.data.update(known)
        self.case.do_engine_steps()

    def _call(self, name: str, data: dict[str, Any]) -> Mapping[str, Any]:
        self.called.append((name, data))
        return self.answers.get(name, {})

    @property
    def open(self) -> list[str]:
        """Elements that wait for a person."""
        return sorted(
            str(t.task_spec.bpmn_id) for t in self.case.get_tasks(state=TaskState.READY, manual=True)
        )

    def complete(self, element: str, **entered: Any) -> None:
        """Finish the element's first open task."""
        task = next(
            t
            for t in self.case.get_tasks(state=TaskState.READY, manual=True)
            if t.task_spec.bpmn_id == element
        )
        task.data.update(entered)
        task.run()
        self.case.do_engine_steps()

    def wait(self, **time: int) -> None:
        """Let time pass and fire what is due."""
        self.now += timedelta(**time)
        self.case.refresh_timers()
        self.case.do_engine_steps()

    def due(self, element: str) -> datetime:
        """When the element's timer fires."""
        task = next(t for t in self.case.event_manager.tasks.values() if t.task_spec.bpmn_id == element)
        return datetime.fromisoformat(task.internal_data["event_value"])

    @property
    def data(self) -> dict[str, Any]:
        """Data of the case where it ended."""
        assert self.case.is_completed()
        return dict(self.case.last_task.data)


def timer(text: str, part: str = "timeDuration") -> str:
    """A timer definition."""
    return f"<timerEventDefinition><{part}>{text}</{part}></timerEventDefinition>"


def waiting(text: str, part: str = "timeDuration") -> bytes:
    """A diagram that only waits for the time."""
    return process(between(f'<intermediateCatchEvent id="x">{timer(text, part)}</intermediateCatchEvent>'))


def properties(**values: str) -> str:
    """Extension elements with camunda properties."""
    inside = "".join(f'<camunda:property name="{name}" value="{value}"/>' for name, value in values.items())
    return f"<extensionElements><camunda:properties>{inside}</camunda:properties></extensionElements>"


@pytest.mark.req("FLOW-01")
def test_case_goes_as_drawn_through_operation_question_and_person() -> None:
    body = (
        START + '<serviceTask id="ask" camunda:type="external" camunda:topic="gather"/>' + user("look")
        + '<exclusiveGateway id="g" default="g_back"/>' + user("back") + END
        + chain("s", "ask", "look", "g") + flow("g", "e", '${opinion == "agree"}') + flow("g", "back") + chain("back", "look")
    )  # fmt: skip
    office = Office(process(body), {"gather": {"months": 26}}, person_id=1)

    assert office.open == ["look"]
    office.complete("look", opinion="refuse")
    assert office.open == ["back"]
    office.complete("back")
    office.complete("look", opinion="agree")

    assert office.data == {"person_id": 1, "months": 26, "opinion": "agree"}
    assert office.called == [("gather", {"person_id": 1})]


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


@pytest.mark.parametrize("sequential", ["true", "false"])
def test_round_over_a_list_works_again_on_every_pass_of_a_loop(sequential: str) -> None:
    step = (
        f'<serviceTask id="x" camunda:type="external" camunda:topic="pay"><multiInstanceLoopCharacteristics '
        f'isSequential="{sequential}" camunda:collection="people" camunda:elementVariable="person"/></serviceTask>'
    )
    body = (
        START
        + '<exclusiveGateway id="m"/>'
        + step
        + user("again")
        + '<exclusiveGateway id="g" default="g_e"/>'
        + END
    )
    ways = chain("s", "m", "x", "again", "g", "e") + flow("g", "m", "more")
    office = Office(process(body + ways), people=["a", "b", "c"])

    office.complete("again", more=True)
    office.complete("again", more=False)

    assert [data["person"] for _, data in office.called] == ["a", "b", "c"] * 2
    assert "person" not in office.data


def test_round_over_something_else_is_refused_in_words() -> None:
    step = user(
        "x", '<multiInstanceLoopCharacteristics camunda:collection="people" camunda:elementVariable="p"/>'
    )

    with pytest.raises(StepError, match="people"):
        Office(process(between(step)), people=None)


def test_round_by_number() -> None:
    step = user(
        "x",
        "<multiInstanceLoopCharacteristics><loopCardinality>${count + 1}</loopCardinality></multiInstanceLoopCharacteristics>",
    )

    assert Office(process(between(step)), count=2).open == ["x", "x", "x"]


def test_decision_gives_its_answers_by_name_or_as_one_variable() -> None:
    plain = Office(
        process(between('<businessRuleTask id="x" camunda:decisionRef="route"/>')),
        {"route": {"route": "normal"}},
    )
    named = Office(
        process(
            between(
                '<businessRuleTask id="x" camunda:decisionRef="route" camunda:resultVariable="way" camunda:mapDecisionResult="singleEntry"/>'
            )
        ),
        {"route": {"route": "normal"}},
    )

    assert (plain.data, named.data) == ({"route": "normal"}, {"way": "normal"})


def test_results_take_the_shapes_that_camunda_names() -> None:
    rows = {"a": [1, 2], "b": [3, 4]}

    assert mapped_result({"a": 1}, "singleEntry") == 1
    assert mapped_result({"a": 1, "b": 2}, "singleResult") == {"a": 1, "b": 2}
    assert mapped_result({"a": [1, 2]}, "collectEntries") == [1, 2]
    assert mapped_result(rows, "resultList") == [{"a": 1, "b": 3}, {"a": 2, "b": 4}]


def test_operation_gets_the_parameters_drawn_and_the_case_does_not_keep_them() -> None:
    parameters = (
        '<extensionElements><camunda:inputOutput><camunda:inputParameter name="letter">reminder</camunda:inputParameter>'
        '<camunda:inputParameter name="days">${count + 1}</camunda:inputParameter></camunda:inputOutput></extensionElements>'
    )
    step = f'<serviceTask id="x" camunda:type="external" camunda:topic="pay">{parameters}</serviceTask>'
    office = Office(process(between(step)), {"pay": {"paid": True}}, count=2)

    assert office.called == [("pay", {"count": 2, "letter": "reminder", "days": 3})]
    assert office.data == {"count": 2, "paid": True}


def test_script_with_a_result_variable_is_one_expression() -> None:
    step = '<scriptTask id="x" camunda:resultVariable="total"><script>${count * 2}</script></scriptTask>'

    assert Office(process(between(step)), count=2).data == {"count": 2, "total": 4}


def test_condition_that_only_looks_true_is_refused() -> None:
    body = (
        START
        + '<exclusiveGateway id="g" default="g_e"/>'
        + END
        + '<endEvent id="e2"/>'
        + chain("s", "g", "e")
    )

    with pytest.raises(StepError, match="是/否") as caught:
        Office(process(body + flow("g", "e2", "answer")), answer="no")

    assert caught.value.task_spec.bpmn_id == "g"


def test_failure_of_an_operation_names_its_step_and_keeps_its_cause() -> None:
    class DownError(Exception):
        retryable = True

    class Broken(Office):
        def _call(self, name: str, data: dict[str, Any]) -> Mapping[str, Any]:
            raise DownError(name)

    with pytest.raises(StepError) as caught:
        Broken(process(between('<serviceTask id="x" camunda:type="external" camunda:topic="pay"/>')))

    assert caught.value.task_spec.bpmn_id == "x"
    assert isinstance(caught.value.exception, DownError)
    assert caught.value.retryable


def test_facts_of_an_element_come_from_every_accepted_namespace() -> None:
    lanes = (
        '<laneSet id="ls"><lane id="l" name=" 复核岗 "><flowNodeRef>\n   x\n </flowNodeRef></lane></laneSet>'
    )
    task = (
        '<userTask id="x" name="复核" operaton:formKey="check" flowable:dueDate="${after_workdays(3)}">'
        + properties(control="business_review", different_person_from="a, b") + "<documentation>看仔细</documentation></userTask>"
    )  # fmt: skip
    blueprint = read_process(process(between(task), lanes=lanes), names=NAMES)

    element = blueprint.elements["x"]

    assert (element.kind, element.name, element.lane, element.duty) == (
        "userTask",
        "复核",
        "复核岗",
        "review",
    )
    assert (element.form, element.due, element.control) == (
        "check",
        "${after_workdays(3)}",
        "business_review",
    )
    assert element.different_person_from == ("a", "b")
    assert blueprint.spec.task_specs["x"].lane == "复核岗"
    assert blueprint.flows[0].source == "s"


def test_group_written_on_a_task_wins_over_its_lane() -> None:
    lanes = '<laneSet id="ls"><lane id="l" name="复核岗"><flowNodeRef>x</flowNodeRef></lane></laneSet>'

    assert read_process(process(between(user("x")), lanes=lanes), names=NAMES).elements["x"].duty == "intake"


def test_steps_inside_a_sub_process_inherit_its_lane() -> None:
    lanes = '<laneSet id="ls"><lane id="l" name="受理岗"><flowNodeRef>x</flowNodeRef></lane></laneSet>'
    inner = '<startEvent id="s1"/><userTask id="u"/><endEvent id="e1"/>' + chain("s1", "u", "e1")
    blueprint = read_process(
        process(between(f'<subProcess id="x">{inner}</subProcess>'), lanes=lanes), names=NAMES
    )

    assert blueprint.elements["u"].duty == "intake"
    assert blueprint.subprocess_specs["x"].task_specs["u"].lane == "受理岗"


def test_called_process_is_found_in_the_same_file_or_handed_in() -> None:
    caller = between('<callActivity id="x" calledElement="q"/>')
    called = '<startEvent id="s2"/>' + user("u2") + '<endEvent id="e2"/>' + chain("s2", "u2", "e2")
    other = (HEAD + f'<process id="q">{called}</process></definitions>').encode()
    together = process(caller, more=f'<process id="q">{called}</process>')

    apart = read_process(process(caller), names=NAMES, resolve=lambda name: other if name == "q" else None)

    assert Office(apart).open == ["u2"]
    assert Office(read_processes(together, names=NAMES)["p"]).open == ["u2"]
    with pytest.raises(ReadError, match="找不到被调用的流程“q”") as caught:
        read_process(process(caller), names=NAMES)
    assert caught.value.element == "x"


def test_what_a_modeler_draws_beside_the_flow_does_not_disturb_it() -> None:
    beside = (
        '<dataObject id="d"/><dataObjectReference id="dr" dataObjectRef="d"/>'
        + user("x", '<extensionElements><camunda:formData><camunda:formField id="e"/></camunda:formData></extensionElements>'
                    '<ioSpecification><dataInput id="di"/><inputSet/><outputSet/></ioSpecification>'
                    '<dataOutputAssociation id="da"><targetRef>dr</targetRef></dataOutputAssociation>')
    )  # fmt: skip
    office = Office(process(START + beside + END + chain("s", "x", "e")))

    office.complete("x", note="n")

    assert office.data == {"note": "n"}


def test_damaged_picture_does_not_keep_a_process_from_running() -> None:
    picture = (
        '<d:BPMNDiagram xmlns:d="http://www.omg.org/spec/BPMN/20100524/DI"><d:BPMNPlane><d:BPMNShape bpmnElement="x">'
        '<c:Bounds xmlns:c="http://www.omg.org/spec/DD/20100524/DC" x="left" y=""/></d:BPMNShape></d:BPMNPlane></d:BPMNDiagram>'
    )
    data = process(between(user("x")), executable="1").replace(
        b"</definitions>", f"{picture}</definitions>".encode()
    )

    assert Office(data).open == ["x"]


def test_chain_of_hundreds_of_steps_is_read_and_runs() -> None:
    ids = [f"t{number}" for number in range(600)]
    body = START + "".join(user(own) for own in ids) + END + chain("s", *ids, "e")

    office = Office(process(body))

    assert office.open == ["t0"]
    assert len(office.blueprint.elements) == 602


def test_process_that_the_engine_would_lose_sight_of_is_refused() -> None:
    ids = [f"t{number}" for number in range(900)]

    with pytest.raises(ReadError, match="流程过大"):
        read_process(
            process(START + "".join(user(own) for own in ids) + END + chain("s", *ids, "e")), names=NAMES
        )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "gb2312", "utf-16"])
def test_files_in_chinese_encodings_are_read(encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = (
        f'<?xml version="1.0" encoding="{declared}"?>\n'
        + process(between('<userTask id="x" name="受理登记"/>')).decode()
    )

    blueprint = read_process(text.encode(encoding), names=Names.any())

    assert blueprint.elements["x"].name == "受理登记"
    assert blueprint.elements["x"].line == 2


def test_other_files_are_refused_with_a_line() -> None:
    for data, part in (
        (b"", "不是完整的 XML"),
        (b"<a/>", "不是 BPMN"),
        (b"<a>\n<b></a>", "不是完整的 XML"),
        ("<?xml version='1.0' encoding='gbk'?><a>é</a>".encode("latin-1"), "编码"),
        (b"<?xml version='1.0' encoding='rot13'?><a/>", "编码"),
        (b"<a>" * 150 + b"</a>" * 150, "过深"),
        (b"x" * 5_000_001, "太大"),
    ):
        with pytest.raises(ReadError, match=part):
            read_process(data, names=NAMES)


def test_lines_survive_the_xml_declaration() -> None:
    document = read_xml(b'<?xml version="1.0"\n encoding="UTF-8"?>\n<a>\n<b/></a>')

    assert document.root[0].sourceline == 4
