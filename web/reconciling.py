"""Monthly reconciliation: the four sides of a month, statements taken in, pairs confirmed, reports signed and printed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import reconciliation_views as views
from engine.cases import reconciling as cases
from engine.cases.books import BooksFilter
from engine.cases.views import Done
from engine.values import Refusal
from web.books import address_of, asked
from web.errors import refused, status_of
from web.session import actor, office, only_for

pages = Blueprint("reconciling", __name__, url_prefix="/books/reconciliation")


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """A region's month: each side with its differences and signatures."""
    return _page(asked(), request.args.get("month", ""))


@pages.post("")
@only_for("staff")
def reconcile() -> ResponseReturnValue:
    """Take in a statement and compare it; for the business nothing is taken in."""
    upload = request.files.get("statement")
    outcome = cases.reconcile(
        office(),
        actor(),
        region=_field("region"),
        month=_field("month"),
        side=_field("side"),
        file=upload.read() if upload else b"",
        name=(upload.filename or "") if upload else "",
    )
    return _after(outcome)


@pages.post("/pairs/<int:pair_id>")
@only_for("staff")
def decide(pair_id: int) -> ResponseReturnValue:
    """Say whether two items are the same."""
    return _after(cases.decide(office(), actor(), pair_id, same=_field("act") == "same"))


@pages.post("/<int:reconciliation_id>/sign")
@only_for("staff")
def sign(reconciliation_id: int) -> ResponseReturnValue:
    """Sign the report, as the first or the second."""
    return _after(cases.sign(office(), actor(), reconciliation_id))


@pages.get("/<int:reconciliation_id>/report")
@only_for("staff")
def report(reconciliation_id: int) -> ResponseReturnValue:
    """The report on A4, with both names."""
    found = views.report(office(), actor(), reconciliation_id)
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("print/reconciliation.html", report=found, now=office().clock())


def _page(wanted: BooksFilter, month: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    found = views.month_view(office(), actor(), wanted, month)
    if isinstance(found, Refusal):
        return refused(refusal or found)
    page = render_template(
        "reconciliation.html",
        found=found,
        sight=found.sight,
        refusal=refusal,
        address=lambda **changed: address_of(wanted, **changed),
    )
    return page, status_of(refusal) if refusal else 200


def _after(outcome: Done | Refusal) -> ResponseReturnValue:
    region, month = _field("region"), _field("month")
    if isinstance(outcome, Refusal):
        return _page(BooksFilter(region=region), month, outcome)
    flash(outcome.message, "success")
    to = address_of(BooksFilter(region=region), page="reconciling.index", month=month)
    return redirect(to, code=303)


def _field(key: str) -> str:
    return request.form.get(key, "").strip().replace("\x00", "")[:60]
