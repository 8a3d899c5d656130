"""Rosters: what another office knows of everybody, taken in whole, dated and with its digest (CTRL-02).

A roster supersedes the one before of its kind and region, at once and whole. Identity numbers are turned into
their blind index at the door and kept nowhere. Called by use-cases, inside their transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import BinaryIO, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.law.identity import IdNumber, id_number
from engine.registers.roster_lines import WrongLineError, each_line
from engine.registers.roster_tables import SEALED_ROSTER, Roster
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.copying import copy_rows
from engine.store.crypto import Vault
from engine.values import Actor

RosterKind = Literal["population", "employment", "business", "pension", "services", "custody"]
#: which grounds a kind may name (policy §3.2); population names none for whoever merely lives
GROUNDS: dict[RosterKind, frozenset[str]] = {
    "population": frozenset({"", "ST2", "ST3", "ST9"}),
    "employment": frozenset({"ST1"}),
    "business": frozenset({"ST1"}),
    "pension": frozenset({"ST4"}),
    "services": frozenset({"ST5"}),
    "custody": frozenset({"ST6"}),
}
KIND_NAMES: dict[RosterKind, tuple[str, str]] = {
    "population": ("人口基础信息", "Population"),
    "employment": ("参保缴费", "Contributions"),
    "business": ("工商登记", "Business register"),
    "pension": ("养老待遇名册", "Pension roll"),
    "services": ("公共就业服务", "Employment services"),
    "custody": ("羁押服刑", "Custody"),
}
#: the head of a roster file
COLUMNS = ("身份证号", "停领情形", "发生日期", "说明")

#: bytes read at a time
_BLOCK = 1 << 20
_LINE = ("roster_id", "line_no", "person_index", "ground", "event_day", "detail")

#: index of the person, ground, day of the event, what an inspector reads
RosterRow = tuple[bytes, str, date | None, str]


def take_roster(
    session: Session,
    rows: Iterable[RosterRow],
    *,
    kind: RosterKind,
    region: str,
    as_of: date,
    digest: str,
    source: str,
    actor: Actor,
    now: datetime,
) -> Roster:
    """The roster, current from now on; one of the same digest that was taken before is left as it is.

    Rows stream into the database and are never all in memory.
    """
    known = session.scalars(select(Roster).where(Roster.digest == digest, Roster.status != "refused")).first()
    if known is not None:
        return known
    roster = Roster(
        kind=kind,
        region=region,
        as_of=as_of,
        digest=digest,
        line_count=0,
        source=source,
        taken_by=actor.key,
        taken_at=now,
        status="loading",
    )
    session.add(roster)
    session.flush()
    numbered = ((roster.id, number, *row) for number, row in enumerate(rows, start=1))
    roster.line_count = copy_rows(session, "roster_line", _LINE, numbered)
    session.execute(
        update(Roster)
        .where(Roster.kind == kind, Roster.region == region, Roster.status == "current")
        .values(status="superseded")
    )
    roster.status = "current"
    session.flush()
    append(
        session,
        stream="rosters",
        action=Action.ROSTER_TAKEN,
        actor=actor,
        subject=f"roster:{roster.id}",
        after={"kind": kind, "region": region, "as_of": as_of.isoformat(), "lines": roster.line_count},
        now=now,
        voucher=SEALED_ROSTER.voucher(roster),
    )
    return roster


def current_rosters(session: Session) -> tuple[Roster, ...]:
    """The rosters that matching uses today, by kind and region."""
    query = select(Roster).where(Roster.status == "current").order_by(Roster.kind, Roster.region)
    return tuple(session.scalars(query))


def digest_of_file(file: bytes) -> str:
    """SHA-256 of the file: the same roster is taken once."""
    return hashlib.sha256(file).hexdigest()


def digest_of_roster(file: BinaryIO, kind: RosterKind, *, region: str, as_of: date) -> str:
    """SHA-256 of kind, region, day and file: two lists that name nobody are the same file, and still two lists."""
    digest = hashlib.sha256(f"{kind}/{region}/{as_of}\n".encode())
    file.seek(0)
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def read_roster(file: BinaryIO, kind: RosterKind, *, vault: Vault, until: date) -> Iterator[RosterRow]:
    """The rows of a CSV (UTF-8 or GB18030, head as COLUMNS), one in memory at a time.

    RosterFileError with every faulty line, at the end. ``until`` is the day that the roster describes: nothing in
    it happened later.
    """
    return each_line(file, COLUMNS, lambda cells: _row(cells, kind, vault, until))


def _row(cells: list[str], kind: RosterKind, vault: Vault, until: date) -> RosterRow:
    number, ground, day_text, detail = cells
    if not isinstance(id_number(number), IdNumber):
        raise WrongLineError("身份证号不正确", "The identity number is not valid")
    if ground not in GROUNDS[kind]:
        allowed = "、".join(sorted(GROUNDS[kind]) or ["（空）"])
        raise WrongLineError(
            f"停领情形「{ground}」不属于{KIND_NAMES[kind][0]}，可填：{allowed}",
            f"Ground {ground} is not of this roster",
        )
    if not ground:
        return vault.index(number), "", None, detail
    try:
        day = date.fromisoformat(day_text)
    except ValueError:
        raise WrongLineError(
            f"发生日期「{day_text}」应写成 2026-11-05", "The day must be written as 2026-11-05"
        ) from None
    if day > until:
        raise WrongLineError(f"发生日期 {day} 晚于名册日期 {until}", "The day is after the roster's own")
    return vault.index(number), ground, day, detail
