"""An employer's own refunds: what was found and why, what to do now, what was paid, and what the money was used for."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import refund_acts
from engine.cases.refund_file import refund_view
from engine.cases.refund_records import USES
from engine.values import Money, Refusal
from web.errors import refused, status_of
from web.portal import employer_page_of
from web.screenings import year_like
from web.session import actor, office, only_for

pages = Blueprint("refund_employer", __name__, url_prefix="/employer/refunds")


@pages.post("")
@only_for("employer")
def apply() -> ResponseReturnValue:
    """Ask for the refund of a year by oneself: whoever was not reached, and agencies of dispatched workers."""
    year = request.form.get("year", "").strip()
    outcome = refund_acts.apply_for_refund(office(), actor(), year=int(year) if year_like(year) else 0)
    if isinstance(outcome, Refusal):
        return employer_page_of(refusal=outcome, year=year)
    flash(outcome.message, "success")
    return redirect("/employer", code=303)


@pages.get("/<int:refund_id>")
@only_for("employer")
def show(refund_id: int) -> ResponseReturnValue:
    """One of the employer's refunds."""
    return _page(refund_id)


@pages.post("/<int:refund_id>/uses")
@only_for("employer")
def tell_uses(refund_id: int) -> ResponseReturnValue:
    """What the money was used for, by purpose; a refusal keeps what was typed."""
    typed = {use: request.form.get(use, "").strip() for use in USES}
    uses, wrong = {}, {}
    for use, text in typed.items():
        if not text:
            continue
        try:
            uses[use] = Money.yuan(text).fen
        except ValueError:
            wrong[use] = _("金额写法：12000.00")
    if wrong:
        return _page(refund_id, typed=typed, wrong=wrong)
    outcome = refund_acts.tell_uses(office(), actor(), refund_id, uses)
    if isinstance(outcome, Refusal):
        return _page(refund_id, typed=typed, refusal=outcome)
    flash(outcome.message, "success")
    return redirect(f"/employer/refunds/{refund_id}", code=303)


def _page(
    refund_id: int,
    *,
    typed: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
    refusal: Refusal | None = None,
) -> ResponseReturnValue:
    view = refund_view(office(), actor(), refund_id)
    if isinstance(view, Refusal):
        return refused(refusal or view)
    told = {row.use: row.amount for row in view.uses}
    page = render_template(
        "refund_own.html",
        view=view,
        uses=USES,
        typed=typed or {use: told.get(use, "") for use in USES},
        wrong=wrong or {},
        refusal=refusal,
    )
    return page, status_of(refusal) if refusal else 422 if wrong else 200
