"""The working calendar as a table that people keep: one enters a year from its notice, another puts it in force.

A year is never guessed: until somebody has entered it, whatever counts into it is refused or waits, and
administrators and data stewards are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine.cases import incidents
from engine.cases.entered_years import in_force, years_of
from engine.cases.limit_tables import CalendarDay, CalendarEdition
from engine.cases.office import Office
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import check_may
from engine.law.calendar import CalendarGap, CalendarYear
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.values import Actor, Reason, Refusal, RefusedError

#: who keeps parameters (duties.yaml)
_KEEPER = "data_steward"
_STREAM = "office"
#: from this day on, a missing next year is said to those who can enter it: the notice comes out in November
_ASKED_FROM = (11, 1)
_DAY_LINE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*(?:\.\.|至|到|~)\s*(\d{4}-\d{2}-\d{2}))?(?:\s+(\S.*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionalDay:
    """A day that is not what its weekday says."""

    day: date
    #: holiday (放假), workday (调休上班)
    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    """One year as somebody entered it."""

    edition_id: int
    year: int
    source: str
    days: tuple[ExceptionalDay, ...]
    workdays: int
    entered_by: str
    entered_at: datetime
    approved_by: str
    approved_at: datetime | None
    rejected_why: str
    #: what this actor may do: ``approve``, ``reject``
    can: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearView:
    """A year of the calendar as it counts, and what waits to replace it."""

    year: int
    #: False: nobody has entered it; every count into it is refused
    on_file: bool
    source: str
    verified: bool
    workdays: int
    days: tuple[ExceptionalDay, ...]
    waiting: tuple[EditionView, ...] = ()
    #: newest first, the one in force included
    earlier: tuple[EditionView, ...] = ()
    #: may enter a year
    may_enter: bool = False


def calendar_years(office: Office, actor: Actor) -> tuple[YearView, ...] | Refusal:
    """Every year on file and the next one, newest first; for all staff."""
    if actor.kind != "staff":
        return _for_staff()
    calendar = office.calendar
    last = max((*calendar.years, office.today.year + 1))
    with office.store.reading() as session:
        waiting = {row.year for row in session.scalars(_waiting())}
        entered = _entered(session)
        return tuple(
            _year_view(session, office, actor, year, entered, editions=year in waiting)
            for year in range(last, min(calendar.years, default=last) - 1, -1)
        )


def calendar_year(office: Office, actor: Actor, year: int) -> YearView | Refusal:
    """One year with its days and its editions; for all staff."""
    if actor.kind != "staff":
        return _for_staff()
    with office.store.reading() as session:
        return _year_view(session, office, actor, year, _entered(session), editions=True)


def enter_year(
    office: Office, actor: Actor, *, year: int, source: str, holidays: str, workdays: str
) -> Done | Refusal:
    """The year kept for a second person to put in force.

    ``holidays`` and ``workdays`` have a day or a span on each line, with its name if one likes:
    ``2027-02-05..2027-02-12 春节``. Refused with every line that cannot be meant.
    """

    def work(session: Session) -> Done:
        _require_keeper(session, office, actor)
        days = _read(year, source, holidays, workdays)
        edition = CalendarEdition(
            year=year, source=source.strip(), entered_by=actor.key, entered_at=office.clock()
        )
        session.add(edition)
        session.flush()
        session.add_all(
            CalendarDay(edition_id=edition.id, day=each.day, kind=each.kind, name=each.name) for each in days
        )
        _note(session, office, actor, edition, Action.CHANGE_REQUESTED, days=days)
        return Done(message=f"{year}年工作日历已录入，须由另一人核准后生效")

    return attempt(office, actor, work, subject=f"calendar:{year}", stream=_STREAM)


def approve_year(office: Office, actor: Actor, edition_id: int) -> Done | Refusal:
    """The edition counts from now on; refused for whoever entered it (四眼).

    Limits that are running keep the day that was told; what is counted from now on uses the new edition. Steps that
    failed because the year was missing are tried again.
    """

    def work(session: Session) -> Done:
        _require_keeper(session, office, actor)
        edition = _held(session, edition_id)
        if edition.entered_by == actor.key:
            raise RefusedError(
                Reason(
                    code="four_eyes",
                    text="录入人不能核准自己录入的日历，须由另一人核准",
                    text_en="Whoever entered the year cannot approve it.",
                    source="鲁人社函〔2020〕10号（八）：岗位相互监督",
                )
            )
        edition.approved_by, edition.approved_at = actor.key, office.clock()
        session.flush()
        _note(session, office, actor, edition, Action.CHANGE_APPLIED)
        with beyond(
            session, "steps that stand still for want of the year, in every region; only how many is told"
        ):
            freed = incidents.revive(session, said=CalendarGap(edition.year).lacks, now=office.clock())
        again = f"，{freed} 个因缺这一年而停下的步骤将自动重试" if freed else ""
        return Done(message=f"{edition.year}年工作日历已生效{again}")

    done = attempt(office, actor, work, subject=f"calendar_edition:{edition_id}", stream=_STREAM)
    office.forget_calendar()
    return done


def reject_year(office: Office, actor: Actor, edition_id: int, *, why: str) -> Done | Refusal:
    """The edition is laid aside with the reason; what was in force stays."""

    def work(session: Session) -> Done:
        _require_keeper(session, office, actor)
        edition = _held(session, edition_id)
        if not why.strip():
            raise RefusedError(Reason(code="why_missing", text="请填写不核准的理由", text_en="Say why."))
        edition.rejected_why = why.strip()
        _note(session, office, actor, edition, Action.CHANGE_REJECTED, why=edition.rejected_why)
        return Done(message=f"{edition.year}年工作日历未予核准")

    return attempt(office, actor, work, subject=f"calendar_edition:{edition_id}", stream=_STREAM)


def missing_year(office: Office) -> int | None:
    """The year that ought to be on file by now and is not: this one, or from November on the next."""
    today = office.today
    years = office.calendar.years
    if today.year not in years:
        return today.year
    return today.year + 1 if (today.month, today.day) >= _ASKED_FROM and today.year + 1 not in years else None


def exceptional_days(year: CalendarYear) -> tuple[ExceptionalDay, ...]:
    """The days of the year that are not what their weekday says, in order."""
    kinds = dict.fromkeys(year.off, "holiday") | dict.fromkeys(year.work, "workday")
    return tuple(ExceptionalDay(day=day, kind=kind) for day, kind in sorted(kinds.items()))


def _read(year: int, source: str, holidays: str, workdays: str) -> tuple[ExceptionalDay, ...]:
    faults: list[Reason] = []
    if not source.strip():
        faults.append(
            _fault(
                "请写明依据，例如“国务院办公厅关于2027年部分节假日安排的通知”",
                "Name the notice that the year is taken from.",
            )
        )
    found = [
        *_lines("放假", holidays, "holiday", faults),
        *_lines("上班", workdays, "workday", faults),
    ]
    if not any(each.kind == "holiday" for each in found):
        faults.append(_fault("没有录入任何放假日", "No holiday was entered."))
    written = CalendarYear(
        year=year,
        off=frozenset(each.day for each in found if each.kind == "holiday"),
        work=frozenset(each.day for each in found if each.kind == "workday"),
        source=source,
        verified=True,
    )
    faults += [
        _fault(fault, f"{day.isoformat()} is of another year, no weekend, or in both lists.")
        for day, fault in written.faults()
    ]
    if faults:
        raise RefusedError(*faults)
    return tuple({each.day: each for each in found}.values())


def _fault(text: str, english: str) -> Reason:
    return Reason(code="calendar_line", text=text, text_en=english)


def _lines(title: str, text: str, kind: str, faults: list[Reason]) -> Iterator[ExceptionalDay]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        span = _span(line)
        if span is None:
            faults.append(
                _fault(
                    f"{title}第{number}行“{line.strip()}”写法不对（例：2027-10-01..2027-10-07 国庆节）",
                    f"Line {number} of the {kind}s cannot be read (write 2027-10-01..2027-10-07).",
                )
            )
            continue
        first, last, name = span
        for offset in range((last - first).days + 1):
            yield ExceptionalDay(day=first + timedelta(days=offset), kind=kind, name=name)


def _span(line: str) -> tuple[date, date, str] | None:
    match = _DAY_LINE.fullmatch(line.strip())
    if match is None:
        return None
    try:
        first = date.fromisoformat(match[1])
        last = date.fromisoformat(match[2] or match[1])
    except ValueError:
        return None
    # no holiday of the State Council is longer than a month
    return (first, last, (match[3] or "")[:40]) if first <= last <= first + timedelta(days=31) else None


def _entered(session: Session) -> Mapping[int, CalendarEdition]:
    """The edition in force of each year that was entered."""
    return {edition.year: edition for edition in in_force(session)}


def _year_view(
    session: Session,
    office: Office,
    actor: Actor,
    year: int,
    entered: Mapping[int, CalendarEdition],
    *,
    editions: bool,
) -> YearView:
    calendar = office.calendar
    on_file = calendar.year(year)
    rows = (
        session.scalars(
            select(CalendarEdition).where(CalendarEdition.year == year).order_by(CalendarEdition.id.desc())
        ).all()
        if editions
        else []
    )
    may = _KEEPER in actor.duties
    views = [_edition_view(session, row, actor, may=may) for row in rows]
    return YearView(
        year=year,
        on_file=on_file is not None,
        source=on_file.source if on_file else "",
        verified=on_file.verified if on_file else False,
        workdays=on_file.workdays if on_file else 0,
        days=_named(session, on_file, entered.get(year)) if on_file else (),
        waiting=tuple(view for view in views if view.approved_at is None and not view.rejected_why),
        earlier=tuple(view for view in views if view.approved_at is not None or view.rejected_why),
        may_enter=may,
    )


def _named(
    session: Session, year: CalendarYear, edition: CalendarEdition | None
) -> tuple[ExceptionalDay, ...]:
    """The days with the names under which they were entered; the files give none."""
    return _days_of(session, edition) if edition else exceptional_days(year)


def _edition_view(session: Session, row: CalendarEdition, actor: Actor, *, may: bool) -> EditionView:
    open_still = row.approved_at is None and not row.rejected_why
    can = {"reject"} if may and open_still else set()
    if can and row.entered_by != actor.key:
        can.add("approve")
    (year,) = years_of(session, [row])
    return EditionView(
        edition_id=row.id,
        year=row.year,
        source=row.source,
        days=_days_of(session, row),
        workdays=year.workdays,
        entered_by=name_of(session, row.entered_by),
        entered_at=row.entered_at,
        approved_by=name_of(session, row.approved_by) if row.approved_by else "",
        approved_at=row.approved_at,
        rejected_why=row.rejected_why,
        can=frozenset(can),
    )


def _days_of(session: Session, edition: CalendarEdition) -> tuple[ExceptionalDay, ...]:
    rows = session.scalars(
        select(CalendarDay).where(CalendarDay.edition_id == edition.id).order_by(CalendarDay.day)
    )
    return tuple(ExceptionalDay(day=row.day, kind=row.kind, name=row.name) for row in rows)


def _waiting() -> Select[CalendarEdition]:
    return select(CalendarEdition).where(
        CalendarEdition.approved_at.is_(None), CalendarEdition.rejected_why == ""
    )


def _held(session: Session, edition_id: int) -> CalendarEdition:
    edition = session.get(CalendarEdition, edition_id, with_for_update=True)
    if edition is None or edition.approved_at is not None or edition.rejected_why:
        raise RefusedError(
            Reason(code="no_open_edition", text="没有这份待核准的日历", text_en="No such edition waits.")
        )
    return edition


def _require_keeper(session: Session, office: Office, actor: Actor) -> None:
    no = check_may(session, office.duties, actor, _KEEPER, office.settings.region, office.today)
    if no is not None:
        raise RefusedError(*no.reasons)


def _for_staff() -> Refusal:
    return Refusal(
        reasons=(Reason(code="staff_only", text="工作日历供工作人员查阅", text_en="For members of staff."),)
    )


def _note(
    session: Session,
    office: Office,
    actor: Actor,
    edition: CalendarEdition,
    action: Action,
    *,
    days: Iterable[ExceptionalDay] = (),
    why: str = "",
) -> None:
    append(
        session,
        stream=_STREAM,
        action=action,
        actor=actor,
        subject=f"calendar:{edition.year}",
        after={
            "edition": edition.id,
            "source": edition.source,
            **{
                kind: [str(each.day) for each in days if each.kind == kind] for kind in ("holiday", "workday")
            },
        },
        reason=why,
        now=office.clock(),
    )
