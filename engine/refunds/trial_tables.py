"""The tables of a trial of figures: what was changed on a copy, what it would do, and nothing that could be paid.

No screening, campaign, refund or order refers to any of them, and none of them to a refund: a trial has no way to
money. Kept are only the employers for whom a trial would change something; the others stand in the screening that it
is held against. See ``trials``.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.refunds.tables import DecisionColumns, FigureColumns
from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once
from engine.store.parts import PartColumns


class ScreenTrial(Base):
    """One trial: figures of a region and year changed on a copy, held against a screening."""

    __tablename__ = "screen_trial"
    __table_args__ = (
        UniqueConstraint("run_id", "region", "year", "digest"),
        CheckConstraint("status IN ('running', 'done')", name="status"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: the screening that it is held against, whose rosters and lists it looks at
    run_id: Mapped[int] = mapped_column(ForeignKey("screen_run.id"))
    #: whose figures are changed, and whose employers are looked at: this region and all below it
    region: Mapped[str] = mapped_column(String(6))
    #: whose law is tried; where it is not the year of the screening, that year's employers stand for it
    year: Mapped[int]
    #: the day whose law counts
    day: Mapped[date]
    #: what it is called, and what it is for
    name: Mapped[str] = mapped_column(String(60))
    #: JSON: key of the figure → before (empty: none was in force) and after, as typed
    changes: Mapped[str] = mapped_column(Text)
    #: SHA-256 of the figures that it is tried by: the same once more is the same trial
    digest: Mapped[str] = mapped_column(String(64))
    #: JSON list of reasons: figures of law that were still not on file, and ratios that a ceiling cuts
    gaps: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(10))
    started_by: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class TrialFigure(FigureColumns, Base):
    """The figures that are tried, for one region; insert-only."""

    __tablename__ = "screen_trial_figure"

    trial_id: Mapped[int] = mapped_column(ForeignKey("screen_trial.id"), primary_key=True)
    region: Mapped[str] = mapped_column(String(6), primary_key=True)


class TrialPart(PartColumns, Base):
    """One piece of a trial, done in one transaction or not at all; ``run_id`` is the trial."""

    __tablename__ = "screen_trial_part"
    __table_args__ = (
        UniqueConstraint("run_id", "number"),
        CheckConstraint("status IN ('waiting', 'done')", name="status"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("screen_trial.id"))
    #: employers from and to, both included
    first_employer: Mapped[int]
    last_employer: Mapped[int]


class TrialChange(DecisionColumns, Base):
    """What the tried figures would find for an employer of whom the screening found something else; insert-only."""

    __tablename__ = "screen_trial_change"

    trial_id: Mapped[int] = mapped_column(ForeignKey("screen_trial.id"), primary_key=True)
    employer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[int]
    #: section of GB/T 4754
    industry: Mapped[str] = mapped_column(String(1))
    #: as the screening found it, as the next three
    before_outcome: Mapped[str] = mapped_column(String(8))
    before_failed: Mapped[int] = mapped_column(SmallInteger)
    before_size: Mapped[str] = mapped_column(String(5))
    before_fen: Mapped[int] = mapped_column(BigInteger)
    #: what the employer would get more, or less
    delta_fen: Mapped[int] = mapped_column(BigInteger)


class TrialTotal(Base):
    """What a trial comes to for the employers of one region, size and industry; insert-only, written at its end."""

    __tablename__ = "screen_trial_total"

    trial_id: Mapped[int] = mapped_column(ForeignKey("screen_trial.id"), primary_key=True)
    region: Mapped[str] = mapped_column(String(6), primary_key=True)
    #: as the screening found it, so that both sides count the same employers
    size: Mapped[str] = mapped_column(String(5), primary_key=True)
    industry: Mapped[str] = mapped_column(String(1), primary_key=True)
    employers: Mapped[int] = mapped_column(BigInteger)
    #: employers who get something, and what
    before_paid: Mapped[int] = mapped_column(BigInteger)
    before_fen: Mapped[int] = mapped_column(BigInteger)
    after_paid: Mapped[int] = mapped_column(BigInteger)
    after_fen: Mapped[int] = mapped_column(BigInteger)
    #: employers who get more, and how much more; who get less, and how much less
    gain: Mapped[int] = mapped_column(BigInteger)
    gain_fen: Mapped[int] = mapped_column(BigInteger)
    lose: Mapped[int] = mapped_column(BigInteger)
    lose_fen: Mapped[int] = mapped_column(BigInteger)


Index(
    "ix_screen_trial_change_trial_id_delta_fen",
    TrialChange.trial_id,
    TrialChange.delta_fen,
    TrialChange.employer_id,
)

TRIGGERS: tuple[str, ...] = (
    *keep_rows("screen_trial"),
    *frozen_columns(
        "screen_trial", "id", "run_id", "region", "year", "day", "name", "changes", "digest", "gaps", "started_by", "started_at"
    ),
    *set_once("screen_trial", "finished_at"),
    *allowed_transitions("screen_trial", "status", (("running", "done"),)),
    *insert_only("screen_trial_figure"),
    *keep_rows("screen_trial_part"),
    *frozen_columns("screen_trial_part", "id", "run_id", "number", "first_employer", "last_employer"),
    *set_once("screen_trial_part", "done_at"),
    *allowed_transitions("screen_trial_part", "status", (("waiting", "done"),)),
    *insert_only("screen_trial_change"),
    *insert_only("screen_trial_total"),
)  # fmt: skip
