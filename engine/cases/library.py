"""The library: the published files that processes are made of, every version kept, and changes on their way to it.

A file is ``claim.bpmn``, ``forms/x.form``, ``decisions/y.dmn`` or ``claim.tests.yaml``. The library is first filled from
``processes/``; from then on a shipped file only follows the disk for as long as no analyst has published one over it.
Who may do what stands in ``studio``; nothing here commits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import orjson
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows
from engine.values import SYSTEM
from engine.workflow.decisions import Decision, DecisionError, read_decisions
from engine.workflow.reader import ReadError
from engine.workflow.tables import ProcessVersion
from engine.workflow.versions import Source, references_of

FileKind = Literal["diagram", "form", "decision", "tests"]

#: what a name may look like, by kind
_NAMES: tuple[tuple[FileKind, re.Pattern[str]], ...] = (
    ("diagram", re.compile(r"[a-z0-9][a-z0-9-]{0,58}\.bpmn")),
    ("form", re.compile(r"forms/[a-z0-9][a-z0-9-]{0,58}\.form")),
    ("decision", re.compile(r"decisions/[a-z0-9][a-z0-9-]{0,58}\.dmn")),
    ("tests", re.compile(r"[a-z0-9][a-z0-9-]{0,58}\.tests\.yaml")),
)
_SHIPPED = ("*.bpmn", "forms/*.form", "decisions/*.dmn", "*.tests.yaml")
#: any number of this program's own: whoever changes the library waits for whoever is changing it
_LIBRARY_LOCK = 371500_0002


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


def kind_of(name: str) -> FileKind | None:
    """What kind of file has that name; None for a name that the library does not take."""
    return next((kind for kind, pattern in _NAMES if pattern.fullmatch(name)), None)


def digest_of(content: bytes | None) -> str:
    """SHA-256, hex; empty for no content."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def key_of(name: str) -> str:
    """What a diagram calls the file: ``claim-review`` for ``forms/claim-review.form``."""
    return name.rpartition("/")[2].partition(".")[0]


def lock(session: Session) -> None:
    """Until the transaction ends nobody else changes the library."""
    session.execute(sql("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LIBRARY_LOCK})


def shipped_files(processes_dir: Path) -> dict[str, bytes]:
    """The files of the directory that belong into the library, by name."""
    return {
        path.relative_to(processes_dir).as_posix(): path.read_bytes()
        for pattern in _SHIPPED
        for path in sorted(processes_dir.glob(pattern))
    }


def ship(session: Session, files: Mapping[str, bytes], *, now: datetime) -> tuple[str, ...]:
    """Names that were taken from the shipped files: new ones, and those where the library still has a shipped one.

    Idempotent by digest. What an analyst published is never written over. The caller holds :func:`lock`.
    """
    known = newest(session)
    taken = []
    for name, content in sorted(files.items()):
        held, digest = known.get(name), digest_of(content)
        if held is not None and (held.author != SYSTEM.key or held.digest == digest):
            continue
        session.add(
            LibraryFile(
                name=name,
                number=1 if held is None else held.number + 1,
                content=content,
                digest=digest,
                author=SYSTEM.key,
                published_by=SYSTEM.key,
                published_at=now,
                change_id=None,
            )
        )
        taken.append(name)
    session.flush()
    return tuple(taken)


def newest(session: Session) -> dict[str, LibraryFile]:
    """The newest version of every file, by name, also of one taken out; contents are read when asked for."""
    query = (
        select(LibraryFile)
        .ext(distinct_on(LibraryFile.name))
        .order_by(LibraryFile.name, LibraryFile.number.desc())
        .execution_options(populate_existing=True)
    )
    return {row.name: row for row in session.scalars(query)}


def library_files(session: Session) -> dict[str, bytes]:
    """The published files, by name."""
    query = (
        select(LibraryFile.name, LibraryFile.content)
        .ext(distinct_on(LibraryFile.name))
        .order_by(LibraryFile.name, LibraryFile.number.desc())
    )
    return {name: content for name, content in session.execute(query) if content is not None}


def draft_files(session: Session, change_id: int) -> dict[str, bytes | None]:
    """The files of the change alone, by name; None for one that it takes out of the library."""
    query = select(ChangeFile.name, ChangeFile.content).where(ChangeFile.change_id == change_id)
    return {name: content for name, content in session.execute(query.order_by(ChangeFile.name))}  # noqa: C416


def laid_over(published: Mapping[str, bytes], drafts: Mapping[str, bytes | None]) -> dict[str, bytes]:
    """The published files with the drafts in their place, and without those that a draft takes out."""
    return {name: content for name, content in {**published, **drafts}.items() if content is not None}


def files_of(session: Session, change_id: int) -> dict[str, bytes]:
    """The library as it would be with the change."""
    return laid_over(library_files(session), draft_files(session, change_id))


def change_digest(change_id: int) -> ColumnElement[str]:
    """What the files of the change are now, told by one number (SHA-256, hex)."""
    return func.change_digest(change_id)


def library_digest() -> ColumnElement[str]:
    """What is published now, told by one number (SHA-256, hex)."""
    return func.library_digest()


def source_of(files: Mapping[str, bytes], name: str) -> Source:
    """The diagram with the forms and decision files that it names, ready to publish or to rehearse.

    What it names and nobody has is left out; the checks say so. Raises ReadError for a file that is no diagram,
    UnicodeDecodeError for a form or decision file that is not UTF-8.
    """
    beside = named_by(files, name)
    return Source(
        file_name=name,
        diagram=files[name],
        forms={key_of(each): files[each].decode("utf-8-sig") for each in beside if kind_of(each) == "form"},
        decisions={
            each.rpartition("/")[2]: files[each].decode("utf-8-sig")
            for each in beside
            if kind_of(each) == "decision"
        },
    )


def files_beside(version: ProcessVersion) -> dict[str, str]:
    """The forms and decision files that the version was published with, by their names in the library."""
    bundle = orjson.loads(version.bundle)
    return {
        **{f"forms/{key}.form": text for key, text in bundle["forms"].items()},
        **{f"decisions/{name}": text for name, text in bundle["decisions"].items()},
    }


def named_by(files: Mapping[str, bytes], name: str) -> tuple[str, ...]:
    """The form and decision files that the diagram names, sorted. Raises ReadError for a file that is no diagram."""
    named = references_of(files[name])
    return tuple(
        each
        for each, content in sorted(files.items())
        if (kind_of(each) == "form" and key_of(each) in named.forms)
        or (
            named.decisions and kind_of(each) == "decision" and decisions_in(content).keys() & named.decisions
        )
    )


def decisions_in(content: bytes) -> Mapping[str, Decision]:
    """The decisions of the file by id; none where it cannot be read, which the checks say."""
    try:
        return read_decisions(content)
    except (DecisionError, ReadError):
        return {}


def diagrams(files: Iterable[str]) -> list[str]:
    """The names of the diagrams among them, sorted."""
    return sorted(name for name in files if kind_of(name) == "diagram")
