"""Every path of ``death-grant.bpmn``: one relative is paid after a death on benefit, once, or is told why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from random import Random

import orjson
import pytest
from builders import (
    Case,
    a_death,
    a_death_grant,
    a_hit,
    a_payment_run,
    actor,
    apply_after_death,
    opened,
    refused,
    register_says,
)
from paths import every_path
from sqlalchemy import select, text
from walked import Walked

from engine.benefits.death_tables import DeathGrant
from engine.benefits.tables import BenefitGrant
from engine.cases import death_lists, files, printing
from engine.cases.death_grants import Asked, apply_for_death_grant
from engine.cases.month_runs import drive, start_month_run
from engine.cases.month_views import MonthRunView
from engine.cases.office import Office
from engine.cases.pausing import terminate_case
from engine.cases.recovery_openers import order_month, pay_waiting
from engine.cases.views import CaseView, Done, FieldFaults
from engine.money import payments
from engine.money.bank_file import TestBank
from engine.money.payments import PaymentOrder
from engine.registers.card_accounts import keep_account
from engine.registers.cast import PEOPLE
from engine.registers.rosters import take_roster
from engine.store import outbox
from engine.store.audit import AuditEvent
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import Letter
from engine.values import SYSTEM, Actor, Money, Month, Refusal
from engine.workflow.tables import WorkflowCase

HANDS = tuple(Actor(kind="staff", id=-number, name="试") for number in (1, 2, 3))
STEPS = ("check_application", "review_death_grant", "approve_death_grant")


def row_of(case: Case) -> DeathGrant:
    """The application of the case."""
    with case.office.store.reading() as session:
        found: DeathGrant = session.get_one(DeathGrant, case.id)
        return found


def grant_of(office: Office, person: str = "zheng") -> BenefitGrant:
    """The benefit of the person."""
    who = actor(office, person).id
    with office.store.reading() as session:
        return session.scalars(select(BenefitGrant).where(BenefitGrant.person_id == who)).one()


def orders_of(office: Office) -> list[PaymentOrder]:
    """Every order of the office, oldest first."""
    with office.store.reading() as session:
        return list(session.scalars(select(PaymentOrder).order_by(PaymentOrder.id)))


def live(office: Office) -> dict[str, tuple[str, int]]:
    """Purpose and amount of every order that is not cancelled, by key."""
    return {o.key: (o.purpose, o.amount_fen) for o in orders_of(office) if o.status != "cancelled"}


def shown(case: Case) -> dict[str, object]:
    """The data of the case as its steps left them."""
    data: dict[str, object] = {}
    for row in case.told():
        data.update(orjson.loads(row.outcome))
    return data


def reasons(case: Case) -> list[str]:
    """The codes of the determination, in order."""
    found: dict[str, list[dict[str, str]]] = shown(case)["determination"]  # type: ignore[assignment]
    return [each["code"] for each in found["reasons"]]


# ---- the paths


@pytest.mark.req("CLAIM-08", "MONEY-02")
def test_every_path_pays_one_relative_or_tells_them_why_not(
    office: Office, afresh: Callable[[], None]
) -> None:
    ends = set()
    for case, path in every_path(lambda: a_death_grant(office), detours=2, afresh=afresh):
        ends.add(case.ended_in)
        row, paid = row_of(case), bool(live(office))
        granted = case.ended_in == "death_grant_ordered"
        assert paid == granted, str(path)
        assert (
            row.status
            == {
                "death_grant_ordered": "granted",
                "death_grant_refused": "refused",
                "application_withdrawn": "withdrawn",
            }[case.ended_in]
        ), str(path)
        letter = {"granted": "decision", "refused": "refusal", "withdrawn": "withdrawal"}[row.status]
        assert case.letters() == [f"death-grant-{letter}"], str(path)
        done = [case.hands()[step] for step in STEPS if step in case.hands()]
        assert len(set(done)) == len(done), str(path)
        assert not granted or len(done) == 3, str(path)

    assert ends == {"death_grant_ordered", "death_grant_refused", "application_withdrawn"}


@pytest.mark.req("MONEY-01", "MONEY-02")
@pytest.mark.parametrize("step", ["review_death_grant", "approve_death_grant"])
def test_who_accepted_it_neither_reviews_nor_approves_it(office: Office, step: str) -> None:
    case = a_death_grant(office, at=step)

    assert refused(case.tries("wangshouli", step, review_opinion="agree", approval="approve"))
    assert case.open_steps() == [step]


# ---- amounts


@pytest.mark.req("CLAIM-08")
def test_shandong_pays_a_thousand_and_ten_average_wages_and_the_undrawn_months(office: Office) -> None:
    case = a_death_grant(office).goes_on()

    assert case.ended_in == "death_grant_ordered"
    grant, dead = grant_of(office), actor(office, "zheng").id
    assert live(office) == {
        f"death:{dead}:funeral": ("funeral", 100_000),
        f"death:{dead}:dependants": ("dependants", 7_500_000),
        f"family:benefit:{grant.id}:2025-09": ("family_benefit", 100_000),
        f"family:benefit:{grant.id}:2025-10": ("family_benefit", 100_000),
    }
    assert {order.payee_id for order in orders_of(office)} == {actor(office, "li").id}
    assert reasons(case) == [
        "died_on_benefit", "death_grant", "death_dependants", "funeral_none", "undrawn_months",
    ]  # fmt: skip
    letter = case.letter("death-grant-decision")
    for said in ("1000.00", "75000.00", "2025-09 1000.00元；2025-10 1000.00元", "社会保险法第四十九条", "行政复议",
                 "鲁劳社〔2003〕53号", "待主管部门确认", "郑守田"):  # fmt: skip
        assert said in letter, said
    assert case.recipients("death-grant-decision") == [f"person:{actor(office, 'li').id}"]
    assert grant.paid_through == "2025-10" and grant.months_paid == 2


@pytest.mark.req("CLAIM-08")
def test_chongqing_pays_six_and_ten_months_of_the_standard_at_the_death(office: Office) -> None:
    with office.store.transaction() as session:
        session.add(
            BenefitGrant(
                origin="import",
                person_id=actor(office, "zheng").id,
                region_code="500000",
                applied_on=date(2023, 1, 5),
                granted_on=date(2023, 1, 10),
                first_month="2023-02",
                months=12,
                months_paid=4,
                paid_through="2023-05",
                monthly_fen=168_000,
                determination="{}",
                status="stopped",
                ended_ground="ST9",
                ended_on=date(2023, 6, 20),
            )
        )
    case = a_death_grant(office)
    found = shown(case)

    assert (found["funeral_fen"], found["dependants_fen"]) == (1_008_000, 1_680_000)
    assert (found["unpaid_fen"], found["unpaid_months"]) == (168_000, "2023-06")
    said: dict[str, list[dict[str, str]]] = found["determination"]  # type: ignore[assignment]
    assert "重庆市失业保险条例" in next(
        each["source"] for each in said["reasons"] if each["code"] == "death_grant"
    )


@pytest.mark.req("CLAIM-08")
@pytest.mark.parametrize("fund", ["pension", "injury"])
def test_a_funeral_grant_drawn_elsewhere_is_not_paid_again_but_the_rest_is(office: Office, fund: str) -> None:
    case = a_death_grant(office, other_fund=fund).goes_on()

    assert case.ended_in == "death_grant_ordered"
    assert sorted(purpose for purpose, _fen in live(office).values()) == [
        "dependants", "family_benefit", "family_benefit",
    ]  # fmt: skip
    assert f"funeral_{fund}" in reasons(case)
    assert "只能" in case.letter("death-grant-decision") or "不再支付" in case.letter("death-grant-decision")


# ---- who is not due


@pytest.mark.req("CLAIM-08")
@pytest.mark.parametrize(
    ("changed", "died_on", "code"),
    [
        ({"status": "stopped", "ended_ground": "ST1", "ended_on": date(2025, 9, 10)}, "2025-10-20", "died_after_stop"),
        ({"first_month": "2024-01", "months": 3, "months_paid": 3, "paid_through": "2024-03", "status": "used_up"},
         "2025-10-20", "died_after_benefit"),
        ({"first_month": "2025-11"}, "2025-10-20", "died_before_benefit"),
    ],
)  # fmt: skip
def test_a_death_outside_the_time_of_benefit_is_refused_with_the_reason(
    office: Office, changed: dict[str, object], died_on: str, code: str
) -> None:
    usual = {"first_month": "2025-09", "months": 12}
    with office.store.transaction() as session:
        session.add(
            BenefitGrant(
                origin="import",
                person_id=actor(office, "zheng").id,
                region_code="371500",
                applied_on=date(2025, 8, 5),
                granted_on=date(2025, 8, 10),
                monthly_fen=163_800,
                determination="{}",
                **{**usual, **changed},
            )
        )
    register_dead(office, died_on)
    case = a_death_grant(office)

    assert code in reasons(case)
    assert (shown(case)["funeral_fen"], shown(case)["dependants_fen"]) == (0, 0)
    if not shown(case)["due"]:
        assert case.goes_on().ended_in == "death_grant_refused"
        assert "社会保险法第四十九条" in case.letter("death-grant-refusal")
        assert live(office) == {}


@pytest.mark.req("CLAIM-08")
def test_a_death_that_nobody_knows_of_pays_nothing_until_it_is_registered(office: Office) -> None:
    a_death(office, known="")
    case = a_death_grant(office)
    assert reasons(case) == ["death_not_confirmed"]
    assert shown(case)["deceased"]["benefit"].startswith("自2025-09起领取")  # type: ignore[index]

    register_dead(office, "2025-10-20")
    case.answers("check_application", intake_opinion="again", intake_note="今日已登记，请重新核对").goes_on()

    assert case.ended_in == "death_grant_ordered"
    assert grant_of(office).status == "stopped"
    assert grant_of(office).ended_on == date(2025, 10, 20)


@pytest.mark.req("CLAIM-08")
def test_the_roster_proves_a_death_and_a_day_ahead_proves_none(office: Office) -> None:
    a_death(office, known="")
    _on_roster(office, date(2025, 10, 21))
    assert shown(a_death_grant(office))["death_day"] == "2025-10-21"

    register_dead(office, "2025-12-24")
    assert shown(a_death_grant(office, "lin"))["death_day"] == "2025-10-21"


@pytest.mark.req("CTRL-01")
def test_production_pays_no_grant_on_a_figure_that_nobody_confirmed(office: Office) -> None:
    strict = replace(office, settings=replace(office.settings, production=True))
    case = a_death_grant(office, at="approve_death_grant")

    outcome = Case(office=strict, id=case.id, subject="li").tries(
        "sunshenpi", "approve_death_grant", approval="approve"
    )

    assert refused(outcome) == ("unverified_parameter",)
    assert live(office) == {}


# ---- one death, one grant


@pytest.mark.req("MONEY-05")
def test_of_two_relatives_the_first_to_be_approved_is_paid_and_neither_learns_who_the_other_is(
    office: Office,
) -> None:
    first = a_death_grant(office, "li")
    outcome = apply_after_death(office, "lin", relation="child")
    second = opened(office, outcome, subject="lin")
    assert isinstance(outcome, Done) and "1 名亲属" in outcome.message
    assert "李国强" not in outcome.message and "配偶" not in outcome.message
    first.goes_on(until="approve_death_grant")
    second.goes_on()
    before = live(office)

    assert first.goes_on().ended_in == "death_grant_refused"
    assert second.ended_in == "death_grant_ordered"
    assert live(office) == before
    refusal = first.letter("death-grant-refusal")
    assert "另一名亲属" in refusal and PEOPLE["lin"].name not in refusal
    assert refused(apply_after_death(office, "bo")) == ("death_grant_given",)


@pytest.mark.req("MONEY-05")
def test_the_database_keeps_a_second_grant_of_one_death_out(office: Office) -> None:
    first, second = a_death_grant(office, "li"), a_death_grant(office, "lin")
    first.goes_on()

    with pytest.raises(Exception, match="uq_death_grant_granted"), office.store.transaction() as session:
        session.execute(
            text(
                "UPDATE death_grant SET status = 'granted', died_on = '2025-10-20', funeral_fen = 1, dependants_fen = 1"
                " WHERE case_id = :case"
            ),
            {"case": second.id},
        )


@pytest.mark.req("CLAIM-08")
def test_the_same_relative_applies_once_at_a_time_and_again_after_it_is_over(office: Office) -> None:
    case = a_death_grant(office)
    assert refused(apply_after_death(office)) == ("claim_open",)

    ended = terminate_case(office, actor(office, "sunshenpi"), case.id, why="申请人来电要求终止")

    assert isinstance(ended, Done), ended
    assert row_of(case).status == "withdrawn"
    assert a_death_grant(office).goes_on().ended_in == "death_grant_ordered"


# ---- a month of the dead is paid once


def put_months(office: Office, random: Random) -> tuple[BenefitGrant, list[str]]:
    """A benefit that ended by death in the fifth month; each month until then in some state, those ordered first."""
    states = [
        random.choice(("paid", "sent", "ordered", "held", "returned")) for _ in range(random.randrange(6))
    ]
    states.sort(key=("paid", "sent", "ordered", "held", "returned").index)
    tail = [random.choice(("none", "cancelled")) for _ in range(5 - len(states))]
    with office.store.transaction() as session:
        grant = BenefitGrant(
            origin="import",
            person_id=actor(office, "zheng").id,
            region_code="371500",
            applied_on=date(2025, 11, 3),
            granted_on=date(2025, 11, 3),
            first_month="2025-06",
            months=12,
            months_paid=len(states),
            paid_through=str(Month(2025, 5).plus(len(states))) if states else None,
            monthly_fen=100_000,
            determination="{}",
            status="stopped",
            ended_ground="ST9",
            ended_on=date(2025, 10, 20),
        )
        session.add(grant)
        session.flush()
        made = [*states, *tail]
        for step in ("paid", "sent", "ordered", "held", "returned", "cancelled"):
            numbers = [_ordered(session, office, grant, at) for at, state in enumerate(made) if state == step]
            if numbers:
                _moved(session, office, step, numbers)
    return grant, made


def _ordered(session, office, grant, at) -> int:  # type: ignore[no-untyped-def]
    month = Month(2025, 6).plus(at)
    order_month(session, office, grant, month, Money(100_000))
    key = f"benefit:{grant.id}:{month}"
    return session.scalars(select(PaymentOrder.id).where(PaymentOrder.key == key)).one()  # type: ignore[no-any-return]


def _moved(session, office, step, numbers) -> None:  # type: ignore[no-untyped-def]
    now = office.clock()
    if step == "paid":
        pay_waiting(session, office, region="371500", number="PR-PAID")
    elif step == "sent":
        payments.prepare_batch(session, region="371500", number="PR-SENT", actor=SYSTEM, now=now)
        payments.record_sample(session, "PR-SENT", actor=HANDS[0], now=now)
        payments.certify(session, "PR-SENT", actor=HANDS[1], now=now)
        payments.release(session, office.vault, "PR-SENT", actor=HANDS[2], now=now)
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.key == "PR-SENT")).one()
        outbox.mark_sent(session, message.id, now=now, receipt="试")
    for number in numbers:
        if step == "held":
            payments.hold(session, order_id=number, reason="疑点", actor=SYSTEM, now=now)
        elif step == "cancelled":
            payments.cancel(session, order_id=number, reason="误停", actor=SYSTEM, now=now)
        elif step == "returned":
            for status in ("batched", "sent", "returned"):
                session.execute(
                    text("UPDATE payment_order SET status = :status WHERE id = :id"),
                    {"status": status, "id": number},
                )


def bank_answers(office: Office, *, paid: bool) -> None:
    """The bank pays the batch that it has, or sends all of it back."""
    with office.store.transaction() as session:
        if paid:
            message = session.scalars(select(OutboxMessage).where(OutboxMessage.key == "PR-SENT")).one()
            file = payments.open_bank_file(office.vault, orjson.loads(message.payload))
            payments.take_receipt(
                session, office.vault, TestBank().answer(file), actor=SYSTEM, now=office.clock()
            )
            return
        batch = "batch_id = (SELECT id FROM payment_batch WHERE number = 'PR-SENT')"
        session.execute(text(f"UPDATE payment_line SET status = 'returned' WHERE {batch}"))
        session.execute(
            text(
                "UPDATE payment_order SET status = 'returned' WHERE id IN "
                f"(SELECT order_id FROM payment_line WHERE {batch})"
            )
        )


def months_owed(office: Office) -> Iterator[tuple[str, list[PaymentOrder]]]:
    """Each month with its orders that are not cancelled, whoever they go to."""
    found: dict[str, list[PaymentOrder]] = {str(Month(2025, 6).plus(at)): [] for at in range(5)}
    for order in orders_of(office):
        if order.month and order.status != "cancelled":
            found[order.month].append(order)
    return iter(found.items())


@pytest.mark.req("MONEY-05")
@pytest.mark.parametrize("seed", range(24))
def test_whatever_became_of_the_orders_each_month_of_the_dead_is_owed_exactly_once(
    office: Office, seed: int
) -> None:
    random = Random(seed)
    _grant, made = put_months(office, random)
    dead, li = actor(office, "zheng").id, actor(office, "li").id
    case = a_death_grant(office).goes_on()

    if "sent" in made:
        assert case.status == "running" and "答复" in case.letter("death-grant-decision")
        case.wait_until("2025-11-10")
        assert case.status == "running"
        came_back = random.random() < 0.6
        bank_answers(office, paid=not came_back)
        case.wait_until("2025-11-20")
    else:
        came_back = False

    assert case.ended_in == "death_grant_ordered", made
    for (month, orders), state in zip(months_owed(office), made, strict=True):
        assert [order.amount_fen for order in orders] == [100_000], (seed, month, made)
        own = state == "paid" or (state == "sent" and not came_back)
        assert orders[0].payee_id == (dead if own else li), (seed, month, made)
        assert orders[0].purpose == ("benefit" if own else "family_benefit")
    settled = live(office)
    a_month_runs(office)
    assert live(office) == settled


def a_month_runs(office: Office) -> None:
    """The month run of November over the region."""
    run = start_month_run(office, actor(office, "wangshouli"), month="2025-11")
    assert isinstance(run, MonthRunView), run
    drive(office, run.run_id, say=lambda _done, _total: None)


def paid_two_months(office: Office, person: str) -> BenefitGrant:
    """Somebody who was paid July and August at a thousand, died in August, and whose card account is known."""
    who = actor(office, person).id
    with office.store.transaction() as session:
        grant = BenefitGrant(
            origin="import", person_id=who, region_code="371500", applied_on=date(2025, 6, 3),
            granted_on=date(2025, 6, 3), first_month="2025-07", months=12, months_paid=2, paid_through="2025-08",
            monthly_fen=163_800, determination="{}", status="stopped", ended_ground="ST9", ended_on=date(2025, 8, 20),
        )  # fmt: skip
        session.add(grant)
        session.flush()
        for month in (Month(2025, 7), Month(2025, 8)):
            order_month(session, office, grant, month, Money(100_000))
        told = office.registers.accounts.account(PEOPLE[person].id_number)
        assert told is not None
        index = office.vault.index(PEOPLE[person].id_number)
        keep_account(session, office.vault, told, person_index=index, day=office.today)
    return grant


@pytest.mark.req("MONEY-05")
def test_after_a_death_grant_no_later_raise_goes_to_the_account_of_the_dead(office: Office) -> None:
    paid_two_months(office, "zheng")
    other = paid_two_months(office, "feng")
    with office.store.transaction() as session:
        pay_waiting(session, office, region="371500", number="PR-PAID")
    assert a_death_grant(office).goes_on().ended_in == "death_grant_ordered"
    a_month_runs(office)
    with office.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE month_rate SET benefit_fen = benefit_fen - 1000"))

    a_month_runs(office)

    raised = [key for key in live(office) if key.startswith("raise:")]
    assert len(raised) == 2 and all(key.startswith(f"raise:{other.id}:") for key in raised), raised


@pytest.mark.req("CLAIM-09", "MONEY-05")
def test_what_was_paid_after_the_death_goes_to_recovery_and_the_month_of_the_death_stays(
    office: Office,
) -> None:
    a_death(office, died_on="2025-09-20", known="register")
    with office.store.transaction() as session:
        grant = session.scalars(select(BenefitGrant)).one()
        for month in (Month(2025, 9), Month(2025, 10)):
            order_month(session, office, grant, month, Money(100_000))
        grant.paid_through, grant.months_paid = "2025-10", 2
        pay_waiting(session, office, region="371500", number="PR-PAID")
    case = a_death_grant(office).goes_on().sweep()

    assert "report_overpayment" in case.history()
    with office.store.reading() as session:
        recovery = session.scalars(select(WorkflowCase).where(WorkflowCase.process_id == "recovery")).one()
    assert recovery.subject == f"person:{actor(office, 'zheng').id}"
    assert not [key for key in live(office) if key.startswith("family:")]


@pytest.mark.req("MONEY-04")
def test_the_ordinary_payment_run_pays_the_family_into_their_own_account(office: Office) -> None:
    a_death_grant(office).goes_on()

    run = a_payment_run(office, month="2025-11").goes_on().sweep()

    assert run.ended_in == "run_closed"
    assert {order.status for order in orders_of(office)} == {"paid"}
    assert {order.account_name for order in orders_of(office)} == {PEOPLE["li"].name}


# ---- who may apply


@pytest.mark.req("CTRL-07")
def test_one_sentence_whether_number_name_or_benefit_is_unknown_and_each_try_is_on_record(
    office: Office,
) -> None:
    a_death(office)
    asked = Asked(
        deceased_number=PEOPLE["zheng"].id_number, deceased_name=PEOPLE["zheng"].name, relation="spouse",
        other_fund="none", commitment=True,
    )  # fmt: skip
    wrong = (
        replace(asked, deceased_name="某某"),
        replace(asked, deceased_number=PEOPLE["bo"].id_number),
        replace(asked, deceased_number=PEOPLE["qin"].id_number, deceased_name=PEOPLE["qin"].name),
    )

    said = [apply_for_death_grant(office, actor(office, "li"), each) for each in wrong]

    texts = {each.faults["deceased_number"].text for each in said if isinstance(each, FieldFaults)}
    assert len(texts) == 1 and len(said) == 3
    with office.store.reading() as session:
        tried = session.scalars(select(AuditEvent).where(AuditEvent.action == "ACTION_REFUSED")).all()
        assert len(tried) == 3
        assert session.scalars(select(DeathGrant)).all() == []


@pytest.mark.req("CLAIM-05")
def test_what_is_wrong_is_said_at_its_field_and_nothing_begins(office: Office) -> None:
    a_death(office)
    nothing = Asked(
        deceased_number="1", deceased_name="", relation="", other_fund="", commitment=False, account="x1"
    )

    outcome = apply_for_death_grant(office, actor(office, "wangshouli"), nothing)

    assert isinstance(outcome, FieldFaults)
    assert set(outcome.faults) == {
        "deceased_number", "applicant_number", "relation", "other_fund", "commitment", "account",
    }  # fmt: skip
    assert all(each.text and each.text_en for each in outcome.faults.values())


@pytest.mark.req("CLAIM-05")
def test_without_a_card_the_applicant_gives_an_account_of_their_own(office: Office) -> None:
    a_death(office)
    register_says(office, "li", account=None)
    outcome = apply_after_death(office)
    assert isinstance(outcome, FieldFaults) and set(outcome.faults) == {"account"}

    case = opened(office, apply_after_death(office, account="6222 0202 0000 1234 567"), subject="li")

    assert shown(case)["account_masked"] == "6222***********4567"
    case.goes_on()
    assert {order.account_name for order in orders_of(office)} == {PEOPLE["li"].name}
    assert "6222020200001234567" not in str(shown(case))


def at_the_counter(
    office: Office, who: str, applicant: str = "li", **changed: str
) -> Done | FieldFaults | Refusal:
    """What came of a clerk's entering the application of the relative."""
    asked = Asked(
        deceased_number=PEOPLE["zheng"].id_number,
        deceased_name=PEOPLE["zheng"].name,
        relation="child",
        other_fund="none",
        commitment=True,
        applicant_number=PEOPLE[applicant].id_number,
        applicant_name=PEOPLE[applicant].name,
    )
    return apply_for_death_grant(office, actor(office, who), replace(asked, **changed))  # type: ignore[arg-type]


