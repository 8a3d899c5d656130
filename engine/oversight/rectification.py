"""Laying a checklist or a plan over its units, in sets; and what moves an item. Nothing here commits or judges who may.

An item is laid for every topic × unit by one statement for each topic; the database refuses to issue a checklist of
which a cell is missing (RECT-01). Called by the use-cases of checklists and by the operations of ``rectification.bpmn``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import orjson
from sqlalchemy import ColumnElement, case, func, insert, literal, select, text, true
from sqlalchemy.orm import Session

from engine.law.rectification import Dues
from engine.oversight.rectification_tables import (
    Checklist,
    ChecklistTopic,
    ChecklistUnit,
    ItemCase,
    RectificationItem,
)
from engine.people import Region
from engine.values import Actor

Kind = Literal["checklist", "plan"]
#: what the number of a checklist begins with, by kind
_PREFIX: Mapping[str, str] = {"checklist": "QD", "plan": "FG"}
#: the step of the diagram at which an item waits, and how the item stands meanwhile
STANDS_AT: Mapping[str, str] = {
    "self_check": "unchecked",
    "submit_plan": "planning",
    "accept_plan": "planned",
    "report_done": "doing",
    "verify_done": "verifying",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """Another day that a notice names; or a stage of a plan's timetable, with its share of the work."""

    title: str
    due: date
    source: str = ""
    #: region codes; empty: all
    units: tuple[str, ...] = ()
    #: share of the work, e.g. ``1/4``; empty on a checklist
    weight: str = ""
    done_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of a checklist, or one task of a plan, as the notice has it."""

    code: str
    title: str
    benchmark: str = ""
    group_title: str = ""
    task: str = ""
    #: a day of its own; else the checklist's
    done_due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One item of a plan: who leads a task where, with whom, and by when which stage is done."""

    topic: str
    region: str
    lead_unit: str
    done_due: date
    cooperating: tuple[str, ...] = ()
    milestones: tuple[Milestone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChecklist:
    """What a checklist or plan is issued with."""

    kind: Kind
    title: str
    source: str
    issued_on: date
    received_on: date
    region: str
    topics: tuple[Topic, ...]
    #: region codes
    units: tuple[str, ...]
    self_check_due: date | None = None
    plan_due: date | None = None
    done_due: date | None = None
    milestones: tuple[Milestone, ...] = ()


def lay_out(
    session: Session,
    new: NewChecklist,
    *,
    dues: Mapping[str, Dues],
    actor: Actor,
    now: datetime,
    problem: str = "",
) -> Checklist:
    """The checklist with an item for every topic × unit, open; ``dues`` are the days that count, by code of topic.

    With a ``problem`` that the office itself has found there is nothing to check any more: a plan is wanted at once.
    IntegrityError where a cell would be missing or be there twice.
    """
    checklist = _heading(session, new, cells=len(new.topics) * len(new.units), actor=actor, now=now)
    for topic in _topics(session, checklist, new):
        _lay(session, checklist.id, topic, dues[topic.code], problem=problem)
    checklist.status = "open"
    session.flush()
    return checklist


def lay_out_plan(
    session: Session, new: NewChecklist, cells: Sequence[Cell], *, actor: Actor, now: datetime
) -> Checklist:
    """The plan with these items, open; each is being carried out from the first day on.

    IntegrityError for a cell that is there twice, or of an unknown region.
    """
    checklist = _heading(session, new, cells=len(cells), actor=actor, now=now)
    topics = {topic.code: topic.id for topic in _topics(session, checklist, new)}
    levels = session.execute(
        select(Region.code, _city()).where(Region.code.in_({cell.region for cell in cells}))
    )
    cities = {code: city for code, city in levels}  # noqa: C416 - a row is no pair to a type checker
    rows = [
        {
            "checklist_id": checklist.id,
            "topic_id": topics[cell.topic],
            "region_code": cell.region,
            "city": cities.get(cell.region, cell.region),
            "lead_unit": cell.lead_unit,
            "cooperating": orjson.dumps(cell.cooperating).decode(),
            "milestones": written(cell.milestones),
            "status": "doing",
            "done_due": cell.done_due,
            "accepted_on": new.issued_on,
        }
        for cell in cells
    ]
    session.execute(insert(RectificationItem), rows)
    checklist.status = "open"
    session.flush()
    return checklist


def written(milestones: Sequence[Milestone]) -> str:
    """Milestones as they are kept, in JSON."""
    return orjson.dumps(
        [
            {
                "title": each.title,
                "due": each.due.isoformat(),
                "source": each.source,
                "units": each.units,
                "weight": each.weight,
                "done_on": each.done_on.isoformat() if each.done_on else None,
            }
            for each in milestones
        ]
    ).decode()


def read(milestones: str) -> tuple[Milestone, ...]:
    """Milestones as they were kept."""
    return tuple(
        Milestone(
            title=each["title"],
            due=date.fromisoformat(each["due"]),
            source=each["source"],
            units=tuple(each["units"]),
            weight=each["weight"],
            done_on=date.fromisoformat(each["done_on"]) if each["done_on"] else None,
        )
        for each in orjson.loads(milestones)
    )


def item_of_case(session: Session, case_id: int) -> RectificationItem:
    """The item that the case deals with, locked; NoResultFound for a case that is none of rectification."""
    return session.scalars(
        select(RectificationItem)
        .where(RectificationItem.case_id == case_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def give_case(session: Session, item: RectificationItem, case_id: int, *, now: datetime) -> None:
    """From now on the item is dealt with in that case."""
    item.case_id = case_id
    session.add(ItemCase(case_id=case_id, item_id=item.id, opened_at=now))
    session.flush()


def follow(session: Session, case_id: int, waiting: Sequence[str]) -> None:
    """The item stands as the step at which its case waits now: after the case was sent back or taken back."""
    stands = next((STANDS_AT[element] for element in waiting if element in STANDS_AT), None)
    if stands is None:
        return
    item = item_of_case(session, case_id)
    item.status = stands
    session.flush()


def _heading(session: Session, new: NewChecklist, *, cells: int, actor: Actor, now: datetime) -> Checklist:
    number = int(session.execute(text("SELECT nextval('checklist_id_seq')")).scalar_one())
    checklist = Checklist(
        id=number,
        number=f"{_PREFIX[new.kind]}-{new.issued_on.year}-{number:03d}",
        kind=new.kind,
        title=new.title,
        source=new.source,
        issued_on=new.issued_on,
        received_on=new.received_on,
        self_check_due=new.self_check_due,
        plan_due=new.plan_due,
        done_due=new.done_due,
        milestones=written(new.milestones),
        issued_by=actor.key,
        issued_at=now,
        region=new.region,
        status="issuing",
        cells=cells,
    )
    session.add(checklist)
    session.flush()
    session.execute(
        insert(ChecklistUnit), [{"checklist_id": number, "region_code": unit} for unit in new.units]
    )
    return checklist


def _topics(session: Session, checklist: Checklist, new: NewChecklist) -> tuple[ChecklistTopic, ...]:
    topics = tuple(
        ChecklistTopic(
            checklist_id=checklist.id,
            position=position,
            code=topic.code,
            title=topic.title,
            benchmark=topic.benchmark,
            group_title=topic.group_title,
            task=topic.task,
            done_due=topic.done_due,
        )
        for position, topic in enumerate(new.topics, 1)
    )
    session.add_all(topics)
    session.flush()
    return topics


def _lay(session: Session, checklist_id: int, topic: ChecklistTopic, dues: Dues, *, problem: str) -> None:
    """An item of the topic for every unit of the checklist, in one statement."""
    laid = (
        select(
            literal(checklist_id),
            literal(topic.id),
            Region.code,
            _city(),
            literal("planning" if problem else "unchecked"),
            literal(dues.self_check),
            literal(dues.plan),
            literal(dues.done),
            literal(dues.overdue_on_receipt),
            literal(problem),
        )
        .select_from(ChecklistUnit)
        .join(Region, Region.code == ChecklistUnit.region_code)
        .where(ChecklistUnit.checklist_id == checklist_id)
    )
    columns = (
        "checklist_id",
        "topic_id",
        "region_code",
        "city",
        "status",
        "self_check_due",
        "plan_due",
        "done_due",
        "overdue_on_receipt",
        "problem",
    )
    session.execute(insert(RectificationItem).from_select(columns, laid))


def _city() -> ColumnElement[str]:
    """The city of a county; a city or a province is its own."""
    return case((Region.level == "county", func.coalesce(Region.parent_code, Region.code)), else_=Region.code)


def missing_cells(session: Session, checklist: Checklist) -> tuple[tuple[str, str], ...]:
    """Topic and unit of every cell that a checklist has no item for; empty is as it must be. A plan has no such grid."""
    if checklist.kind != "checklist":
        return ()
    present = (
        select(RectificationItem.id)
        .where(
            RectificationItem.checklist_id == checklist.id,
            RectificationItem.topic_id == ChecklistTopic.id,
            RectificationItem.region_code == ChecklistUnit.region_code,
        )
        .exists()
    )
    gaps = (
        select(ChecklistTopic.code, ChecklistUnit.region_code)
        .join(ChecklistUnit, true())
        .where(
            ChecklistTopic.checklist_id == checklist.id,
            ChecklistUnit.checklist_id == checklist.id,
            ~present,
        )
        .order_by(ChecklistTopic.position, ChecklistUnit.region_code)
    )
    return tuple((code, unit) for code, unit in session.execute(gaps))
