"""Cases: the page of one with its tabs, its diagram, its papers, what went wrong in it, and withdrawing it."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import attachments, files
from engine.cases.case_file import TABS, case_file
from engine.cases.claims import withdraw_claim
from engine.cases.file_views import CaseFile, FilledForm, Tab
from engine.cases.retry import retry_incident
from engine.cases.uploads import Upload
from engine.cases.views import Done
from engine.values import CaseId, Reason, Refusal
from web.errors import refused, status_of
from web.forms import Drawn, draw
from web.language import chosen
from web.session import actor, office, only_for, same_site

cases = Blueprint("cases", __name__)


@cases.get("/cases/<int:case_id>")
@only_for("staff", "person", "employer")
def show(case_id: int) -> ResponseReturnValue:
    """The case page with one tab open: the whole file for staff, plain words for the person it is about."""
    asked = request.args.get("tab", "path")
    tab: Tab = next((each for each in TABS if each == asked), "path")
    file = case_file(office(), actor(), CaseId(case_id), tab)
    return refused(file) if isinstance(file, Refusal) else _page(file)


@cases.get("/cases/<int:case_id>/diagram.bpmn")
@only_for("staff", "person", "employer")
def diagram(case_id: int) -> ResponseReturnValue:
    """The published diagram that the case follows, as drawn."""
    drawn = files.diagram_of(office(), actor(), CaseId(case_id))
    return refused(drawn) if isinstance(drawn, Refusal) else Response(drawn, mimetype="application/xml")


@cases.post("/cases/<int:case_id>/attachments")
@only_for("staff", "person", "employer")
def attach(case_id: int) -> ResponseReturnValue:
    """Take a paper in, then show the list."""
    file = request.files.get("file")
    upload = Upload(
        name=(file.filename or "") if file else "",
        content=file.read() if file else b"",
        title=request.form.get("title", ""),
        volunteered=request.form.get("volunteered") == "true",
        element_id=request.form.get("element", ""),
    )
    return _after(attachments.attach(office(), actor(), CaseId(case_id), upload), case_id=case_id)


@cases.get("/attachments/<int:attachment_id>")
@only_for("staff", "person", "employer")
def open_attachment(attachment_id: int) -> ResponseReturnValue:
    """The paper, to be saved: a browser never shows it as a page of ours."""
    paper = attachments.attachment_of(office(), actor(), attachment_id)
    if isinstance(paper, Refusal):
        return refused(paper)
    return handed_out(paper.content, media_type=paper.media_type, name=paper.name)


@cases.post("/attachments/<int:attachment_id>/remove")
@only_for("staff", "person", "employer")
def remove_attachment(attachment_id: int) -> ResponseReturnValue:
    """Take a paper out, with the reason given, then show the list."""
    outcome = attachments.remove_attachment(office(), actor(), attachment_id, why=request.form.get("why", ""))
    return _after(outcome)


@cases.post("/cases/<int:case_id>/withdraw")
@only_for("person", "staff")
def withdraw(case_id: int) -> ResponseReturnValue:
    """Take a claim back, with the reason given."""
    why = request.form.get("why", "").strip()
    if not why:
        flash(_("请写明撤回原因。"), "warning")
        return redirect(f"/cases/{case_id}", code=303)
    outcome = withdraw_claim(office(), actor(), CaseId(case_id), why=why)
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect(f"/cases/{case_id}", code=303)


@cases.post("/incidents/<int:incident_id>/retry")
@only_for("staff")
def retry(incident_id: int) -> ResponseReturnValue:
    """Try the failed step again, then go back to the page it was asked from."""
    outcome = retry_incident(office(), actor(), incident_id)
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect(same_site(request.form.get("next", ""), otherwise="/incidents"), code=303)


def handed_out(content: bytes, *, media_type: str, name: str) -> Response:
    """The content as a file to be saved, of which nothing stays in a cache: it is somebody's file."""
    response = send_file(BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _after(outcome: Done | Refusal, *, case_id: int | None = None) -> ResponseReturnValue:
    """The list of papers after the act; with a case, a refusal is shown above the form that it was sent from."""
    if isinstance(outcome, Refusal):
        file = case_file(office(), actor(), CaseId(case_id), "attachments") if case_id else outcome
        if isinstance(file, Refusal):
            return refused(outcome)
        return _page(file, reasons=outcome.reasons), status_of(outcome)
    flash(outcome.message, "success")
    return redirect(f"/cases/{outcome.case_id}?tab=attachments", code=303)


def _page(file: CaseFile, *, reasons: tuple[Reason, ...] = ()) -> str:
    settings = office().settings
    return render_template(
        "case.html" if actor().kind == "staff" else "case_simple.html",
        file=file,
        case=file.case,
        forms=[(form, _drawn(form)) for form in file.forms],
        accepted=",".join(f".{ending}" for ending in sorted(settings.attachment_types)),
        megabytes=settings.attachment_bytes_max // (1024 * 1024),
        sent={"element": request.values.get("element", ""), "title": request.form.get("title", "")},
        reasons=reasons,
    )


def _drawn(form: FilledForm) -> tuple[Drawn, ...]:
    """The form as filled in; what an earlier answer hid is left out."""
    fields = draw(form.form, values=form.values, errors={}, english=chosen() == "en")
    return tuple(field for field in fields if field.value or not field.hide_when)
