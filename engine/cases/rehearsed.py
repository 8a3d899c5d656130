"""What a rehearsal tells: each thing that happened, what waits at its end, and the refusals met on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened, in order."""

    at: datetime
    case_id: int
    element: str
    name: str
    #: duty id and its lane's name; empty where nobody acted
    duty: str
    duty_name: str
    who: str
    #: started, completed, operation, decided, passed, sent, message, ended, cancelled
    kind: str
    outcome: Mapping[str, object]
    #: elements where a token stands once this and what it caused at once had happened
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """A task that waits at the end: whose it would be, and until when."""

    element: str
    name: str
    duty: str
    duty_name: str
    region: str
    due_at: datetime | None
    #: names of the staff who could do it; empty: nobody holds the post
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A refusal met on the way."""

    #: what was tried: an element or a message
    element: str
    codes: tuple[str, ...]
    text: str
    line: int
    #: the step itself says that it is refused
    foreseen: bool
