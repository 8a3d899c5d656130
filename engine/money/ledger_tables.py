"""The tables of the books, and what PostgreSQL itself holds them to: all insert-only, every entry balanced.

No behaviour here: see ``ledger``. ``TRIGGERS`` belong to the tables and are run by the migration.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.audit import Members, SealedTable, register
from engine.store.db import Base
from engine.store.guards import insert_only

#: keys of entries that carry income and expenditure to the fund's balance begin so
CARRIED = "year-end:"


class Account(Base):
    """One account of the chart. Insert-only."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("kind IN ('asset', 'liability', 'equity', 'income', 'expense')", name="kind"),
    )

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(12))


class PaymentPurpose(Base):
    """What a payment is for, and the accounts that it moves. Insert-only."""

    __tablename__ = "payment_purpose"

    purpose: Mapped[str] = mapped_column(String(24), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    expense: Mapped[str] = mapped_column(ForeignKey("account.code"))
    payable: Mapped[str] = mapped_column(ForeignKey("account.code"))


class JournalEntry(Base):
    """One balanced entry of a region's books. Insert-only."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        Index(None, "region", "day"),
        CheckConstraint("line_count >= 2", name="two_postings"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: the same business fact has the same key, so it is posted once
    key: Mapped[str] = mapped_column(String(200), unique=True)
    day: Mapped[date]
    region: Mapped[str] = mapped_column(String(6))
    text: Mapped[str] = mapped_column(Text)
    case_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    actor: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    #: the entry that this one takes back; at most one entry does
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), unique=True)
    #: how many postings belong to it, so that none can join later
    line_count: Mapped[int]


class Posting(Base):
    """One side of an entry: a debit or a credit of at least one fen. Insert-only."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint(
            "(debit_fen > 0) <> (credit_fen > 0) AND debit_fen + credit_fen > 0", name="one_side"
        ),
        CheckConstraint("debit_fen >= 0 AND credit_fen >= 0", name="not_negative"),
        Index(None, "account", "entry_id"),
    )

    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), primary_key=True)
    #: from 1
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account: Mapped[str] = mapped_column(ForeignKey("account.code"))
    debit_fen: Mapped[int] = mapped_column(BigInteger)
    credit_fen: Mapped[int] = mapped_column(BigInteger)


_REQUIRE_BALANCE = """
CREATE OR REPLACE FUNCTION require_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  entry bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
  expected integer;
  found integer;
  debit numeric;
  credit numeric;
BEGIN
  SELECT line_count INTO expected FROM journal_entry WHERE id = entry;
  SELECT count(*), COALESCE(sum(debit_fen), 0), COALESCE(sum(credit_fen), 0)
    INTO found, debit, credit FROM posting WHERE entry_id = entry;
  IF found <> expected OR debit <> credit THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'journal_entry', CONSTRAINT = 'entry_balances',
      MESSAGE = '凭证 ' || entry || ' 不平：借 ' || debit || ' 分，贷 ' || credit || ' 分，应有 ' || expected
        || ' 笔分录，现有 ' || found;
  END IF;
  RETURN NULL;
END $$
"""


def _balanced(table: str, column: str) -> tuple[str, str]:
    return (
        f"DROP TRIGGER IF EXISTS {table}_balances ON {table}",
        f"CREATE CONSTRAINT TRIGGER {table}_balances AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW EXECUTE FUNCTION require_balance('{column}')",
    )


SEALED_ACCOUNT = register(
    SealedTable(table="account", key="code", columns=("code", "name", "name_en", "kind"))
)
SEALED_PURPOSE = register(
    SealedTable(
        table="payment_purpose", key="purpose", columns=("purpose", "name", "name_en", "expense", "payable")
    )
)
SEALED_ENTRY = register(
    SealedTable(
        table="journal_entry",
        key="id",
        columns=tuple(c.name for c in JournalEntry.__table__.columns),
        members=Members(
            table="posting",
            by="entry_id",
            order="line_no",
            columns=tuple(c.name for c in Posting.__table__.columns),
        ),
    )
)

TRIGGERS: tuple[str, ...] = (
    *insert_only("account"),
    *insert_only("payment_purpose"),
    *insert_only("journal_entry"),
    *insert_only("posting"),
    _REQUIRE_BALANCE,
    *_balanced("journal_entry", "id"),
    *_balanced("posting", "entry_id"),
)
