"""A screening for the job-retention refund, against the bare set-based SQL of the same decisions in the same run.

Seeds a database of its own with so many employers, twelve months of headcounts and contributions each, and every list.
Runs one bare statement over all of them into a plain copy of the table (same indexes; no triggers, no trail, no parts),
then the real screening, every decision kept with its evidence. Prints seconds, their ratio, and that both found the
same. By hand::

    DATABASE_URL=postgresql+psycopg://… python bench/screen_refunds.py [employers] …    100000 1000000
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from insured_employers import open_regions  # noqa: E402
from offices import measured_office  # noqa: E402

from engine.cases.employer_crowd import seed_employers  # noqa: E402
from engine.cases.office import Office  # noqa: E402
from engine.cases.screening import drive, screening_of, start_screening  # noqa: E402
from engine.refunds import screen  # noqa: E402
from engine.refunds.rosters import contributions_of, lists_over  # noqa: E402
from engine.refunds.screening import _write_figures  # noqa: E402
from engine.refunds.tables import ScreenRun  # noqa: E402
from engine.screen_command import screening_text  # noqa: E402
from engine.values import SYSTEM, Refusal  # noqa: E402

NOW, YEAR = "2025-12-20T09:00+08:00", 2025
COLUMNS = (
    "employer_id, region, kind, size, outcome, failed, months, base_heads, base_months, lost, paid_fen, arrears_fen, "
    "lists, way, amount_fen, passed_on_fen"
)


def main() -> None:
    """Print the times for each size."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("请设置 DATABASE_URL（PostgreSQL）。 Set DATABASE_URL to a PostgreSQL.")
    for size in sys.argv[1:] or ["100000", "1000000"]:
        with _office(url, int(size)) as office:
            _measure(office, int(size))


def _measure(office: Office, firms: int) -> None:
    bare = _timed("bare SQL", lambda: _bare(office))
    run = _timed("screening", lambda: _run(office))
    with office.store.reading() as session:
        differ = session.scalar(
            text(
                f"SELECT count(*) FROM ((SELECT {COLUMNS} FROM bare_decision EXCEPT SELECT {COLUMNS} FROM screen_decision) "
                f"UNION ALL (SELECT {COLUMNS} FROM screen_decision EXCEPT SELECT {COLUMNS} FROM bare_decision)) x"
            )
        )
        kept = session.scalar(text("SELECT count(*) FROM screen_decision"))
        session.scalar(text("SELECT 1"))
    print(screening_text(screening_of(office, 2)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{firms:>10} employers, {kept} decisions, {differ} differ: screening {run:.1f} s, bare {bare:.1f} s, "
        f"ratio {run / bare:.2f}; {run / firms * 1e6:.1f} µs each; memory {peak:.0f} MB"
    )


def _timed(what: str, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    took = time.perf_counter() - began
    print(f"    {what:<44}{took:>8.1f} s", flush=True)
    return took


def _run(office: Office) -> None:
    run = start_screening(office, SYSTEM, year=YEAR)
    assert not isinstance(run, Refusal), run.text
    drive(office, run.run_id, say=lambda _done, _total: None)


def _bare(office: Office) -> None:
    """Lists brought together, then one statement over all; committed like the real one, so that both write the same."""
    with office.store.transaction() as session:
        given = _given(session, office)
        session.execute(text("CREATE TABLE bare_decision (LIKE screen_decision INCLUDING ALL)"))
        session.execute(text("CREATE TABLE bare_listing (LIKE screen_listing INCLUDING ALL)"))
        session.execute(text(screen.LISTED.replace("screen_listing", "bare_listing")), given)
        bare = screen.DECIDE.replace("screen_listing", "bare_listing").replace(
            "screen_decision", "bare_decision"
        )
        session.execute(text(bare), given)


def _given(session: Session, office: Office) -> dict[str, object]:
    """A run for its figures alone; the real one is another."""
    region = office.settings.region
    roster = contributions_of(session, region=region, year=YEAR - 1)
    assert roster is not None
    run = ScreenRun(
        region="370000",
        year=YEAR,
        round=1,
        day=office.today,
        roster_id=roster.id,
        status="done",
        started_by=SYSTEM.key,
        started_at=office.clock(),
    )
    session.add(run)
    session.flush()
    _write_figures(session, run, office.book)
    return {
        "run": run.id,
        "part": 1,
        "roster": roster.id,
        "first": 0,
        "last": 2**31 - 1,
        "within": "%",
        "rosters": [each.id for each in lists_over(session, region)],
    }


@contextmanager
def _office(url: str, firms: int) -> Iterator[Office]:
    with measured_office(url, now=NOW) as office:
        open_regions(office)
        _timed(
            f"seed of {firms} employers",
            lambda: seed_employers(office, firms=firms, seed=1, years=(YEAR - 1,)),
        )
        yield office


if __name__ == "__main__":
    main()
