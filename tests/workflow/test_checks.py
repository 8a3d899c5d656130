"""What may not be published, and what is said about it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from drawings import END, HEAD, NAMES, START, between, chain, flow, process, user

from engine.workflow.checks import check_file, check_path
from engine.workflow.vocabulary import Names

PROCESSES = Path(__file__).resolve().parents[2] / "processes"

MESSAGE = '<message id="m" name="letter"/>'
ERROR = '<error id="err" errorCode="E1"/>'
TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"


def gateway(conditions: tuple[str, str], *, default: str = "", kind: str = "exclusiveGateway") -> bytes:
    """A question with two ways out, each to its own end."""
    attribute = f' default="{default}"' if default else ""
    return process(
        START + user("a") + f'<{kind} id="g"{attribute}/>' + END + '<endEvent id="e2"/>'
        + chain("s", "a", "g") + flow("g", "e", conditions[0]) + flow("g", "e2", conditions[1])
    )  # fmt: skip


def catching(definition: str, more: str = "") -> bytes:
    """An intermediate event with the definition."""
    event = f'<intermediateCatchEvent id="x">{definition}</intermediateCatchEvent>'
    return process(between(event), more=more)


def throwing(definition: str) -> bytes:
    """A throwing event with the definition."""
    return process(between(f'<intermediateThrowEvent id="x">{definition}</intermediateThrowEvent>'))


def bounded(event: str, *, host: str = "", more: str = "") -> bytes:
    """A step with a boundary event that leads to an end of its own."""
    step = host or user("x")
    return process(between(step) + event + '<endEvent id="e2"/>' + flow("b", "e2"), more=more)


def inside(body: str, *, attributes: str = "", kind: str = "subProcess") -> bytes:
    """A sub-process with the body."""
    return process(between(f'<{kind} id="x" {attributes}>{body}</{kind}>'))


SUB = '<startEvent id="s1"/><endEvent id="e1"/>' + user("u1") + chain("s1", "u1", "e1")
#: ends well, or with the error
THROWING = (
    '<startEvent id="s1"/><exclusiveGateway id="g1" default="g1_e1"/><endEvent id="e1"/>' + user("u1")
    + '<endEvent id="e2x"><errorEventDefinition errorRef="err"/></endEvent>'
    + chain("s1", "u1", "g1") + flow("g1", "e1") + flow("g1", "e2x", "opinion == 'return'")
)  # fmt: skip

GOOD = {
    "a straight way": process(between(user("x"))),
    "exclusive with default": gateway(("opinion == 'agree'", ""), default="g_e2"),
    "exclusive with opposite conditions": gateway(("${opinion == 'agree'}", "${opinion != 'agree'}")),
    "inclusive with default": gateway(("opinion == 'agree'", ""), default="g_e2", kind="inclusiveGateway"),
    "parallel": gateway(("", ""), kind="parallelGateway"),
    "operation": process(between('<serviceTask id="x" camunda:type="external" camunda:topic="gather"/>')),
    "operaton alias": process(between('<serviceTask id="x" operaton:type="external" operaton:topic="gather"/>')),
    "flowable alias": process(between('<userTask id="x" flowable:candidateGroups="review" flowable:formKey="check"/>')),
    "activiti alias": process(between('<userTask id="x" activiti:candidateGroups="review" activiti:formKey="check"/>')),
    "timer": catching(TIMER),
    "timer by expression": catching(
        "<timerEventDefinition><timeDate>${after_workdays(3)}</timeDate></timerEventDefinition>"
    ),
    "message": process(
        between(
            '<intermediateCatchEvent id="x"><extensionElements><camunda:properties><camunda:property name="correlate" '
            'value="case_key"/></camunda:properties></extensionElements><messageEventDefinition messageRef="m"/>'
            "</intermediateCatchEvent>"
        ),
        more=MESSAGE,
    ),
    "boundary timer": bounded(f'<boundaryEvent id="b" attachedToRef="x" cancelActivity="false">{TIMER}</boundaryEvent>'),
    "sub-process": inside(SUB),
    "error of a sub-process": bounded(
        '<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition errorRef="err"/></boundaryEvent>',
        host=f'<subProcess id="x">{THROWING}</subProcess>',
        more=ERROR,
    ),
    "decision": process(between('<businessRuleTask id="x" camunda:decisionRef="route"/>')),
    "script": process(between("<scriptTask id='x'><script>n = person_id + 1</script></scriptTask>")),
    "round over a list": process(
        between(user("x", '<multiInstanceLoopCharacteristics camunda:collection="${person_id}" camunda:elementVariable="n"/>'))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_what_runs_as_drawn_may_be_published(name: str) -> None:
    assert check_file(GOOD[name], NAMES) == []


#: name → (file, code, element)
BAD: dict[str, tuple[bytes, str, str]] = {
    # silently wrong in the engine
    "condition after a task": (
        process(START + user("x") + END + chain("s", "x") + flow("x", "e", "1 == 2")), "condition_ignored", "x_e",
    ),
    "condition after a parallel gateway": (gateway(("1 == 2", ""), kind="parallelGateway"), "condition_ignored", "g_e"),
    "link throw": (throwing('<linkEventDefinition name="L"/>'), "link_event", "x"),
    "link catch": (catching('<linkEventDefinition name="L"/>'), "link_event", "x"),
    "compensation throw": (throwing("<compensateEventDefinition/>"), "compensation", "x"),
    "compensation boundary": (
        bounded('<boundaryEvent id="b" attachedToRef="x"><compensateEventDefinition/></boundaryEvent>'), "compensation", "b",
    ),
    "signal end": (
        process(START + user("x") + '<endEvent id="e"><signalEventDefinition signalRef="g"/></endEvent>' + chain("s", "x", "e"),
                more='<signal id="g" name="go"/>'), "signal_event", "e",
    ),
    "event sub-process": (inside(SUB, attributes='triggeredByEvent="true"'), "event_sub_process", "x"),
    "conditional event": (
        catching("<conditionalEventDefinition><condition>${a}</condition></conditionalEventDefinition>"), "conditional_event", "x",
    ),
    "plain catch": (catching(""), "plain_event", "x"),
    "cycle timer": (
        catching("<timerEventDefinition><timeCycle>R3/P1M</timeCycle></timerEventDefinition>"), "cycle_timer", "x",
    ),
    "error on a task": (
        bounded('<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition errorRef="err"/></boundaryEvent>', more=ERROR),
        "never_caught", "b",
    ),
    "unreachable": (process(between(user("x")) + user("y") + flow("y", "e")), "unreachable", "y"),
    "two plain starts": (
        process(between(user("x")) + '<startEvent id="s2"/>' + flow("s2", "x")), "several_starts", "p",
    ),
    "two kinds of event": (catching(TIMER + '<messageEventDefinition messageRef="m"/>', MESSAGE), "several_events", "x"),
    "two timers behind an event gateway": (
        process(START + '<eventBasedGateway id="g"/>' + END
                + "".join(f'<intermediateCatchEvent id="{t}">{TIMER}</intermediateCatchEvent>' for t in ("t1", "t2"))
                + '<exclusiveGateway id="m1"/>'
                + chain("s", "g", "t1", "m1", "e") + chain("g", "t2", "m1")), "event_gateway", "t2",
    ),
    "person behind an event gateway": (
        process(START + '<eventBasedGateway id="g"/>' + user("x") + END + chain("s", "g", "x", "e")), "event_gateway", "x",
    ),
    "engine's own name": (process(START.replace('"s"', '"Start"') + user("x") + END + chain("Start", "x", "e")), "reserved_id", "Start"),
    "loop that nothing slows down": (
        process(START + '<exclusiveGateway id="m"/><serviceTask id="x" camunda:type="external" camunda:topic="pay"/>'
                '<exclusiveGateway id="g" default="g_m"/>' + END + chain("s", "m", "x", "g", "m") + flow("g", "e", "paid")),
        "automatic_loop", "m",
    ),
    # rejected by the engine, at once or only at run time
    "complex gateway": (gateway(("a == 1", ""), kind="complexGateway"), "complex_gateway", "g"),
    "ad-hoc": (inside(SUB, kind="adHocSubProcess"), "ad_hoc", "x"),
    "two ways out of a task": (
        process(between(user("x")) + '<endEvent id="e2"/>' + flow("x", "e2")), "several_outgoing", "x",
    ),
    "no default": (gateway(("opinion == 'agree'", "opinion == 'refuse'")), "no_default", "g"),
    "no condition": (gateway(("opinion == 'agree'", "")), "no_condition", "g_e2"),
    "default that is no flow": (gateway(("note == 'a'", "note != 'a'"), default="zzz"), "dangling_reference", "g"),
    "gateway without a way out": (
        process(START + user("x") + '<exclusiveGateway id="g"/>' + END + chain("s", "x", "g") + flow("x", "e")), "no_outgoing", "g",
    ),
    "task without a way out": (process(START + user("x") + END + chain("s", "x")), "no_outgoing", "x"),
    "boundary without a way out": (
        process(between(user("x")) + f'<boundaryEvent id="b" attachedToRef="x">{TIMER}</boundaryEvent>'), "no_outgoing", "b",
    ),
    "boundary on nothing": (
        bounded(f'<boundaryEvent id="b" attachedToRef="zzz">{TIMER}</boundaryEvent>'), "dangling_reference", "b",
    ),
    "not executable": (process(between(user("x")), executable="false"), "not_executable", "p"),
    "no start": (process(user("x") + END + chain("x", "e")), "no_start", "p"),
    "no end": (process(START + user("x") + chain("s", "x")), "no_end", "p"),
    "no way out of a loop": (
        process(between(user("x")) + '<exclusiveGateway id="g" default="g_y"/>' + user("y") + user("z")
                + '<exclusiveGateway id="h"/>' + START.replace('"s"', '"s9"') + chain("s9", "g", "y", "h", "z", "h")),
        "no_way_out", "y",
    ),
    "sub-process without end": (inside('<startEvent id="s1"/>' + user("u1") + chain("s1", "u1")), "no_end", "x"),
    "sub-process with two starts": (
        inside(SUB + '<startEvent id="s2"/>' + flow("s2", "u1")), "several_starts", "x",
    ),
    "timer start": (
        process(f'<startEvent id="s">{TIMER}</startEvent>' + user("x") + END + chain("s", "x", "e")), "start_event", "s",
    ),
    "flow to nothing": (process(between(user("x")) + flow("x", "zzz")), "dangling_reference", "x_zzz"),
    "flow over a border": (
        process(between(f'<subProcess id="x">{SUB}</subProcess>') + flow("s", "u1")), "crosses_border", "s_u1",
    ),
    "message that any case may take": (catching('<messageEventDefinition messageRef="m"/>', MESSAGE), "no_correlation", "x"),
    "message that is nowhere": (catching('<messageEventDefinition messageRef="zzz"/>'), "dangling_reference", "x"),
    "message that is not said": (catching("<messageEventDefinition/>"), "no_message", "x"),
    "error that is nowhere": (
        process(START + user("x") + '<endEvent id="e"><errorEventDefinition errorRef="zzz"/></endEvent>' + chain("s", "x", "e")),
        "dangling_reference", "e",
    ),
    "duplicate id": (process(between(user("x")) + '<textAnnotation id="x"/>'), "duplicate_id", "x"),
    "loop without limit": (process(between(user("x", "<standardLoopCharacteristics/>"))), "loop_without_limit", "x"),
    "round without a list": (process(between(user("x", "<multiInstanceLoopCharacteristics/>"))), "rounds", "x"),
    "word that BPMN lacks": (process(between(user("x")) + '<userTusk id="y"/>'), "unknown_element", "y"),
    "end with a way on": (process(between(user("x")) + flow("e", "x")), "outgoing_flow", "e"),
    # words
    "unknown duty": (process(between('<userTask id="x" camunda:candidateGroups="zzz" camunda:formKey="check"/>')), "unknown_duty", "x"),
    "no duty": (process(between('<userTask id="x" camunda:formKey="check"/>')), "no_duty", "x"),
    "unknown form": (process(between('<userTask id="x" camunda:candidateGroups="intake" camunda:formKey="chek"/>')), "unknown_form", "x"),
    "unknown operation": (process(between('<serviceTask id="x" camunda:type="external" camunda:topic="gathr"/>')), "unknown_operation", "x"),
    "no operation": (process(between('<serviceTask id="x"/>')), "no_operation", "x"),
    "java class": (process(between('<serviceTask id="x" camunda:class="com.x.Y"/>')), "not_an_operation", "x"),
    "delegate": (process(between('<serviceTask id="x" operaton:delegateExpression="${bean}"/>')), "not_an_operation", "x"),
    "expression service": (process(between('<serviceTask id="x" activiti:expression="${bean.run()}"/>')), "not_an_operation", "x"),
    "shell service": (process(between('<serviceTask id="x" camunda:type="shell"/>')), "not_an_operation", "x"),
    "unknown decision": (process(between('<businessRuleTask id="x" camunda:decisionRef="rout"/>')), "unknown_decision", "x"),
    "no decision": (process(between('<businessRuleTask id="x"/>')), "no_decision", "x"),
    "unknown control": (
        process(between(user("x", '<extensionElements><camunda:properties><camunda:property name="control" value="zzz"/>'
                                  "</camunda:properties></extensionElements>"))), "unknown_control", "x",
    ),
    "different person from nobody": (
        process(between(user("x", '<extensionElements><camunda:properties><camunda:property name="different_person_from" '
                                  'value="zzz"/></camunda:properties></extensionElements>'))), "dangling_reference", "x",
    ),
    "unknown process": (process(between('<callActivity id="x" calledElement="zzz"/>')), "unknown_process", "x"),
    "groovy": (process(between('<scriptTask id="x" scriptFormat="groovy"><script>a = 1</script></scriptTask>')), "foreign_script", "x"),
    "javascript condition": (
        gateway(("a == 1", ""), default="g_e2").replace(b"<conditionExpression>", b'<conditionExpression language="javascript">'),
        "foreign_script", "g_e",
    ),
    "listener": (
        process(between(user("x", '<extensionElements><camunda:taskListener event="create" class="X"/></extensionElements>'))),
        "listener", "x",
    ),
    "script that is a program": (process(between('<scriptTask id="x"><script>import os</script></scriptTask>')), "bad_expression", "x"),
    "condition with a full-width sign": (gateway(("opinion == “agree”", ""), default="g_e2"), "bad_expression", "g_e"),
    "unknown function": (gateway(("evil(1)", ""), default="g_e2"), "bad_expression", "g_e"),
    "unreadable timer": (
        catching("<timerEventDefinition><timeDuration>P</timeDuration></timerEventDefinition>"), "bad_time", "x",
    ),
    "no such day": (
        catching("<timerEventDefinition><timeDate>2026-02-30</timeDate></timerEventDefinition>"), "bad_time", "x",
    ),
    "data that nobody provides": (gateway(("granted", ""), default="g_e2"), "unknown_data", "g_e"),
    "bad due day": (process(between(user("x", attributes='camunda:dueDate="${after_workdays(}"'))), "bad_expression", "x"),
}  # fmt: skip


@pytest.mark.req("FLOW-03")
@pytest.mark.parametrize("name", BAD)
def test_what_would_not_run_as_drawn_is_said_with_element_and_line(name: str) -> None:
    data, code, element = BAD[name]

    found = [problem for problem in check_file(data, NAMES) if problem.code == code]

    assert element in {problem.element for problem in found}
    assert all(problem.line >= 1 and problem.message for problem in found)


WARNINGS = {"data that nobody provides", "message that any case may take"}


@pytest.mark.parametrize("name", sorted(BAD.keys() - WARNINGS))
def test_what_would_not_run_may_not_be_published(name: str) -> None:
    assert any(problem.severity == "error" for problem in check_file(BAD[name][0], NAMES))


def test_called_process_is_judged_where_it_can_be_had() -> None:
    data = process(between('<callActivity id="x" calledElement="q"/>'))
    known = replace(NAMES, processes=frozenset({"q"}))
    broken = (HEAD + '<process id="q"><startEvent id="x"/></process></definitions>').encode()

    assert check_file(data, known) == []
    assert [problem.code for problem in check_file(data, known, resolve=lambda _name: broken)] == [
        "unreadable"
    ]
    assert [problem.code for problem in check_file(data, known, resolve=lambda _name: None)] == ["unreadable"]


def test_two_flows_into_a_task_are_a_warning_only() -> None:
    data = process(
        START + user("a") + '<exclusiveGateway id="g" default="g_x"/>' + user("b") + user("x") + END
        + chain("s", "a", "g", "b", "x", "e")
        + flow("g", "x")
    ).replace(
        b'<sequenceFlow id="g_b" sourceRef="g" targetRef="b"></sequenceFlow>', flow("g", "b", "opinion == 'a'").encode()
    )  # fmt: skip

    found = check_file(data, NAMES)

    assert [(problem.severity, problem.code, problem.element) for problem in found] == [
        ("warning", "merge_without_gateway", "x")
    ]


def test_operation_without_its_data_is_a_warning() -> None:
    data = process(between('<serviceTask id="x" camunda:type="external" camunda:topic="gather"/>'))

    found = check_file(data, replace(NAMES, starts={"p": frozenset()}))

    assert [(problem.code, problem.element) for problem in found] == [("missing_need", "x")]
    assert "person_id" in found[0].message


def test_lines_are_those_of_the_file() -> None:
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>', HEAD, '<process id="p">', START, END, user("x"),
        '<exclusiveGateway id="g" default="g_e"/>', '<endEvent id="e2"/>', chain("s", "x", "g", "e"),
        '<sequenceFlow id="f" sourceRef="g" targetRef="e2">', "<conditionExpression>${",
        "  opinion ==", "  “agree” }</conditionExpression>", "</sequenceFlow>", "</process></definitions>",
    ]  # fmt: skip

    found = check_file("\n".join(lines).encode(), NAMES)

    assert [(problem.code, problem.line) for problem in found] == [("bad_expression", 12)]


def test_names_of_elsewhere_are_warnings_for_files_of_elsewhere() -> None:
    data = process(between('<serviceTask id="x" camunda:type="external" camunda:topic="charge-card"/>'))

    assert [problem.severity for problem in check_file(data, Names.any())] == ["warning"]
    assert [problem.severity for problem in check_file(data, NAMES)] == ["error"]


@pytest.mark.parametrize("path", sorted(PROCESSES.rglob("*.bpmn")), ids=lambda path: path.name)
def test_shipped_diagrams_have_a_sound_shape(path: Path) -> None:
    assert check_path(path, Names.any())["ok"]


def test_check_path_answers_for_every_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "a.bpmn").write_bytes(GOOD["a straight way"])
    (tmp_path / "b.dmn").write_text("<x/>")
    (tmp_path / "c.form").write_text('{"schemaVersion": 16, "components": []}')
    (tmp_path / "d.txt").write_text("?")
    (tmp_path / "e.bpmn20.xml").mkdir()
    names = ["a.bpmn", "b.dmn", "c.form", "d.txt", "e.bpmn20.xml", "missing.bpmn"]

    answers = [check_path(tmp_path / name, NAMES) for name in names]

    assert [answer["ok"] for answer in answers] == [True, False, True, False, False, False]
    assert [answer["file"] for answer in answers] == [str(tmp_path / name) for name in names]
    assert json.loads(json.dumps(answers[5])) == {
        "file": str(tmp_path / "missing.bpmn"),
        "ok": False,
        "problems": [
            {"severity": "error", "code": "no_file", "element": "", "line": 1, "message": "没有这个文件"}
        ],
    }
