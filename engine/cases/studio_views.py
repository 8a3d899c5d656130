"""What an analyst sees of the library and its changes: records, and how they are made of rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.library import FileKind, kind_of, newest
from engine.cases.library_checks import CheckReport, report_from
from engine.cases.library_tables import Change, ChangeFile, ChangeHand, LibraryFile
from engine.cases.publishing import running_cases
from engine.cases.staff import name_of
from engine.values import SYSTEM, Actor
from engine.workflow.compare import Comparison
from engine.workflow.compare_files import FileDifference
from engine.workflow.tables import ProcessVersion

STATUS_NAMES = MappingProxyType(
    {
        "open": "修改中",
        "submitting": "演练中，通过即提交",
        "submitted": "待发布",
        "published": "已发布",
        "rejected": "已退回",
        "withdrawn": "已作废",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A published file."""

    name: str
    kind: FileKind
    number: int
    digest: str
    author: str
    published_by: str
    published_at: datetime
    #: changes on their way that hold the file
    in_changes: tuple[int, ...]
    #: an analyst's version stands, and the system has since shipped another one that was not taken over
    shipped_differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    """A file of a change."""

    name: str
    kind: FileKind
    digest: str
    updated_by: str
    updated_at: datetime
    #: the published version that the draft began from; 0 for a new file
    base: int
    #: the version that is published now; another one than ``base`` stands in the way of publishing
    published: int
    #: the change takes the file out of the library
    deletes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A change (变更单), as the signed-in analyst sees it."""

    change_id: int
    #: edit, rollback
    kind: str
    title: str
    note: str
    author: str
    #: everybody who had a hand in it
    hands: tuple[str, ...]
    status: str
    status_name: str
    opened_at: datetime
    submitted_at: datetime | None
    decided_by: str
    decided_at: datetime | None
    why: str
    files: tuple[DraftRow, ...]
    report: CheckReport | None
    #: what this analyst may do now: save, submit, withdraw, reopen, publish, reject
    can: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryView:
    """The library: published files, and the changes on their way; then the latest that came to an end."""

    files: tuple[FileRow, ...]
    changes: tuple[ChangeView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file, byte for byte."""

    name: str
    kind: FileKind
    content: bytes
    digest: str
    #: number of the published version; 0 for a draft
    number: int
    #: the change whose draft it is; None for a published file
    change_id: int | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A published version of a process."""

    version_id: int
    process_id: str
    number: int
    name: str
    note: str
    file_name: str
    digest: str
    author: str
    published_by: str
    published_at: datetime
    #: cases that run on it
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionComparison:
    """What differs between two versions of a process."""

    diagram: Comparison
    #: the forms, decision files and letters that differ, by name
    files: tuple[FileDifference, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs at all."""
        return self.diagram.same and not self.files


def change_view(session: Session, change: Change, actor: Actor) -> ChangeView:
    """The change with its files, as the actor sees it."""
    base: dict[str, int] = orjson.loads(change.base)
    published = newest(session)
    rows = session.scalars(
        select(ChangeFile).where(ChangeFile.change_id == change.id).order_by(ChangeFile.name)
    )
    hands = hands_of(session, change)
    return ChangeView(
        change_id=change.id,
        kind=change.kind,
        title=change.title,
        note=change.note,
        author=name_of(session, change.author),
        hands=tuple(name_of(session, key) for key in hands),
        status=change.status,
        status_name=STATUS_NAMES[change.status],
        opened_at=change.opened_at,
        submitted_at=change.submitted_at,
        decided_by=name_of(session, change.decided_by) if change.decided_by else "",
        decided_at=change.decided_at,
        why=change.why,
        files=tuple(
            DraftRow(
                name=row.name,
                kind=kind_of(row.name) or "diagram",
                digest=row.digest,
                updated_by=name_of(session, row.updated_by),
                updated_at=row.updated_at,
                base=base.get(row.name, 0),
                published=published[row.name].number if row.name in published else 0,
                deletes=not row.digest,
            )
            for row in rows
        ),
        report=report_from(change.report),
        can=_can(change, actor, hands),
    )


def hands_of(session: Session, change: Change) -> tuple[str, ...]:
    """Actor keys of the author and of everybody who saved or dropped a file in the change."""
    query = select(ChangeHand.actor).where(ChangeHand.change_id == change.id).order_by(ChangeHand.actor)
    return tuple(dict.fromkeys((change.author, *session.scalars(query))))


def file_rows(session: Session, shipped: dict[str, str]) -> tuple[FileRow, ...]:
    """The published files by name; ``shipped`` gives the digests of the files on the disk."""
    pending: dict[str, list[int]] = {}
    on_their_way = select(ChangeFile.name, ChangeFile.change_id).join(
        Change, Change.id == ChangeFile.change_id
    )
    for name, change_id in session.execute(
        on_their_way.where(Change.status.in_(("open", "submitting", "submitted")))
    ):
        pending.setdefault(name, []).append(change_id)
    held = newest(session)
    known = {(name, digest) for name, digest in session.execute(select(LibraryFile.name, LibraryFile.digest))}
    return tuple(
        FileRow(
            name=name,
            kind=kind_of(name) or "diagram",
            number=row.number,
            digest=row.digest,
            author=name_of(session, row.author),
            published_by=name_of(session, row.published_by),
            published_at=row.published_at,
            in_changes=tuple(sorted(pending.get(name, ()))),
            shipped_differs=row.author != SYSTEM.key
            and name in shipped
            and (name, shipped[name]) not in known,
        )
        for name, row in held.items()
        if row.digest
    )


def version_rows(session: Session, process_id: str) -> tuple[VersionRow, ...]:
    """The versions of the process, newest first."""
    running = running_cases(session, process_id)
    rows: Iterable[ProcessVersion] = session.scalars(
        select(ProcessVersion)
        .where(ProcessVersion.process_id == process_id)
        .order_by(ProcessVersion.number.desc())
    )
    return tuple(
        VersionRow(
            version_id=row.id,
            process_id=row.process_id,
            number=row.number,
            name=row.name,
            note=row.note,
            file_name=row.file_name,
            digest=row.digest,
            author=name_of(session, row.author),
            published_by=name_of(session, row.published_by),
            published_at=row.published_at,
            running=running.get(row.id, 0),
        )
        for row in rows
    )


def _can(change: Change, actor: Actor, hands: tuple[str, ...]) -> frozenset[str]:
    if "analyst" not in actor.duties:
        return frozenset()
    if change.status == "open":
        return frozenset({"save", "submit", "withdraw"})
    if change.status == "submitting":
        return frozenset({"reopen", "withdraw"} if actor.key in hands else ())
    if change.status == "rejected":
        return frozenset({"reopen", "withdraw"})
    if change.status == "submitted":
        own = {"reopen", "withdraw"} if actor.key in hands else {"publish"}
        return frozenset({"reject", *own})
    return frozenset()
