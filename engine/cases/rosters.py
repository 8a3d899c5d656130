"""Rosters of other offices, taken in by a data steward and shown to whoever answers for matching (CTRL-02)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import check_may, covers
from engine.people import Region, region_name
from engine.registers.roster_lines import RosterFileError
from engine.registers.roster_tables import Roster
from engine.registers.rosters import (
    COLUMNS,
    GROUNDS,
    KIND_NAMES,
    RosterKind,
    digest_of_roster,
    read_roster,
    take_roster,
)
from engine.store.sight import beyond
from engine.values import Actor, Reason, Refusal, RefusedError

T = TypeVar("T")

#: duties that answer for matching
SEEN_BY = frozenset({"data_steward", "control", "intake", "review", "fund_supervisor"})
#: kinds of roster with their names, and the grounds that each may name
KINDS, KIND_GROUNDS = KIND_NAMES, GROUNDS
#: lines whose fault is told; the others are counted
_TOLD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterView:
    """A roster as it was taken in."""

    roster_id: int
    kind: str
    kind_name: str
    kind_name_en: str
    region: str
    region_name: str
    as_of: date
    lines: int
    source: str
    #: SHA-256 of kind, region, day and file
    digest: str
    taken_by: str
    taken_at: datetime
    #: current, superseded
    status: str


def rosters(office: Office, actor: Actor) -> tuple[RosterView, ...] | Refusal:
    """The rosters of the actor's region and of those around it, latest first."""
    if not actor.duties & SEEN_BY:
        return Refusal(
            reasons=(
                Reason(
                    code="not_roster_duty",
                    text="您的岗位不能查看比对名册",
                    text_en="Your duty does not see rosters.",
                    source="社会保险经办条例第四十九条（保密）",
                    fact=actor.name or actor.key,
                ),
            )
        )
    with office.store.reading() as session:
        latest = session.scalars(
            select(Roster)
            .where(Roster.status.in_(("current", "superseded")))
            .order_by(Roster.id.desc())
            .limit(100)
        )
        return tuple(_view(session, roster) for roster in latest if concerns(actor, roster.region))


def take_roster_file(
    office: Office, actor: Actor, file: BinaryIO, *, kind: str, region: str, as_of: str, source: str
) -> Done | Refusal:
    """The roster in the file, current from now on; refused whole, with every faulty line, where anything is wrong.

    The file is open, can be wound back, and is never all in memory. The same again is the same roster.
    """

    def work(session: Session) -> Done:
        no = check_may(session, office.duties, actor, "data_steward", region, office.today)
        if no is not None:
            raise RefusedError(*no.reasons)
        wanted, day = _kind(kind), day_of_roster(as_of, office.today)
        require_origin(session, region, source)
        with beyond(
            session, "a roster of a whole population, copied in by its blind indexes; nobody reads it"
        ):
            roster = read_or_refuse(
                lambda: take_roster(
                    session,
                    read_roster(file, wanted, vault=office.vault, until=day),
                    kind=wanted,
                    region=region,
                    as_of=day,
                    digest=digest_of_roster(file, wanted, region=region, as_of=day),
                    source=source.strip(),
                    actor=actor,
                    now=office.clock(),
                )
            )
        name = KIND_NAMES[wanted][0]
        return Done(
            message=f"{name}名册已收入：{roster.line_count} 行，描述 {roster.as_of}，自即日起用于比对"
        )

    return attempt(office, actor, work, subject=f"office:{region}", stream="rosters")


def template() -> bytes:
    """An empty roster file with its head, for a spreadsheet."""
    return ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()


def concerns(actor: Actor, region: str) -> bool:
    """Whether a roster of the region is of the actor's region, of a part of it, or of what is around it."""
    return covers(actor.region, region) or covers(region, actor.region)


def require_origin(session: Session, region: str, source: str) -> None:
    """RefusedError unless the region is one, and somebody is named who sent the roster."""
    if session.get(Region, region) is None or not source.strip():
        raise RefusedError(
            Reason(code="source_missing", text="请写明地区和名册来源", text_en="Name region and source.")
        )


def read_or_refuse(reading: Callable[[], T]) -> T:
    """What was read; RefusedError with a reason for each of the first faulty lines."""
    try:
        return reading()
    except RosterFileError as wrong:
        raise RefusedError(*_faults_told(wrong)) from wrong


def _faults_told(wrong: RosterFileError) -> tuple[Reason, ...]:
    """A reason for each of the first faulty lines, and how many more there are."""
    more = wrong.count - _TOLD
    told = [
        Reason(
            code="roster_line",
            text=f"第{fault.line}行：{fault.message}",
            text_en=f"Line {fault.line}: {fault.message_en}",
        )
        for fault in wrong.faults[:_TOLD]
    ]
    if more > 0:
        told.append(
            Reason(code="roster_more", text=f"另有 {more} 行有错", text_en=f"{more} more lines are wrong")
        )
    return tuple(told)


def _kind(kind: str) -> RosterKind:
    found = next((known for known in KIND_NAMES if known == kind), None)
    if found is None:
        raise RefusedError(
            Reason(code="kind_unknown", text="请选择名册种类", text_en="Choose the kind of roster.")
        )
    return found


def day_of_roster(text: str, today: date) -> date:
    """The day that a roster describes; refused where it is no day, or one that has not come."""
    wrong = Reason(
        code="day_unreadable",
        text="名册日期应写成 2026-11-05，且不晚于今天",
        text_en="Write the day as 2026-11-05, not after today.",
    )
    try:
        day = date.fromisoformat(text)
    except ValueError as cause:
        raise RefusedError(wrong) from cause
    if day > today:
        raise RefusedError(wrong)
    return day


def _view(session: Session, roster: Roster) -> RosterView:
    name, name_en = next(words for kind, words in KIND_NAMES.items() if kind == roster.kind)
    return RosterView(
        roster_id=roster.id,
        kind=roster.kind,
        kind_name=name,
        kind_name_en=name_en,
        region=roster.region,
        region_name=region_name(session, roster.region),
        as_of=roster.as_of,
        lines=roster.line_count,
        source=roster.source,
        digest=roster.digest,
        taken_by=name_of(session, roster.taken_by),
        taken_at=roster.taken_at,
        status=roster.status,
    )
