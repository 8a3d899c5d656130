"""The tables of the month run: its parts, the rates that it used, and a decision for every grant. See ``month_run``."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import insert_only, keep_rows
from engine.store.parts import PartColumns


class MonthRun(Base):
    """One run over the grants of a region and all below it, for benefit months up to its own."""

    __tablename__ = "month_run"
    __table_args__ = (
        UniqueConstraint("region", "month", "round"),
        CheckConstraint("status IN ('running', 'done')", name="status"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    region: Mapped[str] = mapped_column(String(6))
    #: ``2026-12``
    month: Mapped[str] = mapped_column(String(7))
    #: from 1; a later round of a month pays what was cleared since
    round: Mapped[int]
    #: the day whose law counts, and on which everything is booked
    day: Mapped[date]
    status: Mapped[str] = mapped_column(String(10))
    started_by: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    #: when the risk rules were put to everybody whom it decided about; None: not yet
    screened_at: Mapped[datetime | None]
    #: JSON list of reasons: figures of law that were not on file, and what was therefore not ordered
    gaps: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")


class MonthPart(PartColumns, Base):
    """One piece of a run, what a killed run resumes from: done in one transaction or not at all, or one for each batch."""

    __tablename__ = "month_part"
    __table_args__ = (
        CheckConstraint("kind IN ('match', 'decide', 'premium', 'batch')", name="kind"),
        CheckConstraint("status IN ('waiting', 'done')", name="status"),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("month_run.id"), primary_key=True)
    #: in the order in which they are done
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: match, decide, premium, batch
    kind: Mapped[str] = mapped_column(String(8))
    region: Mapped[str] = mapped_column(String(6))
    #: grants from and to, both included; None where the part is the whole region
    first_grant: Mapped[int | None]
    last_grant: Mapped[int | None]


class MonthRate(Base):
    """What the law gives for one benefit month in one region; insert-only, so that a decision can always be explained."""

    __tablename__ = "month_rate"

    run_id: Mapped[int] = mapped_column(ForeignKey("month_run.id"), primary_key=True)
    region: Mapped[str] = mapped_column(String(12), primary_key=True)
    household_region: Mapped[str] = mapped_column(String(12), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    #: None: no figure in force, so nothing is paid on it
    benefit_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: premium of basic medical insurance that the fund pays; None: no figure on file
    medical_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: price subsidy; 0 below the trigger; None: no index published
    subsidy_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: JSON list of reasons
    reasons: Mapped[str] = mapped_column(Text)


class MonthDecision(Base):
    """What the run decided for one grant, and why; insert-only."""

    __tablename__ = "month_decision"
    __table_args__ = (
        CheckConstraint("outcome IN ('pay', 'hold', 'end', 'none')", name="outcome"),
        Index(None, "grant_id"),
        Index("ix_month_decision_run_id_region_outcome", "run_id", "region", "outcome"),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("month_run.id"), primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("benefit_grant.id"), primary_key=True)
    part: Mapped[int]
    region: Mapped[str] = mapped_column(String(12))
    #: pay; hold: due but in doubt, nothing lost; end: nothing more will be due; none: nothing due now
    outcome: Mapped[str] = mapped_column(String(4))
    #: word of ``REASONS`` in ``decisions``: due, extended, hit, no_account, used_up …
    reason: Mapped[str] = mapped_column(String(24))
    #: benefit months ordered now, both included; None where none is
    first_due: Mapped[str | None] = mapped_column(String(7))
    last_due: Mapped[str | None] = mapped_column(String(7))
    months: Mapped[int]
    benefit_fen: Mapped[int] = mapped_column(BigInteger)
    #: difference to a standard that was raised after months were paid
    adjustment_fen: Mapped[int] = mapped_column(BigInteger)
    medical_fen: Mapped[int] = mapped_column(BigInteger)
    subsidy_fen: Mapped[int] = mapped_column(BigInteger)


TRIGGERS: tuple[str, ...] = (
    *keep_rows("month_run"),
    *keep_rows("month_part"),
    *insert_only("month_rate"),
    *insert_only("month_decision"),
)
