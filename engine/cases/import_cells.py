"""The cells of one row as values: identity numbers, days, months, amounts, each wrong one named. Pure.

Lenient in how a thing is written, strict in what it says: nothing is guessed, and nothing that cannot be read is a zero.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from engine.cases.import_faults import Fault
from engine.cases.import_kinds import Column, KindOfFile
from engine.law.entitlement import Amount, benefit_amount
from engine.law.identity import IdNumber, credit_code, id_check, id_number
from engine.law.policy import PolicyBook
from engine.store.crypto import mask_id, mask_name, mask_numbers
from engine.values import Money, Month, Refusal

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00)?)?|(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?|(\d{4})(\d{2})|(\d{4})[-/.年](\d{1,2})[-/.月]0?1日?")
_AMOUNT = re.compile(r"(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(\.\d{1,2}0*)?")
_OLD_NUMBER = re.compile(r"\d{15}")
_ROUNDED = re.compile(r"\d{15}000")
_VALUE_MAX = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every row of a file is judged against."""

    kind: KindOfFile
    book: PolicyBook
    today: date
    #: codes of the table of regions
    regions: frozenset[str]
    #: what the codes begin with that the file may speak of
    reach: str
    #: answers of the law that many rows ask for: a file has few days, and each has one standard
    standards: dict[tuple[str, str | None, date], Amount | Refusal] = field(default_factory=dict)

    def standard(self, region: str, household: str | None, day: date) -> Amount | Refusal:
        """The monthly benefit of that day (``engine.law.entitlement``)."""
        asked = (region, household, day)
        if asked not in self.standards:
            self.standards[asked] = benefit_amount(
                region=region, day=day, household_region=household, book=self.book
            )
        return self.standards[asked]


@dataclass(slots=True, kw_only=True)
class Cells:
    """One row under judgment; each question notes what is wrong and answers None then."""

    ground: Ground
    texts: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)
    #: the identity number once it was asked for, of 18 characters; None where it is wrong
    number: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the row has an error."""
        return any(fault.known.severity == "error" for fault in self.faults)

    def note(self, column: str, code: str, *, fact: str = "") -> None:
        """The fault of that cell; without a column, of the row."""
        value = shown(self._column(column), self.texts[column]) if column else ""
        self.faults.append(Fault(column=column, code=code, fact=fact, value=value))

    def text(self, key: str) -> str | None:
        """The words of the cell; None for an empty one, which is an error where it is required."""
        column, words = self._column(key), self.texts[key]
        if not words:
            if column.required:
                self.note(key, "required")
            return None
        if len(words) > column.longest:
            self.note(key, "text_long", fact=f"≤ {column.longest}")
            return None
        return words

    def word(self, key: str) -> str | None:
        """The code of the word that was chosen."""
        words = self.text(key)
        if words is None:
            return None
        for chinese, code in self._column(key).words:
            if words in (chinese, code):
                return code
        self.note(key, "word", fact="、".join(chinese for chinese, _ in self._column(key).words))
        return None

    def id_number(self) -> IdNumber | None:
        """The identity number; one of 15 digits is brought to 18, with a note."""
        words = self.text("id_number")
        if words is None:
            return None
        plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", words))
        old = _OLD_NUMBER.fullmatch(plain) is not None
        found = id_number(upgraded(plain) if old else plain)
        if isinstance(found, Refusal):
            rounded = _ROUNDED.fullmatch(plain) and found.reasons[0].code == "id_number_check"
            self.note("id_number", "id_number_rounded" if rounded else found.reasons[0].code)
            return None
        if found.birth > self.ground.today:
            self.note("id_number", "birth_future")
            return None
        if old:
            self.note("id_number", "id_number_upgraded")
        self.number = found.normalised
        return found

    def region(self, key: str = "region") -> str | None:
        """The region of insurance, which the file may speak of."""
        code = self.text(key)
        if code is None:
            return None
        if code not in self.ground.regions:
            self.note(key, "region_unknown")
            return None
        if not code.startswith(self.ground.reach):
            self.note(key, "region_outside")
            return None
        return code

    def household(self, key: str = "household_region") -> str | None:
        """Where the household is registered, which may be anywhere: six digits."""
        code = self.text(key)
        if code is not None and not re.fullmatch(r"[1-9]\d{5}", code):
            self.note(key, "region_unknown")
            return None
        return code

    def employer(self) -> str | None:
        """The employer's unified social credit code."""
        words = self.text("employer_code")
        if words is None:
            return None
        code = _credit_code(words)
        if code is None:
            self.note("employer_code", "employer_code")
        return code

    def day(self, key: str) -> date | None:
        """A day up to today."""
        words = self.text(key)
        if words is None:
            return None
        found = read_day(words)
        if found is None:
            self.note(key, "day")
        elif found > self.ground.today:
            self.note(key, "future")
            return None
        return found

    def month(self, key: str) -> Month | None:
        """A month up to the present one."""
        words = self.text(key)
        if words is None:
            return None
        found = read_month(words)
        if found is None:
            self.note(key, "month")
        elif found > Month.of(self.ground.today):
            self.note(key, "future")
            return None
        return found

    def fen(self, key: str) -> int | None:
        """An amount above zero, in fen."""
        words = self.text(key)
        if words is None:
            return None
        found = read_amount(words)
        if found is None:
            self.note(key, "amount")
        return None if found is None else found.fen

    def count(self, key: str) -> int | None:
        """A whole number of at most four digits."""
        words = self.text(key)
        if words is None:
            return None
        if not re.fullmatch(r"[0-9]{1,4}", words):
            self.note(key, "count")
            return None
        return int(words)

    def _column(self, key: str) -> Column:
        return self.ground.kind.by_key[key]


def shown(column: Column, text: str) -> str:
    """A cell as it may be shown: numbers and names masked."""
    if column.masked == "id":
        return mask_id(text)[:_VALUE_MAX]
    if column.masked == "name":
        return mask_name(text)[:_VALUE_MAX]
    if column.masked == "birth":
        return f"{text[:4]}****"
    return mask_numbers(text)[:_VALUE_MAX]


def upgraded(old: str) -> str:
    """The number of 18 characters for one of 15 digits: the century 19, and the check character (GB 11643-1999)."""
    first_17 = f"{old[:6]}19{old[6:]}"
    return first_17 + id_check(first_17)


def read_day(text: str) -> date | None:
    """The day, in any usual way of writing; None for anything else."""
    match = _DAY.fullmatch(text)
    if match is None:
        return None
    year, month, day = (part for part in match.groups() if part is not None)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def read_month(text: str) -> Month | None:
    """The month, in any usual way of writing, also as its first day; None for anything else."""
    match = _MONTH.fullmatch(text)
    if match is None:
        return None
    year, month = (part for part in match.groups() if part is not None)
    return Month(int(year), int(month)) if 1 <= int(month) <= 12 and int(year) > 0 else None


def read_amount(text: str) -> Money | None:
    """The amount in yuan to the fen, above zero; None for anything else."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    yuan = Decimal(text.replace(",", ""))
    return Money(int(yuan * 100)) if yuan > 0 else None


@lru_cache(maxsize=4096)
def _credit_code(text: str) -> str | None:
    found = credit_code(text)
    return None if isinstance(found, Refusal) else found.normalised
