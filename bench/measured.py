"""Measures one piece of work in a process of its own: seconds by the clock and of the processor, and memory.

Not a benchmark by itself; the others of this folder call it. A runaway is stopped and costs no more than its row.
"""

from __future__ import annotations

import json
import os
import re
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a piece of work said and cost."""

    #: begins with ``!`` where it did not come to an end
    said: str
    wall: float
    cpu: float
    #: how far memory rose above what the material took
    megabytes: float


def apart(
    material: Callable[[], T],
    work: Callable[[T], str],
    *,
    most_seconds: int = 60,
    most_bytes: int = 6_000_000_000,
) -> Measured:
    """The work on the material, which is made first and not counted."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        with os.fdopen(writer, "w") as answer:
            try:
                resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, most_seconds + 1))
                resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
                answer.write(json.dumps(_done(material(), work)))
            except BaseException as wrong:  # noqa: BLE001 - whatever it was, the row says so
                answer.write(json.dumps((f"!{type(wrong).__name__} {wrong}"[:90], 0, 0, 0)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    _, status = os.waitpid(child, 0)
    return Measured(*(json.loads(said) if said else (f"!killed {status}", most_seconds, most_seconds, 0)))


def _done(material: T, work: Callable[[T], str]) -> tuple[str, float, float, float]:
    Path("/proc/self/clear_refs").write_text("5")
    memory, wall, cpu = _peak(), time.perf_counter(), time.process_time()
    said = work(material)
    return said, time.perf_counter() - wall, time.process_time() - cpu, (_peak() - memory) / 1024


def _peak() -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])
