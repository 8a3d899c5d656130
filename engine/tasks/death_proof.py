"""What proves that somebody on benefit died: a stop that people decided, the population register, or its roster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from engine.benefits.death import DEATH
from engine.benefits.tables import BenefitGrant
from engine.people import Person, id_number_of
from engine.registers.roster_tables import Roster, RosterLine
from engine.tasks.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class DeathProof:
    """The day that counts and what all sources say, in words."""

    #: None where nothing confirms the death
    day: date | None
    says: str


def death_proof(desk: Desk, grant: BenefitGrant, person: Person) -> DeathProof:
    """The first source that knows a day decides, a stop before the registers: it was judged by two people.

    A day that is still ahead confirms nothing. RegisterDown where the register does not answer.
    """
    known = (
        ("停发决定", grant.ended_on if grant.ended_ground == DEATH else None),
        ("人口库", _registered(desk, person)),
        ("人口名册", _rostered(desk, person)),
    )
    days = [day for _source, day in known if day is not None and day <= desk.today]
    says = "；".join(f"{source}：{f'{day}死亡' if day else '没有死亡的记录'}" for source, day in known)
    return DeathProof(day=days[0] if days else None, says=says)


def _registered(desk: Desk, person: Person) -> date | None:
    found = desk.registers.population.person(id_number_of(desk.vault, person))
    return found.deceased_on if found else None


def _rostered(desk: Desk, person: Person) -> date | None:
    query = (
        select(RosterLine.event_day)
        .join(Roster, Roster.id == RosterLine.roster_id)
        .where(
            RosterLine.person_index == person.id_number_index,
            RosterLine.ground == DEATH,
            RosterLine.event_day.is_not(None),
            Roster.status == "current",
        )
        .order_by(RosterLine.roster_id.desc())
    )
    return desk.session.scalars(query.limit(1)).first()
