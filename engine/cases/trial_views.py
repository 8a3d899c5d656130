"""What a trial of figures looks like: totals before and after, by region, size and industry; what turns whom; each employer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import orjson
from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.cases.industries import industry_name
from engine.cases.rows import region_names
from engine.cases.screening_views import SIZES
from engine.cases.staff import name_of
from engine.cases.views import Page
from engine.law.screening import CONDITIONS, KINDS, RefundFigures
from engine.law.screening_reasons import FAILURES, OUTCOMES, explain
from engine.law.trial import TRIABLE
from engine.people import Employer, region_name
from engine.refunds.screen import bits, named
from engine.refunds.screening import found_of
from engine.refunds.tables import ScreenRun
from engine.refunds.trial_tables import ScreenTrial, TrialChange, TrialPart, TrialTotal
from engine.refunds.trials import figures_tried
from engine.store.parts import how_far, troubles
from engine.values import Money, Reason, reach

PAGE_SIZE = 50
#: who gets more, who less, and for whom only the finding changes
EFFECTS: Mapping[str, tuple[str, str]] = {
    "gain": ("受益", "Gain"),
    "lose": ("受损", "Lose"),
    "other": ("金额不变，结论变化", "Another finding, the same amount"),
}
_ALL = ("合计", "All")
#: of the totals, what is added up for a group
_COUNTED = (
    "employers", "before_paid", "after_paid", "gain", "lose", "before_fen", "after_fen", "gain_fen", "lose_fen",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTried:
    """A figure as it is in force and as it was tried."""

    key: str
    title: str
    title_en: str
    #: percent, count, yuan, flag, formula
    kind: str
    #: as typed; empty: none was in force
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialGroup:
    """What the trial comes to for some employers."""

    #: region, size or letter of the industry; empty for all
    key: str
    name: str
    name_en: str
    employers: int
    #: employers who get something, before and after
    before_paid: int
    after_paid: int
    gain: int
    lose: int
    #: fen, as the next three
    before_fen: int
    after_fen: int
    gain_fen: int
    lose_fen: int

    @property
    def before(self) -> str:
        """What they get as screened, yuan with two decimals."""
        return Money(self.before_fen).text

    @property
    def after(self) -> str:
        """What they would get, yuan with two decimals."""
        return Money(self.after_fen).text

    @property
    def gained(self) -> str:
        """What those who gain get more, yuan with two decimals."""
        return Money(self.gain_fen).text

    @property
    def lost(self) -> str:
        """What those who lose get less, yuan with two decimals."""
        return Money(self.lose_fen).text

    @property
    def delta(self) -> str:
        """What it costs more, yuan with two decimals and a sign: ``+12.00``, ``-3.00``, ``0.00``."""
        return signed(self.after_fen - self.before_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """Why a finding turns: a condition that fails now, or no longer."""

    condition: str
    text: str
    text_en: str
    #: employers who fail it only by the tried figures, and only by those in force
    fails_now: int
    fails_no_more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """A trial."""

    trial_id: int
    name: str
    run_id: int
    #: of the screening that it is held against
    base_year: int
    base_round: int
    region: str
    region_name: str
    #: whose law is tried
    year: int
    day: date
    status: str
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    done: int
    total: int
    #: what went wrong in parts that wait to be tried again
    troubles: tuple[str, ...]
    figures: tuple[FigureTried, ...]
    #: figures that were still not on file, ratios that a ceiling cuts
    gaps: tuple[Reason, ...]
    whole: TrialGroup
    #: employers for whom only the finding changes
    other: int = 0
    sizes: tuple[TrialGroup, ...] = ()
    regions: tuple[TrialGroup, ...] = ()
    industries: tuple[TrialGroup, ...] = ()
    turned: tuple[Turned, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFilter:
    """Which employers of a trial; empty values ask for all for whom something changes."""

    #: of EFFECTS
    effect: str = ""
    #: that fails now, or no longer
    condition: str = ""
    #: and all below it
    region: str = ""
    #: as the screening found it
    size: str = ""
    #: section of GB/T 4754
    industry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """An employer for whom the tried figures change something."""

    employer_id: int
    credit_code: str
    name: str
    region_name: str
    kind_name: str
    kind_name_en: str
    #: as the screening found it
    size_name: str
    size_name_en: str
    industry_name: str
    industry_name_en: str
    before_outcome: str
    before_outcome_en: str
    after_outcome: str
    after_outcome_en: str
    #: yuan with two decimals, as the next one
    before: str
    after: str
    #: with a sign
    delta: str
    delta_fen: int
    #: conditions that fail now, and that fail no more
    fails_now: tuple[str, ...]
    fails_no_more: tuple[str, ...]
    #: what the change rests on: those conditions by the tried figures, or the amount
    reasons: tuple[Reason, ...]


def signed(fen: int) -> str:
    """The difference in yuan with two decimals and its sign."""
    return f"+{Money(fen).text}" if fen > 0 else Money(fen).text


def trial_record(session: Session, trial: ScreenTrial, *, whole: bool) -> TrialView:
    """The trial as it stands; with its groups where the whole is wanted."""
    run = session.get_one(ScreenRun, trial.run_id)
    done, total = how_far(session, TrialPart, trial.id)
    everything = _groups(session, trial, None, lambda _key: _ALL)
    names = region_names(session, _places(session, trial)) if whole else {}
    return TrialView(
        trial_id=trial.id,
        name=trial.name,
        run_id=run.id,
        base_year=run.year,
        base_round=run.round,
        region=trial.region,
        region_name=region_name(session, trial.region),
        year=trial.year,
        day=trial.day,
        status=trial.status,
        started_by=name_of(session, trial.started_by),
        started_at=trial.started_at,
        finished_at=trial.finished_at,
        done=done,
        total=total,
        troubles=troubles(session, TrialPart, trial.id),
        figures=tuple(_figure(key, told) for key, told in orjson.loads(trial.changes).items()),
        gaps=tuple(Reason(**gap) for gap in orjson.loads(trial.gaps)),
        whole=everything[0],
        other=_others(session, trial) if whole else 0,
        sizes=_groups(session, trial, TrialTotal.size, lambda key: SIZES[key]) if whole else (),
        regions=_groups(session, trial, TrialTotal.region, lambda key: (names[key],) * 2) if whole else (),
        industries=_groups(session, trial, TrialTotal.industry, industry_name) if whole else (),
        turned=_turned(session, trial) if whole else (),
    )


def change_rows(
    session: Session, trial: ScreenTrial, asked: TrialFilter, *, cursor: str, size: int
) -> Page[TrialRow]:
    """One page of the employers, largest difference first; ``cursor`` is how many rows come before it."""
    chosen = _chosen(trial, asked)
    total = int(session.scalar(select(func.count()).select_from(chosen.subquery())) or 0)
    skipped = int(cursor) if cursor.isascii() and cursor.isdecimal() and len(cursor) < 10 else 0
    found = session.execute(
        chosen.add_columns(Employer)
        .join(Employer, Employer.id == TrialChange.employer_id)
        .order_by(func.abs(TrialChange.delta_fen).desc(), TrialChange.employer_id)
        .offset(skipped)
        .limit(size)
    ).all()
    names = region_names(session, {change.region for change, _ in found})
    figures: dict[str, RefundFigures] = {}
    rows = tuple(_row(session, change, employer, names, figures) for change, employer in found)
    more = str(skipped + size) if skipped + size < total else ""
    return Page(rows=rows, total=total, next_cursor=more)


def _figure(key: str, told: Mapping[str, str]) -> FigureTried:
    figure = TRIABLE[key]
    return FigureTried(key=key, title=figure.title, title_en=figure.title_en, kind=figure.kind, **told)


def _places(session: Session, trial: ScreenTrial) -> tuple[str, ...]:
    return tuple(session.scalars(select(TrialTotal.region).where(TrialTotal.trial_id == trial.id).distinct()))


def _groups(
    session: Session,
    trial: ScreenTrial,
    by: InstrumentedAttribute[str] | None,
    called: Callable[[str], tuple[str, str]],
) -> tuple[TrialGroup, ...]:
    """The totals by that column, or all in one."""
    sums = [func.coalesce(func.sum(getattr(TrialTotal, column)), 0) for column in _COUNTED]
    query = select(*sums).where(TrialTotal.trial_id == trial.id)
    if by is not None:
        query = query.add_columns(by).group_by(by).order_by(by)
    found = []
    for row in session.execute(query):
        key = row[9] if by is not None else ""
        name, name_en = called(key)
        counts = {column: int(number) for column, number in zip(_COUNTED, row[:9], strict=True)}
        found.append(TrialGroup(key=key, name=name, name_en=name_en, **counts))
    return tuple(found)


def _others(session: Session, trial: ScreenTrial) -> int:
    other = select(func.count()).where(
        TrialChange.trial_id == trial.id,
        TrialChange.delta_fen == 0,
        TrialChange.outcome != TrialChange.before_outcome,
    )
    return int(session.scalar(other) or 0)


def _turned(session: Session, trial: ScreenTrial) -> tuple[Turned, ...]:
    """By condition, how many fail it now, and no more; conditions that turn nobody are left out."""
    now, before = TrialChange.failed, TrialChange.before_failed
    flags = [bits((name,), CONDITIONS) for name in CONDITIONS]
    counts = session.execute(
        select(
            *(func.count().filter(now.op("&")(flag) > 0, before.op("&")(flag) == 0) for flag in flags),
            *(func.count().filter(before.op("&")(flag) > 0, now.op("&")(flag) == 0) for flag in flags),
        ).where(TrialChange.trial_id == trial.id)
    ).one()
    return tuple(
        Turned(
            condition=name,
            text=FAILURES[name][0],
            text_en=FAILURES[name][1],
            fails_now=counts[at],
            fails_no_more=counts[at + len(flags)],
        )
        for at, name in enumerate(CONDITIONS)
        if counts[at] or counts[at + len(flags)]
    )


def _chosen(trial: ScreenTrial, asked: TrialFilter) -> Select[TrialChange]:
    query = select(TrialChange).where(TrialChange.trial_id == trial.id)
    match asked.effect:
        case "gain":
            query = query.where(TrialChange.delta_fen > 0)
        case "lose":
            query = query.where(TrialChange.delta_fen < 0)
        case "other":
            query = query.where(TrialChange.delta_fen == 0, TrialChange.outcome != TrialChange.before_outcome)
    if asked.condition in CONDITIONS:
        flag = bits((asked.condition,), CONDITIONS)
        query = query.where(TrialChange.failed.op("#")(TrialChange.before_failed).op("&")(flag) > 0)
    if asked.region:
        query = query.where(TrialChange.region.startswith(reach(asked.region), autoescape=True))
    if asked.size:
        query = query.where(TrialChange.before_size == asked.size)
    return query.where(TrialChange.industry == asked.industry) if asked.industry else query


def _row(
    session: Session,
    change: TrialChange,
    employer: Employer,
    names: Mapping[str, str],
    figures: dict[str, RefundFigures],
) -> TrialRow:
    known = figures.get(change.region)
    if known is None:
        known = figures[change.region] = figures_tried(session, change.trial_id, change.region)
    found = found_of(change)
    fails_now = named(change.failed & ~change.before_failed, CONDITIONS)
    fails_no_more = named(change.before_failed & ~change.failed, CONDITIONS)
    kind, kind_en = KINDS[found.kind]
    size, size_en = SIZES[change.before_size]
    industry, industry_en = industry_name(change.industry)
    return TrialRow(
        employer_id=employer.id,
        credit_code=employer.credit_code,
        name=employer.name,
        region_name=names[change.region],
        kind_name=kind,
        kind_name_en=kind_en,
        size_name=size,
        size_name_en=size_en,
        industry_name=industry,
        industry_name_en=industry_en,
        before_outcome=OUTCOMES[change.before_outcome][0],
        before_outcome_en=OUTCOMES[change.before_outcome][1],
        after_outcome=OUTCOMES[change.outcome][0],
        after_outcome_en=OUTCOMES[change.outcome][1],
        before=Money(change.before_fen).text,
        after=Money(change.amount_fen).text,
        delta=signed(change.delta_fen),
        delta_fen=change.delta_fen,
        fails_now=fails_now,
        fails_no_more=fails_no_more,
        reasons=_reasons(explain(found, known), {*fails_now, *fails_no_more}),
    )


def _reasons(told: tuple[Reason, ...], turned: set[str]) -> tuple[Reason, ...]:
    """Of all reasons by the tried figures: those of the conditions that turn; where none does, of the amount or the gap."""
    of_conditions = tuple(
        reason for reason in told if reason.code.removesuffix("_met").removesuffix("_failed") in turned
    )
    conditions = {f"{name}_{end}" for name in CONDITIONS for end in ("met", "failed")}
    return of_conditions or tuple(reason for reason in told if reason.code not in conditions)
