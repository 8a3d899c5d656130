"""What a list of the inbox is narrowed to: read from an address, and as conditions of a query.

An identity number is never part of an address: :func:`whom` turns what was typed into the number of a person,
found by the blind index, before a page is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, TypeVar, get_args

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    and_,
    false,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from engine.benefits.tables import BenefitGrant
from engine.cases.inbox_counts import NEVER
from engine.cases.office import Office
from engine.cases.rows import SOON
from engine.cases.views import Light
from engine.duties import StaffMember
from engine.law.calendar import CalendarGap
from engine.law.identity import credit_code, id_number
from engine.money.payment_tables import PaymentOrder
from engine.people import Employer, Person, find_person
from engine.refunds.campaign_tables import RetentionRefund
from engine.tasks.tables import RightsTransfer
from engine.values import CHINA, Actor, Money, Month, Refusal, reach
from engine.workflow.tables import NEVER_DUE, WorkflowCase, WorkflowTask

T = TypeVar("T")

Sort = Literal["received", "due", "case"]
SIZES = (25, 50, 100)
#: the due instant, after all others where there is none; spelled as in the indexes
due_key: ColumnElement[datetime] = literal_column(
    NEVER_DUE.replace("due_at", "workflow_task.due_at"), DateTime(timezone=True)
)

_KEY = re.compile(r"[A-Z_]{1,4}-\d{4}-\d+|\d{1,12}")
_WHO = re.compile(r"(person|employer):[1-9]\d{0,11}|nobody")
_LONGEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFilter:
    """What was asked for; empty values ask for nothing."""

    #: a case number, or its last figures
    search: str = ""
    process: str = ""
    #: element id of the step
    element: str = ""
    #: region code; with all regions below it
    region: str = ""
    light: Light | Literal[""] = ""
    due_from: date | None = None
    #: inclusive
    due_until: date | None = None
    #: subject of the case, or ``nobody`` where a number was not found
    who: str = ""
    #: of a person, in full; or what an employer's begins with
    name: str = ""
    #: name or login of who has the task
    assignee: str = ""
    amount_from: Money | None = None
    amount_until: Money | None = None
    #: benefit month ``2025-11``
    month: str = ""
    sort: Sort = "received"
    #: none: as the list has it
    order: Literal["", "asc", "desc"] = ""
    size: int = SIZES[0]
    #: what could not be read, by field, with the sentence for people
    mistakes: tuple[tuple[str, str], ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether anything but order and size is asked for."""
        return bool(self.query().keys() - {"sort", "order", "size"})

    @property
    def of_case(self) -> bool:
        """Whether it asks for what stands with the case rather than with the task."""
        return bool(self.search or self.who or self.name or self.of_money)

    @property
    def of_money(self) -> bool:
        """Whether it asks for amounts or months."""
        return bool(self.amount_from or self.amount_until or self.month)

    def query(self) -> dict[str, str]:
        """As in an address; what is left as it is by default does not appear."""
        plain = {each.name: _written(getattr(self, each.name)) for each in fields(self)}
        kept = {"sort": "received", "size": str(SIZES[0]), "mistakes": plain["mistakes"]}
        return {key: text for key, text in plain.items() if text and text != kept.get(key)}


def read_filter(asked: Mapping[str, str]) -> InboxFilter:
    """The filter written in an address; what cannot be read is named in ``mistakes`` and asks for nothing."""
    mistakes: dict[str, str] = {}

    def read(key: str, parse: Callable[[str], T], otherwise: T, sentence: str) -> T:
        plain = asked.get(key, "").strip()
        if not plain:
            return otherwise
        try:
            return parse(plain[:_LONGEST])
        except (ValueError, OverflowError):
            mistakes[key] = sentence
            return otherwise

    found = InboxFilter(
        search=read("search", str.upper, "", ""),
        process=read("process", str, "", ""),
        element=read("element", str, "", ""),
        region=read("region", _region, "", "没有这个地区"),
        light=read("light", _one_of("overdue", "soon", "calm", "none"), "", "没有这种时限状态"),
        due_from=read("due_from", date.fromisoformat, None, "日期写法不对（例：2025-11-03）"),
        due_until=read("due_until", date.fromisoformat, None, "日期写法不对（例：2025-11-03）"),
        who=read("who", _matching(_WHO), "", "没有这样的当事人"),
        name=read("name", str, "", ""),
        assignee=read("assignee", str, "", ""),
        amount_from=read("amount_from", Money.yuan, None, "金额写法不对（例：1638.00）"),
        amount_until=read("amount_until", Money.yuan, None, "金额写法不对（例：1638.00）"),
        month=read("month", lambda plain: str(Month.parse(plain)), "", "月份写法不对（例：2025-11）"),
        sort=read("sort", _one_of(*get_args(Sort)), "received", "没有这种排序"),
        order=read("order", _one_of("asc", "desc"), "", "没有这种顺序"),
        size=read("size", _size, SIZES[0], "每页件数只能是25、50、100"),
    )
    return replace(found, mistakes=tuple(mistakes.items()))


