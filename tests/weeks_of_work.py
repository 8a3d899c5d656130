"""Weeks of cases and their tasks, written by set-based SQL: what monitoring reads, without the state behind it.

The steps are user tasks of the published diagrams, in the order of the file; each waits around a length of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.workflow.tables import ProcessVersion
from engine.workflow.vocabulary import Element

_STEPS_A_CASE = 5
#: how long a step waits on the average, in days, over and over
_DAYS = (0.6, 2.5, 1.2, 6.0, 3.2, 0.9)

_TOLD = """
CREATE TEMPORARY TABLE told ON COMMIT DROP AS
WITH steps AS (
  SELECT * FROM unnest(CAST(:versions AS integer[]), CAST(:processes AS text[]), CAST(:elements AS text[]),
                       CAST(:names AS text[]), CAST(:duties AS text[]), CAST(:orders AS integer[]), CAST(:days AS float8[]))
       AS s(version_id, process_id, element_id, name, duty, place, days)
), cases AS (
  SELECT :first + n AS id, vs.ids[1 + n % array_length(vs.ids, 1)] AS version_id,
         r.code[1 + n / 5 % array_length(r.code, 1)] AS region,
         CAST(:now AS timestamptz) - CAST(n AS float8) / :count * :weeks * interval '7 days' AS started
    FROM generate_series(0, :count - 1) AS s(n)
    JOIN (SELECT array_agg(code ORDER BY code) AS code FROM region WHERE code LIKE '3715%') r ON true
    JOIN (SELECT array_agg(DISTINCT version_id ORDER BY version_id) AS ids FROM steps) vs ON true
), waits AS (
  SELECT c.*, s.process_id, s.element_id, s.name, s.duty, s.place,
         s.days * (0.2 + (('x' || left(md5(c.id || '/' || s.place), 7))::bit(28)::int % 1000) / 600.0) AS days
    FROM cases c JOIN steps s ON s.version_id = c.version_id
), lined AS (
  SELECT *, sum(days) OVER (PARTITION BY id ORDER BY place) AS until,
         sum(days) OVER (PARTITION BY id) AS whole FROM waits
)
SELECT *, started + (until - days) * interval '1 day' AS begins, started + until * interval '1 day' AS ends,
       started + whole * interval '1 day' AS case_ends
  FROM lined
"""
_CASES = """
INSERT INTO workflow_case (id, case_key, version_id, process_id, region_code, subject, status, revision, state,
                           started_by, started_at, ended_at)
SELECT DISTINCT id, 'WW-2025-' || lpad(id::text, 9, '0'), version_id, process_id, region, 'office:371500',
       CASE WHEN case_ends >= CAST(:now AS timestamptz) THEN 'running'
            WHEN id % 11 = 0 THEN 'cancelled' ELSE 'completed' END,
       1, ''::bytea, 'system:0', started,
       CASE WHEN case_ends < CAST(:now AS timestamptz) THEN case_ends END
  FROM told
"""
_TASKS = """
INSERT INTO workflow_task (id, case_id, element_id, name, duty, region_code, form, status, assignee, created_at,
                           due_at, completed_at, completed_by)
SELECT md5(told.id || '/' || place), told.id, element_id, told.name, duty, region, '',
       CASE WHEN ends < CAST(:now AS timestamptz) THEN 'completed' ELSE 'ready' END, 'staff:' || st.id, begins, begins + interval '5 days',
       CASE WHEN ends < CAST(:now AS timestamptz) THEN ends END,
       CASE WHEN ends < CAST(:now AS timestamptz) THEN 'staff:' || st.id END
  FROM told JOIN (SELECT array_agg(id ORDER BY id) AS ids FROM staff_member) s ON true
  JOIN staff_member st ON st.id = s.ids[1 + (told.id * 7 + place) % array_length(s.ids, 1)]
 WHERE begins < CAST(:now AS timestamptz)
"""
_BREACHES = """
INSERT INTO limit_breach (task_id, case_id, element_id, duty, region_code, due_at, assignee, found_at, escalated_to)
SELECT t.id, t.case_id, t.element_id, t.duty, t.region_code, t.due_at, coalesce(t.assignee, ''), t.due_at, ''
  FROM workflow_task t JOIN told ON told.id = t.case_id AND told.element_id = t.element_id
 WHERE t.due_at < coalesce(t.completed_at, CAST(:now AS timestamptz))
"""


def seed_weeks(
    session: Session, office: Office, count: int, *, now: datetime, weeks: int = 8, first: int = 2_000_000
) -> None:
    """So many cases of all processes that began in the last weeks, spread over the regions of Liaocheng."""
    steps = [
        (
            version.id,
            version.process_id,
            element.id,
            element.name,
            element.duty or "intake",
            place,
            _DAYS[place],
        )
        for process in sorted(set(session.scalars(select(ProcessVersion.process_id))))
        for version in [office.runner.versions.latest(session, process)]
        for place, element in enumerate(_user_tasks(version.blueprint.elements.values()))
    ]
    columns = ("versions", "processes", "elements", "names", "duties", "orders", "days")
    told = dict(zip(columns, map(list, zip(*steps, strict=True)), strict=True))
    asked = {"count": count, "first": first, "now": now, "weeks": weeks}
    session.execute(text(_TOLD), {**told, **asked})
    for statement in (_CASES, _TASKS, _BREACHES):
        session.execute(text(statement), asked)


def _user_tasks(elements: Iterable[Element]) -> list[Element]:
    return [element for element in elements if element.kind == "userTask"][:_STEPS_A_CASE]
