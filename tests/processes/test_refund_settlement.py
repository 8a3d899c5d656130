"""``refund-settlement.bpmn``: a prepaid refund is committed, settled by the actual amount, and the difference paid or recovered."""

from __future__ import annotations

import pytest
from builders import Case, a_payment_run, a_settlement, actor, opened, refused
from sqlalchemy import select
from told_employers import tell, year_of
from walked import Walked

from engine.cases import refund_acts
from engine.cases.office import Office
from engine.cases.pausing import terminate_case
from engine.money.ledger import balance, trial_balance
from engine.money.ledger_tables import JournalEntry
from engine.refunds.campaign_tables import RefundRepayment, RetentionRefund
from engine.values import Money
from engine.workflow.tables import WorkflowCase

#: paid in 2024, fen: 60 % are the 50,000.00, the 51,259.26 and the 48,000.00 of policy.md §6.4
FIFTY, ABOVE, BELOW = 8_333_333, 8_543_210, 8_000_000
CITY = "371500"


def prepaid(office: Office, paid_fen: int = FIFTY) -> Case:
    """The settlement of a refund that the bank has prepaid, by diagram, batch and receipt."""
    tell(office, guangyue=year_of("guangyue", paid_fen=paid_fen))
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
    assert on_record(office).status == "prepay_ordered"
    a_payment_run(office).goes_on().sweep()
    return settlement_of(office)


def settlement_of(office: Office) -> Case:
    """The one settlement that runs."""
    with office.store.reading() as session:
        query = select(WorkflowCase.id).where(WorkflowCase.process_id == "refund_settlement")
        return Case(office=office, id=session.scalars(query).one(), subject="guangyue")


def on_record(office: Office) -> RetentionRefund:
    """The one refund."""
    with office.store.reading() as session:
        return session.scalars(select(RetentionRefund)).one()


def claim(office: Office) -> Money:
    """What employers owe the fund, by the books, which balance."""
    with office.store.reading() as session:
        rows = trial_balance(session)
        assert sum(row.debit.fen for row in rows) == sum(row.credit.fen for row in rows)
        return balance(session, "1133", CITY, office.today)


@pytest.mark.req("REFUND-03", "MONEY-02")
def test_the_bank_s_receipt_begins_the_settlement_and_more_than_prepaid_is_paid_on(office: Office) -> None:
    case = prepaid(office)
    assert on_record(office).status == "prepaid"
    assert case.open_steps() == ["commit_refund"]
    assert "50000.00 元" in case.letter("refund-commitment")

    case.answers("commit_refund")
    tell(office, guangyue=year_of("guangyue", paid_fen=ABOVE))
    case.answers("settlement_first")
    case.answers("settlement_second", review_opinion="return", review_note="名册已更正，请重新核算")
    case.goes_on()

    assert case.ended_in == "settlement_done"
    assert [order.amount for order in case.orders()] == ["1259.26"]
    assert "51259.26" in case.letter("refund-settled")
    a_payment_run(office, month="2025-12").goes_on().sweep()
    refund = on_record(office)
    assert (refund.status, refund.prepaid_fen, refund.topped_fen, refund.settled_fen) == (
        "settled", 5_000_000, 125_926, 5_125_926,
    )  # fmt: skip
    assert claim(office) == Money(0)


@pytest.mark.req("REFUND-03")
def test_less_than_prepaid_comes_back_to_the_fen_and_is_booked_once_for_a_reference(office: Office) -> None:
    case = prepaid(office)
    tell(office, guangyue=year_of("guangyue", paid_fen=BELOW))

    case.answers("commit_refund").goes_on(until="record_refund_repayment")

    assert claim(office) == Money(200_000)
    assert "应退回 **2000.00 元**" in case.letter("refund-recovery")
    said = {"repaid_on": "2025-11-11", "repaid_reference": "TH-1"}
    case.clock.forward(days=1)
    above = case.tries("zhoukuaiji", "record_refund_repayment", repaid_fen="2000.01", **said)
    assert refused(above) == ("more_than_open",)
    case.does("zhoukuaiji", "record_refund_repayment", repaid_fen="500.00", **said)
    again = case.tries("zhoukuaiji", "record_refund_repayment", repaid_fen="1500.00", **said)
    assert refused(again) == ("reference_used",)
    case.does(
        "zhoukuaiji", "record_refund_repayment", repaid_fen="1500.00", **{**said, "repaid_reference": "TH-2"}
    )
    assert case.ended_in == "refund_recovered"
    assert (on_record(office).status, on_record(office).recovered_fen) == ("recovered", 200_000)
    assert claim(office) == Money(0)
    with office.store.reading() as session:
        kept = session.scalars(select(RefundRepayment.reference).order_by(RefundRepayment.id)).all()
        assert session.scalar(select(JournalEntry.id).where(JournalEntry.key == "TH-2"))
    assert kept == ["TH-1", "TH-2"]


@pytest.mark.req("REFUND-03")
def test_a_missing_commitment_settles_nothing_and_claims_everything_back(office: Office) -> None:
    case = prepaid(office)

    ended = terminate_case(office, actor(office, "sunshenpi"), case.id, why="不再办理")
    assert refused(ended) == ("prepaid_open",)
    case.wait_until("2025-11-25")

    assert case.history()[-2:] == ["record_no_commitment", "reckon_settlement"]
    case.goes_on(until="record_refund_repayment")
    assert [order.amount for order in case.orders()] == []
    assert claim(office) == Money(5_000_000)
    refund = on_record(office)
    assert (refund.status, refund.recover_fen, refund.settled_fen, refund.committed_on) == (
        "recovering", 5_000_000, 0, None,
    )  # fmt: skip


@pytest.mark.req("REFUND-03", "MONEY-04")
def test_a_refund_that_was_prepaid_is_never_paid_a_second_time(office: Office) -> None:
    case = prepaid(office)
    number = actor(office, "guangyue").id

    again = refund_acts.start_refund(office, actor(office, "wangshouli"), employer_id=number, year=2025)

    assert refused(again) == ("refund_exists",)
    case.goes_on()
    assert case.ended_in == "settlement_done"
    assert refused(
        refund_acts.start_refund(office, actor(office, "wangshouli"), employer_id=number, year=2025)
    ) == ("refund_exists",)


@pytest.mark.req("REFUND-03", "MONEY-02")
def test_checks_of_a_settlement_are_made_by_different_people(office: Office) -> None:
    case = a_settlement(office, "guangyue", prepaid_fen=5_000_000)
    case.answers("commit_refund").answers("settlement_first")

    assert refused(case.tries("wangshouli", "settlement_second", review_opinion="agree"))
    case.answers("settlement_second")
    assert refused(case.tries("zhaofuhe", "approve_settlement", approval="approve"))
    assert case.open_steps() == ["approve_settlement"]


@pytest.mark.req("REFUND-03")
def test_what_was_prepaid_to_the_fen_is_settled_without_money_even_after_it_was_sent_back(
    office: Office,
) -> None:
    case = a_settlement(office, "guangyue", prepaid_fen=8_640_000)
    case.answers("commit_refund").answers("settlement_first").answers("settlement_second")
    case.answers("approve_settlement", approval="return", approval_note="请再核对承诺")

    case.goes_on()

    assert case.ended_in == "settlement_done"
    assert on_record(office).status == "settled"
    assert case.orders() == ()
    assert claim(office) == Money(0)


@pytest.mark.req("FLOW-01")
def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.assert_whole(office, "refund_settlement", request, least=7)
