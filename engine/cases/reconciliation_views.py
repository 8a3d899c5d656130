"""A month of reconciliation as people see it: the four sides, proposed pairs, differences with their tasks, the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.book_periods import holds_one
from engine.cases.books import BooksFilter, BooksSight, month_of, reads, sight_of
from engine.cases.office import Office
from engine.cases.reconciling import RECONCILE, SIGN
from engine.cases.rows import actor_names
from engine.money.period_checks import SIDE_NAMES
from engine.money.reconciliation_tables import (
    SIDES,
    Reconciliation,
    ReconciliationDifference,
    ReconciliationPair,
)
from engine.people import region_name
from engine.values import Actor, Money, Month, Reason, Refusal
from engine.workflow.tables import WorkflowTask

_STEPS = {"explain_difference": "待说明", "confirm_explanation": "待核实"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """Two items that may be the same."""

    pair_id: int
    ours: str
    our_day: str
    theirs: str
    their_day: str
    amount: Money
    status: str
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """One difference, where it stands, and how it was settled."""

    difference_id: int
    key: str
    text: str
    text_en: str
    booked: Money
    found: Money
    status: str
    #: 待说明, 待核实, 已销号
    status_name: str
    case_id: int | None
    explanation: str
    explained_by: str
    settled_by: str
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SideView:
    """One side of the month: compared or not, agreeing or not, signed or not."""

    side: str
    side_name: str
    #: None: not compared yet
    reconciliation_id: int | None
    status: str
    status_name: str
    file_name: str
    digest: str
    booked: Money
    found: Money
    paired: int
    opened_by: str
    opened_at: datetime | None
    signed_by: str
    signed_at: datetime | None
    countersigned_by: str
    countersigned_at: datetime | None
    pairs: tuple[PairRow, ...]
    differences: tuple[DifferenceRow, ...]
    #: nothing is open any more
    ready: bool
    may_sign: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledMonth:
    """The page of a region and month."""

    sight: BooksSight
    month: Month
    sides: tuple[SideView, ...]
    may_reconcile: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report of one side, to be printed."""

    region_name: str
    region: str
    month: str
    side: SideView


def month_view(office: Office, actor: Actor, asked: BooksFilter, month: str) -> ReconciledMonth | Refusal:
    """The four sides of the month; the month that has just passed where none is asked for."""
    with office.store.reading() as session:
        sight = sight_of(session, office, actor, asked)
        if isinstance(sight, Refusal):
            return sight
        wanted = month_of(month) or Month.of(office.today).plus(-1)
        standing = {
            each.side: each
            for each in session.scalars(
                select(Reconciliation).where(
                    Reconciliation.region == sight.region,
                    Reconciliation.month == str(wanted),
                    Reconciliation.status != "superseded",
                )
            )
        }
        sides = tuple(
            _side(session, office, actor, side, sight.region, wanted, standing.get(side)) for side in SIDES
        )
        return ReconciledMonth(
            sight=sight,
            month=wanted,
            sides=sides,
            may_reconcile=holds_one(session, office, actor, RECONCILE, sight.region),
        )


def report(office: Office, actor: Actor, reconciliation_id: int) -> Report | Refusal:
    """The report of one comparison, signed or still to be."""
    with office.store.reading() as session:
        kept = session.get(Reconciliation, reconciliation_id)
        none = Refusal(
            reasons=(
                Reason(
                    code="no_such_reconciliation",
                    text="没有这份对账报告，或不在您的地区",
                    text_en="No such report.",
                ),
            )
        )
        if kept is None:
            return none
        no = reads(office, session, actor, kept.region)
        if no is not None:
            return none if no.reasons[0].code == "other_region" else no
        side = _side(session, office, actor, kept.side, kept.region, Month.parse(kept.month), kept)
        return Report(
            region_name=region_name(session, kept.region), region=kept.region, month=kept.month, side=side
        )


