"""Hits (停发线索): who may have to stop drawing, on which ground, and where it is being checked; and what is reported."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from markupsafe import Markup

from engine.cases import hits as cases
from engine.cases.hits import GroundCount, HitFilter
from engine.values import Reason, Refusal
from web.errors import refused, status_of
from web.session import actor, office, only_for

pages = Blueprint("hits", __name__, url_prefix="/hits")

_FIELDS = ("id_number", "ground", "event_day", "channel", "detail")
_LONGEST = 20
#: what use-cases say in Chinese; here the catalogue learns of it
_WORDS = (
    lazy_gettext("待核实"), lazy_gettext("属实"), lazy_gettext("排除"), lazy_gettext("名册比对"),
    lazy_gettext("部、省名单"), lazy_gettext("报告、举报"), lazy_gettext("电话"), lazy_gettext("来访"),
    lazy_gettext("来信"), lazy_gettext("网上"),
)  # fmt: skip
_BAR_WIDTH, _BAR_HEIGHT = 120, 14


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The hits of one's region, with the counts per ground."""
    return _page()


@pages.post("")
@only_for("staff")
def report() -> ResponseReturnValue:
    """What somebody told: a hit, and its case; a refusal keeps what was typed."""
    typed = {name: request.form.get(name, "").strip() for name in _FIELDS}
    try:
        event_day = date.fromisoformat(typed["event_day"]) if typed["event_day"] else None
    except ValueError:
        no = Reason(
            code="day_wrong", text="情形发生的日期不是日期", text_en="The day of the event is no date."
        )
        return _page(refusal=Refusal(reasons=(no,)), typed=typed)
    outcome = cases.report_hit(
        office(),
        actor(),
        id_number=typed["id_number"],
        ground=typed["ground"],
        event_day=event_day,
        channel=typed["channel"],
        detail=typed["detail"],
    )
    if isinstance(outcome, Refusal):
        return _page(refusal=outcome, typed=typed)
    flash(outcome.message, "success")
    return redirect(f"/cases/{outcome.case_id}" if outcome.case_id else "/hits", code=303)


def _page(*, refusal: Refusal | None = None, typed: dict[str, str] | None = None) -> ResponseReturnValue:
    asked = HitFilter(ground=_text("ground"), status=_text("status"), region=_text("region"))
    found = cases.hits(office(), actor(), asked, cursor=_text("cursor"))
    if isinstance(found, Refusal):
        return refused(refusal or found)
    most = max((_sum(count) for count in found.counts), default=0)
    page = render_template(
        "hits.html",
        found=found,
        bars=[(count, _bar(count, most)) for count in found.counts if _sum(count)],
        grounds=cases.OFFERED,
        known=cases.KNOWN,
        statuses=cases.STATES,
        channels=cases.CHANNELS,
        address=lambda **changed: _address(found.asked, **changed),
        refusal=refusal,
        typed=typed or dict.fromkeys(_FIELDS, ""),
        reports="intake" in actor().duties,
    )
    return page, status_of(refusal) if refusal else 200


def _address(asked: HitFilter, **changed: str) -> str:
    parts = {"ground": asked.ground, "status": asked.status, "region": asked.region, **changed}
    query = urlencode({key: value for key, value in parts.items() if value})
    return f"/hits?{query}" if query else "/hits"


def _text(key: str) -> str:
    found = request.args.get(key, "").strip()
    return found if found.isprintable() and len(found) <= _LONGEST else ""


def _sum(count: GroundCount) -> int:
    return count.open + count.confirmed + count.cleared


def _bar(count: GroundCount, most: int) -> Markup:
    """Three stretches, open, confirmed and cleared; the figures stand in the cells beside it."""
    parts, left = [], 0.0
    for number, figure in enumerate((count.open, count.confirmed, count.cleared), 1):
        wide = _BAR_WIDTH * figure / most if most else 0
        if wide:
            parts.append(
                f'<rect class="bar-{number}" x="{left:.1f}" y="1" width="{wide:.1f}" height="{_BAR_HEIGHT - 2}"/>'
            )
        left += wide
    # figures only: no word from outside is in it
    return Markup(  # noqa: S704
        f'<svg class="strip" aria-hidden="true" width="{_BAR_WIDTH}" height="{_BAR_HEIGHT}" '
        f'viewBox="0 0 {_BAR_WIDTH} {_BAR_HEIGHT}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )
