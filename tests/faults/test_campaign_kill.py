"""A campaign killed with -9 at random points and resumed opens every case once: what it leaves is what an undisturbed one leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from killing import opened_copy, outlives_kills
from offices import FixedClock, settings_for
from sqlalchemy import text

from engine.cases import setup
from engine.cases.campaigns import drive, start_campaign
from engine.cases.employer_crowd import seed_employers
from engine.cases.office import Office, open_office
from engine.cases.screening import drive as screen
from engine.cases.screening import start_screening
from engine.cases.screening_views import ScreeningView
from engine.refunds import campaigns
from engine.store.export import verify_database
from engine.values import SYSTEM, Refusal

pytestmark = [pytest.mark.slow, pytest.mark.req("REFUND-02", "REFUND-04")]

NOW, FIRMS = "2025-11-03T09:00+08:00", 60

#: everything that a campaign leaves, but numbers of rows and cases, which a lost transaction skips
LEFT = """
SELECT 'refund', to_jsonb(r) - 'id' - 'case_id' FROM retention_refund r
UNION ALL SELECT 'case', jsonb_build_object('about', subject, 'status', status, 'region', region_code)
  FROM workflow_case WHERE process_id = 'stable_jobs'
UNION ALL SELECT 'letter', jsonb_build_object('kind', kind, 'to', recipient) FROM letter
UNION ALL SELECT 'part', to_jsonb(p) - 'id' FROM refund_campaign_part p
UNION ALL SELECT 'campaign', to_jsonb(c) - 'id' FROM refund_campaign c
ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def found(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an office that has screened its employers, to which nobody is connected."""
    office = open_office(settings_for(database_url, tmp_path_factory.mktemp("crowd")), clock=FixedClock(NOW))
    setup.set_up(office)
    seed_employers(office, firms=FIRMS, seed=3, years=(2024,))
    run = start_screening(office, SYSTEM, year=2025)
    assert isinstance(run, ScreeningView), run.text
    screen(office, run.run_id, say=lambda _done, _total: None)
    office.close()
    return database_url


def carry_out(office: Office) -> None:
    """Start the campaign of the city, or go on with the one there is."""
    done = start_campaign(office, SYSTEM, region=office.settings.region, year=2025, mode="disburse")
    assert not isinstance(done, Refusal), done.text
    with office.store.reading() as session:
        number = session.scalar(text("SELECT id FROM refund_campaign"))
    drive(office, int(number or 0), say=lambda _done, _total: None)


def left_by(office: Office) -> list[tuple[object, ...]]:
    with office.store.reading() as session:
        verdict = verify_database(session)
        assert verdict.ok, verdict.text
        return [tuple(row) for row in session.execute(text(LEFT))]


def test_killed_at_random_points_and_resumed_every_employer_has_one_case(
    found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "CASES_PER_PART", 8)

    whole = outlives_kills(lambda: opened_copy(found, tmp_path, NOW), carry_out, left_by, points=5)

    about = [row["about"] for kind, row in whole if kind == "case"]  # type: ignore[index]
    assert len(about) == len(set(about)) > 10
    assert sum(kind == "part" for kind, _ in whole) > 2
