"""The figures of a refund campaign: one statement over its refunds and one over its screening, each by grouping sets. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, RowMapping, Select, SQLColumnExpression, and_, case, func, select, text
from sqlalchemy.orm import Session

from engine.cases.refund_records import STAGES, BoardFilter, Tally
from engine.cases.refund_sight import within
from engine.refunds.campaign_tables import RetentionRefund
from engine.refunds.roster_tables import EmployerYearLine
from engine.refunds.tables import ScreenDecision
from engine.values import Money, reach

R = RetentionRefund

#: what a figure is of: region, size, industry or status, and which; two empty words: of all
CutKey = tuple[str, str]
WHOLE: CutKey = ("", "")


class Found(NamedTuple):
    """What the screening found: employers looked at, eligible ones, and what they would get in fen."""

    screened: int = 0
    eligible: int = 0
    fen: int = 0


#: what the bank paid of a refund, fen
PAID_FEN = (
    case((R.status == "paid", R.amount_fen), else_=0)
    + case((R.prepaid_on.is_not(None), R.prepaid_fen), else_=0)
    + case((R.status == "settled", R.topped_fen), else_=0)
)
#: what stands: found in the end, else as it is now, fen
STANDING_FEN = func.coalesce(R.settled_fen, R.amount_fen)
#: statuses that come to nothing
OFF = (*STAGES["lapsed"], *STAGES["declined"])
_COUNTS: Mapping[str, ColumnElement[bool]] = {
    **{stage: R.status.in_(statuses) for stage, statuses in STAGES.items()},
    "objected": R.status == "objected",
    "committed": R.committed_on.is_not(None),
    "settled": R.settled_on.is_not(None),
    "late": R.late_entrant.is_(True),
    "struggling": R.kind == "struggling",
}
_SUMS: Mapping[str, SQLColumnExpression[int]] = {
    "standing": case((R.status.not_in(OFF), STANDING_FEN), else_=0),
    "ordered": case((R.status.in_(("ordered", "paid")), R.amount_fen), else_=0)
    + R.prepaid_fen
    + R.topped_fen,
    "paid_out": PAID_FEN,
    "prepaid": case((R.prepaid_on.is_not(None), R.prepaid_fen), else_=0),
    "settled_due": case((R.settled_on.is_not(None), func.coalesce(R.settled_fen, 0)), else_=0),
    "topped": R.topped_fen,
    "to_recover": R.recover_fen,
    "recovered": R.recovered_fen,
    "lapsed": case((R.status == "lapsed", R.amount_fen), else_=0),
}


def narrowed(asked: BoardFilter) -> list[ColumnElement[bool]]:
    """The filter, over refunds."""
    conditions: list[ColumnElement[bool]] = []
    if asked.region:
        conditions.append(R.region.startswith(reach(asked.region)))
    if asked.size:
        conditions.append(R.size == asked.size)
    if asked.industry:
        conditions.append(R.industry == asked.industry)
    return conditions


def tallies(session: Session, chosen: Sequence[ColumnElement[bool]], *, digits: int) -> dict[CutKey, Tally]:
    """The refunds by region (so many digits of its code), size, industry and status, and all of them."""
    facts = (
        select(
            _area(R.region, digits),
            R.size.label("size"),
            R.industry.label("industry"),
            R.status.label("status"),
            *(condition.label(f"is_{name}") for name, condition in _COUNTS.items()),
            *(fen.label(f"fen_{name}") for name, fen in _SUMS.items()),
        )
        .where(*chosen)
        .subquery()
    )
    figures = [
        func.count().label("opened"),
        *(func.count().filter(facts.c[f"is_{name}"]).label(f"n_{name}") for name in _COUNTS),
        *(func.coalesce(func.sum(facts.c[f"fen_{name}"]), 0).label(f"fen_{name}") for name in _SUMS),
    ]
    return {
        key: Tally(
            opened=row["opened"],
            counts={name: row[f"n_{name}"] for name in _COUNTS},
            sums={name: Money(int(row[f"fen_{name}"])).text for name in _SUMS},
        )
        for key, row in _grouped(session, facts, ("region", "size", "industry", "status"), figures)
    }


def screened(
    session: Session, run_id: int, roster_id: int, scopes: tuple[str, ...], asked: BoardFilter, *, digits: int
) -> dict[CutKey, Found]:
    """What the screening found by region, size and industry, and in all."""
    line = and_(
        EmployerYearLine.roster_id == roster_id, EmployerYearLine.employer_id == ScreenDecision.employer_id
    )
    # as the statistics office classed it; else as the screening reckoned
    size = func.coalesce(func.nullif(EmployerYearLine.size, ""), ScreenDecision.size)
    conditions = [ScreenDecision.run_id == run_id, within(ScreenDecision.region, scopes)]
    if asked.region:
        conditions.append(ScreenDecision.region.startswith(reach(asked.region)))
    if asked.size:
        conditions.append(size == asked.size)
    if asked.industry:
        conditions.append(EmployerYearLine.industry == asked.industry)
    facts = (
        select(
            _area(ScreenDecision.region, digits),
            size.label("size"),
            EmployerYearLine.industry.label("industry"),
            ScreenDecision.outcome.in_(("eligible", "apply")).label("eligible"),
            ScreenDecision.amount_fen.label("fen"),
        )
        .join(EmployerYearLine, line)
        .where(*conditions)
        .subquery()
    )
    figures = [
        func.count().label("screened"),
        func.count().filter(facts.c.eligible).label("found_eligible"),
        func.coalesce(func.sum(facts.c.fen), 0).label("found_fen"),
    ]
    return {
        key: Found(row["screened"], row["found_eligible"], int(row["found_fen"]))
        for key, row in _grouped(session, facts, ("region", "size", "industry"), figures)
    }


def _area(region: Any, digits: int) -> Any:
    """The region of so many digits that a region lies in."""
    return func.rpad(func.left(region, digits), 6, "0").label("region")


def _grouped(
    session: Session, facts: Any, names: Sequence[str], figures: Sequence[Any]
) -> Iterator[tuple[CutKey, RowMapping]]:
    """The figures of the facts by each of the names alone, and of all of them, in one statement."""
    columns = [facts.c[name] for name in names]
    which = func.grouping(*columns).label("which")
    sets = func.grouping_sets(*columns, text("()"))
    query: Select[Any] = select(which, *columns, *figures).group_by(sets)
    everything = (1 << len(names)) - 1
    for row in session.execute(query).mappings():
        if row["which"] == everything:
            yield WHOLE, row
            continue
        # the bit of a name is 0 where the row is of that name
        place = next(at for at in range(len(names)) if not row["which"] >> (len(names) - 1 - at) & 1)
        yield (names[place], row[names[place]]), row
