"""What files from somebody who means harm cost until they are refused. Not a test; run it by hand::

    python bench/hostile.py [part of a file's or an attack's name]

Every file goes the way of an upload to the studio: its size, then ``check_files`` with the office's own names; a
letter goes the way of setting up. A row says what was refused with which code and line, the seconds by the clock
and of the processor, and how far memory rose above the file itself. Each is judged in a process of its own, so that
a runaway costs no more than its row.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hostile_diagrams import PROCESSES
from hostile_files import Attack, attacks

from engine.cases.controls import ControlBook
from engine.cases.drafts import refuse_untakeable
from engine.cases.library import shipped_files
from engine.cases.library_checks import check_files
from engine.cases.names import names_of
from engine.duties import DutyBook
from engine.values import RefusedError
from engine.workflow.checks import check_letter
from engine.workflow.vocabulary import Names

#: seconds of the processor and bytes after which a row is given up
MOST_SECONDS, MOST_BYTES = 25, 6_000_000_000
#: what the issue asks for
GOAL = 1.0
LIBRARY = shipped_files(PROCESSES)


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a file."""

    attack: Attack
    #: code and line of the first errors; empty where nothing was refused
    refused: str
    wall: float
    cpu: float
    megabytes: float


def refusals(attack: Attack, content: bytes, names: Names) -> Iterator[str]:
    """Code and line of every error."""
    if attack.file.startswith("letters/"):
        yield from (f"{each.code}:{each.line}" for each in check_letter(content.decode(), names))
        return
    try:
        refuse_untakeable(attack.file, content)
    except RefusedError as no:
        # nothing of it is looked at, so there is no line to name
        yield from (f"{reason.code}:1" for reason in no.refusal.reasons)
        return
    for name, problem in check_files({**LIBRARY, attack.file: content}, [attack.file], names).errors:
        assert name == attack.file, problem
        yield f"{problem.code}:{problem.line}"


def judged(attack: Attack, names: Names) -> Row:
    """The row of one file, judged in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        with os.fdopen(writer, "w") as answer:
            try:
                answer.write(json.dumps(_measured(attack, names)))
            except BaseException as wrong:  # noqa: BLE001 - whatever it was, the row says so
                answer.write(json.dumps([f"!{type(wrong).__name__}", 0, 0, 0]))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    _, status = os.waitpid(child, 0)
    refused, wall, cpu, megabytes = (
        json.loads(said) if said else (f"!killed {status}", MOST_SECONDS, MOST_SECONDS, 0)
    )
    return Row(attack, refused, wall, cpu, megabytes)


def _measured(attack: Attack, names: Names) -> tuple[str, float, float, float]:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    content = attack.build()
    # the file was built with pieces of its own; from here on only the judging counts
    Path("/proc/self/clear_refs").write_text("5")
    memory, wall, cpu = _peak(), time.perf_counter(), time.process_time()
    found = list(refusals(attack, content, names))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    more = f" +{len(found) - 2}" if len(found) > 2 else ""
    return " ".join(dict.fromkeys(found[:2])) + more, wall, cpu, (_peak() - memory) / 1024


def _peak() -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])


def main() -> None:
    """Print a row for each file, and the worst of all; 1 where one of them is not refused well."""
    duties = DutyBook.load(PROCESSES / "duties.yaml")
    names = names_of(PROCESSES, duties, ControlBook.load(PROCESSES / "controls.yaml", duties))
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    rows = []
    for attack in attacks():
        if wanted not in f"{attack.file} {attack.name}":
            continue
        row = judged(attack, names)
        rows.append(row)
        mark = "" if row.refused and row.refused[0] != "!" and row.wall < GOAL else "  <<<"
        print(
            f"{attack.file.rpartition('.')[2]:5} {attack.name:38} {row.wall:7.3f} s {row.cpu:7.3f} s "
            f"{row.megabytes:6.0f} MB  {row.refused}{mark}",
            flush=True,
        )
    passed = [row for row in rows if not row.refused or row.refused[0] == "!"]
    slow = [row for row in rows if row.wall >= GOAL]
    print(f"\n{len(rows)} files; not refused {len(passed)}; a second or longer {len(slow)}")
    for what in ("wall", "cpu", "megabytes"):
        worst = max(rows, key=lambda row: getattr(row, what))
        print(f"worst {what}: {getattr(worst, what):.3f} ({worst.attack.file}: {worst.attack.name})")
    sys.exit(bool(passed or slow))


if __name__ == "__main__":
    main()
