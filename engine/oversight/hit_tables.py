"""The tables of matching: rounds, and hits, each of them a lead that somebody must settle (CTRL-02).

No behaviour here: see ``matching`` and ``hits``.
"""

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows


class MatchRound(Base):
    """One matching of everybody who is paid in a region against every roster that is current there."""

    __tablename__ = "match_round"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: the same round has the same key, e.g. ``month-run:12:371502``, and is carried out once
    key: Mapped[str] = mapped_column(String(80), unique=True)
    region: Mapped[str] = mapped_column(String(6))
    #: JSON: the rosters used, ``{"population": 3, …}``; a kind that is missing was not matched
    rosters: Mapped[str] = mapped_column(Text)
    payees: Mapped[int]
    hits: Mapped[int]
    matched_by: Mapped[str] = mapped_column(String(40))
    matched_at: Mapped[datetime]


class MatchHit(Base):
    """A lead that a grant may have to stop: in doubt, its payments are held until somebody settles it."""

    __tablename__ = "match_hit"
    __table_args__ = (
        # the same evidence, once cleared, is not raised again
        UniqueConstraint(
            "grant_id",
            "ground",
            "event_day",
            "detail",
            name="uq_match_hit_evidence",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("status IN ('open', 'confirmed', 'cleared')", name="status"),
        CheckConstraint("origin IN ('roster', 'list', 'report')", name="origin"),
        CheckConstraint("(status = 'open') = (settled_by IS NULL)", name="settled"),
        Index("ix_match_hit_open", "grant_id", postgresql_where=text("status = 'open'")),
        Index("ix_match_hit_region_code_id", "region_code", "id"),
        Index("ix_match_hit_unopened", "id", postgresql_where=text("status = 'open' AND case_id IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("match_round.id"))
    #: roster; list: a suspicion list of ministry or province; report: somebody told us
    origin: Mapped[str] = mapped_column(String(8))
    roster_id: Mapped[int | None] = mapped_column(ForeignKey("roster.id"))
    grant_id: Mapped[int] = mapped_column(ForeignKey("benefit_grant.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    region_code: Mapped[str] = mapped_column(String(12))
    #: ST1 … ST9; GHOST: the population register does not know the person
    ground: Mapped[str] = mapped_column(String(6))
    event_day: Mapped[date | None]
    detail: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime]
    #: open, confirmed (the ground is real), cleared (it is not)
    status: Mapped[str] = mapped_column(String(10), default="open")
    #: the case of ``stop.bpmn`` in which it is settled; None until one is opened
    case_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    settled_by: Mapped[str | None] = mapped_column(String(40))
    settled_at: Mapped[datetime | None]
    settled_why: Mapped[str] = mapped_column(Text, default="", server_default="")


_CORE = (
    "id",
    "round_id",
    "origin",
    "roster_id",
    "grant_id",
    "person_id",
    "region_code",
    "ground",
    "event_day",
    "detail",
    "found_at",
)

TRIGGERS: tuple[str, ...] = (
    *keep_rows("match_round"),
    *keep_rows("match_hit"),
    *frozen_columns("match_hit", *_CORE),
    *allowed_transitions("match_hit", "status", (("open", "confirmed"), ("open", "cleared"))),
)
