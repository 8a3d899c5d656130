"""What pages and the API show of reduction reports; records only, see ``reduction_lists``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from engine.cases.views import Page
from engine.values import CaseId

#: the lists of the agency, in Chinese and English
LISTS: Mapping[str, tuple[str, str]] = {
    "all": ("全部", "All"),
    "waiting": ("待复核", "Waiting for review"),
    "late": ("迟报", "Late"),
    "objected": ("有异议", "Objected to"),
    "corrected": ("已更正", "Corrected"),
    "undelivered": ("未确认收到", "Receipt not confirmed"),
}
CHANNELS: Mapping[str, tuple[str, str]] = {
    "web": ("网上", "Web"),
    "sheet": ("批量表", "Sheet"),
    "api": ("接口", "API"),
}
OBJECTION_STATES: Mapping[str, tuple[str, str]] = {
    "open": ("办理中", "In progress"),
    "upheld": ("属实，已更正", "Right, corrected"),
    "dismissed": ("不属实，维持", "Not right, kept"),
}
FIELDS: Mapping[str, tuple[str, str]] = {
    "reason": ("离职原因", "Reason for leaving"),
    "exit_day": ("离职日期", "Last day"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReductionRow:
    """A report as a list shows it."""

    report_id: int
    case_key: str
    #: None where the reader may not open it
    case_id: CaseId | None
    #: with masked number for staff, the name alone for the employer
    employee: str
    employer: str
    region_name: str
    exit_day: date
    reason: str
    #: Chinese and English, as the three below
    reason_name: tuple[str, str]
    meaning: tuple[str, str]
    layoff: tuple[str, str]
    reported_on: date
    due_on: date
    late: bool
    channel: tuple[str, str]
    status: str
    status_name: tuple[str, str]
    #: when the employer says it gave the notice to the worker
    given_on: date | None
    #: when the worker confirmed that they have it
    received_at: datetime | None
    corrections: int
    #: state of the latest objection; empty where nobody objected
    objection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRow:
    """One thing that was put right."""

    field_name: tuple[str, str]
    before: tuple[str, str]
    after: tuple[str, str]
    why: str
    asked_by: str
    decided_by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRow:
    """A correction that the employer or the agency asked for, decided or not."""

    field_name: tuple[str, str]
    before: str
    after: str
    reason: str
    status: str
    status_name: str
    asked_at: datetime
    decided_why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionRow:
    """One objection of the worker."""

    case_key: str
    #: None where the reader may not open it
    case_id: CaseId | None
    statement: str
    #: the reason that the worker says it was; both empty where they named none
    claimed: tuple[str, str]
    made_at: datetime
    employer_answer_by: date | None
    #: None while the employer has not answered
    employer_agrees: bool | None
    employer_statement: str
    status: str
    status_name: tuple[str, str]
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """A letter or a passing on, and the proof that it went."""

    what: tuple[str, str]
    to: tuple[str, str]
    #: the letter's text where the reader may read it; empty for what went to an agency
    text: str
    written_at: datetime
    #: None while it waits
    sent_at: datetime | None
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReductionView:
    """One report with all that became of it, as the reader may see it."""

    row: ReductionRow
    corrections: tuple[CorrectionRow, ...]
    asked: tuple[AskedRow, ...]
    objections: tuple[ObjectionRow, ...]
    deliveries: tuple[DeliveryRow, ...]
    #: what the reader may do now: give, receive, object, answer, correct
    can: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReductionList:
    """A list of the agency, with how many each list holds."""

    which: str
    page: Page[ReductionRow]
    counts: Mapping[str, int]
