"""Small diagrams for tests, written as short as they can be read."""

from __future__ import annotations

from itertools import pairwise

from engine.workflow.vocabulary import Names, Operation

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:operaton="http://operaton.org/schema/1.0/bpmn" '
    'xmlns:flowable="http://flowable.org/bpmn" xmlns:activiti="http://activiti.org/bpmn">'
)
#: what the office of these tests knows
NAMES = Names(
    operations={
        "gather": Operation(needs=frozenset({"person_id"}), provides=frozenset({"months"})),
        "pay": Operation(provides=frozenset({"paid"})),
    },
    duties={"受理岗": "intake", "复核岗": "review", "申请人": "claimant"},
    forms={"check": frozenset({"opinion", "note"})},
    decisions={"route": frozenset({"route"})},
    controls=frozenset({"business_review"}),
    functions=frozenset({"after_workdays", "today"}),
    starts={"p": frozenset({"person_id"})},
)


def flow(source: str, target: str, condition: str = "") -> str:
    """A sequence flow with the id ``source_target``."""
    inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
    return f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'


def chain(*ids: str) -> str:
    """Flows from each id to the next."""
    return "".join(flow(source, target) for source, target in pairwise(ids))


def process(body: str, *, lanes: str = "", more: str = "", executable: str = "") -> bytes:
    """A file with one process ``p``; every user task stands in the lane of the intake duty unless lanes are given."""
    extra = f' isExecutable="{executable}"' if executable else ""
    return f'{HEAD}{more}<process id="p"{extra}>{lanes}{body}</process></definitions>'.encode()


def user(own: str, inside: str = "", attributes: str = "") -> str:
    """A user task of the intake duty with a known form."""
    return f'<userTask id="{own}" camunda:candidateGroups="intake" camunda:formKey="check" {attributes}>{inside}</userTask>'


START, END = '<startEvent id="s"/>', '<endEvent id="e"/>'


def between(step: str, own: str = "x") -> str:
    """The step between a start and an end."""
    return START + step + END + chain("s", own, "e")
