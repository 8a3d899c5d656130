"""The messages between the two ends of a transfer, and the stretches of its road with the day each was reached.

Inside this database a message is a row of the outbox; to and from another office one of ``exchange_message``. What
only another office knows is said as its message or its receipt said it, and never as our own record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.correspondence import dead_messages
from engine.cases.transfer_records import MessageLine, Side, Stage, StageSide, StageState, Told
from engine.cases.transfer_states import ROAD, midnight
from engine.exchange.bodies import KIND_NAMES
from engine.exchange.tables import ExchangeMessage
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import RightsTransfer
from engine.workflow.tables import WorkflowCase

#: the end that has each stretch; asked for at the sending end, the first is there
_SIDES: Mapping[str, StageSide] = {
    "applied": "in", "letter_sent": "in", "reviewing": "out", "moved": "out", "in_transit": "out",
    "arrived": "in", "settled": "both",
}  # fmt: skip
#: which message says that a stretch was reached
_SAYS = {"letter_sent": "contact_letter", "moved": "transfer_info", "in_transit": "transfer_money"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What this database holds of one transfer."""

    rows: Mapping[str, RightsTransfer]
    cases: Mapping[str, WorkflowCase]
    state: str
    late: bool
    applied_at: datetime

    @property
    def any_row(self) -> RightsTransfer:
        """The end that is here; the receiving one where both are."""
        return self.rows.get("in") or self.rows["out"]

    @property
    def relation_only(self) -> bool:
        """Whether it is known that no money moves."""
        row = self.any_row
        return not row.fee_fen and (row.months_paid > 0 or row.status in ("moved", "credited", "settled"))


def messages_of(session: Session, ends: Ends) -> tuple[MessageLine, ...]:
    """The messages of the transfer in the order in which they went or came."""
    here = _inside(session, ends) if not ends.any_row.peer else _exchanged(session, ends)
    return tuple(sorted(here, key=lambda line: (line.at, line.number or 0)))


def stages_of(ends: Ends, messages: Sequence[MessageLine]) -> tuple[Stage, ...]:
    """The road of the transfer: what was reached and when, where it stands, and what is still ahead."""
    keys = list(ROAD)
    broken = ends.state not in ROAD
    stands = keys.index(_reached(ends, messages) if broken else ends.state)
    found = []
    for place, key in enumerate(keys):
        at, told = _when(key, ends, messages)
        found.append(
            Stage(
                key=key,
                name=ROAD[key],
                side=_side_of(key, messages),
                state=_state_of(key, place - stands, ends, broken=broken),
                at=at if place <= stands else None,
                told=told if place <= stands else None,
            )
        )
    return tuple(found)


def last_told(messages: Iterable[MessageLine]) -> Told | None:
    """The latest that the other office let us know: by a message of its own or by a receipt for one of ours."""
    told = filter(None, map(_told, messages))
    return max(told, key=lambda each: (each.at, each.how == "message", each.number), default=None)


def latest(messages: Iterable[MessageLine], kind: str) -> MessageLine | None:
    """The message of that kind that counts: the latest that was heard, else the latest at all; None where there is none."""
    found = [line for line in messages if line.kind == kind]
    counted = [line for line in found if counts(line)] or found
    return counted[-1] if counted else None


def counts(line: MessageLine) -> bool:
    """Whether it says what is so: it was heard, or left here and was not contradicted."""
    if line.outcome == "contradicted" or line.ack_state == "contradicted":
        return False
    return line.way != "came" or line.outcome == "heard"


def _inside(session: Session, ends: Ends) -> list[MessageLine]:
    sides: dict[int | None, Side] = {
        row.case_id: "in" if side == "in" else "out" for side, row in ends.rows.items()
    }
    query = select(OutboxMessage).where(OutboxMessage.case_id.in_(sides), OutboxMessage.kind == "message")
    lines = []
    for message in session.scalars(query.order_by(OutboxMessage.id)):
        kind = str(orjson.loads(message.payload).get("name", ""))
        if kind not in KIND_NAMES:
            continue
        lines.append(
            MessageLine(
                message_id=None,
                number=None,
                kind=kind,
                kind_name=KIND_NAMES[kind],
                sender=sides[message.case_id],
                way="inside",
                at=message.created_at,
                acked_at=message.sent_at,
                ack_state="taken" if message.sent_at else "",
                heard_at=message.sent_at,
                outcome="heard" if message.sent_at else "",
                outcome_text="",
                dead=message.dead_at is not None,
            )
        )
    return lines


