"""The tables of fund incidents (要情): found, graded, signed by a leader, reported, followed up, closed (CTRL-05).

Not the incidents of a case whose step failed. No behaviour here: see ``engine.cases.fund_incidents``.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once


class FundIncident(Base):
    """One event to be reported upwards, as it was first found; what is learnt later stands in its follow-ups."""

    __tablename__ = "fund_incident"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'reported', 'closed')", name="status"),
        CheckConstraint("level IN ('none', '普通', '重大')", name="level"),
        CheckConstraint("amount_fen >= 0", name="amount"),
        # a leader answers for the report, and did not write it
        CheckConstraint("status = 'draft' OR signed_by IS NOT NULL", name="signed"),
        CheckConstraint("signed_by <> written_by", name="signed_by_another"),
        Index("ix_fund_incident_region_code_id", "region_code", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12))
    found_on: Mapped[date]
    #: how it came to light: sampling, risk rule, match, report, inspection
    found_by: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(120))
    #: when and where it happened, who is in it, how far it is handled; no identity numbers
    account: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(Text)
    #: as known today; a follow-up may bring it up to date
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    filed: Mapped[bool]
    grave: Mapped[bool]
    #: none, 普通, 重大
    level: Mapped[str] = mapped_column(String(4))
    #: last day of the first report; None where none is due
    due_on: Mapped[date | None]
    #: JSON list of reasons for level and deadline
    reasons: Mapped[str] = mapped_column(Text)
    #: the re-check that it came from
    case_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_case.id"))
    status: Mapped[str] = mapped_column(String(8))
    written_by: Mapped[str] = mapped_column(String(40))
    written_at: Mapped[datetime]
    signed_by: Mapped[str | None] = mapped_column(String(40))
    reported_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(40))
    closed_at: Mapped[datetime | None]


class IncidentFollowUp(Base):
    """Insert-only. What was learnt or done after the first report, and the last word that closes it."""

    __tablename__ = "incident_follow_up"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("fund_incident.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    #: what is known from now on
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    filed: Mapped[bool]
    level: Mapped[str] = mapped_column(String(4))
    closes: Mapped[bool]
    written_by: Mapped[str] = mapped_column(String(40))
    written_at: Mapped[datetime]


TRIGGERS: tuple[str, ...] = (
    *keep_rows("fund_incident"),
    *frozen_columns(
        "fund_incident",
        "id",
        "region_code",
        "found_on",
        "found_by",
        "title",
        "account",
        "case_id",
        "written_by",
        "written_at",
    ),
    *set_once("fund_incident", "signed_by", "reported_at", "closed_by", "closed_at"),
    *allowed_transitions("fund_incident", "status", (("draft", "reported"), ("reported", "closed"))),
    *insert_only("incident_follow_up"),
)
