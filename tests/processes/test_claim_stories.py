"""The cast's stories, told from the claim to its end: who is granted what, who is refused and with which reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import Case, a_claim, a_granted_claim, a_payment_run, actor, refused, register_says
from sqlalchemy import select

from engine.benefits.tables import BenefitGrant
from engine.cases.office import Office
from engine.money.ledger import trial_balance
from engine.values import Money
from engine.workflow.tables import WorkflowHistory


def decided(office: Office, person: str) -> Case:
    """The person's claim, agreed to by everyone on the main road."""
    return a_claim(office, person).goes_on()


@pytest.mark.req("CLAIM-04", "CLAIM-09")
@pytest.mark.parametrize(
    ("person", "reasons", "words"),
    [
        ("ana", {"left_voluntarily"}, "不属非因本人意愿中断就业"),
        ("sun", {"still_contributing"}, "仍有单位在为其缴纳社会保险费"),
        ("zhou", {"receives_pension", "left_voluntarily"}, "已享受基本养老保险待遇"),
        ("wu", {"not_qualified"}, "已缴11个月予以保留"),
        ("jin", {"active_business"}, "名下有在营的经营主体"),
    ],
)
def test_a_claim_without_a_right_is_refused_with_every_reason(
    office: Office, person: str, reasons: set[str], words: str
) -> None:
    claim = decided(office, person)

    assert claim.ended_in == "claim_refused"
    assert claim.reasons() == reasons
    letter = claim.letter("refusal-notice")
    assert words in letter
    assert "提出异议" in letter
    assert claim.orders() == ()


@pytest.mark.req("CLAIM-09")
def test_a_refusal_names_all_reasons_not_only_the_first(office: Office) -> None:
    claim = a_claim(office, "ana").answers("confirm_form", wants_work="").goes_on()

    assert claim.reasons() == {"left_voluntarily", "no_wish_to_work"}
    letter = claim.letter("refusal-notice")
    assert "本人意愿" in letter
    assert "没有求职要求" in letter


@pytest.mark.req("CLAIM-10")
def test_past_retirement_age_without_a_pension_is_granted(office: Office) -> None:
    claim = decided(office, "zheng")

    assert claim.ended_in == "claim_granted"
    assert "past_retirement_no_pension" in claim.reasons()


@pytest.mark.req("CLAIM-04")
def test_unused_months_are_carried_over_up_to_the_longest_term(office: Office) -> None:
    claim = decided(office, "lin")

    assert "second_review_claim" in claim.history(), "the employer has vanished"
    assert claim.found()["months"] == 24, "22 for twelve years, 6 carried over, at most 24"
    assert {"carried_months", "manual_review"} <= claim.reasons()


@pytest.mark.req("CLAIM-03", "CLAIM-04")
def test_without_an_exit_reason_the_objection_sets_it_right_and_one_review_is_enough(office: Office) -> None:
    claim = a_claim(office, "feng")
    objection = {"answer": "object", "objected_field": "exit_reason", "objection_text": "合同期满，有合同"}
    claim.answers("confirm_form", **objection)

    claim.answers(
        "answer_objection", objection_accepted="yes", corrected_exit_reason="I01", objection_reply="合同属实"
    ).goes_on()

    assert claim.ended_in == "claim_granted"
    assert "involuntary_exit" in claim.reasons()
    assert "second_review_claim" not in claim.history()


@pytest.mark.req("CLAIM-04")
def test_without_an_exit_reason_nobody_is_refused_but_reviewed_twice(office: Office) -> None:
    claim = decided(office, "feng")

    assert claim.ended_in == "claim_granted"
    assert "second_review_claim" in claim.history()
    assert "manual_review" in claim.reasons()


@pytest.mark.req("CLAIM-05")
@pytest.mark.parametrize("day", ["2026-01-05", "2026-06-01"])
def test_a_claim_later_than_sixty_days_is_granted_like_any_other(office: Office, day: str) -> None:
    claim = a_claim(office, "zheng")
    claim.withdraw()
    claim.wait_until(day)

    late = decided(office, "li")

    assert late.ended_in == "claim_granted"
    assert "late_claim_accepted" in late.reasons()


@pytest.mark.req("CLAIM-04", "CLAIM-05")
@pytest.mark.parametrize(
    ("judgement", "accepted", "months"),
    [("accept", "60", 23), ("part", "24", 20), ("reject", "0", 17)],
)
def test_deemed_years_count_as_far_as_they_were_judged(
    office: Office, judgement: str, accepted: str, months: int
) -> None:
    claim = a_claim(office, "chen", at="judge_evidence")

    claim.answers("judge_evidence", deemed_accepted=judgement, deemed_months_accepted=accepted).goes_on()

    assert claim.ended_in == "claim_granted", "unproven years are no reason to refuse"
    assert claim.found()["months"] == months


@pytest.mark.req("CLAIM-04")
def test_deemed_years_that_were_declined_do_not_count_whatever_number_was_typed(office: Office) -> None:
    claim = a_claim(office, "chen", at="judge_evidence")

    claim.answers("judge_evidence", deemed_accepted="reject", deemed_months_accepted="60").goes_on()

    assert claim.found()["months"] == 17, "eight full years paid"


