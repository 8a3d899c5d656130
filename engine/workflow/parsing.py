"""From a drawing to SpiffWorkflow's process specs: our parser in place of the library's.

Differences from the library's own parser: steps are made first and connected afterwards, through a list, so
that a long chain needs no deep stack; timers, messages, operations and decisions are ours (``specs``); what a
modeler stores beside the flow (extensions, data objects) cannot disturb it. Called by ``reader`` only.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.event_parsers import (
    BoundaryEventParser,
    EndEventParser,
    EventDefinitionParser,
    IntermediateCatchEventParser,
    IntermediateThrowEventParser,
    ReceiveTaskParser,
    SendTaskParser,
    StartEventParser,
)
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.task_parsers import ConditionalGatewayParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    EndEvent,
    IntermediateCatchEvent,
    IntermediateThrowEvent,
    ReceiveTask,
    SendTask,
    StartEvent,
)
from SpiffWorkflow.bpmn.specs.mixins.exclusive_gateway import ExclusiveGateway
from SpiffWorkflow.bpmn.specs.mixins.inclusive_gateway import InclusiveGateway

from engine.workflow.drawing import Drawing
from engine.workflow.facts import bare, multi_instance_of
from engine.workflow.script import timer_expression
from engine.workflow.specs import (
    CaseMessage,
    Condition,
    CycleTimer,
    DateTimer,
    DecisionTask,
    DurationTimer,
    OperationTask,
    ParallelRound,
    SequentialRound,
    SignalOfCase,
)
from engine.workflow.vocabulary import Element, line_of, local_name, tag

#: elements beside the flow that SpiffWorkflow would act upon in ways no other engine does
_LEFT_OUT = frozenset(
    {
        "extensionElements",
        "dataObject",
        "dataObjectReference",
        "dataStore",
        "dataStoreReference",
        "ioSpecification",
    }
    | {"dataInputAssociation", "dataOutputAssociation", "property", "correlationProperty", "correlationKey"}
)
_DRAWING = "http://www.omg.org/spec/DD/20100524/DC"
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d+)?")
_TIMERS = {"timeDate": DateTimer, "timeDuration": DurationTimer, "timeCycle": CycleTimer}


def parser_of(drawing: Drawing, elements: Mapping[str, Element]) -> OfficeParser:
    """A parser filled with a plain copy of the file; the drawing itself is not touched."""
    root = deepcopy(drawing.root)
    _leave_out(root)
    for reference in root.iter(tag("flowNodeRef")):
        reference.text = (reference.text or "").strip()
    for process in root.iter(tag("process")):
        # the library runs nothing but the very word "true"
        process.set("isExecutable", "false" if process.get("isExecutable") == "false" else "true")
    for bounds in root.iter(f"{{{_DRAWING}}}Bounds"):
        for side in ("x", "y"):
            bounds.set(side, _coordinate(bounds.get(side)))
    for node in list(root.iter()):
        element = elements.get(str(node.get("id") or "")) if local_name(node) else None
        if element is not None and local_name(node) == element.kind:
            _plain_step(node, element)
    parser = OfficeParser(elements)
    parser.add_bpmn_xml(root)
    return parser


def _coordinate(text: Any) -> str:
    """The coordinate, or zero where a damaged file has something else: order on the page is all that hangs on it."""
    return text if text and _NUMBER.fullmatch(text) else "0"


def _leave_out(root: etree._Element) -> None:
    for node in list(root.iter()):
        parent = node.getparent()
        if parent is not None and local_name(node) in _LEFT_OUT:
            node.tail = None
            parent.remove(node)


def _plain_step(node: etree._Element, element: Element) -> None:
    """Write the step as the library reads it."""
    if element.topic and element.kind in ("sendTask", "businessRuleTask") and not element.decision:
        node.tag = tag("serviceTask")
    script = node.find(tag("script"))
    if element.kind == "scriptTask" and element.result_variable and script is not None:
        script.text = f"{element.result_variable} = {bare(script.text or '')}"
    loop = node.find(tag("multiInstanceLoopCharacteristics"))
    repeated = multi_instance_of(node)
    if loop is None or repeated is None:
        return
    for part in list(loop):
        if local_name(part) in ("loopDataInputRef", "inputDataItem"):
            loop.remove(part)
    if repeated.collection:
        etree.SubElement(loop, tag("loopDataInputRef")).text = repeated.collection
    if repeated.collection and repeated.entry:
        etree.SubElement(loop, tag("inputDataItem"), {"id": repeated.entry, "name": repeated.entry})


class _Words(EventDefinitionParser):  # type: ignore[misc]
    """Timers, messages and signals in the office's words."""

    def parse_timer_event(self, event: Any) -> Any:
        for part in event:
            timer = _TIMERS.get(local_name(part))
            if timer:
                text = "".join(part.itertext())
                return timer(
                    self.bpmn_id, timer_expression(text), description=self.get_event_description(event)
                )
        self.raise_validation_exception("定时事件没有写时间")
        return None

    def parse_message_event(self, _event: Any) -> Any:
        element = self._element
        return CaseMessage(
            element.message or element.name or element.id,
            carries=element.carries,
            correlate=element.correlate,
        )

    def parse_signal_event(self, _event: Any) -> Any:
        element = self._element
        return SignalOfCase(element.message or element.name or element.id, carries=element.carries)

    @property
    def _element(self) -> Element:
        found: Element = self.process_parser.parser.elements[self.bpmn_id]
        return found


class _Start(_Words, StartEventParser):  # type: ignore[misc]
    pass


class _End(_Words, EndEventParser):  # type: ignore[misc]
    pass


class _Catch(_Words, IntermediateCatchEventParser):  # type: ignore[misc]
    pass