@pytest.mark.req("MONEY-01")
def test_intake_of_the_region_enters_it_at_the_counter_and_nobody_else(office: Office) -> None:
    a_death(office)
    for who in ("zhaofuhe", "sunshenpi", "youshouli", "wuchuna", "chenguanli"):
        assert isinstance(at_the_counter(office, who), Refusal), who
    unknown = at_the_counter(office, "wangshouli", applicant_name="某某")
    assert isinstance(unknown, FieldFaults) and set(unknown.faults) == {"applicant_number"}
    same = at_the_counter(office, "wangshouli", "zheng")
    assert isinstance(same, FieldFaults) and same.faults["deceased_number"].code == "applicant_is_deceased"

    done = at_the_counter(office, "wangshouli")

    case = opened(office, done, subject="li")
    assert row_of(case).entered_by == actor(office, "wangshouli").key
    assert case.started_with()["channel"] == "counter"
    assert case.goes_on().ended_in == "death_grant_ordered"


@pytest.mark.req("MONEY-01")
def test_a_clerk_enters_no_application_of_their_own_family(office: Office) -> None:
    a_death(office)
    with office.store.transaction() as session:
        # the clerk is, by number, the relative who applies
        session.execute(
            text(
                "UPDATE staff_member SET id_number_index = (SELECT id_number_index FROM person WHERE id = :person)"
                " WHERE login = 'wangshouli'"
            ),
            {"person": actor(office, "li").id},
        )
    try:
        assert refused(at_the_counter(office, "wangshouli")) == ("own_case",)
    finally:
        with office.store.transaction() as session:
            session.execute(
                text("UPDATE staff_member SET id_number_index = :index WHERE login = 'wangshouli'"),
                {"index": office.vault.index("371502198503124015")},
            )


