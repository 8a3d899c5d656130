"""Carrying out work that is done part by part: by the sweep, so many parts a round, or here and now to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.store.parts import PartColumns, how_far, put_off


class NextPart(Protocol):
    """How a kind of work tells which part is next."""

    def __call__(self, session: Session, run_id: int, *, now: datetime) -> PartColumns | None:
        """The part, locked for this transaction; None when none is left or others have it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PartWork:
    """One kind of work that has runs, and parts of runs."""

    parts: type[PartColumns]
    #: numbers of the runs that go on, in order
    running: Select[int]
    next_part: NextPart
    #: whether a part of the run was carried out, in a transaction of its own
    do_next: Callable[[Office, int], bool]

    def due(self, office: Office, limit: int) -> int:
        """How many parts were carried out, at most so many; one that fails stays, with its cause."""
        done = 0
        with office.store.reading() as session:
            running = session.scalars(self.running).all()
        for run_id in running:
            while done < limit and self._try_next(office, run_id):
                done += 1
        return done

    def drive(self, office: Office, run_id: int, *, say: Callable[[int, int], object]) -> None:
        """Carries the run out here and now, telling how many of its parts are done; raises what a part raises."""
        while True:
            with office.store.reading() as session:
                done, total = how_far(session, self.parts, run_id)
            say(done, total)
            if not self.do_next(office, run_id):
                return

    def _try_next(self, office: Office, run_id: int) -> bool:
        try:
            return self.do_next(office, run_id)
        except Exception as failure:  # noqa: BLE001 - the worker's outer loop: the cause is kept, the part tried again
            with office.store.transaction() as session:
                part = self.next_part(session, run_id, now=office.clock())
                if part is not None:
                    put_off(part, failure, now=office.clock())
            return False
