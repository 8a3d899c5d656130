"""Two offices on two databases that name each other as peers: Liaocheng, and one that serves Chongqing and Dezhou.

Built once as two templates, and copied for each world. A site is one office with its process, which can be made to
die at a commit and is then another process on the same database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

import yaml
from builders import PASSWORD
from channel_line import Crash, Line
from channel_plans import Schedule
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from killing import clone_of
from offices import FixedClock, OwnDatabase

from engine import duties
from engine.cases import correspondence, setup
from engine.cases.office import Office, open_office
from engine.cases.sweep import Swept, sweep
from engine.config import Settings
from engine.exchange.keys import own_key, public_text
from engine.exchange.wire import LineDownError
from engine.registers.contributions import NEVER_INSURED, ContributionHistory
from engine.registers.files import ResidentFile
from engine.registers.memory import registers_of
from engine.registers.province import Province
from engine.store.db import Store
from engine.values import SYSTEM, Clock, Month, RegionCode

DAY = date(2025, 11, 3)
START = "2025-11-03T09:00+08:00"
#: duties of each office's staff: login → duty; the second reviewer samples
_HANDS = {
    "intake": "intake", "review": "review", "sample": "review", "approve": "approve",
    "accountant": "accountant", "cashier": "cashier", "control": "control",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One office as the other one knows it."""

    code: str
    name: str
    #: what its regions begin with
    prefixes: tuple[str, ...]
    #: regions that have staff
    staffed: tuple[str, ...]
    account: str


ENDS = (
    End(code="371500", name="聊城市失业保险经办机构", prefixes=("3715",), staffed=("371500",),
        account="6217371500000000018"),
    End(code="500000", name="重庆、德州失业保险经办机构", prefixes=("50", "3714"), staffed=("500000", "500103", "371400"),
        account="6217500103000000018"),
)  # fmt: skip


class FragileStore(Store):
    """A store whose process can be made to end just before or just after one of its next commits."""

    def __init__(self, url: str) -> None:
        super().__init__(url, pool_size=2)
        self._left: int | None = None
        self._when = ""

    def die(self, at: int, when: str) -> None:
        """At the at-th commit from now, from 1: ``before`` it, which undoes it, or ``after``."""
        self._left, self._when = at, when

    def live(self) -> None:
        """It will not die after all."""
        self._left = None

    @contextmanager
    def transaction(self) -> Iterator[object]:  # type: ignore[override]
        """See ``Store``."""
        with super().transaction() as session:
            yield session
            last = self._is_last()
            if last and self._when == "before":
                raise Crash
        if last:
            raise Crash

    def _is_last(self) -> bool:
        if self._left is None:
            return False
        self._left -= 1
        return self._left == 0


@dataclass(slots=True)
class Site:
    """One of the two offices, as one process after the other works in it."""

    end: End
    office: Office
    #: number of a member of staff by region and hand
    hands: Mapping[tuple[str, str], int]
    deaths: int = 0
    _next_sweep: tuple[int, str] | None = None

    @property
    def code(self) -> str:
        """What the office calls itself."""
        return self.end.code

    @property
    def key(self) -> Ed25519PrivateKey:
        """What it signs with."""
        return self.office.exchange_key

    @property
    def store(self) -> FragileStore:
        """The store of the process."""
        assert isinstance(self.office.store, FragileStore)
        return self.office.store

    def receive(self, raw: bytes) -> bytes:
        """The door of the office."""
        try:
            return correspondence.receive(self.office, raw)
        except Crash as died:
            self.restart()
            raise LineDownError from died

    def restart(self) -> None:
        """The process is gone with whatever it had not committed; another one opens the same office."""
        self.deaths += 1
        old = self.office
        old.close()
        self.office = replace(old, store=FragileStore(old.settings.database_url))

    def die(self, at: int, when: str) -> None:
        """See ``Door``."""
        self.store.die(at, when)

    def die_sweeping(self, at: int, when: str) -> None:
        """See ``Door``."""
        self._next_sweep = (at, when)

    def sweep(self) -> Swept:
        """One sweep; an empty one where the process died over it."""
        if self._next_sweep is not None:
            self.store.die(*self._next_sweep)
            self._next_sweep = None
        try:
            return sweep(self.office)
        except Crash:
            self.restart()
            return Swept(timers=1)
        finally:
            self.store.live()


@dataclass(frozen=True, slots=True)
class Templates:
    """The two databases that worlds are copied from, and who works in them."""

    urls: tuple[str, str]
    hands: tuple[Mapping[tuple[str, str], int], Mapping[tuple[str, str], int]]


@contextmanager
def templates(server: str, template: str, folder: Path) -> Iterator[Templates]:
    """Two offices set up and staffed, with nobody connected to their databases."""
    with ExitStack() as stack:
        urls = (
            stack.enter_context(OwnDatabase(server, template)),
            stack.enter_context(OwnDatabase(server, template)),
        )
        hands = []
        for end, url in zip(ENDS, urls, strict=True):
            office = open_office(_settings(end, url, folder / end.code), clock=FixedClock(START))
            setup.set_up(office)
            hands.append(_staff(office, end))
            office.close()
        yield Templates(urls, (hands[0], hands[1]))


