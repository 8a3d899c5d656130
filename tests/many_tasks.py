"""Open tasks by the thousand, written by set-based SQL: rows of an inbox without the cases' state behind them.

For what reads lists and sums only; nobody can complete such a task.
"""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path
from shutil import copytree

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.cases import staff
from engine.cases.office import Office
from engine.config import ROOT
from engine.values import Actor

_numbers = itertools.count(1)

#: five steps a process, each of one duty; every sixth task has no limit, the others are due at the end of one of
#: 50 days around the present one; every tenth is held by somebody
_CASES = """
INSERT INTO workflow_case (id, case_key, version_id, process_id, region_code, subject, status, revision, state,
                           started_by, started_at)
SELECT :first + n, 'XX-2025-' || lpad((:first + n)::text, 9, '0'), v.id, v.process_id,
       r.code[1 + n / 31 % array_length(r.code, 1)], 'office:371500', 'running', 1, ''::bytea, 'system:0',
       CAST(:now AS timestamptz) - (n % 50000) * interval '7 minutes'
  FROM generate_series(0, :count - 1) AS s(n)
  JOIN (SELECT array_agg(code ORDER BY code) AS code FROM region WHERE code LIKE '37%') r ON true
  JOIN (SELECT array_agg(id ORDER BY id) AS ids FROM process_version) vs ON true
  JOIN process_version v ON v.id = vs.ids[1 + n % array_length(vs.ids, 1)]
"""
_TASKS = """
INSERT INTO workflow_task (id, case_id, element_id, name, duty, region_code, form, status, assignee, created_at, due_at)
SELECT md5(c.id::text), c.id, c.process_id || '_step_' || step.n, '环节', d.id, c.region_code, '', 'ready',
       CASE WHEN c.id / 3 % 10 = 0 THEN 'staff:' || 900 + c.id % 7 END, c.started_at,
       CASE WHEN c.id / 7 % 6 > 0
            THEN date_trunc('day', CAST(:now AS timestamptz), 'Asia/Shanghai')
                 + interval '1 day' * (c.id / 5 % 50 - 20) - interval '1 second' END
  FROM workflow_case c
  JOIN (SELECT array_agg(id ORDER BY id) AS duties FROM duty WHERE staff) ds ON true
  JOIN LATERAL (SELECT c.id / 17 % 5 AS n) step ON true
  JOIN duty d ON d.id = ds.duties[1 + (c.version_id * 5 + step.n) % array_length(ds.duties, 1)]
 WHERE c.id >= :first AND c.id < :first + :count
"""


def processes_with_bulk(folder: Path) -> Path:
    """The shipped files in the folder, but that rectification plans may be handed in many at once."""
    processes = folder / "processes"
    copytree(ROOT / "processes", processes)
    drawing = processes / "rectification.bpmn"
    drawn = drawing.read_text()
    english = '<camunda:property name="english" value="Submit the plan" />'
    assert drawn.count(english) == 1
    drawing.write_text(drawn.replace(english, f'{english}<camunda:property name="bulk" value="yes" />'))
    return processes


def seed_open_tasks(session: Session, count: int, *, now: datetime, first: int = 1_000_000) -> None:
    """So many running cases with one open task each, spread over the regions of the province, duties and days."""
    for statement in (_CASES, _TASKS):
        session.execute(text(statement), {"count": count, "first": first, "now": now})


def a_post(office: Office, duty: str, region: str) -> Actor:
    """A new member of staff with that post."""
    with office.store.transaction() as session:
        number = session.execute(
            text(
                """INSERT INTO staff_member (login, name, password_hash, region_code)
                   VALUES (:login, :login, '', :region) RETURNING id"""
            ),
            {"login": f"{duty}{region}-{next(_numbers)}".lower(), "region": region},
        ).scalar_one()
        session.execute(
            text(
                """INSERT INTO post (staff_id, duty, region_code, valid_from, assigned_by)
                   VALUES (:staff, :duty, :region, '2020-01-01', 'system:0')"""
            ),
            {"staff": number, "duty": duty, "region": region},
        )
    found = staff.actor_of(office, number)
    assert found
    return found
