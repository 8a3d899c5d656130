"""The table of benefit grants, and what PostgreSQL itself holds them to. No behaviour: see ``grants``."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows


class BenefitGrant(Base):
    """The right to benefit of one claim: from when, how many months, how much, and how far it is ordered."""

    __tablename__ = "benefit_grant"
    __table_args__ = (
        UniqueConstraint("case_id"),
        Index(
            "uq_benefit_grant_active", "person_id", unique=True, postgresql_where=text("status = 'active'")
        ),
        Index("ix_benefit_grant_region_code_id", "region_code", "id"),
        CheckConstraint("months > 0 AND months <= 24", name="months"),
        CheckConstraint("monthly_fen > 0", name="monthly"),
        CheckConstraint("months_paid >= 0 AND months_paid <= months", name="paid"),
        CheckConstraint("status IN ('active', 'stopped', 'used_up')", name="status"),
        CheckConstraint("origin IN ('case', 'import')", name="origin"),
        CheckConstraint("(origin = 'case') = (case_id IS NOT NULL)", name="case_of_origin"),
        CheckConstraint("(status = 'stopped') = (ended_ground IS NOT NULL)", name="ground_of_stop"),
        CheckConstraint("(ended_ground IS NULL) = (ended_on IS NULL)", name="day_of_ground"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: the claim that it was decided in; None for one taken over from an older system
    case_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_case.id"))
    #: case, import
    origin: Mapped[str] = mapped_column(String(10), default="case", server_default="case")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    region_code: Mapped[str] = mapped_column(String(12))
    #: where the household is registered; empty where nobody knows
    household_region: Mapped[str] = mapped_column(String(12), default="", server_default="")
    #: M60, F55, F50; None where no file says it, which is asked and never guessed
    retirement_class: Mapped[str | None] = mapped_column(String(4))
    #: the standard of this day counts until a later one reaches running claims
    applied_on: Mapped[date]
    granted_on: Mapped[date]
    #: first benefit month, ``2026-12``
    first_month: Mapped[str] = mapped_column(String(7))
    months: Mapped[int]
    #: how many of ``months`` are ordered
    months_paid: Mapped[int] = mapped_column(default=0)
    #: last benefit month that is ordered; None before the first
    paid_through: Mapped[str | None] = mapped_column(String(7))
    #: last month of the extension to retirement age (续发); None while it does not go on
    extended_through: Mapped[str | None] = mapped_column(String(7))
    monthly_fen: Mapped[int] = mapped_column(BigInteger)
    #: JSON of the determination with its reasons
    determination: Mapped[str] = mapped_column(Text)
    #: active, stopped, used_up
    status: Mapped[str] = mapped_column(String(12), default="active")
    #: statutory ground of a stop, ST1 to ST9, and the day of the event: its month is still due
    ended_ground: Mapped[str | None] = mapped_column(String(6))
    ended_on: Mapped[date | None]


#: a stop may be taken back when it turns out wrong; months used up stay used up
STEPS = (("active", "stopped"), ("active", "used_up"), ("stopped", "active"), ("used_up", "stopped"))

TRIGGERS: tuple[str, ...] = (
    *keep_rows("benefit_grant"),
    *frozen_columns(
        "benefit_grant",
        "id",
        "case_id",
        "origin",
        "person_id",
        "applied_on",
        "granted_on",
        "first_month",
        "months",
        "monthly_fen",
        "determination",
    ),
    *allowed_transitions("benefit_grant", "status", STEPS),
)
