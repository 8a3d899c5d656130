"""Recovery of overpaid benefit: told, heard, decided by two, booked, paid back, or given up by rule (CLAIM-13)."""

from __future__ import annotations

from datetime import date

import pytest
from builders import Case, a_recovery, actor, opened, refused
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from walked import Walked

from engine.benefits import recovery, repayments
from engine.benefits.grants import stop_grant
from engine.benefits.recovery_plan import balance_of, overpaid_months, plan_of, plan_on_record
from engine.benefits.recovery_tables import Overpayment
from engine.benefits.tables import BenefitGrant
from engine.cases import recoveries
from engine.cases.office import Office
from engine.cases.recovery_lists import RecoveryList, RecoveryView, recovery_view
from engine.cases.recovery_lists import recoveries as listed
from engine.cases.recovery_openers import order_month, overpaid_grant, pay_waiting
from engine.cases.steps import around
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.law.recovery import Overpayment as Owed
from engine.law.recovery import overpayment
from engine.money import payments
from engine.money.bank_statement import Statement, StatementLine
from engine.money.ledger import balance
from engine.money.payments import PaymentOrder
from engine.money.reconciliation import reconcile_bank, reconcile_business
from engine.store import outbox, verification
from engine.store.export import verify_database
from engine.tasks import CATALOGUE
from engine.values import SYSTEM, Money, Month
from engine.workflow.tables import WorkflowCase

LIAOCHENG = "371500"
INSTALMENTS = {"mode": "instalments", "instalment_count": "3", "first_due": "2025-11-20"}


def on_record(office: Office, case: Case) -> Overpayment:
    """The overpayment of the case."""
    with office.store.reading() as session:
        return session.scalars(select(Overpayment).where(Overpayment.case_id == case.id)).one()


def pays(
    office: Office, case: Case, fen: int, reference: str, *, who: str = "zhoukuaiji", day: str = ""
) -> object:
    """What came of recording that the bank has so much."""
    record = on_record(office, case)
    on = date.fromisoformat(day) if day else office.today
    return recoveries.record_repayment(
        office, actor(office, who), record.id, day=on, amount=Money(fen), reference=reference
    )


def booked(office: Office, account: str) -> str:
    """What stands on the account in Liaocheng today."""
    with office.store.reading() as session:
        return balance(session, account, LIAOCHENG, office.today).text


def unvouched(office: Office) -> list[str]:
    """What the trail does not vouch for, but for the chart: tests forget the events of setting up."""
    with pytest.MonkeyPatch.context() as patch, office.store.reading() as session:
        patch.setattr(verification, "SHOWN", 1000)
        broken = verify_database(session).broken
    return [each for each in broken if not each.startswith(("account ", "payment_purpose "))]


def agree(office: Office) -> bool:
    """Whether every open order stands on the books, in all regions."""
    with office.store.reading() as session:
        return reconcile_business(session, region="370000") == ()


# -- the worked examples of policy §4


@pytest.mark.req("CLAIM-13")
def test_three_months_of_1638_are_4914_told_month_by_month_decided_by_two_and_settled(office: Office) -> None:
    case = a_recovery(office)
    notice = case.letter("overpayment-notice")
    assert "4914.00" in notice
    assert [f"- {month}: " in notice for month in ("2025-07", "2025-08", "2025-09", "2025-10")] == [
        False, True, True, True,
    ]  # fmt: skip
    assert "2025-11-10" in notice, "five working days to state and defend"

    case.goes_on()

    assert case.timers()["await_money"] == "2025-12-03 23:59:59"
    decision = case.letter("recovery-decision")
    assert "60 日内申请行政复议" in decision
    assert "6 个月内提起行政诉讼" in decision
    hands = case.hands()
    record = on_record(office, case)
    assert (record.reviewed_by, record.decided_by) == (hands["review_recovery"], hands["approve_recovery"])
    assert booked(office, "1131") == "4914.00"
    assert isinstance(pays(office, case, 491_400, "BK20251103001"), Done)
    assert case.ended_in == "recovery_settled"
    assert case.letters()[-1] == "recovery-settled"
    assert on_record(office, case).status == "settled"
    assert booked(office, "1131") == "0.00"
    assert agree(office)


