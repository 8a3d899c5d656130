"""Reduction reports: an employer's own, what was reported about a person, and the lists of the agency."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import exit_objections, reduction_lists, reductions
from engine.cases.data_changes import ask_correction
from engine.cases.reduction_sheets import SheetTaken, report_sheet, template
from engine.cases.reduction_views import LISTS
from engine.cases.views import Done, FieldFaults
from engine.values import Reason, Refusal
from web.errors import refused, status_of
from web.session import actor, office, only_for

pages = Blueprint("reductions", __name__)

_TYPED = ("id_number", "name", "exit_day", "reason", "notice_given_on")
_CORRECTED = ("value_reason", "value_exit_day", "why", "evidence")
Faults = Mapping[str, Reason]


@pages.get("/employer/reductions")
@only_for("employer")
def own() -> ResponseReturnValue:
    """What the employer reported, and the form for one more."""
    return _own()


@pages.post("/employer/reductions")
@only_for("employer")
def report() -> ResponseReturnValue:
    """Report one worker; what is wrong is said at its field."""
    typed = {name: request.form.get(name, "").strip() for name in _TYPED}
    outcome = reductions.report_reduction(office(), actor(), reductions.ReportAsked(**typed))
    if isinstance(outcome, Done):
        flash(outcome.message, "success")
        return redirect("/employer/reductions", code=303)
    return _own(typed, outcome)


@pages.post("/employer/reductions/sheet")
@only_for("employer")
def sheet() -> ResponseReturnValue:
    """Report all of a sheet; each line is told what came of it."""
    upload = request.files.get("sheet")
    taken = report_sheet(office(), actor(), upload.read() if upload else b"")
    return _own({}, taken if isinstance(taken, Refusal) else None, told=taken)


@pages.get("/employer/reductions/template.csv")
@only_for("employer")
def sheet_template() -> ResponseReturnValue:
    """An empty sheet."""
    head = {"Content-Disposition": "attachment; filename=reductions.csv"}
    return Response(template(), mimetype="text/csv", headers=head)


@pages.get("/employer/reductions/<int:report_id>")
@only_for("employer")
def own_report(report_id: int) -> ResponseReturnValue:
    """One of the employer's reports: where it stands, its notice, objections, corrections."""
    return _own_report(report_id)


@pages.post("/employer/reductions/<int:report_id>/given")
@only_for("employer")
def given(report_id: int) -> ResponseReturnValue:
    """Say when the notice was handed to the worker."""
    day = request.form.get("day", "").strip()
    return _after(
        report_id, reductions.note_notice_given(office(), actor(), report_id, day=day), {"day": day}
    )


@pages.post("/employer/reductions/<int:report_id>/answer")
@only_for("employer")
def answer(report_id: int) -> ResponseReturnValue:
    """Answer the worker's objection."""
    statement = request.form.get("statement", "").strip()
    agrees = request.form.get("agrees", "")
    outcome = exit_objections.answer_exit_objection(
        office(), actor(), report_id, agrees=agrees == "yes", statement=statement
    )
    return _after(report_id, outcome, {"statement": statement, "agrees": agrees})


@pages.post("/employer/reductions/<int:report_id>/correction")
@only_for("employer")
def correct(report_id: int) -> ResponseReturnValue:
    """Ask for a correction of the reason or of the day; somebody of the agency decides."""
    typed = {name: request.form.get(name, "").strip() for name in _CORRECTED}
    field = "exit_day" if request.form.get("field") == "exit_day" else "reason"
    outcome = ask_correction(
        office(),
        actor(),
        report_id,
        field=f"reduction_{field}",
        value=typed[f"value_{field}"],
        reason=typed["why"],
        evidence=typed["evidence"],
    )
    return _after(report_id, outcome, {**typed, "field": field})


@pages.get("/my/reductions")
@only_for("person")
def mine() -> ResponseReturnValue:
    """What employers reported about me, what it means, the notice, and the way to object."""
    return _mine()


