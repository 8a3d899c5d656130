"""Frauds planted among clean payees: each is caught by the rule or control that is named, and only with it (CTRL-04)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import orjson
import pytest
from frauds import DAY, REGIONS, World, undone
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from engine.cases import setup
from engine.cases.office import Office, open_office
from engine.config import Settings
from engine.duties import StaffMember, assign_post
from engine.money.batches import prepare_batch
from engine.oversight import risk
from engine.oversight.hits import report_hit, settle_hit
from engine.oversight.risk_expressions import RuleError, compile_condition
from engine.oversight.risk_rules import read_rules
from engine.oversight.risk_tables import RiskFlag, RiskRule
from engine.oversight.risk_versions import live_rules
from engine.store.audit import AuditEvent
from engine.store.declaration import DeclarationError
from engine.store.export import verify_database
from engine.values import SYSTEM, Actor, Refusal

pytestmark = [pytest.mark.slow, pytest.mark.req("CTRL-04")]

PASSWORD = "a-password-of-tests"
INSIDER = Actor(kind="staff", id=1, name="王守礼")
#: grant ids that a fraud makes suspicious
Planted = set[int]


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A seeded office with nobody but its staff and the cast."""
    from offices import FixedClock

    settings = Settings.from_env(
        {
            "DATABASE_URL": database_url,
            "CHANGLING_DATA": str(tmp_path_factory.mktemp("frauds")),
            "CHANGLING_SECRET": "5a" * 32,
        }
    )
    opened = open_office(settings, clock=FixedClock("2025-11-03T09:00+08:00"))
    setup.set_up(opened)
    setup.seed(opened, people=0, employers=0, seed=1, day=DAY, password=PASSWORD)
    yield opened
    opened.close()


def a_ghost(world: World) -> Planted:
    ghost = world.payee(known=False)
    world.roster()
    return {ghost.id}


def a_shared_account(world: World) -> Planted:
    return {world.payee(account="6217994510000123455").id, world.payee(account="6217994510000123455").id}


def an_account_changed_before_pay_day(world: World) -> Planted:
    return {world.payee(changed_on=date(2025, 11, 17)).id}


def an_account_of_another(world: World) -> Planted:
    return {world.payee(holder="370102198001010018").id}


def a_hidden_death(world: World) -> Planted:
    dead = world.payee()
    world.roster((world.index_of(dead), "ST9", date(2025, 8, 20), "殡葬登记"))
    return {dead.id}


def one_person_in_two_regions(world: World) -> Planted:
    twins = [world.payee(name="两地人", born=date(1979, 5, 5), region=each) for each in REGIONS[1:]]
    return {twin.id for twin in twins}


def an_insider_who_clears_a_hit(world: World) -> Planted:
    grant = world.payee()
    now = world.office.clock()
    hit = report_hit(
        world.session,
        grant,
        origin="list",
        ground="ST1",
        event_day=DAY,
        detail="某公司参保",
        actor=SYSTEM,
        now=now,
    )
    settle_hit(world.session, hit.id, status="cleared", why="已核实", actor=INSIDER, now=now)
    return {grant.id}


def a_back_dated_claim(world: World) -> Planted:
    return {world.payee(granted_on=date(2025, 10, 30)).id}


def a_clerk_paid_himself(world: World) -> Planted:
    clerk = "371502198503124015"
    own_card = world.payee(name="替身", holder=clerk)
    return {own_card.id}


def more_than_the_standard(world: World) -> Planted:
    account = "6217994510000777777"
    grant = world.payee(name="多领", account=account)
    world.order(grant, "2025-10", account=account, name="多领", fen=100, more=":补")
    return {grant.id}


def a_firm_that_lets_everybody_go(world: World) -> Planted:
    """Five claims whose registers tell of thirteen months at one employer, all left in July."""
    session, made = world.session, set()
    session.execute(text("SET LOCAL session_replication_role = replica"))
    for number in range(900, 905):
        grant = world.payee()
        facts = {
            "prefilled": {"employer_name": "空壳有限公司"},
            "exit_day": "2025-07-31",
            "months_paid": 12 + number % 2,
        }
        session.execute(
            text(
                """INSERT INTO workflow_case (id, case_key, version_id, process_id, region_code, subject, status, revision, state, started_by, started_at)
                    VALUES (:id, :key, 1, 'claim', '371502', :subject, 'completed', 0, '', 'system:0', '2025-08-01T09:00+08')"""
            ),
            {"id": number, "key": f"SL-{number}", "subject": f"person:{grant.person_id}"},
        )
        session.execute(
            text(
                """INSERT INTO workflow_history (case_id, element_id, name, kind, actor, at, outcome, on_behalf_of, duty)
                    VALUES (:id, 'gather_claim_facts', '', 'operation', 'system:0', now(), :facts, '', '')"""
            ),
            {"id": number, "facts": orjson.dumps(facts).decode()},
        )
        session.execute(
            text("UPDATE benefit_grant SET case_id = :id, origin = 'case' WHERE id = :grant"),
            {"id": number, "grant": grant.id},
        )
        made.add(grant.id)
    session.execute(text("SET LOCAL session_replication_role = DEFAULT"))
    session.expire_all()
    return made


