"""The tables of payment orders, batches and receipts, and what PostgreSQL itself holds them to.

Insert-only: account_correction, bank_receipt. The others keep their core and move their status along
allowed steps only; no order is in two live batches and none is paid twice, whoever writes.
No behaviour here: see ``payments``. ``TRIGGERS`` belong to the tables and are run by the migration.
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
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once


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
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: the same obligation has the same key, e.g. ``benefit:17:2025-11``, so it is ordered once
    key: Mapped[str] = mapped_column(String(200), unique=True)
    payee_kind: Mapped[str] = mapped_column(String(10))
    payee_id: Mapped[int] = mapped_column(BigInteger)
    payee_name: Mapped[str] = mapped_column(Text)
    #: encrypted, bound to ``payment_order:<key>``
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


class AccountCorrection(Base):
    """The account that replaces an order's own after the bank returned it; the latest counts. Insert-only."""

    __tablename__ = "account_correction"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"), index=True)
    #: encrypted, bound to ``payment_order:<key>``
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
    #: as it stood when the batch was prepared; encrypted, bound to ``payment_order:<key>``
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


ORDER_STEPS = (
    ("ordered", "batched"),
    ("batched", "sent"),
    ("batched", "ordered"),
    ("sent", "paid"),
    ("sent", "returned"),
    ("returned", "ordered"),
    ("returned", "held"),
    ("ordered", "held"),
    ("held", "ordered"),
    ("ordered", "cancelled"),
)
BATCH_STEPS = (
    ("prepared", "sampled"),
    ("sampled", "certified"),
    ("certified", "released"),
    ("released", "answered"),
    ("answered", "closed"),
    ("prepared", "dissolved"),
    ("sampled", "dissolved"),
    ("certified", "dissolved"),
)
LINE_STEPS = (("waiting", "paid"), ("waiting", "returned"))

_ORDER_CORE = tuple(c.name for c in PaymentOrder.__table__.columns if not c.name.startswith("status"))
_LINE_COLUMNS = tuple(c.name for c in PaymentLine.__table__.columns)
_LINE_CORE = _LINE_COLUMNS[: _LINE_COLUMNS.index("status")]

SEALED_ORDER = register(SealedTable(table="payment_order", key="id", columns=_ORDER_CORE))
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

# a batch's head must say what its lines say, and a line what its order says, whoever wrote them
_REQUIRE_TOTALS = """
CREATE OR REPLACE FUNCTION require_batch_totals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  found integer;
  total numeric;
BEGIN
  SELECT count(*), COALESCE(sum(amount_fen), 0) INTO found, total FROM payment_line WHERE batch_id = NEW.id;
  IF found <> NEW.line_count OR total <> NEW.total_fen OR found = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'payment_batch', CONSTRAINT = 'batch_totals',
      MESSAGE = '批次 ' || NEW.number || ' 与明细不符：应为 ' || NEW.line_count || ' 笔 ' || NEW.total_fen
        || ' 分，明细为 ' || found || ' 笔 ' || total || ' 分';
  END IF;
  RETURN NULL;
END $$
"""
_REQUIRE_ORDER = """
CREATE OR REPLACE FUNCTION require_order_of_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM payment_order o, payment_batch b
    WHERE o.id = NEW.order_id AND o.status = 'ordered' AND o.amount_fen = NEW.amount_fen
      AND b.id = NEW.batch_id AND b.status = 'prepared' AND NEW.status = 'waiting';
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'payment_line', CONSTRAINT = 'line_of_open_order',
      MESSAGE = '批次明细 ' || NEW.batch_id || '/' || NEW.line_no || ' 与支付单 ' || NEW.order_id || ' 的状态或金额不符';
  END IF;
  RETURN NEW;
END $$
"""
_REQUIRE_PAID_LINE = """
CREATE OR REPLACE FUNCTION require_paid_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM payment_line WHERE order_id = NEW.id AND status = 'paid';
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'payment_order', CONSTRAINT = 'paid_by_the_bank',
      MESSAGE = '支付单 ' || NEW.id || ' 没有银行付讫的明细，不能记为已付';
  END IF;
  RETURN NEW;
END $$
"""

TRIGGERS: tuple[str, ...] = (
    *insert_only("account_correction"),
    *insert_only("bank_receipt"),
    *keep_rows("payment_order"),
    *frozen_columns("payment_order", *_ORDER_CORE),
    *allowed_transitions("payment_order", "status", ORDER_STEPS),
    *keep_rows("payment_batch"),
    *frozen_columns(
        "payment_batch", "id", "number", "region", "line_count", "total_fen", "prepared_by", "prepared_at"
    ),
    *set_once(
        "payment_batch",
        "sampled_by",
        "sampled_at",
        "certified_by",
        "certified_at",
        "released_by",
        "released_at",
        "file_digest",
    ),
    *allowed_transitions("payment_batch", "status", BATCH_STEPS),
    *keep_rows("payment_line"),
    *frozen_columns("payment_line", *_LINE_CORE),
    *allowed_transitions("payment_line", "status", LINE_STEPS),
    _REQUIRE_TOTALS,
    "DROP TRIGGER IF EXISTS payment_batch_totals ON payment_batch",
    "CREATE CONSTRAINT TRIGGER payment_batch_totals AFTER INSERT OR UPDATE ON payment_batch "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_batch_totals()",
    _REQUIRE_ORDER,
    "DROP TRIGGER IF EXISTS payment_line_of_order ON payment_line",
    "CREATE TRIGGER payment_line_of_order BEFORE INSERT ON payment_line "
    "FOR EACH ROW EXECUTE FUNCTION require_order_of_line()",
    _REQUIRE_PAID_LINE,
    "DROP TRIGGER IF EXISTS payment_order_paid ON payment_order",
    "CREATE TRIGGER payment_order_paid BEFORE UPDATE ON payment_order "
    "FOR EACH ROW WHEN (NEW.status = 'paid' AND OLD.status <> 'paid') EXECUTE FUNCTION require_paid_line()",
)
