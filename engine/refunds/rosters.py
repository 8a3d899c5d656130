"""Rosters of employers: their year as the tax office tells it, and lists of other offices, taken in whole (REFUND-01).

A roster supersedes the one before of its kind, region and year. Called by use-cases, inside their transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from engine.refunds.roster_tables import SEALED_EMPLOYER_ROSTER, EmployerRoster
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.copying import copy_rows
from engine.values import Actor, reach

ListKind = Literal["arrears", "environment", "industry", "dishonest", "zombie", "struggling"]
LIST_NAMES: Mapping[ListKind, tuple[str, str]] = {
    "arrears": ("欠费和缓缴未补名单", "Contributions owed"),
    "environment": ("环保处罚名单", "Environment list"),
    "industry": ("产业限制名单", "Industry list"),
    "dishonest": ("严重失信名单", "Dishonest employers"),
    "zombie": ("僵尸企业名单", "Zombie firms"),
    "struggling": ("困难企业认定名单", "Struggling employers"),
}
#: lists without which nobody may be found eligible
REQUIRED: tuple[ListKind, ...] = ("arrears", "environment", "industry", "dishonest", "zombie")

_YEAR = (
    "roster_id", "employer_id", "region", "kind", "size", "industry", "months_before", "previous_end", "claimants",
    "heads", "due_fen", "paid_fen", "dispatched_fen", "placed_public_fen",
)  # fmt: skip
_LISTING = ("roster_id", "line_no", "credit_code", "since", "amount_fen", "detail")

#: everything of ``employer_year`` but the roster, in the order of its columns
YearRow = tuple[int, str, str, str, str, int, int, int, list[int], list[int], list[int], int, int]
#: credit code, since when, fen owed, what an inspector reads
ListRow = tuple[str, date | None, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterOrigin:
    """Whose employers a roster covers, of which day, and where it came from."""

    region: str
    as_of: date
    #: SHA-256 of the file: the same roster is taken once
    digest: str
    source: str


def take_years(
    session: Session, rows: Iterable[YearRow], *, year: int, origin: RosterOrigin, actor: Actor, now: datetime
) -> EmployerRoster:
    """The contributions of every insured employer of the year; rows stream in and are never all in memory."""
    roster, fresh = _begin(session, "contributions", year, origin, actor=actor, now=now)
    if fresh:
        roster.line_count = copy_rows(session, "employer_year", _YEAR, ((roster.id, *row) for row in rows))
        _finish(session, roster, actor=actor, now=now)
    return roster


def take_list(
    session: Session,
    rows: Iterable[ListRow],
    *,
    kind: ListKind,
    origin: RosterOrigin,
    actor: Actor,
    now: datetime,
) -> EmployerRoster:
    """The list, current from now on; one of the same digest that was taken before is left as it is."""
    roster, fresh = _begin(session, kind, 0, origin, actor=actor, now=now)
    if fresh:
        numbered = ((roster.id, number, *row) for number, row in enumerate(rows, start=1))
        roster.line_count = copy_rows(session, "employer_listing", _LISTING, numbered)
        _finish(session, roster, actor=actor, now=now)
    return roster


def contributions_of(session: Session, *, region: str, year: int) -> EmployerRoster | None:
    """The latest contributions of the year that cover the region; None where nobody sent any."""
    found = select(EmployerRoster).where(
        EmployerRoster.kind == "contributions", EmployerRoster.year == year, *_current_over(region)
    )
    return session.scalars(found.order_by(EmployerRoster.as_of.desc(), EmployerRoster.id.desc())).first()


def lists_over(session: Session, region: str) -> tuple[EmployerRoster, ...]:
    """The current lists that name employers of the region: those that cover it, and those of a part of it."""
    within = EmployerRoster.region.startswith(reach(region))
    found = select(EmployerRoster).where(
        EmployerRoster.kind != "contributions",
        EmployerRoster.status == "current",
        or_(EmployerRoster.region.in_(_around(region)), within),
    )
    return tuple(session.scalars(found.order_by(EmployerRoster.kind, EmployerRoster.id)))


def lists_missing(session: Session, region: str) -> tuple[ListKind, ...]:
    """The required lists of which none covers the whole region."""
    there = set(session.scalars(select(EmployerRoster.kind).where(*_current_over(region))))
    return tuple(kind for kind in REQUIRED if kind not in there)


def _around(region: str) -> tuple[str, ...]:
    """The region and everything around it."""
    return tuple(dict.fromkeys((region, f"{region[:4]}00", f"{region[:2]}0000", "000000")))


def _current_over(region: str) -> tuple[ColumnElement[bool], ...]:
    return EmployerRoster.status == "current", EmployerRoster.region.in_(_around(region))


def _begin(
    session: Session, kind: str, year: int, origin: RosterOrigin, *, actor: Actor, now: datetime
) -> tuple[EmployerRoster, bool]:
    """The roster, and whether it is new and waits for its rows."""
    known = session.scalars(select(EmployerRoster).where(EmployerRoster.digest == origin.digest)).first()
    if known is not None:
        return known, False
    roster = EmployerRoster(
        kind=kind,
        region=origin.region,
        year=year,
        as_of=origin.as_of,
        digest=origin.digest,
        line_count=0,
        source=origin.source,
        taken_by=actor.key,
        taken_at=now,
        status="loading",
    )
    session.add(roster)
    session.flush()
    return roster, True


def _finish(session: Session, roster: EmployerRoster, *, actor: Actor, now: datetime) -> None:
    session.execute(
        update(EmployerRoster)
        .where(
            EmployerRoster.kind == roster.kind,
            EmployerRoster.region == roster.region,
            EmployerRoster.year == roster.year,
            EmployerRoster.status == "current",
        )
        .values(status="superseded")
    )
    roster.status = "current"
    session.flush()
    append(
        session,
        stream="employer-rosters",
        action=Action.EMPLOYER_ROSTER_TAKEN,
        actor=actor,
        subject=f"employer_roster:{roster.id}",
        after={
            "kind": roster.kind,
            "region": roster.region,
            "year": roster.year,
            "as_of": roster.as_of.isoformat(),
            "lines": roster.line_count,
        },
        now=now,
        voucher=SEALED_EMPLOYER_ROSTER.voucher(roster),
    )
