"""How I want to be told that a paper waits for me: a telephone, a mailbox, or only here."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases.contacts import Channel, my_contacts, set_contact
from engine.values import Refusal
from web.errors import refused, status_of
from web.session import actor, office, only_for

pages = Blueprint("contacts", __name__)


@pages.get("/contacts")
@only_for("person", "employer")
def show() -> ResponseReturnValue:
    """What is kept, masked, and a form for each way."""
    return _page()


@pages.post("/contacts")
@only_for("person", "employer")
def change() -> ResponseReturnValue:
    """Keep another address, or none any more."""
    channel: Channel = "sms" if request.form.get("channel") == "sms" else "mail"
    address = "" if request.form.get("forget") else request.form.get("address", "").strip()
    if not address and not request.form.get("forget"):
        return redirect("/contacts", code=303)
    outcome = set_contact(office(), actor(), channel, address)
    if isinstance(outcome, Refusal):
        return _page(channel=channel, typed=address, refusal=outcome)
    flash(outcome.message, "success")
    return redirect("/contacts", code=303)


def _page(*, channel: str = "", typed: str = "", refusal: Refusal | None = None) -> ResponseReturnValue:
    found = my_contacts(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    page = render_template("contacts.html", found=found, channel=channel, typed=typed, refusal=refusal)
    return page, status_of(refusal) if refusal else 200
