"""The API of work plans: those there are, a table judged with its faults by cell, and taking one in."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from engine.cases import checklists, work_plans
from engine.cases.checklist_views import ChecklistView
from engine.cases.office import Office
from engine.cases.work_plans import NewPlan, PlanReport, PlanTaken
from engine.values import Actor
from engine.workflow.forms import FormErrors
from web import api_schemas as schemas
from web.api_doors import STAFF, Room, file_out, reads, writes
from web.api_records import rows_of
from web.language import chosen

plan_room = Room("work_plans", chinese="工作计划", english="work plans")


class PlanFile(schemas.File):
    """The table of a plan, and what is said of it."""

    title = schemas.Text("title", longest=200)
    source = schemas.Text("source", longest=200)
    region = schemas.Text("region", longest=6)
    issued_on = schemas.day("issued_on")
    target = schemas.day("target")


class PlanToTake(PlanFile):
    """The table of a plan; its warnings were read."""

    warnings_read = schemas.yes("warnings_read")


@reads(plan_room, "/work-plans", chinese="工作计划清单", answer=rows_of(ChecklistView), who=STAFF)
def plans(office: Office, actor: Actor) -> object:
    """The plans of one's region, with how far each has come."""
    return checklists.checklists(office, actor, kind="plan")


@writes(plan_room, "/work-plans/checks", chinese="检查计划表", uploads=PlanFile, done=PlanReport, who=STAFF)
def check(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """How the table would be understood: every row, every fault at its cell, the timetable; nothing is kept."""
    file = schemas.content_of(asked.pop("file"))
    return work_plans.check_plan(office, actor, file, NewPlan(**asked))


@writes(
    plan_room,
    "/work-plans",
    chinese="收入工作计划",
    uploads=PlanToTake,
    done=PlanTaken,
    status=201,
    who=STAFF,
)
def take(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Take the plan in with its items, whole or not at all; faults and unread warnings are named by cell."""
    file, read = schemas.content_of(asked.pop("file")), asked.pop("warnings_read")
    taken = work_plans.import_plan(office, actor, file, NewPlan(**asked), warnings_read=read)
    return _by_cell(taken) if isinstance(taken, PlanReport) else taken


@reads(plan_room, "/work-plans/template", chinese="计划表模板", answer=None, who=STAFF)
def template(_office: Office, actor: Actor) -> object:
    """An empty table, to fill in."""
    return file_out(work_plans.plan_template(actor), "work-plan.xlsx")


@reads(plan_room, "/work-plans/example", chinese="计划表示例", answer=None, who=STAFF)
def example(office: Office, _actor: Actor) -> object:
    """The eighteen tasks of Chongqing's notice."""
    return file_out(work_plans.plan_example(office), "chongqing-2019.xlsx")


def _by_cell(report: PlanReport) -> FormErrors:
    """What stands against taking the table in, by cell and in the caller's language; several at one cell together."""
    by_cell: dict[str, list[str]] = {}
    for fault in report.faults:
        words = fault.text if chosen() == "zh" else fault.text_en
        by_cell.setdefault(fault.cell or "file", []).append(words)
    return FormErrors({cell: "; ".join(words) for cell, words in by_cell.items()})
