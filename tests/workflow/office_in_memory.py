"""A case of a diagram in memory, with a clock that is told the time and operations that answer from a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from drawings import NAMES, between, process
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.workflow.reader import Blueprint, read_process
from engine.workflow.script import ScriptEngine

MONDAY = datetime(2026, 12, 7, 1, 0, tzinfo=UTC)


class Office:
    """One case of a diagram in memory, with a clock and operations that answer from a table."""

    def __init__(
        self, data: bytes, answers: Mapping[str, Mapping[str, Any]] | None = None, **known: Any
    ) -> None:
        self.now = MONDAY
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.answers = answers or {}
        self.blueprint = data if isinstance(data, Blueprint) else read_process(data, names=NAMES)
        functions = {"after_workdays": lambda days: f"2026-12-{7 + days:02d}", "today": lambda: "2026-12-07"}
        engine = ScriptEngine(functions=functions, call=self._call, decide=self._call, now=lambda: self.now)
        self.case = BpmnWorkflow(self.blueprint.spec, self.blueprint.subprocess_specs, script_engine=engine)
        for task in self.case.get_tasks(state=TaskState.READY):
            task.data.update(known)
        self.case.do_engine_steps()

    def _call(self, name: str, data: dict[str, Any]) -> Mapping[str, Any]:
        self.called.append((name, data))
        return self.answers.get(name, {})

    @property
    def open(self) -> list[str]:
        """Elements that wait for a person."""
        return sorted(
            str(t.task_spec.bpmn_id) for t in self.case.get_tasks(state=TaskState.READY, manual=True)
        )

    def complete(self, element: str, **entered: Any) -> None:
        """Finish the element's first open task."""
        task = next(
            t
            for t in self.case.get_tasks(state=TaskState.READY, manual=True)
            if t.task_spec.bpmn_id == element
        )
        task.data.update(entered)
        task.run()
        self.case.do_engine_steps()

    def wait(self, **time: int) -> None:
        """Let time pass and fire what is due."""
        self.now += timedelta(**time)
        self.case.refresh_timers()
        self.case.do_engine_steps()

    def due(self, element: str) -> datetime:
        """When the element's timer fires."""
        task = next(t for t in self.case.event_manager.tasks.values() if t.task_spec.bpmn_id == element)
        return datetime.fromisoformat(task.internal_data["event_value"])

    @property
    def data(self) -> dict[str, Any]:
        """Data of the case where it ended."""
        assert self.case.is_completed()
        return dict(self.case.last_task.data)


def timer(text: str, part: str = "timeDuration") -> str:
    """A timer definition."""
    return f"<timerEventDefinition><{part}>{text}</{part}></timerEventDefinition>"


def waiting(text: str, part: str = "timeDuration") -> bytes:
    """A diagram that only waits for the time."""
    return process(between(f'<intermediateCatchEvent id="x">{timer(text, part)}</intermediateCatchEvent>'))


def properties(**values: str) -> str:
    """Extension elements with camunda properties."""
    inside = "".join(f'<camunda:property name="{name}" value="{value}"/>' for name, value in values.items())
    return f"<extensionElements><camunda:properties>{inside}</camunda:properties></extensionElements>"
