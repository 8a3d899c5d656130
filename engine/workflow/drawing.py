"""What is drawn: the nodes and flows of every process and sub-process of a file, as plain records.

No judgement and no engine here: ``facts`` reads words from it, ``reader`` hands it on, ``checks`` judges it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from engine.workflow.vocabulary import NODES, SUB_PROCESSES, line_of, local_name, tag


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
    """The drawing in the tree. Whatever is missing is left empty, never refused."""
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
