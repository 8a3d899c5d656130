"""Dishonesty: reported by a recovery, proposed by one supervisor, heard, decided by another; never by itself (CTRL-06)."""

from __future__ import annotations

from datetime import date

import pytest
from builders import Case, a_listing, a_recovery, actor, refused
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from test_four_eyes import also_holds
from test_recovery import INSTALMENTS, on_record, unvouched
from walked import Walked

from engine.cases import dishonesty
from engine.cases.office import Office
from engine.cases.views import Done
from engine.oversight.dishonesty_tables import DishonestyListing


def a_report(office: Office, *, months: int = 7, at: str = "") -> Case:
    """The case of a fraud that its recovery reported; a second supervisor is at hand."""
    also_holds(office, "handudao", "fund_supervisor", "370000")
    case = a_listing(office, months=months)
    return case.goes_on(until=at) if at else case


def entries(office: Office) -> list[DishonestyListing]:
    """The whole register."""
    with office.store.reading() as session:
        return list(session.scalars(select(DishonestyListing)))


@pytest.mark.req("CTRL-06")
def test_a_fraud_opens_a_proposal_with_the_range_of_the_fine_and_lists_nobody(office: Office) -> None:
    case = a_report(office)

    assert case.open_steps() == ["propose_listing"]
    facts = case.told()[-1].outcome
    assert "22932.00 元至 57330.00 元" in facts, "2 to 5 times 11466"
    assert "national" in facts
    assert entries(office) == []


@pytest.mark.req("CTRL-06", "MONEY-02")
def test_whoever_is_listed_was_told_heard_and_decided_over_by_another_supervisor(office: Office) -> None:
    case = a_report(office, at="propose_listing").answers("propose_listing")
    assert "2025-11-17" in case.letter("listing-notice"), "ten working days to answer"
    assert entries(office) == []
    case.answers("answer_listing")

    assert refused(
        case.tries("zhujiandu", "decide_listing", listing_decision="list", decision_reason="属实属实")
    )
    case.answers("decide_listing")

    assert case.ended_in == "listed"
    (entry,) = entries(office)
    assert (entry.rule, entry.region_code, entry.referred_to[:1]) == ("national", "371500", "市")
    assert (entry.decided_on, entry.publish_until) == (date(2025, 11, 3), date(2028, 11, 3))
    assert entry.proposed_by != entry.decided_by
    assert unvouched(office) == []
    assert "行政复议" in case.letter("listing-decision")


@pytest.mark.req("CTRL-06")
@pytest.mark.parametrize(
    ("step", "changed", "ended"),
    [
        ("propose_listing", {"listing_proposal": "not_list"}, "not_proposed"),
        ("decide_listing", {"listing_decision": "not_list"}, "not_listed"),
    ],
)
def test_a_no_at_either_step_lists_nobody(
    office: Office, step: str, changed: dict[str, str], ended: str
) -> None:
    case = a_report(office, at="propose_listing")
    if step == "decide_listing":
        case.answers("propose_listing").wait_until("2025-11-17")
    case.answers(step, **changed)

    assert case.ended_in == ended
    assert entries(office) == []
    assert case.letters() == (["listing-notice", "listing-declined"] if ended == "not_listed" else [])


@pytest.mark.req("CTRL-06")
def test_what_meets_no_rule_cannot_be_listed_even_by_two(office: Office) -> None:
    case = a_report(office, months=3, at="decide_listing")

    outcome = case.tries("handudao", "decide_listing", listing_decision="list", decision_reason="骗取属实")

    assert refused(outcome) == ("no_rule_met",)
    assert entries(office) == []


@pytest.mark.req("CLAIM-13", "CTRL-06")
def test_a_broken_plan_of_more_than_six_months_is_reported_when_it_breaks(office: Office) -> None:
    case = a_recovery(office, months=7, event_day="2025-03-14", at="propose_recovery")
    case.answers("propose_recovery", **INSTALMENTS).goes_on()
    assert "report_conduct" not in case.history()

    case.wait_until("2025-11-20").wait_until("2025-12-04")

    assert case.history().count("report_conduct") == 1
    assert on_record(office, case).broken_at is not None
    assert entries(office) == []


@pytest.mark.req("CTRL-06", "CTRL-07")
def test_an_entry_is_removed_by_supervision_with_a_reason_and_stays_on_record(office: Office) -> None:
    a_report(office).goes_on()
    (entry,) = entries(office)
    supervisor = actor(office, "zhujiandu")

    assert refused(dishonesty.remove_listing(office, actor(office, "sunshenpi"), entry.id, why="已经退清"))
    assert refused(dishonesty.remove_listing(office, supervisor, entry.id, why=" ")) == ("why_missing",)
    assert isinstance(dishonesty.remove_listing(office, supervisor, entry.id, why="已经退清全部款项"), Done)

    rows = dishonesty.register(office, supervisor)
    assert isinstance(rows, tuple)
    assert (rows[0].status, rows[0].published, rows[0].removed_why) == ("removed", False, "已经退清全部款项")
    assert refused(dishonesty.register(office, actor(office, "wangshouli"))) == ("not_supervision",)


@pytest.mark.req("CTRL-06")
def test_the_database_itself_lists_nobody_without_a_case_and_forgets_nobody(office: Office) -> None:
    a_report(office).goes_on()
    columns = "subject_kind, subject_id, region_code, rule, ground, case_id, proposed_by, decided_by"
    statements = (
        f"INSERT INTO dishonesty_listing ({columns}, decided_on, publish_until, status) SELECT 'person', 1, '371500',"
        " 'local', 'x', min(id), 'staff:1', 'staff:2', '2025-11-03', '2026-11-03', 'listed' FROM workflow_case",
        "UPDATE dishonesty_listing SET ground = 'x'",
        "UPDATE dishonesty_listing SET status = 'removed'",
        "DELETE FROM dishonesty_listing",
    )

    for statement in statements:
        with pytest.raises(IntegrityError), office.store.transaction() as session:
            session.execute(text(statement))


def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.assert_whole(office, "listing", request, least=9)
