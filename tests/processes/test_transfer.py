"""Every path of ``transfer.bpmn``: two offices exchange messages, and one of them may be silent, late or contrary."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest
from builders import (
    Case,
    a_granted_claim,
    a_payment_run,
    a_transfer,
    actor,
    other_office,
    refused,
)
from paths import assert_nothing_left, every_path
from sqlalchemy import func, select, update
from walked import Walked

from engine.cases import others
from engine.cases.office import Office
from engine.money.ledger import trial_balance
from engine.store import outbox
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import RightsTransfer
from engine.workflow.tables import WorkflowCase

#: where the two cases of a transfer end together; the second is empty where the letter was never sent
ENDS = {
    ("transfer_booked", "transfer_sent"),
    ("relation_moved", "relation_sent"),
    ("transfer_declined", "refusal_sent"),
    ("transfer_declined", ""),
}


def both_sides(office: Office) -> dict[str, RightsTransfer]:
    """What the two offices have on record, by side."""
    with office.store.reading() as session:
        found = session.scalars(select(RightsTransfer)).all()
    return {each.side: each for each in found}


def hold_up(office: Office, message: str) -> None:
    """The line between the offices is down for that message until the end of the year."""
    with office.store.transaction() as session:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.key.endswith(f"/{message}"))
            .values(due_at=func.make_timestamptz(2025, 12, 31, 0, 0, 0))
        )


def balance(office: Office, account: str) -> int:
    """Debit less credit over all regions, fen; the books balance."""
    with office.store.reading() as session:
        rows = trial_balance(session)
    assert sum(row.debit.fen for row in rows) == sum(row.credit.fen for row in rows)
    return sum(row.debit.fen - row.credit.fen for row in rows if row.account == account)


@pytest.mark.req("TRANS-01", "TRANS-04", "MONEY-02")
@pytest.mark.parametrize(("person", "fee"), [("qin", 4_090_500), ("wu", 0)])
def test_every_path_ends_at_both_offices_and_they_agree(
    office: Office, afresh: Callable[[], None], person: str, fee: int
) -> None:
    ends = set()

    for case, path in every_path(lambda: a_transfer(office, person), detours=1, afresh=afresh):
        sides = both_sides(office)
        out = other_office(case) if "out" in sides else None
        ends.add((case.ended_in, out.ended_in if out else ""))
        moved = case.ended_in in ("transfer_booked", "relation_moved")
        statuses = {side: each.status for side, each in sides.items()}
        assert (statuses["in"] == "refused") is not moved, str(path)
        if moved:
            assert sides["in"].months_paid == sides["out"].months_paid > 0, str(path)
            assert sides["in"].fee_fen == sides["out"].fee_fen == fee, str(path)
        assert balance(office, "4101") == (-fee if moved else 0), str(path)
        if out:
            assert len(out.orders()) == int(moved and fee > 0), str(path)
            hands = out.hands()
            assert hands["review_transfer"] != hands["approve_transfer"]
        assert case.letters().count("transfer-done") == int(moved), str(path)
        assert case.letters().count("transfer-refused") == int(not moved), str(path)
        assert_nothing_left(office)
    assert ends <= ENDS
    assert ("transfer_declined", "refusal_sent") in ends


@pytest.mark.req("TRANS-01", "TRANS-02", "TRANS-03")
def test_months_and_money_move_and_nothing_is_asked_of_the_person(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = other_office(transfer).answers("review_transfer").answers("approve_transfer").sweep()

    assert (transfer.ended_in, out.ended_in) == ("transfer_booked", "transfer_sent")
    (order,) = out.orders()
    assert order.amount == "40905.00", "15 months left × 1818.00 × 1.5"
    assert "40905.00" in transfer.letter("transfer-done")
    assert not {"person:1"} & {row.actor for row in transfer.told() if row.kind == "completed"}


@pytest.mark.req("TRANS-02", "MONEY-04")
def test_the_fee_is_paid_to_the_other_office_by_a_run(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = other_office(transfer).answers("review_transfer").answers("approve_transfer").sweep()

    run = a_payment_run(office).goes_on().sweep()

    assert run.ended_in == "run_closed"
    assert out.orders()[0].status == "paid"
    assert balance(office, "1001") == -4_090_500


@pytest.mark.req("TRANS-02")
def test_below_one_year_only_the_relation_moves(office: Office) -> None:
    transfer = a_transfer(office, "wu").answers("accept_transfer").sweep()
    out = other_office(transfer).answers("review_transfer").answers("approve_transfer").sweep()

    assert (transfer.ended_in, out.ended_in) == ("relation_moved", "relation_sent")
    assert out.orders() == ()
    assert both_sides(office)["in"].months_paid == 11


@pytest.mark.req("TRANS-01")
def test_while_benefit_is_paid_the_place_stays_and_no_letter_is_sent(office: Office) -> None:
    a_granted_claim(office, "li")
    transfer = a_transfer(office, "li").answers("accept_transfer").sweep()

    assert transfer.ended_in == "transfer_declined"
    assert set(both_sides(office)) == {"in"}
    assert "正在领取失业保险金" in transfer.letter("transfer-refused")


@pytest.mark.req("TRANS-01")
@pytest.mark.parametrize("to", ["371500", "371502"], ids=["same office", "same pool"])
def test_a_transfer_inside_one_pool_is_declined_with_its_reason(office: Office, to: str) -> None:
    transfer = a_transfer(office, source="371500", to=to)
    transfer.does("wangshouli", "accept_transfer", accept_opinion="accept").sweep()

    assert "转出地与转入地相同" in transfer.letter("transfer-refused")


@pytest.mark.req("TRANS-01")
def test_the_receiving_clerks_reason_stands_in_the_letter(office: Office) -> None:
    transfer = a_transfer(office)

    transfer.answers("accept_transfer", accept_opinion="refuse", accept_note="本人已撤销转迁申请").sweep()

    assert transfer.ended_in == "transfer_declined"
    assert "本人已撤销转迁申请" in transfer.letter("transfer-refused")


@pytest.mark.req("TRANS-01")
def test_the_sending_approvers_reason_reaches_the_person(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = other_office(transfer).answers("review_transfer", review_opinion="refuse", review_note="待遇未结清")

    out.answers("approve_transfer", approval="refuse", refusal_reason="尚有未结清的待遇").sweep()

    assert (transfer.ended_in, out.ended_in) == ("transfer_declined", "refusal_sent")
    assert "尚有未结清的待遇" in transfer.letter("transfer-refused")
    assert both_sides(office)["out"].status == "refused"


@pytest.mark.req("MONEY-02")
def test_a_transfer_that_the_reviewer_declined_cannot_be_approved(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = other_office(transfer).answers("review_transfer", review_opinion="refuse", review_note="待遇未结清")

    out.answers("approve_transfer", approval="approve").sweep()

    assert out.open_steps() == ["review_transfer"]
    assert out.orders() == ()
    assert transfer.status == "running"


@pytest.mark.req("MONEY-02")
def test_reviewer_and_approver_of_a_transfer_are_two_people_of_the_sending_office(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = other_office(transfer)

    assert refused(out.tries("xufuhe", "review_transfer", review_opinion="agree")), "of the other office"
    out.answers("review_transfer")
    assert refused(out.tries("zhaofuhe", "approve_transfer", approval="approve"))
    assert out.open_steps() == ["approve_transfer"]


@pytest.mark.req("TRANS-04", "CLAIM-12")
def test_a_silent_office_is_reminded_every_seven_working_days_until_it_answers(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    assert set(transfer.timers().values()) == {"2025-11-12 23:59:59"}

    transfer.wait_until("2025-11-12").sweep()
    assert transfer.letters() == ["transfer-reminder"]
    assert transfer.recipients("transfer-reminder") == ["office:371500"]
    assert set(transfer.timers().values()) == {"2025-11-21 23:59:59"}
    transfer.wait_until("2025-11-21").sweep()
    assert transfer.letters() == ["transfer-reminder", "transfer-reminder"]
    other_office(transfer).answers("review_transfer").answers("approve_transfer").sweep()

    assert transfer.ended_in == "transfer_booked"
    assert transfer.timers() == {}


@pytest.mark.req("TRANS-03", "TRANS-04")
def test_months_count_at_once_and_late_money_is_asked_for_after_twenty_working_days(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    other_office(transfer).answers("review_transfer").answers("approve_transfer")
    hold_up(office, "transfer_money")
    transfer.sweep()
    assert both_sides(office)["in"].status == "credited"
    assert "transfer-done" in transfer.letters(), "the person is told before the money has come"
    assert transfer.timers() == {"money_late": "2025-12-01 23:59:59"}

    transfer.wait_until("2025-12-01").sweep().wait_until("2025-12-20")
    assert transfer.letters().count("transfer-reminder") == 1
    transfer.wait_until("2026-01-02")

    assert transfer.ended_in == "transfer_booked"
    assert balance(office, "4101") == -4_090_500


@pytest.mark.req("TRANS-04", "MONEY-04")
@pytest.mark.parametrize("message", ["contact_letter", "transfer_info", "transfer_money"])
def test_a_message_that_comes_twice_is_heard_once(office: Office, message: str) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = other_office(transfer).answers("review_transfer").answers("approve_transfer").sweep()

    with office.store.transaction() as session:
        sent = session.scalars(select(OutboxMessage).where(OutboxMessage.key.endswith(f"/{message}"))).one()
        content = orjson.loads(sent.payload)
        outbox.put(session, kind="message", key=f"{sent.key}/again", payload=content, now=office.clock())
    transfer.sweep()

    with office.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(WorkflowCase)) == 2
    assert len(out.orders()) == 1
    assert transfer.history().count("book_transfer_money") == 1
    assert balance(office, "4101") == -4_090_500


@pytest.mark.req("TRANS-04", "MONEY-04")
@pytest.mark.parametrize("finished", [False, True], ids=["while one is open", "after one has moved"])
def test_the_same_rights_do_not_move_twice(office: Office, finished: bool) -> None:
    first = a_transfer(office).answers("accept_transfer").sweep()
    if finished:
        other_office(first).answers("review_transfer").answers("approve_transfer").sweep()

    second = a_transfer(office).answers("accept_transfer").sweep()

    assert second.ended_in == "transfer_declined"
    assert f"ZY-{first.key}" in second.letter("transfer-refused")


@pytest.mark.req("TRANS-01")
def test_rights_that_were_refused_may_be_asked_for_again(office: Office) -> None:
    first = a_transfer(office).answers("accept_transfer", accept_opinion="refuse", accept_note="填错了地区")
    assert first.sweep().ended_in == "transfer_declined"

    second = a_transfer(office).answers("accept_transfer").sweep()

    assert other_office(second).open_steps() == ["review_transfer"]


@pytest.mark.req("TRANS-01")
def test_only_the_person_asks_and_only_for_places_that_exist(office: Office) -> None:
    ask = others.start_transfer
    assert refused(ask(office, actor(office, "wangshouli"), from_region="371500", to_region="371400")) == (
        "not_claimant",
    )
    assert refused(ask(office, actor(office, "qin"), from_region="371500", to_region="999999")) == (
        "unknown_region",
    )


@pytest.mark.req("FLOW-01")
@pytest.mark.parametrize("process", ["transfer_in", "transfer_out"])
def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest, process: str
) -> None:
    if len([item for item in request.session.items if item.path == request.path]) < 20:
        pytest.skip("only together with the other tests of this file")
    with office.store.reading() as session:
        drawn = office.runner.versions.latest(session, process).blueprint

    assert walked.missing(drawn) == set()


def test_the_case_of_a_transfer_tells_both_offices_apart(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out: Case = other_office(transfer)

    with office.store.reading() as session:
        regions = {case.id: case.region_code for case in session.scalars(select(WorkflowCase))}
    assert (regions[transfer.id], regions[out.id]) == ("371400", "371500")
