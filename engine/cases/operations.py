"""How the machine room stands, for operators: what waits, what stands still and why, versions in use, the database.

Names no person. The same counts go out to Prometheus (``counts``), where nobody signs in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.rows import reaches, region_names
from engine.store.audit import AuditSeal
from engine.values import Actor, CaseId, Reason, Refusal
from engine.workflow.tables import ProcessVersion, WorkflowCase

OPERATORS = frozenset({"analyst", "administrator", "control"})
#: a case is looked at when nothing happened in it for so many days, unless asked otherwise
QUIET_DAYS = 30
QUIET_DAYS_MAX = 3650
_STUCK_MAX = 100
_TABLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """So many rows of one kind wait; ``oldest`` since when the first of them could have been done."""

    what: str
    kind: str
    n: int
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSpread:
    """Running cases of one version."""

    process_id: str
    name: str
    number: int
    running: int
    newest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckCase:
    """A case in which nothing happens, and as far as known why.

    ``why``: paused, incident, task, timer, message, outbox; ``nothing`` where it waits for nothing at all.
    """

    case_id: CaseId
    case_key: str
    process_name: str
    region_name: str
    moved_at: datetime
    why: str
    #: the step, message or cause that it waits for
    what: str
    #: until when, or since when
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSize:
    """A table with its indexes, in bytes, and about how many rows it has."""

    name: str
    size: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Everything on the page."""

    backlog: tuple[Backlog, ...]
    versions: tuple[VersionSpread, ...]
    stuck: tuple[StuckCase, ...]
    quiet_days: int
    #: there are more than are shown
    more_stuck: bool
    database_size: int
    tables: tuple[TableSize, ...]
    #: the longest transaction under way, in seconds
    longest_seconds: float
    sealed_at: datetime | None
    missing_years: tuple[int, ...]


