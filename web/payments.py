"""Payment batches: the monthly run, who signed, and what the bank answered."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import payments as cases
from engine.cases.others import start_payment_run
from engine.cases.views import Done
from engine.values import Month, Refusal
from web.errors import refused
from web.session import actor, office, only_for

payments = Blueprint("payments", __name__, url_prefix="/payments")


@payments.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """All batches that this person may see."""
    found = cases.batches(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    this_month = Month.of(office().today)
    return render_template("payments.html", batches=found, month=this_month)


@payments.get("/<number>")
@only_for("staff")
def show(number: str) -> ResponseReturnValue:
    """One batch with its lines and signatures."""
    batch = cases.batch_view(office(), actor(), number)
    return refused(batch) if isinstance(batch, Refusal) else render_template("batch.html", batch=batch)


@payments.post("/run")
@only_for("staff")
def start() -> ResponseReturnValue:
    """Start the payment run of a month."""
    try:
        month = Month.parse(request.form.get("month", "").strip())
    except ValueError as wrong:
        flash(str(wrong), "warning")
        return redirect("/payments", code=303)
    return _after(start_payment_run(office(), actor(), month=str(month)))


@payments.post("/receipt")
@only_for("staff")
def receipt() -> ResponseReturnValue:
    """Take in the bank's receipt file."""
    upload = request.files.get("receipt")
    return _after(cases.upload_receipt(office(), actor(), upload.read() if upload else b""))


def _after(outcome: Done | Refusal) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect("/payments", code=303)
