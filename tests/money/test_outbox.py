"""The outbox: never lost, never sent twice to a receiver that looks at the key (SERV-05)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from money_builders import NOW, Office
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from engine.store.outbox import (
    LEASE,
    MAX_ATTEMPTS,
    OutboxMessage,
    mark_failed,
    mark_sent,
    pause_after,
    put,
    revive,
    take_due,
)


def put_letter(office: Office, key: str = "k1", **more) -> int:
    with office.transaction() as session:
        return put(session, kind="letter", key=key, payload={"to": key}, now=NOW, **more).id


def taken_at(office: Office, now) -> list[str]:
    with office.transaction() as session:
        return [message.key for message in take_due(session, now=now)]


@pytest.mark.req("SERV-05")
def test_putting_the_same_key_again_keeps_the_first_message(office: Office):
    first = put_letter(office)
    with office.transaction() as session:
        again = put(session, kind="letter", key="k1", payload={"to": "other"}, now=NOW)

        assert (again.id, again.content) == (first, {"to": "k1"})
        assert put(session, kind="sms", key="k1", payload={}, now=NOW).id != first


@pytest.mark.req("SERV-05")
def test_what_a_transaction_rolls_back_is_never_sent(office: Office):
    with pytest.raises(KeyboardInterrupt), office.transaction() as session:
        put(session, kind="letter", key="k1", payload={}, now=NOW)
        raise KeyboardInterrupt

    assert taken_at(office, NOW) == []


@pytest.mark.req("SERV-05")
def test_a_taker_that_dies_before_marking_loses_nothing(office: Office):
    put_letter(office)

    assert taken_at(office, NOW) == ["k1"]
    assert taken_at(office, NOW + LEASE - timedelta(seconds=1)) == []
    assert taken_at(office, NOW + LEASE) == ["k1"]


@pytest.mark.req("SERV-05")
def test_a_sent_message_is_not_taken_again(office: Office):
    message = put_letter(office)
    taken_at(office, NOW)
    with office.transaction() as session:
        mark_sent(session, message, now=NOW, receipt="r-1")
        mark_sent(session, message, now=NOW + LEASE, receipt="r-2")
        mark_failed(session, message, now=NOW, error="late complaint")

    assert taken_at(office, NOW + timedelta(days=1)) == []
    with office.transaction() as session:
        row = session.get_one(OutboxMessage, message)
        assert (row.sent_at, row.receipt, row.last_error) == (NOW, "r-1", "")


@pytest.mark.req("SERV-05")
def test_two_workers_at_once_share_the_messages_without_overlap(office: Office):
    for number in range(20):
        put_letter(office, f"k{number}")
    together = threading.Barrier(2)

    def work() -> list[str]:
        with office.transaction() as session:
            together.wait(timeout=20)
            found = [message.key for message in take_due(session, now=NOW, limit=10)]
            together.wait(timeout=20)
            return found

    with ThreadPoolExecutor(2) as pool:
        first, second = [job.result(timeout=30) for job in [pool.submit(work) for _ in range(2)]]

    assert sorted([*first, *second]) == sorted(f"k{number}" for number in range(20))


def test_a_message_is_not_taken_before_its_time(office: Office):
    put_letter(office, due_at=NOW + timedelta(hours=1))

    assert taken_at(office, NOW) == []
    assert taken_at(office, NOW + timedelta(hours=1)) == ["k1"]


def test_only_the_asked_kinds_are_taken(office: Office):
    put_letter(office)
    with office.transaction() as session:
        assert take_due(session, now=NOW, kinds=("bank_file",)) == []
        assert len(take_due(session, now=NOW, kinds=("letter", "sms"))) == 1


def test_a_failed_send_waits_longer_each_time_and_then_is_laid_aside(office: Office):
    message = put_letter(office)
    now, pauses = NOW, []
    while True:
        assert taken_at(office, now) == ["k1"]
        with office.transaction() as session:
            row = mark_failed(session, message, now=now, error="线路不通")
            if row.dead_at:
                break
            pauses.append(row.due_at - now)
            now = row.due_at

    assert pauses == [pause_after(n) for n in range(1, MAX_ATTEMPTS)]
    assert pauses[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert taken_at(office, now + timedelta(days=9)) == []
    with office.transaction() as session:
        assert session.get_one(OutboxMessage, message).last_error == "线路不通"


def test_a_failure_that_no_retry_can_mend_is_laid_aside_at_once_and_can_be_revived(office: Office):
    message = put_letter(office)
    taken_at(office, NOW)
    with office.transaction() as session:
        mark_failed(session, message, now=NOW, error="没有渠道", retryable=False)
    assert taken_at(office, NOW + timedelta(days=1)) == []

    with office.transaction() as session:
        revive(session, message, now=NOW)

    assert taken_at(office, NOW) == ["k1"]


def test_a_message_that_kills_its_worker_every_time_is_laid_aside(office: Office):
    message = put_letter(office)
    now = NOW
    for _ in range(MAX_ATTEMPTS):
        assert taken_at(office, now) == ["k1"]
        now += LEASE

    assert taken_at(office, now) == []
    with office.transaction() as session:
        assert session.get_one(OutboxMessage, message).dead_at == now


def test_pauses_never_exceed_six_hours():
    assert pause_after(10_000) == timedelta(hours=6)


@pytest.mark.parametrize("column", ["kind", "key", "payload"])
def test_what_is_sent_never_changes(office: Office, column):
    put_letter(office)

    with pytest.raises(IntegrityError, match="核心栏目"), office.transaction() as session:
        session.execute(text(f"UPDATE outbox_message SET {column} = 'x'"))
    with office.transaction() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 1
