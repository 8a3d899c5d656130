"""Reads, checks and loads files of an older system in the background, piece by piece. Called by the sweep.

Each piece is one transaction: reading a file, checking some of its rows, checking them against each other, loading it.
A killed sweep leaves its piece undone and the next one takes it up; two at once never do the same piece. Loading is
one piece whatever the size of the file: nothing of it is there, or everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from engine.cases.import_cells import Cells, Ground
from engine.cases.import_cross import check_across, forget_across
from engine.cases.import_faults import Fault
from engine.cases.import_kinds import KINDS
from engine.cases.import_loading import load_rows, number_place
from engine.cases.import_reading import ImportFileError, RawRow, read_rows
from engine.cases.import_rules import said
from engine.cases.import_tables import ImportEntry, ImportFile, ImportRow
from engine.cases.office import Office
from engine.cases.staff import actor_by_key
from engine.people import Region
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.copying import copy_rows
from engine.store.crypto import Vault
from engine.values import SYSTEM, reach

#: rows of one piece of checking
CHUNK = 2_000
#: pieces of one sweep, so that timers and messages never wait long for a file
_AT_ONCE = 5
#: loads wait for each other: what one finds on file no other changes meanwhile
_LOADING = 0x6368_696D

_ENTRY_COLUMNS = tuple(column.name for column in ImportEntry.__table__.columns)
_FAULT_COLUMNS = (
    "file_id", "row_no", "column_key", "code", "severity", "message", "message_en", "value",
)  # fmt: skip


def import_due(office: Office, at_once: int = _AT_ONCE) -> int:
    """How many pieces were done, of every file under way, oldest first."""
    with office.store.reading() as session:
        waiting = session.scalars(
            select(ImportFile.id).where(ImportFile.status.in_(("reading", "loading"))).order_by(ImportFile.id)
        ).all()
    done = 0
    for file_id in waiting:
        while done < at_once and _piece(office, file_id):
            done += 1
    return done


def _piece(office: Office, file_id: int) -> bool:
    """The next piece of the file, done; False where there is none, or another sweep is at it."""
    try:
        with office.store.transaction() as session:
            file = session.scalar(
                select(ImportFile)
                .where(ImportFile.id == file_id, ImportFile.status.in_(("reading", "loading")))
                .with_for_update(skip_locked=True)
            )
            if file is None:
                return False
            _do(session, office, file)
            return True
    except ImportFileError as wrong:
        _lay_aside(office, file_id, wrong.text, wrong.text_en)
    except IntegrityError as no:
        # somebody else wrote at the same moment what this file would have written too
        name = getattr(getattr(no.orig, "diag", None), "constraint_name", None) or "trigger"
        _lay_aside(
            office, file_id, f"数据库没有接受（{name}），请重新检查", f"Refused by the database ({name})."
        )
    except DBAPIError:
        # the database is away, which says nothing of the file: the next sweep does the piece
        raise
    except Exception as failure:  # noqa: BLE001 - a file that breaks the reading itself must not hold up the office
        # the kind alone: the message may hold what stood in the file
        kind = type(failure).__name__
        _lay_aside(
            office, file_id, f"处理这个文件时出错：{kind}", f"The file could not be dealt with: {kind}."
        )
    return True


def _do(session: Session, office: Office, file: ImportFile) -> None:
    if file.status == "loading":
        _load(session, office, file)
    elif file.row_count is None:
        _read(session, office, file)
    elif file.checked_rows < file.row_count:
        _check(session, office, file)
    else:
        _finish(session, office, file)


def _read(session: Session, office: Office, file: ImportFile) -> None:
    """The rows kept as they came."""
    if file.content is None:
        raise ImportFileError("文件的内容不在了", "The content of the file is gone.")
    content = office.vault.decrypt_bytes(file.content, bound_to=content_place(file.digest))
    rows = read_rows(content, KINDS[file.kind])
    file.row_count = copy_rows(
        session, "import_row", ("file_id", "row_no", "place", "cells"), _sealed(office.vault, file, rows)
    )
    if not file.row_count:
        raise ImportFileError("文件里没有一行数据", "The file holds no row.")


def _sealed(vault: Vault, file: ImportFile, rows: Iterator[RawRow]) -> Iterator[tuple[object, ...]]:
    for place, row in enumerate(rows, 1):
        # one cell more than there are columns says that the line had too many
        cells = (*row.cells, "") if row.extra else row.cells
        sealed = vault.encrypt_bytes(
            orjson.dumps(cells), bound_to=cells_place(file.source_digest, row.number)
        )
        yield file.id, row.number, place, sealed


def cells_of(vault: Vault, file: ImportFile, row: ImportRow) -> Sequence[str]:
    """The cells of a row as they came, in the order of the kind's columns."""
    cells: list[str] = orjson.loads(
        vault.decrypt_bytes(row.cells, bound_to=cells_place(file.source_digest, row.row_no))
    )
    return cells


