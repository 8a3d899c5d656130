"""Screenings for the job-retention refund: start one, watch it, see what it found by outcome, region, industry and employer."""

from __future__ import annotations

from dataclasses import asdict
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import screening as cases
from engine.cases.industries import INDUSTRIES
from engine.cases.refund_sheets import export_screened
from engine.cases.screening_views import SIZES, ScreenedFilter
from engine.law.screening_reasons import FAILURES, OUTCOMES
from engine.values import Refusal
from web.errors import refused, status_of
from web.inbox_bulk import workbook
from web.session import actor, office, only_for

pages = Blueprint("screenings", __name__, url_prefix="/refunds/screenings")

_LONGEST = 60


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The screenings of one's region, latest first."""
    return _index()


@pages.post("")
@only_for("staff")
def start() -> ResponseReturnValue:
    """Screen every employer for a year, or come to the screening that is going on."""
    year = request.form.get("year", "").strip()
    outcome = cases.start_screening(office(), actor(), year=int(year) if year_like(year) else 0)
    if isinstance(outcome, Refusal):
        return _index(refusal=outcome, typed=year)
    return redirect(f"/refunds/screenings/{outcome.run_id}", code=303)


@pages.get("/<int:run_id>")
@only_for("staff")
def show(run_id: int) -> ResponseReturnValue:
    """One screening: how far it is, what it found; the enhancer gets the progress alone."""
    part = bool(request.headers.get("HX-Request"))
    found = cases.screening_view(office(), actor(), run_id, whole=not part)
    if isinstance(found, Refusal):
        return refused(found)
    if part:
        return render_template("screening_progress.html", run=found, enhanced=True)
    return render_template("screening.html", run=found)


@pages.get("/<int:run_id>/employers")
@only_for("staff")
def employers(run_id: int) -> ResponseReturnValue:
    """What was found for each employer, a page at a time."""
    asked = _asked()
    run = cases.screening_view(office(), actor(), run_id, whole=False)
    page = cases.screened_employers(office(), actor(), run_id, asked, cursor=_text("cursor"))
    regions = cases.screening_regions(office(), actor(), run_id)
    for found in (run, page, regions):
        if isinstance(found, Refusal):
            return refused(found)
    return render_template(
        "screening_employers.html",
        run=run,
        page=page,
        asked=asked,
        regions=regions,
        industries=INDUSTRIES,
        outcomes=OUTCOMES,
        conditions=FAILURES,
        sizes=SIZES,
        query=lambda **changed: query_of(asked, **changed),
    )


@pages.get("/<int:run_id>/employers.xlsx")
@only_for("staff")
def sheet(run_id: int) -> ResponseReturnValue:
    """The same list as a workbook."""
    file = export_screened(office(), actor(), run_id, _asked())
    return workbook(file, f"screening-{run_id}-{office().today.isoformat()}.xlsx")


def year_like(text: str) -> bool:
    """Whether the text can be a year at all; whether that year will do is the use-case's to say."""
    return len(text) == 4 and text.isascii() and text.isdecimal()


def query_of(asked: object, **changed: str) -> str:
    """The filter as the end of an address, ``?region=371502``; changed parts replace, empty ones go."""
    parts = {**asdict(asked), **changed}  # type: ignore[call-overload]
    query = urlencode({key: value for key, value in parts.items() if value})
    return f"?{query}" if query else ""


def _index(*, refusal: Refusal | None = None, typed: str = "") -> ResponseReturnValue:
    found = cases.screenings(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    page = render_template("screenings.html", runs=found, refusal=refusal, year=typed or office().today.year)
    return page, status_of(refusal) if refusal else 200


def _asked() -> ScreenedFilter:
    return ScreenedFilter(**{name: _text(name) for name in ScreenedFilter.__dataclass_fields__})


def _text(key: str) -> str:
    """What the address says; nothing for what no name of ours can be."""
    found = request.args.get(key, "").strip()
    return found if found.isprintable() and len(found) <= _LONGEST else ""
