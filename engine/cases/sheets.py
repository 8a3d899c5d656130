"""Rows of the inbox to and from Excel: a list as it stands, and many tasks of one step done in a sheet.

What a sheet brings in goes through the use-case of one task, row by row; a row that fails comes back with why.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any

import orjson

from engine.cases.bulk import bulk_row, complete_in_bulk, form_of, labels_in, open_tasks
from engine.cases.inbox_filters import InboxFilter
from engine.cases.inbox_lists import inbox
from engine.cases.office import Office
from engine.cases.rows import task_rows
from engine.cases.sheet_files import ROWS_MAX, SheetColumn, SheetError, read_sheet, write_sheet
from engine.cases.views import BulkRow, TaskList, TaskRow
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import VaultError
from engine.values import Actor, Reason, Refusal
from engine.workflow.forms import Field, Form, FormErrors

#: a list longer than this is narrowed first
EXPORT_ROWS_MAX = 20_000
_AT_ONCE = 500
#: a form of a page may hold so much text
_KEPT_CHARS_MAX = 400_000
_YES, _NO = "是", "否"

_LIST_COLUMNS = tuple(
    SheetColumn(heading=heading, key=key, width=width)
    for heading, key, width in (
        ("办件编号", "case_key", 20), ("事项", "process_name", 18), ("环节", "name", 18), ("岗位", "duty_name", 12),
        ("当事人", "subject", 30), ("地区", "region_name", 14), ("经办人", "assignee", 12), ("收到", "created_at", 17),
        ("到期", "due_at", 17), ("剩余工作日", "workdays_left", 11), ("办结", "completed_at", 17),
    )
)  # fmt: skip
_TASK_COLUMNS = (
    SheetColumn(heading="任务编号（勿改）", key="task_id", width=36),
    SheetColumn(heading="办件编号", key="case_key", width=20),
    SheetColumn(heading="环节", key="name", width=18),
    SheetColumn(heading="当事人", key="subject", width=30),
)
_ERROR_COLUMN = SheetColumn(heading="未办原因", key="error", width=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetStep:
    """A step of which the actor holds tasks that may be done in a sheet."""

    element_id: str
    name: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetDone:
    """What came of a sheet, row by row; ``failed`` is handed back for a sheet of the failed rows alone."""

    rows: tuple[BulkRow, ...]
    #: sealed for this actor; empty where nothing failed, or where it is more than a page can carry
    failed: str = ""


def export(office: Office, actor: Actor, which: TaskList, asked: InboxFilter) -> IO[bytes] | Refusal:
    """The whole list as a workbook, masked as on the page; that it was taken out is on record with the count."""
    first = inbox(office, actor, which, replace(asked, size=_AT_ONCE))
    if first.more or first.total > EXPORT_ROWS_MAX:
        return _no(
            "too_many_rows",
            f"超过{EXPORT_ROWS_MAX}件，请先用条件缩小范围再导出",
            f"More than {EXPORT_ROWS_MAX} rows; narrow the list first.",
        )
    written: list[int] = []

    def rows() -> Iterator[Sequence[object]]:
        page = first
        while True:
            for row in page.rows:
                written.append(1)
                yield [getattr(row, column.key) for column in _LIST_COLUMNS]
            if not page.next_cursor or len(written) >= EXPORT_ROWS_MAX:
                return
            page = inbox(office, actor, which, replace(asked, size=_AT_ONCE), cursor=page.next_cursor)

    file = write_sheet("办件", _LIST_COLUMNS, rows())
    with office.store.transaction() as session:
        append(
            session,
            stream="office",
            action=Action.LIST_EXPORTED,
            actor=actor,
            subject=f"inbox:{which}",
            after={"list": which, "filter": asked.query(), "rows": len(written)},
            now=office.clock(),
        )
    return file


def steps_for_sheets(office: Office, actor: Actor) -> tuple[SheetStep, ...]:
    """The steps of which the actor holds tasks that the diagram lets many be completed of at once."""
    found: dict[str, SheetStep] = {}
    for row in _mine(office, actor):
        known = found.get(row.element_id)
        found[row.element_id] = SheetStep(
            element_id=row.element_id, name=row.name, n=known.n + 1 if known else 1
        )
    return tuple(found.values())


def template(office: Office, actor: Actor, element_id: str) -> IO[bytes] | Refusal:
    """A sheet with the actor's open tasks of the step and the fields of its form, to fill in and send back."""
    rows = [row for row in _mine(office, actor) if row.element_id == element_id]
    if not rows:
        return _no("nothing_chosen", "您手上没有这个环节的任务", "You hold no task of this step.")
    with office.store.reading() as session:
        found = open_tasks(session, office, actor, [row.task_id for row in rows])
        form = form_of(session, office, *found[0][:2])
        same = {task.id for task, case, _ in found if form_of(session, office, task, case) == form}
    return _sheet(form, [(row, {}, "") for row in rows if row.task_id in same])


