"""Operations of ``transfer_in`` about its money: announced, in transit, arrived, booked; in drawn order.

Nothing is booked that is not the amount of the information sheet. The person's benefit never waits for any of it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from engine.money import ledger
from engine.money.ledger import Line, accounting_day
from engine.money.ledger_tables import JournalEntry
from engine.money.payments import PaymentBatch
from engine.money.receipts import BANK_ACCOUNT
from engine.tasks.catalogue import operation, refuse
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.tasks.tables import RightsTransfer
from engine.tasks.transfer_record import note_difference, record_of
from engine.values import Money

#: 应收转移资金（在途）, and the income that it is
TRANSIT_ACCOUNT, _INCOME_ACCOUNT = "1132", "4101"


@operation(
    "note_money_in_transit",
    title="登记在途转移资金",
    provides=("amount_agrees", "announced_fen", "fee_fen"),
)
def note_money_in_transit(
    desk: Desk,
    *,
    transfer_number: str,
    fee_fen: int,
    paid_on: str | None = None,
    bank_reference: str | None = None,
    announcement_answer: str | None = None,
) -> dict[str, Any]:
    """The announced money as receivable (Dr 1132, Cr 4101), once it is the amount of the information sheet.

    Another amount books nothing and is a difference, until the sending office announces anew or the accountant has
    it confirmed that the sheet is right. The case goes on with the amount of the sheet in any case.
    """
    transfer = record_of(desk, transfer_number, "in")
    by_sheet = announcement_answer == "sheet"
    if not by_sheet:
        transfer.announced_fen = fee_fen
        transfer.paid_on = date.fromisoformat(paid_on) if paid_on else None
        transfer.bank_reference = bank_reference or ""
    agrees = by_sheet or transfer.announced_fen == transfer.fee_fen
    announced = transfer.announced_fen
    if agrees:
        _book(desk, transfer, f"transfer-in:{transfer_number}", accounting_day(desk.now), _ANNOUNCED)
        transfer.status = "in_transit"
    else:
        what = "转出地告知的金额与信息表不一致"
        note_difference(desk, transfer_number, sheet_fen=transfer.fee_fen, told_fen=announced, what=what)
    return {"amount_agrees": agrees, "announced_fen": announced, "fee_fen": transfer.fee_fen}


@operation("query_transfer_money", title="向转出地查询资金")
def query_transfer_money(
    desk: Desk,
    *,
    transfer_number: str,
    from_region: str,
    fee_fen: int,
    announced_fen: int | None = None,
    arrival: str | None = None,
    arrived_fen: int | None = None,
) -> dict[str, Any]:
    """A letter to the sending office: what the sheet, its announcement and our account say, and please to clear it up."""
    send_letter(
        desk,
        "transfer-query",
        occasion=desk.now.isoformat(),
        recipient=f"office:{from_region}",
        transfer_number=transfer_number,
        fee_fen=fee_fen,
        announced_fen=announced_fen,
        found_fen=(arrived_fen or 0) if arrival else None,
    )
    return {}


@operation("check_arrival", title="核对到账金额", provides=("arrival_agrees",))
def check_arrival(
    desk: Desk,
    *,
    transfer_number: str,
    arrival: str,
    arrived_fen: int | None = None,
    arrived_on: str | None = None,
    arrival_reference: str | None = None,
) -> dict[str, Any]:
    """Whether what the accountant found on the account is what was announced; another amount is never booked.

    Refused: a day to come, and a bank reference that already stands for an entry or a batch.
    """
    transfer = record_of(desk, transfer_number, "in")
    if arrival != "arrived" or arrived_fen is None:
        return {"arrival_agrees": False}
    if arrived_on is None or date.fromisoformat(arrived_on) > desk.today:
        raise refuse(
            "arrived_in_future",
            "到账日期不能晚于今天",
            source="银行回单",
            text_en="The day is still to come.",
        )
    _require_new(desk, arrival_reference or "")
    transfer.arrived_fen = arrived_fen
    if arrived_fen != transfer.fee_fen:
        what = "到账金额与转出地告知的不一致"
        note_difference(desk, transfer_number, sheet_fen=transfer.fee_fen, told_fen=arrived_fen, what=what)
    return {"arrival_agrees": arrived_fen == transfer.fee_fen}


@operation("book_transfer_money", title="转入资金入账")
def book_transfer_money(
    desk: Desk,
    *,
    transfer_number: str,
    arrived_fen: int | None = None,
    arrived_on: str | None = None,
    arrival_reference: str | None = None,
) -> dict[str, Any]:
    """The money that arrived: Dr 1001, Cr 1132, under the bank's reference, by which its statement is reconciled."""
    transfer = record_of(desk, transfer_number, "in")
    if arrived_fen != transfer.fee_fen or not arrived_on or not arrival_reference:
        raise refuse(
            "amount_differs",
            "到账金额与信息表不一致，或没有到账日期、银行流水号，不得入账",
            source="转移资金对账",
            text_en="The amount is not the one announced, or day or reference is missing; it is not booked.",
        )
    _require_new(desk, arrival_reference)
    day = date.fromisoformat(arrived_on)
    _book(desk, transfer, arrival_reference, day, _ARRIVED)
    transfer.arrived_fen, transfer.arrived_on, transfer.status = arrived_fen, day, "settled"
    return {}


#: (text, debit account, credit account) of the two entries
_ANNOUNCED = ("应收转移资金", TRANSIT_ACCOUNT, _INCOME_ACCOUNT)
_ARRIVED = ("转移资金到账", BANK_ACCOUNT, TRANSIT_ACCOUNT)


def _book(desk: Desk, transfer: RightsTransfer, key: str, day: date, entry: tuple[str, str, str]) -> None:
    text, debit, credit = entry
    amount = Money(transfer.fee_fen)
    ledger.post(
        desk.session,
        key=key,
        day=day,
        region=desk.case.region,
        text=f"{text} {transfer.transfer_number}",
        lines=(Line(debit, "debit", amount), Line(credit, "credit", amount)),
        actor=desk.actor,
        now=desk.now,
        case_id=desk.case.id,
    )


def _require_new(desk: Desk, reference: str) -> None:
    """The reference stands for nothing else: one payment of the bank is booked once."""
    taken = (
        select(JournalEntry.id).where(JournalEntry.key == reference),
        select(PaymentBatch.id).where(PaymentBatch.number == reference),
    )
    if any(desk.session.scalar(query) is not None for query in taken):
        raise refuse(
            "reference_used",
            f"银行流水号 {reference} 已是另一笔凭证或批次的编号",
            source="银行回单",
            text_en="The bank's reference is booked already.",
        )
