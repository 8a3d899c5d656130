"""The office's own PostgreSQL: shared by its processes, and back after any kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from engine.store.embedded import (
    DatabaseDiskFullError,
    DatabasePermissionError,
    DatabaseVersionError,
    EmbeddedPostgres,
    _refusal,
)

pytestmark = pytest.mark.slow

_OTHER_PROCESS = """
import sys, time
from pathlib import Path
from engine.store.embedded import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1])).start(), flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose cluster is made, with one table of three rows, its server stopped."""
    home = tmp_path_factory.mktemp("pg") / "data"
    server = EmbeddedPostgres(home)
    execute(server.start(), "CREATE TABLE kept AS SELECT generate_series(1, 3) AS n")
    assert server.stop()
    return home


@pytest.fixture
def home(cluster: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "data"
    subprocess.run(["cp", "-a", str(cluster), str(copy)], check=True)
    yield copy
    EmbeddedPostgres(copy).stop(even_if_shared=True)


def execute(url: str, sql: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql)


def rows(url: str) -> int:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        found = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert found is not None
    return int(found[0])


def other_process(home: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _OTHER_PROCESS, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql+psycopg://")
    return process


def test_start_is_idempotent_and_stop_leaves_no_process(home: Path) -> None:
    server = EmbeddedPostgres(home)

    url = server.start()
    again = server.start()
    pid = server.pid()
    stopped = server.stop()

    assert url == again
    assert pid is not None
    assert stopped
    assert server.pid() is None
    with pytest.raises(psycopg.OperationalError):
        rows(url)


def test_server_stays_up_until_the_last_process_leaves(home: Path) -> None:
    mine = EmbeddedPostgres(home)
    url = mine.start()
    other = other_process(home)

    stopped_under_the_other = mine.stop()
    still_there = rows(url)
    other.kill()
    other.wait()
    mine.start()
    stopped_by_the_last = mine.stop()

    assert not stopped_under_the_other
    assert still_there == 3
    assert stopped_by_the_last


def test_kill_9_of_the_parent_leaves_a_server_that_the_next_one_takes_over(home: Path) -> None:
    other = other_process(home)
    pid = EmbeddedPostgres(home).pid()
    other.kill()
    other.wait()

    server = EmbeddedPostgres(home)
    url = server.start()

    assert server.pid() == pid
    assert rows(url) == 3
    assert server.stop()


def test_kill_9_of_postgres_is_survived_with_committed_rows(home: Path) -> None:
    server = EmbeddedPostgres(home)
    execute(server.start(), "INSERT INTO kept VALUES (4)")
    pid = server.pid()
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    url = server.start()

    assert server.pid() not in (None, pid)
    assert rows(url) == 4


def test_pid_file_that_names_another_program_is_not_believed(home: Path) -> None:
    server = EmbeddedPostgres(home)
    (home / "cluster" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{home / 'cluster'}\n1\n5432\n\n\n1 1\nready\n"
    )

    url = server.start()

    assert rows(url) == 3


def test_removed_socket_is_opened_again(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    next(home.rglob(".s.PGSQL.5432")).unlink()

    url = server.start()

    assert rows(url) == 3


def test_two_processes_starting_at_once_share_one_server(home: Path) -> None:
    first, second = (
        subprocess.Popen([sys.executable, "-c", _OTHER_PROCESS, str(home)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    )
    assert first.stdout
    assert second.stdout

    urls = {first.stdout.readline(), second.stdout.readline()}
    for process in (first, second):
        process.terminate()
        process.wait()

    assert len(urls) == 1
    assert EmbeddedPostgres(home).pid() is not None


def test_path_too_long_for_a_socket_works(cluster: Path, tmp_path: Path) -> None:
    home = tmp_path / ("很长的目录" * 12)
    shutil.copytree(cluster, home, copy_function=shutil.copy2)
    if os.geteuid() == 0:
        owner = cluster.stat()
        subprocess.run(["chown", "-R", f"{owner.st_uid}:{owner.st_gid}", str(home)], check=True)
    server = EmbeddedPostgres(home)

    url = server.start()
    found = rows(url)
    server.stop()

    assert found == 3
    assert "host=%2Ftmp%2Fchangling-" in url


def test_cluster_of_another_version_is_refused_with_both_versions(home: Path) -> None:
    (home / "cluster" / "PG_VERSION").write_text("15\n")

    with pytest.raises(DatabaseVersionError, match=r"PostgreSQL 15.*18"):
        EmbeddedPostgres(home).start()


def test_folder_that_is_a_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    with pytest.raises(Exception, match=r"数据库.*\("):
        EmbeddedPostgres(tmp_path / "data").start()


def test_full_disk_and_missing_permission_have_names(tmp_path: Path) -> None:
    full = _refusal('initdb: error: could not write to file "x": No space left on device', tmp_path)
    forbidden = _refusal("could not open directory: Permission denied", tmp_path)

    assert isinstance(full, DatabaseDiskFullError)
    assert isinstance(forbidden, DatabasePermissionError)
    assert str(tmp_path) in str(full)


@pytest.mark.skipif(os.geteuid() != 0, reason="只有 root 能挂载一个很小的磁盘")
def test_full_disk_is_refused_with_a_sentence(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("这台机器不许挂载磁盘")
    try:
        with pytest.raises(DatabaseDiskFullError, match="磁盘已满"):
            EmbeddedPostgres(small / "data").start()
    finally:
        subprocess.run(["umount", str(small)], check=False, capture_output=True)


def test_unstarted_server_stops_quietly(tmp_path: Path) -> None:

    assert not EmbeddedPostgres(tmp_path / "none").stop()
