"""Escalation in sets: which items a stage is due for on a day, and the ledger in which each comes once (RECT-04).

A stage of one deadline of one item is a row of ``escalation``, whose key keeps it from coming twice. A later stage waits
until the one before it was done on an earlier day: after a standstill nobody goes through all of them in one morning.
The papers are written by ``engine.cases.escalations``; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from engine.law.rectification import Window
from engine.oversight.rectification_standing import running_due, running_due_kind
from engine.oversight.rectification_tables import (
    Checklist,
    ChecklistTopic,
    Escalation,
    EscalationPaper,
    RectificationItem,
)

#: how often a stage came, by stage
_COUNTERS: Mapping[str, str] = {
    "reminder": "reminders",
    "circular": "circulars",
    "government": "government_notices",
    "referral": "referrals",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """One item that a stage is due for."""

    item_id: int
    case_id: int | None
    region_code: str
    topic: str
    lead_unit: str
    #: word of ``DUE_KINDS``, and the day
    due_kind: str
    due_on: date


def addressees(
    session: Session, checklist_id: int, window: Window, day: date, *, moving: ColumnElement[bool]
) -> tuple[str, ...]:
    """The regions that a paper of that stage is due to on that day, in order.

    A circular goes to a city and names every unit in it; everything else goes to the unit. ``moving`` leaves out items
    whose case stands still.
    """
    to = _addressed(window.stage)
    found = select(to).where(_due(checklist_id, window, day), moving).distinct().order_by(to)
    return tuple(session.scalars(found))


def due_items(
    session: Session,
    checklist_id: int,
    window: Window,
    day: date,
    *,
    region: str,
    moving: ColumnElement[bool],
) -> tuple[Late, ...]:
    """The items that the paper to that region names, locked."""
    query = (
        select(
            RectificationItem.id,
            RectificationItem.case_id,
            RectificationItem.region_code,
            ChecklistTopic.title,
            RectificationItem.lead_unit,
            running_due_kind(),
            running_due(),
        )
        .join(ChecklistTopic, ChecklistTopic.id == RectificationItem.topic_id)
        .where(_due(checklist_id, window, day), moving, _addressed(window.stage) == region)
        .order_by(RectificationItem.region_code, ChecklistTopic.position, RectificationItem.id)
        .with_for_update(of=RectificationItem)
    )
    return tuple(
        Late(
            item_id=item_id,
            case_id=case_id,
            region_code=unit,
            topic=topic,
            lead_unit=lead_unit,
            due_kind=due_kind,
            due_on=due_on,
        )
        for item_id, case_id, unit, topic, lead_unit, due_kind, due_on in session.execute(query)
        # what has no deadline is due for nothing
        if due_on is not None
    )


def next_number(session: Session, checklist: Checklist, stage: str, name: str) -> str:
    """The number of the checklist's next paper of that stage; the caller has locked the checklist."""
    written = select(func.count()).where(
        EscalationPaper.checklist_id == checklist.id, EscalationPaper.stage == stage
    )
    return f"{checklist.number}-{name}-{int(session.scalar(written) or 0) + 1}"


def record(
    session: Session,
    checklist: Checklist,
    *,
    stage: str,
    region: str,
    number: str,
    items: Sequence[Late],
    letter_id: int,
    day: date,
) -> EscalationPaper:
    """The paper with a line of the ledger for each item; IntegrityError for a stage that has come already."""
    paper = EscalationPaper(
        checklist_id=checklist.id,
        stage=stage,
        number=number,
        region_code=region,
        issued_on=day,
        items=len(items),
        letter_id=letter_id,
    )
    session.add(paper)
    session.flush()
    session.execute(
        insert(Escalation),
        [
            {
                "item_id": late.item_id,
                "due_kind": late.due_kind,
                "due_on": late.due_on,
                "stage": stage,
                "paper_id": paper.id,
                "done_on": day,
            }
            for late in items
        ],
    )
    counter = _COUNTERS[stage]
    session.execute(
        update(RectificationItem)
        .where(RectificationItem.id.in_([late.item_id for late in items]))
        .values({counter: getattr(RectificationItem, counter) + 1})
        .execution_options(synchronize_session=False)
    )
    return paper


def _addressed(stage: str) -> ColumnElement[str]:
    column = RectificationItem.city if stage == "circular" else RectificationItem.region_code
    return column.expression


def _due(checklist_id: int, window: Window, day: date) -> ColumnElement[bool]:
    due = running_due()
    wanted = (
        (RectificationItem.checklist_id == checklist_id)
        & RectificationItem.status.in_(("unchecked", "planning", "doing"))
        & (due <= window.last)
        & ~_came(window.stage)
    )
    if window.first is not None:
        wanted &= due >= window.first
    if window.after:
        wanted &= _came(window.after, before=day)
    return wanted


def _came(stage: str, *, before: date | None = None) -> ColumnElement[bool]:
    """That stage of the deadline that runs now has come; before that day where one is given."""
    done = aliased(Escalation)
    found = select(done.item_id).where(
        done.item_id == RectificationItem.id,
        done.due_kind == running_due_kind(),
        done.due_on == running_due(),
        done.stage == stage,
    )
    if before is not None:
        found = found.where(done.done_on < before)
    return found.exists()
