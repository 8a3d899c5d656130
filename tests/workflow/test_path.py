"""Which way a case took, told from its history, against the engine's own tree of what it did."""

from __future__ import annotations

import random

import pytest
from drawings import END, NAMES, START, chain, flow, process, user
from random_drawings import random_diagram
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.workflow.codec import connect_loops
from engine.workflow.drawing import draw
from engine.workflow.path import ahead, taken
from engine.workflow.play import nets_of
from engine.workflow.reader import Blueprint, Names, definitions_of, read_process, read_xml
from engine.workflow.script import ScriptEngine
from engine.workflow.soundness import Bounds, judge_soundness
from engine.workflow.stepping import _TOLD

SEEDS = range(400)
NOW = TaskState.COMPLETED | TaskState.READY | TaskState.STARTED | TaskState.WAITING


def walked(blueprint: Blueprint, rng: random.Random) -> tuple[list[str], set[str]]:
    """The told elements in order, open ones last, and the flows that the engine went along."""
    engine = ScriptEngine({}, lambda *_: {}, lambda *_: {}, lambda: None)  # type: ignore[arg-type,return-value]
    connect_loops(blueprint.spec, *blueprint.subprocess_specs.values())
    workflow = BpmnWorkflow(blueprint.spec, dict(blueprint.subprocess_specs), script_engine=engine)
    told: list[str] = []

    def tell(task: Task) -> None:
        element = blueprint.elements.get(str(task.task_spec.bpmn_id or ""))
        if element and element.kind in _TOLD:
            told.append(element.id)

    def fate() -> dict[str, int]:
        return {"way": rng.randrange(3), "again": rng.randrange(2)}

    for task in workflow.get_tasks(state=TaskState.READY):
        task.data.update(fate())
    for _ in range(rng.randrange(1, 14)):
        workflow.do_engine_steps(did_complete_task=tell)
        waiting = workflow.get_tasks(state=TaskState.READY, manual=True)
        if not waiting:
            break
        task = rng.choice(waiting)
        task.data.update(fate())
        told.append(str(task.task_spec.bpmn_id))
        task.run()
    workflow.do_engine_steps(did_complete_task=tell)
    told += [str(task.task_spec.bpmn_id) for task in workflow.get_tasks(state=TaskState.READY, manual=True)]
    parts = (workflow, *workflow.subprocesses.values())
    between = {(_drawn_before(task, blueprint), str(task.task_spec.bpmn_id)) for part in parts
               for task in part.get_tasks(state=NOW | TaskState.CANCELLED) if _came(task, blueprint)}  # fmt: skip
    return told, {each.id for each in blueprint.flows if (each.source, each.target) in between}


def _sound(data: bytes) -> bool:
    nets = nets_of(draw(definitions_of(read_xml(data))), NAMES)
    return not any(judge_soundness(net, Bounds()) for net in nets.values())


def _came(task: Task, blueprint: Blueprint) -> bool:
    """Whether a token came to it; of those that meet at a join, the engine goes on with one and cancels the rest."""
    element = blueprint.elements.get(str(task.task_spec.bpmn_id))
    return task.state != TaskState.CANCELLED or bool(element and element.kind == "parallelGateway")


def _drawn_before(task: Task, blueprint: Blueprint) -> str:
    """The nearest drawn element before the task."""
    before = task.parent
    while before is not None and str(before.task_spec.bpmn_id) not in blueprint.elements:
        before = before.parent
    return str(before.task_spec.bpmn_id) if before else ""


@pytest.mark.req("FLOW-07")
def test_no_flow_is_said_to_be_taken_that_was_not_and_few_that_were_are_missed() -> None:
    said = went = 0
    for seed in SEEDS:
        rng = random.Random(seed)
        data = random_diagram(rng)
        if not _sound(data):
            continue  # nobody can publish it
        blueprint = read_process(data, names=Names.any())
        try:
            told, actual = walked(blueprint, rng)
        except RecursionError:
            continue  # the library looks ahead too far to run it at all
        found = taken(blueprint, told)

        assert found <= actual, f"seed {seed}: {sorted(found - actual)} of {told}"
        said, went = said + len(found), went + len(actual)
    print(f"{said} of {went} flows told")
    assert said > 0.96 * went > 500


@pytest.mark.req("FLOW-07")
def test_a_join_shows_that_every_branch_came_and_a_choice_shows_one() -> None:
    fork = '<parallelGateway id="f"/><parallelGateway id="j"/><exclusiveGateway id="x" default="x_b2"/><exclusiveGateway id="m"/>'
    body = START + END + fork + "".join(user(own) for own in ("a", "b1", "b2", "z"))
    body += (
        chain("s", "f", "a", "j", "z", "e")
        + chain("f", "x", "b2", "m", "j")
        + flow("x", "b1", "way == 1")
        + flow("b1", "m")
    )
    blueprint = read_process(process(body), names=Names.any())

    begun = taken(blueprint, ["a", "b2"])
    joined = taken(blueprint, ["b2", "a", "z"])

    assert begun == {"s_f", "f_a", "f_x", "x_b2"}
    assert joined == {"s_f", "f_a", "f_x", "x_b2", "b2_m", "m_j", "a_j", "j_z"}


@pytest.mark.req("FLOW-07")
def test_what_comes_next_is_told_with_what_has_to_be_decided() -> None:
    named = '<sequenceFlow id="yes" name="同意" sourceRef="x" targetRef="t"><conditionExpression>ok</conditionExpression></sequenceFlow><sequenceFlow id="no" name="退回" sourceRef="x" targetRef="a"/>'
    body = (
        START
        + END
        + user("a")
        + '<exclusiveGateway id="x" default="no"/><serviceTask id="t" name="付款" camunda:topic="op"/>'
    )
    blueprint = read_process(
        process(body + chain("s", "a", "x") + chain("t", "e") + named), names=Names.any()
    )

    ways = {(way.words, way.automatic, way.to.id) for way in ahead(blueprint, "a")}

    assert ways == {(("同意",), ("付款",), "e"), (("退回",), (), "a")}
