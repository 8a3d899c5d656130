"""Death grants: a relative's application on the web or at the counter, the open deaths of a region, letters to families."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from engine.cases import death_lists
from engine.cases.death_grants import FUNDS, RELATION_NAMES, Asked, apply_for_death_grant
from engine.cases.views import FieldFaults
from engine.values import Reason, Refusal
from web.errors import refused, status_of
from web.papers import page_of
from web.session import actor, office, only_for

pages = Blueprint("death_grants", __name__)

_TYPED = (
    "deceased_number", "deceased_name", "relation", "other_fund", "account", "applicant_number", "applicant_name",
)  # fmt: skip
#: what use-cases say in Chinese; here the catalogue learns of it
_WORDS = (lazy_gettext("已核准"), lazy_gettext("不予支付"))


@pages.get("/death-grants")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The deaths whose family may still claim, with the letters that intake hands over."""
    found = death_lists.deaths(office(), actor(), cursor=request.args.get("cursor", ""))
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("death_grants.html", found=found)


@pages.get("/death-grants/new")
@only_for("staff")
def counter_page() -> ResponseReturnValue:
    """The form by which a clerk enters the application of a relative at the counter."""
    return _form({}, {})


@pages.post("/death-grants")
@only_for("staff")
def counter() -> ResponseReturnValue:
    """The application, entered at the counter."""
    return _applied()


@pages.get("/my/death-grants/new")
@only_for("person")
def own_page() -> ResponseReturnValue:
    """The form by which a signed-in relative applies."""
    return _form({}, {})


@pages.post("/my/death-grants")
@only_for("person")
def own() -> ResponseReturnValue:
    """The application of the signed-in relative."""
    return _applied()


@pages.get("/death-grants/letters/<int:letter_id>")
@only_for("staff")
def letter(letter_id: int) -> ResponseReturnValue:
    """A letter to a family, laid out for the printer at the counter."""
    paper = death_lists.print_family_letter(office(), actor(), letter_id)
    return refused(paper) if isinstance(paper, Refusal) else page_of(paper)


def _applied() -> ResponseReturnValue:
    typed = {name: request.form.get(name, "").strip() for name in _TYPED}
    commitment = request.form.get("commitment") == "true"
    outcome = apply_for_death_grant(office(), actor(), Asked(**typed, commitment=commitment))
    if isinstance(outcome, FieldFaults):
        return _form(typed, outcome.faults), 422
    if isinstance(outcome, Refusal):
        return _form(typed, {}, refusal=outcome), status_of(outcome)
    flash(outcome.message, "success")
    return redirect(f"/cases/{outcome.case_id}" if actor().kind == "person" else "/death-grants", code=303)


def _form(typed: dict[str, str], faults: Mapping[str, Reason], *, refusal: Refusal | None = None) -> str:
    return render_template(
        "death_grant_new.html",
        typed=typed,
        faults=faults,
        refusal=refusal,
        relations=RELATION_NAMES,
        funds=FUNDS,
    )
