"""Whether a case can move to another version: what is alive in it, held against the new diagram.

Only live steps bind: open tasks, waiting events, joins with branches that have arrived, rounds and
sub-processes under way. Called by ``migration``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, _EndJoin
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent, EventBasedGateway
from SpiffWorkflow.bpmn.specs.mixins.parallel_gateway import ParallelGateway
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.values import CHINA, Reason
from engine.workflow.sidecar import due_of
from engine.workflow.versions import Published
from engine.workflow.vocabulary import KIND_NAMES, PEOPLE_TASKS, Element

_LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


class Judge:
    """Collects why a case cannot move, and what people should know when it can."""

    def __init__(self, old: Published, new: Published) -> None:
        self.refusals: list[Reason] = []
        self.notices: list[Reason] = []
        self._old, self._new = old, new
        self._before, self._after = old.blueprint.elements, new.blueprint.elements

    def look(self, part: Any, spec: Any) -> None:
        """Judge the case or one of its sub-processes; `spec` is what it would move to, None if there is none."""
        if spec is None:
            self._refuse(part.spec.name, "scope_removed", f"正在办理的子流程“{part.spec.name}”在新版里没有了")
            return
        live = [task for task in part.tasks.values() if task.has_state(_LIVE)]
        for task in live:
            self._look_at(task, spec)
        self._look_at_added_events(live)
        self._look_for_starved_joins(part, spec, live)

    def _look_at(self, task: Task, spec: Any) -> None:
        own = task.task_spec
        element = self._before.get(str(own.bpmn_id or ""))
        if isinstance(own, BoundaryEventJoin | _EndJoin) or element is None:
            return
        later = self._after.get(element.id)
        if isinstance(own, BoundaryEvent):
            self._look_at_boundary(task, element, later)
            return
        why = _cannot(element, later, own, spec.task_specs.get(own.name))
        if why or later is None:
            self._refuse(element.id, *why)
            return
        if element.kind in PEOPLE_TASKS:
            self._look_at_open_task(element, later)
        self._look_at_wait(task, element, later)

    def _look_at_open_task(self, element: Element, later: Element) -> None:
        label = _label(element)
        if (element.duty or "") != (later.duty or ""):
            self._note(
                element.id,
                "duty_changed",
                f"{label}由{_hand(element)}改由{_hand(later)}办理，已签收的退回待签收，草稿保留",
            )
        if element.form != later.form:
            self._note(element.id, "form_changed", f"{label}改用表单“{later.form or '无'}”，草稿保留")
        elif self._old.forms.get(element.form) != self._new.forms.get(later.form):
            self._note(element.id, "form_changed", f"{label}的表单内容有变，草稿保留")
        if element.due != later.due:
            self._note(element.id, "due_changed", f"{label}的办理期限算法有变，此案仍按原期限")
        if element.control != later.control:
            self._note(element.id, "control_changed", f"{label}承担的控制环节有变")
        if element.different_person_from != later.different_person_from:
            self._note(element.id, "hands_changed", f"{label}须由不同人办理的环节有变，从换版起按新版")

    def _look_at_wait(self, task: Task, element: Element, later: Element) -> None:
        """Waiting for a message or for a time."""
        label = _label(element)
        if element.message != later.message:
            self._note(
                element.id, "message_changed", f"{label}不再等待“{element.message}”，改等“{later.message}”"
            )
        if element.correlate != later.correlate:
            self._note(element.id, "correlate_changed", f"{label}的对应编号算法有变，此案仍用原编号")
        if element.timer != later.timer:
            self._note(element.id, "timer_changed", f"{label}的时间有变，此案仍于{_due(task)}到期")

    def _look_at_boundary(self, task: Task, element: Element, later: Element | None) -> None:
        label = _label(element)
        if later is None or not keeps_waiting(element, later):
            due = f"（原定{_due(task)}到期）" if due_of(task) else ""
            self._note(element.id, "event_removed", f"{label}在新版里没有了，不再等待{due}")
            return
        self._look_at_wait(task, element, later)
        if element.interrupting != later.interrupting:
            effect = "会终止所附的任务" if later.interrupting else "不再终止所附的任务"
            self._note(element.id, "event_changed", f"{label}发生时{effect}")

    def _look_at_added_events(self, live: Iterable[Task]) -> None:
        """Boundary events that the new version puts on an activity that is running."""
        running = {
            str(task.task_spec.bpmn_id) for task in live if not isinstance(task.task_spec, BoundaryEvent)
        }
        for later in self._after.values():
            if later.attached_to not in running or keeps_waiting(self._before.get(later.id), later):
                continue
            activity = self._after[later.attached_to]
            if later.event == "timer" and "(" in later.timer:
                how = "期限从任务产生之日算起，已过的将立即到期"
            else:
                how = "从换版时起算" if later.event == "timer" else "从换版时起等待"
            self._note(later.id, "event_added", f"{_label(activity)}新增{_label(later)}，{how}")

    def _look_for_starved_joins(self, part: Any, spec: Any, live: list[Task]) -> None:
        """Refuse where a parallel join ahead would wait for a branch that this case never entered."""
        pending = [
            task
            for task in live
            if isinstance(task.task_spec, UnstructuredJoin) and not isinstance(task.task_spec, _EndJoin)
        ]
        for join in {task.task_spec.name for task in pending}:
            before, after = _inputs(part.spec, join), _inputs(spec, join)
            if after and before != after:
                label = self._name(join)
                self._refuse(join, "join_changed", f"{label}已有分支到达，新版改变了它的来路")
        arrived = _arrived(part)
        already = _starved(part.spec, live, arrived)
        for join, missing in sorted(_starved(spec, live, arrived).items()):
            if join not in already:
                lacking = "、".join(self._name(name) for name in sorted(missing))
                self._refuse(join, "join_starved", f"{self._name(join)}要等{lacking}，而此案不会再经过那里")

    def _name(self, own: str) -> str:
        element = self._after.get(own) or self._before.get(own)
        return _label(element) if element else f"“{own}”"

    def _refuse(self, own: str, code: str = "", text: str = "") -> None:
        self.refusals.append(Reason(code=code, text=text, text_en=_ENGLISH[code].format(own), fact=own))

    def _note(self, own: str, code: str, text: str) -> None:
        self.notices.append(Reason(code=code, text=text, text_en=_ENGLISH[code].format(own), fact=own))


_ENGLISH = {
    "scope_removed": "The sub-process {} is under way and is gone.",
    "step_removed": "{} is open and is gone.",
    "kind_changed": "{} is open and has become another kind of step.",
    "step_moved": "{} is open and stands in another sub-process.",
    "round_changed": "{} is under way and its rounds differ.",
    "wait_changed": "{} waits for another kind of event.",
    "call_changed": "{} is under way and calls another process.",
    "step_unreachable": "{} is open and no flow leads to it.",
    "choices_changed": "{} waits and the events behind it differ.",
    "join_changed": "Branches have arrived at {} and its incoming flows differ.",
    "join_starved": "{} would wait for a branch that the case never entered.",
    "duty_changed": "{} goes to another duty; a claim on it is released, its draft kept.",
    "form_changed": "{} has another form; its draft is kept.",
    "due_changed": "The due day of {} is worked out otherwise; this case keeps its own.",
    "control_changed": "{} carries out another control.",
    "hands_changed": "{} must be done by another person than other steps.",
    "message_changed": "{} waits for another message.",
    "correlate_changed": "{} is paired otherwise; this case keeps its number.",
    "timer_changed": "The time of {} differs; this case keeps its own.",
    "event_removed": "{} is gone and no longer waits.",
    "event_changed": "{} interrupts or no longer does.",
    "event_added": "{} is added to a running step.",
}


def keeps_waiting(element: Element | None, later: Element | None) -> bool:
    """Whether a boundary event of the old version is the same one in the new: place and kind of event."""
    return (
        element is not None
        and later is not None
        and element.kind == later.kind == "boundaryEvent"
        and (element.attached_to, element.event) == (later.attached_to, later.event)
    )


def _cannot(element: Element, later: Element | None, own: Any, found: Any) -> tuple[str, str] | tuple[()]:
    """(code, sentence) of why a live step cannot stay alive in the new version; empty where it can."""
    if later is None:
        return "step_removed", f"{_label(element)}正在办理，新版删去了它"
    return _other_facts(element, later) or _other_step(_label(element), own, found)


def _other_facts(element: Element, later: Element) -> tuple[str, str] | tuple[()]:
    label = _label(element)
    if element.kind != later.kind:
        return "kind_changed", f"{label}正在办理，新版把它由{_kind(element)}改成了{_kind(later)}"
    if element.scope != later.scope:
        return "step_moved", f"{label}正在办理，新版把它移到了另一个子流程"
    if element.multi_instance != later.multi_instance:
        return "round_changed", f"{label}正在办理，新版改变了它的多实例设置"
    if element.event != later.event:
        return "wait_changed", f"{label}正在等待，新版改等另一类事件"
    if element.called != later.called:
        return "call_changed", f"{label}正在办理，新版改为调用“{later.called}”"
    return ()


def _other_step(label: str, own: Any, found: Any) -> tuple[str, str] | tuple[()]:
    if found is None:
        return "step_unreachable", f"{label}正在办理，新版里没有连线通到它"
    if type(own) is not type(found):
        return "round_changed", f"{label}正在办理，新版改变了它的循环设置"
    if isinstance(own, EventBasedGateway) and _choices(own) != _choices(found):
        return "choices_changed", f"{label}正在等待，新版改变了它后面的事件"
    return ()


def _choices(gateway: Any) -> list[tuple[str, str, str]]:
    """What an event gateway waits for."""
    definitions = gateway.event_definition.event_definitions
    return sorted(
        (out.name, type(definition).__name__, str(definition.name))
        for out, definition in zip(gateway.outputs, definitions, strict=True)
    )


def _inputs(spec: Any, name: str) -> set[str]:
    found = spec.task_specs.get(name)
    return {source.name for source in found.inputs} if found else set()


def _arrived(part: Any) -> set[tuple[str, str]]:
    """(join, step) of every branch that has come to a join and is not joined yet."""
    joins = {task.task_spec.name for task in part.tasks.values() if task.state == TaskState.WAITING}
    return {
        (task.task_spec.name, task.parent.task_spec.name)
        for task in part.tasks.values()
        if task.task_spec.name in joins
        and isinstance(task.task_spec, UnstructuredJoin)
        and task.parent is not None
        and task.parent.state == TaskState.COMPLETED
    }


def _starved(spec: Any, live: Iterable[Task], arrived: set[tuple[str, str]]) -> dict[str, set[str]]:
    """The parallel joins that the live steps can reach, each with the steps before it that they cannot."""
    reached = _ahead(spec, {task.task_spec.name for task in live})
    found = {}
    for join in spec.task_specs.values():
        if not isinstance(join, ParallelGateway) or join.name not in reached:
            continue
        missing = {
            source.name
            for source in join.inputs
            if source.name not in reached and (join.name, source.name) not in arrived
        }
        if missing:
            found[join.name] = missing
    return found


def _ahead(spec: Any, names: set[str]) -> set[str]:
    """The steps that a token on one of these can come to, these included, with events attached to them."""
    reached: set[str] = set()
    waiting = [*names, *(f"{name}.BoundaryEventSplit" for name in names)]
    while waiting:
        found = spec.task_specs.get(waiting.pop())
        if found is not None and found.name not in reached:
            reached.add(found.name)
            waiting += [after.name for after in found.outputs]
    return reached


def _label(element: Element) -> str:
    return f"“{element.name}”（{element.id}）" if element.name else f"“{element.id}”"


def _kind(element: Element) -> str:
    return KIND_NAMES.get(element.kind, element.kind)


def _hand(element: Element) -> str:
    return f"“{element.duty_name or '未定岗位'}”"


def _due(task: Task) -> str:
    due = due_of(task)
    return f"{due.astimezone(CHINA):%Y-%m-%d %H:%M}" if due else "原定时间"
