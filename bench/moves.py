"""How long a bulk move takes per case, and that nothing is lost: 10,000 open claims with time limits and drafts.

One real claim is filed and copied under new ids with a draft each; then the move is tried, carried out by
one worker and held against what stood before. Makes and drops a database of its own. Not a test; run it by hand::

    DATABASE_URL=postgresql+psycopg://… python bench/moves.py [cases]
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from sqlalchemy import func, select

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from builders import CAST_DAY, PASSWORD, a_claim, actor  # noqa: E402
from clones import assert_rows_match, clone  # noqa: E402
from offices import measured_office, staffed  # noqa: E402
from test_moves import ANALYST, LONGER, publish, standing, started  # noqa: E402

from engine.cases import move_trial, moves  # noqa: E402
from engine.cases.move_sweep import move_due  # noqa: E402
from engine.cases.move_trial import MoveReport  # noqa: E402
from engine.cases.office import Office  # noqa: E402
from engine.store.audit import AuditEvent  # noqa: E402
from engine.workflow.tables import WorkflowCase, WorkflowTask, WorkflowTimer  # noqa: E402


def main() -> None:
    """Print seconds per case and what was verified."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("请设置 DATABASE_URL（PostgreSQL）。 Set DATABASE_URL to a PostgreSQL.")
    with measured_office(url, now="2025-11-03T09:00+08:00") as office:
        staffed(office, day=CAST_DAY, password=PASSWORD)
        case = a_claim(office, "li")
        cases = [case.id]
        while len(cases) < wanted:
            cases += clone(office, case.id, times=min(1_000, wanted - len(cases)))
        _measure(office, sorted(cases))


def _measure(office: Office, cases: list[int]) -> None:
    analyst = actor(office, ANALYST)
    before = standing(office, cases)
    with office.store.reading() as session:
        old = session.get_one(WorkflowCase, cases[0]).version_id
    new = publish(office, *LONGER)

    begun = time.perf_counter()
    report = move_trial.dry_run(office, analyst, from_version_id=old, to_version_id=new)
    tried = time.perf_counter()
    assert isinstance(report, MoveReport) and report.clean == len(cases), report
    job = started(moves.start_move(office, analyst, from_version_id=old, to_version_id=new))
    filed, worked = time.perf_counter(), time.process_time()
    taken = []
    while True:
        chunk = time.perf_counter()
        count = move_due(office, 500)
        if not count:
            break
        taken.append((time.perf_counter() - chunk) / count)
    moved = time.perf_counter()
    worked = (time.process_time() - worked) / len(cases) * 1000

    _verify(office, cases, job.job_id, new, before)
    per_case = (moved - filed) / len(cases) * 1000
    print(f"{len(cases)} cases: dry run {tried - begun:.1f} s, filed in {filed - tried:.2f} s")
    print(
        f"moved in {moved - filed:.1f} s by one worker: {per_case:.2f} ms per case, "
        f"{worked:.2f} of them its own work (first 500: {taken[0] * 1000:.2f}, last: {taken[-1] * 1000:.2f})"
    )


def _verify(
    office: Office, cases: list[int], job_id: int, new: int, before: dict[int, tuple[object, ...]]
) -> None:
    done = started(moves.move_progress(office, actor(office, ANALYST), job_id))
    assert done.status == "done" and done.counts == {"moved": len(cases)}, done.counts
    after = standing(office, cases)
    assert after == before, "a task id, due day, draft or timer differs"
    with office.store.reading() as session:
        versions = select(WorkflowCase.version_id).where(WorkflowCase.id.in_(cases)).distinct()
        assert session.scalars(versions).all() == [new]
        trail = select(func.count()).where(
            AuditEvent.action == "CASE_MIGRATED", AuditEvent.stream != "diagrams"
        )
        assert session.scalar(trail) == len(cases)
        drafts = session.scalar(select(func.count()).where(WorkflowTask.draft.is_not(None)))
        timers = session.scalar(select(func.count()).select_from(WorkflowTimer))
    for case_id in cases[:: max(1, len(cases) // 500)]:
        assert_rows_match(office, case_id)
    print(f"verified: all on the new version, {drafts} drafts and {timers} time limits as before, ids kept")


if __name__ == "__main__":
    main()
