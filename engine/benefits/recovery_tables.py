"""The tables of recovery (追偿): what was paid without ground, how it is to come back, and what came back (CLAIM-13).

Insert-only: overpaid_month, instalment, repayment. PostgreSQL itself holds that never more is taken back than was
overpaid, and that nothing is closed before its sum is reached. No behaviour here: see ``recovery`` and ``repayments``.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.audit import Members, SealedTable, register
from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once


class Overpayment(Base):
    """What one grant was paid beyond one event: at most one of a grant and event, unless it was found unfounded."""

    __tablename__ = "overpayment"
    __table_args__ = (
        Index(
            "uq_overpayment_event",
            "grant_id",
            "ground",
            "event_day",
            unique=True,
            postgresql_where=text("status <> 'dropped'"),
        ),
        Index("ix_overpayment_region_code_id", "region_code", "id"),
        Index("ix_overpayment_offset", "person_id", postgresql_where=text("mode = 'offset'")),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint(
            "status IN ('open', 'dropped', 'decided', 'paying', 'settled', 'written_off')", name="status"
        ),
        CheckConstraint("mode IN ('once', 'instalments', 'offset')", name="mode"),
        CheckConstraint("reviewed_by <> decided_by", name="reviewed_and_decided_by_different_people"),
        CheckConstraint("starts_with(reviewed_by, 'staff:')", name="reviewed_by_staff"),
        CheckConstraint("starts_with(decided_by, 'staff:')", name="decided_by_staff"),
        CheckConstraint("NOT fraud OR intentional", name="fraud_is_intentional"),
        CheckConstraint(
            "status IN ('open', 'dropped') OR (mode IS NOT NULL AND intentional IS NOT NULL AND fraud IS NOT NULL"
            " AND reviewed_by IS NOT NULL AND decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name="decided",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("benefit_grant.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    #: the case of ``recovery.bpmn``
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), unique=True)
    #: in whose books it stands: the region of its orders
    region_code: Mapped[str] = mapped_column(String(6))
    #: the ground on which the grant was stopped, and the day of the event: its month is still due
    ground: Mapped[str] = mapped_column(String(6))
    event_day: Mapped[date]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    found_by: Mapped[str] = mapped_column(String(40))
    found_at: Mapped[datetime]
    #: open, dropped (unfounded), decided, paying, settled, written_off
    status: Mapped[str] = mapped_column(String(12))
    #: the person kept silent on purpose; None until decided
    intentional: Mapped[bool | None]
    #: obtained by fraud (骗取), which is more than silence; None until decided
    fraud: Mapped[bool | None]
    #: once, instalments, offset (against later benefit); None until decided
    mode: Mapped[str | None] = mapped_column(String(12))
    reviewed_by: Mapped[str | None] = mapped_column(String(40))
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]
    #: when the plan was noticed to be broken; None while it is kept
    broken_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class OverpaidMonth(Base):
    """One order that was paid, or offset, for a month that was not due. Insert-only."""

    __tablename__ = "overpaid_month"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount"),)

    overpayment_id: Mapped[int] = mapped_column(ForeignKey("overpayment.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"), primary_key=True, index=True)
    #: ``2026-04``
    month: Mapped[str] = mapped_column(String(7))
    purpose: Mapped[str] = mapped_column(ForeignKey("payment_purpose.purpose"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class Instalment(Base):
    """One part of the plan: so much by that day. Insert-only."""

    __tablename__ = "instalment"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount"),)

    overpayment_id: Mapped[int] = mapped_column(ForeignKey("overpayment.id"), primary_key=True)
    #: from 1
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: the last day, inclusive
    due_on: Mapped[date]
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class Repayment(Base):
    """Money that came back, by the bank or by offset against benefit. Insert-only."""

    __tablename__ = "repayment"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("way IN ('bank', 'offset')", name="way"),
        CheckConstraint("(way = 'offset') = (order_id IS NOT NULL)", name="order_of_offset"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    overpayment_id: Mapped[int] = mapped_column(ForeignKey("overpayment.id"), index=True)
    #: the day on which the bank has it
    day: Mapped[date]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    #: bank, offset
    way: Mapped[str] = mapped_column(String(6))
    #: the bank's own reference, which its statement repeats; of an offset ``offset:<id>:<order>``
    reference: Mapped[str] = mapped_column(String(80), unique=True)
    #: the order that was cancelled and ordered anew for less; None for money from the bank
    order_id: Mapped[int | None] = mapped_column(ForeignKey("payment_order.id"), unique=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), unique=True)
    recorded_by: Mapped[str] = mapped_column(String(40))
    recorded_at: Mapped[datetime]


class WriteOff(Base):
    """What will not come back: proposed under a rule by one, judged by another. Its core never changes."""

    __tablename__ = "write_off"
    __table_args__ = (
        Index(
            "uq_write_off_live",
            "overpayment_id",
            unique=True,
            postgresql_where=text("status <> 'refused'"),
        ),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("rule IN ('small', 'death')", name="rule"),
        CheckConstraint("status IN ('proposed', 'approved', 'refused')", name="status"),
        CheckConstraint("proposed_by <> judged_by", name="proposed_and_judged_by_different_people"),
        CheckConstraint("starts_with(proposed_by, 'staff:')", name="proposed_by_staff"),
        CheckConstraint("starts_with(judged_by, 'staff:')", name="judged_by_staff"),
        CheckConstraint("(status = 'proposed') = (judged_by IS NULL)", name="judged"),
        CheckConstraint("(status = 'approved') = (entry_id IS NOT NULL)", name="booked"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    overpayment_id: Mapped[int] = mapped_column(ForeignKey("overpayment.id"))
    #: small (below the threshold, long due), death (no estate)
    rule: Mapped[str] = mapped_column(String(8))
    #: what was open when it was proposed
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    evidence: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime]
    #: proposed, approved, refused
    status: Mapped[str] = mapped_column(String(10))
    judged_by: Mapped[str | None] = mapped_column(String(40))
    judged_at: Mapped[datetime | None]
    judged_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"))


SEALED_OVERPAYMENT = register(
    SealedTable(
        table="overpayment",
        key="id",
        columns=tuple(c.name for c in Overpayment.__table__.columns),
        members=Members(
            table="overpaid_month",
            by="overpayment_id",
            order="order_id",
            columns=tuple(c.name for c in OverpaidMonth.__table__.columns),
        ),
    )
)
SEALED_REPAYMENT = register(
    SealedTable(table="repayment", key="id", columns=tuple(c.name for c in Repayment.__table__.columns))
)
SEALED_WRITE_OFF = register(
    SealedTable(table="write_off", key="id", columns=tuple(c.name for c in WriteOff.__table__.columns))
)

STEPS = (
    ("open", "dropped"),
    ("open", "decided"),
    ("decided", "paying"),
    ("decided", "settled"),
    ("paying", "settled"),
    ("decided", "written_off"),
    ("paying", "written_off"),
)
_CORE = (
    "id", "grant_id", "person_id", "case_id", "region_code", "ground", "event_day", "amount_fen", "found_by",
    "found_at",
)  # fmt: skip
_WRITE_OFF_CORE = (
    "id", "overpayment_id", "rule", "amount_fen", "evidence", "proposed_by", "proposed_at",
)  # fmt: skip

# an order is overpaid once, whatever events are found later
_REQUIRE_FRESH_ORDER = """
CREATE OR REPLACE FUNCTION require_order_not_overpaid() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM overpaid_month m JOIN overpayment o ON o.id = m.overpayment_id
             WHERE m.order_id = NEW.order_id AND o.id <> NEW.overpayment_id AND o.status <> 'dropped') THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'overpaid_month', CONSTRAINT = 'overpaid_once',
      MESSAGE = '支付单 ' || NEW.order_id || ' 已在另一笔多发待遇中追偿';
  END IF;
  RETURN NEW;