# ---- letters to the family


def _letters(office: Office, who: str, case: Case) -> list[str]:
    seen = files.case_view(office, actor(office, who), case.id)
    assert isinstance(seen, CaseView), seen
    return [letter.title for letter in seen.letters]


@pytest.mark.req("CLAIM-11", "CTRL-07")
def test_the_family_reads_its_letters_once_intake_has_accepted_the_relative(office: Office) -> None:
    stop = a_hit(office, "zheng", ground="ST9", event_day="2025-10-20").answers(
        "answer_notice", answer_opinion="accept"
    )
    stop.answers("check_evidence", confirmed_day="2025-10-20").goes_on()
    assert stop.recipients("stop-decision") == [f"family:{actor(office, 'zheng').id}"]
    case = a_death_grant(office)
    assert _letters(office, "li", case) == []
    assert "停止发放失业保险金告知书" in _letters(office, "wangshouli", case)

    case.answers("check_application")

    assert "停止发放失业保险金告知书" in _letters(office, "li", case)
    number = stop_letter(office, stop)
    paper = printing.print_paper(office, actor(office, "li"), case.id, f"letter-{number}", shape="html")
    assert not isinstance(paper, Refusal) and "丧葬补助金" in paper.text
    assert isinstance(files.case_view(office, actor(office, "lin"), case.id), Refusal)
    assert isinstance(files.case_view(office, actor(office, "li"), stop.id), Refusal)


