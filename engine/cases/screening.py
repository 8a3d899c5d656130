"""Screening for the job-retention refund as people start and follow it, and as the sweep carries it out (REFUND-01).

A part is one transaction. Parts that fail are kept as trouble on the run and tried again; nothing of a failed try is
kept. Screening pays nothing and tells nobody: what follows from it is a case of ``stable-jobs.bpmn``.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.inbox_choices import Choice, regions_within
from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.part_work import PartWork
from engine.cases.screening_views import (
    PAGE_SIZE,
    EmployerScreened,
    ScreenedFilter,
    ScreeningView,
    employer_rows,
    employer_screened,
    screening_record,
)
from engine.cases.sight import MONEY_DUTIES
from engine.cases.steps import attempt
from engine.cases.views import Page
from engine.duties import covers
from engine.law.screening import campaign_day
from engine.people import Region
from engine.refunds.roster_tables import EmployerRoster
from engine.refunds.rosters import LIST_NAMES, contributions_of, lists_missing
from engine.refunds.screening import do_part, finish_run, next_part, start_run
from engine.refunds.tables import ScreenPart, ScreenRun
from engine.values import SYSTEM, Actor, Reason, Refusal, RefusedError, reach

#: the first year of the refund (国发〔2018〕39号)
_FIRST_YEAR = 2018
_SOURCE = "鲁人社函〔2020〕10号（二）"
EVERYBODY = ScreenedFilter()


def start_screening(office: Office, actor: Actor, *, year: int, region: str = "") -> ScreeningView | Refusal:
    """The screening of every employer of the region and all below it for the refund of that year.

    The one that is going on; or the last one, where neither facts nor law have changed since; or a new round.
    Refused for a year that has not begun, and while contributions or a list that could speak against an employer
    are missing: nobody is found eligible because a list was not sent.
    """
    where = region or actor.region or office.settings.region

    def work(session: Session) -> ScreeningView:
        if session.get(Region, where) is None:
            raise RefusedError(
                Reason(code="unknown_region", text=f"没有地区 {where}", text_en=f"No region {where}.")
            )
        require_duty(session, office, actor, "intake", where)
        _refuse_year(office, year)
        run = start_run(
            session,
            region=where,
            year=year,
            roster=_contributions(session, where, year - 1),
            day=campaign_day(year, office.today),
            book=office.book,
            actor=actor,
            now=office.clock(),
        )
        return screening_record(session, run, whole=True)

    return attempt(office, actor, work, subject=f"office:{where}")


def screening_view(
    office: Office, actor: Actor, run_id: int, *, whole: bool = True
) -> ScreeningView | Refusal:
    """One screening with what it found; not the whole: only how far it is, which costs nothing however many there are."""
    with office.store.reading() as session:
        run = _seen(session, actor, run_id)
        return run if isinstance(run, Refusal) else screening_record(session, run, whole=whole)


def screenings(office: Office, actor: Actor) -> tuple[ScreeningView, ...] | Refusal:
    """The latest screenings of the actor's region."""
    if not actor.duties & MONEY_DUTIES:
        return _not_seen(actor)
    with office.store.reading() as session:
        latest = session.scalars(select(ScreenRun).order_by(ScreenRun.id.desc()).limit(50)).all()
        return tuple(
            screening_record(session, run, whole=False) for run in latest if covers(actor.region, run.region)
        )


def screened_employers(
    office: Office,
    actor: Actor,
    run_id: int,
    asked: ScreenedFilter = EVERYBODY,
    *,
    cursor: str = "",
    size: int = PAGE_SIZE,
) -> Page[EmployerScreened] | Refusal:
    """What was found for each employer, a page at a time, every condition with its reason."""
    with office.store.reading() as session:
        run = _seen(session, actor, run_id)
        if isinstance(run, Refusal):
            return run
        return employer_rows(session, run, asked, cursor=cursor, size=size)


