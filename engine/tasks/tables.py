"""Tables that the operations of the diagrams write: claims, grants, registrations, letters and the like."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import insert_only


class Claim(Base):
    """A claim for benefit; at most one of a person is open at a time."""

    __tablename__ = "claim"
    __table_args__ = (
        Index("uq_claim_open_person", "person_id", unique=True, postgresql_where=text("status = 'open'")),
        CheckConstraint("status IN ('open', 'granted', 'refused', 'withdrawn')", name="status"),
    )

    case_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    region_code: Mapped[str] = mapped_column(String(12))
    applied_on: Mapped[date]
    #: web, counter, kiosk, national
    channel: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(12), default="open")


class UnemploymentRegistration(Base):
    """Insert-only. The registration of a person as unemployed, made with the decision."""

    __tablename__ = "unemployment_registration"
    __table_args__ = (UniqueConstraint("case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    region_code: Mapped[str] = mapped_column(String(12))
    registered_on: Mapped[date]
    exit_reason: Mapped[str] = mapped_column(String(8))
    wants_work: Mapped[bool]


class Letter(Base):
    """Insert-only. A letter or notice as it was written; sending is the outbox's."""

    __tablename__ = "letter"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: idempotency: one letter of a kind for one occasion
    key: Mapped[str] = mapped_column(String(160))
    #: None for one about a grant that no case decided, such as one taken over from an older system
    case_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    kind: Mapped[str] = mapped_column(String(60))
    recipient: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class RightsTransfer(Base):
    """A transfer of rights between two regions, as one of the two offices sees it."""

    __tablename__ = "rights_transfer"
    __table_args__ = (UniqueConstraint("transfer_number", "side"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_number: Mapped[str] = mapped_column(String(40))
    #: in or out
    side: Mapped[str] = mapped_column(String(4))
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    from_region: Mapped[str] = mapped_column(String(12))
    to_region: Mapped[str] = mapped_column(String(12))
    months_paid: Mapped[int] = mapped_column(default=0)
    months_left: Mapped[int] = mapped_column(default=0)
    fee_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    #: open, credited, settled, refused
    status: Mapped[str] = mapped_column(String(12), default="open")


class RetentionRefund(Base):
    """A job-retention refund of one employer for one year; at most one of each."""

    __tablename__ = "retention_refund"
    __table_args__ = (UniqueConstraint("employer_id", "year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"))
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.id"))
    year: Mapped[int]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    #: JSON of every condition with its evidence
    screening: Mapped[str] = mapped_column(Text)
    #: eligible, not_eligible, confirmed, noticed, ordered, lapsed
    status: Mapped[str] = mapped_column(String(14))


class Finding(Base):
    """One cell of the rectification checklist that has a problem, and its plan."""

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"))
    topic: Mapped[str] = mapped_column(String(60))
    region_code: Mapped[str] = mapped_column(String(12), index=True)
    plan_due: Mapped[date]
    done_due: Mapped[date | None]
    #: open, closed
    status: Mapped[str] = mapped_column(String(12), default="open")
    circulars: Mapped[int] = mapped_column(default=0)


TRIGGERS: tuple[str, ...] = insert_only("letter") + insert_only("unemployment_registration")
