"""The words of a diagram that the office reads: namespaces, kinds of element, facts of an element, known names.

Interchange is BPMN 2.0 with the ``camunda:`` attributes; the operaton, flowable and activiti namespaces
mean the same. Called by ``drawing``, ``reader`` and ``checks``; the runner reads :class:`Element`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
#: engines whose extension attributes mean what Camunda's mean
ALIASES = (
    CAMUNDA,
    "http://operaton.org/schema/1.0/bpmn",
    "http://flowable.org/bpmn",
    "http://activiti.org/bpmn",
)

#: steps that wait for a person
PEOPLE_TASKS = frozenset({"userTask", "manualTask", "task"})
#: how a case may be sent back from a step: step by step again, straight back to the sender, or not at all
SEND_BACK = ("redo", "resume", "no")
#: names that a completion condition reads besides case data, counted over the rounds of the step
ROUND_COUNTS = frozenset({"nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances"})
#: function of completion conditions: in how many completed rounds a field was given a value
VOTES = "votes"

#: steps that the office takes by itself
OWN_TASKS = frozenset({"serviceTask", "businessRuleTask", "scriptTask", "sendTask"})
TASKS = PEOPLE_TASKS | OWN_TASKS | {"receiveTask"}
SUB_PROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES = TASKS | SUB_PROCESSES | {"callActivity"}
GATEWAYS = frozenset(
    {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"}
)
EVENTS = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
NODES = ACTIVITIES | GATEWAYS | EVENTS
#: parts of a process that are only drawn or described; the engine leaves them out
DRAWN_ONLY = frozenset(
    {"textAnnotation", "association", "group", "dataObject", "dataObjectReference", "dataStoreReference"}
    | {"documentation", "extensionElements", "laneSet", "property", "ioSpecification", "category", "auditing"}
    | {
        "monitoring",
        "artifact",
        "supports",
        "correlationSubscription",
        "resourceRole",
        "performer",
        "ioBinding",
    }
    | {
        "humanPerformer",
        "potentialOwner",
        "incoming",
        "outgoing",
        "dataInputAssociation",
        "dataOutputAssociation",
    }
)

#: Chinese names of kinds, for messages
KIND_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "process": "流程", "userTask": "人工任务", "manualTask": "手工任务", "task": "未定类型的任务",
        "serviceTask": "服务任务", "businessRuleTask": "业务规则任务", "scriptTask": "脚本任务", "sendTask": "发送任务",
        "receiveTask": "接收任务", "subProcess": "子流程", "transaction": "事务子流程", "adHocSubProcess": "特定子流程",
        "callActivity": "调用活动", "exclusiveGateway": "排他网关", "parallelGateway": "并行网关",
        "inclusiveGateway": "包容网关", "eventBasedGateway": "事件网关", "complexGateway": "复杂网关",
        "startEvent": "开始事件", "endEvent": "结束事件", "intermediateCatchEvent": "中间捕获事件",
        "intermediateThrowEvent": "中间抛出事件", "boundaryEvent": "边界事件", "sequenceFlow": "顺序流",
    }
)  # fmt: skip


def tag(local: str) -> str:
    """The full BPMN tag of a local name."""
    return f"{{{BPMN}}}{local}"


def local_name(node: etree._Element) -> str:
    """The tag without namespace; empty for comments, processing instructions and foreign elements."""
    full: Any = node.tag
    if not isinstance(full, str) or not full.startswith(f"{{{BPMN}}}"):
        return ""
    return full[len(BPMN) + 2 :]


def line_of(node: etree._Element) -> int:
    """The line in the file, from 1."""
    line: Any = node.sourceline
    return int(line or 1)


def extension(node: etree._Element, name: str) -> str | None:
    """The extension attribute of that name in any accepted namespace, stripped; None if it is not there."""
    for namespace in ALIASES:
        value = node.get(f"{{{namespace}}}{name}")
        if value is not None:
            return str(value).strip()
    return None


def extension_nodes(node: etree._Element, *path: str) -> list[etree._Element]:
    """The extension elements below ``extensionElements`` along the path, in any accepted namespace."""
    found = [child for child in node if child.tag == tag("extensionElements")]
    for name in path:
        wanted = {f"{{{namespace}}}{name}" for namespace in ALIASES}
        found = [child for parent in found for child in parent if child.tag in wanted]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiInstance:
    """One step done several times."""

    sequential: bool
    #: name of the list whose entries are gone through; empty when a number is given
    collection: str = ""
    #: name under which a step sees its entry
    entry: str = ""
    #: expression giving how many times; empty when a list is given
    cardinality: str = ""
    #: expression that ends the round early
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What the office needs to know of one drawn step, event or gateway."""

    id: str
    #: BPMN tag, e.g. ``userTask``
    kind: str
    name: str
    #: process or sub-process that it stands in
    scope: str
    #: innermost lane's name; a sub-process hands its own lane to what stands inside
    lane: str = ""
    #: id in ``duties.yaml``: ``candidateGroups``, else the duty of the lane; None where neither is known
    duty: str | None = None
    #: that duty as people call it; its id where the office has no name for it
    duty_name: str = ""
    #: form key; empty for none
    form: str = ""
    #: expression giving the due day; empty for none
    due: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    #: operation that a service task calls
    topic: str = ""
    #: operation parameters written in the diagram, name → literal text or ``${…}``
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: decision of a business rule task
    decision: str = ""
    result_variable: str = ""
    #: singleEntry, singleResult, collectEntries or resultList
    map_result: str = ""
    #: message, signal, error or escalation that an event throws or waits for
    message: str = ""
    #: what kind of event: message, timer, signal, error, escalation, terminate …; empty for none
    event: str = ""
    #: expression whose value pairs a message with its case; empty for none
    correlate: str = ""
    #: names of case data that a message carries
    carries: tuple[str, ...] = ()
    #: names that arrive with this element from outside (property ``provides``)
    provides: tuple[str, ...] = ()
    #: expression of a timer
    timer: str = ""
    attached_to: str = ""
    interrupting: bool = True
    #: id in ``controls.yaml`` that this step carries out; empty for none
    control: str = ""
    #: elements that another person must have done
    different_person_from: tuple[str, ...] = ()
    multi_instance: MultiInstance | None = None
    #: whether the case may be sent back from here: redo, resume (straight back to the sender) or no
    send_back: str = "redo"
    #: whether many may be completed at once: yes or no
    bulk: str = "no"
    #: process that a call activity calls
    called: str = ""
    documentation: str = ""
    #: in the file, from 1
    line: int = 1

    @property
    def vote(self) -> str:
        """The name under which the case keeps whether the vote of this step passed; empty where nobody votes."""
        several = self.multi_instance
        votes = self.kind in PEOPLE_TASKS and several is not None and counts_votes(several.until)
        return f"{self.id}_passed" if votes else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a diagram may know of an operation of the catalogue."""

    title: str = ""
    #: names of case data without which it cannot be called
    needs: frozenset[str] = frozenset()
    #: names of case data that it sets
    provides: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRule:
    """What a diagram may know of a control: who carries it out, and when it is passed."""

    #: Chinese, for messages
    name: str
    #: duty of the step that carries it out
    duty: str
    #: expression over what was entered at that step
    passed_when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlNeed:
    """The controls that must stand before an operation, on every path."""

    controls: tuple[str, ...]
    #: no two of them by one person
    different_people: bool = True
    #: the rule as a sentence
    text: str = ""


def counts_votes(until: str) -> bool:
    """Whether a completion condition makes a vote of the rounds: it counts them, or what was entered in them."""
    return re.search(rf"\b({VOTES}\s*\(|{'|'.join(ROUND_COUNTS)})", until) is not None


def forbids_nothing(_text: str) -> tuple[str, ...]:
    """Nothing: any text may be shown to people."""
    return ()


def bars_nobody(_duty: str, _other: str) -> bool:
    """False: no duty keeps its holder from another on the same case."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Everything that a diagram may refer to by name."""

    operations: Mapping[str, Operation] = field(default_factory=dict)
    #: Chinese name (the lane's name) → duty id
    duties: Mapping[str, str] = field(default_factory=dict)
    #: form key → names of case data that it sets
    forms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: decision id → names of case data that it sets
    decisions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: kind of letter → names of the facts that it may tell
    letters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    controls: frozenset[str] = frozenset()
    #: control id → its rule
    control_rules: Mapping[str, ControlRule] = field(default_factory=dict)
    #: operation → the controls that it needs
    needs: Mapping[str, ControlNeed] = field(default_factory=dict)
    #: whether one person may not do steps of both duties on one case
    bars: Callable[[str, str], bool] = bars_nobody
    #: why a text may not be shown to people, a sentence with its source each; empty where it may
    forbids: Callable[[str], tuple[str, ...]] = forbids_nothing
    #: names that ``limit("…")`` knows; None where nobody can say
    limits: frozenset[str] | None = None
    functions: frozenset[str] = frozenset({"after_workdays", "today"})
    #: processes that a call activity may call, besides those in the same file
    processes: frozenset[str] = frozenset()
    #: process id → names of case data that a case starts with
    starts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: process id → names of case data that it leaves to a process that calls it
    gives: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: names that every case has
    always: frozenset[str] = frozenset({"case_key", "case_id"})
    #: duties of people from outside, who are told of a public process by its guide
    public: frozenset[str] = frozenset()
    #: keys of the sources that a guide may cite; None where nobody can say
    sources: frozenset[str] | None = None
    #: a file from elsewhere: names that nobody knows are warnings, not errors
    open: bool = False

    @classmethod
    def any(cls) -> Names:
        """Names for files drawn elsewhere: nothing is known, nothing is refused for it."""
        return cls(open=True)
