"""Many tasks of the inbox at once: chosen in the list, or in a sheet of Excel; and a list taken out to Excel.

What came of each row is shown in the answer itself: sent once more, every row would only say that it is done.
"""

from __future__ import annotations

from typing import IO, cast, get_args

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import bulk, handing, sheet_files, sheets
from engine.cases.inbox_filters import read_filter
from engine.cases.media import XLSX
from engine.cases.views import BulkRow, TaskList
from engine.values import Refusal
from web.errors import refused
from web.forms import draw, flat, posted
from web.inbox import list_of
from web.language import chosen
from web.session import actor, office, only_for

inbox_bulk = Blueprint("inbox_bulk", __name__, url_prefix="/inbox")

#: names of our own in these forms; a form's keys hold no hyphen
_TASK, _DO = "in-task", "in-do"


@inbox_bulk.post("/bulk")
@only_for("staff")
def act() -> ResponseReturnValue:
    """Do to the chosen tasks what the button says; two of the buttons ask for more first."""
    chosen_ids = request.form.getlist(_TASK)
    match request.form.get(_DO, ""):
        case "claim":
            return _done(bulk.claim_all(office(), actor(), chosen_ids))
        case "release":
            return _done(bulk.release_all(office(), actor(), chosen_ids))
        case "hand":
            return _ask_whom(chosen_ids)
        case "hand-over":
            return _hand_over(chosen_ids)
        case "complete":
            return _ask_fields(chosen_ids)
        case _:
            return _complete(chosen_ids)


@inbox_bulk.get("/export.xlsx")
@only_for("staff")
def export() -> ResponseReturnValue:
    """The list with its filters as a workbook."""
    which = list_of(request.args.get("list", ""))
    if which not in get_args(TaskList):
        which = "todo"
    file = sheets.export(office(), actor(), cast(TaskList, which), read_filter(request.args))
    return workbook(file, f"inbox-{which}-{office().today.isoformat()}.xlsx")


@inbox_bulk.get("/sheet")
@only_for("staff")
def sheet() -> ResponseReturnValue:
    """Where templates are fetched and filled sheets handed in."""
    return render_template("inbox_sheet.html", steps=sheets.steps_for_sheets(office(), actor()), refusal=None)


@inbox_bulk.get("/sheet/template.xlsx")
@only_for("staff")
def template() -> ResponseReturnValue:
    """The open tasks of one step with its form's fields, to fill in."""
    step = request.args.get("step", "")
    return workbook(sheets.template(office(), actor(), step), "tasks.xlsx")


@inbox_bulk.post("/sheet")
@only_for("staff")
def take() -> ResponseReturnValue:
    """A filled sheet: each row done or refused by itself."""
    upload = request.files.get("sheet")
    outcome = sheets.take_sheet(office(), actor(), upload.read() if upload else b"")
    if isinstance(outcome, Refusal):
        steps = sheets.steps_for_sheets(office(), actor())
        return render_template("inbox_sheet.html", steps=steps, refusal=outcome), 422
    return _rows(outcome.rows, failed=outcome.failed)


@inbox_bulk.post("/sheet/failed.xlsx")
@only_for("staff")
def failed() -> ResponseReturnValue:
    """The rows that failed, as entered, with why."""
    return workbook(sheets.failed_rows(office(), actor(), request.form.get("failed", "")), "failed.xlsx")


def _ask_whom(task_ids: list[str], *, refusal: Refusal | None = None) -> ResponseReturnValue:
    if not task_ids:
        return _done(bulk.release_all(office(), actor(), task_ids))
    found = handing.candidates(office(), actor(), task_ids[0])
    if isinstance(found, Refusal):
        return refused(found)
    page = render_template(
        "inbox_hand.html", candidates=found, task_ids=task_ids, refusal=refusal, typed=request.form
    )
    return page, 422 if refusal else 200


def _hand_over(task_ids: list[str]) -> ResponseReturnValue:
    outcome = bulk.hand_all(
        office(),
        actor(),
        task_ids,
        to=request.form.get("to", "").strip(),
        why=request.form.get("why", "").strip(),
    )
    return _ask_whom(task_ids, refusal=outcome) if isinstance(outcome, Refusal) else _done(outcome)


def _ask_fields(task_ids: list[str]) -> ResponseReturnValue:
    asked = bulk.bulk_form(office(), actor(), task_ids)
    if isinstance(asked, Refusal):
        return refused(asked)
    fields = draw(asked.form, values={}, errors={}, english=chosen() == "en")
    return render_template("inbox_complete.html", asked=asked, fields=fields, every_field=list(flat(fields)))


def _complete(task_ids: list[str]) -> ResponseReturnValue:
    typed = {key: value for key, value in posted(request.form).items() if key not in {_TASK, _DO}}
    asked = bulk.bulk_form(office(), actor(), task_ids)
    if isinstance(asked, Refusal):
        return refused(asked)
    wrong = bulk.errors_of(asked, typed)
    if wrong:
        fields = draw(asked.form, values=typed, errors=wrong.errors, english=chosen() == "en")
        page = render_template(
            "inbox_complete.html", asked=asked, fields=fields, every_field=list(flat(fields))
        )
        return page, 422
    return _done(bulk.complete_all(office(), actor(), task_ids, typed))


def _done(outcome: tuple[BulkRow, ...] | Refusal) -> ResponseReturnValue:
    return refused(outcome) if isinstance(outcome, Refusal) else _rows(outcome)


def _rows(rows: tuple[BulkRow, ...], *, failed: str = "") -> str:
    return render_template(
        "inbox_done.html",
        rows=rows,
        done=sum(row.done for row in rows),
        failed=failed,
        sheet=request.path.endswith("sheet"),
    )


def workbook(file: IO[bytes] | Refusal, name: str) -> ResponseReturnValue:
    """The workbook to be saved under that name, or the page of the refusal."""
    if isinstance(file, Refusal):
        return refused(file)
    answer = Response(sheet_files.chunks(file), mimetype=XLSX.media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
