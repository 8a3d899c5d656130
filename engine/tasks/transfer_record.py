"""The record of a transfer at one end, and its reasons in words. Called by the operations of both ends only."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.catalogue import refuse
from engine.tasks.desk import Desk
from engine.tasks.tables import RightsTransfer
from engine.values import Reason

#: as long as a message between offices may be
_WORDS_MAX = 1900


def record_of(desk: Desk, number: str, side: str) -> RightsTransfer:
    """The record of that end; refused when there is none."""
    found = find_record(desk, number, side)
    if found is None:
        raise refuse(
            "no_such_transfer",
            f"没有编号为 {number} 的转迁",
            source="转迁登记",
            text_en=f"No transfer {number}.",
        )
    return found


def find_record(desk: Desk, number: str, side: str) -> RightsTransfer | None:
    """The record of that end, or None."""
    return desk.session.scalar(
        select(RightsTransfer).where(RightsTransfer.transfer_number == number, RightsTransfer.side == side)
    )


def in_words(reasons: Iterable[Reason]) -> str:
    """Each reason with its source, and every figure that still waits for confirmation by name."""
    return "；".join(map(_sentence, reasons))[:_WORDS_MAX]


def _sentence(reason: Reason) -> str:
    waiting = "" if reason.verified else f"；待主管部门确认：{reason.parameter or reason.source}"
    rests_on = reason.source if waiting and reason.source == reason.parameter else f"依据：{reason.source}"
    return f"{reason.text}（{rests_on}{waiting}）" if reason.source or waiting else reason.text


def note_difference(desk: Desk, number: str, *, sheet_fen: int, told_fen: int | None, what: str) -> None:
    """An amount that is not the one of the information sheet, told to the trail."""
    append(
        desk.session,
        stream=f"case:{desk.case.id}",
        action=Action.DIFFERENCE_FOUND,
        actor=desk.actor,
        subject=f"transfer:{number}",
        before={"sheet_fen": sheet_fen},
        after={"told_fen": told_fen},
        reason=what,
        now=desk.now,
    )
