"""Every path of ``transfer.bpmn``: two offices exchange messages, and one of them may be silent, late or contrary.

Both are in one database here; what a line between two databases adds is tested in ``tests/exchange``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import orjson
import pytest
from builders import (
    CAST_DAY,
    Case,
    a_claim,
    a_granted_claim,
    a_payment_run,
    a_transfer,
    actor,
    other_office,
    refused,
    register_says,
)
from paths import assert_nothing_left, every_path
from sqlalchemy import func, select, text, update
from walked import Walked

from engine.cases import pausing, transfers
from engine.cases.office import Office
from engine.cases.views import Done
from engine.exchange.peers import Peer, PeerBook
from engine.law.policy import Parameter, PolicyBook
from engine.money.bank_file import TestBank, TextFormat
from engine.money.ledger import Line, post, trial_balance
from engine.money.payments import PaymentOrder
from engine.registers.cast import PEOPLE
from engine.registers.contributions import ContributionHistory, EarlierPlace
from engine.registers.province import Province
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import AuditEvent
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import RightsTransfer
from engine.values import SYSTEM, Money, Month, RegionCode
from engine.workflow.tables import WorkflowCase

#: where the two cases of a transfer end together; the second is empty where the letter was never sent
ENDS = {
    ("transfer_booked", "transfer_sent"),
    ("relation_moved", "relation_sent"),
    ("transfer_declined", "refusal_sent"),
    ("transfer_declined", "transfer_taken_back"),
    ("transfer_declined", ""),
    ("transfer_withdrawn", ""),
}
FEE = 4_090_500
DEZHOU = Peer(
    code="371400", name="德州市经办机构", regions=("3714",), channel="folder", address="/nowhere",
    public_key="00" * 32, account="6217371400000000026", account_name="德州基金收入户", source="来函", verified=True,
)  # fmt: skip


def qin(**changed: Any) -> ContributionHistory:
    """What the contribution register says of 秦远航, with something changed."""
    province = Province.generate(seed=1, people=0, employers=0, day=CAST_DAY)
    return replace(province.residents[PEOPLE["qin"].id_number].contributions, **changed)


def both_sides(office: Office) -> dict[str, RightsTransfer]:
    """What the two offices have on record, by side."""
    with office.store.reading() as session:
        found = session.scalars(select(RightsTransfer)).all()
    return {each.side: each for each in found}


def sent_off(office: Office, person: str = "qin") -> tuple[Case, Case]:
    """A transfer that the sending office has approved: its case at the receiving end, and at the sending one."""
    transfer = a_transfer(office, person).answers("accept_transfer").sweep()
    out = other_office(transfer).answers("review_transfer").answers("approve_transfer").sweep()
    return transfer, out


def paid(office: Office) -> Case:
    """A payment run of the sending region, to its end."""
    return a_payment_run(office).goes_on().sweep()


def hold_up(office: Office, message: str) -> None:
    """The line between the offices is down for that message until the end of the year."""
    with office.store.transaction() as session:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.key.endswith(f"/{message}"))
            .values(due_at=func.make_timestamptz(2025, 12, 31, 0, 0, 0))
        )


def announce(office: Office, fee_fen: int, *, key: str) -> None:
    """Another announcement of the sending office, of that amount."""
    number = both_sides(office)["in"].transfer_number
    payload = {
        "transfer_number": number, "fee_fen": fee_fen, "paid_on": "2025-11-03", "bank_reference": "PB-X-1"
    }  # fmt: skip
    content = {"name": "transfer_money", "correlation": number, "payload": payload}
    with office.store.transaction() as session:
        outbox.put(session, kind="message", key=key, payload=content, now=office.clock())


def beside(office: Office, peer: Peer) -> Office:
    """The office as it would be if that other office had a database of its own."""
    return replace(office, peers=PeerBook(own="371500", peers={peer.code: peer}))


def in_production(office: Office) -> Office:
    """The office in production mode."""
    return replace(office, settings=replace(office.settings, production=True))


def all_verified(book: PolicyBook) -> PolicyBook:
    """The policy book as if the bureau had confirmed every figure."""
    series: dict[tuple[str, str], tuple[Parameter, ...]] = {}
    for each in book.parameters():
        known = series.get((each.key, each.region), ())
        series[each.key, each.region] = (*known, replace(each, verified=True))
    return PolicyBook(
        series=series,
        sources=book.sources,
        exit_reasons=book.exit_reasons,
        forbidden_demands=book.forbidden_demands,
    )


def balance(office: Office, account: str, region: str | None = None) -> int:
    """Debit less credit, fen, over all regions or in one; the books balance."""
    with office.store.reading() as session:
        rows = trial_balance(session, region=region)
    assert sum(row.debit.fen for row in rows) == sum(row.credit.fen for row in rows)
    return sum(row.debit.fen - row.credit.fen for row in rows if row.account == account)


# ---- every path


@pytest.mark.req("TRANS-01", "TRANS-04", "MONEY-02", "MONEY-03")
@pytest.mark.parametrize(("months", "fee"), [(72, FEE), (11, 0)], ids=["with fee", "relation only"])
def test_every_path_ends_at_both_offices_and_they_agree(
    office: Office, afresh: Callable[[], None], months: int, fee: int
) -> None:
    register_says(office, "qin", contributions=qin(months_paid=months))
    ends = set()

    for case, path in every_path(lambda: a_transfer(office, "qin"), detours=1, afresh=afresh):
        sides = both_sides(office)
        out = other_office(case) if "out" in sides else None
        ends.add((case.ended_in, out.ended_in if out else ""))
        moved = case.ended_in in ("transfer_booked", "relation_moved")
        statuses = {side: each.status for side, each in sides.items()}
        assert (statuses["in"] == "settled") is moved, str(path)
        assert statuses["in"] == statuses.get("out", statuses["in"]), str(path)
        if moved:
            assert sides["in"].months_paid == sides["out"].months_paid == months, str(path)
            assert sides["in"].fee_fen == sides["out"].fee_fen == fee, str(path)
        assert balance(office, "4101") == (-fee if moved else 0), str(path)
        assert balance(office, "5104") == (fee if moved else 0), str(path)
        assert balance(office, "1132") == balance(office, "2103") == balance(office, "1001") == 0, str(path)
        if out:
            assert len(out.orders()) == int(moved and fee > 0), str(path)
            hands = out.hands()
            assert hands.get("review_transfer", "a") != hands.get("approve_transfer", "b")
        told = [
            kind
            for kind in case.letters()
            if kind in ("transfer-done", "transfer-refused", "transfer-withdrawn")
        ]
        assert len(told) == 1, str(path)
        assert (told == ["transfer-done"]) is moved, str(path)
        assert_nothing_left(office)
    assert ends <= ENDS
    assert {("transfer_declined", "refusal_sent"), ("transfer_declined", "transfer_taken_back")} <= ends


# ---- months and money


@pytest.mark.req("TRANS-01", "TRANS-02", "TRANS-03", "MONEY-03")
def test_months_move_at_once_and_the_money_is_on_the_books_of_both_at_every_step(office: Office) -> None:
    transfer, out = sent_off(office)
    (order,) = out.orders()
    assert order.amount == "40905.00", "15 months left × 1818.00 × 1.5"
    assert (balance(office, "5104"), balance(office, "2103")) == (FEE, -FEE)
    assert both_sides(office)["in"].status == "credited", "before any money"
    assert "40905.00" in transfer.letter("transfer-done")
    assert balance(office, "4101") == 0, "the announcement comes with the bank's receipt, not with the order"

    paid(office)
    assert (balance(office, "2103"), balance(office, "1001", "371500")) == (0, -FEE)
    assert (balance(office, "1132", "371400"), balance(office, "4101", "371400")) == (FEE, -FEE)
    assert {each.status for each in both_sides(office).values()} == {"in_transit"}

    transfer.answers("confirm_arrival").sweep()
    assert (transfer.ended_in, out.ended_in) == ("transfer_booked", "transfer_sent")
    assert (balance(office, "1132"), balance(office, "1001", "371400")) == (0, FEE)
    sides = both_sides(office)
    assert {each.status for each in sides.values()} == {"settled"}
    assert sides["out"].arrived_fen == FEE
    assert str(sides["out"].arrived_on) == "2025-11-03"
    assert not {actor(office, "qin").key} & {row.actor for row in transfer.told() if row.kind == "completed"}


@pytest.mark.req("TRANS-02")
def test_below_one_year_only_the_relation_moves_and_a_receipt_says_so(office: Office) -> None:
    register_says(office, "qin", contributions=qin(months_paid=11))

    transfer, out = sent_off(office)

    assert (transfer.ended_in, out.ended_in) == ("relation_moved", "relation_sent")
    assert out.orders() == ()
    assert both_sides(office)["in"].months_paid == 11
    assert "settle_transfer_out" in out.history()


@pytest.mark.req("TRANS-01", "TRANS-02")
def test_who_works_at_the_receiving_place_moves_without_money(office: Office) -> None:
    works_there = qin(
        region=RegionCode("371402"),
        months_paid=4,
        current=True,
        earlier=(EarlierPlace(region=RegionCode("371502"), months_paid=72, last_month=Month(2025, 5)),),
    )
    register_says(office, "qin", contributions=works_there)

    transfer, out = sent_off(office)

    sides = both_sides(office)
    assert (transfer.ended_in, out.ended_in) == ("relation_moved", "relation_sent")
    assert sides["in"].employed and sides["out"].employed
    assert (sides["in"].months_paid, sides["in"].fee_fen) == (72, 0)
    assert "已在转入地就业" in transfer.letter("transfer-done")


@pytest.mark.req("TRANS-01", "TRANS-02")
def test_undrawn_months_of_an_earlier_benefit_move_too(office: Office) -> None:
    register_says(office, "qin", contributions=qin(months_paid=8, carried_months=6))

    transfer, _ = sent_off(office)

    came = both_sides(office)["in"]
    assert (came.months_paid, came.carried_months, came.months_left, came.fee_fen) == (8, 6, 6, 0)
    assert "6 个月，一并转入" in transfer.letter("transfer-done")


@pytest.mark.req("TRANS-02")
def test_an_unverified_figure_is_named_in_the_letter_and_on_the_page(office: Office) -> None:
    transfer, _ = sent_off(office)

    letter = transfer.letter("transfer-done")
    assert "待主管部门确认：省内转移费用倍数" in letter
    checked = next(row for row in transfer.told() if row.element_id == "check_transfer")
    assert "transfer.household_or_last_insured@000000=true" in checked.outcome


# ---- where to


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
def test_a_place_that_is_neither_home_nor_work_is_declined_with_the_source(office: Office) -> None:
    transfer = a_transfer(office, "li").answers("accept_transfer").sweep()

    letter = transfer.letter("transfer-refused")
    assert "既不是本人的户籍地" in letter
    assert "人社厅发〔2021〕85号" in letter
    assert "待主管部门确认" in letter


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
    assert {each.status for each in both_sides(office).values()} == {"refused"}


# ---- who


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


@pytest.mark.req("MONEY-01", "MONEY-02")
def test_only_the_accountant_of_the_receiving_office_confirms_the_arrival(office: Office) -> None:
    transfer, _ = sent_off(office)
    paid(office)
    found = {
        "arrival": "arrived", "arrived_fen": "40905.00", "arrived_on": "2025-11-03", "arrival_reference": "DZ-1234"
    }  # fmt: skip

    assert refused(transfer.tries("youshouli", "confirm_arrival", **found)), "business"
    assert refused(transfer.tries("zhoukuaiji", "confirm_arrival", **found)), "of the sending office"
    assert balance(office, "1132") == FEE


# ---- silence and lateness


@pytest.mark.req("TRANS-04", "CLAIM-12")
def test_a_silent_office_is_reminded_and_the_office_above_told_from_the_second_time_on(
    office: Office,
) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    assert set(transfer.timers().values()) == {"2025-11-12 23:59:59"}

    transfer.wait_until("2025-11-12").sweep()
    assert transfer.letters() == ["transfer-reminder"]
    assert transfer.recipients("transfer-reminder") == ["office:371500"]
    assert set(transfer.timers().values()) == {"2025-11-21 23:59:59"}
    transfer.wait_until("2025-11-21").sweep()
    assert transfer.letters() == ["transfer-reminder", "transfer-reminder", "transfer-escalation"]
    assert transfer.recipients("transfer-escalation") == ["office:370000"]
    assert "已催办 2 次" in transfer.letter("transfer-escalation")
    out = other_office(transfer).answers("review_transfer").answers("approve_transfer").sweep()

    assert both_sides(office)["in"].status == "credited"
    assert set(transfer.timers()) == {"money_late"}
    assert out.open_steps() == []


@pytest.mark.req("TRANS-03", "TRANS-04")
def test_late_money_is_asked_for_and_late_payment_told_above(office: Office) -> None:
    transfer, out = sent_off(office)
    assert transfer.timers() == {"money_late": "2025-12-01 23:59:59"}
    assert out.timers() == {"payment_late": "2025-12-01 23:59:59"}

    transfer.wait_until("2025-12-01").sweep().wait_until("2025-12-20")

    assert transfer.letters().count("transfer-reminder") == 1
    assert out.letters() == ["escalation"]
    paid(office)
    transfer.answers("confirm_arrival").sweep()
    assert (transfer.ended_in, out.ended_in) == ("transfer_booked", "transfer_sent")


@pytest.mark.req("TRANS-04")
def test_a_receipt_that_does_not_come_is_asked_for(office: Office) -> None:
    _, out = sent_off(office)
    paid(office)
    (due,) = out.timers().values()

    out.wait_until(due[:10]).sweep()

    assert out.recipients("transfer-reminder") == ["office:371400"]
    assert out.status == "running"


# ---- twice, contradictory


@pytest.mark.req("TRANS-04", "MONEY-04")
@pytest.mark.parametrize("message", ["contact_letter", "transfer_info", "transfer_money", "transfer_receipt"])
def test_a_message_that_comes_twice_is_heard_once(office: Office, message: str) -> None:
    transfer, out = sent_off(office)
    paid(office)
    transfer.answers("confirm_arrival").sweep()

    with office.store.transaction() as session:
        sent = session.scalars(select(OutboxMessage).where(OutboxMessage.key.endswith(f"/{message}"))).one()
        content = orjson.loads(sent.payload)
        outbox.put(session, kind="message", key=f"{sent.key}/again", payload=content, now=office.clock())
    transfer.sweep()

    with office.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(WorkflowCase)) == 3, "and the payment run"
    assert len(out.orders()) == 1
    assert transfer.history().count("book_transfer_money") == 1
    assert balance(office, "4101") == -FEE


@pytest.mark.req("TRANS-04", "MONEY-04")
def test_the_bank_has_paid_is_told_once_however_many_receipts_there_are(office: Office) -> None:
    _, out = sent_off(office)
    run = paid(office)

    assert run.ended_in == "run_closed"
    assert out.orders()[0].status == "paid"
    assert out.history().count("send_transfer_money") == 1
    with office.store.reading() as session:
        told = session.scalars(
            select(OutboxMessage.key).where(OutboxMessage.key.startswith("transfer_paid/"))
        )
        assert len(told.all()) == 1


@pytest.mark.req("TRANS-04", "MONEY-04")
def test_a_payment_that_the_bank_returns_is_announced_only_when_a_later_run_has_paid_it(
    office: Office,
) -> None:
    slow = replace(office, settings=replace(office.settings, bank="folder"))
    transfer, out = sent_off(slow)
    run = a_payment_run(slow, at="release_batch").answers("release_batch").sweep()
    folder = slow.settings.data_dir / "bank"
    answer = TestBank().answer((folder / "out" / f"PB-{run.key}.txt").read_bytes())
    read = TextFormat().read_receipt(answer)
    line = replace(read.lines[0], outcome="returned", code="E02", reason="户名不符")
    (folder / "in" / "back.txt").write_bytes(TextFormat().write_receipt(replace(read, lines=(line,))))
    run.sweep()
    assert out.orders()[0].status == "returned"
    assert "send_transfer_money" not in out.history()
    assert balance(office, "1132") == balance(office, "4101") == 0
    assert balance(office, "2103") == -FEE, "still owed"

    run.answers("handle_failed_lines").sweep()
    paid(office)

    assert out.history().count("send_transfer_money") == 1
    assert (balance(office, "1132"), balance(office, "2103")) == (FEE, 0)
    assert transfer.open_steps() == ["confirm_arrival"]


@pytest.mark.req("TRANS-04", "MONEY-03")
def test_an_announcement_of_another_amount_books_nothing_and_asks(office: Office) -> None:
    transfer, _ = sent_off(office)
    announce(office, FEE - 500, key="wrong/1")
    transfer.sweep()

    assert transfer.open_steps() == ["settle_announcement"]
    assert balance(office, "1132") == balance(office, "4101") == 0
    assert transfer.recipients("transfer-query") == ["office:371500"]
    assert "40900.00" in transfer.letter("transfer-query")
    with office.store.reading() as session:
        raised = select(AuditEvent.reason).where(AuditEvent.action == Action.DIFFERENCE_FOUND)
        assert session.scalars(raised).all() == ["转出地告知的金额与信息表不一致"]
    row = both_sides(office)["in"]
    assert (row.announced_fen, row.fee_fen) == (FEE - 500, FEE)

    transfer.answers(
        "settle_announcement", announcement_answer="await", announcement_note="将重新告知"
    ).sweep()
    announce(office, FEE, key="right/1")
    transfer.sweep()
    assert balance(office, "1132") == FEE
    assert transfer.open_steps() == ["confirm_arrival"]


@pytest.mark.req("TRANS-04", "MONEY-03")
def test_where_the_sending_office_confirms_its_sheet_the_sheets_amount_is_awaited(office: Office) -> None:
    transfer, _ = sent_off(office)
    announce(office, FEE + 1, key="wrong/2")
    transfer.sweep().answers("settle_announcement").sweep()

    assert balance(office, "1132") == FEE
    assert transfer.open_steps() == ["confirm_arrival"]


@pytest.mark.req("TRANS-04", "MONEY-03")
@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"arrived_fen": "40900.00"}, "40900.00"),
        ({"arrived_fen": "40905.01"}, "40905.01"),
        ({"arrival": "missing"}, "未收到"),
    ],
)
def test_what_did_not_arrive_as_announced_is_not_booked_but_asked_about(
    office: Office, found: dict[str, str], said: str
) -> None:
    transfer, out = sent_off(office)
    paid(office)

    transfer.answers("confirm_arrival", **found).sweep()

    assert transfer.open_steps() == ["confirm_arrival"]
    assert (balance(office, "1132"), balance(office, "1001", "371400")) == (FEE, 0)
    assert said in transfer.letter("transfer-query")
    assert "send_transfer_receipt" not in transfer.history()
    assert out.status == "running"


@pytest.mark.req("MONEY-03", "MONEY-04")
@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"arrived_on": "2025-11-04"}, "arrived_in_future"),
        ({"arrival_reference": "PB-TAKEN-1"}, "reference_used"),
    ],
)
def test_no_arrival_on_a_day_to_come_and_no_payment_of_the_bank_twice(
    office: Office, found: dict[str, str], why: str
) -> None:
    transfer, _ = sent_off(office)
    paid(office)
    with office.store.transaction() as session:
        lines = (Line("1001", "debit", Money(1)), Line("2201", "credit", Money(1)))
        post(
            session, key="PB-TAKEN-1", day=date(2025, 11, 3), region="371400", text="他笔", lines=lines,
            actor=SYSTEM, now=office.clock(),
        )  # fmt: skip
    arrival = {
        "arrival": "arrived", "arrived_fen": "40905.00", "arrived_on": "2025-11-03", "arrival_reference": "DZ-0001"
    }  # fmt: skip

    assert refused(transfer.tries("luokuaiji", "confirm_arrival", **{**arrival, **found})) == (why,)
    assert balance(office, "1132") == FEE


# ---- not twice


@pytest.mark.req("TRANS-04", "MONEY-04")
@pytest.mark.parametrize("finished", [False, True], ids=["while one is open", "after one has moved"])
def test_the_same_rights_do_not_move_twice(office: Office, finished: bool) -> None:
    first = a_transfer(office).answers("accept_transfer").sweep()
    if finished:
        other_office(first).answers("review_transfer").answers("approve_transfer").sweep()

    second = a_transfer(office).answers("accept_transfer").sweep()

    assert second.ended_in == "transfer_declined"
    number = both_sides(office)["out"].transfer_number
    assert number in second.letter("transfer-refused")


@pytest.mark.req("TRANS-01")
def test_rights_that_were_refused_may_be_asked_for_again(office: Office) -> None:
    first = a_transfer(office).answers("accept_transfer", accept_opinion="refuse", accept_note="填错了地区")
    assert first.sweep().ended_in == "transfer_declined"

    second = a_transfer(office).answers("accept_transfer").sweep()

    assert other_office(second).open_steps() == ["review_transfer"]


@pytest.mark.req("TRANS-01", "TRANS-04")
def test_while_a_claim_is_open_at_the_sending_place_its_months_do_not_move(office: Office) -> None:
    a_claim(office, "qin")
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = other_office(transfer).answers("review_transfer")

    assert refused(out.tries("sunshenpi", "approve_transfer", approval="approve")) == ("claim_open",)
    assert both_sides(office)["out"].status == "open"


# ---- taken back


@pytest.mark.req("TRANS-01", "TRANS-04")
def test_the_person_takes_it_back_before_the_letter_and_nothing_is_sent(office: Office) -> None:
    transfer = a_transfer(office)

    done = transfers.withdraw(office, actor(office, "qin"), transfer.id, why="决定留在聊城")

    assert isinstance(done, Done)
    assert transfer.sweep().ended_in == "transfer_withdrawn"
    assert set(both_sides(office)) == {"in"}
    assert "决定留在聊城" in transfer.letter("transfer-withdrawn")


@pytest.mark.req("TRANS-01", "TRANS-04")
def test_taken_back_after_the_letter_the_sending_office_stops_and_says_so(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = other_office(transfer).answers("review_transfer")
    person = actor(office, "qin")

    assert isinstance(transfers.withdraw(office, person, transfer.id, why="决定留在聊城"), Done)
    assert refused(transfers.withdraw(office, person, transfer.id, why="再说一遍")) == ("withdrawal_asked",)
    transfer.sweep()

    assert (transfer.ended_in, out.ended_in) == ("transfer_declined", "transfer_taken_back")
    assert {each.status for each in both_sides(office).values()} == {"withdrawn"}
    assert "transfer-withdrawn" in transfer.letters()
    assert "transfer-refused" not in transfer.letters()


@pytest.mark.req("TRANS-04")
def test_a_withdrawal_that_crosses_the_answer_has_no_effect_and_the_person_is_told(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = other_office(transfer).answers("review_transfer").answers("approve_transfer")
    assert isinstance(transfers.withdraw(office, actor(office, "qin"), transfer.id, why="不转了"), Done)

    transfer.sweep()

    assert both_sides(office)["in"].status == "credited"
    assert both_sides(office)["out"].status == "moved"
    assert "撤回没有成立" in transfer.letter("transfer-done")
    assert refused(transfers.withdraw(office, actor(office, "qin"), transfer.id, why="不转了")) == (
        "rights_moved",
    )
    with office.store.reading() as session:
        waiting = session.scalars(select(OutboxMessage.key).where(OutboxMessage.sent_at.is_(None))).all()
    assert waiting == []
    assert out.status == "running"


@pytest.mark.req("TRANS-01")
def test_nobody_else_takes_a_transfer_back_and_nobody_without_a_reason(office: Office) -> None:
    transfer = a_transfer(office)
    withdraw = transfers.withdraw

    assert refused(withdraw(office, actor(office, "li"), transfer.id, why="不转了")) == ("not_own_case",)
    assert refused(withdraw(office, actor(office, "wangshouli"), transfer.id, why="不转了")) == (
        "not_own_case",
    )
    assert refused(withdraw(office, actor(office, "zhoukuaiji"), transfer.id, why="不转了")) == (
        "not_own_case",
    )
    assert refused(withdraw(office, actor(office, "qin"), transfer.id, why="  ")) == ("reason_missing",)
    assert isinstance(withdraw(office, actor(office, "youshouli"), transfer.id, why="本人书面撤回"), Done)


@pytest.mark.req("TRANS-04")
def test_ending_the_receiving_case_tells_the_sending_office_and_waits_for_its_word(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = other_office(transfer)

    done = pausing.terminate_case(office, actor(office, "heshenpi"), transfer.id, why="本人已死亡")
    assert isinstance(done, Done)
    assert transfer.status == "running"
    again = pausing.terminate_case(office, actor(office, "heshenpi"), transfer.id, why="本人已死亡")
    assert refused(again) == ("withdrawal_asked",)
    transfer.sweep()

    assert (transfer.ended_in, out.ended_in) == ("transfer_declined", "transfer_taken_back")


@pytest.mark.req("TRANS-04")
def test_ending_the_sending_case_is_a_refusal_with_its_reason(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = other_office(transfer)

    done = pausing.terminate_case(office, actor(office, "sunshenpi"), out.id, why="查明为冒名申请")
    assert isinstance(done, Done)
    transfer.sweep()

    assert (transfer.ended_in, out.status) == ("transfer_declined", "cancelled")
    assert "查明为冒名申请" in transfer.letter("transfer-refused")
    assert {each.status for each in both_sides(office).values()} == {"refused"}


@pytest.mark.req("TRANS-04")
def test_once_the_information_is_sent_neither_end_can_be_ended(office: Office) -> None:
    transfer, out = sent_off(office)

    for login, case in (("sunshenpi", out), ("heshenpi", transfer)):
        no = pausing.terminate_case(office, actor(office, login), case.id, why="不转了")
        assert refused(no) == ("rights_moved",)
    assert {each.status for each in both_sides(office).values()} == {"moved", "credited"}


# ---- accounts


@pytest.mark.req("TRANS-02", "MONEY-04")
def test_the_fee_goes_to_the_account_that_the_other_office_published(office: Office) -> None:
    sent_off(office)

    with office.store.reading() as session:
        order = session.scalars(select(PaymentOrder).where(PaymentOrder.purpose == "transfer")).one()
    assert order.account_name == "德州市失业保险基金收入户"
    assert order.payee_name == "德州市失业保险经办机构"


@pytest.mark.req("TRANS-02", "MONEY-04")
def test_in_production_no_fee_goes_to_an_account_that_nobody_confirmed(office: Office) -> None:
    confirmed = replace(office, book=all_verified(office.book))
    transfer = a_transfer(confirmed).answers("accept_transfer").sweep()
    out = replace(other_office(transfer).answers("review_transfer"), office=in_production(confirmed))

    assert refused(out.tries("sunshenpi", "approve_transfer", approval="approve")) == ("unverified_account",)
    assert both_sides(office)["out"].status == "open", "nothing moved"


@pytest.mark.req("TRANS-02")
def test_in_production_no_fee_rests_on_a_figure_that_nobody_confirmed(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = replace(other_office(transfer).answers("review_transfer"), office=in_production(office))

    assert refused(out.tries("sunshenpi", "approve_transfer", approval="approve")) == (
        "unverified_parameter",
    )


@pytest.mark.req("TRANS-02", "MONEY-04")
def test_the_office_of_another_database_is_paid_on_the_account_in_the_book_of_offices(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out = replace(other_office(transfer).answers("review_transfer"), office=beside(office, DEZHOU))

    out.answers("approve_transfer")

    with office.store.reading() as session:
        order = session.scalars(select(PaymentOrder).where(PaymentOrder.purpose == "transfer")).one()
    assert (order.payee_name, order.account_name) == (DEZHOU.name, DEZHOU.account_name)


# ---- asking


@pytest.mark.req("TRANS-01")
def test_only_the_person_asks_and_only_for_places_that_exist(office: Office) -> None:
    ask = transfers.ask
    assert refused(ask(office, actor(office, "wangshouli"), from_region="371500", to_region="371400")) == (
        "not_claimant",
    )
    assert refused(ask(office, actor(office, "qin"), from_region="371500", to_region="999999")) == (
        "unknown_region",
    )


@pytest.mark.req("TRANS-01")
def test_asked_for_at_the_sending_end_the_application_goes_to_the_other_office_and_the_person_is_told(
    office: Office,
) -> None:
    here = beside(office, DEZHOU)

    first = transfers.ask(here, actor(here, "qin"), from_region="371500", to_region="371400")
    again = transfers.ask(here, actor(here, "qin"), from_region="371500", to_region="371400")

    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert "德州" in first.message
    with office.store.reading() as session:
        sent = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "message")).all()
        cases = session.scalar(select(func.count()).select_from(WorkflowCase))
        letters = session.execute(text("SELECT kind, recipient, text FROM letter")).all()
    assert [orjson.loads(each.payload)["name"] for each in sent] == ["transfer_application"]
    payload = orjson.loads(sent[0].payload)["payload"]
    assert set(payload) == {
        "transfer_number", "person_id", "from_region", "to_region", "region", "applied_on"
    }, "who and where, no more"  # fmt: skip
    assert cases == 0
    assert [(kind, to) for kind, to, _ in letters] == [("transfer-applied", actor(office, "qin").key)]
    assert payload["transfer_number"] in letters[0][2]


@pytest.mark.req("TRANS-01")
def test_an_office_that_serves_neither_place_sends_the_person_to_one_that_does(office: Office) -> None:
    here = beside(office, replace(DEZHOU, regions=("3714", "50")))

    no = transfers.ask(here, actor(here, "qin"), from_region="500000", to_region="371400")

    assert refused(no) == ("neither_end_here",)


def test_the_case_of_a_transfer_tells_both_offices_apart(office: Office) -> None:
    transfer = a_transfer(office).answers("accept_transfer").sweep()
    out: Case = other_office(transfer)

    with office.store.reading() as session:
        regions = {case.id: case.region_code for case in session.scalars(select(WorkflowCase))}
    assert (regions[transfer.id], regions[out.id]) == ("371400", "371500")


# ---- last: what all of the above have passed


@pytest.mark.req("FLOW-01")
@pytest.mark.parametrize("process", ["transfer_in", "transfer_out"])
def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest, process: str
) -> None:
    walked.assert_whole(office, process, request, least=40)
