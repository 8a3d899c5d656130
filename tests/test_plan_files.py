"""A table of tasks as people lay it out: read whole, or refused with every fault at its cell (RECT-05)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from engine.cases.plan_files import PlanFile, day_in, read_plan
from engine.cases.plan_units import UnitBook
from engine.law.calendar import WorkCalendar
from engine.law.timetable import work_back
from engine.values import Refusal

PROCESSES = Path(__file__).parents[1] / "processes"
UNITS = UnitBook.load(PROCESSES)
CALENDAR = WorkCalendar.load(PROCESSES / "calendar")
HEADING = ("序号", "任务", "具体工作", "牵头单位", "配合单位", "备注")
BUREAU, DISTRICTS = "市就业局", "各区县（自治县）人力社保局"


def a_table(*rows: Sequence[object], merged: Sequence[str] = (), heading: Sequence[str] = HEADING) -> bytes:
    """A workbook with that heading and those rows below it."""
    book, kept = Workbook(), BytesIO()
    sheet = book.worksheets[0]
    for row in (heading, *rows):
        sheet.append(list(row))
    for area in merged:
        sheet.merge_cells(area)
    book.save(kept)
    return kept.getvalue()


def faults(found: PlanFile) -> list[tuple[str, str]]:
    """Cells with the severity of what is wrong with them."""
    return [(fault.cell, fault.severity) for fault in found.faults]


@pytest.mark.req("RECT-05")
def test_the_shipped_table_of_chongqing_is_its_eighteen_tasks() -> None:
    found = read_plan((PROCESSES / "plans" / "chongqing-2019.xlsx").read_bytes(), UNITS)

    leads = Counter(name for row in found.rows for name in row.leads)
    groups = Counter(row.group for row in found.rows)
    assert [row.number for row in found.rows] == list(range(1, 19))
    assert leads == {BUREAU: 11, DISTRICTS: 9, "基金监督处": 3, "就业失业处": 1, "市社保局": 1}
    assert list(groups.values()) == [5, 2, 1, 4, 3, 2, 1]
    assert [row.number for row in found.rows if not row.cooperating] == [7, 8, 10, 18]
    assert [(row.number, len(row.parts)) for row in found.rows if row.parts] == [(6, 2)]
    assert faults(found) == [("E8", "warning")]


@pytest.mark.req("RECT-05")
def test_a_label_that_spans_rows_is_the_label_of_each() -> None:
    content = a_table(
        (1, "精简", "一", BUREAU, ""),
        (2, "", "二", BUREAU, ""),
        (3, "渠道", "三", BUREAU, ""),
        merged=("B2:B3",),
    )

    found = read_plan(content, UNITS)

    assert [row.group for row in found.rows] == ["精简", "精简", "渠道"]
    assert found.faults == ()


@pytest.mark.req("RECT-05")
def test_a_label_that_drifted_over_a_page_break_is_never_guessed() -> None:
    content = a_table(
        (12, "严防基金管理风险", "十二", "基金监督处", "就业失业处"),
        ("", "", "重庆市人力资源和社会保障局行政规范性文件", "", ""),
        (13, "", "十三", BUREAU, ""),
        (14, "加强经办作风建设", "十四", BUREAU, ""),
        (15, "", "十五", BUREAU, ""),
    )

    found = read_plan(content, UNITS)

    assert ("B4", "error") in faults(found)
    assert ("B6", "warning") in faults(found)
    assert ("C3", "warning") in faults(found)


@pytest.mark.req("RECT-05")
def test_a_label_cut_in_two_is_one_label() -> None:
    content = a_table(
        (1, "加大对深度贫困地区经办服务建设支持力度", "一", BUREAU, ""), (2, "支持力度", "二", BUREAU, "")
    )

    found = read_plan(content, UNITS)

    assert {row.group for row in found.rows} == {"加大对深度贫困地区经办服务建设支持力度"}
    assert faults(found) == [("B3", "warning")]


@pytest.mark.req("RECT-05")
def test_tags_parts_names_and_a_loose_word_are_understood_and_told() -> None:
    content = a_table(
        (
            1, "渠道", "<p>(1)搭建系统。</p> <p>(2)推进网上办理。</p>", f"{BUREAU} 各区县（自治县）人力资源和社会保障局",
            "市人力资源社会保障信息中心 负责、市社保局、没登记的处",
        )
    )  # fmt: skip

    row = read_plan(content, UNITS).rows[0]

    assert row.parts == ("搭建系统。", "推进网上办理。")
    assert row.leads == (BUREAU, DISTRICTS)
    assert row.cooperating == ("市人力社保信息中心", "市社保局", "没登记的处")
    assert faults(read_plan(content, UNITS)) == [("C2", "warning"), ("E2", "warning"), ("E2", "warning")]


@pytest.mark.req("RECT-05")
@pytest.mark.parametrize(
    ("rows", "cell"),
    [
        ([(1, "甲", "一", BUREAU, ""), (3, "甲", "三", BUREAU, "")], "A3"),
        ([(1, "甲", "一", BUREAU, ""), (1, "甲", "又一", BUREAU, "")], "A3"),
        ([("一", "甲", "一", BUREAU, "")], "A2"),
        ([(1, "甲", "一", "", "市社保局")], "D2"),
        ([(1, "甲", "", BUREAU, "")], "C2"),
        ([(1, "公共业务办公室受理时应准确传送", "市社保局", "失业保险经办机构和公共就业服务机构", "")], "C2"),
        ([(1, "", "一", BUREAU, "")], "B2"),
    ],
    ids=["gap", "twice", "no number", "nobody leads", "nothing to do", "shifted", "no label at all"],
)
def test_what_cannot_be_taken_is_an_error_at_its_cell(rows: list[tuple[object, ...]], cell: str) -> None:
    assert (cell, "error") in faults(read_plan(a_table(*rows), UNITS))


@pytest.mark.req("RECT-05")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"a,b",
        a_table(heading=("序号", "任务")),
        a_table(),
        a_table((1, "甲", "=1+1", BUREAU, "")),
    ],
    ids=["nothing", "no archive", "text", "no heading", "no task", "a formula"],
)
def test_a_file_that_is_no_such_table_is_refused_whole(content: bytes) -> None:
    found = read_plan(content, UNITS)

    assert (found.rows, len(found.errors)) == ((), 1)


@pytest.mark.req("RECT-05")
@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2020-12-31", date(2020, 12, 31)),
        ("2020年6月底前", date(2020, 6, 30)),
        ("2020 年底前", date(2020, 12, 31)),
        ("2020年2月末", date(2020, 2, 29)),
        ("2020年13月底", None),
        ("2020-02-30", None),
        ("尽快", None),
    ],
)
def test_days_are_read_as_people_write_them(said: str, day: date | None) -> None:
    assert day_in(said) == day


@pytest.mark.req("RECT-05")
def test_a_timetable_is_reckoned_back_from_its_target_in_working_days() -> None:
    shares = [Fraction(1, 5), Fraction(3, 5), Fraction(1, 5)]

    found = work_back(date(2020, 12, 31), begins=date(2019, 6, 26), shares=shares, calendar=CALENDAR)

    assert found == (date(2019, 10, 15), date(2020, 9, 9), date(2020, 12, 31))


@pytest.mark.req("RECT-05")
@given(
    begins=st.dates(date(2019, 1, 1), date(2020, 12, 1)),
    days=st.integers(0, 250),
    cuts=st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_stages_follow_each_other_on_working_days_and_end_by_the_target(
    begins: date, days: int, cuts: list[int]
) -> None:
    target = date.fromordinal(begins.toordinal() + days)
    shares = [Fraction(cut, sum(cuts)) for cut in cuts]

    found = work_back(target, begins=begins, shares=shares, calendar=CALENDAR)

    between = [
        day for day in range(1, days + 1) if CALENDAR.is_workday(date.fromordinal(begins.toordinal() + day))
    ]
    if len(between) < len(shares):
        assert isinstance(found, Refusal)
        return
    assert not isinstance(found, Refusal)
    assert all(CALENDAR.is_workday(day) for day in found)
    assert list(found) == sorted(set(found))
    assert begins < found[0]
    assert found[-1] == date.fromordinal(begins.toordinal() + between[-1])
