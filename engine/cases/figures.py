"""Figures of cases and tasks over a period, reckoned by the database in sets: volumes, cycle and waiting times.

Times are in working days: a working day counts with all its 24 hours, a day off with none. No names of people here
but whose load is asked for; who may ask is ``monitoring``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.law.calendar import WorkCalendar

#: cases that began more years before the period are told without their time
_YEARS_BEFORE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is reckoned: cases of these processes in one part of the country, over a period."""

    processes: tuple[str, ...]
    #: what the codes of the regions begin with
    scope: str
    #: a single version; None for all
    version_id: int | None
    first: datetime
    #: exclusive
    after: datetime
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What began and what ended, with how long it took; times None where nothing ended or no calendar is on file."""

    started: int = 0
    completed: int = 0
    cancelled: int = 0
    #: working days from start to end of the completed ones
    median: float | None = None
    ninth: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """Volumes of everything, and by process, part of the country and week (its Monday)."""

    total: Volume
    processes: Mapping[str, Volume]
    areas: Mapping[str, Volume]
    weeks: Mapping[date, Volume]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNow:
    """Running cases, and how many have a task that passed its limit."""

    cases: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long the tasks of one step wait: those done in the period, and those open now, up to now."""

    element_id: str
    name: str
    duty: str
    done: int
    open: int
    #: of the done ones and of the open ones those that passed their limit
    late: int
    #: working days; None where no calendar is on file
    median: float | None
    ninth: float | None
    #: the longest of those open now
    oldest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one member of staff did in the period and holds now."""

    staff_id: int
    name: str
    region: str
    done: int
    open: int
    overdue: int


class WorkingDays:
    """Working days counted up from a first day, as a list that a query looks up in."""

    def __init__(self, calendar: WorkCalendar, first: date, last: date) -> None:
        years = [last.year]
        while calendar.year(years[0]) and years[0] > first.year - _YEARS_BEFORE:
            years.insert(0, years[0] - 1)
        known = [year for year in years if calendar.year(year)]
        self.begins = date(known[0], 1, 1) if known else last
        self.counts: list[int] = []
        day, sum_of_days = self.begins, 0
        while known and day.year <= last.year:
            self.counts.append(sum_of_days)
            sum_of_days += calendar.is_workday(day)
            day += timedelta(days=1)
        self.counts.append(sum_of_days)

    @property
    def missing(self) -> bool:
        """Whether the year of the last day is not on file, so that no time can be told."""
        return len(self.counts) == 1

    @property
    def parameters(self) -> dict[str, Any]:
        """What queries with :func:`worked` are handed."""
        return {"counts": self.counts, "begins": self.begins}


def worked(since: str, until: str) -> str:
    """Working days between two instants as SQL; null where a day is not in the list."""
    return f"{_worked_at(until)} - {_worked_at(since)}"


def _worked_at(instant: str) -> str:
    local = f"({instant} AT TIME ZONE 'Asia/Shanghai')"
    place = f"({local}::date - CAST(:begins AS date))"
    before, then = f"(CAST(:counts AS integer[]))[{place} + 1]", f"(CAST(:counts AS integer[]))[{place} + 2]"
    return f"({before} + ({then} - {before}) * extract(epoch FROM {local}::time) / 86400.0)"


_OF_CASES = """c.process_id = ANY(:processes) AND c.region_code LIKE :scope || '%'
           AND (CAST(:version AS integer) IS NULL OR c.version_id = :version)"""
_QUANTILES = "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY days)"

_VOLUMES = f"""
WITH passed AS (
  SELECT 'started' AS kind, c.process_id, left(c.region_code, :digits) AS area, c.started_at AS at,
         CAST(NULL AS numeric) AS days
    FROM workflow_case c
   WHERE c.started_at >= :first AND c.started_at < :after AND {_OF_CASES}
  UNION ALL
  SELECT c.status, c.process_id, left(c.region_code, :digits), c.ended_at, {worked("c.started_at", "c.ended_at")}
    FROM workflow_case c
   WHERE c.ended_at >= :first AND c.ended_at < :after AND {_OF_CASES}
), told AS (
  SELECT kind, process_id, area, date_trunc('week', at AT TIME ZONE 'Asia/Shanghai')::date AS week, days FROM passed
)
SELECT process_id, area, week, count(*) FILTER (WHERE kind = 'started'),
       count(*) FILTER (WHERE kind = 'completed'), count(*) FILTER (WHERE kind = 'cancelled'),
       {_QUANTILES} FILTER (WHERE kind = 'completed')
  FROM told GROUP BY GROUPING SETS ((process_id), (area), (week), ())
"""  # noqa: S608 - words of our own

_OPEN = f"""
SELECT c.process_id, left(c.region_code, :digits) AS area, count(*),
       count(*) FILTER (WHERE c.paused_at IS NULL AND late.case_id IS NOT NULL)
  FROM workflow_case c
  LEFT JOIN (SELECT DISTINCT t.case_id FROM workflow_task t WHERE t.status = 'ready' AND t.due_at < :now) late
    ON late.case_id = c.id
 WHERE c.status = 'running' AND {_OF_CASES}
 GROUP BY GROUPING SETS ((c.process_id), (area), ())
"""  # noqa: S608 - words of our own

_SINCE = f"""
SELECT (SELECT count(*) FROM workflow_case c WHERE c.started_at >= :after AND {_OF_CASES})
     - (SELECT count(*) FROM workflow_case c WHERE c.ended_at >= :after AND {_OF_CASES})
