"""Every path of ``rectification.bpmn``: plans and work in time, late and returned; circulars go out by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time

import pytest
from builders import Case, a_finding, actor, refused
from paths import assert_nothing_left, every_path
from sqlalchemy import select
from walked import Walked

from engine.cases import others
from engine.cases.office import Office
from engine.tasks.tables import Finding


def on_record(office: Office, case: Case) -> Finding:
    """The finding of the case."""
    with office.store.reading() as session:
        return session.scalars(select(Finding).where(Finding.case_id == case.id)).one()


@pytest.mark.req("RECT-02", "RECT-04", "MONEY-02")
def test_every_path_closes_the_finding_after_somebody_else_has_verified_it(
    office: Office, afresh: Callable[[], None]
) -> None:
    for case, path in every_path(lambda: a_finding(office), detours=1, afresh=afresh):
        assert case.ended_in == "finding_closed", str(path)
        assert on_record(office, case).status == "closed"
        hands = case.hands()
        assert hands["verify_done"] not in {hands["accept_plan"], hands["report_done"]}
        circulars = case.letters().count("circular")
        assert on_record(office, case).circulars == circulars, str(path)
        assert_nothing_left(office)


@pytest.mark.req("RECT-02")
def test_done_in_time_nobody_is_reminded_or_named(office: Office) -> None:
    finding = a_finding(office).goes_on()

    assert finding.ended_in == "finding_closed"
    assert finding.letters() == []
    assert on_record(office, finding).circulars == 0


@pytest.mark.req("RECT-04")
def test_a_plan_is_asked_for_two_working_days_before_and_named_when_late(office: Office) -> None:
    finding = a_finding(office, plan_due="2025-11-10")
    assert finding.timers() == {
        "plan_due_soon": "2025-11-06 23:59:59",
        "plan_overdue": "2025-11-10 23:59:59",
    }

    finding.wait_until("2025-11-06")
    assert finding.letters() == ["rectification-reminder"]
    finding.wait_until("2025-11-10", at=time(23, 59, 58))
    assert "circular" not in finding.letters()
    finding.wait_until("2025-11-10").sweep().wait_until("2025-11-14")

    assert finding.letters() == ["rectification-reminder", "circular"]
    assert "整改方案逾期未报" in finding.letter("circular")
    assert finding.open_steps() == ["submit_plan"], "the plan is still wanted"


@pytest.mark.req("RECT-04")
def test_work_that_is_late_is_named_as_late_work_with_its_own_day(office: Office) -> None:
    finding = a_finding(office).answers("submit_plan").answers("accept_plan")
    assert finding.timers() == {"done_overdue": "2025-12-05 23:59:59"}

    finding.wait_until("2025-12-05").sweep().wait_until("2025-12-12")

    assert finding.letters() == ["circular"]
    letter = finding.letter("circular")
    assert "整改逾期未完成" in letter
    assert "2025-12-05" in letter


@pytest.mark.req("RECT-04")
def test_a_finding_late_twice_is_named_for_the_plan_and_for_the_work(office: Office) -> None:
    finding = a_finding(office).wait_until("2025-11-12")
    finding.answers("submit_plan").answers("accept_plan").wait_until("2025-12-08")

    assert finding.letters().count("circular") == 2
    assert "整改逾期未完成" in finding.letter("circular")
    assert on_record(office, finding).circulars == 2


@pytest.mark.req("RECT-02")
def test_a_returned_plan_is_due_again_on_the_new_day(office: Office) -> None:
    finding = a_finding(office).answers("submit_plan")

    finding.answers("accept_plan", plan_opinion="return", plan_note="措施不具体", plan_due="2025-11-17")

    assert finding.open_steps() == ["submit_plan"]
    assert finding.timers()["plan_overdue"] == "2025-11-17 23:59:59"
    finding.wait_until("2025-11-17")
    assert "2025-11-17" in finding.letter("circular")


@pytest.mark.req("RECT-04")
def test_a_finding_that_was_not_put_right_is_reopened_with_a_new_day(office: Office) -> None:
    finding = a_finding(office).goes_on(until="verify_done")

    finding.answers("verify_done", verify_opinion="reopen", verify_note="仍有手工报盘", done_due="2025-12-31")

    assert finding.open_steps() == ["report_done"]
    assert on_record(office, finding).status == "open"
    assert finding.timers() == {"done_overdue": "2025-12-31 23:59:59"}
    assert finding.goes_on().ended_in == "finding_closed"


@pytest.mark.req("RECT-04", "MONEY-02")
@pytest.mark.parametrize("who", ["handudao", "jiangzhenggai", "wangshouli"])
def test_a_finding_is_verified_by_nobody_who_had_a_part_in_it(office: Office, who: str) -> None:
    finding = a_finding(office).goes_on(until="verify_done")

    fields = {"verify_opinion": "done", "verify_note": "看过了", "done_due": "2025-12-05"}
    assert refused(finding.tries(who, "verify_done", **fields))
    assert on_record(office, finding).status == "open"


@pytest.mark.req("RECT-02")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"topic": "  "}, "topic_missing"),
        ({"done_due": date(2025, 11, 5)}, "dates_reversed"),
        ({"plan_due": date(2025, 10, 31)}, "plan_due_past"),
    ],
)
def test_a_finding_needs_a_topic_and_days_in_order(
    office: Office, changed: dict[str, object], code: str
) -> None:
    asked: dict[str, object] = {
        "topic": "稳岗返还",
        "plan_due": date(2025, 11, 10),
        "done_due": date(2025, 12, 5),
        **changed,
    }

    outcome = others.start_finding(
        office,
        actor(office, "handudao"),
        topic=str(asked["topic"]),
        region="371500",
        plan_due=asked["plan_due"],  # type: ignore[arg-type]
        done_due=asked["done_due"],  # type: ignore[arg-type]
    )

    assert refused(outcome) == (code,)


@pytest.mark.req("RECT-02")
def test_only_the_provincial_office_issues_a_finding(office: Office) -> None:
    outcome = others.start_finding(
        office,
        actor(office, "jiangzhenggai"),
        topic="稳岗返还",
        region="371500",
        plan_due=date(2025, 11, 10),
        done_due=date(2025, 12, 5),
    )

    assert refused(outcome)


@pytest.mark.req("FLOW-01")
def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.assert_whole(office, "rectification", request, least=14)
