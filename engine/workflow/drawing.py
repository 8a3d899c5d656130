"""What is drawn: the nodes and flows of every process and sub-process of a file, as plain records.

No judgement and no engine here: ``facts`` reads words from it, ``reader`` hands it on, ``checks`` judges it.
Only a file that is too large to be looked at is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from engine.workflow.vocabulary import ALIASES, NODES, SUB_PROCESSES, line_of, local_name, tag
from engine.workflow.xml_file import ReadError

#: what one file may hold at most: several processes, each far below what the engine can carry
_MOST = (
    ("流程和子流程", SUB_PROCESSES | {"process"}, 200),
    ("步骤、事件和网关", NODES, 2_000),
    ("顺序流", frozenset({"sequenceFlow"}), 4_000),
    ("消息、信号、泳道和泳池",
     frozenset({"message", "signal", "error", "escalation", "lane", "flowNodeRef", "participant", "messageFlow"}), 4_000),
)  # fmt: skip
#: signs in expressions and texts, all together; in names and documentation, all together
_MOST_WRITTEN, _MOST_SAID = 50_000, 300_000
_KIN = tuple(f"{{{namespace}}}" for namespace in ALIASES)
#: texts that are read by people, or name other elements
_NOT_WRITTEN = frozenset({"documentation", "text", "incoming", "outgoing", "flowNodeRef"})
#: attributes that are longer may be expressions
_SHORT = 200


@dataclass(slots=True, kw_only=True)
class Flow:
    """A sequence flow."""

    id: str
    source: str
    target: str
    #: text of the condition; None where none is drawn
    condition: str | None
    name: str
    line: int
    #: scope in which it is written
    scope: str
    #: language attribute of the condition; empty for the file's default
    language: str = ""


@dataclass(slots=True, kw_only=True)
class DrawnNode:
    """An activity, gateway or event."""

    id: str
    kind: str
    name: str
    scope: str
    line: int
    xml: etree._Element
    #: event definitions inside, by BPMN tag, e.g. ``timerEventDefinition``
    definitions: list[etree._Element] = field(default_factory=list)
    attached_to: str = ""
    incoming: list[Flow] = field(default_factory=list)
    outgoing: list[Flow] = field(default_factory=list)

    @property
    def events(self) -> list[str]:
        """Kinds of its event definitions: message, timer, signal …"""
        return [local_name(definition).removesuffix("EventDefinition") for definition in self.definitions]


@dataclass(slots=True, kw_only=True)
class Scope:
    """A process or a sub-process: what a token cannot leave by a flow."""

    id: str
    kind: str
    name: str
    line: int
    xml: etree._Element
    #: the scope around it; empty for a process
    parent: str
    #: the process it belongs to
    process: str
    nodes: dict[str, DrawnNode] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)

    def boundaries(self, node_id: str) -> Iterator[DrawnNode]:
        """The boundary events that sit on the node."""
        return (node for node in self.nodes.values() if node.attached_to == node_id)


@dataclass(slots=True, kw_only=True)
class Named:
    """A message, signal, error or escalation."""

    id: str
    kind: str
    name: str
    code: str
    line: int


@dataclass(slots=True, kw_only=True)
class Drawing:
    """One file."""

    root: etree._Element
    scopes: dict[str, Scope] = field(default_factory=dict)
    named: dict[str, Named] = field(default_factory=dict)
    #: node id → name of its innermost lane
    lanes: dict[str, str] = field(default_factory=dict)
    #: id → every line on which an element with that id starts
    id_lines: dict[str, list[int]] = field(default_factory=dict)

    @property
    def processes(self) -> list[Scope]:
        """The processes, in the order of the file."""
        return [scope for scope in self.scopes.values() if scope.kind == "process"]

    def within(self, process_id: str) -> list[Scope]:
        """The process and its sub-processes, outermost first."""
        return [scope for scope in self.scopes.values() if scope.process == process_id]

    def nodes(self, process_id: str) -> Iterator[DrawnNode]:
        """Every node of the process, sub-processes included."""
        return (node for scope in self.within(process_id) for node in scope.nodes.values())


def draw(root: etree._Element) -> Drawing:
    """The drawing in the tree. Whatever is missing is left empty; ReadError only for far too much of something."""
    _refuse_excess(root)
    drawing = Drawing(root=root)
    for node in root.iter():
        if local_name(node) and (own := node.get("id")):
            drawing.id_lines.setdefault(str(own), []).append(line_of(node))
    for kind in ("message", "signal", "error", "escalation"):
        for node in root.iterfind(tag(kind)):
            _add_named(drawing, node, kind)
    for process in root.iterfind(tag("process")):
        _add_scope(drawing, process, parent="", process=str(process.get("id") or ""))
    for reference in root.iter(tag("flowNodeRef")):
        lane = reference.getparent()
        if reference.text and lane is not None:
            drawing.lanes[reference.text.strip()] = str(lane.get("name") or "").strip()
    return drawing


def _refuse_excess(root: etree._Element) -> None:
    counts = Counter(local_name(node) for node in root.iter())
    for what, kinds, most in _MOST:
        if sum(counts[kind] for kind in kinds) > most:
            last = [node for node in root.iter() if local_name(node) in kinds][most]
            raise ReadError(line_of(last), f"{what}太多（最多{most}个），请拆成几个文件")
    said = written = 0
    for node in root.iter():
        spoken, expressed = _signs(node)
        said, written = said + spoken, written + expressed
        if said > _MOST_SAID or written > _MOST_WRITTEN:
            raise ReadError(line_of(node), "名称、说明或表达式的文字合计太多，请拆成几个文件")


def _signs(node: etree._Element) -> tuple[int, int]:
    """How much people read of the element, and how much the office may have to work out."""
    local = local_name(node)
    if not local and not str(node.tag).startswith(_KIN):
        return 0, 0
    text, behind = len((node.text or "").strip()), len((node.tail or "").strip())
    long = sum(len(value) for key, value in node.attrib.items() if key != "name" and len(value) > _SHORT)
    said = len(node.get("name") or "") + (text if local in ("documentation", "text") else 0)
    return said, behind + long + (0 if local in _NOT_WRITTEN else text)


def _add_named(drawing: Drawing, node: etree._Element, kind: str) -> None:
    own = str(node.get("id") or "")
    code = str(node.get(f"{kind}Code") or "")
    drawing.named[own] = Named(
        id=own, kind=kind, name=str(node.get("name") or "").strip(), code=code, line=line_of(node)
    )


def _add_scope(drawing: Drawing, xml: etree._Element, *, parent: str, process: str) -> None:
    """Add the scope and those inside it; works through a list, so that deep nesting needs no deep stack."""
    waiting = [(xml, parent)]
    while waiting:
        element, around = waiting.pop(0)
        scope = Scope(
            id=str(element.get("id") or ""),
            kind=local_name(element),
            name=str(element.get("name") or "").strip(),
            line=line_of(element),
            xml=element,
            parent=around,
            process=process,
        )
        if scope.id in drawing.scopes:
            continue  # a second one of the same id could be its own parent; ``checks`` refuses the file
        drawing.scopes[scope.id] = scope
        for child in element:
            kind = local_name(child)
            if kind in NODES:
                _add_node(scope, child, kind)
            if kind == "sequenceFlow":
                scope.flows.append(_flow(scope, child))
            if kind in SUB_PROCESSES:
                waiting.append((child, scope.id))
        _connect(scope)


def _add_node(scope: Scope, xml: etree._Element, kind: str) -> None:
    own = str(xml.get("id") or "")
    scope.nodes[own] = DrawnNode(
        id=own,
        kind=kind,
        name=" ".join(str(xml.get("name") or "").split()),
        scope=scope.id,
        line=line_of(xml),
        xml=xml,
        definitions=[child for child in xml if local_name(child).endswith("EventDefinition")],
        attached_to=str(xml.get("attachedToRef") or "") if kind == "boundaryEvent" else "",
    )


def _flow(scope: Scope, xml: etree._Element) -> Flow:
    condition = next((child for child in xml if local_name(child) == "conditionExpression"), None)
    text = None if condition is None else "".join(str(part) for part in condition.itertext())
    return Flow(
        id=str(xml.get("id") or ""),
        source=str(xml.get("sourceRef") or ""),
        target=str(xml.get("targetRef") or ""),
        condition=text if text is None or text.strip() else None,
        name=" ".join(str(xml.get("name") or "").split()),
        line=line_of(xml),
        scope=scope.id,
        language="" if condition is None else str(condition.get("language") or ""),
    )


def _connect(scope: Scope) -> None:
    for flow in scope.flows:
        if flow.source in scope.nodes and flow.target in scope.nodes:
            scope.nodes[flow.source].outgoing.append(flow)
            scope.nodes[flow.target].incoming.append(flow)
