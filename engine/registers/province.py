"""A made-up province: residents and employers from a seed, the same in every process.

Trials, demos and tests ask it through ``memory.registers_of``. No real person or employer is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.people import GeneratedProvince, ensure_employer, ensure_person
from engine.registers.cast import cast_employers, cast_residents
from engine.registers.files import EmployerFile, ResidentFile
from engine.registers.firms import employer_file_at
from engine.registers.residents import resident_at
from engine.store.crypto import Vault

#: identity numbers would begin to repeat beyond
MOST_PEOPLE = 109_000
#: organisation codes have room for no more
MOST_EMPLOYERS = 9_999_999


class ProvinceSizeError(ValueError):
    """这样大小的模拟省份造不出来。"""

    retryable = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Province:
    """Every resident and employer, found by number. Immutable: a change gives another province."""

    #: the day on which the registers were read
    day: date
    #: by identity number, cast first
    residents: Mapping[str, ResidentFile]
    #: by credit code, cast first
    employers: Mapping[str, EmployerFile]

    @classmethod
    def generate(cls, *, seed: int, people: int, employers: int, day: date) -> Province:
        """The province of that seed: the cast, and so many residents and employers beside it.

        Resident i is the same whatever ``people`` is, and employer i whatever ``employers`` is.
        ProvinceSizeError for a negative size or one beyond the room of the numbers.
        """
        if not 0 <= people <= MOST_PEOPLE or not 0 <= employers <= MOST_EMPLOYERS:
            raise ProvinceSizeError(f"人数须在 0 至 {MOST_PEOPLE}，单位数须在 0 至 {MOST_EMPLOYERS}")
        firms = [employer_file_at(seed, index, day) for index in range(employers)]
        residents = [
            resident_at(
                seed,
                index,
                day=day,
                employer=firms[_employer_of(seed, index, employers)].record if firms else None,
            )
            for index in range(people)
        ]
        return cls(
            day=day,
            residents=MappingProxyType(
                {file.population.id_number: file for file in (*cast_residents(day), *residents)}
            ),
            employers=MappingProxyType(
                {file.record.credit_code: file for file in (*cast_employers(day), *firms)}
            ),
        )

    def with_resident(self, file: ResidentFile) -> Province:
        """The province in which that resident's file is this one: what a later day's matching would find."""
        return replace(self, residents=MappingProxyType({**self.residents, file.population.id_number: file}))

    def with_employer(self, file: EmployerFile) -> Province:
        """The province in which that employer's file is this one."""
        return replace(self, employers=MappingProxyType({**self.employers, file.record.credit_code: file}))


def seed_province(
    session: Session, vault: Vault, *, seed: int, people: int, employers: int, day: date, now: datetime
) -> Province:
    """The province, remembered for every process; its employers and the cast's people kept in the tables.

    Needs ``engine.people.sync_regions`` first. Other residents become persons when they first sign in. Idempotent;
    another size or seed replaces the remembered one and leaves whoever is kept already.
    """
    province = Province.generate(seed=seed, people=people, employers=employers, day=day)
    remembered = {"id": 1, "seed": seed, "people": people, "employers": employers, "day": day}
    statement = insert(GeneratedProvince).values(remembered)
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=remembered))
    for firm in province.employers.values():
        ensure_employer(session, firm.record, now=now)
    for file in cast_residents(day):
        ensure_person(session, vault, file.population, region=file.contributions.region, now=now)
    return province


def load_province(session: Session) -> Province | None:
    """The province that was seeded here, built again; none when none was."""
    kept = session.get(GeneratedProvince, 1)
    if kept is None:
        return None
    return Province.generate(seed=kept.seed, people=kept.people, employers=kept.employers, day=kept.day)


def _employer_of(seed: int, index: int, employers: int) -> int:
    # a fixed stride by a prime spreads neighbours over all employers and draws on no random stream
    return (index * 7919 + seed) % employers
