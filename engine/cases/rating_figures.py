"""How people rate the service and how fast bad ratings and complaints are answered: for those above, and for everybody.

Reckoned by the database in sets. For the public only what so many rated that nobody can be told (``feedback.publish_least``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import IO, Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.cases.figures import WorkingDays, worked
from engine.cases.office import Office
from engine.cases.rating_invites import matter_name
from engine.cases.rating_lists import NOT_SEEN, scopes_of
from engine.cases.rows import region_names
from engine.cases.sheet_files import SheetColumn, write_sheet
from engine.cases.steps import attempt
from engine.feedback.complaints import KINDS
from engine.feedback.ratings import BAD, CHANNEL_NAMES, SCORES
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Month, Reason, Refusal, reach

_MONTHS = 12
TABLES: Mapping[str, str] = {
    "by_matter": "事项",
    "by_region": "地区",
    "by_channel": "渠道",
    "by_month": "月份",
}
_HEADINGS = (*(name for name, _ in SCORES.values()), "评价数", "好评率", "差评", "再评转好")


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingFilter:
    """What was asked for, as in the address; empty values ask for everything within reach."""

    #: months, inclusive; empty: the last twelve
    first: str = ""
    last: str = ""
    #: the process
    matter: str = ""
    region: str = ""
    channel: str = ""

    def query(self) -> dict[str, str]:
        """As in an address; what is empty does not appear."""
        plain = {each.name: str(getattr(self, each.name)) for each in fields(self)}
        return {key: value for key, value in plain.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingShare:
    """How one matter, region, channel or month was rated, first ratings only."""

    key: str
    name: str
    english: str
    #: how often each grade was given, from very satisfied down
    grades: tuple[int, ...]
    total: int
    bad_count: int
    #: of the bad ones those that were rated well after they were made good
    mended: int

    @property
    def good_share(self) -> float | None:
        """The part of the ratings that is not bad, 0 to 1; None for no rating."""
        return None if not self.total else (self.total - self.bad_count) / self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """How bad ratings of the period are made good. Times in working days; None where nothing is known."""

    bad_count: int
    called: int
    called_in_time: int
    call_median: float | None
    settled: int
    settled_in_time: int
    fix_median: float | None
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintCount:
    """Complaints of one kind that came in the period."""

    kind: str
    name: str
    english: str
    received: int
    passed_on: int
    answered_count: int
    in_time: int
    justified: int
    objected: int
    changed_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingFigures:
    """Everything on the page of figures."""

    asked: RatingFilter
    first: str
    last: str
    region_name: str
    invited: int
    total: RatingShare
    by_matter: tuple[RatingShare, ...]
    by_region: tuple[RatingShare, ...]
    by_channel: tuple[RatingShare, ...]
    by_month: tuple[RatingShare, ...]
    handling: Handling
    complaints: tuple[ComplaintCount, ...]
    #: what was asked and cannot be read
    mistakes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFigures:
    """What everybody may read of the last twelve months."""

    first: str
    last: str
    region_name: str
    total: RatingShare | None
    by_matter: tuple[RatingShare, ...]
    by_month: tuple[RatingShare, ...]
    bad_count: int
    settled: int
    complaints: int
    answered: int
    #: ratings that a group must have at least
    least: int


def rating_figures(office: Office, actor: Actor, asked: RatingFilter) -> RatingFigures | Refusal:
    """The figures asked for, in the actor's reach; a region out of reach gives what is in reach, and says so."""
    with office.store.reading() as session:
        scopes = scopes_of(session, office, actor)
        if not scopes:
            return Refusal(reasons=(NOT_SEEN,))
        first, last, mistakes = _period(office, asked)
        scope = min(scopes, key=len)
        if asked.region and not any(asked.region.startswith(each) for each in scopes):
            mistakes.append("该地区不在您的岗位范围内，已改为您的地区")
        elif asked.region:
            scope = reach(asked.region)
        given = {
            "scope": scope,
            "digits": min(6, len(scope) + 2),
            "first": first.first_day,
            "last": last.last_day,
            "matter": asked.matter,
            "channel": asked.channel,
        }
        shares = _shares(session, given)
        code = f"{scope:0<6}"
        return RatingFigures(
            asked=asked,
            first=str(first),
            last=str(last),
            region_name=region_names(session, {code})[code],
            invited=session.execute(text(_INVITED), given).scalar_one(),
            total=shares["total"][0],
            by_matter=shares["by_matter"],
            by_region=shares["by_region"],
            by_channel=shares["by_channel"],
            by_month=shares["by_month"],
            handling=_handling(session, office, given),
            complaints=_complaints(session, given),
            mistakes=tuple(mistakes),
        )


