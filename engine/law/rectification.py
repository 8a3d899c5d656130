"""Days of rectification: which deadlines count for a unit, and on which working day each stage of an escalation comes.

Source: 鲁人社函〔2020〕10号（十）: circular for what is not done in time, notice to the local government where needed,
accountability for neglect. How many working days lie between is in ``processes/policy/rectification.yaml``. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from engine.law.calendar import CalendarGap, WorkCalendar
from engine.law.policy import PolicyBook, PolicyGap
from engine.values import Reason, Refusal

#: after so many working days past the deadline: the stages that follow a missed one, in order
_AFTER = {
    "circular": "rectification.circular_after",
    "government": "rectification.government_after",
    "referral": "rectification.referral_after",
}
SOURCE = "鲁人社函〔2020〕10号（十）"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """On one day a stage is due for every deadline from ``first`` (None: however long ago) to ``last``, inclusive."""

    stage: str
    first: date | None
    last: date
    #: the stage that has to come first, on an earlier day; '' none
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dues:
    """The deadlines that count for a unit; None where there is none."""

    self_check: date | None
    plan: date | None
    done: date | None
    #: the notice's first deadline had passed when it was received
    overdue_on_receipt: bool


def windows(
    day: date, *, region: str, book: PolicyBook, calendar: WorkCalendar
) -> tuple[Window, ...] | Refusal:
    """Which stages are due on that day for which deadlines; empty on a day off.

    A stage of ``n`` working days after a deadline comes on the n-th working day after it; a reminder of ``n`` on the
    n-th working day before. Refused with ``policy_gap`` or ``calendar_gap``.
    """
    try:
        if not calendar.is_workday(day):
            return ()
        found = [Window(stage="reminder", first=day, last=_soon(day, region, book, calendar), after="")]
        before = ""
        for stage, key in _AFTER.items():
            last = _workday_back(day, book.at(key, region, day).count, calendar) - timedelta(days=1)
            found.append(Window(stage=stage, first=None, last=last, after=before))
            before = stage
    except (PolicyGap, CalendarGap) as gap:
        return Refusal(reasons=(gap.reason,))
    return tuple(found)


def soon_until(day: date, *, region: str, book: PolicyBook, calendar: WorkCalendar) -> date | Refusal:
    """The last deadline that counts as near on that day: what is reminded of. Refused as :func:`windows`."""
    try:
        return _soon(day, region, book, calendar)
    except (PolicyGap, CalendarGap) as gap:
        return Refusal(reasons=(gap.reason,))


def dues_on_receipt(
    received_on: date,
    *,
    self_check: date | None,
    plan: date | None,
    done: date | None,
    region: str,
    book: PolicyBook,
    calendar: WorkCalendar,
) -> Dues | Refusal:
    """The deadlines that count for a unit which received the notice on that day.

    A deadline that had passed before then is counted anew from receipt: nobody is late the moment they are told. A
    deadline is never earlier than the one before it. Refused with ``policy_gap`` or ``calendar_gap``.
    """
    stated = {"self_check": self_check, "plan": plan, "done": done}
    counted: dict[str, date | None] = {}
    earliest = received_on
    try:
        for kind, due in stated.items():
            if due is not None and due < received_on:
                days = book.at(f"rectification.{kind}_after_receipt", region, received_on).count
                due = calendar.after(received_on, days)
            if due is not None:
                due = earliest = max(due, earliest)
            counted[kind] = due
    except (PolicyGap, CalendarGap) as gap:
        return Refusal(reasons=(gap.reason,))
    first = next((due for due in stated.values() if due is not None), None)
    return Dues(**counted, overdue_on_receipt=first is not None and first < received_on)


def dates_in_order(self_check: date | None, plan: date | None, done: date | None) -> Reason | None:
    """Why the deadlines of a checklist are not in order; None where they are."""
    stated = [due for due in (self_check, plan, done) if due is not None]
    if stated == sorted(stated):
        return None
    return Reason(
        code="dates_reversed",
        text="时限须依次为查摆、报送方案、完成整改，后一个不能早于前一个",
        text_en="Deadlines must follow one another: self-check, plan, done.",
        source=SOURCE,
    )


def _soon(day: date, region: str, book: PolicyBook, calendar: WorkCalendar) -> date:
    return calendar.after(day, book.at("rectification.remind_before", region, day).count)


def _workday_back(day: date, count: int, calendar: WorkCalendar) -> date:
    """The count-th working day up to and including the day, going back."""
    found = calendar.on_or_before(day)
    for _ in range(count - 1):
        found = calendar.on_or_before(found - timedelta(days=1))
    return found
