"""Campaigns of the job-retention refund for staff: start one, its board, the refunds behind each figure, one refund, notices."""

from __future__ import annotations

from typing import Literal, cast

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from engine.cases import campaigns as campaign_acts
from engine.cases import refund_acts, refund_notices
from engine.cases.campaign_board import board
from engine.cases.campaign_rows import campaigns, places
from engine.cases.industries import INDUSTRIES
from engine.cases.refund_file import refund_view
from engine.cases.refund_lists import export_refunds, refunds
from engine.cases.refund_records import (
    KINDS,
    LOOK_RESULTS,
    MODES,
    SIZES,
    STAGE_NAMES,
    STATUS_NAMES,
    BoardFilter,
    RefundFilter,
)
from engine.values import Refusal
from web.errors import refused, status_of
from web.inbox_bulk import workbook
from web.screenings import query_of, year_like
from web.session import actor, office, only_for

pages = Blueprint("refunds", __name__, url_prefix="/refunds")

_LONGEST = 60
#: what use-cases say in Chinese; here the catalogue learns of it
_WORDS = (lazy_gettext("开案中"), lazy_gettext("进行中"), lazy_gettext("已结束"))
STATUS_OF_CAMPAIGN = {"opening": "开案中", "running": "进行中", "closed": "已结束"}


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The campaigns that meet one's regions, latest first, and the form that starts one."""
    return _index()


@pages.post("")
@only_for("staff")
def start() -> ResponseReturnValue:
    """Start the campaign of a region and year, or come to the one that is there."""
    asked = {name: request.form.get(name, "").strip() for name in ("year", "region", "mode")}
    year = int(asked["year"]) if year_like(asked["year"]) else 0
    # a way that nobody knows is refused where it is judged
    mode = cast(Literal["disburse", "prepay"], asked["mode"])
    outcome = campaign_acts.start_campaign(office(), actor(), region=asked["region"], year=year, mode=mode)
    if isinstance(outcome, Refusal):
        return _index(refusal=outcome, asked=asked)
    flash(outcome.message, "success")
    return redirect("/refunds", code=303)


@pages.get("/<int:campaign_id>")
@only_for("staff")
def show(campaign_id: int) -> ResponseReturnValue:
    """The board of one campaign."""
    asked = BoardFilter(**{name: _text(name) for name in BoardFilter.__dataclass_fields__})
    found = board(office(), actor(), campaign_id, asked)
    if isinstance(found, Refusal):
        return refused(found)
    return render_template(
        "refund_campaign.html",
        found=found,
        campaign=found.campaign,
        states=STATUS_OF_CAMPAIGN,
        sizes=SIZES,
        industries=INDUSTRIES,
        narrowed=lambda **changed: f"/refunds/{campaign_id}{query_of(asked, **changed)}",
        listed=lambda **changed: f"/refunds/list{query_of(asked, campaign=str(campaign_id), **changed)}",
    )


@pages.post("/<int:campaign_id>/close")
@only_for("staff")
def close(campaign_id: int) -> ResponseReturnValue:
    """Nobody is taken in any more; what is under way goes on."""
    outcome = campaign_acts.close_campaign(office(), actor(), campaign_id)
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect(f"/refunds/{campaign_id}", code=303)


@pages.get("/list")
@only_for("staff")
def listed() -> ResponseReturnValue:
    """The refunds behind a figure, a page at a time."""
    found = refunds(office(), actor(), _asked(), cursor=_text("cursor"))
    if isinstance(found, Refusal):
        return refused(found)
    return render_template(
        "refund_list.html",
        found=found,
        asked=found.asked,
        stages=STAGE_NAMES,
        statuses=STATUS_NAMES,
        sizes=SIZES,
        kinds=KINDS,
        industries=INDUSTRIES,
        query=lambda **changed: query_of(found.asked, **changed),
    )


@pages.get("/list.xlsx")
@only_for("staff")
def sheet() -> ResponseReturnValue:
    """The same list as a workbook."""
    file = export_refunds(office(), actor(), _asked())
    return workbook(file, f"refunds-{office().today.isoformat()}.xlsx")


@pages.get("/of/<int:refund_id>")
@only_for("staff")
def one(refund_id: int) -> ResponseReturnValue:
    """One refund: what was found and why, how far it is, what was said and what was paid."""
    return _one(refund_id)


@pages.post("/of/<int:refund_id>/look")
@only_for("staff")
def look(refund_id: int) -> ResponseReturnValue:
    """What internal control saw of the use of the money, written down once."""
    typed = {name: request.form.get(name, "").strip() for name in ("result", "note")}
    outcome = refund_acts.look_afterwards(office(), actor(), refund_id, **typed)
    if isinstance(outcome, Refusal):
        return _one(refund_id, refusal=outcome, typed=typed)
    flash(outcome.message, "success")
    return redirect(f"/refunds/of/{refund_id}", code=303)


@pages.get("/notices")
@only_for("staff")
def notices() -> ResponseReturnValue:
    """The public notices of one's regions with what is said against them."""
    found = refund_notices.notices(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("refund_notices.html", lists=found)


def _index(*, refusal: Refusal | None = None, asked: dict[str, str] | None = None) -> ResponseReturnValue:
    found = campaigns(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    page = render_template(
        "refunds.html",
        campaigns=found,
        places=places(office(), actor()),
        modes=MODES,
        states=STATUS_OF_CAMPAIGN,
        refusal=refusal,
        asked=asked or {"year": str(office().today.year), "region": "", "mode": "disburse"},
    )
    return page, status_of(refusal) if refusal else 200


def _one(
    refund_id: int, *, refusal: Refusal | None = None, typed: dict[str, str] | None = None
) -> ResponseReturnValue:
    view = refund_view(office(), actor(), refund_id)
    if isinstance(view, Refusal):
        return refused(refusal or view)
    page = render_template(
        "refund.html",
        view=view,
        results=LOOK_RESULTS,
        refusal=refusal,
        typed=typed or {"result": "", "note": ""},
    )
    return page, status_of(refusal) if refusal else 200


def _asked() -> RefundFilter:
    return RefundFilter(**{name: _text(name) for name in RefundFilter.__dataclass_fields__})


def _text(key: str) -> str:
    """What the address says; nothing for what no name of ours can be."""
    found = request.args.get(key, "").strip()
    return found if found.isprintable() and len(found) <= _LONGEST else ""
