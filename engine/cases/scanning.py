"""The hook for a virus scanner: a command that reads the paper on its standard input, or a clamd that is told it.

Not a scanner itself. Which one, if any, the setting ``CHANGLING_SCANNER`` says. Called by ``attachments``.
"""

from __future__ import annotations

import shlex
import socket
import struct
import subprocess
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["clean", "infected", "waiting", "unscanned"]

_SECONDS_MAX = 60
_CHUNK = 64 * 1024
#: what clamscan, clamdscan and their like answer
_CLEAN, _INFECTED = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What the scanner said of one paper."""

    #: waiting: a scanner is set but did not answer; unscanned: none is set
    verdict: Verdict
    #: the virus, or why there is no answer; empty otherwise
    note: str = ""


def scan(scanner: str, content: bytes) -> Scanned:
    """What the scanner says of the content; ``waiting`` with the cause where it does not answer in time."""
    kind, _, rest = scanner.partition(":")
    if not scanner:
        return Scanned(verdict="unscanned")
    try:
        return _by_command(rest, content) if kind == "command" else _by_clamd(rest, content)
    except (OSError, subprocess.SubprocessError) as down:
        return Scanned(verdict="waiting", note=f"扫描程序没有回答：{type(down).__name__}")


def _by_command(line: str, content: bytes) -> Scanned:
    # the line is the administrator's own setting; the paper comes on standard input, never as an argument
    ran = subprocess.run(  # noqa: S603
        shlex.split(line), input=content, capture_output=True, timeout=_SECONDS_MAX, check=False
    )
    said = ran.stdout.decode("utf-8", "replace").strip().splitlines()
    last = said[-1][:200] if said else ""
    if ran.returncode == _CLEAN:
        return Scanned(verdict="clean")
    if ran.returncode == _INFECTED:
        return Scanned(verdict="infected", note=last)
    return Scanned(verdict="waiting", note=f"扫描程序出错，退出码 {ran.returncode}")


def _by_clamd(place: str, content: bytes) -> Scanned:
    with closing(_connected(place)) as daemon:
        daemon.sendall(b"zINSTREAM\0")
        for at in range(0, len(content), _CHUNK):
            part = content[at : at + _CHUNK]
            daemon.sendall(struct.pack("!I", len(part)) + part)
        daemon.sendall(struct.pack("!I", 0))
        said = _answer(daemon)
    if said.endswith(" OK"):
        return Scanned(verdict="clean")
    if said.endswith(" FOUND"):
        return Scanned(verdict="infected", note=said.removeprefix("stream: ").removesuffix(" FOUND"))
    return Scanned(verdict="waiting", note=f"clamd：{said[:200] or '没有回答'}")


def _connected(place: str) -> socket.socket:
    if place.startswith("/"):
        daemon = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        daemon.settimeout(_SECONDS_MAX)
        daemon.connect(place)
        return daemon
    host, _, port = place.rpartition(":")
    return socket.create_connection((host or "127.0.0.1", int(port)), timeout=_SECONDS_MAX)


def _answer(daemon: socket.socket) -> str:
    said = b""
    while b"\0" not in said:
        part = daemon.recv(4096)
        if not part:
            break
        said += part
    return said.split(b"\0")[0].decode("utf-8", "replace").strip()
