"""The book of duties: who does what, and what one person may not combine. Pure.

Read from ``processes/duties.yaml``; the same rules are mirrored into the database by
``engine.duties.posts.sync``. Called when a post is assigned, a task is claimed or completed,
and a diagram is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.store.declaration import Entry, read_declaration
from engine.values import Reason

#: a post ban also holds within one case; a case ban allows both posts, on different cases
BanKind = Literal["post", "case"]

#: the class of lanes that are nobody's post: the claimant, the employer, the system
NOT_STAFF = "none"


class UnknownDutyError(Exception):
    """没有这个岗位；请对照 processes/duties.yaml。"""

    retryable = False

    def __init__(self, duty: str) -> None:
        self.duty = duty
        super().__init__(f"没有岗位「{duty}」；请对照 processes/duties.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyClass:
    """A class of duties, e.g. finance."""

    id: str
    name: str
    english: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A duty that a post gives, or a lane that is no post."""

    #: word in diagrams and tables, e.g. ``intake``
    id: str
    #: lane name in Chinese, e.g. ``受理岗``
    lane: str
    english: str
    duty_class: str
    #: what the holder does, one line
    does: str

    @property
    def staff(self) -> bool:
        """Whether a member of staff can be given it."""
        return self.duty_class != NOT_STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """One rule about two different duties, in either order."""

    id: str
    kind: BanKind
    text: str
    english: str
    source: str
    verified: bool
    #: unordered pairs of duty ids
    pairs: frozenset[frozenset[str]]

    def reason(self, fact: str) -> Reason:
        """The rule as the reason of a refusal; ``fact`` says what was found."""
        return Reason(
            code=self.id,
            text=self.text,
            text_en=self.english,
            fact=fact,
            source=self.source,
            verified=self.verified,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRule:
    """Two acts on one matter that one person may not do both, whatever duties they hold."""

    first: str
    second: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyBook:
    """All duties and rules, as declared."""

    classes: Mapping[str, DutyClass]
    duties: Mapping[str, Duty]
    bans: tuple[Ban, ...]
    acts: tuple[ActRule, ...]
    #: why nobody acts on a case about themselves
    own_case: Reason

    @classmethod
    def load(cls, path: Path) -> DutyBook:
        """The book in the file; DeclarationError names file and line of the first mistake."""
        top = read_declaration(path)
        top.only("classes", "duties", "bans", "acts", "own_case")
        classes = {entry.text("id"): _duty_class(entry) for entry in _unique(top.entries("classes"), "id")}
        duties = {
            entry.text("id"): _duty(entry, classes) for entry in _unique(top.entries("duties"), "id", "lane")
        }
        if not duties:
            raise top.error("至少要有一个岗位")
        return cls(
            classes=classes,
            duties=duties,
            bans=tuple(_ban(entry, classes, duties) for entry in _unique(top.entries("bans"), "id")),
            acts=tuple(_act_rule(entry) for entry in _unique(top.entries("acts"), "id")),
            own_case=_reason(top.entry("own_case")),
        )

    def duty(self, duty_id: str) -> Duty:
        """The duty of that id; UnknownDutyError if there is none."""
        if duty_id not in self.duties:
            raise UnknownDutyError(duty_id)
        return self.duties[duty_id]

    def duty_of_lane(self, name: str) -> Duty | None:
        """The duty whose lane has that Chinese name or that id; None when no duty has it."""
        wanted = "".join(name.split())
        return next((duty for duty in self.duties.values() if wanted in (duty.lane, duty.id)), None)

    def conflict(self, a: str, b: str) -> Reason | None:
        """Why one person may not hold both duties at a time; None when they may, or when a is b."""
        return self._first("post", a, b)

    def same_case(self, a: str, b: str) -> Reason | None:
        """Why one person may not do steps of both duties on one case; None when they may.

        Includes every rule of :meth:`conflict`: whoever held the other post earlier is barred too.
        """
        return self._first("case", a, b) or self._first("post", a, b)

    def act_conflict(self, a: str, b: str) -> Reason | None:
        """Why one person may not do both acts on one matter (``request_data_change``, …); None when they may."""
        return next((rule.reason for rule in self.acts if {rule.first, rule.second} == {a, b}), None)

    def mixed(self, duty_ids: Iterable[str]) -> tuple[Reason, ...]:
        """Every post rule that one holder of all these duties would break; for publishing and listing."""
        held = sorted(set(duty_ids))
        found = (self.conflict(a, b) for i, a in enumerate(held) for b in held[i + 1 :])
        return tuple(reason for reason in found if reason)

    def _first(self, kind: BanKind, a: str, b: str) -> Reason | None:
        first, second = self.duty(a), self.duty(b)
        pair = frozenset((a, b))
        ban = next((ban for ban in self.bans if ban.kind == kind and pair in ban.pairs), None)
        return ban.reason(f"{first.lane}、{second.lane}") if ban else None


def _duty_class(entry: Entry) -> DutyClass:
    entry.only("id", "name", "english")
    return DutyClass(id=entry.text("id"), name=entry.text("name"), english=entry.text("english"))


def _duty(entry: Entry, classes: Mapping[str, DutyClass]) -> Duty:
    entry.only("id", "lane", "english", "class", "does")
    duty_class = entry.text("class")
    if duty_class not in classes:
        raise entry.error(f"没有类别「{duty_class}」，可用：{'、'.join(classes)}", field="class")
    return Duty(
        id=entry.text("id"),
        lane=entry.text("lane"),
        english=entry.text("english"),
        duty_class=duty_class,
        does=entry.text("does"),
    )


def _ban(entry: Entry, classes: Mapping[str, DutyClass], duties: Mapping[str, Duty]) -> Ban:
    entry.only("id", "when", "classes", "duties", "against", "text", "english", "source", "verified")
    reason = _reason(entry)
    return Ban(
        id=reason.code,
        kind=_kind(entry),
        text=reason.text,
        english=reason.text_en,
        source=reason.source,
        verified=reason.verified,
        pairs=_pairs(entry, classes, duties),
    )


def _kind(entry: Entry) -> BanKind:
    match entry.text("when"):
        case "post":
            return "post"
        case "case":
            return "case"
        case other:
            raise entry.error(f"when 应当是 post 或 case，现在是「{other}」", field="when")


def _pairs(
    entry: Entry, classes: Mapping[str, DutyClass], duties: Mapping[str, Duty]
) -> frozenset[frozenset[str]]:
    if ("classes" in entry.fields) == ("duties" in entry.fields):
        raise entry.error("classes 与 duties 必须且只能写一个")
    by_class = "classes" in entry.fields
    field = "classes" if by_class else "duties"
    for name in (field, "against"):
        for word in entry.words(name):
            if word not in (classes if by_class else duties):
                raise entry.error(f"没有{'类别' if by_class else '岗位'}「{word}」", field=name)

    def members(name: str) -> list[str]:
        words = entry.words(name)
        return [duty.id for duty in duties.values() if (duty.duty_class if by_class else duty.id) in words]

    pairs = frozenset(frozenset((a, b)) for a in members(field) for b in members("against") if a != b)
    if not pairs:
        raise entry.error("这条规则没有涉及任何两个不同的岗位")
    return pairs


def _act_rule(entry: Entry) -> ActRule:
    entry.only("id", "first", "second", "text", "english", "source", "verified")
    return ActRule(first=entry.text("first"), second=entry.text("second"), reason=_reason(entry))


def _reason(entry: Entry) -> Reason:
    return Reason(
        code=entry.text("id"),
        text=entry.text("text"),
        text_en=entry.text("english"),
        source=entry.text("source"),
        verified=entry.flag("verified", default=True),
    )


def _unique(entries: tuple[Entry, ...], *fields: str) -> tuple[Entry, ...]:
    for field in fields:
        seen: set[str] = set()
        for entry in entries:
            word = entry.text(field)
            if word in seen:
                raise entry.error(f"「{word}」写了两次", field=field)
            seen.add(word)
    return entries
