"""The loader refuses a faulty policy or calendar file with file, line, key and fault; gaps stay gaps."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.config import ROOT
from engine.law.calendar import CalendarGap, WorkCalendar
from engine.law.policy import PolicyBook, PolicyGap
from engine.law.policy_file import PolicyFileError
from engine.values import Reason

POLICY = ROOT / "processes" / "policy"
CALENDAR = ROOT / "processes" / "calendar"

ENTRY = '    - {from: 2025-01-01, value: "10.00", unit: yuan, source: sil, verified: true}\n'


def _load(directory: Path, text: str) -> PolicyBook:
    for name in ("sources.yaml", "exit-reasons.yaml", "forbidden-demands.yaml"):
        shutil.copy(POLICY / name, directory / name)
    (directory / "topic.yaml").write_text(f'a.key:\n  title: 例\n  "000000":\n{text}', encoding="utf-8")
    return PolicyBook.load(directory)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (ENTRY.replace(", source: sil", ""), "topic.yaml:4 a.key：缺少 source"),
        (ENTRY.replace(": sil", ": nobody"), "topic.yaml:4 a.key：source 'nobody' 不在 sources.yaml 里"),
        (ENTRY.replace("unit: yuan", "unit: dollar"), "topic.yaml:4 a.key：不认识的单位 'dollar'"),
        (ENTRY.replace('"10.00"', "10.00"), "topic.yaml:4 a.key：value 10.00 须加引号"),
        (ENTRY.replace('"10.00"', "10"), "topic.yaml:4 a.key：value 10 须加引号"),
        (ENTRY.replace('"10.00"', '"10.005"'), "topic.yaml:4 a.key：金额写法不对"),
        (ENTRY.replace('"10.00", unit: yuan', "0.5, unit: ratio"), "topic.yaml:4 a.key：value 0.5 须加引号"),
        (
            ENTRY.replace('"10.00", unit: yuan', "1.5, unit: months"),
            "topic.yaml:4 a.key：value '1.5' 须是不小于零的整数",
        ),
        (ENTRY.replace("2025-01-01", "2025-13-01"), "topic.yaml:4 a.key：from '2025-13-01' 不是日期"),
        (
            ENTRY.replace("verified: true", "verified: maybe"),
            "topic.yaml:4 a.key：verified 须是 true 或 false",
        ),
        (ENTRY.replace("source: sil,", "source: design,"), "topic.yaml:4 a.key：verified 不得为 true"),
        (ENTRY + ENTRY, "topic.yaml:5 a.key：日期与第4行的条目重叠"),
        (
            ENTRY.replace("value", "until: 2025-06-30, value") + ENTRY.replace("2025-01-01", "2025-06-30"),
            "topic.yaml:5 a.key：日期与第4行的条目重叠",
        ),
        (ENTRY.replace("value", "until: 2024-12-31, value"), "topic.yaml:4 a.key：until 早于 from"),
        (ENTRY.replace("value", "untill: 2024-12-31, value"), "topic.yaml:4 a.key：不认识的字段 untill"),
        (
            ENTRY + ENTRY.replace("2025-01-01", "2026-01-01").replace("yuan", "yuan_per_month"),
            "topic.yaml:5 a.key：同一个键先用单位 'yuan'",
        ),
        (
            "    - {from: 2025-01-01, value: [3, 2], unit: months_by_year, source: sil, verified: true}\n",
            "不得随缴费年限减少",
        ),
        ("    - [\n", "topic.yaml:5 YAML 写法不对"),
        ("    nothing\n", "每个地区下须是一列"),
        (ENTRY + "  聊城: []\n", "topic.yaml:5 a.key：'聊城' 不是六位行政区划代码"),
        (ENTRY + "a.key:\n  title: 又一遍\n", "topic.yaml:5 a.key：同一个键写了两次"),
    ],
)
def test_faulty_file_is_refused_by_line_and_key(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(PolicyFileError) as refused:
        _load(tmp_path, text)

    assert fault in str(refused.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError) as refused:
        _load(tmp_path, ENTRY.replace(": sil", ": nobody") + ENTRY.replace("2025-01-01", "soon"))

    assert len(refused.value.problems) == 2


def test_missing_catalogue_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match=r"sources\.yaml:1 缺少这个文件"):
        PolicyBook.load(tmp_path)


@pytest.mark.req("CLAIM-04")
def test_first_and_last_day_count_and_nothing_is_rolled_forward(tmp_path: Path) -> None:
    book = _load(tmp_path, ENTRY.replace("value", "until: 2025-12-31, value"))

    assert book.at("a.key", "371502", date(2025, 1, 1)).money.text == "10.00"
    assert book.at("a.key", "371502", date(2025, 12, 31)).money.text == "10.00"
    for day in (date(2024, 12, 31), date(2026, 1, 1)):
        with pytest.raises(PolicyGap) as gap:
            book.at("a.key", "371502", day)
        assert (gap.value.key, gap.value.region, gap.value.day) == ("a.key", "371502", day)


def test_most_specific_region_wins(tmp_path: Path) -> None:
    text = ENTRY
    for region, value in (("370000", "20.00"), ("371500", "30.00"), ("371502", "40.00")):
        text += f'  "{region}":\n' + ENTRY.replace("10.00", value)
    book = _load(tmp_path, text)

    asked = [
        book.at("a.key", region, date(2025, 5, 5)).money.text
        for region in ("371502", "371581", "370100", "500101")
    ]

    assert asked == ["40.00", "30.00", "20.00", "10.00"]


def test_shipped_book_rests_on_read_sources_or_says_so() -> None:
    book = PolicyBook.load(POLICY)

    for parameter in book.parameters():
        assert parameter.source.startswith("《"), parameter.label
        assert parameter.title != parameter.key, parameter.label


def test_benefit_stays_below_the_minimum_wage_it_is_a_share_of() -> None:
    shares = [
        each
        for each in PolicyBook.load(POLICY).parameters()
        if each.key.startswith("benefit.") and each.unit == "ratio"
    ]

    assert shares
    assert all(0 < share.decimal < 1 for share in shares)


def test_unverified_reasons_are_told_apart() -> None:
    reasons = (Reason(code="a", text="a"), Reason(code="b", text="b", verified=False))

    assert PolicyBook.unverified_used(reasons) == (reasons[1],)


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("2031.yaml", "year: 2030\nsource: x\nverified: true\noff: []\nwork: []\n", "2031.yaml:1 须写 year"),
        (
            "2031.yaml",
            'year: 2031\nsource: x\nverified: true\noff:\n  - "02-30"\nwork: []\n',
            "2031.yaml:5 日期 '02-30'",
        ),
        (
            "2031.yaml",
            'year: 2031\nsource: x\nverified: true\noff: []\nwork: ["01-01"]\n',
            "2031-01-01 不是周末",
        ),
        ("2031.yaml", "year: 2031\nsource: x\nverified: true\n", "off 和 work 各须是一列日期"),
    ],
)
def test_faulty_calendar_is_refused_by_line(tmp_path: Path, name: str, text: str, fault: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(PolicyFileError) as refused:
        WorkCalendar.load(tmp_path)

    assert fault in str(refused.value)


def test_year_without_notice_is_a_gap_and_not_monday_to_friday() -> None:
    calendar = WorkCalendar.load(CALENDAR)

    with pytest.raises(CalendarGap) as gap:
        calendar.is_workday(date(2027, 1, 4))
    assert gap.value.year == 2027


#: working days of whole years, counted from the notices by hand outside this code
@pytest.mark.parametrize(("year", "days"), [(2019, 250), (2020, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_working_days_of_a_year(year: int, days: int) -> None:
    calendar = WorkCalendar.load(CALENDAR)

    assert calendar.between(date(year - 1, 12, 31), date(year, 12, 31)) == days


def test_notices_name_the_days_of_policy_years() -> None:
    calendar = WorkCalendar.load(CALENDAR)
    off_2020 = {date(2020, 1, 24) + timedelta(days=i) for i in range(10)}

    assert not any(calendar.is_workday(day) for day in off_2020)
    assert calendar.is_workday(date(2020, 2, 3))
    assert calendar.is_workday(date(2026, 9, 20))
    assert not calendar.is_workday(date(2026, 9, 25))
