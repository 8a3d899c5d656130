"""Records of use-cases as JSON, and their description: one field for each of the record's, in both languages.

``plain`` writes them, ``answer_of`` describes them; both follow the record, so a new field appears in both.
"""

from __future__ import annotations

import base64
import dataclasses
import types
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from marshmallow import Schema, fields, validate

from engine.cases.views import Page
from engine.values import Money, Month
from engine.workflow.forms import Form
from web.api_words import WORDS, said
from web.forms import described

#: said elsewhere, and long; or for the office alone
_LEFT_OUT = {"CaseView": {"diagram"}, "Field": {"read", "stored", "store"}}

#: records of different rooms that bear one name, as the description calls them
_CALLED = {
    "fund_incidents.IncidentView": "FundIncident",
    "import_views.FileView": "ImportFile",
    "reduction_views.ObjectionRow": "ReductionObjection",
    "samples.ItemRow": "DrawnItem",
    "wall_views.Stage": "PlanStage",
    "wall_views.Tally": "WallTally",
}

_EXAMPLES: dict[type, object] = {
    str: "", int: 1, bool: True, datetime: "2025-11-03T01:00:00+00:00", date: "2025-11-03", bytes: "", Money: "1638.00",
    Month: "2025-11",
}  # fmt: skip
_PLAIN: dict[type, type[fields.Field[Any]]] = {
    str: fields.String, int: fields.Integer, bool: fields.Boolean, datetime: fields.AwareDateTime, date: fields.Date,
    bytes: fields.String, Money: fields.String, Month: fields.String,
}  # fmt: skip
_WRITTEN: dict[type, Callable[[Any], object]] = {
    datetime: datetime.isoformat,
    date: date.isoformat,
    Money: lambda money: money.text,
    Month: str,
    Decimal: str,
    bytes: lambda content: base64.b64encode(content).decode(),
    Form: described,
}


class Described(Schema):
    """A schema that nobody changes once it is made: each decorator of the API copies all that stands before it."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Described:
        return self


class FormField(Described):
    """A field of a form."""

    key = fields.String(metadata={"description": said("key"), "example": "intake_opinion"})
    kind = fields.String(metadata={"description": said("kind"), "example": "radio"})
    label = fields.String(metadata={"description": said("label"), "example": "受理意见"})
    required = fields.Boolean(metadata={"description": said("required"), "example": True})
    options = fields.List(
        fields.Dict(keys=fields.String(), values=fields.String()),
        metadata={"description": said("options"), "example": [{"value": "pass", "label": "受理"}]},
    )


def plain(value: object) -> object:
    """The value as JSON has it; sets in order, so that the same record is the same text."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    for kind, write in _WRITTEN.items():
        if isinstance(value, kind):
            return write(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(plain(each) for each in value)  # type: ignore[type-var]
    return _plain_parts(value)


def _plain_parts(value: Any) -> object:
    if dataclasses.is_dataclass(value):
        return {
            name: plain(getattr(value, name)) for name in names_of(type(value)) if name != "form"
        } | _form_of(value)
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    raise TypeError(f"no JSON for {type(value).__name__}")


def _form_of(value: Any) -> dict[str, object]:
    """A form stands among a record's fields as the list of its own."""
    form = getattr(value, "form", None)
    return {"fields": plain(form)} if isinstance(form, Form) else {}


@cache
def answer_of(record: type) -> type[Schema]:
    """The description of the record; KeyError names a field without words."""
    hints = get_type_hints(record, localns={"Form": Form})
    members: dict[str, Any] = {}
    for name in names_of(record):
        key, kind = ("fields", list) if hints[name] is Form else (name, hints[name])
        field = (
            fields.List(fields.Nested(FormField), required=True, metadata={"description": said("fields")})
            if kind is list
            else field_of(kind, key)
        )
        members[f"{key}_"] = field
        field.data_key, field.attribute = key, key
    first = (record.__doc__ or record.__name__).strip().splitlines()[0]
    return type(_called(record), (Described,), {**members, "__doc__": first})


@cache
def page_of(record: type) -> type[Schema]:
    """The description of one page of a list."""
    return Described.from_dict(
        {
            "rows": _list(fields.Nested(answer_of(record)), "rows"),
            "total": field_of(int, "total"),
            "next_cursor": field_of(str, "next_cursor"),
            "previous_cursor": field_of(str, "previous_cursor"),
            "more": field_of(bool, "more"),
        },
        name=f"{_called(record)}Page",
    )


@cache
def rows_of(record: type) -> type[Schema]:
    """The description of a whole list."""
    return Described.from_dict(
        {"rows": _list(fields.Nested(answer_of(record)), "rows")}, name=f"{_called(record)}List"
    )


def names_of(record: type) -> list[str]:
    """The fields of a record that the API gives."""
    left_out = _LEFT_OUT.get(record.__name__, set())
    return [each.name for each in dataclasses.fields(record) if each.name not in left_out]


def field_of(kind: Any, name: str) -> fields.Field[Any]:
    """The field of that kind in an answer."""
    metadata = {"description": said(name)}
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType) and all(get_origin(part) is Literal for part in parts):
        return field_of(Literal[tuple(word for part in parts for word in get_args(part))], name)
    if origin in (Union, types.UnionType):
        inner = field_of(next(part for part in parts if part is not type(None)), name)
        inner.allow_none = True
        return inner
    if origin is Literal:
        allowed = validate.OneOf(list(parts))
        return fields.String(required=True, validate=allowed, metadata={**metadata, "example": parts[0]})
    if origin in (tuple, frozenset, list) and (len(parts) == 1 or parts[-1] is Ellipsis):
        return _list(field_of(parts[0], name), name)
    if origin is Page:
        return fields.Nested(page_of(parts[0]), required=True, metadata=metadata)
    if origin is tuple or (isinstance(kind, type) and hasattr(kind, "_fields")):
        return fields.Raw(required=True, metadata=metadata)
    if origin is not None and issubclass(origin, Mapping):
        return fields.Dict(keys=fields.String(), required=True, metadata=metadata)
    return _single(getattr(kind, "__supertype__", kind), name, metadata)


def _called(record: type) -> str:
    """The name of the record in the description, where no two have the same."""
    module = record.__module__.rpartition(".")[2]
    return _CALLED.get(f"{module}.{record.__name__}", record.__name__)


def _single(kind: Any, name: str, metadata: Mapping[str, object]) -> fields.Field[Any]:
    if dataclasses.is_dataclass(kind) and kind not in _PLAIN:
        return fields.Nested(answer_of(kind), required=True, metadata=metadata)  # type: ignore[arg-type]
    if kind not in _PLAIN:
        return fields.Raw(required=True, metadata=metadata)
    _chinese, _english, example = WORDS[name]
    shown = kind(example) if example and kind in (str, int) and (kind is str or example.isdigit()) else None
    return _PLAIN[kind](
        required=True, metadata={**metadata, "example": _EXAMPLES[kind] if shown is None else shown}
    )


def _list(inner: fields.Field[Any], name: str) -> fields.List[Any]:
    return fields.List(inner, required=True, metadata={"description": said(name)})
