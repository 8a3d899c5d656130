"""What files from somebody who means harm cost until they are refused. Not a test; run it by hand::

    python bench/hostile.py [part of a file's or an attack's name]

Every file goes the way of an upload to the studio: its size, then ``check_files`` with the office's own names; a
letter goes the way of setting up. A row says what was refused with which code and line, the seconds by the clock
and of the processor, and how far memory rose above the file itself. Each is judged in a process of its own, so that
a runaway costs no more than its row.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from hostile_diagrams import PROCESSES
from hostile_files import Attack, attacks
from measured import Measured, apart

from engine.cases.controls import ControlBook
from engine.cases.drafts import refuse_untakeable
from engine.cases.library import shipped_files
from engine.cases.library_checks import check_files
from engine.cases.names import names_of
from engine.duties import DutyBook
from engine.values import RefusedError
from engine.workflow.checks import check_letter
from engine.workflow.vocabulary import Names

#: seconds of the processor after which a row is given up
MOST_SECONDS = 25
#: what the issue asks for
GOAL = 1.0
LIBRARY = shipped_files(PROCESSES)


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


def judged(attack: Attack, names: Names) -> Measured:
    """The cost of one file; says code and line of its first errors, nothing where nothing was refused."""

    def work(content: bytes) -> str:
        found = list(refusals(attack, content, names))
        more = f" +{len(found) - 2}" if len(found) > 2 else ""
        return " ".join(dict.fromkeys(found[:2])) + more

    return apart(attack.build, work, most_seconds=MOST_SECONDS)


def main() -> None:
    """Print a row for each file, and the worst of all; 1 where one of them is not refused well."""
    duties = DutyBook.load(PROCESSES / "duties.yaml")
    names = names_of(PROCESSES, duties, ControlBook.load(PROCESSES / "controls.yaml", duties))
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    rows: list[tuple[Attack, Measured]] = []
    for attack in attacks():
        if wanted not in f"{attack.file} {attack.name}":
            continue
        cost = judged(attack, names)
        rows.append((attack, cost))
        good = cost.said and cost.said[0] != "!" and cost.cpu < GOAL
        print(
            f"{attack.file.rpartition('.')[2]:5} {attack.name:38} {cost.wall:7.3f} s {cost.cpu:7.3f} s "
            f"{cost.megabytes:6.0f} MB  {cost.said}{'' if good else '  <<<'}",
            flush=True,
        )
    passed = [attack for attack, cost in rows if not cost.said or cost.said[0] == "!"]
    slow = [attack for attack, cost in rows if cost.cpu >= GOAL]
    print(f"\n{len(rows)} files; not refused {len(passed)}; a second of the processor or longer {len(slow)}")
    for what in ("wall", "cpu", "megabytes"):
        attack, cost = max(rows, key=lambda row: getattr(row[1], what))
        print(f"worst {what}: {getattr(cost, what):.3f} ({attack.file}: {attack.name})")
    sys.exit(bool(passed or slow))


if __name__ == "__main__":
    main()
