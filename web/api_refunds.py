"""The API of job-retention refunds: screenings, campaigns, refunds of staff and of the employer itself, public notices."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any, Literal

from marshmallow import Schema, fields, validate

from engine.cases import campaigns as campaign_acts
from engine.cases import refund_acts, refund_notices, screening
from engine.cases.campaign_board import board
from engine.cases.campaign_rows import campaigns
from engine.cases.office import Office
from engine.cases.refund_file import employer_refunds, refund_view
from engine.cases.refund_lists import export_refunds, refunds
from engine.cases.refund_records import (
    LOOK_RESULTS,
    MODES,
    USES,
    BoardFilter,
    CampaignBoard,
    CampaignRow,
    NoticeListRow,
    RefundFilter,
    RefundList,
    RefundView,
)
from engine.cases.refund_sheets import export_screened
from engine.cases.screening_views import EmployerScreened, ScreenedFilter, ScreeningView
from engine.values import Actor, ActorKind, Money
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, file_out, reads, writes
from web.api_records import answer_of, page_of, rows_of
from web.api_words import said

refund_room = Room(
    "refunds", chinese="稳岗返还筛查、活动与公示", english="screenings, campaigns and notices of refunds"
)

_EMPLOYER: tuple[ActorKind, ...] = ("employer",)
_BOTH: tuple[ActorKind, ...] = ("staff", "employer")
_SCREENING = f"/screenings/<{NUMBER}:run_id>"
_CAMPAIGN = f"/refund-campaigns/<{NUMBER}:campaign_id>"
_REFUND = f"/refunds/<{NUMBER}:refund_id>"


def _year() -> fields.Integer:
    return fields.Integer(
        required=True,
        validate=validate.Range(min=1, max=9999),
        metadata={"description": said("year"), "example": 2025},
    )


class YearOfRefund(Schema):
    """The year of the refund."""

    year = _year()


class NewScreening(YearOfRefund):
    """Which screening."""

    region = schemas.Text("region", longest=6, required=False)


class NewCampaign(YearOfRefund):
    """Which campaign, and how it pays."""

    region = schemas.Text("region", longest=6)
    mode = schemas.choice("mode", *MODES)


class ScreenedQuery(Schema):
    """Which employers of a screening, and the mark of the page before."""

    outcome = schemas.Text("outcome", longest=10, required=False)
    condition = schemas.Text("condition", longest=12, required=False)
    region = schemas.Text("region", longest=6, required=False)
    industry = schemas.Text("industry", longest=1, required=False)
    size = schemas.Text("size", longest=6, required=False)
    search = schemas.Text("search", longest=60, required=False)
    cursor = schemas.Text("cursor", longest=20, required=False)


class BoardQuery(Schema):
    """Which refunds a board counts."""

    region = schemas.Text("region", longest=6, required=False)
    size = schemas.Text("size", longest=6, required=False)
    industry = schemas.Text("industry", longest=1, required=False)


class RefundQuery(Schema):
    """Which refunds, and the mark of the page before."""

    campaign = schemas.Text("campaign", longest=9, required=False)
    year = schemas.Text("year", longest=4, required=False)
    region = schemas.Text("region", longest=6, required=False)
    stage = schemas.Text("stage", longest=10, required=False)
    status = schemas.Text("status", longest=14, required=False)
    size = schemas.Text("size", longest=6, required=False)
    industry = schemas.Text("industry", longest=1, required=False)
    kind = schemas.Text("kind", longest=10, required=False)
    soon = schemas.Text("soon", longest=7, required=False)
    objection = schemas.Text("objection", longest=3, required=False)
    late_entrant = schemas.Text("late_entrant", longest=3, required=False)
    search = schemas.Text("search", longest=60, required=False)
    cursor = schemas.Text("cursor", longest=20, required=False)


class Uses(Schema):
    """What the money was used for: purpose → yuan."""

    uses = fields.Dict(
        keys=fields.String(validate=validate.OneOf(tuple(USES))),
        values=fields.String(validate=validate.Regexp(r"\d{1,12}(\.\d{1,2})?\Z")),
        required=True,
        metadata={"description": said("uses"), "example": {"insurance": "12000.00"}},
    )


class Look(Schema):
    """What internal control saw."""

    result = schemas.choice("look_result", *LOOK_RESULTS)
    note = schemas.Text("look_note", longest=2000)


@reads(refund_room, "/screenings", chinese="稳岗返还筛查", answer=rows_of(ScreeningView), who=STAFF)
def screening_list(office: Office, actor: Actor) -> object:
    """The screenings of one's region, latest first."""
    return screening.screenings(office, actor)


