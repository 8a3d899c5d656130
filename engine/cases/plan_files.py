"""A table of tasks (任务分工表) as a workbook, read into rows with every fault at its cell. Pure; knows no actor.

Such tables are laid out by hand and copied between programs: labels of groups stand once and drift over page breaks,
cells are shifted, names of units vary. What cannot be known is a fault, never a guess: an error is to be mended in the
file, a warning says what was understood. Called by ``work_plans``.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Literal

from openpyxl.utils import get_column_letter

from engine.cases.plan_units import UnitBook
from engine.cases.sheet_files import SheetError, TableRow, read_table

Severity = Literal["error", "warning"]
BYTES_MAX = 2_000_000
_UNPACKED_MAX = 20_000_000
ROWS_MAX = 500
_HEADING_WITHIN = 20
_TEXT_MAX = 2_000
_NUMBER, _GROUP, _TASK, _LEAD, _WITH, _REMARK, _DUE = (
    "序号", "任务", "具体工作", "牵头单位", "配合单位", "备注", "完成时限",
)  # fmt: skip
_REQUIRED = (_NUMBER, _GROUP, _TASK, _LEAD, _WITH)
_TAG = re.compile(r"</?[A-Za-z][^>]*>")
_PART = re.compile(r"[（(](\d{1,2})[)）]")
_RESPONSIBLE = "负责"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFault:
    """What is wrong with one cell, or how it was understood."""

    #: as Excel names it; empty for the file as a whole
    cell: str
    severity: Severity
    text: str
    text_en: str
    #: what stood there
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One task of a plan."""

    number: int
    #: the row of the sheet
    line: int
    group: str
    task: str
    #: the numbered parts of the task, without their numbers; empty for a task in one piece
    parts: tuple[str, ...]
    #: canonical names
    leads: tuple[str, ...]
    cooperating: tuple[str, ...]
    remark: str
    #: None: the day of the plan
    due: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """What a file says; with an error nothing of it may be taken."""

    rows: tuple[PlanRow, ...]
    faults: tuple[CellFault, ...]

    @property
    def errors(self) -> tuple[CellFault, ...]:
        """What has to be mended in the file."""
        return tuple(fault for fault in self.faults if fault.severity == "error")


def read_plan(content: bytes, units: UnitBook) -> PlanFile:
    """The tasks of the file, and every fault in it."""
    if not content:
        return _refused("请选择分工表文件", "Choose the file of the plan.")
    try:
        rows = read_table(content, bytes_max=BYTES_MAX, unpacked_max=_UNPACKED_MAX, rows_max=ROWS_MAX)
    except SheetError as error:
        return _refused(error.text, error.text_en)
    at = next(
        (place for place, row in enumerate(rows[:_HEADING_WITHIN]) if set(_REQUIRED) <= set(_bare(row))), None
    )
    if at is None:
        return _refused(
            f"没有找到表头，须有这些栏目：{'、'.join(_REQUIRED)}",
            f"No heading found; it needs the columns {', '.join(_REQUIRED)}.",
        )
    heading = _bare(rows[at])
    columns = {name: heading.index(name) for name in (*_REQUIRED, _REMARK, _DUE) if name in heading}
    reading = _Reading(units=units, columns=columns)
    found = tuple(row for line in rows[at + 1 :] if (row := reading.row(line)))
    if not found and not reading.faults:
        return _refused("表里没有任何任务", "The table has no task.")
    reading.judge_numbers(found)
    return PlanFile(rows=found, faults=tuple(reading.faults))


