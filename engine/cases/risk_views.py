"""What the room of risk rules shows: frozen records. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.oversight.risk_rules import LEVEL_NAMES, Faults, WrittenRule

__all__ = [
    "LEVEL_NAMES",
    "FactView",
    "Faults",
    "FlagRow",
    "RoundView",
    "RuleBook",
    "RuleKept",
    "RuleView",
    "Tried",
    "TriedExample",
    "WrittenRule",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """One version of a rule as a page shows it."""

    id: int
    written: WrittenRule
    version: int
    level_name: str
    status: str
    status_name: str
    written_by: str
    written_at: datetime
    tried_at: datetime | None
    tried_flagged: int | None
    tried_payees: int | None
    approved_by: str
    #: flags that it gave and that are open; all that it gave
    open: int
    flags: int
    #: the actor may put it in force
    may_approve: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedExample:
    """One payee whom a rule would flag, name masked."""

    grant_id: int
    name: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a trial run."""

    payees: int
    flagged: int
    share: float
    examples: tuple[TriedExample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagRow:
    """One flag in the list."""

    flag_id: int
    rule: str
    rule_name: str
    level: str
    level_name: str
    name: str
    person_id: int
    grant_id: int
    region: str
    region_name: str
    says: str
    found_at: datetime
    status: str
    status_name: str
    case_id: int | None
    judged_by: str
    judged_why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """A fact that a rule may speak of."""

    name: str
    chinese: str
    english: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundView:
    """A screening: every live rule put once to everybody who is paid in a region."""

    region: str
    #: benefit month that was about to be paid
    month: str
    payees: int
    #: payees of whom one rule or more said something new
    flagged: int
    run_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKept:
    """A rule that was kept as a draft."""

    rule_id: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """Every rule, the facts and figures that rules may name, and the last screening."""

    rules: tuple[RuleView, ...]
    facts: tuple[FactView, ...]
    #: key → title and value in force here
    figures: tuple[tuple[str, str, str], ...]
    last: RoundView | None
    may_write: bool
