"""Redraws a diagram as an analyst would: one change each, at a place drawn from a seed; and walks over a change.

A walk is made twice with one seed: on the new version from the start, and on the old one with a move to the
new one before some step. Where the case then stands alike, everything that follows must be alike too.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import walks
from lxml import etree
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

from engine.workflow.codec import prune
from engine.workflow.migration import Plan, move, plan_for
from engine.workflow.reader import Blueprint, Names, read_processes
from engine.workflow.script import ScriptEngine
from engine.workflow.versions import Published
from engine.workflow.vocabulary import CAMUNDA, tag

Mutation = Callable[[etree._Element, random.Random], bool]


def published(data: bytes, process_id: str = "", *, number: int = 1) -> Published:
    """The process of the file as a version; the first one where none is named."""
    found = read_processes(data, names=Names.any())
    blueprint: Blueprint = found[process_id] if process_id else next(iter(found.values()))
    return Published(
        id=number,
        process_id=blueprint.process_id,
        number=number,
        name=blueprint.name,
        diagram=data,
        blueprint=blueprint,
        forms={},
        decisions={},
    )


def mutated(data: bytes, mutation: Mutation, seed: int) -> bytes | None:
    """The file with one change; None where there is no place for it."""
    root = etree.fromstring(data)
    return etree.tostring(root) if mutation(root, random.Random(seed)) else None


def relabel(root: etree._Element, rng: random.Random) -> bool:
    """Every label is written anew."""
    for node in root.iter(tag("userTask"), tag("exclusiveGateway"), tag("serviceTask")):
        node.set("name", f"新·{node.get('name') or node.get('id')}")
    return True


def insert_task(root: etree._Element, rng: random.Random) -> bool:
    """A new user task on one of the flows."""
    flow = _one(root, rng, "sequenceFlow")
    scope = _above(flow)
    etree.SubElement(scope, tag("userTask"), id="inserted", name="新任务")
    etree.SubElement(
        scope, tag("sequenceFlow"), id="to_next", sourceRef="inserted", targetRef=_text(flow, "targetRef")
    )
    flow.set("targetRef", "inserted")
    return _plain_waypoints(root)


def delete_task(root: etree._Element, rng: random.Random) -> bool:
    """One user task without events attached is gone; the flows go past it."""
    attached = {node.get("attachedToRef") for node in root.iter(tag("boundaryEvent"))}
    tasks = [node for node in root.iter(tag("userTask")) if node.get("id") not in attached]
    if not tasks:
        return False
    task = rng.choice(tasks)
    own = task.get("id")
    after = [flow for flow in root.iter(tag("sequenceFlow")) if flow.get("sourceRef") == own]
    if len(after) != 1:
        return False
    for flow in root.iter(tag("sequenceFlow")):
        if flow.get("targetRef") == own:
            flow.set("targetRef", _text(after[0], "targetRef"))
    for gone in (task, after[0]):
        _above(gone).remove(gone)
    return _plain_waypoints(root)


def change_duty(root: etree._Element, rng: random.Random) -> bool:
    """One user task goes to somebody else."""
    return _set(root, rng, "userTask", f"{{{CAMUNDA}}}candidateGroups", "another")


def add_timer(root: etree._Element, rng: random.Random) -> bool:
    """A time limit on one user task, which ends it or not."""
    if not list(root.iter(tag("userTask"))):
        return False
    task = _one(root, rng, "userTask")
    scope = _above(task)
    event = etree.SubElement(scope, tag("boundaryEvent"), id="added_limit", attachedToRef=_text(task, "id"))
    event.set("cancelActivity", rng.choice(["true", "false"]))
    timer = etree.SubElement(etree.SubElement(event, tag("timerEventDefinition")), tag("timeDuration"))
    timer.text = "P9D"
    etree.SubElement(scope, tag("userTask"), id="late")
    etree.SubElement(scope, tag("endEvent"), id="late_end")
    for source, target in (("added_limit", "late"), ("late", "late_end")):
        etree.SubElement(
            scope, tag("sequenceFlow"), id=f"{source}_{target}", sourceRef=source, targetRef=target
        )
    return _plain_waypoints(root)


def remove_boundary(root: etree._Element, rng: random.Random) -> bool:
    """One boundary event is gone; what lay behind it alone cannot be reached any more."""
    if not list(root.iter(tag("boundaryEvent"))):
        return False
    event = _one(root, rng, "boundaryEvent")
    own = event.get("id")
    for flow in list(root.iter(tag("sequenceFlow"))):
        if flow.get("sourceRef") == own:
            _above(flow).remove(flow)
    _above(event).remove(event)
    return _plain_waypoints(root)


def change_condition(root: etree._Element, rng: random.Random) -> bool:
    """One condition never holds any more."""
    conditions = list(root.iter(tag("conditionExpression")))
    if not conditions:
        return False
    rng.choice(conditions).text = "False"
    return True


MUTATIONS: tuple[Mutation, ...] = (
    relabel, insert_task, delete_task, change_duty, add_timer, remove_boundary, change_condition,
)  # fmt: skip


@dataclass(kw_only=True)
class Walked:
    """One walk on the old version with a move, beside one on the new version."""

    plan: Plan | None = None
    #: open tasks before and after the move: (element, id)
    before: list[tuple[str, str]] | None = None
    after: list[tuple[str, str]] | None = None
    #: whether both stood alike after the move, so that the rest says something
    comparable: bool = False
    expected: tuple[object, ...] = ()
    found: tuple[object, ...] = ()


def walk_over(old: Published, new: Published, *, seed: int, at: int, steps: int = 12) -> Walked:
    """The walk with the given seed, moved before step `at`."""
    walked = Walked()
    expected = _trace(new, new, seed=seed, at=-1, steps=steps, walked=Walked(), names=(old, new))
    found = _trace(old, new, seed=seed, at=at, steps=steps, walked=walked, names=(old, new))
    if walked.plan is None or walked.plan.verdict == "cannot" or len(expected) <= at:
        return walked
    same_road = [step[1] for step in expected[:at]] == [step[1] for step in found[:at]]
    walked.comparable = same_road and expected[at][0] == found[at][0]
    walked.expected, walked.found = tuple(expected[at:]), tuple(found[at:])
    return walked


def _trace(
    first: Published,
    then: Published,
    *,
    seed: int,
    at: int,
    steps: int,
    walked: Walked,
    names: tuple[Published, Published],
) -> list[tuple[object, object]]:
    """(what is seen, what is done) of each step."""
    rng = random.Random(f"{first.process_id}:{seed}")
    specs = [
        spec for each in names for spec in (each.blueprint.spec, *each.blueprint.subprocess_specs.values())
    ]
    choices = walks._choices(specs)
    answers = {name: values for name, values in choices.items() if values is not walks.LISTS}
    blueprint = first.blueprint
    engine = walks._office_engine()
    workflow = BpmnWorkflow(blueprint.spec, dict(blueprint.subprocess_specs), script_engine=engine)
    workflow.task_tree.data.update(walks._draw(rng, choices, len(choices)))
    trace: list[tuple[object, object]] = []
    try:
        walks._run(workflow)
        for step in range(steps):
            # drawn anew at each step: what was drawn before may differ between the versions
            rng = random.Random(f"{first.process_id}:{seed}:{step}")
            if step == at and not workflow.is_completed():
                try:
                    workflow = _moved(workflow, first, then, walked)
                except Exception as broken:
                    raise AssertionError(f"the move itself failed: {broken!r}") from broken
                if walked.plan and walked.plan.verdict == "cannot":
                    return trace
            seen = walks._seen(workflow)
            done = None if workflow.is_completed() else walks._move(workflow, rng, step)
            trace.append((seen, done and done[0]))
            if done is None:
                return trace
            done[1](walks._draw(rng, answers, 2))
            walks._run(workflow)
    except AssertionError:
        raise
    except Exception as fault:  # noqa: BLE001  # the library raises anything for a diagram that it cannot run
        trace.append(("fault", type(fault).__name__))
    return trace


def _moved(workflow: BpmnWorkflow, old: Published, new: Published, walked: Walked) -> BpmnWorkflow:
    workflow.get_events()
    prune(workflow)
    walked.plan = plan_for(workflow, old, new)
    if walked.plan.verdict == "cannot":
        return workflow
    walked.before = open_tasks(workflow)
    moved = move(workflow, old, new, engine_at=engine_at, since={})
    walked.after = open_tasks(moved)
    moved.script_engine = walks._office_engine()
    for task in moved.event_manager.tasks.values():
        walks._set_timer(task, walks.FAR)
    return moved


def engine_at(instant: datetime | None) -> ScriptEngine:
    """Our engine as it answers at an instant; now where none is given."""
    engine = walks._office_engine()
    return ScriptEngine(engine._functions, engine._call, engine._decide, lambda: instant or datetime.now(UTC))


def open_tasks(workflow: BpmnWorkflow) -> list[tuple[str, str]]:
    """(element, id) of every task that a person can finish."""
    ready: list[Any] = workflow.get_tasks(state=walks.TaskState.READY)
    return sorted((task.task_spec.name, task.id.hex) for task in ready if task.task_spec.manual)


def _one(root: etree._Element, rng: random.Random, local: str) -> etree._Element:
    return rng.choice(list(root.iter(tag(local))))


def _set(root: etree._Element, rng: random.Random, local: str, name: str, value: str) -> bool:
    if not list(root.iter(tag(local))):
        return False
    _one(root, rng, local).set(name, value)
    return True


def _above(node: etree._Element) -> etree._Element:
    parent = node.getparent()
    assert parent is not None
    return parent


def _text(node: etree._Element, name: str) -> str:
    return str(node.get(name))


def _plain_waypoints(root: etree._Element) -> bool:
    """The picture is left out: only the order of what is drawn by hand would differ."""
    for node in list(root):
        if isinstance(node.tag, str) and node.tag.endswith("}BPMNDiagram"):
            root.remove(node)
    return True
