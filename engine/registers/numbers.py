"""Valid numbers for made-up people and firms: identity numbers, credit codes, card numbers.

Valid means: every check character fits. ``engine.law.identity`` judges them; the tests ask it to.
"""

from __future__ import annotations

from datetime import date

from engine.law.identity import credit_check, id_check, organisation_check

#: the bank's head digits in made-up cards
_BANK = "621799"


def id_number_for(*, region: str, birth: date, sequence: int) -> str:
    """The 18-character number; ``sequence`` 0 to 999, odd for a man."""
    first = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return first + id_check(first)


def credit_code_for(*, prefix: str, region: str, organisation: str) -> str:
    """The 18-character credit code; ``organisation`` is the first 8 of the organisation code."""
    first = f"{prefix}{region}{organisation}{organisation_check(organisation)}"
    return first + credit_check(first)


def card_number_for(body: int, *, ending: str = "") -> str:
    """A 19-digit card that passes the Luhn check, made from a number below 10^8.

    With ``ending`` of 4 digits it ends so, and the digit before the ending makes the check fit; without,
    it never ends in four equal digits, which a trial's bank sends back.
    """
    if ending:
        stem = f"{_BANK}{body:08d}"
        return next(card for digit in range(10) if _luhn(card := f"{stem}{digit}{ending}"))
    stem = f"{_BANK}7{body:08d}"
    candidates = (f"{stem}{tail:04d}" for tail in range(4520, 4620))
    return next(card for card in candidates if _luhn(card) and len(set(card[-4:])) > 1)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
