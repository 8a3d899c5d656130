"""Pairing the movements of two sides: by reference, then, as a proposal, by equal amount and nearest day (MONEY-05).

Pure. An item stands in one pair at most; what a person has not confirmed is only a proposal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from engine.values import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What one side says of one reference, its movements added up."""

    reference: str
    #: of the first movement
    day: date
    #: above zero for money in, below for money out
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One item of ours and one of theirs."""

    ours: Movement
    theirs: Movement


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Every item of either side, in exactly one of these."""

    #: same reference, same amount
    agreed: tuple[Pair, ...]
    #: same reference, another amount
    apart: tuple[Pair, ...]
    #: another reference, same amount, days not further apart than allowed: for a person to confirm
    proposed: tuple[Pair, ...]
    only_ours: tuple[Movement, ...]
    only_theirs: tuple[Movement, ...]


def pair(ours: Sequence[Movement], theirs: Sequence[Movement], *, days: int) -> Pairing:
    """The pairing; references are unique on each side. The nearest days are proposed first, then the lower reference."""
    mine, said = {each.reference: each for each in ours}, {each.reference: each for each in theirs}
    both = [
        Pair(ours=mine[reference], theirs=said[reference]) for reference in sorted(mine.keys() & said.keys())
    ]
    left = [mine[reference] for reference in sorted(mine.keys() - said.keys())]
    right = [said[reference] for reference in sorted(said.keys() - mine.keys())]
    proposed = _nearest(left, right, days)
    ours_taken = {each.ours.reference for each in proposed}
    theirs_taken = {each.theirs.reference for each in proposed}
    return Pairing(
        agreed=tuple(each for each in both if each.ours.amount == each.theirs.amount),
        apart=tuple(each for each in both if each.ours.amount != each.theirs.amount),
        proposed=tuple(proposed),
        only_ours=tuple(each for each in left if each.reference not in ours_taken),
        only_theirs=tuple(each for each in right if each.reference not in theirs_taken),
    )


def _nearest(left: Sequence[Movement], right: Sequence[Movement], days: int) -> list[Pair]:
    by_amount: dict[int, list[Movement]] = {}
    for each in right:
        by_amount.setdefault(each.amount.fen, []).append(each)
    near = [
        (abs((mine.day - other.day).days), mine.reference, other.reference, Pair(ours=mine, theirs=other))
        for mine in left
        for other in by_amount.get(mine.amount.fen, ())
        if abs((mine.day - other.day).days) <= days
    ]
    taken: set[tuple[str, str]] = set()
    found: list[Pair] = []
    for _, mine_name, other_name, proposal in sorted(near, key=lambda row: row[:3]):
        if ("ours", mine_name) in taken or ("theirs", other_name) in taken:
            continue
        taken |= {("ours", mine_name), ("theirs", other_name)}
        found.append(proposal)
    return found
