"""The wall and its items as workbooks; each that is taken out is on record with what was asked and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

from engine.cases.office import Office
from engine.cases.sheet_files import SheetColumn, write_sheet
from engine.cases.sheets import EXPORT_ROWS_MAX
from engine.cases.steps import attempt
from engine.cases.wall import wall
from engine.cases.wall_items import items
from engine.cases.wall_views import SIGNS, WORDS, ItemFilter, Tally, Wall, WallCell
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, Refusal

_ITEM_HEADINGS = (
    ("序号", 8), ("项目", 40), ("地区", 20), ("牵头单位", 24), ("情况", 14), ("状态", 14), ("到期", 12), ("时限", 12),
    ("逾期工作日", 11), ("退回未重报", 11), ("进度（%）", 10), ("办件编号", 20),
)  # fmt: skip


def export_wall(office: Office, actor: Actor, checklist_id: int, *, region: str = "") -> IO[bytes] | Refusal:
    """The matrix as on the page: a topic a row, a region a column, each cell in signs, words and figures."""
    found = wall(office, actor, checklist_id, region=region)
    if isinstance(found, Refusal):
        return found
    columns = [
        SheetColumn(heading="项目", key="topic", width=44),
        SheetColumn(heading="合计", key="sum", width=22),
    ]
    columns += [SheetColumn(heading=each.name, key=each.code, width=18) for each in found.columns]
    rows = _matrix(found)
    noted = _noted(office, actor, checklist_id, {"list": "wall", "region": found.region, "rows": len(rows)})
    return noted if isinstance(noted, Refusal) else write_sheet(found.head.number, columns, rows)


def export_items(office: Office, actor: Actor, checklist_id: int, asked: ItemFilter) -> IO[bytes] | Refusal:
    """The items of the list, all of them; refused where there are more than a sheet is good for."""
    found = items(office, actor, checklist_id, asked, size=EXPORT_ROWS_MAX)
    if isinstance(found, Refusal):
        return found
    if found[1].next_cursor:
        return Refusal(
            reasons=(
                Reason(
                    code="too_many_rows",
                    text=f"超过{EXPORT_ROWS_MAX}项，请先用条件缩小范围再导出",
                    text_en=f"More than {EXPORT_ROWS_MAX} rows; narrow the list first.",
                ),
            )
        )
    rows = [
        (
            row.position, row.topic, row.region_name, row.lead_unit, WORDS[row.standing], row.status_name,
            row.due.isoformat() if row.due else "", row.due_name, row.days_late or None, "是" if row.returned else "",
            row.progress, row.case_key,
        )
        for row in found[1].rows
    ]  # fmt: skip
    noted = _noted(office, actor, checklist_id, {"list": "items", "filter": asked.query(), "rows": len(rows)})
    if isinstance(noted, Refusal):
        return noted
    columns = [SheetColumn(heading=name, key=name, width=width) for name, width in _ITEM_HEADINGS]
    return write_sheet(found[0].number, columns, rows)


def _matrix(found: Wall) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = [
        (f"{row.topic.position}. {row.topic.title}", _said(row.tally), *(_cell(cell) for cell in row.cells))
        for row in found.rows
    ]
    rows.append(("合计", _said(found.tally), *(_said(column.tally) for column in found.columns)))
    return rows


def _cell(cell: WallCell | None) -> str:
    if cell is None:
        return ""
    return f"缺{cell.missing}项" if cell.missing else _said(cell.tally)


def _said(tally: Tally) -> str:
    """``▲逾期3 ●销号5``: every standing that there is, worst first; of a single item without the figure."""
    one = tally.total == 1
    return " ".join(
        f"{SIGNS[word]}{name}{'' if one else tally.standings[word]}"
        for word, name in WORDS.items()
        if tally.standings.get(word)
    )


def _noted(office: Office, actor: Actor, checklist_id: int, after: dict[str, Any]) -> Refusal | None:
    def note(session: Any) -> None:
        append(
            session,
            stream="office",
            action=Action.LIST_EXPORTED,
            actor=actor,
            subject=f"checklist:{checklist_id}",
            after=after,
            now=office.clock(),
        )

    return attempt(office, actor, note, subject=f"checklist:{checklist_id}")
