"""What a list of the inbox can be narrowed to: the processes, steps and regions that it has something of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.cases.inbox_counts import OpenCount
from engine.cases.inbox_filters import DueDays, InboxFilter
from engine.cases.inbox_lists import REACHED, within_list
from engine.cases.inbox_pages import strands_of
from engine.cases.office import Office
from engine.cases.rows import reaches
from engine.cases.views import InboxList
from engine.people import Region
from engine.values import Actor, reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something to narrow a list to, with how many open tasks the actor's reach has of it."""

    value: str
    name: str
    n: int = 0
    #: how deep in the tree of regions: 0 the country, 1 province, 2 city, 3 county
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxChoices:
    """What the list can be narrowed to."""

    processes: tuple[Choice, ...] = ()
    steps: tuple[Choice, ...] = ()
    regions: tuple[Choice, ...] = ()


def choices(office: Office, actor: Actor, which: InboxList) -> InboxChoices:
    """The processes and steps of which tasks are open within the actor's reach, and the regions in it."""
    with office.store.reading() as session:
        mine = reaches(session, office, actor)
        inside = within_list(office, which if which in REACHED else "overdue", mine).narrowed(session, "")
        found = strands_of(session, inside, InboxFilter(), DueDays()).counts
        processes, steps = _names(session, office, found)
        return InboxChoices(
            processes=_choices({each.process_id for each in found}, found, "process_id", processes),
            steps=_choices({each.element_id for each in found}, found, "element_id", steps),
            regions=regions_within(session, {each.scope for each in inside.reaches}),
        )


def _names(
    session: Session, office: Office, found: Iterable[OpenCount]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What processes and steps are called, as their newest versions say."""
    versions = [
        office.runner.versions.latest(session, process) for process in {each.process_id for each in found}
    ]
    processes = {version.process_id: version.name for version in versions}
    steps = {key: element.name for version in versions for key, element in version.blueprint.elements.items()}
    return processes, steps


def _choices(
    keys: Iterable[str], found: Iterable[OpenCount], key: str, names: Mapping[str, str]
) -> tuple[Choice, ...]:
    sums = dict.fromkeys(keys, 0)
    for each in found:
        sums[getattr(each, key)] += each.n
    return tuple(
        sorted(
            (Choice(value=value, name=names.get(value) or value, n=n) for value, n in sums.items()),
            key=lambda choice: choice.name,
        )
    )


def regions_within(session: Session, scopes: Collection[str]) -> tuple[Choice, ...]:
    """The regions whose codes begin with one of the scopes; none for no scope."""
    if not scopes:
        return ()
    within = or_(*(Region.code.startswith(scope) for scope in scopes))
    rows = session.execute(select(Region.code, Region.name).where(within).order_by(Region.code))
    return tuple(Choice(value=code, name=name, depth=len(reach(code)) // 2) for code, name in rows)
