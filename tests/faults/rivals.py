"""Two server processes that do the same thing at the same instant, again and again.

Each is a fresh interpreter (spawn) with an office of its own on the same database, as two servers behind one
address are. A barrier lets both go at once; what each was told comes back in order.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from engine.cases import inbox
from engine.cases.bank import collect_receipts
from engine.cases.office import Office, open_office
from engine.cases.staff import actor_of
from engine.cases.sweep import sweep
from engine.cases.views import Done
from engine.config import Settings
from engine.values import Actor, Refusal

#: a rival that is lost ends the round for the other one too
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a rival needs to open its office."""

    database_url: str
    data_dir: Path
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one rival was answered in one round."""

    #: it was done by this rival
    won: bool
    #: reason code of the refusal; empty for none
    code: str = ""
    text: str = ""
    #: timers fired and messages sent
    timers: int = 0
    sent: int = 0


Act = Callable[[Office, Actor, Any], Told]


def complete(office: Office, actor: Actor, task_id: Any) -> Told:
    """Complete the task with no entries."""
    return _told(inbox.complete_task(office, actor, task_id, {}))


def claim(office: Office, actor: Actor, task_id: Any) -> Told:
    """Claim the task."""
    return _told(inbox.claim_task(office, actor, task_id))


def sweep_once(office: Office, actor: Actor, _round: Any) -> Told:
    """One sweep; won where it did anything."""
    swept = sweep(office)
    return Told(won=not swept.idle, timers=swept.timers, sent=swept.sent)


def collect(office: Office, actor: Actor, _round: Any) -> Told:
    """Take the receipts that lie there."""
    return Told(won=collect_receipts(office) > 0)


def race(
    place: Place, act: Act, staff_ids: tuple[int, int], rounds: Sequence[Any]
) -> list[tuple[Told, Told]]:
    """What the two were told in each round."""
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    rivals = []
    for staff_id in staff_ids:
        reader, writer = spawn.Pipe(duplex=False)
        process = spawn.Process(target=_rival, args=(place, act, staff_id, list(rounds), barrier, writer))
        process.start()
        # the other end is the rival's alone: when it dies, reading ends instead of waiting for ever
        writer.close()
        rivals.append((process, reader))
    answers = [reader.recv() for _, reader in rivals]
    for process, _ in rivals:
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == 0
    return list(zip(*answers, strict=True))


def _rival(
    place: Place, act: Act, staff_id: int, rounds: list[Any], barrier: Barrier, answer: Connection
) -> None:
    environment = {
        "DATABASE_URL": place.database_url,
        "CHANGLING_DATA": str(place.data_dir),
        "CHANGLING_SECRET": "5a" * 32,
    }
    office = open_office(Settings.from_env(environment), clock=lambda: place.now)
    actor = actor_of(office, staff_id)
    assert actor is not None
    told = []
    for what in rounds:
        barrier.wait(PATIENCE_SECONDS)
        told.append(act(office, actor, what))
    answer.send(told)
    office.close()


def _told(outcome: object) -> Told:
    if isinstance(outcome, Refusal):
        return Told(won=False, code=outcome.reasons[0].code, text=outcome.text)
    assert isinstance(outcome, Done), outcome
    return Told(won=True)
