"""Statements: both ends compute the same differences from the same two statements, and nothing else."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import a_transfer, actor, refused
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from two_offices import DEZHOU, LIAOCHENG, Pair, a_letter, messages

from engine.cases import correspondence
from engine.cases.exchange_statements import Differences
from engine.cases.office import Office
from engine.exchange import statements
from engine.exchange.differences import WHAT_NAMES, Difference, compare
from engine.exchange.statements import Stated, StatedMessage, StatedTransfer, parts_of
from engine.exchange.tables import ExchangeStatement
from engine.tasks.tables import RightsTransfer
from engine.values import SYSTEM

NOW = datetime(2025, 12, 1, 1, 0, tzinfo=UTC)
EARLIER = "2025-11-20T01:00:00.000000Z"


def a_message(direction: str, number: int = 1, **changed: Any) -> StatedMessage:
    said = {
        "direction": direction, "number": number, "transfer_number": "ZY-1", "kind": "transfer_info", "digest": "a" * 64,
        "sent_at": EARLIER, "state": "taken" if direction == "out" else "heard",
    }  # fmt: skip
    return StatedMessage(**{**said, **changed})


def a_stand(side: str, state: str = "settled", **changed: Any) -> StatedTransfer:
    said = {
        "transfer_number": "ZY-1", "side": side, "state": state, "months_paid": 26, "months_left": 12,
        "fee_fen": 100, "announced_fen": 100, "money_fen": 100,
    }  # fmt: skip
    return StatedTransfer(**{**said, **changed})


def stated(*lines: StatedMessage | StatedTransfer, as_of: datetime = NOW) -> Stated:
    return Stated(
        number=1,
        as_of=as_of,
        messages=tuple(line for line in lines if isinstance(line, StatedMessage)),
        transfers=tuple(line for line in lines if isinstance(line, StatedTransfer)),
    )


def found(ours: Stated, theirs: Stated) -> list[tuple[str, str, str]]:
    return [(each.what, each.ours, each.theirs) for each in compare(ours, theirs, own="A", peer="B")]


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([a_message("out")], [a_message("in")], []),
        ([a_message("out", state="")], [], [("not_received", "sent", "")]),
        ([a_message("out")], [], [("not_received", "sent/taken", "")]),
        ([], [a_message("out", state="")], [("not_received", "", "sent")]),
        ([a_message("in")], [], [("not_sent", "heard", "")]),
        ([a_message("out")], [a_message("in", digest="b" * 64)], [("digest", "sent/taken", "heard")]),
        ([a_message("out")], [a_message("in", state="contradicted")], [("contradicted", "sent/taken", "contradicted")]),
        ([a_message("out", state="contradicted")], [], [("contradicted", "sent/contradicted", "")]),
        ([a_message("out")], [a_message("in", state="")], [("unheard", "sent/taken", "waiting")]),
        ([a_message("out", sent_at="2025-12-01T00:59:00.000000Z")], [a_message("in", state="", sent_at="2025-12-01T00:59:00.000000Z")], []),
        ([a_message("out", sent_at="2025-12-01T01:00:00.000001Z", state="")], [], []),
    ],
    ids=["agreed", "lost", "lost after its receipt", "theirs lost", "never sent", "other words", "contradicted",
         "contradicted at the door", "not heard", "just come", "younger than the statement"],
)  # fmt: skip
def test_differences_of_messages(
    ours: list[StatedMessage], theirs: list[StatedMessage], expected: list[tuple[str, str, str]]
) -> None:
    assert found(stated(*ours), stated(*theirs)) == expected


@pytest.mark.req("TRANS-02", "TRANS-04")
@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (a_stand("out"), a_stand("in"), []),
        (a_stand("out", "moved", announced_fen=-1, money_fen=-1), a_stand("in", "credited", announced_fen=-1, money_fen=-1), []),
        (a_stand("out", "in_transit"), a_stand("in", "credited", announced_fen=-1, money_fen=-1), []),
        (a_stand("out", "moved", fee_fen=0, announced_fen=-1, money_fen=-1), a_stand("in", "settled", fee_fen=0, announced_fen=-1, money_fen=-1), []),
        (a_stand("out", "refused"), a_stand("in", "withdrawn"), []),
        (a_stand("out", "open"), a_stand("in", "open"), []),
        (a_stand("out", "open"), None, []),
        (a_stand("out", "moved"), None, [("state", "moved", "")]),
        (a_stand("out", "moved"), a_stand("in", "open"), [("state", "moved", "open")]),
        (a_stand("out", "refused"), a_stand("in", "credited"), [("state", "refused", "credited")]),
        (a_stand("out", "settled"), a_stand("in", "in_transit", money_fen=-1), [("state", "settled", "in_transit")]),
        (a_stand("in"), a_stand("out", months_paid=27), [("months", "26", "27")]),
        (a_stand("in"), a_stand("out", months_left=13), [("months_left", "12", "13")]),
        (a_stand("in"), a_stand("out", fee_fen=101, announced_fen=101, money_fen=101), [("announced", "100", "101"), ("fee", "100", "101"), ("money", "100", "101")]),
        (a_stand("in", money_fen=99), a_stand("out"), [("money", "99", "100")]),
        (a_stand("in", "credited", announced_fen=90, money_fen=-1), a_stand("out", "in_transit", announced_fen=90), [("announced", "90", "90")]),
        (a_stand("out", money_fen=-1), a_stand("out", money_fen=0), [("state", "settled", "settled")]),
    ],
)  # fmt: skip
def test_differences_of_transfers(
    ours: StatedTransfer, theirs: StatedTransfer | None, expected: list[tuple[str, str, str]]
) -> None:
    assert found(stated(ours), stated(*([theirs] if theirs else []))) == expected


STATES = st.sampled_from(["open", "moved", "credited", "in_transit", "settled", "refused", "withdrawn"])
SMALL = st.integers(-1, 2)
LINES = st.builds(
    a_message,
    st.sampled_from(["out", "in"]),
    st.integers(1, 4),
    digest=st.sampled_from(["a" * 64, "b" * 64]),
    sent_at=st.sampled_from([EARLIER, "2025-06-01T00:00:00.000000Z", "2025-12-05T00:00:00.000000Z"]),
    state=st.sampled_from(["", "taken", "heard", "contradicted"]),
)
STANDS = st.builds(
    a_stand, st.sampled_from(["out", "in"]), STATES, transfer_number=st.sampled_from(["ZY-1", "ZY-2"]),
    months_paid=SMALL, months_left=SMALL, fee_fen=SMALL, announced_fen=SMALL, money_fen=SMALL,
)  # fmt: skip
STATEMENTS = st.builds(
    lambda lines, stands, days: stated(*lines, *stands, as_of=NOW + timedelta(days=days)),
    st.lists(LINES, max_size=8),
    st.lists(STANDS, max_size=4),
    st.integers(0, 3),
)


@pytest.mark.req("TRANS-04")
@given(STATEMENTS, STATEMENTS)
def test_whatever_two_offices_state_the_differences_are_mirrored(ours: Stated, theirs: Stated) -> None:
    here = compare(ours, theirs, own="A", peer="B")
    there = compare(theirs, ours, own="B", peer="A")

    turned = [Difference(**{**asdict(each), "ours": each.theirs, "theirs": each.ours}) for each in there]
    assert sorted(map(repr, here)) == sorted(map(repr, turned))
    assert {each.what for each in here} <= set(WHAT_NAMES)


@pytest.mark.req("TRANS-04")
def test_a_long_statement_goes_in_parts_that_each_fit_into_a_message(pair: Pair) -> None:
    lines = [
        a_message("out", number, transfer_number=f"ZY-371400-ZR-2025-{number:06d}")
        for number in range(1, 700)
    ]
    stands = [a_stand("out", transfer_number=line.transfer_number) for line in lines]
    parts = parts_of(1, NOW, lines, stands)

    with pair.liaocheng.store.transaction() as session:
        for body in reversed(parts):
            assert statements.newest(session, direction="in", peer=DEZHOU) is None
            assert statements.keep_part(session, direction="in", peer=DEZHOU, body=body, now=NOW) == ""
        whole = statements.newest(session, direction="in", peer=DEZHOU)
    assert whole is not None
    assert (whole.messages, whole.transfers, whole.as_of) == (tuple(lines), tuple(stands), NOW)
    assert len(parts) > 5


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    "changed",
    [
        {"number": 0}, {"part": 2}, {"answer": 1}, {"parts": "1"}, {"as_of": "2025"}, {"as_of": "2025-12-01T01:00:00.0000000000"}, {"messages": 1},
        {"messages": [{}]}, {"messages": [{**asdict(a_message("out")), "number": "1"}]}, {"more": 1},
        {"messages": [{**asdict(a_message("out")), "kind": "<b>"}]}, {"messages": [{**asdict(a_message("out")), "direction": "up"}]},
        {"transfers": [{**asdict(a_stand("out")), "fee_fen": 1.5}]}, {"transfers": [{**asdict(a_stand("out")), "state": "x" * 65}]},
        {"messages": [{**asdict(a_message("out")), "sent_at": "yesterday, about noon, Zulu"}]},
    ],
)  # fmt: skip
def test_a_statement_that_is_badly_written_is_not_kept(pair: Pair, changed: dict[str, Any]) -> None:
    body = {**parts_of(1, NOW, [a_message("out")], [a_stand("out")])[0], **changed}

    with pair.liaocheng.store.transaction() as session:
        wrong = statements.keep_part(session, direction="in", peer=DEZHOU, body=body, now=NOW)
        assert "不合约定" in wrong
        assert session.scalars(select(ExchangeStatement)).all() == []


# --- between two offices ---------------------------------------------------------------------------


def differences(office: Office) -> Differences:
    peer = DEZHOU if office.settings.region == LIAOCHENG else LIAOCHENG
    told = correspondence.differences(office, SYSTEM, peer)
    assert isinstance(told, Differences)
    return told


def moved(pair: Pair) -> None:
    """A transfer of which the months were credited."""
    a_transfer(pair.dezhou, source=LIAOCHENG, to=DEZHOU).answers("accept_transfer")
    pair.sweep()
    pair.out_case().answers("review_transfer").answers("approve_transfer")
    pair.sweep()


@pytest.mark.req("TRANS-04")
def test_two_offices_that_agree_state_so_and_one_statement_calls_for_the_other(pair: Pair) -> None:
    moved(pair)
    assert differences(pair.liaocheng).theirs_as_of is None

    correspondence.state_now(pair.liaocheng, SYSTEM, DEZHOU)
    pair.sweep()

    for office in (pair.liaocheng, pair.dezhou):
        told = differences(office)
        assert told.ours_as_of == told.theirs_as_of == pair.clock()
        assert told.rows == ()
    assert [each.kind for each in messages(pair.dezhou, "out", statements=True)].count("statement") == 1


@pytest.mark.req("TRANS-04")
def test_what_was_lost_or_altered_shows_at_both_ends_mirrored_until_it_is_settled(
    pair: Pair, folder: Path
) -> None:
    moved(pair)
    with pair.dezhou.store.transaction() as session:
        session.execute(update(RightsTransfer).values(months_paid=RightsTransfer.months_paid + 1))
    correspondence.receive(
        pair.liaocheng, a_letter(folder, number=7, transfer_number="ZY-9", to_region=LIAOCHENG)
    )
    pair.sweep()

    correspondence.state_now(pair.liaocheng, SYSTEM, DEZHOU)
    pair.sweep()

    here, there = differences(pair.liaocheng).rows, differences(pair.dezhou).rows
    assert sorted(each.what for each in here) == ["months", "not_sent"]
    assert [replace(each, ours=each.theirs, theirs=each.ours) for each in there] == list(here)
    with pair.dezhou.store.transaction() as session:
        session.execute(update(RightsTransfer).values(months_paid=RightsTransfer.months_paid - 1))
    pair.wait(minutes=120)
    correspondence.state_now(pair.dezhou, SYSTEM, LIAOCHENG)
    pair.sweep()
    assert [each.what for each in differences(pair.liaocheng).rows] == ["not_sent"]
    assert [each.what for each in differences(pair.dezhou).rows] == ["not_sent"]


@pytest.mark.req("TRANS-04")
def test_each_month_is_stated_once_from_its_first_working_day_on(pair: Pair) -> None:
    """1 November 2025 is a Saturday: the first working day is Monday the 3rd."""
    pair.clock.set("2025-11-02T12:00+08:00")
    moved(pair)
    assert "statement" not in [each.kind for each in messages(pair.dezhou, "out", statements=True)]

    pair.clock.set("2025-11-03T00:30+08:00")
    pair.sweep()
    pair.wait(minutes=60 * 24 * 3)
    assert [each.kind for each in messages(pair.dezhou, "out", statements=True)].count("statement") == 1

    pair.clock.set("2025-12-01T08:00+08:00")
    pair.sweep()
    assert [each.kind for each in messages(pair.dezhou, "out", statements=True)].count("statement") == 2
    assert [each.kind for each in messages(pair.liaocheng, "out", statements=True)].count("statement") == 2


@pytest.mark.req("TRANS-04", "CTRL-07")
def test_who_may_compare_and_who_may_ask_for_a_statement(pair: Pair) -> None:
    office = pair.liaocheng
    for login in ("chuliucheng", "zhengneikong", "chenguanli", "zhoukuaiji", "zhujiandu"):
        assert isinstance(correspondence.differences(office, actor(office, login), DEZHOU), Differences), (
            login
        )
    for login in ("wangshouli", "wuchuna", "sunshenpi", "qin"):
        assert refused(correspondence.differences(office, actor(office, login), DEZHOU)) == (
            "not_operator",
        ), login
    for login in ("zhoukuaiji", "youshouli", "qin"):
        assert refused(correspondence.state_now(office, actor(office, login), DEZHOU)) == ("not_operator",), (
            login
        )
    assert refused(correspondence.differences(office, actor(office, "chenguanli"), "999999")) == (
        "no_such_peer",
    )
    assert not refused_or_none(correspondence.state_now(office, actor(office, "chenguanli"), DEZHOU))


def refused_or_none(outcome: object) -> bool:
    return not hasattr(outcome, "message")
