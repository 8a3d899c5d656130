"""Tables of the library: published files, and changes with their drafts on the way to it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows


class LibraryFile(Base):
    """Insert-only. A published version of a file."""

    __tablename__ = "library_file"
    __table_args__ = (
        UniqueConstraint("name", "number"),
        CheckConstraint("change_id IS NOT NULL OR published_by = 'system:0'", name="by_change"),
        CheckConstraint("(content IS NULL) = (digest = '')", name="content"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: path in the library, e.g. ``forms/claim-review.form``
    name: Mapped[str] = mapped_column(String(80))
    #: 1, 2, 3 … within the name
    number: Mapped[int]
    #: byte for byte; None: taken out of the library
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    #: SHA-256 of the content, hex; empty where there is none
    digest: Mapped[str] = mapped_column(String(64))
    #: actor key; ``system:0`` for a shipped file
    author: Mapped[str] = mapped_column(String(40))
    published_by: Mapped[str] = mapped_column(String(40))
    published_at: Mapped[datetime]
    #: the change that brought it; None for a shipped file
    change_id: Mapped[int | None] = mapped_column(ForeignKey("change.id"), index=True)


class Change(Base):
    """A set of files on their way into the library (变更单)."""

    __tablename__ = "change"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: edit, rollback
    kind: Mapped[str] = mapped_column(String(12))
    #: a rollback's process and version, e.g. ``claim:2``; empty for an edit
    target: Mapped[str] = mapped_column(String(80), default="")
    title: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text, default="")
    author: Mapped[str] = mapped_column(String(40), index=True)
    #: open, submitting (its tests are played, then it is submitted), submitted, published, rejected, withdrawn
    status: Mapped[str] = mapped_column(String(12), index=True)
    #: JSON: name → number of the library version that the draft began from; 0 for a new file
    base: Mapped[str] = mapped_column(Text, default="{}")
    #: JSON of the last check at submitting or publishing; empty before
    report: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]
    #: why it was rejected or withdrawn
    why: Mapped[str] = mapped_column(Text, default="")


class ChangeFile(Base):
    """A draft: what a change would make of one file. Writable only while its change is open."""

    __tablename__ = "change_file"
    __table_args__ = (
        UniqueConstraint("change_id", "name"),
        CheckConstraint("(content IS NULL) = (digest = '')", name="content"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("change.id"))
    name: Mapped[str] = mapped_column(String(80))
    #: byte for byte; None: the change takes the file out of the library
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    digest: Mapped[str] = mapped_column(String(64))
    updated_by: Mapped[str] = mapped_column(String(40))
    updated_at: Mapped[datetime]


class ChangeHand(Base):
    """Insert-only. Who had a hand in a change, and so may not publish it."""

    __tablename__ = "change_hand"

    change_id: Mapped[int] = mapped_column(ForeignKey("change.id"), primary_key=True)
    actor: Mapped[str] = mapped_column(String(40), primary_key=True)


_SECOND_PERSON = """
CREATE OR REPLACE FUNCTION change_needs_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.decided_by IS NULL OR NEW.decided_by = NEW.author OR EXISTS (
    SELECT 1 FROM change_hand hand WHERE hand.change_id = NEW.id AND hand.actor = NEW.decided_by) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
      MESSAGE = '变更单须由没有参与修改的第二人发布（四眼）', HINT = 'four eyes';
  END IF;
  RETURN NEW;
END $$
"""
_OPEN_ONLY = """
CREATE OR REPLACE FUNCTION change_file_needs_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM change WHERE change.status = 'open'
                 AND (change.kind = 'edit' OR TG_OP = 'INSERT')
                 AND change.id = CASE TG_OP WHEN 'DELETE' THEN OLD.change_id ELSE NEW.change_id END) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
      MESSAGE = '变更单不在修改中，其中的文件不能改动', HINT = 'the change is not open';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$
"""
#: what a set of files is, told by one number; the names are plain ASCII
_DIGESTS = (
    """
CREATE OR REPLACE FUNCTION library_digest() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(coalesce(string_agg(
    held.name || ' ' || held.digest, E'\\n' ORDER BY held.name COLLATE "C"), ''), 'UTF8')), 'hex')
  FROM (SELECT DISTINCT ON (name) name, digest FROM library_file ORDER BY name, number DESC) held
$$
""",
    """
CREATE OR REPLACE FUNCTION change_digest(own integer) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(coalesce(string_agg(
    draft.name || ' ' || draft.digest, E'\\n' ORDER BY draft.name COLLATE "C"), ''), 'UTF8')), 'hex')
  FROM change_file draft WHERE draft.change_id = own
$$
""",
)
_REHEARSED = """
CREATE OR REPLACE FUNCTION change_needs_rehearsal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM rehearsal_run run WHERE run.change_id = NEW.id AND run.status = 'passed'
                 AND run.files = change_digest(NEW.id) AND run.library = library_digest()) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
      MESSAGE = '变更单的案例还没有在现行版本上演练通过', HINT = 'no rehearsal has passed';
  END IF;
  RETURN NEW;
END $$
"""
TRIGGERS: tuple[str, ...] = (
    *insert_only("library_file"),
    *insert_only("change_hand"),
    *keep_rows("change"),
    *frozen_columns("change", "kind", "target", "author", "opened_at"),
    *allowed_transitions(
        "change",
        "status",
        (
            ("open", "submitting"),
            ("open", "submitted"),
            ("open", "withdrawn"),
            ("submitting", "open"),
            ("submitting", "submitted"),
            ("submitting", "withdrawn"),
            ("submitted", "open"),
            ("submitted", "withdrawn"),
            ("submitted", "rejected"),
            ("submitted", "published"),
            ("rejected", "open"),
            ("rejected", "withdrawn"),
        ),
    ),
    _SECOND_PERSON,
    "DROP TRIGGER IF EXISTS change_second_person ON change",
    "CREATE TRIGGER change_second_person BEFORE UPDATE ON change FOR EACH ROW "
    "WHEN (NEW.status = 'published' AND OLD.status <> 'published') EXECUTE FUNCTION change_needs_second_person()",
    *_DIGESTS,
    _REHEARSED,
    "DROP TRIGGER IF EXISTS change_rehearsed ON change",
    # a rollback is not rehearsed: the tests of today may not know what it brings back, and it may be urgent
    "CREATE TRIGGER change_rehearsed BEFORE UPDATE ON change FOR EACH ROW "
    "WHEN (NEW.kind = 'edit' AND NEW.status IN ('submitted', 'published') AND OLD.status <> NEW.status) "
    "EXECUTE FUNCTION change_needs_rehearsal()",
    _OPEN_ONLY,
    "DROP TRIGGER IF EXISTS change_file_open_only ON change_file",
    "CREATE TRIGGER change_file_open_only BEFORE INSERT OR UPDATE OR DELETE ON change_file FOR EACH ROW "
    "EXECUTE FUNCTION change_file_needs_open()",
)
