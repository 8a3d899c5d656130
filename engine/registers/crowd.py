"""A made-up crowd, for a trial at the size of a province: millions of citizens by arithmetic, a few of them paid.

Citizen ``i`` depends on the seed and on ``i`` alone, and no two have one number. They stand in rosters and in
grants; the eight registers that are asked one by one know the province of ``province.py`` only. No real person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from engine.law.identity import id_check
from engine.registers.names import drawn_name
from engine.registers.rosters import RosterKind, RosterRow
from engine.store.crypto import Vault

#: of fifty citizens so many are paid: 300,000 of five million
PAID_OF_FIFTY = 3
#: days of birth that are given out, and sequences of one day, sex and district
_DAYS, _SEQUENCES = 14_600, 495
#: how many payees of ten thousand some roster names, by ground
LEADS: tuple[tuple[str, str, int], ...] = (
    ("employment", "ST1", 150),
    ("business", "ST1", 30),
    ("pension", "ST4", 50),
    ("population", "ST9", 20),
    ("population", "ST2", 5),
    ("population", "ST3", 5),
    ("services", "ST5", 30),
    ("custody", "ST6", 5),
)
#: payees of ten thousand whom the population register does not know
GHOSTS = 2
_DETAILS = {
    "employment": "聊城市示范制造有限公司 单位缴费",
    "business": "便民商店 经营者",
    "pension": "基本养老金发放名册",
    "population": "人口基础信息",
    "services": "公共就业服务中心：无正当理由拒绝适当工作",
    "custody": "看守所羁押名册",
}


class CrowdSizeError(ValueError):
    """这么多的模拟人员造不出来：身份证号会重复。"""

    retryable = False


def drawn(seed: int, number: int, salt: int) -> int:
    """A number below 2^32 that looks drawn; the same for the same seed, number and salt."""
    mixed = (number * 0x9E3779B1 + seed * 0x85EBCA6B + salt * 0xC2B2AE35) & 0xFFFFFFFF
    mixed ^= mixed >> 15
    mixed = mixed * 0x2C1B3C6D & 0xFFFFFFFF
    return mixed ^ mixed >> 13


@dataclass(frozen=True, slots=True)
class Citizen:
    """One of the crowd."""

    number: int
    id_number: str
    name: str
    birth: date
    male: bool
    region: str


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many citizens of a seed, spread over the regions, on a day."""

    seed: int
    people: int
    day: date
    regions: Sequence[str]
    paid_of_fifty: int = PAID_OF_FIFTY

    def __post_init__(self) -> None:
        if self.people > len(self.regions) * 2 * _DAYS * _SEQUENCES:
            raise CrowdSizeError(f"{self.people} 人超过 {len(self.regions)} 个地区所能编出的号码")

    def draw(self, number: int, salt: int) -> int:
        """A number below 2^32 that looks drawn; the same for the same citizen and salt."""
        return drawn(self.seed, number, salt)

    def paid(self, number: int) -> bool:
        """Whether the citizen draws benefit."""
        return number % 50 < self.paid_of_fifty

    def payees(self) -> Iterator[int]:
        """The numbers of all who draw benefit."""
        return (number for number in range(self.people) if self.paid(number))

    def citizen(self, number: int) -> Citizen:
        """The citizen of that number, from 0."""
        place, rest = number % len(self.regions), number // len(self.regions)
        male, rest = bool(rest & 1), rest >> 1
        # a stride that shares no factor with the days, so that neighbours are born far apart
        born, sequence = rest * 7919 % _DAYS, rest // _DAYS
        birth = date(1966, 1, 1) + timedelta(days=born)
        first = f"{self.regions[place]}{birth:%Y%m%d}{sequence * 2 + male + 10:03d}"
        name = drawn_name(self.draw(number, 1), male=male)
        return Citizen(number, first + id_check(first), name, birth, male, self.regions[place])

    def card_number(self, number: int) -> str:
        """The card of the citizen: 19 digits, Luhn."""
        stem = f"6217997{number:08d}450"
        total = 0
        for place, digit in enumerate(reversed(stem)):
            value = int(digit) * (1 if place % 2 else 2)
            total += value - 9 if value > 9 else value
        return f"{stem}{-total % 10}"

    def lead(self, number: int) -> tuple[str, str] | None:
        """The roster that names the payee, and its ground; None for most."""
        drawn = self.draw(number, 2) % 10_000
        for kind, ground, share in LEADS:
            if drawn < share:
                return kind, ground
            drawn -= share
        return None

    def ghost(self, number: int) -> bool:
        """Whether the population register does not know the payee."""
        return self.paid(number) and self.draw(number, 3) % 10_000 < GHOSTS

    def roster(self, kind: RosterKind, vault: Vault) -> Iterator[RosterRow]:
        """The roster of the kind: the payees whom it names, and everybody else who belongs in it."""
        for number in range(self.people):
            ground = self._ground(kind, number)
            if ground is None:
                continue
            day = self.day - timedelta(days=10 + self.draw(number, 4) % 50) if ground else None
            yield vault.index(self.citizen(number).id_number), ground, day, _DETAILS[kind] if ground else ""

    def _ground(self, kind: RosterKind, number: int) -> str | None:
        """The ground that the roster gives for the citizen, empty for merely known, None where it has no line."""
        if self.paid(number):
            lead = self.lead(number)
            if lead and lead[0] == kind:
                return lead[1]
            return "" if kind == "population" and not self.ghost(number) else None
        drawn = self.draw(number, 5) % 1_000
        if kind == "population":
            return "ST9" if drawn < 5 else ""
        shares = {"employment": ("ST1", 30, 580), "business": ("ST1", 580, 640), "pension": ("ST4", 640, 665)}
        ground, low, high = shares.get(kind, ("", 0, 0))
        return ground if low <= drawn < high else None
