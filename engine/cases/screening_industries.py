"""What a screening found by industry: how many were looked at, and of those that failed, at which condition. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from engine.cases.industries import industry_name
from engine.law.screening import CONDITIONS
from engine.refunds.roster_tables import EmployerYearLine
from engine.refunds.screen import bits
from engine.refunds.tables import ScreenDecision, ScreenRun
from engine.values import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class IndustryScreened:
    """What the screening found in an industry."""

    #: section of GB/T 4754; empty where the roster says none
    industry: str
    name: str
    name_en: str
    screened: int
    eligible: int
    apply: int
    no: int
    gap: int
    #: how many failed each condition, in the order of ``CONDITIONS``; one employer may fail several
    failed: tuple[int, ...]
    #: yuan with two decimals
    total: str


def industries_screened(session: Session, run: ScreenRun) -> tuple[IndustryScreened, ...]:
    """Every industry that the screening met, by letter, in one statement."""
    line = and_(
        EmployerYearLine.roster_id == run.roster_id,
        EmployerYearLine.employer_id == ScreenDecision.employer_id,
    )
    outcomes = (
        func.count().filter(ScreenDecision.outcome == word) for word in ("eligible", "apply", "no", "gap")
    )
    conditions = (
        func.count().filter(ScreenDecision.failed.op("&")(bits((name,), CONDITIONS)) > 0)
        for name in CONDITIONS
    )
    found = session.execute(
        select(
            EmployerYearLine.industry,
            func.count(),
            func.sum(ScreenDecision.amount_fen),
            *outcomes,
            *conditions,
        )
        .join(ScreenDecision, line)
        .where(ScreenDecision.run_id == run.id)
        .group_by(EmployerYearLine.industry)
        .order_by(EmployerYearLine.industry)
    )
    rows = []
    for letter, screened, fen, eligible, applying, no, gap, *failed in found:
        name, name_en = industry_name(letter)
        rows.append(
            IndustryScreened(
                industry=letter,
                name=name,
                name_en=name_en,
                screened=screened,
                eligible=eligible,
                apply=applying,
                no=no,
                gap=gap,
                failed=tuple(failed),
                total=Money(int(fen)).text,
            )
        )
    return tuple(rows)
