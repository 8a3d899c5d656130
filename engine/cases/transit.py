"""Money of transfers on its way between two offices: of one transfer, and all of it at the end of a month (TRANS-04).

Three things can be amiss: announced and not arrived, arrived and not announced, arrived in another amount. Reads only,
but for the note of an export.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import IO

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.rows import reaches, region_names, subject_labels
from engine.cases.sheet_files import SheetColumn, write_sheet
from engine.cases.steps import attempt
from engine.cases.transfer_messages import latest
from engine.cases.transfer_records import (
    InTransit,
    MessageLine,
    Side,
    TransferMoney,
    TransitRow,
    TransitSum,
)
from engine.cases.transfer_states import SEEN_BY, Mine, in_sight, not_seen, sees_transfers
from engine.exchange.tables import ExchangeMessage
from engine.money.ledger_tables import JournalEntry, Posting
from engine.money.orders import STATUS_NAMES
from engine.money.payments import PaymentOrder
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.tables import RightsTransfer
from engine.values import CHINA, Actor, Money, Month, Reason, Refusal

#: 应收转移资金（在途）: announced and not arrived
ACCOUNT = "1132"
WHAT_NAMES: Mapping[str, str] = {
    "not_arrived": "已告知，未到账", "not_announced": "已到账，未告知", "amounts": "金额不一致",
}  # fmt: skip
_SIDE_WORDS: Mapping[str, str] = {"in": "应收", "out": "应付"}
_HEADINGS = (
    "转迁编号", "当事人", "方向", "对方机构", "告知金额（元）", "付款日", "到账金额（元）", "到账日", "差异", "天数",
)  # fmt: skip


def money_of(
    session: Session,
    rows: Mapping[str, RightsTransfer],
    messages: Sequence[MessageLine],
    today: date,
) -> TransferMoney:
    """The money of one transfer, as the ends that are here know it."""
    sending, receiving = rows.get("out"), rows.get("in")
    order = _order_of(session, sending)
    said = latest(messages, "transfer_money")
    known_ends = [each for each in (receiving, sending) if each is not None]
    told = next((each for each in known_ends if each.announced_fen is not None), None)
    # an amount that is not the announced one is known before it is booked with its day
    came = next((each for each in known_ends if each.arrived_fen is not None), None)
    known = receiving or sending
    return TransferMoney(
        ordered=Money(order.amount_fen).text if order else "",
        ordered_at=order.created_at if order else None,
        order_status=STATUS_NAMES.get(order.status, order.status) if order else "",
        order_reason=order.status_reason if order else "",
        paid=Money(order.amount_fen).text if order and order.status == "paid" else "",
        paid_on=sending.paid_on if sending else None,
        announced=_yuan(told.announced_fen) if told else "",
        announced_on=said.at.astimezone(CHINA).date() if said else None,
        arrived=_yuan(came.arrived_fen) if came else "",
        arrived_on=came.arrived_on if came else None,
        difference=_amiss(told, came),
        days=_days(known, today) if known else None,
    )


def in_transit(office: Office, actor: Actor, *, month: str = "") -> InTransit | Refusal:
    """The money in transit at the end of the month (today's, or where none can be read), in the actor's regions."""
    asked = _month(month, office.today)
    until = min(asked.last_day, office.today)
    with office.store.reading() as session:
        if actor.kind != "staff" or not sees_transfers(session, office, actor):
            return Refusal(reasons=(not_seen(actor),))
        mine = in_sight(session, office, actor)
        found = session.scalars(
            select(Mine).where(mine, _open_on(until)).order_by(Mine.paid_on, Mine.id)
        ).all()
        rows = _rows(session, office, _each_once(found), until)
        ledger = _on_the_books(session, office, actor, until)
    return InTransit(month=str(asked), until=until, sums=_sums(rows), rows=rows, ledger=ledger.text)


def export(office: Office, actor: Actor, *, month: str = "") -> IO[bytes] | Refusal:
    """The same as a workbook; nobody's number is in it unmasked, and that it was taken out is on record."""
    found = in_transit(office, actor, month=month)
    if isinstance(found, Refusal):
        return found

    def note(session: Session) -> None:
        append(
            session,
            stream="office",
            action=Action.LIST_EXPORTED,
            actor=actor,
            subject="transfers:in_transit",
            after={"list": "in_transit", "filter": {"month": found.month}, "rows": len(found.rows)},
            now=office.clock(),
        )

    noted = attempt(office, actor, note, subject="transfers:in_transit")
    if isinstance(noted, Refusal):
        return noted
    columns = [SheetColumn(heading=heading, key=heading, width=18) for heading in _HEADINGS]
    lines: list[Sequence[object]] = [
        (
            row.number,
            row.person,
            _SIDE_WORDS[row.side],
            row.other_name,
            float(row.announced) if row.announced else None,
            row.announced_on.isoformat() if row.announced_on else "",
            float(row.arrived) if row.arrived else None,
            row.arrived_on.isoformat() if row.arrived_on else "",
            row.what_name,
            row.days,
        )
        for row in found.rows
    ]
    lines += [(), (f"截至{found.until.isoformat()}，账面 {ACCOUNT} 应收转移资金余额 {found.ledger} 元",)]
    return write_sheet("在途转移资金", columns, lines)


def _order_of(session: Session, sending: RightsTransfer | None) -> PaymentOrder | None:
    if sending is None:
        return None
    key = f"transfer:{sending.transfer_number}"
    return session.scalars(select(PaymentOrder).where(PaymentOrder.key == key)).one_or_none()


def _amiss(told: RightsTransfer | None, came: RightsTransfer | None) -> str:
    known = [end for end in (told, came) if end is not None]
    if all(end.status == "settled" for end in known):
        return ""
    amounts = {end.fee_fen for end in known}
    amounts |= {told.announced_fen or 0} if told is not None else set()
    amounts |= {came.arrived_fen or 0} if came is not None else set()
    if len(amounts) > 1:
        return "amounts"
    if told is not None and came is None:
        return "not_arrived"
    return "not_announced" if came is not None and told is None else ""


def _days(row: RightsTransfer, until: date) -> int | None:
    """Calendar days from the first that is known of the money to the last, or to the day."""
    known = [day for day in (row.paid_on, row.arrived_on) if day is not None]
    if not known:
        return None
    return (max(known) - min(known)).days if len(known) == 2 else (until - known[0]).days


def _month(typed: str, today: date) -> Month:
    try:
        return min(Month.parse(typed), Month.of(today))
    except ValueError:
        return Month.of(today)


def _open_on(until: date) -> ColumnElement[bool]:
    """What is amiss at the end of the day: one of the two has not happened, or the amounts differ and it is not settled."""
    dayless = and_(Mine.paid_on.is_(None), Mine.announced_fen.is_not(None))
    told = or_(func.coalesce(Mine.paid_on <= until, false()), dayless)
    came = func.coalesce(Mine.arrived_on <= until, false())
    differs = and_(
        Mine.status != "settled",
        or_(
            func.coalesce(Mine.announced_fen, Mine.fee_fen) != Mine.fee_fen,
            func.coalesce(Mine.arrived_fen, Mine.fee_fen) != Mine.fee_fen,
        ),
    )
    return or_(and_(told, not_(came)), and_(came, not_(told)), and_(or_(told, came), differs))


def _each_once(found: Iterable[RightsTransfer]) -> list[RightsTransfer]:
    """Each transfer once: of two ends in sight the receiving one, which knows whether the money came."""
    by_number: dict[str, RightsTransfer] = {}
    for row in found:
        if row.transfer_number not in by_number or row.side == "in":
            by_number[row.transfer_number] = row
    return list(by_number.values())


def _rows(
    session: Session, office: Office, found: Sequence[RightsTransfer], until: date
) -> tuple[TransitRow, ...]:
    people = subject_labels(session, office, {f"person:{row.person_id}" for row in found})
    names = region_names(session, {_other_region(row) for row in found})
    told = _told_on(session, found)
    lines = [
        _row(
            row,
            people.get(f"person:{row.person_id}", "—"),
            _other_name(office, row, names),
            told.get(row.transfer_number),
            until,
        )
        for row in found
    ]
    return tuple(line for line in lines if line is not None)


def _told_on(session: Session, found: Sequence[RightsTransfer]) -> dict[str, date]:
    """When the money of each was announced: the day that the bank paid, else the day on which the message came."""
    days = {row.transfer_number: row.paid_on for row in found if row.paid_on is not None}
    dayless = [row.transfer_number for row in found if row.paid_on is None and row.announced_fen is not None]
    query = select(ExchangeMessage.transfer_number, ExchangeMessage.created_at).where(
        ExchangeMessage.transfer_number.in_(dayless), ExchangeMessage.kind == "transfer_money"
    )
    came = {number: at.astimezone(CHINA).date() for number, at in session.execute(query)}
    return {**came, **days}


def _row(
    row: RightsTransfer, person: str, other_name: str, told_on: date | None, until: date
) -> TransitRow | None:
    announced_on = told_on if told_on and told_on <= until else None
    arrived_on = row.arrived_on if row.arrived_on and row.arrived_on <= until else None
    known = [day for day in (announced_on, arrived_on) if day is not None]
    if not known:
        return None
    announced = row.announced_fen if row.announced_fen is not None else row.fee_fen
    differs = announced != row.fee_fen or row.arrived_fen not in (None, row.fee_fen)
    what = "amounts" if differs else "not_arrived" if announced_on else "not_announced"
    side: Side = "in" if row.side == "in" else "out"
    return TransitRow(
        number=row.transfer_number,
        person=person,
        side=side,
        peer=row.peer or _other_region(row),
        other_name=other_name,
        announced=_yuan(announced) if announced_on else "",
        announced_on=announced_on,
        arrived=_yuan(row.arrived_fen) if arrived_on or differs else "",
        arrived_on=arrived_on,
        what=what,
        what_name=WHAT_NAMES[what],
        days=(until - min(known)).days,
    )


def _sums(rows: Sequence[TransitRow]) -> tuple[TransitSum, ...]:
    offices: dict[str, list[TransitRow]] = {}
    for row in rows:
        offices.setdefault(row.peer, []).append(row)
    return tuple(
        TransitSum(
            peer=peer,
            other_name=theirs[0].other_name,
            count=len(theirs),
            to_come=_sum(theirs, "in"),
            to_go=_sum(theirs, "out"),
            oldest_days=max(row.days for row in theirs),
        )
        for peer, theirs in sorted(offices.items(), key=lambda each: each[0])
    )


def _sum(rows: Iterable[TransitRow], side: Side) -> str:
    """What was announced and has not arrived, on that side."""
    return Money.total(
        Money.yuan(row.announced) for row in rows if row.side == side and row.what == "not_arrived"
    ).text


def _on_the_books(session: Session, office: Office, actor: Actor, until: date) -> Money:
    """Debit less credit of the account of money in transit, all regions in sight together."""
    scopes = {each.scope for each in reaches(session, office, actor) if each.duty in SEEN_BY}
    query = (
        select(func.coalesce(func.sum(Posting.debit_fen - Posting.credit_fen), 0))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.account == ACCOUNT, JournalEntry.day <= until)
        .where(or_(*(JournalEntry.region.startswith(scope) for scope in sorted(scopes))))
    )
    return Money(int(session.scalar(query) or 0))


def _other_region(row: RightsTransfer) -> str:
    return row.from_region if row.side == "in" else row.to_region


def _other_name(office: Office, row: RightsTransfer, names: Mapping[str, str]) -> str:
    peer = office.peers.of_code(row.peer) if row.peer else None
    return peer.name if peer else row.peer or names[_other_region(row)]


def _yuan(fen: int | None) -> str:
    return "" if fen is None else Money(fen).text


def month_wrong(typed: str) -> Reason | None:
    """What is wrong with a month as it was typed; None where it can be read."""
    try:
        Month.parse(typed)
    except ValueError:
        return Reason(code="month_wrong", text="月份写法：2025-11", text_en="Write the month as 2025-11.")
    return None