def stop_letter(office: Office, stop: Case) -> int:
    """The number of the decision that stopped the benefit."""
    with office.store.reading() as session:
        return session.scalars(
            select(Letter.id).where(Letter.case_id == stop.id, Letter.kind == "stop-decision")
        ).one()


@pytest.mark.req("CLAIM-11", "CTRL-07")
def test_intake_prints_a_letter_to_the_family_at_the_counter_and_leaves_a_trace(office: Office) -> None:
    stop = a_hit(office, "zheng", ground="ST9", event_day="2025-10-20").goes_on()
    number = stop_letter(office, stop)
    listed = death_lists.deaths(office, actor(office, "wangshouli"))
    assert isinstance(listed, death_lists.DeathList) and listed.counter
    (row,) = listed.page.rows
    assert number in [letter.letter_id for letter in row.letters]
    assert row.applications == ()

    paper = death_lists.print_family_letter(office, actor(office, "wangshouli"), number)

    assert not isinstance(paper, Refusal) and "致家属" in paper.text
    with office.store.reading() as session:
        printed = session.scalars(select(AuditEvent).where(AuditEvent.action == "PAPER_PRINTED")).all()
        assert [event.actor for event in printed] == [actor(office, "wangshouli").key]
    for who in ("zhaofuhe", "youshouli", "wuchuna", "li"):
        assert isinstance(death_lists.print_family_letter(office, actor(office, who), number), Refusal), who
    assert refused(death_lists.deaths(office, actor(office, "wuchuna"))) == ("no_post",)
    elsewhere = death_lists.deaths(office, actor(office, "youshouli"))
    assert isinstance(elsewhere, death_lists.DeathList) and elsewhere.page.rows == ()


