"""Looking at the library: files, changes, versions and what differs between two of them. Changes nothing."""

from __future__ import annotations

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from engine.cases import library as shelf
from engine.cases.library_checks import CheckReport, check_files
from engine.cases.library_tables import Change, ChangeFile, LibraryFile
from engine.cases.office import Office
from engine.cases.publishing import refusal_of
from engine.cases.staff import name_of
from engine.cases.studio_views import (
    ChangeView,
    FileView,
    LibraryView,
    VersionComparison,
    VersionRow,
    change_view,
    file_rows,
    version_rows,
)
from engine.duties import duties_on
from engine.values import Actor, Refusal
from engine.workflow.compare import compare
from engine.workflow.compare_files import compare_file
from engine.workflow.tables import ProcessVersion

#: who may look; only analysts may do
_READERS = frozenset({"analyst", "control", "administrator"})
#: changes that the library shows
_SHOWN = 50
_NO_CHANGE = Refusal(reasons=(refusal_of("no_change", "没有这张变更单", "No such change."),))
_NO_FILE = Refusal(reasons=(refusal_of("no_file", "没有这个文件", "No such file."),))
_TAKEN_OUT = Refusal(
    reasons=(refusal_of("taken_out", "这张变更单把这个文件删除了", "The change takes this file out."),)
)
_NO_VERSION = Refusal(reasons=(refusal_of("no_version", "没有这个版本", "No such version."),))


def library(office: Office, actor: Actor) -> LibraryView | Refusal:
    """Every published file, and the changes: those on their way first, newest first."""
    with office.store.reading() as session:
        no = may_look(session, office, actor)
        if no is not None:
            return no
        on_its_way = case((Change.status.in_(("open", "submitting", "submitted", "rejected")), 0), else_=1)
        changes = session.scalars(select(Change).order_by(on_its_way, Change.id.desc()).limit(_SHOWN))
        on_disk = {
            name: shelf.digest_of(content)
            for name, content in shelf.shipped_files(office.settings.processes_dir).items()
        }
        return LibraryView(
            files=file_rows(session, on_disk),
            changes=tuple(change_view(session, change, actor) for change in changes.all()),
        )


def view_change(office: Office, actor: Actor, change_id: int) -> ChangeView | Refusal:
    """The change with its files and the report of its last check."""
    with office.store.reading() as session:
        no = may_look(session, office, actor)
        change = session.get(Change, change_id)
        if no is not None or change is None:
            return no or _NO_CHANGE
        return change_view(session, change, actor)


def check_change(office: Office, actor: Actor, change_id: int) -> CheckReport | Refusal:
    """The problems of every file of the change and of the diagrams that it touches, as of now."""
    with office.store.reading() as session:
        no = may_look(session, office, actor)
        if no is not None or session.get(Change, change_id) is None:
            return no or _NO_CHANGE
        drafts = shelf.draft_files(session, change_id)
        files = shelf.laid_over(shelf.library_files(session), drafts)
        return check_files(files, drafts, office.runner.versions.names)


def file_of(
    office: Office, actor: Actor, name: str, *, change_id: int | None = None, number: int | None = None
) -> FileView | Refusal:
    """The file: the draft of a change where it has one, else that published version, else the newest."""
    with office.store.reading() as session:
        no = may_look(session, office, actor)
        if no is not None:
            return no
        draft = session.scalar(
            select(ChangeFile).where(ChangeFile.change_id == change_id, ChangeFile.name == name)
        )
        if draft is not None:
            return _TAKEN_OUT if draft.content is None else _view(session, draft, draft.content)
        wanted = select(LibraryFile).where(LibraryFile.name == name)
        if number is not None:
            wanted = wanted.where(LibraryFile.number == number)
        published = session.scalar(wanted.order_by(LibraryFile.number.desc()).limit(1))
        if published is None or published.content is None:
            return _NO_FILE
        return _view(session, published, published.content)


def versions_of(office: Office, actor: Actor, process_id: str) -> tuple[VersionRow, ...] | Refusal:
    """The published versions of the process, newest first, with how many cases run on each."""
    with office.store.reading() as session:
        return may_look(session, office, actor) or version_rows(session, process_id)


def compare_versions(
    office: Office, actor: Actor, process_id: str, old: int, new: int
) -> VersionComparison | Refusal:
    """What differs by meaning between two versions, given by their numbers: the diagram, and the files beside it."""
    with office.store.reading() as session:
        no = may_look(session, office, actor)
        if no is not None:
            return no
        query = select(ProcessVersion).where(
            ProcessVersion.process_id == process_id, ProcessVersion.number.in_((old, new))
        )
        versions = {
            version.number: (version.diagram, shelf.files_beside(version))
            for version in session.scalars(query)
        }
    if old not in versions or new not in versions:
        return _NO_VERSION
    (before, was), (after, now) = versions[old], versions[new]
    found = [
        compare_file(name, kind, was.get(name), now.get(name))
        for name in sorted({*was, *now})
        if (kind := shelf.kind_of(name)) and kind != "tests"
    ]
    return VersionComparison(diagram=compare(before, after), files=tuple(each for each in found if each))


def diagram_of_version(office: Office, actor: Actor, process_id: str, number: int) -> bytes | Refusal:
    """The diagram of that version, byte for byte."""
    with office.store.reading() as session:
        no = may_look(session, office, actor)
        if no is not None:
            return no
        query = select(ProcessVersion.diagram).where(
            ProcessVersion.process_id == process_id, ProcessVersion.number == number
        )
        return session.scalar(query) or _NO_VERSION


def may_look(session: Session, office: Office, actor: Actor) -> Refusal | None:
    """Why the actor may not look at the library; None if they may."""
    held = duties_on(session, actor.id, office.today) if actor.kind == "staff" else frozenset[str]()
    if held & _READERS:
        return None
    return Refusal(
        reasons=(
            refusal_of(
                "not_analyst",
                "只有流程分析岗、内控稽核岗、系统管理岗可以查看流程库",
                "Only analysts, internal control and administrators may look at the library.",
            ),
        )
    )


def _view(session: Session, row: ChangeFile | LibraryFile, content: bytes) -> FileView:
    draft = isinstance(row, ChangeFile)
    return FileView(
        name=row.name,
        kind=shelf.kind_of(row.name) or "diagram",
        content=content,
        digest=row.digest,
        number=0 if isinstance(row, ChangeFile) else row.number,
        change_id=row.change_id if draft else None,
        by=name_of(session, row.updated_by if isinstance(row, ChangeFile) else row.published_by),
        at=row.updated_at if isinstance(row, ChangeFile) else row.published_at,
    )
