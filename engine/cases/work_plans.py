"""Work plans (任务分工) taken in from a workbook: who leads what, with whom, and a timetable reckoned back (RECT-05).

A plan is taken whole or not at all; its items are then tracked, escalated and verified like those of a checklist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.checklist_views import ChecklistView, not_seen
from engine.cases.checklists import checklist_view, issue_plan
from engine.cases.item_cases import ISSUES
from engine.cases.office import Office
from engine.cases.plan_files import CellFault, PlanRow, read_plan
from engine.cases.plan_units import UnitBook
from engine.cases.sheet_files import SheetColumn, write_sheet
from engine.duties import check_may
from engine.law.calendar import CalendarGap
from engine.law.policy import PolicyGap
from engine.law.timetable import work_back
from engine.oversight.rectification import Cell, Milestone, NewChecklist, Topic
from engine.oversight.rectification_tables import Checklist
from engine.people import Region
from engine.values import Actor, Reason, Refusal, RefusedError

_SOURCE = "渝人社发〔2019〕169号"
#: the stages of a timetable, each with the figure that says its share of the working days
_STAGES = (
    ("制定措施", "work_plan.share_scheme"),
    ("推进落实", "work_plan.share_work"),
    ("自查验收", "work_plan.share_check"),
)
_TITLE_MAX = 200
_TOPIC_MAX = 48
_COLUMNS = (
    ("序号", 8), ("任务", 22), ("具体工作", 70), ("牵头单位", 26), ("配合单位", 34), ("备注", 12), ("完成时限", 14),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """What is said of a plan beside its table."""

    title: str
    #: the notice that it is the annex of
    source: str
    #: where it is laid: a province or city
    region: str
    issued_on: date
    #: by when all is done, unless a row has a day of its own
    target: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """How a file was understood; nothing was taken in."""

    rows: tuple[PlanRow, ...]
    faults: tuple[CellFault, ...]
    #: how many items it would make
    items: int
    #: the stages of a task without a day of its own: name and last day
    stages: tuple[tuple[str, date], ...]

    @property
    def errors(self) -> int:
        """How many faults keep it from being taken in."""
        return sum(fault.severity == "error" for fault in self.faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTaken:
    """A plan that is on record, now or since before."""

    plan: ChecklistView
    #: a plan of this name and day was there
    again: bool


def check_plan(office: Office, actor: Actor, file: bytes, new: NewPlan) -> PlanReport | Refusal:
    """How the file would be understood: every row, every fault at its cell, the timetable; nothing is kept."""
    judged = _judged_for(office, actor, file, new)
    return judged if isinstance(judged, Refusal) else judged[0]


def import_plan(
    office: Office, actor: Actor, file: bytes, new: NewPlan, *, warnings_read: bool = False
) -> PlanTaken | PlanReport | Refusal:
    """The plan with its items, each with its lead unit, cooperating units and timetable.

    The report instead, and nothing taken in, where a cell is wrong, or where warnings were not confirmed as read.
    A plan of the same name, notice and day is taken once. Refused to whoever issues nothing there.
    """
    judged = _judged_for(office, actor, file, new)
    if isinstance(judged, Refusal):
        return judged
    report, topics, cells = judged
    # the lock is held until the plan is on record: of two who ask at the same moment the second finds it there
    with office.store.transaction() as session:
        session.execute(
            select(Region.code).where(Region.code == new.region).with_for_update(key_share=True)
        ).one()
        known = _known(session, new)
        if known is not None:
            return _there(office, actor, known)
        if report.errors or (report.faults and not warnings_read):
            return report
        plan = issue_plan(office, actor, _checklist(office, new, topics, cells), cells)
        return plan if isinstance(plan, Refusal) else PlanTaken(plan=plan, again=False)


def plan_template(actor: Actor) -> IO[bytes] | Refusal:
    """An empty table with its headings, to fill in."""
    if ISSUES not in actor.duties:
        return Refusal(reasons=(not_seen(),))
    columns = [SheetColumn(heading=name, key=name, width=width) for name, width in _COLUMNS]
    return write_sheet("任务分工表", columns, ())


def plan_example(office: Office) -> IO[bytes]:
    """The table of Chongqing's notice of 2019 as it is shipped, eighteen tasks."""
    return (office.settings.processes_dir / "plans" / "chongqing-2019.xlsx").open("rb")


def _judged_for(
    office: Office, actor: Actor, file: bytes, new: NewPlan
) -> tuple[PlanReport, tuple[Topic, ...], tuple[Cell, ...]] | Refusal:
    with office.store.reading() as session:
        no = check_may(session, office.duties, actor, ISSUES, new.region, office.today)
        if no is not None:
            return no
        try:
            return _judged(session, office, file, new)
        except RefusedError as refused:
            return refused.refusal


