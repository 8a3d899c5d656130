"""A trial of figures: the screening again over the same rosters and lists, by a copy of the law with some figures changed.

It tells who would gain, who would lose and what it would cost, before anything is published. Parts as in a screening,
each one transaction. Nothing of it can be paid: its tables lead to no refund. Called by use-cases; commits nothing itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.law.policy import PolicyBook, reason_of
from engine.law.policy_file import Value
from engine.law.screening import RefundFigures, figures_of
from engine.law.screening_reasons import figures_from
from engine.law.trial import above_ceiling, tried_book, typed_of
from engine.refunds import screen, screening, trial_screen
from engine.refunds.tables import ScreenFigure, ScreenRun
from engine.refunds.trial_tables import ScreenTrial, TrialFigure, TrialPart, TrialTotal
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.parts import any_waits, first_waiting, mark_done
from engine.values import Actor, Money, Reason, reach


class TrialError(Exception):
    """试算和筛查对不上：同样的单位，两边数目不同。请重新筛查后再试。"""

    retryable = False


def start_trial(
    session: Session,
    run: ScreenRun,
    *,
    region: str,
    year: int,
    day: date,
    name: str,
    changes: Mapping[str, Value],
    book: PolicyBook,
    actor: Actor,
    now: datetime,
) -> ScreenTrial:
    """The trial of those figures against the screening: the one that was made before, or a new one with its parts.

    ``day``: whose law is changed. ``changes`` by key of the figure; none at all finds what the screening found.
    """
    tried = tried_book(book, changes, region=region, day=day)
    figures = {
        place: figures_of(region=place, day=day, book=tried)
        for place in session.scalars(text(screen.PLACES), _within(run, region))
    }
    digest = _digest(figures)
    one_at_a_time = func.hashtextextended(f"trial {run.id} {region} {year} {digest}", 0)
    session.execute(select(func.pg_advisory_xact_lock(one_at_a_time)))
    known = select(ScreenTrial).filter_by(run_id=run.id, region=region, year=year, digest=digest)
    if (found := session.scalars(known).one_or_none()) is not None:
        return found
    trial = ScreenTrial(
        run_id=run.id,
        region=region,
        year=year,
        day=day,
        name=name,
        changes=orjson.dumps(_told(changes, book, region=region, day=day)).decode(),
        digest=digest,
        gaps=orjson.dumps(_gaps(figures, tried, day)).decode(),
        status="running", started_by=actor.key, started_at=now,
    )  # fmt: skip
    session.add(trial)
    session.flush()
    columns = [
        {"trial_id": trial.id, "region": place, **screening.figure_columns(each)}
        for place, each in figures.items()
    ]
    if columns:
        session.execute(insert(TrialFigure), columns)
    _write_parts(session, trial, run)
    append(
        session,
        stream=f"trial:{region}",
        action=Action.TRIAL_STARTED,
        actor=actor,
        subject=f"screen_trial:{trial.id}",
        after={"screening": run.id, "year": year, "changes": orjson.loads(trial.changes)},
        reason=name,
        now=now,
    )
    return trial


def figures_altered(session: Session, run: ScreenRun, book: PolicyBook) -> bool:
    """Whether the law of the screening's day is not what it was when it was screened: before and after would not be of one law."""
    kept = session.execute(
        select(ScreenFigure.region, ScreenFigure.figures).where(ScreenFigure.run_id == run.id)
    )
    return any(
        figures != screening.figure_columns(figures_of(region=region, day=run.day, book=book))["figures"]
        for region, figures in kept
    )


def next_part(session: Session, run_id: int, *, now: datetime) -> TrialPart | None:
    """The first part of the trial that is not done, locked for this transaction; None when none is left or others have it."""
    return first_waiting(session, TrialPart, run_id, now=now)


