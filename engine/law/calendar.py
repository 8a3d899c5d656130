"""Working days from the yearly holiday notices of the State Council, one file a year.

A year without a file is ``CalendarGap``: Monday to Friday is never assumed. Counting never includes the first
day (民法典第二百零一条).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.law.policy_file import Findings, Place, pairs, read_root
from engine.values import Reason

_SPAN = re.compile(r"(\d{2}-\d{2})(?:\.\.(\d{2}-\d{2}))?")
_SATURDAY = 5


class CalendarGap(Exception):
    """这一年没有工作日历；须先录入国务院办公厅的放假通知。"""

    retryable = False

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(f"{self.lacks}：请数据管理岗录入{year}年放假安排")

    @property
    def lacks(self) -> str:
        """What is missing, in the words that every message about it begins with."""
        return f"{self.year}年没有工作日历"

    @property
    def reason(self) -> Reason:
        """The gap as a reason of code ``calendar_gap``."""
        return Reason(
            code="calendar_gap",
            text=f"{self.year}年的放假安排尚未录入，不能推算工作日",
            text_en=f"No working calendar for {self.year}",
            parameter=f"calendar@{self.year}",
            verified=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarYear:
    """One year's notice."""

    year: int
    #: days off, weekends inside a holiday included
    off: frozenset[date]
    #: Saturdays and Sundays worked
    work: frozenset[date]
    source: str
    verified: bool

    def is_workday(self, day: date) -> bool:
        """Whether offices work on that day of the year."""
        return day in self.work or (day.weekday() < _SATURDAY and day not in self.off)

    @property
    def workdays(self) -> int:
        """How many days of the year offices work."""
        first, days = date(self.year, 1, 1), (date(self.year + 1, 1, 1) - date(self.year, 1, 1)).days
        return sum(self.is_workday(first + timedelta(days=offset)) for offset in range(days))

    def faults(self) -> Iterator[tuple[date, str]]:
        """What cannot be meant, by day: a weekday given as worked, a day in both lists, a day of another year."""
        for day in sorted(self.off | self.work):
            if day.year != self.year:
                yield day, f"{day.isoformat()} 不在{self.year}年"
        for day in sorted(self.work):
            if day.weekday() < _SATURDAY or day in self.off:
                yield day, f"work 里的 {day.isoformat()} 不是周末，或同时列在 off"


class WorkCalendar:
    """The working days of the years on file."""

    def __init__(self, years: Mapping[int, CalendarYear]) -> None:
        self._years = years

    @classmethod
    def load(cls, directory: Path) -> WorkCalendar:
        """The calendar in ``processes/calendar``; PolicyFileError lists file, line and fault of all that is wrong."""
        findings = Findings()
        years: dict[int, CalendarYear] = {}
        for path in sorted(directory.glob("*.yaml")):
            year = _read_year(path, findings)
            if year:
                years[year.year] = year
        findings.refuse_if_any()
        return cls(years)

    @property
    def years(self) -> tuple[int, ...]:
        """The years on file."""
        return tuple(sorted(self._years))

    def year(self, number: int) -> CalendarYear | None:
        """The year as it counts; None where it is not on file."""
        return self._years.get(number)

    def with_years(self, later: Iterable[CalendarYear]) -> WorkCalendar:
        """A calendar in which these years replace what was on file for them."""
        return WorkCalendar({**self._years, **{each.year: each for each in later}})

    def is_workday(self, day: date) -> bool:
        """Whether offices work that day; CalendarGap for a year not on file."""
        return self._year(day.year).is_workday(day)

    def after(self, day: date, n: int) -> date:
        """The n-th working day after the day, which is not counted; for n = 0 the day or the next working day.

        ValueError below zero; CalendarGap when the count reaches a year not on file.
        """
        if n < 0:
            raise ValueError(f"工作日数不得为负：{n}")
        if n == 0:
            return self.on_or_after(day)
        for _ in range(n):
            day = self.on_or_after(day + timedelta(days=1))
        return day

    def between(self, a: date, b: date) -> int:
        """Working days after ``a`` up to and including ``b``; negative when ``b`` is earlier."""
        if b < a:
            return -self.between(b, a)
        return sum(self.is_workday(a + timedelta(days=i)) for i in range(1, (b - a).days + 1))

    def on_or_after(self, day: date) -> date:
        """The day itself if worked, else the next working day (民法典第二百零三条)."""
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day

    def on_or_before(self, day: date) -> date:
        """The day itself if worked, else the working day before it."""
        while not self.is_workday(day):
            day -= timedelta(days=1)
        return day

    def reasons(self, a: date, b: date) -> tuple[Reason, ...]:
        """The notices that a count from ``a`` to ``b`` rests on, one reason a year."""
        return tuple(
            Reason(
                code="working_calendar",
                text=f"按{year}年放假安排推算工作日",
                text_en=f"Working days of {year}",
                parameter=f"calendar@{year}",
                source=f"《{self._year(year).source}》",
                verified=self._year(year).verified,
            )
            for year in range(min(a, b).year, max(a, b).year + 1)
        )

    def _year(self, year: int) -> CalendarYear:
        found = self._years.get(year)
        if found is None:
            raise CalendarGap(year)
        return found


def _read_year(path: Path, findings: Findings) -> CalendarYear | None:
    root = read_root(path, findings)
    if root is None:
        return None
    place = Place(file=path.name, line=root.start_mark.line + 1)
    nodes = _nodes(root, path.name, findings)
    plain = {name: node.value for name, node in nodes.items() if isinstance(node, ScalarNode)}
    if (
        plain.get("year") != path.stem
        or not plain.get("source")
        or plain.get("verified") not in ("true", "false")
    ):
        findings.add(place, "须写 year（与文件名相同）、source、verified（true 或 false）")
        return None
    year = int(path.stem)
    off = frozenset(_days(nodes.get("off"), year, path.name, findings))
    work = frozenset(_days(nodes.get("work"), year, path.name, findings))
    read = CalendarYear(
        year=year, off=off, work=work, source=str(plain["source"]), verified=plain["verified"] == "true"
    )
    for _, fault in read.faults():
        findings.add(place, fault)
    return read


def _nodes(root: MappingNode, file: str, findings: Findings) -> dict[str, Node]:
    return {name: node for name, node, _ in pairs(root, file, findings)}


def _days(node: Node | None, year: int, file: str, findings: Findings) -> Iterator[date]:
    if not isinstance(node, SequenceNode):
        findings.add(
            Place(file=file, line=node.start_mark.line + 1 if node else 1), "off 和 work 各须是一列日期"
        )
        return
    for item in node.value:
        span = _span(str(item.value), year)
        if span is None:
            place = Place(file=file, line=item.start_mark.line + 1)
            findings.add(place, f'日期 {item.value!r} 写法不对（例："10-01..10-08"）')
            continue
        first, last = span
        yield from (first + timedelta(days=i) for i in range((last - first).days + 1))


def _span(text: str, year: int) -> tuple[date, date] | None:
    match = _SPAN.fullmatch(text)
    if not match:
        return None
    try:
        first = date.fromisoformat(f"{year}-{match[1]}")
        last = date.fromisoformat(f"{year}-{match[2] or match[1]}")
    except ValueError:
        return None
    return (first, last) if first <= last else None
