"""Internal control: changes of stored data by two people, and fund incidents with their deadlines."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import data_changes, fund_incidents
from engine.cases.fund_incidents import FOUND_BY, Said
from engine.cases.views import Done
from engine.values import Money, Reason, Refusal
from web.errors import refused, status_of
from web.session import actor, office, only_for

pages = Blueprint("control_records", __name__, url_prefix="/control")

_CHANGE = ("field", "number", "value", "reason", "evidence", "recheck")
_INCIDENT = ("region", "found_on", "found_by", "title", "account", "contact", "amount", "filed", "grave")


@pages.get("/changes")
@only_for("staff")
def changes() -> ResponseReturnValue:
    """The changes of stored data that are asked for, and those that were decided."""
    return _changes()


@pages.post("/changes")
@only_for("staff")
def ask() -> ResponseReturnValue:
    """Ask for a change; a refusal keeps what was typed."""
    typed = {name: request.form.get(name, "").strip() for name in _CHANGE}
    outcome = data_changes.ask_change(office(), actor(), **typed)
    return (
        _changes(refusal=outcome, typed=typed)
        if isinstance(outcome, Refusal)
        else _done(outcome, "/control/changes")
    )


@pages.post("/changes/<int:change_id>")
@only_for("staff")
def decide(change_id: int) -> ResponseReturnValue:
    """Agree or not, by somebody else; or take one's own request back."""
    act, why = request.form.get("act", ""), request.form.get("why", "")
    if act == "withdraw":
        outcome = data_changes.withdraw_change(office(), actor(), change_id)
    else:
        outcome = data_changes.decide_change(office(), actor(), change_id, agree=act == "agree", why=why)
    return _changes(refusal=outcome) if isinstance(outcome, Refusal) else _done(outcome, "/control/changes")


@pages.get("/incidents")
@only_for("staff")
def incidents() -> ResponseReturnValue:
    """Fund incidents, what is still to be reported first."""
    return _incidents()


@pages.post("/incidents")
@only_for("staff")
def write() -> ResponseReturnValue:
    """Write an incident down."""
    typed = {name: request.form.get(name, "").strip() for name in _INCIDENT}
    said = _said(typed)
    if isinstance(said, Refusal):
        return _incidents(refusal=said, typed=typed)
    outcome = fund_incidents.write_incident(office(), actor(), said)
    if isinstance(outcome, Refusal):
        return _incidents(refusal=outcome, typed=typed)
    return redirect(f"/control/incidents/{outcome.incident_id}", code=303)


@pages.get("/incidents/<int:incident_id>")
@only_for("staff")
def incident(incident_id: int) -> ResponseReturnValue:
    """One incident and everything that followed."""
    return _incident(incident_id)


@pages.post("/incidents/<int:incident_id>")
@only_for("staff")
def act(incident_id: int) -> ResponseReturnValue:
    """Sign the first report, or add a later one."""
    form = request.form
    if form.get("act") == "sign":
        outcome = fund_incidents.sign_incident(office(), actor(), incident_id)
    else:
        amount = _amount(form.get("amount", ""))
        if isinstance(amount, Refusal):
            return _incident(incident_id, refusal=amount)
        outcome = fund_incidents.follow_up(
            office(),
            actor(),
            incident_id,
            text=form.get("text", ""),
            amount=amount,
            filed="filed" in form,
            closes="closes" in form,
        )
    if isinstance(outcome, Refusal):
        return _incident(incident_id, refusal=outcome)
    return _done(outcome, f"/control/incidents/{incident_id}")


def _changes(*, refusal: Refusal | None = None, typed: dict[str, str] | None = None) -> ResponseReturnValue:
    status = request.args.get("status", "")
    desk = data_changes.change_desk(office(), actor(), status=status)
    if isinstance(desk, Refusal):
        return refused(refusal or desk)
    page = render_template(
        "control_changes.html", desk=desk, refusal=refusal, typed=typed or {}, status=status
    )
    return page, status_of(refusal) if refusal else 200


def _incidents(*, refusal: Refusal | None = None, typed: dict[str, str] | None = None) -> ResponseReturnValue:
    rows = fund_incidents.fund_incidents(office(), actor())
    if isinstance(rows, Refusal):
        return refused(refusal or rows)
    page = render_template(
        "control_incidents.html",
        rows=rows,
        refusal=refusal,
        typed=typed or {"region": actor().region, "found_on": office().today.isoformat()},
        found_by=FOUND_BY,
        may_write=bool(set(fund_incidents.WRITES) & actor().duties),
    )
    return page, status_of(refusal) if refusal else 200


def _incident(incident_id: int, *, refusal: Refusal | None = None) -> ResponseReturnValue:
    found = fund_incidents.fund_incident(office(), actor(), incident_id)
    if isinstance(found, Refusal):
        return refused(refusal or found)
    page = render_template("control_incident.html", found=found, refusal=refusal)
    return page, status_of(refusal) if refusal else 200


def _said(typed: dict[str, str]) -> Said | Refusal:
    amount = _amount(typed["amount"])
    if isinstance(amount, Refusal):
        return amount
    try:
        found_on = date.fromisoformat(typed["found_on"])
    except ValueError:
        no = Reason(code="day_missing", text="请填写发现日期", text_en="Give the day on which it was found.")
        return Refusal(reasons=(no,))
    return Said(
        region=typed["region"],
        found_on=found_on,
        found_by=typed["found_by"],
        title=typed["title"],
        account=typed["account"],
        contact=typed["contact"],
        amount=amount,
        filed=bool(typed["filed"]),
        grave=bool(typed["grave"]),
    )


def _amount(typed: str) -> Money | Refusal:
    try:
        return Money.yuan(typed.strip() or "0")
    except ValueError:
        no = Reason(
            code="amount_form",
            text="金额写法如 12000.00，不带逗号",
            text_en="An amount is written 12000.00, without commas.",
        )
        return Refusal(reasons=(no,))


def _done(outcome: Done, to: str) -> ResponseReturnValue:
    flash(outcome.message, "success")
    return redirect(to, code=303)
