"""The month run: start it, watch its parts, see what was decided for whom and why."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import month_runs as cases
from engine.cases.month_views import OUTCOMES, MonthRunView
from engine.law.month import REASONS
from engine.values import Month, Refusal
from web.charts import Bars, bars
from web.errors import refused
from web.session import actor, office, only_for

month_runs = Blueprint("month_runs", __name__, url_prefix="/month-runs")


@month_runs.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The runs that this person may see, latest first."""
    found = cases.runs(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("month_runs.html", runs=found, month=Month.of(office().today))


@month_runs.post("")
@only_for("staff")
def start() -> ResponseReturnValue:
    """Start the run of a month, or come to the one that is going on."""
    outcome = cases.start_month_run(office(), actor(), month=request.form.get("month", "").strip())
    if isinstance(outcome, Refusal):
        return refused(outcome)
    return redirect(f"/month-runs/{outcome.run_id}", code=303)


@month_runs.get("/<int:run_id>")
@only_for("staff")
def show(run_id: int) -> ResponseReturnValue:
    """One run: how far it is, what it decided; the enhancer gets the progress alone."""
    part = bool(request.headers.get("HX-Request"))
    found = cases.run_view(office(), actor(), run_id, whole=not part)
    if isinstance(found, Refusal):
        return refused(found)
    if part:
        return render_template("month_run_progress.html", run=found, enhanced=True)
    return render_template("month_run.html", run=found, picture=_picture(found))


@month_runs.get("/<int:run_id>/decisions")
@only_for("staff")
def decisions(run_id: int) -> ResponseReturnValue:
    """What was decided for each grant, a page at a time."""
    asked = {name: request.args.get(name, "").strip() for name in ("outcome", "reason", "region")}
    found = cases.decisions(office(), actor(), run_id, cursor=request.args.get("cursor", ""), **asked)
    run = cases.run_view(office(), actor(), run_id, whole=False)
    if isinstance(found, Refusal):
        return refused(found)
    if isinstance(run, Refusal):
        return refused(run)
    return render_template(
        "month_decisions.html", run=run, page=found, asked=asked, outcomes=OUTCOMES, reasons=REASONS
    )


def _picture(run: MonthRunView) -> str:
    """How many are paid and held in each region, in thousands where they are many; the table says the same."""
    most = max((row.pay + row.hold for row in run.regions), default=0)
    unit = 1_000 if most >= 10_000 else 1
    rows = [Bars(word=row.name, figures=(row.pay / unit, row.hold / unit)) for row in run.regions]
    return bars(rows, title=_("应发与暂缓人数"), decimals=1 if unit > 1 else 0) if rows else ""
