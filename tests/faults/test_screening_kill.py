"""A screening killed with -9 at ten random points and resumed leaves what an undisturbed one leaves, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from insured_employers import open_regions
from killing import opened_copy, outlives_kills
from offices import FixedClock, settings_for
from sqlalchemy import text

from engine.cases.employer_crowd import seed_employers
from engine.cases.office import Office, open_office
from engine.cases.screening import drive, start_screening
from engine.cases.screening_views import ScreeningView
from engine.refunds import screening
from engine.refunds.screening import parts_altered
from engine.refunds.tables import ScreenRun
from engine.store.export import verify_database
from engine.values import SYSTEM

pytestmark = [pytest.mark.slow, pytest.mark.req("REFUND-01")]

NOW, FIRMS = "2025-12-20T09:00+08:00", 1_000

#: everything that a screening leaves, but numbers of rows, which a lost transaction skips
LEFT = """
SELECT 'decision', to_jsonb(d) - 'run_id' FROM screen_decision d
UNION ALL SELECT 'figure', to_jsonb(f) - 'run_id' FROM screen_figure f
UNION ALL SELECT 'listing', to_jsonb(l) - 'run_id' FROM screen_listing l
UNION ALL SELECT 'part', to_jsonb(p) - 'run_id' - 'id' FROM screen_part p
UNION ALL SELECT 'run', to_jsonb(r) - 'id' FROM screen_run r
ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def crowded(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an office with employers to screen, to which nobody is connected."""
    office = open_office(settings_for(database_url, tmp_path_factory.mktemp("crowd")), clock=FixedClock(NOW))
    open_regions(office)
    seed_employers(office, firms=FIRMS, seed=3, years=(2024,))
    office.close()
    return database_url


def screen_it(office: Office) -> None:
    """Start the screening, or go on with the one there is; done, it stays done."""
    run = start_screening(office, SYSTEM, year=2025)
    assert isinstance(run, ScreeningView), run.text
    drive(office, run.run_id, say=lambda _done, _total: None)


def left_by(office: Office) -> list[tuple[object, ...]]:
    with office.store.reading() as session:
        verdict = verify_database(session)
        run = session.query(ScreenRun).one()
        assert verdict.ok, verdict.text
        assert parts_altered(session, run) == ()
        return [tuple(row) for row in session.execute(text(LEFT))]


def test_killed_at_ten_random_points_and_resumed_the_result_is_byte_equal(
    crowded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "EMPLOYERS_PER_PART", 50)

    whole = outlives_kills(lambda: opened_copy(crowded, tmp_path, NOW), screen_it, left_by)

    assert sum(kind == "decision" for kind, _ in whole) == FIRMS
