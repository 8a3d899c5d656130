"""The machine room, for operators: queues, stuck cases, versions, the database; and many incidents tried again."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import files, operations, retry
from engine.values import Refusal
from web.errors import refused
from web.session import actor, office, only_for

pages = Blueprint("operations", __name__)


@pages.get("/operations")
@only_for("staff")
def show() -> ResponseReturnValue:
    """Everything that waits, stands still or grows."""
    asked = request.args.get("days", "")
    days = int(asked) if asked.isdecimal() and len(asked) <= 4 else operations.QUIET_DAYS
    found = operations.operations(office(), actor(), quiet_days=days)
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("operations.html", found=found)


@pages.get("/incidents")
@only_for("staff")
def incidents() -> ResponseReturnValue:
    """The steps that failed and wait for a retry."""
    return _incidents(())


@pages.post("/incidents/retry")
@only_for("staff")
def retry_many() -> ResponseReturnValue:
    """Try the chosen ones again, each with its result; the page that follows shows them."""
    chosen = [int(each) for each in request.form.getlist("incident") if each.isdecimal() and len(each) < 10]
    return _incidents(retry.retry_all(office(), actor(), chosen))


def _incidents(results: tuple[retry.RetryRow, ...]) -> ResponseReturnValue:
    found = files.incidents(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    may_retry = bool(actor().duties & {"analyst", "control"})
    return render_template("incidents.html", incidents=found, results=results, may_retry=may_retry)
