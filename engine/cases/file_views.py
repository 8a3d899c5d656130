"""What the file of a case shows beside :class:`engine.cases.views.CaseView`: frozen records, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from engine.cases.views import BatchView, CaseView, OrderView
from engine.values import CaseId, Reason

if TYPE_CHECKING:
    from engine.workflow.forms import Form

#: 流程图、表单、审批记录、材料、文书、资金、期限、关联案件
Tab = Literal["path", "forms", "trail", "attachments", "papers", "money", "limits", "related"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How long something took or takes."""

    #: None where a year has no calendar
    workdays: int | None
    #: whole minutes by the clock
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm:
    """A form as somebody filled it in."""

    element_id: str
    name: str
    form: Form
    #: as entered and as prefilled then, by key
    values: Mapping[str, object]
    actor: str
    on_behalf_of: str
    duty_name: str
    at: datetime
    #: False once the case went back behind it
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailRow:
    """One thing that happened in a case, as the trail of opinions shows it."""

    at: datetime
    #: kind of history row, or ``urged``, ``handed_over`` and the like
    kind: str
    name: str
    actor: str
    #: whose substitute acted; empty: nobody's
    on_behalf_of: str
    duty_name: str
    #: the decision in words, e.g. ``复核意见：同意``
    outcome: str
    note: str
    #: from when the step waited until this; none where nothing waited
    took: Span | None = None
    #: name of the control that it fulfilled
    control: str = ""
    #: False once the case went back behind it; None for what is no completion
    stands: bool | None = None
    #: the office did it by itself
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NextWay:
    """One thing that can come next."""

    #: the open step that it comes after
    after: str
    #: what has to be decided or happen, e.g. ``同意``; empty: nothing
    when: str
    #: what the office does by itself on the way
    automatic: tuple[str, ...]
    to: str
    duty_name: str
    #: the case, or a part of it, ends there
    ends: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePath:
    """The diagram of a case: which way it went, and where it can go."""

    #: ids of the flows that were certainly taken
    flows: tuple[str, ...]
    #: open element id → when it is due
    due: Mapping[str, datetime]
    ahead: tuple[NextWay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentRow:
    """A paper (材料) of a case as lists show it."""

    attachment_id: int
    #: as it was called on the sender's disk
    name: str
    #: what it is, in the sender's words; empty where they gave none
    title: str
    #: e.g. ``PDF``
    kind: str
    #: bytes
    size: int
    #: the step at which it came; empty: beside any step
    step: str
    #: nobody asked for it and nobody may: it is no condition of anything
    volunteered: bool
    #: waiting, clean, infected, unscanned
    scan: str
    scan_note: str
    #: SHA-256 of the content, hex
    digest: str
    added_by: str
    added_at: datetime
    removed_by: str = ""
    removed_at: datetime | None = None
    removed_why: str = ""
    #: what this actor may do with it: ``open``, ``remove``
    can: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedAttachment:
    """A paper to be handed out."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRow:
    """One side of an entry; one of the two amounts is empty."""

    account: str
    account_name: str
    debit: str
    credit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """A journal entry with its postings."""

    entry_id: int
    day: str
    text: str
    actor: str
    postings: tuple[PostingRow, ...]
    #: the entry that it takes back
    reverses: int | None
    #: booked for a whole batch or receipt, not for this case alone
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """An answer of the bank to a batch."""

    batch_number: str
    taken_at: datetime
    taken_by: str
    accepted: bool
    paid: str
    paid_count: int
    returned: str
    returned_count: int
    #: what did not agree, each with its line
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMoney:
    """What was ordered, paid and booked for a case."""

    orders: tuple[OrderView, ...]
    #: without lines: those are other people's
    batches: tuple[BatchView, ...]
    receipts: tuple[ReceiptRow, ...]
    entries: tuple[EntryRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """A time limit of the case or of one step, and how it was reckoned."""

    name: str
    #: who had it when it ended, or has it now
    holder: str
    since: datetime
    due_at: datetime | None
    ended_at: datetime | None
    #: running, kept, passed (still open after the limit), missed (done after it), none, gone (cancelled)
    state: str
    used: Span
    #: the calculation with its sources
    reasons: tuple[Reason, ...]
    #: when a breach was put on record, and to whom it was taken
    breach: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRow:
    """A time during which the limits of the case stood still."""

    since: datetime
    until: datetime | None
    why: str
    source: str
    by: str
    ended_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLimits:
    """Every limit of a case: its own, those of its steps, timers that wait, pauses."""

    rows: tuple[LimitRow, ...]
    #: the yearly notices that working days were counted by
    calendars: tuple[Reason, ...]
    #: (what happens, when)
    timers: tuple[tuple[str, datetime], ...]
    pauses: tuple[PauseRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedCase:
    """Another case that has to do with this one, and that the actor may see."""

    case_id: CaseId
    case_key: str
    process_name: str
    status: str
    status_name: str
    started_at: datetime
    #: same_subject, counterpart, payment_run, paid_in
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """The cases around a case; those that the actor may not see are only counted."""

    rows: tuple[RelatedCase, ...]
    hidden: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintKind:
    """A paper that can be printed for the case."""

    #: ``approval``, ``receipt`` or ``letter-7``
    kind: str
    title: str
    #: when the letter was written; none for what is made when asked for
    at: datetime | None = None
    sent_at: datetime | None = None
    #: text of a letter, as sent
    text: str = ""
    #: whether this actor may have it with whole numbers
    whole_numbers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case with one tab of its file open; the parts of the other tabs are empty."""

    case: CaseView
    tab: Tab
    #: the tabs that this actor may open, in order
    tabs: tuple[Tab, ...]
    path: CasePath | None = None
    forms: tuple[FilledForm, ...] = ()
    trail: tuple[TrailRow, ...] = ()
    attachments: tuple[AttachmentRow, ...] = ()
    papers: tuple[PrintKind, ...] = ()
    money: CaseMoney | None = None
    limits: CaseLimits | None = None
    related: Related | None = None
    #: whether this actor may add papers now
    may_attach: bool = False
    paused_at: datetime | None = None
