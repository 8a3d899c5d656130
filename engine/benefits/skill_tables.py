"""The tables of the skill subsidy: what screening found of each certificate, and the applications. See ``skills``."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows, set_once


class SkillScreening(Base):
    """What the office found of one certificate without anybody's applying, and when it looks again."""

    __tablename__ = "skill_screening"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('waiting', 'eligible', 'not_yet', 'not_eligible', 'gap', 'elsewhere', 'applied')",
            name="outcome",
        ),
        Index(
            "ix_skill_screening_due",
            "screen_on",
            "certificate_id",
            postgresql_where=text("screen_on IS NOT NULL"),
        ),
        Index(
            "ix_skill_screening_unopened",
            "certificate_id",
            postgresql_where=text("outcome = 'eligible' AND case_id IS NULL"),
        ),
    )

    certificate_id: Mapped[int] = mapped_column(ForeignKey("skill_certificate.id"), primary_key=True)
    #: the day from which it is looked at; None: nothing more to look for
    screen_on: Mapped[date | None]
    #: waiting; eligible; not_yet (time may mend it); not_eligible; gap (no figure on file); elsewhere (not insured
    #: here); applied (the holder did so themself)
    outcome: Mapped[str] = mapped_column(String(12), default="waiting", server_default="waiting")
    #: where the holder is insured; empty before it is known
    region_code: Mapped[str] = mapped_column(String(12), default="", server_default="")
    #: None before the holder is known here
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    #: last day to apply
    apply_by: Mapped[date | None]
    #: JSON list of reasons
    reasons: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
    screened_at: Mapped[datetime | None]
    #: the case that was opened
    case_id: Mapped[int | None] = mapped_column(BigInteger)


class SkillSubsidyCase(Base):
    """One application, or one that the office began itself; at most one of a certificate is ever paid, anywhere."""

    __tablename__ = "skill_subsidy"
    __table_args__ = (
        Index(
            "uq_skill_subsidy_ordered",
            "certificate_number",
            unique=True,
            postgresql_where=text("status = 'ordered'"),
        ),
        Index(
            "uq_skill_subsidy_open",
            "certificate_number",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "uq_skill_subsidy_level",
            "person_id",
            "occupation",
            "level",
            unique=True,
            postgresql_where=text("status = 'ordered'"),
        ),
        CheckConstraint("status IN ('open', 'ordered', 'refused', 'lapsed')", name="status"),
        CheckConstraint("channel IN ('found', 'web', 'counter')", name="channel"),
        CheckConstraint("(status = 'ordered') = (amount_fen IS NOT NULL)", name="amount_of_order"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    case_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    certificate_number: Mapped[str] = mapped_column(String(40))
    occupation: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(String(20))
    issued_on: Mapped[date]
    urgent: Mapped[bool]
    region_code: Mapped[str] = mapped_column(String(12))
    #: the day of the application, or the day on which the office found the certificate
    applied_on: Mapped[date]
    #: found, web, counter
    channel: Mapped[str] = mapped_column(String(12))
    #: the holder, whoever typed it at the counter, or the system: actor key
    entered_by: Mapped[str] = mapped_column(String(40))
    #: open, ordered, refused, lapsed (not confirmed, or the holder wants none)
    status: Mapped[str] = mapped_column(String(12), default="open")
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None]


TRIGGERS: tuple[str, ...] = (
    *keep_rows("skill_screening"),
    *frozen_columns("skill_screening", "certificate_id"),
    *keep_rows("skill_subsidy"),
    *frozen_columns(
        "skill_subsidy",
        "case_id",
        "person_id",
        "certificate_number",
        "region_code",
        "applied_on",
        "channel",
        "entered_by",
    ),
    *set_once("skill_subsidy", "amount_fen", "decided_at"),
    *allowed_transitions(
        "skill_subsidy", "status", (("open", "ordered"), ("open", "refused"), ("open", "lapsed"))
    ),
)