@pages.post("/my/reductions/<int:report_id>/received")
@only_for("person")
def received(report_id: int) -> ResponseReturnValue:
    """Confirm that I have the notice."""
    outcome = reductions.receive_notice(office(), actor(), report_id)
    if isinstance(outcome, Refusal):
        return _mine(refusal=outcome)
    flash(outcome.message, "success")
    return redirect("/my/reductions", code=303)


@pages.post("/my/reductions/<int:report_id>/objection")
@only_for("person")
def objection(report_id: int) -> ResponseReturnValue:
    """Object to the reason."""
    typed = {name: request.form.get(name, "").strip() for name in ("statement", "claimed_reason")}
    outcome = exit_objections.object_to_reason(office(), actor(), report_id, **typed)
    if isinstance(outcome, FieldFaults):
        return _mine(typed=typed, faults=outcome.faults, about=report_id)
    if isinstance(outcome, Refusal):
        return _mine(typed=typed, refusal=outcome, about=report_id)
    flash(outcome.message, "success")
    return redirect("/my/reductions", code=303)


@pages.get("/reductions")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The reports of a region: all, waiting, late, objected to, corrected, not confirmed."""
    asked = {name: request.args.get(name, "") for name in ("which", "cursor")}
    found = reduction_lists.reduction_list(office(), actor(), **asked)
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("reductions.html", found=found, lists=LISTS)


@pages.get("/reductions/<int:report_id>")
@only_for("staff")
def show(report_id: int) -> ResponseReturnValue:
    """One report with its corrections, objections and proof of delivery."""
    view = reduction_lists.report_view(office(), actor(), report_id)
    return refused(view) if isinstance(view, Refusal) else render_template("reduction.html", view=view)


def _own(
    typed: Mapping[str, str] | None = None,
    wrong: FieldFaults | Refusal | None = None,
    *,
    told: SheetTaken | Refusal | None = None,
) -> ResponseReturnValue:
    found = reduction_lists.employer_reductions(office(), actor(), cursor=request.args.get("cursor", ""))
    if isinstance(found, Refusal):
        return refused(found)
    page = render_template(
        "reductions_own.html",
        found=found,
        days=reduction_lists.days_to_report(office()),
        reasons=office().book.exit_reasons.values(),
        today=office().today,
        typed=typed or {},
        faults=wrong.faults if isinstance(wrong, FieldFaults) else {},
        refusal=wrong if isinstance(wrong, Refusal) else None,
        told=told if isinstance(told, SheetTaken) else None,
    )
    return page, _status(wrong)


def _after(
    report_id: int, outcome: Done | FieldFaults | Refusal, typed: Mapping[str, str]
) -> ResponseReturnValue:
    if isinstance(outcome, Done):
        flash(outcome.message, "success")
        return redirect(f"/employer/reductions/{report_id}", code=303)
    return _own_report(report_id, typed, outcome)


def _own_report(
    report_id: int, typed: Mapping[str, str] | None = None, wrong: FieldFaults | Refusal | None = None
) -> ResponseReturnValue:
    view = reduction_lists.report_view(office(), actor(), report_id)
    if isinstance(view, Refusal):
        return refused(view)
    page = render_template(
        "reduction_own.html",
        view=view,
        reasons=office().book.exit_reasons.values(),
        today=office().today,
        typed=typed or {},
        faults=wrong.faults if isinstance(wrong, FieldFaults) else {},
        refusal=wrong if isinstance(wrong, Refusal) else None,
    )
    return page, _status(wrong)


def _mine(
    *,
    typed: Mapping[str, str] | None = None,
    faults: Faults | None = None,
    refusal: Refusal | None = None,
    about: int = 0,
) -> ResponseReturnValue:
    found = reduction_lists.my_reductions(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    page = render_template(
        "my_reductions.html",
        found=found,
        reasons=office().book.exit_reasons.values(),
        typed=typed or {},
        faults=faults or {},
        refusal=refusal,
        about=about,
    )
    return page, status_of(refusal) if refusal else 422 if faults else 200


def _status(wrong: FieldFaults | Refusal | None) -> int:
    if wrong is None:
        return 200
    return 422 if isinstance(wrong, FieldFaults) else status_of(wrong)
