"""Vouchers by hand, entered by one person and booked by another, and the year's end."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import hand_entries as cases
from engine.cases.books import BooksFilter
from engine.cases.views import Done
from engine.values import Refusal
from web.books import address_of, asked, field
from web.errors import refused, status_of
from web.session import actor, office, only_for

pages = Blueprint("hand_entries", __name__, url_prefix="/books/entries")

#: what is typed of a voucher, and stays where it was refused
_TYPED = ("kind", "day", "amount", "paper", "note")


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """Vouchers that wait or are of the months asked for, and the year's end."""
    return _page(asked())


@pages.post("")
@only_for("staff")
def enter() -> ResponseReturnValue:
    """Enter a voucher from its paper."""
    typed = {name: field(name) for name in _TYPED}
    return _after(cases.enter(office(), actor(), region=field("region"), **typed))


@pages.post("/<int:voucher_id>")
@only_for("staff")
def decide(voucher_id: int) -> ResponseReturnValue:
    """Book a voucher, send it back, or ask a booked one back."""
    why = field("why")
    if field("act") == "back":
        return _after(cases.ask_back(office(), actor(), voucher_id, why=why))
    approve = field("act") == "approve"
    return _after(cases.decide(office(), actor(), voucher_id, approve=approve, why=why))


@pages.post("/years")
@only_for("staff")
def propose_year_end() -> ResponseReturnValue:
    """Propose to carry a year to the fund's balance."""
    return _after(cases.propose_year_end(office(), actor(), region=field("region"), year=field("year")))


@pages.post("/years/<int:year_end_id>")
@only_for("staff")
def decide_year_end(year_end_id: int) -> ResponseReturnValue:
    """Carry the year, or send the wish back."""
    approve = field("act") == "approve"
    return _after(cases.decide_year_end(office(), actor(), year_end_id, approve=approve, why=field("why")))


def _page(wanted: BooksFilter, refusal: Refusal | None = None) -> ResponseReturnValue:
    found = cases.hand_entries(office(), actor(), wanted, year=request.values.get("year", "").strip()[:8])
    if isinstance(found, Refusal):
        return refused(refusal or found)
    page = render_template(
        "books_entries.html",
        found=found,
        sight=found.sight,
        refusal=refusal,
        today=office().today,
        typed={name: field(name) for name in _TYPED},
        address=lambda **changed: address_of(wanted, **changed),
    )
    return page, status_of(refusal) if refusal else 200


def _after(outcome: Done | Refusal) -> ResponseReturnValue:
    wanted = BooksFilter(region=field("region"), first=field("first"), last=field("last"))
    if isinstance(outcome, Refusal):
        return _page(wanted, outcome)
    flash(outcome.message, "success")
    return redirect(address_of(wanted, page="hand_entries.index"), code=303)
