"""Controls on the way to money: what an operation needs, and who fulfilled it in a case.

``processes/controls.yaml`` declares both. Publishing checks every path of a diagram; here the
history of the one case is checked again, at the moment that the operation is reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from engine.duties import HANDS, DutyBook
from engine.store.declaration import Entry, read_declaration
from engine.values import Reason, RefusedError
from engine.workflow.expressions import Expression, ExpressionError, compile_expression
from engine.workflow.history import Done, history_of, standing_of
from engine.workflow.tables import WorkflowHistory

#: control id → (actor key, instant)
Signatures = Mapping[str, tuple[str, datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A check by a person, marked on a user task of a diagram."""

    id: str
    name: str
    english: str
    duty: str
    passed_when: Expression
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The controls that must stand before an operation."""

    operation: str
    controls: tuple[str, ...]
    different_people: bool
    text: str
    english: str
    source: str

    def reason(self, code: str, fact: str) -> Reason:
        """The rule as the reason of a refusal."""
        return Reason(code=code, text=self.text, text_en=self.english, fact=fact, source=self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlBook:
    """All controls and needs, as declared."""

    controls: Mapping[str, Control]
    by_operation: Mapping[str, Need]

    @classmethod
    def load(cls, path: Path, duties: DutyBook) -> ControlBook:
        """The book in the file; DeclarationError names file and line of the first mistake."""
        top = read_declaration(path)
        top.only("controls", "needs")
        controls = {entry.text("id"): _control(entry, duties) for entry in top.entries("controls")}
        needs = {entry.text("operation"): _need(entry, controls) for entry in top.entries("needs")}
        return cls(controls=controls, by_operation=needs)

    def needs(self, operation: str) -> Need | None:
        """What must stand before the operation; None when nothing must."""
        return self.by_operation.get(operation)

    def passed(self, control: str, data: Mapping[str, Any]) -> bool:
        """Whether what was entered fulfils the control; a missing answer does not."""
        try:
            return self.controls[control].passed_when.evaluate(data) is True
        except ExpressionError:
            return False


def signatures(session: Session, case_id: int) -> Signatures:
    """Who fulfilled which control of the case, as far as it still stands: being sent back voids at once."""
    return _signed(_standing(history_of(session, case_id)))


def fulfilled(session: Session, book: ControlBook, case_id: int, operation: str) -> Signatures:
    """Who fulfilled each control that the operation needs; RefusedError when one is missing or one person did two."""
    need = book.by_operation[operation]
    history = history_of(session, case_id)
    stand = _standing(history)
    signed = _signed(stand)
    missing = [book.controls[name].name for name in need.controls if name not in signed]
    if missing:
        raise RefusedError(need.reason("control_missing", f"缺少：{'、'.join(missing)}"))
    wanted = {name: signed[name] for name in need.controls}
    if need.different_people:
        hands = [_hands(history, stand[name]) for name in need.controls]
        twice = sorted(
            who for who, count in Counter(who for names in hands for who in names).items() if count > 1
        )
        if twice:
            raise RefusedError(need.reason("control_same_person", f"由同一人办理：{'、'.join(twice)}"))
    return wanted


def _standing(history: Sequence[WorkflowHistory]) -> dict[str, Done]:
    return {done.row.control: done for done in standing_of(history) if done.row.control}


def _signed(stand: Mapping[str, Done]) -> dict[str, tuple[str, datetime]]:
    return {control: (done.row.actor, done.row.at) for control, done in stand.items()}


def _hands(history: Sequence[WorkflowHistory], done: Done) -> frozenset[str]:
    """Everybody who had a hand in a control: who fulfilled it, who voted too, for whom, who signed or worked beside."""
    beside = [row for row in history if row.element_id == done.element_id and row.kind in HANDS]
    rows = [done.row, *done.others, *(row for row in beside if row.kind != "completed")]
    return frozenset(who for row in rows for who in (row.actor, row.on_behalf_of) if who)


def _control(entry: Entry, duties: DutyBook) -> Control:
    entry.only("id", "name", "english", "duty", "passed_when", "source")
    duty = entry.text("duty")
    if duty not in duties.duties:
        raise entry.error(f"没有岗位「{duty}」", field="duty")
    try:
        passed_when = compile_expression(entry.text("passed_when"))
    except ExpressionError as wrong:
        raise entry.error(f"passed_when 写法不对：{wrong}", field="passed_when") from wrong
    return Control(
        id=entry.text("id"),
        name=entry.text("name"),
        english=entry.text("english"),
        duty=duty,
        passed_when=passed_when,
        source=entry.text("source"),
    )


def _need(entry: Entry, controls: Mapping[str, Control]) -> Need:
    entry.only("operation", "controls", "different_people", "text", "english", "source")
    names = tuple(entry.words("controls"))
    for name in names:
        if name not in controls:
            raise entry.error(f"没有控制点「{name}」", field="controls")
    return Need(
        operation=entry.text("operation"),
        controls=names,
        different_people=entry.flag("different_people", default=True),
        text=entry.text("text"),
        english=entry.text("english"),
        source=entry.text("source"),
    )
