"""Moving running cases to another version: tried first, then carried out by a job that can be taken back.

Many cases are tried in parts: the page shows what is known and goes on by itself, or with a button.
"""

from __future__ import annotations

import json
from typing import NamedTuple, cast, get_args

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from engine.cases import moves as cases
from engine.cases import studio as library
from engine.cases.move_trial import MoveReason, MoveReport, dry_run
from engine.cases.studio_views import VersionRow
from engine.values import Refusal
from engine.workflow.migration import Verdict
from web.errors import refused, status_of, trouble
from web.session import actor, office, only_for

moves = Blueprint("studio_moves", __name__, url_prefix="/studio")

#: cases tried for one answer, so that it comes within a second or two
TRIED_AT_ONCE = 1_000

#: words for jobs and their cases, which use-cases say in Chinese; here the catalogue learns of them
_STATES = (
    lazy_gettext("换版中"), lazy_gettext("换版完成"), lazy_gettext("撤回中"), lazy_gettext("等待"),
    lazy_gettext("已换版"), lazy_gettext("已换版，有须知"), lazy_gettext("不能换版"), lazy_gettext("换版出错"),
    lazy_gettext("未换版，作业已撤回"), lazy_gettext("已退回原版本"), lazy_gettext("已继续办理，留在新版本"),
)  # fmt: skip


class _Pair(NamedTuple):
    """The versions that cases leave and come to, among all of the process."""

    versions: tuple[VersionRow, ...]
    old: VersionRow
    new: VersionRow


@moves.get("/processes/<process_id>/move")
@only_for("staff")
def plan(process_id: str) -> ResponseReturnValue:
    """What a move from one version to another would do; the enhancer gets the list of cases alone."""
    pair = _pair(process_id)
    return _plan(pair) if isinstance(pair, _Pair) else pair


@moves.post("/processes/<process_id>/try")
@only_for("staff")
def go_on(process_id: str) -> ResponseReturnValue:
    """Try the next part of many cases and add it to what was found before."""
    pair = _pair(process_id)
    if not isinstance(pair, _Pair):
        return pair
    before = _report_of(request.form.get("before", ""), pair)
    part = _try(pair, after=before.tried_to)
    if isinstance(part, Refusal):
        return refused(part)
    whole = "HX-Request" not in request.headers
    template = "studio_move.html" if whole else "studio_move_trial.html"
    return render_template(template, pair=pair, tried=before.with_part(part), listed=None)


@moves.post("/processes/<process_id>/move")
@only_for("staff")
def start(process_id: str) -> ResponseReturnValue:
    """Start the job for every case that is open on the version."""
    pair = _pair(process_id)
    if not isinstance(pair, _Pair):
        return pair
    if request.form.get("sure") != "yes":
        return _plan(pair, unsure=True)
    job = cases.start_move(
        office(), actor(), from_version_id=pair.old.version_id, to_version_id=pair.new.version_id
    )
    if isinstance(job, Refusal):
        return _plan(pair, refusal=job)
    return redirect(f"/studio/moves/{job.job_id}", code=303)


@moves.get("/moves/<int:job_id>")
@only_for("staff")
def show(job_id: int) -> ResponseReturnValue:
    """How far the job has come; the enhancer gets the part that changes alone."""
    return _job(job_id)


@moves.post("/moves/<int:job_id>/undo")
@only_for("staff")
def undo(job_id: int) -> ResponseReturnValue:
    """Turn the job round, with the reason."""
    outcome = cases.undo_move(office(), actor(), job_id, why=request.form.get("why", ""))
    if isinstance(outcome, Refusal):
        return _job(job_id, refusal=outcome)
    return redirect(f"/studio/moves/{job_id}", code=303)


def _plan(pair: _Pair, *, refusal: Refusal | None = None, unsure: bool = False) -> ResponseReturnValue:
    verdict = request.values.get("verdict", "")
    wanted = cast(Verdict, verdict) if verdict in get_args(Verdict) else None
    after = request.values.get("after", 0, type=int)
    listed = _try(pair, verdict=wanted, after=after)
    if isinstance(listed, Refusal):
        return refused(refusal or listed)
    shown = {"pair": pair, "listed": listed, "verdict": wanted}
    if request.headers.get("HX-Target") == "move-cases":
        return render_template("studio_move_cases.html", **shown)
    tried = _try(pair) if after else listed
    if isinstance(tried, Refusal):
        return refused(tried)
    page = render_template("studio_move.html", **shown, tried=tried, refusal=refusal, unsure=unsure)
    return page, status_of(refusal) if refusal else 422 if unsure else 200


def _try(pair: _Pair, *, verdict: Verdict | None = None, after: int = 0) -> MoveReport | Refusal:
    return dry_run(
        office(),
        actor(),
        from_version_id=pair.old.version_id,
        to_version_id=pair.new.version_id,
        verdict=verdict,
        after=after,
        limit=TRIED_AT_ONCE,
    )


def _pair(process_id: str) -> _Pair | ResponseReturnValue:
    """The versions asked for; else from the oldest with cases on it to the newest other."""
    rows = library.versions_of(office(), actor(), process_id)
    if isinstance(rows, Refusal):
        return refused(rows)
    if len(rows) < 2:
        return trouble(404)
    numbers = {row.number: row for row in rows}
    laden = next((row for row in reversed(rows) if row.running), rows[-1])
    old = numbers.get(request.values.get("from", 0, type=int), laden)
    new = numbers.get(request.values.get("to", 0, type=int))
    if new is None or new.number == old.number:
        new = next(row for row in rows if row.number != old.number)
    return _Pair(rows, old, new)


def _report_of(text: str, pair: _Pair) -> MoveReport:
    """What the parts before have found, as the page carries it; nothing for what no page of ours sent."""
    try:
        sent = json.loads(text)
        clean, notice, cannot, tried_to = (
            int(sent[name]) for name in ("clean", "notice", "cannot", "tried_to")
        )
        reasons = tuple((MoveReason(*map(str, reason)), int(count)) for reason, count in sent["reasons"])
    except (ValueError, TypeError, KeyError):
        clean, notice, cannot, tried_to, reasons = 0, 0, 0, 0, ()
    return MoveReport(
        process_id=pair.old.process_id,
        from_number=pair.old.number,
        to_number=pair.new.number,
        total=pair.old.running,
        clean=clean,
        notice=notice,
        cannot=cannot,
        reasons=reasons,
        rows=(),
        tried_to=tried_to,
    )


def _job(job_id: int, *, refusal: Refusal | None = None) -> ResponseReturnValue:
    status = request.args.get("status", "")
    job = cases.move_progress(
        office(), actor(), job_id, status=status, after=request.args.get("after", 0, type=int)
    )
    if isinstance(job, Refusal):
        return refused(refusal or job)
    part = "HX-Request" in request.headers
    template = "studio_move_progress.html" if part else "studio_move_job.html"
    names = cases.ITEM_STATUS_NAMES
    page = render_template(template, job=job, status=status, refusal=refusal, names=names, enhanced=part)
    return page, status_of(refusal) if refusal else 200
