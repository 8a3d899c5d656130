"""The inbox: what waits for me, what I may take, what I have done."""

from __future__ import annotations

from datetime import datetime
from typing import cast, get_args

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import inbox as cases
from engine.cases.views import InboxList
from web.session import actor, office, only_for

inbox = Blueprint("inbox", __name__)

_CURSOR_MAX = 100


@inbox.get("/inbox")
@only_for("staff")
def show() -> ResponseReturnValue:
    """One list of the inbox with search and paging; the enhancer gets the list alone."""
    which = _which(request.args.get("list", "todo"))
    search, process = request.args.get("search", "").strip(), request.args.get("process", "")
    page = cases.inbox(
        office(),
        actor(),
        which,
        cursor=cursor_of(request.args.get("cursor", "")),
        search=search,
        process=process,
    )
    counts = cases.counts(office(), actor())
    part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    template = "_inbox_list.html" if part else "inbox.html"
    return render_template(template, page=page, which=which, counts=counts, search=search, process=process)


@inbox.get("/tasks")
def tasks() -> ResponseReturnValue:
    """An address that people type by habit."""
    return redirect("/inbox", code=303)


def cursor_of(text: str) -> str:
    """Where a page begins; a cursor that no page of ours gave means the beginning."""
    instant, tilde, task_id = text.partition("~")
    try:
        known = datetime.fromisoformat(instant).tzinfo is not None
    except ValueError:
        return ""
    return text if known and tilde and task_id.isalnum() and len(text) <= _CURSOR_MAX else ""


def _which(text: str) -> InboxList:
    return cast(InboxList, text) if text in get_args(InboxList) else "todo"
