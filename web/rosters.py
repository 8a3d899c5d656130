"""Rosters of other offices: which are in use, and taking in a new one."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import rosters as cases
from engine.values import Refusal
from web.errors import refused
from web.session import actor, office, only_for

roster_pages = Blueprint("rosters", __name__, url_prefix="/rosters")


@roster_pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The rosters in use, and those before them."""
    found = cases.rosters(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    return render_template(
        "rosters.html", rosters=found, kinds=cases.KINDS, grounds=cases.KIND_GROUNDS, today=office().today
    )


@roster_pages.get("/template.csv")
@only_for("staff")
def template() -> ResponseReturnValue:
    """An empty roster file."""
    head = {"Content-Disposition": "attachment; filename=roster.csv"}
    return Response(cases.template(), mimetype="text/csv", headers=head)


@roster_pages.post("")
@only_for("staff")
def take() -> ResponseReturnValue:
    """Take in a roster."""
    upload = request.files.get("roster")
    asked = {name: request.form.get(name, "").strip() for name in ("kind", "as_of", "source")}
    region = request.form.get("region", "").strip() or actor().region
    outcome = cases.take_roster_file(
        office(), actor(), BytesIO(upload.read() if upload else b""), region=region, **asked
    )
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect("/rosters", code=303)
