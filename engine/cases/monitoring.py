"""Monitoring for those above: volumes, cycle and waiting times, workloads, of their region and those below it.

Whoever holds a post sees the figures of its region and of the processes in which its duty stands; oversight and
approvers see every process, who does what, and the breaches. Analysts see steps and times, and nobody's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.cases import figures
from engine.cases.figures import Asked, OpenNow, Volume, Waiting, WorkingDays
from engine.cases.inbox_choices import Choice
from engine.cases.inbox_lists import SEE_BELOW
from engine.cases.office import Office
from engine.cases.rows import Reach, reaches, region_names
from engine.people import Region
from engine.values import CHINA, Actor, Reason, Refusal, reach
from engine.workflow.tables import ProcessVersion
from engine.workflow.versions import Published

#: duties that see how every diagram does, and no person and no case
_DESIGN = frozenset({"analyst"})
#: a period has at most so many days
DAYS_MAX = 371
#: without a period asked for: so many weeks up to today
_WEEKS = 8
_PEOPLE_MAX = 200
_COUNTY_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorFilter:
    """What was asked for, as in the address; empty values ask for everything within reach."""

    process: str = ""
    #: number of a version of the process
    version: str = ""
    region: str = ""
    first: str = ""
    #: inclusive
    last: str = ""

    def query(self) -> dict[str, str]:
        """As in an address; what is empty does not appear."""
        plain = {each.name: str(getattr(self, each.name)) for each in fields(self)}
        return {key: value for key, value in plain.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What an actor may see, and what of it was asked for."""

    asked: Asked
    region: str
    region_name: str
    #: inclusive days
    first: date
    last: date
    #: the process asked for, and its version; None for all
    version: Published | None
    processes: tuple[Choice, ...]
    versions: tuple[int, ...]
    regions: tuple[Choice, ...]
    #: people may be named
    names: bool
    #: cases may be listed
    cases: bool
    #: what could not be read, in sentences
    mistakes: tuple[str, ...] = ()

    @property
    def digits(self) -> int:
        """How many digits tell apart the regions right below the one asked for."""
        return min(_COUNTY_DIGITS, len(self.asked.scope) + 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRow:
    """Volumes of one process, region or week."""

    #: empty for what a region has by itself
    key: str
    name: str
    volume: Volume
    open: int
    overdue: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """How long one step waits; ``heat`` 0 (shortest) to 4 (longest of this picture), None where nothing is known."""

    waiting: Waiting
    name: str
    duty_name: str
    heat: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRow:
    """What one member of staff did and holds."""

    name: str
    region_name: str
    done: int
    open: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """Everything on the page."""

    sight: Sight
    total: VolumeRow
    processes: tuple[VolumeRow, ...]
    regions: tuple[VolumeRow, ...]
    weeks: tuple[VolumeRow, ...]
    #: most waited for first
    steps: tuple[StepRow, ...]
    #: the upper bounds of the five heats in working days
    scale: tuple[float, ...]
    people: tuple[LoadRow, ...]
    #: the year of the period has no calendar: no time can be told
    no_calendar: bool


def monitor(office: Office, actor: Actor, wanted: MonitorFilter) -> Monitor | Refusal:
    """The figures asked for, within what the actor's posts reach."""
    with office.store.beyond(
        "figures counted in sets over what posts reach; no insured person in them"
    ) as session:
        sight = sight_of(session, office, actor, wanted)
        if isinstance(sight, Refusal):
            return sight
        days = WorkingDays(office.calendar, sight.first, office.today)
        volumes = figures.volumes(session, sight.asked, days, digits=sight.digits)
        running = figures.open_now(session, sight.asked, digits=sight.digits)
        waits = figures.waiting(session, sight.asked, days) if sight.version else ()
        scale = scale_of(waits)
        now = running.get(("", ""), OpenNow())
        return Monitor(
            sight=sight,
            total=VolumeRow(
                key="", name=sight.region_name, volume=volumes.total, open=now.cases, overdue=now.overdue
            ),
            processes=_by_process(sight, volumes.processes, running),
            regions=_by_region(session, sight, volumes.areas, running),
            weeks=_by_week(sight, volumes.weeks, now.cases - figures.grown_since(session, sight.asked)),
            steps=_steps(office, sight, waits, scale),
            scale=scale,
            people=_people(session, sight),
            no_calendar=days.missing,
        )


def sight_of(session: Session, office: Office, actor: Actor, wanted: MonitorFilter) -> Sight | Refusal:
    """What the actor may see of what is wanted; a region or process out of reach gives what is in reach."""
    posts = reaches(session, office, actor)
    seen = _processes_by_scope(session, office, posts)
    if not seen:
        return Refusal(
            reasons=(
                Reason(
                    code="no_monitoring",
                    text="您的岗位没有可以查看的运行数据",
                    text_en="Your duties see no figures.",
                ),
            )
        )
    mistakes = []
    widest = min(seen, key=lambda scope: (len(scope), scope))
    regions = _regions(session, seen)
    scope = widest
    if wanted.region in {choice.value for choice in regions}:
        scope = reach(wanted.region)
    elif wanted.region:
        mistakes.append("该地区不在您的岗位范围内，已改为您的地区")
    processes = {name for each, names in seen.items() if scope.startswith(each) for name in names}
    known = {choice.value for choice in _choices(session, processes)}
    if wanted.process and wanted.process not in known:
        mistakes.append("没有这个事项，或不在您的岗位范围内")
    one = wanted.process if wanted.process in known else next(iter(known)) if len(known) == 1 else ""
    version, numbers, single = _version(session, office, one, wanted.version)
    first, last = _period(office, wanted, mistakes)
    region = f"{scope:0<6}"
    return Sight(
        asked=Asked(
            processes=(one,) if one else tuple(sorted(processes)),
            scope=scope,
            version_id=version.id if version and single else None,
            first=_morning(first),
            after=_morning(last + timedelta(days=1)),
            now=office.clock(),
        ),
        region=region,
        region_name=region_names(session, {region})[region],
        first=first,
        last=last,
        version=version,
        processes=_choices(session, processes),
        versions=numbers,
        regions=regions,
        names=any(each.duty in SEE_BELOW and scope.startswith(each.scope) for each in posts),
        cases=any(each.duty not in _DESIGN and scope.startswith(each.scope) for each in posts),
        mistakes=tuple(mistakes),
    )


def scale_of(waits: Iterable[Waiting]) -> tuple[float, ...]:
    """Upper bounds of five equal parts up to the longest median; empty where no time is known."""
    longest = max((each.median for each in waits if each.median is not None), default=None)
    return () if longest is None else tuple(max(longest, 0.1) * part / 5 for part in range(1, 6))


def _processes_by_scope(session: Session, office: Office, posts: Iterable[Reach]) -> dict[str, set[str]]:
    """The processes that each part of the posts' reach sees; empty for whom nothing is to be seen."""
    every = set(session.scalars(select(ProcessVersion.process_id).distinct()))
    newest = {process: office.runner.versions.latest(session, process) for process in sorted(every)}
    seen: dict[str, set[str]] = {}
    for each in posts:
        whole = each.duty in SEE_BELOW | _DESIGN
        mine = (
            every if whole else {process for process, version in newest.items() if _has(version, each.duty)}
        )
        if mine:
            seen.setdefault(each.scope, set()).update(mine)
    return seen


def _has(version: Published, duty: str) -> bool:
    return any(element.duty == duty for element in version.blueprint.elements.values())


def _choices(session: Session, processes: set[str]) -> tuple[Choice, ...]:
    """The processes with the names that their newest versions have."""
    rows = session.execute(
        select(ProcessVersion.process_id, ProcessVersion.name)
        .where(ProcessVersion.process_id.in_(processes))
        .order_by(ProcessVersion.number)
    )
    names = {process: name for process, name in rows}  # noqa: C416 - the newest comes last
    return tuple(
        Choice(value=process, name=name) for process, name in sorted(names.items(), key=lambda x: x[1])
    )


def _version(
    session: Session, office: Office, process: str, number: str
) -> tuple[Published | None, tuple[int, ...], bool]:
    """The version to draw, the numbers there are, and whether only its cases are asked for."""
    if not process:
        return None, (), False
    rows = session.execute(
        select(ProcessVersion.number, ProcessVersion.id)
        .where(ProcessVersion.process_id == process)
        .order_by(ProcessVersion.number.desc())
    ).all()
    ids = {str(each): version_id for each, version_id in rows}
    chosen = ids.get(number)
    version = office.runner.versions.get(session, chosen or rows[0][1])
    return version, tuple(each for each, _ in rows), chosen is not None


def _regions(session: Session, seen: Mapping[str, set[str]]) -> tuple[Choice, ...]:
    within = or_(*(Region.code.startswith(scope) for scope in seen))
    rows = session.execute(select(Region.code, Region.name).where(within).order_by(Region.code))
    return tuple(Choice(value=code, name=name, depth=len(reach(code)) // 2) for code, name in rows)


def _period(office: Office, wanted: MonitorFilter, mistakes: list[str]) -> tuple[date, date]:
    """The days asked for, inclusive; the last weeks where none are."""
    monday = office.today - timedelta(days=office.today.weekday())
    first, last = monday - timedelta(weeks=_WEEKS - 1), office.today
    try:
        first = date.fromisoformat(wanted.first) if wanted.first else first
        last = min(date.fromisoformat(wanted.last), office.today) if wanted.last else last
    except ValueError:
        mistakes.append("日期写法不对（例：2025-11-03）")
    if first > last:
        mistakes.append("起始日晚于截止日，已改为同一天")
        first = last
    if (last - first).days >= DAYS_MAX:
        mistakes.append(f"一次最多查看{DAYS_MAX}天")
        first = last - timedelta(days=DAYS_MAX - 1)
    return first, last


def _morning(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=CHINA)


def _by_process(
    sight: Sight, found: Mapping[str, Volume], running: Mapping[tuple[str, str], OpenNow]
) -> tuple[VolumeRow, ...]:
    out = []
    for choice in sight.processes:
        if choice.value in sight.asked.processes:
            now = running.get((choice.value, ""), OpenNow())
            out.append(
                VolumeRow(
                    key=choice.value,
                    name=choice.name,
                    volume=found.get(choice.value, Volume()),
                    open=now.cases,
                    overdue=now.overdue,
                )
            )
    return tuple(out)


def _by_region(
    session: Session,
    sight: Sight,
    found: Mapping[str, Volume],
    running: Mapping[tuple[str, str], OpenNow],
) -> tuple[VolumeRow, ...]:
    areas = sorted(set(found) | {area for _, area in running if area})
    names = region_names(session, {f"{area:0<6}" for area in areas})
    return tuple(
        VolumeRow(
            # what a region has beside those below it leads nowhere further down
            key="" if f"{area:0<6}" == sight.region else f"{area:0<6}",
            name=names[f"{area:0<6}"],
            volume=found.get(area, Volume()),
            open=running.get(("", area), OpenNow()).cases,
            overdue=running.get(("", area), OpenNow()).overdue,
        )
        for area in areas
    )


def _by_week(sight: Sight, found: Mapping[date, Volume], open_at_end: int) -> tuple[VolumeRow, ...]:
    """Week by week, oldest first, each with the cases that ran at its end."""
    last = sight.last - timedelta(days=sight.last.weekday())
    first = sight.first - timedelta(days=sight.first.weekday())
    out, running = [], open_at_end
    for back in range((last - first).days // 7 + 1):
        monday = last - timedelta(weeks=back)
        volume = found.get(monday, Volume())
        out.append(VolumeRow(key=monday.isoformat(), name=monday.isoformat(), volume=volume, open=running))
        running -= volume.started - volume.completed - volume.cancelled
    return tuple(reversed(out))


def _steps(
    office: Office, sight: Sight, waits: Iterable[Waiting], scale: tuple[float, ...]
) -> tuple[StepRow, ...]:
    drawn = sight.version.blueprint.elements if sight.version else {}
    out = []
    for each in sorted(waits, key=lambda one: -(one.median or 0)):
        duty = office.duties.duties.get(each.duty)
        heat = None if each.median is None else sum(each.median > end for end in scale[:-1])
        element = drawn.get(each.element_id)
        name = element.name if element and element.name else each.name
        out.append(StepRow(waiting=each, name=name, duty_name=duty.lane if duty else each.duty, heat=heat))
    return tuple(out)


def _people(session: Session, sight: Sight) -> tuple[LoadRow, ...]:
    if not sight.names:
        return ()
    found = figures.loads(session, sight.asked, most=_PEOPLE_MAX)
    names = region_names(session, {each.region for each in found})
    return tuple(
        LoadRow(
            name=each.name,
            region_name=names[each.region],
            done=each.done,
            open=each.open,
            overdue=each.overdue,
        )
        for each in found
    )