def day_in(text: str) -> date | None:
    """The day that a cell means: 2020-12-31, 2020年12月31日, 2020年12月底, 2020年底; None for anything else."""
    bare = re.sub(r"\s", "", text).removesuffix("前")
    if found := re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", bare):
        year, month, day = (int(each) for each in found.groups())
    elif found := re.fullmatch(r"(\d{4})年(?:(\d{1,2})月)?(?:底|末)", bare):
        year, month = int(found[1]), int(found[2] or 12)
        day = monthrange(year, month)[1] if 1 <= month <= 12 else 0
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One file while it is read from top to bottom: the group so far, and what was found wrong."""

    units: UnitBook
    columns: Mapping[str, int]
    faults: list[CellFault] = field(default_factory=list)
    group: str = ""
    #: a line that is no task came since the last task: there the page was broken
    broken: bool = False

    def row(self, line: TableRow) -> PlanRow | None:
        """The task of the line; None for a line that is none."""
        said = {name: line.texts[at] for name, at in self.columns.items()}
        if self._is_no_task(line):
            self.broken = True
            return None
        group = self._group(line, said[_GROUP])
        self.broken = False
        if not said[_NUMBER].isdecimal() or len(said[_NUMBER]) > 4:
            self._wrong(line, _NUMBER, "序号须是数字", "The number has to be digits.")
            return None
        task = self._task(line, said[_TASK])
        return PlanRow(
            number=int(said[_NUMBER]),
            line=line.number,
            group=group,
            task=task,
            parts=parts_of(task),
            leads=self._leads(line, said[_LEAD]),
            cooperating=self._names(line, _WITH, said[_WITH]),
            remark=said.get(_REMARK, ""),
            due=self._due(line, said.get(_DUE, "")),
        )

    def _is_no_task(self, line: TableRow) -> bool:
        """A heading that is repeated, or a running head of the page; the latter is told, so that nothing is lost."""
        if _bare(line)[self.columns[_NUMBER]] == _NUMBER:
            return True
        own = [at for at, text in enumerate(line.texts) if text and at not in line.spanned]
        if len(own) > 1:
            return False
        at = own[0] if own else self.columns[_GROUP]
        self._add(
            f"{get_column_letter(at + 1)}{line.number}",
            "不是任务（页眉或标题），没有读入",
            "No task (a running head or a title); left out.",
            value=line.texts[at],
            severity="warning",
        )
        return True

    def judge_numbers(self, rows: Sequence[PlanRow]) -> None:
        """Numbers go up by one: a gap is a task that was lost in copying."""
        column = get_column_letter(self.columns[_NUMBER] + 1)
        for before, row in pairwise(rows):
            if row.number != before.number + 1:
                self._add(
                    f"{column}{row.line}",
                    f"序号应为{before.number + 1}，上一行是{before.number}：有任务漏行、重复或次序颠倒",
                    f"The number should be {before.number + 1}: a task is missing, twice or out of order.",
                    value=str(row.number),
                )
        if rows and rows[0].number != 1:
            self._add(
                f"{column}{rows[0].line}",
                "第一项任务的序号应为1",
                "The first task has number 1.",
                value=str(rows[0].number),
            )

    def _group(self, line: TableRow, said: str) -> str:
        spanned = self.columns[_GROUP] in line.spanned
        if said and self.group and not spanned and said != self.group and self.group.endswith(said):
            self._note(
                line, _GROUP, f"是上一格“{self.group}”断开的后半截，按同一任务处理",
                f"The end of the label above, cut by a page break; taken as “{self.group}”.", value=said,
            )  # fmt: skip
        elif said:
            self.group = said
        elif self.broken or not self.group:
            self._wrong(
                line, _GROUP, "换页后任务名称是空的，看不出属于上一项还是下一项，请填写",
                "Empty after a page break: the label may be the one above or the one below. Fill it in.",
            )  # fmt: skip
        else:
            self._note(line, _GROUP, f"空格，按上一行“{self.group}”理解", f"Empty; taken as “{self.group}”.")
        return self.group

    def _task(self, line: TableRow, said: str) -> str:
        plain = re.sub(r"\s+", " ", _TAG.sub(" ", said)).strip()
        if self.units.find(plain):
            self._wrong(
                line,
                _TASK,
                "这里是单位名称：整行的格子错开了一列",
                "This is a unit: the cells of the row are shifted.",
            )
        elif not plain:
            self._wrong(line, _TASK, "具体工作是空的", "The task is empty.")
        elif len(plain) > _TEXT_MAX:
            self._wrong(line, _TASK, f"文字太长，最多{_TEXT_MAX}字", f"At most {_TEXT_MAX} characters.")
        elif _TAG.search(said):
            self._note(line, _TASK, "带有网页标签，已去掉", "Holds tags of a web page; they were taken out.")
        return plain

    def _leads(self, line: TableRow, said: str) -> tuple[str, ...]:
        names = self._names(line, _LEAD, said)
        if not names:
            self._wrong(line, _LEAD, "没有牵头单位", "No unit leads.")
        return names

    def _names(self, line: TableRow, column: str, said: str) -> tuple[str, ...]:
        found: list[str] = []
        written = list(self.units.names_in(_TAG.sub(" ", said)))
        if _RESPONSIBLE in written:
            before = written[max(0, written.index(_RESPONSIBLE) - 1)]
            self._note(
                line, column, f"“{before} 负责”不清楚负责哪一部分，仍列为配合单位，请在备注写明",
                f"Which part “{before}” is responsible for is not said; it stays a cooperating unit.", value=said,
            )  # fmt: skip
            written = [name for name in written if name != _RESPONSIBLE]
        for name in written:
            unit = self.units.find(name)
            if unit is None:
                self._note(
                    line, column, f"单位“{name}”没有登记在 plans/units.yaml，按本级单位处理",
                    f"Unit “{name}” is not on file; taken as a unit of the office itself.", value=name,
                )  # fmt: skip
            found.append(unit.name if unit else name)
        return tuple(dict.fromkeys(found))

    def _due(self, line: TableRow, said: str) -> date | None:
        day = day_in(said)
        if said and day is None:
            self._wrong(
                line,
                _DUE,
                "日期写法不对（例：2020-12-31、2020年12月底）",
                "The day cannot be read (write 2020-12-31).",
            )
        return day

    def _wrong(self, line: TableRow, column: str, text: str, text_en: str) -> None:
        self._add(self._cell(line, column), text, text_en, value=line.texts[self.columns[column]])

    def _note(self, line: TableRow, column: str, text: str, text_en: str, *, value: str = "") -> None:
        self._add(self._cell(line, column), text, text_en, value=value, severity="warning")

    def _add(self, cell: str, text: str, text_en: str, *, value: str, severity: Severity = "error") -> None:
        self.faults.append(
            CellFault(cell=cell, severity=severity, text=text, text_en=text_en, value=value[:60])
        )

    def _cell(self, line: TableRow, column: str) -> str:
        return f"{get_column_letter(self.columns[column] + 1)}{line.number}"


def _bare(row: TableRow) -> list[str]:
    return [re.sub(r"\s", "", text) for text in row.texts]


def parts_of(task: str) -> tuple[str, ...]:
    """The parts numbered (1), (2), … from one upwards; none where they are not."""
    marks = list(_PART.finditer(task))
    if len(marks) < 2 or [int(mark[1]) for mark in marks] != list(range(1, len(marks) + 1)):
        return ()
    ends = [*(mark.start() for mark in marks[1:]), len(task)]
    return tuple(_between(task, mark, end) for mark, end in zip(marks, ends, strict=True))


def _between(task: str, mark: re.Match[str], end: int) -> str:
    return task[mark.end() : end].strip()


def _refused(text: str, text_en: str) -> PlanFile:
    return PlanFile(rows=(), faults=(CellFault(cell="", severity="error", text=text, text_en=text_en),))
