"""Rectification: checklists and plans, the wall of each, its items and papers, and what the issuing office does with them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from engine.cases import checklists as cases
from engine.cases import escalations, item_cases, supervising, wall, wall_items, wall_sheets
from engine.cases.checklist_files import issue_shipped, shipped_checklists
from engine.cases.plan_files import parts_of
from engine.cases.tile_maps import tiles_of
from engine.cases.views import Done
from engine.cases.wall_views import SHOWN, SIGNS, WORDS, ItemFilter, Tally, TrendWeek, Wall
from engine.values import Refusal
from web.charts import Bars, bars
from web.errors import refused, status_of
from web.forms import day_of
from web.inbox_bulk import workbook
from web.papers import page_of
from web.session import actor, office, only_for
from web.wall_pictures import level_of, strip, tile_map

pages = Blueprint("rectification", __name__, url_prefix="/rectification")

_LONGEST = 60
#: more columns than these are drawn narrow, with upright names
_WIDE_MOST = 18
#: what use-cases say in Chinese; here the catalogue learns of it
_WORDS = (
    lazy_gettext("逾期"), lazy_gettext("收到时已过限"), lazy_gettext("临期"), lazy_gettext("在办"),
    lazy_gettext("待受理、核验"), lazy_gettext("无问题"), lazy_gettext("销号"), lazy_gettext("本周到期"),
    lazy_gettext("退回未重报"), lazy_gettext("重新打开过"), lazy_gettext("督办过"), lazy_gettext("通报过"),
    lazy_gettext("未查摆"), lazy_gettext("待报方案"), lazy_gettext("方案待受理"), lazy_gettext("整改中"),
    lazy_gettext("待核验"), lazy_gettext("不落实"), lazy_gettext("落实不到位"), lazy_gettext("查摆"),
    lazy_gettext("报送方案"), lazy_gettext("完成整改"), lazy_gettext("提醒"), lazy_gettext("通报"),
    lazy_gettext("通报当地人民政府"), lazy_gettext("提请问责"), lazy_gettext("督办"), lazy_gettext("退回"),
    lazy_gettext("重新打开"), lazy_gettext("方案已报"), lazy_gettext("方案受理"), lazy_gettext("报告进展"),
    lazy_gettext("核验"), lazy_gettext("查摆并报送整改方案"), lazy_gettext("报送整改方案"),
)  # fmt: skip


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The checklists and plans of one's region, with how far each has come."""
    found = cases.checklists(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    rows = [(each, Tally(standings=each.standings, returned=each.returned)) for each in found]
    return render_template(
        "rectification.html", rows=[(each, tally, strip(tally)) for each, tally in rows], issues=_issues()
    )


@pages.get("/<int:checklist_id>")
@only_for("staff")
def show(checklist_id: int) -> ResponseReturnValue:
    """The wall: items by region, with the proof that none is missing, and the map."""
    found = wall.wall(office(), actor(), checklist_id, region=_text("region"))
    if isinstance(found, Refusal):
        return refused(found)
    return render_template(
        "wall.html",
        **_drawn(found),
        map=_map(found),
        strips=[strip(column.tally) for column in found.columns],
        levels=[level_of(column.tally) for column in found.columns],
        closes=_issues() and found.head.status == "open" and found.tally.settled == found.tally.total,
    )


@pages.get("/<int:checklist_id>/trend")
@only_for("staff")
def trend(checklist_id: int) -> ResponseReturnValue:
    """Week by week: what was checked, planned and settled."""
    found = wall.trend(office(), actor(), checklist_id, region=_text("region"))
    if isinstance(found, Refusal):
        return refused(found)
    return render_template(
        "wall_trend.html",
        head=found.head,
        region=found.region,
        region_name=found.region_name,
        weeks=found.weeks,
        trend=_bars(found.weeks),
    )


@pages.get("/<int:checklist_id>/print")
@only_for("staff")
def printed(checklist_id: int) -> ResponseReturnValue:
    """The matrix alone, laid out for a printer."""
    found = wall.wall(office(), actor(), checklist_id, region=_text("region"))
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("print/wall.html", **_drawn(found), now=office().clock())


@pages.get("/<int:checklist_id>/wall.xlsx")
@only_for("staff")
def wall_sheet(checklist_id: int) -> ResponseReturnValue:
    """The matrix as a workbook."""
    file = wall_sheets.export_wall(office(), actor(), checklist_id, region=_text("region"))
    return workbook(file, f"wall-{checklist_id}-{office().today.isoformat()}.xlsx")


@pages.get("/<int:checklist_id>/items")
@only_for("staff")
def items(checklist_id: int) -> ResponseReturnValue:
    """The items that a figure counts."""
    asked = _asked()
    found = wall_items.items(office(), actor(), checklist_id, asked, cursor=_text("cursor"))
    if isinstance(found, Refusal):
        return refused(found)
    head, page = found
    return render_template(
        "wall_items.html",
        head=head,
        page=page,
        asked=asked,
        words=_words(WORDS),
        shown=_words(SHOWN),
        signs=SIGNS,
        address=lambda **changed: _address(f"/rectification/{checklist_id}/items", asked.query() | changed),
        file=_address(f"/rectification/{checklist_id}/items.xlsx", asked.query()),
    )


@pages.get("/<int:checklist_id>/items.xlsx")
@only_for("staff")
def items_sheet(checklist_id: int) -> ResponseReturnValue:
    """The list as a workbook, all of it."""
    file = wall_sheets.export_items(office(), actor(), checklist_id, _asked())
    return workbook(file, f"items-{checklist_id}-{office().today.isoformat()}.xlsx")


@pages.get("/items/<int:item_id>")
@only_for("staff")
def item(item_id: int) -> ResponseReturnValue:
    """Everything of one cell."""
    return _item(item_id)


@pages.post("/items/<int:item_id>/supervision")
@only_for("staff")
def supervise(item_id: int) -> ResponseReturnValue:
    """Press the unit by letter, with the reason on record."""
    outcome = supervising.supervise(office(), actor(), item_id, why=request.form.get("why", ""))
    return _after(outcome, item_id)


@pages.post("/items/<int:item_id>/reopening")
@only_for("staff")
def reopen(item_id: int) -> ResponseReturnValue:
    """Take up a settled item again that was found untrue."""
    days = {name: day_of(request.form.get(name, "")) for name in ("plan_due", "done_due")}
    if days["plan_due"] is None or days["done_due"] is None:
        return _item(item_id, problem=_("两个期限都要写成日期，例如 2025-12-31。"))
    outcome = item_cases.reopen_item(
        office(),
        actor(),
        item_id,
        why=request.form.get("why", ""),
        plan_due=days["plan_due"],
        done_due=days["done_due"],
    )
    return _after(outcome, item_id)


@pages.get("/<int:checklist_id>/papers")
@only_for("staff")
def papers(checklist_id: int) -> ResponseReturnValue:
    """The reminders, circulars and notices that went out."""
    view = cases.checklist_view(office(), actor(), checklist_id)
    found = escalations.papers_of(office(), actor(), checklist_id=checklist_id)
    if isinstance(view, Refusal) or isinstance(found, Refusal):
        return refused(view if isinstance(view, Refusal) else found)  # type: ignore[arg-type]
    return render_template("wall_papers.html", head=view, papers=found)


@pages.get("/papers/<int:paper_id>")
@only_for("staff")
def paper(paper_id: int) -> ResponseReturnValue:
    """A circular or notice, laid out for the printer."""
    found = escalations.print_escalation(office(), actor(), paper_id, shape="html")
    return refused(found) if isinstance(found, Refusal) else page_of(found)


@pages.post("/<int:checklist_id>/closing")
@only_for("staff")
def close(checklist_id: int) -> ResponseReturnValue:
    """Close a checklist of which everything is settled."""
    outcome = cases.close_checklist(office(), actor(), checklist_id)
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect(f"/rectification/{checklist_id}", code=303)


@pages.get("/new")
@only_for("staff")
def new() -> ResponseReturnValue:
    """The forms by which an office issues a shipped checklist, or one problem to one unit."""
    return _new({})


@pages.post("/shipped")
@only_for("staff")
def issue() -> ResponseReturnValue:
    """Issue a shipped checklist over a region and all below it, as received on a day."""
    typed = {name: request.form.get(name, "").strip() for name in ("name", "received_on", "region")}
    received = day_of(typed["received_on"])
    if received is None:
        return _new(typed, problem=_("请填写收到文件的日期，例如 2020-04-02。"))
    outcome = issue_shipped(office(), actor(), typed["name"], received_on=received, region=typed["region"])
    if isinstance(outcome, Refusal):
        return _new(typed, refusal=outcome)
    flash(_("已下达 %(number)s，共 %(count)s 项", number=outcome.number, count=outcome.present), "success")
    return redirect(f"/rectification/{outcome.checklist_id}", code=303)


@pages.post("/one")
@only_for("staff")
def issue_one() -> ResponseReturnValue:
    """Issue one problem to one unit, with the days by which plan and work are due."""
    typed = {name: request.form.get(name, "").strip() for name in ("topic", "unit", "plan_due", "done_due")}
    plan_due, done_due = day_of(typed["plan_due"]), day_of(typed["done_due"])
    if plan_due is None or done_due is None:
        return _new(typed, problem=_("两个期限都要写成日期，例如 2025-12-31。"))
    outcome = cases.issue_item(
        office(), actor(), topic=typed["topic"], region=typed["unit"], plan_due=plan_due, done_due=done_due
    )
    if isinstance(outcome, Refusal):
        return _new(typed, refusal=outcome)
    flash(outcome.message, "success")
    return redirect("/rectification", code=303)


def _new(typed: dict[str, str], *, problem: str = "", refusal: Refusal | None = None) -> ResponseReturnValue:
    page = render_template(
        "rectification_new.html",
        typed=typed,
        problem=problem,
        refusal=refusal,
        shipped=shipped_checklists(office()),
        today=office().today,
    )
    return page, (status_of(refusal) if refusal else 422 if problem else 200)


def _item(item_id: int, *, problem: str = "", refusal: Refusal | None = None) -> ResponseReturnValue:
    found = wall_items.cell(office(), actor(), item_id)
    if isinstance(found, Refusal):
        return refused(refusal or found)
    sent = escalations.papers_of(
        office(), actor(), checklist_id=found.head.checklist_id, item_id=found.row.item_id
    )
    page = render_template(
        "wall_item.html",
        one=found,
        words=_words(WORDS),
        signs=SIGNS,
        parts=parts_of(found.topic.task),
        papers=() if isinstance(sent, Refusal) else sent,
        problem=problem,
        refusal=refusal,
        typed=request.form,
    )
    return page, (status_of(refusal) if refusal else 422 if problem else 200)


def _after(outcome: Done | Refusal, item_id: int) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return _item(item_id, refusal=outcome)
    flash(outcome.message, "success")
    return redirect(f"/rectification/items/{item_id}", code=303)


def _drawn(found: Wall) -> dict[str, object]:
    """What both pages of the matrix are drawn from."""
    here = f"/rectification/{found.head.checklist_id}"
    return {
        "found": found,
        "head": found.head,
        "words": _words(WORDS),
        "signs": SIGNS,
        "here": here,
        "dense": len(found.columns) > _WIDE_MOST,
        "listed": lambda **asked: _address(f"{here}/items", {"region": found.region, **asked}),
        "walled": lambda region: _address(here, {"region": region}),
    }


def _map(found: Wall) -> object:
    columns = {column.code: column for column in found.columns}
    here = f"/rectification/{found.head.checklist_id}"
    hrefs = {
        code: _address(here if column.drills else f"{here}/items", {"region": code})
        for code, column in columns.items()
    }
    tiles = tiles_of(office().settings.processes_dir, found.region, tuple(columns))
    return tile_map(tiles, columns, hrefs, title=_("方格地图：各地区销号和逾期情况，数字见旁边的表"))


def _bars(weeks: tuple[TrendWeek, ...]) -> object:
    rows = [
        Bars(word=week.monday.isoformat()[5:], figures=(week.checked, week.planned, week.settled))
        for week in weeks
    ]
    return bars(rows, title=_("每周查摆、报送方案和销号的项数，数字见下表"))


def _words(named: Mapping[str, str]) -> dict[str, str]:
    """Names in the reader's language."""
    return {word: str(_(name)) for word, name in named.items()}


def _asked() -> ItemFilter:
    return ItemFilter(**{key: _text(key) for key in ItemFilter.__dataclass_fields__})


def _text(key: str) -> str:
    """What the address says; nothing for what no name of ours can be."""
    found = request.args.get(key, "").strip()
    return found if found.isprintable() and len(found) <= _LONGEST else ""


def _address(path: str, asked: dict[str, str]) -> str:
    parts = {key: value for key, value in asked.items() if value}
    return f"{path}?{urlencode(parts)}" if parts else path


def _issues() -> bool:
    """Whether the page offers what only the issuing duty does; the use-cases refuse the others anyway."""
    return item_cases.ISSUES in actor().duties
