"""The engine's steps that differ from SpiffWorkflow's own: operations, decisions, messages, timers, rounds.

Built by ``parsing``; they ask :class:`~engine.workflow.script.ScriptEngine` for everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import _BpmnCondition
from SpiffWorkflow.bpmn.specs.defaults import (
    ParallelMultiInstanceTask,
    SequentialMultiInstanceTask,
    ServiceTask,
)
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import SignalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    CycleTimerEventDefinition,
    DurationTimerEventDefinition,
    TimeDateEventDefinition,
)
from SpiffWorkflow.bpmn.util import BpmnEvent

from engine.workflow.expressions import votes_of
from engine.workflow.script import StepError, TimerError, cycle_of, due_instant, instant_of
from engine.workflow.vocabulary import counts_votes

#: key of a message's payload under which its correlation travels to the runner
CORRELATION = "__correlation__"


class Condition(_BpmnCondition):  # type: ignore[misc]
    """A flow's condition: true or false, nothing that merely looks true."""

    def _matches(self, task: Any) -> bool:
        return bool(task.workflow.script_engine.holds(task, self.args[0]))


class OperationTask(ServiceTask):  # type: ignore[misc]
    """A service task: calls an operation of the catalogue."""

    def __init__(
        self, wf_spec: Any, bpmn_id: str, *, topic: str, parameters: Mapping[str, str], **kwargs: Any
    ) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.topic = topic
        self.parameters = dict(parameters)

    def _execute(self, task: Any) -> bool:
        task.workflow.script_engine.call_operation(task, self.topic, self.parameters)
        return True


