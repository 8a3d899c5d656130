"""Price indices: the line of the months against the triggers, entering an index, confirming one, and what was paid by it."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from engine.cases import price_indices as cases
from engine.cases.price_entries import Entered
from engine.cases.price_indices import PriceRoom
from engine.cases.views import Done
from engine.values import Refusal
from web.charts import Level, trend
from web.errors import refused, status_of
from web.session import actor, office, only_for

pages = Blueprint("prices", __name__, url_prefix="/prices")

_TYPED = ("region", "month", "cpi", "food", "low_income", "living_allowance", "published_on", "source")
#: what use-cases say in Chinese; here the catalogue learns of it
_WORDS = (lazy_gettext("待复核"), lazy_gettext("已采用"), lazy_gettext("未采用"), lazy_gettext("已撤回"))


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The indices that count in this person's region, drawn and as a table."""
    return _page({})


@pages.post("")
@only_for("staff")
def enter() -> ResponseReturnValue:
    """Enter the index of a month; a second person confirms it."""
    typed = {name: request.form.get(name, "").strip() for name in _TYPED}
    entered = Entered(**typed)
    if not entered.region:
        entered = replace(entered, region=actor().region)
    outcome = cases.enter_index(office(), actor(), entered)
    if isinstance(outcome, Refusal):
        return _page(typed, refusal=outcome)
    flash(outcome.message, "success")
    return redirect("/prices", code=303)


@pages.post("/file")
@only_for("staff")
def take() -> ResponseReturnValue:
    """Take in a file of indices."""
    upload = request.files.get("indices")
    source = request.form.get("source", "").strip()
    return _back(cases.take_index_file(office(), actor(), upload.read() if upload else b"", source=source))


@pages.get("/template.csv")
@only_for("staff")
def template() -> ResponseReturnValue:
    """An empty file of indices."""
    head = {"Content-Disposition": "attachment; filename=prices.csv"}
    return Response(cases.index_template(), mimetype="text/csv", headers=head)


@pages.post("/<int:index_id>/confirm")
@only_for("staff")
def confirm(index_id: int) -> ResponseReturnValue:
    """Confirm an index that somebody else entered."""
    return _back(cases.confirm_index(office(), actor(), index_id))


@pages.post("/<int:index_id>/reject")
@only_for("staff")
def reject(index_id: int) -> ResponseReturnValue:
    """Lay an index aside, with the reason."""
    return _back(cases.reject_index(office(), actor(), index_id, why=request.form.get("why", "")))


@pages.post("/<int:index_id>/withdraw")
@only_for("staff")
def withdraw(index_id: int) -> ResponseReturnValue:
    """Take a wrong index back that no run has gone by."""
    return _back(cases.withdraw_index(office(), actor(), index_id, why=request.form.get("why", "")))


def _back(outcome: Done | Refusal) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return _page({}, refusal=outcome)
    flash(outcome.message, "success")
    return redirect("/prices", code=303)


def _page(typed: dict[str, str], *, refusal: Refusal | None = None) -> ResponseReturnValue:
    room = cases.price_room(office(), actor())
    if isinstance(room, Refusal):
        return refused(room)
    page = render_template(
        "prices.html", room=room, typed=typed, refusal=refusal, picture=_picture(room), today=office().today
    )
    return page, _status(refusal) if refusal else 200


def _status(refusal: Refusal) -> int:
    """422 where something typed or sent cannot be meant."""
    unreadable = {"index_field", "roster_line", "roster_more"} & {reason.code for reason in refusal.reasons}
    return 422 if unreadable else status_of(refusal)


def _picture(room: PriceRoom) -> str:
    """Both rises month by month against the triggers of today."""
    if not room.points:
        return ""
    levels = []
    if room.cpi_trigger is not None:
        levels.append(
            Level(word=_("居民消费价格启动线 %(at)s%%", at=f"{room.cpi_trigger:g}"), figure=room.cpi_trigger)
        )
    if room.food_trigger is not None:
        levels.append(
            Level(word=_("食品价格启动线 %(at)s%%", at=f"{room.food_trigger:g}"), figure=room.food_trigger)
        )
    series = ([point.cpi for point in room.points], [point.food for point in room.points])
    words = [point.month + (" ✓" if point.reached else "") for point in room.points]
    return trend(words, series, levels, title=_("各月价格同比涨幅与启动线，数字见下表"))
