"""Posts, and acting on them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from duties_builders import (
    BOOK,
    DAY,
    VAULT,
    a_member,
    a_post,
    a_step,
    duties_database,
    staff_actor,
)
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.duties import (
    DutyBook,
    assign_post,
    check_may,
    covers,
    end_post,
    reload_actor,
    sync,
)
from engine.store.db import Store
from engine.values import SYSTEM, Actor, Refusal


@pytest.fixture(scope="module")
def database(server: str) -> Iterator[Engine]:
    with duties_database(server) as engine:
        yield engine


@pytest.fixture
def session(database: Engine) -> Iterator[Session]:
    with Session(database) as session:
        yield session
        session.rollback()


# --- posts ----------------------------------------------------------------------------------------


@pytest.mark.req("MONEY-01")
def test_conflicting_posts_one_after_the_other_are_allowed(session: Session) -> None:
    staff_id = a_member(session)
    a_post(session, staff_id, "intake", since=DAY, until=date(2026, 12, 1))

    a_post(session, staff_id, "cashier", since=date(2026, 12, 1))


@pytest.mark.req("MONEY-01")
def test_prolonging_a_post_into_a_conflicting_one_is_refused_by_the_database(session: Session) -> None:
    staff_id = a_member(session)
    a_post(session, staff_id, "intake", since=DAY, until=date(2026, 12, 1))
    a_post(session, staff_id, "cashier", since=date(2026, 12, 1))

    with pytest.raises(DBAPIError, match="business_finance"):
        session.execute(text("UPDATE post SET valid_until = '2026-12-02' WHERE duty = 'intake'"))


@pytest.mark.req("MONEY-01")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE post SET duty = 'cashier'",
        "UPDATE post SET valid_from = valid_from - 1",
        "UPDATE post SET region_code = '370000'",
        "DELETE FROM post",
    ],
)
def test_a_post_is_only_ever_ended(session: Session, statement: str) -> None:
    a_post(session, a_member(session), "intake")

    with pytest.raises(DBAPIError, match="岗位记录"):
        session.execute(text(statement))


@pytest.mark.parametrize("duty", ["claimant", "employer", "system"])
def test_a_lane_that_is_nobodys_post_cannot_be_assigned(session: Session, duty: str) -> None:
    staff_id = a_member(session)

    outcome = assign_post(session, BOOK, staff_id=staff_id, duty=duty, region="371500", day=DAY, by=SYSTEM)

    assert isinstance(outcome, Refusal)
    with pytest.raises(DBAPIError, match="不是工作人员岗位"):
        a_post(session, staff_id, duty)


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
@pytest.mark.req("MONEY-01")
def test_two_conflicting_posts_at_the_same_moment_do_not_both_commit(
    database: Engine, isolation: str
) -> None:
    with Session(database) as session, session.begin():
        staff_id = a_member(session, f"tongshi{isolation[:4].lower()}")
    barrier, refused = threading.Barrier(2), []

    def insert(duty: str) -> None:
        with Session(database.execution_options(isolation_level=isolation)) as session:
            session.execute(text("SELECT count(*) FROM post"))  # takes the snapshot before either inserts
            barrier.wait(timeout=10)
            try:
                a_post(session, staff_id, duty)
                session.commit()
            except DBAPIError as error:
                refused.append(str(error.orig))

    threads = [threading.Thread(target=insert, args=(duty,)) for duty in ("review", "accountant")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with Session(database) as session:
        held = session.scalar(text("SELECT count(*) FROM post WHERE staff_id = :s"), {"s": staff_id})
    assert (held, len(refused)) == (1, 1)


def test_assigning_the_same_post_again_gives_the_same_post(session: Session) -> None:
    staff_id = a_member(session)
    first = assign_post(session, BOOK, staff_id=staff_id, duty="intake", region="371500", day=DAY, by=SYSTEM)

    again = assign_post(session, BOOK, staff_id=staff_id, duty="intake", region="371500", day=DAY, by=SYSTEM)

    assert first is again


def test_only_an_administrator_of_the_city_or_above_assigns_and_never_to_themselves(session: Session) -> None:
    clerk, city, county, other = (a_member(session, login) for login in ("clerk", "city", "county", "other"))
    for admin, region in ((city, "371500"), (county, "371525"), (other, "371400")):
        assign_post(session, BOOK, staff_id=admin, duty="administrator", region=region, day=DAY, by=SYSTEM)

    def by(assigner: int, target: int) -> object:
        outcome = assign_post(
            session, BOOK, staff_id=target, duty="intake", region="371525", day=DAY, by=staff_actor(assigner)
        )
        return outcome.reasons[0].code if isinstance(outcome, Refusal) else "assigned"

    assert [by(clerk, other), by(county, clerk), by(other, clerk), by(city, city), by(city, clerk)] == [
        "not_administrator",
        "not_administrator",
        "not_administrator",
        "own_post",
        "assigned",
    ]


@pytest.mark.parametrize(
    ("region", "until", "code"),
    [
        ("3715", None, "region_form"),
        ("37150Ⅱ", None, "region_form"),
        ("３７１５００", None, "region_form"),
        ("371500", DAY, "period_empty"),
        ("371500", date(2020, 1, 1), "period_empty"),
    ],
)
def test_an_impossible_region_or_time_is_refused_with_a_sentence(
    session: Session, region: str, until: date | None, code: str
) -> None:
    outcome = assign_post(
        session,
        BOOK,
        staff_id=a_member(session),
        duty="intake",
        region=region,
        day=DAY,
        by=SYSTEM,
        until=until,
    )

    assert isinstance(outcome, Refusal)
    assert outcome.reasons[0].code == code


def test_a_post_that_overlaps_in_the_future_is_refused_now(session: Session) -> None:
    staff_id = a_member(session)
    a_post(session, staff_id, "cashier", since=date(2027, 1, 1))

    def assign(until: date | None) -> object:
        return assign_post(
            session, BOOK, staff_id=staff_id, duty="intake", region="371500", day=DAY, by=SYSTEM, until=until
        )

    assert isinstance(assign(None), Refusal)
    assert isinstance(assign(date(2027, 1, 2)), Refusal)
    assert not isinstance(assign(date(2027, 1, 1)), Refusal)


def test_a_new_rule_reports_the_posts_that_it_forbids(session: Session) -> None:
    staff_id = a_member(session)
    looser = DutyBook(
        classes=BOOK.classes, duties=BOOK.duties, bans=(), acts=BOOK.acts, own_case=BOOK.own_case
    )
    assert sync(session, looser) == ()
    a_post(session, staff_id, "accountant")
    a_post(session, staff_id, "cashier")

    reasons = sync(session, BOOK)

    assert [(reason.code, reason.fact) for reason in reasons] == [
        ("accountant_cashier", f"staff:{staff_id} 任 accountant、cashier")
    ]


# --- acting ---------------------------------------------------------------------------------------


@pytest.mark.req("CTRL-07")
@pytest.mark.parametrize(
    ("held", "asked", "reaches"),
    [
        ("371500", "371525", True),
        ("371500", "371500", True),
        ("371500", "371400", False),
        ("370000", "371525", True),
        ("370000", "500229", False),
        ("371525", "371500", False),
        ("371525", "371526", False),
        ("371000", "371002", True),
        ("371000", "371100", False),
        ("500000", "500229", True),
    ],
)
def test_a_post_reaches_its_region_and_what_lies_in_it(held: str, asked: str, reaches: bool) -> None:
    assert covers(held, asked) is reaches


@pytest.mark.req("CTRL-07")
def test_acting_needs_the_post_in_force_that_day_in_that_region(session: Session) -> None:
    staff_id = a_member(session)
    a_post(session, staff_id, "intake", since=DAY, until=DAY + timedelta(days=1))
    actor = staff_actor(staff_id)

    def code(duty: str, region: str, day: date) -> str:
        refusal = check_may(session, BOOK, actor, duty, region, day)
        return refusal.reasons[0].code if refusal else "may"

    assert code("intake", "371525", DAY) == "may"
    assert code("intake", "371400", DAY) == "other_region"
    assert code("review", "371500", DAY) == "no_post"
    assert code("intake", "371500", DAY + timedelta(days=1)) == "no_post"
    assert code("intake", "371500", DAY - timedelta(days=1)) == "no_post"
    session.execute(text("UPDATE staff_member SET active = false WHERE id = :s"), {"s": staff_id})
    assert code("intake", "371500", DAY) == "no_post"


def test_lanes_of_the_public_belong_to_their_own_kind(session: Session) -> None:
    claimant = Actor(kind="person", id=12, name="李国强")

    assert check_may(session, BOOK, claimant, "claimant", "371500", DAY) is None
    assert check_may(session, BOOK, claimant, "intake", "371500", DAY) is not None
    assert check_may(session, BOOK, staff_actor(1), "claimant", "371500", DAY) is not None
    assert check_may(session, BOOK, SYSTEM, "system", "371500", DAY) is None


@pytest.mark.req("MONEY-02")
def test_nobody_acts_on_their_own_case(session: Session) -> None:
    staff_id = a_member(session)
    a_post(session, staff_id, "intake")
    own, other = VAULT.index("371502198503124015"), VAULT.index("371502196506150017")
    session.execute(
        text("UPDATE staff_member SET id_number_index = :x WHERE id = :s"), {"x": own, "s": staff_id}
    )
    session.execute(text("INSERT INTO person VALUES (1, :x), (2, :y)"), {"x": own, "y": other})
    session.execute(text("INSERT INTO workflow_case VALUES (1, 'person:1'), (2, 'person:2')"))
    actor = staff_actor(staff_id)

    refusal = check_may(session, BOOK, actor, "intake", "371500", DAY, subject="person:1")

    assert refusal is not None
    assert refusal.reasons[0].code == "own_case"
    assert check_may(session, BOOK, actor, "intake", "371500", DAY, subject="person:2") is None
    a_step(session, staff_id, "intake", case_id=2)
    with pytest.raises(DBAPIError, match="own_case"):
        a_step(session, staff_id, "intake", case_id=1)


@pytest.mark.req("MONEY-01")
@pytest.mark.parametrize("duty", ["review", "", "claimant", "no_such_duty"])
def test_history_of_a_duty_not_held_is_refused_by_the_database(session: Session, duty: str) -> None:
    staff_id = a_member(session)
    a_post(session, staff_id, "intake")

    with pytest.raises(DBAPIError, match="no_post"):
        a_step(session, staff_id, duty)


@pytest.mark.req("MONEY-02")
def test_two_incompatible_steps_on_one_case_at_the_same_moment_do_not_both_commit(database: Engine) -> None:
    with Session(database) as session, session.begin():
        staff_id = a_member(session, "tongan")
        a_post(session, staff_id, "intake")
        a_post(session, staff_id, "review")
    barrier, refused = threading.Barrier(2), []

    def complete(duty: str) -> None:
        with Session(database) as session:
            barrier.wait(timeout=10)
            try:
                a_step(session, staff_id, duty, case_id=77)
                session.commit()
            except DBAPIError as error:
                refused.append(str(error.orig))

    threads = [threading.Thread(target=complete, args=(duty,)) for duty in ("intake", "review")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert "intake_review" in refused[0]


@pytest.mark.req("MONEY-01", "MONEY-02")
def test_the_migrated_database_keeps_the_guards(store: Store) -> None:
    with store.reading() as session:
        found = session.execute(
            text(
                """SELECT tgrelid::regclass::text, tgname FROM pg_trigger
                    WHERE tgname IN ('post_guard', 'workflow_history_duty') AND tgenabled = 'O'"""
            )
        )
        guards = {(table, name) for table, name in found}

    assert guards == {("post", "post_guard"), ("workflow_history", "workflow_history_duty")}


@pytest.mark.parametrize("actor", ["staff:007", "staff 7", "Staff:7", "staff:7;", "", "staff:"])
def test_history_with_a_misspelt_actor_does_not_slip_through(session: Session, actor: str) -> None:
    with pytest.raises(DBAPIError, match="办理人写法不对"):
        session.execute(
            text(
                """INSERT INTO workflow_history (case_id, element_id, kind, actor, duty, at)
                   VALUES (1, 'step', 'completed', :a, 'intake', now())"""
            ),
            {"a": actor},
        )


def test_history_of_the_public_and_of_automatic_steps_is_not_asked_for_a_post(session: Session) -> None:
    for kind, actor in (("completed", "person:1"), ("completed", "system:0"), ("operation", "staff:1")):
        session.execute(
            text(
                """INSERT INTO workflow_history (case_id, element_id, kind, actor, duty, at)
                   VALUES (1, 'step', :k, :a, 'claimant', now())"""
            ),
            {"k": kind, "a": actor},
        )


def test_an_ended_post_gives_nothing_from_that_day(session: Session) -> None:
    staff_id = a_member(session)
    post = assign_post(session, BOOK, staff_id=staff_id, duty="intake", region="371500", day=DAY, by=SYSTEM)
    assert not isinstance(post, Refusal)

    end_post(session, post_id=post.id, day=DAY + timedelta(days=1), by=SYSTEM)

    today, tomorrow = (reload_actor(session, staff_id, DAY + timedelta(days=n)) for n in (0, 1))
    assert today is not None
    assert tomorrow is not None
    assert (today.duties, tomorrow.duties) == (frozenset({"intake"}), frozenset())
