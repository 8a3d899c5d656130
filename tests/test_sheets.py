"""Lists and tasks to and from Excel: what goes out is text and masked, what comes in is checked row by row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from many_tasks import processes_with_bulk
from offices import FixedClock, settings_for
from openpyxl import Workbook, load_workbook
from sqlalchemy import select, update

from engine.cases import bulk, checklists, inbox, inbox_lists, setup, sheets, staff
from engine.cases.inbox_filters import InboxFilter
from engine.cases.office import Office, open_office
from engine.cases.sheet_files import ROWS_MAX, SheetColumn, SheetError, read_sheet, write_sheet
from engine.cases.sheets import SheetDone
from engine.cases.views import Done
from engine.store.audit import AuditEvent
from engine.values import Actor, Refusal
from engine.workflow.tables import WorkflowTask

PASSWORD = "sheets-test-pass"
ROW = {
    "problem_kind": "落实不到位",
    "problem": "个别窗口仍有手工报盘",
    "measures": "停用手工报盘，全部走社银接口",
    "responsible": "蒋正凯",
    "done_due": "2025-12-05",
}


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office whose rectification plans may be handed in many at once."""
    processes = processes_with_bulk(tmp_path_factory.mktemp("files"))
    settings = replace(settings_for(database_url, tmp_path_factory.mktemp("data")), processes_dir=processes)
    opened = open_office(settings, clock=FixedClock("2025-11-03T09:00+08:00"))
    setup.set_up(opened)
    setup.seed(opened, people=0, employers=0, seed=1, day=opened.today, password=PASSWORD)
    yield opened
    opened.close()


def who(office: Office, login: str) -> Actor:
    actor = staff.sign_in(office, login=login, password=PASSWORD)
    assert isinstance(actor, Actor), actor
    return actor


def held(office: Office, count: int) -> tuple[Actor, list[str]]:
    """The rectifier with so many new plans to hand in."""
    rectifier = who(office, "jiangzhenggai")
    for row in inbox_lists.inbox(office, rectifier, "todo").rows:
        inbox.release_task(office, rectifier, row.task_id)
    known = {
        row.task_id for row in inbox_lists.inbox(office, rectifier, "claimable", InboxFilter(size=100)).rows
    }
    for number in range(count):
        due = office.today.replace(day=20)
        done = checklists.issue_item(
            office,
            who(office, "handudao"),
            topic=f"事项{number}",
            region="371500",
            plan_due=due,
            done_due=due,
        )
        assert isinstance(done, Done), done
    rows = inbox_lists.inbox(office, rectifier, "claimable", InboxFilter(size=100)).rows
    new = [row.task_id for row in rows if row.task_id not in known]
    for task_id in new:
        assert isinstance(inbox.claim_task(office, rectifier, task_id), Done)
    return rectifier, new


def filled(office: Office, actor: Actor, *entries: dict[str, str]) -> bytes:
    """The template with these entries, row by row."""
    file = sheets.template(office, actor, "submit_plan")
    assert not isinstance(file, Refusal), file
    return fill(file.read(), *entries)


def fill(content: bytes, *entries: dict[str, str]) -> bytes:
    book = load_workbook(BytesIO(content))
    sheet = book.worksheets[0]
    keys = {cell.value: cell.column for cell in sheet[2]}
    for number, entry in enumerate(entries, 3):
        for key, text in entry.items():
            sheet.cell(number, keys[key], text)
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


@pytest.mark.req("FLOW-05")
def test_rows_of_a_sheet_are_done_one_by_one_and_failed_ones_come_back_alone(office: Office) -> None:
    rectifier, tasks = held(office, 3)
    content = filled(office, rectifier, ROW, {**ROW, "measures": "", "done_due": "明天"}, ROW)

    first = sheets.take_sheet(office, rectifier, content)
    assert isinstance(first, SheetDone)
    assert [row.done for row in first.rows] == [True, False, True]
    assert {key for key, _ in first.rows[1].errors} == {"measures", "done_due"}
    assert "整改措施：请填写" in first.rows[1].message

    file = sheets.failed_rows(office, rectifier, first.failed)
    assert not isinstance(file, Refusal)
    failed = file.read()
    sheet = load_workbook(BytesIO(failed)).worksheets[0]
    keys = [cell.value for cell in sheet[2]]
    assert sheet.max_row == 3, "the failed row alone"
    assert sheet.cell(3, keys.index("problem") + 1).value == ROW["problem"], "what was entered is kept"
    assert "第4行：整改措施：请填写" in str(sheet.cell(3, keys.index("error") + 1).value)

    again = sheets.take_sheet(
        office, rectifier, fill(failed, {"measures": ROW["measures"], "done_due": "2025-12-05"})
    )
    assert isinstance(again, SheetDone)
    assert ([row.done for row in again.rows], again.failed) == ([True], "")
    with office.store.reading() as session:
        states = session.scalars(select(WorkflowTask.status).where(WorkflowTask.id.in_(tasks))).all()
    assert set(states) == {"completed"}
    repeated = sheets.take_sheet(office, rectifier, content)
    assert isinstance(repeated, SheetDone)
    assert not any(row.done for row in repeated.rows)


