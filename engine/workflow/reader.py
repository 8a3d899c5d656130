"""Reads a diagram file into blueprints that the runner can run.

A blueprint holds the engine's specs and, beside them, the facts of every drawn element. Reading says no only
to what cannot be run at all; whether a diagram *should* run is for ``checks``. Called by ``versions``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.exceptions import SpiffWorkflowException

from engine.workflow.drawing import Drawing, Flow, draw
from engine.workflow.facts import elements_of
from engine.workflow.parsing import OfficeParser, UnreadableError, parser_of
from engine.workflow.vocabulary import BPMN, Element, Names, line_of, tag
from engine.workflow.xml_file import Document, ReadError, read_xml

__all__ = ["Blueprint", "Document", "Names", "ReadError", "read_process", "read_processes", "read_xml"]

#: beyond this the engine loses sight of a case (it looks 1,000 steps deep)
MAX_NODES = 800

#: gives the file in which a called process is drawn; None where there is none
Resolver = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """One process of a file, ready to run."""

    process_id: str
    name: str
    #: name of the pool that holds it; empty for none
    pool: str
    #: SpiffWorkflow's spec of the process
    spec: Any
    #: specs of its sub-processes and called processes, by id
    subprocess_specs: Mapping[str, Any]
    #: every drawn node, sub-processes and called processes included, by id
    elements: Mapping[str, Element]
    flows: tuple[Flow, ...]
    #: messages with which a case may start
    start_messages: frozenset[str]
    #: start event id → form key
    start_forms: Mapping[str, str]
    #: messages that it throws or waits for
    messages: frozenset[str]
    #: processes that it calls
    calls: frozenset[str]
    #: SHA-256 of the file, hexadecimal
    digest: str


@dataclass(slots=True)
class _File:
    """A file on its way to blueprints."""

    drawing: Drawing
    elements: dict[str, Element] = field(default_factory=dict)


def read_process(data: bytes, *, names: Names, resolve: Resolver | None = None) -> Blueprint:
    """The only executable process of the file. ReadError for none, or for several."""
    found = read_processes(data, names=names, resolve=resolve)
    if len(found) != 1:
        raise ReadError(1, f"文件里要有且只有一个可执行流程，现有{len(found)}个：{'、'.join(found) or '无'}")
    return next(iter(found.values()))


def read_processes(data: bytes, *, names: Names, resolve: Resolver | None = None) -> dict[str, Blueprint]:
    """The executable processes of the file, by id, in the order of the file. Raises ReadError.

    ``resolve`` gives the files of processes that a call activity calls and that are not in this one.
    """
    file = _File(draw(definitions_of(read_xml(data))))
    parser = _parser(file, names, resolve)
    digest = hashlib.sha256(data).hexdigest()
    found: dict[str, Blueprint] = {}
    for process in file.drawing.processes:
        if process.xml.get("isExecutable") != "false":
            found[process.id] = _blueprint(file, parser, process.id, digest)
    return found


def definitions_of(document: Document) -> etree._Element:
    """The root of a BPMN file; ReadError when it is some other XML."""
    if document.root.tag != tag("definitions"):
        raise ReadError(line_of(document.root), f"不是 BPMN 2.0 文件：最外层要是 definitions（{BPMN}）")
    return document.root


def _parser(file: _File, names: Names, resolve: Resolver | None) -> OfficeParser:
    """A parser that holds the file and every file with a process that it calls."""
    _gather(file, file.drawing, names)
    drawings = [file.drawing]
    known = {scope.id for scope in file.drawing.processes}
    calls = [element for element in file.elements.values() if element.called]
    while calls:
        call = calls.pop(0)
        if call.called in known:
            continue
        data = resolve(call.called) if resolve else None
        if data is None:
            raise ReadError(call.line, f"找不到被调用的流程“{call.called}”", call.id)
        drawing = draw(definitions_of(read_xml(data)))
        known |= {call.called, *(scope.id for scope in drawing.processes)}
        before = set(file.elements)
        try:
            _gather(file, drawing, names)
        except ReadError as wrong:
            message = f"被调用的流程“{call.called}”不能接上：{wrong.element}：{wrong.message}"
            raise ReadError(call.line, message, call.id) from wrong
        calls += [element for own, element in file.elements.items() if own not in before and element.called]
        drawings.append(drawing)
    try:
        parser = parser_of(drawings[0], file.elements)
        for other in drawings[1:]:
            parser.process_parsers.update(parser_of(other, file.elements).process_parsers)
    except (ValidationException, ValueError) as wrong:
        raise _unreadable(file, wrong) from wrong
    return parser


def _gather(file: _File, drawing: Drawing, names: Names) -> None:
    for own, lines in drawing.id_lines.items():
        if len(lines) > 1:
            raise ReadError(lines[1], f"编号与第{lines[0]}行的元素重复", own)
    for process in drawing.processes:
        found = elements_of(drawing, process.id, names)
        if len(found) > MAX_NODES:
            raise ReadError(
                process.line, f"流程过大（{len(found)}个元素，最多{MAX_NODES}个），请拆成几个流程", process.id
            )
        for own, element in found.items():
            if own in file.elements:
                raise ReadError(element.line, "编号与另一个元素重复", own)
            file.elements[own] = element


def _blueprint(file: _File, parser: OfficeParser, process_id: str, digest: str) -> Blueprint:
    try:
        spec = parser.get_spec(process_id)
        subprocess_specs = parser.get_subprocess_specs(process_id)
    except UnreadableError as wrong:
        raise ReadError(wrong.line, wrong.message, wrong.element) from wrong
    except (SpiffWorkflowException, ValueError, AttributeError, TypeError, KeyError) as wrong:
        raise _unreadable(file, wrong, process_id) from wrong
    scopes = {process_id, *subprocess_specs}
    elements = {own: element for own, element in file.elements.items() if element.scope in scopes}
    for process in (spec, *subprocess_specs.values()):
        _set_lanes(process, elements)
    starts = [
        element
        for element in elements.values()
        if element.kind == "startEvent" and element.scope == process_id
    ]
    drawing = file.drawing
    return Blueprint(
        process_id=process_id,
        name=drawing.scopes[process_id].name or process_id,
        pool=_pool(drawing, process_id),
        spec=spec,
        subprocess_specs=subprocess_specs,
        elements=elements,
        flows=tuple(flow for scope in drawing.within(process_id) for flow in scope.flows),
        start_messages=frozenset(element.message for element in starts if element.event == "message"),
        start_forms={element.id: element.form for element in starts if element.form},
        messages=frozenset(e.message for e in elements.values() if e.event == "message" and e.message),
        calls=frozenset(element.called for element in elements.values() if element.called),
        digest=digest,
    )


def _set_lanes(spec: Any, elements: Mapping[str, Element]) -> None:
    for step in spec.task_specs.values():
        element = elements.get(str(step.bpmn_id or ""))
        if element is not None:
            step.lane = element.lane or None


def _pool(drawing: Drawing, process_id: str) -> str:
    for participant in drawing.root.iter(tag("participant")):
        if str(participant.get("processRef") or "").split(":")[-1] == process_id:
            return str(participant.get("name") or "").strip()
    return ""


def _unreadable(file: _File, wrong: Exception, process_id: str = "") -> ReadError:
    """The library's complaint with the element and line that it is about, as far as it can be told."""
    own = str(getattr(wrong, "id", "") or process_id)
    element = file.elements.get(own)
    scope = file.drawing.scopes.get(own)
    line = element.line if element else scope.line if scope else 1
    return ReadError(line, f"引擎读不懂：{wrong}", own)