def public_figures(office: Office) -> PublicFigures:
    """The last twelve months of the office's own region, for everybody; small groups are left out."""
    with office.store.beyond("numbers for everybody, in groups of so many that nobody is told") as session:
        first, last, _ = _period(office, RatingFilter())
        region = office.settings.region
        given = {
            "scope": reach(region), "digits": 6, "first": first.first_day, "last": last.last_day, "matter": "", "channel": "",
        }  # fmt: skip
        shares = _shares(session, given)
        least = office.book.at("feedback.publish_least", region, office.today).count
        handling = _handling(session, office, given)
        complaints = _complaints(session, given)

        def shown(rows: Sequence[RatingShare]) -> tuple[RatingShare, ...]:
            return tuple(row for row in rows if row.total >= least)

        total = shown(shares["total"])
        return PublicFigures(
            first=str(first),
            last=str(last),
            region_name=region_names(session, {region})[region],
            total=total[0] if total else None,
            by_matter=shown(shares["by_matter"]),
            by_month=shown(shares["by_month"]),
            bad_count=handling.bad_count,
            settled=handling.settled,
            complaints=sum(each.received for each in complaints),
            answered=sum(each.answered_count + each.passed_on for each in complaints),
            least=least,
        )


def export(office: Office, actor: Actor, asked: RatingFilter, table: str) -> IO[bytes] | Refusal:
    """One of the tables as a workbook; that it was taken out is on record."""
    if table not in TABLES:
        return Refusal(reasons=(Reason(code="no_such_table", text="没有这张表", text_en="No such table."),))
    found = rating_figures(office, actor, asked)
    if isinstance(found, Refusal):
        return found
    rows: tuple[RatingShare, ...] = getattr(found, table)

    def note(session: Session) -> None:
        append(
            session,
            stream="office",
            action=Action.LIST_EXPORTED,
            actor=actor,
            subject=f"ratings:{table}",
            after={"list": f"ratings:{table}", "filter": asked.query(), "rows": len(rows)},
            now=office.clock(),
        )

    noted = attempt(office, actor, note, subject=f"ratings:{table}")
    if isinstance(noted, Refusal):
        return noted
    columns = [SheetColumn(heading=each, key=each, width=14) for each in (TABLES[table], *_HEADINGS)]
    lines: list[Sequence[object]] = [
        (row.name, *row.grades, row.total, _share(row.good_share), row.bad_count, row.mended) for row in rows
    ]
    return write_sheet("好差评", columns, lines)


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _period(office: Office, asked: RatingFilter) -> tuple[Month, Month, list[str]]:
    """The months asked for, at most thirty-six; the last twelve where none are."""
    mistakes: list[str] = []
    last = Month.of(office.today)
    first = last.plus(1 - _MONTHS)
    try:
        last = Month.parse(asked.last) if asked.last else last
        first = Month.parse(asked.first) if asked.first else last.plus(1 - _MONTHS)
    except ValueError:
        mistakes.append("月份写法不对（例：2025-11）")
    if first > last or first.until(last) >= 3 * _MONTHS:
        mistakes.append("起止月份不对，一次最多查看36个月")
        first = last.plus(1 - _MONTHS)
    return first, last, mistakes


_WITHIN = """region_code LIKE :scope || '%' AND (:matter = '' OR process_id = :matter)"""
_INVITED = f"""SELECT count(*) FROM rating_invitation
 WHERE {_WITHIN} AND round = 1 AND finished_on BETWEEN :first AND :last"""  # noqa: S608 - parts of our own
