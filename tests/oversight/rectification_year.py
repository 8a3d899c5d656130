"""A year of rectification in a made-up province: its units, what they do each day by chance, and what must follow.

The oracle is written from the notice and the figures alone: it reads the calendar file itself, keeps every item in plain
fields and goes through them one by one. It shares no code with the product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

import yaml

#: figures of ``processes/policy/rectification.yaml``, as they stand: working days
REMIND, AFTER = 2, {"circular": 1, "government": 10, "referral": 20}
#: which deadline runs while an item stands so
RUNS = {"unchecked": "self_check", "planning": "plan", "doing": "done"}
#: item, kind and day of the deadline, stage, day on which it came
Came = tuple[int, str, date, str, date]


@dataclass(slots=True)
class PlainItem:
    """One cell as a clerk with a notebook would keep it."""

    id: int
    status: str
    dues: dict[str, date | None]
    #: how likely its unit does something about it on a working day
    diligence: float
    #: through the real process, step by step
    by_process: bool = False

    @property
    def running(self) -> tuple[str, date] | None:
        """The deadline that runs now."""
        kind = RUNS.get(self.status)
        due = self.dues[kind] if kind else None
        return (kind, due) if kind and due else None


@dataclass(frozen=True, slots=True)
class Move:
    """What is done about an item on one day: the step and its form, and how the item stands afterwards."""

    step: str
    fields: dict[str, str]
    status: str
    dues: dict[str, date]


class Oracle:
    """What must have come by when, item by item: the first stage that has not come, on the day from which it may."""

    def __init__(self, workdays: list[date]) -> None:
        self.came: set[Came] = set()
        self._days = set(workdays)
        self._count: dict[date, int] = {}
        self._index: dict[tuple[int, str, date, str], date] = {}
        passed = 0
        first = workdays[0]
        for offset in range((workdays[-1] - first).days + 1):
            day = first + timedelta(days=offset)
            passed += day in self._days
            self._count[day] = passed

    def morning(self, day: date, items: list[PlainItem]) -> None:
        """What is due at the beginning of that day; nothing on a day off."""
        if day not in self._days:
            return
        for item in items:
            if item.running is None:
                continue
            kind, due = item.running
            stage = self._stage(item.id, kind, due, day)
            if stage:
                self._index[item.id, kind, due, stage] = day
                self.came.add((item.id, kind, due, stage, day))

    def _stage(self, item: int, kind: str, due: date, day: date) -> str:
        if day <= due:
            # working days after today and before the deadline
            left = self._count[due] - (due in self._days) - self._count[day]
            near = left < REMIND and (item, kind, due, "reminder") not in self._index
            return "reminder" if near else ""
        late = self._count[day] - self._count[due]
        for stage, after in AFTER.items():
            if (item, kind, due, stage) not in self._index:
                return stage if late >= after else ""
        return ""


def workdays(folder: Path, *years: int) -> list[date]:
    """The working days of those years, read from the calendar files by hand."""
    found = []
    for year in years:
        # plain texts: to YAML the word off is a no
        notice = yaml.load((folder / f"{year}.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)
        off, work = set(_days(notice["off"], year)), set(_days(notice.get("work") or [], year))
        day = date(year, 1, 1)
        while day.year == year:
            if day in work or (day.weekday() < 5 and day not in off):
                found.append(day)
            day += timedelta(days=1)
    return found


def _days(spans: list[str], year: int) -> Iterator[date]:
    for span in spans:
        first, _, last = str(span).partition("..")
        day = date.fromisoformat(f"{year}-{first}")
        while day <= date.fromisoformat(f"{year}-{last or first}"):
            yield day
            day += timedelta(days=1)


def units_of_province(cities: list[str], counties: int, known: list[str]) -> list[tuple[str, str]]:
    """Code and city of so many counties, spread over the cities: those known, then made-up ones."""
    found = [(code, f"{code[:4]}00") for code in known]
    number = 0
    while len(found) < counties:
        city = cities[number % len(cities)]
        code = f"{city[:4]}{41 + number // len(cities):02d}"
        number += 1
        if code not in known:
            found.append((code, city))
    return sorted(found)


def move_of(item: PlainItem, day: date, chance: Random) -> Move | None:
    """What is done about the item on that day; None: nothing."""
    if item.status not in _MOVES or chance.random() >= item.diligence:
        return None
    return _MOVES[item.status](item, day, chance)


def _check(item: PlainItem, day: date, chance: Random) -> Move:
    if chance.random() < 0.3:
        form = {"check_result": "no_problem", "check_statement": "逐条对照，没有问题"}
        return Move("self_check", form, "no_problem", {})
    form = {"check_result": "problem", "problem_kind": "half_done", "problem": "落实不到位"}
    return Move("self_check", form, "planning", {})


def _plan(item: PlainItem, day: date, chance: Random) -> Move:
    planned = _soon(day, 5, 60, chance)
    form = {
        "problem_kind": "half_done",
        "problem": "落实不到位",
        "measures": "逐项整改",
        "responsible": "责任人",
        "done_due": planned.isoformat(),
    }
    # the plan's day counts once it is accepted: kept beside until then
    return Move("submit_plan", form, "planned", {"proposed": planned})


def _judge_plan(item: PlainItem, day: date, chance: Random) -> Move:
    proposed = item.dues["proposed"]
    assert proposed is not None
    if chance.random() < 0.2 or proposed < day:
        again = _soon(day, 0, 12, chance)
        form = {"plan_opinion": "return", "plan_note": "措施不具体", "plan_due": again.isoformat()}
        return Move("accept_plan", form, "planning", {"plan": again})
    form = {"plan_opinion": "accept", "plan_due": day.isoformat()}
    return Move("accept_plan", form, "doing", {"done": proposed})


def _work(item: PlainItem, day: date, chance: Random) -> Move:
    if chance.random() < 0.3:
        form = {"report_kind": "progress", "progress": "50", "evidence": "正在整改"}
        return Move("report_done", form, "doing", {})
    form = {"report_kind": "finished", "evidence": "已经整改", "done_on": day.isoformat()}
    return Move("report_done", form, "verifying", {})


def _verify(item: PlainItem, day: date, chance: Random) -> Move:
    if chance.random() < 0.25:
        again = _soon(day, 0, 40, chance)
        form = {"verify_opinion": "reopen", "verify_note": "仍不到位", "done_due": again.isoformat()}
        return Move("verify_done", form, "doing", {"done": again})
    due = item.dues["done"] or day
    form = {"verify_opinion": "done", "verify_note": "属实", "done_due": due.isoformat()}
    return Move("verify_done", form, "done", {})


def _soon(day: date, least: int, most: int, chance: Random) -> date:
    return day + timedelta(days=chance.randint(least, most))


_MOVES = {
    "unchecked": _check,
    "planning": _plan,
    "planned": _judge_plan,
    "doing": _work,
    "verifying": _verify,
}