class DecisionTask(ServiceTask):  # type: ignore[misc]
    """A business rule task: asks a decision and keeps its outputs.

    Without a result variable the outputs become case data by their own names.
    """

    def __init__(
        self,
        wf_spec: Any,
        bpmn_id: str,
        *,
        decision: str,
        result_variable: str,
        map_result: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.decision = decision
        self.result_variable = result_variable
        self.map_result = map_result

    def _execute(self, task: Any) -> bool:
        outputs = task.workflow.script_engine.decide(task, self.decision)
        if self.result_variable:
            outputs = {self.result_variable: mapped_result(outputs, self.map_result)}
        task.data.update(outputs)
        return True


def mapped_result(outputs: Mapping[str, Any], mapping: str) -> Any:
    """The outputs in the shape that ``camunda:mapDecisionResult`` names; resultList where none is named."""
    columns = [value if isinstance(value, list) else [value] for value in outputs.values()]
    if mapping == "singleEntry":
        return next(iter(outputs.values()), None)
    if mapping == "singleResult":
        return dict(outputs)
    if mapping == "collectEntries":
        return columns[0] if columns else []
    return [dict(zip(outputs, row, strict=True)) for row in zip(*columns, strict=True)]


class CaseMessage(MessageEventDefinition):  # type: ignore[misc]
    """A message between cases: carries only the named data, and always leaves the case.

    BPMN messages pass between participants, so a case never hears itself; the runner delivers it to the case
    that waits for the same name with the same correlation.
    """

    def __init__(
        self, name: str, *, carries: tuple[str, ...] = (), correlate: str = "", **kwargs: Any
    ) -> None:
        super().__init__(name, **kwargs)
        self.carries = carries
        self.correlate = correlate

    def throw(self, my_task: Any) -> None:
        """Hand the message to the runner. Raises StepError where a name that it carries has no value."""
        payload = _carried(my_task, self.carries)
        if self.correlate:
            payload[CORRELATION] = str(my_task.workflow.script_engine.evaluate(my_task, self.correlate))
        my_task.workflow.top_workflow.bpmn_events.append(BpmnEvent(self, payload=payload))


class SignalOfCase(SignalEventDefinition):  # type: ignore[misc]
    """A signal: heard in the case itself, and by every other case that waits for it."""

    def __init__(self, name: str, *, carries: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.carries = carries

    def throw(self, my_task: Any) -> None:
        """Tell this case, then hand the signal to the runner for every other."""
        event = BpmnEvent(self, payload=_carried(my_task, self.carries))
        top = my_task.workflow.top_workflow
        top.event_manager.catch(event, internal=False)
        top.bpmn_events.append(event)


def _carried(my_task: Any, names: tuple[str, ...]) -> dict[str, Any]:
    missing = [name for name in names if name not in my_task.data]
    if missing:
        raise StepError(my_task, KeyError(f"消息要带的数据项还没有：{'、'.join(missing)}"))
    return {name: my_task.data[name] for name in names}


class _DueOnce:
    """When a timer fires: worked out once, when the case arrives, and kept with the waiting task."""

    expression: str

    def has_fired(self, my_task: Any) -> bool:
        engine = my_task.workflow.script_engine
        due = my_task._get_internal_data("event_value")
        if due is None:
            due = _due(my_task, engine.evaluate(my_task, self.expression), engine.now()).isoformat()
            my_task._set_internal_data(event_value=due)
        if instant_of(due) <= engine.now():
            my_task._set_internal_data(event_fired=True)
        return bool(my_task._get_internal_data("event_fired", False))


def _due(my_task: Any, value: object, now: datetime) -> datetime:
    try:
        return due_instant(value, now)
    except TimerError as error:
        raise StepError(my_task, error) from error


class DateTimer(_DueOnce, TimeDateEventDefinition):  # type: ignore[misc]
    """A timer with a day or an instant."""


class DurationTimer(_DueOnce, DurationTimerEventDefinition):  # type: ignore[misc]
    """A timer with a duration; a day is understood as well, since ``after_workdays`` gives one."""


class CycleTimer(CycleTimerEventDefinition):  # type: ignore[misc]
    """A timer that fires several times, by the office's clock. ``checks`` refuses it in published diagrams."""

    def cycle_complete(self, my_task: Any) -> bool:
        """Whether the timer fires now; counts it off."""
        engine = my_task.workflow.script_engine
        state = my_task._get_internal_data("event_value")
        if state is None:
            state = self._first(my_task, engine.evaluate(my_task, self.expression), engine.now())
        fires = False
        if state["cycles"] == 0:
            my_task.internal_data["event_fired"] = True
        elif instant_of(state["next"]) <= engine.now():
            following = instant_of(state["next"]) + timedelta(seconds=state["duration"])
            state = {**state, "next": following.isoformat(), "cycles": state["cycles"] - 1}
            fires = True
        my_task._set_internal_data(event_value=state)
        return fires

    @staticmethod
    def _first(my_task: Any, value: object, now: datetime) -> dict[str, Any]:
        try:
            times, first, interval = cycle_of(value, now)
        except TimerError as error:
            raise StepError(my_task, error) from error
        return {"cycles": times, "next": first.isoformat(), "duration": interval.total_seconds()}


class _Round:
    """What the library's rounds leave undone: a clear refusal of a missing list, entries that do not leak, and votes.

    The library refuses a round whose entry name is already case data, and itself leaves it there after each
    round: every second round of a loop, and every second entry of a sequential round, would fail. Finished
    rounds are forgotten (``pruning``), so what a completion condition counts is kept with the step.
    """

    data_input: Any
    input_item: Any
    condition: Any
    bpmn_id: Any
    task_spec: Any

    def _update_hook(self, my_task: Any) -> Any:
        at_once = super()._update_hook(my_task)  # type: ignore[misc]
        if at_once:
            self._keep_result(my_task)
        return at_once

    def create_child(self, my_task: Any, item: Any, key_or_index: Any = None) -> None:
        self._forget_entry(my_task)
        super().create_child(my_task, item, key_or_index)  # type: ignore[misc]

    def merge_child(self, workflow: Any, child: Any) -> None:
        step = child.parent
        for field in _counted(self.condition):
            step.internal_data.setdefault("votes", {}).setdefault(field, []).append(child.data.get(field))
        super().merge_child(workflow, child)  # type: ignore[misc]
        self._forget_entry(step)
        # asked again: the library does not ask after the last of a sequence
        self._keep_result(step)

    def check_completion_condition(self, my_task: Any) -> bool:
        """Whether enough rounds are done."""
        done = my_task.internal_data.get("merged")
        if self.condition is None or not done:
            return False
        last = next(child for child in my_task.children if str(child.id) == done[-1])
        given, total = my_task.internal_data.get("votes", {}), my_task.internal_data["instances"]
        counts = {
            "nrOfInstances": total,
            "nrOfCompletedInstances": len(done),
            "nrOfActiveInstances": self.active(my_task),
        }
        passed: bool = my_task.workflow.script_engine.passes(
            last, self.condition, counts, lambda field, value: given.get(field, []).count(value)
        )
        return passed

    def active(self, my_task: Any) -> int:
        """How many rounds are under way."""
        raise NotImplementedError

    def check_list(self, my_task: Any) -> None:
        """Refuse a round over anything but a list or a table, in words."""
        if self.data_input is not None and not isinstance(self.data_input.get(my_task), list | dict):
            raise StepError(my_task, TypeError(f"多实例要逐项处理的“{self.data_input.bpmn_id}”不是列表"))

    def _keep_result(self, my_task: Any) -> None:
        """Keep in the case's data whether people who were asked to vote have passed it."""
        if counts_votes(self.condition or "") and my_task.workflow.spec.task_specs[self.task_spec].manual:
            my_task.data[f"{self.bpmn_id}_passed"] = self.check_completion_condition(my_task)

    def _forget_entry(self, my_task: Any) -> None:
        if self.input_item is not None:
            my_task.data.pop(self.input_item.bpmn_id, None)


def _counted(condition: str | None) -> frozenset[str]:
    """The fields whose values a completion condition counts."""
    return frozenset(field for field, _ in votes_of(condition or "true"))


class ParallelRound(_Round, ParallelMultiInstanceTask):  # type: ignore[misc]
    """One step done for every entry at the same time."""

    def create_children(self, my_task: Any) -> None:
        """Open one task for every entry. Raises StepError where there is no list."""
        self.check_list(my_task)
        super().create_children(my_task)
        my_task.internal_data["instances"] = len(list(self._instances(my_task)))

    def active(self, my_task: Any) -> int:
        """Those that are not done yet."""
        return int(my_task.internal_data["instances"]) - len(my_task.internal_data["merged"])


class SequentialRound(_Round, SequentialMultiInstanceTask):  # type: ignore[misc]
    """One step done for every entry, one after another."""

    def init_remaining_items(self, my_task: Any) -> Any:
        """The places still to go through. Raises StepError where there is no list."""
        self.check_list(my_task)
        remaining = super().init_remaining_items(my_task)
        my_task.internal_data["instances"] = len(remaining)
        return remaining

    def add_next_child(self, my_task: Any) -> None:
        """Open the next round."""
        my_task.internal_data.setdefault("instances", my_task.internal_data.get("cardinality"))
        super().add_next_child(my_task)

    def active(self, my_task: Any) -> int:
        """One at a time; none when the last is just done."""
        return int(len(my_task.internal_data["merged"]) < my_task.internal_data["instances"])
