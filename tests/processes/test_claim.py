"""Every path of ``claim.bpmn``: walked to its end, and no claim ends otherwise than the law and the hands said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from itertools import combinations

import pytest
from builders import Case, a_claim, a_granted_claim, actor, refused
from paths import assert_nothing_left, every_path
from sqlalchemy import func, select
from walked import Walked

from engine.benefits.tables import BenefitGrant
from engine.cases import claims
from engine.cases.office import Office
from engine.tasks.tables import Claim, UnemploymentRegistration
from engine.workflow.versions import Source

DECISIONS = {"claim_granted": "granted", "claim_refused": "refused", "claim_withdrawn": "withdrawn"}
LETTERS = {"granted": "grant-notice", "refused": "refusal-notice", "withdrawn": "withdrawal"}
SIGNING = ("check_intake", "review_claim", "second_review_claim", "approve_claim")


TO_REVIEW = (
    '<bpmn:sequenceFlow id="determine_entitlement_to_review_claim" '
    'sourceRef="determine_entitlement" targetRef="review_claim" />'
)
PAST_REVIEW = (
    '<bpmn:exclusiveGateway id="seen" default="determine_entitlement_to_review_claim"/>'
    '<bpmn:sequenceFlow id="to_seen" sourceRef="determine_entitlement" targetRef="seen"/>'
    '<bpmn:sequenceFlow id="determine_entitlement_to_review_claim" sourceRef="seen" targetRef="review_claim"/>'
    '<bpmn:sequenceFlow id="past_review" sourceRef="seen" targetRef="approval_due">'
    "<bpmn:conditionExpression>${today() != applied_on}</bpmn:conditionExpression></bpmn:sequenceFlow>"
)


def an_objection(office: Office) -> Case:
    """A claim whose claimant says that a fact is wrong."""
    objected = {"answer": "object", "objected_field": "months_paid", "objection_text": "多缴两个月"}
    return a_claim(office).answers("confirm_form", **objected)


#: where the walks begin, and at how many choices they may leave the main road: common stretches are walked once
STARTS: dict[str, tuple[Callable[[Office], Case], int]] = {
    "one review": (a_claim, 60),
    "two reviews": (lambda office: a_claim(office, "bo", at="second_review_claim"), 60),
    "evidence": (lambda office: a_claim(office, "chen", at="provide_evidence"), 60),
    "no right": (lambda office: a_claim(office, "sun", at="approve_claim"), 60),
    "objection": (an_objection, 2),
}


def count(office: Office, table: type) -> int:
    """How many rows the table has."""
    with office.store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def assert_ended_well(case: Case) -> None:
    """Decided once, told once; money, grant and registration only where granted, and by different people."""
    decided = DECISIONS[case.ended_in]
    with case.office.store.reading() as session:
        assert session.get_one(Claim, case.id).status == decided
    assert [kind for kind in case.letters() if kind in LETTERS.values()] == [LETTERS[decided]]
    granted = int(decided == "granted")
    assert len(case.orders()) == granted
    assert count(case.office, BenefitGrant) == granted
    assert count(case.office, UnemploymentRegistration) == granted
    hands = case.hands()
    assert all(hands[a] != hands[b] for a, b in combinations([s for s in SIGNING if s in hands], 2))
    if granted:
        history = case.history()
        last = len(history) - 1 - history[::-1].index("check_intake")
        signed = [row.control for row in case.told()[1:][last:] if row.control]
        assert signed == ["business_review", "business_approval"]
    assert_nothing_left(case.office)


@pytest.mark.req("CLAIM-01", "CLAIM-06", "MONEY-02")
@pytest.mark.parametrize("start", STARTS)
def test_every_path_ends_as_it_was_decided(office: Office, afresh: Callable[[], None], start: str) -> None:
    begin, early = STARTS[start]
    walked = 0

    for case, path in every_path(lambda: begin(office), detours=1, afresh=afresh, early=early):
        try:
            assert_ended_well(case)
        except AssertionError as wrong:
            raise AssertionError(f"{path}: {wrong}") from wrong
        walked += 1

    assert walked > 4


@pytest.mark.req("CLAIM-02")
def test_a_claimant_only_confirms_what_the_registers_know(office: Office) -> None:
    claim = a_claim(office)

    assert claim.history() == ["gather_facts"]
    assert claim.open_steps() == ["confirm_form"]


@pytest.mark.req("CLAIM-01", "CLAIM-04", "CLAIM-08")
def test_a_claim_without_dispute_is_granted_and_its_first_month_ordered(office: Office) -> None:
    claim = a_granted_claim(office)

    assert claim.found()["months"] == 14, "62 months are five full years"
    (order,) = claim.orders()
    assert (order.amount, order.month, order.status) == ("1818.00", "2025-11", "ordered")
    assert "14 个月" in claim.letter("grant-notice")
    assert "1818.00" in claim.letter("grant-notice")


@pytest.mark.req("CLAIM-07")
def test_without_the_commitment_the_form_stays_open(office: Office) -> None:
    claim = a_claim(office)

    fields = {"answer": "confirm", "wants_work": "true", "phone": "13800138000"}
    outcome = claim.tries("li", "confirm_form", **fields)

    assert set(getattr(outcome, "errors", {})) == {"commitment"}
    assert claim.open_steps() == ["confirm_form"]


@pytest.mark.req("CLAIM-03")
def test_an_accepted_objection_corrects_the_fact_and_is_answered_in_writing(office: Office) -> None:
    claim = an_objection(office)

    claim.answers(
        "answer_objection",
        objection_accepted="yes",
        corrected_months="74",
        objection_reply="经核实，少记12个月",
    ).goes_on()

    assert "属实，已更正" in claim.letter("objection-reply")
    assert "经核实，少记12个月" in claim.letter("objection-reply")
    assert claim.found()["months"] == 15, "74 months are six full years"


@pytest.mark.req("CLAIM-03")
def test_a_declined_objection_is_answered_in_writing_and_changes_nothing(office: Office) -> None:
    claim = an_objection(office)

    claim.answers("answer_objection", corrected_months="74").goes_on()

    assert "维持原内容" in claim.letter("objection-reply")
    assert claim.found()["months"] == 14


@pytest.mark.req("CLAIM-03")
def test_each_of_two_objections_gets_its_own_answer(office: Office) -> None:
    claim = an_objection(office).answers("answer_objection")
    claim.clock.now = claim.clock.now.replace(hour=3)

    again = {"answer": "object", "objected_field": "exit_day", "objection_text": "日期也不对"}
    claim.answers("confirm_form", **again).answers("answer_objection", objection_reply="日期无误，见合同")

    assert claim.letters().count("objection-reply") == 2
    assert "日期无误" in claim.letter("objection-reply")


@pytest.mark.req("MONEY-02")
@pytest.mark.parametrize(
    ("step", "returned"),
    [
        ("review_claim", {"review_opinion": "return", "review_note": "账户待核"}),
        ("second_review_claim", {"second_opinion": "return", "second_note": "账户待核"}),
        ("approve_claim", {"approval": "return", "approval_note": "账户待核"}),
    ],
)
def test_a_returned_claim_is_reviewed_anew_before_it_is_approved(
    office: Office, step: str, returned: dict[str, str]
) -> None:
    claim = a_claim(office, "bo", at=step).answers(step, **returned)

    assert claim.open_steps() == ["check_intake"]
    claim.goes_on()
    after = claim.history()[len(claim.history()) - claim.history()[::-1].index("check_intake") :]
    assert after.index("review_claim") < after.index("second_review_claim") < after.index("approve_claim")


@pytest.mark.req("MONEY-02", "FLOW-03")
def test_an_approval_on_a_review_from_before_a_return_orders_no_payment(office: Office) -> None:
    # a way back past the review, open from the second day on: the engine must not lean on the drawing alone
    publish_unchecked(office, "claim.bpmn", (TO_REVIEW, PAST_REVIEW))
    claim = a_claim(office, at="approve_claim")
    claim.answers("approve_claim", approval="return", approval_note="重新受理")
    claim.wait_until("2025-11-04", at=time(9)).answers("check_intake")
    assert claim.open_steps() == ["approve_claim"]

    outcome = claim.tries("sunshenpi", "approve_claim", approval="approve")

    assert refused(outcome) == ("control_missing",)
    assert claim.orders() == ()
    assert count(office, BenefitGrant) == 0


def publish_unchecked(office: Office, name: str, *changes: tuple[str, str]) -> None:
    """A changed copy of a shipped diagram as the next version, past the checks that publishing makes."""
    shipped = office.settings.processes_dir
    drawn = (shipped / name).read_text("utf-8")
    for old, new in changes:
        assert old in drawn
        drawn = drawn.replace(old, new)
    source = Source(
        file_name=name,
        diagram=drawn.encode(),
        forms={path.stem: path.read_text("utf-8") for path in (shipped / "forms").glob("*.form")},
        decisions={path.name: path.read_text("utf-8") for path in (shipped / "decisions").glob("*.dmn")},
    )
    with office.store.transaction() as session:
        office.runner.versions.publish(
            session, source, author="system:0", published_by="system:0", note="改过的图", now=office.clock()
        )


@pytest.mark.req("MONEY-02")
def test_nobody_does_two_of_the_signing_steps(office: Office) -> None:
    claim = a_claim(office, "bo", at="second_review_claim")

    fields = {"second_opinion": "agree", "second_note": "同一人再看一遍"}
    assert "different_person" in refused(claim.tries("zhaofuhe", "second_review_claim", **fields))
    claim.answers("second_review_claim")
    assert "different_person" in refused(claim.tries("qianfuhe2", "approve_claim", approval="approve"))


def test_a_second_claim_is_refused_while_one_is_open_and_taken_after_its_withdrawal(office: Office) -> None:
    claim = a_claim(office)

    assert refused(claims.submit_claim(office, actor(office, "li"))) == ("claim_open",)
    claim.withdraw()
    assert a_claim(office).open_steps() == ["confirm_form"]


@pytest.mark.req("CLAIM-04", "TRANS-01")
def test_what_a_benefit_was_granted_on_does_not_count_for_another(office: Office) -> None:
    a_granted_claim(office)

    second = a_claim(office, at="approve_claim")

    assert second.reasons() == {"not_qualified"}


def test_a_second_grant_is_refused_while_one_runs(office: Office) -> None:
    a_granted_claim(office)
    second = a_claim(office)
    # the register's months are used up by the first; only a correction makes the law say yes again
    second.answers("confirm_form", answer="object", objected_field="months_paid", objection_text="月数不对")
    second.answers(
        "answer_objection", objection_accepted="yes", corrected_months="64", objection_reply="予以更正"
    ).goes_on(until="approve_claim")

    outcome = second.tries("sunshenpi", "approve_claim", approval="approve")

    assert refused(outcome) == ("grant_running",)
    assert second.open_steps() == ["approve_claim"]
    second.answers("approve_claim", approval="refuse", approval_note="已在领取，不能重复核定")
    assert second.ended_in == "claim_refused"
    assert count(office, BenefitGrant) == 1


def test_a_decision_may_not_come_from_an_employer_or_a_clerk(office: Office) -> None:
    assert refused(claims.submit_claim(office, actor(office, "wangshouli"))) == ("not_claimant",)
    claim = a_claim(office)
    assert "not_own_case" in refused(claim.tries("bo", "confirm_form", answer="confirm"))


@pytest.mark.req("FLOW-01")
def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.assert_whole(office, "claim", request, least=len(STARTS) + 10)
