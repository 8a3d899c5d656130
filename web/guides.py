"""Service guides (办事指南): public pages, one for every matter, made of what is published now. Nobody signs in."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from engine.cases import guides
from engine.cases.guide_views import Guide
from engine.values import Refusal
from engine.workflow.guide import Bilingual
from engine.workflow.picture import picture_of
from web.charts import heat_map
from web.errors import refused
from web.guide_picture import (
    OUTCOMES,
    SIGNS,
    answer_of,
    limit_bar,
    limit_words,
    picture,
    plain_picture,
    said,
)
from web.language import chosen, in_chinese
from web.session import office

pages = Blueprint("guides", __name__)


@pages.get("/guides")
def show_all() -> ResponseReturnValue:
    """Every public matter; with words, those whose guides hold all of them."""
    search = request.args.get("q", "").strip()[:200]
    return render_template(
        "guides.html",
        rows=guides.guides(office(), search=search),
        search=search,
        told=told,
        limit_words=limit_words,
    )


@pages.get("/guides/<matter>")
def show(matter: str) -> ResponseReturnValue:
    """One guide, for the region that was chosen."""
    found = guides.guide(office(), matter, region=request.args.get("region", ""))
    if isinstance(found, Refusal):
        return refused(found)
    return _page("guide.html", found, picture=picture(found.body), places=guides.places(office()))


@pages.get("/guides/<matter>/print")
def paper(matter: str) -> ResponseReturnValue:
    """The guide on A4."""
    found = guides.guide(office(), matter, region=request.args.get("region", ""))
    if isinstance(found, Refusal):
        return refused(found)
    return _page("print/guide.html", found, picture=plain_picture(found.body), places={})


@pages.get("/guides/<matter>/diagram")
def diagram(matter: str) -> ResponseReturnValue:
    """The whole published diagram of the guide, as drawn."""
    found = guides.guide(office(), matter)
    if isinstance(found, Refusal):
        return refused(found)
    drawn = guides.diagram_of(office(), matter)
    if isinstance(drawn, Refusal):
        return refused(drawn)
    return _page("guide_diagram.html", found, picture=_whole(drawn, found), places={})


def told(words: Bilingual) -> Markup:
    """The text in the reader's language; what has no English is marked as Chinese."""
    return in_chinese(words.zh) if chosen() == "zh" or not words.en else escape(words.en)


def _whole(drawn: bytes, found: Guide) -> Markup:
    return heat_map(picture_of(drawn), {}, title=said(found.body.title))


def _page(template: str, found: Guide, *, picture: Markup, places: object) -> str:
    return render_template(
        template,
        guide=found,
        body=found.body,
        picture=picture,
        bar=limit_bar(found.body),
        places=places,
        told=told,
        limit_words=limit_words,
        answer_of=answer_of,
        signs=SIGNS,
        outcomes=OUTCOMES,
    )
