"""Keeping the opinions that one writes often (常用语)."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import phrases as cases
from engine.cases.views import Done
from engine.values import Refusal
from web.errors import status_of
from web.session import actor, office, only_for

phrase_pages = Blueprint("phrases", __name__, url_prefix="/phrases")


@phrase_pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """One's own phrases and everybody's."""
    return _page()


@phrase_pages.post("")
@only_for("staff")
def keep() -> ResponseReturnValue:
    """Keep one more; a refusal keeps what was typed."""
    words, for_all = request.form.get("words", ""), request.form.get("for_all") == "yes"
    return _after(cases.keep_phrase(office(), actor(), words, for_all=for_all), words=words)


@phrase_pages.post("/<int:phrase_id>/drop")
@only_for("staff")
def drop(phrase_id: int) -> ResponseReturnValue:
    """Keep it no longer."""
    return _after(cases.drop_phrase(office(), actor(), phrase_id))


def _after(outcome: Done | Refusal, *, words: str = "") -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return _page(refusal=outcome, words=words)
    flash(outcome.message, "success")
    return redirect("/phrases", code=303)


def _page(*, refusal: Refusal | None = None, words: str = "") -> ResponseReturnValue:
    page = render_template(
        "phrases.html",
        rows=cases.phrases(office(), actor()),
        administers="administrator" in actor().duties,
        refusal=refusal,
        words=words,
    )
    return page, status_of(refusal) if refusal else 200
