"""The parts of a form: its components, the errors of a faulty file, and the errors of a faulty entry.

Read by ``forms`` and ``form_fields``; everybody else imports them from ``forms``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.workflow.expressions import Expression


class FormError(Exception):
    """A form file cannot be used; the message names the field and what to change."""

    retryable = False

    def __init__(self, message: str, *, element: str = "", line: int = 1) -> None:
        self.message = message
        self.element = element
        self.line = line
        where = f"第{line}行" + (f"“{element}”" if element else "")
        super().__init__(f"{where}：{message}")


@dataclass(frozen=True, slots=True)
class FormErrors:
    """What is wrong with an entered form: field key → sentence. At least one."""

    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer of a radio or select field."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One component of a form, in the order drawn."""

    #: component type of form-js
    kind: str
    #: unique within the form
    id: str
    #: name of the case data; empty for components that are only shown
    key: str = ""
    label: str = ""
    description: str = ""
    required: bool = False
    readonly: bool = False
    #: entered in yuan, kept in fen
    money: bool = False
    choices: tuple[Option, ...] = ()
    length_min: int | None = None
    length_max: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    #: digits after the decimal point; None for any number
    decimals: int | None = None
    #: regular expression that the text must contain
    pattern: str = ""
    default: str | int | float | bool | None = None
    #: the field is neither shown nor taken when this holds
    hide_when: Expression | None = None
    #: keys that lead to the value in the case data, outermost first; empty for the case data itself
    path: tuple[str, ...] = ()
    children: tuple[Field, ...] = ()

    def word_for(self, value: object) -> str:
        """The value in words: the label of a choice, 是/否 for a checkbox."""
        if isinstance(value, bool):
            return "是" if value else "否"
        return next(
            (option.label for option in self.choices if option.value == value),
            "" if value is None else str(value),
        )


def walk(components: tuple[Field, ...]) -> Iterator[Field]:
    """Every component, groups opened, in the order drawn."""
    for part in components:
        yield part
        yield from walk(part.children)


def with_conditions(
    components: tuple[Field, ...], around: tuple[Expression, ...]
) -> Iterator[tuple[Field, tuple[Expression, ...]]]:
    """Every component with its own hiding condition and those of the groups around it."""
    for part in components:
        conditions = (*around, part.hide_when) if part.hide_when else around
        yield part, conditions
        yield from with_conditions(part.children, conditions)
