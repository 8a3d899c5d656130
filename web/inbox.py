"""The inbox: what waits for me, what I may take, what I have done."""

from __future__ import annotations

from typing import cast, get_args

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import inbox_lists as cases
from engine.cases.inbox_filters import read_filter
from engine.cases.views import TaskList
from web.session import actor, office, only_for

inbox = Blueprint("inbox", __name__)


@inbox.get("/inbox")
@only_for("staff")
def show() -> ResponseReturnValue:
    """One list of the inbox with search and paging; the enhancer gets the list alone."""
    which = _which(request.args.get("list", "todo"))
    search, process = request.args.get("search", "").strip(), request.args.get("process", "")
    page = cases.inbox(
        office(), actor(), which, read_filter(request.args), cursor=request.args.get("cursor", "")
    )
    counts = cases.counts(office(), actor())
    part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    template = "_inbox_list.html" if part else "inbox.html"
    return render_template(template, page=page, which=which, counts=counts, search=search, process=process)


@inbox.get("/tasks")
def tasks() -> ResponseReturnValue:
    """An address that people type by habit."""
    return redirect("/inbox", code=303)


def _which(text: str) -> TaskList:
    return cast(TaskList, text) if text in get_args(TaskList) else "todo"
