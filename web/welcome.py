"""The front door: who are you, staff sign-in, and leaving."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases.guides import guides
from engine.cases.staff import sign_in
from engine.values import Refusal
from web import session
from web.guides import told
from web.session import office, same_site

welcome = Blueprint("welcome", __name__)

#: where each kind of visitor begins
HOME = {"staff": "/inbox", "person": "/my", "employer": "/employer", "system": "/"}


@welcome.get("/")
def choose() -> ResponseReturnValue:
    """The three doors; somebody who is signed in goes straight to their own page."""
    actor = session.actor_or_none()
    if actor:
        return redirect(HOME[actor.kind], code=303)
    return render_template("welcome.html", matters=guides(office()), told=told)


@welcome.get("/sign-in")
def sign_in_page() -> ResponseReturnValue:
    """The form for staff."""
    return render_template("sign_in.html", refusal=None, login="", next=request.args.get("next", ""))


@welcome.post("/sign-in")
def sign_in_staff() -> ResponseReturnValue:
    """Sign a member of staff in, or say why not (wrong, or locked after too many tries)."""
    login, back = request.form.get("login", "").strip(), request.form.get("next", "")
    found = sign_in(office(), login=login, password=request.form.get("password", ""))
    if isinstance(found, Refusal):
        return render_template("sign_in.html", refusal=found, login=login, next=back), 403
    session.begin(found)
    return redirect(same_site(back, otherwise=HOME["staff"]), code=303)


@welcome.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Forget who is signed in."""
    session.end()
    return redirect("/", code=303)
