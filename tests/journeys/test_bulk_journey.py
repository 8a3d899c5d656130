"""Many tasks of one step done at once, where the diagram allows it: with one form, and in a sheet of Excel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from browsing import DESK, PASSWORD, PHONE, Invite, MorningClock
from builders import MAIN_ROAD, a_finding
from many_tasks import processes_with_bulk
from offices import settings_for
from openpyxl import load_workbook

from engine.cases.office import Office, open_office
from engine.cases.setup import seed, set_up

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def office(
    database_url: str, office_clock: MorningClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """An office whose rectification plans may be handed in many at once."""
    processes = processes_with_bulk(tmp_path_factory.mktemp("files"))
    settings = replace(settings_for(database_url, tmp_path_factory.mktemp("office")), processes_dir=processes)
    opened = open_office(settings, clock=office_clock)
    set_up(opened)
    seed(opened, seed=1, people=0, employers=0, day=date(2025, 11, 3), password=PASSWORD)
    yield opened
    opened.close()


@pytest.mark.req("FLOW-05")
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_plans_are_handed_in_with_one_form_and_each_has_its_result(
    invite: Invite, office: Office, width: int
) -> None:
    cases = [a_finding(office) for _ in range(3)]
    rectifier = invite(width=width).signs_in("jiangzhenggai")
    for case in cases:
        rectifier.takes(case.key)
    rectifier.go("/inbox")
    for case in cases[:2]:
        rectifier.row(case.key).get_by_role("checkbox").check()

    rectifier.presses("批量办结").sees("将办结 2 件").presses("逐件办结").sees("需要更正")
    rectifier.picks("问题类型", "落实不到位").fills("存在的问题", "个别窗口仍有手工报盘")
    rectifier.fills("整改措施", "停用手工报盘，全部走社银接口").fills("整改责任人", "蒋正凯")
    rectifier.fills("完成时限", "2025-12-05")
    rectifier.keeps(f"inbox-complete-{width}")
    rectifier.presses("逐件办结").sees("共 2 件，办成 2 件，未办 0 件。")

    rectifier.keeps(f"inbox-done-{width}")
    assert [case.open_steps() for case in cases] == [["accept_plan"], ["accept_plan"], ["submit_plan"]]


@pytest.mark.req("FLOW-05")
def test_a_sheet_goes_out_comes_back_and_its_failed_row_alone_goes_round_again(
    invite: Invite, office: Office, tmp_path: Path
) -> None:
    cases = [a_finding(office) for _ in range(2)]
    rectifier = invite().signs_in("jiangzhenggai")
    for case in cases:
        rectifier.takes(case.key)
    rectifier.go("/inbox").follows("用 Excel 批量办理")
    with rectifier.page.expect_download() as template:
        rectifier.page.get_by_role("link", name="报送整改方案").click()
    wanted = {**MAIN_ROAD["submit_plan"][1], "problem_kind": "落实不到位"}
    sheet = _filled(template.value.path().read_bytes(), wanted, but={cases[1].key: {"measures": ""}})

    rectifier.page.get_by_label("Excel 文件").set_input_files(_file(tmp_path, sheet))
    rectifier.presses("上传并办理").sees("未办 1 件")
    rectifier.keeps("inbox-sheet-done")
    with rectifier.page.expect_download() as failed:
        rectifier.page.get_by_role("button", name="下载未办的行，更正后重新上传").click()
    again = _filled(failed.value.path().read_bytes(), wanted, but={})
    rectifier.go("/inbox/sheet").page.get_by_label("Excel 文件").set_input_files(_file(tmp_path, again))
    rectifier.presses("上传并办理").sees("共 1 件，办成 1 件，未办 0 件。")

    assert [case.open_steps() for case in cases] == [["accept_plan"], ["accept_plan"]]


def _filled(content: bytes, entered: dict[str, str], *, but: dict[str, dict[str, str]]) -> bytes:
    """The sheet with the entries in every row, but for some of some cases."""
    book = load_workbook(BytesIO(content))
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[2]}
    for row in range(3, sheet.max_row + 1):
        key = sheet.cell(row, columns["case_key"]).value
        for field, words in {**entered, **but.get(str(key), {})}.items():
            sheet.cell(row, columns[field], words)
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "tasks.xlsx"
    path.write_bytes(content)
    return path
