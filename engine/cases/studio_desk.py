"""What the editors of the studio ask while somebody draws: checks of what is not saved yet, names, first versions.

Changes nothing. Whoever may look at the change may ask.
"""

from __future__ import annotations

import json
from xml.sax.saxutils import quoteattr

from sqlalchemy import select

from engine.cases import library as shelf
from engine.cases.drafts import refuse_untakeable
from engine.cases.library_checks import CheckReport, check_files, names_with
from engine.cases.office import Office
from engine.cases.studio_reading import library, view_change
from engine.cases.studio_views import VersionRow, version_rows
from engine.values import Actor, Refusal, RefusedError
from engine.workflow.tables import ProcessVersion
from engine.workflow.vocabulary import BPMN, CAMUNDA, Names


def check_draft(
    office: Office, actor: Actor, change_id: int, name: str, content: bytes
) -> CheckReport | Refusal:
    """What would be said of the file, and of the diagrams that it touches, if it were saved as it is now."""
    found = view_change(office, actor, change_id)
    if isinstance(found, Refusal):
        return found
    try:
        refuse_untakeable(name, content)
    except RefusedError as no:
        return no.refusal
    with office.store.reading() as session:
        files = {**shelf.files_of(session, change_id), name: content}
    return check_files(files, [name], office.runner.versions.names)


def names_for(office: Office, actor: Actor, change_id: int) -> Names | Refusal:
    """Everything that a diagram of the change may refer to, its own new forms and decisions included."""
    found = view_change(office, actor, change_id)
    if isinstance(found, Refusal):
        return found
    with office.store.reading() as session:
        return names_with(office.runner.versions.names, shelf.files_of(session, change_id))


def time_limits(office: Office) -> dict[str, str]:
    """The names that ``limit("…")`` takes, with their Chinese titles."""
    prefix = "time_limit."
    return {
        each.key.removeprefix(prefix): each.title or each.key
        for each in office.book.parameters()
        if each.key.startswith(prefix)
    }


def processes(office: Office, actor: Actor) -> tuple[VersionRow, ...] | Refusal:
    """The newest version of every process, by file name."""
    no = library(office, actor)
    if isinstance(no, Refusal):
        return no
    with office.store.reading() as session:
        ids = session.scalars(select(ProcessVersion.process_id).distinct()).all()
        newest = [version_rows(session, process_id)[0] for process_id in ids]
    return tuple(sorted(newest, key=lambda row: (row.file_name, row.process_id)))


def first_content(name: str, title: str) -> bytes | None:
    """A new file to begin from; None for a name that the library does not take."""
    kind, key = shelf.kind_of(name), shelf.key_of(name)
    if kind is None:
        return None
    makers = {"diagram": _diagram, "form": _form, "decision": _decision, "tests": _tests, "letter": _letter}
    return makers[kind](key, title).encode()


def _diagram(key: str, title: str) -> str:
    own = key.replace("-", "_")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="{BPMN}" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:camunda="{CAMUNDA}" id="{own}_definitions" targetNamespace="urn:changling:processes">
  <bpmn:process id="{own}" name={quoteattr(title or own)} isExecutable="true">
    <bpmn:startEvent id="{own}_started" name="开始">
      <bpmn:outgoing>{own}_first</bpmn:outgoing>
    </bpmn:startEvent>
    <bpmn:endEvent id="{own}_ended" name="结束">
      <bpmn:incoming>{own}_first</bpmn:incoming>
    </bpmn:endEvent>
    <bpmn:sequenceFlow id="{own}_first" sourceRef="{own}_started" targetRef="{own}_ended" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="{own}_diagram">
    <bpmndi:BPMNPlane id="{own}_plane" bpmnElement="{own}">
      <bpmndi:BPMNShape id="{own}_started_di" bpmnElement="{own}_started"><dc:Bounds x="160" y="160" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="{own}_ended_di" bpmnElement="{own}_ended"><dc:Bounds x="480" y="160" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="{own}_first_di" bpmnElement="{own}_first"><di:waypoint x="196" y="178" /><di:waypoint x="480" y="178" /></bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""


def _form(key: str, title: str) -> str:
    form = {"schemaVersion": 16, "type": "default", "id": key, "title": title or key, "components": []}
    return json.dumps(form, ensure_ascii=False, indent=2) + "\n"


def _decision(key: str, title: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="{key}-definitions" name={quoteattr(title or key)} namespace="urn:changling:decisions">
  <decision id="{key}" name={quoteattr(title or key)}>
    <decisionTable id="{key}-table" hitPolicy="FIRST">
      <input id="{key}-input" label="条件">
        <inputExpression id="{key}-input-expression" typeRef="string">
          <text>case_key</text>
        </inputExpression>
      </input>
      <output id="{key}-output" label="结果" name="{key.replace("-", "_")}_result" typeRef="string" />
      <rule id="{key}-rule">
        <inputEntry id="{key}-rule-input"><text>-</text></inputEntry>
        <outputEntry id="{key}-rule-output"><text>"ok"</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
</definitions>
"""


def _tests(key: str, title: str) -> str:
    return f"# {title or key}\n# 写法见 processes/claim.tests.yaml\n"


def _letter(key: str, title: str) -> str:
    return f"# {title or key}\n\n办件编号 {{{{ case_key }}}}。\n"