def cells_place(digest: str, row_no: int) -> str:
    """What the cipher of a row is bound to."""
    return f"import_row:{digest}:{row_no}"


def content_place(digest: str) -> str:
    """What the cipher of a file is bound to."""
    return f"import_file:{digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    row_no: int
    #: values of an entry in its columns' order; None for a row with an error
    entry: tuple[object, ...] | None
    faults: tuple[Fault, ...]


def _check(session: Session, office: Office, file: ImportFile) -> None:
    """The next rows by themselves."""
    ground = Ground(
        kind=KINDS[file.kind],
        book=office.book,
        today=office.today,
        regions=frozenset(session.scalars(select(Region.code))),
        reach=reach(file.region_code),
    )
    rows = session.scalars(
        select(ImportRow)
        .where(
            ImportRow.file_id == file.id,
            ImportRow.place > file.checked_rows,
            ImportRow.place <= file.checked_rows + CHUNK,
        )
        .order_by(ImportRow.place)
    ).all()
    judged = [_judge(office.vault, ground, file, row) for row in rows]
    copy_rows(session, "import_entry", _ENTRY_COLUMNS, (each.entry for each in judged if each.entry))
    copy_rows(session, "import_fault", _FAULT_COLUMNS, _faults(file, judged))
    file.checked_rows += len(rows)


def _judge(vault: Vault, ground: Ground, file: ImportFile, row: ImportRow) -> _Judged:
    cells = cells_of(vault, file, row)
    columns = ground.kind.columns
    texts = {column.key: text for column, text in zip(columns, cells, strict=False)}
    judged = Cells(ground=ground, texts=texts)
    if len(cells) > len(columns):
        judged.note("", "cells_extra")
    says = said(judged)
    entry = None
    number = judged.number
    if not judged.failed and number is not None:
        index = vault.index(number)
        says["person_index"] = index
        if file.kind == "persons":
            says["id_cipher"] = vault.encrypt(number, bound_to=number_place(index))
        own = {"file_id": file.id, "row_no": row.row_no, **says}
        entry = tuple(own.get(name) for name in _ENTRY_COLUMNS)
    return _Judged(row_no=row.row_no, entry=entry, faults=tuple(judged.faults))


def _faults(file: ImportFile, judged: Sequence[_Judged]) -> Iterator[tuple[object, ...]]:
    for each in judged:
        for fault in each.faults:
            yield (
                file.id,
                each.row_no,
                fault.column,
                fault.code,
                fault.known.severity,
                fault.message,
                fault.message_en,
                fault.value,
            )


def _finish(session: Session, office: Office, file: ImportFile) -> None:
    """The rows against each other, and the report complete."""
    check_across(session, file)
    file.status, file.checked_at = "checked", office.clock()
    _note(session, office, file, Action.IMPORT_CHECKED, errors=file.error_rows, warnings=file.warning_rows)


def _load(session: Session, office: Office, file: ImportFile) -> None:
    """Everything in, after one more look at what is on file by now; back to checked where that found an error."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOADING})
    loaded_by, file.status, file.loaded_by = file.loaded_by, "checked", None
    session.flush()
    forget_across(session, file)
    check_across(session, file)
    if file.error_rows:
        file.why = f"装载前复查发现 {file.error_rows} 行有误，一行也没有装载"
        file.why_en = f"A last check before loading found {file.error_rows} rows wrong; nothing was loaded."
        _note(session, office, file, Action.ACTION_REFUSED, errors=file.error_rows)
        return
    file.status, file.loaded_by, file.loaded_at = "loading", loaded_by, office.clock()
    session.flush()
    loaded = load_rows(session, office.vault, file, now=office.clock())
    file.status, file.why, file.why_en = "loaded", "", ""
    _note(session, office, file, Action.IMPORT_LOADED, by=loaded_by or "", loaded=loaded)


def _lay_aside(office: Office, file_id: int, why: str, why_en: str) -> None:
    """What cannot be read is refused; what could not be loaded stands checked again. Nothing of either is kept."""
    with office.store.transaction() as session:
        file = session.get_one(ImportFile, file_id, with_for_update=True)
        if file.status not in ("reading", "loading"):
            return
        file.status = "checked" if file.status == "loading" else "refused"
        file.loaded_by, file.loaded_at, file.why, file.why_en = None, None, why, why_en
        session.flush()
        _note(session, office, file, Action.ACTION_REFUSED, why=why)


def _note(
    session: Session, office: Office, file: ImportFile, action: Action, *, by: str = "", **found: object
) -> None:
    append(
        session,
        stream=f"import:{file.id}",
        action=action,
        actor=(actor_by_key(office, by) if by else None) or SYSTEM,
        subject=f"import_file:{file.id}",
        after={"kind": file.kind, "digest": file.digest, "rows": file.row_count, **found},
        reason=file.why,
        now=office.clock(),
    )
