"""An escalation killed with -9 at ten random points and resumed leaves what an undisturbed one leaves (RECT-04)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from killing import opened_copy, outlives_kills
from offices import FixedClock, settings_for
from sqlalchemy import text

from engine import duties
from engine.cases.checklist_files import issue_shipped
from engine.cases.checklist_views import ChecklistView
from engine.cases.escalations import escalation_due
from engine.cases.office import Office, open_office
from engine.people import sync_regions
from engine.store.export import verify_database
from engine.values import SYSTEM

pytestmark = [pytest.mark.slow, pytest.mark.req("RECT-04")]

#: two working days before the 96 self-checks are due, counted from receipt
NOW = "2020-04-08T09:00+08:00"

#: everything that an escalation leaves, but numbers of rows, which a lost transaction skips
LEFT = """
SELECT 'paper', to_jsonb(p) - 'id' - 'letter_id' FROM escalation_paper p
UNION ALL SELECT 'line', to_jsonb(e) - 'paper_id' FROM escalation e
UNION ALL SELECT 'item', to_jsonb(i) FROM rectification_item i
UNION ALL SELECT 'letter', to_jsonb(l) - 'id' FROM letter l
UNION ALL SELECT 'message', jsonb_build_object('kind', kind, 'key', key) FROM outbox_message
UNION ALL SELECT 'day', to_jsonb(c.escalated_on) FROM checklist c
ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def late(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an office whose 96 items are all unchecked, to which nobody is connected."""
    settings = settings_for(database_url, tmp_path_factory.mktemp("late"))
    office = open_office(settings, clock=FixedClock("2020-04-02T09:00+08:00"))
    with office.store.transaction() as session:
        sync_regions(session, settings.processes_dir / "regions.yaml")
        duties.sync(session, office.duties)
    issued = issue_shipped(office, SYSTEM, "shandong-2020", received_on=date(2020, 4, 2), region="371500")
    assert isinstance(issued, ChecklistView), issued
    assert issued.present == 96
    office.close()
    return database_url


def left_by(office: Office) -> list[tuple[object, ...]]:
    with office.store.reading() as session:
        verdict = verify_database(session)
        assert verdict.ok, verdict.text
        return [tuple(row) for row in session.execute(text(LEFT))]


def test_killed_at_ten_random_points_and_resumed_everything_came_once(late: str, tmp_path: Path) -> None:
    whole = outlives_kills(
        lambda: opened_copy(late, tmp_path, NOW), lambda office: escalation_due(office, 100), left_by
    )

    kinds = [kind for kind, _ in whole]
    assert (kinds.count("line"), kinds.count("paper"), kinds.count("message")) == (96, 12, 12)
