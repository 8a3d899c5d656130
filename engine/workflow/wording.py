"""Rules about words: names that the office must know, and attributes that would silently mean nothing here.

Called by ``checks`` only. Expressions are judged by ``wording_expressions``, shape by ``shape``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches

from lxml import etree

from engine.workflow.drawing import Drawing, DrawnNode
from engine.workflow.expressions import ExpressionError, votes_of
from engine.workflow.facts import groups_of
from engine.workflow.facts_of_data import deciding_fact
from engine.workflow.problems import Findings
from engine.workflow.shape_events import judge_reference
from engine.workflow.vocabulary import (
    PEOPLE_TASKS,
    SEND_BACK,
    Element,
    Names,
    extension,
    extension_nodes,
    line_of,
    local_name,
)

_NO_CODE = "只能调用目录中的操作（camunda:type=external 与 topic），不能写类、脚本或表达式"
_LISTENERS = ("executionListener", "taskListener")
#: what a business rule task may make of its result
_MAPPINGS = frozenset({"", "singleEntry", "singleResult", "collectEntries", "resultList"})
#: other spellings of "our own language"
_OWN_LANGUAGES = ("", "juel", "feel", "changling")


@dataclass(frozen=True, slots=True)
class Judged:
    """One element under judgement."""

    drawing: Drawing
    node: DrawnNode
    element: Element
    elements: Mapping[str, Element]
    names: Names
    findings: Findings


def judge_words(drawing: Drawing, elements: Mapping[str, Element], names: Names, findings: Findings) -> None:
    """Judge every element of a process."""
    nodes = {node.id: node for scope in drawing.scopes.values() for node in scope.nodes.values()}
    for own, element in elements.items():
        judged = Judged(drawing, nodes[own], element, elements, names, findings)
        _everywhere(judged)
        if element.kind in PEOPLE_TASKS:
            _people(judged)
        special = _BY_KIND.get(element.kind)
        if special:
            special(judged)


def _everywhere(judged: Judged) -> None:
    node, findings = judged.node, judged.findings
    for name in _LISTENERS:
        for listener in extension_nodes(node.xml, name):
            findings.error(
                "listener", node, f"不支持监听器（{name}），要做的事请画成步骤", line=line_of(listener)
            )
    for name in ("connector", "errorEventDefinition", "formData", "formProperty"):
        for part in extension_nodes(node.xml, name):
            why = (
                "内嵌表单字段不起作用，请改用 forms/ 下的表单（camunda:formKey）"
                if name.startswith("form")
                else f"不支持 {name}"
            )
            findings.error("not_supported", node, why, line=line_of(part))
    _mapping(judged)
    for definition in node.definitions:
        if _code_of(definition) or extension(definition, "topic"):
            findings.error("not_an_operation", node, "事件上不能调用程序，请在事件之前画一个服务任务")
    _pairing(judged)
    if judged.element.control and judged.element.kind not in PEOPLE_TASKS:
        findings.error(
            "control_without_person", node, f"控制“{judged.element.control}”要由人办理，只能写在人工任务上"
        )


def _pairing(judged: Judged) -> None:
    """A message that any waiting case would take is a letter without an address."""
    element = judged.element
    if (
        element.event == "message"
        and element.message
        and element.kind != "startEvent"
        and not element.correlate
    ):
        message = f"消息“{element.message}”没有写配对依据（属性 correlate），几件案件同时在等时会送错"
        judged.findings.warning("no_correlation", judged.node, message)


def _mapping(judged: Judged) -> None:
    """Input parameters are for operations only, and only texts and expressions."""
    node, findings = judged.node, judged.findings
    for part in extension_nodes(node.xml, "inputOutput", "outputParameter"):
        findings.error(
            "output_mapping", node, "不支持输出映射，操作的结果按名称并入案件数据", line=line_of(part)
        )
    for part in extension_nodes(node.xml, "inputOutput", "inputParameter"):
        if not judged.element.topic:
            findings.error("input_mapping", node, "输入参数只能写在调用操作的服务任务上", line=line_of(part))
        elif len(part):
            findings.error("input_mapping", node, "输入参数只能是文字或 ${…} 表达式", line=line_of(part))
        elif not str(part.get("name") or "").isidentifier():
            findings.error("input_mapping", node, f"输入参数名“{part.get('name')}”不能用", line=line_of(part))


def _people(judged: Judged) -> None:
    if judged.element.kind == "task":
        judged.findings.warning(
            "untyped_task", judged.node, "没有选定任务类型，将作为人工任务等本泳道的岗位办理"
        )
    _duty(judged)
    _form(judged)
    _control(judged)


def _duty(judged: Judged) -> None:
    node, names, lane, findings = judged.node, judged.names, judged.element.lane, judged.findings
    groups = groups_of(node)
    if len(groups) > 1:
        findings.error(
            "several_duties", node, f"只能派给一个岗位，现写了{len(groups)}个：{'、'.join(groups)}"
        )
    if groups and groups[0] not in names.duties.values():
        findings.unknown("unknown_duty", node, f"没有岗位“{groups[0]}”（candidateGroups 要写岗位编号）")
    if not groups and not lane:
        findings.unknown("no_duty", node, "不在任何泳道里，也没有写岗位，没有人会收到这个任务")
    elif not groups and lane not in names.duties:
        findings.unknown("unknown_duty", node, f"泳道“{lane}”不是已知岗位{_meant(lane, names.duties)}")
    for attribute in ("assignee", "candidateUsers"):
        if extension(node.xml, attribute):
            findings.warning("person_ignored", node, f"{attribute} 不起作用：任务派给岗位，由岗位上的人领取")


def _form(judged: Judged) -> None:
    form, known = judged.element.form, judged.names.forms
    if form and form not in known:
        judged.findings.unknown("unknown_form", judged.node, f"没有表单“{form}”{_meant(form, known)}")
    if not form and judged.element.kind == "userTask":
        judged.findings.warning("no_form", judged.node, "没有表单，办理的人只能点“办结”")


def _control(judged: Judged) -> None:
    element, findings = judged.element, judged.findings
    if element.control and element.control not in judged.names.controls:
        findings.unknown("unknown_control", judged.node, f"没有控制“{element.control}”（controls.yaml）")
    _vote(judged)
    _returns(judged)
    for other in element.different_person_from:
        if other not in judged.elements or judged.elements[other].kind not in PEOPLE_TASKS:
            message = f"different_person_from 写的“{other}”不是本流程的人工任务"
            findings.error("dangling_reference", judged.node, message)


def _vote(judged: Judged) -> None:
    """A control in the hands of several is passed by their vote as a whole: it must say when."""
    element, rule = judged.element, judged.names.control_rules.get(judged.element.control)
    if element.multi_instance is None or rule is None:
        return
    until, asked = element.multi_instance.until, deciding_fact(rule.passed_when)
    with suppress(ExpressionError):
        counted = votes_of(until) if until else frozenset()
        if asked is None or (asked.field, asked.value) in counted:
            return
    example = f'${{votes("{asked.field}", "{asked.value}") * 2 > nrOfInstances}}' if asked else "${…}"
    message = (
        f"控制“{rule.name}”由多人办理，要在完成条件（completionCondition）里按“{rule.passed_when}”计票，例如 {example}；"
        f"是否通过记在“{element.id}_passed”里"
    )
    judged.findings.error("vote_without_condition", judged.node, message)


def _returns(judged: Judged) -> None:
    """Ways back and completion of many at once, as the properties say."""
    element, findings = judged.element, judged.findings
    if element.send_back not in SEND_BACK:
        message = f"退回方式（send_back）“{element.send_back}”不认识，请写 {'、'.join(SEND_BACK)} 之一"
        findings.error("send_back", judged.node, message)
    if element.bulk not in ("yes", "no"):
        findings.error("bulk", judged.node, f"批量办结（bulk）要写 yes 或 no，写的是“{element.bulk}”")
    needed = {control for need in judged.names.needs.values() for control in need.controls}
    if element.bulk == "yes" and element.control in needed:
        text = f"“{element.control}”是资金或销号之前的控制，要逐件办理，不能批量办结（bulk）"
        findings.error("bulk", judged.node, text)


def _send(judged: Judged) -> None:
    node = judged.node
    if judged.element.topic:
        _operation(judged)
    elif _code_of(node.xml) or extension(node.xml, "type"):
        judged.findings.error("not_an_operation", node, _NO_CODE)
    else:
        judge_reference(judged.drawing, node, node.xml, "message", judged.findings)


def _receive(judged: Judged) -> None:
    judge_reference(judged.drawing, judged.node, judged.node.xml, "message", judged.findings)


def _operation(judged: Judged) -> None:
    node, element, names, findings = judged.node, judged.element, judged.names, judged.findings
    kind = extension(node.xml, "type")
    if _code_of(node.xml) or kind not in (None, "", "external"):
        findings.error("not_an_operation", node, _NO_CODE)
    elif not element.topic:
        findings.error("no_operation", node, "没有写明调用哪个操作（camunda:topic）")
    elif element.topic not in names.operations:
        meant = _meant(element.topic, names.operations)
        findings.unknown("unknown_operation", node, f"目录里没有操作“{element.topic}”{meant}")


def _rule(judged: Judged) -> None:
    node, element, names, findings = judged.node, judged.element, judged.names, judged.findings
    if _code_of(node.xml) or (element.topic and not element.decision):
        _operation(judged)
        return
    if not element.decision:
        findings.error("no_decision", node, "没有写明用哪个决策表（camunda:decisionRef）")
    elif element.decision not in names.decisions:
        findings.unknown(
            "unknown_decision",
            node,
            f"没有决策“{element.decision}”{_meant(element.decision, names.decisions)}",
        )
    if element.map_result not in _MAPPINGS:
        findings.error("map_result", node, f"不认识的 mapDecisionResult“{element.map_result}”")
    elif (
        element.map_result in ("singleEntry", "collectEntries", "resultList") and not element.result_variable
    ):
        findings.error(
            "map_result", node, f"mapDecisionResult={element.map_result} 要同时写结果变量（resultVariable）"
        )


def _script(judged: Judged) -> None:
    node, findings = judged.node, judged.findings
    language = str(node.xml.get("scriptFormat") or "").strip().lower()
    if language not in _OWN_LANGUAGES:
        findings.error(
            "foreign_script", node, f"不能运行 {language} 脚本；请写“名称 = 算式”，去掉 scriptFormat"
        )
    if extension(node.xml, "resource"):
        findings.error("foreign_script", node, "脚本要写在图里，不能引用外部文件")
    if not any(local_name(child) == "script" and (child.text or "").strip() for child in node.xml):
        findings.error("no_script", node, "没有脚本内容")


def _call(judged: Judged) -> None:
    node, element, findings = judged.node, judged.element, judged.findings
    known = {scope.id for scope in judged.drawing.processes} | judged.names.processes
    if element.called and "{" not in element.called and element.called not in known:
        findings.unknown("unknown_process", node, f"没有流程“{element.called}”")
    for name in ("in", "out"):
        for part in extension_nodes(node.xml, name):
            if part.get("variables") != "all" and part.get("businessKey") is None:
                findings.error(
                    "call_mapping", node, "调用时案件数据整体带入带出，不支持逐项映射", line=line_of(part)
                )
    for name in ("variableMappingClass", "variableMappingDelegateExpression"):
        if extension(node.xml, name):
            findings.error("not_an_operation", node, _NO_CODE)


def _start(judged: Judged) -> None:
    _form(judged)
    if extension(judged.node.xml, "initiator"):
        judged.findings.warning("initiator_ignored", judged.node, "initiator 不起作用：谁发起的记在案件上")


_BY_KIND: dict[str, Callable[[Judged], None]] = {
    "serviceTask": _operation,
    "sendTask": _send,
    "receiveTask": _receive,
    "businessRuleTask": _rule,
    "scriptTask": _script,
    "callActivity": _call,
    "startEvent": _start,
}


def _code_of(xml: etree._Element) -> bool:
    """True if the element names a class, an expression or another engine's connector."""
    return any(extension(xml, name) for name in ("class", "expression", "delegateExpression"))


def _meant(word: str, known: Mapping[str, object]) -> str:
    """A hint at the known name that is closest to the word; empty where none is close."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f"，是不是“{near[0]}”？" if near else ""
