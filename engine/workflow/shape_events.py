"""Rules about events and event gateways. Called by ``shape`` only."""

from __future__ import annotations

from lxml import etree

from engine.workflow.drawing import Drawing, DrawnNode, Scope
from engine.workflow.facts import REFERENCES, timer_text
from engine.workflow.problems import Findings
from engine.workflow.vocabulary import ACTIVITIES, SUB_PROCESSES, local_name

#: kinds of event that run as drawn, by where they stand; an empty word is a plain event
_ALLOWED = {
    "startEvent": frozenset({"", "message"}),
    "intermediateCatchEvent": frozenset({"message", "timer", "signal"}),
    "intermediateThrowEvent": frozenset({"", "message", "signal", "escalation"}),
    "endEvent": frozenset({"", "message", "error", "escalation", "terminate", "cancel"}),
    "boundaryEvent": frozenset({"message", "timer", "signal", "error", "escalation", "cancel"}),
}
_WHY_NOT = {
    "link": ("link_event", "不支持链接事件：案件会停在这里，请直接画顺序流"),
    "compensate": ("compensation", "不支持补偿，请把撤销画成一般的步骤"),
    "conditional": ("conditional_event", "不支持条件事件：条件以后成立时没有人会再看，请用网关、消息或定时"),
    "signal": ("signal_event", "信号在这里发不出去，请在结束前加一个信号抛出事件"),
    "": ("plain_event", "没有写明等什么，案件会直接通过，请选定消息或定时"),
}
_WHY_NOT_AT_START = ("start_event", "案件由人或消息发起，开始事件只能是普通开始或消息开始")
#: caught only where a sub-process or a called process can throw them
_THROWN_INSIDE = frozenset({"error", "escalation", "cancel"})


def judge_event(drawing: Drawing, scope: Scope, node: DrawnNode, findings: Findings) -> None:
    """Judge a start, end, intermediate or boundary event."""
    kinds = node.events or [""]
    if len(kinds) > 1:
        findings.error("several_events", node, f"一个事件只能有一种触发，现有{len(kinds)}种")
    for kind in kinds:
        _kind(scope, node, kind, findings)
    for definition in node.definitions:
        _definition(drawing, node, definition, findings)
    _flows(node, findings)
    if node.kind == "boundaryEvent":
        _boundary(scope, node, kinds[0], findings)
    if "cancel" in kinds and node.kind == "endEvent" and scope.kind != "transaction":
        findings.error("cancel_outside", node, "取消只能用在事务子流程里")


def judge_event_gateway(scope: Scope, node: DrawnNode, findings: Findings) -> None:
    """Judge what stands behind an event gateway."""
    if node.xml.get("instantiate") == "true":
        findings.error("instantiate", node, "事件网关不能发起案件，请用消息开始事件")
    behind = [scope.nodes[flow.target] for flow in node.outgoing]
    for target in behind:
        if target.kind not in ("receiveTask", "intermediateCatchEvent"):
            findings.error(
                "event_gateway", target, "事件网关之后只能是等待消息、定时或信号的事件，或接收任务"
            )
        if len(target.incoming) > 1:
            findings.error("event_gateway", target, "事件网关之后的事件不能另有来路")
        if any(scope.boundaries(target.id)):
            findings.error("event_gateway", target, "事件网关之后的接收任务不能带边界事件")
    timers = [target for target in behind if "timer" in target.events]
    for timer in timers[1:]:
        findings.error("event_gateway", timer, "一个事件网关之后只能有一个定时，几个定时会互相覆盖")


def judge_reference(
    drawing: Drawing, node: DrawnNode, holder: etree._Element, kind: str, findings: Findings
) -> None:
    """Judge that the message, signal, error or escalation exists and has a name."""
    words = {"message": "消息", "signal": "信号", "error": "错误", "escalation": "升级"}
    reference = str(holder.get(REFERENCES[kind]) or "")
    found = drawing.named.get(reference)
    if reference and (found is None or found.kind != kind):
        findings.error("dangling_reference", node, f"{words[kind]}“{reference}”没有定义")
    elif found is None and kind in ("message", "signal"):
        findings.error(f"no_{kind}", node, f"没有写明是哪个{words[kind]}")
    elif found is not None and not found.name and kind in ("message", "signal"):
        findings.error(f"no_{kind}", node, f"{words[kind]}“{reference}”没有名称")


def _kind(scope: Scope, node: DrawnNode, kind: str, findings: Findings) -> None:
    inside = node.kind == "startEvent" and scope.kind in SUB_PROCESSES
    if kind in _ALLOWED[node.kind] and not (inside and kind):
        return
    if inside:
        findings.error("start_event", node, "子流程的开始事件只能是普通开始")
    elif node.kind == "startEvent":
        findings.error(_WHY_NOT_AT_START[0], node, _WHY_NOT_AT_START[1])
    else:
        code, why = _WHY_NOT.get(kind, ("event_kind", f"这里不支持 {kind} 事件"))
        findings.error(code, node, why)


def _definition(drawing: Drawing, node: DrawnNode, definition: etree._Element, findings: Findings) -> None:
    kind = local_name(definition).removesuffix("EventDefinition")
    if kind in REFERENCES:
        judge_reference(drawing, node, definition, kind, findings)
    if kind == "timer":
        part, text = timer_text(definition)
        if not text:
            findings.error("no_time", node, "没有写明时间")
        elif part == "timeCycle":
            findings.error(
                "cycle_timer", node, "不支持循环定时（按月会逐渐走样），请画成回路，每次算出下一个日期"
            )


def _flows(node: DrawnNode, findings: Findings) -> None:
    if node.kind in ("startEvent", "boundaryEvent") and node.incoming:
        findings.error("incoming_flow", node, "不能有来路")
    if node.kind == "endEvent" and node.outgoing:
        findings.error("outgoing_flow", node, "结束事件不能有去向")
    if node.kind != "endEvent" and not node.outgoing:
        findings.error("no_outgoing", node, "之后没有去向")
    if node.kind not in ("startEvent", "endEvent") and len(node.outgoing) > 1:
        findings.error("several_outgoing", node, f"有{len(node.outgoing)}条去向；分路请用网关")


def _boundary(scope: Scope, node: DrawnNode, kind: str, findings: Findings) -> None:
    host = scope.nodes.get(node.attached_to)
    if host is None or host.kind not in ACTIVITIES:
        findings.error("dangling_reference", node, f"附着的活动“{node.attached_to}”不存在")
        return
    holds_flow = host.kind in SUB_PROCESSES or host.kind == "callActivity"
    if kind in _THROWN_INSIDE and not holds_flow:
        findings.error(
            "never_caught", node, "错误、升级和取消只在子流程或调用活动上才捕获得到，附着在任务上永远不会发生"
        )
    if kind == "cancel" and host.kind != "transaction":
        findings.error("cancel_outside", node, "取消只能附着在事务子流程上")
    if kind == "error" and str(node.xml.get("cancelActivity") or "true").lower() == "false":
        findings.error("error_interrupts", node, "错误边界事件一定中断所附着的活动，不能设为不中断")