class _Throw(_Words, IntermediateThrowEventParser):  # type: ignore[misc]
    pass


class _Send(_Words, SendTaskParser):  # type: ignore[misc]
    pass


class _Receive(_Words, ReceiveTaskParser):  # type: ignore[misc]
    pass


class _Boundary(_Words, BoundaryEventParser):  # type: ignore[misc]
    pass


class _Operation(TaskParser):  # type: ignore[misc]
    def create_task(self) -> Any:
        element: Element = self.process_parser.parser.elements[self.bpmn_id]
        return self.spec_class(
            self.spec,
            self.bpmn_id,
            topic=element.topic or element.id,
            parameters=element.parameters,
            **self.bpmn_attributes,
        )


class _Decision(TaskParser):  # type: ignore[misc]
    def create_task(self) -> Any:
        element: Element = self.process_parser.parser.elements[self.bpmn_id]
        return self.spec_class(
            self.spec,
            self.bpmn_id,
            decision=element.decision,
            result_variable=element.result_variable,
            map_result=element.map_result,
            **self.bpmn_attributes,
        )


class _Process(ProcessParser):  # type: ignore[misc]
    """Makes steps first and connects them afterwards."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._unconnected: deque[Any] = deque()
        super().__init__(*arguments, **named)

    def parse_node(self, node: Any) -> Any:
        """The step's spec, made if it is not there yet; its flows are connected later."""
        made = self.spec.task_specs.get(node.get("id"))
        if made is not None:
            return made
        kind, spec_class = self.parser._get_parser_class(node.tag)
        if kind is None:
            raise UnreadableError(f"引擎不能执行{local_name(node)}", node)
        parser = kind(self, spec_class, node, self.nsmap, lane=self.lane)
        try:
            return self._make(parser)
        except (AttributeError, TypeError, KeyError, ValueError, NotImplementedError, IndexError) as wrong:
            raise UnreadableError(f"引擎读不懂这一步：{wrong}", node) from wrong

    def add_tasks(self) -> None:
        super().add_tasks()
        while self._unconnected:
            self._connect(self._unconnected.popleft())

    def _make(self, parser: Any) -> Any:
        """The first half of the library's ``TaskParser.parse_node``."""
        parser.PARALLEL_MI_CLASS, parser.SEQUENTIAL_MI_CLASS = ParallelRound, SequentialRound
        element = self.parser.elements[parser.bpmn_id]
        parser.task = parser.create_task()
        parser.task.extensions = dict(element.properties)
        for loop in parser.xpath("./bpmn:standardLoopCharacteristics"):
            parser._add_loop_task(loop)
        for loop in parser.xpath("./bpmn:multiInstanceLoopCharacteristics"):
            parser._add_multiinstance_task(loop)
        self._unconnected.append(parser)
        events = self.get_boundary_events(parser.bpmn_id)
        return parser._add_boundary_event(events) if events else parser.task

    def _connect(self, parser: Any) -> None:
        """The second half: connect the outgoing flows from top to bottom, as the library does."""
        flows = self.get_outgoing_sequence_flows(parser.bpmn_id)
        if len(flows) > 1 and not parser.handles_multiple_outgoing():
            raise UnreadableError("一个任务只能有一条去向，分路请用网关", parser.node)
        targets = [(flow, self.get_node_by_id(flow.get("targetRef"))) for flow in flows]
        if any(target is None for _, target in targets):
            raise UnreadableError("顺序流指向的元素不存在", parser.node)
        targets.sort(key=lambda pair: float(parser.get_position(pair[1])["y"]))
        default = parser.node.get("default")
        if len(flows) == 1 and isinstance(parser.task, ExclusiveGateway | InclusiveGateway):
            default = flows[0].get("id") if parser.parse_condition(flows[0]) is None else default
        for flow, target in targets:
            following = self._entrance(target)
            if isinstance(parser, ConditionalGatewayParser) and flow.get("id") != default:
                parser.task.connect_if(Condition(_condition_of(parser, flow)), following)
            else:
                parser.task.connect(following)

    def _entrance(self, target: Any) -> Any:
        made = self.parse_node(target)
        return self.spec.task_specs.get(f"{target.get('id')}.BoundaryEventSplit", made)


def _condition_of(parser: Any, flow: Any) -> str:
    condition = parser.parse_condition(flow)
    if condition is None or not condition.strip():
        raise UnreadableError("网关的这条去向既没有条件，也不是默认去向", flow)
    return str(condition)


class OfficeParser(BpmnParser):  # type: ignore[misc]
    """SpiffWorkflow's parser with the office's steps."""

    PROCESS_PARSER_CLASS = _Process
    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012 (the library's name for it)
        full_tag("startEvent"): (_Start, StartEvent),
        full_tag("endEvent"): (_End, EndEvent),
        full_tag("intermediateCatchEvent"): (_Catch, IntermediateCatchEvent),
        full_tag("intermediateThrowEvent"): (_Throw, IntermediateThrowEvent),
        full_tag("boundaryEvent"): (_Boundary, BoundaryEvent),
        full_tag("sendTask"): (_Send, SendTask),
        full_tag("receiveTask"): (_Receive, ReceiveTask),
        full_tag("serviceTask"): (_Operation, OperationTask),
        full_tag("businessRuleTask"): (_Decision, DecisionTask),
    }

    def __init__(self, elements: Mapping[str, Element]) -> None:
        super().__init__()
        self.elements = elements


class UnreadableError(Exception):
    """The engine cannot run a drawn element."""

    retryable = False

    def __init__(self, message: str, node: Any) -> None:
        self.message = message
        self.element = str(node.get("id") or "")
        self.line = line_of(node)
        super().__init__(message)