@pytest.mark.req("CLAIM-03")
def test_unproven_years_and_an_unclear_exit_need_evidence_and_a_second_review(office: Office) -> None:
    claim = a_claim(office, "chen")
    objection = {"answer": "object", "objected_field": "exit_reason", "objection_text": "单位已经注销"}
    claim.answers("confirm_form", **objection)

    claim.answers(
        "answer_objection", objection_accepted="yes", corrected_exit_reason="U99", objection_reply="情况属实"
    ).goes_on()

    assert claim.ended_in == "claim_granted"
    assert {"judge_evidence", "second_review_claim"} <= set(claim.history())


def test_evidence_is_asked_for_once_even_if_the_claim_comes_back(office: Office) -> None:
    claim = a_claim(office, "chen", at="approve_claim")

    claim.answers("approve_claim", approval="return", approval_note="重新受理").goes_on()

    assert claim.history().count("provide_evidence") == 1
    assert claim.found()["months"] == 23


@pytest.mark.req("CLAIM-09")
def test_a_refusal_by_the_approver_gives_the_approvers_reason_and_not_the_reasons_for_a_grant(
    office: Office,
) -> None:
    claim = a_claim(office, at="approve_claim")

    claim.answers("approve_claim", approval="refuse", approval_note="查明本人已在外地就业")

    letter = claim.letter("refusal-notice")
    assert "查明本人已在外地就业" in letter
    assert "缴费满12个月" not in letter, "that speaks for the claimant"


@pytest.mark.req("CLAIM-09")
def test_a_refusal_does_not_repeat_what_an_earlier_return_said_to_a_colleague(office: Office) -> None:
    claim = a_claim(office, "ana", at="approve_claim")
    claim.answers("approve_claim", approval="return", approval_note="请重新核对减员原因").goes_on()

    assert claim.ended_in == "claim_refused"
    assert "请重新核对减员原因" not in claim.letter("refusal-notice")
    assert "不属非因本人意愿中断就业" in claim.letter("refusal-notice")


@pytest.mark.req("MONEY-02", "MONEY-04")
def test_a_card_of_somebody_else_is_reviewed_twice_and_the_bank_returns_the_money(office: Office) -> None:
    claim = a_claim(office, "bo", at="second_review_claim")
    assert "different_person" in refused(
        claim.tries("zhaofuhe", "second_review_claim", second_opinion="agree", second_note="同一人")
    )
    claim.goes_on()

    run = a_payment_run(office).goes_on(until="release_batch").answers("release_batch").sweep()

    assert run.open_steps() == ["handle_failed_lines"]
    (order,) = claim.orders()
    assert (order.status, order.reason) == ("returned", "E02 户名不符")
    assert paid(office) == Money(0)


@pytest.mark.req("MONEY-04")
def test_a_returned_payment_is_paid_once_when_the_account_is_put_right(office: Office) -> None:
    claim = a_granted_claim(office, "bo")
    first = a_payment_run(office, at="release_batch").answers("release_batch").sweep()
    own = office.registers.accounts.account(actor_number(office, "li"))
    assert own is not None
    register_says(office, "bo", account=replace(own, holder_name="薄一凡", number="6217994510000129999"))

    first.answers("handle_failed_lines", failed_action="repay")
    second = a_payment_run(office).goes_on().sweep()
    third = a_payment_run(office)

    assert (first.ended_in, second.ended_in) == ("failed_lines_settled", "run_closed")
    assert third.ended_in == "nothing_due"
    assert [order.status for order in claim.orders()] == ["paid"]
    assert paid(office) == Money(181_800)


@pytest.mark.req("MONEY-04")
def test_a_held_payment_is_in_no_later_run(office: Office) -> None:
    claim = a_granted_claim(office, "bo")
    first = a_payment_run(office, at="release_batch").answers("release_batch").sweep()

    first.answers("handle_failed_lines", failed_action="hold", failed_note="等待本人更正账户")

    assert a_payment_run(office).ended_in == "nothing_due"
    (order,) = claim.orders()
    assert (order.status, order.reason) == ("held", "等待本人更正账户")


@pytest.mark.req("CLAIM-08")
def test_without_a_card_account_nothing_is_granted_and_the_approver_is_told_why(office: Office) -> None:
    register_says(office, "li", account=None)
    claim = a_claim(office, at="approve_claim")

    outcome = claim.tries("sunshenpi", "approve_claim", approval="approve")

    assert refused(outcome) == ("no_card_account",)
    with office.store.reading() as session:
        assert session.scalars(select(BenefitGrant)).all() == []
        left = select(WorkflowHistory.id).where(WorkflowHistory.element_id == "create_grant")
        assert session.scalars(left).all() == [], "the step was rolled back whole"


def actor_number(office: Office, person: str) -> str:
    """The identity number by which registers know the person of the cast."""
    from engine.registers.cast import PEOPLE

    actor(office, person)
    return PEOPLE[person].id_number


def paid(office: Office) -> Money:
    """What has left the bank account by now."""
    with office.store.reading() as session:
        rows = trial_balance(session)
        assert sum(row.debit.fen for row in rows) == sum(row.credit.fen for row in rows)
        return Money.total(row.credit for row in rows if row.account == "1001")
