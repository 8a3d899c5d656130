"""Work plans: those there are, and taking one in from a workbook, with every fault at its cell before anything is kept."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from engine.cases import checklists as cases
from engine.cases import work_plans
from engine.cases.item_cases import ISSUES
from engine.cases.wall_views import Tally
from engine.cases.work_plans import NewPlan, PlanReport, PlanTaken
from engine.values import Refusal
from web.errors import refused, status_of
from web.forms import day_of
from web.inbox_bulk import workbook
from web.session import actor, office, only_for
from web.wall_pictures import strip

pages = Blueprint("work_plans", __name__, url_prefix="/work-plans")

_FIELDS = ("title", "source", "region", "issued_on", "target")
#: what use-cases say in Chinese; here the catalogue learns of it
_WORDS = (lazy_gettext("制定措施"), lazy_gettext("推进落实"), lazy_gettext("自查验收"))


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The plans of one's region, and the form to take one in."""
    return _page({})


@pages.post("")
@only_for("staff")
def take() -> ResponseReturnValue:
    """Judge the table, or take it in: whole, or not at all."""
    typed = {name: request.form.get(name, "").strip() for name in _FIELDS}
    issued_on, target = day_of(typed["issued_on"]), day_of(typed["target"])
    if issued_on is None or target is None:
        return _page(typed, problem=_("印发日期和完成日期都要写成日期，例如 2025-12-31。"))
    upload = request.files.get("plan")
    file = upload.read() if upload else b""
    outcome = _outcome(file, typed, issued_on=issued_on, target=target)
    if isinstance(outcome, Refusal):
        return _page(typed, refusal=outcome)
    if isinstance(outcome, PlanReport):
        return _page(typed, report=outcome)
    plan = outcome.plan
    said = (
        _("这份计划已经收入，没有重复下达")
        if outcome.again
        else _("已下达 %(number)s，共 %(count)s 项", number=plan.number, count=plan.present)
    )
    flash(said, "warning" if outcome.again else "success")
    return redirect(f"/rectification/{plan.checklist_id}", code=303)


@pages.get("/template.xlsx")
@only_for("staff")
def template() -> ResponseReturnValue:
    """An empty table, to fill in."""
    return workbook(work_plans.plan_template(actor()), "work-plan.xlsx")


@pages.get("/example.xlsx")
@only_for("staff")
def example() -> ResponseReturnValue:
    """The eighteen tasks of Chongqing's notice."""
    return workbook(work_plans.plan_example(office()), "chongqing-2019.xlsx")


def _outcome(
    file: bytes, typed: dict[str, str], *, issued_on: date, target: date
) -> PlanTaken | PlanReport | Refusal:
    new = NewPlan(
        title=typed["title"],
        source=typed["source"],
        region=typed["region"],
        issued_on=issued_on,
        target=target,
    )
    if request.form.get("act") == "take":
        read = request.form.get("warnings_read") == "yes"
        return work_plans.import_plan(office(), actor(), file, new, warnings_read=read)
    return work_plans.check_plan(office(), actor(), file, new)


def _page(
    typed: dict[str, str],
    *,
    problem: str = "",
    refusal: Refusal | None = None,
    report: PlanReport | None = None,
) -> ResponseReturnValue:
    found = cases.checklists(office(), actor(), kind="plan")
    if isinstance(found, Refusal):
        return refused(refusal or found)
    rows = [(each, Tally(standings=each.standings, returned=each.returned)) for each in found]
    page = render_template(
        "work_plans.html",
        rows=[(each, tally, strip(tally)) for each, tally in rows],
        takes=ISSUES in actor().duties,
        typed=typed or {"region": actor().region},
        problem=problem,
        refusal=refusal,
        report=report,
        asked_to_take=request.form.get("act") == "take",
    )
    return page, (status_of(refusal) if refusal else 422 if problem or (report and report.faults) else 200)
