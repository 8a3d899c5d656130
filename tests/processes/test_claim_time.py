"""Time in ``claim.bpmn``: limits in working days that remind and escalate once, and withdrawal while it is not too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

import pytest
from builders import Case, a_claim, a_granted_claim, actor, refused

from engine.cases import claims, inbox, inbox_lists
from engine.cases.office import Office
from engine.cases.views import Done

#: the steps of a claim that wait for a person, with a member of the cast whose claim comes there
WAITING = {
    "confirm_form": "li",
    "answer_objection": "li",
    "check_intake": "li",
    "provide_evidence": "chen",
    "judge_evidence": "chen",
    "review_claim": "li",
    "second_review_claim": "bo",
    "approve_claim": "li",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """What a timer does that sits on a step which is entered on Monday 3 November 2025."""

    step: str
    event: str
    #: last day of the limit; it acts when the day has ended
    day: str
    letter: str
    to: str


LIMITS = (
    Limit("confirm_form", "claimant_slow", "2025-11-06", "reminder", "person"),
    Limit("check_intake", "intake_overdue", "2025-11-05", "escalation", "office"),
    Limit("review_claim", "remind_reviewer_due", "2025-11-05", "task-reminder", "office"),
    Limit("review_claim", "escalate_review_due", "2025-11-06", "escalation", "office"),
    Limit("approve_claim", "remind_approver_due", "2025-11-04", "task-reminder", "office"),
    Limit("approve_claim", "escalate_approval_due", "2025-11-05", "escalation", "office"),
)


def a_claim_waiting_at(office: Office, step: str) -> Case:
    """A claim that has come to the step."""
    person = WAITING[step]
    if step != "answer_objection":
        return a_claim(office, person, at=step)
    objected = {"answer": "object", "objected_field": "exit_day", "objection_text": "日期不对"}
    return a_claim(office, person).answers("confirm_form", **objected)


def test_every_waiting_step_and_every_timer_of_the_diagram_is_tried_here(office: Office) -> None:
    with office.store.reading() as session:
        elements = office.runner.versions.latest(session, "claim").blueprint.elements.values()

    assert {each.id for each in elements if each.kind == "userTask"} == set(WAITING)
    assert {each.id for each in elements if each.event == "timer"} == {limit.event for limit in LIMITS}


@pytest.mark.req("CLAIM-12")
@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.event)
def test_a_limit_acts_when_its_last_working_day_has_ended_and_only_once(office: Office, limit: Limit) -> None:
    claim = a_claim_waiting_at(office, limit.step)
    assert claim.timers()[limit.event] == f"{limit.day} 23:59:59"

    claim.wait_until(limit.day, at=time(23, 59, 58))
    assert limit.event not in claim.history()
    claim.wait_until(limit.day)
    claim.sweep().wait_until("2025-12-01")

    assert claim.history().count(limit.event) == 1
    assert claim.letters().count(limit.letter) == 1
    assert claim.recipients(limit.letter)[0].startswith(limit.to)
    assert claim.open_steps() == [limit.step], "a limit takes nobody's work away"


@pytest.mark.req("CLAIM-12")
@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.event)
def test_a_step_done_in_time_neither_reminds_nor_escalates(office: Office, limit: Limit) -> None:
    claim = a_claim_waiting_at(office, limit.step).wait_until(limit.day, at=time(23, 59, 58))

    claim.answers(limit.step)

    assert limit.event not in claim.timers()
    claim.wait_until("2025-12-01")
    assert limit.event not in claim.history()


@pytest.mark.req("CLAIM-12")
@pytest.mark.parametrize(
    ("entered", "due"),
    [
        ("2025-11-07", "2025-11-11"),  # a weekend between
        ("2025-09-30", "2025-10-10"),  # National Day and Mid-Autumn: eight days off
        ("2025-10-09", "2025-10-11"),  # a Saturday on which everybody works
    ],
)
def test_limits_count_working_days_of_the_published_calendar(office: Office, entered: str, due: str) -> None:
    claim = a_claim(office).wait_until(entered, at=time(9))

    claim.answers("confirm_form")

    assert claim.timers() == {"intake_overdue": f"{due} 23:59:59"}


@pytest.mark.req("CLAIM-12")
def test_the_inbox_shows_a_limit_that_is_near_and_one_that_has_passed(office: Office) -> None:
    claim = a_claim(office, at="review_claim")
    reviewer = actor(office, "zhaofuhe")

    lights = []
    for day in ("2025-11-03", "2025-11-05", "2025-11-07"):
        claim.wait_until(day, at=time(10))
        (row,) = inbox_lists.inbox(office, reviewer, "claimable").rows
        lights.append((row.light, row.workdays_left))

    assert lights == [("calm", 3), ("soon", 1), ("overdue", -1)]


def test_a_passed_limit_starts_anew_when_the_step_comes_again(office: Office) -> None:
    claim = a_claim(office, at="review_claim").wait_until("2025-11-10", at=time(9))
    claim.answers("review_claim", review_opinion="return", review_note="请核对账户").answers("check_intake")

    assert claim.timers() == {
        "remind_reviewer_due": "2025-11-12 23:59:59",
        "escalate_review_due": "2025-11-13 23:59:59",
    }
    claim.wait_until("2025-11-20")
    assert claim.letters().count("escalation") == 2, "each passing is told"


@pytest.mark.parametrize("step", WAITING)
def test_a_claim_can_be_withdrawn_wherever_it_waits(office: Office, step: str) -> None:
    claim = a_claim_waiting_at(office, step)

    assert isinstance(claim.withdraw("已经找到工作"), Done)

    assert claim.ended_in == "claim_withdrawn"
    assert claim.open_steps() == []
    assert claim.timers() == {}
    assert "已经找到工作" in claim.letter("withdrawal")
    assert a_claim(office, WAITING[step]).status == "running", "nothing of the right is lost"


@pytest.mark.parametrize("end", ["claim_granted", "claim_refused"])
def test_a_decided_claim_cannot_be_withdrawn(office: Office, end: str) -> None:
    claim = a_claim(office, "li" if end == "claim_granted" else "ana").goes_on()
    assert claim.ended_in == end

    assert refused(claim.withdraw()) == ("too_late",)
    assert claim.ended_in == end


def test_only_the_claimant_withdraws(office: Office) -> None:
    claim = a_claim(office)

    for other in ("bo", "wangshouli"):
        outcome = claims.withdraw_claim(office, actor(office, other), claim.id, why="替他撤回")
        assert refused(outcome) == ("not_own_case",)

    assert claim.open_steps() == ["confirm_form"]


@pytest.mark.req("MONEY-02")
def test_a_task_opened_before_the_withdrawal_can_no_longer_be_done(office: Office) -> None:
    claim = a_claim(office, at="approve_claim")
    task = claim.task_id("approve_claim")
    claim.withdraw()

    outcome = inbox.complete_task(office, actor(office, "sunshenpi"), task, {"approval": "approve"})

    assert refused(outcome) == ("task_closed",)
    assert claim.orders() == ()


@pytest.mark.req("MONEY-04")
def test_an_approval_sent_twice_orders_one_payment(office: Office) -> None:
    claim = a_claim(office, at="approve_claim")
    task = claim.task_id("approve_claim")
    approver = actor(office, "sunshenpi")

    first = inbox.complete_task(office, approver, task, {"approval": "approve"})
    second = inbox.complete_task(office, approver, task, {"approval": "approve"})

    assert isinstance(first, Done)
    assert refused(second) == ("task_closed",)
    assert len(claim.orders()) == 1


def test_a_granted_claim_waits_for_nothing(office: Office) -> None:
    claim = a_granted_claim(office).wait_until("2026-01-05")

    assert claim.letters() == ["grant-notice"]
