"""What the pages of managers and operators cost with a million tasks behind them.

Seeds a database of its own by set-based SQL and asks as the province, a city and an operator. Prints medians.
Not a test; run it by hand::

    DATABASE_URL=postgresql+psycopg://… python bench/monitoring.py [cases]
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from builders import CAST_DAY, PASSWORD  # noqa: E402
from many_tasks import a_post  # noqa: E402
from offices import measured_office, staffed  # noqa: E402
from weeks_of_work import seed_weeks  # noqa: E402

from engine.cases import monitor_lists, monitoring, operations  # noqa: E402
from engine.cases.monitoring import MonitorFilter  # noqa: E402
from engine.cases.office import Office  # noqa: E402

ROUNDS = 3


def main() -> None:
    """Print the times of each page."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 250_000
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("请设置 DATABASE_URL（PostgreSQL）。 Set DATABASE_URL to a PostgreSQL.")
    with _office(url, cases) as office:
        for what, ask in _questions(office).items():
            taken = []
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                ask()
                taken.append(time.perf_counter() - begun)
            print(f"{what:40}{statistics.median(taken) * 1000:10.0f} ms", flush=True)


def _questions(office: Office) -> dict[str, Callable[[], object]]:
    city, province = a_post(office, "control", "371500"), a_post(office, "control", "370000")
    county, operator = a_post(office, "approve", "371502"), a_post(office, "administrator", "370000")
    month = {"first": "2025-10-01", "last": "2025-10-31"}
    return {
        "province, a year": lambda: monitoring.monitor(
            office, province, MonitorFilter(first="2024-11-04", last="2025-11-03")
        ),
        "city, eight weeks": lambda: monitoring.monitor(office, city, MonitorFilter()),
        "city, heat map of claims": lambda: monitoring.monitor(office, city, MonitorFilter(process="claim")),
        "county, a month": lambda: monitoring.monitor(office, county, MonitorFilter(**month)),
        "breaches, a month": lambda: monitor_lists.breaches(office, city, MonitorFilter(**month)),
        "cases open": lambda: monitor_lists.cases_behind(office, city, MonitorFilter(), "open"),
        "cases overdue": lambda: monitor_lists.cases_behind(office, city, MonitorFilter(), "overdue"),
        "operations": lambda: operations.operations(office, operator),
        "metrics": lambda: operations.counts(office),
    }


@contextmanager
def _office(url: str, cases: int) -> Iterator[Office]:
    with measured_office(url, now="2025-11-03T09:00+08:00") as office:
        staffed(office, day=CAST_DAY, password=PASSWORD)
        _fill(office, cases)
        yield office


def _fill(office: Office, cases: int) -> None:
    begun = time.perf_counter()
    with office.store.transaction() as session:
        seed_weeks(session, office, cases, now=office.clock(), weeks=52)
    with office.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        tasks = connection.execute(text("SELECT count(*) FROM workflow_task")).scalar_one()
        connection.execute(text("VACUUM ANALYZE"))
    print(f"{cases} cases, {tasks} tasks in {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
