"""The places between which rights may move, by name: grouped by province and city, with the office that serves each."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.people import Person, Region
from engine.values import Actor

_COUNTRY = "000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionChoice:
    """One place to choose."""

    code: str
    name: str
    english: str
    #: the other office that serves it; empty: this one does
    peer_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionGroup:
    """A province with its cities, or a city with its counties."""

    name: str
    english: str
    regions: tuple[RegionChoice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionChoices:
    """All places, and the one where the actor is insured."""

    groups: tuple[RegionGroup, ...]
    #: empty where it is not known, or no place to choose
    own: str


def region_choices(office: Office, actor: Actor) -> RegionChoices:
    """Every place of the table between which rights may move; the country and provinces with cities are none."""
    with office.store.reading() as session:
        regions = session.scalars(select(Region).order_by(Region.code)).all()
        own = _own_region(session, actor)
    by_parent: dict[str, list[Region]] = {}
    for region in regions:
        by_parent.setdefault(region.parent_code or "", []).append(region)
    groups = []
    for province in by_parent.get(_COUNTRY, []):
        children = by_parent.get(province.code, [])
        # a municipality has no cities under it and is one pool itself
        whole = [] if any(each.level == "city" for each in children) else [province]
        groups.append(_group(office, province, [*whole, *children]))
        groups += [
            _group(office, city, by_parent[city.code], above=province)
            for city in children
            if city.code in by_parent
        ]
    offered = {choice.code for group in groups for choice in group.regions}
    return RegionChoices(groups=tuple(groups), own=own if own in offered else "")


def _group(
    office: Office, place: Region, regions: list[Region], *, above: Region | None = None
) -> RegionGroup:
    return RegionGroup(
        name=f"{above.name} {place.name}" if above else place.name,
        english=f"{above.english}, {place.english}" if above else place.english,
        regions=tuple(_choice(office, region) for region in regions),
    )


def _choice(office: Office, region: Region) -> RegionChoice:
    peer = office.peers.of_region(region.code)
    return RegionChoice(
        code=region.code, name=region.name, english=region.english, peer_name=peer.name if peer else ""
    )


def _own_region(session: Session, actor: Actor) -> str:
    if actor.kind != "person":
        return ""
    return session.scalar(select(Person.region_code).where(Person.id == actor.id)) or ""