@writes(refund_room, "/screenings", chinese="发起筛查", asks=NewScreening, done=ScreeningView, who=STAFF)
def start_screening(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Screen every employer for a year, or come to the screening that is going on."""
    return screening.start_screening(office, actor, **asked)


@reads(refund_room, _SCREENING, chinese="查看筛查", answer=answer_of(ScreeningView), who=STAFF)
def show_screening(office: Office, actor: Actor, run_id: int) -> object:
    """One screening with what it found by outcome, condition, region and industry."""
    return screening.screening_view(office, actor, run_id)


@reads(
    refund_room,
    f"{_SCREENING}/employers",
    chinese="逐户筛查结果",
    asks=ScreenedQuery,
    answer=page_of(EmployerScreened),
    who=STAFF,
)
def screened(office: Office, actor: Actor, asked: dict[str, Any], run_id: int) -> object:
    """A page of the employers with every condition and its reason."""
    cursor = asked.pop("cursor")
    return screening.screened_employers(office, actor, run_id, ScreenedFilter(**asked), cursor=cursor)


@reads(
    refund_room,
    f"{_SCREENING}/workbook",
    chinese="逐户筛查结果表",
    asks=ScreenedQuery,
    answer=None,
    who=STAFF,
)
def screened_sheet(office: Office, actor: Actor, asked: dict[str, Any], run_id: int) -> object:
    """The same as a workbook."""
    asked.pop("cursor")
    return file_out(export_screened(office, actor, run_id, ScreenedFilter(**asked)), "screening.xlsx")


@reads(refund_room, "/refund-campaigns", chinese="稳岗返还活动", answer=rows_of(CampaignRow), who=STAFF)
def campaign_list(office: Office, actor: Actor) -> object:
    """The campaigns that meet one's regions, latest first."""
    return campaigns(office, actor)


@writes(refund_room, "/refund-campaigns", chinese="发起返还活动", asks=NewCampaign, status=201, who=STAFF)
def start_campaign(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Start the campaign of a city or province for a year."""
    mode: Literal["disburse", "prepay"] = asked["mode"]
    return campaign_acts.start_campaign(office, actor, region=asked["region"], year=asked["year"], mode=mode)


@reads(
    refund_room,
    _CAMPAIGN,
    chinese="返还活动看板",
    asks=BoardQuery,
    answer=answer_of(CampaignBoard),
    who=STAFF,
)
def show_campaign(office: Office, actor: Actor, asked: dict[str, Any], campaign_id: int) -> object:
    """How a campaign stands, by region, size, industry and status, with its money."""
    return board(office, actor, campaign_id, BoardFilter(**asked))


@writes(refund_room, f"{_CAMPAIGN}/close", chinese="结束返还活动", who=STAFF)
def close_campaign(office: Office, actor: Actor, campaign_id: int) -> object:
    """Nobody is taken in any more; what is under way goes on."""
    return campaign_acts.close_campaign(office, actor, campaign_id)


@reads(refund_room, "/refunds", chinese="返还清单", asks=RefundQuery, answer=answer_of(RefundList), who=_BOTH)
def refund_list(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A page of the refunds of one's regions, or of one's own."""
    cursor = asked.pop("cursor")
    return refunds(office, actor, RefundFilter(**asked), cursor=cursor)


@reads(refund_room, "/refunds/workbook", chinese="返还清单表", asks=RefundQuery, answer=None, who=STAFF)
def refund_sheet(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """The same as a workbook."""
    asked.pop("cursor")
    return file_out(export_refunds(office, actor, RefundFilter(**asked)), "refunds.xlsx")


@writes(refund_room, "/refunds", chinese="单位申请返还", asks=YearOfRefund, status=201, who=_EMPLOYER)
def apply(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """The employer asks to be screened for the refund of a year."""
    return refund_acts.apply_for_refund(office, actor, year=asked["year"])


@reads(refund_room, "/my/refunds", chinese="本单位的返还", answer=rows_of(RefundView), who=_EMPLOYER)
def own_refunds(office: Office, actor: Actor) -> object:
    """The employer's own refunds with what was found and why, newest first."""
    return employer_refunds(office, actor)


@reads(refund_room, _REFUND, chinese="查看返还", answer=answer_of(RefundView), who=_BOTH)
def refund(office: Office, actor: Actor, refund_id: int) -> object:
    """One refund: what was found and why, how far it is, what was paid."""
    return refund_view(office, actor, refund_id)


@writes(refund_room, f"{_REFUND}/uses", chinese="填报资金用途", asks=Uses, who=_EMPLOYER)
def tell_uses(office: Office, actor: Actor, asked: dict[str, Any], refund_id: int) -> object:
    """What the money was used for; told anew, the last word counts."""
    told = {use: Money.yuan(amount).fen for use, amount in asked["uses"].items()}
    return refund_acts.tell_uses(office, actor, refund_id, told)


@writes(refund_room, f"{_REFUND}/look", chinese="记录事后抽查", asks=Look, who=STAFF)
def look(office: Office, actor: Actor, asked: dict[str, Any], refund_id: int) -> object:
    """What internal control saw of the use of the money; once."""
    return refund_acts.look_afterwards(office, actor, refund_id, result=asked["result"], note=asked["note"])


@reads(refund_room, "/refund-notices", chinese="公示名单", answer=rows_of(NoticeListRow), who=STAFF)
def notices(office: Office, actor: Actor) -> object:
    """The public notices of one's regions, with how many objections wait."""
    return refund_notices.notices(office, actor)


@reads(refund_room, "/refund-notices/open", chinese="公示中的名单", answer=rows_of(NoticeListRow))
def open_notices(office: Office, _actor: Actor) -> object:
    """The public notices whose days have not run out."""
    return refund_notices.open_notices(office)
