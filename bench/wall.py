"""What the wall costs with a hundred thousand items: the page as served, beside the bare SQL that it rests upon.

Seeds a database of its own: a province of 16 cities with 1,984 units below them, 50 topics, one item for each, by
set-based SQL. Prints medians. Not a test; run it by hand::

    DATABASE_URL=postgresql+psycopg://… python bench/wall.py [topics]
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from sqlalchemy import text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

from builders import PASSWORD  # noqa: E402
from flask.testing import FlaskClient  # noqa: E402
from offices import measured_office, staffed  # noqa: E402

from engine.cases.office import Office  # noqa: E402
from web.app import create_app  # noqa: E402

ROUNDS = 5
TODAY = "2025-11-05T09:00+08:00"
_BELOW = 124

#: the bare statement that any wall needs: counts by topic, city and standing
BARE = """SELECT topic_id, city, CASE WHEN status IN ('done', 'no_problem', 'planned', 'verifying') THEN status
                                   WHEN CASE status WHEN 'unchecked' THEN self_check_due WHEN 'planning' THEN plan_due
                                        ELSE done_due END < DATE '2025-11-05' THEN 'late' ELSE 'open' END AS word, count(*)
            FROM rectification_item WHERE checklist_id = 1 GROUP BY 1, 2, 3"""

_REGIONS = """INSERT INTO region (code, name, english, parent_code, level)
SELECT left(city.code, 4) || to_char(n, 'FM00'), city.name || '第' || n || '单位', 'Unit ' || n, city.code, 'county'
  FROM region city CROSS JOIN generate_series(1, 99) n
 WHERE city.level = 'city' AND city.code LIKE '37%' ON CONFLICT DO NOTHING"""
#: more units than two digits can number stand for towns under letters
_TOWNS = """INSERT INTO region (code, name, english, parent_code, level)
SELECT left(city.code, 4) || chr(64 + 1 + n / 10) || n % 10, city.name || '第' || (100 + n) || '单位', 'Town ' || n, city.code,
       'county'
  FROM region city CROSS JOIN generate_series(0, :towns - 1) n WHERE city.level = 'city' AND city.code LIKE '37%'"""
_CHECKLIST = """INSERT INTO checklist (id, number, kind, title, source, issued_on, received_on, self_check_due, plan_due,
    done_due, issued_by, issued_at, region, status, cells)
VALUES (1, 'QD-2025-001', 'checklist', '全省梳理查摆', '试算', '2025-09-01', '2025-09-01', '2025-09-15', '2025-09-30',
    '2025-12-31', 'staff:1', now(), '370000', 'issuing', :cells)"""
_TOPICS = """INSERT INTO checklist_topic (checklist_id, position, code, title)
SELECT 1, n, 't' || n, '梳理项目' || n FROM generate_series(1, :topics) n"""
_UNITS = "INSERT INTO checklist_unit SELECT 1, code FROM region WHERE parent_code IN (SELECT code FROM region WHERE level = 'city' AND code LIKE '37%')"
_ITEMS = """INSERT INTO rectification_item (checklist_id, topic_id, region_code, city, status, self_check_due, plan_due,
    done_due, checked_on, planned_on, accepted_on, verified_on, statement_by, progress, sent_back_on, returned)
SELECT 1, t.id, u.region_code, left(u.region_code, 4) || '00', word,
       DATE '2025-09-15' + h % 60, DATE '2025-09-30' + h % 50, DATE '2025-10-20' + h % 90,
       CASE WHEN word <> 'unchecked' THEN DATE '2025-09-02' + h % 60 END,
       CASE WHEN word IN ('planned', 'doing', 'verifying', 'done') THEN DATE '2025-09-10' + h % 55 END,
       CASE WHEN word IN ('doing', 'verifying', 'done') THEN DATE '2025-09-20' END,
       CASE WHEN word = 'done' THEN DATE '2025-10-05' + h % 30 END,
       CASE WHEN word = 'no_problem' THEN 'staff:1' END, h % 100, CASE WHEN h % 17 = 0 THEN DATE '2025-11-01' END, 0
  FROM checklist_topic t CROSS JOIN checklist_unit u
  CROSS JOIN LATERAL (SELECT abs(hashtext(t.id || u.region_code)) AS h) x
  CROSS JOIN LATERAL (SELECT (ARRAY['unchecked', 'no_problem', 'no_problem', 'planning', 'planned', 'doing', 'doing',
                                    'verifying', 'done', 'done'])[1 + h % 10] AS word) y"""


def main() -> None:
    """Print the times of each page, of the bare statement, and their ratio."""
    topics = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("请设置 DATABASE_URL（PostgreSQL）。 Set DATABASE_URL to a PostgreSQL.")
    with _office(url, topics) as office:
        bare, _ = _median(lambda: _bare(office))
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        print(f"{'bare SQL, topic x city':34}{bare * 1000:8.0f} ms")
        browser = _signed_in(office)
        for what, path in (
            ("wall of the province, page", "/rectification/1"),
            ("wall of a city, 124 units, page", "/rectification/1?region=371600"),
            ("items that are late, page", "/rectification/1/items?show=late"),
            ("one cell, page", "/rectification/items/4711"),
            ("trend, page", "/rectification/1/trend"),
            ("wall to Excel", "/rectification/1/wall.xlsx"),
            ("print view", "/rectification/1/print"),
            ("list of checklists", "/rectification"),
        ):
            took, own = _median(lambda path=path: _get(browser, path))
            size = len(_get(browser, path))
            said = f"{what:34}{took * 1000:8.0f} ms{took / bare:8.1f} x bare{own * 1000:8.0f} ms of its own"
            print(f"{said}{size / 1000:8.0f} kB", flush=True)


def _get(browser: FlaskClient, path: str) -> bytes:
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.data


def _bare(office: Office) -> None:
    with office.store.reading() as session:
        session.execute(text(BARE)).all()


def _median(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of this process's processor: the difference is the database, and whoever else is at work."""
    clock, own = [], []
    for _ in range(ROUNDS):
        begun, used = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - begun)
        own.append(time.process_time() - used)
    return statistics.median(clock), statistics.median(own)


def _signed_in(office: Office) -> FlaskClient:
    app = create_app(office)
    app.config["WTF_CSRF_ENABLED"] = False
    browser = app.test_client()
    answer = browser.post("/sign-in", data={"login": "handudao", "password": PASSWORD})
    assert answer.status_code == 303, answer.status_code
    return browser


@contextmanager
def _office(url: str, topics: int) -> Iterator[Office]:
    with measured_office(url, now=TODAY) as office:
        staffed(office, day=date(2025, 11, 3), password=PASSWORD)
        _fill(office, topics)
        yield office


def _fill(office: Office, topics: int) -> None:
    """Every guard stays up: what is laid out has to satisfy the database as any checklist does."""
    begun = time.perf_counter()
    with office.store.transaction() as session:
        session.execute(text(_REGIONS))
        session.execute(text(_TOWNS), {"towns": _BELOW - 99})
        units = "SELECT count(*) FROM region r JOIN region c ON c.code = r.parent_code WHERE c.level = 'city' AND c.code LIKE '37%'"
        cells = topics * session.execute(text(units)).scalar_one()
        session.execute(text(_CHECKLIST), {"cells": cells})
        session.execute(text(_TOPICS), {"topics": topics})
        session.execute(text(_UNITS))
        session.execute(text(_ITEMS))
        session.execute(text("UPDATE checklist SET status = 'open'"))
    with office.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    print(f"{cells} items in {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
