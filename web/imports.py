"""Taking over what an older system recorded: files, their reports of data quality, and loading by a second person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import history_import as cases
from engine.cases.history_import import Taken
from engine.cases.import_kinds import KINDS
from engine.cases.import_reading import BYTES_MAX
from engine.cases.uploads import Upload
from engine.values import Reason, Refusal
from web.errors import refused, status_of, trouble
from web.inbox_bulk import workbook
from web.session import actor, actor_or_none, office, only_for

import_pages = Blueprint("imports", __name__, url_prefix="/imports")

#: the other fields of the form, and what a browser writes around a file
AROUND_FILE = 64 * 1024


@import_pages.url_value_preprocessor
def _let_long_files_in(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """A file of a hundred thousand lines is longer than any paper."""
    if endpoint == "imports.take":
        request.max_content_length = BYTES_MAX + AROUND_FILE


@import_pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """Every file, and the form that takes another."""
    return _list()


@import_pages.post("")
@only_for("staff")
def take() -> ResponseReturnValue:
    """Keep the file and go to its page, where the check is followed; a refusal keeps the choice of kind."""
    file = request.files.get("file")
    upload = Upload(name=(file.filename or "") if file else "", content=file.read() if file else b"")
    kind = request.form.get("kind", "")
    outcome = cases.upload(office(), actor(), kind, upload)
    return _list(refusal=outcome, kind=kind) if isinstance(outcome, Refusal) else _after(outcome)


@import_pages.get("/template-<kind>.xlsx")
@only_for("staff")
def template(kind: str) -> ResponseReturnValue:
    """The workbook to fill in, with a worked line."""
    return workbook(cases.template(kind), f"template-{kind}.xlsx")


@import_pages.get("/<int:import_id>")
@only_for("staff")
def show(import_id: int) -> ResponseReturnValue:
    """One file: how far it is, what is wrong in it, and what may be done with it."""
    return _page(import_id)


@import_pages.get("/<int:import_id>/faults.xlsx")
@only_for("staff")
def fixes(import_id: int) -> ResponseReturnValue:
    """The faulty rows with what is wrong with each, to be put right."""
    return workbook(cases.fix_list(office(), actor(), import_id), f"import-{import_id}-faults.xlsx")


@import_pages.post("/<int:import_id>/<any(load, split, recheck):act>")
@only_for("staff")
def act(import_id: int, act: str) -> ResponseReturnValue:
    """Load it as the second person, make its clean rows a file of their own, or check it once more."""
    work = {"load": cases.load, "split": cases.split_clean, "recheck": cases.recheck}[act]
    outcome = work(office(), actor(), import_id)
    return _page(import_id, refusal=outcome) if isinstance(outcome, Refusal) else _after(outcome)


@import_pages.errorhandler(413)
def too_long(_: Exception) -> ResponseReturnValue:
    """A file longer than any that is taken: said on the form, with what to do."""
    who = actor_or_none()
    if who is None or who.kind != "staff":
        return trouble(413)
    size = BYTES_MAX // 1024 // 1024
    reason = Reason(
        code="too_large",
        text=f"文件超过 {size} MB，请分成几个文件",
        text_en=f"More than {size} MB: split the file.",
    )
    return _list(refusal=Refusal(reasons=(reason,)), status=413)


def _after(outcome: Taken) -> ResponseReturnValue:
    flash(outcome.message, "success")
    return redirect(f"/imports/{outcome.import_id}", code=303)


def _list(*, refusal: Refusal | None = None, kind: str = "", status: int = 0) -> ResponseReturnValue:
    files = cases.imports(office(), actor())
    if isinstance(files, Refusal):
        return refused(refusal or files)
    page = render_template(
        "imports.html",
        files=files,
        kinds=tuple(KINDS.values()),
        chosen=kind,
        megabytes=BYTES_MAX // 1024 // 1024,
        refusal=refusal,
    )
    return page, status or (status_of(refusal) if refusal else 200)


def _page(import_id: int, *, refusal: Refusal | None = None) -> ResponseReturnValue:
    file = cases.import_view(office(), actor(), import_id)
    if isinstance(file, Refusal):
        return refused(refusal or file)
    part = "HX-Request" in request.headers
    name = "import_progress.html" if part else "import.html"
    page = render_template(name, file=file, kind=KINDS[file.kind], refusal=refusal, enhanced=part)
    return page, status_of(refusal) if refusal else 200
