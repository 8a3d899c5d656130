"""The tables of what is known of employers: their year as the tax office tells it, and the lists of other offices (REFUND-01).

Taken in whole, dated and with a digest; a newer one supersedes and nothing is ever changed. No behaviour here: see
``rosters``.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.audit import SealedTable, register
from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows


class EmployerRoster(Base):
    """One roster of employers as it was taken in."""

    __tablename__ = "employer_roster"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('contributions', 'arrears', 'environment', 'industry', 'dishonest', 'zombie', 'struggling')",
            name="kind",
        ),
        CheckConstraint("status IN ('loading', 'current', 'superseded')", name="status"),
        CheckConstraint("(kind = 'contributions') = (year > 0)", name="year"),
        Index(
            "uq_employer_roster_current",
            "kind",
            "region",
            "year",
            unique=True,
            postgresql_where=text("status = 'current'"),
        ),
        Index("uq_employer_roster_digest", "digest", unique=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: contributions (every insured employer's year), arrears, or the list whose name it bears
    kind: Mapped[str] = mapped_column(String(13))
    #: whose employers it covers: this region and all below it
    region: Mapped[str] = mapped_column(String(6))
    #: the year of contributions; 0 for lists, which are of their day
    year: Mapped[int]
    #: the day that it describes
    as_of: Mapped[date]
    #: SHA-256 of the file
    digest: Mapped[str] = mapped_column(String(64))
    line_count: Mapped[int]
    #: who sent it and how
    source: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[str] = mapped_column(String(40))
    taken_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10))


class EmployerYearLine(Base):
    """One employer in one calendar year, twelve months January first; insert-only."""

    __tablename__ = "employer_year"
    __table_args__ = (
        CheckConstraint(
            "cardinality(heads) = 12 AND cardinality(due_fen) = 12 AND cardinality(paid_fen) = 12",
            name="months",
        ),
        CheckConstraint(
            "0 <= ALL (heads) AND 0 <= ALL (due_fen) AND 0 <= ALL (paid_fen) AND previous_end >= 0 "
            "AND claimants >= 0 AND months_before >= 0 AND dispatched_fen >= 0 AND placed_public_fen >= 0",
            name="numbers",
        ),
        # a comparison with nothing is neither true nor false, and a CHECK would let it pass
        CheckConstraint(
            "array_position(heads, NULL) IS NULL AND array_position(due_fen, NULL) IS NULL "
            "AND array_position(paid_fen, NULL) IS NULL",
            name="known",
        ),
        CheckConstraint("size IN ('large', 'medium', 'small', 'micro', '')", name="size"),
        CheckConstraint(
            "kind IN ('enterprise', 'dispatch_agency', 'individual_business', 'social_group', 'foundation', "
            "'social_service', 'law_firm', 'accounting_firm', 'public_body', 'self_employed')",
            name="kind",
        ),
    )

    roster_id: Mapped[int] = mapped_column(ForeignKey("employer_roster.id"), primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.id"), primary_key=True)
    region: Mapped[str] = mapped_column(String(6))
    #: word of ``KINDS`` in ``engine.law.screening``
    kind: Mapped[str] = mapped_column(String(20))
    #: as the statistics office classed it; empty: nobody did
    size: Mapped[str] = mapped_column(String(6))
    #: section of GB/T 4754, A to T
    industry: Mapped[str] = mapped_column(String(1))
    #: months insured and paid in full before the year
    months_before: Mapped[int] = mapped_column(SmallInteger)
    #: insured people at the end of the year before
    previous_end: Mapped[int]
    #: people let go in the year
    claimants: Mapped[int]
    #: insured people in each month
    heads: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    #: contributions due for each month, fen
    due_fen: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    #: contributions paid for each month, fen, without back-payments of earlier years and late fees
    paid_fen: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    #: of what was paid: for dispatched workers
    dispatched_fen: Mapped[int] = mapped_column(BigInteger)
    #: of what was paid: for workers placed with public bodies
    placed_public_fen: Mapped[int] = mapped_column(BigInteger)


class EmployerListing(Base):
    """One employer on one list, by credit code: the list may know employers that are not insured here. Insert-only."""

    __tablename__ = "employer_listing"

    roster_id: Mapped[int] = mapped_column(ForeignKey("employer_roster.id"), primary_key=True)
    #: from 1, as in the file
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    credit_code: Mapped[str] = mapped_column(String(18))
    #: since when; None where the list does not say
    since: Mapped[date | None]
    #: what is owed, fen; 0 on lists other than arrears
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    #: what an inspector reads
    detail: Mapped[str] = mapped_column(Text)


SEALED_EMPLOYER_ROSTER = register(
    SealedTable(
        table="employer_roster",
        key="id",
        columns=(
            "id",
            "kind",
            "region",
            "year",
            "as_of",
            "digest",
            "line_count",
            "source",
            "taken_by",
            "taken_at",
        ),
    )
)

TRIGGERS: tuple[str, ...] = (
    *keep_rows("employer_roster"),
    *frozen_columns(
        "employer_roster", "id", "kind", "region", "year", "as_of", "digest", "source", "taken_by", "taken_at"
    ),
    *allowed_transitions("employer_roster", "status", (("loading", "current"), ("current", "superseded"))),
    *insert_only("employer_year"),
    *insert_only("employer_listing"),
)
