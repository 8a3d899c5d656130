"""Matters that begin on a page: a transfer of rights by its person."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases.transfers import ask
from engine.cases.views import Done
from engine.values import Refusal
from web.errors import refused
from web.portal import my_page
from web.session import actor, office, only_for

starts = Blueprint("starts", __name__)


@starts.post("/my/transfers")
@only_for("person")
def transfer() -> ResponseReturnValue:
    """Move one's rights to another place; the offices ask each other for the rest. A refusal keeps what was chosen."""
    asked = {name: request.form.get(name, "").strip() for name in ("from_region", "to_region")}
    wrong = {name: _("请选择地区") for name, code in asked.items() if not code}
    if not wrong and asked["from_region"] == asked["to_region"]:
        wrong = {"to_region": _("转入地不能与转出地相同")}
    if wrong:
        return my_page(asked=asked, wrong=wrong)
    outcome = ask(office(), actor(), from_region=asked["from_region"], to_region=asked["to_region"])
    return (
        my_page(asked=asked, refusal=outcome) if isinstance(outcome, Refusal) else _after(outcome, to="/my")
    )


def _after(outcome: Done | Refusal, *, to: str) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect(to, code=303)
