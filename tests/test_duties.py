"""Duties: the book, and every rule of it in every place that enforces it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from duties_builders import (
    BOOK,
    DAY,
    FILE,
    NOW,
    PAIRS,
    STAFF_DUTIES,
    a_member,
    a_post,
    a_step,
    duties_database,
    staff_actor,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.duties import DutyBook, assign_post, check_may
from engine.store.declaration import DeclarationError
from engine.values import SYSTEM, Refusal


@pytest.fixture(scope="module")
def database(server: str) -> Iterator[Engine]:
    with duties_database(server) as engine:
        yield engine


@pytest.fixture
def session(database: Engine) -> Iterator[Session]:
    with Session(database) as session:
        yield session
        session.rollback()


# --- the matrix: every pair of duties × every place that enforces ---------------------------------


def test_the_matrix_forbids_what_the_notices_forbid() -> None:
    """Counted by hand from policy.md §7.1, so that an edit of duties.yaml which loosens a rule shows."""
    business, finance = ("intake", "review", "approve", "rectifier"), ("accountant", "cashier")
    forbidden = [(b, f) for b in business for f in finance] + [("accountant", "cashier")]
    forbidden += [(b, "control") for b in business] + [(b, "data_steward") for b in business]
    forbidden += [(f, "control") for f in finance] + [(f, "data_steward") for f in finance]
    forbidden += [("data_steward", "control")]
    forbidden += [("administrator", other) for other in STAFF_DUTIES if other != "administrator"]
    forbidden += [("analyst", other) for other in (*business, *finance, "control", "data_steward")]

    assert [pair for pair in forbidden if BOOK.conflict(*pair) is None] == []
    assert [pair for pair in forbidden if BOOK.conflict(*reversed(pair)) is None] == []
    four_eyes = [
        ("intake", "review"),
        ("intake", "approve"),
        ("review", "approve"),
        ("provincial", "verifier"),
    ]
    assert [pair for pair in (*forbidden, *four_eyes) if BOOK.same_case(*pair) is None] == []
    assert [pair for pair in four_eyes if BOOK.conflict(*pair)] == []


@pytest.mark.parametrize(("a", "b"), PAIRS)
@pytest.mark.req("MONEY-01")
def test_assigning_a_second_duty_follows_the_book(session: Session, a: str, b: str) -> None:
    staff_id = a_member(session)
    first = assign_post(session, BOOK, staff_id=staff_id, duty=a, region="371500", day=DAY, by=SYSTEM)
    assert not isinstance(first, Refusal)

    outcome = assign_post(session, BOOK, staff_id=staff_id, duty=b, region="371500", day=DAY, by=SYSTEM)

    rule = BOOK.conflict(a, b)
    assert isinstance(outcome, Refusal) == (rule is not None)
    if rule is not None:
        assert isinstance(outcome, Refusal)
        assert (outcome.reasons[0].code, outcome.reasons[0].source) == (rule.code, rule.source)
        assert rule.source


@pytest.mark.parametrize(("a", "b"), [*PAIRS, *((b, a) for a, b in PAIRS)])
@pytest.mark.req("MONEY-01")
def test_the_database_follows_the_book_for_raw_inserts(session: Session, a: str, b: str) -> None:
    staff_id = a_member(session)
    a_post(session, staff_id, a)

    rule = BOOK.conflict(a, b)
    if rule is None:
        a_post(session, staff_id, b)
    else:
        with pytest.raises(DBAPIError, match=rule.code):
            a_post(session, staff_id, b)


@pytest.mark.parametrize(("a", "b"), [*PAIRS, *((b, a) for a, b in PAIRS)])
@pytest.mark.req("MONEY-02")
def test_nobody_does_two_incompatible_steps_on_one_case_whatever_posts_they_held_then(
    session: Session, a: str, b: str
) -> None:
    staff_id = a_member(session)
    a_post(session, staff_id, a, since=DAY, until=DAY + timedelta(days=1))
    a_post(session, staff_id, b, since=DAY + timedelta(days=1))
    a_step(session, staff_id, a)

    rule, later = BOOK.same_case(a, b), NOW + timedelta(days=1)
    a_step(session, staff_id, b, case_id=2, at=later)
    if rule is None:
        a_step(session, staff_id, b, at=later)
    else:
        refusal = check_may(
            session, BOOK, staff_actor(staff_id), b, "371500", DAY + timedelta(days=1), case_id=1
        )
        assert refusal is not None
        assert refusal.reasons[0].code == rule.code
        with pytest.raises(DBAPIError, match=rule.code):
            a_step(session, staff_id, b, at=later)


# --- the book -------------------------------------------------------------------------------------


def test_a_lane_is_found_by_its_chinese_name() -> None:
    assert (BOOK.duty_of_lane("受理岗"), BOOK.duty_of_lane(" 会计\n岗 ")) == (
        BOOK.duty("intake"),
        BOOK.duty("accountant"),
    )
    assert BOOK.duty_of_lane("王守礼") is None


@pytest.mark.req("CTRL-01")
def test_a_data_change_is_requested_and_approved_by_different_people() -> None:
    assert BOOK.act_conflict("request_data_change", "approve_data_change") is not None
    assert BOOK.act_conflict("approve_data_change", "request_data_change") is not None
    assert BOOK.act_conflict("request_data_change", "request_data_change") is None


@pytest.mark.parametrize(
    ("old", "new", "line_of", "message"),
    [
        ("against: [finance]", "against: [finnance]", "finnance", "没有类别「finnance」"),
        (
            "class: business, does: 受理",
            "class: busines, does: 受理",
            "class: busines,",
            "没有类别「busines」",
        ),
        ("id: review, lane", "id: intake, lane", "lane: 复核岗", "写了两次"),
        ("lane: 复核岗", "lane: 受理岗", "id: review,", "写了两次"),
        ("    when: post\n    classes", "    when: always\n    classes", "when: always", "when 应当是"),
        (
            "    source: 鲁人社函〔2020〕10号（八）；渝人社发〔2019〕169号三（四）2\n",
            "",
            "- id: business_finance",
            "缺少字段「source」",
        ),
        ("    verified: false", "    verified: maybe", "verified: maybe", "true 或 false"),
        ("    when: post\n    duties", "    whenn: post\n    duties", "whenn", "不认识的字段「whenn」"),
        ("own_case:\n  id", "own_cases:\n  id", "  id: own_case", "不认识的字段"),
        ("\nbans:\n", "\nbans: [\n", "- id: business_finance", "YAML 写法不对"),
        (
            "duties: [accountant]\n    against: [cashier]\n    text: 会",
            "duties: [cashier]\n    against: [cashier]\n    text: 会",
            "- id: accountant_cashier",
            "没有涉及",
        ),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line_of: str, message: str
) -> None:
    broken = tmp_path / "duties.yaml"
    good = FILE.read_text(encoding="utf-8")
    assert old in good
    bad = good.replace(old, new, 1)
    broken.write_text(bad, encoding="utf-8")

    with pytest.raises(DeclarationError) as caught:
        DutyBook.load(broken)

    line = bad[: bad.index(line_of)].count("\n") + 1
    assert str(caught.value).startswith(f"duties.yaml:{line}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"- a\n- b\n", b"a: \x00", b"classes: 3\nown_case: 4\n"]
)
def test_a_file_that_is_no_book_is_refused_without_a_traceback(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "duties.yaml"
    path.write_bytes(content)

    with pytest.raises(DeclarationError, match=r"duties\.yaml:1: "):
        DutyBook.load(path)
