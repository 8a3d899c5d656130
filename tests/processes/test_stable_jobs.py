"""Every path of ``stable-jobs.bpmn``: screened by data, pushed, confirmed, checked, noticed, paid; or declined in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations

import pytest
from builders import Case, a_payment_run, a_refund, actor, opened, refused
from paths import assert_nothing_left, every_path
from sqlalchemy import select
from walked import Walked

from engine.cases import refund_acts
from engine.cases.office import Office
from engine.refunds.campaign_tables import RetentionRefund

ENDS = {
    "refund_paid_out": "ordered",
    "refund_lapsed": "lapsed",
    "refund_declined": "not_eligible",
    "refund_not_due": "not_eligible",
}
LETTERS = {
    "refund_paid_out": "refund-done",
    "refund_lapsed": "refund-lapse",
    "refund_declined": "refund-not-eligible",
    "refund_not_due": "refund-not-eligible",
}
OBJECTION = {"answer": "object", "objection_text": "年末参保人数应为二百一十人"}


def on_record(office: Office, case: Case) -> RetentionRefund:
    """The refund of the case."""
    with office.store.reading() as session:
        return session.scalars(select(RetentionRefund).where(RetentionRefund.case_id == case.id)).one()


def an_objection(office: Office) -> Case:
    """A refund whose employer says that the amount is wrong."""
    return a_refund(office).answers("confirm_refund", **OBJECTION)


@pytest.mark.req("REFUND-01", "REFUND-02", "REFUND-05", "MONEY-02")
@pytest.mark.parametrize("start", [a_refund, an_objection], ids=["pushed", "objected"])
def test_every_path_pays_after_the_notice_or_says_why_not(
    office: Office, afresh: Callable[[], None], start: Callable[[Office], Case]
) -> None:
    for case, path in every_path(lambda: start(office), detours=1, afresh=afresh):
        refund = on_record(office, case)
        assert refund.status == ENDS[case.ended_in], str(path)
        assert case.letters()[-1] == LETTERS[case.ended_in], str(path)
        paid = case.ended_in == "refund_paid_out"
        assert [order.amount for order in case.orders()] == (["86400.00"] if paid else []), str(path)
        if paid:
            history = case.history()
            assert history.index("notice_ended") < history.index("order_refund_payment")
        hands = case.hands()
        signing = [s for s in ("first_check", "second_check", "approve_refund") if s in hands]
        assert all(hands[a] != hands[b] for a, b in combinations(signing, 2))
        assert_nothing_left(office)


@pytest.mark.req("REFUND-01", "REFUND-02")
def test_the_employer_is_told_the_amount_and_only_confirms(office: Office) -> None:
    refund = a_refund(office)

    assert refund.history() == ["screen_employer", "push_to_employer"]
    assert refund.open_steps() == ["confirm_refund"]
    letter = refund.letter("refund-push")
    assert "86400.00 元" in letter
    assert "不需要提交申请材料" in letter
    assert "异议已核查" not in letter


@pytest.mark.req("REFUND-01")
def test_an_employer_that_does_not_qualify_is_told_the_reason_and_its_numbers(office: Office) -> None:
    refund = a_refund(office, "fenghuang")

    assert refund.ended_in == "refund_not_due"
    letter = refund.letter("refund-not-eligible")
    assert "6.45%" in letter
    assert "依据：" in letter
    assert refund.orders() == ()


@pytest.mark.req("REFUND-01")
def test_a_large_employer_gets_the_lower_share(office: Office) -> None:
    refund = a_refund(office, "dongchang").goes_on(until="").wait_until("2025-11-10").goes_on()

    assert [order.amount for order in refund.orders()] == ["360000.00"]


@pytest.mark.req("REFUND-05")
def test_an_objection_is_answered_in_writing_and_the_employer_asked_anew(office: Office) -> None:
    refund = an_objection(office)

    refund.answers("answer_refund_objection", objection_reply="人数以征缴记录为准，为二百人")

    assert refund.open_steps() == ["confirm_refund"]
    assert refund.letters() == ["refund-push", "refund-push"]
    assert "人数以征缴记录为准，为二百人" in refund.letter("refund-push")


@pytest.mark.req("REFUND-02")
def test_an_employer_that_does_not_confirm_in_time_lapses_on_the_last_day(office: Office) -> None:
    refund = a_refund(office)
    assert refund.timers() == {"confirmation_lapsed": "2025-11-17 23:59:59"}
    task = refund.task_id("confirm_refund")

    refund.wait_until("2025-11-17")

    assert refund.ended_in == "refund_lapsed"
    assert refund.letters() == ["refund-push", "refund-lapse"]
    from engine.cases.inbox import complete_task

    assert refused(complete_task(office, actor(office, "guangyue"), task, {"answer": "confirm"})) == (
        "task_closed",
    )


@pytest.mark.req("REFUND-02")
def test_nobody_may_confirm_later_than_the_years_notice_allows(office: Office) -> None:
    early = a_refund(office, "dongchang").wait_until("2025-12-24")

    late = a_refund(early.office)

    assert late.timers() == {"confirmation_lapsed": "2025-12-31 23:59:59"}


@pytest.mark.req("REFUND-05")
def test_nothing_is_paid_before_the_public_notice_has_ended(office: Office) -> None:
    refund = a_refund(office).goes_on()

    assert refund.history()[-1] == "publish_notice"
    assert refund.open_steps() == []
    assert "公示期至 2025-11-10" in refund.letter("refund-notice")
    assert refund.recipients("refund-notice") == ["public:0"]
    assert refund.wait_until("2025-11-09").open_steps() == []
    assert refund.wait_until("2025-11-10").open_steps() == ["approve_refund"]
    assert refund.orders() == ()


@pytest.mark.req("REFUND-05", "MONEY-02")
def test_a_refund_sent_back_after_its_notice_is_checked_and_published_anew(office: Office) -> None:
    refund = a_refund(office).goes_on().wait_until("2025-11-10")
    refund.answers("approve_refund", approval="return", approval_note="公示期内有异议，请重新核对")

    refund.goes_on()
    assert refund.orders() == ()
    assert refund.letters().count("refund-notice") == 2
    assert "公示期至 2025-11-17" in refund.letter("refund-notice")
    refund.wait_until("2025-11-17").goes_on()

    assert refund.ended_in == "refund_paid_out"
    assert len(refund.orders()) == 1


@pytest.mark.req("REFUND-05")
@pytest.mark.parametrize("where", ["second_check", "approve_refund"])
def test_a_refund_that_was_declined_gives_that_persons_reason(office: Office, where: str) -> None:
    refund = a_refund(office, at="second_check")
    if where == "approve_refund":
        refund.goes_on().wait_until("2025-11-10")
        refund.answers(where, approval="refuse", approval_note="公示期查明单位已停产")
    else:
        refund.answers(where, review_opinion="reject", review_note="公示期查明单位已停产")

    assert refund.ended_in == "refund_declined"
    letter = refund.letter("refund-not-eligible")
    assert "公示期查明单位已停产" in letter
    assert "裁员率" not in letter, "that speaks for the employer"
    assert refund.orders() == ()


def test_a_note_of_an_earlier_return_is_not_given_as_the_reason(office: Office) -> None:
    refund = a_refund(office).goes_on().wait_until("2025-11-10")
    refund.answers("approve_refund", approval="return", approval_note="请重新核对账户").answers("first_check")

    refund.answers("second_check", review_opinion="reject", review_note="账户不是该单位的")

    assert "账户不是该单位的" in refund.letter("refund-not-eligible")
    assert "请重新核对账户" not in refund.letter("refund-not-eligible")


@pytest.mark.req("MONEY-04")
def test_one_employer_has_one_refund_for_a_year(office: Office) -> None:
    a_refund(office)
    number = actor(office, "guangyue").id

    outcome = refund_acts.start_refund(office, actor(office, "wangshouli"), employer_id=number, year=2025)

    assert refused(outcome) == ("refund_exists",)


@pytest.mark.req("MONEY-04")
def test_a_refund_that_was_paid_is_not_opened_again(office: Office) -> None:
    refund = a_refund(office).goes_on().wait_until("2025-11-10").goes_on()
    assert a_payment_run(office).goes_on().sweep().ended_in == "run_closed"
    assert refund.orders()[0].status == "paid"
    number = actor(office, "guangyue").id

    outcome = refund_acts.start_refund(office, actor(office, "wangshouli"), employer_id=number, year=2025)

    assert refused(outcome) == ("refund_exists",)


@pytest.mark.req("REFUND-04")
@pytest.mark.parametrize("employer", ["fenghuang", "guangyue"], ids=["not eligible", "lapsed"])
def test_an_employer_without_a_refund_is_screened_again_at_any_time(office: Office, employer: str) -> None:
    first = a_refund(office, employer).wait_until("2025-11-17")
    assert first.ended_in in ("refund_not_due", "refund_lapsed")

    number = actor(office, employer).id
    again = opened(
        office, refund_acts.start_refund(office, actor(office, "wangshouli"), employer_id=number, year=2025)
    )

    assert again.history()[0] == "screen_employer"
    assert on_record(office, again).year == 2025


@pytest.mark.req("REFUND-01")
def test_the_screening_is_kept_with_every_condition(office: Office) -> None:
    refund = a_refund(office)

    kept = json.loads(on_record(office, refund).screening)

    assert kept["eligible"] is True
    assert len(kept["reasons"]) >= 3
    assert all(reason["text"] and reason["source"] for reason in kept["reasons"])


@pytest.mark.req("MONEY-02")
def test_checks_are_made_by_different_people_and_confirmation_by_the_employer_itself(office: Office) -> None:
    refund = a_refund(office)

    assert "not_own_case" in refused(refund.tries("dongchang", "confirm_refund", answer="confirm"))
    refund.goes_on(until="second_check")
    assert refused(refund.tries("wangshouli", "second_check", review_opinion="agree"))
    assert refund.open_steps() == ["second_check"]


@pytest.mark.req("FLOW-01")
def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.assert_whole(office, "stable_jobs", request, least=20)
