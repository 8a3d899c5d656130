"""Trials of figures as people start and follow them: who would gain, who would lose, what it costs, before it is published.

Figures are the data steward's (制度数值); who deals with money reads along. A trial pays nothing, tells nobody and
publishes nothing: a figure comes into force only through the policy files and their two people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.part_work import PartWork
from engine.cases.sight import MONEY_DUTIES
from engine.cases.steps import attempt
from engine.cases.trial_views import (
    PAGE_SIZE,
    TrialFilter,
    TrialRow,
    TrialView,
    change_rows,
    trial_record,
)
from engine.cases.views import Page
from engine.duties import covers
from engine.law.screening import campaign_day
from engine.law.trial import TRIABLE, read_changes, typed_of
from engine.people import Region, region_name
from engine.refunds.tables import ScreenRun
from engine.refunds.trial_tables import ScreenTrial, TrialPart
from engine.refunds.trials import do_part, figures_altered, finish_trial, next_part, start_trial
from engine.values import SYSTEM, Actor, Reason, Refusal, RefusedError

#: who keeps the figures, and who answers for what they cost
PROPOSES = "data_steward"
SEES = MONEY_DUTIES | {PROPOSES}
#: longest name of a trial
NAME_MAX = 60
EVERYBODY = TrialFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBase:
    """A finished screening that a trial can be held against."""

    run_id: int
    year: int
    round: int
    region: str
    region_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureNow:
    """A figure that may be tried, and what is in force."""

    key: str
    title: str
    title_en: str
    #: percent, count, yuan, flag, formula
    kind: str
    #: as it would be typed; empty: none is in force
    now: str
    source: str
    verified: bool


def propose_trial(
    office: Office,
    actor: Actor,
    *,
    run_id: int,
    year: int,
    name: str,
    typed: Mapping[str, str],
    region: str = "",
) -> TrialView | Refusal:
    """The trial of the typed figures against the screening; the same once more is the same trial.

    ``year``: whose law is tried, that of the screening or the one after it, which may have no figures yet. ``region``:
    whose employers are looked at, with all below it; the screening's own if empty. ``typed``: by key of the figure,
    empty where it is not changed. Refused without a change, and where the law of the screening's day has changed since.
    """

    def work(session: Session) -> TrialView:
        if PROPOSES not in actor.duties:
            # before anything is said of the screening
            require_duty(session, office, actor, PROPOSES, actor.region)
        run, where = _of_screening(session, actor, run_id, region)
        require_duty(session, office, actor, PROPOSES, where)
        if year not in (run.year, run.year + 1):
            raise RefusedError(
                _why(
                    "year_unknown",
                    f"只能试算 {run.year} 年度或 {run.year + 1} 年度",
                    "Only the year of the screening or the next one.",
                )
            )
        changes = read_changes(typed)
        if isinstance(changes, Refusal):
            raise RefusedError(*changes.reasons)
        if not changes:
            raise RefusedError(_why("nothing_changed", "没有改动任何数值", "No figure was changed."))
        if figures_altered(session, run, office.book):
            raise RefusedError(
                _why(
                    "figures_altered",
                    "这次筛查以后，当时的规定在系统中已有改动，前后不可比：请先重新筛查",
                    "The figures of that screening have changed since; screen again first.",
                )
            )
        trial = start_trial(
            session,
            run,
            region=where,
            year=year,
            day=run.day if year == run.year else campaign_day(year, office.today),
            name=(name.strip() or f"{year} 年度试算")[:NAME_MAX],
            changes=changes,
            book=office.book,
            actor=actor,
            now=office.clock(),
        )
        return trial_record(session, trial, whole=False)

    return attempt(office, actor, work, subject=f"screen_run:{run_id}")


def _of_screening(session: Session, actor: Actor, run_id: int, region: str) -> tuple[ScreenRun, str]:
    """The finished screening, and whose employers of it are looked at; RefusedError where it does not cover them."""
    run = session.get(ScreenRun, run_id)
    if run is None or run.status != "done":
        raise RefusedError(_why("no_such_screening", "没有这次已完成的筛查", "No such finished screening."))
    where = region or (run.region if covers(actor.region, run.region) else actor.region)
    if session.get(Region, where) is None or not covers(run.region, where):
        no = f"这次筛查不覆盖 {where}"
        raise RefusedError(_why("not_in_screening", no, "The screening does not cover that region."))
    return run, where


def trials(office: Office, actor: Actor) -> tuple[TrialView, ...] | Refusal:
    """The latest trials within the actor's region."""
    if not actor.duties & SEES:
        return _not_seen(actor)
    with office.store.reading() as session:
        latest = session.scalars(select(ScreenTrial).order_by(ScreenTrial.id.desc()).limit(100)).all()
        return tuple(
            trial_record(session, trial, whole=False)
            for trial in latest
            if covers(actor.region, trial.region)
        )