END $$
"""
# the row of the overpayment is the lock: two repayments at once come one after the other
_REQUIRE_OPEN_SUM = """
CREATE OR REPLACE FUNCTION require_open_sum() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  owed record;
  back numeric;
BEGIN
  SELECT * INTO owed FROM overpayment WHERE id = NEW.overpayment_id FOR UPDATE;
  SELECT COALESCE(sum(amount_fen), 0) INTO back FROM repayment WHERE overpayment_id = NEW.overpayment_id;
  IF owed.status NOT IN ('decided', 'paying') OR back + NEW.amount_fen > owed.amount_fen THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'repayment', CONSTRAINT = 'within_overpayment',
      MESSAGE = '多发待遇 ' || owed.id || '（' || owed.status || '）应退 ' || owed.amount_fen || ' 分，已退 ' || back
        || ' 分，不能再收 ' || NEW.amount_fen || ' 分';
  END IF;
  RETURN NEW;
END $$
"""
_REQUIRE_SUMS = """
CREATE OR REPLACE FUNCTION require_overpayment_sums() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owed record;
  months numeric;
  planned numeric;
  back numeric;
  given_up numeric;
BEGIN
  -- as it stands at commit, not as this one of several changes left it
  SELECT * INTO owed FROM overpayment WHERE id = NEW.id;
  SELECT COALESCE(sum(amount_fen), 0) INTO months FROM overpaid_month WHERE overpayment_id = NEW.id;
  SELECT COALESCE(sum(amount_fen), 0) INTO planned FROM instalment WHERE overpayment_id = NEW.id;
  SELECT COALESCE(sum(amount_fen), 0) INTO back FROM repayment WHERE overpayment_id = NEW.id;
  SELECT COALESCE(sum(amount_fen), 0) INTO given_up FROM write_off
    WHERE overpayment_id = NEW.id AND status = 'approved';
  IF months <> owed.amount_fen
    OR (owed.mode <> 'offset' AND owed.status NOT IN ('open', 'dropped') AND planned <> owed.amount_fen)
    OR (owed.status = 'settled' AND back <> owed.amount_fen)
    OR (owed.status = 'written_off' AND (given_up = 0 OR back + given_up <> owed.amount_fen))
    OR (owed.status <> 'written_off' AND given_up <> 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'overpayment', CONSTRAINT = 'overpayment_sums',
      MESSAGE = '多发待遇 ' || NEW.id || '（' || owed.status || '）数目不符：应退 ' || owed.amount_fen || ' 分，各月 '
        || months || '，计划 ' || planned || '，已退 ' || back || '，核销 ' || given_up;
  END IF;
  RETURN NULL;
END $$
"""

TRIGGERS: tuple[str, ...] = (
    *keep_rows("overpayment"),
    *frozen_columns("overpayment", *_CORE),
    *set_once(
        "overpayment",
        "intentional",
        "fraud",
        "mode",
        "reviewed_by",
        "decided_by",
        "decided_at",
        "broken_at",
        "closed_at",
    ),
    *allowed_transitions("overpayment", "status", STEPS),
    *insert_only("overpaid_month"),
    *insert_only("instalment"),
    *insert_only("repayment"),
    *keep_rows("write_off"),
    *frozen_columns("write_off", *_WRITE_OFF_CORE),
    *allowed_transitions("write_off", "status", (("proposed", "approved"), ("proposed", "refused"))),
    _REQUIRE_FRESH_ORDER,
    "DROP TRIGGER IF EXISTS overpaid_month_once ON overpaid_month",
    "CREATE TRIGGER overpaid_month_once BEFORE INSERT ON overpaid_month "
    "FOR EACH ROW EXECUTE FUNCTION require_order_not_overpaid()",
    _REQUIRE_OPEN_SUM,
    "DROP TRIGGER IF EXISTS repayment_within_overpayment ON repayment",
    "CREATE TRIGGER repayment_within_overpayment BEFORE INSERT ON repayment "
    "FOR EACH ROW EXECUTE FUNCTION require_open_sum()",
    _REQUIRE_SUMS,
    "DROP TRIGGER IF EXISTS overpayment_sums ON overpayment",
    "CREATE CONSTRAINT TRIGGER overpayment_sums AFTER INSERT OR UPDATE ON overpayment "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_overpayment_sums()",
)
