"""Skill subsidies: a holder's own certificates, an application at the counter, the list of a region, certificate rosters."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import skill_lists
from engine.cases.skill_screening import certificate_template, take_certificate_roster
from engine.cases.skill_subsidies import Asked, apply_for_skill_subsidy
from engine.cases.views import Done, FieldFaults
from engine.values import Reason, Refusal
from web.errors import refused, status_of
from web.session import actor, office, only_for

pages = Blueprint("skills", __name__)

_TYPED = ("certificate_number", "holder_number", "holder_name")


@pages.get("/skill-subsidies")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The applications of a region, what screening found, and the rosters."""
    return _list()


@pages.post("/skill-subsidies/rosters")
@only_for("staff")
def take() -> ResponseReturnValue:
    """Take in a roster of certificates."""
    upload = request.files.get("roster")
    outcome = take_certificate_roster(
        office(),
        actor(),
        upload.read() if upload else b"",
        region=request.form.get("region", "").strip() or actor().region,
        as_of=request.form.get("as_of", "").strip(),
        source=request.form.get("source", "").strip(),
    )
    if isinstance(outcome, Refusal):
        return _list(refusal=outcome)
    flash(outcome.message, "success")
    return redirect("/skill-subsidies", code=303)


@pages.get("/skill-subsidies/template.csv")
@only_for("staff")
def template() -> ResponseReturnValue:
    """An empty roster of certificates."""
    head = {"Content-Disposition": "attachment; filename=certificates.csv"}
    return Response(certificate_template(), mimetype="text/csv", headers=head)


@pages.get("/skill-subsidies/new")
@only_for("staff")
def counter_page() -> ResponseReturnValue:
    """The form by which a clerk enters the application of a holder at the counter."""
    return render_template("skill_subsidy_new.html", typed={}, faults={}, refusal=None)


@pages.post("/skill-subsidies")
@only_for("staff")
def counter() -> ResponseReturnValue:
    """The application, entered at the counter."""
    typed, outcome = _apply()
    if isinstance(outcome, Done):
        return redirect("/skill-subsidies", code=303)
    faults, refusal, status = _said(outcome)
    page = render_template("skill_subsidy_new.html", typed=typed, faults=faults, refusal=refusal)
    return page, status


@pages.get("/my/skills")
@only_for("person")
def own() -> ResponseReturnValue:
    """My certificates: what was found, what waits for my word, what was paid."""
    return _own({}, {})


@pages.post("/my/skills")
@only_for("person")
def own_apply() -> ResponseReturnValue:
    """My application, with the certificate's number alone."""
    typed, outcome = _apply()
    if isinstance(outcome, Done):
        return redirect("/my/skills", code=303)
    faults, refusal, status = _said(outcome)
    return _own(typed, faults, refusal=refusal), status


def _apply() -> tuple[dict[str, str], Done | FieldFaults | Refusal]:
    typed = {name: request.form.get(name, "").strip() for name in _TYPED}
    outcome = apply_for_skill_subsidy(office(), actor(), Asked(**typed))
    if isinstance(outcome, Done):
        flash(outcome.message, "success")
    return typed, outcome


def _said(outcome: FieldFaults | Refusal) -> tuple[Mapping[str, Reason], Refusal | None, int]:
    """What is wrong with the fields, what was refused, and the status of the answer."""
    if isinstance(outcome, FieldFaults):
        return outcome.faults, None, 422
    return {}, outcome, status_of(outcome)


def _own(typed: dict[str, str], faults: Mapping[str, Reason], *, refusal: Refusal | None = None) -> str:
    found = skill_lists.own_skills(office(), actor())
    return render_template("my_skills.html", found=found, typed=typed, faults=faults, refusal=refusal)


def _list(*, refusal: Refusal | None = None) -> ResponseReturnValue:
    asked = {name: request.args.get(name, "") for name in ("status", "cursor")}
    found = skill_lists.skill_list(office(), actor(), **asked)
    if isinstance(found, Refusal):
        return refused(found)
    page = render_template(
        "skill_subsidies.html",
        found=found,
        refusal=refusal,
        statuses=skill_lists.STATUS_NAMES,
        outcomes=skill_lists.OUTCOME_NAMES,
        today=office().today,
    )
    return page, status_of(refusal) if refusal else 200
