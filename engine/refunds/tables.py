"""The tables of a screening: its parts, the figures and lists that it used, and a decision for every employer. See ``screening``."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.audit import SealedTable, register
from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once
from engine.store.parts import PartColumns


class FigureColumns:
    """What the law gives in one region, in columns that statements can be joined with."""

    #: no figure is missing that a condition needs
    whole: Mapped[bool]
    ratio_sme: Mapped[Decimal | None] = mapped_column(Numeric)
    ratio_large: Mapped[Decimal | None] = mapped_column(Numeric)
    amount_cap_fen: Mapped[int | None] = mapped_column(BigInteger)
    min_months: Mapped[int | None]
    small_insured: Mapped[int | None]
    layoff: Mapped[Decimal | None] = mapped_column(Numeric)
    layoff_small: Mapped[Decimal | None] = mapped_column(Numeric)
    #: word of ``FORMULAS``
    formula: Mapped[str | None] = mapped_column(String(10))
    sound: Mapped[bool | None]
    like_sme: Mapped[bool | None]
    large_from: Mapped[int | None]
    apply_themselves: Mapped[bool | None]
    public_bodies: Mapped[bool | None]
    struggling_head_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: JSON: the same with the reasons of each
    figures: Mapped[str] = mapped_column(Text)


class DecisionColumns:
    """What was found for one employer, with the evidence of each condition."""

    region: Mapped[str] = mapped_column(String(6))
    kind: Mapped[str] = mapped_column(String(20))
    #: large, sme
    size: Mapped[str] = mapped_column(String(5))
    outcome: Mapped[str] = mapped_column(String(8))
    #: a bit for each of ``CONDITIONS`` that failed
    failed: Mapped[int] = mapped_column(SmallInteger)
    #: insured and paid in full, through the end of the year
    months: Mapped[int]
    #: the layoff rate is lost × base_months ÷ base_heads
    base_heads: Mapped[int] = mapped_column(BigInteger)
    base_months: Mapped[int] = mapped_column(SmallInteger)
    lost: Mapped[int]
    #: contributions that the refund is a share of
    paid_fen: Mapped[int] = mapped_column(BigInteger)
    arrears_fen: Mapped[int] = mapped_column(BigInteger)
    #: a bit for each of ``LISTINGS``
    lists: Mapped[int] = mapped_column(SmallInteger)
    #: general, struggling
    way: Mapped[str] = mapped_column(String(10))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    #: of the amount: what goes on to the firms that dispatched workers work for
    passed_on_fen: Mapped[int] = mapped_column(BigInteger)


class ScreenRun(Base):
    """One screening of the employers of a region and all below it, for the refund of a year."""

    __tablename__ = "screen_run"
    __table_args__ = (
        UniqueConstraint("region", "year", "round"),
        CheckConstraint("status IN ('running', 'done')", name="status"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    region: Mapped[str] = mapped_column(String(6))
    #: of the campaign; what is looked at is the calendar year before
    year: Mapped[int]
    #: from 1; a later round takes in who has become eligible since
    round: Mapped[int]
    #: the day whose law counts
    day: Mapped[date]
    #: the contributions that were looked at; the lists stand in ``screen_roster``
    roster_id: Mapped[int] = mapped_column(ForeignKey("employer_roster.id"))
    status: Mapped[str] = mapped_column(String(10))
    started_by: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    #: JSON list of reasons: figures of law that were not on file
    gaps: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")


class ScreenRoster(Base):
    """A list that the screening looked at; insert-only: a newer one supersedes it for later screenings only."""

    __tablename__ = "screen_roster"

    run_id: Mapped[int] = mapped_column(ForeignKey("screen_run.id"), primary_key=True)
    roster_id: Mapped[int] = mapped_column(ForeignKey("employer_roster.id"), primary_key=True)


class ScreenListing(Base):
    """What those lists say of an employer, brought together once; insert-only."""

    __tablename__ = "screen_listing"

    run_id: Mapped[int] = mapped_column(ForeignKey("screen_run.id"), primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.id"), primary_key=True)
    #: a bit for each of ``LISTINGS`` in ``engine.law.screening``
    lists: Mapped[int] = mapped_column(SmallInteger)
    owed_fen: Mapped[int] = mapped_column(BigInteger)


class ScreenFigure(FigureColumns, Base):
    """What the law gives in one region; insert-only, so that a decision can always be explained."""

    __tablename__ = "screen_figure"

    run_id: Mapped[int] = mapped_column(ForeignKey("screen_run.id"), primary_key=True)
    region: Mapped[str] = mapped_column(String(6), primary_key=True)


class ScreenPart(PartColumns, Base):
    """One piece of a screening, done in one transaction or not at all: what a killed screening resumes from."""

    __tablename__ = "screen_part"
    __table_args__ = (
        UniqueConstraint("run_id", "number"),
        CheckConstraint("status IN ('waiting', 'done')", name="status"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("screen_run.id"))
    #: employers from and to, both included
    first_employer: Mapped[int]
    last_employer: Mapped[int]
    #: SHA-256 over its decisions in the order of the employers: the trail vouches for it
    digest: Mapped[str | None] = mapped_column(String(64))


class ScreenDecision(DecisionColumns, Base):
    """What the screening found for one employer, with the evidence of each condition; insert-only.

    The reasons are written from it and the figures of its region: ``engine.law.screening_reasons``.
    """

    __tablename__ = "screen_decision"
    __table_args__ = (
        CheckConstraint("outcome IN ('eligible', 'apply', 'no', 'gap')", name="outcome"),
        CheckConstraint("(outcome IN ('eligible', 'apply')) OR amount_fen = 0", name="amount"),
        CheckConstraint("(outcome = 'no') = (failed > 0)", name="failed"),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("screen_run.id"), primary_key=True)
    #: stands in the contributions of the run, which name insured employers only
    employer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[int]


Index(
    "ix_screen_decision_run_id_region_outcome",
    ScreenDecision.run_id,
    ScreenDecision.region,
    ScreenDecision.outcome,
)

SEALED_PART = register(
    SealedTable(
        table="screen_part",
        key="id",
        columns=("id", "run_id", "number", "first_employer", "last_employer", "dealt", "digest"),
        only="status = 'done'",
    )
)

TRIGGERS: tuple[str, ...] = (
    *keep_rows("screen_run"),
    *frozen_columns(
        "screen_run", "id", "region", "year", "round", "day", "roster_id", "started_by", "started_at"
    ),
    *allowed_transitions("screen_run", "status", (("running", "done"),)),
    *insert_only("screen_roster"),
    *insert_only("screen_listing"),
    *insert_only("screen_figure"),
    *keep_rows("screen_part"),
    *frozen_columns("screen_part", "id", "run_id", "number", "first_employer", "last_employer"),
    *set_once("screen_part", "digest", "done_at"),
    *allowed_transitions("screen_part", "status", (("waiting", "done"),)),
    *insert_only("screen_decision"),
)
