"""A claim whose limits reach into a year without a working calendar stands with its day, and begins by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from builders import PASSWORD, Case, actor, refused
from offices import FixedClock, settings_for
from sqlalchemy import select

from engine.cases import calendars, claims, files
from engine.cases.office import Office, open_office
from engine.cases.setup import seed, set_up
from engine.cases.sweep import sweep
from engine.cases.views import Done
from engine.store.actions import Action
from engine.store.audit import AuditEvent
from engine.store.export import verify_database
from engine.tasks.tables import Claim
from engine.values import Refusal

HOLIDAYS = "2027-01-01..2027-01-03 元旦\n2027-02-05..2027-02-11 春节"

pytestmark = pytest.mark.req("CLAIM-01", "CLAIM-12")


@pytest.fixture
def december(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office on Friday 18 December 2026, when nobody has entered 2027."""
    clock = FixedClock("2026-12-18T09:00+08:00")
    opened = open_office(settings_for(database_url, tmp_path_factory.mktemp("office")), clock=clock)
    set_up(opened)
    seed(opened, seed=1, people=3, employers=2, day=date(2026, 12, 1), password=PASSWORD)
    yield opened
    opened.close()


def test_a_claim_in_a_december_without_next_years_calendar_keeps_its_day_and_begins_once(
    december: Office,
) -> None:
    """Registered on 18 December, asked for twice, swept in vain; begun once, by the day of the application, in January."""
    li = actor(december, "li")

    noted = claims.submit_claim(december, li)

    assert isinstance(noted, Done), noted
    assert "申请日期2026-12-18" in noted.message
    view = claims.noted_claim(december, li)
    assert view is not None
    assert (view.case_key, view.applied_on) == (noted.case_key, date(2026, 12, 18))
    assert refused(claims.submit_claim(december, li)) == ("claim_open",)
    assert sweep(december).begun == 0
    assert not files.my_cases(december, li).rows
    with december.store.reading() as session:
        refusals = select(AuditEvent.reason).where(
            AuditEvent.action == Action.ACTION_REFUSED, AuditEvent.actor == li.key
        )
        assert len(session.scalars(refusals).all()) == 1, "only the second application"

    december.clock.now = datetime.fromisoformat("2027-01-04T09:00+08:00")  # type: ignore[attr-defined]
    _enter_2027(december)

    assert sweep(december).begun == 1
    assert sweep(december).begun == 0
    assert claims.noted_claim(december, li) is None
    case = Case(office=december, id=noted.case_id or 0, subject="li")
    assert case.open_steps() == ["confirm_form"]
    begun = case.started_with()
    # ten working days from 18 December: 1 to 3 January are off
    assert (begun["applied_on"], begun["decide_by"], begun["case_key"]) == (
        "2026-12-18", "2027-01-04", noted.case_key,
    )  # fmt: skip
    with december.store.reading() as session:
        assert session.scalars(select(Claim.applied_on)).all() == [date(2026, 12, 18)]
        assert verify_database(session).ok


def _enter_2027(office: Office) -> None:
    entered = calendars.enter_year(
        office,
        actor(office, "fengshuju"),
        year=2027,
        source="放假通知（演示）",
        holidays=HOLIDAYS,
        workdays="",
    )
    assert not isinstance(entered, Refusal), entered
    year = calendars.calendar_year(office, actor(office, "lvshuju2"), 2027)
    assert not isinstance(year, Refusal)
    approved = calendars.approve_year(office, actor(office, "lvshuju2"), year.waiting[0].edition_id)
    assert not isinstance(approved, Refusal), approved
