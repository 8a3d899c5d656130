"""From a form of ``processes/forms`` to what a page draws: labels in the reader's language, values as text.

Which components there are, and whether an answer will do, is decided in ``engine.workflow.forms``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from werkzeug.datastructures import MultiDict

from engine.values import Money
from engine.workflow.forms import Field, Form, Option
from web.conditions import tree_of

#: names that the page adds to a form and that are no answers
_OURS = frozenset({"csrf_token", "next"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One component as drawn."""

    kind: str
    key: str
    #: id of the input in the page
    id: str
    label: str
    description: str = ""
    required: bool = False
    readonly: bool = False
    money: bool = False
    length_max: int | None = None
    options: tuple[Option, ...] = ()
    value: str = ""
    #: what to correct; empty when nothing is wrong
    error: str = ""
    #: the condition that hides it, as JSON for ``app.js``; empty when it is always there
    hide_when: str = ""
    children: tuple[Drawn, ...] = ()

    @property
    def described_by(self) -> str:
        """Ids of the sentences that belong to the input."""
        parts = (f"{self.id}-error" if self.error else "", f"{self.id}-hint" if self.description else "")
        return " ".join(part for part in parts if part)

    @property
    def shown(self) -> str:
        """The value in words, for a field that is only read."""
        if self.kind == "checkbox":
            return "✓" if self.value == "true" else "—"
        return (
            next((option.label for option in self.options if option.value == self.value), self.value) or "—"
        )


def posted(sent: MultiDict[str, str]) -> dict[str, str | list[str]]:
    """The answers that came with a form: one text, or a list where a name came more than once."""
    return {
        key: values[0] if len(values) == 1 else list(values)
        for key, values in sent.lists()
        if key not in _OURS
    }


def day_of(text: str) -> date | None:
    """The day as it was typed; None for any other text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def draw(
    form: Form, *, values: Mapping[str, object], errors: Mapping[str, str], english: bool
) -> tuple[Drawn, ...]:
    """Every component of the form in the order drawn, with values and errors."""
    pen = _Pen(values=values, errors=errors, words=form.english if english else {})
    return tuple(pen.draw(field) for field in form.components)


def flat(fields: tuple[Drawn, ...]) -> Iterator[Drawn]:
    """The components and all those inside their groups."""
    for field in fields:
        yield field
        yield from flat(field.children)


def described(form: Form) -> list[dict[str, object]]:
    """The fields of a form for the API."""
    fields = flat(draw(form, values={}, errors={}, english=False))
    return [
        {
            "key": field.key,
            "kind": field.kind,
            "label": field.label,
            "required": field.required,
            "options": [{"value": option.value, "label": option.label} for option in field.options],
        }
        for field in fields
        if field.key
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pen:
    """Draws the components of one form."""

    values: Mapping[str, object]
    errors: Mapping[str, str]
    #: English by key, empty for Chinese
    words: Mapping[str, str]

    def draw(self, field: Field) -> Drawn:
        """The component as drawn."""
        name = field.key or field.id
        tree = tree_of(field.hide_when.tree) if field.hide_when else None
        return Drawn(
            kind=field.kind,
            key=field.key,
            id=f"f-{name}",
            label=self.words.get(name, field.label),
            description=self.words.get(f"{name}.description", field.description),
            required=field.required,
            readonly=field.readonly,
            money=field.money,
            length_max=field.length_max,
            options=tuple(self._option(name, option) for option in field.choices),
            value=_text(self.values.get(field.key, field.default), money=field.money),
            error=self.errors.get(field.key, ""),
            hide_when=json.dumps(tree, ensure_ascii=False) if tree else "",
            children=tuple(self.draw(child) for child in field.children),
        )

    def _option(self, name: str, option: Option) -> Option:
        return Option(value=option.value, label=self.words.get(f"{name}.{option.value}", option.label))


def _text(value: object, *, money: bool) -> str:
    """A value as its input shows it; whole fen from the case become yuan, what was typed stays as typed."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else ""
        case int() if money:
            return Money(value).text
        case list():
            return "、".join(str(part) for part in value)
    return str(value)