def whom(office: Office, actor: Actor, typed: str) -> dict[str, str]:
    """What to put into the address for what was typed: case number, identity number, credit code or name.

    A number that nobody has gives ``nobody``, whatever is wrong with it; only staff may ask.
    """
    typed = typed.strip()[:_LONGEST]
    if not typed or actor.kind != "staff":
        return {}
    if _KEY.fullmatch(typed.upper()):
        return {"search": typed.upper()}
    number, code = id_number(typed), credit_code(typed)
    with office.store.reading() as session:
        if not isinstance(number, Refusal):
            person = find_person(session, office.vault, number.normalised)
            return {"who": f"person:{person}" if person else "nobody"}
        if not isinstance(code, Refusal):
            employer = session.scalar(select(Employer.id).where(Employer.credit_code == code.normalised))
            return {"who": f"employer:{employer}" if employer else "nobody"}
    # a mistyped number must not go into an address either
    return {"who": "nobody"} if sum(map(str.isdigit, typed)) >= _NUMBER_DIGITS else {"name": typed}


_NUMBER_DIGITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDays:
    """The due days that a filter asks for, as the counters know them; and what only instants tell."""

    #: inclusive
    first: date = date.min
    last: date = NEVER
    #: what is due today and has passed: 1, belongs to it beside these days; -1, to these days but not to it
    passed_today: int = 0
    #: whether a limit that stands still is left out
    running: bool = False

    @property
    def empty(self) -> bool:
        """Whether no instant can meet it."""
        return self.last < self.first and self.passed_today <= 0


def due_days(office: Office, asked: InboxFilter, *, light: Light | Literal[""] = "") -> DueDays:
    """The days that light and dates of the filter have in common; ``light`` as well, where the list is one of it."""
    first, last = asked.due_from or date.min, asked.due_until or NEVER
    if asked.due_from or asked.due_until:
        # a task without a limit is due on no day that anybody asks for
        last = min(last, _EVE)
    lights = {each for each in (asked.light, light) if each}
    if len(lights) > 1:
        return DueDays(first=NEVER, last=date.min)
    days = DueDays(first=first, last=last)
    return _in_light(office, days, lights.pop()) if lights else days


def _in_light(office: Office, days: DueDays, light: str) -> DueDays:
    today, soon = office.today, _last_soon(office)
    holds_today = days.first <= today <= days.last
    match light:
        case "overdue":
            yesterday = today - timedelta(days=1)
            return replace(days, last=min(days.last, yesterday), passed_today=int(holds_today), running=True)
        case "soon":
            first, last = max(days.first, today), min(days.last, soon)
            return replace(days, first=first, last=last, passed_today=-int(holds_today), running=True)
        case "calm":
            first = max(days.first, soon + timedelta(days=1))
            return replace(days, first=first, last=min(days.last, _EVE), running=True)
        case _:
            return replace(days, first=NEVER)


def due_condition(office: Office, days: DueDays) -> ColumnElement[bool]:
    """What is due on those days, as a condition on tasks."""
    parts = [due_between(days)]
    if days.passed_today > 0:
        # one range, for the index: these days end where today begins
        parts = [
            due_key >= start_of(days.first) if days.first > date.min else true(),
            due_key < office.clock(),
        ]
    elif days.passed_today < 0:
        parts.append(due_key >= office.clock())
    if days.running:
        parts.append(~standing_still())
    return and_(*parts)


def passed_today(office: Office) -> ColumnElement[bool]:
    """What was due earlier on this day: a limit in hours, so never many."""
    return and_(WorkflowTask.due_at >= start_of(office.today), WorkflowTask.due_at < office.clock())


