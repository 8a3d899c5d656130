"""Every page of the office with something on it, and who opens it: for tests that look at all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from browsing import Visitor
from builders import a_claim, a_granted_claim, a_payment_run, a_refund, actor
from sqlalchemy import insert

from engine.cases import inbox, others
from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.registers.cast import EMPLOYERS, PEOPLE

Act = Callable[[Visitor], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPage:
    """One page as somebody sees it."""

    name: str
    #: login, key of a person or employer of the cast, or empty for nobody
    who: str
    path: str
    #: what is done before the page is looked at
    act: Act | None = None


def enter(visitor: Visitor, who: str) -> Visitor:
    """The visitor, signed in as that person."""
    if not who:
        return visitor
    if who in PEOPLE:
        return visitor.proves(id_number=PEOPLE[who].id_number, name=PEOPLE[who].name)
    return visitor.presents(EMPLOYERS[who].credit_code) if who in EMPLOYERS else visitor.signs_in(who)
