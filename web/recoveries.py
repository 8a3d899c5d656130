"""Recoveries of overpaid benefit: open sums by age, one recovery with plan and payments; and the register of dishonesty."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import dishonesty, recoveries, recovery_lists
from engine.cases.views import Done
from engine.values import Money, Refusal
from web.errors import refused, status_of
from web.forms import day_of
from web.session import actor, office, only_for

recovery_pages = Blueprint("recoveries", __name__)

_FIELDS = ("day", "amount", "reference", "rule", "evidence", "why")


@recovery_pages.get("/recoveries")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The open sums by age, and every recovery of the region."""
    found = recovery_lists.recoveries(office(), actor())
    return refused(found) if isinstance(found, Refusal) else render_template("recoveries.html", found=found)


@recovery_pages.post("/recoveries")
@only_for("staff")
def start() -> ResponseReturnValue:
    """A recovery opened by hand, of a grant that was stopped."""
    number = request.form.get("grant_id", "").strip()
    outcome = recoveries.start_recovery(
        office(), actor(), grant_id=int(number) if number.isdecimal() and len(number) < 10 else 0
    )
    return _after(outcome, "/recoveries")


@recovery_pages.get("/recoveries/<int:overpayment_id>")
@only_for("staff")
def show(overpayment_id: int) -> ResponseReturnValue:
    """One recovery: months, plan, payments, write-offs."""
    return _page(overpayment_id)


@recovery_pages.post("/recoveries/<int:overpayment_id>/repayments")
@only_for("staff")
def repay(overpayment_id: int) -> ResponseReturnValue:
    """Money that the bank has; what cannot be read is said at its field."""
    typed = _typed()
    day, amount = day_of(typed["day"]), _money(typed["amount"])
    wrong = {
        "day": "" if day else _("日期写法：2025-11-03"),
        "amount": "" if amount else _("金额写法：1638.00"),
        "reference": "" if typed["reference"] else _("请填写银行流水号"),
    }
    if day is None or amount is None or wrong["reference"]:
        return _page(overpayment_id, typed=typed, wrong=wrong)
    outcome = recoveries.record_repayment(
        office(), actor(), overpayment_id, day=day, amount=amount, reference=typed["reference"]
    )
    return _kept(outcome, overpayment_id, typed)


@recovery_pages.post("/recoveries/<int:overpayment_id>/write-offs")
@only_for("staff")
def propose(overpayment_id: int) -> ResponseReturnValue:
    """A proposal to give up what is still open."""
    typed = _typed()
    outcome = recoveries.propose_write_off(
        office(),
        actor(),
        overpayment_id,
        rule="death" if typed["rule"] == "death" else "small",
        evidence=typed["evidence"],
    )
    return _kept(outcome, overpayment_id, typed)


@recovery_pages.post("/recoveries/<int:overpayment_id>/write-offs/<int:write_off_id>")
@only_for("staff")
def judge(overpayment_id: int, write_off_id: int) -> ResponseReturnValue:
    """A proposal to give up the rest, approved or refused."""
    typed = _typed()
    outcome = recoveries.judge_write_off(
        office(),
        actor(),
        overpayment_id,
        write_off_id=write_off_id,
        approve=request.form.get("verdict") == "approve",
        why=typed["why"],
    )
    return _kept(outcome, overpayment_id, typed)


@recovery_pages.get("/dishonesty")
@only_for("staff")
def register() -> ResponseReturnValue:
    """The register of dishonesty."""
    return _register()


@recovery_pages.post("/dishonesty/<int:listing_id>/removal")
@only_for("staff")
def remove(listing_id: int) -> ResponseReturnValue:
    """An entry removed with its reason."""
    outcome = dishonesty.remove_listing(office(), actor(), listing_id, why=request.form.get("why", ""))
    return _register(outcome) if isinstance(outcome, Refusal) else _after(outcome, "/dishonesty")


def _register(refusal: Refusal | None = None) -> ResponseReturnValue:
    rows = dishonesty.register(office(), actor())
    if isinstance(rows, Refusal):
        return refused(refusal or rows)
    page = render_template("dishonesty.html", rows=rows, refusal=refusal)
    return page, status_of(refusal) if refusal else 200


def _kept(outcome: Done | Refusal, overpayment_id: int, typed: dict[str, str]) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return _page(overpayment_id, refusal=outcome, typed=typed)
    return _after(outcome, f"/recoveries/{overpayment_id}")


def _after(outcome: Done | Refusal, where: str) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect(where, code=303)


def _page(
    overpayment_id: int,
    *,
    refusal: Refusal | None = None,
    typed: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> ResponseReturnValue:
    found = recovery_lists.recovery_view(office(), actor(), overpayment_id)
    if isinstance(found, Refusal):
        return refused(refusal or found)
    page = render_template(
        "recovery.html",
        found=found,
        refusal=refusal,
        typed=typed or {**dict.fromkeys(_FIELDS, ""), "day": office().today.isoformat()},
        wrong=wrong or {},
        rules=recovery_lists.WRITE_OFF_RULES,
    )
    return page, status_of(refusal) if refusal else 422 if wrong else 200


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in _FIELDS}


def _money(text: str) -> Money | None:
    """The amount in yuan, above zero and of a size that a book can hold."""
    try:
        amount = Money.yuan(text.replace(",", ""))
    except ValueError:
        return None
    return amount if 0 < amount.fen < 10**13 else None