def take_sheet(office: Office, actor: Actor, content: bytes) -> SheetDone | Refusal:
    """Each row's task completed with what stands in the row, or why not; refused whole where it cannot be read."""
    try:
        read = read_sheet(content)
    except SheetError as wrong:
        return _no("sheet", wrong.text, wrong.text_en)
    if not read:
        return _no("nothing_chosen", "表格里没有填写任何一行", "No row is filled in.")
    done: list[BulkRow] = []
    failed: list[dict[str, Any]] = []
    for row in read:
        outcome = _take(office, actor, row.texts, seen={each.task_id for each in done})
        done.append(outcome)
        if not outcome.done:
            failed.append({"error": f"第{row.number}行：{outcome.message}", "texts": row.texts})
    return SheetDone(rows=tuple(done), failed=_kept(office, actor, failed) if failed else "")


def failed_rows(office: Office, actor: Actor, kept: str) -> IO[bytes] | Refusal:
    """The sheet of the rows that failed, as entered, with why; to be corrected and sent again."""
    try:
        sealed = base64.urlsafe_b64decode(kept.encode())
        failed = orjson.loads(
            zlib.decompress(office.vault.decrypt_bytes(sealed, bound_to=f"sheet:{actor.key}"))
        )
    except (ValueError, VaultError, zlib.error):
        return _no("sheet", "结果已失效，请重新上传", "The result is no longer there; send the sheet again.")
    with office.store.reading() as session:
        found = {
            task.id: (task, case, name)
            for task, case, name in open_tasks(session, office, actor, [_id(each) for each in failed])
        }
        open_rows = [each for each in failed if _id(each) in found]
        if not open_rows:
            return _no("task_closed", "这些任务都已不在待办", "None of these tasks waits any longer.")
        form = form_of(session, office, *found[_id(open_rows[0])][:2])
        rows = task_rows(session, office, [found[_id(each)] for each in open_rows])
    return _sheet(
        form, [(row, each["texts"], each["error"]) for row, each in zip(rows, open_rows, strict=True)]
    )


def _mine(office: Office, actor: Actor) -> list[TaskRow]:
    page = inbox(office, actor, "todo", InboxFilter(size=_AT_ONCE))
    return [row for row in page.rows if row.bulk and not row.to_sign and row.opens == "task"]


def _take(office: Office, actor: Actor, texts: Mapping[str, str], *, seen: set[Any]) -> BulkRow:
    task_id = texts.get("task_id", "")
    with office.store.reading() as session:
        found = open_tasks(session, office, actor, [task_id])
        if not found or task_id in seen:
            gone = _no(
                "task_closed",
                "任务不存在、已办结，或在表中重复",
                "No such task, done already, or twice here.",
            )
            return bulk_row(task_id, texts.get("case_key", ""), texts.get("name", ""), {}, gone)
        task, case, _ = found[0]
        form = form_of(session, office, task, case)
        entered, place = _entered(form, texts), (task_id, case.case_key, task.name, labels_in(form))
    if isinstance(entered, FormErrors):
        return bulk_row(*place, entered)
    return bulk_row(*place, complete_in_bulk(office, actor, task_id, entered))


def _entered(form: Form, texts: Mapping[str, str]) -> dict[str, str | list[str]] | FormErrors:
    """What a row says, as the form takes it: a choice by its words or its value."""
    unknown = (
        texts.keys()
        - {field.key for field in form.fields}
        - {each.key for each in (*_TASK_COLUMNS, _ERROR_COLUMN)}
    )
    if unknown:
        return FormErrors(dict.fromkeys(sorted(unknown), "此环节的表单没有这一栏"))
    return {field.key: _value(field, texts[field.key]) for field in form.fields if texts.get(field.key)}


def _value(field: Field, text: str) -> str:
    if field.kind == "checkbox":
        return "true" if text in {_YES, "true"} else ""
    return next((option.value for option in field.choices if option.label == text), text)


def _sheet(form: Form, rows: Sequence[tuple[TaskRow, Mapping[str, str], str]]) -> IO[bytes]:
    fields = [field for field in form.fields if not field.readonly]
    asked = [
        SheetColumn(
            heading=field.label + ("（必填）" if field.required else ""),
            key=field.key,
            width=22,
            choices=(_YES, _NO)
            if field.kind == "checkbox"
            else tuple(option.label for option in field.choices),
        )
        for field in fields
    ]
    errors = (_ERROR_COLUMN,) if any(why for _, _, why in rows) else ()
    lines = (
        [
            *(getattr(row, column.key) for column in _TASK_COLUMNS),
            *(texts.get(field.key, "") for field in fields),
            *(why for _ in errors),
        ]
        for row, texts, why in rows[:ROWS_MAX]
    )
    return write_sheet("办理", (*_TASK_COLUMNS, *asked, *errors), lines, keys=True)


def _kept(office: Office, actor: Actor, failed: Sequence[Mapping[str, Any]]) -> str:
    """The failed rows, sealed for the actor: they hold what was written about people."""
    sealed = office.vault.encrypt_bytes(zlib.compress(orjson.dumps(failed)), bound_to=f"sheet:{actor.key}")
    kept = base64.urlsafe_b64encode(sealed).decode()
    return kept if len(kept) <= _KEPT_CHARS_MAX else ""


def _id(failed: Mapping[str, Any]) -> str:
    return str(failed["texts"].get("task_id", ""))


def _no(code: str, sentence: str, english: str) -> Refusal:
    return Refusal(reasons=(Reason(code=code, text=sentence, text_en=english),))
