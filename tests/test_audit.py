"""The audit trail: chains that only grow, seals over them, and writers that do not wait for each other (CTRL-01)."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from engine.store.actions import Action
from engine.store.audit import AuditEvent, AuditSealLeaf, AuditStream, append, seal
from engine.store.canonical import GENESIS, MerkleRoot, canonical, digest_of, plain
from engine.store.db import Store
from engine.store.export import verify_database
from engine.values import SYSTEM, Actor

NOW = datetime(2025, 11, 5, 1, 2, 3, 4, tzinfo=UTC)
WANG = Actor(kind="staff", id=1, name="王守礼")


def note(session, stream="case:1", **more):
    return append(
        session,
        stream=stream,
        action=Action.CASE_STARTED,
        actor=WANG,
        subject=stream,
        now=NOW,
        **more,
    )


@pytest.fixture
def trail(store: Store) -> Store:
    """The module's store, its trail empty; only a superuser can empty it past the triggers."""
    with store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("TRUNCATE audit_event, audit_stream, audit_seal, audit_seal_leaf"))
    return store


@pytest.mark.req("CTRL-01")
def test_an_event_says_who_when_what_before_after_and_why(trail: Store):
    with trail.transaction() as session:
        note(session, before={"状态": "待审"}, after={"状态": "通过"}, reason="材料齐全")

    with trail.reading() as session:
        event = session.scalars(select(AuditEvent)).one()
        assert (event.actor, event.actor_name, event.at, event.reason) == (
            "staff:1",
            "王守礼",
            NOW,
            "材料齐全",
        )
        assert (event.before, event.after) == ('{"状态":"待审"}', '{"状态":"通过"}')


@pytest.mark.req("CTRL-01")
def test_each_event_carries_the_digest_of_the_one_before_recomputed_by_hand(trail: Store):
    with trail.transaction() as session:
        note(session)
        note(session)

    with trail.reading() as session:
        rows = session.execute(text("SELECT * FROM audit_event ORDER BY seq")).mappings().all()
    previous = "0" * 64
    for row in rows:
        content = {name: value for name, value in row.items() if name != "digest"}
        content["at"] = "2025-11-05T01:02:03.000004Z"
        written = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        assert row["previous"] == previous
        assert row["digest"] == hashlib.sha256(written).hexdigest()
        previous = row["digest"]


