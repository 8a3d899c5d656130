"""One step of one case while it runs: what it asks, what it tells, and how it fails.

The parts of the runner that hold no transaction; called by ``runner`` only, which also hands on the names
that use-cases catch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import orjson
from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import (
    ErrorEventDefinition,
    EscalationEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy.exc import DBAPIError

from engine.values import Actor, CaseRef, Reason, RefusedError
from engine.workflow import codec
from engine.workflow.facts_of_data import deciding_fact
from engine.workflow.script import ScriptEngine
from engine.workflow.sidecar import Sidecar, element_of
from engine.workflow.specs import CORRELATION
from engine.workflow.tables import WorkflowHistory
from engine.workflow.versions import Published
from engine.workflow.vocabulary import Element, Names
from engine.workflow.whereabouts import is_round

#: kinds of element that leave a history row of their own when they pass, and its kind
_TOLD = {
    "serviceTask": "operation",
    "businessRuleTask": "decided",
    "sendTask": "sent",
    "intermediateThrowEvent": "sent",
    "intermediateCatchEvent": "passed",
    "receiveTask": "message",
    "boundaryEvent": "passed",
    "endEvent": "ended",
}
#: kinds of history row that are somebody's act, not the system's
_BY_SOMEBODY = frozenset({"started", "completed", "cancelled", "returned", "recalled", "paused", "resumed"})


class Around(Protocol):
    """What a step may ask of the office around it."""

    @property
    def now(self) -> datetime:
        """The instant of the step."""

    @property
    def actor(self) -> Actor:
        """Who acts."""

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """The functions that expressions may call."""

    def call(self, operation: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry out an operation of the catalogue; what it provides is merged into the case's data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thrown:
    """A message or signal that left the case; the caller delivers it."""

    #: ``message`` or ``signal``
    kind: str
    name: str
    correlation: str
    payload: Mapping[str, Any]
    #: unique: a redelivery has the same key
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """What a step did."""

    case: CaseRef
    #: running, completed or cancelled
    status: str
    #: end event reached, empty while running
    ended_in: str
    thrown: tuple[Thrown, ...]


class StaleCaseError(Exception):
    """Another step changed the case since it was read; read it again and retry."""

    retryable = True


class TaskClosedError(Exception):
    """The task no longer waits: somebody completed it, or the case went another way."""

    retryable = False

    def __init__(self, task_id: str, *, name: str = "", by: str = "", at: datetime | None = None) -> None:
        self.task_id, self.name, self.by, self.at = task_id, name, by, at
        super().__init__(f"任务已不在待办：{name or task_id}")


class PausedError(Exception):
    """The case is paused (挂起): nothing moves it until it is resumed."""

    retryable = True

    def __init__(self, case_key: str, *, since: datetime) -> None:
        self.case_key, self.since = case_key, since
        super().__init__(f"案件 {case_key} 已挂起，恢复后才能继续办理")


class StepFailedError(Exception):
    """A step could not be carried out; nothing of it is kept."""

    def __init__(self, element_id: str, cause: BaseException) -> None:
        self.element_id = element_id
        self.cause = cause
        self.retryable = bool(getattr(cause, "retryable", False))
        super().__init__(f"环节 {element_id} 未能完成：{cause}")


class UncaughtError(Exception):
    """A case threw an error that none of its boundary events catches."""

    retryable = False


class NotWaitingError(Exception):
    """No case waits for the message."""

    retryable = True


class AmbiguousMessageError(Exception):
    """More than one case waits for the message; it needs a correlation that tells them apart."""

    retryable = False


@dataclass(slots=True)
class Live:
    """A case in memory while its step runs."""

    ref: CaseRef
    version: Published
    around: Around
    revision: int
    workflow: BpmnWorkflow
    before: Sidecar
    #: ids of all duties that there are
    duties: frozenset[str]
    #: what the operation or decision that just ran gave
    provided: dict[str, Any] = field(default_factory=dict)
    history: list[WorkflowHistory] = field(default_factory=list)
    ended_in: str = ""
    #: task id → actor key of who is to have a new task at once
    assigned: dict[str, str] = field(default_factory=dict)
    #: since when nothing may move it
    paused_at: datetime | None = None


def engine_of(live: Live) -> ScriptEngine:
    """What the diagram asks while this case runs: the office's operations, decisions, functions and time."""

    def call(operation: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        live.provided = dict(live.around.call(operation, data))
        return live.provided

    def decide(decision: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        live.provided = dict(live.version.decisions[decision].decide(data, live.around.functions))
        return live.provided

    return ScriptEngine(
        functions=live.around.functions, call=call, decide=decide, now=lambda: live.around.now
    )


def tell(live: Live, task: Task) -> None:
    """History row of an engine task that passed."""
    element = element_of(live.version.blueprint, task)
    kind = _TOLD.get(element.kind) if element else None
    if element is None or kind is None:
        return
    if kind == "ended" and task.workflow is live.workflow:
        live.ended_in = element.id
    outcome, live.provided = live.provided, {}
    live.history.append(told(live, kind, element.id, element.name, outcome))


def told(live: Live, kind: str, element_id: str, name: str, outcome: Mapping[str, Any]) -> WorkflowHistory:
    """A history row of this step, not yet in the session."""
    by = live.around.actor.key if kind in _BY_SOMEBODY else "system:0"
    return WorkflowHistory(
        case_id=live.ref.id,
        element_id=element_id,
        name=name or element_id,
        kind=kind,
        actor=by,
        duty="",
        control=None,
        at=live.around.now,
        outcome=orjson.dumps(dict(outcome), option=orjson.OPT_NON_STR_KEYS).decode(),
    )


def count_voter(element: Element, task: Task, *people: str) -> None:
    """Note who votes, and for whom; RefusedError for somebody who has voted on this already."""
    if not element.vote:
        return
    voters = task.parent.internal_data.setdefault("voters", [])
    twice = next((who for who in people if who and who in voters), None)
    if twice is not None:
        text = f"“{element.name or element.id}”每人只能表决一次，您已经表决过"
        raise RefusedError(
            Reason(code="voted_already", text=text, text_en="One person, one vote.", fact=twice)
        )
    voters += filter(None, people)


def control_of(names: Names, element: Element, task: Task, control: str | None) -> str | None:
    """The control that a completion fulfils; of a step that several do only the vote as a whole, once it has passed."""
    if not is_round(task):
        return control
    rule, step = names.control_rules.get(element.control), task.parent
    asked = deciding_fact(rule.passed_when) if rule else None
    if (
        asked is None
        or not element.vote
        or step.state != TaskState.READY
        or step.data[element.vote] is not True
    ):
        return None
    return element.control if asked.value in step.internal_data["votes"].get(asked.field, ()) else None


def thrown_of(live: Live) -> tuple[Thrown, ...]:
    """The messages and signals that leave the case; StepFailedError for an error that nobody in it caught."""
    out = []
    for index, event in enumerate(live.workflow.get_events()):
        definition = event.event_definition
        if isinstance(definition, ErrorEventDefinition):
            raise StepFailedError(live.ended_in, UncaughtError(f"错误“{definition.name}”没有边界事件接住"))
        if isinstance(definition, EscalationEventDefinition):
            continue
        kind = "signal" if isinstance(definition, SignalEventDefinition) else "message"
        payload = dict(event.payload or {})
        correlation = str(payload.pop(CORRELATION, ""))
        key = f"{live.ref.key}/{live.revision}/{index}/{definition.name}"
        out.append(Thrown(kind=kind, name=definition.name, correlation=correlation, payload=payload, key=key))
    return tuple(out)


class failing:
    """Turns whatever goes wrong in a step into StepFailedError; refusals and our own errors pass."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or not isinstance(error, Exception):
            return
        if isinstance(
            error, RefusedError | TaskClosedError | NotWaitingError | PausedError | StepFailedError
        ):
            return
        cause = (
            getattr(error, "exception", None) or error if isinstance(error, WorkflowTaskException) else error
        )
        # the database's own no, or a deadlock to be retried, is for the use-case to tell apart
        if not isinstance(cause, RefusedError | DBAPIError):
            raise StepFailedError(_element_at(error), cause) from error
        if cause is not error:
            raise cause from error


def _element_at(error: Exception) -> str:
    """The element where it went wrong; empty where the case as a whole is meant."""
    spec = getattr(error, "task_spec", None)
    if spec is not None:
        return str(getattr(spec, "bpmn_id", "") or spec.name)
    return error.element if isinstance(error, codec.StateError) else ""
