"""Statements: the messages and transfers with one peer as an office has them, open ones and what moved lately.

Sent in parts, for a message is bounded; kept as they were stated, at both ends. ``differences`` compares them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engine.exchange.bodies import STATEMENT
from engine.exchange.tables import ExchangeMessage, ExchangeStatement
from engine.store.canonical import Plain, plain

#: what ended longer ago, and was listed by every statement since, is listed no more
LISTED = timedelta(days=100)
#: lines that surely fit into one message
_LINES = 150

Direction = Literal["out", "in"]

_TEXT = re.compile(r"[0-9A-Za-z_-]{0,64}")
_WHOLE_MAX = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedMessage:
    """One message as its sender (``out``) or its receiver (``in``) has it."""

    direction: Direction
    number: int
    transfer_number: str
    kind: str
    digest: str
    #: when it was sealed, UTC
    sent_at: str
    #: out: '' unanswered, taken, contradicted; in: '' waits, heard, contradicted
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedTransfer:
    """One transfer as an office has it."""

    transfer_number: str
    #: ``out`` where the rights leave the stating office
    side: Direction
    state: str
    months_paid: int
    months_left: int
    #: as the information sheet has it
    fee_fen: int
    #: what the notice of payment said; -1 while there is none
    announced_fen: int
    #: out: paid by the bank; in: arrived on the account; -1 while neither
    money_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A whole statement."""

    number: int
    as_of: datetime
    messages: tuple[StatedMessage, ...]
    transfers: tuple[StatedTransfer, ...]


def lines_of(
    session: Session, *, peer: str, open_numbers: Iterable[str], now: datetime
) -> list[StatedMessage]:
    """The messages to list: of the open transfers, and of those with a message since :data:`LISTED` ago."""
    lately = select(ExchangeMessage.transfer_number).where(
        ExchangeMessage.peer == peer, ExchangeMessage.created_at >= now - LISTED
    )
    rows = session.scalars(
        select(ExchangeMessage)
        .where(ExchangeMessage.peer == peer, ExchangeMessage.kind != STATEMENT)
        .where(
            or_(
                ExchangeMessage.transfer_number.in_(lately),
                ExchangeMessage.transfer_number.in_(list(open_numbers)),
                # nobody has agreed upon it yet
                (ExchangeMessage.direction == "out") & ExchangeMessage.acked_at.is_(None),
                (ExchangeMessage.direction == "in") & ExchangeMessage.heard_at.is_(None),
            )
        )
        .order_by(ExchangeMessage.direction.desc(), ExchangeMessage.number)
    )
    return [_line(row) for row in rows]


def parts_of(
    number: int,
    as_of: datetime,
    messages: Sequence[StatedMessage],
    transfers: Sequence[StatedTransfer],
    *,
    answer: bool = False,
) -> list[dict[str, Plain]]:
    """The bodies of the messages that carry the statement, at least one; ``answer``: to one of the peer."""
    lines: list[tuple[str, dict[str, Plain]]] = [
        *(("messages", asdict(line)) for line in messages),
        *(("transfers", asdict(line)) for line in transfers),
    ]
    chunks = [lines[at : at + _LINES] for at in range(0, len(lines), _LINES)] or [[]]
    return [
        {
            "number": number,
            "as_of": plain(as_of),
            "part": place,
            "parts": len(chunks),
            "answer": answer,
            "messages": [line for what, line in chunk if what == "messages"],
            "transfers": [line for what, line in chunk if what == "transfers"],
        }
        for place, chunk in enumerate(chunks, start=1)
    ]


def next_number(session: Session, peer: str) -> int:
    """The number of the next statement to the peer; the caller holds its lock."""
    highest = select(func.max(ExchangeStatement.number)).where(
        ExchangeStatement.direction == "out", ExchangeStatement.peer == peer
    )
    return (session.scalar(highest) or 0) + 1


