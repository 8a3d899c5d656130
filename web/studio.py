"""The studio: the library, changes on their way to it, and versions of processes. Editors are in ``studio_editor``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import rehearsal_runs as runs
from engine.cases import studio as cases
from engine.cases import studio_desk as desk
from engine.cases.library_checks import CheckReport
from engine.cases.moves import move_jobs
from engine.cases.studio_reading import diagram_of_version
from engine.cases.studio_views import ChangeView
from engine.cases.views import Done
from engine.values import Refusal
from web.errors import refused, status_of, trouble
from web.session import actor, office, only_for

studio = Blueprint("studio", __name__, url_prefix="/studio")

#: where a file of that ending lies in the library
_FOLDERS = {".form": "forms/", ".dmn": "decisions/", ".md": "letters/"}


@studio.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The processes, their files, and the changes on their way."""
    return _library()


@studio.post("/changes")
@only_for("staff")
def open_change() -> ResponseReturnValue:
    """Open a change; with a file named, go straight to its editor."""
    title, note = request.form.get("title", ""), request.form.get("note", "")
    opened = cases.open_change(office(), actor(), title, note=note)
    if isinstance(opened, Refusal):
        return _library(refusal=opened, asked={"title": title, "note": note})
    name = request.form.get("name", "")
    return redirect(f"/studio/changes/{opened.change_id}" + (f"/files/{name}" if name else ""), code=303)


@studio.get("/changes/<int:change_id>")
@only_for("staff")
def change(change_id: int) -> ResponseReturnValue:
    """One change: its files, what is to be said of them, and what may be done with it."""
    return _change(change_id)


@studio.get("/changes/<int:change_id>/files")
@only_for("staff")
def pick(change_id: int) -> ResponseReturnValue:
    """Go to the editor of the file that was picked from the library."""
    name = request.args.get("name", "")
    return redirect(f"/studio/changes/{change_id}" + (f"/files/{name}" if name else ""), code=303)


@studio.post("/changes/<int:change_id>/files")
@only_for("staff")
def add(change_id: int) -> ResponseReturnValue:
    """Take an uploaded file into the change under its own name or the one given, or begin a new one."""
    upload, name = request.files.get("file"), request.form.get("name", "").strip()
    name = name or library_name(upload.filename or "" if upload else "")
    content = upload.read() if upload and upload.filename else b""
    if not content:
        content = desk.first_content(name, request.form.get("title", "").strip()) or b""
    outcome = cases.save_file(office(), actor(), change_id, name, content)
    if isinstance(outcome, Refusal):
        return _change(change_id, refusal=outcome)
    flash(_("%(name)s 已存入变更单", name=name), "success")
    return redirect(f"/studio/changes/{change_id}", code=303)


@studio.post("/changes/<int:change_id>/drop")
@only_for("staff")
def drop(change_id: int) -> ResponseReturnValue:
    """Take a file out of the change."""
    return _after(change_id, cases.drop_file(office(), actor(), change_id, request.form.get("name", "")))


@studio.post("/changes/<int:change_id>/delete")
@only_for("staff")
def delete(change_id: int) -> ResponseReturnValue:
    """Let the change take a published file out of the library."""
    outcome = cases.delete_file(office(), actor(), change_id, request.form.get("name", ""))
    if isinstance(outcome, Refusal):
        return _change(change_id, refusal=outcome)
    flash(_("发布后将删除，见检查结果"), "success")
    return redirect(f"/studio/changes/{change_id}", code=303)


@studio.post("/changes/<int:change_id>/rebase")
@only_for("staff")
def rebase(change_id: int) -> ResponseReturnValue:
    """Let the draft count from what is published now."""
    return _after(change_id, cases.rebase_file(office(), actor(), change_id, request.form.get("name", "")))


@studio.post("/changes/<int:change_id>/<any(submit, publish, reopen):act>")
@only_for("staff")
def act(change_id: int, act: str) -> ResponseReturnValue:
    """Hand the change in, publish it as the second person, or work on it again."""
    acts: dict[str, tuple[Callable[..., ChangeView | Refusal], str]] = {
        "submit": (cases.submit_change, _("已提交，由第二人发布")),
        "publish": (cases.publish_change, _("已发布")),
        "reopen": (cases.reopen_change, _("已重新打开，可以继续修改")),
    }
    use_case, words = acts[act]
    outcome = use_case(office(), actor(), change_id)
    if isinstance(outcome, ChangeView) and outcome.status == "submitting":
        words = _("案例正在演练，全部通过后自动提交")
    return _after(change_id, outcome, words=words)


@studio.post("/changes/<int:change_id>/<any(reject, withdraw):act>")
@only_for("staff")
def give_back(change_id: int, act: str) -> ResponseReturnValue:
    """Send the change back, or give it up, with the reason."""
    use_case = cases.reject_change if act == "reject" else cases.withdraw_change
    return _after(change_id, use_case(office(), actor(), change_id, why=request.form.get("why", "")))


