"""Rosters of employers, which screenings look at: the year's contributions and the lists of other offices; taking one in."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import employer_rosters as cases
from engine.values import Refusal
from web.errors import refused, status_of
from web.screenings import year_like
from web.session import actor, office, only_for

pages = Blueprint("employer_rosters", __name__, url_prefix="/refunds/rosters")

_ASKED = ("kind", "as_of", "source", "year")


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The rosters in use, and those before them."""
    return _page()


@pages.get("/template.csv")
@only_for("staff")
def template() -> ResponseReturnValue:
    """An empty roster file of that kind."""
    kind = request.args.get("kind", "")
    name = kind if kind in cases.KINDS else "list"
    head = {"Content-Disposition": f"attachment; filename={name}.csv"}
    return Response(cases.employer_template(name), mimetype="text/csv", headers=head)


@pages.post("")
@only_for("staff")
def take() -> ResponseReturnValue:
    """Take a roster in, whole or not at all; a refusal names every faulty line and keeps what was typed."""
    upload = request.files.get("roster")
    asked = {name: request.form.get(name, "").strip() for name in _ASKED}
    outcome = cases.take_employer_roster(
        office(),
        actor(),
        upload.read() if upload else b"",
        kind=asked["kind"],
        region=request.form.get("region", "").strip() or actor().region,
        as_of=asked["as_of"],
        source=asked["source"],
        year=int(asked["year"]) if asked["kind"] == "contributions" and year_like(asked["year"]) else 0,
    )
    if isinstance(outcome, Refusal):
        return _page(refusal=outcome, asked=asked)
    flash(outcome.message, "success")
    return redirect("/refunds/rosters", code=303)


def _page(*, refusal: Refusal | None = None, asked: dict[str, str] | None = None) -> ResponseReturnValue:
    found = cases.employer_rosters(office(), actor())
    if isinstance(found, Refusal):
        return refused(refusal or found)
    today = office().today
    usual = {
        "kind": "contributions",
        "as_of": today.isoformat(),
        "source": "",
        "year": str(today.year - 1),
    }
    page = render_template(
        "employer_rosters.html",
        rosters=found,
        kinds=cases.KINDS,
        refusal=refusal,
        asked=asked or usual,
        today=today,
    )
    return page, status_of(refusal) if refusal else 200
