"""Standing in for a colleague on leave (委托代理), and everything of a leaver's handed over (离职交接)."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import agencies as cases
from engine.cases import handing
from engine.cases.views import BulkRow, Done
from engine.values import Reason, Refusal
from web.errors import refused, status_of
from web.forms import day_of
from web.session import actor, office, only_for

agency_pages = Blueprint("agencies", __name__, url_prefix="/agencies")

_FIELDS = ("principal", "substitute", "duty", "region", "first_day", "last_day", "why", "leaver", "to")


@agency_pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """Who stands in for whom, and the form that makes it so."""
    return _page()


@agency_pages.post("")
@only_for("staff")
def make() -> ResponseReturnValue:
    """Let a colleague stand in; a refusal keeps what was typed."""
    typed = _typed()
    first, last = day_of(typed["first_day"]), day_of(typed["last_day"])
    if first is None or last is None:
        no = Reason(code="day_missing", text="请填写起止日期", text_en="Give the first and the last day.")
        return _page(refusal=Refusal(reasons=(no,)), typed=typed)
    outcome = cases.make_agency(
        office(),
        actor(),
        principal=typed["principal"],
        substitute=typed["substitute"],
        duty=typed["duty"],
        region=typed["region"],
        first_day=first,
        last_day=last,
        why=typed["why"],
    )
    return _after(outcome, typed)


@agency_pages.post("/<int:agency_id>/end")
@only_for("staff")
def end(agency_id: int) -> ResponseReturnValue:
    """It gives nothing from now on."""
    return _after(cases.end_agency(office(), actor(), agency_id), _typed())


@agency_pages.post("/hand-over")
@only_for("staff")
def hand_over_all() -> ResponseReturnValue:
    """Everything open of who leaves goes to a colleague, with an answer for each row."""
    typed = _typed()
    outcome = handing.hand_over_all(
        office(), actor(), leaver=typed["leaver"], to=typed["to"], why=typed["why"]
    )
    if isinstance(outcome, Refusal):
        return _page(refusal=outcome, typed=typed)
    return _page(handed=outcome)


def _after(outcome: Done | Refusal, typed: dict[str, str]) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return _page(refusal=outcome, typed=typed)
    flash(outcome.message, "success")
    return redirect("/agencies", code=303)


def _page(
    *,
    refusal: Refusal | None = None,
    typed: dict[str, str] | None = None,
    handed: tuple[BulkRow, ...] | None = None,
) -> ResponseReturnValue:
    rows = cases.agencies(office(), actor())
    if isinstance(rows, Refusal):
        return refused(refusal or rows)
    page = render_template(
        "agencies.html",
        rows=rows,
        refusal=refusal,
        typed=typed or dict.fromkeys(_FIELDS, ""),
        handed=handed,
        duties=office().duties,
        administers="administrator" in actor().duties,
        longest=office().settings.agency_days,
    )
    return page, status_of(refusal) if refusal else 200


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in _FIELDS}
