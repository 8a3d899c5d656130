"""A trial of figures as a workbook: each employer for whom something would change, before and after; the export is on record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import IO

from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.sheet_files import SheetColumn, write_sheet
from engine.cases.sheets import EXPORT_ROWS_MAX
from engine.cases.steps import attempt
from engine.cases.trial_views import TrialFilter, TrialRow
from engine.cases.trials import trial_changes
from engine.law.screening_reasons import FAILURES
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, Refusal

_AT_ONCE = 1_000
_COLUMNS = tuple(
    SheetColumn(heading=heading, key=heading, width=width)
    for heading, width in (
        ("统一社会信用代码", 22), ("单位名称", 34), ("地区", 14), ("行业", 24), ("类型", 20), ("规模", 12), ("现行结论", 16),
        ("试算结论", 16), ("现行返还（元）", 16), ("试算返还（元）", 16), ("差额（元）", 16), ("不再符合", 24), ("不再受限", 24), ("依据", 70),
    )
)  # fmt: skip


def export_trial(office: Office, actor: Actor, trial_id: int, asked: TrialFilter) -> IO[bytes] | Refusal:
    """The list as a workbook, largest difference first; refused where it is longer than a workbook should be."""
    first = trial_changes(office, actor, trial_id, asked, size=1)
    if isinstance(first, Refusal):
        return first
    if first.total > EXPORT_ROWS_MAX:
        return Refusal(
            reasons=(
                Reason(
                    code="too_many_rows",
                    text=f"超过{EXPORT_ROWS_MAX}户，请先用条件缩小范围再导出",
                    text_en=f"More than {EXPORT_ROWS_MAX} rows; narrow the list first.",
                ),
            )
        )

    def note(session: Session) -> None:
        append(
            session,
            stream="office",
            action=Action.LIST_EXPORTED,
            actor=actor,
            subject=f"screen_trial:{trial_id}",
            after={
                "list": "政策试算",
                "filter": {key: value for key, value in asdict(asked).items() if value},
                "rows": first.total,
            },
            now=office.clock(),
        )

    noted = attempt(office, actor, note, subject=f"screen_trial:{trial_id}")
    if isinstance(noted, Refusal):
        return noted
    return write_sheet("政策试算", _COLUMNS, map(_line, _rows(office, actor, trial_id, asked)))


def _rows(office: Office, actor: Actor, trial_id: int, asked: TrialFilter) -> Iterator[TrialRow]:
    cursor = ""
    while True:
        page = trial_changes(office, actor, trial_id, asked, cursor=cursor, size=_AT_ONCE)
        if isinstance(page, Refusal):  # the first page was given a moment ago
            return
        yield from page.rows
        if not page.next_cursor:
            return
        cursor = page.next_cursor


def _line(row: TrialRow) -> Sequence[object]:
    told = "；".join(
        f"{reason.text}（{reason.fact}）" if reason.fact else reason.text for reason in row.reasons
    )
    return (
        row.credit_code, row.name, row.region_name, row.industry_name, row.kind_name, row.size_name, row.before_outcome,
        row.after_outcome, float(row.before), float(row.after), row.delta_fen / 100,
        "、".join(FAILURES[name][0] for name in row.fails_now), "、".join(FAILURES[name][0] for name in row.fails_no_more), told,
    )  # fmt: skip
