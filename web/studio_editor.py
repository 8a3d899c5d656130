"""The editors of the studio: one page for each file of a change, and what its script asks while somebody draws.

Without JavaScript the page is the text of the file with a button that saves it.
"""

from __future__ import annotations

from flask import Blueprint, Response, flash, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import studio as cases
from engine.cases import studio_desk as desk
from engine.cases.library_checks import CheckReport
from engine.cases.studio_views import ChangeView, FileView
from engine.values import Refusal
from engine.workflow.forms import FormError, read_form
from web.errors import problem, refused, status_of
from web.forms import draw
from web.headers import CONTENT_POLICY
from web.language import chosen
from web.session import actor, office, only_for
from web.studio_templates import templates

editor = Blueprint("studio_editor", __name__, url_prefix="/studio/changes/<int:change_id>")

#: The editors of bpmn.io write style attributes and style elements; scripts stay as strict as everywhere else.
_EDITOR_POLICY = CONTENT_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


@editor.get("/files/<path:name>")
@only_for("staff")
def show(change_id: int, name: str) -> ResponseReturnValue:
    """The editor of the file as the change has it, else as it is published."""
    return _page(change_id, name)


@editor.post("/files/<path:name>")
@only_for("staff")
def save(change_id: int, name: str) -> ResponseReturnValue:
    """Keep the draft; the script gets its problems as JSON, a page without script goes on to itself."""
    content, seen = _sent(change_id, name), request.form.get("seen") or None
    outcome = cases.save_file(office(), actor(), change_id, name, content, seen=seen)
    if _wants_json():
        return _said(outcome, change_id, name)
    if isinstance(outcome, Refusal):
        return _page(change_id, name, typed=content, refusal=outcome)
    flash(_("%(name)s 已存入变更单", name=name), "success")
    return redirect(request.path, code=303)


@editor.post("/check/<path:name>")
@only_for("staff")
def check(change_id: int, name: str) -> ResponseReturnValue:
    """What would be said of the file if it were saved now, as JSON."""
    content = _sent(change_id, name)
    return _said(desk.check_draft(office(), actor(), change_id, name, content), change_id, name)


@editor.get("/templates.json")
@only_for("staff")
def element_templates(change_id: int) -> ResponseReturnValue:
    """The element templates of the modeler."""
    names = desk.names_for(office(), actor(), change_id)
    if isinstance(names, Refusal):
        return _no(names)
    return jsonify(templates(names, office().duties, desk.time_limits(office())))


@editor.post("/preview/<path:name>")
@only_for("staff")
def preview(change_id: int, name: str) -> ResponseReturnValue:
    """The form as the inbox will show it, as a part of a page; what is wrong with it where it cannot be shown."""
    if isinstance(found := cases.view_change(office(), actor(), change_id), Refusal):
        return refused(found)
    try:
        form = read_form(_sent(change_id, name))
    except FormError as wrong:
        return render_template("studio_preview.html", fields=(), wrong=str(wrong)), 422
    english = request.form.get("language", chosen()) == "en"
    fields = draw(form, values={}, errors={}, english=english)
    return render_template("studio_preview.html", fields=fields, wrong="")


def _page(
    change_id: int, name: str, *, typed: bytes | None = None, refusal: Refusal | None = None
) -> ResponseReturnValue:
    change = cases.view_change(office(), actor(), change_id)
    if isinstance(change, Refusal):
        return refused(refusal or change)
    file = cases.file_of(office(), actor(), name, change_id=change_id)
    if isinstance(file, Refusal):
        return refused(refusal or file)
    return _editor_page(change, file, typed=typed, refusal=refusal)


def _editor_page(
    change: ChangeView, file: FileView, *, typed: bytes | None, refusal: Refusal | None
) -> Response:
    report = desk.check_draft(office(), actor(), change.change_id, file.name, file.content)
    text = (file.content if typed is None else typed).decode("utf-8", "replace")
    page = render_template(
        "studio_editor.html",
        change=change,
        file=file,
        text=text,
        report=None if isinstance(report, Refusal) else report,
        refusal=refusal,
        # what was typed over stays what was seen, until somebody opens the page anew
        seen=request.form.get("seen") or file.digest,
        closed="save" not in change.can,
    )
    response = make_response(page, status_of(refusal) if refusal else 200)
    response.headers["Content-Security-Policy"] = _EDITOR_POLICY
    return response


def _sent(change_id: int, name: str) -> bytes:
    """The file as sent: byte for byte as an upload; as text with the line ends that the file had before."""
    upload = request.files.get("file")
    if upload is not None:
        return bytes(upload.read())
    text = request.form.get("content", "")
    before = cases.file_of(office(), actor(), name, change_id=change_id)
    if isinstance(before, FileView) and b"\r\n" in before.content:
        return text.encode()
    return text.replace("\r\n", "\n").encode()


def _said(outcome: CheckReport | Refusal, change_id: int, name: str) -> Response:
    if isinstance(outcome, Refusal):
        return _no(outcome)
    file = cases.file_of(office(), actor(), name, change_id=change_id)
    digest = "" if isinstance(file, Refusal) else file.digest
    return jsonify(**outcome.plain(), digest=digest)


def _no(refusal: Refusal) -> Response:
    english = chosen() == "en"
    sentences = [each.text_en if english and each.text_en else each.text for each in refusal.reasons]
    return problem(
        status_of(refusal), title=_("没有保存"), detail=" ".join(sentences), reasons=refusal.reasons
    )


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"