@pytest.mark.req("CLAIM-13")
@pytest.mark.parametrize(("event_day", "months"), [("2025-07-14", 3), ("2025-07-31", 3), ("2025-03-01", 7)])
def test_what_the_orders_say_is_what_the_law_says(office: Office, event_day: str, months: int) -> None:
    case = a_recovery(office, months=months, event_day=event_day)
    day = date.fromisoformat(event_day)

    law = overpayment(
        event_day=day,
        paid_until=Month.of(day).plus(months),
        monthly=Money(163_800),
        region=LIAOCHENG,
        day=office.today,
        book=office.book,
    )

    record = on_record(office, case)
    assert isinstance(law, Owed)
    assert record.amount_fen == law.amount.fen
    with office.store.reading() as session:
        found = overpaid_months(session, record.id)
    assert len(found) == law.months
    assert found[0].month == str(law.first_month)


@pytest.mark.req("CLAIM-13", "CTRL-06")
@pytest.mark.parametrize(
    ("region", "months", "monthly", "conduct", "broken", "reported"),
    [
        ("371500", 3, 163_800, "unintended", False, []),
        ("371500", 3, 163_800, "intentional", True, []),
        ("371500", 3, 163_800, "fraud", False, ["fraud"]),
        ("371500", 3, 163_800, "fraud", True, ["fraud", "national"]),
        ("500000", 2, 144_000, "intentional", False, ["local"]),
        ("500000", 1, 144_000, "intentional", False, []),
        ("500000", 2, 144_000, "unintended", False, []),
        ("500000", 7, 144_000, "unintended", True, ["national"]),
        ("500000", 7, 144_000, "unintended", False, []),
    ],
)
def test_conduct_is_reported_to_supervision_where_a_rule_is_met_and_listed_nowhere(
    office: Office, region: str, months: int, monthly: int, conduct: str, broken: bool, reported: list[str]
) -> None:
    with office.store.transaction() as session:
        who = actor(office, "li")
        grant = overpaid_grant(
            session,
            office,
            who.id,
            event_day=date(2025, 3, 14),
            months=months,
            monthly=Money(monthly),
            region=region,
            ground="ST1",
        )
        case = recoveries.begin_recovery(session, office, SYSTEM, grant)
        record = session.scalars(select(Overpayment).where(Overpayment.case_id == case.id)).one()
        decided(office, session, record, intentional=conduct != "unintended", fraud=conduct == "fraud")
        if broken:
            assert recovery.break_plan(session, record.id, actor=SYSTEM, now=office.clock())
        desk = around(office, session, SYSTEM)(case).desk

        found = CATALOGUE["examine_conduct"](desk, {"overpayment_id": record.id, "reported": []})
        again = CATALOGUE["examine_conduct"](desk, {"overpayment_id": record.id, **found})

        assert found["reported"] == reported
        assert found["report_conduct"] == ("yes" if reported else "no")
        assert again["report_conduct"] == "no", "each rule is reported once"
        assert session.scalar(text("SELECT count(*) FROM dishonesty_listing")) == 0


def decided(office: Office, session, record: Overpayment, *, mode="once", intentional=False, fraud=False):
    """The overpayment, decided by two people behind the case's back."""
    plan = () if mode == "offset" else plan_of(Money(record.amount_fen), count=1, first_day=office.today)
    return recovery.decide(
        session,
        record.id,
        mode=mode,
        plan=plan,
        intentional=intentional,
        fraud=fraud,
        reviewed_by="staff:2",
        decided_by="staff:4",
        actor=SYSTEM,
        now=office.clock(),
    )


# -- what is overpaid


@pytest.mark.req("CLAIM-13")
def test_nothing_is_claimed_where_nothing_was_paid_after_the_month_of_the_event(office: Office) -> None:
    case = a_recovery(office, months=0)

    assert case.ended_in == "nothing_overpaid"
    assert case.letters() == []