_BACKLOG = """
SELECT 'outbox', kind || CASE WHEN dead_at IS NOT NULL THEN '/dead' WHEN due_at > :now THEN '/later' ELSE '/due' END,
       count(*), min(due_at) FROM outbox_message WHERE sent_at IS NULL GROUP BY 2
UNION ALL
SELECT 'timers', CASE WHEN c.paused_at IS NOT NULL THEN 'paused' WHEN t.due_at > :now THEN 'later' ELSE 'due' END,
       count(*), min(t.due_at) FROM workflow_timer t JOIN workflow_case c ON c.id = t.case_id GROUP BY 2
UNION ALL
SELECT 'incidents', CASE WHEN retryable THEN 'retried' ELSE 'person' END, count(*), min(created_at)
  FROM workflow_incident WHERE status = 'open' GROUP BY 2
UNION ALL
SELECT 'moves', 'waiting', count(*), min(j.started_at) FROM move_item i JOIN move_job j ON j.id = i.job_id
 WHERE i.status = 'waiting' HAVING count(*) > 0
UNION ALL
SELECT 'rehearsals', 'waiting', count(*), min(r.started_at) FROM rehearsal_case p JOIN rehearsal_run r ON r.id = p.run_id
 WHERE p.status = 'waiting' AND r.status IN ('waiting', 'running') HAVING count(*) > 0
UNION ALL
SELECT 'claims', 'calendar', count(*), min(k.applied_on)::timestamp AT TIME ZONE 'Asia/Shanghai' FROM claim k
 WHERE k.status = 'open' AND NOT EXISTS (SELECT 1 FROM workflow_case c WHERE c.id = k.case_id) HAVING count(*) > 0
UNION ALL
SELECT 'sums', 'waiting', count(*), NULL FROM open_task_delta HAVING count(*) > 0
ORDER BY 1, 2
"""
_COUNTS = """
SELECT 'cases_running', count(*) FROM workflow_case WHERE status = 'running'
UNION ALL SELECT 'tasks_open', count(*) FROM workflow_task WHERE status = 'ready'
UNION ALL SELECT 'tasks_overdue', count(*) FROM workflow_task t JOIN workflow_case c ON c.id = t.case_id
           WHERE t.status = 'ready' AND t.due_at < :now AND c.paused_at IS NULL
UNION ALL SELECT 'timers_due', count(*) FROM workflow_timer t JOIN workflow_case c ON c.id = t.case_id
           WHERE t.due_at <= :now AND c.paused_at IS NULL
UNION ALL SELECT 'incidents_open', count(*) FROM workflow_incident WHERE status = 'open'
UNION ALL SELECT 'outbox_waiting', count(*) FROM outbox_message WHERE sent_at IS NULL AND dead_at IS NULL
UNION ALL SELECT 'outbox_dead', count(*) FROM outbox_message WHERE sent_at IS NULL AND dead_at IS NOT NULL
"""
#: nothing that waits would ever wake the case; what hangs in the outbox for it still may
_WAITS_FOR_NOTHING = " AND ".join(
    f"NOT EXISTS (SELECT 1 FROM {table} x WHERE x.case_id = c.id{only})"  # noqa: S608 - words of our own
    for table, only in (
        ("workflow_task", " AND x.status = 'ready'"),
        ("workflow_timer", ""),
        ("workflow_subscription", ""),
        ("workflow_incident", " AND x.status = 'open'"),
        ("outbox_message", " AND x.sent_at IS NULL AND x.dead_at IS NULL"),
    )
)
_STUCK = f"""
SELECT c.id, c.case_key, c.region_code, v.name, c.paused_at,
       coalesce((SELECT max(h.at) FROM workflow_history h WHERE h.case_id = c.id), c.started_at) AS moved_at,
       {_WAITS_FOR_NOTHING} AS nothing
  FROM workflow_case c JOIN process_version v ON v.id = c.version_id
 WHERE c.status = 'running' AND c.region_code LIKE ANY(:scopes)
   AND (({_WAITS_FOR_NOTHING}) OR (c.started_at < :quiet AND NOT EXISTS
        (SELECT 1 FROM workflow_history h WHERE h.case_id = c.id AND h.at >= :quiet)))
 ORDER BY nothing DESC, c.id LIMIT :most
"""  # noqa: S608 - words of our own
_WAITING = """
SELECT * FROM (
  SELECT case_id, 1 AS place, 'incident' AS why, cause AS what, created_at AS at FROM workflow_incident
   WHERE status = 'open' AND case_id = ANY(:cases)
  UNION ALL SELECT case_id, 2, 'task', name, created_at FROM workflow_task
   WHERE status = 'ready' AND case_id = ANY(:cases)
  UNION ALL SELECT case_id, 3, 'message', message, NULL FROM workflow_subscription WHERE case_id = ANY(:cases)
  UNION ALL SELECT case_id, 4, 'timer', element_id, due_at FROM workflow_timer WHERE case_id = ANY(:cases)
  UNION ALL SELECT case_id, 5, 'outbox', kind, due_at FROM outbox_message
   WHERE sent_at IS NULL AND case_id = ANY(:cases)
) found ORDER BY case_id, place, at
"""
_TABLE_SIZES = """
SELECT relname, pg_total_relation_size(relid) AS size, n_live_tup FROM pg_stat_user_tables
 ORDER BY size DESC LIMIT :most
"""
_LONGEST = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def operations(office: Office, actor: Actor, *, quiet_days: int = QUIET_DAYS) -> Operations | Refusal:
    """The machine room as it stands; cases of the actor's region and below only."""
    quiet_days = min(max(1, quiet_days), QUIET_DAYS_MAX)
    with office.store.beyond(
        "the machine room: what waits, and cases by number, in the operator's scopes"
    ) as session:
        scopes = operator_scopes(session, office, actor)
        if not scopes:
            return not_operator()
        stuck = _stuck(session, office, scopes, quiet_days)
        return Operations(
            backlog=_backlog(session, office),
            versions=_versions(session),
            stuck=stuck[:_STUCK_MAX],
            quiet_days=quiet_days,
            more_stuck=len(stuck) > _STUCK_MAX,
            database_size=session.scalar(select(func.pg_database_size(func.current_database()))) or 0,
            tables=tuple(
                TableSize(name=name, size=size, rows=rows)
                for name, size, rows in session.execute(text(_TABLE_SIZES), {"most": _TABLES})
            ),
            longest_seconds=float(session.execute(text(_LONGEST)).scalar_one()),
            sealed_at=session.scalar(select(func.max(AuditSeal.at))),
            missing_years=missing_years(office),
        )


