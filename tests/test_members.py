"""Taking staff on and letting them go; posts under random hands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations

import pytest
from duties_builders import (
    BOOK,
    DAY,
    NOW,
    STAFF_DUTIES,
    VAULT,
    a_member,
    a_post,
    duties_database,
    staff_actor,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.duties import StaffMember, add_staff, assign_post, check_may, let_go, sign_in
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


def an_administrator(session: Session, region: str = "371500") -> Actor:
    staff_id = a_member(session, "guanli")
    outcome = assign_post(
        session, BOOK, staff_id=staff_id, duty="administrator", region=region, day=DAY, by=SYSTEM
    )
    assert not isinstance(outcome, Refusal)
    return staff_actor(staff_id)


def taken_on(session: Session, by: Actor, **changes: str) -> StaffMember | list[str]:
    """A new clerk, or the codes of why not."""
    fields = {"login": "xinren", "name": "新人", "region": "371525", "password": "zhengque-mima"} | changes
    outcome = add_staff(session, VAULT, day=DAY, by=by, **fields)
    return [reason.code for reason in outcome.reasons] if isinstance(outcome, Refusal) else outcome


def test_an_administrator_takes_on_a_clerk_who_signs_in_and_may_nothing_yet(session: Session) -> None:
    clerk = taken_on(session, an_administrator(session), login=" XinRen ")

    assert isinstance(clerk, StaffMember)
    actor = sign_in(session, login="xinren", password="zhengque-mima", now=NOW)
    assert isinstance(actor, Actor)
    assert actor.duties == frozenset()
    assert check_may(session, BOOK, actor, "intake", "371525", DAY) is not None


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"login": "王守礼"}, ["login_form"]),
        ({"login": "a\x00b"}, ["login_form"]),
        ({"login": "ab", "name": " ", "region": "3715"}, ["login_form", "name_form", "region_form"]),
        ({"name": "\x00"}, ["name_form"]),
        ({"login": "guanli"}, ["login_taken"]),
        ({"password": "short"}, ["password_weak"]),
        ({"id_number": "371502196506150018"}, ["id_number_check"]),
        ({"region": "371400"}, ["not_administrator"]),
        (
            {"region": "370000", "login": "guanli", "password": ""},
            ["not_administrator", "login_taken", "password_weak"],
        ),
    ],
)
def test_what_cannot_be_is_refused_with_every_reason(
    session: Session, changes: dict[str, str], codes: list[str]
) -> None:
    assert taken_on(session, an_administrator(session), **changes) == codes


def test_one_identity_number_is_one_member_of_staff(session: Session) -> None:
    administrator = an_administrator(session)
    assert isinstance(taken_on(session, administrator, id_number="11010519491231002X"), StaffMember)

    again = taken_on(session, administrator, login="linger", id_number="11010519491231002x")

    assert again == ["id_number_taken"]


@pytest.mark.req("MONEY-01")
def test_who_is_let_go_holds_and_does_nothing_from_that_day(session: Session) -> None:
    administrator = an_administrator(session)
    clerk = taken_on(session, administrator)
    assert isinstance(clerk, StaffMember)
    a_post(session, clerk.id, "intake", since=DAY - timedelta(days=9))
    a_post(session, clerk.id, "review", since=DAY + timedelta(days=9))

    outcome = let_go(session, staff_id=clerk.id, day=DAY, by=administrator)

    assert outcome is clerk
    assert check_may(session, BOOK, staff_actor(clerk.id), "intake", "371500", DAY) is not None
    assert isinstance(sign_in(session, login="xinren", password="zhengque-mima", now=NOW), Refusal)
    ends = session.execute(
        text("SELECT valid_from, valid_until FROM post WHERE staff_id = :s ORDER BY id"), {"s": clerk.id}
    )
    assert [tuple(row) for row in ends] == [
        (DAY - timedelta(days=9), DAY),
        (DAY + timedelta(days=9), DAY + timedelta(days=9)),
    ]


def test_letting_go_is_refused_whole(session: Session) -> None:
    """A post above the administrator's region keeps all posts as they are."""
    administrator = an_administrator(session)
    clerk = taken_on(session, administrator)
    assert isinstance(clerk, StaffMember)
    a_post(session, clerk.id, "intake")
    assign_post(session, BOOK, staff_id=clerk.id, duty="review", region="370000", day=DAY, by=SYSTEM)

    outcomes = [
        let_go(session, staff_id=staff_id, day=DAY, by=administrator)
        for staff_id in (clerk.id, administrator.id, 0)
    ]

    assert [outcome.reasons[0].code for outcome in outcomes if isinstance(outcome, Refusal)] == [
        "not_administrator",
        "own_post",
        "staff_unknown",
    ]
    assert (
        session.scalar(
            text("SELECT count(*) FROM post WHERE staff_id = :s AND valid_until IS NOT NULL"), {"s": clerk.id}
        )
        == 0
    )


_PERIODS = st.tuples(st.integers(0, 12), st.one_of(st.none(), st.integers(0, 8)))


@given(wanted=st.lists(st.tuples(st.sampled_from(STAFF_DUTIES), _PERIODS), min_size=2, max_size=7))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.req("MONEY-01")
def test_whatever_is_inserted_in_whatever_order_nobody_ever_holds_what_may_not_be_combined(
    database: Engine, wanted: list[tuple[str, tuple[int, int | None]]]
) -> None:
    kept: list[tuple[str, date, date]] = []
    with Session(database) as session:
        staff_id = a_member(session, "suiji")
        for duty, (offset, length) in wanted:
            since = DAY + timedelta(days=offset)
            until = None if length is None else since + timedelta(days=length)
            try:
                with session.begin_nested():
                    a_post(session, staff_id, duty, since=since, until=until)
                inserted = True
            except DBAPIError:
                inserted = False

            meets = [
                other
                for other, first, last in kept
                if max(first, since) < min(last, until or date.max) and BOOK.conflict(duty, other)
            ]
            assert inserted == (not meets)
            if inserted:
                kept.append((duty, since, until or date.max))
        session.rollback()

    for (a, first_a, last_a), (b, first_b, last_b) in combinations(kept, 2):
        assert max(first_a, first_b) >= min(last_a, last_b) or BOOK.conflict(a, b) is None
