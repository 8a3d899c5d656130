"""The working calendar: every year on file, the days of one year, and entering a year for a second person to approve."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import calendars as cases
from engine.cases.calendars import ExceptionalDay
from engine.cases.views import Done
from engine.values import Refusal
from web.errors import refused, status_of
from web.session import actor, office, only_for

calendar_pages = Blueprint("calendars", __name__, url_prefix="/calendar")

_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCell:
    """One day of a small month."""

    day: date
    off: bool
    #: holiday or workday where the day is not what its weekday says; empty else
    kind: str
    name: str


@calendar_pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """Every year on file, and the next one where it is missing."""
    years = cases.calendar_years(office(), actor())
    if isinstance(years, Refusal):
        return refused(years)
    return render_template("calendars.html", years=years, missing=cases.missing_year(office()))


@calendar_pages.get("/<int:year>")
@only_for("staff")
def show(year: int) -> ResponseReturnValue:
    """The months of a year, what waits for approval, and the form that enters it anew."""
    return _page(year)


@calendar_pages.post("/<int:year>")
@only_for("staff")
def enter(year: int) -> ResponseReturnValue:
    """Keep the year for a second person; what was typed stays where a line is faulty."""
    typed = {name: request.form.get(name, "") for name in ("source", "holidays", "workdays")}
    return _after(year, cases.enter_year(office(), actor(), year=year, **typed), typed=typed)


@calendar_pages.post("/<int:year>/editions/<int:edition_id>/<any(approve, reject):act>")
@only_for("staff")
def decide(year: int, edition_id: int, act: str) -> ResponseReturnValue:
    """Put the edition in force as the second person, or lay it aside."""
    if act == "approve":
        return _after(year, cases.approve_year(office(), actor(), edition_id))
    why = request.form.get("why", "")
    return _after(year, cases.reject_year(office(), actor(), edition_id, why=why))


def _page(
    year: int, *, refusal: Refusal | None = None, typed: dict[str, str] | None = None
) -> ResponseReturnValue:
    found = cases.calendar_year(office(), actor(), year)
    if isinstance(found, Refusal):
        return refused(refusal or found)
    page = render_template(
        "calendar.html",
        view=found,
        months=_months(year, found.days) if found.on_file else (),
        months_of=_months_of(year),
        refusal=refusal,
        typed=typed or _as_lines(found.days, found.source),
    )
    return page, status_of(refusal) if refusal else 200


def _after(year: int, outcome: Done | Refusal, *, typed: dict[str, str] | None = None) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return _page(year, refusal=outcome, typed=typed)
    flash(outcome.message, "success")
    return redirect(f"/calendar/{year}", code=303)


def _months_of(
    year: int,
) -> Callable[[tuple[ExceptionalDay, ...]], tuple[tuple[int, list[list[DayCell | None]]], ...]]:
    return lambda days: _months(year, days)


def _months(
    year: int, days: tuple[ExceptionalDay, ...]
) -> tuple[tuple[int, list[list[DayCell | None]]], ...]:
    """The twelve months, each as weeks from Monday; None before the first day and after the last."""
    known = {each.day: each for each in days}
    weeks = calendar.Calendar()
    return tuple(
        (
            month,
            [
                [_cell(day, known) if day.month == month else None for day in week]
                for week in weeks.monthdatescalendar(year, month)
            ],
        )
        for month in range(1, 13)
    )


def _cell(day: date, known: dict[date, ExceptionalDay]) -> DayCell:
    special = known.get(day)
    kind = special.kind if special else ""
    off = kind == "holiday" or (kind == "" and day.weekday() >= _SATURDAY)
    return DayCell(day=day, off=off, kind=kind, name=special.name if special else "")


def _as_lines(days: tuple[ExceptionalDay, ...], source: str) -> dict[str, str]:
    """The days as the form takes them, a span on each line."""
    lines: dict[str, list[str]] = {"holiday": [], "workday": []}
    spans: list[tuple[date, date, ExceptionalDay]] = []
    for each in days:
        if spans and spans[-1][2].kind == each.kind and spans[-1][2].name == each.name:
            first, last, like = spans[-1]
            if (each.day - last).days == 1:
                spans[-1] = (first, each.day, like)
                continue
        spans.append((each.day, each.day, each))
    for first, last, each in spans:
        span = f"{first}..{last}" if last > first else f"{first}"
        lines[each.kind].append(f"{span} {each.name}".strip())
    return {
        "source": source,
        "holidays": "\n".join(lines["holiday"]),
        "workdays": "\n".join(lines["workday"]),
    }