@pytest.mark.req("CLAIM-13", "MONEY-03")
def test_a_month_that_the_bank_still_has_is_waited_for_and_one_that_waits_is_cancelled(
    office: Office,
) -> None:
    who = actor(office, "li")
    with office.store.transaction() as session:
        grant = overpaid_grant(
            session, office, who.id, event_day=date(2025, 7, 14), months=1, monthly=Money(163_800),
            region=LIAOCHENG, ground="ST1",
        )  # fmt: skip
        order_month(session, office, grant, Month(2025, 9), Money(163_800))
        sent = session.scalars(select(PaymentOrder).where(PaymentOrder.month == "2025-09")).one()
        payments.prepare_batch(session, region=LIAOCHENG, number="PB-X", actor=SYSTEM, now=office.clock())
        order_month(session, office, grant, Month(2025, 10), Money(163_800))
        sent_id, grant_id = sent.id, grant.id
    outcome = recoveries.start_recovery(office, actor(office, "zhengneikong"), grant_id=grant_id)
    case = opened(office, outcome, subject="li")
    assert set(case.timers()) == {"bank_answered"}
    with office.store.transaction() as session:
        payments.dissolve_batch(session, "PB-X", reason="不发", actor=SYSTEM, now=office.clock())

    case.wait_until("2025-11-05")

    assert on_record(office, case).amount_fen == 163_800, "one month was really paid"
    with office.store.reading() as session:
        later = session.scalars(select(PaymentOrder).where(PaymentOrder.month >= "2025-09")).all()
        assert {order.status for order in later} == {"cancelled"}
        assert sent_id in {order.id for order in later}
    assert agree(office)


@pytest.mark.req("CLAIM-13")
def test_an_order_is_recovered_once_and_only_of_a_grant_that_was_stopped(office: Office) -> None:
    case = a_recovery(office)
    record = on_record(office, case)
    control = actor(office, "zhengneikong")

    assert refused(recoveries.start_recovery(office, control, grant_id=record.grant_id)) == (
        "recovery_exists",
    )
    assert refused(recoveries.start_recovery(office, control, grant_id=0)) == ("grant_not_stopped",)
    clerk = actor(office, "wangshouli")
    assert refused(recoveries.start_recovery(office, clerk, grant_id=record.grant_id))


@pytest.mark.req("CLAIM-13")
def test_a_stop_that_finds_money_gone_hands_over_by_message_in_the_region_of_the_grant(
    office: Office,
) -> None:
    who = actor(office, "li")
    with office.store.transaction() as session:
        grant = overpaid_grant(
            session, office, who.id, event_day=date(2025, 8, 5), months=2, monthly=Money(163_800),
            region="371502", ground="ST4",
        )  # fmt: skip
        told = {
            "person_id": who.id, "grant_id": grant.id, "ground": "ST4", "event_day": "2025-08-05",
            "from_region": "371502",
        }  # fmt: skip
        content = {"name": "overpayment_found", "correlation": str(grant.id), "payload": told}
        for key in ("stop/1", "stop/1"):
            outbox.put(session, kind="message", key=key, payload=content, now=office.clock())
    sweep_until_idle(office)

    with office.store.reading() as session:
        record = session.scalars(select(Overpayment)).one()
        case = session.get_one(WorkflowCase, record.case_id)
    assert (record.amount_fen, record.region_code, case.region_code) == (327_600, "371502", "371502")
    assert "享受基本养老保险待遇" in Case(office=office, id=case.id).letter("overpayment-notice")


# -- heard, reviewed, approved


@pytest.mark.req("CLAIM-13")
def test_whoever_says_nothing_is_not_waited_for(office: Office) -> None:
    case = a_recovery(office).wait_until("2025-11-10")

    assert case.open_steps() == ["propose_recovery"]
    assert case.goes_on().timers(), "the money is awaited"


@pytest.mark.req("CLAIM-13", "MONEY-02")
def test_what_was_no_overpayment_is_dropped_by_three_people_and_the_person_is_told(office: Office) -> None:
    case = a_recovery(office)
    case.answers("state_and_defend", statement_answer="object", statement="七月起我没有工作")
    case.answers("propose_recovery", proposal="drop", proposal_note="补缴上年欠费，不是重新就业")
    case.answers("review_recovery", review_opinion="return", review_note="请附记录")
    case.answers("propose_recovery", proposal="drop", proposal_note="补缴上年欠费，附缴费记录")
    case.answers("review_recovery")
    case.answers("approve_recovery", approval="return", approval_note="请写明月份")
    case.answers("propose_recovery", proposal="drop", proposal_note="补缴上年六月欠费")

    case.goes_on()

    assert case.ended_in == "found_unfounded"
    assert "补缴上年六月欠费" in case.letter("recovery-dropped")
    assert on_record(office, case).status == "dropped"
    assert booked(office, "1131") == "0.00"


