"""Which language a page speaks: Chinese unless the reader asked for English.

Chinese sentences are the message ids; the English catalogue is read from its ``.po`` file, so there is no
compiled file to forget.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Blueprint, Flask, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import Babel, Domain, get_locale
from markupsafe import Markup, escape

from web.session import same_site

CATALOGUES = Path(__file__).parent / "translations"
LANGUAGES = {"zh": "zh-CN", "en": "en"}

language = Blueprint("language", __name__)


class Catalogues(Domain):  # type: ignore[misc]  # Flask-Babel carries no types
    """The catalogues of one domain, read from ``.po`` files."""

    def get_translations(self) -> NullTranslations:
        """The catalogue of the request's language; none for Chinese."""
        return _catalogue(str(get_locale()))


@cache
def _catalogue(locale: str) -> NullTranslations:
    path = CATALOGUES / locale / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=locale))
    compiled.seek(0)
    return Translations(compiled)


def chosen() -> str:
    """``zh`` or ``en``: what the reader chose, a program in its header; else Chinese."""
    if request.path.startswith("/api/v1/"):
        wanted = (tag.split("-")[0].lower() for tag in request.accept_languages.values())
        return next((tag for tag in wanted if tag in LANGUAGES), "zh")
    kept = session.get("language", "")
    return kept if kept in LANGUAGES else "zh"


def in_chinese(text: object) -> Markup:
    """Text that exists in Chinese only, marked as such for screen readers on an English page."""
    if chosen() == "zh":
        return escape(text)
    return Markup('<span lang="zh-CN">{}</span>').format(text)


@language.get("/language/<code>")
def switch(code: str) -> ResponseReturnValue:
    """Speak that language from now on and go back to the page."""
    if code in LANGUAGES:
        session["language"] = code
    return redirect(same_site(request.args.get("next", "")), code=303)


def use_languages(app: Flask) -> None:
    """Give the application its languages and templates ``_()``, ``lang`` and ``zh``."""
    babel = Babel(app, default_locale="zh", default_timezone="Asia/Shanghai", locale_selector=chosen)
    babel.domain_instance = Catalogues()
    app.register_blueprint(language)
    app.jinja_env.filters["zh"] = in_chinese
    app.context_processor(lambda: {"language": chosen(), "lang": LANGUAGES[chosen()]})
