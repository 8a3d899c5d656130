"""Taking over what an older system recorded (SERV-04): a report on the data first, then all of a file or nothing.

One data steward uploads, the sweep reads and checks (``import_sweep``), another data steward loads. A row with an
error keeps its whole file out, unless the clean rows are made a file of their own. Looking at it is ``import_views``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.cases.import_kinds import KINDS, KindOfFile
from engine.cases.import_reading import ImportFileError, check_heading
from engine.cases.import_sweep import content_place
from engine.cases.import_tables import ImportEntry, ImportFault, ImportFile
from engine.cases.import_views import (
    KEEPER,
    STATUS_NAMES,
    fix_list,
    import_view,
    imports,
    no_such_import,
    no_such_kind,
    template,
)
from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.cases.uploads import Upload, plain_name
from engine.duties import check_may
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.values import Actor, Reason, Refusal, RefusedError

__all__ = [
    "Taken", "fix_list", "import_view", "imports", "load", "recheck", "split_clean", "template", "upload",
]  # fmt: skip

_SOURCE = "鲁人社函〔2020〕10号（八）：数据修改须经审批、留痕可溯"

_CLEAN_ROWS = """
INSERT INTO import_row (file_id, row_no, place, cells)
SELECT :child, r.row_no, row_number() OVER (ORDER BY r.row_no), r.cells FROM import_row r
 WHERE r.file_id = :parent AND NOT EXISTS (SELECT 1 FROM import_fault f
   WHERE f.file_id = :parent AND f.row_no = r.row_no AND f.severity = 'error')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was done to which file."""

    import_id: int
    message: str


def upload(office: Office, actor: Actor, kind: str, file: Upload) -> Taken | Refusal:
    """The file kept, to be read and checked by the next sweeps; the same content again is the same import.

    For a data steward, who thereby takes rows of their own region and all below it. Refused for what is no CSV or
    Excel file with the kind's heading. The same content is checked anew as long as it was not loaded.
    """

    def work(session: Session) -> Taken:
        _require_keeper(session, office, actor, actor.region)
        known = _readable(kind, file.content)
        digest = hashlib.sha256(file.content).hexdigest()
        made = session.scalar(
            insert(ImportFile)
            .values(
                kind=known.key,
                name=plain_name(file.name) or known.name,
                digest=digest,
                source_digest=digest,
                region_code=actor.region,
                content=office.vault.encrypt_bytes(file.content, bound_to=content_place(digest)),
                uploaded_by=actor.key,
                uploaded_at=office.clock(),
            )
            .on_conflict_do_nothing(constraint="uq_import_file_content")
            .returning(ImportFile.id)
        )
        if made is None:
            return _again(session, office, actor, known, digest)
        _note(session, office, actor, session.get_one(ImportFile, made), Action.IMPORT_TAKEN)
        return Taken(import_id=made, message=f"“{known.name}”文件已收下，正在检查")

    return attempt(office, actor, work, subject=f"import:{kind[:16]}")


def recheck(office: Office, actor: Actor, import_id: int) -> Taken | Refusal:
    """The file is checked once more, for what has come on file since; refused unless its check has come to its end."""

    def work(session: Session, file: ImportFile) -> Taken:
        if file.status != "refused":
            _checked(file)
        _begin_anew(session, file)
        return Taken(import_id=file.id, message="正在重新检查")

    return _act(office, actor, import_id, work)


def split_clean(office: Office, actor: Actor, import_id: int) -> Taken | Refusal:
    """The rows without an error as a file of their own, checked again by itself; the others remain a list to put right.

    Only by who uploaded the file, so that a second person is left to load it.
    """

    def work(session: Session, file: ImportFile) -> Taken:
        _checked(file)
        clean = (file.row_count or 0) - file.error_rows
        if not file.error_rows or not clean:
            raise _no("nothing_to_split", "没有需要分开的行", "There is nothing to split.")
        if file.uploaded_by != actor.key:
            raise _no(
                "not_your_upload",
                "须由上传人本人把无误的行另立文件，以便由第二人装载",
                "Only who uploaded the file splits it, so that a second person is left to load it.",
            )
        child = ImportFile(
            kind=file.kind,
            name=file.name,
            digest=hashlib.sha256(f"{file.digest} clean rows".encode()).hexdigest(),
            source_digest=file.source_digest,
            parent_id=file.id,
            region_code=file.region_code,
            row_count=clean,
            uploaded_by=file.uploaded_by,
            uploaded_at=office.clock(),
        )
        file.status = "split"
        session.add(child)
        session.flush()
        session.execute(text(_CLEAN_ROWS), {"child": child.id, "parent": file.id})
        _note(session, office, actor, file, Action.IMPORT_SPLIT, child=child.id, clean=clean)
        _note(session, office, actor, child, Action.IMPORT_TAKEN, parent=file.id)
        return Taken(
            import_id=child.id, message=f"{clean} 行无误的已另立文件，其余 {file.error_rows} 行请更正后再传"
        )

    return _act(office, actor, import_id, work)


def load(office: Office, actor: Actor, import_id: int) -> Taken | Refusal:
    """The file is to be loaded by the next sweep, in one transaction: everything or nothing.

    Refused to who uploaded it (the database refuses it too), and while any row has an error. What is on file is
    looked at once more just before: an error that has come about since keeps everything out.
    """

    def work(session: Session, file: ImportFile) -> Taken:
        _checked(file)
        if file.uploaded_by == actor.key:
            raise RefusedError(
                Reason(
                    code="four_eyes",
                    text="上传人不能装载自己上传的文件，须由另一名数据管理人员装载",
                    text_en="Whoever uploaded the file cannot load it.",
                    source=_SOURCE,
                )
            )
        if file.error_rows:
            raise RefusedError(
                Reason(
                    code="faulty_rows",
                    text=f"还有 {file.error_rows} 行有误，不能装载；请更正后重新上传，或由上传人把无误的行另立文件",
                    text_en=f"{file.error_rows} rows are wrong; correct them, or have the clean rows made a file of their own.",
                    fact=f"{file.error_rows}/{file.row_count}",
                )
            )
        file.status, file.loaded_by, file.why, file.why_en = "loading", actor.key, "", ""
        _note(session, office, actor, file, Action.IMPORT_APPROVED, rows=file.row_count)
        return Taken(import_id=file.id, message=f"{file.row_count} 行正在装载：全部装入，或一行也不装")

    return _act(office, actor, import_id, work)


def _act(
    office: Office, actor: Actor, import_id: int, work: Callable[[Session, ImportFile], Taken]
) -> Taken | Refusal:
    """The act on the locked file, by a data steward of its region."""

    def held(session: Session) -> Taken:
        file = session.get(ImportFile, import_id, with_for_update=True)
        if file is None:
            raise RefusedError(no_such_import())
        _require_keeper(session, office, actor, file.region_code)
        return work(session, file)

    return attempt(office, actor, held, subject=f"import_file:{import_id}", stream=f"import:{import_id}")


def _readable(kind: str, content: bytes) -> KindOfFile:
    known = KINDS.get(kind)
    if known is None:
        raise RefusedError(no_such_kind(kind))
    try:
        check_heading(content, known)
    except ImportFileError as wrong:
        raise _no("import_file", wrong.text, wrong.text_en) from wrong
    return known


def _again(session: Session, office: Office, actor: Actor, kind: KindOfFile, digest: str) -> Taken:
    """The import that the content is already."""
    query = select(ImportFile).where(ImportFile.kind == kind.key, ImportFile.digest == digest)
    with beyond(
        session, "the same content may be another region's import: then it is refused, and nothing is told"
    ):
        file = session.scalars(query.with_for_update()).one()
    _require_keeper(session, office, actor, file.region_code)
    if file.status in ("checked", "refused"):
        _begin_anew(session, file)
        return Taken(import_id=file.id, message="同一份文件以前收过，正在重新检查")
    return Taken(import_id=file.id, message=f"同一份文件以前收过：{STATUS_NAMES[file.status]}")


def _begin_anew(session: Session, file: ImportFile) -> None:
    session.execute(delete(ImportEntry).where(ImportEntry.file_id == file.id))
    session.execute(delete(ImportFault).where(ImportFault.file_id == file.id))
    file.status, file.checked_rows, file.error_rows, file.warning_rows = "reading", 0, 0, 0
    file.checked_at, file.why, file.why_en = None, "", ""


def _checked(file: ImportFile) -> None:
    if file.status != "checked":
        raise _no(
            "not_checked",
            f"这个文件现在是“{STATUS_NAMES[file.status]}”，不能这样办理",
            "The file does not stand checked.",
        )


def _require_keeper(session: Session, office: Office, actor: Actor, region: str) -> None:
    no = check_may(session, office.duties, actor, KEEPER, region, office.today)
    if no is not None:
        raise RefusedError(*no.reasons)


def _no(code: str, sentence: str, english: str) -> RefusedError:
    return RefusedError(Reason(code=code, text=sentence, text_en=english))


def _note(
    session: Session, office: Office, actor: Actor, file: ImportFile, action: Action, **found: object
) -> None:
    append(
        session,
        stream=f"import:{file.id}",
        action=action,
        actor=actor,
        subject=f"import_file:{file.id}",
        after={
            "kind": file.kind,
            "name": file.name,
            "digest": file.digest,
            "region": file.region_code,
            **found,
        },
        now=office.clock(),
    )
