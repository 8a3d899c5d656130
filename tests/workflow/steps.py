"""Small steps through our own test diagrams, for the tests of the stored state."""

from __future__ import annotations

from pathlib import Path

from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState
from walks import Model, plain_models, stored

DIAGRAMS = Path(__file__).parent / "diagrams"


def model(name: str, process: str = "") -> Model:
    """One of our own diagrams; the first process of the file where none is named."""
    models = plain_models((DIAGRAMS / f"{name}.bpmn").read_bytes(), name)
    return next(found for found in models if found.name.endswith(f"#{process}") or not process)


def started(name: str, process: str = "", **data: object) -> BpmnWorkflow:
    """A case of one of our own diagrams that has run until it waits."""
    chosen = model(name, process)
    spec, subprocess_specs = chosen.parse()
    workflow = BpmnWorkflow(spec, subprocess_specs, script_engine=chosen.engine())
    workflow.task_tree.data.update(data)
    workflow.do_engine_steps()
    return workflow


def again(workflow: BpmnWorkflow, name: str, process: str = "") -> BpmnWorkflow:
    """The case as another program would read it: stored, and put on a diagram parsed anew."""
    return stored(workflow, model(name, process))


def open_tasks(workflow: BpmnWorkflow) -> list[str]:
    """The elements that a person can finish now."""
    ready = workflow.get_tasks(state=TaskState.READY)
    return sorted(task.task_spec.name for task in ready if task.task_spec.manual)


def finish(workflow: BpmnWorkflow, element: str, **data: object) -> None:
    """Finish the first open task of the element."""
    task = next(task for task in workflow.get_tasks(state=TaskState.READY, spec_name=element))
    task.data.update(data)
    task.run()
    workflow.do_engine_steps()


def send(workflow: BpmnWorkflow, message: str) -> None:
    """Deliver a message to whoever awaits it."""
    for task in list(workflow.event_manager.tasks.values()):
        definition = task.task_spec.event_definition
        for awaited in getattr(definition, "event_definitions", [definition]):
            if awaited.name == message:
                workflow.catch(BpmnEvent(awaited, {message: "here"}))
                workflow.do_engine_steps()
                return
    raise AssertionError(f"nobody awaits {message}")
