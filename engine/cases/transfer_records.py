"""What is shown of transfers of rights between two offices: frozen records, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from engine.cases.views import Light, Page
from engine.values import CaseId, Reason

Side = Literal["in", "out"]
StageSide = Literal["in", "out", "both"]
#: broken: it went no further than here; skipped: not on the road of this transfer
StageState = Literal["done", "current", "late", "future", "skipped", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFilter:
    """Which transfers are wanted; empty: all."""

    #: a key of ``STATE_NAMES``
    state: str = ""
    #: in or out, as seen from the regions of the actor
    direction: str = ""
    #: code of a peer; ``here``: both ends in this database
    peer: str = ""
    #: only what is late
    late: bool = False
    #: the beginning of a transfer number
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRow:
    """One transfer in a list, seen from one end."""

    number: str
    #: name with masked number
    person: str
    side: Side
    from_name: str
    to_name: str
    #: the office that keeps the other end; empty: this database does
    peer_name: str
    state: str
    state_name: str
    late: bool
    #: months of benefit that are left; None until it is reckoned
    months_left: int | None
    #: yuan; empty until it is reckoned
    fee: str
    applied_at: datetime
    case_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferList:
    """A page of transfers with what it can be narrowed to."""

    asked: TransferFilter
    page: Page[TransferRow]
    #: (code, name) of the other offices
    peers: tuple[tuple[str, str], ...]
    #: what was asked and is not so
    mistakes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SentOn:
    """An application that went to the office of the receiving region and has not come back as a transfer yet."""

    number: str
    applied_at: datetime
    from_name: str
    to_name: str
    peer_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MyTransfers:
    """The transfers of one person, and the applications that went to another office."""

    page: Page[TransferRow]
    sent_on: tuple[SentOn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who says so, where it is not our own record: a message of the other office, or its receipt for one of ours."""

    how: Literal["message", "receipt"]
    number: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stretch of the road of a transfer."""

    key: str
    name: str
    #: the end that has it; both: it is done at both
    side: StageSide
    state: StageState
    at: datetime | None
    told: Told | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEnd:
    """One of the two offices of a transfer, and what it does now."""

    side: Side
    region_name: str
    #: the office that keeps this end in a database of its own; empty: here
    peer_name: str
    here: bool
    #: the open step, or what is waited for
    doing: str
    duty_name: str
    #: who has it; empty for those to whom it is not told
    holder: str
    due_on: date | None
    light: Light
    workdays_left: int | None
    #: only where the actor may open it
    case_id: CaseId | None
    case_key: str
    told: Told | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """One message between the two ends."""

    #: to send it again by hand; None for what went inside this database, and for what came
    message_id: int | None
    #: by the counting of whoever sent it; None inside this database
    number: int | None
    kind: str
    kind_name: str
    sender: Side
    #: it left this office; it came from another; it went inside this database
    way: Literal["sent", "came", "inside"]
    at: datetime
    acked_at: datetime | None
    #: taken, repeated, contradicted
    ack_state: str
    heard_at: datetime | None
    #: empty while it waits; heard, contradicted
    outcome: str
    outcome_text: str
    #: given up: only a person can send it again
    dead: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferMonths:
    """What moves: months and money, with why."""

    #: None until the sending end has reckoned it
    months_paid: int | None
    months_left: int | None
    fee: str
    relation_only: bool
    employed: bool
    reasons: tuple[Reason, ...]
    #: what the sending office wrote of how it reckoned, where it keeps its end elsewhere
    basis: str
    #: names of parameters that the bureau has not confirmed
    unverified: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferMoney:
    """The money of a transfer on its way; amounts in yuan, empty where there is none yet."""

    ordered: str
    ordered_at: datetime | None
    order_status: str
    #: what the bank said of it
    order_reason: str
    paid: str
    paid_on: date | None
    announced: str
    announced_on: date | None
    arrived: str
    arrived_on: date | None
    #: not_arrived, not_announced, amounts; empty: nothing is amiss
    difference: str
    #: since it left, until it came or until today
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferView:
    """One transfer with both of its ends on one line."""

    number: str
    person: str
    from_name: str
    to_name: str
    state: str
    state_name: str
    late: bool
    #: why it was refused or withdrawn, or is to be
    reason: str
    #: the withdrawal was asked for, and the sending office has not answered
    asked_back: bool
    applied_at: datetime
    stages: tuple[Stage, ...]
    sending: TransferEnd
    receiving: TransferEnd
    months: TransferMonths
    money: TransferMoney
    messages: tuple[MessageLine, ...]
    #: withdraw, resend, claim
    can: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitRow:
    """Money of one transfer between two offices, at the end of a month."""

    number: str
    person: str
    #: we receive (in) or we pay (out)
    side: Side
    peer: str
    other_name: str
    announced: str
    announced_on: date | None
    arrived: str
    arrived_on: date | None
    #: not_arrived, not_announced, amounts
    what: str
    what_name: str
    #: calendar days since it was paid or came, to the end of the month or today
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitSum:
    """The money in transit with one other office."""

    peer: str
    other_name: str
    count: int
    to_come: str
    to_go: str
    oldest_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InTransit:
    """Money in transit at the end of a month, by office and by transfer."""

    month: str
    #: the day on which it stands so
    until: date
    sums: tuple[TransitSum, ...]
    rows: tuple[TransitRow, ...]
    #: what account 1132 says on that day, all ends of the actor's regions; yuan
    ledger: str
