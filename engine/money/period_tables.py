"""The tables of closed months, and the trigger by which no entry gets into one, whoever writes (MONEY-03).

No behaviour here: see ``periods``. A closing covers its region and all regions below it, its month and all before.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
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


class PeriodClosing(Base):
    """One closing of a month of a region's books: proposed by one person, confirmed by another."""

    __tablename__ = "period_closing"
    __table_args__ = (
        CheckConstraint("status IN ('proposed', 'closed', 'declined', 'reopened')", name="status"),
        CheckConstraint("decided_by <> proposed_by", name="two_people"),
        CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("status <> 'declined' OR reason <> ''", name="declined_why"),
        UniqueConstraint("id", "decided_by", name="uq_period_closing_decided"),
        Index(
            "uq_period_closing_standing",
            "region",
            "month",
            unique=True,
            postgresql_where=text("status IN ('proposed', 'closed')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: the closing covers this region and all below it
    region: Mapped[str] = mapped_column(String(6))
    #: ``2025-11``
    month: Mapped[str] = mapped_column(String(7))
    status: Mapped[str] = mapped_column(String(10), default="proposed")
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime]
    #: who confirmed or declined
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]
    #: why it was declined
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: SHA-256 of the trial balance as it was closed; empty until then
    digest: Mapped[str] = mapped_column(String(64), default="", server_default="")
    #: turnover on either side to the end of the month, in fen
    turnover_fen: Mapped[int | None] = mapped_column(BigInteger)


class PeriodReopening(Base):
    """A wish to open a closed month again, with its reason: by somebody else than closed it, approved by a third."""

    __tablename__ = "period_reopening"
    __table_args__ = (
        ForeignKeyConstraint(["closing_id", "closed_by"], ["period_closing.id", "period_closing.decided_by"]),
        CheckConstraint("status IN ('asked', 'approved', 'declined')", name="status"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("asked_by <> closed_by", name="not_who_closed"),
        CheckConstraint("decided_by <> asked_by AND decided_by <> closed_by", name="three_people"),
        CheckConstraint("(status = 'asked') = (decided_by IS NULL)", name="decided"),
        Index(
            "uq_period_reopening_asked",
            "closing_id",
            unique=True,
            postgresql_where=text("status IN ('asked', 'approved')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    closing_id: Mapped[int] = mapped_column(BigInteger)
    #: as in the closing: the database holds the three to be different people
    closed_by: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10), default="asked")
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]
    decided_why: Mapped[str] = mapped_column(Text, default="", server_default="")


# An entry takes a lock that it shares with all entries; a closing or reopening takes it alone. So a closing waits for
# every entry under way, and an entry after it sees the closing.
_REFUSE_CLOSED = """
CREATE OR REPLACE FUNCTION refuse_closed_period() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  closed period_closing;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('books periods', 0));
  SELECT * INTO closed FROM period_closing
    WHERE status = 'closed' AND month >= to_char(NEW.day, 'YYYY-MM')
      AND starts_with(NEW.region, regexp_replace(region, '(00){1,2}$', ''))
    ORDER BY month LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = 'journal_entry', CONSTRAINT = 'period_closed',
      MESSAGE = '账期已结：' || closed.region || ' 的账已结至 ' || closed.month || '，不能再记 ' || NEW.day
        || ' 的凭证；后发现的事项记入第一个未结账的日期';
  END IF;
  RETURN NEW;
END $$
"""

# a closing becomes reopened only by an approved record of its own
_REOPENING_NEEDED = """
CREATE OR REPLACE FUNCTION require_reopening() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM period_reopening WHERE closing_id = NEW.id AND status = 'approved') THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = 'period_closing', CONSTRAINT = 'reopening_record',
      MESSAGE = '重新开账须有经他人批准的记录：' || NEW.region || ' ' || NEW.month;
  END IF;
  RETURN NEW;
END $$
"""

TRIGGERS: tuple[str, ...] = (
    *keep_rows("period_closing"),
    *frozen_columns("period_closing", "id", "region", "month", "proposed_by", "proposed_at"),
    *set_once("period_closing", "decided_by", "decided_at", "turnover_fen"),
    *allowed_transitions(
        "period_closing",
        "status",
        (("proposed", "closed"), ("proposed", "declined"), ("closed", "reopened")),
    ),
    *keep_rows("period_reopening"),
    *frozen_columns("period_reopening", "id", "closing_id", "closed_by", "reason", "asked_by", "asked_at"),
    *set_once("period_reopening", "decided_by", "decided_at"),
    *allowed_transitions("period_reopening", "status", (("asked", "approved"), ("asked", "declined"))),
    _REFUSE_CLOSED,
    "DROP TRIGGER IF EXISTS journal_entry_period ON journal_entry",
    "CREATE TRIGGER journal_entry_period BEFORE INSERT ON journal_entry "
    "FOR EACH ROW EXECUTE FUNCTION refuse_closed_period()",
    _REOPENING_NEEDED,
    "DROP TRIGGER IF EXISTS period_closing_reopened ON period_closing",
    "CREATE TRIGGER period_closing_reopened BEFORE UPDATE ON period_closing FOR EACH ROW "
    "WHEN (OLD.status = 'closed' AND NEW.status = 'reopened') EXECUTE FUNCTION require_reopening()",
)