"""  # noqa: S608 - words of our own

_STEPS = f"""
WITH waits AS (
  SELECT t.element_id, t.name, t.duty, false AS open, t.completed_at > t.due_at AS late,
         {worked("t.created_at", "t.completed_at")} AS days
    FROM workflow_task t JOIN workflow_case c ON c.id = t.case_id
   WHERE t.status = 'completed' AND t.completed_at >= :first AND t.completed_at < :after AND {_OF_CASES}
  UNION ALL
  SELECT t.element_id, t.name, t.duty, true, c.paused_at IS NULL AND t.due_at < :now, {worked("t.created_at", "CAST(:now AS timestamptz)")}
    FROM workflow_task t JOIN workflow_case c ON c.id = t.case_id
   WHERE t.status = 'ready' AND {_OF_CASES}
)
SELECT element_id, max(name), max(duty), count(*) FILTER (WHERE NOT open), count(*) FILTER (WHERE open),
       count(*) FILTER (WHERE late), {_QUANTILES}, max(days) FILTER (WHERE open)
  FROM waits GROUP BY element_id ORDER BY element_id
"""  # noqa: S608 - words of our own

_LOADS = f"""
WITH hands AS (
  SELECT t.completed_by AS who, 1 AS done, 0 AS open, 0 AS late
    FROM workflow_task t JOIN workflow_case c ON c.id = t.case_id
   WHERE t.status = 'completed' AND t.completed_at >= :first AND t.completed_at < :after
     AND t.completed_by LIKE 'staff:%' AND {_OF_CASES}
  UNION ALL
  SELECT t.assignee, 0, 1, CASE WHEN c.paused_at IS NULL AND t.due_at < :now THEN 1 ELSE 0 END
    FROM workflow_task t JOIN workflow_case c ON c.id = t.case_id
   WHERE t.status = 'ready' AND t.assignee LIKE 'staff:%' AND {_OF_CASES}
)
SELECT s.id, s.name, s.region_code, sum(h.done), sum(h.open), sum(h.late)
  FROM hands h JOIN staff_member s ON s.id = CAST(substr(h.who, 7) AS integer)
 GROUP BY s.id ORDER BY sum(h.late) DESC, sum(h.open) DESC, sum(h.done) DESC, s.id LIMIT :most
"""  # noqa: S608 - words of our own


def volumes(session: Session, asked: Asked, days: WorkingDays, *, digits: int) -> Volumes:
    """What began and ended in the period; areas are the first ``digits`` of regions."""
    found: dict[tuple[Any, Any, Any], Volume] = {}
    rows = session.execute(text(_VOLUMES), {**_of(asked), **days.parameters, "digits": digits})
    for process, area, week, started, completed, cancelled, times in rows:
        median, ninth = _times(times, days)
        found[process, area, week] = Volume(
            started=started, completed=completed, cancelled=cancelled, median=median, ninth=ninth
        )
    return Volumes(
        total=found.get((None, None, None), Volume()),
        processes={process: each for (process, _, _), each in found.items() if process is not None},
        areas={area: each for (_, area, _), each in found.items() if area is not None},
        weeks={week: each for (_, _, week), each in found.items() if week is not None},
    )


def open_now(session: Session, asked: Asked, *, digits: int) -> Mapping[tuple[str, str], OpenNow]:
    """Running cases by (process, ""), by ("", area), and all together under ("", "")."""
    rows = session.execute(text(_OPEN), {**_of(asked), "digits": digits})
    return {
        (process or "", area or ""): OpenNow(cases=cases, overdue=overdue)
        for process, area, cases, overdue in rows
    }


def grown_since(session: Session, asked: Asked) -> int:
    """By how many more cases run now than ran at the end of the period."""
    return int(session.execute(text(_SINCE), _of(asked)).scalar_one())


def waiting(session: Session, asked: Asked, days: WorkingDays) -> tuple[Waiting, ...]:
    """How long each step's tasks wait, by element."""
    rows = session.execute(text(_STEPS), {**_of(asked), **days.parameters})
    out = []
    for element, name, duty, done, still_open, late, times, oldest in rows:
        median, ninth = _times(times, days)
        out.append(
            Waiting(
                element_id=element,
                name=name,
                duty=duty,
                done=done,
                open=still_open,
                late=late,
                median=median,
                ninth=ninth,
                oldest=None if oldest is None or days.missing else float(oldest),
            )
        )
    return tuple(out)


def loads(session: Session, asked: Asked, *, most: int) -> tuple[Load, ...]:
    """Who did and holds what; those with most overdue and most open first."""
    rows = session.execute(text(_LOADS), {**_of(asked), "most": most})
    return tuple(
        Load(staff_id=staff, name=name, region=region, done=int(done), open=int(held), overdue=int(late))
        for staff, name, region, done, held, late in rows
    )


def _of(asked: Asked) -> dict[str, Any]:
    return {
        "processes": list(asked.processes),
        "scope": asked.scope,
        "version": asked.version_id,
        "first": asked.first,
        "after": asked.after,
        "now": asked.now,
    }


def _times(found: list[float | None] | None, days: WorkingDays) -> tuple[float | None, float | None]:
    if days.missing or not found or found[0] is None or found[1] is None:
        return None, None
    return float(found[0]), float(found[1])
