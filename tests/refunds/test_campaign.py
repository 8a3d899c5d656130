"""A campaign: whom a screening found gets one case without asking, whoever is found later joins, and nobody gets two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders import CAST_DAY, PASSWORD, Case, actor, refused
from insured_employers import listed
from offices import FixedClock, settings_for
from sqlalchemy import select, text
from told_employers import tell, year_of

from engine.cases import campaigns, refund_acts, setup
from engine.cases.office import Office, open_office
from engine.cases.screening import drive as screen
from engine.cases.screening import start_screening
from engine.cases.screening_views import ScreeningView
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.law.entitlement import benefit_amount
from engine.refunds.campaign_tables import RefundCampaign, RetentionRefund
from engine.values import SYSTEM, Refusal
from engine.workflow.tables import WorkflowCase

pytestmark = [pytest.mark.slow]

CITY = "371500"


@pytest.fixture(scope="module")
def seeded(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with staff, the cast's employers and the shipped diagrams; its story is told by the tests in order."""
    clock = FixedClock("2025-11-03T09:00+08:00")
    office = open_office(settings_for(database_url, tmp_path_factory.mktemp("office")), clock=clock)
    setup.set_up(office)
    setup.seed(office, people=0, employers=0, seed=1, day=CAST_DAY, password=PASSWORD)
    yield office
    office.close()


@pytest.fixture
def office(seeded: Office, tmp_path: Path) -> Office:
    """The same office all along."""
    return replace(seeded, settings=replace(seeded.settings, data_dir=tmp_path))


def screened(office: Office, *, year: int = 2025) -> int:
    """A finished screening of the city by whatever was told last."""
    run = start_screening(office, SYSTEM, year=year, region=CITY)
    assert isinstance(run, ScreeningView), run.text
    screen(office, run.run_id, say=lambda _done, _total: None)
    return run.run_id


def start(office: Office, who: str = "zhaofuhe", *, year: int = 2025, mode: str = "disburse") -> object:
    """What comes of starting the campaign of the city."""
    return campaigns.start_campaign(office, actor(office, who), region=CITY, year=year, mode=mode)  # type: ignore[arg-type]


def refunds(office: Office) -> dict[str, RetentionRefund]:
    """The refunds by the cast's name of their employer."""
    with office.store.reading() as session:
        rows = session.scalars(select(RetentionRefund)).all()
    names = {actor(office, key).id: key for key in ("guangyue", "fenghuang", "dongchang")}
    return {names[row.employer_id]: row for row in rows}


def subjects(office: Office) -> Counter[str]:
    """How many cases of a refund each employer has."""
    with office.store.reading() as session:
        return Counter(
            session.scalars(select(WorkflowCase.subject).where(WorkflowCase.process_id == "stable_jobs"))
        )


@pytest.mark.req("REFUND-02")
def test_a_campaign_needs_a_screening_its_duty_and_figures(office: Office) -> None:
    assert refused(start(office)) == ("not_screened",)
    tell(office)
    screened(office)
    assert refused(start(office, "wangshouli"))
    assert set(refused(start(office, year=2026))) == {"policy_gap"}
    assert refused(campaigns.start_campaign(office, SYSTEM, region="371502", year=2025, mode="disburse")) == (
        "unknown_region",
    )


@pytest.mark.req("REFUND-02", "CTRL-01")
def test_nobody_is_paid_by_a_decision_that_was_altered_after_the_screening(office: Office) -> None:
    def raised(fen: int) -> None:
        with office.store.transaction() as session:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            session.execute(
                text("UPDATE screen_decision SET amount_fen = amount_fen + :fen WHERE outcome = 'eligible'"),
                {"fen": fen},
            )

    raised(100_000)
    assert refused(start(office)) == ("screening_altered",)
    raised(-100_000)


@pytest.mark.req("REFUND-02")
def test_every_employer_that_was_found_eligible_gets_one_case_and_is_asked(office: Office) -> None:
    assert isinstance(start(office), Done)
    assert isinstance(start(office), Done), "started again it stays as it is"
    assert refused(start(office, mode="prepay")) == ("campaign_exists",)

    sweep_until_idle(office)

    found = refunds(office)
    assert {key: (row.status, row.amount_fen, row.size) for key, row in found.items()} == {
        "guangyue": ("pushed", 8_640_000, "small"),
        "dongchang": ("pushed", 36_000_000, "large"),
    }
    assert not any(row.late_entrant for row in found.values())
    assert all(row.campaign_id and row.screen_run_id for row in found.values())
    assert set(subjects(office).values()) == {1}


@pytest.mark.req("REFUND-04")
def test_whoever_a_later_screening_finds_joins_by_itself_and_nobody_twice(office: Office) -> None:
    tell(office, fenghuang=year_of("fenghuang", claimants=1))
    screened(office)

    sweep_until_idle(office)

    found = refunds(office)
    assert found["fenghuang"].status == "pushed"
    assert found["fenghuang"].campaign_id == found["guangyue"].campaign_id
    assert set(subjects(office).values()) == {1}
    with office.store.reading() as session:
        assert session.scalars(select(RefundCampaign.status)).all() == ["running"]


@pytest.mark.req("REFUND-02")
def test_an_employer_of_a_campaign_confirms_and_its_decision_is_what_stands(office: Office) -> None:
    case = Case(office=office, id=refunds(office)["guangyue"].case_id, subject="guangyue")

    case.goes_on()

    row = refunds(office)["guangyue"]
    assert (row.status, row.confirmed_on) == ("noticed", office.today)


@pytest.mark.req("REFUND-02")
def test_a_campaign_closes_once_nobody_may_confirm_any_more_and_takes_in_nobody_after(office: Office) -> None:
    with office.store.reading() as session:
        number = session.scalars(select(RefundCampaign.id)).one()
    reviewer = actor(office, "zhaofuhe")
    assert refused(campaigns.close_campaign(office, reviewer, number)) == ("campaign_runs",)

    Case(office=office, id=refunds(office)["dongchang"].case_id).wait_until("2025-11-20")

    assert refunds(office)["dongchang"].status == "lapsed"
    assert isinstance(campaigns.close_campaign(office, reviewer, number), Done)
    assert refused(start(office)) == ("campaign_closed",)
    late = refund_acts.apply_for_refund(office, actor(office, "dongchang"), year=2025)
    assert isinstance(late, Done), "an employer may still ask for itself"
    assert refunds(office)["dongchang"].campaign_id is None


@pytest.mark.req("REFUND-04")
def test_a_recognised_struggling_employer_gets_that_refund_and_not_both(office: Office) -> None:
    """Six months of benefit for each insured person, in the years that had it (国发〔2018〕39号)."""
    tell(office, year=2019, guangyue=year_of("guangyue", listed=listed("struggling")))
    number = actor(office, "guangyue").id

    done = refund_acts.start_refund(office, actor(office, "wangshouli"), employer_id=number, year=2020)

    assert isinstance(done, Done), refused(done)
    monthly = benefit_amount(region="371502", day=date(2020, 12, 31), book=office.book)
    assert not isinstance(monthly, Refusal)
    with office.store.reading() as session:
        row = session.scalars(select(RetentionRefund).where(RetentionRefund.year == 2020)).one()
    assert (row.kind, row.amount_fen) == ("struggling", monthly.monthly.fen * 6 * 200)
    again = refund_acts.start_refund(office, actor(office, "wangshouli"), employer_id=number, year=2020)
    assert refused(again) == ("refund_exists",)
