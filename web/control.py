"""Internal control: risk rules with a trial run, flags, samples, and who looked at whose file."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import looks, risk_room, samples
from engine.cases.risk_views import LEVEL_NAMES, Faults, Tried, WrittenRule
from engine.cases.views import Done
from engine.values import Refusal
from web.errors import refused, status_of
from web.session import actor, office, only_for

pages = Blueprint("control", __name__, url_prefix="/control")

_WRITTEN = ("rule", "name", "english", "level", "condition", "says", "source")


@pages.get("")
@only_for("staff")
def rules() -> ResponseReturnValue:
    """Every rule and its versions, and the last screening."""
    return _rules()


@pages.post("/screen")
@only_for("staff")
def screen() -> ResponseReturnValue:
    """Every live rule put to everybody who is paid here."""
    outcome = risk_room.screen(office(), actor(), month=request.form.get("month", "").strip())
    if isinstance(outcome, Refusal):
        return _rules(refusal=outcome)
    flash(outcome.message, "success")
    return redirect("/control/flags", code=303)


@pages.get("/rules/new")
@only_for("staff")
def new_rule() -> ResponseReturnValue:
    """The form of a rule, filled with an older version where one is named."""
    number = request.args.get("from", "")
    kept = risk_room.rule_view(office(), actor(), int(number)) if number.isdigit() else None
    if isinstance(kept, Refusal):
        return refused(kept)
    typed = {name: getattr(kept.written, name) if kept else "" for name in _WRITTEN}
    return _rule_form(typed)


@pages.post("/rules/new")
@only_for("staff")
def write() -> ResponseReturnValue:
    """Try the rule over history, which keeps nothing; or keep it as a draft."""
    typed = {name: request.form.get(name, "").strip() for name in _WRITTEN}
    written = WrittenRule(**typed, verified=False)
    if request.form.get("act") != "keep":
        tried = risk_room.try_rule(office(), actor(), written)
        if isinstance(tried, Refusal):
            return _rule_form(typed, refusal=tried)
        return (
            _rule_form(typed, faults=tried) if isinstance(tried, Faults) else _rule_form(typed, tried=tried)
        )
    kept = risk_room.write_rule(office(), actor(), written)
    if isinstance(kept, Refusal):
        return _rule_form(typed, refusal=kept)
    return (
        _rule_form(typed, faults=kept)
        if isinstance(kept, Faults)
        else redirect(f"/control/rules/{kept.rule_id}", 303)
    )


@pages.get("/rules/<int:rule_id>")
@only_for("staff")
def rule(rule_id: int) -> ResponseReturnValue:
    """One version of a rule."""
    return _rule(rule_id)


@pages.post("/rules/<int:rule_id>")
@only_for("staff")
def act_on_rule(rule_id: int) -> ResponseReturnValue:
    """Try a draft for the record, put it in force, or retire it."""
    match request.form.get("act", ""):
        case "try":
            tried = risk_room.try_version(office(), actor(), rule_id)
            return (
                _rule(rule_id, refusal=tried) if isinstance(tried, Refusal) else _rule(rule_id, tried=tried)
            )
        case "approve":
            outcome = risk_room.approve_rule(office(), actor(), rule_id)
        case _:
            outcome = risk_room.retire_rule(office(), actor(), rule_id, why=request.form.get("why", ""))
    if isinstance(outcome, Refusal):
        return _rule(rule_id, refusal=outcome)
    return _done(outcome, f"/control/rules/{rule_id}")


@pages.get("/flags")
@only_for("staff")
def flags() -> ResponseReturnValue:
    """What the rules say of whom."""
    return _flags()


@pages.post("/flags/<int:flag_id>/recheck")
@only_for("staff")
def recheck(flag_id: int) -> ResponseReturnValue:
    """A flag re-checked in a case of its own."""
    outcome = samples.recheck_flag(office(), actor(), flag_id)
    return (
        _flags(refusal=outcome)
        if isinstance(outcome, Refusal)
        else _done(outcome, f"/cases/{outcome.case_id}")
    )


@pages.get("/samples")
@only_for("staff")
def sample_list() -> ResponseReturnValue:
    """The draws and how far they are re-checked."""
    return _samples()


@pages.post("/samples")
@only_for("staff")
def draw() -> ResponseReturnValue:
    """Draw from a month."""
    typed = {name: request.form.get(name, "").strip() for name in ("what", "month")}
    outcome = samples.draw_sample(office(), actor(), **typed)
    return (
        _samples(refusal=outcome, typed=typed)
        if isinstance(outcome, Refusal)
        else _done(outcome, "/control/samples")
    )


@pages.get("/samples/<int:draw_id>")
@only_for("staff")
def sample(draw_id: int) -> ResponseReturnValue:
    """One draw, and on demand the same draw again from its seed."""
    again = request.args.get("again") == "1"
    found = samples.draw_page(office(), actor(), draw_id, again=again)
    return refused(found) if isinstance(found, Refusal) else render_template("control_draw.html", found=found)


@pages.get("/looks")
@only_for("staff")
def look_list() -> ResponseReturnValue:
    """Who looked at whose file how often; this look is recorded, too."""
    found = looks.lookers(office(), actor(), month=request.args.get("month", "").strip())
    return (
        refused(found) if isinstance(found, Refusal) else render_template("control_looks.html", found=found)
    )


@pages.get("/looks/<int:staff_id>")
@only_for("staff")
def look_rows(staff_id: int) -> ResponseReturnValue:
    """Whose files one member of staff looked at."""
    found = looks.looks_of(office(), actor(), staff_id, month=request.args.get("month", "").strip())
    return (
        refused(found)
        if isinstance(found, Refusal)
        else render_template("control_looks_of.html", found=found)
    )


def _rules(*, refusal: Refusal | None = None) -> ResponseReturnValue:
    book = risk_room.rule_book(office(), actor())
    if isinstance(book, Refusal):
        return refused(refusal or book)
    page = render_template("control_rules.html", book=book, refusal=refusal)
    return page, status_of(refusal) if refusal else 200


def _rule_form(
    typed: dict[str, str],
    *,
    faults: Faults | None = None,
    refusal: Refusal | None = None,
    tried: Tried | None = None,
) -> ResponseReturnValue:
    book = risk_room.rule_book(office(), actor())
    if isinstance(book, Refusal):
        return refused(refusal or book)
    page = render_template(
        "control_rule_form.html",
        book=book,
        typed=typed,
        levels=LEVEL_NAMES,
        faults=faults.by_field if faults else {},
        refusal=refusal,
        tried=tried,
    )
    return page, status_of(refusal) if refusal else 422 if faults else 200


def _rule(rule_id: int, *, refusal: Refusal | None = None, tried: Tried | None = None) -> ResponseReturnValue:
    found = risk_room.rule_view(office(), actor(), rule_id)
    if isinstance(found, Refusal):
        return refused(refusal or found)
    page = render_template("control_rule.html", rule=found, refusal=refusal, tried=tried)
    return page, status_of(refusal) if refusal else 200


def _flags(*, refusal: Refusal | None = None) -> ResponseReturnValue:
    status, rule_id = request.args.get("status", "open"), request.args.get("rule", "")
    after = request.args.get("after", "")
    found = risk_room.flags(
        office(),
        actor(),
        status=status,
        rule=rule_id[:40],
        after=int(after) if after.isdecimal() and len(after) < 18 else 0,
    )
    if isinstance(found, Refusal):
        return refused(refusal or found)
    page = render_template("control_flags.html", rows=found, status=status, rule=rule_id, refusal=refusal)
    return page, status_of(refusal) if refusal else 200


def _samples(*, refusal: Refusal | None = None, typed: dict[str, str] | None = None) -> ResponseReturnValue:
    desk = samples.sample_desk(office(), actor())
    if isinstance(desk, Refusal):
        return refused(refusal or desk)
    page = render_template("control_samples.html", desk=desk, typed=typed or {}, refusal=refusal)
    return page, status_of(refusal) if refusal else 200


def _done(outcome: Done, to: str) -> ResponseReturnValue:
    flash(outcome.message, "success")
    return redirect(to, code=303)
