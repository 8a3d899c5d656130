"""Screening for the job-retention refund: every insured employer of a region against every condition, in sets (REFUND-01).

A run is a list of parts, each one transaction: whatever kills it, the next one goes on with the first part that is
not done, and the result is the same. It looks at the rosters that were current when it began, whatever comes in
meanwhile. Called by use-cases; commits nothing itself.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.law.policy import PolicyBook
from engine.law.screening import CONDITIONS, LISTINGS, RefundFigures, Screened, figures_of
from engine.law.screening_reasons import figures_from, plain_figures
from engine.refunds import screen
from engine.refunds.roster_tables import EmployerRoster
from engine.refunds.rosters import lists_over
from engine.refunds.tables import (
    SEALED_PART,
    DecisionColumns,
    ScreenFigure,
    ScreenPart,
    ScreenRoster,
    ScreenRun,
)
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.parts import any_waits, first_waiting, mark_done
from engine.values import Actor, Money, Reason, reach

#: employers judged in one transaction
EMPLOYERS_PER_PART = 10_000


def start_run(
    session: Session,
    *,
    region: str,
    year: int,
    roster: EmployerRoster,
    day: date,
    book: PolicyBook,
    actor: Actor,
    now: datetime,
) -> ScreenRun:
    """The run of the region and year that is not done yet, or a new round of it with its figures, lists and parts.

    Where neither rosters nor figures have changed since the last round, that one stands: another would find the same.
    ``roster``: the contributions of the year before. ``day``: whose law counts.
    """
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"screening {region} {year}", 0)))
    )
    rounds = session.scalars(
        select(ScreenRun).where(ScreenRun.region == region, ScreenRun.year == year).order_by(ScreenRun.round)
    ).all()
    if rounds and (
        rounds[-1].status == "running" or _unchanged(session, rounds[-1], roster, day=day, book=book)
    ):
        return rounds[-1]
    run = ScreenRun(
        region=region,
        year=year,
        round=len(rounds) + 1,
        day=day,
        roster_id=roster.id,
        status="running",
        started_by=actor.key,
        started_at=now,
    )
    session.add(run)
    session.flush()
    run.gaps = orjson.dumps(_write_figures(session, run, book)).decode()
    lists = _write_lists(session, run)
    _write_parts(session, run)
    append(
        session,
        stream=f"screening:{region}",
        action=Action.SCREENING_STARTED,
        actor=actor,
        subject=f"screen_run:{run.id}",
        after={"year": year, "round": run.round, "contributions": roster.digest, "lists": lists},
        now=now,
    )
    return run


def next_part(session: Session, run_id: int, *, now: datetime) -> ScreenPart | None:
    """The first part that is not done, locked for this transaction; None when none is left or others have it."""
    return first_waiting(session, ScreenPart, run_id, now=now)


def do_part(session: Session, run: ScreenRun, part: ScreenPart, *, actor: Actor, now: datetime) -> int:
    """How many employers of the part were judged, and the part marked done; the caller commits."""
    given = _given(run, part)
    session.execute(text(screen.DECIDE), given)
    count, digest = session.execute(text(screen.DIGEST), given).one()
    eligible, applying, no, gap, fen = session.execute(text(screen.COUNTS), given).one()
    part.digest = digest
    mark_done(session, part, dealt=count, now=now)
    append(
        session,
        stream=f"screening:{run.region}",
        action=Action.EMPLOYERS_SCREENED,
        actor=actor,
        subject=f"screen_run:{run.id}",
        after={
            "part": part.number,
            "employers": [part.first_employer, part.last_employer],
            "eligible": eligible,
            "apply": applying,
            "no": no,
            "gap": gap,
            "total": Money(int(fen)).text,
        },
        now=now,
        voucher=SEALED_PART.voucher(part),
    )
    return int(count)


def finish_run(session: Session, run: ScreenRun, *, actor: Actor, now: datetime) -> bool:
    """Whether the run is done now: no part of it waits any more."""
    if run.status == "done" or any_waits(session, ScreenPart, run.id):
        return run.status == "done"
    run.status, run.finished_at = "done", now
    session.flush()
    append(
        session,
        stream=f"screening:{run.region}",
        action=Action.SCREENING_FINISHED,
        actor=actor,
        subject=f"screen_run:{run.id}",
        after={"year": run.year, "round": run.round},
        now=now,
    )
    return True


def parts_altered(session: Session, run: ScreenRun) -> tuple[int, ...]:
    """Numbers of the parts whose decisions are not those that the trail vouches for."""
    done = select(ScreenPart).where(ScreenPart.run_id == run.id, ScreenPart.status == "done")
    return tuple(
        part.number
        for part in session.scalars(done.order_by(ScreenPart.number))
        if tuple(session.execute(text(screen.DIGEST), _given(run, part)).one()) != (part.dealt, part.digest)
    )


def found_of(decision: DecisionColumns) -> Screened:
    """The decision as the law speaks of it."""
    return Screened(
        outcome=decision.outcome,  # type: ignore[arg-type]
        failed=screen.named(decision.failed, CONDITIONS),
        kind=decision.kind,  # type: ignore[arg-type]
        size=decision.size,  # type: ignore[arg-type]
        months=decision.months,
        base_heads=decision.base_heads,
        base_months=decision.base_months,
        lost=decision.lost,
        paid=Money(decision.paid_fen),
        arrears=Money(decision.arrears_fen),
        listed=frozenset(screen.named(decision.lists, LISTINGS)),  # type: ignore[arg-type]
        amount=Money(decision.amount_fen),
        passed_on=Money(decision.passed_on_fen),
        way=decision.way,  # type: ignore[arg-type]
    )


def figures_kept(session: Session, run_id: int, region: str) -> RefundFigures:
    """The figures of law that the run judged the region by."""
    return figures_from(orjson.loads(session.get_one(ScreenFigure, (run_id, region)).figures))


def _unchanged(
    session: Session, run: ScreenRun, roster: EmployerRoster, *, day: date, book: PolicyBook
) -> bool:
    """Whether a screening today would look at the same rosters by the same figures as that run."""
    looked_at = set(session.scalars(select(ScreenRoster.roster_id).where(ScreenRoster.run_id == run.id)))
    if run.roster_id != roster.id or looked_at != {each.id for each in lists_over(session, run.region)}:
        return False
    kept = session.execute(
        select(ScreenFigure.region, ScreenFigure.figures).where(ScreenFigure.run_id == run.id)
    )
    return all(
        figures == figure_columns(figures_of(region=region, day=day, book=book))["figures"]
        for region, figures in kept
    )


def _given(run: ScreenRun, part: ScreenPart) -> dict[str, Any]:
    return {
        "run": run.id,
        "part": part.number,
        "roster": run.roster_id,
        "first": part.first_employer,
        "last": part.last_employer,
        "within": f"{reach(run.region)}%",
    }


def _write_figures(session: Session, run: ScreenRun, book: PolicyBook) -> list[dict[str, str | bool]]:
    """What the law gives for every region of the run; the gaps met, each once."""
    within = {"roster": run.roster_id, "within": f"{reach(run.region)}%"}
    gaps: dict[str, Reason] = {}
    rows = []
    for region in session.scalars(text(screen.PLACES), within):
        figures = figures_of(region=region, day=run.day, book=book)
        gaps |= {name: reason for name, reason in figures.reasons.items() if name.startswith("gap:")}
        rows.append({"run_id": run.id, "region": region, **figure_columns(figures)})
    if rows:
        session.execute(insert(ScreenFigure), rows)
    return [reason.plain() for _, reason in sorted(gaps.items())]


def figure_columns(figures: RefundFigures) -> dict[str, object]:
    """The figures as they stand in a row, by column."""
    return {
        "whole": figures.whole,
        "ratio_sme": figures.ratio_sme,
        "ratio_large": figures.ratio_large,
        "amount_cap_fen": figures.amount_cap.fen if figures.amount_cap else None,
        "min_months": figures.min_months,
        "small_insured": figures.small_insured,
        "layoff": figures.layoff,
        "layoff_small": figures.layoff_small,
        "formula": figures.formula,
        "sound": figures.sound,
        "like_sme": figures.like_sme,
        "large_from": figures.large_from,
        "apply_themselves": figures.apply_themselves,
        "public_bodies": figures.public_bodies,
        "struggling_head_fen": figures.struggling_head.fen if figures.struggling_head else None,
        "figures": orjson.dumps(plain_figures(figures)).decode(),
    }


def _write_lists(session: Session, run: ScreenRun) -> list[str]:
    """What the current lists say of the employers of the run; the digests of the lists."""
    lists = lists_over(session, run.region)
    if lists:
        session.execute(insert(ScreenRoster), [{"run_id": run.id, "roster_id": each.id} for each in lists])
        session.execute(text(screen.LISTED), {"run": run.id, "rosters": [each.id for each in lists]})
        # the planner knows nothing of what was just written, and every part is joined with it
        session.execute(text("ANALYZE screen_listing, screen_figure"))
    return [each.digest for each in lists]


def _write_parts(session: Session, run: ScreenRun) -> None:
    pieces = session.execute(
        text(screen.PARTS),
        {"roster": run.roster_id, "within": f"{reach(run.region)}%", "size": EMPLOYERS_PER_PART},
    )
    session.add_all(
        ScreenPart(run_id=run.id, number=number, first_employer=first, last_employer=last, status="waiting")
        for number, (first, last) in enumerate(pieces, start=1)
    )
    session.flush()
