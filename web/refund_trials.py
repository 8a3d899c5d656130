"""Trials of figures: change one on a copy, watch, and read who gains, who loses and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import trials as cases
from engine.cases.industries import INDUSTRIES
from engine.cases.screening_views import SIZES
from engine.cases.trial_sheets import export_trial
from engine.cases.trial_views import EFFECTS, TrialFilter
from engine.law.screening import FORMULAS
from engine.law.screening_reasons import FAILURES
from engine.law.trial import TRIABLE
from engine.values import Refusal
from web.change_bars import change_line
from web.errors import refused, status_of
from web.inbox_bulk import workbook
from web.session import actor, office, only_for

pages = Blueprint("refund_trials", __name__, url_prefix="/refunds/trials")

_LONGEST = 60
#: a number of a row in the address
_DIGITS = 9


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The trials of one's region, and the form of a new one."""
    return _index(request.args)


@pages.post("")
@only_for("staff")
def propose() -> ResponseReturnValue:
    """Try the typed figures, or come to the trial that was made of them before."""
    outcome = cases.propose_trial(
        office(),
        actor(),
        run_id=_number(request.form, "run"),
        year=_number(request.form, "year"),
        name=request.form.get("name", "")[:_LONGEST],
        typed={key: request.form.get(key, "")[:_LONGEST] for key in TRIABLE},
    )
    if isinstance(outcome, Refusal):
        return _index(request.form, refusal=outcome)
    return redirect(f"/refunds/trials/{outcome.trial_id}", code=303)


@pages.get("/<int:trial_id>")
@only_for("staff")
def show(trial_id: int) -> ResponseReturnValue:
    """One trial: how far it is, what it comes to; the enhancer gets the progress alone."""
    part = bool(request.headers.get("HX-Request"))
    found = cases.trial_view(office(), actor(), trial_id, whole=not part)
    if isinstance(found, Refusal):
        return refused(found)
    if part:
        return render_template("refund_trial_progress.html", trial=found, enhanced=True)
    return render_template("refund_trial.html", trial=found, formulas=FORMULAS, change_line=change_line)


@pages.get("/<int:trial_id>/employers")
@only_for("staff")
def employers(trial_id: int) -> ResponseReturnValue:
    """For whom something changes, a page at a time."""
    asked = _asked()
    trial = cases.trial_view(office(), actor(), trial_id)
    if isinstance(trial, Refusal):
        return refused(trial)
    page = cases.trial_changes(office(), actor(), trial_id, asked, cursor=_text(request.args, "cursor"))
    if isinstance(page, Refusal):
        return refused(page)
    return render_template(
        "refund_trial_changes.html",
        trial=trial,
        page=page,
        asked=asked,
        effects=EFFECTS,
        conditions=FAILURES,
        sizes=SIZES,
        industries=INDUSTRIES,
        query=lambda **changed: _query(asked, **changed),
    )


@pages.get("/<int:trial_id>/employers.xlsx")
@only_for("staff")
def sheet(trial_id: int) -> ResponseReturnValue:
    """The same list as a workbook."""
    file = export_trial(office(), actor(), trial_id, _asked())
    return workbook(file, f"trial-{trial_id}-{office().today.isoformat()}.xlsx")


def _index(typed: Mapping[str, str], *, refusal: Refusal | None = None) -> ResponseReturnValue:
    found, bases = cases.trials(office(), actor()), cases.trial_bases(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    if isinstance(bases, Refusal):
        return refused(bases)
    chosen = _number(typed, "run")
    base = next((each for each in bases if each.run_id == chosen), bases[0] if bases else None)
    year = _number(typed, "year")
    if base is not None and year not in (base.year, base.year + 1):
        year = base.year
    page = render_template(
        "refund_trials.html",
        trials=found,
        bases=bases,
        base=base,
        year=year,
        figures=cases.figures_now(office(), actor(), base, year=year) if base else (),
        formulas=FORMULAS,
        typed=typed,
        refusal=refusal,
        name_max=cases.NAME_MAX,
    )
    return page, status_of(refusal) if refusal else 200


def _asked() -> TrialFilter:
    return TrialFilter(**{name: _text(request.args, name) for name in TrialFilter.__dataclass_fields__})


def _query(asked: TrialFilter, **changed: str) -> str:
    """The filter as the end of an address; changed parts replace, empty ones go."""
    query = urlencode({key: value for key, value in {**asdict(asked), **changed}.items() if value})
    return f"?{query}" if query else ""


def _text(typed: Mapping[str, str], key: str) -> str:
    """What the address says; nothing for what no name of ours can be."""
    found = typed.get(key, "").strip()
    return found if found.isprintable() and len(found) <= _LONGEST else ""


def _number(typed: Mapping[str, str], key: str) -> int:
    """The number that was typed; 0, which nothing has, for anything else."""
    found = typed.get(key, "").strip()
    return int(found) if found.isascii() and found.isdecimal() and len(found) <= _DIGITS else 0
