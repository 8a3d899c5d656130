"""When a time limit ends, and on which day a month is paid.

Working days are counted by the calendar; calendar days that end on a day off move to the next working day
(民法典第二百零三条). The first day is never counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from engine.law.calendar import CalendarGap, WorkCalendar
from engine.law.policy import PolicyBook, PolicyGap, reason_of
from engine.values import Month, Reason, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The last day of a time limit, inclusive."""

    day: date
    reasons: tuple[Reason, ...]


def deadline(
    name: str, start: date, *, region: str, book: PolicyBook, calendar: WorkCalendar
) -> Deadline | Refusal:
    """The last day of ``time_limit.<name>`` that begins on the start day.

    Refused with ``policy_gap`` or ``calendar_gap`` where a figure or a year is not on file. A limit of zero
    ends on the start day.
    """
    try:
        limit = book.at(f"time_limit.{name}", region, start)
        if limit.unit == "workdays":
            day = calendar.after(start, limit.count) if limit.count else start
        else:
            day = calendar.on_or_after(start + timedelta(days=limit.count))
        notices = calendar.reasons(start, day)
    except (PolicyGap, CalendarGap) as gap:
        return Refusal(reasons=(gap.reason,))
    unit = "个工作日" if limit.unit == "workdays" else "日"
    reason = reason_of(
        "time_limit",
        f"{limit.title}{limit.count}{unit}，至{day.isoformat()}",
        limit,
        text_en=f"Due on {day.isoformat()}",
        fact=f"自{start.isoformat()}起算",
    )
    return Deadline(day=day, reasons=(reason, *notices))


def pay_day(month: Month, *, region: str, book: PolicyBook, calendar: WorkCalendar) -> Deadline | Refusal:
    """The day on which a month's benefits are paid; a day off moves to the working day before it.

    Source: no national day; the region's parameter ``payment.pay_day``.
    """
    try:
        setting = book.at("payment.pay_day", region, month.first_day)
        planned = min(date(month.year, month.month, 1) + timedelta(days=setting.count - 1), month.last_day)
        day = calendar.on_or_before(planned)
        notices = calendar.reasons(day, planned)
    except (PolicyGap, CalendarGap) as gap:
        return Refusal(reasons=(gap.reason,))
    reason = reason_of(
        "pay_day",
        f"{month}发放日{day.isoformat()}（原定{planned.isoformat()}，遇休息日提前）",
        setting,
        text_en=f"Paid on {day.isoformat()}",
    )
    return Deadline(day=day, reasons=(reason, *notices))