_SHARES = f"""
WITH rated AS (
  SELECT r.process_id, left(r.region_code, :digits) AS area, r.channel, to_char(r.rated_on, 'YYYY-MM') AS month, r.score,
         EXISTS (SELECT 1 FROM service_rating a WHERE a.of_case_id = r.of_case_id AND a.rater = r.rater
                    AND a.round = 2 AND a.score > {BAD}) AS mended
    FROM service_rating r
   WHERE r.round = 1 AND {_WITHIN} AND (:channel = '' OR r.channel = :channel) AND r.rated_on BETWEEN :first AND :last)
SELECT CASE WHEN grouping(process_id) = 0 THEN 'by_matter' WHEN grouping(area) = 0 THEN 'by_region'
            WHEN grouping(channel) = 0 THEN 'by_channel' WHEN grouping(month) = 0 THEN 'by_month' ELSE 'total' END AS kind,
       coalesce(process_id, area, channel, month, '') AS key,
       count(*) FILTER (WHERE score = 5) AS g5, count(*) FILTER (WHERE score = 4) AS g4,
       count(*) FILTER (WHERE score = 3) AS g3, count(*) FILTER (WHERE score = 2) AS g2,
       count(*) FILTER (WHERE score = 1) AS g1, count(*) FILTER (WHERE score <= {BAD} AND mended) AS mended
  FROM rated GROUP BY GROUPING SETS ((), (process_id), (area), (channel), (month)) ORDER BY 1, 2
"""  # noqa: S608 - parts of our own


def _shares(session: Session, given: Mapping[str, Any]) -> dict[str, tuple[RatingShare, ...]]:
    found: dict[str, list[RatingShare]] = {
        "total": [],
        "by_matter": [],
        "by_region": [],
        "by_channel": [],
        "by_month": [],
    }
    rows = session.execute(text(_SHARES), given).all()
    names = region_names(session, {f"{row.key:0<6}" for row in rows if row.kind == "by_region"})
    for row in rows:
        name, english = row.key, row.key
        if row.kind == "by_matter":
            name = english = matter_name(session, row.key)
        elif row.kind == "by_region":
            name = english = names[f"{row.key:0<6}"]
        elif row.kind == "by_channel":
            name, english = CHANNEL_NAMES[row.key]
        grades = (row.g5, row.g4, row.g3, row.g2, row.g1)
        share = RatingShare(
            key=row.key, name=name, english=english, grades=grades, total=sum(grades), bad_count=row.g2 + row.g1,
            mended=row.mended,
        )  # fmt: skip
        found[row.kind].append(share)
    return {kind: tuple(shares) for kind, shares in found.items()}


_HANDLING = f"""
SELECT count(*) AS bad_count, count(called_at) AS called, count(settled_at) AS settled,
       count(*) FILTER (WHERE (called_at AT TIME ZONE 'Asia/Shanghai')::date <= call_back_by) AS called_in_time,
       count(*) FILTER (WHERE (settled_at AT TIME ZONE 'Asia/Shanghai')::date <= fix_by) AS settled_in_time,
       count(*) FILTER (WHERE settled_at IS NULL AND (fix_by < :today OR called_at IS NULL AND call_back_by < :today)) AS overdue,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY {worked("rated_at", "called_at")}) AS call_median,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY {worked("rated_at", "settled_at")}) AS fix_median
  FROM service_rating
 WHERE round = 1 AND score <= {BAD} AND {_WITHIN} AND (:channel = '' OR channel = :channel)
   AND rated_on BETWEEN :first AND :last
"""  # noqa: S608 - parts of our own


def _handling(session: Session, office: Office, given: Mapping[str, Any]) -> Handling:
    days = WorkingDays(office.calendar, given["first"], office.today)
    row = session.execute(text(_HANDLING), {**given, "today": office.today, **days.parameters}).one()
    return Handling(**{each.name: getattr(row, each.name) for each in fields(Handling)})


_COMPLAINTS = """
SELECT kind, count(*) AS received, count(*) FILTER (WHERE status = 'passed_on') AS passed_on,
       count(answered_at) AS answered_count,
       count(*) FILTER (WHERE (answered_at AT TIME ZONE 'Asia/Shanghai')::date <= answer_by) AS in_time,
       count(*) FILTER (WHERE finding IN ('justified', 'partly')) AS justified, count(objected_at) AS objected,
       count(*) FILTER (WHERE review_finding = 'changed') AS changed_count
  FROM complaint WHERE region_code LIKE :scope || '%' AND received_on BETWEEN :first AND :last GROUP BY kind
"""


def _complaints(session: Session, given: Mapping[str, Any]) -> tuple[ComplaintCount, ...]:
    found = {row.kind: row for row in session.execute(text(_COMPLAINTS), given)}
    return tuple(
        ComplaintCount(
            name=name,
            english=english,
            **{each: getattr(found[kind], each) for each in found[kind]._fields},
        )
        for kind, (name, english) in KINDS.items()
        if kind in found
    )
