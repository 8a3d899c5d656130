"""Fund adjustment: who is short, how an amount would be shared out, proposals and their approval."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import adjustments as cases
from engine.cases.adjustments import Adjustments
from engine.cases.books import BooksFilter
from engine.cases.views import Done
from engine.values import Refusal
from web.books import address_of, asked, field, picture
from web.errors import refused, status_of
from web.session import actor, office, only_for

pages = Blueprint("adjustments", __name__, url_prefix="/books/adjustment")

#: more regions than that do not fit into a picture; the table has them all
_DRAWN = 16


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """Shortfalls below a region, and the proposals."""
    return _page(asked(), request.args.get("amount", "").strip()[:30])


@pages.post("")
@only_for("staff")
def propose() -> ResponseReturnValue:
    """Propose to share out an amount."""
    return _after(
        cases.propose(
            office(), actor(), giver=field("region"), amount=field("amount"), reason=field("reason")
        )
    )


@pages.post("/<int:proposal_id>")
@only_for("staff")
def decide(proposal_id: int) -> ResponseReturnValue:
    """Approve a proposal, which books it, or decline it."""
    approve = field("act") == "approve"
    return _after(cases.decide(office(), actor(), proposal_id, approve=approve, why=field("why")))


def _page(wanted: BooksFilter, amount: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    found = cases.adjustments(office(), actor(), wanted, amount=amount)
    if isinstance(found, Refusal):
        return refused(refusal or found)
    page = render_template(
        "adjustments.html",
        found=found,
        sight=found.sight,
        refusal=refusal,
        typed=field("reason"),
        **_chart(found),
        address=lambda **changed: address_of(wanted, **changed),
    )
    return page, status_of(refusal) if refusal else 200


def _after(outcome: Done | Refusal) -> ResponseReturnValue:
    wanted = BooksFilter(region=field("region"))
    if isinstance(outcome, Refusal):
        return _page(wanted, field("amount"), outcome)
    flash(outcome.message, "success")
    return redirect(address_of(wanted, page="adjustments.index"), code=303)


def _chart(found: Adjustments) -> dict[str, object]:
    widest = sorted(found.rows, key=lambda row: (-row.need.fen, row.region))[:_DRAWN]
    rows = [(row.region_name[:4], row.need, row.share) for row in widest]
    return picture(rows, _("各地缺口和拟调剂额，数字见下表"))
