"""The library: the published files that processes are made of, every version kept, and changes on their way to it.

A file is ``claim.bpmn``, ``forms/x.form``, ``decisions/y.dmn``, ``letters/z.md`` or ``claim.tests.yaml``. The library is first filled from
``processes/``; from then on a shipped file only follows the disk for as long as no analyst has published one over it.
Who may do what stands in ``studio``; nothing here commits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

import orjson
from sqlalchemy import ColumnElement, func, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from engine.cases.library_tables import ChangeFile, LibraryFile
from engine.values import SYSTEM
from engine.workflow.decisions import Decision, DecisionError, read_decisions
from engine.workflow.reader import ReadError
from engine.workflow.tables import ProcessVersion
from engine.workflow.versions import References, Source, called_in, references_of

FileKind = Literal["diagram", "form", "decision", "letter", "tests"]

#: what a name may look like, by kind
_NAMES: tuple[tuple[FileKind, re.Pattern[str]], ...] = (
    ("diagram", re.compile(r"[a-z0-9][a-z0-9-]{0,58}\.bpmn")),
    ("form", re.compile(r"forms/[a-z0-9][a-z0-9-]{0,58}\.form")),
    ("decision", re.compile(r"decisions/[a-z0-9][a-z0-9-]{0,58}\.dmn")),
    ("letter", re.compile(r"letters/[a-z0-9][a-z0-9-]{0,58}(\.en)?\.md")),
    ("tests", re.compile(r"[a-z0-9][a-z0-9-]{0,58}\.tests\.yaml")),
)
_SHIPPED = ("*.bpmn", "forms/*.form", "decisions/*.dmn", "letters/*.md", "*.tests.yaml")
#: any number of this program's own: whoever changes the library waits for whoever is changing it
_LIBRARY_LOCK = 371500_0002


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


def published_file(session: Session, name: str) -> bytes | None:
    """The published file; None where there is none, or it was taken out."""
    query = select(LibraryFile.content).where(LibraryFile.name == name)
    return session.scalar(query.order_by(LibraryFile.number.desc()).limit(1))


def letters_in(files: Mapping[str, bytes]) -> dict[str, str]:
    """The templates of letters among the files, by kind; what is not UTF-8 is left out, which the checks say."""
    found: dict[str, str] = {}
    for name, content in files.items():
        if kind_of(name) == "letter":
            with suppress(UnicodeDecodeError):
                found[name.removeprefix("letters/").removesuffix(".md")] = content.decode("utf-8-sig")
    return found


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
    """The diagram with everything that a version of it is made of, ready to publish or to rehearse.

    What it names and nobody has is left out; the checks say so. Raises ReadError for a file that is no diagram,
    UnicodeDecodeError for a form or decision file that is not UTF-8.
    """
    beside = made_of(files, name)
    return Source(
        file_name=name,
        diagram=files[name],
        forms={key_of(each): files[each].decode("utf-8-sig") for each in beside if kind_of(each) == "form"},
        decisions={
            each.rpartition("/")[2]: files[each].decode("utf-8-sig")
            for each in beside
            if kind_of(each) == "decision"
        },
        called={each: files[each] for each in beside if kind_of(each) == "diagram"},
    )


def files_beside(version: ProcessVersion) -> dict[str, bytes]:
    """Everything else that the version was published with, by the names in the library."""
    bundle = orjson.loads(version.bundle)
    return {
        **{f"forms/{key}.form": text.encode() for key, text in bundle["forms"].items()},
        **{f"decisions/{name}": text.encode() for name, text in bundle["decisions"].items()},
        **called_in(bundle),
    }


def made_of(files: Mapping[str, bytes], name: str) -> tuple[str, ...]:
    """What a version of the diagram is made of besides it: the diagrams that it calls, also through others, and the
    forms and decision files that any of them names, sorted. Raises ReadError for a file that is no diagram.
    """
    called = called_by(files, name)
    named = [references_of(files[each]) for each in (name, *called)]
    forms = frozenset[str]().union(*(each.forms for each in named))
    decisions = frozenset[str]().union(*(each.decisions for each in named))
    return tuple(
        each
        for each, content in sorted(files.items())
        if each in called
        or (kind_of(each) == "form" and key_of(each) in forms)
        or (decisions and kind_of(each) == "decision" and decisions_in(content).keys() & decisions)
    )


def called_by(files: Mapping[str, bytes], name: str) -> frozenset[str]:
    """The other diagrams with processes that the diagram calls, also through others. Raises ReadError as above."""
    wanted = [call.called for call in references_of(files[name]).calls]
    if not wanted:
        return frozenset()
    drawn = {each: found for each in diagrams(files) if (found := drawn_in(files[each]))}
    where = {own: each for each, found in drawn.items() for own in found.processes}
    called: set[str] = set()
    while wanted:
        file = where.get(wanted.pop(), name)
        if file != name and file not in called:
            called.add(file)
            wanted += [call.called for call in drawn[file].calls]
    return frozenset(called)


def drawn_in(content: bytes) -> References | None:
    """What the diagram is and names; None where it cannot be read, which the checks say."""
    try:
        return references_of(content)
    except ReadError:
        return None


def decisions_in(content: bytes) -> Mapping[str, Decision]:
    """The decisions of the file by id; none where it cannot be read, which the checks say."""
    try:
        return read_decisions(content)
    except (DecisionError, ReadError):
        return {}


def diagrams(files: Iterable[str]) -> list[str]:
    """The names of the diagrams among them, sorted."""
    return sorted(name for name in files if kind_of(name) == "diagram")