@pytest.mark.req("CLAIM-11")
def test_an_ordinary_letter_is_not_printed_as_one_to_a_family(office: Office) -> None:
    case = a_death_grant(office).goes_on()
    with office.store.reading() as session:
        number = session.scalars(select(Letter.id).where(Letter.case_id == case.id)).first()

    outcome = death_lists.print_family_letter(office, actor(office, "wangshouli"), number or 0)

    assert refused(outcome) == ("no_such_paper",)


@pytest.mark.req("MONEY-04")
def test_a_month_run_says_that_families_may_still_claim(office: Office) -> None:
    a_death(office)
    run = start_month_run(office, actor(office, "wangshouli"), month="2025-11")
    assert isinstance(run, MonthRunView) and run.deaths_unclaimed == 1

    a_death_grant(office).goes_on()
    again = start_month_run(office, actor(office, "wangshouli"), month="2025-11")
    assert isinstance(again, MonthRunView) and again.deaths_unclaimed == 0


def register_dead(office: Office, day: str) -> None:
    """From now on the population register has the day of the death."""
    record = office.registers.population.person(PEOPLE["zheng"].id_number)
    assert record is not None
    register_says(office, "zheng", population=replace(record, deceased_on=date.fromisoformat(day)))


def _on_roster(office: Office, day: date) -> None:
    with office.store.transaction() as session:
        take_roster(
            session,
            [(office.vault.index(PEOPLE["zheng"].id_number), "ST9", day, "殡葬登记")],
            kind="population",
            region="371500",
            as_of=date(2025, 11, 1),
            digest="d" * 64,
            source="试",
            actor=SYSTEM,
            now=office.clock(),
        )


@pytest.mark.req("FLOW-01")
def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.assert_whole(office, "death_grant", request, least=20)
