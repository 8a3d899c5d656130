"""What comes to the door: stored once, answered always, refused without a trace of what it said."""

from __future__ import annotations

import threading
from pathlib import Path

import orjson
import pytest
from offices import FixedClock
from sqlalchemy import func, select, text
from two_offices import DEZHOU, JINAN, LIAOCHENG, Pair, a_letter, faults, messages

from engine.cases import correspondence
from engine.cases.office import Office
from engine.exchange import receiving, sending
from engine.exchange.envelope import open_ack
from engine.exchange.tables import ExchangeFault, ExchangeMessage
from engine.registers.cast import PEOPLE
from engine.store.audit import AuditEvent
from engine.store.outbox import OutboxMessage


def state_of(answer: bytes, pair: Pair) -> str:
    """The state of the signed answer of Liaocheng to Dezhou."""
    return open_ack(answer, pair.dezhou.peers, sender=LIAOCHENG).state


def problem_of(answer: bytes) -> str:
    return str(orjson.loads(answer)["problem"]["code"])


def put(
    office: Office, *, key: str, number: str = "ZY-1", kind: str = "transfer_refused", peer: str = DEZHOU
) -> int:
    """The number under which a message to the peer was put."""
    with office.store.transaction() as session:
        return sending.put(
            session, office.vault, key=key, peer=peer, own=office.peers.own, kind=kind, transfer_number=number,
            body={"refusal_reason": key}, case_id=None, now=office.clock(),
        ).number  # fmt: skip


@pytest.mark.req("TRANS-04")
def test_a_letter_is_stored_once_however_often_it_comes(pair: Pair, folder: Path) -> None:
    letter = a_letter(folder)

    answers = [state_of(correspondence.receive(pair.liaocheng, letter), pair) for _ in range(3)]

    assert answers == ["taken", "repeated", "repeated"]
    (kept,) = messages(pair.liaocheng, "in")
    assert (kept.peer, kept.number, kept.step, kept.kind) == (DEZHOU, 1, 1, "contact_letter")
    assert not faults(pair.liaocheng)


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    "second",
    [{"to_region": "371402"}, {"number": 2, "to_region": "371402"}],
    ids=["same number", "same step under another number"],
)
def test_what_contradicts_is_answered_so_kept_as_a_fault_and_changes_nothing(
    pair: Pair, folder: Path, second: dict[str, object]
) -> None:
    correspondence.receive(pair.liaocheng, a_letter(folder))
    other = a_letter(folder, **second)  # type: ignore[arg-type]

    answers = [state_of(correspondence.receive(pair.liaocheng, other), pair) for _ in range(2)]

    assert answers == ["contradicted", "contradicted"]
    (kept,) = messages(pair.liaocheng, "in")
    (fault,) = faults(pair.liaocheng)
    assert (fault.peer, fault.code, fault.message_id) == (DEZHOU, "contradicted", kept.id)
    assert fault.digest != kept.digest


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"sender": JINAN, "signed_by": DEZHOU}, "bad_signature"),
        ({"sender": "999999", "signed_by": DEZHOU}, "unknown_sender"),
        ({"receiver": JINAN}, "not_for_us"),
        ({"sender": LIAOCHENG, "receiver": DEZHOU}, "unknown_sender"),
    ],
    ids=["in another's name", "stranger", "misdirected", "our own letter"],
)
def test_what_is_not_from_a_peer_to_us_leaves_a_fault_and_nothing_else(
    pair: Pair, folder: Path, changed: dict[str, str], code: str
) -> None:
    answer = correspondence.receive(pair.liaocheng, a_letter(folder, **changed))

    assert problem_of(answer) == code
    assert [(each.peer, each.code) for each in faults(pair.liaocheng)] == [("", code)]
    assert not messages(pair.liaocheng, "in")


@pytest.mark.req("CTRL-07")
def test_nothing_readable_of_a_person_is_kept_outside_the_vault(pair: Pair, folder: Path) -> None:
    """Not in outbox, trail or faults, nor in the row itself."""
    letter = a_letter(folder)
    for raw in (
        letter,
        letter[:-1],
        a_letter(folder, to_region="371402"),
        a_letter(folder, sender="999999", signed_by=DEZHOU),
    ):
        correspondence.receive(pair.liaocheng, raw)

    qin = PEOPLE["qin"]
    with pair.liaocheng.store.reading() as session:
        for table in ("exchange_message", "exchange_fault", "outbox_message", "audit_event"):
            for (row,) in session.execute(text(f"SELECT t::text FROM {table} t")):
                assert qin.id_number not in row
                assert table == "audit_event" or qin.name not in row
        (kept,) = session.scalars(select(ExchangeMessage))
        assert sending.body_of(pair.liaocheng.vault, kept)["person"] == {
            "id_number": qin.id_number,
            "name": qin.name,
        }


