"""The description of the API as a page: no script, nothing from elsewhere, both languages beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

api_docs = Blueprint("api_docs", __name__)

Described = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """A field of a request or an answer."""

    name: str
    place: str
    kind: str
    required: bool
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation as the page shows it."""

    method: str
    path: str
    chinese: str
    english: str
    asks: tuple[FieldRow, ...]
    answers: tuple[FieldRow, ...]
    #: statuses with what they mean
    statuses: tuple[str, ...]
    #: a body that would be taken; empty: none is
    example: str


@api_docs.get("/api/docs")
def show() -> ResponseReturnValue:
    """Every operation of the API with its fields, examples and statuses."""
    document: Described = current_app.extensions["changling_api"].spec.to_dict()
    rooms: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                shown = _operation(method, path, operation, document)
                rooms.setdefault(operation["tags"][0], []).append(shown)
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    return render_template("api_docs.html", rooms=[(tags[name], found) for name, found in rooms.items()])


def _operation(method: str, path: str, operation: Described, document: Described) -> Operation:
    chinese, _slash, english = operation["summary"].partition(" / ")
    content = operation.get("requestBody", {}).get("content", {})
    body = next((_resolved(each["schema"], document) for each in content.values()), {})
    good = next(found for status, found in operation["responses"].items() if status.startswith("2"))
    answer = next((_resolved(each["schema"], document) for each in good.get("content", {}).values()), {})
    example = {
        name: each["example"] for name, each in body.get("properties", {}).items() if "example" in each
    }
    parameters = (_parameter(each) for each in operation.get("parameters", ()))
    return Operation(
        method=method.upper(),
        path=path,
        chinese=chinese,
        english=english,
        asks=(*parameters, *_fields(body, "body")),
        answers=tuple(_fields(answer, "")),
        statuses=tuple(sorted(operation["responses"])),
        example=orjson.dumps(example, option=orjson.OPT_INDENT_2).decode() if example else "",
    )


def _parameter(parameter: Described) -> FieldRow:
    return FieldRow(
        name=parameter["name"],
        place=parameter["in"],
        kind=_kind(parameter["schema"]),
        required=parameter.get("required", False),
        said=parameter.get("description", ""),
    )


def _fields(schema: Described, place: str) -> Iterator[FieldRow]:
    for name, found in schema.get("properties", {}).items():
        yield FieldRow(
            name=name,
            place=place,
            kind=_kind(found),
            required=name in schema.get("required", ()),
            said=found.get("description", ""),
        )


def _kind(schema: Described) -> str:
    """The kind in a word: that of what is referred to by its name, allowed words in full."""
    for part in (schema, *schema.get("allOf", ())):
        if "$ref" in part:
            return str(part["$ref"].rsplit("/", 1)[1])
    if "enum" in schema:
        return " | ".join(str(word) for word in schema["enum"])
    kind = str(schema.get("format") or schema.get("type", ""))
    return f"{_kind(schema['items'])}[]" if kind == "array" else kind


def _resolved(schema: Described, document: Described) -> Described:
    if "$ref" not in schema:
        return schema
    found: Described = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found
