"""The API of rectification: checklists, their walls, items and papers, and what the issuing office does with them."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from engine.cases import checklists as cases
from engine.cases import escalations, item_cases, supervising, wall_items, wall_sheets
from engine.cases import wall as walls
from engine.cases.checklist_files import ShippedChecklist, issue_shipped, shipped_checklists
from engine.cases.checklist_views import ChecklistView
from engine.cases.escalations import EscalationRow
from engine.cases.office import Office
from engine.cases.views import Page
from engine.cases.wall_views import ItemFilter, ItemRow, ItemView, Trend, Wall, WallHead
from engine.values import Actor, Refusal
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, file_out, reads, writes
from web.api_records import answer_of, rows_of

rectification_room = Room("rectification", chinese="整改", english="rectification")

_CHECKLIST = f"/rectification/<{NUMBER}:checklist_id>"
_ITEM = f"/rectification/items/<{NUMBER}:item_id>"


@dataclass(frozen=True, slots=True, kw_only=True)
class WallItems:
    """A page of the items of a checklist."""

    head: WallHead
    page: Page[ItemRow]


class RegionQuery(Schema):
    """Which region is in view; one's own where none is named."""

    region = schemas.Text("region", longest=6, required=False)


class ItemsQuery(RegionQuery):
    """Which items of a checklist."""

    show = schemas.Text("show", longest=20, required=False)
    topic = schemas.Text("topic_position", longest=6, required=False)
    lead = schemas.Text("lead_unit", longest=60, required=False)
    own = schemas.Text("own_only", longest=3, required=False)


class ItemsPageQuery(ItemsQuery):
    """Which items of a checklist, and the mark of the page before."""

    cursor = schemas.Text("cursor", longest=60, required=False)


class NewChecklist(Schema):
    """Which shipped checklist was received on which day, and the region over which it is laid."""

    name = schemas.Text("checklist_name", longest=60)
    received_on = schemas.day("received_on")
    region = schemas.Text("region", longest=6, required=False)


class TakenUpAgain(Schema):
    """Why an item is taken up again, and the new days."""

    why = schemas.Text("why", longest=500)
    plan_due = schemas.day("plan_due")
    done_due = schemas.day("done_due")


@reads(rectification_room, "/rectification", chinese="整改清单", answer=rows_of(ChecklistView), who=STAFF)
def checklists(office: Office, actor: Actor) -> object:
    """The checklists and plans of one's region, with how far each has come."""
    return cases.checklists(office, actor)


@reads(
    rectification_room,
    "/rectification/shipped",
    chinese="可下达的清单",
    answer=rows_of(ShippedChecklist),
    who=STAFF,
)
def shipped(office: Office, _actor: Actor) -> object:
    """The checklists that the system ships, by name."""
    return shipped_checklists(office)


@writes(
    rectification_room,
    "/rectification",
    chinese="下达清单",
    asks=NewChecklist,
    done=ChecklistView,
    status=201,
    who=STAFF,
)
def issue(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Issue a shipped checklist over a region and all below it, as received on a day."""
    name = asked.pop("name")
    return issue_shipped(office, actor, name, **asked)


@reads(rectification_room, _CHECKLIST, chinese="挂图", asks=RegionQuery, answer=answer_of(Wall), who=STAFF)
def wall(office: Office, actor: Actor, asked: dict[str, Any], checklist_id: int) -> object:
    """The wall: items by topic and region, with the proof that none is missing."""
    return walls.wall(office, actor, checklist_id, region=asked["region"])


@reads(
    rectification_room,
    f"{_CHECKLIST}/trend",
    chinese="整改进度",
    asks=RegionQuery,
    answer=answer_of(Trend),
    who=STAFF,
)
def trend(office: Office, actor: Actor, asked: dict[str, Any], checklist_id: int) -> object:
    """Week by week: what was checked, planned, settled and escalated."""
    return walls.trend(office, actor, checklist_id, region=asked["region"])


@reads(
    rectification_room,
    f"{_CHECKLIST}/workbook",
    chinese="挂图导出",
    asks=RegionQuery,
    answer=None,
    who=STAFF,
)
def wall_sheet(office: Office, actor: Actor, asked: dict[str, Any], checklist_id: int) -> object:
    """The wall as a workbook."""
    file = wall_sheets.export_wall(office, actor, checklist_id, region=asked["region"])
    return file_out(file, f"wall-{checklist_id}.xlsx")


@reads(
    rectification_room,
    f"{_CHECKLIST}/items",
    chinese="整改事项",
    asks=ItemsPageQuery,
    answer=answer_of(WallItems),
    who=STAFF,
)
def items(office: Office, actor: Actor, asked: dict[str, Any], checklist_id: int) -> object:
    """A page of the items that the filter asks for, by deadline."""
    cursor = asked.pop("cursor")
    found = wall_items.items(office, actor, checklist_id, ItemFilter(**asked), cursor=cursor)
    return found if isinstance(found, Refusal) else WallItems(head=found[0], page=found[1])


@reads(
    rectification_room,
    f"{_CHECKLIST}/items/workbook",
    chinese="整改事项导出",
    asks=ItemsQuery,
    answer=None,
    who=STAFF,
)
def items_sheet(office: Office, actor: Actor, asked: dict[str, Any], checklist_id: int) -> object:
    """The items as a workbook, all of them."""
    file = wall_sheets.export_items(office, actor, checklist_id, ItemFilter(**asked))
    return file_out(file, f"items-{checklist_id}.xlsx")


@reads(
    rectification_room,
    f"{_CHECKLIST}/papers",
    chinese="提醒、通报和函",
    answer=rows_of(EscalationRow),
    who=STAFF,
)
def papers(office: Office, actor: Actor, checklist_id: int) -> object:
    """The reminders, circulars and notices that went out, the newest first."""
    return escalations.papers_of(office, actor, checklist_id=checklist_id)


@writes(rectification_room, f"{_CHECKLIST}/closing", chinese="办结清单", who=STAFF)
def close(office: Office, actor: Actor, checklist_id: int) -> object:
    """Close a checklist of which everything is settled."""
    return cases.close_checklist(office, actor, checklist_id)


@reads(rectification_room, _ITEM, chinese="查看整改事项", answer=answer_of(ItemView), who=STAFF)
def item(office: Office, actor: Actor, item_id: int) -> object:
    """Everything of one cell: deadlines, problem, plan, results, cases, and what the caller may not do and why."""
    return wall_items.cell(office, actor, item_id)


@writes(rectification_room, f"{_ITEM}/supervision", chinese="督办", asks=schemas.Why, who=STAFF)
def supervise(office: Office, actor: Actor, asked: dict[str, Any], item_id: int) -> object:
    """Press the unit by letter, with the reason; once a day for one item."""
    return supervising.supervise(office, actor, item_id, why=asked["why"])


@writes(rectification_room, f"{_ITEM}/reopening", chinese="重新打开整改事项", asks=TakenUpAgain, who=STAFF)
def reopen(office: Office, actor: Actor, asked: dict[str, Any], item_id: int) -> object:
    """Take up a settled item again that was found untrue; a plan is wanted by a new day."""
    return item_cases.reopen_item(office, actor, item_id, **asked)
