"""Who is at the other end: the signed session cookie and the actor behind it.

The cookie holds only who signed in and when they were last seen. Posts are read anew with each request, so a
duty taken away ends at once.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ParamSpec, cast
from urllib.parse import quote

from flask import Flask, current_app, flash, g, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import staff
from engine.cases.office import Office
from engine.cases.sight import close_eyes, open_eyes
from engine.values import Actor, ActorKind, EmployerId, PersonId, StaffId

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

#: where each kind of visitor signs in
ENTRANCES: dict[ActorKind, str] = {"staff": "/sign-in", "person": "/apply", "employer": "/employer/sign-in"}
#: what stays when somebody signs in or out
_KEPT = ("language",)
#: what an open page asks by itself: it does not show that somebody is still at the desk
_UNATTENDED = frozenset({"inbox.counts"})


def office() -> Office:
    """The process-wide office."""
    return cast(Office, current_app.extensions["changling"])


def use_sessions(app: Flask, office: Office) -> None:
    """Sign the cookie with a key of its own and let it end by itself."""
    settings = office.settings
    app.secret_key = hmac.digest(settings.secret_key.encode(), b"web session", hashlib.sha256)
    app.config.update(
        SESSION_COOKIE_NAME="changling_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.production,
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=settings.session_minutes),
    )
    app.before_request(_open_eyes)
    app.teardown_request(lambda _error: close_eyes())
    app.context_processor(lambda: {"actor": actor_or_none(), "production": settings.production})


def begin(actor: Actor) -> None:
    """Sign the actor in under a new session id; whatever the old session held is gone."""
    end()
    session.permanent = True
    session["id"] = secrets.token_urlsafe(16)
    session["who"] = actor.key
    session["seen"] = office().clock().isoformat()
    g.actor = actor
    open_eyes(office(), actor)


def end() -> None:
    """Forget who was signed in."""
    kept = {name: session[name] for name in _KEPT if name in session}
    session.clear()
    session.update(kept)
    g.actor = None
    open_eyes(office(), None)


def actor_or_none() -> Actor | None:
    """Who is signed in, or None."""
    return cast(Actor | None, g.get("actor"))


def actor() -> Actor:
    """Who is signed in; only inside a view that is ``only_for`` somebody."""
    found = actor_or_none()
    if found is None:
        raise LookupError(f"{request.endpoint} asks who is signed in but is not marked only_for")
    return found


def only_for(*kinds: ActorKind) -> Callable[[View[P]], View[P]]:
    """Let only these kinds of visitor in; send others to the entrance of the first."""

    def guard(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            found = actor_or_none()
            if found and found.kind in kinds:
                return view(*args, **kwargs)
            back = request.full_path.rstrip("?") if request.method == "GET" else ""
            return redirect(f"{ENTRANCES[kinds[0]]}?next={quote(back)}", code=303)

        return guarded

    return guard


def same_site(path: str, *, otherwise: str = "/") -> str:
    """The path if it stays on this site, else the other: a link from outside must not lead a reader away."""
    inside = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if inside else otherwise


def _open_eyes() -> None:
    """Who is there, found by the office; from then on the request sees of the database what they may."""
    close_eyes()
    _load_actor()
    if request.endpoint != "files.static":
        open_eyes(office(), actor_or_none())


def _load_actor() -> None:
    """Find the actor behind the cookie; a session that nobody used for too long is over."""
    g.actor = None
    if request.endpoint == "files.static" or "who" not in session:
        return
    now = office().clock()
    quiet = now - datetime.fromisoformat(session.get("seen", "1970-01-01T00:00:00+00:00"))
    if quiet > timedelta(minutes=office().settings.session_minutes):
        end()
        flash(_("太久没有操作，请重新登录。"), "warning")
        return
    g.actor = _actor_of(session["who"])
    if request.endpoint not in _UNATTENDED:
        session["seen"] = now.isoformat()


def _actor_of(key: str) -> Actor | None:
    kind, _colon, number = key.partition(":")
    match kind:
        case "staff":
            return staff.actor_of(office(), StaffId(int(number)))
        case "person":
            return staff.person_actor(office(), PersonId(int(number)))
        case "employer":
            return staff.employer_actor(office(), EmployerId(int(number)))
        case _:
            return None
