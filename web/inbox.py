"""The inbox: what waits for me, what I may take, what I have done, and what I handed on; with filters and views."""

from __future__ import annotations

from typing import cast, get_args
from urllib.parse import urlencode

from flask import (
    Blueprint,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from engine.cases import case_lists, inbox_choices, inbox_lists, inbox_views
from engine.cases.inbox_filters import SIZES, InboxFilter, read_filter, whom
from engine.cases.telling import mark_read
from engine.cases.views import CaseList, InboxList, TaskList
from engine.values import CaseId, Refusal
from web.errors import refused
from web.session import actor, actor_or_none, office, only_for

inbox = Blueprint("inbox", __name__)

LISTS: tuple[InboxList, ...] = (
    "todo", "claimable", "overdue", "done", "delegated", "started", "copied", "below",
)  # fmt: skip
_DENSITIES = ("roomy", "dense")


@inbox.get("/inbox")
@only_for("staff")
def show() -> ResponseReturnValue:
    """One list of the inbox with its filters and pages; the enhancer gets the list alone."""
    which, asked = list_of(request.args.get("list", "")), read_filter(request.args)
    _keep_density(request.args.get("density", ""))
    cursor = request.args.get("cursor", "")
    part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    return render_template(
        "_inbox_list.html" if part else "inbox.html",
        page=_page(which, asked, cursor),
        which=which,
        asked=asked,
        lists=LISTS,
        counts=inbox_lists.counts(office(), actor()),
        choices=inbox_choices.choices(office(), actor(), which),
        views=inbox_views.views(office(), actor()),
        address=lambda **changed: address(which, asked, **changed),
        of_cases=which in get_args(CaseList),
        density=session.get("density", _DENSITIES[0]),
        sizes=SIZES,
    )


@inbox.post("/inbox/find")
@only_for("staff")
def find() -> ResponseReturnValue:
    """The list narrowed to what was typed; a number of a person never stands in an address."""
    which = list_of(request.form.get("list", ""))
    kept = {key: text for key, text in request.form.items() if key not in {"search", "who", "name"}}
    found = whom(office(), actor(), request.form.get("typed", ""))
    return redirect(address(which, read_filter({**kept, **found})), code=303)


@inbox.get("/inbox/counts")
def counts() -> ResponseReturnValue:
    """The numbers on the tabs alone, asked for again and again by an open page; 304 while none has changed.

    A page that stands open after its session has ended goes to the entrance by itself.
    """
    reader = actor_or_none()
    if reader is None or reader.kind != "staff":
        return "", 401, {"HX-Refresh": "true"}
    found = inbox_lists.counts(office(), reader)
    if "HX-Request" in request.headers:
        answer = make_response(render_template("_inbox_counts.html", counts=found, lists=LISTS))
    else:
        answer = jsonify(found)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Cookie, HX-Request"
    answer.add_etag()
    return answer.make_conditional(request)


@inbox.post("/inbox/views")
@only_for("staff")
def keep_view() -> ResponseReturnValue:
    """The list with its filters kept under a name."""
    which = list_of(request.form.get("list", ""))
    outcome = inbox_views.keep_view(
        office(),
        actor(),
        name=request.form.get("view", ""),
        which=which,
        asked=request.form,
        share=request.form.get("share", ""),
    )
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect(address(which, read_filter(request.form)), code=303)


@inbox.post("/inbox/views/<int:view_id>/drop")
@only_for("staff")
def drop_view(view_id: int) -> ResponseReturnValue:
    """A view dropped by its owner."""
    outcome = inbox_views.drop_view(office(), actor(), view_id)
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect("/inbox", code=303)


@inbox.post("/inbox/copies/<int:case_id>/read")
@only_for("staff")
def read_copy(case_id: int) -> ResponseReturnValue:
    """A copy put away as read, and its file opened."""
    outcome = mark_read(office(), actor(), CaseId(case_id))
    return refused(outcome) if isinstance(outcome, Refusal) else redirect(f"/cases/{case_id}", code=303)


@inbox.get("/tasks")
def tasks() -> ResponseReturnValue:
    """An address that people type by habit."""
    return redirect("/inbox", code=303)


def list_of(text: str) -> InboxList:
    """The list of that name; what waits for me for any other."""
    return next((each for each in LISTS if each == text), "todo")


def address(which: InboxList, asked: InboxFilter, **changed: str) -> str:
    """Where the list with these filters stands; ``changed`` filters replace, empty ones go."""
    parts = {"list": which, **asked.query(), **changed}
    return f"{url_for('inbox.show')}?{urlencode({key: text for key, text in parts.items() if text})}"


def _page(which: InboxList, asked: InboxFilter, cursor: str) -> object:
    if which in get_args(CaseList):
        return case_lists.case_list(office(), actor(), cast(CaseList, which), asked, cursor=cursor)
    return inbox_lists.inbox(office(), actor(), cast(TaskList, which), asked, cursor=cursor)


def _keep_density(wanted: str) -> None:
    if wanted in _DENSITIES:
        session["density"] = wanted
