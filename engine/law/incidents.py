"""How grave a fund incident (要情) is and when its first report is due.

Source: 人社部发〔2020〕21号, with the 2007 time limits where the new ones were not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from engine.law.calendar import WorkCalendar
from engine.law.policy import NATIONAL, PolicyBook, or_refusal, reason_of
from engine.values import Money, Reason

Level = Literal["none", "普通", "重大"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLevel:
    """The level of one incident."""

    level: Level
    #: key of the time limit for the first report; empty for none
    time_limit: str
    reasons: tuple[Reason, ...]


@or_refusal
def incident_level(
    *, amount: Money, filed: bool, day: date, book: PolicyBook, grave: bool = False
) -> IncidentLevel:
    """The level: 重大 from ¥500,000 or grave in nature, 普通 from ¥10,000 or filed for investigation, else none.

    Both amounts inclusive. ``filed``: 已立案.
    """
    major = book.at("incident.major_from", NATIONAL, day)
    ordinary = book.at("incident.ordinary_from", NATIONAL, day)
    counts = book.at("incident.filed_counts", NATIONAL, day)
    fact = f"涉及{amount.text}元，{'已' if filed else '未'}立案"
    if amount >= major.money or grave:
        why = "性质严重、影响恶劣" if amount < major.money else f"{major.money.text}元以上"
        reason = reason_of("major_incident", f"{why}，属重大要情", major, text_en="Major incident", fact=fact)
        return IncidentLevel(level="重大", time_limit="incident_report_major", reasons=(reason,))
    if amount >= ordinary.money or (filed and counts.flag):
        why = "已立案" if amount < ordinary.money else f"{ordinary.money.text}元以上"
        reason = reason_of(
            "ordinary_incident",
            f"{why}，属普通要情",
            ordinary,
            counts,
            text_en="Ordinary incident",
            fact=fact,
        )
        return IncidentLevel(level="普通", time_limit="incident_report", reasons=(reason,))
    reason = reason_of(
        "no_incident",
        f"不足{ordinary.money.text}元且未立案，不属要情",
        ordinary,
        text_en="No incident",
        fact=fact,
    )
    return IncidentLevel(level="none", time_limit="", reasons=(reason,))


def report_due(
    found: IncidentLevel, found_on: date, *, book: PolicyBook, calendar: WorkCalendar
) -> date | None:
    """The last day of the first report; None where none is due. PolicyGap, CalendarGap as they come."""
    if not found.time_limit:
        return None
    limit = book.at(f"time_limit.{found.time_limit}", NATIONAL, found_on)
    return calendar.after(found_on, limit.count) if limit.count else found_on
