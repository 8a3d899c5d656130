"""Rules about shape: what a diagram must look like for the engine to run it as drawn.

Every construct that SpiffWorkflow gets silently wrong, or stumbles over only at run time, is refused here
with a sentence to act on. Words and names are judged by ``wording``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.workflow.drawing import Drawing, DrawnNode, Flow, Scope
from engine.workflow.expressions import Expression, ExpressionError, compile_expression
from engine.workflow.problems import Findings
from engine.workflow.shape_events import judge_event, judge_event_gateway
from engine.workflow.shape_paths import judge_paths
from engine.workflow.signs import strange_letter
from engine.workflow.vocabulary import (
    ACTIVITIES,
    DRAWN_ONLY,
    EVENTS,
    GATEWAYS,
    NODES,
    SUB_PROCESSES,
    extension,
    line_of,
    local_name,
    tag,
)

#: names that the engine gives to its own steps
_RESERVED = frozenset({"Start", "End", "Root", "StartEventSplit", "StartEventJoin"})
_RESERVED_ENDS = (".BoundaryEventSplit", ".BoundaryEventJoin", ".EndJoin", " [child]")


def judge_shape(drawing: Drawing, findings: Findings) -> None:
    """Judge every executable process of the file; where ids are missing or doubled, only that is said."""
    _ids(drawing, findings)
    if findings.has_errors:
        return
    if not drawing.processes:
        findings.at("error", "no_process", "", line_of(drawing.root), "文件里没有流程（process）")
    executable = [process for process in drawing.processes if is_executable(process)]
    for process in drawing.processes:
        if process not in executable:
            tell = findings.warning if executable else findings.error
            tell("not_executable", process, "标为不可执行（isExecutable=false），不会运行；要运行请改为 true")
    for process in executable:
        for scope in drawing.within(process.id):
            _scope(drawing, scope, findings)
    _participants(drawing, findings)


def is_executable(process: Scope) -> bool:
    """Whether the process is meant to run; where nothing is said, it is."""
    return process.xml.get("isExecutable") != "false"


def _ids(drawing: Drawing, findings: Findings) -> None:
    for own, lines in drawing.id_lines.items():
        for line in lines[1:]:
            findings.at("error", "duplicate_id", own, line, f"编号“{own}”与第{lines[0]}行的元素重复")
    for named in drawing.named.values():
        if not named.id:
            findings.at("error", "no_id", "", named.line, f"{named.kind}“{named.name}”没有编号（id）")
    for scope in drawing.scopes.values():
        _id(scope, findings)
        for node in scope.nodes.values():
            _id(node, findings)


def _id(part: Scope | DrawnNode, findings: Findings) -> None:
    if not part.id:
        findings.error("no_id", part, "没有编号（id）")
    if strange := strange_letter(part.id):
        findings.unknown("look_alike", part, f"编号里的 {strange} 不是英文字母或汉字，只是形似，请重新输入")
    if part.id in _RESERVED or part.id.endswith(_RESERVED_ENDS):
        findings.error("reserved_id", part, f"编号“{part.id}”是引擎自用的名称，请换一个")


def _participants(drawing: Drawing, findings: Findings) -> None:
    known = {scope.id for scope in drawing.processes}
    for participant in drawing.root.iter(tag("participant")):
        process = str(participant.get("processRef") or "").split(":")[-1]
        if process and process not in known:
            own, line = str(participant.get("id") or ""), line_of(participant)
            findings.at("warning", "dangling_reference", own, line, f"泳池指向的流程“{process}”不在文件里")
    ends = set(drawing.id_lines)
    for flow in drawing.root.iter(tag("messageFlow")):
        for side in ("sourceRef", "targetRef"):
            if str(flow.get(side) or "").split(":")[-1] not in ends:
                own = str(flow.get("id") or "")
                findings.at(
                    "warning", "dangling_reference", own, line_of(flow), f"消息流的 {side} 指向不存在的元素"
                )


def _scope(drawing: Drawing, scope: Scope, findings: Findings) -> None:
    for child in scope.xml:
        kind = local_name(child)
        if (
            kind
            and kind not in NODES | DRAWN_ONLY | {"sequenceFlow"}
            and not kind.endswith("LoopCharacteristics")
        ):
            own, line = str(child.get("id") or ""), line_of(child)
            findings.at("error", "unknown_element", own, line, f"不认识的元素 <{kind}>")
    for flow in scope.flows:
        _flow(drawing, scope, flow, findings)
    _starts(scope, findings)
    if not any(node.kind == "endEvent" for node in scope.nodes.values()):
        findings.error("no_end", scope, "没有结束事件")
    for node in scope.nodes.values():
        _node(drawing, scope, node, findings)
    judge_paths(scope, findings)


def _starts(scope: Scope, findings: Findings) -> None:
    starts = [node for node in scope.nodes.values() if node.kind == "startEvent"]
    if not starts:
        findings.error("no_start", scope, "没有开始事件")
    if scope.kind != "process" and len(starts) > 1:
        findings.error("several_starts", scope, f"子流程只能有一个开始事件，现有{len(starts)}个")
    if scope.kind == "process" and len(starts) > 1 and any(not node.definitions for node in starts):
        findings.error("several_starts", scope, "有多个开始事件时，每一个都要是消息开始，否则它们会同时开始")


def _flow(drawing: Drawing, scope: Scope, flow: Flow, findings: Findings) -> None:
    for side, end in (("起点", flow.source), ("终点", flow.target)):
        if end in scope.nodes:
            continue
        if end and any(end in other.nodes for other in drawing.scopes.values()):
            findings.error(
                "crosses_border",
                flow,
                f"{side}“{end}”在另一个流程或子流程里，顺序流不能跨界，请用消息或边界事件",
            )
        else:
            findings.error("dangling_reference", flow, f"{side}“{end}”不存在")
    source = scope.nodes.get(flow.source)
    if flow.condition and source and source.kind not in ("exclusiveGateway", "inclusiveGateway"):
        findings.error("condition_ignored", flow, "条件只在排他或包容网关之后起作用，请在这里加一个网关")


def _node(drawing: Drawing, scope: Scope, node: DrawnNode, findings: Findings) -> None:
    if node.kind in EVENTS:
        judge_event(drawing, scope, node, findings)
    if node.kind in GATEWAYS:
        _gateway(scope, node, findings)
    if node.kind in ACTIVITIES:
        _activity(node, findings)
    if node.kind in SUB_PROCESSES:
        _sub_process(node, findings)
    special = _BY_KIND.get(node.kind)
    if special:
        special(node, findings)


def _activity(node: DrawnNode, findings: Findings) -> None:
    if not node.outgoing and node.xml.get("isForCompensation") != "true":
        findings.error("no_outgoing", node, "之后没有去向，请画到下一步或结束事件")
    if len(node.outgoing) > 1:
        findings.error(
            "several_outgoing",
            node,
            f"有{len(node.outgoing)}条去向；分路请用网关（同时走用并行网关，选一走用排他网关）",
        )
    if len(node.incoming) > 1:
        findings.warning(
            "merge_without_gateway",
            node,
            f"有{len(node.incoming)}条来路直接汇入；几路都走到时会做几遍，请先用网关合并",
        )
    if node.xml.get("isForCompensation") == "true":
        findings.error("compensation", node, "不支持补偿，请把撤销画成一般的步骤")
    _loop(node, findings)


def _loop(node: DrawnNode, findings: Findings) -> None:
    loop = node.xml.find(tag("standardLoopCharacteristics"))
    if loop is not None:
        maximum = loop.get("loopMaximum")
        if maximum is None and loop.find(tag("loopCondition")) is None:
            findings.error("loop_without_limit", node, "循环既没有次数上限，也没有条件")
        if maximum is not None and not str(maximum).isdecimal():
            findings.error("loop_without_limit", node, f"循环次数上限“{maximum}”不是整数")
    several = node.xml.find(tag("multiInstanceLoopCharacteristics"))
    if several is not None and loop is not None:
        findings.error("loop_twice", node, "不能同时是循环和多实例")


def _sub_process(node: DrawnNode, findings: Findings) -> None:
    if node.kind == "adHocSubProcess":
        findings.error("ad_hoc", node, "不支持特定（ad-hoc）子流程，请画明先后")
    if node.xml.get("triggeredByEvent") == "true":
        findings.error("event_sub_process", node, "不支持事件子流程，请改用边界事件")


def _receive(node: DrawnNode, findings: Findings) -> None:
    if node.xml.get("instantiate") == "true":
        findings.error("instantiate", node, "接收任务不能发起案件，请用消息开始事件")


def _call(node: DrawnNode, findings: Findings) -> None:
    called = str(node.xml.get("calledElement") or "").strip()
    if extension(node.xml, "caseRef"):
        findings.error("case_call", node, "不支持调用 CMMN 案例")
    elif not called:
        findings.error("no_called_process", node, "没有写明调用哪个流程（calledElement）")
    elif "{" in called:
        findings.error("no_called_process", node, f"调用的流程要写死编号，不能用表达式“{called}”")


_BY_KIND: dict[str, Callable[[DrawnNode, Findings], None]] = {"receiveTask": _receive, "callActivity": _call}


def _gateway(scope: Scope, node: DrawnNode, findings: Findings) -> None:
    if node.kind == "complexGateway":
        findings.error("complex_gateway", node, "不支持复杂网关，请用排他、并行或包容网关")
        return
    if not node.outgoing:
        findings.error("no_outgoing", node, "之后没有去向")
    if node.kind == "eventBasedGateway":
        judge_event_gateway(scope, node, findings)
    if node.kind in ("exclusiveGateway", "inclusiveGateway"):
        _choosing(node, findings)


def _choosing(node: DrawnNode, findings: Findings) -> None:
    default = str(node.xml.get("default") or "")
    flow = next((flow for flow in node.outgoing if flow.id == default), None) if default else None
    if default and flow is None:
        findings.error("dangling_reference", node, f"默认去向“{default}”不是从这个网关出去的顺序流")
    if flow is not None and flow.condition:
        findings.warning("default_with_condition", flow, "默认去向上的条件不起作用，请删去")
    if len(node.outgoing) < 2:
        return
    bare = [other for other in node.outgoing if not other.condition and other is not flow]
    for other in bare:
        findings.error("no_condition", other, "网关的这条去向既没有条件，也不是默认去向")
    if flow is None and not bare and not _complete(node.outgoing):
        findings.unknown("no_default", node, "没有默认去向，条件都不符合时案件会卡住，请指定一条默认去向")


def _complete(flows: list[Flow]) -> bool:
    """True if one of the conditions must hold: it is ``true``, or two say the opposite of each other."""
    conditions = list(_compiled(flows))
    if any(condition.names == frozenset() and _always(condition.text) for condition in conditions):
        return True
    return any(a.excludes(b) for index, a in enumerate(conditions) for b in conditions[:index])


def _always(text: str) -> bool:
    try:
        return compile_expression(text).evaluate({}) is True
    except ExpressionError:
        return False


def _compiled(flows: list[Flow]) -> Iterator[Expression]:
    for flow in flows:
        try:
            yield compile_expression(flow.condition or "")
        except ExpressionError:
            continue
