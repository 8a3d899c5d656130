"""The tables of payment orders, batches and receipts.

Insert-only: account_correction, bank_receipt. The others keep their core and move their status along
allowed steps only; no order is in two live batches and none is paid twice, whoever writes.
No behaviour here: see ``payments``; what the database holds them to: ``payment_guards``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.audit import Members, SealedTable, register
from engine.store.db import Base


class PaymentChunk(Base):
    """Orders that were made in one go, of one region: one entry for each purpose, one audit event for all. Insert-only."""

    __tablename__ = "payment_chunk"
    __table_args__ = (CheckConstraint("order_count > 0 AND total_fen > 0", name="not_empty"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: the same work has the same key, e.g. ``month-run:12:17``, and is ordered once
    key: Mapped[str] = mapped_column(String(80), unique=True)
    region: Mapped[str] = mapped_column(String(6))
    order_count: Mapped[int]
    total_fen: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]


class PaymentOrder(Base):
    """One amount owed to one payee. The core never changes; only the status moves."""

    __tablename__ = "payment_order"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("payee_kind IN ('person', 'employer', 'office')", name="payee_kind"),
        CheckConstraint(
            "status IN ('ordered', 'batched', 'sent', 'paid', 'returned', 'held', 'cancelled')", name="status"
        ),
        Index(None, "payee_kind", "payee_id"),
        Index("ix_payment_order_waiting", "region", "id", postgresql_where=text("status = 'ordered'")),
        # a price subsidy is owed once to a person and month, whatever the grant: the month run looks first, this holds it
        Index(
            "uq_payment_order_subsidy",
            "payee_id",
            "month",
            unique=True,
            postgresql_where=text("purpose = 'subsidy' AND status <> 'cancelled'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: the same obligation has the same key, e.g. ``benefit:17:2025-11``, so it is ordered once
    key: Mapped[str] = mapped_column(String(200), unique=True)
    payee_kind: Mapped[str] = mapped_column(String(10))
    payee_id: Mapped[int] = mapped_column(BigInteger)
    payee_name: Mapped[str] = mapped_column(Text)
    #: encrypted; see ``accounts.open_account`` for what it is bound to
    account: Mapped[bytes] = mapped_column(LargeBinary)
    account_index: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    #: the holder as the bank knows them
    account_name: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    purpose: Mapped[str] = mapped_column(ForeignKey("payment_purpose.purpose"))
    #: benefit month ``2025-11``; None where the payment is for no month
    month: Mapped[str | None] = mapped_column(String(7))
    region: Mapped[str] = mapped_column(String(6))
    case_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10))
    #: why it stands where it stands: what the bank said, or why it is held
    status_reason: Mapped[str] = mapped_column(Text, default="")
    #: the chunk that it was ordered in, which vouches for it; None for an order of its own
    chunk_id: Mapped[int | None] = mapped_column(ForeignKey("payment_chunk.id"), index=True)


class AccountCorrection(Base):
    """The account that replaces an order's own after the bank returned it; the latest counts. Insert-only."""

    __tablename__ = "account_correction"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"), index=True)
    #: encrypted, as that of the order
    account: Mapped[bytes] = mapped_column(LargeBinary)
    account_index: Mapped[bytes] = mapped_column(LargeBinary)
    account_name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    corrected_by: Mapped[str] = mapped_column(String(40))
    corrected_at: Mapped[datetime]


def _apart(first: str, second: str) -> CheckConstraint:
    """Two steps of a batch by two persons (four eyes); the constraint's name says which."""
    return CheckConstraint(f"{first}_by <> {second}_by", name=f"{first}_and_{second}_by_different_people")


