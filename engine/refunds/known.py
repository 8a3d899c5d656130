"""What is known of one employer in one year: from the rosters that a screening looks at, else from the register that is asked.

For whoever is judged alone: a late entrant, an objection, a settlement. The same data as the screening of a whole
region, so that both find the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.law.screening import LISTINGS, EmployerFacts, Kind, Listing
from engine.people import Employer
from engine.refunds.roster_tables import EmployerListing, EmployerRoster, EmployerYearLine
from engine.refunds.rosters import LIST_NAMES, contributions_of, lists_missing, lists_over
from engine.registers.retention import EmployerYear, RetentionRegister
from engine.values import Reason, RefusedError

_SOURCE = "鲁人社函〔2020〕10号（二）"
_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerKnown:
    """The facts of an employer's year, and what only counts in figures."""

    facts: EmployerFacts
    #: as the statistics office classed it; empty: nobody did
    size: str
    #: section of GB/T 4754; empty: not known
    industry: str


def known_of(
    session: Session, register: RetentionRegister, employer: Employer, *, year: int
) -> EmployerKnown | None:
    """The employer in that calendar year; None when it was not insured then.

    Refused where a roster knows it and a list that could speak against it was not sent. Raises RegisterDown.
    """
    line = line_of(session, employer, year=year)
    if line is not None:
        return EmployerKnown(
            facts=_from_rosters(session, employer, line), size=line.size, industry=line.industry
        )
    found = register.employer_year(employer.credit_code, year)
    if found is None:
        return None
    return EmployerKnown(
        facts=facts_of_register(found, employer.region_code),
        size="large" if found.size == "large" else "",
        industry="",
    )


def line_of(session: Session, employer: Employer, *, year: int) -> EmployerYearLine | None:
    """The employer's line in the contributions that are current; None where none names it."""
    roster = contributions_of(session, region=employer.region_code, year=year)
    return session.get(EmployerYearLine, (roster.id, employer.id)) if roster else None


def _from_rosters(session: Session, employer: Employer, line: EmployerYearLine) -> EmployerFacts:
    missing = lists_missing(session, line.region)
    if missing:
        raise RefusedError(
            Reason(
                code="lists_missing",
                text=f"没有收到覆盖 {line.region} 的{'、'.join(LIST_NAMES[kind][0] for kind in missing)}，不能认定符合条件",
                text_en=f"Missing: {', '.join(LIST_NAMES[kind][1] for kind in missing)}.",
                source=_SOURCE,
            )
        )
    # a list of any place of the province counts, as in a screening of the whole province
    lists = [roster.id for roster in lists_over(session, f"{line.region[:2]}0000")]
    named = session.execute(
        select(EmployerRoster.kind, EmployerListing.amount_fen)
        .join(EmployerListing, EmployerListing.roster_id == EmployerRoster.id)
        .where(EmployerListing.roster_id.in_(lists), EmployerListing.credit_code == employer.credit_code)
    ).all()
    listed = frozenset(name for name in LISTINGS if any(kind == name for kind, _ in named))
    kind: Kind = line.kind  # type: ignore[assignment]
    return EmployerFacts(
        region=line.region,
        kind=kind,
        size=line.size,  # type: ignore[arg-type]
        months_before=line.months_before,
        previous_end=line.previous_end,
        heads=tuple(line.heads),
        due=tuple(line.due_fen),
        paid=tuple(line.paid_fen),
        claimants=line.claimants,
        owed=sum(fen for kind, fen in named if kind == "arrears"),
        dispatched=line.dispatched_fen,
        placed_public=line.placed_public_fen,
        listed=listed,
    )


def facts_of_register(found: EmployerYear, region: str) -> EmployerFacts:
    """The facts of a year that the register tells as a whole: its contributions stand in even parts over the insured months."""
    insured = min(found.months, _MONTHS)
    each, rest = divmod(found.paid.fen, insured) if insured else (0, 0)
    paid = (0,) * (_MONTHS - insured) + (each,) * insured
    paid = (*paid[:-1], paid[-1] + rest)
    said: dict[Listing, bool] = {
        "industry": not found.industry_ok,
        "dishonest": found.dishonest,
        "zombie": found.zombie,
    }
    return EmployerFacts(
        region=region,
        kind="social_group" if found.social_org else "enterprise",
        size="large" if found.size == "large" else "small",
        months_before=found.months - insured,
        previous_end=found.insured_previous_year_end,
        heads=tuple(
            found.insured_previous_year_end if month >= _MONTHS - insured else 0 for month in range(_MONTHS)
        ),
        due=paid,
        paid=paid,
        claimants=found.left,
        listed=frozenset(name for name, on in said.items() if on),
    )
