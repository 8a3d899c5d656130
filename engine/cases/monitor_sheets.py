"""The tables of monitoring as workbooks; each that is taken out is on record with what was asked and its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any

from engine.cases.monitor_lists import breaches
from engine.cases.monitoring import Monitor, MonitorFilter, VolumeRow, monitor
from engine.cases.office import Office
from engine.cases.sheet_files import SheetColumn, write_sheet
from engine.cases.sheets import EXPORT_ROWS_MAX
from engine.cases.steps import attempt
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, Refusal

_VOLUME = (
    "新发起", "办结", "终止", "办理时长中位数（工作日）", "九成办结时长（工作日）", "在办", "其中超期",
)  # fmt: skip
_HEADINGS: Mapping[str, Sequence[str]] = {
    "processes": ("事项", *_VOLUME),
    "regions": ("地区", *_VOLUME),
    "weeks": ("周一", *_VOLUME[:5], "周末在办"),
    "steps": (
        "环节", "岗位", "已办", "在办", "其中超期", "等待中位数（工作日）", "九成等待时长（工作日）", "在办最久（工作日）",
    ),
    "people": ("经办人", "地区", "已办", "在办", "其中超期"),
    "breaches": (
        "办件编号", "事项", "环节", "岗位", "地区", "当时经办人", "到期", "办结", "超期工作日", "已上报",
    ),
}  # fmt: skip
_TITLES = {
    "processes": "按事项", "regions": "按地区", "weeks": "按周", "steps": "按环节", "people": "按人员", "breaches": "超期",
}  # fmt: skip


def export(
    office: Office, actor: Actor, wanted: MonitorFilter, table: str, *, duty: str = ""
) -> IO[bytes] | Refusal:
    """The table as a workbook, with the rows that the page shows; breaches with all of theirs."""
    if table not in _HEADINGS:
        return Refusal(reasons=(Reason(code="no_such_table", text="没有这张表", text_en="No such table."),))
    rows = (
        _breach_rows(office, actor, wanted, duty)
        if table == "breaches"
        else _monitor_rows(office, actor, wanted, table)
    )
    if isinstance(rows, Refusal):
        return rows

    def note(session: Any) -> None:
        append(
            session,
            stream="office",
            action=Action.LIST_EXPORTED,
            actor=actor,
            subject=f"monitoring:{table}",
            after={"list": table, "filter": {**wanted.query(), "duty": duty}, "rows": len(rows)},
            now=office.clock(),
        )

    noted = attempt(office, actor, note, subject=f"monitoring:{table}")
    if isinstance(noted, Refusal):
        return noted
    columns = [SheetColumn(heading=heading, key=heading, width=18) for heading in _HEADINGS[table]]
    return write_sheet(_TITLES[table], columns, rows)


def _monitor_rows(
    office: Office, actor: Actor, wanted: MonitorFilter, table: str
) -> list[Sequence[object]] | Refusal:
    found = monitor(office, actor, wanted)
    if isinstance(found, Refusal):
        return found
    rows: Mapping[str, Callable[[Monitor], Iterable[Sequence[object]]]] = {
        "processes": lambda one: (_volume(row) for row in one.processes),
        "regions": lambda one: (_volume(row) for row in one.regions),
        "weeks": lambda one: (_volume(row)[:-1] for row in one.weeks),
        "steps": _step_rows,
        "people": lambda one: (
            (row.name, row.region_name, row.done, row.open, row.overdue) for row in one.people
        ),
    }
    return list(rows[table](found))


def _volume(row: VolumeRow) -> tuple[object, ...]:
    volume = row.volume
    return (
        row.name,
        volume.started,
        volume.completed,
        volume.cancelled,
        _days(volume.median),
        _days(volume.ninth),
        row.open,
        row.overdue,
    )


def _step_rows(found: Monitor) -> Iterable[Sequence[object]]:
    for row in found.steps:
        each = row.waiting
        times = (_days(each.median), _days(each.ninth), _days(each.oldest))
        yield (row.name, row.duty_name, each.done, each.open, each.late, *times)


def _breach_rows(
    office: Office, actor: Actor, wanted: MonitorFilter, duty: str
) -> list[Sequence[object]] | Refusal:
    found = breaches(office, actor, wanted, duty=duty, size=EXPORT_ROWS_MAX)
    if isinstance(found, Refusal):
        return found
    if found[1].next_cursor:
        return Refusal(
            reasons=(
                Reason(
                    code="too_many_rows",
                    text=f"超过{EXPORT_ROWS_MAX}件，请先用条件缩小范围再导出",
                    text_en=f"More than {EXPORT_ROWS_MAX} rows; narrow the list first.",
                ),
            )
        )
    return [
        (
            row.case_key,
            row.process_name,
            row.step,
            row.duty_name,
            row.region_name,
            row.holder,
            row.due_at,
            row.completed_at,
            row.late,
            row.escalated_to,
        )
        for row in found[1].rows
    ]


def _days(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
