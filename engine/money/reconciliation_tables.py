"""The tables of monthly reconciliation: statements compared, proposed pairs, differences, signatures (MONEY-05).

No behaviour here: see ``reconciling``.
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
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows, set_once

#: business: open orders; bank: the expenditure account; tax: what the tax office collected; treasury: the fiscal account
SIDES = ("business", "bank", "tax", "treasury")


class Reconciliation(Base):
    """One comparison of a region's books of a month with one other side; a later one supersedes it until it is signed."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        CheckConstraint("side IN ('business', 'bank', 'tax', 'treasury')", name="side"),
        CheckConstraint("status IN ('open', 'signed', 'superseded')", name="status"),
        CheckConstraint("countersigned_by <> signed_by", name="two_people"),
        CheckConstraint("countersigned_by IS NULL OR signed_by IS NOT NULL", name="in_turn"),
        CheckConstraint("(status = 'signed') = (countersigned_by IS NOT NULL)", name="signed"),
        Index(
            "uq_reconciliation_standing",
            "region",
            "month",
            "side",
            unique=True,
            postgresql_where=text("status <> 'superseded'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: covers this region and all below it
    region: Mapped[str] = mapped_column(String(6))
    #: ``2025-11``
    month: Mapped[str] = mapped_column(String(7))
    side: Mapped[str] = mapped_column(String(8))
    #: SHA-256 of the file; of the figures compared, for the business
    digest: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(200))
    #: the figure at the end on our side and on the other, in fen
    booked_fen: Mapped[int] = mapped_column(BigInteger)
    found_fen: Mapped[int] = mapped_column(BigInteger)
    #: how many items agreed without anybody's doing
    paired: Mapped[int]
    opened_by: Mapped[str] = mapped_column(String(40))
    opened_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10), default="open")
    signed_by: Mapped[str | None] = mapped_column(String(40))
    signed_at: Mapped[datetime | None]
    countersigned_by: Mapped[str | None] = mapped_column(String(40))
    countersigned_at: Mapped[datetime | None]


class ReconciliationPair(Base):
    """A proposal that two items of different reference are the same; each item stands in one pair at most."""

    __tablename__ = "reconciliation_pair"
    __table_args__ = (
        CheckConstraint("status IN ('proposed', 'confirmed', 'rejected')", name="status"),
        CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name="decided"),
        UniqueConstraint("reconciliation_id", "our_reference", name="uq_reconciliation_pair_ours"),
        UniqueConstraint("reconciliation_id", "their_reference", name="uq_reconciliation_pair_theirs"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    reconciliation_id: Mapped[int] = mapped_column(ForeignKey("reconciliation.id"))
    our_reference: Mapped[str] = mapped_column(Text)
    our_day: Mapped[date]
    their_reference: Mapped[str] = mapped_column(Text)
    their_day: Mapped[date]
    #: above zero for money in
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(10), default="proposed")
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]


class ReconciliationDifference(Base):
    """One thing on which two sides do not agree: a task for two people. The same evidence is not raised again."""

    __tablename__ = "reconciliation_difference"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'settled')", name="status"),
        CheckConstraint("settled_by <> explained_by", name="two_people"),
        CheckConstraint("(status = 'settled') = (settled_by IS NOT NULL)", name="settled"),
        CheckConstraint(
            "status = 'open' OR (explained_by IS NOT NULL AND explanation <> '')", name="explained"
        ),
        UniqueConstraint(
            "region",
            "month",
            "side",
            "key",
            "booked_fen",
            "found_fen",
            name="uq_reconciliation_difference_evidence",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: the comparison that found it first
    reconciliation_id: Mapped[int] = mapped_column(ForeignKey("reconciliation.id"), index=True)
    region: Mapped[str] = mapped_column(String(6))
    month: Mapped[str] = mapped_column(String(7))
    side: Mapped[str] = mapped_column(String(8))
    #: stable while the difference stands
    key: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    booked_fen: Mapped[int] = mapped_column(BigInteger)
    found_fen: Mapped[int] = mapped_column(BigInteger)
    found_at: Mapped[datetime]
    #: settled once it is explained by one person and the explanation confirmed by another
    status: Mapped[str] = mapped_column(String(10), default="open")
    explanation: Mapped[str] = mapped_column(Text, default="", server_default="")
    explained_by: Mapped[str | None] = mapped_column(String(40))
    explained_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(40))
    settled_at: Mapped[datetime | None]
    #: the case of ``reconcile.bpmn`` in which it is explained and confirmed
    case_id: Mapped[int | None] = mapped_column(BigInteger, index=True)


TRIGGERS: tuple[str, ...] = (
    *keep_rows("reconciliation"),
    *frozen_columns(
        "reconciliation",
        *("id", "region", "month", "side", "digest", "file_name", "booked_fen", "found_fen", "paired"),
        *("opened_by", "opened_at"),
    ),
    *set_once("reconciliation", "signed_by", "signed_at", "countersigned_by", "countersigned_at"),
    *allowed_transitions("reconciliation", "status", (("open", "signed"), ("open", "superseded"))),
    *keep_rows("reconciliation_pair"),
    *frozen_columns(
        "reconciliation_pair",
        *(
            "id",
            "reconciliation_id",
            "our_reference",
            "our_day",
            "their_reference",
            "their_day",
            "amount_fen",
        ),
    ),
    *allowed_transitions(
        "reconciliation_pair", "status", (("proposed", "confirmed"), ("proposed", "rejected"))
    ),
    *keep_rows("reconciliation_difference"),
    *frozen_columns(
        "reconciliation_difference",
        *("id", "reconciliation_id", "region", "month", "side", "key", "text", "text_en"),
        *("booked_fen", "found_fen", "found_at"),
    ),
    *set_once("reconciliation_difference", "settled_by", "settled_at", "case_id"),
    *allowed_transitions(
        "reconciliation_difference",
        "status",
        (("open", "settled"),),
    ),
)
