"""Two files of a diagram compared by meaning."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from drawings import END, START, between, chain, flow, process, user
from lxml import etree

from engine.workflow.compare import Change, Comparison, compare
from engine.workflow.vocabulary import CAMUNDA
from engine.workflow.xml_file import ReadError

CLAIM = (Path(__file__).parents[2] / "processes" / "claim.bpmn").read_bytes()
SHIPPED = sorted((Path(__file__).parents[2] / "processes").glob("*.bpmn"))


def told(found: Comparison) -> set[tuple[str, str, str, str]]:
    return {(change.element, change.what, change.before, change.after) for change in found.changed}


@pytest.mark.req("FLOW-02")
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_file_saved_again_by_another_program_does_not_differ(path: Path) -> None:
    root = etree.fromstring(path.read_bytes())
    for node in root.iter():
        if isinstance(node.tag, str):
            attributes = list(node.attrib.items())
            random.Random(7).shuffle(attributes)
            node.attrib.clear()
            node.attrib.update(attributes)
    etree.indent(root, space="\t")
    again = etree.tostring(root).replace(b"<bpmn:", b"<b:").replace(b"</bpmn:", b"</b:")
    again = again.replace(b"xmlns:bpmn=", b"xmlns:b=").replace(b'"bpmn:tFormal', b'"b:tFormal')

    assert compare(path.read_bytes(), again).same


@pytest.mark.req("FLOW-02")
def test_each_fact_is_told_with_what_it_was_and_what_it_is() -> None:
    old = process(between(user("x", attributes='camunda:dueDate="${after_workdays(3)}"')))
    new = process(
        between(
            '<userTask id="x" camunda:candidateGroups="review" camunda:formKey="other" '
            'camunda:dueDate="${after_workdays(5)}"><extensionElements><camunda:properties>'
            '<camunda:property name="different_person_from" value="a, b"/></camunda:properties>'
            "</extensionElements></userTask>"
        )
    )

    assert told(compare(old, new)) == {
        ("x", "指定岗位", "intake", "review"),
        ("x", "表单", "check", "other"),
        ("x", "办理期限", "${after_workdays(3)}", "${after_workdays(5)}"),
        ("x", "须由不同的人办理", "无", "a、b"),
    }


def test_timer_condition_default_operation_and_attachment_are_told() -> None:
    def drawn(timer: str, condition: str, default: str, topic: str, attached: str) -> bytes:
        return process(
            START
            + END
            + user("a")
            + user("b")
            + f'<serviceTask id="t" camunda:type="external" camunda:topic="{topic}"/>'
            + f'<boundaryEvent id="late" attachedToRef="{attached}"><timerEventDefinition>'
            + f"<timeDuration>{timer}</timeDuration></timerEventDefinition></boundaryEvent>"
            + f'<exclusiveGateway id="g" default="{default}"/>'
            + chain("s", "a", "b", "t", "g")
            + flow("g", "e", condition)
            + flow("g", "a")
            + flow("late", "e")
        )

    found = compare(drawn("P5D", "${x}", "g_a", "gather", "a"), drawn("P6D", "${not x}", "g_e", "pay", "b"))

    assert told(found) == {
        ("late", "时间", "经过 P5D", "经过 P6D"),
        ("late", "附着于", "a", "b"),
        ("g_e", "条件", "${x}", "${not x}"),
        ("g", "默认去向", "g_a", "g_e"),
        ("t", "调用的操作", "gather", "pay"),
    }


def test_added_and_removed_parts_are_named_with_their_kind() -> None:
    found = compare(process(between(user("x"))), process(between('<manualTask id="y" name="看一看"/>', "y")))

    assert {(part.id, part.kind) for part in found.removed} == {
        ("x", "人工任务"),
        ("s_x", "顺序流"),
        ("x_e", "顺序流"),
    }
    assert ("y", "手工任务", "看一看") in {(part.id, part.kind, part.name) for part in found.added}
    assert found.marks["y"] == "added"
    assert found.marks["x"] == "removed"


def test_a_label_is_not_a_change_and_a_pushed_shape_is_only_moved() -> None:
    root = etree.fromstring(CLAIM)
    bounds = next(node[0] for node in root.iter() if node.get("bpmnElement") == "confirm_form" and len(node))
    bounds.set("x", str(float(bounds.get("x")) + 40))
    renamed = etree.tostring(root, encoding="utf-8").replace(
        'name="受理审核"'.encode(), 'name="受理"'.encode()
    )

    found = compare(CLAIM, renamed)

    assert found.changed == ()
    assert found.moved == ("confirm_form",)
    assert found.relabelled == (
        Change(element="check_intake", name="受理", what="名称", before="受理审核", after="受理"),
    )
    assert dict(found.marks) == {"confirm_form": "moved", "check_intake": "relabelled"}


def test_the_same_message_under_another_reference_is_the_same() -> None:
    assert compare(CLAIM, CLAIM.replace(b"message_claim", b"msg_claim")).changed == ()


def test_pushing_a_target_above_another_changes_the_order_in_which_conditions_are_asked() -> None:
    def drawn(height_a: int, height_b: int) -> bytes:
        shapes = "".join(
            f'<di:BPMNShape bpmnElement="{own}"><dc:Bounds x="0" y="{y}" width="1" height="1"/></di:BPMNShape>'
            for own, y in (("a", height_a), ("b", height_b))
        )
        body = process(
            START + END + user("a") + user("b") + '<exclusiveGateway id="g"/>' + chain("s", "g")
            + flow("g", "a", "${x}") + flow("g", "b", "${y}") + flow("a", "e") + flow("b", "e")
        ).decode()  # fmt: skip
        picture = (
            '<di:BPMNDiagram xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" '
            'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"><di:BPMNPlane>'
            f"{shapes}</di:BPMNPlane></di:BPMNDiagram></definitions>"
        )
        return body.replace("</definitions>", picture).encode()

    found = compare(drawn(10, 20), drawn(30, 20))

    assert told(found) == {("g", "条件判断顺序", "g_a → g_b", "g_b → g_a")}
    assert found.moved == ("a",)


def test_what_is_no_diagram_is_refused_with_a_sentence() -> None:
    with pytest.raises(ReadError, match="不是 BPMN"):
        compare(CLAIM, b"<html/>")


def test_extension_attributes_of_any_engine_mean_the_same() -> None:
    other = CLAIM.replace(CAMUNDA.encode(), b"http://operaton.org/schema/1.0/bpmn")

    assert compare(CLAIM, other).same