@pytest.mark.req("MONEY-02")
@pytest.mark.parametrize(
    ("who", "step"), [("wangshouli", "review_recovery"), ("zhaofuhe", "approve_recovery")]
)
def test_nobody_reviews_or_approves_their_own_step(office: Office, who: str, step: str) -> None:
    case = a_recovery(office, at=step)

    assert refused(case.tries(who, step, review_opinion="agree", approval="approve"))
    assert on_record(office, case).status == "open"


@pytest.mark.req("CLAIM-13")
@pytest.mark.parametrize(
    ("changed", "code"),
    [({"instalment_count": "25"}, "instalment_count"), ({"first_due": "2025-11-03"}, "first_due_past")],
)
def test_a_plan_has_as_many_parts_as_the_policy_allows_and_begins_after_today(
    office: Office, changed: dict[str, str], code: str
) -> None:
    case = a_recovery(office, at="propose_recovery")
    case.answers("propose_recovery", **{**INSTALMENTS, **changed}).answers("review_recovery")

    outcome = case.tries("sunshenpi", "approve_recovery", approval="approve")

    assert refused(outcome) == (code,)


# -- paid back


@pytest.mark.req("CLAIM-13")
def test_instalments_are_reminded_then_noted_as_broken_and_may_still_be_paid(office: Office) -> None:
    case = a_recovery(office, at="propose_recovery").answers("propose_recovery", **INSTALMENTS).goes_on()
    record = on_record(office, case)
    with office.store.reading() as session:
        parts = [(str(part.due_on), part.amount_fen) for part in plan_on_record(session, record.id)]
    assert parts == [("2025-11-20", 163_800), ("2025-12-20", 163_800), ("2026-01-20", 163_800)]
    assert isinstance(pays(office, case, 100_000, "BK-1"), Done)
    assert case.status == "running"

    case.wait_until("2025-11-20")
    assert case.letters()[-1] == "recovery-reminder"
    assert "638.00 元**已到期未退" in case.letter("recovery-reminder")
    case.wait_until("2025-12-04")
    assert case.letters()[-1] == "recovery-broken"
    assert on_record(office, case).broken_at is not None
    assert "report_conduct" not in case.history(), "three months, no intent: no rule is met"

    assert isinstance(pays(office, case, 391_400, "BK-2"), Done)
    assert case.ended_in == "recovery_settled"
    assert case.letters().count("recovery-broken") == 1
    assert agree(office)


@pytest.mark.req("MONEY-03", "MONEY-05")
def test_the_bank_statement_finds_the_repayment_under_its_own_reference(office: Office) -> None:
    case = a_recovery(office).goes_on()
    pays(office, case, 100_000, "bk-77")
    month = Month.of(office.today)
    with office.store.reading() as session:
        paid = session.execute(
            text("SELECT number, total_fen FROM payment_batch ORDER BY id DESC LIMIT 1")
        ).one()
    lines = (
        StatementLine(day=office.today, reference=paid.number, amount=Money(-paid.total_fen)),
        StatementLine(day=office.today, reference="BK-77", amount=Money(100_000)),
    )
    statement = Statement(
        region=LIAOCHENG,
        first_day=month.first_day,
        last_day=month.last_day,
        opening=Money(0),
        closing=Money(100_000 - paid.total_fen),
        lines=lines,
    )

    with office.store.reading() as session:
        assert reconcile_bank(session, month=month, statement=statement, now=office.clock()) == ()


@pytest.mark.req("CLAIM-13", "MONEY-01")
def test_a_repayment_that_cannot_be_is_refused_and_books_nothing(office: Office) -> None:
    case = a_recovery(office).goes_on()
    wrong = (
        (491_401, "BK-1", "zhoukuaiji", "", "more_than_open"),
        (0, "BK-1", "zhoukuaiji", "", "more_than_open"),
        (100, "b:1", "zhoukuaiji", "", "reference_form"),
        (100, "BK-1", "zhoukuaiji", "2025-11-04", "repayment_day"),
        (100, "BK-1", "zhoukuaiji", "2025-11-02", "repayment_day"),
        (100, "BK-1", "wangshouli", "", "no_post"),
        (100, "BK-1", "wuchuna", "", "no_post"),
    )

    for fen, reference, who, day, code in wrong:
        assert code in refused(pays(office, case, fen, reference, who=who, day=day)), (fen, reference, who)

    assert booked(office, "1131") == "4914.00"