@contextmanager
def two_sites(
    made: Templates,
    line: Line,
    clock: FixedClock,
    folder: Path,
    schedules: tuple[Schedule, ...],
    *,
    channel: str,
    skew: timedelta,
) -> Iterator[tuple[Site, Site]]:
    """A fresh copy of both offices, in which the movers live; the second one's clock goes wrong by ``skew``."""
    _exchange_cards(folder, channel)
    with ExitStack() as stack:
        sites = []
        clocks: tuple[Clock, Clock] = (clock, lambda: clock() + skew)
        for end, url, hands, own in zip(ENDS, made.urls, made.hands, clocks, strict=True):
            copy = stack.enter_context(clone_of(url))
            office = open_office(_settings(end, copy, folder / end.code), clock=own, wire=line.wire(end.code))
            office.close()
            office.store = FragileStore(copy)
            office._registers = registers_of(_province(end, schedules))
            site = Site(end=end, office=office, hands=hands)
            stack.callback(lambda site=site: site.office.close())  # type: ignore[misc]
            line.doors[end.code] = site
            sites.append(site)
        yield sites[0], sites[1]


def _settings(end: End, url: str, data_dir: Path) -> Settings:
    return Settings.from_env(
        {
            "DATABASE_URL": url,
            "CHANGLING_DATA": str(data_dir),
            "CHANGLING_SECRET": "5a" * 32,
            "CHANGLING_REGION": end.code,
            "CHANGLING_BANK": "folder",
        }
    )


def files_of(folder: Path, code: str) -> Path:
    """Where that office leaves and finds the files of the other one, in a world of folders."""
    return folder / "files" / code


def _exchange_cards(folder: Path, channel: str) -> None:
    """Each office tells the other one what to know it by."""
    for mine, other in (ENDS, ENDS[::-1]):
        card = {
            "code": other.code,
            "name": other.name,
            "regions": list(other.prefixes),
            "channel": channel,
            "address": "https://office.example" if channel == "http" else str(files_of(folder, mine.code)),
            "public_key": public_text(own_key(folder / other.code)),
            "account": other.account,
            "account_name": "失业保险基金收入户",
            "source": "测试",
            "verified": True,
        }
        (folder / mine.code).mkdir(parents=True, exist_ok=True)
        (folder / mine.code / "peers.yaml").write_text(yaml.safe_dump({"peers": [card]}, allow_unicode=True))


def _staff(office: Office, end: End) -> dict[tuple[str, str], int]:
    found = {}
    with office.store.transaction() as session:
        for region in end.staffed:
            for hand, duty in _HANDS.items():
                login = f"{hand}.{region}"
                member = duties.add_staff(
                    session,
                    office.vault,
                    login=login,
                    name=f"{region}{hand}",
                    region=region,
                    password=PASSWORD,
                    day=date(2025, 1, 1),
                    by=SYSTEM,
                )
                assert isinstance(member, duties.StaffMember), member
                post = duties.assign_post(
                    session,
                    office.duties,
                    staff_id=member.id,
                    duty=duty,
                    region=region,
                    day=date(2025, 1, 1),
                    by=SYSTEM,
                )
                assert isinstance(post, duties.Post), post
                found[region, hand] = member.id
    return found


# --- who moves ------------------------------------------------------------------------------------


def mover(schedule: Schedule) -> ResidentFile:
    """The person of that schedule, whose household is where they go to."""
    file = _people()[schedule.number]
    household = replace(file.population, household_region=RegionCode(schedule.road[1]))
    return replace(file, population=household)


def _province(end: End, schedules: tuple[Schedule, ...]) -> Province:
    """The registers as that office may ask them: what was paid elsewhere is not known here."""
    files = {}
    for schedule in schedules:
        file = mover(schedule)
        files[file.population.id_number] = replace(
            file, contributions=_history(end, schedule, file.contributions)
        )
    return Province(day=DAY, residents=MappingProxyType(files), employers=MappingProxyType({}))


def _history(end: End, schedule: Schedule, like: ContributionHistory) -> ContributionHistory:
    for place, (region, months) in enumerate(zip(schedule.road, schedule.paid, strict=True)):
        if region.startswith(end.prefixes):
            works = schedule.employed and place == 1
            if not months and not works:
                return NEVER_INSURED
            return replace(
                like,
                months_paid=months,
                deemed_months=0,
                deemed_proven=True,
                carried_months=0,
                current=works,
                last_month=Month.of(DAY).plus(-1 - 4 * (1 - place)),
                region=RegionCode(region),
            )
    return NEVER_INSURED


_crowd: list[ResidentFile] = []


def _people(count: int = 2_000) -> list[ResidentFile]:
    """People who are there in every world, ordinary ones who were insured."""
    if not _crowd:
        made = Province.generate(seed=11, people=3 * count, employers=4, day=DAY)
        _crowd.extend(f for f in made.residents.values() if f.traits == {"unemployed"})
    return _crowd
