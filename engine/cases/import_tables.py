"""Tables of the import of history: files, their rows as they came, what each row says, and what is wrong with it.

What is loaded in the end stands in ``engine.registers.history_tables``. No behaviour: see ``history_import``.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows


class ImportFile(Base):
    """One file of an older system. Loaded whole and by a second person, or not at all."""

    __tablename__ = "import_file"
    __table_args__ = (
        # the same content is the same import
        UniqueConstraint("kind", "digest", name="uq_import_file_content"),
        CheckConstraint("kind IN ('persons', 'contributions', 'grants', 'payments', 'exits')", name="kind"),
        CheckConstraint(
            "status IN ('reading', 'checked', 'loading', 'loaded', 'split', 'refused')", name="status"
        ),
        CheckConstraint("loaded_by IS NULL OR loaded_by <> uploaded_by", name="four_eyes"),
        CheckConstraint("(status IN ('loading', 'loaded')) = (loaded_by IS NOT NULL)", name="loaded_by"),
        CheckConstraint("status NOT IN ('loading', 'loaded') OR error_rows = 0", name="no_error_is_loaded"),
        Index("ix_import_file_region_code_id", "region_code", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: persons, contributions, grants, payments, exits
    kind: Mapped[str] = mapped_column(String(16))
    #: as it was called on the sender's disk
    name: Mapped[str] = mapped_column(String(200))
    #: SHA-256 of the content, hex; of a file of clean rows, of where they come from
    digest: Mapped[str] = mapped_column(String(64))
    #: digest of the file that the rows came in with: their ciphers are bound to it
    source_digest: Mapped[str] = mapped_column(String(64))
    #: the file of which these are the clean rows
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("import_file.id"))
    #: rows of this region and all below it are taken
    region_code: Mapped[str] = mapped_column(String(6))
    #: as it came, by the office's vault; None for clean rows of another file
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    #: reading (and checking), checked, loading, loaded, split (its clean rows went on by themselves), refused
    status: Mapped[str] = mapped_column(String(10), default="reading")
    #: how many there are; None until the file is read
    row_count: Mapped[int | None]
    #: how many are checked, in their order: what a killed check goes on from
    checked_rows: Mapped[int] = mapped_column(default=0, server_default="0")
    error_rows: Mapped[int] = mapped_column(default=0, server_default="0")
    #: rows that may be loaded, of which something is remarkable
    warning_rows: Mapped[int] = mapped_column(default=0, server_default="0")
    #: why it was refused, or why it could not be loaded; Chinese and English
    why: Mapped[str] = mapped_column(Text, default="", server_default="")
    why_en: Mapped[str] = mapped_column(Text, default="", server_default="")
    uploaded_by: Mapped[str] = mapped_column(String(40))
    uploaded_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    loaded_by: Mapped[str | None] = mapped_column(String(40))
    loaded_at: Mapped[datetime | None]


class ImportRow(Base):
    """Insert-only. One row as it came."""

    __tablename__ = "import_row"

    file_id: Mapped[int] = mapped_column(ForeignKey("import_file.id"), primary_key=True)
    #: the line of the file as it came, the heading being line 1
    row_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: from 1 without gaps: what a check counts by
    place: Mapped[int]
    #: JSON list of its cells in the order of the kind's columns, by the vault, bound to source digest and line
    cells: Mapped[bytes] = mapped_column(LargeBinary)


class ImportEntry(Base):
    """What a row says, where it could be understood; made anew by each check, and gone with the next."""

    __tablename__ = "import_entry"
    __table_args__ = (Index("ix_import_entry_person", "file_id", "person_index"),)

    file_id: Mapped[int] = mapped_column(ForeignKey("import_file.id"), primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_index: Mapped[bytes] = mapped_column(LargeBinary)
    #: by the vault, bound to the index; of files of persons only
    id_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    name: Mapped[str | None] = mapped_column(String(60))
    birth: Mapped[date | None]
    sex: Mapped[str | None] = mapped_column(String(6))
    region_code: Mapped[str | None] = mapped_column(String(6))
    household_region: Mapped[str | None] = mapped_column(String(6))
    employer_code: Mapped[str | None] = mapped_column(String(18))
    #: number of the grant in the older system
    reference: Mapped[str | None] = mapped_column(String(40))
    #: first month, or the month paid
    first_month: Mapped[str | None] = mapped_column(String(7))
    #: last month, or the last one paid
    last_month: Mapped[str | None] = mapped_column(String(7))
    months: Mapped[int | None]
    months_paid: Mapped[int | None]
    #: base, monthly standard or amount paid
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: day of application, of payment, or of leaving
    day: Mapped[date | None]
    granted_on: Mapped[date | None]
    retirement_class: Mapped[str | None] = mapped_column(String(4))
    #: active, stopped, used_up
    standing: Mapped[str | None] = mapped_column(String(10))
    ended_ground: Mapped[str | None] = mapped_column(String(6))
    ended_on: Mapped[date | None]
    channel: Mapped[str | None] = mapped_column(String(40))
    voucher: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(4))


class ImportFault(Base):
    """Something wrong or remarkable with a row; made anew by each check."""

    __tablename__ = "import_fault"
    __table_args__ = (
        CheckConstraint("severity IN ('error', 'warning', 'note')", name="severity"),
        Index("ix_import_fault_file", "file_id", "row_no"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("import_file.id"))
    row_no: Mapped[int]
    #: key of the column; empty: the row as a whole
    column_key: Mapped[str] = mapped_column(String(24))
    #: a word of ``import_faults.FAULTS``
    code: Mapped[str] = mapped_column(String(32))
    #: error (the row is not loaded), warning (somebody should look), note (what the office made of it)
    severity: Mapped[str] = mapped_column(String(8))
    message: Mapped[str] = mapped_column(Text)
    message_en: Mapped[str] = mapped_column(Text)
    #: what stood there, masked
    value: Mapped[str] = mapped_column(String(80))


STEPS = (
    ("reading", "checked"),
    ("reading", "refused"),
    ("checked", "reading"),
    ("refused", "reading"),
    ("checked", "loading"),
    ("checked", "split"),
    ("loading", "loaded"),
    ("loading", "checked"),
)

#: a file that counts as loaded has every one of its rows in its table, whoever says that it is loaded
WHOLE = """
CREATE OR REPLACE FUNCTION require_whole_import() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  loaded bigint;
BEGIN
  loaded := CASE NEW.kind
    WHEN 'contributions' THEN (SELECT count(*) FROM imported_contribution WHERE file_id = NEW.id)
    WHEN 'grants' THEN (SELECT count(*) FROM imported_grant WHERE file_id = NEW.id)
    WHEN 'payments' THEN (SELECT count(*) FROM imported_payment WHERE file_id = NEW.id)
    WHEN 'exits' THEN (SELECT count(*) FROM imported_exit WHERE file_id = NEW.id)
    ELSE NEW.row_count END;
  IF loaded IS DISTINCT FROM NEW.row_count THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'import_file', CONSTRAINT = 'whole_import',
      MESSAGE = '导入文件 ' || NEW.id || ' 有 ' || NEW.row_count || ' 行，只装入 ' || loaded || ' 行';
  END IF;
  RETURN NEW;
END $$
"""

TRIGGERS: tuple[str, ...] = (
    WHOLE,
    "DROP TRIGGER IF EXISTS import_file_whole ON import_file",
    "CREATE TRIGGER import_file_whole BEFORE UPDATE ON import_file FOR EACH ROW "
    "WHEN (NEW.status = 'loaded') EXECUTE FUNCTION require_whole_import()",
    *keep_rows("import_file"),
    *frozen_columns(
        "import_file",
        "id",
        "kind",
        "name",
        "digest",
        "source_digest",
        "parent_id",
        "region_code",
        "content",
        "uploaded_by",
        "uploaded_at",
    ),
    *allowed_transitions("import_file", "status", STEPS),
    *insert_only("import_row"),
)
