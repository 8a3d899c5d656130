"""The office: everything one process opens once and every use-case is handed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from engine.cases.answers import Asked
from engine.cases.controls import ControlBook
from engine.cases.entered_years import EnteredYears
from engine.cases.library import published_file
from engine.cases.names import names_of
from engine.config import Settings
from engine.duties import DutyBook
from engine.exchange.keys import own_key
from engine.exchange.peers import PeerBook
from engine.exchange.wire import HttpWire, Wire
from engine.law.calendar import WorkCalendar
from engine.law.policy import PolicyBook
from engine.money.chart import Chart
from engine.registers import Registers
from engine.registers.memory import registers_of
from engine.registers.province import Province, load_province
from engine.store.audit import choose_digest
from engine.store.crypto import Vault
from engine.store.db import Store
from engine.values import CHINA, Clock, system_clock
from engine.workflow.runner import Runner
from engine.workflow.versions import Versions


@dataclass(slots=True, kw_only=True)
class Office:
    """One open office: settings, store, books and the runner."""

    settings: Settings
    store: Store
    vault: Vault
    book: PolicyBook
    #: as the files have it; see :attr:`calendar`
    shipped_calendar: WorkCalendar
    duties: DutyBook
    #: accounts and purposes of the fund, and what may be entered by hand
    chart: Chart
    controls: ControlBook
    runner: Runner
    clock: Clock
    #: the other offices; every region of theirs is served by them
    peers: PeerBook
    #: how messages get to peers that are reached by HTTP
    wire: Wire
    #: letters that are rehearsed, template by kind; None: what is published
    drafted_letters: Mapping[str, str] | None = None
    #: the key of the one request that this office serves; None: no key, or the office of the whole process
    asked: Asked | None = None
    _registers: Registers | None = None
    _exchange_key: Ed25519PrivateKey | None = None
    _calendar: EnteredYears = field(default_factory=EnteredYears)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def today(self) -> date:
        """The day in China."""
        return self.clock().astimezone(CHINA).date()

    @property
    def calendar(self) -> WorkCalendar:
        """The working calendar: the files, and over them the years that two people of this office put in force."""
        return self._calendar.over(self.shipped_calendar, self.store)

    def forget_calendar(self) -> None:
        """Read the entered years anew at the next question; one was put in force."""
        self._calendar.forget()

    @property
    def letters_dir(self) -> Path:
        """Where the templates of letters are."""
        return self.settings.processes_dir / "letters"

    def wording(self, session: Session, kind: str) -> str | None:
        """The template of a letter as it is published now; None where only the shipped file has one.

        Cases that run get today's wording: a letter tells the law and the ways of redress of the day it is written.
        """
        if self.drafted_letters is not None:
            return self.drafted_letters.get(kind)
        content = published_file(session, f"letters/{kind}.md")
        return None if content is None else content.decode("utf-8-sig")

    @property
    def registers(self) -> Registers:
        """The registers of others; the province that was seeded, built once for this process."""
        with self._lock:
            if self._registers is None:
                with self.store.reading() as session:
                    province = load_province(session)
                if province is None:
                    return registers_of(Province.generate(seed=1, people=0, employers=0, day=self.today))
                self._registers = registers_of(province)
            return self._registers

    @property
    def exchange_key(self) -> Ed25519PrivateKey:
        """What messages to peers are signed with; made at first use."""
        with self._lock:
            if self._exchange_key is None:
                self._exchange_key = own_key(self.settings.data_dir)
            return self._exchange_key

    def forget_registers(self) -> None:
        """Build the registers anew at the next question; a province was seeded."""
        with self._lock:
            self._registers = None

    def close(self) -> None:
        """Give the database connections back."""
        self.store.close()


def open_office(settings: Settings, *, clock: Clock = system_clock, wire: Wire | None = None) -> Office:
    """The office on the database of the settings, which must be migrated; refuses faulty law, duty or peer files."""
    choose_digest(settings.digest)
    duties = DutyBook.load(settings.processes_dir / "duties.yaml")
    controls = ControlBook.load(settings.processes_dir / "controls.yaml", duties)
    book = PolicyBook.load(settings.processes_dir / "policy")
    return Office(
        settings=settings,
        store=Store(settings.database_url),
        vault=Vault(settings),
        book=book,
        shipped_calendar=WorkCalendar.load(settings.processes_dir / "calendar"),
        duties=duties,
        chart=Chart.load(settings.processes_dir),
        controls=controls,
        runner=Runner(Versions(names_of(settings.processes_dir, duties, controls, book))),
        clock=clock,
        peers=_peers(settings),
        wire=wire or HttpWire(),
    )


def _peers(settings: Settings) -> PeerBook:
    if not settings.peers_file.is_file():
        return PeerBook(own=settings.region)
    return PeerBook.load(settings.peers_file, own=settings.region, production=settings.production)