@studio.get("/changes/<int:change_id>/download/<path:name>")
@only_for("staff")
def download_draft(change_id: int, name: str) -> ResponseReturnValue:
    """The file as the change has it, byte for byte."""
    return _download(name, change_id=change_id)


@studio.get("/files/<path:name>")
@only_for("staff")
def download(name: str) -> ResponseReturnValue:
    """The published file, byte for byte; ``?number=`` for an older one."""
    return _download(name, number=request.args.get("number", type=int))


@studio.get("/processes/<process_id>")
@only_for("staff")
def versions(process_id: str) -> ResponseReturnValue:
    """The versions of a process, and the way back to one of them."""
    return _versions(process_id)


@studio.get("/processes/<process_id>/compare")
@only_for("staff")
def compare(process_id: str) -> ResponseReturnValue:
    """What differs by meaning between two versions, the older one first."""
    old, new = sorted((request.args.get("old", 0, type=int), request.args.get("new", 0, type=int)))
    rows = cases.versions_of(office(), actor(), process_id)
    if isinstance(rows, Refusal):
        return refused(rows)
    found = cases.compare_versions(office(), actor(), process_id, old, new)
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("studio_compare.html", found=found, process=rows[0], old=old, new=new)


@studio.get("/processes/<process_id>/<int:number>.bpmn")
@only_for("staff")
def drawn(process_id: str, number: int) -> ResponseReturnValue:
    """The diagram of a version, for the picture."""
    found = diagram_of_version(office(), actor(), process_id, number)
    return refused(found) if isinstance(found, Refusal) else Response(found, mimetype="application/xml")


@studio.post("/processes/<process_id>/roll-back")
@only_for("staff")
def roll_back(process_id: str) -> ResponseReturnValue:
    """Put a change forward that brings an older version back."""
    number = request.form.get("number", 0, type=int)
    outcome = cases.roll_back(office(), actor(), process_id, number, why=request.form.get("why", ""))
    if isinstance(outcome, Refusal):
        return _versions(process_id, refusal=outcome)
    flash(_("回退已提交，由第二人发布"), "success")
    return redirect(f"/studio/changes/{outcome.change_id}", code=303)


def library_name(file_name: str) -> str:
    """The name in the library for a file from somebody's disk: ``forms/x.form`` for ``x.form``."""
    bare = PurePosixPath(file_name.replace("\\", "/")).name
    return _FOLDERS.get(PurePosixPath(bare).suffix, "") + bare


def _library(*, refusal: Refusal | None = None, asked: dict[str, str] | None = None) -> ResponseReturnValue:
    found = cases.library(office(), actor())
    if isinstance(found, Refusal):
        return refused(refusal or found)
    drawn = desk.processes(office(), actor())
    if isinstance(drawn, Refusal):
        return refused(refusal or drawn)
    page = render_template(
        "studio.html", library=found, processes=drawn, refusal=refusal, asked=asked or {}, may=_may_change()
    )
    return page, status_of(refusal) if refusal else 200


def _change(change_id: int, *, refusal: Refusal | None = None) -> ResponseReturnValue:
    found = cases.view_change(office(), actor(), change_id)
    if isinstance(found, Refusal):
        return refused(refusal or found)
    shelf = cases.library(office(), actor())
    if isinstance(shelf, Refusal):
        return refused(refusal or shelf)
    run = runs.run_view(office(), actor(), change_id)
    page = render_template(
        "studio_change.html",
        change=found,
        library=shelf,
        report=_report(found),
        run=None if isinstance(run, Refusal) else run,
        refusal=refusal,
    )
    return page, status_of(refusal) if refusal else 200


def _report(change: ChangeView) -> CheckReport | None:
    """What is to be said of the change now; of one that came to its end, what was said then."""
    if change.status in ("published", "withdrawn"):
        return change.report
    report = cases.check_change(office(), actor(), change.change_id)
    return None if isinstance(report, Refusal) else report


def _versions(process_id: str, *, refusal: Refusal | None = None) -> ResponseReturnValue:
    rows = cases.versions_of(office(), actor(), process_id)
    if isinstance(rows, Refusal):
        return refused(refusal or rows)
    if not rows:
        return trouble(404)
    jobs = move_jobs(office(), actor(), process_id=process_id) if _may_change() else ()
    page = render_template(
        "studio_versions.html",
        versions=rows,
        refusal=refusal,
        may=_may_change(),
        jobs=() if isinstance(jobs, Refusal) else jobs,
    )
    return page, status_of(refusal) if refusal else 200


def _download(name: str, *, change_id: int | None = None, number: int | None = None) -> ResponseReturnValue:
    found = cases.file_of(office(), actor(), name, change_id=change_id, number=number)
    if isinstance(found, Refusal):
        return refused(found)
    response = Response(found.content, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=PurePosixPath(found.name).name)
    return response


def _after(change_id: int, outcome: ChangeView | Done | Refusal, *, words: str = "") -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return _change(change_id, refusal=outcome)
    flash(outcome.message if isinstance(outcome, Done) else words, "success")
    return redirect(f"/studio/changes/{change_id}", code=303)


def _may_change() -> bool:
    return "analyst" in actor().duties
