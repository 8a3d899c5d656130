"""Inspecting the inspectors: who looked at whose file, how often, and outside their own cases (CTRL-07).

Whoever looks here leaves a trace, too: an event for the list, and one for each person whose looks are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.risk_room import at_door, month_typed
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.law.policy import PolicyGap
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import mask_name
from engine.store.sight import beyond
from engine.values import CHINA, Actor, Month, Reason, Refusal, RefusedError, reach

# within a case of one's own: any hand in any case about the person, by oneself or in whose name one acted
_OWN = """EXISTS (SELECT FROM workflow_case c JOIN workflow_history h ON h.case_id = c.id
   WHERE c.subject = 'person:' || a.person_id
     AND (h.actor = a.actor OR h.on_behalf_of = a.actor))"""
_BY_STAFF = text(f"""
SELECT a.actor, s.name, s.region_code, count(*) AS looks, count(DISTINCT a.person_id) AS people,
       count(DISTINCT a.person_id) FILTER (WHERE NOT {_OWN}) AS outside, max(a.at) AS last
  FROM access_record a JOIN staff_member s ON a.actor = 'staff:' || s.id
 WHERE a.at >= :first AND a.at < :after AND s.region_code LIKE :within
 GROUP BY a.actor, s.name, s.region_code ORDER BY outside DESC, looks DESC, a.actor LIMIT 200
""")  # noqa: S608 - a fixed text
_OF_ONE = text(f"""
SELECT p.id, p.name, p.region_code, count(*) AS looks, max(a.at) AS last,
       string_agg(DISTINCT a.why, '；') AS why, NOT bool_or({_OWN}) AS outside
  FROM access_record a JOIN person p ON p.id = a.person_id
 WHERE a.actor = :actor AND a.at >= :first AND a.at < :after
 GROUP BY p.id, p.name, p.region_code ORDER BY outside DESC, looks DESC, p.id LIMIT 200
""")  # noqa: S608 - a fixed text


@dataclass(frozen=True, slots=True, kw_only=True)
class LookerRow:
    """One member of staff and how often they looked."""

    staff_id: int
    name: str
    region: str
    looks: int
    people: int
    #: people about whom they had no case
    outside: int
    last: datetime
    #: at or above the figure of the policy
    many: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookers:
    """A month of looks by member of staff, and the figure from which one is marked."""

    month: str
    rows: tuple[LookerRow, ...]
    threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """One person whose file was looked at, name masked."""

    name: str
    region: str
    looks: int
    last: datetime
    why: str
    outside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LooksOf:
    """Whose files one member of staff looked at in a month."""

    month: str
    name: str
    rows: tuple[LookedAt, ...]


def lookers(office: Office, actor: Actor, *, month: str = "") -> Lookers | Refusal:
    """Who looked at files in the month, most of them outside their cases first; the look here is recorded."""

    def work(session: Session) -> Lookers:
        at_door(session, office, actor)
        wanted = month_typed(month) if month else Month.of(office.today)
        with beyond(session, "looks of one's own staff at people anywhere: who inspects them sees every one"):
            rows = session.execute(_BY_STAFF, {**_span(wanted), "within": f"{reach(actor.region)}%"}).all()
        threshold = _threshold(office, actor)
        _note(session, office, actor, "access-records", str(wanted))
        return Lookers(
            month=str(wanted),
            threshold=threshold,
            rows=tuple(
                LookerRow(
                    staff_id=int(row.actor.partition(":")[2]),
                    name=row.name,
                    region=row.region_code,
                    looks=row.looks,
                    people=row.people,
                    outside=row.outside,
                    last=row.last,
                    many=row.outside >= threshold,
                )
                for row in rows
            ),
        )

    return attempt(office, actor, work, subject="access-records", stream="looks")


def looks_of(office: Office, actor: Actor, staff_id: int, *, month: str = "") -> LooksOf | Refusal:
    """Whose files that member of staff looked at and why; the look here is recorded."""

    def work(session: Session) -> LooksOf:
        key = f"staff:{staff_id}"
        region = session.scalar(text("SELECT region_code FROM staff_member WHERE id = :id"), {"id": staff_id})
        if region is None:
            raise RefusedError(
                Reason(code="no_such_staff", text="没有这名工作人员", text_en="No such member of staff.")
            )
        at_door(session, office, actor, region=region)
        wanted = month_typed(month) if month else Month.of(office.today)
        with beyond(session, "looks of one of one's own staff at people anywhere, names masked"):
            rows = session.execute(_OF_ONE, {**_span(wanted), "actor": key}).all()
        _note(session, office, actor, key, str(wanted))
        return LooksOf(
            month=str(wanted),
            name=name_of(session, key),
            rows=tuple(
                LookedAt(
                    name=mask_name(row.name),
                    region=row.region_code,
                    looks=row.looks,
                    last=row.last,
                    why=row.why,
                    outside=row.outside,
                )
                for row in rows
            ),
        )

    return attempt(office, actor, work, subject=f"staff:{staff_id}", stream="looks")


def _span(month: Month) -> dict[str, datetime]:
    first, after = month.first_day, month.plus(1).first_day
    return {
        "first": datetime.combine(first, time(), tzinfo=CHINA),
        "after": datetime.combine(after, time(), tzinfo=CHINA),
    }


def _threshold(office: Office, actor: Actor) -> int:
    try:
        return office.book.at("control.looks_outside", actor.region, office.today).count
    except PolicyGap as gap:
        raise RefusedError(gap.reason) from gap


def _note(session: Session, office: Office, actor: Actor, subject: str, month: str) -> None:
    append(
        session,
        stream="looks",
        action=Action.LOOKS_INSPECTED,
        actor=actor,
        subject=subject,
        after={"month": month},
        now=office.clock(),
    )
