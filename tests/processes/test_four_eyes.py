"""One person with two posts: whoever may hold both still does only one of the steps on one case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

import pytest
from builders import (
    MAIN_ROAD,
    Case,
    a_claim,
    a_finding,
    a_granted_claim,
    a_payment_run,
    a_refund,
    a_transfer,
    actor,
    other_office,
    refused,
)
from sqlalchemy import select

from engine import duties
from engine.cases import staff
from engine.cases.office import Office
from engine.cases.views import Done
from engine.duties import Post


def also_holds(office: Office, login: str, duty: str, region: str = "371500") -> None:
    """The post given from today; AssertionError if the book forbids it."""
    by = actor(office, "chenguanli" if region == "371500" else "qinguanli")
    assert isinstance(staff.assign_post(office, by, login=login, duty=duty, region=region), Done)


def a_transfer_out(office: Office) -> Case:
    """The sending office's case of a transfer."""
    return other_office(a_transfer(office).answers("accept_transfer").sweep())


def a_noticed_refund(office: Office) -> Case:
    """A refund whose public notice has ended."""
    return a_refund(office).goes_on().wait_until("2025-11-10")


#: where the case is made, who did an earlier step, the duty that they hold as well, the later step
CLASHES: list[tuple[Callable[[Office], Case], str, str, str]] = [
    (a_claim, "wangshouli", "review", "review_claim"),
    (a_claim, "wangshouli", "approve", "approve_claim"),
    (a_claim, "zhaofuhe", "approve", "approve_claim"),
    (lambda office: a_claim(office, "bo"), "wangshouli", "review", "second_review_claim"),
    (lambda office: a_claim(office, "bo"), "zhaofuhe", "review", "second_review_claim"),
    (lambda office: a_claim(office, "bo"), "qianfuhe2", "approve", "approve_claim"),
    (a_refund, "wangshouli", "review", "second_check"),
    (a_noticed_refund, "wangshouli", "approve", "approve_refund"),
    (a_noticed_refund, "zhaofuhe", "approve", "approve_refund"),
    (a_transfer_out, "zhaofuhe", "approve", "approve_transfer"),
]


@pytest.mark.req("MONEY-02")
@pytest.mark.parametrize(
    ("start", "who", "duty", "step"), CLASHES, ids=[f"{who}-{step}" for _, who, _, step in CLASHES]
)
def test_who_did_an_earlier_step_does_not_do_the_later_one_with_a_second_post(
    office: Office, start: Callable[[Office], Case], who: str, duty: str, step: str
) -> None:
    if duty not in actor(office, who).duties:
        also_holds(office, who, duty)
    case = start(office).goes_on(until=step)
    fields = {key: value or "-" for key, value in MAIN_ROAD[step][1].items()}

    outcome = case.tries(who, step, **fields)

    assert {"different_person"} <= set(refused(outcome)), "the drawing says so"
    assert case.open_steps() == [step]
    assert case.orders() == ()
    case.answers(step)


@pytest.mark.req("MONEY-02")
def test_the_second_post_serves_other_cases(office: Office) -> None:
    also_holds(office, "wangshouli", "review")
    claim = a_claim(office)
    also_holds(office, "zhaofuhe", "intake")

    claim.answers("confirm_form").does("zhaofuhe", "check_intake", intake_opinion="pass")
    claim.does("wangshouli", "review_claim", review_opinion="agree")

    assert claim.open_steps() == ["approve_claim"]


@pytest.mark.req("MONEY-02", "RECT-04")
def test_the_provincial_office_does_not_verify_what_it_accepted(office: Office) -> None:
    also_holds(office, "handudao", "verifier", "370000")
    finding = a_finding(office).goes_on(until="verify_done")

    outcome = finding.tries("handudao", "verify_done", **MAIN_ROAD["verify_done"][1])

    assert "different_person" in refused(outcome)
    assert finding.open_steps() == ["verify_done"]


@pytest.mark.req("MONEY-01")
@pytest.mark.parametrize(
    ("who", "duty"), [("qianfuhe2", "accountant"), ("zhoukuaiji", "cashier"), ("wuchuna", "review")]
)
def test_nobody_is_given_two_of_the_three_posts_of_a_payment(office: Office, who: str, duty: str) -> None:
    a_granted_claim(office)
    run = a_payment_run(office, at="certify_batch")

    by = actor(office, "chenguanli")
    assert refused(staff.assign_post(office, by, login=who, duty=duty, region="371500"))

    assert run.open_steps() == ["certify_batch"]


@pytest.mark.req("MONEY-02")
def test_a_step_done_in_an_earlier_post_still_bars_the_later_step(office: Office) -> None:
    # the reviewer helped out at intake and is back: the case remembers the hands, not the posts
    also_holds(office, "zhaofuhe", "intake")
    claim = a_claim(office).answers("confirm_form").does("zhaofuhe", "check_intake", intake_opinion="pass")
    claim.wait_until("2025-11-04", at=time(9))
    reviewer = actor(office, "zhaofuhe")
    with office.store.transaction() as session:
        helped = select(Post.id).where(Post.staff_id == reviewer.id, Post.duty == "intake")
        duties.end_post(
            session, post_id=session.scalars(helped).one(), day=office.today, by=actor(office, "chenguanli")
        )
    assert actor(office, "zhaofuhe").duties == {"review"}

    outcome = claim.tries("zhaofuhe", "review_claim", review_opinion="agree")

    assert "different_person" in refused(outcome)
    assert claim.open_steps() == ["review_claim"]