def _exchanged(session: Session, ends: Ends) -> list[MessageLine]:
    row = ends.any_row
    ours: Side = "in" if row.side == "in" else "out"
    theirs: Side = "out" if ours == "in" else "in"
    found = session.scalars(
        select(ExchangeMessage)
        .where(ExchangeMessage.peer == row.peer, ExchangeMessage.transfer_number == row.transfer_number)
        .order_by(ExchangeMessage.id)
    ).all()
    dead = dead_messages(session, [message.id for message in found])
    return [
        _exchange_line(message, ours if message.direction == "out" else theirs, dead=message.id in dead)
        for message in found
    ]


def _exchange_line(message: ExchangeMessage, sender: Side, *, dead: bool) -> MessageLine:
    """One message to or from another office as a line."""
    sent = message.direction == "out"
    return MessageLine(
        message_id=message.id,
        number=message.number,
        kind=message.kind,
        kind_name=KIND_NAMES.get(message.kind, message.kind),
        sender=sender,
        way="sent" if sent else "came",
        at=message.created_at,
        acked_at=message.acked_at,
        ack_state=message.ack_state,
        heard_at=message.heard_at,
        outcome=message.outcome,
        outcome_text=message.outcome_text,
        dead=dead and message.waits,
    )


def _told(line: MessageLine) -> Told | None:
    if line.number is None:
        return None
    if line.way == "came":
        return Told(how="message", number=line.number, at=line.at)
    if line.acked_at is not None:
        return Told(how="receipt", number=line.number, at=line.acked_at)
    return None


def _reached(ends: Ends, messages: Sequence[MessageLine]) -> str:
    """How far the transfer had come when it was refused or withdrawn."""
    letter = latest(messages, "contact_letter")
    if latest(messages, "transfer_money"):
        return "in_transit"
    if latest(messages, "transfer_info"):
        return "moved"
    if latest(messages, "transfer_refused") or (letter and ("out" in ends.rows or letter.acked_at)):
        return "reviewing"
    return "letter_sent" if letter else "applied"


def _state_of(key: str, ahead: int, ends: Ends, *, broken: bool) -> StageState:
    if ends.relation_only and key in ("in_transit", "arrived"):
        return "skipped"
    if ahead < 0:
        return "done"
    if ahead > 0:
        return "skipped" if broken else "future"
    if broken:
        return "broken"
    if key == "settled":
        return "done"
    return "late" if ends.late else "current"


def _side_of(key: str, messages: Sequence[MessageLine]) -> StageSide:
    if key == "applied" and latest(messages, "transfer_application") is not None:
        return "out"
    return _SIDES[key]


def _when(key: str, ends: Ends, messages: Sequence[MessageLine]) -> tuple[datetime | None, Told | None]:
    """When the stretch was reached, and who says so where we do not know it ourselves."""
    receiving, sending = ends.rows.get("in"), ends.rows.get("out")
    if key in _SAYS:
        line = latest(messages, _SAYS[key])
        if line is not None:
            return line.at, _told(line) if line.way == "came" else None
        return (_day(sending.paid_on), None) if key == "in_transit" and sending else (None, None)
    if key == "applied":
        asked = latest(messages, "transfer_application")
        return ends.applied_at, _told(asked) if asked and asked.way == "came" else None
    if key == "reviewing":
        return _review_began(ends, messages)
    if key == "arrived" and receiving is not None:
        return _day(receiving.arrived_on), None
    if key == "settled" and receiving is not None:
        case = ends.cases["in"]
        return (case.ended_at if ends.state == "settled" else None), None
    receipt = latest(messages, "transfer_receipt")
    return (receipt.at, _told(receipt)) if receipt else (_ended(ends, "out"), None)


def _review_began(ends: Ends, messages: Sequence[MessageLine]) -> tuple[datetime | None, Told | None]:
    letter = latest(messages, "contact_letter")
    if "out" not in ends.rows:
        told = _told(letter) if letter and letter.way == "sent" else None
        return (told.at if told else None), told
    return (letter.heard_at or letter.at if letter else None), None


def _ended(ends: Ends, side: str) -> datetime | None:
    return ends.cases[side].ended_at if side in ends.cases and ends.state == "settled" else None


def _day(day: date | None) -> datetime | None:
    return midnight(day) if day else None
