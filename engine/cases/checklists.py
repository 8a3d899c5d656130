"""Checklists over topics × units as offices issue, follow and close them; and the cases of their items (RECT-01 … 04).

A checklist is issued whole or not at all. The cases of its items are opened by the sweep, so many a round; until then an
item counts, is late and is escalated like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.cases.checklist_views import (
    SEEN_BY,
    ChecklistView,
    checklist_record,
    checklists_in_sight,
    not_seen,
    seen_checklist,
)
from engine.cases.item_cases import ISSUES, open_case
from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.law.rectification import SOURCE, Dues, dates_in_order, dues_on_receipt
from engine.oversight.rectification import Cell, Milestone, NewChecklist, Topic, lay_out, lay_out_plan
from engine.oversight.rectification_tables import Checklist, RectificationItem
from engine.people import Region
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, Refusal, RefusedError, reach

_SETTLED = ("no_problem", "done")


def issue_checklist(
    office: Office,
    actor: Actor,
    *,
    title: str,
    source: str,
    topics: Sequence[Topic],
    received_on: date,
    self_check_due: date,
    plan_due: date,
    done_due: date | None = None,
    issued_on: date | None = None,
    units: Sequence[str] = (),
    region: str = "",
    milestones: Sequence[Milestone] = (),
) -> ChecklistView | Refusal:
    """The checklist, laid over every unit: those named, or the region (the actor's) and all below it.

    A deadline that had passed when the units received the notice is counted anew from receipt, and shown so. Refused:
    no topic, a topic twice, a unit outside the region, days out of order, a figure or calendar year not on file.
    """
    where = region or actor.region or office.settings.region

    def work(session: Session) -> ChecklistView:
        require_duty(session, office, actor, ISSUES, where)
        new = NewChecklist(
            kind="checklist",
            title=title.strip(),
            source=source.strip(),
            issued_on=issued_on or office.today,
            received_on=received_on,
            region=where,
            topics=tuple(topics),
            units=_units(session, where, units),
            self_check_due=self_check_due,
            plan_due=plan_due,
            done_due=done_due,
            milestones=tuple(milestones),
        )
        _refuse(new)
        checklist = lay_out(session, new, dues=_dues(office, new), actor=actor, now=office.clock())
        _tell(session, office, actor, checklist, Action.CHECKLIST_ISSUED)
        return checklist_record(session, office, actor, checklist)

    return attempt(office, actor, work, subject=f"office:{where}")


def issue_plan(
    office: Office, actor: Actor, new: NewChecklist, cells: Sequence[Cell]
) -> ChecklistView | Refusal:
    """A work plan with its items, each with its lead unit, timetable and day; being carried out from now on (RECT-05).

    Refused: no item, a unit outside the plan's region, a duty that issues nothing there.
    """

    def work(session: Session) -> ChecklistView:
        require_duty(session, office, actor, ISSUES, new.region)
        _refuse(new)
        if not cells:
            raise RefusedError(_reason("no_items", "分工表里没有任务", "The plan has no tasks."))
        _units(session, new.region, new.units)
        checklist = lay_out_plan(session, new, cells, actor=actor, now=office.clock())
        _tell(session, office, actor, checklist, Action.CHECKLIST_ISSUED)
        return checklist_record(session, office, actor, checklist)

    return attempt(office, actor, work, subject=f"office:{new.region}")


def issue_item(
    office: Office,
    actor: Actor,
    *,
    topic: str,
    region: str,
    plan_due: date,
    done_due: date,
    self_check_due: date | None = None,
) -> Done | Refusal:
    """One item for one unit, with its case: a problem that the office has found, for which a plan is wanted (RECT-02).

    With a day for the self-check the unit looks into the topic itself first.
    """

    def work(session: Session) -> Done:
        require_duty(session, office, actor, ISSUES, region)
        about = topic.strip()
        _refuse_days_past(office, about, self_check_due or plan_due)
        new = NewChecklist(
            kind="checklist",
            title=about,
            source=SOURCE,
            issued_on=office.today,
            received_on=office.today,
            region=region,
            topics=(Topic(code="topic", title=about),),
            units=_units(session, region, (region,)),
            self_check_due=self_check_due,
            plan_due=plan_due,
            done_due=done_due,
        )
        _refuse(new)
        problem = "" if self_check_due else about
        checklist = lay_out(
            session, new, dues=_dues(office, new), actor=actor, now=office.clock(), problem=problem
        )
        _tell(session, office, actor, checklist, Action.CHECKLIST_ISSUED)
        item = session.scalars(
            select(RectificationItem).where(RectificationItem.checklist_id == checklist.id)
        ).one()
        case = open_case(session, office, item, actor)
        return Done(message=f"整改问题已下达，编号 {case.key}", case_id=case.id, case_key=case.key)

    return attempt(office, actor, work, subject=f"office:{region}")


def checklists(office: Office, actor: Actor, *, kind: str = "") -> tuple[ChecklistView, ...] | Refusal:
    """The latest checklists and plans of the actor's region, above and below it, the newest first."""
    if actor.kind != "staff" or not actor.duties & SEEN_BY:
        return Refusal(reasons=(not_seen(),))

    def work(session: Session) -> tuple[ChecklistView, ...]:
        query = select(Checklist).where(checklists_in_sight(actor)).order_by(Checklist.id.desc()).limit(50)
        if kind:
            query = query.where(Checklist.kind == kind)
        return tuple(
            checklist_record(session, office, actor, each, whole=False) for each in session.scalars(query)
        )

    return attempt(office, actor, work, subject="checklists")


def checklist_view(office: Office, actor: Actor, checklist_id: int) -> ChecklistView | Refusal:
    """One checklist or plan, with how its items stand in the actor's region."""

    def work(session: Session) -> ChecklistView:
        return checklist_record(session, office, actor, seen_checklist(session, actor, checklist_id))

    return attempt(office, actor, work, subject=f"checklist:{checklist_id}")


def close_checklist(office: Office, actor: Actor, checklist_id: int) -> Done | Refusal:
    """The checklist is closed; refused while an item is neither signed off as no problem nor verified."""

    def work(session: Session) -> Done:
        checklist = seen_checklist(session, actor, checklist_id)
        require_duty(session, office, actor, ISSUES, checklist.region)
        session.refresh(checklist, with_for_update=True)
        if checklist.status != "open":
            raise RefusedError(_reason("checklist_closed", "清单已经办结", "The checklist is closed."))
        open_items = select(func.count()).where(
            RectificationItem.checklist_id == checklist_id, RectificationItem.status.not_in(_SETTLED)
        )
        left = session.scalar(open_items) or 0
        if left:
            text = f"还有 {left} 项没有承诺无问题或核验销号，不能办结"
            raise RefusedError(
                _reason(
                    "items_open", text, f"{left} items are neither signed off nor verified.", fact=str(left)
                )
            )
        checklist.status, checklist.closed_by, checklist.closed_at = "closed", actor.key, office.clock()
        _tell(session, office, actor, checklist, Action.CHECKLIST_CLOSED)
        return Done(message=f"{checklist.number} 已办结")

    return attempt(office, actor, work, subject=f"checklist:{checklist_id}")


def _units(session: Session, region: str, named: Sequence[str]) -> tuple[str, ...]:
    """The units by code: those named, else the region and all below it; RefusedError for one that is not of them."""
    below = session.scalars(
        select(Region.code)
        .where(Region.code.startswith(reach(region), autoescape=True))
        .order_by(Region.code)
    ).all()
    if region not in below:
        raise RefusedError(_reason("unknown_region", f"没有地区 {region}", f"No region {region}."))
    if not named:
        return tuple(below)
    stray = sorted(set(named) - set(below))
    if stray or len(set(named)) != len(named):
        text = f"不是 {region} 的下级单位或重复：{'、'.join(stray) or '重复'}"
        raise RefusedError(_reason("unit_outside", text, "A unit is not of the region, or named twice."))
    return tuple(named)


def _dues(office: Office, new: NewChecklist) -> Mapping[str, Dues]:
    """The days that count, by topic: a topic may have a day of its own."""
    found: dict[str, Dues] = {}
    for topic in new.topics:
        dues = dues_on_receipt(
            new.received_on,
            self_check=new.self_check_due,
            plan=new.plan_due,
            done=topic.done_due or new.done_due,
            region=new.region,
            book=office.book,
            calendar=office.calendar,
        )
        if isinstance(dues, Refusal):
            raise RefusedError(*dues.reasons)
        found[topic.code] = dues
    return found


def _refuse(new: NewChecklist) -> None:
    """RefusedError with everything that is wrong with what is to be issued."""
    wrong: list[Reason] = []
    if not new.title:
        wrong.append(_reason("title_missing", "请填写清单名称", "Name the checklist."))
    codes = [topic.code for topic in new.topics]
    if not codes or not all(topic.title.strip() for topic in new.topics):
        wrong.append(_reason("topic_missing", "请填写整改事项", "Name the topic."))
    if len(set(codes)) != len(codes):
        wrong.append(_reason("topic_twice", "同一个项目写了两次", "A topic is there twice."))
    for topic in new.topics or (None,):
        own = topic.done_due if topic else None
        reversed_ = dates_in_order(new.self_check_due, new.plan_due, own or new.done_due)
        if reversed_ is not None:
            wrong.append(reversed_)
            break
    if wrong:
        raise RefusedError(*wrong)


def _refuse_days_past(office: Office, topic: str, first: date) -> None:
    if not topic:
        raise RefusedError(_reason("topic_missing", "请填写整改事项", "Name the topic."))
    if first < office.today:
        raise RefusedError(
            _reason("plan_due_past", "方案上报期限不能早于今天", "The plan was due before today.")
        )


def _tell(session: Session, office: Office, actor: Actor, checklist: Checklist, action: Action) -> None:
    append(
        session,
        stream=f"checklist:{checklist.id}",
        action=action,
        actor=actor,
        subject=f"checklist:{checklist.id}",
        after={
            "number": checklist.number,
            "kind": checklist.kind,
            "title": checklist.title,
            "region": checklist.region,
            "cells": checklist.cells,
            "status": checklist.status,
        },
        now=office.clock(),
    )


def _reason(code: str, text: str, english: str, *, fact: str = "") -> Reason:
    return Reason(code=code, text=text, text_en=english, source=SOURCE, fact=fact)