@pytest.mark.req("CTRL-07")
def test_a_body_moved_to_another_row_cannot_be_read(pair: Pair, folder: Path) -> None:
    for number in (1, 2):
        correspondence.receive(
            pair.liaocheng, a_letter(folder, number=number, transfer_number=f"ZY-{number}")
        )
    one, other = messages(pair.liaocheng, "in")
    one.body_cipher = other.body_cipher

    with pytest.raises(Exception, match="不能解开"):
        sending.body_of(pair.liaocheng.vault, one)


@pytest.mark.req("TRANS-04")
def test_strangers_cannot_fill_the_office_with_faults(pair: Pair, clock: FixedClock) -> None:
    for each in range(receiving.UNVERIFIED_MAX + 20):
        assert problem_of(correspondence.receive(pair.liaocheng, b"%d" % each)) == "malformed"
    assert len(faults(pair.liaocheng)) == receiving.UNVERIFIED_MAX

    clock.forward(minutes=61)
    correspondence.receive(pair.liaocheng, b"again")
    assert len(faults(pair.liaocheng)) == receiving.UNVERIFIED_MAX + 1


@pytest.mark.req("TRANS-04", "CTRL-01")
def test_the_trail_tells_of_what_came_and_of_what_was_refused(pair: Pair, folder: Path) -> None:
    for raw in (a_letter(folder), a_letter(folder, to_region="371402"), b"{}"):
        correspondence.receive(pair.liaocheng, raw)

    with pair.liaocheng.store.reading() as session:
        told = session.execute(
            select(AuditEvent.stream, AuditEvent.action)
            .where(AuditEvent.stream.startswith("exchange"))
            .order_by(AuditEvent.at)
        ).all()
    assert sorted(map(tuple, told)) == [
        ("exchange", "EXCHANGE_REFUSED"),
        ("exchange:371400", "EXCHANGE_CONTRADICTED"),
        ("exchange:371400", "EXCHANGE_TAKEN"),
    ]


@pytest.mark.req("TRANS-04")
def test_two_who_send_at_once_get_numbers_without_gaps(pair: Pair) -> None:
    office, at_once = pair.liaocheng, threading.Barrier(4)

    def send(who: int) -> None:
        at_once.wait()
        for turn in range(12):
            put(office, key=f"{who}/{turn}", number=f"ZY-{turn % 3}", peer=DEZHOU if turn % 4 else JINAN)

    threads = [threading.Thread(target=send, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for peer, count in ((DEZHOU, 36), (JINAN, 12)):
        sent = [each for each in messages(office, "out") if each.peer == peer]
        assert [each.number for each in sent] == list(range(1, count + 1))
        for transfer in {each.transfer_number for each in sent}:
            steps = [each.step for each in sent if each.transfer_number == transfer]
            assert steps == list(range(1, len(steps) + 1))


@pytest.mark.req("TRANS-04")
def test_one_key_is_one_message_and_a_rollback_leaves_no_gap(pair: Pair) -> None:
    office = pair.liaocheng
    assert put(office, key="a") == 1
    with pytest.raises(RuntimeError), office.store.transaction() as session:
        sending.put(
            session, office.vault, key="b", peer=DEZHOU, own=LIAOCHENG, kind="transfer_refused",
            transfer_number="ZY-1", body={"refusal_reason": "x"}, case_id=None, now=office.clock(),
        )  # fmt: skip
        raise RuntimeError

    assert [put(office, key="a"), put(office, key="c")] == [1, 2]
    with office.store.reading() as session:
        assert (
            session.scalar(
                select(func.count()).select_from(OutboxMessage).where(OutboxMessage.kind == "exchange")
            )
            == 2
        )


@pytest.mark.req("TRANS-04")
def test_a_message_is_sealed_to_the_same_bytes_each_time(pair: Pair) -> None:
    office = pair.liaocheng
    put(office, key="a")
    (message,) = messages(office, "out")

    sealed = [sending.sealed(office.vault, message, own=LIAOCHENG, key=office.exchange_key) for _ in range(2)]

    assert sealed[0] == sealed[1]


@pytest.mark.req("TRANS-04")
def test_two_that_take_the_same_letter_at_once_store_it_once(pair: Pair, folder: Path) -> None:
    letter, at_once, answers = a_letter(folder), threading.Barrier(4), []

    def take() -> None:
        at_once.wait()
        answers.append(state_of(correspondence.receive(pair.liaocheng, letter), pair))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["repeated", "repeated", "repeated", "taken"]
    assert len(messages(pair.liaocheng, "in")) == 1


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE exchange_message SET digest = repeat('0', 64)",
        "UPDATE exchange_message SET number = 9",
        "DELETE FROM exchange_message",
        "DELETE FROM exchange_fault",
        "UPDATE exchange_fault SET text = 'x'",
        "UPDATE exchange_message SET acked_at = now()",
    ],
)
def test_the_database_keeps_what_was_said(pair: Pair, folder: Path, change: str) -> None:
    correspondence.receive(pair.liaocheng, a_letter(folder))
    correspondence.receive(pair.liaocheng, b"{}")

    with pytest.raises(Exception, match="不能"), pair.liaocheng.store.transaction() as session:
        session.execute(text(change))
    with pair.liaocheng.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(ExchangeFault)) == 1
