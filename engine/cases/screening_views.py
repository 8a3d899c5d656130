"""What a screening looks like: how far it is, what it found by outcome, size, region and condition, and each employer's reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import orjson
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from engine.cases.industries import industry_name
from engine.cases.rows import region_names
from engine.cases.screening_industries import IndustryScreened, industries_screened
from engine.cases.staff import name_of
from engine.cases.views import Page
from engine.law.screening import CONDITIONS, KINDS, RefundFigures
from engine.law.screening_reasons import FAILURES, OUTCOMES, explain, layoff_rate
from engine.people import Employer, region_name
from engine.refunds.roster_tables import EmployerYearLine
from engine.refunds.screen import bits
from engine.refunds.screening import figures_kept, found_of
from engine.refunds.tables import ScreenDecision, ScreenPart, ScreenRun
from engine.store.parts import how_far, troubles
from engine.values import Money, Reason, reach

SIZES: Mapping[str, tuple[str, str]] = {
    "sme": ("中小微企业", "Small or medium"),
    "large": ("大型企业", "Large"),
}
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCount:
    """How many employers of a size the screening found so, and what they would get."""

    outcome: str
    outcome_name: str
    outcome_name_en: str
    size: str
    size_name: str
    size_name_en: str
    count: int
    #: yuan with two decimals
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionCount:
    """How many employers failed a condition; one may fail several."""

    condition: str
    text: str
    text_en: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionScreened:
    """What the screening found in a region."""

    region: str
    name: str
    eligible: int
    apply: int
    no: int
    gap: int
    #: yuan with two decimals
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningView:
    """A screening."""

    run_id: int
    year: int
    round: int
    region: str
    region_name: str
    #: whose law counted
    day: date
    #: running, done
    status: str
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    done: int
    total: int
    #: what went wrong in parts that wait to be tried again
    troubles: tuple[str, ...]
    #: figures of law that were not on file
    gaps: tuple[Reason, ...]
    employers: int = 0
    outcomes: tuple[OutcomeCount, ...] = ()
    conditions: tuple[ConditionCount, ...] = ()
    regions: tuple[RegionScreened, ...] = ()
    industries: tuple[IndustryScreened, ...] = ()
    #: everything that would be paid, yuan with two decimals
    amount: str = "0.00"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedFilter:
    """Which employers of a screening; empty values ask for all."""

    outcome: str = ""
    #: one that failed
    condition: str = ""
    #: and all below it
    region: str = ""
    #: section of GB/T 4754
    industry: str = ""
    #: large, sme
    size: str = ""
    #: how the name begins, or the whole credit code
    search: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerScreened:
    """What a screening found for one employer."""

    employer_id: int
    credit_code: str
    name: str
    region_name: str
    kind: str
    kind_name: str
    kind_name_en: str
    size: str
    size_name: str
    size_name_en: str
    #: section of GB/T 4754; empty where the roster says none
    industry: str
    industry_name: str
    industry_name_en: str
    outcome: str
    outcome_name: str
    outcome_name_en: str
    #: of the conditions, those that failed
    failed: tuple[str, ...]
    layoff_rate: str
    #: yuan with two decimals, as the next two: contributions that the refund is a share of
    paid: str
    amount: str
    passed_on: str
    #: each condition, met or failed, then the amount
    reasons: tuple[Reason, ...]


def screening_record(session: Session, run: ScreenRun, *, whole: bool) -> ScreeningView:
    """The screening as it stands; with what it found where the whole is wanted."""
    done, total = how_far(session, ScreenPart, run.id)
    dealt = session.scalar(
        select(func.coalesce(func.sum(ScreenPart.dealt), 0)).where(ScreenPart.run_id == run.id)
    )
    regions = _regions(session, run) if whole else ()
    return ScreeningView(
        run_id=run.id,
        year=run.year,
        round=run.round,
        region=run.region,
        region_name=region_name(session, run.region),
        day=run.day,
        status=run.status,
        started_by=name_of(session, run.started_by),
        started_at=run.started_at,
        finished_at=run.finished_at,
        done=done,
        total=total,
        troubles=troubles(session, ScreenPart, run.id),
        gaps=tuple(Reason(**gap) for gap in orjson.loads(run.gaps)),
        employers=int(dealt or 0),
        outcomes=_outcomes(session, run) if whole else (),
        conditions=_conditions(session, run) if whole else (),
        regions=regions,
        industries=industries_screened(session, run) if whole else (),
        amount=Money.total(Money.yuan(row.total) for row in regions).text,
    )


def employer_rows(
    session: Session, run: ScreenRun, asked: ScreenedFilter, *, cursor: str = "", size: int = PAGE_SIZE
) -> Page[EmployerScreened]:
    """One page of the employers, in their order; ``cursor`` is the employer after which it begins."""
    chosen = _chosen(run, asked)
    total = int(session.scalar(select(func.count()).select_from(chosen.subquery())) or 0)
    after = int(cursor) if cursor.isascii() and cursor.isdecimal() and len(cursor) < 10 else 0
    found = session.execute(
        chosen.add_columns(Employer, EmployerYearLine.industry)
        .where(ScreenDecision.employer_id > after)
        .order_by(ScreenDecision.employer_id)
        .limit(size + 1)
    ).all()
    figures: dict[str, RefundFigures] = {}
    names = region_names(session, {decision.region for decision, _, _ in found})
    rows = tuple(
        _row(session, decision, employer, industry, figures, names)
        for decision, employer, industry in found[:size]
    )
    more = str(rows[-1].employer_id) if len(found) > size else ""
    return Page(rows=rows, total=total, next_cursor=more)


def employer_screened(session: Session, run: ScreenRun, employer_id: int) -> EmployerScreened | None:
    """What the screening found for the employer; None where it did not look at it."""
    decision = session.get(ScreenDecision, (run.id, employer_id))
    if decision is None:
        return None
    line = session.get_one(EmployerYearLine, (run.roster_id, employer_id))
    names = region_names(session, (decision.region,))
    return _row(session, decision, session.get_one(Employer, employer_id), line.industry, {}, names)


def _chosen(run: ScreenRun, asked: ScreenedFilter) -> Select[ScreenDecision]:
    line = and_(
        EmployerYearLine.roster_id == run.roster_id,
        EmployerYearLine.employer_id == ScreenDecision.employer_id,
    )
    query = (
        select(ScreenDecision)
        .join(EmployerYearLine, line)
        .join(Employer, Employer.id == ScreenDecision.employer_id)
        .where(ScreenDecision.run_id == run.id)
    )
    if asked.outcome:
        query = query.where(ScreenDecision.outcome == asked.outcome)
    if asked.condition:
        query = query.where(ScreenDecision.failed.op("&")(bits((asked.condition,), CONDITIONS)) > 0)
    if asked.region:
        query = query.where(ScreenDecision.region.startswith(reach(asked.region)))
    if asked.industry:
        query = query.where(EmployerYearLine.industry == asked.industry)
    if asked.size:
        query = query.where(ScreenDecision.size == asked.size)
    if asked.search:
        named = Employer.name.startswith(asked.search, autoescape=True)
        query = query.where(or_(Employer.credit_code == asked.search.upper(), named))
    return query


def _row(
    session: Session,
    decision: ScreenDecision,
    employer: Employer,
    industry: str,
    figures: dict[str, RefundFigures],
    names: Mapping[str, str],
) -> EmployerScreened:
    known = figures.get(decision.region)
    if known is None:
        known = figures[decision.region] = figures_kept(session, decision.run_id, decision.region)
    found = found_of(decision)
    of_industry = industry_name(industry)
    return EmployerScreened(
        employer_id=employer.id,
        credit_code=employer.credit_code,
        name=employer.name,
        region_name=names[decision.region],
        kind=found.kind,
        kind_name=KINDS[found.kind][0],
        kind_name_en=KINDS[found.kind][1],
        size=found.size,
        size_name=SIZES[found.size][0],
        size_name_en=SIZES[found.size][1],
        industry=industry,
        industry_name=of_industry[0],
        industry_name_en=of_industry[1],
        outcome=found.outcome,
        outcome_name=OUTCOMES[found.outcome][0],
        outcome_name_en=OUTCOMES[found.outcome][1],
        failed=found.failed,
        layoff_rate=layoff_rate(found),
        paid=found.paid.text,
        amount=found.amount.text,
        passed_on=found.passed_on.text,
        reasons=explain(found, known),
    )


def _outcomes(session: Session, run: ScreenRun) -> tuple[OutcomeCount, ...]:
    rows = session.execute(
        select(ScreenDecision.outcome, ScreenDecision.size, func.count(), func.sum(ScreenDecision.amount_fen))
        .where(ScreenDecision.run_id == run.id)
        .group_by(ScreenDecision.outcome, ScreenDecision.size)
    )
    counted = [
        OutcomeCount(
            outcome=outcome,
            outcome_name=OUTCOMES[outcome][0],
            outcome_name_en=OUTCOMES[outcome][1],
            size=size,
            size_name=SIZES[size][0],
            size_name_en=SIZES[size][1],
            count=count,
            total=Money(int(fen)).text,
        )
        for outcome, size, count, fen in rows
    ]
    outcomes, sizes = list(OUTCOMES), list(SIZES)
    return tuple(sorted(counted, key=lambda row: (outcomes.index(row.outcome), sizes.index(row.size))))


def _conditions(session: Session, run: ScreenRun) -> tuple[ConditionCount, ...]:
    counts = session.execute(
        select(
            *(
                func.count().filter(ScreenDecision.failed.op("&")(bits((name,), CONDITIONS)) > 0)
                for name in CONDITIONS
            )
        ).where(ScreenDecision.run_id == run.id, ScreenDecision.outcome == "no")
    ).one()
    return tuple(
        ConditionCount(condition=name, text=FAILURES[name][0], text_en=FAILURES[name][1], count=count)
        for name, count in zip(CONDITIONS, counts, strict=True)
    )


def _regions(session: Session, run: ScreenRun) -> tuple[RegionScreened, ...]:
    rows = session.execute(
        select(
            ScreenDecision.region,
            func.count().filter(ScreenDecision.outcome == "eligible"),
            func.count().filter(ScreenDecision.outcome == "apply"),
            func.count().filter(ScreenDecision.outcome == "no"),
            func.count().filter(ScreenDecision.outcome == "gap"),
            func.sum(ScreenDecision.amount_fen),
        )
        .where(ScreenDecision.run_id == run.id)
        .group_by(ScreenDecision.region)
        .order_by(ScreenDecision.region)
    ).all()
    return tuple(
        RegionScreened(
            region=region,
            name=region_name(session, region),
            eligible=eligible,
            apply=applying,
            no=no,
            gap=gap,
            total=Money(int(fen)).text,
        )
        for region, eligible, applying, no, gap, fen in rows
    )