def _side(
    session: Session,
    office: Office,
    actor: Actor,
    side: str,
    region: str,
    month: Month,
    kept: Reconciliation | None,
) -> SideView:
    differences = _differences(session, region, month, side)
    pairs = _pairs(session, kept)
    waiting = sum(each.status == "open" for each in differences) + sum(
        each.status == "proposed" for each in pairs
    )
    keys = {key for key in (kept.opened_by, kept.signed_by, kept.countersigned_by) if key} if kept else set()
    people = actor_names(session, keys)
    status, words = _state(kept, waiting)
    ready = kept is not None and kept.status == "open" and waiting == 0
    duties = SIGN if kept and kept.signed_by else RECONCILE
    return SideView(
        side=side,
        side_name=SIDE_NAMES[side],
        reconciliation_id=kept.id if kept else None,
        status=status,
        status_name=words,
        file_name=kept.file_name if kept else "",
        digest=kept.digest if kept else "",
        booked=Money(kept.booked_fen if kept else 0),
        found=Money(kept.found_fen if kept else 0),
        paired=kept.paired if kept else 0,
        opened_by=people.get(kept.opened_by, "") if kept else "",
        opened_at=kept.opened_at if kept else None,
        signed_by=people.get(kept.signed_by or "", "") if kept else "",
        signed_at=kept.signed_at if kept else None,
        countersigned_by=people.get(kept.countersigned_by or "", "") if kept else "",
        countersigned_at=kept.countersigned_at if kept else None,
        pairs=pairs,
        differences=differences,
        ready=ready,
        may_sign=ready
        and kept is not None
        and kept.signed_by != actor.key
        and holds_one(session, office, actor, duties, region),
    )


def _state(kept: Reconciliation | None, waiting: int) -> tuple[str, str]:
    if kept is None:
        return "none", "未对账"
    if kept.status == "signed":
        return "signed", "两人已签字"
    if kept.status == "superseded":
        return "superseded", "已被后来的对账替代"
    if waiting:
        return "open", "差异未办完"
    return ("half", "一人已签字") if kept.signed_by else ("ready", "待签字")


def _differences(session: Session, region: str, month: Month, side: str) -> tuple[DifferenceRow, ...]:
    rows = session.scalars(
        select(ReconciliationDifference)
        .where(
            ReconciliationDifference.region == region,
            ReconciliationDifference.month == str(month),
            ReconciliationDifference.side == side,
        )
        .order_by(ReconciliationDifference.status, ReconciliationDifference.id)
    ).all()
    steps = _open_steps(session, [each.case_id for each in rows if each.case_id])
    people = actor_names(
        session, {key for each in rows for key in (each.explained_by, each.settled_by) if key}
    )
    return tuple(
        DifferenceRow(
            difference_id=each.id,
            key=each.key,
            text=each.text,
            text_en=each.text_en,
            booked=Money(each.booked_fen),
            found=Money(each.found_fen),
            status=each.status,
            status_name="已销号"
            if each.status == "settled"
            else _STEPS.get(steps.get(each.case_id or 0, ""), "待说明"),
            case_id=each.case_id,
            explanation=each.explanation,
            explained_by=people.get(each.explained_by or "", ""),
            settled_by=people.get(each.settled_by or "", ""),
            found_at=each.found_at,
        )
        for each in rows
    )


def _open_steps(session: Session, cases: Sequence[int]) -> dict[int, str]:
    rows = session.execute(
        select(WorkflowTask.case_id, WorkflowTask.element_id).where(
            WorkflowTask.case_id.in_(cases), WorkflowTask.status == "ready"
        )
    )
    return {int(case_id): str(element) for case_id, element in rows}


def _pairs(session: Session, kept: Reconciliation | None) -> tuple[PairRow, ...]:
    if kept is None:
        return ()
    rows = session.scalars(
        select(ReconciliationPair)
        .where(ReconciliationPair.reconciliation_id == kept.id)
        .order_by(ReconciliationPair.id)
    ).all()
    people = actor_names(session, {each.decided_by for each in rows if each.decided_by})
    return tuple(
        PairRow(
            pair_id=each.id,
            ours=each.our_reference,
            our_day=each.our_day.isoformat(),
            theirs=each.their_reference,
            their_day=each.their_day.isoformat(),
            amount=Money(each.amount_fen),
            status=each.status,
            decided_by=people.get(each.decided_by or "", ""),
        )
        for each in rows
    )