class PaymentBatch(Base):
    """Payment orders that go to the bank together, and who answered for them at each step."""

    __tablename__ = "payment_batch"
    __table_args__ = (
        _apart("sampled", "certified"),
        _apart("certified", "released"),
        _apart("prepared", "certified"),
        _apart("prepared", "released"),
        _apart("sampled", "released"),
        # a machine may prepare, but only people answer for a payment
        CheckConstraint("starts_with(sampled_by, 'staff:')", name="sampled_by_staff"),
        CheckConstraint("starts_with(certified_by, 'staff:')", name="certified_by_staff"),
        CheckConstraint("starts_with(released_by, 'staff:')", name="released_by_staff"),
        CheckConstraint(
            "status IN ('prepared', 'sampled', 'certified', 'released', 'answered', 'closed', 'dissolved')",
            name="status",
        ),
        CheckConstraint(
            "status IN ('prepared', 'dissolved') OR (sampled_by IS NOT NULL AND sampled_at IS NOT NULL)",
            name="sampled",
        ),
        CheckConstraint(
            "status IN ('prepared', 'sampled', 'dissolved') "
            "OR (certified_by IS NOT NULL AND certified_at IS NOT NULL)",
            name="certified",
        ),
        CheckConstraint(
            "status IN ('prepared', 'sampled', 'certified', 'dissolved') "
            "OR (released_by IS NOT NULL AND released_at IS NOT NULL AND file_digest IS NOT NULL)",
            name="released",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: what the bank knows it by
    number: Mapped[str] = mapped_column(String(32), unique=True)
    region: Mapped[str] = mapped_column(String(6))
    status: Mapped[str] = mapped_column(String(10))
    line_count: Mapped[int]
    total_fen: Mapped[int] = mapped_column(BigInteger)
    prepared_by: Mapped[str] = mapped_column(String(40))
    prepared_at: Mapped[datetime]
    sampled_by: Mapped[str | None] = mapped_column(String(40))
    sampled_at: Mapped[datetime | None]
    certified_by: Mapped[str | None] = mapped_column(String(40))
    certified_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(40))
    released_at: Mapped[datetime | None]
    #: SHA-256 of the bank file as released
    file_digest: Mapped[str | None] = mapped_column(String(64))


class PaymentLine(Base):
    """One order in one batch. Its core never changes; the bank's answer is filled in once."""

    __tablename__ = "payment_line"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'paid', 'returned')", name="status"),
        # an order is in one live batch at most, and once paid in none ever again: nothing is paid twice
        Index(
            "uq_payment_line_live_order",
            "order_id",
            unique=True,
            postgresql_where=text("status <> 'returned'"),
        ),
        Index(
            "uq_payment_line_paid_order", "order_id", unique=True, postgresql_where=text("status = 'paid'")
        ),
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("payment_batch.id"), primary_key=True)
    #: from 1
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    #: as it stood when the batch was prepared; encrypted, as that of the order
    account: Mapped[bytes] = mapped_column(LargeBinary)
    account_index: Mapped[bytes] = mapped_column(LargeBinary)
    account_name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(10))
    return_code: Mapped[str] = mapped_column(String(20), default="")
    return_reason: Mapped[str] = mapped_column(Text, default="")


class BankReceipt(Base):
    """One answer of the bank, booked whole or refused whole. Insert-only."""

    __tablename__ = "bank_receipt"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: SHA-256 of its bytes: the same receipt is taken once
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    #: None where no batch could be told from it
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("payment_batch.id"), index=True)
    accepted: Mapped[bool]
    paid_count: Mapped[int]
    paid_fen: Mapped[int] = mapped_column(BigInteger)
    returned_count: Mapped[int]
    returned_fen: Mapped[int] = mapped_column(BigInteger)
    #: JSON list of ``{"line": …, "text": …}``; empty where it was booked
    differences: Mapped[str] = mapped_column(Text)
    #: the whole text, encrypted, bound to ``bank_receipt:<digest>``
    content: Mapped[bytes] = mapped_column(LargeBinary)
    taken_by: Mapped[str] = mapped_column(String(40))
    taken_at: Mapped[datetime]


#: what the trail vouches for; the order of columns and their names are part of what was sealed long ago
ORDER_CORE = tuple(
    c.name for c in PaymentOrder.__table__.columns if not c.name.startswith("status") and c.name != "chunk_id"
)
_LINE_COLUMNS = tuple(c.name for c in PaymentLine.__table__.columns)
LINE_CORE = _LINE_COLUMNS[: _LINE_COLUMNS.index("status")]

SEALED_ORDER = register(
    SealedTable(table="payment_order", key="id", columns=ORDER_CORE, only="chunk_id IS NULL")
)
SEALED_CHUNK = register(
    SealedTable(
        table="payment_chunk",
        key="id",
        columns=tuple(c.name for c in PaymentChunk.__table__.columns),
        members=Members(table="payment_order", by="chunk_id", order="id", columns=ORDER_CORE),
    )
)
SEALED_CORRECTION = register(
    SealedTable(
        table="account_correction",
        key="id",
        columns=tuple(c.name for c in AccountCorrection.__table__.columns),
    )
)
SEALED_BATCH = register(
    SealedTable(
        table="payment_batch",
        key="id",
        columns=tuple(c.name for c in PaymentBatch.__table__.columns),
        members=Members(table="payment_line", by="batch_id", order="line_no", columns=_LINE_COLUMNS),
    )
)
SEALED_RECEIPT = register(
    SealedTable(table="bank_receipt", key="id", columns=tuple(c.name for c in BankReceipt.__table__.columns))
)