@pytest.mark.req("CLAIM-13", "MONEY-03")
def test_the_same_reference_books_once_and_other_content_under_it_is_refused(office: Office) -> None:
    case = a_recovery(office).goes_on()

    first, again = (pays(office, case, 100_000, "BK-9") for _ in range(2))
    other = pays(office, case, 100_001, "BK-9")

    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert refused(other) == ("reference_used",)
    assert booked(office, "1131") == "3914.00"


@pytest.mark.req("CLAIM-13", "MONEY-03")
def test_a_debt_is_offset_against_later_benefit_and_order_ledger_and_books_stay_equal(office: Office) -> None:
    case = a_recovery(office, months=1, at="propose_recovery")
    case.answers("propose_recovery", mode="offset").goes_on()
    assert case.letter("recovery-decision").count("从后续待遇中抵扣") == 2
    with office.store.transaction() as session:
        later = new_grant(session, office)
        for at in range(3):
            order_month(session, office, later, Month(2025, 11).plus(at), Money(163_800))

    case.sweep()

    with office.store.reading() as session:
        rows = session.scalars(
            select(PaymentOrder).where(PaymentOrder.month >= "2025-11").order_by(PaymentOrder.id)
        ).all()
        left = [(row.month, row.amount_fen, row.status) for row in rows if row.status != "cancelled"]
    assert left == [
        ("2026-01", 163_800, "ordered"),
        ("2025-11", 81_900, "ordered"),
        ("2025-12", 81_900, "ordered"),
    ]
    assert case.ended_in == "recovery_settled"
    assert "抵扣 1638.00 元" in case.letter("recovery-settled")
    assert booked(office, "1131") == "0.00"
    assert booked(office, "5101") == "6552.00", "one month that was due, and three later ones in full"
    assert agree(office)


@pytest.mark.req("CLAIM-13")
def test_what_is_kept_back_while_a_batch_is_made_settles_the_case_with_the_next_sweep(office: Office) -> None:
    case = a_recovery(office, months=1, monthly_fen=80_000, at="propose_recovery")
    case.answers("propose_recovery", mode="offset").goes_on()
    with office.store.transaction() as session:
        later = new_grant(session, office)
        order_month(session, office, later, Month(2025, 11), Money(163_800))
        asked = {"book": office.book, "actor": SYSTEM, "now": office.clock()}
        assert repayments.offset_waiting(session, office.vault, region="371400", **asked) == 0
        assert repayments.offset_waiting(session, office.vault, region="371500", **asked) == 1
        assert repayments.offset_waiting(session, office.vault, region="371500", **asked) == 0
    assert case.status == "running"

    case.sweep()

    assert case.ended_in == "recovery_settled"
    assert agree(office)


def new_grant(session, office: Office) -> BenefitGrant:
    """Li's next benefit, begun after the stop."""
    grant = BenefitGrant(
        origin="import", person_id=actor(office, "li").id, region_code=LIAOCHENG, applied_on=office.today,
        granted_on=office.today, first_month="2025-11", months=12, monthly_fen=163_800, determination="{}",
    )  # fmt: skip
    session.add(grant)
    session.flush()
    return grant


# -- given up