def due_between(days: DueDays) -> ColumnElement[bool]:
    """What is due on those days, whatever the hour and whether the limit runs."""
    parts: list[ColumnElement[bool]] = [true()]
    if days.first > date.min:
        parts.append(due_key >= start_of(days.first))
    if days.last < NEVER:
        parts.append(due_key < start_of(days.last + timedelta(days=1)))
    return and_(*parts)


def standing_still() -> ColumnElement[bool]:
    """Tasks whose case is paused: their limit stands still."""
    paused = select(_its_case.paused_at).where(_its_case.id == WorkflowTask.case_id)
    return paused.scalar_subquery().is_not(None)


_its_case = aliased(WorkflowCase)
_EVE = NEVER - timedelta(days=1)


def _last_soon(office: Office) -> date:
    """The last day that is as near as the light of a near limit says."""
    try:
        return office.calendar.after(office.today, SOON + 1) - timedelta(days=1)
    except CalendarGap:
        return office.today


def start_of(day: date) -> datetime:
    """The first instant of the day in China."""
    return datetime.combine(day, time.min, tzinfo=CHINA)


def case_conditions(asked: InboxFilter) -> list[ColumnElement[bool]]:
    """What the filter asks of a case: number, person or employer, name, amount, month."""
    found: list[ColumnElement[bool]] = []
    if asked.search:
        figures = asked.search.rpartition("-")[2]
        numbered = WorkflowCase.id == int(figures) if figures.isdigit() and len(figures) < 10 else false()
        whole = WorkflowCase.case_key == asked.search
        found.append(whole if "-" in asked.search else or_(whole, numbered))
    if asked.who:
        found.append(WorkflowCase.subject == asked.who)
    if asked.name:
        person = select(literal("person:").concat(Person.id)).where(Person.name == asked.name)
        employer = select(literal("employer:").concat(Employer.id)).where(
            Employer.name.startswith(asked.name, autoescape=True)
        )
        found.append(WorkflowCase.subject.in_(union_all(person, employer)))
    if asked.of_money:
        found.append(WorkflowCase.id.in_(union_all(*_of_money(asked))))
    return found


def task_conditions(session: Session, asked: InboxFilter) -> list[ColumnElement[bool]]:
    """What the filter asks of a task beside its due day: process, step, region, and who has it."""
    found: list[ColumnElement[bool]] = []
    if asked.process:
        process = select(_its_case.process_id).where(_its_case.id == WorkflowTask.case_id)
        found.append(process.scalar_subquery() == asked.process)
    if asked.element:
        found.append(WorkflowTask.element_id == asked.element)
    if asked.region:
        found.append(WorkflowTask.region_code.startswith(reach(asked.region)))
    if asked.assignee:
        named = or_(StaffMember.name == asked.assignee, StaffMember.login == asked.assignee.lower())
        keys = [f"staff:{number}" for number in session.scalars(select(StaffMember.id).where(named))]
        found.append(WorkflowTask.assignee.in_(keys))
    return found


def _of_money(asked: InboxFilter) -> list[Select[Any]]:
    """Cases by what was ordered, granted, refunded or transferred."""
    kept = (
        (PaymentOrder.case_id, PaymentOrder.amount_fen, PaymentOrder.month),
        (BenefitGrant.case_id, BenefitGrant.monthly_fen, BenefitGrant.first_month),
        (RetentionRefund.case_id, RetentionRefund.amount_fen, None),
        (RightsTransfer.case_id, RightsTransfer.fee_fen, None),
    )
    found: list[Select[Any]] = []
    for case_id, amount, month in kept:
        if asked.month and month is None:
            continue
        query = select(case_id).where(case_id.is_not(None))
        if asked.amount_from:
            query = query.where(amount >= asked.amount_from.fen)
        if asked.amount_until:
            query = query.where(amount <= asked.amount_until.fen)
        if asked.month and month is not None:
            query = query.where(month == asked.month)
        found.append(query)
    return found


def _written(value: object) -> str:
    if isinstance(value, Money):
        return value.text
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _region(plain: str) -> str:
    if not (len(plain) == 6 and plain.isascii() and plain.isdigit()):
        raise ValueError(plain)
    return plain


def _size(plain: str) -> int:
    if int(plain) not in SIZES:
        raise ValueError(plain)
    return int(plain)


def _one_of(*known: str) -> Callable[[str], Any]:
    def parse(plain: str) -> str:
        if plain not in known:
            raise ValueError(plain)
        return plain

    return parse


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def parse(plain: str) -> str:
        if not pattern.fullmatch(plain):
            raise ValueError(plain)
        return plain

    return parse
