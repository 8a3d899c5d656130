"""Signing staff in: passwords, the lock, and who they are today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

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
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.duties import DEMO_STAFF, check_may, reload_actor, seed_staff, set_password, sign_in
from engine.values import Actor, Refusal


@pytest.fixture(scope="module")
def database(server: str) -> Iterator[Engine]:
    with duties_database(server) as engine:
        yield engine


@pytest.fixture
def session(database: Engine) -> Iterator[Session]:
    with Session(database) as session:
        yield session
        session.rollback()


@pytest.mark.req("CTRL-07")
def test_five_wrong_passwords_lock_for_fifteen_minutes_even_against_the_right_one(session: Session) -> None:
    a_member(session, "suoding", password="zhengque-mima")

    codes = [
        outcome.reasons[0].code
        for _ in range(6)
        if isinstance(outcome := sign_in(session, login="suoding", password="cuo", now=NOW), Refusal)
    ]
    early = sign_in(
        session, login="suoding", password="zhengque-mima", now=NOW + timedelta(minutes=14, seconds=59)
    )
    later = sign_in(session, login="suoding", password="zhengque-mima", now=NOW + timedelta(minutes=15))

    assert codes == ["wrong_login"] * 5 + ["locked"]
    assert isinstance(early, Refusal)
    assert isinstance(later, Actor)


def test_a_right_password_forgets_earlier_failures(session: Session) -> None:
    a_member(session, "wangji", password="zhengque-mima")
    for _ in range(2):
        for _ in range(4):
            sign_in(session, login="wangji", password="cuo", now=NOW)

        assert isinstance(sign_in(session, login=" WangJi ", password="zhengque-mima", now=NOW), Actor)


def test_an_unknown_login_is_answered_like_a_wrong_password(session: Session) -> None:
    a_member(session, "zhidao", password="zhengque-mima")

    assert sign_in(session, login="buzhidao", password="x", now=NOW) == sign_in(
        session, login="zhidao", password="x", now=NOW
    )


@pytest.mark.parametrize("typed", ["\x00", "a\x00b", "\ud800", "' OR 1=1 --", "", "长" * 5000])
def test_whatever_is_typed_is_answered_without_a_failure(session: Session, typed: str) -> None:
    a_member(session, "putong", password="zhengque-mima")

    for login, password in ((typed, "x"), ("putong", typed), (typed, typed)):
        outcome = sign_in(session, login=login, password=password, now=NOW)
        assert isinstance(outcome, Refusal)
        assert outcome.reasons[0].code == "wrong_login"


def test_a_duty_taken_out_of_the_book_is_refused_with_a_sentence(session: Session) -> None:
    refusal = check_may(session, BOOK, staff_actor(1), "abolished", "371500", DAY)

    assert refusal is not None
    assert refusal.reasons[0].code == "duty_unknown"


def test_who_has_left_cannot_sign_in(session: Session) -> None:
    staff_id = a_member(session, "lizhi", password="zhengque-mima")
    session.execute(text("UPDATE staff_member SET active = false WHERE id = :s"), {"s": staff_id})

    outcome = sign_in(session, login="lizhi", password="zhengque-mima", now=NOW)

    assert isinstance(outcome, Refusal)
    assert outcome.reasons[0].code == "inactive"
    assert reload_actor(session, staff_id, DAY) is None


def test_the_day_of_signing_in_is_the_day_in_china(session: Session) -> None:
    staff_id = a_member(session, "shiqu", password="zhengque-mima")
    a_post(session, staff_id, "intake", since=DAY)
    evening_before_in_utc = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)

    actor = sign_in(session, login="shiqu", password="zhengque-mima", now=evening_before_in_utc)

    assert isinstance(actor, Actor)
    assert actor.duties == {"intake"}


def test_a_weak_password_is_refused(session: Session) -> None:
    staff_id = a_member(session, "ruomimaruomima")

    assert set_password(session, staff_id=staff_id, password="short") is not None
    assert set_password(session, staff_id=staff_id, password="RuoMiMaRuoMiMa") is not None
    assert set_password(session, staff_id=staff_id, password="zhengque-mima") is None


def test_the_demo_office_is_seeded_once_with_one_duty_each(session: Session) -> None:
    first = seed_staff(session, BOOK, VAULT, day=DAY, password="changling-demo")
    again = seed_staff(session, BOOK, VAULT, day=DAY, password="another")

    assert first == again
    duties = {demo.duty for demo in DEMO_STAFF if demo.region in ("371500", "370000")}
    assert duties == set(STAFF_DUTIES)
    for login, duty in (("wangshouli", "intake"), ("wuchuna", "cashier"), ("yangheyan", "verifier")):
        actor = sign_in(session, login=login, password="changling-demo", now=NOW)
        assert isinstance(actor, Actor)
        assert actor.duties == {duty}
