"""What a row of each kind must say, and what it then says: the rules that need no other row. Pure.

What rows say about each other and about what is on file already is for ``import_cross``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from engine.cases.import_cells import Cells
from engine.law.identity import IdNumber
from engine.values import Money, Month, Refusal

#: what a row says, by the columns of ``import_entry``
Said = dict[str, object]

_GROUND = re.compile(r"ST[1-9]")


def said(cells: Cells) -> Said:
    """What the row says; every fault is noted on the cells, and with an error the answer may lack what is wrong."""
    number = cells.id_number()
    own = _RULES[cells.ground.kind.key](cells, number)
    # a name beside the number tells a slip of the pen apart from another person
    name = cells.text("name")
    return {"name": name, "birth": number.birth if number else None, **own}


def _person(cells: Cells, number: IdNumber | None) -> Said:
    birth, sex = cells.day("birth"), cells.word("sex")
    if number and birth and birth != number.birth:
        cells.note("birth", "birth_differs")
    if number and sex and sex != number.sex:
        cells.note("sex", "sex_differs")
    return {"region_code": cells.region(), "sex": number.sex if number else None}


def _contribution(cells: Cells, _: IdNumber | None) -> Said:
    employer, first, last = cells.employer(), cells.month("first_month"), cells.month("last_month")
    months, base = cells.count("months"), cells.fen("base")
    if first and last:
        months = _months_of_range(cells, first, last, months)
    return {
        "employer_code": employer,
        "first_month": str(first),
        "last_month": str(last),
        "months": months,
        "amount_fen": base,
    }


def _months_of_range(cells: Cells, first: Month, last: Month, months: int | None) -> int | None:
    length = first.until(last) + 1
    if length < 1:
        cells.note("last_month", "range_backwards")
    elif months == 0:
        cells.note("months", "count")
    elif months is not None and months > length:
        cells.note("months", "months_exceed_range", fact=f"{months} > {length}")
    elif months is not None and months < length:
        cells.note("months", "months_gap", fact=f"{months} < {length}")
    return length if months is None and not cells.texts["months"] else months


def _grant(cells: Cells, number: IdNumber | None) -> Said:
    region, household = cells.region(), cells.household()
    applied_on, granted_on = cells.day("applied_on"), cells.day("granted_on")
    if applied_on and granted_on and granted_on < applied_on:
        cells.note("granted_on", "range_backwards")
    first, months, monthly = cells.month("first_month"), cells.count("months"), cells.fen("monthly")
    _judge_class(cells, number)
    if months == 0:
        cells.note("months", "count")
    if region and applied_on:
        _judge_by_law(cells, region, household, applied_on, months=months, monthly=monthly)
    if first and applied_on and first != Month.of(applied_on):
        cells.note("first_month", "first_month_differs", fact=str(Month.of(applied_on)))
    return {
        "reference": cells.text("reference"),
        "region_code": region,
        "household_region": household,
        "retirement_class": cells.texts["retirement_class"] or None,
        "day": applied_on,
        "granted_on": granted_on or applied_on,
        "first_month": str(first),
        "months": months,
        "amount_fen": monthly,
        **_progress(cells, first, months),
    }


def _judge_class(cells: Cells, number: IdNumber | None) -> None:
    found = cells.word("retirement_class")
    if not cells.texts["retirement_class"]:
        cells.note("retirement_class", "class_missing")
    elif found and number and found[0] != ("M" if number.sex == "male" else "F"):
        cells.note("retirement_class", "class_sex")


def _judge_by_law(
    cells: Cells, region: str, household: str | None, day: date, *, months: int | None, monthly: int | None
) -> None:
    """The months against the law's cap (社会保险法第四十六条), the amount against the standard of its day."""
    book = cells.ground.book
    # an application older than every rule on file is held to today's cap
    cap = book.find("benefit.max_months", region, day) or book.at(
        "benefit.max_months", region, cells.ground.today
    )
    if months is not None and months > cap.count:
        cells.note("months", "over_cap", fact=f"{months} > {cap.count}")
    if monthly is None:
        return
    standard = cells.ground.standard(region, household, day)
    if isinstance(standard, Refusal):
        cells.note("monthly", "standard_unknown")
    elif standard.monthly != Money(monthly):
        cells.note("monthly", "standard_differs", fact=standard.monthly.text)


