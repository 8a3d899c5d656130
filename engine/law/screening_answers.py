"""The question ``refund-due`` in words: one made-up employer against every condition of the refund.

For ``changling law`` and the rule authors' ``tests/law/*.yaml``; the shapes follow ``answers``.
"""

from __future__ import annotations

from typing import cast

from engine.law.arguments import Answer, Arguments, BadArgumentError, Setting
from engine.law.screening import KINDS, LISTINGS, EmployerFacts, Kind, figures_of, screened
from engine.law.screening_reasons import explain, layoff_rate
from engine.values import Money, Refusal

_SIZES = ("large", "medium", "small", "micro")
_MONTHS = 12


def employer_facts(given: Arguments, at: Setting) -> EmployerFacts:
    """The facts from the arguments; what is not given stands for an ordinary firm insured all year."""
    insured = given.count("insured-months", _MONTHS)
    if insured > _MONTHS:
        raise BadArgumentError("insured-months", "insured-months 最多是 12")
    previous = given.count("previous")
    heads = given.count("heads", previous)
    months = tuple(range(_MONTHS - insured, _MONTHS))
    paid = _spread(given.money("paid"), months)
    return EmployerFacts(
        region=at.region,
        kind=cast(Kind, given.choice("kind", *KINDS)) if given.has("kind") else "enterprise",
        size=given.choice("size", *_SIZES) if given.has("size") else "",  # type: ignore[arg-type]
        months_before=given.count("months-before"),
        previous_end=previous,
        heads=tuple(heads if month in months else 0 for month in range(_MONTHS)),
        due=paid,
        paid=paid,
        claimants=given.count("claimants"),
        owed=_fen(given, "owed"),
        dispatched=_fen(given, "dispatched"),
        placed_public=_fen(given, "placed-public"),
        listed=frozenset(each for each in LISTINGS if given.flag(each)),
    )


def refund_due_answer(given: Arguments, at: Setting) -> Answer | Refusal:
    """Outcome, failed conditions, layoff rate and amount, each condition with its reason."""
    figures = figures_of(region=at.region, day=at.on, book=at.book)
    found = screened(employer_facts(given, at), figures)
    return {
        "outcome": found.outcome,
        "failed": " ".join(found.failed),
        "size": found.size,
        "months": found.months,
        "layoff_rate": layoff_rate(found),
        "amount": found.amount.text,
        "passed_on": found.passed_on.text,
        "way": found.way,
        "reasons": [reason.plain() for reason in explain(found, figures)],
    }


def _fen(given: Arguments, name: str) -> int:
    return given.money(name).fen if given.has(name) else 0


def _spread(whole: Money, months: tuple[int, ...]) -> tuple[int, ...]:
    """The amount over the months, what does not divide in the last."""
    if not months:
        return (0,) * _MONTHS
    share, rest = divmod(whole.fen, len(months))
    return tuple(
        (share + (rest if month == months[-1] else 0)) if month in months else 0 for month in range(_MONTHS)
    )


#: as a row of ``further_answers.QUESTIONS``
QUESTION = (
    "refund-due",
    "稳岗返还筛查",
    "previous paid",
    "heads claimants months-before insured-months kind size owed dispatched placed-public "
    "environment industry dishonest zombie struggling",
    refund_due_answer,
)