@pytest.mark.req("CTRL-01")
@pytest.mark.parametrize("table", ["audit_event", "audit_seal", "audit_seal_leaf"])
@pytest.mark.parametrize("change", ["UPDATE {} SET digest = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_trail_only_grows(trail: Store, table, change):
    with trail.transaction() as session:
        note(session)
        seal(session, now=NOW)

    with pytest.raises(IntegrityError, match="只增不改"), trail.transaction() as session:
        session.execute(text(change.format(table)))


@pytest.mark.req("CTRL-01")
@pytest.mark.parametrize("change", ["UPDATE audit_stream SET stream = 'x'", "DELETE FROM audit_stream"])
def test_a_head_is_kept_under_its_name(trail: Store, change):
    with trail.transaction() as session:
        note(session)

    with pytest.raises(IntegrityError, match="不能"), trail.transaction() as session:
        session.execute(text(change))


def test_what_is_rolled_back_leaves_no_gap(trail: Store):
    with trail.transaction() as session:
        note(session)
    with pytest.raises(KeyboardInterrupt), trail.transaction() as session:
        note(session)
        raise KeyboardInterrupt
    with trail.transaction() as session:
        assert note(session).seq == 2

    with trail.reading() as session:
        assert verify_database(session).ok


def test_a_time_without_zone_is_refused(trail: Store):
    with pytest.raises(ValueError, match="时区"), trail.transaction() as session:
        append(session, stream="x", action="x", actor=SYSTEM, subject="x", now=NOW.replace(tzinfo=None))


def test_writers_of_one_stream_at_once_make_one_chain(trail: Store):
    together = threading.Barrier(3)

    def write() -> None:
        together.wait(timeout=20)
        for _ in range(8):
            with trail.transaction() as session:
                note(session, stream="office")

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(write) for _ in range(3)]:
            done.result(timeout=60)

    with trail.reading() as session:
        assert session.get_one(AuditStream, "office").last_seq == 24
    with trail.reading() as session:
        assert verify_database(session).ok


def test_writers_of_two_streams_do_not_wait_for_each_other(trail: Store):
    with trail.transaction() as first:
        note(first, stream="case:1")
        with trail.transaction() as second:
            second.execute(text("SET LOCAL lock_timeout = '500ms'"))
            note(second, stream="case:2")


@pytest.mark.req("CTRL-01")
def test_a_seal_binds_the_heads_that_changed_since_the_last_and_no_others(trail: Store):
    with trail.transaction() as session:
        note(session, stream="case:1")
        note(session, stream="case:2")
        first = seal(session, now=NOW)
    with trail.transaction() as session:
        assert seal(session, now=NOW) is None
        note(session, stream="case:2")
        second = seal(session, now=NOW + timedelta(hours=1))

    assert (first.previous, second.previous) == (GENESIS, first.digest)
    with trail.reading() as session:
        leaves = session.execute(
            select(AuditSealLeaf.seal, AuditSealLeaf.stream, AuditSealLeaf.seq).order_by(
                AuditSealLeaf.seal, AuditSealLeaf.position
            )
        )
        assert [tuple(leaf) for leaf in leaves] == [(1, "case:1", 1), (1, "case:2", 1), (2, "case:2", 2)]


def test_a_seal_waits_for_no_writer_and_seals_the_busy_head_once_more_next_time(trail: Store):
    with trail.transaction() as session:
        note(session, stream="case:1")
        note(session, stream="case:2")

    with trail.transaction() as writer:
        note(writer, stream="case:2")
        with trail.transaction() as session:
            session.execute(text("SET LOCAL lock_timeout = '500ms'"))
            assert seal(session, now=NOW).leaf_count == 2
    with trail.transaction() as session:
        assert seal(session, now=NOW).leaf_count == 1

    with trail.reading() as session:
        assert verify_database(session).ok


def test_two_sealers_at_once_do_not_fork_the_chain_of_seals(trail: Store):
    with trail.transaction() as session:
        note(session)
    together = threading.Barrier(2)

    def work() -> None:
        with trail.transaction() as session:
            together.wait(timeout=20)
            seal(session, now=NOW)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work) for _ in range(2)]:
            done.result(timeout=20)

    with trail.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditSealLeaf)) == 1
    with trail.reading() as session:
        assert verify_database(session).ok


def test_a_stream_name_in_any_script_sorts_alike_in_database_and_verification(trail: Store):
    with trail.transaction() as session:
        for stream in ("办公室", "case:2", "case:10", "Case:1", "é", "e", "z", "𠮷", "\uffee"):
            note(session, stream=stream)
        seal(session, now=NOW)

    with trail.reading() as session:
        assert verify_database(session).ok


def test_sm3_is_the_national_standards_digest():
    # GB/T 32905-2016, appendix A.1
    assert digest_of("sm3", b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_an_unknown_digest_is_refused():
    with pytest.raises(ValueError, match="未知的摘要算法"):
        digest_of("md5", b"")


def test_an_instant_is_written_the_same_from_any_zone():
    assert plain(NOW.astimezone(timezone(timedelta(hours=8)))) == plain(NOW) == "2025-11-05T01:02:03.000004Z"


def recursive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, written down as it is defined there."""
    if not leaves:
        return bytes(32)
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + recursive_root(leaves[:half]) + recursive_root(leaves[half:])).digest()


@given(st.lists(st.text(max_size=5), max_size=70))
def test_the_merkle_root_is_that_of_rfc_6962(leaves):
    root = MerkleRoot("sha256")
    for leaf in leaves:
        root.add(leaf)

    assert root.root() == recursive_root([canonical(leaf) for leaf in leaves]).hex()


def test_every_action_has_a_chinese_label_and_fits_its_column():
    for action in Action:
        assert action.label
        assert not action.label.isascii()
        assert str(action) == action.name
        assert len(action) <= 40
