"""Trying drawings out: a case played through a change or through what is published, step by step on the picture.

Each page plays its whole script anew, which travels in the address; nothing is kept in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from engine.cases import studio_try as cases
from engine.cases.rehearse import difference_of
from engine.cases.studio_try import Sample, Tried, TryShelf
from engine.cases.tried import Assigned, morning_after
from engine.values import Refusal
from engine.workflow.forms import FormErrors
from engine.workflow.rehearsal import Rehearsal, ScriptStep
from engine.workflow.rehearsal_text import written
from web.errors import refused, status_of
from web.forms import Drawn, draw, flat, posted
from web.language import chosen
from web.session import actor, office, only_for
from web.try_scripts import ROWS, begun, filled, followed, in_words, next_step, packed, unpacked

studio_try = Blueprint("studio_try", __name__, url_prefix="/studio")

#: what may be different about a person or an employer of the cast
FACTS = {
    "months_paid": lazy_gettext("累计缴费月数"),
    "deemed_months": lazy_gettext("视同缴费月数"),
    "deemed_proven": lazy_gettext("视同缴费已核实"),
    "carried_months": lazy_gettext("前次未领月数"),
    "exit_reason": lazy_gettext("离职原因代码"),
    "exit_day": lazy_gettext("离职日期"),
    "current": lazy_gettext("当前有单位缴费"),
    "receives_pension": lazy_gettext("已领基本养老金"),
    "retirement_class": lazy_gettext("退休类别"),
    "account": lazy_gettext("社保卡账户（none 表示没有）"),
    "account_activated": lazy_gettext("账户已激活"),
    "account_holder": lazy_gettext("账户户名"),
    "business": lazy_gettext("在营工商登记名称"),
    "region": lazy_gettext("参保地或所在地"),
    "sex": lazy_gettext("性别"),
    "birth": lazy_gettext("出生日期"),
    "paid_fen": lazy_gettext("单位上年缴费（分）"),
    "months": lazy_gettext("单位缴费月数"),
    "insured_previous_year_end": lazy_gettext("上年末参保人数"),
    "left": lazy_gettext("裁员人数"),
    "size": lazy_gettext("单位规模"),
    "industry_ok": lazy_gettext("行业符合"),
    "dishonest": lazy_gettext("失信单位"),
    "zombie": lazy_gettext("僵尸企业"),
    "social_org": lazy_gettext("社会组织"),
    "kind": lazy_gettext("单位类型"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A form of the page that was not taken: what was typed for which step, and why."""

    element: str
    typed: Mapping[str, str | list[str]]
    errors: Mapping[str, str]


@studio_try.get("/changes/<int:change_id>/try")
@studio_try.get("/processes/<process_id>/try")
@only_for("staff")
def show(**_where: object) -> ResponseReturnValue:
    """The sample or script of the address, played; without one, what to begin with."""
    shelf = _shelf()
    if isinstance(shelf, Refusal):
        return refused(shelf)
    sample = _sample(shelf)
    return _page(shelf, sample.script if sample else unpacked(request.args.get("script", "")), sample=sample)


@studio_try.get("/changes/<int:change_id>/try/begin")
@studio_try.get("/processes/<process_id>/try/begin")
@only_for("staff")
def begin(**_where: object) -> ResponseReturnValue:
    """Begin a case about somebody chosen by hand."""
    script = begun(request.args, process=_process())
    if script is None:
        flash(_("没有发起：请写明从哪天开始，年份要合理"), "warning")
    return _on(script)


@studio_try.post("/changes/<int:change_id>/try/on")
@studio_try.post("/processes/<process_id>/try/on")
@only_for("staff")
def go_on(**_where: object) -> ResponseReturnValue:
    """Add a step to the script and play it again; a form with errors is shown again with what was typed."""
    script = unpacked(request.form.get("try-script", ""))
    step = next_step(request.form)
    if script is None or step is not None:
        return _on(_further(script, step) if script and step else script)
    shelf = _shelf()
    if isinstance(shelf, Refusal):
        return refused(shelf)
    return _complete(shelf, script)


@studio_try.post("/changes/<int:change_id>/try/keep")
@only_for("staff")
def keep(change_id: int) -> ResponseReturnValue:
    """Keep the played case as a test of the change."""
    script = unpacked(request.form.get("try-script", ""))
    if script is None:
        return redirect(url_for("studio_try.show", change_id=change_id), code=303)
    kept = cases.keep_case(office(), actor(), change_id, script, name=request.form.get("name", ""))
    if isinstance(kept, Sample):
        flash(_("已存为 %(file)s 的案例", file=kept.file), "success")
        where = url_for("studio_try.show", change_id=change_id, file=kept.file, case=kept.script.name)
        return redirect(where, code=303)
    shelf = _shelf()
    return refused(kept) if isinstance(shelf, Refusal) else _page(shelf, script, refusal=kept)


def _shelf() -> TryShelf | Refusal:
    """What is tried at this address: a change, or what is published."""
    return cases.try_shelf(office(), actor(), (request.view_args or {}).get("change_id"))


