"""Files of an older system as pages show them: the list, one file with its report, its list of faults, the templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import IO

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.cases.import_faults import FAULTS
from engine.cases.import_kinds import KINDS, KindOfFile
from engine.cases.import_reading import FAULTS_HEADING
from engine.cases.import_sweep import cells_of
from engine.cases.import_tables import ImportFault, ImportFile, ImportRow
from engine.cases.office import Office
from engine.cases.sheet_files import SheetColumn, write_sheet
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.duties import check_may
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, Refusal, RefusedError, reach

#: who takes over what an older system recorded (duties.yaml)
KEEPER = "data_steward"
_FILES_MAX = 200
_AT_ONCE = 2_000

STATUS_NAMES = MappingProxyType(
    {
        "reading": "正在检查",
        "checked": "检查完毕",
        "loading": "正在装载",
        "loaded": "已装载",
        "split": "无误行已另立",
        "refused": "不能读取",
    }
)

_REPORT = """
SELECT code, severity, column_key, count(DISTINCT row_no) AS rows,
       (array_agg(row_no ORDER BY row_no, id))[1:3] AS places,
       (array_agg(value ORDER BY row_no, id))[1:3] AS found,
       (array_agg(message ORDER BY row_no, id))[1:3] AS said,
       (array_agg(message_en ORDER BY row_no, id))[1:3] AS said_en
  FROM import_fault WHERE file_id = :file
 GROUP BY code, severity, column_key
 ORDER BY CASE severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, rows DESC, code, column_key
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One row with a fault."""

    row_no: int
    #: what stood there, masked
    value: str
    text: str
    text_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultGroup:
    """What is wrong, where, and how often."""

    code: str
    severity: str
    text: str
    text_en: str
    #: heading of the column; empty: the row as a whole
    column: str
    column_en: str
    rows: int
    #: of all rows, in thousandths
    per_mille: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file and how far it is."""

    import_id: int
    kind: str
    kind_name: str
    kind_english: str
    name: str
    digest: str
    region: str
    status: str
    status_name: str
    #: 0 until it is read
    rows: int
    checked_rows: int
    error_rows: int
    warning_rows: int
    why: str
    why_en: str
    uploaded_by: str
    uploaded_at: datetime
    checked_at: datetime | None
    loaded_by: str
    loaded_at: datetime | None
    #: the file of which these are the clean rows, and the other way round; 0 for none
    parent_id: int
    child_id: int
    #: the actor uploaded it
    own: bool
    #: what the actor may do now: load, split, recheck, fixes
    can: frozenset[str]
    #: of one file only
    report: tuple[FaultGroup, ...] = ()

    @property
    def clean_rows(self) -> int:
        """Rows without an error."""
        return self.rows - self.error_rows

    @property
    def percent(self) -> int:
        """How much of it is checked."""
        return self.checked_rows * 100 // self.rows if self.rows else 0

    @property
    def moving(self) -> bool:
        """Whether something is being done to it now."""
        return self.status in ("reading", "loading")


def imports(office: Office, actor: Actor) -> tuple[FileView, ...] | Refusal:
    """The newest files of the actor's region and all below it; for data stewards."""
    with office.store.reading() as session:
        no = check_may(session, office.duties, actor, KEEPER, actor.region, office.today)
        if no is not None:
            return no
        files = session.scalars(
            select(ImportFile)
            .where(ImportFile.region_code.startswith(reach(actor.region)))
            .order_by(ImportFile.id.desc())
            .limit(_FILES_MAX)
        ).all()
        return tuple(_view(session, actor, file) for file in files)


def import_view(office: Office, actor: Actor, import_id: int) -> FileView | Refusal:
    """One file with its report of data quality: what, where, how many, examples masked."""
    with office.store.reading() as session:
        file = session.get(ImportFile, import_id)
        if file is None:
            return Refusal(reasons=(no_such_import(),))
        no = check_may(session, office.duties, actor, KEEPER, file.region_code, office.today)
        return no if no is not None else _view(session, actor, file, report=_report(session, file))


def fix_list(office: Office, actor: Actor, import_id: int) -> IO[bytes] | Refusal:
    """The rows with errors as they came, each with what is wrong, to be put right and uploaded again by themselves.

    It holds personal data in full: that it was taken out is on the trail, with how many rows.
    """

    def work(session: Session) -> IO[bytes]:
        file = session.get(ImportFile, import_id)
        if file is None:
            raise RefusedError(no_such_import())
        no = check_may(session, office.duties, actor, KEEPER, file.region_code, office.today)
        if no is not None:
            raise RefusedError(*no.reasons)
        if not file.error_rows or file.status == "reading":
            raise RefusedError(
                Reason(code="no_faults", text="这个文件没有有误的行", text_en="The file has no faulty row.")
            )
        append(
            session,
            stream=f"import:{file.id}",
            action=Action.IMPORT_FAULTS_EXPORTED,
            actor=actor,
            subject=f"import_file:{file.id}",
            after={"rows": file.error_rows},
            now=office.clock(),
        )
        kind = KINDS[file.kind]
        columns = (*_columns(kind), SheetColumn(heading=FAULTS_HEADING, key="faults", width=60))
        return write_sheet("问题清单", columns, _faulty(session, office, file, kind))

    return attempt(office, actor, work, subject=f"import_file:{import_id}")


