"""The desk: all that an operation may use while it carries out one step of one case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from engine.duties import DutyBook
from engine.exchange.peers import PeerBook
from engine.law.calendar import WorkCalendar
from engine.law.policy import PolicyBook
from engine.law.time_limits import deadline
from engine.money.payees import OfficePayee
from engine.registers import Registers
from engine.store.crypto import Vault
from engine.values import CHINA, Actor, CaseRef, Refusal, RefusedError

#: names of what :attr:`Desk.functions` offers, for checking diagrams
FUNCTIONS = frozenset({"today", "after_workdays", "limit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An open transaction, the instant, who acts, on which case, with the office's books."""

    session: Session
    now: datetime
    actor: Actor
    case: CaseRef
    book: PolicyBook
    calendar: WorkCalendar
    duties: DutyBook
    registers: Registers
    vault: Vault
    #: the other offices: ``peers.of_region(region)`` is None where this office serves the region itself
    peers: PeerBook
    #: ``processes/letters``
    letters_dir: Path
    #: the office's own template of a letter, by kind; None where it has none and the shipped one is sent
    wording: Callable[[str], str | None] = lambda _kind: None
    #: who fulfilled each control that this operation needs, and when: control id → (actor key, instant)
    controls: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)
    #: duties of the tasks that the case waited for when the step began
    waiting_duties: frozenset[str] = frozenset()
    #: whom this office pays a purpose in a region, by purpose and region; None where nobody is on file
    payee: Callable[[str, str], OfficePayee | None] = lambda _purpose, _region: None
    #: in production nothing is paid on an unverified figure
    production: bool = False

    @property
    def today(self) -> date:
        """The day in China."""
        return self.now.astimezone(CHINA).date()

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """What expressions in diagrams may call, on this day."""
        return {
            "today": lambda: self.today.isoformat(),
            "after_workdays": lambda days: self.calendar.after(self.today, int(days)).isoformat(),
            "limit": self._limit,
        }

    def _limit(self, name: str) -> str:
        """The last day of a time limit of ``processes/policy/time-limits.yaml`` that begins today."""
        found = deadline(name, self.today, region=self.case.region, book=self.book, calendar=self.calendar)
        if isinstance(found, Refusal):
            raise RefusedError(*found.reasons)
        return found.day.isoformat()
