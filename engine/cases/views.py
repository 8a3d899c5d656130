"""What use-cases show: frozen records for pages, command line and API. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from engine.values import CaseId, Reason, TaskId

if TYPE_CHECKING:
    from engine.workflow.forms import Form

T = TypeVar("T")

#: lists of tasks: 待办, 可领, 已办, 超期, 下级机构, 已委派
TaskList = Literal["todo", "claimable", "done", "overdue", "below", "delegated"]
#: lists of cases: 我发起, 抄送我
CaseList = Literal["started", "copied"]
InboxList = TaskList | CaseList
#: deadline light: passed, at most one working day left, more, no deadline running, or a year of the calendar missing
Light = Literal["overdue", "soon", "calm", "none", "gap"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list."""

    rows: tuple[T, ...]
    #: all rows of the list, not only this page's
    total: int
    #: hand it back to see the next page; empty on the last
    next_cursor: str = ""
    #: hand it back to see the page before; empty on the first
    previous_cursor: str = ""
    #: there are more than ``total``; nobody counted on
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A line of an inbox."""

    task_id: TaskId
    case_id: CaseId
    #: what people call the case, e.g. ``SL-2026-000017``
    case_key: str
    process_id: str
    process_name: str
    element_id: str
    name: str
    duty: str
    duty_name: str
    region: str
    region_name: str
    #: whom the case is about, name with masked number
    subject: str
    status: Literal["ready", "completed", "cancelled"]
    #: empty while nobody has claimed it
    assignee: str
    created_at: datetime
    due_at: datetime | None
    completed_at: datetime | None
    light: Light
    #: negative when passed
    workdays_left: int | None
    #: nothing may move its case now (挂起)
    paused: bool = False
    #: the actor is asked to sign it, and does not hold it
    to_sign: bool = False
    #: many may be completed at once
    bulk: bool = False
    #: which page the actor may open
    opens: Literal["task", "case", ""] = "task"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRow:
    """What came of one task when many were dealt with at once."""

    task_id: TaskId
    case_key: str
    name: str
    done: bool
    #: what was done, or why not
    message: str
    reasons: tuple[Reason, ...] = ()
    #: what to correct, by field of the form
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact shown beside a form: what, how much, and who says so."""

    label: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One thing that happened in a case."""

    at: datetime
    actor: str
    duty_name: str
    element_id: str
    name: str
    #: the decision in words, e.g. ``复核意见：同意``
    outcome: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """A line of a payment batch; account masked."""

    line_no: int
    payee: str
    account: str
    amount: str
    purpose: str
    status: str
    status_name: str
    reason: str = ""
    case_id: CaseId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """A payment batch with who signed what."""

    number: str
    region: str
    status: str
    status_name: str
    total: str
    line_count: int
    lines: tuple[BatchLine, ...]
    #: (step, person, when) for prepared, sampled, certified, released; a step not yet taken has no person
    signatures: tuple[tuple[str, str, datetime | None], ...]
    case_id: CaseId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerView:
    """Somebody who was asked for an opinion on a task (加签)."""

    login: str
    name: str
    #: before completion, or after it
    place: Literal["before", "after"]
    asked_by: str
    asked_at: datetime
    why: str
    #: empty while it waits
    opinion: Literal["", "agree", "disagree"]
    note: str
    signed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgeView:
    """Somebody pressed for a task (催办)."""

    by: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """Everything a task page shows."""

    row: TaskRow
    form: Form
    #: draft first, else values already in the case, else defaults
    values: Mapping[str, object]
    facts: tuple[Fact, ...]
    reasons: tuple[Reason, ...]
    history: tuple[HistoryRow, ...]
    #: what this actor may do now: actions of ``task_rules``, and ``recall``, ``urge``
    can: frozenset[str]
    #: why the actor may not do the step, whoever has it; empty when they may
    forbidden: tuple[Reason, ...] = ()
    batch: BatchView | None = None
    #: why not, for each action that this actor may not do now
    why_not: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    #: the person for whom the actor stands in; empty: in their own name
    on_behalf_of: str = ""
    #: who delegated it and gets it back; empty while it is not delegated
    owner: str = ""
    signers: tuple[SignerView, ...] = ()
    urges: tuple[UrgeView, ...] = ()
    #: since when it is handed in and waits for those who sign after
    held_at: datetime | None = None
    #: since when nothing moves in the case
    paused_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One element of the diagram in the step table."""

    element_id: str
    name: str
    duty_name: str
    #: void: done, and sent back behind since
    state: Literal["done", "current", "overdue", "future", "skipped", "void"]
    at: datetime | None = None
    actor: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterView:
    """A letter or notice of the case, as sent."""

    title: str
    text: str
    at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """A payment order of the case."""

    amount: str
    purpose: str
    month: str
    status: str
    status_name: str
    account: str
    reason: str = ""
    batch_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """A step that failed and waits for a retry."""

    incident_id: int
    case_id: CaseId
    case_key: str
    element_id: str
    name: str
    cause: str
    at: datetime
    attempts: int
    retryable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """Everything a case page shows."""

    case_id: CaseId
    case_key: str
    process_id: str
    process_name: str
    version: int
    status: Literal["running", "completed", "cancelled"]
    status_name: str
    subject: str
    region_name: str
    started_at: datetime
    ended_at: datetime | None
    #: the published diagram, as drawn
    diagram: str
    #: element id → ``done``, ``current``, ``overdue`` or ``void``
    marks: Mapping[str, str]
    steps: tuple[Step, ...]
    facts: tuple[Fact, ...]
    reasons: tuple[Reason, ...]
    history: tuple[HistoryRow, ...]
    letters: tuple[LetterView, ...]
    orders: tuple[OrderView, ...]
    incidents: tuple[IncidentView, ...]
    #: open tasks with who has them
    tasks: tuple[TaskRow, ...]
    #: what this actor may do: ``withdraw``, ``retry``
    can: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A line of a list of cases."""

    case_id: CaseId
    case_key: str
    process_name: str
    subject: str
    status: str
    status_name: str
    started_at: datetime
    #: the open steps, in words
    where: str
    #: who sent a copy of it, and what they wrote; empty for one that was not copied
    sent_by: str = ""
    note: str = ""
    #: a copy that was not opened yet
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFaults:
    """What is wrong with what was typed: a reason for each field."""

    faults: Mapping[str, Reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A use-case did what it was asked; ``message`` says so in a sentence."""

    message: str
    case_id: CaseId | None = None
    case_key: str = ""