def template(kind: str) -> IO[bytes] | Refusal:
    """The workbook to fill in: the headings and a worked line, which is left out when it comes back unchanged."""
    known = KINDS.get(kind)
    if known is None:
        return Refusal(reasons=(no_such_kind(kind),))
    return write_sheet(known.name, _columns(known), [known.example])


def no_such_kind(kind: str) -> Reason:
    """The refusal of a word that is no kind of file."""
    return Reason(
        code="no_such_kind", text="请选择文件种类", text_en="Choose what the file holds.", fact=kind[:20]
    )


def no_such_import() -> Reason:
    """The refusal where there is no such file."""
    return Reason(code="no_such_import", text="没有这个导入文件", text_en="No such import.")


def _columns(kind: KindOfFile) -> tuple[SheetColumn, ...]:
    return tuple(SheetColumn(heading=each.heading, key=each.key, width=each.width) for each in kind.columns)


def _faulty(session: Session, office: Office, file: ImportFile, kind: KindOfFile) -> Iterator[Sequence[str]]:
    """The rows with an error, read in portions."""
    after = 0
    headings = {column.key: column.heading for column in kind.columns}
    while True:
        wrong = select(ImportFault.row_no).where(
            ImportFault.file_id == file.id, ImportFault.severity == "error", ImportFault.row_no > after
        )
        numbers = session.scalars(wrong.distinct().order_by(ImportFault.row_no).limit(_AT_ONCE)).all()
        if not numbers:
            return
        said: dict[int, list[str]] = {number: [f"第{number}行"] for number in numbers}
        faults = select(ImportFault).where(
            ImportFault.file_id == file.id,
            ImportFault.severity == "error",
            ImportFault.row_no.in_(numbers),
        )
        for fault in session.scalars(faults.order_by(ImportFault.id)):
            said[fault.row_no].append(f"{headings.get(fault.column_key, '整行')}：{fault.message}")
        rows = select(ImportRow).where(ImportRow.file_id == file.id, ImportRow.row_no.in_(numbers))
        for row in session.scalars(rows.order_by(ImportRow.row_no)):
            cells = cells_of(office.vault, file, row)[: len(kind.columns)]
            yield (*cells, "；".join(said[row.row_no]))
        session.expunge_all()
        after = numbers[-1]


def _report(session: Session, file: ImportFile) -> tuple[FaultGroup, ...]:
    columns = {column.key: column for column in KINDS[file.kind].columns}
    groups = []
    for row in session.execute(text(_REPORT), {"file": file.id}):
        known, column = FAULTS[row.code], columns.get(row.column_key)
        groups.append(
            FaultGroup(
                code=row.code,
                severity=row.severity,
                text=known.text,
                text_en=known.text_en,
                column=column.heading if column else "",
                column_en=column.english if column else "",
                rows=row.rows,
                per_mille=row.rows * 1000 // (file.row_count or 1),
                examples=tuple(
                    Example(row_no=place, value=value, text=said, text_en=said_en)
                    for place, value, said, said_en in zip(
                        row.places, row.found, row.said, row.said_en, strict=True
                    )
                ),
            )
        )
    return tuple(groups)


def _view(
    session: Session, actor: Actor, file: ImportFile, *, report: tuple[FaultGroup, ...] = ()
) -> FileView:
    kind = KINDS[file.kind]
    child = session.scalar(select(func.max(ImportFile.id)).where(ImportFile.parent_id == file.id))
    return FileView(
        import_id=file.id,
        kind=kind.key,
        kind_name=kind.name,
        kind_english=kind.english,
        name=file.name,
        digest=file.digest,
        region=file.region_code,
        status=file.status,
        status_name=STATUS_NAMES[file.status],
        rows=file.row_count or 0,
        checked_rows=file.checked_rows,
        error_rows=file.error_rows,
        warning_rows=file.warning_rows,
        why=file.why,
        why_en=file.why_en,
        uploaded_by=name_of(session, file.uploaded_by),
        uploaded_at=file.uploaded_at,
        checked_at=file.checked_at,
        loaded_by=name_of(session, file.loaded_by) if file.loaded_by else "",
        loaded_at=file.loaded_at,
        parent_id=file.parent_id or 0,
        child_id=child or 0,
        own=file.uploaded_by == actor.key,
        can=_can(file, own=file.uploaded_by == actor.key),
        report=report,
    )


def _can(file: ImportFile, *, own: bool) -> frozenset[str]:
    found = set()
    if file.status in ("checked", "refused"):
        found.add("recheck")
    if file.status == "checked":
        if not file.error_rows and not own:
            found.add("load")
        if own and 0 < file.error_rows < (file.row_count or 0):
            found.add("split")
    if file.error_rows and file.status != "reading":
        found.add("fixes")
    return frozenset(found)
