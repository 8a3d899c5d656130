"""A service guide (办事指南) as people read it: frozen records, made of what is published; no behaviour but their texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

from engine.workflow.guide import Bilingual, Outcome, StretchKind

T = TypeVar("T")

#: how a limit is counted: working days, calendar days, or as a letter tells the person
LimitUnit = Literal["workdays", "days", "told"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideLimit:
    """How long something may take at most."""

    #: 0 where a letter tells the day
    count: int
    unit: LimitUnit
    #: title, number and provision; empty where the diagram itself says so
    source: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideStep:
    """One thing that happens, and who does it."""

    kind: StretchKind
    #: who does it; empty English where the duty has none
    lane: Bilingual
    names: tuple[Bilingual, ...]
    explanations: tuple[Bilingual, ...]
    limit: GuideLimit | None
    #: titles of the letters that are sent to whom it is about
    letters: tuple[Bilingual, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideBranch:
    """A way that parts from the steps: a refusal, another good end, or a detour."""

    #: number of the step after which it parts, from 0
    after: int
    label: Bilingual
    question: Bilingual
    steps: tuple[GuideStep, ...]
    outcome: Outcome
    #: the end; empty for a detour
    end: Bilingual
    #: number of the step where it is back; None for an end
    back_to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideField:
    """What one field of a form asks."""

    label: Bilingual
    explanation: Bilingual
    required: bool
    #: asked only after certain answers
    conditional: bool
    #: answers to choose from
    choices: tuple[Bilingual, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideForm:
    """What the applicant enters in one step: exactly the fields of its form."""

    step: Bilingual
    #: what leads to the step; empty where everybody comes to it
    when: Bilingual
    fields: tuple[GuideField, ...]
    #: what the office has looked up already and only shows
    known: tuple[Bilingual, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideSource:
    """A provision that the matter rests on."""

    text: str
    #: whether at least an excerpt of it was read
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """What nobody may be asked for, and which provision says so."""

    name: Bilingual
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePoint:
    """A counter (服务网点) where the office is found."""

    region: str
    region_name: Bilingual
    name: Bilingual
    street: Bilingual
    phone: str
    hours: Bilingual
    #: who told us
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideMatter:
    """The guide as far as the diagram, its forms and the letters make it."""

    #: word of its address, e.g. ``claim``
    matter: str
    process_id: str
    title: Bilingual
    about: Bilingual
    for_whom: Bilingual
    how_to_apply: Bilingual
    #: page on which it begins; empty for none
    link: str
    provisions: tuple[GuideSource, ...]
    #: the limit of the whole; None where no rule sets one
    whole_limit: GuideLimit | None
    #: working days of the office's own steps together; None where one of them has no number
    office_days: int | None
    steps: tuple[GuideStep, ...]
    branches: tuple[GuideBranch, ...]
    #: steps at which it may be withdrawn
    withdrawable: tuple[Bilingual, ...]
    needs: tuple[GuideForm, ...]
    #: titles of every letter that may come
    letters: tuple[Bilingual, ...]
    #: how many texts were taken out because they ask what nobody may be asked
    withheld: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A service guide, as published today for one region."""

    body: GuideMatter
    #: number of the published version
    version: int
    published_at: datetime
    #: SHA-256 of the diagram that runs
    digest: str
    region: str
    region_name: Bilingual
    not_asked: tuple[NotAsked, ...]
    #: how long an objection takes to be answered, and how long one may ask for review by the authority above
    objection: GuideLimit | None
    review: GuideLimit | None
    #: how soon whoever rated the office badly is called back
    call_back: GuideLimit | None
    #: where to go: the region's own counters, else those of the office above it
    points: tuple[ServicePoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideRow:
    """A guide in the list."""

    matter: str
    title: Bilingual
    for_whom: Bilingual
    whole_limit: GuideLimit | None
    version: int
    published_at: datetime
    #: the texts in which the words searched for were found; none without a search
    found: tuple[Bilingual, ...]


def words_in(value: object) -> Iterator[Bilingual]:
    """Every text of a record, in the order of its fields."""
    if isinstance(value, Bilingual):
        if value.zh:
            yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from words_in(each)
    elif is_dataclass(value):
        for each in fields(value):
            yield from words_in(getattr(value, each.name))


def reworded(value: T, change: Callable[[Bilingual], Bilingual]) -> T:
    """The record with every text changed so."""
    found: Any = value
    if isinstance(found, Bilingual):
        found = change(found)
    elif isinstance(found, tuple):
        found = tuple(reworded(each, change) for each in found)
    elif is_dataclass(found) and not isinstance(found, type):
        held = {each.name: getattr(found, each.name) for each in fields(found)}
        found = replace(found, **{name: reworded(each, change) for name, each in held.items()})
    return found  # type: ignore[no-any-return]  # the same record, rebuilt