def _progress(cells: Cells, first: Month | None, months: int | None) -> Said:
    """How far the grant was paid: what the month run goes on from, so nothing here is let pass that does not add up."""
    paid, through = cells.count("months_paid"), cells.month("paid_through")
    standing = cells.word("standing")
    if paid is not None and (paid > 0) != bool(cells.texts["paid_through"]):
        cells.note("paid_through", "paid_through_missing")
    ground, ended_on = cells.text("ended_ground"), cells.day("ended_on")
    if ground and not _GROUND.fullmatch(ground):
        cells.note("ended_ground", "ground")
    stopped = standing == "stopped"
    if standing and (stopped != bool(ground) or stopped != bool(cells.texts["ended_on"])):
        cells.note("standing", "standing_differs")
    if first and standing and months is not None and paid is not None:
        grant = _Grant(first=first, months=months, paid=paid, through=through, ended_on=ended_on)
        _judge_paid(cells, grant, running=standing == "active")
        _judge_standing(cells, grant, standing)
    return {
        "months_paid": paid,
        "last_month": str(through) if through else None,
        "standing": standing,
        "ended_ground": ground,
        "ended_on": ended_on,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    """What a row says of how far a grant was paid."""

    first: Month
    months: int
    paid: int
    through: Month | None
    ended_on: date | None

    @property
    def next_due(self) -> Month:
        """The month that the month run would go on with."""
        return self.through.plus(1) if self.through else self.first

    @property
    def last(self) -> Month:
        """The last month of the period, without an extension."""
        return self.first.plus(self.months - 1)


def _judge_paid(cells: Cells, grant: _Grant, *, running: bool) -> None:
    """Months paid against the months from the first to the last paid; more than granted may be an extension (续发)."""
    if grant.paid > grant.months:
        cells.note("months_paid", "paid_over_granted", fact=f"{grant.paid} > {grant.months}")
        return
    if grant.through is None:
        return
    length = grant.first.until(grant.through) + 1
    if length < 1:
        cells.note("paid_through", "range_backwards")
    elif grant.paid > length:
        cells.note("months_paid", "months_exceed_range", fact=f"{grant.paid} > {length}")
    elif grant.paid < min(length, grant.months):
        # the month run counts the period by the calendar: the months of the gap would be lost to the person
        cells.note(
            "months_paid", "gap_while_running" if running else "paid_gap", fact=f"{grant.paid} < {length}"
        )
    elif length > grant.months:
        cells.note("paid_through", "paid_beyond", fact=f"> {grant.last}")


def _judge_standing(cells: Cells, grant: _Grant, standing: str) -> None:
    all_paid = grant.paid == grant.months
    if standing == "used_up" and not all_paid:
        cells.note("standing", "standing_differs")
    elif standing == "active" and all_paid:
        cells.note("standing", "all_paid")
    elif standing == "active":
        this_month = Month.of(cells.ground.today)
        due = grant.next_due.until(min(this_month, grant.last)) + 1
        if due > 1:
            cells.note("paid_through", "arrears", fact=str(due))
    elif standing == "stopped" and grant.ended_on and grant.next_due <= Month.of(grant.ended_on):
        # the month of the event is still due: the next run would pay what nobody has looked at for years
        cells.note("ended_on", "unpaid_before_stop", fact=str(grant.next_due))


def _payment(cells: Cells, _: IdNumber | None) -> Said:
    month, paid_on = cells.month("month"), cells.day("paid_on")
    if month and paid_on and Month.of(paid_on) < month:
        cells.note("paid_on", "paid_before_month")
    return {
        "reference": cells.text("reference"),
        "first_month": str(month),
        "amount_fen": cells.fen("amount"),
        "day": paid_on,
        "channel": cells.text("channel") or "",
        "voucher": cells.text("voucher") or "",
    }


def _exit(cells: Cells, _: IdNumber | None) -> Said:
    employer, day, code = cells.employer(), cells.day("day"), cells.text("reason")
    reason = cells.ground.book.exit_reasons.get(code) if code else None
    if code and reason is None:
        cells.note("reason", "reason_unknown")
    elif reason and reason.involuntary == "manual":
        cells.note("reason", "second_person", fact=reason.name)
    return {"employer_code": employer, "day": day, "reason": code}


_RULES: Mapping[str, Callable[[Cells, IdNumber | None], Said]] = {
    "persons": _person,
    "contributions": _contribution,
    "grants": _grant,
    "payments": _payment,
    "exits": _exit,
}