def screened_employer(
    office: Office, actor: Actor, run_id: int, employer_id: int
) -> EmployerScreened | Refusal:
    """What was found for one employer, and why."""
    with office.store.reading() as session:
        run = _seen(session, actor, run_id)
        if isinstance(run, Refusal):
            return run
        found = employer_screened(session, run, employer_id)
        return found or _no("not_screened", "这次筛查里没有该单位", "This screening knows no such employer.")


def screening_regions(office: Office, actor: Actor, run_id: int) -> tuple[Choice, ...] | Refusal:
    """The regions that a list of the screening's employers can be narrowed to."""
    with office.store.reading() as session:
        run = _seen(session, actor, run_id)
        return run if isinstance(run, Refusal) else regions_within(session, (reach(run.region),))


def screening_due(office: Office, limit: int) -> int:
    """How many parts of running screenings were carried out, at most so many; one that fails stays, with its cause."""
    return _WORK.due(office, limit)


def drive(office: Office, run_id: int, *, say: Callable[[int, int], object]) -> None:
    """Carries the screening out here and now, telling how many of its parts are done; raises what a part raises."""
    _WORK.drive(office, run_id, say=say)


def screening_of(office: Office, run_id: int) -> ScreeningView:
    """The screening as it stands, for whoever sits at the machine itself."""
    with office.store.reading() as session:
        return screening_record(session, session.get_one(ScreenRun, run_id), whole=True)


def do_next(office: Office, run_id: int) -> bool:
    """Whether a part of the screening was carried out, in a transaction of its own."""
    with office.store.transaction() as session:
        run = session.get_one(ScreenRun, run_id)
        part = next_part(session, run_id, now=office.clock())
        if part is not None:
            do_part(session, run, part, actor=SYSTEM, now=office.clock())
        finish_run(session, run, actor=SYSTEM, now=office.clock())
        return part is not None


_WORK = PartWork(
    parts=ScreenPart,
    running=select(ScreenRun.id).where(ScreenRun.status == "running").order_by(ScreenRun.id),
    next_part=next_part,
    do_next=do_next,
)


def _refuse_year(office: Office, year: int) -> None:
    if _FIRST_YEAR <= year <= office.today.year:
        return
    raise RefusedError(
        Reason(
            code="year_ahead" if year > office.today.year else "year_unknown",
            text=f"不能筛查 {year} 年度：只能是 {_FIRST_YEAR} 年至今年",
            text_en=f"Choose a year from {_FIRST_YEAR} to this one.",
            source=_SOURCE,
        )
    )


def _contributions(session: Session, region: str, year: int) -> EmployerRoster:
    """The contributions that are looked at; refused while they or a list are missing."""
    roster = contributions_of(session, region=region, year=year)
    if roster is None:
        raise RefusedError(
            Reason(
                code="no_contributions",
                text=f"没有收到覆盖 {region} 的 {year} 年单位参保缴费名册",
                text_en=f"No roster of contributions of {year} covers {region}.",
                source=_SOURCE,
            )
        )
    missing = lists_missing(session, region)
    if missing:
        raise RefusedError(
            Reason(
                code="lists_missing",
                text=f"没有收到覆盖 {region} 的{'、'.join(LIST_NAMES[kind][0] for kind in missing)}，不能认定符合条件",
                text_en=f"Missing: {', '.join(LIST_NAMES[kind][1] for kind in missing)}.",
                source=_SOURCE,
            )
        )
    return roster


def _seen(session: Session, actor: Actor, run_id: int) -> ScreenRun | Refusal:
    if not actor.duties & MONEY_DUTIES:
        return _not_seen(actor)
    run = session.get(ScreenRun, run_id)
    if run is None or not covers(actor.region, run.region):
        return _no("no_such_screening", "没有这次筛查，或不在您的地区", "No such screening.")
    return run


def _not_seen(actor: Actor) -> Refusal:
    return _no(
        "not_money_duty",
        "您的岗位不能查看稳岗返还筛查",
        "Your duty does not see screenings.",
        fact=actor.name or actor.key,
    )


def _no(code: str, text: str, text_en: str, *, fact: str = "") -> Refusal:
    return Refusal(reasons=(Reason(code=code, text=text, text_en=text_en, fact=fact),))