@pytest.mark.req("CLAIM-13", "MONEY-02")
def test_a_small_rest_is_written_off_after_a_year_by_two_people(office: Office) -> None:
    case = a_recovery(office, at="propose_recovery")
    case.answers("propose_recovery", conduct="fraud", conduct_evidence="伪造了离职记录").goes_on()
    pays(office, case, 490_000, "BK-5")
    record = on_record(office, case)
    clerk, boss = actor(office, "wangshouli"), actor(office, "sunshenpi")

    def propose(rule: str = "small") -> object:
        return recoveries.propose_write_off(office, clerk, record.id, rule=rule, evidence="催收三次未果")  # type: ignore[arg-type]

    assert refused(propose()) == ("not_small",)
    assert refused(propose("death")) == ("not_dead",)
    case.clock.now = case.clock.now.replace(year=2026, day=4)
    assert isinstance(propose(), Done)
    assert refused(propose()) == ("write_off_pending",)
    view = recovery_view(office, boss, record.id)
    assert isinstance(view, RecoveryView)
    (proposed,) = view.write_offs

    def judge(who, **said) -> object:
        return recoveries.judge_write_off(
            office,
            who,
            record.id,
            write_off_id=proposed.write_off_id,
            **{"approve": True, "why": "符合", **said},
        )

    assert refused(judge(clerk))
    assert isinstance(judge(boss), Done)
    assert on_record(office, case).status == "written_off"
    assert case.ended_in == "recovery_settled"
    assert (booked(office, "1131"), booked(office, "5108")) == ("0.00", "14.00")
    assert unvouched(office) == [], "the trail vouches for every row"
    assert refused(pays(office, case, 100, "BK-6")) == ("recovery_not_open",)


@pytest.mark.req("MONEY-03")
def test_the_database_itself_refuses_what_would_bend_a_recovery(office: Office) -> None:
    case = a_recovery(office).goes_on()
    pays(office, case, 100_000, "BK-1")
    columns = "overpayment_id, day, amount_fen, way, reference, entry_id, recorded_by, recorded_at"
    statements = (
        "UPDATE overpayment SET amount_fen = 1",
        "UPDATE overpayment SET status = 'settled', closed_at = now()",
        "UPDATE overpayment SET status = 'written_off', closed_at = now()",
        "UPDATE repayment SET amount_fen = 1",
        "DELETE FROM overpaid_month",
        "UPDATE instalment SET due_on = due_on + 1",
        f"INSERT INTO repayment ({columns}) SELECT overpayment_id, day, 391401, way, 'X',"
        " (SELECT min(id) FROM journal_entry), recorded_by, recorded_at FROM repayment",
    )

    for statement in statements:
        with pytest.raises(IntegrityError), office.store.transaction() as session:
            session.execute(text(statement))


# -- seen


@pytest.mark.req("CLAIM-13", "CTRL-07")
def test_the_open_sums_are_seen_by_age_in_ones_own_region(office: Office) -> None:
    case = a_recovery(office).goes_on()
    pays(office, case, 100_000, "BK-1")
    case.wait_until("2025-12-10")

    seen = listed(office, actor(office, "zhengneikong"))
    county = listed(office, actor(office, "shenxian"))

    assert isinstance(seen, RecoveryList)
    assert seen.open == "3914.00"
    assert [(age.first, age.count, age.open) for age in seen.ages if age.count] == [(31, 1, "3914.00")]
    assert seen.rows[0].behind == "3914.00"
    assert isinstance(county, RecoveryList)
    assert county.rows == ()
    assert refused(listed(office, actor(office, "chuliucheng"))) == ("not_money_duty",)
    record = on_record(office, case)
    assert refused(recovery_view(office, actor(office, "shenxian"), record.id)) == ("no_such_recovery",)


@pytest.mark.req("CLAIM-13")
def test_what_was_kept_back_of_a_month_that_is_not_due_is_overpaid_too(office: Office) -> None:
    case = a_recovery(office, months=1, at="propose_recovery")
    case.answers("propose_recovery", mode="offset").goes_on()
    with office.store.transaction() as session:
        later = new_grant(session, office)
        for month in (Month(2025, 11), Month(2025, 12)):
            order_month(session, office, later, month, Money(163_800))
        later_id = later.id
    case.sweep()
    with office.store.transaction() as session:
        pay_waiting(session, office, region=LIAOCHENG, number="PR-LATER")
        stop_grant(
            session, later_id, ground="ST1", event_day=date(2025, 11, 3), reason="又就业", actor=SYSTEM,
            now=office.clock(),
        )  # fmt: skip

    again = recoveries.start_recovery(office, actor(office, "zhengneikong"), grant_id=later_id)

    second = on_record(office, opened(office, again, subject="li"))
    assert second.amount_fen == 163_800, "half of December came by the bank, half paid the first debt"
    with office.store.reading() as session:
        assert balance_of(session, second, office.today).open.fen == 163_800


def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.keep(office)
    walked.assert_whole(office, "recovery", request, least=28)
