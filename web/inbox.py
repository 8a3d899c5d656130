"""The inbox: what waits for me, what I may take, what I have done."""

from __future__ import annotations

import re
from typing import cast, get_args

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import inbox as cases
from engine.cases.views import InboxList
from web.session import actor, office, only_for

inbox = Blueprint("inbox", __name__)

_CURSOR = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d~[\w-]{1,64}")


@inbox.get("/inbox")
@only_for("staff")
def show() -> ResponseReturnValue:
    """One list of the inbox with search and paging; the enhancer gets the list alone."""
    which = _which(request.args.get("list", "todo"))
    search, process = request.args.get("search", "").strip(), request.args.get("process", "")
    page = cases.inbox(office(), actor(), which, cursor=_cursor(), search=search, process=process)
    counts = cases.counts(office(), actor())
    part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    template = "_inbox_list.html" if part else "inbox.html"
    return render_template(template, page=page, which=which, counts=counts, search=search, process=process)


@inbox.get("/tasks")
def tasks() -> ResponseReturnValue:
    """An address that people type by habit."""
    return redirect("/inbox", code=303)


def _cursor() -> str:
    """Where the page begins; a cursor that no page of ours gave means the beginning."""
    text = request.args.get("cursor", "")
    return text if _CURSOR.fullmatch(text) else ""


def _which(text: str) -> InboxList:
    return cast(InboxList, text) if text in get_args(InboxList) else "todo"
