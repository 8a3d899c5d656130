"""A case that lives for years: its state stays small, and it is never lost from sight."""

from __future__ import annotations

from pathlib import Path

import pytest
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from walks import Model, plain_models

from engine.workflow.codec import TooDeepError, decode, encode, prune

ROUNDS = 2_000
FORM = {f"字段{number}": f"经办人录入的第{number}项内容" for number in range(40)}


def _model(name: str) -> Model:
    path = Path(__file__).parent / "diagrams" / f"{name}.bpmn"
    return plain_models(path.read_bytes(), path.name)[0]


def _started(model: Model) -> BpmnWorkflow:
    spec, subprocess_specs = model.parse()
    workflow = BpmnWorkflow(spec, subprocess_specs, script_engine=model.engine())
    workflow.task_tree.data.update(month_number=0, rounds=0, opinion="no", more_months="yes", 表单=FORM)
    workflow.do_engine_steps()
    return workflow


def _confirmation(workflow: BpmnWorkflow) -> Task | None:
    tasks = workflow.get_tasks(state=TaskState.READY, spec_name="confirm_month")
    assert len(tasks) <= 1
    return tasks[0] if tasks else None


@pytest.mark.slow
@pytest.mark.req("FLOW-01", "CLAIM-04")
@pytest.mark.parametrize("name", ["monthly", "loop-beside-waiting"])
def test_monthly_case_stays_small_and_alive_for_two_thousand_months(name: str) -> None:
    model = _model(name)
    spec, subprocess_specs = model.parse()
    workflow = _started(model)
    sizes = []

    for month in range(ROUNDS):
        prune(workflow)
        state = encode(workflow)
        sizes.append(len(state))
        workflow = decode(state, spec, subprocess_specs, model.engine())
        task = _confirmation(workflow)
        assert task is not None, f"lost from sight in month {month}"
        assert task.data["month_number"] == month
        task.run()
        workflow.do_engine_steps()
        assert not workflow.is_completed()

    # the first state lacks what a round leaves behind; from then on only digits change
    assert max(sizes[1:]) - min(sizes[1:]) < 80, (min(sizes), max(sizes))
    assert max(sizes) < 2_500
    assert len(workflow.tasks) < 40


@pytest.mark.req("FLOW-01")
def test_case_ends_properly_after_many_rounds() -> None:
    model = _model("loop-beside-waiting")
    spec, subprocess_specs = model.parse()
    workflow = _started(model)

    for month in range(400):
        prune(workflow)
        workflow = decode(encode(workflow), spec, subprocess_specs, model.engine())
        task = _confirmation(workflow)
        assert task is not None
        task.data["more_months"] = "no" if month == 399 else "yes"
        task.data["months_confirmed"] = month + 1
        task.run()
        workflow.do_engine_steps()
    awaiting = next(task for task in workflow.event_manager.tasks.values())
    workflow.catch(BpmnEvent(awaiting.task_spec.event_definition, {}))
    workflow.do_engine_steps()
    stop = workflow.get_next_task(state=TaskState.READY, spec_name="stop_payment")
    stop.data["employer"] = "某公司"
    stop.run()
    workflow.do_engine_steps()

    assert workflow.is_completed()
    assert workflow.data["months_confirmed"] == 400
    # the branch that arrives last brings its own, old copy of what both know: the library's rule
    assert workflow.data["month_number"] == 0
    assert workflow.data["employer"] == "某公司"


@pytest.mark.slow
def test_without_pruning_the_library_loses_a_living_case_without_a_word() -> None:
    """Why pruning is no mere saving: SpiffWorkflow does not look deeper than 1,000 steps.

    The step is open, yet nobody is shown it, and the case calls itself completed.
    """
    workflow = _started(_model("sequence"))

    rounds = 0
    while tasks := workflow.get_tasks(state=TaskState.READY, manual=True):
        tasks[0].run()
        workflow.do_engine_steps()
        rounds += 1
        assert rounds < 1_000, "the library sees deeper now; the guard in the codec may go"

    still_open = [task for task in workflow.tasks.values() if task.has_state(TaskState.READY)]
    assert len(still_open) == 1
    assert still_open[0].depth > 1_000
    assert workflow.is_completed()


@pytest.mark.slow
def test_codec_refuses_such_a_case_before_it_is_lost() -> None:
    workflow = _started(_model("monthly"))

    with pytest.raises(TooDeepError) as refusal:
        while True:
            task = _confirmation(workflow)
            assert task is not None, "lost before it was refused"
            task.run()
            workflow.do_engine_steps()
            encode(workflow)

    assert refusal.value.element == "confirm_month"
