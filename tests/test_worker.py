"""The sweep runs in a thread or by Celery, and goes on after a kill and after a lost database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kombu.connection import Connection
from sqlalchemy import text
from sqlalchemy.engine import make_url

from engine.cases.office import Office, open_office
from engine.cases.setup import set_up
from engine.config import Settings
from engine.store import outbox
from engine.values import system_clock
from engine.worker import Sweeper

BROKERS = ("amqp://guest:guest@127.0.0.1:5672//", "redis://127.0.0.1:6379/9")
CHANGLING = str(Path(sys.executable).parent / "changling")

pytestmark = [pytest.mark.slow, pytest.mark.req("SERV-05")]


def answering(url: str) -> bool:
    host, port = url.rpartition("@")[2].removeprefix("redis://").split("/")[0].split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def live_office(settings: Settings) -> Iterator[Office]:
    """An office on the real clock, because the worker beside it has no other."""
    opened = open_office(settings)
    set_up(opened)
    yield opened
    opened.close()


@pytest.fixture
def start_worker(settings: Settings) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(broker: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "CHANGLING_DATA": str(settings.data_dir),
            "CHANGLING_SECRET": settings.secret_key,
            "CELERY_BROKER_URL": broker,
        }
        log = (settings.data_dir / "worker.log").open("ab")
        started.append(
            subprocess.Popen([CHANGLING, "worker"], env=environment, stdout=log, stderr=log, process_group=0)
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


def put_letter(office: Office, key: str) -> None:
    with office.store.transaction() as session:
        outbox.put(session, kind="letter", key=key, payload={"letter": key}, now=system_clock())


def sent(office: Office, key: str) -> bool:
    query = text("SELECT sent_at IS NOT NULL FROM outbox_message WHERE key = :key")
    with office.store.reading() as session:
        return bool(session.scalar(query, {"key": key}))


def comes_true(condition: Callable[[], bool], *, seconds: float = 40) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def test_thread_sends_what_is_due_and_stops(live_office: Office) -> None:
    sweeper = Sweeper(live_office, every=timedelta(seconds=0.2))
    put_letter(live_office, "thread")

    sweeper.start()
    was_sent = comes_true(lambda: sent(live_office, "thread"))
    sweeper.stop()

    assert was_sent
    assert not sweeper.is_alive()


def test_thread_goes_on_after_the_database_dropped_every_connection(
    live_office: Office, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    sweeper = Sweeper(live_office, every=timedelta(seconds=0.2))
    sweeper.start()
    name = make_url(live_office.settings.database_url).database

    allow_connections(server, str(name), allow=False)
    failed = comes_true(lambda: "清扫失败" in caplog.text)
    allow_connections(server, str(name), allow=True)
    put_letter(live_office, "after")
    was_sent = comes_true(lambda: sent(live_office, "after"))
    sweeper.stop()

    assert failed
    assert was_sent


def allow_connections(server: str, name: str, *, allow: bool) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(allow).lower()}"))
        if not allow:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                {"name": name},
            )


@pytest.mark.parametrize("broker", [url for url in BROKERS if answering(url)] or ["memory://"])
def test_celery_sends_what_is_due_and_again_after_kill_9(
    live_office: Office, start_worker: Callable[[str], subprocess.Popen[bytes]], broker: str
) -> None:
    if broker == "memory://":
        pytest.skip("这台机器上没有 RabbitMQ 也没有 Redis")
    scheme = broker.split(":")[0]
    put_letter(live_office, f"{scheme}-first")

    first = start_worker(broker)
    sent_by_first = comes_true(lambda: sent(live_office, f"{scheme}-first"))
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    put_letter(live_office, f"{scheme}-second")
    start_worker(broker)
    sent_by_second = comes_true(lambda: sent(live_office, f"{scheme}-second"))

    log = (live_office.settings.data_dir / "worker.log").read_text()
    assert sent_by_first, log[-2000:]
    assert sent_by_second, log[-2000:]
    assert "Traceback" not in log
    with Connection(broker) as connection:  # type: ignore[no-untyped-call]
        connection.default_channel.queue_delete("changling")
