"""The working calendar as people keep it: a missing year is an error, a year counts when two people say so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from offices import FixedClock, settings_for
from sqlalchemy import select

from engine.cases import calendars
from engine.cases.incidents import park
from engine.cases.office import Office, open_office
from engine.cases.setup import seed, set_up
from engine.cases.staff import sign_in
from engine.law.calendar import CalendarGap
from engine.values import Actor, Refusal
from engine.workflow.runner import StepFailedError
from engine.workflow.tables import WorkflowIncident

HOLIDAYS = "2027-01-01..2027-01-03 元旦\n2027-02-05 至 2027-02-11 春节\n\n2027-10-01~2027-10-07 国庆节"
WORKDAYS = "2027-02-20 春节调休"


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office in December 2026, when nobody has entered 2027."""
    clock = FixedClock("2026-12-01T09:00+08:00")
    opened = open_office(settings_for(database_url, tmp_path_factory.mktemp("office")), clock=clock)
    set_up(opened)
    seed(opened, seed=1, people=3, employers=2, day=date(2026, 12, 1), password="a-long-password")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def two(office: Office) -> tuple[Actor, Actor]:
    """Two data stewards."""
    return _signed_in(office, "fengshuju"), _signed_in(office, "lvshuju2")


def test_a_missing_year_is_asked_for_and_never_guessed(office: Office, two: tuple[Actor, Actor]) -> None:
    """On 1 December 2026 the year 2027 is missing: said to whoever may enter it, and no count reaches into it."""
    assert calendars.missing_year(office) == 2027
    with pytest.raises(CalendarGap, match="2027"):
        office.calendar.after(date(2026, 12, 31), 1)
    years = calendars.calendar_years(office, two[0])
    assert not isinstance(years, Refusal)
    assert [(row.year, row.on_file) for row in years[:2]] == [(2027, False), (2026, True)]


def test_a_year_counts_when_a_second_person_puts_it_in_force(
    office: Office, two: tuple[Actor, Actor], database_url: str, tmp_path: Path
) -> None:
    """Entered by one, refused to the same one, put in force by the other; another process sees it at once."""
    first, second = two
    entered = calendars.enter_year(
        office, first, year=2027, source="放假通知（演示）", holidays=HOLIDAYS, workdays=WORKDAYS
    )
    assert not isinstance(entered, Refusal), entered
    view = calendars.calendar_year(office, first, 2027)
    assert not isinstance(view, Refusal)
    (waiting,) = view.waiting
    assert (waiting.can, len(waiting.days), view.on_file) == (frozenset({"reject"}), 18, False)
    own = calendars.approve_year(office, first, waiting.edition_id)
    assert isinstance(own, Refusal)
    assert own.reasons[0].code == "four_eyes"
    assert not isinstance(calendars.approve_year(office, second, waiting.edition_id), Refusal)
    assert office.calendar.after(date(2026, 12, 31), 1) == date(2027, 1, 4)
    assert office.calendar.is_workday(date(2027, 2, 20))
    other = open_office(settings_for(database_url, tmp_path), clock=office.clock)
    assert other.calendar.after(date(2027, 2, 4), 1) == date(2027, 2, 12)
    other.close()
    assert calendars.missing_year(office) is None


@pytest.mark.parametrize(
    ("holidays", "workdays", "said"),
    [
        ("2028-01-01..2028-13-02", "", "放假第1行"),
        ("2028-01-01", "2028-01-04", "不是周末"),
        ("2027-01-01", "", "不在2028年"),
        ("", "", "没有录入任何放假日"),
        ("2028-01-01\n元旦", "", "放假第2行"),
    ],
)
def test_each_line_that_cannot_be_meant_is_named(
    office: Office, two: tuple[Actor, Actor], holidays: str, workdays: str, said: str
) -> None:
    """Nothing is kept of a year with a faulty line."""
    no = calendars.enter_year(office, two[0], year=2028, source="通知", holidays=holidays, workdays=workdays)
    assert isinstance(no, Refusal)
    assert said in no.text
    view = calendars.calendar_year(office, two[0], 2028)
    assert not isinstance(view, Refusal)
    assert not view.waiting


def test_only_data_stewards_enter_years(office: Office) -> None:
    """A clerk of the cases is refused."""
    clerk = _signed_in(office, "wangshouli")
    no = calendars.enter_year(office, clerk, year=2028, source="x", holidays="2028-01-01", workdays="")
    assert isinstance(no, Refusal)
    assert no.reasons[0].code == "no_post"


def _signed_in(office: Office, login: str) -> Actor:
    actor = sign_in(office, login=login, password="a-long-password")
    assert isinstance(actor, Actor)
    return actor


def test_steps_that_lacked_a_year_are_tried_again(office: Office, two: tuple[Actor, Actor]) -> None:
    """An incident that says which year was missing is due again once the year counts; others are left alone."""
    with office.store.transaction() as session:
        for number, year in enumerate((2028, 2029), start=1):
            failed = StepFailedError("step", CalendarGap(year))
            park(session, failed, command=f"{year}", case_id=number, now=office.clock())
    calendars.enter_year(office, two[0], year=2028, source="通知", holidays="2028-01-01", workdays="")
    view = calendars.calendar_year(office, two[1], 2028)
    assert not isinstance(view, Refusal)
    done = calendars.approve_year(office, two[1], view.waiting[0].edition_id)
    assert not isinstance(done, Refusal)
    assert "1 个" in done.message
    with office.store.reading() as session:
        retryable = dict(session.execute(select(WorkflowIncident.command, WorkflowIncident.retryable)).all())
    assert retryable == {"2028": True, "2029": False}
