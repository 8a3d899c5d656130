"""Staff and their posts, for the administrator."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import staff as cases
from engine.values import Refusal, RegionCode
from web.errors import refused, status_of
from web.session import actor, office, only_for

staff_pages = Blueprint("staff", __name__, url_prefix="/staff")


@staff_pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """Everybody with their posts."""
    return _page()


@staff_pages.post("/posts")
@only_for("staff")
def assign() -> ResponseReturnValue:
    """Give somebody a post, or show the rule that forbids it."""
    asked = {name: request.form.get(name, "").strip() for name in ("login", "duty", "region")}
    outcome = cases.assign_post(
        office(), actor(), login=asked["login"], duty=asked["duty"], region=RegionCode(asked["region"])
    )
    if isinstance(outcome, Refusal):
        return _page(refusal=outcome, asked=asked)
    flash(outcome.message, "success")
    return redirect("/staff", code=303)


def _page(*, refusal: Refusal | None = None, asked: dict[str, str] | None = None) -> ResponseReturnValue:
    people = cases.staff_list(office(), actor())
    if isinstance(people, Refusal):
        return refused(refusal or people)
    page = render_template(
        "staff.html", people=people, duties=office().duties, refusal=refusal, asked=asked or {}
    )
    return page, status_of(refusal) if refusal else 200
