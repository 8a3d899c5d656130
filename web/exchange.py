"""The exchange with other offices: their last contact, what is not acknowledged or given up, faults, differences."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from engine.cases import correspondence
from engine.cases.exchange_mirror import mirror
from engine.cases.exchange_views import Which, exchange_room, peer_room
from engine.cases.views import Done
from engine.values import Refusal
from web.errors import refused, status_of
from web.session import actor, office, only_for, same_site

pages = Blueprint("exchange", __name__, url_prefix="/exchange")

_LONGEST = 20
#: what use-cases say in Chinese; here the catalogue learns of it
_WORDS = (
    lazy_gettext("没有"), lazy_gettext("已发出，未确认收到"), lazy_gettext("已发出，对方已收到"),
    lazy_gettext("已发出，对方认为矛盾"), lazy_gettext("已收到，等待办理"), lazy_gettext("已收到并办理"),
    lazy_gettext("已收到，认为矛盾"), lazy_gettext("已记入月数"), lazy_gettext("已发出，对方没有收到"),
    lazy_gettext("收到的信件，对方没有发出"), lazy_gettext("同一编号内容不同"), lazy_gettext("收信方认为矛盾"),
    lazy_gettext("已收到，长期没有办理"), lazy_gettext("办理状态不一致"), lazy_gettext("缴费月数不一致"),
    lazy_gettext("剩余月数不一致"), lazy_gettext("费用金额不一致"), lazy_gettext("已付与到账不一致"),
)  # fmt: skip


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """All other offices, those with something amiss first."""
    found = exchange_room(office(), actor())
    return refused(found) if isinstance(found, Refusal) else render_template("exchange.html", found=found)


@pages.get("/<peer>")
@only_for("staff")
def show(peer: str) -> ResponseReturnValue:
    """One other office: its messages, its faults, and where the two differ."""
    return _page(peer)


@pages.post("/messages/<int:message_id>/resend")
@only_for("staff")
def resend(message_id: int) -> ResponseReturnValue:
    """A message sent again by hand, then the page that it was asked from."""
    outcome = correspondence.resend(office(), actor(), message_id)
    return _after(outcome, same_site(request.form.get("next", ""), otherwise="/exchange"))


@pages.post("/<peer>/statement")
@only_for("staff")
def state(peer: str) -> ResponseReturnValue:
    """A statement to the other office now; it answers with its own."""
    outcome = correspondence.state_now(office(), actor(), _code(peer))
    if isinstance(outcome, Refusal):
        return _page(peer, refusal=outcome)
    return _after(outcome, f"/exchange/{peer}")


def _code(text: str) -> str:
    """The code of an office as an address has it; empty for what none can be."""
    return text if text.isascii() and text.isprintable() and len(text) <= _LONGEST else ""


def _page(peer: str, *, refusal: Refusal | None = None) -> ResponseReturnValue:
    code, cursor = _code(peer), request.args.get("cursor", "")
    which: Which = "all" if request.args.get("which") == "all" else "open"
    room = peer_room(office(), actor(), code, which=which, cursor=cursor)
    if isinstance(room, Refusal):
        return refused(refusal or room)
    differ = mirror(office(), actor(), code)
    if isinstance(differ, Refusal):
        return refused(differ)
    page = render_template("exchange_peer.html", room=room, differ=differ, refusal=refusal)
    return page, status_of(refusal) if refusal else 200


def _after(outcome: Done | Refusal, where: str) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect(where, code=303)
