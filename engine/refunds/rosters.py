"""Rosters of employers: their year as the tax office tells it, and lists of other offices, taken in whole (REFUND-01).

A roster supersedes the one before of its kind, region and year. Called by use-cases, inside their transaction.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from engine.law.identity import credit_code
from engine.refunds.roster_tables import SEALED_EMPLOYER_ROSTER, EmployerRoster
from engine.registers.rosters import RosterFault, RosterFileError
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.copying import copy_rows
from engine.store.text_files import text_of
from engine.values import Actor, Money, Refusal, reach

ListKind = Literal["arrears", "environment", "industry", "dishonest", "zombie", "struggling"]
LIST_NAMES: Mapping[ListKind, tuple[str, str]] = {
    "arrears": ("欠费和缓缴未补名单", "Contributions owed"),
    "environment": ("环保处罚名单", "Environment list"),
    "industry": ("产业限制名单", "Industry list"),
    "dishonest": ("严重失信名单", "Dishonest employers"),
    "zombie": ("僵尸企业名单", "Zombie firms"),
    "struggling": ("困难企业认定名单", "Struggling employers"),
}
#: lists without which nobody may be found eligible
REQUIRED: tuple[ListKind, ...] = ("arrears", "environment", "industry", "dishonest", "zombie")
#: the head of a list file; the amount only on the list of arrears
COLUMNS = ("统一社会信用代码", "列入日期", "欠费金额", "说明")

_YEAR = (
    "roster_id", "employer_id", "region", "kind", "size", "industry", "months_before", "previous_end", "claimants",
    "heads", "due_fen", "paid_fen", "dispatched_fen", "placed_public_fen",
)  # fmt: skip
_LISTING = ("roster_id", "line_no", "credit_code", "since", "amount_fen", "detail")

#: everything of ``employer_year`` but the roster, in the order of its columns
YearRow = tuple[int, str, str, str, str, int, int, int, list[int], list[int], list[int], int, int]
#: credit code, since when, fen owed, what an inspector reads
ListRow = tuple[str, date | None, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterOrigin:
    """Whose employers a roster covers, of which day, and where it came from."""

    region: str
    as_of: date
    #: SHA-256 of the file: the same roster is taken once
    digest: str
    source: str


def take_years(
    session: Session, rows: Iterable[YearRow], *, year: int, origin: RosterOrigin, actor: Actor, now: datetime
) -> EmployerRoster:
    """The contributions of every insured employer of the year; rows stream in and are never all in memory."""
    roster, fresh = _begin(session, "contributions", year, origin, actor=actor, now=now)
    if fresh:
        roster.line_count = copy_rows(session, "employer_year", _YEAR, ((roster.id, *row) for row in rows))
        _finish(session, roster, actor=actor, now=now)
    return roster


def take_list(
    session: Session,
    rows: Iterable[ListRow],
    *,
    kind: ListKind,
    origin: RosterOrigin,
    actor: Actor,
    now: datetime,
) -> EmployerRoster:
    """The list, current from now on; one of the same digest that was taken before is left as it is."""
    roster, fresh = _begin(session, kind, 0, origin, actor=actor, now=now)
    if fresh:
        numbered = ((roster.id, number, *row) for number, row in enumerate(rows, start=1))
        roster.line_count = copy_rows(session, "employer_listing", _LISTING, numbered)
        _finish(session, roster, actor=actor, now=now)
    return roster


def contributions_of(session: Session, *, region: str, year: int) -> EmployerRoster | None:
    """The latest contributions of the year that cover the region; None where nobody sent any."""
    found = select(EmployerRoster).where(
        EmployerRoster.kind == "contributions", EmployerRoster.year == year, *_current_over(region)
    )
    return session.scalars(found.order_by(EmployerRoster.as_of.desc(), EmployerRoster.id.desc())).first()


def lists_over(session: Session, region: str) -> tuple[EmployerRoster, ...]:
    """The current lists that name employers of the region: those that cover it, and those of a part of it."""
    within = EmployerRoster.region.startswith(reach(region))
    found = select(EmployerRoster).where(
        EmployerRoster.kind != "contributions",
        EmployerRoster.status == "current",
        or_(EmployerRoster.region.in_(_around(region)), within),
    )
    return tuple(session.scalars(found.order_by(EmployerRoster.kind, EmployerRoster.id)))


def lists_missing(session: Session, region: str) -> tuple[ListKind, ...]:
    """The required lists of which none covers the whole region."""
    there = set(session.scalars(select(EmployerRoster.kind).where(*_current_over(region))))
    return tuple(kind for kind in REQUIRED if kind not in there)


def read_list(file: bytes, kind: ListKind, *, until: date) -> tuple[ListRow, ...]:
    """The rows of a CSV (UTF-8 or GB18030, head as COLUMNS); RosterFileError with every faulty line."""
    try:
        lines = csv.reader(io.StringIO(text_of(file)))
    except UnicodeDecodeError as wrong:
        fault = RosterFault(1, "文件编码须为 UTF-8 或 GB18030", "The file must be UTF-8 or GB18030")
        raise RosterFileError((fault,)) from wrong
    head = tuple(cell.strip().lstrip("\ufeff") for cell in next(lines, []))
    if head != COLUMNS:
        expected = RosterFault(
            1, f"表头应为：{'、'.join(COLUMNS)}", f"The head must be: {', '.join(COLUMNS)}"
        )
        raise RosterFileError((expected,))
    rows: list[ListRow] = []
    faults: list[RosterFault] = []
    for number, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            rows.append(_row([cell.strip() for cell in cells], kind, until))
        except _WrongLine as wrong_line:
            faults.append(RosterFault(number, *wrong_line.words))
    if faults:
        raise RosterFileError(tuple(faults))
    return tuple(rows)


class _WrongLine(Exception):
    """名单中的一行读不懂。"""

    def __init__(self, text: str, text_en: str) -> None:
        self.words = (text, text_en)
        super().__init__(text)


def _row(cells: list[str], kind: ListKind, until: date) -> ListRow:
    if len(cells) != len(COLUMNS):
        raise _WrongLine(f"应有{len(COLUMNS)}栏，现有{len(cells)}栏", f"{len(COLUMNS)} columns expected")
    code, since_text, owed, detail = cells
    known = credit_code(code)
    if isinstance(known, Refusal):
        raise _WrongLine(f"统一社会信用代码「{code}」不正确", "The credit code is not valid")
    since = _since(since_text, until)
    return code.upper(), since, _owed(owed, kind), detail


def _since(text: str, until: date) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _WrongLine(f"列入日期「{text}」应写成 2026-11-05", "Write the day as 2026-11-05") from None
    if day > until:
        raise _WrongLine(f"列入日期 {day} 晚于名单日期 {until}", "The day is after the list's own")
    return day


def _owed(text: str, kind: ListKind) -> int:
    if kind != "arrears":
        if text:
            raise _WrongLine("只有欠费名单填欠费金额", "Only the list of arrears has amounts")
        return 0
    try:
        fen = Money.yuan(text).fen
    except ValueError:
        raise _WrongLine(f"欠费金额「{text}」应写成 1638.00", "Write the amount as 1638.00") from None
    if not 0 < fen < 10**15:
        raise _WrongLine(f"欠费金额「{text}」应大于零", "The amount must be more than zero")
    return fen


def _around(region: str) -> tuple[str, ...]:
    """The region and everything around it."""
    return tuple(dict.fromkeys((region, f"{region[:4]}00", f"{region[:2]}0000", "000000")))


def _current_over(region: str) -> tuple[object, ...]:
    return EmployerRoster.status == "current", EmployerRoster.region.in_(_around(region))


def _begin(
    session: Session, kind: str, year: int, origin: RosterOrigin, *, actor: Actor, now: datetime
) -> tuple[EmployerRoster, bool]:
    """The roster, and whether it is new and waits for its rows."""
    known = session.scalars(select(EmployerRoster).where(EmployerRoster.digest == origin.digest)).first()
    if known is not None:
        return known, False
    roster = EmployerRoster(
        kind=kind,
        region=origin.region,
        year=year,
        as_of=origin.as_of,
        digest=origin.digest,
        line_count=0,
        source=origin.source,
        taken_by=actor.key,
        taken_at=now,
        status="loading",
    )
    session.add(roster)
    session.flush()
    return roster, True


def _finish(session: Session, roster: EmployerRoster, *, actor: Actor, now: datetime) -> None:
    session.execute(
        update(EmployerRoster)
        .where(
            EmployerRoster.kind == roster.kind,
            EmployerRoster.region == roster.region,
            EmployerRoster.year == roster.year,
            EmployerRoster.status == "current",
        )
        .values(status="superseded")
    )
    roster.status = "current"
    session.flush()
    append(
        session,
        stream="employer-rosters",
        action=Action.EMPLOYER_ROSTER_TAKEN,
        actor=actor,
        subject=f"employer_roster:{roster.id}",
        after={
            "kind": roster.kind,
            "region": roster.region,
            "year": roster.year,
            "as_of": roster.as_of.isoformat(),
            "lines": roster.line_count,
        },
        now=now,
        voucher=SEALED_EMPLOYER_ROSTER.voucher(roster),
    )
