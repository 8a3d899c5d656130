"""Tables that the operations of the diagrams write: claims, grants, registrations, letters and the like."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows


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
    __table_args__ = (
        UniqueConstraint("transfer_number", "side"),
        Index("ix_rights_transfer_person_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_number: Mapped[str] = mapped_column(String(40))
    #: in or out
    side: Mapped[str] = mapped_column(String(4))
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    from_region: Mapped[str] = mapped_column(String(12))
    to_region: Mapped[str] = mapped_column(String(12))
    #: code of the office that serves the other end; empty where that is this one
    peer: Mapped[str] = mapped_column(String(20), default="", server_default="")
    #: the person works at the receiving place: the relation moves without money
    employed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    #: months of contribution that move
    months_paid: Mapped[int] = mapped_column(default=0)
    #: benefit months of an earlier grant that were not drawn and move with them
    carried_months: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    #: benefit months that both come to at the sending place, for the fee
    months_left: Mapped[int] = mapped_column(default=0)
    #: as the information sheet has it
    fee_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    #: as the sending office announced it; None until it did
    announced_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: the day on which the bank paid it, and what it calls that payment
    paid_on: Mapped[date | None]
    bank_reference: Mapped[str] = mapped_column(String(80), default="", server_default="")
    #: what the receiving office found on its account, and when; None until its accountant confirmed it
    arrived_on: Mapped[date | None]
    arrived_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: open, moved (out: information sent), credited (in), in_transit, settled, refused, withdrawn
    status: Mapped[str] = mapped_column(String(12), default="open")
    #: why it was refused or withdrawn
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: the grant that used the months up at this end; None while they count
    paid_used_by: Mapped[int | None] = mapped_column(ForeignKey("benefit_grant.id"))
    #: the same of the benefit months carried over
    carried_used_by: Mapped[int | None] = mapped_column(ForeignKey("benefit_grant.id"))


#: rights that have moved never come back by a change of status: another transfer brings them
TRANSFER_STEPS = (
    *(("open", status) for status in ("moved", "credited", "settled", "refused", "withdrawn")),
    ("moved", "in_transit"),
    ("moved", "settled"),
    ("credited", "in_transit"),
    ("in_transit", "settled"),
)

TRIGGERS: tuple[str, ...] = (
    *insert_only("letter"),
    *insert_only("unemployment_registration"),
    *keep_rows("rights_transfer"),
    *frozen_columns(
        "rights_transfer", "id", "transfer_number", "side", "case_id", "person_id", "from_region", "to_region"
    ),
    *allowed_transitions("rights_transfer", "status", TRANSFER_STEPS),
)