def _process() -> str:
    """The process that was asked for; empty for none."""
    return request.args.get("process") or str((request.view_args or {}).get("process_id", ""))


def _further(script: Rehearsal, step: ScriptStep) -> Rehearsal:
    """The script with the step; without it where no tests file could say it, such as a day of another age."""
    further = followed(script, step)
    if unpacked(packed(further)) is None:
        flash(_("这一步没有加上：日期或内容不能用"), "warning")
        return script
    return further


def _complete(shelf: TryShelf, script: Rehearsal) -> ResponseReturnValue:
    """Fill the form of the open task in, where its answers will do."""
    element, typed = request.form.get("try-element", ""), posted(request.form)
    tried = cases.try_out(office(), actor(), shelf.files, script)
    if isinstance(tried, Refusal):
        return refused(tried)
    task = next((each for each in _open(tried) if each.element == element), None)
    if task is None:
        return _page(shelf, script)
    cleaned = task.form.clean(typed)
    if isinstance(cleaned, FormErrors):
        wrong = Wrong(element=element, typed=typed, errors=cleaned.errors)
        return _page(shelf, script, tried=tried, wrong=wrong)
    step = filled(task.form, element, typed, by=request.form.get("try-by", ""))
    return _on(_further(script, step))


def _on(script: Rehearsal | None) -> ResponseReturnValue:
    """The page of that script; of none where there is none."""
    # what is None is left out of the address
    where = url_for(
        "studio_try.show",
        **(request.view_args or {}),
        script=packed(script) if script else None,
        _anchor="now" if script else None,
    )
    return redirect(where, code=303)


def _sample(shelf: TryShelf) -> Sample | None:
    file, name = request.args.get("file", ""), request.args.get("case", "")
    return next((each for each in shelf.samples if (each.file, each.script.name) == (file, name)), None)


def _page(
    shelf: TryShelf,
    script: Rehearsal | None,
    *,
    sample: Sample | None = None,
    tried: Tried | None = None,
    wrong: Wrong | None = None,
    refusal: Refusal | None = None,
) -> ResponseReturnValue:
    """The page; with a script, after it has been played."""
    process = script.process if script else _process()
    drawn = shelf.processes.get(process) or next(iter(shelf.processes.values()), None)
    if script is None or drawn is None:
        return render_template("studio_try.html", **_choices(shelf, script), drawn=drawn, tried=None)
    # as written out, so that the lines that sentences name are those that the page shows
    played = unpacked(packed(script)) or script
    found = tried or cases.try_out(office(), actor(), shelf.files, played)
    if isinstance(found, Refusal):
        return refused(found)
    page = render_template(
        "studio_try.html",
        **_choices(shelf, played),
        **_played(found, played, wrong),
        drawn=drawn,
        sample=sample,
        reasons=refusal.reasons if refusal else (),
        difference=difference_of(sample.script.expect, found.rehearsed) if sample else "",
    )
    return page, status_of(refusal) if refusal else 422 if wrong else 200


def _choices(shelf: TryShelf, script: Rehearsal | None) -> dict[str, object]:
    """What the page offers to begin with."""
    change = shelf.change
    return {
        "shelf": shelf,
        "change": change,
        "here": url_for("studio_try.show", **(request.view_args or {})),
        "script": script,
        "facts": FACTS,
        "rows": ROWS,
        "may_keep": change is not None and "save" in change.can,
    }


def _played(found: Tried, script: Rehearsal, wrong: Wrong | None) -> dict[str, object]:
    """What came of the script, and what may be done next."""
    rows = found.seen.rows(found.rehearsed.steps)
    at = min(max(request.args.get("at", len(rows), type=int), min(1, len(rows))), len(rows))
    tasks = _open(found)
    asked = wrong.element if wrong else request.args.get("task", "")
    task = next((each for each in tasks if each.element == asked), tasks[0] if tasks else None)
    fields = _fields(task, wrong) if task else ()
    last = script.steps[-1].line if script.steps else 0
    stuck = bool(found.rehearsed.problems)
    return {
        "tried": found.rehearsed,
        "seen": found.seen,
        "steps": rows,
        "at": at,
        "whole": packed(script),
        # what is done next is done where the script got to
        "word": packed(followed(script, keep=found.seen.taken) if stuck else script),
        "text": written(script),
        "so_far": [
            (words, packed(followed(script, keep=number)))
            for number, words in enumerate(in_words(script, found.seen.names))
        ],
        "refused_now": [met for met in found.rehearsed.refusals if met.line == last and not met.foreseen],
        "tasks": tasks,
        "task": task,
        "fields": fields,
        "every_field": list(flat(fields)),
        "due_morning": morning_after(found.seen.next_due) if found.seen.next_due else None,
        "doers": list(dict.fromkeys(row.element for row in rows if row.task)),
    }


def _fields(task: Assigned, wrong: Wrong | None) -> tuple[Drawn, ...]:
    return draw(
        task.form,
        values={**task.values, **(wrong.typed if wrong else {})},
        errors=wrong.errors if wrong else {},
        english=chosen() == "en",
    )


def _open(found: Tried) -> list[Assigned]:
    return [task for task in found.seen.tasks if task.status == "ready"]
