"""Pages for the people the office serves: claimants and employers.

Sign-in here is the shipped test identity provider and says so on the page; a real one plugs in at
``engine.cases.staff``.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases.claims import noted_claim, submit_claim
from engine.cases.files import my_cases
from engine.cases.inbox_lists import inbox
from engine.cases.refund_file import employer_refunds
from engine.cases.region_choices import region_choices
from engine.cases.staff import sign_in_employer, sign_in_person
from engine.cases.transfer_lists import my_transfers
from engine.values import Refusal
from web import session
from web.errors import refused, status_of
from web.session import actor, office, only_for, same_site

portal = Blueprint("portal", __name__)


@portal.get("/apply")
def person_page() -> ResponseReturnValue:
    """The form by which a claimant says who they are."""
    return render_template("sign_in_person.html", refusal=None, next=request.args.get("next", ""))


@portal.post("/apply")
def sign_in_claimant() -> ResponseReturnValue:
    """Let a claimant in whose number and name agree with the population register."""
    found = sign_in_person(
        office(),
        id_number=request.form.get("id_number", "").strip(),
        name=request.form.get("name", "").strip(),
    )
    if isinstance(found, Refusal):
        return render_template("sign_in_person.html", refusal=found, next=request.form.get("next", "")), 403
    session.begin(found)
    return redirect(same_site(request.form.get("next", ""), otherwise="/my"), code=303)


@portal.get("/my")
@only_for("person")
def my() -> ResponseReturnValue:
    """My claims and transfers, what waits for me, and the way to new ones."""
    return my_page()


@portal.post("/my/claims")
@only_for("person")
def claim() -> ResponseReturnValue:
    """File a claim; nothing is asked that a register knows."""
    outcome = submit_claim(office(), actor(), channel="web")
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect("/my", code=303)


@portal.get("/employer/sign-in")
def employer_page() -> ResponseReturnValue:
    """The form by which an employer says who it is."""
    return render_template("sign_in_employer.html", refusal=None, next=request.args.get("next", ""), code="")


@portal.post("/employer/sign-in")
def sign_in_as_employer() -> ResponseReturnValue:
    """Let an employer in by its credit code."""
    code = request.form.get("credit_code", "").strip()
    found = sign_in_employer(office(), credit_code=code)
    if isinstance(found, Refusal):
        return render_template("sign_in_employer.html", refusal=found, next="", code=code), 403
    session.begin(found)
    return redirect(same_site(request.form.get("next", ""), otherwise="/employer"), code=303)


@portal.get("/employer")
@only_for("employer")
def employer() -> ResponseReturnValue:
    """What the employer is asked to confirm, its refunds, and its cases."""
    return employer_page_of()


def employer_page_of(*, refusal: Refusal | None = None, year: str = "") -> ResponseReturnValue:
    """An employer's own page; with the refusal of what it asked for, and the year that it typed."""
    page = render_template(
        "employer.html",
        waiting=inbox(office(), actor(), "todo"),
        refunds=employer_refunds(office(), actor()),
        claims=my_cases(office(), actor()),
        refusal=refusal,
        year=year or office().today.year,
    )
    return page, status_of(refusal) if refusal else 200


def my_page(
    *,
    asked: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
) -> ResponseReturnValue:
    """A person's own page; with the form of a transfer as it was sent, and what is wrong with it."""
    choices = region_choices(office(), actor())
    page = render_template(
        "my.html",
        waiting=inbox(office(), actor(), "todo"),
        claims=my_cases(office(), actor(), cursor=_cursor()),
        noted=noted_claim(office(), actor()),
        moving=my_transfers(office(), actor()),
        choices=choices,
        asked=asked or {"from_region": choices.own, "to_region": ""},
        wrong=wrong or {},
        refusal=refusal,
    )
    return page, status_of(refusal) if refusal else 422 if wrong else 200


def _cursor() -> str:
    """Where the list of cases begins: a case id of the page before; anything else means the beginning."""
    text = request.args.get("cursor", "")
    return text if text.isascii() and text.isdigit() and len(text) < 10 else ""
