"""The facts of every drawn element, in the words of ``vocabulary``.

Reads attributes and properties only; whether they make sense is for ``checks``.
"""

from __future__ import annotations

from lxml import etree

from engine.workflow.drawing import Drawing, DrawnNode, Scope
from engine.workflow.vocabulary import (
    Element,
    MultiInstance,
    Names,
    extension,
    extension_nodes,
    local_name,
    tag,
)

#: attribute of an event definition that names what it throws or waits for
REFERENCES = {
    "message": "messageRef",
    "signal": "signalRef",
    "error": "errorRef",
    "escalation": "escalationRef",
}
TIMER_PARTS = ("timeDate", "timeDuration", "timeCycle")


def elements_of(drawing: Drawing, process_id: str, names: Names) -> dict[str, Element]:
    """The elements of the process and its sub-processes, by id, in the order of the file."""
    return {
        node.id: _element(drawing, node, lane=lane_of(drawing, node), names=names)
        for node in drawing.nodes(process_id)
    }


def lane_of(drawing: Drawing, node: DrawnNode) -> str:
    """The name of the innermost lane, or of the lane of the sub-process around it; empty for none."""
    own, scope = node.id, drawing.scopes[node.scope]
    while own not in drawing.lanes and scope.parent:
        own, scope = scope.id, drawing.scopes[scope.parent]
    lane = drawing.lanes.get(own, "")
    if not lane and node.attached_to in drawing.lanes:
        return drawing.lanes[node.attached_to]
    return lane


def groups_of(node: DrawnNode) -> list[str]:
    """The candidate groups written on the node."""
    return [
        group.strip() for group in (extension(node.xml, "candidateGroups") or "").split(",") if group.strip()
    ]


def properties_of(xml: etree._Element) -> dict[str, str]:
    """``camunda:properties`` as a mapping."""
    found = extension_nodes(xml, "properties", "property")
    return {str(node.get("name") or "").strip(): str(node.get("value") or "").strip() for node in found}


def timer_text(definition: etree._Element) -> tuple[str, str]:
    """(timeDate | timeDuration | timeCycle, its text); two empty texts where nothing is written."""
    for child in definition:
        if local_name(child) in TIMER_PARTS:
            return local_name(child), "".join(str(part) for part in child.itertext()).strip()
    return "", ""


def decision_of(node: DrawnNode) -> str:
    """The decision of a business rule task; empty for none."""
    return (extension(node.xml, "decisionRef") or "") if node.kind == "businessRuleTask" else ""


def comma_list(text: str | None) -> tuple[str, ...]:
    """The entries of a list written with commas, full-width ones included."""
    return tuple(part.strip() for part in (text or "").replace("，", ",").split(",") if part.strip())


def event_name(drawing: Drawing, node: DrawnNode) -> str:
    """Name of the message, signal, error or escalation of the node; empty where it has none."""
    if node.kind in ("sendTask", "receiveTask"):
        return _referred(drawing, str(node.xml.get("messageRef") or ""))
    for definition in node.definitions:
        attribute = REFERENCES.get(local_name(definition).removesuffix("EventDefinition"))
        if attribute:
            return _referred(drawing, str(definition.get(attribute) or ""))
    return ""


def multi_instance_of(xml: etree._Element) -> MultiInstance | None:
    """How often the step is done; None for once."""
    loop = xml.find(tag("multiInstanceLoopCharacteristics"))
    if loop is None:
        return None
    entry = loop.find(tag("inputDataItem"))
    entry_name = "" if entry is None else str(entry.get("name") or entry.get("id") or "")
    return MultiInstance(
        sequential=loop.get("isSequential") == "true",
        collection=bare(extension(loop, "collection") or _text(loop, "loopDataInputRef")),
        entry=extension(loop, "elementVariable") or entry_name,
        cardinality=_text(loop, "loopCardinality"),
        until=_text(loop, "completionCondition"),
    )


def bare(text: str) -> str:
    """The text without a ``${…}`` around it."""
    text = text.strip()
    return text[2:-1].strip() if text[:2] in ("${", "#{") and text.endswith("}") else text


def parameters_of(node: DrawnNode) -> dict[str, str]:
    """Input parameters written on a service task; only plain texts and expressions count."""
    found = extension_nodes(node.xml, "inputOutput", "inputParameter")
    return {
        str(part.get("name") or "").strip(): str(part.text or "").strip() for part in found if not len(part)
    }


def _referred(drawing: Drawing, reference: str) -> str:
    found = drawing.named.get(reference)
    return found.name if found else ""


def _text(xml: etree._Element, local: str) -> str:
    child = xml.find(tag(local))
    return "" if child is None else "".join(str(part) for part in child.itertext()).strip()


def _duty(names: Names, node: DrawnNode, lane: str) -> str | None:
    groups = groups_of(node)
    return groups[0] if groups else names.duties.get(lane)


def _duty_name(names: Names, node: DrawnNode, lane: str) -> str:
    groups = groups_of(node)
    if not groups:
        return lane
    return next((name for name, own in names.duties.items() if own == groups[0]), groups[0])


def _element(drawing: Drawing, node: DrawnNode, *, lane: str, names: Names) -> Element:
    xml, properties = node.xml, properties_of(node.xml)
    timer = next(
        (timer_text(part)[1] for part in node.definitions if local_name(part) == "timerEventDefinition"), ""
    )
    return Element(
        id=node.id,
        kind=node.kind,
        name=node.name,
        scope=node.scope,
        lane=lane,
        duty=_duty(names, node, lane),
        duty_name=_duty_name(names, node, lane),
        form=extension(xml, "formKey") or extension(xml, "formRef") or "",
        due=extension(xml, "dueDate") or "",
        properties=properties,
        topic=extension(xml, "topic") or "",
        parameters=parameters_of(node),
        decision=decision_of(node),
        result_variable=extension(xml, "resultVariable") or "",
        map_result=extension(xml, "mapDecisionResult") or "",
        message=event_name(drawing, node),
        event=_event_kind(node),
        correlate=properties.get("correlate", ""),
        carries=comma_list(properties.get("carries")),
        provides=comma_list(properties.get("provides")),
        timer=timer,
        attached_to=node.attached_to,
        interrupting=str(xml.get("cancelActivity") or "true").lower() != "false",
        control=properties.get("control", ""),
        different_person_from=comma_list(properties.get("different_person_from")),
        multi_instance=multi_instance_of(xml),
        send_back=properties.get("send_back") or "redo",
        bulk=properties.get("bulk") or "no",
        called=str(xml.get("calledElement") or "").strip(),
        documentation=_text(xml, "documentation"),
        line=node.line,
    )


def _event_kind(node: DrawnNode) -> str:
    if node.kind in ("sendTask", "receiveTask"):
        return "message" if node.xml.get("messageRef") else ""
    return node.events[0] if node.events else ""


def scope_name(scope: Scope) -> str:
    """The name for people of a process or sub-process."""
    return scope.name or scope.id
