"""Leave substitution: what the use of it refuses, and what the database itself refuses to whoever writes by hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import permutations

import pytest
from duties_builders import (
    BOOK,
    DAY,
    NOW,
    PAIRS,
    STAFF_DUTIES,
    VAULT,
    a_member,
    a_post,
    duties_database,
    staff_actor,
)
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.duties import (
    acting_for,
    agencies_on,
    assign_post,
    check_may,
    end_agency,
    make_agency,
    sync,
)
from engine.values import SYSTEM, Refusal

#: written out, so that a kind that the engine forgets is missed here
KINDS = ("completed", "signed", "assisted")
BOTH_WAYS = [*PAIRS, *((b, a) for a, b in PAIRS)]
NEXT = DAY + timedelta(days=10)


@pytest.fixture(scope="module")
def database(server: str) -> Iterator[Engine]:
    with duties_database(server) as engine:
        yield engine


@pytest.fixture
def session(database: Engine) -> Iterator[Session]:
    with Session(database) as session:
        yield session
        session.rollback()


def two(session: Session, duty: str, substitutes: str = "") -> tuple[int, int]:
    """Who is away, with a post of that duty, and who stands in, with one of the other."""
    away, stands_in = a_member(session, "weituo"), a_member(session, "daili")
    a_post(session, away, duty)
    if substitutes:
        a_post(session, stands_in, substitutes)
    return away, stands_in


def by_hand(
    session: Session,
    away: int,
    stands_in: int,
    duty: str,
    *,
    since: date = DAY,
    until: date = NEXT,
    by: str = "x",
) -> None:
    """An agency written past every use-case."""
    session.execute(
        text(
            """INSERT INTO agency (principal_id, substitute_id, duty, region_code, valid_from, valid_until, why,
                   made_by, made_at) VALUES (:p, :s, :d, '371500', :f, :u, '出差', :by, :at)"""
        ),
        {"p": away, "s": stands_in, "d": duty, "f": since, "u": until, "by": by, "at": NOW},
    )


def a_hand(
    session: Session, actor: int, duty: str, *, behalf: int = 0, kind: str = "completed", case_id: int = 1
) -> None:
    session.execute(
        text(
            """INSERT INTO workflow_history (case_id, element_id, kind, actor, on_behalf_of, duty, at)
               VALUES (:c, 'step', :k, :a, :b, :d, :at)"""
        ),
        {"c": case_id, "k": kind, "a": f"staff:{actor}", "b": f"staff:{behalf}" if behalf else "", "d": duty, "at": NOW},
    )  # fmt: skip


def made(session: Session, away: int, stands_in: int, duty: str, **given: object) -> object:
    asked: dict[str, object] = {
        "region": "371500", "day": DAY, "until": NEXT, "longest_days": 92, "why": "出差",
        "by": staff_actor(away), "now": NOW,
    }  # fmt: skip
    return make_agency(
        session,
        BOOK,
        principal_id=away,
        substitute_id=stands_in,
        duty=duty,
        **{**asked, **given},  # type: ignore[arg-type]
    )


def code(outcome: object) -> str:
    return outcome.reasons[0].code if isinstance(outcome, Refusal) else "done"


@pytest.mark.req("MONEY-01")
@pytest.mark.parametrize(("duty", "held"), BOTH_WAYS)
def test_nobody_stands_in_beside_a_post_that_forbids_it(session: Session, duty: str, held: str) -> None:
    rule = BOOK.conflict(duty, held)
    away, stands_in = two(session, duty, held)

    assert code(made(session, away, stands_in, duty)) == (rule.code if rule else "done")
    session.rollback()
    away, stands_in = two(session, duty, held)
    if rule is None:
        by_hand(session, away, stands_in, duty)
    else:
        with pytest.raises(DBAPIError, match=rule.code):
            by_hand(session, away, stands_in, duty)


@pytest.mark.req("MONEY-01")
@pytest.mark.parametrize(("duty", "later"), BOTH_WAYS)
def test_nobody_is_given_a_post_beside_what_they_stand_in_for(
    session: Session, duty: str, later: str
) -> None:
    rule = BOOK.conflict(duty, later)
    away, stands_in = two(session, duty)
    by_hand(session, away, stands_in, duty)

    given = assign_post(session, BOOK, staff_id=stands_in, duty=later, region="371500", day=DAY, by=SYSTEM)
    assert code(given) == (rule.code if rule else "done")
    if rule is not None:
        with pytest.raises(DBAPIError, match=rule.code):
            a_post(session, stands_in, later)


@pytest.mark.req("MONEY-01")
@pytest.mark.parametrize(("first", "then"), BOTH_WAYS)
def test_nobody_stands_in_for_two_who_could_not_be_one(session: Session, first: str, then: str) -> None:
    rule = BOOK.conflict(first, then)
    away, stands_in = two(session, first)
    third = a_member(session, "dierge")
    a_post(session, third, then)
    by_hand(session, away, stands_in, first)

    assert code(made(session, third, stands_in, then)) == (rule.code if rule else "done")
    if rule is not None:
        with pytest.raises(DBAPIError, match=rule.code):
            by_hand(session, third, stands_in, then)


@pytest.mark.req("MONEY-02")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bound", ["substitute", "principal"])
def test_both_names_are_bound_by_every_kind_of_hand(session: Session, kind: str, bound: str) -> None:
    """For each pair of duties: who has done the one, in either name, does not stand under the other."""
    away, stands_in = two(session, "rectifier")
    who = stands_in if bound == "substitute" else away
    for number, (earlier, duty) in enumerate(permutations(STAFF_DUTIES, 2), start=1):
        session.execute(text("SET session_replication_role = replica"))
        a_hand(session, 777777, earlier, behalf=who, kind=kind, case_id=number)
        for staff_id, held in ((away, duty),):
            a_post(session, staff_id, held)
        by_hand(session, away, stands_in, duty)
        session.execute(text("SET session_replication_role = origin"))
        rule = BOOK.same_case(earlier, duty)

        found = acting_for(
            session,
            BOOK,
            staff_actor(stands_in),
            duty,
            "371500",
            DAY,
            case_id=number,
            holders=[f"staff:{away}"],
        )
        assert (found if isinstance(found, str) else found.reasons[0].code) == (
            rule.code if rule else f"staff:{away}"
        )
        assert (
            check_may(session, BOOK, staff_actor(stands_in), duty, "371500", DAY, case_id=number) is None
        ) == (rule is None)
        if rule is None:
            a_hand(session, stands_in, duty, behalf=away, case_id=number)
        else:
            with pytest.raises(DBAPIError, match=rule.code), session.begin_nested():
                a_hand(session, stands_in, duty, behalf=away, case_id=number)
        session.execute(text("SET session_replication_role = replica"))
        session.execute(text("DELETE FROM agency"))
        session.execute(text("DELETE FROM post WHERE duty <> 'rectifier'"))
        session.execute(text("SET session_replication_role = origin"))


@pytest.mark.req("MONEY-02")
def test_neither_of_the_two_acts_on_a_case_about_either(session: Session) -> None:
    away, stands_in = two(session, "review")
    by_hand(session, away, stands_in, "review")
    index = VAULT.index("371502198503124015")
    session.execute(
        text("UPDATE staff_member SET id_number_index = :x WHERE id = :s"), {"x": index, "s": away}
    )
    session.execute(text("INSERT INTO person VALUES (1, :x)"), {"x": index})
    session.execute(text("INSERT INTO workflow_case VALUES (1, 'person:1')"))

    found = acting_for(
        session, BOOK, staff_actor(stands_in), "review", "371500", DAY, subject="person:1", case_id=1
    )

    assert code(found) == "own_case"
    with pytest.raises(DBAPIError, match="own_case"):
        a_hand(session, stands_in, "review", behalf=away)


@pytest.mark.req("MONEY-01", "CTRL-01")
@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM agency", "不得删除"),
        ("UPDATE agency SET duty = 'approve'", "不得改动"),
        ("UPDATE agency SET valid_until = valid_until + 400", "不得改动"),
        ("UPDATE agency SET principal_id = substitute_id, substitute_id = principal_id", "不得改动"),
    ],
)
def test_an_agency_is_only_ever_ended(session: Session, statement: str, message: str) -> None:
    away, stands_in = two(session, "review")
    by_hand(session, away, stands_in, "review")

    with pytest.raises(DBAPIError, match=message):
        session.execute(text(statement))


@pytest.mark.req("MONEY-02")
@pytest.mark.parametrize(
    "how", ["none", "ended", "other_duty", "passed", "for_another", "principal_left", "substitute_left"]
)
def test_history_in_a_name_that_was_not_lent_is_refused_by_the_database(session: Session, how: str) -> None:
    away, stands_in = two(session, "review")
    other = a_member(session, "bieren")
    a_post(session, other, "review")
    if how != "none":
        since, until = (DAY - timedelta(days=9), DAY) if how == "passed" else (DAY, NEXT)
        session.execute(text("UPDATE post SET valid_until = NULL"))
        if how == "passed":
            session.execute(text("SET session_replication_role = replica"))
            by_hand(session, away, stands_in, "review", since=since, until=until)
            session.execute(text("SET session_replication_role = origin"))
        else:
            by_hand(session, away, stands_in, "review", since=since, until=until)
    if how == "ended":
        number = session.execute(text("SELECT id FROM agency")).scalar_one()
        assert (
            code(end_agency(session, agency_id=number, day=DAY, by=staff_actor(stands_in), now=NOW)) == "done"
        )
    if how == "principal_left":
        session.execute(text("UPDATE staff_member SET active = false WHERE id = :s"), {"s": away})
    if how == "substitute_left":
        session.execute(text("UPDATE staff_member SET active = false WHERE id = :s"), {"s": stands_in})

    duty = "intake" if how == "other_duty" else "review"
    with pytest.raises(DBAPIError, match=r"no_agency|no_post"):
        a_hand(session, stands_in, duty, behalf=other if how == "for_another" else away)
    session.rollback()


@pytest.mark.req("FLOW-06")
def test_an_agency_has_bounds_and_only_they_or_those_above_make_it(session: Session) -> None:
    away, stands_in = two(session, "review")
    far, admin, stranger = (
        a_member(session, "yuan", region="371400"),
        a_member(session, "guan"),
        a_member(session, "lu"),
    )
    a_post(session, admin, "administrator")

    assert code(made(session, away, stands_in, "review", until=DAY + timedelta(days=93))) == "agency_too_long"
    assert code(made(session, away, stands_in, "review", day=DAY - timedelta(days=1))) == "agency_in_past"
    assert code(made(session, away, stands_in, "review", why=" ")) == "why_missing"
    assert code(made(session, away, stands_in, "approve")) == "no_post"
    assert code(made(session, away, stands_in, "review", region="370000")) == "no_post"
    assert code(made(session, away, far, "review")) == "substitute_elsewhere"
    assert code(made(session, away, away, "review")) == "own_agency"
    assert code(made(session, away, stands_in, "review", by=staff_actor(stands_in))) == "own_agency"
    assert code(made(session, away, stands_in, "review", by=staff_actor(stranger))) == "not_administrator"
    assert code(made(session, away, stands_in, "review", by=staff_actor(admin))) == "done"
    assert [agency.principal_id for agency in agencies_on(session, stands_in, DAY)] == [away]
    assert agencies_on(session, stands_in, NEXT) == (), "the last day is the day before"
    with pytest.raises(DBAPIError, match="own_agency"):
        by_hand(session, away, stands_in, "review", by=f"staff:{stands_in}")


@pytest.mark.req("MONEY-01")
def test_standing_in_is_only_for_cases(session: Session) -> None:
    """Where nothing would remember the second name (opening cases, publishing, administering) it gives nothing."""
    away, stands_in = two(session, "analyst")
    by_hand(session, away, stands_in, "analyst")

    assert code(check_may(session, BOOK, staff_actor(stands_in), "analyst", "371500", DAY)) == "no_post"
    assert check_may(session, BOOK, staff_actor(stands_in), "analyst", "371500", DAY, case_id=1) is None


@pytest.mark.req("MONEY-01")
def test_a_new_rule_reports_the_agencies_that_it_forbids(session: Session) -> None:
    away, stands_in = two(session, "review", "cashier")
    session.execute(text("SET session_replication_role = replica"))
    by_hand(session, away, stands_in, "review")
    session.execute(text("SET session_replication_role = origin"))

    assert "business_finance" in {reason.code for reason in sync(session, BOOK)}


@pytest.mark.req("MONEY-01")
def test_an_agency_and_a_conflicting_post_at_the_same_moment_do_not_both_commit(database: Engine) -> None:
    with Session(database) as session, session.begin():
        away, stands_in = a_member(session, "tongshi.wei"), a_member(session, "tongshi.dai")
        a_post(session, away, "review")
    barrier, refused = threading.Barrier(2), []

    def act(what: str) -> None:
        with Session(database) as session:
            barrier.wait(timeout=10)
            try:
                by_hand(session, away, stands_in, "review") if what == "agency" else a_post(
                    session, stands_in, "cashier"
                )
                session.commit()
            except DBAPIError as error:
                refused.append(str(error.orig))

    threads = [threading.Thread(target=act, args=(what,)) for what in ("agency", "post")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert "business_finance" in refused[0]
