"""The years of the working calendar that the office entered itself, as every process of the office sees them.

A page, a worker and a command each hold an ``Office``; none is restarted when a year is put in force. Each looks
again after a few seconds, and at once where the year was put in force by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from engine.cases.limit_tables import CalendarDay, CalendarEdition
from engine.law.calendar import CalendarYear, WorkCalendar
from engine.store.db import Store

#: another process's edition is seen after at most so many seconds
_LOOKS_AGAIN_AFTER = 5.0


class EnteredYears:
    """The newest approved edition of each year, laid over the calendar of the files."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._editions: tuple[int, ...] = ()
        self._calendar: WorkCalendar | None = None

    def over(self, shipped: WorkCalendar, store: Store) -> WorkCalendar:
        """The calendar with the entered years in it."""
        with self._lock:
            if self._calendar is not None and time.monotonic() - self._looked_at < _LOOKS_AGAIN_AFTER:
                return self._calendar
            with store.reading() as session:
                editions = in_force(session)
                ids = tuple(edition.id for edition in editions)
                if self._calendar is None or ids != self._editions:
                    self._calendar = shipped.with_years(years_of(session, editions))
                    self._editions = ids
            self._looked_at = time.monotonic()
            return self._calendar

    def forget(self) -> None:
        """Look again at the next question."""
        with self._lock:
            self._looked_at = float("-inf")


def in_force(session: Session) -> tuple[CalendarEdition, ...]:
    """The newest approved edition of each year, by year."""
    newest = (
        select(CalendarEdition)
        .where(CalendarEdition.approved_at.is_not(None))
        .ext(distinct_on(CalendarEdition.year))
        .order_by(CalendarEdition.year, CalendarEdition.approved_at.desc(), CalendarEdition.id.desc())
    )
    return tuple(session.scalars(newest))


def years_of(session: Session, editions: Iterable[CalendarEdition]) -> tuple[CalendarYear, ...]:
    """The editions as years of the calendar."""
    wanted = tuple(editions)
    days: dict[int, dict[str, set[date]]] = {each.id: {"holiday": set(), "workday": set()} for each in wanted}
    for row in session.scalars(select(CalendarDay).where(CalendarDay.edition_id.in_(days))):
        days[row.edition_id][row.kind].add(row.day)
    return tuple(
        CalendarYear(
            year=each.year,
            off=frozenset(days[each.id]["holiday"]),
            work=frozenset(days[each.id]["workday"]),
            source=each.source,
            verified=True,
        )
        for each in wanted
    )
