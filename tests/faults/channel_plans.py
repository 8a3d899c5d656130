"""Schedules of transfers: who moves where, what people answer, what the bank does, and what goes wrong on the line.

Pure: everything is drawn from a seed and stands in frozen records whose ``repr`` can be pasted into a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

#: kinds of messages in the order in which a transfer sends them
KINDS = (
    "transfer_application", "contact_letter", "transfer_info", "transfer_refused", "transfer_money",
    "transfer_receipt", "transfer_withdrawn",
)  # fmt: skip
#: how often each is hit: three of them are sent by few transfers
_HIT = (1, 4, 4, 1, 4, 4, 1)
#: what may happen to a message, see ``channel_line.FAULTS``; those that end in ``dies…`` end a process
WHAT = (
    "request_lost", "answer_lost", "twice", "late", "overtaken", "corrupt", "corrupt_answer", "forged",
    "resigned", "forged_answer", "wrong_answer", "replay", "replay_other", "misdirected",
    "sender_dies_before", "sender_dies_after", "sender_dies_noting", "sender_dies_noted",
    "receiver_dies_before", "receiver_dies_storing", "receiver_dies_stored", "receiver_dies_hearing",
    "receiver_dies_heard",
)  # fmt: skip
#: where from and where to: Liaocheng's office, and the one that serves Chongqing and Dezhou
ROADS = (("371500", "500103"), ("500103", "371500"), ("371500", "371400"))

Side = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the message of that kind of one transfer, the first ``times`` it is sent."""

    kind: str
    what: str
    #: how long something is late, hours; or which transaction of a sweep is the last one
    amount: int = 0
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One transfer and all that happens to it."""

    number: int
    road: tuple[str, str]
    #: at which end the person asks
    asked_at: Side = "in"
    #: works at the new place already
    employed: bool = False
    #: months paid at the old and at the new place
    paid: tuple[int, int] = (72, 0)
    #: the round in which the person asks
    begins: int = 0
    #: rounds that each step waits for its hand
    waits: int = 0
    accept: Literal["accept", "refuse"] = "accept"
    review: Literal["agree", "refuse"] = "agree"
    approve: Literal["approve", "refuse"] = "approve"
    #: how often the approver sends it back to review first
    sent_back: int = 0
    #: how often the bank returns the money before it pays
    returned: int = 0
    #: how often the accountant does not find it on the account at first
    missing: int = 0
    #: who takes it back, and so many rounds after it began
    ended: tuple[Literal["person", "in", "out"], int] | None = None
    faults: tuple[Fault, ...] = ()


def drawn(seed: int, count: int) -> tuple[Schedule, ...]:
    """So many schedules of the seed; the n-th is the same however many there are."""
    return tuple(_schedule(Random(f"schedule/{seed}/{number}"), number) for number in range(count))


def matrix() -> tuple[Schedule, ...]:
    """Every fault on every kind of message, sent by either office."""
    cells = [(what, kind, road) for what in WHAT for kind in KINDS for road in ROADS[:2]]
    return tuple(
        replace(_sending(kind, number, road), faults=(Fault(kind, what, _amount(Random(number), what)),))
        for number, (what, kind, road) in enumerate(cells)
    )


def contradictions() -> tuple[Schedule, ...]:
    """Each kind of message that has figures in it, said twice under one number with other figures, by either office."""
    cells = [
        (kind, road) for kind in ("transfer_info", "transfer_money", "transfer_receipt") for road in ROADS[:2]
    ]
    return tuple(
        replace(_sending(kind, number, road), faults=(Fault(kind, "contradicted"),))
        for number, (kind, road) in enumerate(cells)
    )


def reduced(
    schedules: Sequence[Schedule], fails: Callable[[Sequence[Schedule]], bool], *, tries: int = 60
) -> tuple[Schedule, ...]:
    """The fewest and plainest of the schedules that still fail together, by so many tries at most."""
    found = tuple(schedules)
    left = tries
    going = True
    while going and left > 0:
        going = False
        for simpler in _simpler(found):
            left -= 1
            if fails(simpler):
                found, going = simpler, True
                break
            if left <= 0:
                break
    return found


def _simpler(found: tuple[Schedule, ...]) -> Iterator[tuple[Schedule, ...]]:
    if len(found) > 1:
        half = len(found) // 2
        yield found[:half]
        yield found[half:]
        if half > 1:
            return
    for at, each in enumerate(found):
        for plain in _plainer(each):
            yield (*found[:at], plain, *found[at + 1 :])


def _plainer(one: Schedule) -> Iterator[Schedule]:
    for at, fault in enumerate(one.faults):
        yield replace(one, faults=one.faults[:at] + one.faults[at + 1 :])
        if fault.times > 1:
            once = replace(fault, times=1)
            yield replace(one, faults=(*one.faults[:at], once, *one.faults[at + 1 :]))
    default = Schedule(number=one.number, road=one.road)
    for name in (
        "asked_at",
        "employed",
        "begins",
        "waits",
        "review",
        "sent_back",
        "returned",
        "missing",
        "ended",
    ):
        if getattr(one, name) != getattr(default, name):
            yield replace(one, **{name: getattr(default, name)})


def _schedule(draw: Random, number: int) -> Schedule:
    road = draw.choice(ROADS)
    ends = draw.random() < 0.22
    who: Literal["person", "in", "out"] = draw.choice(("person", "in", "out"))
    return Schedule(
        number=number,
        road=road,
        asked_at=draw.choice(("in", "out")),
        employed=draw.random() < 0.2,
        paid=(draw.choice((3, 11, 12, 26, 72, 130, 250)), draw.choice((0, 0, 5, 14))),
        begins=draw.randrange(12),
        waits=draw.choice((0, 0, 1, 2, 5)),
        accept="refuse" if draw.random() < 0.06 else "accept",
        review="refuse" if draw.random() < 0.08 else "agree",
        approve="refuse" if draw.random() < 0.15 else "approve",
        sent_back=draw.choice((0, 0, 0, 1)),
        returned=draw.choice((0, 0, 0, 1, 2)),
        missing=draw.choice((0, 0, 0, 1)),
        ended=(who, draw.randrange(1, 16)) if ends else None,
        faults=tuple(_fault(draw) for _ in range(draw.choice((0, 1, 2, 3, 4)))),
    )


def _fault(draw: Random) -> Fault:
    what = draw.choice(WHAT)
    kind = draw.choices(KINDS, _HIT)[0]
    return Fault(kind, what, _amount(draw, what), draw.choice((1, 1, 1, 2, 4)))


def _amount(draw: Random, what: str) -> int:
    if what in ("late", "overtaken"):
        return draw.choice((1, 7, 30, 24 * 5, 24 * 12, 24 * 40))
    if what in ("receiver_dies_hearing", "receiver_dies_heard"):
        return draw.randrange(1, 9)
    return 0


def _sending(kind: str, number: int, road: tuple[str, str]) -> Schedule:
    """A schedule in which a message of that kind is sent."""
    # the office that road begins with sends info, refusal and money; the other one the rest
    plain = Schedule(number=number, road=road, begins=number % 6)
    if kind == "transfer_application":
        return replace(plain, asked_at="out")
    if kind == "transfer_refused":
        return replace(plain, approve="refuse")
    if kind == "transfer_withdrawn":
        return replace(plain, waits=3, ended=("person", 5))
    return plain