def counts(office: Office) -> Mapping[str, int]:
    """How many rows wait, by what for; without anybody signed in, so no regions and no names."""
    with office.store.beyond(
        "how many rows wait, for gauges: nobody is signed in, and nobody is shown"
    ) as session:
        rows = session.execute(text(_COUNTS), {"now": office.clock()})
        return {what: int(n) for what, n in rows}


def missing_years(office: Office) -> tuple[int, ...]:
    """This year, if nobody entered its working calendar."""
    return () if office.calendar.year(office.today.year) else (office.today.year,)


def operator_scopes(session: Session, office: Office, actor: Actor) -> tuple[str, ...]:
    """What the codes of the regions begin with in which the actor is an operator."""
    return tuple(each.scope for each in reaches(session, office, actor) if each.duty in OPERATORS)


def not_operator() -> Refusal:
    """The refusal to everybody else."""
    return Refusal(
        reasons=(
            Reason(
                code="not_operator",
                text="只有流程分析岗、内控稽核岗、系统管理岗可以查看",
                text_en="For analysts, internal control and administrators only.",
            ),
        )
    )


def _backlog(session: Session, office: Office) -> tuple[Backlog, ...]:
    rows = session.execute(text(_BACKLOG), {"now": office.clock()})
    return tuple(Backlog(what=what, kind=kind, n=n, oldest=oldest) for what, kind, n, oldest in rows)


def _versions(session: Session) -> tuple[VersionSpread, ...]:
    """Versions with running cases, and the newest of each process."""
    running = (
        select(WorkflowCase.version_id, func.count().label("n"))
        .where(WorkflowCase.status == "running")
        .group_by(WorkflowCase.version_id)
        .subquery()
    )
    rows = session.execute(
        select(ProcessVersion.process_id, ProcessVersion.name, ProcessVersion.number, running.c.n)
        .outerjoin(running, running.c.version_id == ProcessVersion.id)
        .order_by(ProcessVersion.process_id, ProcessVersion.number.desc())
    ).all()
    newest: dict[str, int] = {}
    out = []
    for process, name, number, n in rows:
        first = newest.setdefault(process, number) == number
        if n or first:
            out.append(
                VersionSpread(process_id=process, name=name, number=number, running=n or 0, newest=first)
            )
    return tuple(out)


def _stuck(
    session: Session, office: Office, scopes: tuple[str, ...], quiet_days: int
) -> tuple[StuckCase, ...]:
    asked = {
        "scopes": [f"{scope}%" for scope in scopes],
        "quiet": office.clock() - timedelta(days=quiet_days),
        "most": _STUCK_MAX + 1,
    }
    rows = session.execute(text(_STUCK), asked).all()
    waits: dict[int, Any] = {}
    for wait in session.execute(text(_WAITING), {"cases": [row.id for row in rows]}):
        waits.setdefault(wait.case_id, wait)
    regions = region_names(session, {row.region_code for row in rows})
    out = []
    for row in rows:
        found = waits.get(row.id)
        why, what, at = (found.why, found.what, found.at) if found else ("nothing", "", None)
        if row.paused_at is not None:
            why, what, at = "paused", "", row.paused_at
        out.append(
            StuckCase(
                case_id=CaseId(row.id),
                case_key=row.case_key,
                process_name=row.name,
                region_name=regions[row.region_code],
                moved_at=row.moved_at,
                why=why,
                what=what,
                at=at,
            )
        )
    return tuple(out)