def do_part(session: Session, trial: ScreenTrial, part: TrialPart, *, now: datetime) -> int:
    """How many employers of the part were tried, and the part marked done; TrialError where the screening knows others."""
    run = session.get_one(ScreenRun, trial.run_id)
    given = {
        **_within(run, trial.region),
        "trial": trial.id,
        "run": run.id,
        "part": part.number,
        "first": part.first_employer,
        "last": part.last_employer,
    }
    tried, held, _kept = session.execute(text(trial_screen.COMPARE), given).one()
    if tried != held:
        raise TrialError(f"第{part.number}部分：试算 {tried} 户，筛查 {held} 户")
    mark_done(session, part, dealt=tried, now=now)
    return int(tried)


def finish_trial(session: Session, trial: ScreenTrial, *, actor: Actor, now: datetime) -> bool:
    """Whether the trial is done now, with its totals written: no part of it waits any more."""
    session.refresh(trial, with_for_update=True)
    if trial.status == "done" or any_waits(session, TrialPart, trial.id):
        return trial.status == "done"
    run = session.get_one(ScreenRun, trial.run_id)
    session.execute(
        text(trial_screen.TOTALS), {**_within(run, trial.region), "trial": trial.id, "run": run.id}
    )
    trial.status, trial.finished_at = "done", now
    session.flush()
    sums = session.execute(
        select(
            *(
                func.coalesce(func.sum(column), 0)
                for column in (TrialTotal.before_fen, TrialTotal.after_fen, TrialTotal.gain, TrialTotal.lose)
            )
        ).where(TrialTotal.trial_id == trial.id)
    ).one()
    before, after, gain, lose = (int(each) for each in sums)
    append(
        session,
        stream=f"trial:{trial.region}",
        action=Action.TRIAL_FINISHED,
        actor=actor,
        subject=f"screen_trial:{trial.id}",
        after={"before": Money(before).text, "after": Money(after).text, "gain": gain, "lose": lose},
        now=now,
    )  # fmt: skip
    return True


def figures_tried(session: Session, trial_id: int, region: str) -> RefundFigures:
    """The figures that the trial judged the region by."""
    return figures_from(orjson.loads(session.get_one(TrialFigure, (trial_id, region)).figures))


def _within(run: ScreenRun, region: str) -> dict[str, Any]:
    return {"roster": run.roster_id, "within": f"{reach(region)}%"}


def _digest(figures: Mapping[str, RefundFigures]) -> str:
    """What tells trials apart: every figure with what it rests on, region by region."""
    plain = {place: screening.figure_columns(each)["figures"] for place, each in sorted(figures.items())}
    return hashlib.sha256(orjson.dumps(plain)).hexdigest()


def _told(
    changes: Mapping[str, Value], book: PolicyBook, *, region: str, day: date
) -> dict[str, dict[str, str]]:
    """Before and after of each figure that was changed, as typed; before is empty where none was in force."""
    told = {}
    for key, value in changes.items():
        before = book.find(key, region, day)
        told[key] = {
            "before": typed_of(key, before.value if before else None),
            "after": typed_of(key, value),
        }
    return told


def _gaps(figures: Mapping[str, RefundFigures], tried: PolicyBook, day: date) -> list[dict[str, str | bool]]:
    """What stands in the way of the tried figures: what is still missing, and ratios that a national ceiling cuts; each once."""
    found: dict[str, Reason] = {}
    for place, each in figures.items():
        found |= {name: reason for name, reason in each.reasons.items() if name.startswith("gap:")}
        for key in above_ceiling(tried, region=place, day=day):
            ratio, ceiling = (
                tried.at(key, place, day),
                tried.at(key.replace("ratio", "ratio_cap"), place, day),
            )
            found[key] = reason_of(
                "above_ceiling",
                f"{ratio.title}高于{ceiling.title}，试算按上限",
                ratio,
                ceiling,
                text_en="The ratio is above the national ceiling, which is what counts",
            )
    return [reason.plain() for _, reason in sorted(found.items())]


def _write_parts(session: Session, trial: ScreenTrial, run: ScreenRun) -> None:
    pieces = session.execute(
        text(screen.PARTS), {**_within(run, trial.region), "size": screening.EMPLOYERS_PER_PART}
    )
    session.add_all(
        TrialPart(run_id=trial.id, number=number, first_employer=first, last_employer=last, status="waiting")
        for number, (first, last) in enumerate(pieces, start=1)
    )
    session.flush()
