"""Diagrams as they run: read by our parser, stepped through with a fixed clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from drawings import END, HEAD, NAMES, START, between, chain, flow, process, user
from office_in_memory import Office, properties

from engine.workflow.reader import Names, ReadError, read_process, read_processes, read_xml
from engine.workflow.script import StepError
from engine.workflow.specs import mapped_result


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