@pytest.mark.req("FLOW-05", "MONEY-01")
def test_a_sheet_opens_no_task_that_its_sender_may_not_do(office: Office) -> None:
    rectifier, _ = held(office, 1)
    content = filled(office, rectifier, ROW)
    stranger = who(office, "wangshouli")

    outcome = sheets.take_sheet(office, stranger, content)

    assert isinstance(outcome, SheetDone)
    assert [row.done for row in outcome.rows] == [False]
    assert isinstance(sheets.failed_rows(office, rectifier, outcome.failed), Refusal), (
        "sealed for who sent it"
    )
    assert isinstance(sheets.failed_rows(office, stranger, outcome.failed), Refusal), (
        "no task of theirs in it"
    )
    assert isinstance(sheets.template(office, stranger, "submit_plan"), Refusal)


@pytest.mark.req("FLOW-05")
def test_a_list_goes_out_as_text_masked_and_on_record(office: Office) -> None:
    rectifier, tasks = held(office, 2)
    with office.store.transaction() as session:
        session.execute(update(WorkflowTask).where(WorkflowTask.id == tasks[0]).values(name="=HYPERLINK(1)"))

    file = sheets.export(office, rectifier, "todo", InboxFilter())

    assert not isinstance(file, Refusal)
    sheet = load_workbook(BytesIO(file.read())).worksheets[0]
    cells = {cell.value: cell for row in sheet.iter_rows() for cell in row}
    assert sheet.max_row == 3
    assert cells["=HYPERLINK(1)"].data_type == "s", "a text that looks like a formula stays a text"
    assert cells["办件编号"].row == 1
    with office.store.reading() as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "LIST_EXPORTED").order_by(AuditEvent.seq.desc())
        ).first()
    assert event is not None
    assert event.actor == rectifier.key
    assert '"rows":2' in str(event.after).replace(" ", "")
    assert isinstance(
        sheets.export(office, Actor(kind="person", id=1, name="x"), "below", InboxFilter()), object
    )


def a_workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    kept = BytesIO(content)
    with zipfile.ZipFile(kept, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, part)
    return kept.getvalue()


GOOD = a_workbook(["任务", "意见"], ["task_id", "opinion"], ["a1", "同意"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "xlsx"),
        (b"PK\x03\x04 no archive", "xlsx"),
        (GOOD[: len(GOOD) // 2], "xlsx"),
        (a_workbook(["任务"], ["a1"]), "模板"),
        (a_workbook(["任务", "意见"], ["task_id", "task_id"]), "重复"),
        (a_workbook(["任务", "意见"], ["task_id", "opinion"], ["a1", "=1+1"]), "B3 是公式"),
        (a_workbook(["任务"], ["task_id"], *(["a"] for _ in range(ROWS_MAX + 1))), f"最多{ROWS_MAX}行"),
        (with_part(GOOD, "xl/vbaProject.bin", b"x"), "宏"),
        (with_part(GOOD, "xl/externalLinks/externalLink1.xml", b"<x/>"), "外部链接"),
        (with_part(GOOD, "xl/media/big.bin", bytes(50_000_000)), "解压后过大"),
        (with_part(GOOD, "xl/other.xml", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'), "不允许的声明"),
        (bytes(2_100_000), "太大"),
    ],
    ids=["empty", "no-archive", "cut", "foreign", "twice", "formula", "rows", "macro", "links", "bomb", "entities", "large"],
)  # fmt: skip
def test_a_file_that_is_no_plain_sheet_is_refused_with_what_is_wrong(content: bytes, said: str) -> None:
    with pytest.raises(SheetError, match=said):
        read_sheet(content)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    columns = [
        SheetColumn(heading="任务", key="task_id"),
        SheetColumn(heading="意见", key="opinion", choices=("同意", "不同意，退回")),
    ]
    with write_sheet(
        "办理", columns, [["001", "不同意，退回"], ["37150219820615001X", "=1"]], keys=True
    ) as file:
        rows = read_sheet(file.read())

    assert [(row.number, row.texts) for row in rows] == [
        (3, {"task_id": "001", "opinion": "不同意，退回"}),
        (4, {"task_id": "37150219820615001X", "opinion": "=1"}),
    ]


@pytest.mark.req("FLOW-05")
def test_many_of_one_step_are_completed_with_one_form_each_by_itself(office: Office) -> None:
    rectifier, tasks = held(office, 3)
    fields = {**ROW, "problem_kind": "half_done"}
    with office.store.transaction() as session:
        session.execute(update(WorkflowTask).where(WorkflowTask.id == tasks[1]).values(assignee="staff:999"))

    asked = bulk.bulk_form(office, rectifier, tasks)
    assert isinstance(asked, bulk.BulkForm)
    assert {row.task_id for row in asked.rows} == {tasks[0], tasks[2]}, (
        "what a colleague holds is not offered"
    )
    assert bulk.errors_of(asked, {**fields, "done_due": "明天"})

    rows = bulk.complete_all(office, rectifier, tasks, fields)
    assert not isinstance(rows, Refusal)
    assert [row.done for row in rows] == [True, False, True]
    assert rows[1].reasons[0].code == "claimed_by_other"
