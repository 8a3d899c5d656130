"""The folder channel as a line: whoever carries files from the ``out`` of one office to the ``in`` of the other.

The carrier makes the faults of ``channel_line`` of them. Answers are files of their own, so some faults fall on those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from channel_line import Crash, Line, flipped
from channel_sites import Site
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.exchange.wire import LineDownError


@dataclass(slots=True)
class FolderDoor:
    """The end of the line at one office: a folder, behind which it reads whenever it sweeps."""

    site: Site
    folder: Path

    @property
    def code(self) -> str:
        """What the office calls itself."""
        return self.site.code

    @property
    def key(self) -> Ed25519PrivateKey:
        """See ``Door``."""
        return self.site.key

    def receive(self, raw: bytes) -> bytes:
        """The file lies there; its answer comes another way."""
        self.put(raw)
        return b""

    def put(self, raw: bytes) -> None:
        """One more file in ``in``, under a name of its own."""
        target = self.folder / "in"
        target.mkdir(parents=True, exist_ok=True)
        count = sum(1 for _ in self.folder.rglob("*.json"))
        (target / f"{count:08d}-{len(raw)}.json").write_bytes(raw)

    def taken(self) -> Iterator[bytes]:
        """What lies in ``out``, which is empty then."""
        for path in sorted((self.folder / "out").glob("*.json")):
            raw = path.read_bytes()
            path.unlink()
            yield raw

    def restart(self) -> None:
        """See ``Door``."""
        self.site.restart()

    def die(self, at: int, when: str) -> None:
        """In the next sweep, in which the office reads its folder."""
        self.site.die_sweeping(at, when)

    def die_sweeping(self, at: int, when: str) -> None:
        """See ``Door``."""
        self.site.die_sweeping(at, when)


@dataclass(slots=True)
class FolderCarrier:
    """Who carries the files, well or badly."""

    line: Line
    doors: tuple[FolderDoor, FolderDoor]
    #: answers that came by, for those who would put one in the place of another
    answers: list[bytes] = field(default_factory=list)
    #: what happens to the answer of a message, by who sent that and its number
    _spoilt: dict[tuple[str, int], str] = field(default_factory=dict)

    def carry(self) -> None:
        """Everything that lies there, once."""
        for mine, other in (self.doors, self.doors[::-1]):
            for raw in mine.taken():
                if "ack" in json.loads(raw):
                    self._carry_answer(raw, other)
                else:
                    self._carry_letter(raw, mine, other)

    def _carry_answer(self, raw: bytes, to: FolderDoor) -> None:
        what = self._spoilt.pop((to.code, json.loads(raw)["ack"]["number"]), "")
        if what == "wrong_answer" and self.answers:
            to.put(self.answers[-1])
        elif what == "corrupt_answer":
            to.put(flipped(raw, what))
        elif not what:
            to.put(raw)
        self.answers.append(raw)

    def _carry_letter(self, raw: bytes, mine: FolderDoor, other: FolderDoor) -> None:
        before = len(self.line.done)
        answer = b""
        try:
            answer = self.line.carry(mine.code, other.code, raw)
        except LineDownError:
            pass
        except Crash:
            mine.restart()
        what = self.line.done[-1][1] if len(self.line.done) > before else ""
        if what in ("answer_lost", "corrupt_answer", "wrong_answer"):
            self._spoilt[mine.code, json.loads(raw)["envelope"]["number"]] = what
        if what == "forged_answer" and answer:
            mine.put(answer)