def keep_part(
    session: Session, *, direction: Direction, peer: str, body: Mapping[str, Any], now: datetime
) -> str:
    """Why the part is not kept, empty when it is: badly written, or said before."""
    if not _is_part(body):
        return "对账单的写法不合约定"
    known = session.scalar(
        select(ExchangeStatement.id).where(
            ExchangeStatement.direction == direction,
            ExchangeStatement.peer == peer,
            ExchangeStatement.number == body["number"],
            ExchangeStatement.part == body["part"],
        )
    )
    if known is not None:
        return f"第{body['number']}号对账单的第{body['part']}部分已收过"
    session.add(
        ExchangeStatement(
            direction=direction,
            peer=peer,
            number=body["number"],
            part=body["part"],
            parts=body["parts"],
            as_of=datetime.fromisoformat(body["as_of"]).astimezone(UTC),
            content=orjson.dumps({"messages": body["messages"], "transfers": body["transfers"]}).decode(),
            created_at=now,
        )
    )
    session.flush()
    return ""


def is_whole(session: Session, *, peer: str, number: int) -> bool:
    """Whether every part of that statement of the peer is here."""
    parts = select(func.count() == func.max(ExchangeStatement.parts)).where(
        ExchangeStatement.direction == "in",
        ExchangeStatement.peer == peer,
        ExchangeStatement.number == number,
    )
    return bool(session.scalar(parts))


def newest(session: Session, *, direction: Direction, peer: str) -> Stated | None:
    """The latest statement of which every part is here; None while there is none."""
    mine = (ExchangeStatement.direction == direction, ExchangeStatement.peer == peer)
    whole = (
        select(ExchangeStatement.number)
        .where(*mine)
        .group_by(ExchangeStatement.number)
        .having(func.count() == func.max(ExchangeStatement.parts))
        .order_by(ExchangeStatement.number.desc())
        .limit(1)
    )
    number = session.scalar(whole)
    if number is None:
        return None
    parts = session.scalars(
        select(ExchangeStatement)
        .where(*mine, ExchangeStatement.number == number)
        .order_by(ExchangeStatement.part)
    ).all()
    read = [orjson.loads(part.content) for part in parts]
    return Stated(
        number=number,
        as_of=parts[0].as_of,
        messages=tuple(StatedMessage(**line) for part in read for line in part["messages"]),
        transfers=tuple(StatedTransfer(**line) for part in read for line in part["transfers"]),
    )


def _line(row: ExchangeMessage) -> StatedMessage:
    answered = "contradicted" if row.outcome == "contradicted" else "taken" if row.acked_at else ""
    return StatedMessage(
        direction="out" if row.direction == "out" else "in",
        number=row.number,
        transfer_number=row.transfer_number,
        kind=row.kind,
        digest=row.digest,
        sent_at=str(plain(row.sent_at)),
        state=answered if row.direction == "out" else row.outcome,
    )


def _is_part(body: Mapping[str, Any]) -> bool:
    if body.keys() != {"number", "as_of", "part", "parts", "answer", "messages", "transfers"}:
        return False
    if not isinstance(body["answer"], bool):
        return False
    numbers = [body[name] for name in ("number", "part", "parts")]
    if not all(_whole(each) and 1 <= each < 2**31 for each in numbers) or body["part"] > body["parts"]:
        return False
    return (
        _instant(body["as_of"])
        and _are_lines(body["messages"], StatedMessage)
        and _are_lines(body["transfers"], StatedTransfer)
    )


def _are_lines(lines: object, kind: type[StatedMessage | StatedTransfer]) -> bool:
    """Whether each is a record of that kind: short words and whole numbers, a side that is one."""
    shape = {name: field.type for name, field in kind.__dataclass_fields__.items()}
    if not isinstance(lines, list):
        return False
    return all(
        isinstance(line, dict) and line.keys() == shape.keys() and _is_line(line, shape) for line in lines
    )


def _is_line(line: Mapping[str, object], shape: Mapping[str, object]) -> bool:
    for name, wanted in shape.items():
        value = line[name]
        if wanted == "int":
            if not _whole(value):
                return False
        elif name == "sent_at":
            if not _instant(value):
                return False
        elif not isinstance(value, str) or not _TEXT.fullmatch(value):
            return False
    return line.get("direction", line.get("side")) in ("out", "in")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -1 <= value <= _WHOLE_MAX


def _instant(value: object) -> bool:
    if not isinstance(value, str) or len(value) != len("2025-11-05T01:02:03.000000Z") or value[-1] != "Z":
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
