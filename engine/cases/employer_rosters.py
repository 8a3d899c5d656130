"""Rosters of employers, taken in by a data steward: a year of contributions, or one of the lists (REFUND-01)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.rosters import SEEN_BY, concerns, day_of_roster, read_or_refuse, require_origin
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import check_may
from engine.people import Employer, Region, region_name
from engine.refunds.roster_files import LIST_COLUMNS, YEAR_COLUMNS, read_list, read_years
from engine.refunds.roster_tables import EmployerRoster
from engine.refunds.rosters import LIST_NAMES, ListKind, RosterOrigin, take_list, take_years
from engine.registers.rosters import digest_of_file
from engine.store.sight import beyond
from engine.values import Actor, Reason, Refusal, RefusedError, reach

#: kind of roster → its name
KINDS: Mapping[str, tuple[str, str]] = {
    "contributions": ("单位参保缴费", "Contributions"),
    **dict(LIST_NAMES.items()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerRosterView:
    """A roster of employers as it was taken in."""

    roster_id: int
    kind: str
    kind_name: str
    kind_name_en: str
    region: str
    region_name: str
    #: of contributions; 0 for lists
    year: int
    as_of: date
    lines: int
    source: str
    #: SHA-256 of kind, region, day and file
    digest: str
    taken_by: str
    taken_at: datetime
    #: current, superseded
    status: str


def employer_rosters(office: Office, actor: Actor) -> tuple[EmployerRosterView, ...] | Refusal:
    """The rosters of the actor's region and of those around it, latest first."""
    if not actor.duties & SEEN_BY:
        return Refusal(
            reasons=(
                Reason(
                    code="not_roster_duty",
                    text="您的岗位不能查看单位名册",
                    text_en="Your duty does not see rosters.",
                    fact=actor.name or actor.key,
                ),
            )
        )
    with office.store.reading() as session:
        latest = session.scalars(select(EmployerRoster).order_by(EmployerRoster.id.desc()).limit(100))
        return tuple(_view(session, roster) for roster in latest if concerns(actor, roster.region))


def take_employer_roster(
    office: Office,
    actor: Actor,
    file: bytes,
    *,
    kind: str,
    region: str,
    as_of: str,
    source: str,
    year: int = 0,
) -> Done | Refusal:
    """The roster in the file, current from now on; refused whole, with every faulty line, where anything is wrong.

    ``year``: which one contributions are of; lists are of their day. The same file again is the same roster.
    """

    def work(session: Session) -> Done:
        no = check_may(session, office.duties, actor, "data_steward", region, office.today)
        if no is not None:
            raise RefusedError(*no.reasons)
        origin = _origin(
            session, office, file, kind=kind, region=region, as_of=as_of, source=source, year=year
        )
        with beyond(session, "rosters of every employer are copied in, and read by screenings"):
            if kind == "contributions":
                rows = read_or_refuse(
                    lambda: read_years(file, known=_known(session), regions=_within(session, region))
                )
                roster = take_years(session, rows, year=year, origin=origin, actor=actor, now=office.clock())
            else:
                wanted = _list_kind(kind)
                lines = read_or_refuse(lambda: read_list(file, wanted, until=origin.as_of))
                roster = take_list(
                    session, lines, kind=wanted, origin=origin, actor=actor, now=office.clock()
                )
        return Done(message=f"{KINDS[kind][0]}名册已收入：{roster.line_count} 行，描述 {roster.as_of}")

    return attempt(office, actor, work, subject=f"office:{region}", stream="employer-rosters")


def employer_template(kind: str) -> bytes:
    """An empty roster file with its head, for a spreadsheet."""
    columns = YEAR_COLUMNS if kind == "contributions" else LIST_COLUMNS
    return ("\ufeff" + ",".join(columns) + "\r\n").encode()


def _origin(
    session: Session,
    office: Office,
    file: bytes,
    *,
    kind: str,
    region: str,
    as_of: str,
    source: str,
    year: int,
) -> RosterOrigin:
    if kind not in KINDS:
        raise RefusedError(
            Reason(code="kind_unknown", text="请选择名册种类", text_en="Choose the kind of roster.")
        )
    require_origin(session, region, source)
    day = day_of_roster(as_of, office.today)
    if kind == "contributions" and not 1999 <= year < day.year:
        raise RefusedError(
            Reason(code="year_unknown", text="缴费年度应早于名册日期所在年", text_en="The year must be over.")
        )
    # two lists that name nobody are the same file, and still two lists
    told = f"{kind}/{region}/{year}/{day}\n".encode()
    return RosterOrigin(region=region, as_of=day, digest=digest_of_file(told + file), source=source.strip())


def _list_kind(kind: str) -> ListKind:
    return next(known for known in LIST_NAMES if known == kind)


def _known(session: Session) -> Callable[[str], int | None]:
    numbers = {code: number for number, code in session.execute(select(Employer.id, Employer.credit_code))}
    return numbers.get


def _within(session: Session, region: str) -> frozenset[str]:
    return frozenset(session.scalars(select(Region.code).where(Region.code.startswith(reach(region)))))


def _view(session: Session, roster: EmployerRoster) -> EmployerRosterView:
    name, name_en = KINDS[roster.kind]
    return EmployerRosterView(
        roster_id=roster.id,
        kind=roster.kind,
        kind_name=name,
        kind_name_en=name_en,
        region=roster.region,
        region_name=region_name(session, roster.region),
        year=roster.year,
        as_of=roster.as_of,
        lines=roster.line_count,
        source=roster.source,
        digest=roster.digest,
        taken_by=name_of(session, roster.taken_by),
        taken_at=roster.taken_at,
        status=roster.status,
    )
