"""Case files: one page for everything about a case, and the steps that failed."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import files
from engine.cases.claims import withdraw_claim
from engine.cases.retry import retry_incident
from engine.values import CaseId, Refusal
from web.errors import refused
from web.session import actor, office, only_for, same_site

cases = Blueprint("cases", __name__)


@cases.get("/cases/<int:case_id>")
@only_for("staff", "person", "employer")
def show(case_id: int) -> ResponseReturnValue:
    """The case page: the whole file for staff, progress in plain words for the person it is about."""
    view = files.case_view(office(), actor(), CaseId(case_id))
    if isinstance(view, Refusal):
        return refused(view)
    return render_template("case.html" if actor().kind == "staff" else "case_simple.html", case=view)


@cases.get("/cases/<int:case_id>/diagram.bpmn")
@only_for("staff", "person", "employer")
def diagram(case_id: int) -> ResponseReturnValue:
    """The published diagram that the case follows, as drawn."""
    drawn = files.diagram_of(office(), actor(), CaseId(case_id))
    return refused(drawn) if isinstance(drawn, Refusal) else Response(drawn, mimetype="application/xml")


@cases.post("/cases/<int:case_id>/withdraw")
@only_for("person", "staff")
def withdraw(case_id: int) -> ResponseReturnValue:
    """Take a claim back, with the reason given."""
    why = request.form.get("why", "").strip()
    if not why:
        flash(_("请写明撤回原因。"), "warning")
        return redirect(f"/cases/{case_id}", code=303)
    outcome = withdraw_claim(office(), actor(), CaseId(case_id), why=why)
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect(f"/cases/{case_id}", code=303)


@cases.get("/incidents")
@only_for("staff")
def incidents() -> ResponseReturnValue:
    """The steps that failed and wait for a retry."""
    found = files.incidents(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("incidents.html", incidents=found)


@cases.post("/incidents/<int:incident_id>/retry")
@only_for("staff")
def retry(incident_id: int) -> ResponseReturnValue:
    """Try the failed step again, then go back to the page it was asked from."""
    outcome = retry_incident(office(), actor(), incident_id)
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect(same_site(request.form.get("next", ""), otherwise="/incidents"), code=303)
