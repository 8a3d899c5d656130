"""Rating without signing in: by the link of a short message, at a kiosk; and what everybody may read of it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import rating_figures, service_ratings
from engine.cases.service_ratings import GRADES, AskedRating, Given
from engine.values import Refusal
from web.errors import refused, status_of
from web.ratings import given, names, share_row
from web.session import actor_or_none, office
from web.share_chart import share_bars

pages = Blueprint("rating_doors", __name__)

#: what the form can put right
_OF_THE_FORM = frozenset({"score_missing", "words_too_long"})


@pages.get("/rate/<token>")
def by_link(token: str) -> ResponseReturnValue:
    """The one matter that the link is for, and the form."""
    return _form(token)


@pages.post("/rate/<token>")
def rate_by_link(token: str) -> ResponseReturnValue:
    """The rating, by whoever has the link."""
    outcome = service_ratings.rate_by_link(office(), actor_or_none(), token, given(), visitor=visitor())
    if isinstance(outcome, Refusal):
        return _form(token, refusal=outcome)
    return redirect("/rate/thanks", code=303)


@pages.get("/rate/thanks")
def thanks() -> ResponseReturnValue:
    """The rating was taken."""
    return render_template("rate_thanks.html", kiosk=False)


@pages.get("/kiosk")
def kiosk() -> ResponseReturnValue:
    """The page of a kiosk: the number of the short message, with big keys."""
    return render_template("kiosk.html", refusal=None, code="")


@pages.post("/kiosk")
def kiosk_number() -> ResponseReturnValue:
    """A key of the kiosk's own, or the whole number; a right one leads to the big buttons."""
    code, key = request.form.get("code", "")[:20], request.form.get("key", "")
    if key:
        code = code[:-1] if key == "back" else f"{code}{key[:1]}"
        return render_template("kiosk.html", refusal=None, code=code[:20])
    found = service_ratings.link_of_code(office(), actor_or_none(), code, visitor=visitor())
    if isinstance(found, Refusal):
        return render_template("kiosk.html", refusal=found, code=code), status_of(found)
    return redirect(f"/kiosk/{found}", code=303)


@pages.get("/kiosk/thanks")
def kiosk_thanks() -> ResponseReturnValue:
    """The rating was taken; one press, and the next one can begin."""
    return render_template("rate_thanks.html", kiosk=True)


@pages.get("/kiosk/<token>")
def kiosk_form(token: str) -> ResponseReturnValue:
    """Five big buttons; behind the two bad ones the reasons."""
    return _kiosk(token, score=request.args.get("score", ""))


@pages.post("/kiosk/<token>")
def rate_at_kiosk(token: str) -> ResponseReturnValue:
    """The rating of a kiosk."""
    outcome = service_ratings.rate_by_link(
        office(), actor_or_none(), token, given(), visitor=visitor(), kiosk=True
    )
    if isinstance(outcome, Refusal):
        return refused(outcome)
    return redirect("/kiosk/thanks", code=303)


@pages.get("/public/ratings")
def public() -> ResponseReturnValue:
    """What everybody may read: how the service was rated in the last twelve months."""
    found = rating_figures.public_figures(office())
    title = _("每档评价的次数，数字见下表")
    return render_template(
        "public_ratings.html",
        found=found,
        grades=GRADES,
        matters=share_bars([share_row(row) for row in found.by_matter], title=f"{_('按事项')}：{title}"),
        months=share_bars([share_row(row) for row in found.by_month], title=f"{_('按月')}：{title}"),
    )


def visitor() -> str:
    """Where a form comes from that nobody signed in for."""
    return request.remote_addr or "unknown"


def _form(token: str, *, refusal: Refusal | None = None) -> ResponseReturnValue:
    asked = service_ratings.asked_by_link(office(), actor_or_none(), token)
    if isinstance(asked, Refusal):
        return refused(asked)
    typed = given() if refusal else Given(score=0)
    page = render_template("rate.html", asked=asked, token=token, refusal=refusal, typed=typed, **names())
    if refusal is None:
        return page
    return page, 422 if refusal.reasons[0].code in _OF_THE_FORM else status_of(refusal)


def _kiosk(token: str, *, score: str) -> ResponseReturnValue:
    asked: AskedRating | Refusal = service_ratings.asked_by_link(office(), actor_or_none(), token)
    if isinstance(asked, Refusal):
        return refused(asked)
    chosen = int(score) if score in ("1", "2") else 0
    return render_template("kiosk_rate.html", asked=asked, token=token, score=chosen, **names())
