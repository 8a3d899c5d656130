"""Ratings of finished matters: figures and bad ratings for staff, and everybody's own."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from engine.cases import rating_figures, rating_lists, service_ratings
from engine.cases.rating_figures import RatingFigures, RatingFilter, RatingShare
from engine.cases.service_ratings import CHANNELS, GRADES, REASONS, Given
from engine.values import Refusal
from web.errors import refused, status_of
from web.inbox_bulk import workbook
from web.language import chosen
from web.session import actor, office, only_for
from web.share_chart import ShareRow, share_bars

pages = Blueprint("ratings", __name__)

#: what use-cases say in Chinese; here the catalogue learns of it
_WORDS = (
    lazy_gettext("已评价"), lazy_gettext("待处理"), lazy_gettext("处理中"), lazy_gettext("已答复"),
    lazy_gettext("非常满意"), lazy_gettext("满意"), lazy_gettext("基本满意"), lazy_gettext("不满意"),
    lazy_gettext("非常不满意"), lazy_gettext("网上"), lazy_gettext("短信链接"), lazy_gettext("短信回复"),
    lazy_gettext("自助机"), lazy_gettext("请您再评一次"),
)  # fmt: skip
_LONGEST = 40


@pages.get("/ratings")
@only_for("staff")
def figures() -> ResponseReturnValue:
    """How people rate the service, by matter, region, channel and month; and how bad ratings are made good."""
    found = rating_figures.rating_figures(office(), actor(), _asked())
    if isinstance(found, Refusal):
        return refused(found)
    return render_template(
        "ratings.html",
        found=found,
        tables=_tables(found),
        grades=GRADES,
        channels=CHANNELS,
        address=lambda **changed: _address(found.asked, **changed),
    )


@pages.get("/ratings/export.xlsx")
@only_for("staff")
def export() -> ResponseReturnValue:
    """One of the tables as a workbook."""
    table = request.args.get("table", "")[:_LONGEST]
    file = rating_figures.export(office(), actor(), _asked(), table)
    return workbook(file, f"ratings-{table}-{office().today.isoformat()}.xlsx")


@pages.get("/ratings/bad")
@only_for("staff")
def bad() -> ResponseReturnValue:
    """The bad ratings, newest first."""
    asked = request.args
    found = rating_lists.bad_ratings(
        office(), actor(), status=asked.get("status", ""), cursor=asked.get("cursor", "")
    )
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("bad_ratings.html", found=found, states=rating_lists.STATES)


@pages.get("/ratings/bad/<int:rating_id>")
@only_for("staff")
def bad_one(rating_id: int) -> ResponseReturnValue:
    """One bad rating; whoever calls back asks here for the number."""
    return _bad_one(rating_id)


@pages.post("/ratings/bad/<int:rating_id>/phone")
@only_for("staff")
def number(rating_id: int) -> ResponseReturnValue:
    """The telephone of the rater; that it was looked at is on record."""
    found = rating_lists.number_to_call(office(), actor(), rating_id)
    if isinstance(found, Refusal):
        return refused(found)
    return _bad_one(rating_id, phone=found)


@pages.get("/my/ratings")
@only_for("person", "employer")
def mine() -> ResponseReturnValue:
    """What waits for my rating, and what I rated."""
    return _mine()


@pages.post("/my/ratings/<int:invitation_id>")
@only_for("person", "employer")
def rate(invitation_id: int) -> ResponseReturnValue:
    """My rating of a matter of mine."""
    outcome = service_ratings.rate_own(office(), actor(), invitation_id, given())
    if isinstance(outcome, Refusal):
        return _mine(refusal=outcome, at=invitation_id)
    flash(outcome.message, "success")
    return redirect("/my/ratings", code=303)


def given() -> Given:
    """The rating as the form has it."""
    score = request.form.get("score", "")
    return Given(
        score=int(score) if score in {"1", "2", "3", "4", "5"} else 0,
        grounds=tuple(request.form.getlist("grounds")),
        words=request.form.get("words", "").replace("\0", ""),
    )


def names() -> dict[str, object]:
    """The grades and reasons in the reader's language, for every page with the form."""
    place = 0 if chosen() == "zh" else 1
    return {
        "grades": {score: words[place] for score, words in GRADES.items()},
        "grounds": {key: words[place] for key, words in REASONS.items()},
        "words_max": service_ratings.WORDS_MAX,
    }


def share_row(row: RatingShare) -> ShareRow:
    """A row of a table as a bar."""
    share = row.good_share
    word = row.name if chosen() == "zh" else row.english
    return ShareRow(
        word=word[:20] if chosen() == "zh" else word[:40],
        parts=row.grades,
        end="" if share is None else f"{share:.1%}",
    )


def _mine(*, refusal: Refusal | None = None, at: int = 0) -> ResponseReturnValue:
    found = service_ratings.my_ratings(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    page = render_template(
        "my_ratings.html",
        found=found,
        refusal=refusal,
        at=at,
        typed=given() if refusal else Given(score=0),
        **names(),
    )
    status = 422 if refusal and refusal.reasons[0].code in ("score_missing", "words_too_long") else 0
    return page, status or (status_of(refusal) if refusal else 200)


def _bad_one(rating_id: int, *, phone: str = "") -> ResponseReturnValue:
    found = rating_lists.bad_rating(office(), actor(), rating_id)
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("bad_rating.html", row=found, phone=phone)


def _asked() -> RatingFilter:
    texts = {key: request.args.get(key, "").strip() for key in RatingFilter.__dataclass_fields__}
    return RatingFilter(
        **{key: text if text.isprintable() and len(text) <= _LONGEST else "" for key, text in texts.items()}
    )


def _tables(found: RatingFigures) -> list[tuple[str, str, tuple[RatingShare, ...], object]]:
    """Key, caption, rows and picture of each table."""
    captions = {
        "by_matter": _("按事项"),
        "by_region": _("按地区"),
        "by_channel": _("按渠道"),
        "by_month": _("按月"),
    }
    return [
        (
            key,
            caption,
            rows,
            share_bars(
                [share_row(row) for row in rows], title=f"{caption}：{_('每档评价的次数，数字见下表')}"
            ),
        )
        for key, caption in captions.items()
        if (rows := getattr(found, key))
    ]


def _address(asked: RatingFilter, *, page: str = "ratings.figures", **changed: str) -> str:
    parts = {**asked.query(), **changed}
    return f"{url_for(page)}?{urlencode({key: value for key, value in parts.items() if value})}"