def _judged(
    session: Session, office: Office, file: bytes, new: NewPlan
) -> tuple[PlanReport, tuple[Topic, ...], tuple[Cell, ...]]:
    """The report, and what would be laid out; RefusedError for what is said of the plan itself."""
    _refuse(session, office, new)
    units = UnitBook.load(office.settings.processes_dir)
    found = read_plan(file, units)
    faults = [*found.faults, *_past(found.rows, office.today)]
    stages = _timetable(office, new, new.target)
    below = _below(session, new.region)
    topics = tuple(_topic(row) for row in found.rows)
    cells: list[Cell] = []
    for row in found.rows:
        milestones = stages if row.due is None or row.due < office.today else _timetable(office, new, row.due)
        for lead in row.leads:
            unit = units.find(lead)
            for region in below if unit and unit.level == "below" else (new.region,):
                cells.append(
                    Cell(
                        topic=str(row.number),
                        region=region,
                        lead_unit=lead,
                        done_due=row.due or new.target,
                        cooperating=row.cooperating,
                        milestones=milestones,
                    )
                )
    report = PlanReport(
        rows=found.rows,
        faults=tuple(faults),
        items=len(cells),
        stages=tuple((each.title, each.due) for each in stages),
    )
    return report, topics, tuple(cells)


def _timetable(office: Office, new: NewPlan, target: date) -> tuple[Milestone, ...]:
    """The stages up to the target; RefusedError where a figure or a year is not on file, or days are too few."""
    try:
        shares = [_share(office, key, new) for _, key in _STAGES]
        ends = work_back(target, begins=new.issued_on, shares=shares, calendar=office.calendar)
    except (PolicyGap, CalendarGap) as gap:
        raise RefusedError(gap.reason) from gap
    if isinstance(ends, Refusal):
        raise RefusedError(*ends.reasons)
    return tuple(
        Milestone(title=title, due=due, source=_SOURCE, weight=str(share))
        for (title, _), due, share in zip(_STAGES, ends, shares, strict=True)
    )


def _share(office: Office, key: str, new: NewPlan) -> Fraction:
    return Fraction(office.book.at(key, new.region, new.issued_on).decimal)


def _below(session: Session, region: str) -> tuple[str, ...]:
    """The regions right below; the region itself where it has none."""
    codes = session.scalars(
        select(Region.code).where(Region.parent_code == region).order_by(Region.code)
    ).all()
    return tuple(codes) or (region,)


def _topic(row: PlanRow) -> Topic:
    short = row.task if len(row.task) <= _TOPIC_MAX else f"{row.task[: _TOPIC_MAX - 1]}…"
    return Topic(
        code=str(row.number),
        title=short or row.group,
        benchmark=row.remark,
        group_title=row.group,
        task=row.task,
        done_due=row.due,
    )


def _past(rows: Sequence[PlanRow], today: date) -> list[CellFault]:
    """Nobody is late the moment they are told."""
    return [
        CellFault(
            cell=f"第{row.line}行",
            severity="error",
            text="完成时限已过，请填写今天或以后的日期",
            text_en="The day has passed; choose today or later.",
            value=row.due.isoformat(),
        )
        for row in rows
        if row.due is not None and row.due < today
    ]


def _refuse(session: Session, office: Office, new: NewPlan) -> None:
    wrong: list[Reason] = []
    if not 1 <= len(new.title.strip()) <= _TITLE_MAX:
        wrong.append(
            _reason(
                "title_missing",
                f"请填写计划名称，最多{_TITLE_MAX}字",
                "Name the plan, at most 200 characters.",
            )
        )
    if not new.source.strip():
        wrong.append(_reason("source_missing", "请填写依据的文件", "Say which notice the plan rests on."))
    if new.issued_on > office.today:
        wrong.append(_reason("issued_later", "印发日期在今天以后", "It is issued on a later day."))
    if new.target < office.today:
        wrong.append(_reason("target_past", "完成日期已过，请填写今天或以后的日期", "The target has passed."))
    if session.get(Region, new.region) is None:
        wrong.append(_reason("unknown_region", f"没有地区 {new.region}", f"No region {new.region}."))
    if wrong:
        raise RefusedError(*wrong)


def _known(session: Session, new: NewPlan) -> int | None:
    """The plan of this name, notice and day that is there already."""
    return session.scalar(
        select(Checklist.id).where(
            Checklist.kind == "plan",
            Checklist.region == new.region,
            Checklist.title == new.title.strip(),
            Checklist.source == new.source.strip(),
            Checklist.issued_on == new.issued_on,
        )
    )


def _there(office: Office, actor: Actor, plan_id: int) -> PlanTaken | Refusal:
    plan = checklist_view(office, actor, plan_id)
    return plan if isinstance(plan, Refusal) else PlanTaken(plan=plan, again=True)


def _checklist(
    office: Office, new: NewPlan, topics: tuple[Topic, ...], cells: tuple[Cell, ...]
) -> NewChecklist:
    return NewChecklist(
        kind="plan",
        title=new.title.strip(),
        source=new.source.strip(),
        issued_on=new.issued_on,
        received_on=office.today,
        region=new.region,
        topics=topics,
        units=tuple(sorted({cell.region for cell in cells})),
        done_due=new.target,
    )


def _reason(code: str, text: str, english: str) -> Reason:
    return Reason(code=code, text=text, text_en=english, source=_SOURCE)
