"""What a rehearsal costs beside the real thing: one of the claim's cases rehearsed, and the same case done for real.

The two take turns, so that a busy machine slows both; the ratio of their medians is the figure. Then the whole
of the shipped tests is played, as handing a change in does. Makes and drops a database of its own. Not a test; run it
by hand::

    DATABASE_URL=postgresql+psycopg://… python bench/rehearsals.py [turns]
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from builders import CAST_DAY, MAIN_ROAD, PASSWORD, Case, actor, opened  # noqa: E402
from offices import measured_office, staffed  # noqa: E402

from engine.cases import claims, inbox  # noqa: E402
from engine.cases.office import Office  # noqa: E402
from engine.cases.players import enter, is_free, subject_of  # noqa: E402
from engine.cases.rehearse import files_beside, run_test, run_tests, tests_of  # noqa: E402
from engine.cases.views import Done  # noqa: E402
from engine.registers.memory import registers_of  # noqa: E402

STEPS = ("confirm_form", "check_intake", "review_claim", "approve_claim")
FILE = "claim.tests.yaml"


def main() -> None:
    """Print milliseconds per case, the ratio, and the whole of the shipped tests."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("请设置 DATABASE_URL（PostgreSQL）。 Set DATABASE_URL to a PostgreSQL.")
    with measured_office(url, now="2025-11-03T09:00+08:00") as office:
        staffed(office, day=CAST_DAY, password=PASSWORD)
        files = files_beside(ROOT / "processes" / "claim.bpmn")
        name = tests_of(files, {"claim.bpmn"})[0][1].name
        spent: dict[str, list[float]] = {"rehearsed": [], "real": []}
        for _ in range(turns + 2):
            spent["rehearsed"].append(_seconds(lambda: _rehearsed(office, files, name)))
            spent["real"].append(_seconds(_real(office)))
        # the first turns read and parse what all later ones share
        rehearsed, real = (statistics.median(spent[which][2:]) for which in ("rehearsed", "real"))
        print(f"first rehearsal, files read: {spent['rehearsed'][0] * 1000:.0f} ms")
        print(
            f"rehearsed: {rehearsed * 1000:.0f} ms, for real: {real * 1000:.0f} ms, {rehearsed / real:.2f} to 1"
        )
        began = time.perf_counter(), time.process_time()
        reports = run_tests(office, files)
        wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
        assert all(report.passed for report in reports), [each.text for each in reports if not each.passed]
        print(f"{len(reports)} cases: {wall:.1f} s, {cpu:.1f} s of this processor")


def _rehearsed(office: Office, files: dict[str, bytes], name: str) -> None:
    report = run_test(office, files, FILE, name)
    assert report.passed, report.text


def _real(office: Office) -> Callable[[], None]:
    """The same claim by somebody nobody knows yet; who that is, is found out before the watch runs."""
    subject = subject_of(person="li", employer="", facts={}, day=office.today)
    while not is_free(office, subject):
        subject = subject_of(person="li", employer="", facts={}, day=office.today)
    office._registers = registers_of(subject.province)
    staff = {step: actor(office, MAIN_ROAD[step][0]) for step in STEPS if MAIN_ROAD[step][0]}

    def done() -> None:
        who = enter(office, subject)
        case = opened(office, claims.submit_claim(office, who))
        for step in STEPS:
            _complete(office, case, step, staff.get(step, who))
        assert case.ended_in == "claim_granted"

    return done


def _complete(office: Office, case: Case, step: str, who: object) -> None:
    outcome = inbox.complete_task(office, who, case.task_id(step), dict(MAIN_ROAD[step][1]))  # type: ignore[arg-type]
    assert isinstance(outcome, Done), outcome


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
