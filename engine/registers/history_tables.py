"""What an older system recorded before this office began: months contributed, grants' numbers, payments, exits.

All insert-only: history is never put right, only added to. Each row names the file and the line that it came from.
A payment of the past is no payment order: nothing is ordered or booked for it. No behaviour here: rows are loaded by
``engine.cases.history_import``, after two people have looked at the file; any room above may read them.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import insert_only


class ImportedContribution(Base):
    """Insert-only. Months for which an employer paid for a person."""

    __tablename__ = "imported_contribution"
    __table_args__ = (
        UniqueConstraint("file_id", "row_no"),
        Index("ix_imported_contribution_person", "person_id", "employer_code", "first_month"),
        CheckConstraint("first_month <= last_month", name="range"),
        CheckConstraint("months > 0 AND base_fen > 0", name="amounts"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("import_file.id"))
    #: the line of the file as it came
    row_no: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    employer_code: Mapped[str] = mapped_column(String(18))
    #: both included, ``2019-03``
    first_month: Mapped[str] = mapped_column(String(7))
    last_month: Mapped[str] = mapped_column(String(7))
    #: months that were paid; fewer than the range where there are gaps in it
    months: Mapped[int]
    #: monthly base of the contribution
    base_fen: Mapped[int] = mapped_column(BigInteger)


class ImportedGrant(Base):
    """Insert-only. Under which number an older system kept a grant that was taken over."""

    __tablename__ = "imported_grant"
    __table_args__ = (UniqueConstraint("file_id", "row_no"),)

    grant_id: Mapped[int] = mapped_column(
        ForeignKey("benefit_grant.id"), primary_key=True, autoincrement=False
    )
    file_id: Mapped[int] = mapped_column(ForeignKey("import_file.id"))
    row_no: Mapped[int]
    #: the older system's number
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    #: how far it was paid when it was taken over; what is paid since is ours
    months_paid: Mapped[int]
    paid_through: Mapped[str | None] = mapped_column(String(7))


class ImportedPayment(Base):
    """Insert-only. A payment that an older system made; history, and no order of ours."""

    __tablename__ = "imported_payment"
    __table_args__ = (
        UniqueConstraint("file_id", "row_no"),
        UniqueConstraint("grant_id", "month", "paid_on", "amount_fen", "reference"),
        Index(None, "person_id"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("import_file.id"))
    row_no: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    grant_id: Mapped[int] = mapped_column(ForeignKey("benefit_grant.id"))
    #: benefit month, ``2025-11``
    month: Mapped[str] = mapped_column(String(7))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    paid_on: Mapped[date]
    #: by which bank or way, in the older system's words
    channel: Mapped[str] = mapped_column(String(40))
    #: number of the voucher; empty where there is none
    reference: Mapped[str] = mapped_column(String(40))


class ImportedExit(Base):
    """Insert-only. Why an employer says that somebody left (细化减员原因), by a code of ``exit-reasons.yaml``."""

    __tablename__ = "imported_exit"
    __table_args__ = (
        UniqueConstraint("file_id", "row_no"),
        UniqueConstraint("person_id", "employer_code", "day"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("import_file.id"))
    row_no: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    employer_code: Mapped[str] = mapped_column(String(18))
    #: last day of the employment
    day: Mapped[date]
    reason: Mapped[str] = mapped_column(String(4))


#: a row comes in while its file is being loaded, and at no other time
LOADING = """
CREATE OR REPLACE FUNCTION require_loading_import() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM (SELECT DISTINCT file_id FROM added) a
               JOIN import_file f ON f.id = a.file_id WHERE f.status <> 'loading') THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'loading_import',
      MESSAGE = '表 ' || TG_TABLE_NAME || ' 只在整份文件装载时写入，由上传人以外的人装载';
  END IF;
  RETURN NULL;
END $$
"""


def _while_loading(table: str) -> tuple[str, str, str]:
    return (
        LOADING,
        f"DROP TRIGGER IF EXISTS {table}_loading ON {table}",
        f"CREATE TRIGGER {table}_loading AFTER INSERT ON {table} REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION require_loading_import()",
    )


TRIGGERS: tuple[str, ...] = (
    *_while_loading("imported_contribution"),
    *_while_loading("imported_grant"),
    *_while_loading("imported_payment"),
    *_while_loading("imported_exit"),
    *insert_only("imported_contribution"),
    *insert_only("imported_grant"),
    *insert_only("imported_payment"),
    *insert_only("imported_exit"),
)
