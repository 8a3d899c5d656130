"""The API of transfers of rights between two offices, and of the exchange with other offices."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema

from engine.cases import correspondence, transfer_lists, transfers, transit
from engine.cases.exchange_mirror import Mirror, mirror
from engine.cases.exchange_views import ExchangeRoom, PeerRoom, exchange_room, peer_room
from engine.cases.office import Office
from engine.cases.region_choices import RegionGroup, region_choices
from engine.cases.transfer_records import InTransit, TransferFilter, TransferList, TransferView
from engine.cases.transfer_views import receiving_case, transfer_view
from engine.values import Actor, ActorKind, Refusal
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, file_out, reads, writes
from web.api_records import answer_of, rows_of

transfer_room = Room(
    "transfers", chinese="关系转迁与机构信件", english="transfers of rights and the exchange"
)

#: staff at either end, and the person
_BOTH: tuple[ActorKind, ...] = ("staff", "person")
_TRANSFER = "/transfers/<number>"
_PEER = "/exchange/<peer>"


class TransferQuery(Schema):
    """Which transfers, and the mark of the page before."""

    state = schemas.Text("state", longest=12, required=False)
    direction = schemas.Text("direction", longest=3, required=False)
    peer = schemas.Text("peer", longest=20, required=False)
    number = schemas.Text("number", longest=40, required=False)
    late = schemas.yes("late")
    cursor = schemas.Text("cursor", longest=20, required=False)


class MonthQuery(Schema):
    """Which month; none: this one."""

    month = schemas.Text("month", longest=7, required=False)


class MessageQuery(Schema):
    """Which messages, and the mark of the page before."""

    which = schemas.choice("which", "open", "all", default="open")
    cursor = schemas.Text("cursor", longest=20, required=False)


@reads(
    transfer_room,
    "/transfers",
    chinese="转迁清单",
    asks=TransferQuery,
    answer=answer_of(TransferList),
    who=_BOTH,
)
def transfer_list(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A page of the transfers of one's regions and duties, or one's own."""
    wanted = TransferFilter(**{key: value for key, value in asked.items() if key != "cursor"})
    return transfer_lists.transfers(office, actor, wanted, cursor=asked["cursor"])


@reads(transfer_room, "/transfers/regions", chinese="可选的地区", answer=rows_of(RegionGroup), who=_BOTH)
def regions(office: Office, actor: Actor) -> object:
    """The places between which rights may move, grouped by province and city."""
    return region_choices(office, actor).groups


@reads(transfer_room, "/transfers/in-transit", chinese="在途资金", asks=MonthQuery, answer=answer_of(InTransit), who=STAFF)  # fmt: skip
def in_transit(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Money of transfers that one end has paid or announced and the other has not confirmed."""
    return transit.in_transit(office, actor, month=asked["month"])


@reads(transfer_room, "/transfers/in-transit/workbook", chinese="在途资金表", asks=MonthQuery, answer=None, who=STAFF)  # fmt: skip
def in_transit_sheet(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """The same as a workbook."""
    return file_out(transit.export(office, actor, month=asked["month"]), "in-transit.xlsx")


@reads(transfer_room, _TRANSFER, chinese="查看转迁", answer=answer_of(TransferView), who=_BOTH)
def transfer(office: Office, actor: Actor, number: str) -> object:
    """One transfer with both of its ends."""
    return transfer_view(office, actor, number)


@writes(transfer_room, f"{_TRANSFER}/withdrawal", chinese="撤回转移申请", asks=schemas.Why, who=_BOTH)
def withdraw(office: Office, actor: Actor, asked: dict[str, Any], number: str) -> object:
    """Take a transfer back."""
    case_id = receiving_case(office, actor, number)
    if isinstance(case_id, Refusal):
        return case_id
    return transfers.withdraw(office, actor, case_id, why=asked["why"])


@reads(transfer_room, "/exchange", chinese="对方机构", answer=answer_of(ExchangeRoom), who=STAFF)
def exchange(office: Office, actor: Actor) -> object:
    """All other offices, those with something amiss first."""
    return exchange_room(office, actor)


@reads(transfer_room, _PEER, chinese="查看对方机构", asks=MessageQuery, answer=answer_of(PeerRoom), who=STAFF)
def peer(office: Office, actor: Actor, asked: dict[str, Any], peer: str) -> object:
    """One other office with a page of messages and its faults."""
    return peer_room(office, actor, peer, which=asked["which"], cursor=asked["cursor"])


@reads(transfer_room, f"{_PEER}/differences", chinese="两地差异", answer=answer_of(Mirror), who=STAFF)
def differences(office: Office, actor: Actor, peer: str) -> object:
    """Where this office and the other differ, by the latest statement of each."""
    return mirror(office, actor, peer)


@writes(transfer_room, f"{_PEER}/statement", chinese="立即发出对账单", who=STAFF)
def state(office: Office, actor: Actor, peer: str) -> object:
    """Send a statement to the other office now."""
    return correspondence.state_now(office, actor, peer)


@writes(transfer_room, f"/exchange/messages/<{NUMBER}:message_id>/resend", chinese="重发信件", who=STAFF, parts=True)  # fmt: skip
def resend(office: Office, actor: Actor, message_id: int) -> object:
    """Send a message again by hand."""
    return correspondence.resend(office, actor, message_id)
