"""Every path of ``stable-jobs.bpmn``: screened by data, pushed, confirmed, checked, noticed, paid; or declined in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations

import pytest
from builders import Case, a_payment_run, a_refund, actor, opened, refused
from insured_employers import listed
from offices import FixedClock
from paths import assert_nothing_left, every_path
from sqlalchemy import select
from told_employers import tell, year_of
from walked import Walked

from engine.cases import notice_objections, refund_acts
from engine.cases.office import Office
from engine.cases.views import Done
from engine.refunds.campaign_tables import NoticeObjection, RetentionRefund
from engine.refunds.notices import newest_line, take
from engine.values import SYSTEM, Refusal

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


def says(
    office: Office,
    case: Case,
    said: str = "该单位去年裁员很多，不应返还",
    *,
    address: str = "192.0.2.1",
) -> Done | Refusal:
    """What comes of saying so against the refund as it was published last."""
    with office.store.reading() as session:
        line = newest_line(session, on_record(office, case).id)
    assert line is not None
    return notice_objections.object_to_notice(office, line_id=line.id, said=said, address=address)


def an_objection(office: Office) -> Case:
    """A refund whose employer says that the amount is wrong."""
    return a_refund(office).answers("confirm_refund", **OBJECTION)


@pytest.mark.req("REFUND-01", "REFUND-02", "REFUND-05", "MONEY-02")
def test_every_path_pays_after_the_notice_or_says_why_not(office: Office, afresh: Callable[[], None]) -> None:
    for case, path in every_path(lambda: a_refund(office), detours=1, afresh=afresh):
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
    assert on_record(office, refund).status == "objected"
    assert refused(refund.tries("wangshouli", "check_refund_answer", answer_checked="agree"))
    refund.answers("check_refund_answer")

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

    assert refund.history()[-2:] == ["publish_notice", "look_at_objections"]
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


@pytest.mark.req("REFUND-01", "REFUND-05")
def test_an_objection_that_is_right_changes_the_amount_by_a_new_roster(office: Office) -> None:
    tell(office)
    refund = an_objection(office)
    assert on_record(office, refund).screened_fen == 8_640_000

    tell(office, guangyue=year_of("guangyue", paid_fen=17_000_000))
    refund.answers(
        "answer_refund_objection", objection_accepted="yes", objection_reply="漏计两月缴费，已更正"
    )
    refund.answers("check_refund_answer").goes_on().wait_until("2025-11-10").goes_on()

    assert [order.amount for order in refund.orders()] == ["102000.00"]
    stands = on_record(office, refund)
    assert (stands.screened_fen, stands.amount_fen, stands.industry) == (8_640_000, 10_200_000, "C")


@pytest.mark.req("REFUND-01")
def test_a_year_without_figures_is_refused_with_the_gap_named(office: Office, clock: FixedClock) -> None:
    tell(office, year=2025)
    clock.set("2026-01-05T09:00+08:00")
    number = actor(office, "guangyue").id

    outcome = refund_acts.start_refund(office, actor(office, "wangshouli"), employer_id=number, year=2026)

    assert set(refused(outcome)) == {"policy_gap"}
    assert isinstance(outcome, Refusal)
    assert "refund.ratio.sme" in " ".join(reason.parameter for reason in outcome.reasons)


@pytest.mark.req("REFUND-04")
def test_an_employer_asks_for_itself_and_only_for_itself(office: Office) -> None:
    applied = opened(office, refund_acts.apply_for_refund(office, actor(office, "guangyue"), year=2025))

    assert applied.open_steps() == ["confirm_refund"]
    assert on_record(office, applied).late_entrant
    assert refused(refund_acts.apply_for_refund(office, actor(office, "li"), year=2025)) == ("not_employer",)


@pytest.mark.req("REFUND-05")
@pytest.mark.parametrize(
    ("decision", "end", "paid"),
    [("dismiss", "refund_paid_out", ["86400.00"]), ("decline", "refund_declined", [])],
)
def test_nobody_is_paid_before_what_was_said_in_the_notice_is_decided(
    office: Office, decision: str, end: str, paid: list[str]
) -> None:
    refund = a_refund(office).goes_on()
    assert isinstance(says(office, refund), Done)

    refund.sweep()
    assert refund.open_steps() == ["answer_notice_objection"]
    refund.wait_until("2025-11-20")
    assert refund.orders() == ()
    refund.answers("answer_notice_objection")
    assert refused(refund.tries("wangshouli", "judge_notice_objection", notice_decision="dismiss"))
    refund.answers("judge_notice_objection", notice_decision=decision).goes_on()

    assert refund.ended_in == end
    assert [order.amount for order in refund.orders()] == paid


@pytest.mark.req("REFUND-05")
def test_what_is_said_while_another_objection_is_looked_into_is_looked_into_too(office: Office) -> None:
    refund = a_refund(office).goes_on()
    says(office, refund)
    refund.sweep()
    says(office, refund, "另外，单位年末参保人数与实际不符")

    refund.answers("answer_notice_objection").answers("judge_notice_objection")

    with office.store.reading() as session:
        told = session.scalars(select(NoticeObjection.status)).all()
    assert told == ["dismissed", "dismissed"]
    assert refund.sweep().open_steps() == []
    says(office, refund, "再次反映：该单位上月裁员三十人")
    assert refund.sweep().open_steps() == ["answer_notice_objection"]


@pytest.mark.req("REFUND-05", "REFUND-01")
def test_an_objection_that_is_upheld_screens_anew_and_a_wrong_list_changes_the_outcome(
    office: Office,
) -> None:
    tell(office)
    refund = a_refund(office).goes_on()
    says(office, refund, "该单位今年九月已列入严重失信名单")
    refund.sweep()

    tell(office, guangyue=year_of("guangyue", listed=listed("dishonest")))
    refund.answers("answer_notice_objection", notice_answer="信用平台核实，已列入名单")
    refund.answers("judge_notice_objection", notice_decision="rescreen")

    assert refund.ended_in == "refund_not_due"
    assert "列入严重失信名单" in refund.letter("refund-not-eligible")
    assert "信用平台核实" in refund.letter("refund-not-eligible")
    assert refund.orders() == ()


@pytest.mark.req("REFUND-05")
def test_an_objection_comes_in_time_in_words_and_not_by_the_hundred(office: Office) -> None:
    refund = a_refund(office).goes_on()

    assert refused(says(office, refund, "不对")) == ("said_too_little",)
    for _ in range(notice_objections.PER_ADDRESS):
        assert isinstance(says(office, refund), Done)
    assert refused(says(office, refund)) == ("too_many_objections",)
    assert isinstance(says(office, refund, address="192.0.2.9"), Done)
    with office.store.reading() as session:
        kept = session.scalars(select(NoticeObjection).limit(1)).one()
        assert kept.who is None
    refund.wait_until("2025-11-10")
    assert refused(says(office, refund)) == ("notice_over",)


@pytest.mark.req("REFUND-05")
def test_an_objection_of_the_last_second_still_stops_the_payment(office: Office) -> None:
    refund = a_refund(office).goes_on().wait_until("2025-11-10")
    with office.store.transaction() as session:
        row = session.scalars(select(RetentionRefund)).one()
        line = newest_line(session, row.id)
        assert line is not None
        take(
            session,
            office.vault,
            row,
            line,
            who="",
            said="最后一刻反映：该单位已停产",
            address_index=b"somewhere",
            actor=SYSTEM,
            now=office.clock(),
        )

    outcome = refund.tries("sunshenpi", "approve_refund", approval="approve", notice_objections="无异议")

    assert refused(outcome) == ("objection_open",)
    refund.answers("approve_refund", approval="return", approval_note="有新的异议")
    assert refund.goes_on(until="answer_notice_objection").orders() == ()


@pytest.mark.req("REFUND-05")
def test_the_account_that_was_checked_is_the_one_that_is_paid(office: Office) -> None:
    refund = a_refund(office).goes_on().wait_until("2025-11-10")
    with office.store.transaction() as session:
        session.scalars(select(RetentionRefund)).one().account_index = b"another"

    outcome = refund.tries("sunshenpi", "approve_refund", approval="approve", notice_objections="无异议")

    assert refused(outcome) == ("account_changed",)
    refund.answers("approve_refund", approval="return", approval_note="账户有变化").goes_on()
    assert refund.wait_until("2025-11-17").goes_on().ended_in == "refund_paid_out"


@pytest.mark.req("REFUND-03", "REFUND-05")
def test_a_refund_that_is_prepaid_goes_the_same_way_and_ends_with_the_share_that_is_ordered(
    office: Office,
) -> None:
    number = actor(office, "guangyue").id
    refund = opened(
        office,
        refund_acts.start_refund(
            office, actor(office, "wangshouli"), employer_id=number, year=2025, pay_mode="prepay"
        ),
        subject="guangyue",
    )

    refund.goes_on().wait_until("2025-11-10").goes_on()

    assert refund.ended_in == "refund_prepaid_out"
    assert refund.letters()[-1] == "refund-prepaid"
    assert [order.amount for order in refund.orders()] == ["86400.00"]
    row = on_record(office, refund)
    assert (row.status, row.mode, row.prepaid_fen) == ("prepay_ordered", "prepay", 8_640_000)


@pytest.mark.req("REFUND-05")
def test_the_use_of_the_money_is_told_and_looked_at_by_internal_control(office: Office) -> None:
    refund = a_refund(office).goes_on().wait_until("2025-11-10").goes_on()
    number, firm = on_record(office, refund).id, actor(office, "guangyue")
    assert refused(refund_acts.tell_uses(office, firm, number, {"insurance": 100})) == ("not_paid_yet",)
    a_payment_run(office).goes_on().sweep()
    assert on_record(office, refund).status == "paid"

    above = refund_acts.tell_uses(office, firm, number, {"insurance": 8_640_001})
    told = refund_acts.tell_uses(office, firm, number, {"insurance": 8_000_000, "retraining": 640_000})
    seen = refund_acts.look_afterwards(
        office, actor(office, "zhengneikong"), number, result="right", note="凭证与所报一致"
    )

    assert refused(above) == ("uses_above_refund",)
    assert isinstance(told, Done)
    assert isinstance(seen, Done)
    assert refused(refund_acts.tell_uses(office, firm, number, {"insurance": 1})) == ("looked_at_already",)
    assert refused(refund_acts.tell_uses(office, actor(office, "dongchang"), number, {"insurance": 1})) == (
        "no_such_refund",
    )
    assert refused(
        refund_acts.look_afterwards(office, actor(office, "wangshouli"), number, result="right", note="看过")
    )


@pytest.mark.req("FLOW-01")
def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.assert_whole(office, "stable_jobs", request, least=20)
