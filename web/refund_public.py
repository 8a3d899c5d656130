"""Public notices of refunds, for everybody without signing in; and what anybody may say against them."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import notice_objections, refund_notices
from engine.values import Refusal
from web.errors import refused, status_of
from web.session import office

pages = Blueprint("refund_public", __name__, url_prefix="/public/refund-notices")

_LONGEST = 60


@pages.get("")
def index() -> ResponseReturnValue:
    """The notices whose days have not run out."""
    return render_template("public_notices.html", lists=refund_notices.open_notices(office()))


@pages.get("/<int:list_id>")
def show(list_id: int) -> ResponseReturnValue:
    """One notice, a page of its lines at a time; whole, where it is to be printed."""
    whole = request.args.get("whole", "") == "yes"
    size = refund_notices.PRINTED_MAX if whole else refund_notices.PAGE_SIZE
    found = refund_notices.notice_list(
        office(), list_id, search=_text("search"), cursor=_text("cursor"), size=size
    )
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("public_notice.html", found=found, notice=found.notice, whole=whole)


@pages.get("/objections/<int:line_id>")
def objection_form(line_id: int) -> ResponseReturnValue:
    """The form by which anybody objects, with or without a name."""
    return _form(line_id, typed={"said": "", "name": "", "contact": ""})


@pages.post("/objections/<int:line_id>")
def object_to(line_id: int) -> ResponseReturnValue:
    """Take the objection; nobody is paid before it is decided. A refusal keeps what was typed."""
    typed = {name: request.form.get(name, "").strip() for name in ("said", "name", "contact")}
    if not typed["said"]:
        return _form(line_id, typed=typed, wrong=_("请写明异议内容。"))
    outcome = notice_objections.object_to_notice(
        office(), line_id=line_id, address=request.remote_addr or "", **typed
    )
    if isinstance(outcome, Refusal):
        return _form(line_id, typed=typed, refusal=outcome)
    return render_template("public_objection_taken.html", done=outcome)


def _form(
    line_id: int, *, typed: dict[str, str], wrong: str = "", refusal: Refusal | None = None
) -> ResponseReturnValue:
    found = refund_notices.notice_line(office(), line_id)
    if isinstance(found, Refusal):
        return refused(refusal or found)
    page = render_template(
        "public_objection.html", notice=found[0], line=found[1], typed=typed, wrong=wrong, refusal=refusal
    )
    return page, status_of(refusal) if refusal else 422 if wrong else 200


def _text(key: str) -> str:
    """What the address says; nothing for what no name of ours can be."""
    found = request.args.get(key, "").strip()
    return found if found.isprintable() and len(found) <= _LONGEST else ""
