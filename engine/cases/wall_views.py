"""What the wall of a checklist shows: items by region, counted by how they stand; records only, reckoned by ``wall``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date

from engine.cases.checklist_views import ChecklistDate, TopicView
from engine.oversight.rectification_standing import STANDINGS
from engine.values import Reason

#: how an item stands, worst first: its name, and the sign that stands beside every colour
WORDS: Mapping[str, str] = STANDINGS
SIGNS: Mapping[str, str] = {
    "late": "▲",
    "overdue_on_receipt": "△",
    "due_soon": "◆",
    "on_time": "○",
    "with_office": "◇",
    "no_problem": "□",
    "done": "●",
}
#: how many weeks the trend looks back
TREND_WEEKS = 12
#: standings in which nothing is to be done any more
SETTLED = ("no_problem", "done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Items counted by how they stand."""

    #: by word of ``STANDINGS``; those of which there are none are left out
    standings: Mapping[str, int] = field(default_factory=dict)
    #: sent back and not handed in again
    returned: int = 0
    #: their deadline runs out this week
    due_week: int = 0

    @property
    def total(self) -> int:
        """All items."""
        return sum(self.standings.values())

    @property
    def settled(self) -> int:
        """Items of which nothing is left to do."""
        return sum(self.standings.get(word, 0) for word in SETTLED)

    @property
    def late(self) -> int:
        """Items whose deadline has passed."""
        return self.standings.get("late", 0)

    @property
    def worst(self) -> str:
        """The worst standing of any of them; empty where there is none."""
        return next((word for word in STANDINGS if self.standings.get(word)), "")

    @property
    def percent(self) -> int:
        """How many of a hundred are settled, never rounded up."""
        return 100 * self.settled // self.total if self.total else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WallCell:
    """One place of the wall: the items of one topic in one column."""

    tally: Tally
    #: how many there must be; None where a plan says so for each task by itself
    expected: int | None
    #: the item, where the cell is exactly one
    item_id: int | None
    #: the deadline that runs, of the one item
    due: date | None

    @property
    def missing(self) -> int:
        """How many items are not there that must be."""
        return max(0, (self.expected or 0) - self.tally.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class WallColumn:
    """A region beside another: a city with all below it, or one unit."""

    code: str
    name: str
    #: the office of the region in view itself, beside those below it
    own: bool
    #: how many units it has
    units: int
    #: leads to its own wall
    drills: bool
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class WallRow:
    """A topic or task over all columns."""

    topic: TopicView
    #: as many as there are columns; None where the task is not laid on the region
    cells: tuple[WallCell | None, ...]
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class WallHead:
    """The checklist or plan that the wall is of."""

    checklist_id: int
    number: str
    #: checklist, plan
    kind: str
    title: str
    source: str
    #: where it was issued
    region: str
    region_name: str
    issued_on: date
    received_on: date
    #: open, closed
    status: str
    #: why a reminder or circular could not be written; empty: nothing is in the way
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingCell:
    """A topic that a unit has no item for."""

    topic: str
    region_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """The matrix of one region, with the proof that nothing is missing from it."""

    head: WallHead
    #: the region in view, and those above it that the actor may look at, the widest first
    region: str
    region_name: str
    above: tuple[tuple[str, str], ...]
    columns: tuple[WallColumn, ...]
    rows: tuple[WallRow, ...]
    tally: Tally
    #: units in view
    units: int
    #: items there must be in view, and those there are
    expected: int
    present: int
    #: by name; empty is as it must be
    missing: tuple[MissingCell, ...]
    #: the last day of the week that counts as this one
    week_end: date
    #: every day that the notice names, in order
    dates: tuple[ChecklistDate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendWeek:
    """What happened in one week, from its Monday on."""

    monday: date
    checked: int
    planned: int
    settled: int
    #: papers of escalation that went out, counted by the items that they name
    escalated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The weeks of a checklist in the region in view."""

    head: WallHead
    region: str
    region_name: str
    #: oldest first
    weeks: tuple[TrendWeek, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Which items of a checklist are asked for; empty values ask for all in reach."""

    #: word of ``STANDINGS``, or one of ``SHOWN``
    show: str = ""
    region: str = ""
    #: position of the topic, as in the notice
    topic: str = ""
    lead: str = ""
    #: anything: the region itself without those below it
    own: str = ""

    def query(self) -> dict[str, str]:
        """As in an address; what is empty does not appear."""
        plain = {each.name: str(getattr(self, each.name)) for each in fields(self)}
        return {key: value for key, value in plain.items() if value}


#: what a list can be narrowed to besides a standing
SHOWN = {
    "due_week": "本周到期",
    "returned": "退回未重报",
    "reopened": "重新打开过",
    "supervised": "督办过",
    "escalated": "通报过",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """An item in a list."""

    item_id: int
    topic: str
    position: int
    region: str
    region_name: str
    lead_unit: str
    #: word of ``STANDINGS``
    standing: str
    #: word of ``STATUSES``
    status_name: str
    due: date | None
    #: which deadline runs, in Chinese; empty where none does
    due_name: str
    #: working days after the deadline; 0 not passed, None where a year has no calendar
    days_late: int | None
    returned: bool
    progress: int
    case_id: int | None
    case_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of the timetable of a plan's item."""

    title: str
    due: date
    weight: str
    #: reached by the progress that was reported last, or by the day on which it was reported done
    done: bool
    #: its day has passed and it is not reached
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCaseLine:
    """A case in which the item was or is dealt with."""

    case_id: int
    case_key: str
    status_name: str
    #: the open steps, in words
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDue:
    """A deadline of an item: as the notice says, and as it counts."""

    name: str
    stated: date | None
    counts: date | None
    #: it is the one that runs now
    runs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """Everything of one cell."""

    head: WallHead
    row: ItemRow
    topic: TopicView
    overdue_on_receipt: bool
    dues: tuple[ItemDue, ...]
    problem_type_name: str
    problem: str
    measures: str
    responsible: str
    evidence: str
    #: who signed that there is no problem
    statement_by: str
    #: days of what was done, in order: what, and when
    days: Sequence[tuple[str, date]]
    sent_back_on: date | None
    sent_back_why: str
    #: how often: returned, reopened, reminders, circulars, government notices, referrals, supervised
    counts: Mapping[str, int]
    supervised_on: date | None
    supervised_why: str
    cooperating: tuple[str, ...]
    stages: tuple[Stage, ...]
    cases: tuple[ItemCaseLine, ...]
    #: why the actor may not, by act (supervise, reopen); an act that they may is not in it
    why_not: Mapping[str, tuple[Reason, ...]]
