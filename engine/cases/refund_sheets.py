"""Lists of screenings and refund campaigns as workbooks: credit codes as text, amounts as numbers; each export is on record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import IO, TypeVar

from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.screening import screened_employers
from engine.cases.screening_views import EmployerScreened, ScreenedFilter
from engine.cases.sheet_files import SheetColumn, write_sheet
from engine.cases.sheets import EXPORT_ROWS_MAX
from engine.cases.steps import attempt
from engine.cases.views import Page
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, Refusal

Row = TypeVar("Row")
#: a page of the list, beginning after the mark
Fetch = Callable[[str], Page[Row] | Refusal]
#: rows of one page of an export
AT_ONCE = 1000

_SCREENED = (
    ("统一社会信用代码", 22), ("单位名称", 34), ("地区", 14), ("行业", 24), ("类型", 20), ("规模", 12), ("筛查结论", 12),
    ("裁员率", 10), ("上年实缴（元）", 16), ("预计返还（元）", 16), ("不符合的条件和依据", 80),
)  # fmt: skip


def export_screened(office: Office, actor: Actor, run_id: int, asked: ScreenedFilter) -> IO[bytes] | Refusal:
    """The employers of a screening as a workbook, with every condition that failed; refused where they are too many."""

    def fetch(cursor: str) -> Page[EmployerScreened] | Refusal:
        return screened_employers(office, actor, run_id, asked, cursor=cursor, size=AT_ONCE)

    rows = all_rows(fetch)
    if isinstance(rows, Refusal):
        return rows
    subject = f"screening:{run_id}"
    return noted_sheet(
        office,
        actor,
        subject,
        asked,
        title="稳岗返还筛查",
        columns=_SCREENED,
        rows=[_line(row) for row in rows],
    )


def all_rows(fetch: Fetch[Row]) -> list[Row] | Refusal:
    """Every row of a list, page after page; refused where there are more than a workbook should hold."""
    rows: list[Row] = []
    cursor = ""
    while True:
        page = fetch(cursor)
        if isinstance(page, Refusal):
            return page
        if page.total > EXPORT_ROWS_MAX:
            return Refusal(
                reasons=(
                    Reason(
                        code="too_many_rows",
                        text=f"超过{EXPORT_ROWS_MAX}户，请先用条件缩小范围再导出",
                        text_en=f"More than {EXPORT_ROWS_MAX} rows; narrow the list first.",
                    ),
                )
            )
        rows += page.rows
        if not page.next_cursor:
            return rows
        cursor = page.next_cursor


def noted_sheet(
    office: Office,
    actor: Actor,
    subject: str,
    asked: object,
    *,
    title: str,
    columns: Iterable[tuple[str, int]],
    rows: Sequence[Sequence[object]],
) -> IO[bytes] | Refusal:
    """The workbook; that it was taken out is on record with the filter and the number of rows."""
    query = {key: value for key, value in asdict(asked).items() if value}  # type: ignore[call-overload]

    def note(session: Session) -> None:
        append(
            session,
            stream="office",
            action=Action.LIST_EXPORTED,
            actor=actor,
            subject=subject,
            after={"list": title, "filter": query, "rows": len(rows)},
            now=office.clock(),
        )

    noted = attempt(office, actor, note, subject=subject)
    if isinstance(noted, Refusal):
        return noted
    headings = [SheetColumn(heading=heading, key=heading, width=width) for heading, width in columns]
    return write_sheet(title, headings, rows)


def _line(row: EmployerScreened) -> tuple[object, ...]:
    failed = [reason for reason in row.reasons if reason.code.endswith("_failed")]
    why = "；".join(f"{reason.text}（{reason.fact}）" if reason.fact else reason.text for reason in failed)
    return (
        row.credit_code, row.name, row.region_name, row.industry_name, row.kind_name, row.size_name, row.outcome_name,
        row.layoff_rate, float(row.paid), float(row.amount), why,
    )  # fmt: skip
