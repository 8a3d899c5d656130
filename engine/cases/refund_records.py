"""What is shown of refund campaigns: the board of one, lists of refunds, one refund, public notices. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from engine.cases.inbox_choices import Choice
from engine.cases.views import Page
from engine.refunds import campaign_tables as tables
from engine.values import Reason

Words = Mapping[str, tuple[str, str]]
#: the words of the tables in both languages, for pages, which know nothing beneath the use-cases
STATUS_NAMES: Words = tables.STATUS_NAMES
MODES: Words = tables.MODES
KINDS: Words = tables.KINDS
SIZES: Words = tables.SIZES
USES: Words = tables.USES
LOOK_RESULTS: Words = tables.LOOK_RESULTS

#: how far a refund is, in the words of those who look at many; each status of ``campaign_tables`` is in one of them
STAGES: Mapping[str, tuple[str, ...]] = {
    "waiting": ("screened", "pushed", "objected"),
    "checking": ("confirmed",),
    "notice": ("noticed",),
    "paying": ("ordered", "prepay_ordered"),
    "paid": ("paid", "prepaid", "committed", "topping_up", "settled", "recovering", "recovered"),
    "lapsed": ("lapsed",),
    "declined": ("not_eligible", "withdrawn"),
}
STAGE_NAMES: Mapping[str, tuple[str, str]] = {
    "waiting": ("待单位确认", "Awaits the employer"),
    "checking": ("审核中", "Being checked"),
    "notice": ("公示中", "In public notice"),
    "paying": ("待银行付款", "Awaits the bank"),
    "paid": ("已付款", "Paid"),
    "lapsed": ("逾期未确认", "Lapsed"),
    "declined": ("不予返还", "Not refunded"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRow:
    """A campaign and how far its cases are opened."""

    campaign_id: int
    year: int
    region: str
    region_name: str
    #: disburse, prepay
    mode: str
    mode_name: str
    mode_name_en: str
    #: opening, running, closed
    status: str
    started_by: str
    started_at: datetime
    closed_at: datetime | None
    #: the screening whose employers were taken in last
    run_id: int
    #: parts of employers whose cases are opened, of so many
    done: int
    total: int
    #: what went wrong in parts that wait to be tried again
    troubles: tuple[str, ...]
    #: refunds that the actor may see
    refunds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many refunds stand where, and what they come to."""

    #: cases opened
    opened: int = 0
    #: by word of ``STAGES``; also objected (of those that wait), committed, settled, late (joined after the first
    #: screening) and struggling
    counts: Mapping[str, int] = field(default_factory=dict)
    #: yuan with two decimals: standing (of those that have not come to nothing), ordered, paid_out (by the bank),
    #: prepaid, settled_due, topped, to_recover, recovered, lapsed
    sums: Mapping[str, str] = field(default_factory=dict)

    def count(self, word: str) -> int:
        """How many stand so."""
        return self.counts.get(word, 0)

    def total(self, word: str) -> str:
        """What it comes to, yuan with two decimals."""
        return self.sums.get(word, "0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The refunds of one region, size, industry or status."""

    code: str
    name: str
    name_en: str
    #: employers that the screening looked at, and found eligible; 0 where it is not told by this
    screened: int
    eligible: int
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """How many employers came as far as this, and what they come to."""

    code: str
    name: str
    name_en: str
    count: int
    #: yuan with two decimals; empty where nothing can be said
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFilter:
    """Which refunds a board counts; empty values ask for all."""

    #: and all below it
    region: str = ""
    size: str = ""
    #: section of GB/T 4754
    industry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSoon:
    """A refund whose employer must act within days."""

    refund_id: int
    employer_name: str
    region_name: str
    amount: str
    until: date
    days_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignBoard:
    """Everything on the page of a campaign."""

    campaign: CampaignRow
    asked: BoardFilter
    regions: tuple[Choice, ...]
    #: what was found eligible, yuan with two decimals
    expected: str
    total: Tally
    funnel: tuple[FunnelStep, ...]
    by_region: tuple[Cut, ...]
    by_size: tuple[Cut, ...]
    by_industry: tuple[Cut, ...]
    by_status: tuple[Cut, ...]
    #: employers that must confirm within days, the first of them and how many there are
    confirm_soon: tuple[DueSoon, ...]
    confirm_soon_count: int
    #: the same of commitments
    commit_soon: tuple[DueSoon, ...]
    commit_soon_count: int
    #: refunds that somebody objects to in their public notice
    objections_open: int
    #: the actor may close it
    may_close: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFilter:
    """Which refunds; empty values ask for all."""

    #: number of the campaign
    campaign: str = ""
    year: str = ""
    region: str = ""
    #: word of ``STAGES``, or a status
    stage: str = ""
    status: str = ""
    size: str = ""
    industry: str = ""
    kind: str = ""
    #: confirm, commit: what the employer must do within days
    soon: str = ""
    #: yes: with an open objection to its notice
    objection: str = ""
    #: yes: joined after the first screening
    late_entrant: str = ""
    #: how the name begins, the whole credit code, or the number of the case
    search: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRow:
    """A refund in a list."""

    refund_id: int
    case_id: int
    case_key: str
    year: int
    employer_id: int
    employer_name: str
    credit_code: str
    region_name: str
    size_name: str
    size_name_en: str
    industry_name: str
    industry_name_en: str
    kind: str
    kind_name: str
    kind_name_en: str
    mode: str
    mode_name: str
    mode_name_en: str
    status: str
    status_name: str
    status_name_en: str
    late_entrant: bool
    #: what stands, and what was found first; yuan with two decimals
    amount: str
    screened: str
    pushed_on: date | None
    confirm_until: date | None
    confirmed_on: date | None
    noticed_on: date | None
    notice_until: date | None
    ordered_on: date | None
    paid_on: date | None
    lapsed_on: date | None
    prepaid: str
    prepaid_on: date | None
    commitment_until: date | None
    committed_on: date | None
    #: empty: not settled
    settled: str
    settled_on: date | None
    topped: str
    to_recover: str
    recovered: str
    #: what was paid in all, yuan with two decimals
    paid_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundList:
    """A page of refunds with what it can be narrowed to."""

    asked: RefundFilter
    page: Page[RefundRow]
    regions: tuple[Choice, ...]
    campaigns: tuple[CampaignRow, ...]
    #: of all that were asked for and have not come to nothing, yuan with two decimals
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRow:
    """What part of a refund went to a purpose; yuan with two decimals."""

    use: str
    name: str
    name_en: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundStage:
    """A stretch of the road of one refund."""

    code: str
    name: str
    name_en: str
    #: done, current, skipped, future
    state: str
    day: date | None = None
    until: date | None = None
    #: what it came to, where it is about money
    amount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOf:
    """One publication of a refund."""

    line_id: int
    published_on: date
    until: date
    amount: str
    #: objections may still be made
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionRow:
    """What somebody said against a published refund; who it was is shown to nobody here."""

    objection_id: int
    said: str
    taken_at: datetime
    #: open, dismissed, upheld
    status: str
    answer: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundView:
    """One refund: what was found and why, how far it is, what was published and said, what the money was used for."""

    refund: RefundRow
    #: each condition with its evidence, then the amount
    reasons: tuple[Reason, ...]
    account_masked: str
    settlement_case_id: int | None
    stages: tuple[RefundStage, ...]
    notices: tuple[NoticeOf, ...]
    #: for staff only
    objections: tuple[ObjectionRow, ...]
    uses: tuple[UseRow, ...]
    uses_told_on: date | None
    looked_on: date | None
    looked_by: str
    look_result: str
    look_name: str
    look_name_en: str
    look_note: str
    #: tasks that wait for the actor: number and name
    tasks: tuple[tuple[str, str], ...]
    may_tell_uses: bool
    may_look: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeListRow:
    """A public notice of a city."""

    list_id: int
    region: str
    region_name: str
    year: int
    published_on: date
    #: last day for objections, inclusive
    until: date
    is_open: bool
    #: as published
    employers: int
    total: str
    #: for staff: objections that are not answered; 0 for the public
    objections_open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLineRow:
    """One employer in a public notice, masked as the public may see it."""

    line_id: int
    number: int
    employer_name: str
    credit_code: str
    region_name: str
    amount: str
    #: it still stands as published, and may be objected to
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeList:
    """A public notice with a page of its lines."""

    notice: NoticeListRow
    page: Page[NoticeLineRow]
    search: str