FRAUDS: tuple[tuple[str, Callable[[World], Planted]], ...] = (
    ("unknown_to_population", a_ghost),
    ("shared_account", a_shared_account),
    ("account_changed_before_pay_day", an_account_changed_before_pay_day),
    ("holder_not_claimant", an_account_of_another),
    ("paid_after_death", a_hidden_death),
    ("two_regions", one_person_in_two_regions),
    ("hit_cleared_by_hand", an_insider_who_clears_a_hit),
    ("hit_cleared_outside_case", an_insider_who_clears_a_hit),
    ("back_dated", a_back_dated_claim),
    ("staff_account", a_clerk_paid_himself),
    ("amount_over_standard", more_than_the_standard),
    ("bulk_exits", a_firm_that_lets_everybody_go),
)


@pytest.mark.parametrize(("rule", "plant"), FRAUDS, ids=[rule for rule, _ in FRAUDS])
def test_a_fraud_is_flagged_by_its_rule_only_with_it_and_nobody_else_is(
    office: Office, rule: str, plant: Callable[[World], Planted]
) -> None:
    with undone(office) as world:
        for number in range(6):
            world.payee(region=REGIONS[number % 3])
        planted = plant(world)

        others = world.flagged(without=rule)
        found = world.flagged()

        assert {grant_id for grant_id, _ in found} == planted, "exactly what was planted"
        assert {by for _, by in found} == {rule}, "said by its rule alone once the others have spoken"
        assert {grant_id for grant_id, _ in others} <= planted, "somebody clean is flagged"


def test_every_shipped_rule_catches_a_fraud_that_is_planted_here(office: Office) -> None:
    shipped = read_rules(office.settings.processes_dir / "risk-rules.yaml", office.book)

    assert {rule.rule for rule in shipped} == {rule for rule, _ in FRAUDS}


@pytest.mark.req("CTRL-01")
def test_an_amount_raised_behind_the_programs_back_breaks_the_seal(office: Office) -> None:
    with undone(office) as world:
        world.payee()
        assert verify_database(world.session).ok

        world.session.execute(text("SET LOCAL session_replication_role = replica"))
        world.session.execute(text("UPDATE payment_order SET amount_fen = amount_fen + 100000"))
        world.session.expire_all()

        verdict = verify_database(world.session)
        assert not verdict.ok
        assert "payment_order" in verdict.text


@pytest.mark.req("MONEY-02")
def test_the_account_of_a_line_cannot_be_swapped_between_order_and_bank(office: Office) -> None:
    with undone(office) as world:
        world.payee(region="371502")
        batch = prepare_batch(world.session, region="371502", number="F1", actor=SYSTEM, now=office.clock())
        assert batch is not None
        thief = office.vault.index("6217994510000999999")

        with pytest.raises(IntegrityError, match="payment_line"), world.session.begin_nested():
            world.session.execute(text("UPDATE payment_line SET account_index = :to"), {"to": thief})
        with pytest.raises(IntegrityError, match="payment_order"), world.session.begin_nested():
            world.session.execute(text("UPDATE payment_order SET account_index = :to"), {"to": thief})
        order = world.payee(region="371525", months=("2025-10",))
        with pytest.raises(IntegrityError, match="账户不符"), world.session.begin_nested():
            world.session.execute(
                text(
                    """INSERT INTO payment_line (batch_id, line_no, order_id, amount_fen, account, account_index, account_name, status, return_code, return_reason)
                        SELECT :batch, 99, o.id, o.amount_fen, o.account, :to, o.account_name, 'waiting', '', '' FROM payment_order o WHERE o.payee_id = :payee"""
                ),
                {"batch": batch.id, "to": thief, "payee": order.person_id},
            )


@pytest.mark.req("MONEY-02")
def test_an_insider_gets_no_second_post_that_would_let_them_pay_alone(office: Office) -> None:
    with undone(office) as world:
        clerk = world.session.scalars(select(StaffMember).where(StaffMember.login == "wangshouli")).one()

        outcome = assign_post(
            world.session,
            office.duties,
            staff_id=clerk.id,
            duty="cashier",
            region="371500",
            day=DAY,
            by=SYSTEM,
        )
        assert isinstance(outcome, Refusal)
        with pytest.raises(IntegrityError), world.session.begin_nested():
            world.session.execute(
                text(
                    """INSERT INTO post (staff_id, duty, region_code, valid_from, assigned_by)
                        VALUES (:staff, 'cashier', '371500', '2025-11-03', 'staff:1')"""
                ),
                {"staff": clerk.id},
            )