def trial_view(office: Office, actor: Actor, trial_id: int, *, whole: bool = True) -> TrialView | Refusal:
    """One trial with what it comes to; not the whole: only how far it is."""
    with office.store.reading() as session:
        trial = _seen(session, actor, trial_id)
        return trial if isinstance(trial, Refusal) else trial_record(session, trial, whole=whole)


def trial_changes(
    office: Office,
    actor: Actor,
    trial_id: int,
    asked: TrialFilter = EVERYBODY,
    *,
    cursor: str = "",
    size: int = PAGE_SIZE,
) -> Page[TrialRow] | Refusal:
    """For whom something would change, before and after, with the condition that makes the difference; largest first."""
    with office.store.reading() as session:
        trial = _seen(session, actor, trial_id)
        if isinstance(trial, Refusal):
            return trial
        return change_rows(session, trial, asked, cursor=cursor, size=size)


def trial_bases(office: Office, actor: Actor) -> tuple[TrialBase, ...] | Refusal:
    """The finished screenings that a trial of this person can be held against: the last round of each region and year."""
    if not actor.duties & SEES:
        return _not_seen(actor)
    with office.store.reading() as session:
        done = select(ScreenRun).where(ScreenRun.status == "done").order_by(ScreenRun.id.desc()).limit(200)
        found: dict[tuple[str, int], TrialBase] = {}
        for run in session.scalars(done):
            if covers(actor.region, run.region) or covers(run.region, actor.region):
                found.setdefault(
                    (run.region, run.year),
                    TrialBase(
                        run_id=run.id,
                        year=run.year,
                        round=run.round,
                        region=run.region,
                        region_name=region_name(session, run.region),
                    ),
                )
        return tuple(found.values())


def figures_now(office: Office, actor: Actor, base: TrialBase, *, year: int) -> tuple[FigureNow, ...]:
    """Every figure that may be tried, with what is in force for the region and year."""
    region = base.region if covers(actor.region, base.region) else actor.region
    day = campaign_day(year, office.today)
    found = []
    for key, figure in TRIABLE.items():
        now = office.book.find(key, region, day)
        found.append(
            FigureNow(
                key=key,
                title=figure.title,
                title_en=figure.title_en,
                kind=figure.kind,
                now=typed_of(key, now.value if now else None),
                source=now.source if now else "",
                verified=now.verified if now else False,
            )
        )
    return tuple(found)


def trial_due(office: Office, limit: int) -> int:
    """How many parts of running trials were carried out, at most so many; one that fails stays, with its cause."""
    return _WORK.due(office, limit)


def drive(office: Office, trial_id: int, *, say: Callable[[int, int], object]) -> None:
    """Carries the trial out here and now, telling how many of its parts are done; raises what a part raises."""
    _WORK.drive(office, trial_id, say=say)


def do_next(office: Office, trial_id: int) -> bool:
    """Whether a part of the trial was carried out, in a transaction of its own."""
    with office.store.transaction() as session:
        trial = session.get_one(ScreenTrial, trial_id)
        part = next_part(session, trial_id, now=office.clock())
        if part is not None:
            do_part(session, trial, part, now=office.clock())
        finish_trial(session, trial, actor=SYSTEM, now=office.clock())
        return part is not None


_WORK = PartWork(
    parts=TrialPart,
    running=select(ScreenTrial.id).where(ScreenTrial.status == "running").order_by(ScreenTrial.id),
    next_part=next_part,
    do_next=do_next,
)


def _seen(session: Session, actor: Actor, trial_id: int) -> ScreenTrial | Refusal:
    if not actor.duties & SEES:
        return _not_seen(actor)
    trial = session.get(ScreenTrial, trial_id)
    if trial is None or not covers(actor.region, trial.region):
        return Refusal(
            reasons=(_why("no_such_trial", "没有这次试算，或不在您的地区", "No such trial in your region."),)
        )
    return trial


def _not_seen(actor: Actor) -> Refusal:
    return Refusal(
        reasons=(
            _why(
                "not_trial_duty",
                "您的岗位不能查看政策试算",
                "Your duty does not see trials of figures.",
                fact=actor.name or actor.key,
            ),
        )
    )


def _why(code: str, text: str, text_en: str, *, fact: str = "") -> Reason:
    return Reason(code=code, text=text, text_en=text_en, fact=fact)
