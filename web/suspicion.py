"""Suspicion lists (疑点名单) of ministry and province: handed in, worked line by line, answered; for internal control."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from markupsafe import Markup

from engine.cases import suspicion_lists as cases
from engine.cases.suspicion_lists import ListHead
from engine.values import Refusal
from web.errors import refused
from web.forms import day_of
from web.inbox_bulk import workbook
from web.session import actor, office, only_for

pages = Blueprint("suspicion", __name__, url_prefix="/suspicion")

_FIELDS = ("sender", "number", "answer_due")
_BAR_WIDTH, _BAR_HEIGHT = 120, 12
#: what use-cases say in Chinese; here the catalogue learns of it
_WORDS = (
    lazy_gettext("部"), lazy_gettext("省"), lazy_gettext("不属实"), lazy_gettext("查无此人或不在本地参保"),
    lazy_gettext("此前已处理"),
)  # fmt: skip


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """Every list of one's region, what is due first."""
    return _page()


@pages.post("")
@only_for("staff")
def take() -> ResponseReturnValue:
    """A list handed in: taken whole, or refused with every fault and its line."""
    typed = {name: request.form.get(name, "").strip() for name in _FIELDS}
    upload = request.files.get("list")
    due = day_of(typed["answer_due"])
    outcome = cases.take_list(
        office(),
        actor(),
        upload.read() if upload else b"",
        sender=typed["sender"],
        number=typed["number"],
        answer_due=due,
    )
    if isinstance(outcome, Refusal):
        return _page(refusal=outcome, typed=typed)
    flash(outcome.message, "warning" if outcome.again else "success")
    return redirect(f"/suspicion/{outcome.list_id}", code=303)


@pages.get("/template.xlsx")
@only_for("staff")
def template() -> ResponseReturnValue:
    """An empty list, to fill in."""
    return workbook(cases.template(office(), actor()), "suspicion-list.xlsx")


@pages.get("/<int:list_id>")
@only_for("staff")
def show(list_id: int) -> ResponseReturnValue:
    """One list with its lines."""
    found = cases.list_view(office(), actor(), list_id, cursor=request.args.get("cursor", ""))
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("suspicion_list.html", head=found.head, page=found.page, bar=_bar(found.head))


@pages.get("/<int:list_id>/answer.xlsx")
@only_for("staff")
def answer(list_id: int) -> ResponseReturnValue:
    """The answer to the sender; with ``partial`` also before the last line is answered."""
    partial = request.args.get("partial") == "yes"
    file = cases.answer_file(office(), actor(), list_id, partial=partial)
    return workbook(file, f"suspicion-{list_id}-answer.xlsx")


def _page(*, refusal: Refusal | None = None, typed: dict[str, str] | None = None) -> ResponseReturnValue:
    found = cases.lists(office(), actor())
    if isinstance(found, Refusal):
        return refused(refusal or found)
    page = render_template(
        "suspicion.html",
        lists=[(head, _bar(head)) for head in found],
        senders=cases.SENDERS,
        refusal=refusal,
        typed=typed or dict.fromkeys(_FIELDS, ""),
        takes=cases.DUTY in actor().duties,
    )
    return page, 422 if refusal else 200


def _bar(head: ListHead) -> Markup:
    """How far the list has come; the figures stand beside it."""
    wide = _BAR_WIDTH * head.answered / head.lines
    # figures only: no word from outside is in it
    return Markup(  # noqa: S704
        f'<svg class="strip" aria-hidden="true" width="{_BAR_WIDTH}" height="{_BAR_HEIGHT}" '
        f'viewBox="0 0 {_BAR_WIDTH} {_BAR_HEIGHT}" xmlns="http://www.w3.org/2000/svg">'
        f'<rect class="bar-3" x="1" y="1" width="{_BAR_WIDTH - 2}" height="{_BAR_HEIGHT - 2}"/>'
        f'<rect class="bar-1" x="0" y="0" width="{wide:.1f}" height="{_BAR_HEIGHT}"/></svg>'
    )