def test_the_same_facts_are_flagged_once_and_new_ones_again(office: Office) -> None:
    with undone(office) as world:
        a_shared_account(world)
        assert world.screened().flagged == 2
        assert world.screened().flagged == 0

        world.payee(account="6217994510000123455")

        assert world.screened().flagged == 3, "one more on the account is another fact"


def test_a_trial_keeps_nothing_and_says_how_many_of_how_many(office: Office) -> None:
    with undone(office) as world:
        for _ in range(8):
            world.payee()
        planted = a_shared_account(world)
        world.screened(without="shared_account")
        rule = next(rule for rule in live_rules(world.session) if rule.rule == "shared_account")

        found = risk.trial(world.session, world.scope(), risk.written_of(rule))

        assert (found.flagged, found.payees, found.share) == (2, 10, 0.2)
        assert {example.grant_id for example in found.examples} == planted
        assert found.examples[0].facts == {"account_shared_by": 1}
        assert world.session.scalars(select(RiskFlag)).all() == []


def test_the_rate_at_which_clean_payees_are_flagged_is_on_record(office: Office) -> None:
    """Couples with one account and people with a new card are clean, and yet flagged: what the rules cost."""
    with undone(office) as world:
        for number in range(100):
            couple = f"62179945100{number // 25:08d}" if number % 25 < 2 else ""
            moved = date(2025, 11, 12) if number % 40 == 7 else None
            world.payee(region=REGIONS[0], account=couple, changed_on=moved, months=())

        made = world.screened()

        event = world.session.scalars(
            select(AuditEvent).where(AuditEvent.subject == f"risk_round:{made.id}")
        ).one()
        told = orjson.loads(event.after or "{}")
        assert (told["payees"], told["flagged"]) == (made.payees, made.flagged)
        by_rule = orjson.loads(made.outcome)
        assert sum(by_rule.values()) >= made.flagged > 0
        print(
            f"clean payees flagged: {made.flagged}/{made.payees} = {made.flagged / made.payees:.1%} {by_rule}"
        )


def test_a_faulty_rule_file_is_refused_with_file_and_line(office: Office, tmp_path: Path) -> None:
    shipped = (office.settings.processes_dir / "risk-rules.yaml").read_text("utf-8")
    for wrong, says in (
        ("hits_open > 5", "除 0 和 1 外"),
        ("no_such_fact > 0", "没有叫"),
        ("hits_open > control.no_such", "政策参数里没有"),
        ("__import__('os').system('x') == 0", "不能写"),
    ):
        file = tmp_path / "risk-rules.yaml"
        file.write_text(shipped.replace("when: hits_cleared_outside_case > 0", f"when: {wrong}"), "utf-8")
        line = next(n for n, each in enumerate(file.read_text("utf-8").splitlines(), 1) if wrong in each)

        with pytest.raises(DeclarationError, match=rf"risk-rules.yaml:{line}: .*{says}"):
            read_rules(file, office.book)


@given(st.text(alphabet="ab._()<>=!'\" 0189andortlm[]{}:,+-*%\n", max_size=60))
def test_no_text_is_run_or_breaks_the_reader(text_: str) -> None:
    """Whatever is typed is read as a condition or refused with a sentence; nothing else happens."""
    try:
        found = compile_condition(text_, {"a.b": "number"})
    except RuleError as error:
        assert str(error)
    else:
        assert set(found.figures) <= {"a.b"}


@pytest.mark.req("CTRL-04", "MONEY-02")
def test_the_database_itself_wants_a_second_person_for_a_rule(office: Office) -> None:
    with undone(office) as world:
        world.screened()
        kept = world.session.scalars(select(RiskRule).where(RiskRule.rule == "two_regions")).one()
        columns = {c.name: getattr(kept, c.name) for c in RiskRule.__table__.columns if c.name != "id"}
        draft = {**columns, "version": 2, "digest": "0" * 64, "status": "trial", "written_by": "staff:7"}
        draft |= {"approved_by": None, "approved_at": None}
        made = RiskRule(**draft)
        world.session.add(made)
        world.session.flush()
        with pytest.raises(IntegrityError, match="approved_by_another"), world.session.begin_nested():
            world.session.execute(
                text("UPDATE risk_rule SET approved_by = 'staff:7', approved_at = now() WHERE id = :id"),
                {"id": made.id},
            )
