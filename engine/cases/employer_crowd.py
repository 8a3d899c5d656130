"""Seeding a trial office with employers at the size of a province: their year and every list, by arithmetic.

Never in production. Everything streams; the same seed and year give the same office.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.cases.crowd import Say, places
from engine.cases.office import Office
from engine.people import Employer
from engine.refunds.crowd import FirmCrowd
from engine.refunds.rosters import LIST_NAMES, RosterOrigin, contributions_of, take_list, take_years
from engine.registers.rosters import digest_of_file
from engine.store.copying import copy_rows
from engine.values import SYSTEM, Reason, RefusedError

_EMPLOYER = ("id", "credit_code", "name", "region_code", "created_at")


def seed_employers(
    office: Office, *, firms: int, seed: int, years: Sequence[int], say: Say = lambda _text: None
) -> None:
    """So many employers with their contributions of those years, and a roster of every list.

    Refused in production, and where contributions of one of the years stand already.
    """
    region = office.settings.region
    with office.store.transaction() as session:
        _refuse(session, office, years)
        regions = places(session, region)
        first = _keep_employers(session, office, FirmCrowd(seed, firms, max(years), regions))
    for year in years:
        crowd = FirmCrowd(seed, firms, year, regions)
        with office.store.transaction() as session:
            roster = take_years(
                session,
                crowd.years(first),
                year=year,
                origin=_origin(office, crowd, "contributions"),
                actor=SYSTEM,
                now=office.clock(),
            )
            say(f"{year} 年参保单位 {roster.line_count} 户")
    latest = FirmCrowd(seed, firms, max(years), regions)
    for kind in LIST_NAMES:
        with office.store.transaction() as session:
            listed = take_list(
                session,
                latest.listing(kind),
                kind=kind,
                origin=_origin(office, latest, kind),
                actor=SYSTEM,
                now=office.clock(),
            )
            say(f"{LIST_NAMES[kind][0]} {listed.line_count} 行")
    with office.store.transaction() as session:
        session.execute(text("ANALYZE employer, employer_year, employer_listing"))


def _refuse(session: Session, office: Office, years: Sequence[int]) -> None:
    if office.settings.production:
        raise RefusedError(
            Reason(code="production", text="生产模式不得生成演示数据", text_en="Not in production.")
        )
    for year in years:
        if contributions_of(session, region=office.settings.region, year=year) is not None:
            raise RefusedError(
                Reason(
                    code="crowd_there",
                    text=f"已有 {year} 年单位缴费，不再生成模拟单位",
                    text_en="Contributions of the year are there already.",
                )
            )


def _origin(office: Office, crowd: FirmCrowd, kind: str) -> RosterOrigin:
    return RosterOrigin(
        region=office.settings.region,
        as_of=date(crowd.year + 1, 3, 31),
        digest=digest_of_file(f"employers/{kind}/{crowd.seed}/{crowd.firms}/{crowd.year}".encode()),
        source="模拟数据",
    )


def _keep_employers(session: Session, office: Office, crowd: FirmCrowd) -> int:
    """The number of the first: the others follow without a gap."""
    session.execute(text("LOCK TABLE employer IN SHARE ROW EXCLUSIVE MODE"))
    first = int(session.scalar(select(func.coalesce(func.max(Employer.id), 0))) or 0) + 1
    now = office.clock()

    def rows() -> Iterator[tuple[object, ...]]:
        for number in range(crowd.firms):
            firm = crowd.firm(number)
            yield first + number, firm.credit_code, firm.name, firm.region, now

    count = copy_rows(session, "employer", _EMPLOYER, rows())
    session.execute(
        text("SELECT setval(pg_get_serial_sequence('employer', 'id'), :last)"), {"last": first + count}
    )
    return first
