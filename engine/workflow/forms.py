"""Forms in form-js JSON: read once, shown by ``web``, and checked on the server by a marshmallow schema.

Only a declared set of components is accepted; anything else is refused by name rather than left out.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError

from engine.workflow.expressions import Expression, ExpressionError, compile_expression
from engine.workflow.form_fields import MAX_MATCHED, field_of
from engine.workflow.form_parts import Field, FormError, FormErrors, Option, walk, with_conditions
from engine.workflow.signs import strange_letter

__all__ = ["Field", "Form", "FormError", "FormErrors", "Option", "read_form"]

INPUTS = frozenset({"textfield", "textarea", "number", "checkbox", "radio", "select", "datetime"})
SHOWN = frozenset({"text", "group", "separator"})
MIN_SCHEMA_VERSION = 16
MAX_BYTES = 500_000
MAX_DEPTH = 8
MAX_COMPONENTS = 300

#: ways of matching that a pattern may leave open: a short text must not take hours
_MOST_WAYS = 100_000
_ESCAPED = re.compile(r"\\.|\[\^?\]?[^\]]*\]", re.DOTALL)
_OPEN = re.compile(r"\{(\d*),(\d*)\}|[*+?|]")


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form, ready to be shown and checked."""

    id: str
    title: str
    components: tuple[Field, ...]
    #: English text by id, key, ``key.value`` or ``key.description``; ``title`` for the title
    english: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Form:
        """The form of a step that asks nothing."""
        return cls(id="", title="", components=())

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The input fields, in the order drawn, groups opened."""
        return tuple(part for part in walk(self.components) if part.key)

    def values(self, data: Mapping[str, object]) -> dict[str, object]:
        """What the fields show of the case data, by key; fields without a value are left out."""
        found: dict[str, object] = {}
        for part in self.fields:
            place: object = data
            for key in (*part.path, part.key):
                place = place.get(key) if isinstance(place, Mapping) else None
            if place is not None:
                found[part.key] = place
        return found

    @cached_property
    def _schema(self) -> type[Schema]:
        return Schema.from_dict(
            {part.key: field_of(part) for part in self.fields if not part.readonly}, name="FormSchema"
        )

    def schema(self) -> type[Schema]:
        """The marshmallow schema of the fields that can be entered."""
        return self._schema

    def clean(self, raw: Mapping[str, str | list[str]]) -> dict[str, object] | FormErrors:
        """The entered values by key, checked; or every error.

        Hidden and empty fields come out as null, so that a condition on them always has an answer and an
        earlier entry does not linger. Keys that are no field, and fields for reading only, are left out.
        """
        entered = {unicodedata.normalize("NFKC", key): value for key, value in raw.items()}
        single = {part.key: _single(part, entered.get(part.key)) for part in self.fields if not part.readonly}
        hidden = self._hidden(single)
        shown = {key: value for key, value in single.items() if key not in hidden}
        try:
            loaded: dict[str, object] = (
                self.schema()(unknown=EXCLUDE, only=tuple(shown)).load(shown) if shown else {}
            )
        except ValidationError as wrong:
            return FormErrors({key: _sentence(messages) for key, messages in _messages(wrong).items()})
        return {key: loaded.get(key) for key in single}

    def _hidden(self, entered: Mapping[str, object]) -> frozenset[str]:
        """Keys whose condition hides them, worked out in the order drawn: what is hidden has no value for the rest."""
        seen = {part.key: _loose(part, entered.get(part.key)) for part in self.fields}
        hidden: set[str] = set()
        for part, conditions in with_conditions(self.components, ()):
            if part.key and any(_holds(condition, seen) for condition in conditions):
                hidden.add(part.key)
                seen[part.key] = None
        return frozenset(hidden)


def read_form(text: str | bytes) -> Form:
    """The form in the JSON text. Raises FormError with the line and the component."""
    if len(text) > MAX_BYTES:
        raise FormError(f"表单文件太大（最多{MAX_BYTES // 1000}KB）")
    try:
        source = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        found = json.loads(source)
    except UnicodeDecodeError as wrong:
        raise FormError("表单文件不是 UTF-8 编码") from wrong
    except json.JSONDecodeError as wrong:
        raise FormError(f"不是完整的 JSON：{wrong.msg}", line=wrong.lineno) from wrong
    except (RecursionError, ValueError) as wrong:
        raise FormError("JSON 嵌套过深或数字过长") from wrong
    if not isinstance(found, dict):
        raise FormError("表单最外层要是一个 JSON 对象")
    return _Reader(source).form(found)


@dataclass(slots=True)
class _Reader:
    """Reads one form; remembers what was seen."""

    source: str
    ids: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def form(self, found: dict[str, Any]) -> Form:
        version = found.get("schemaVersion")
        if not isinstance(version, int) or version < MIN_SCHEMA_VERSION:
            raise FormError(f"schemaVersion 要是 {MIN_SCHEMA_VERSION} 或以上，现为 {version!r}")
        form = Form(
            id=_text(found, "id"),
            title=_text(found, "title"),
            components=self._components(found.get("components"), path=(), depth=1),
            english=_english(found.get("english")),
        )
        for part in walk(form.components):
            unknown = part.hide_when.names - self.keys if part.hide_when else ()
            if unknown:
                raise self._error(part.id, f"隐藏条件用到了表单里没有的字段：{'、'.join(sorted(unknown))}")
        return form

    def _components(self, found: object, *, path: tuple[str, ...], depth: int) -> tuple[Field, ...]:
        if not isinstance(found, list):
            raise FormError("表单缺少 components 列表")
        if depth > MAX_DEPTH or len(found) + len(self.ids) > MAX_COMPONENTS:
            raise FormError(f"表单过大（最多{MAX_COMPONENTS}个组件、{MAX_DEPTH}层）")
        return tuple(self._component(part, path=path, depth=depth) for part in found)

    def _component(self, found: object, *, path: tuple[str, ...], depth: int) -> Field:
        if not isinstance(found, dict):
            raise FormError("组件要是一个 JSON 对象")
        kind, own = _text(found, "type"), _text(found, "id") or _text(found, "key")
        if kind not in INPUTS | SHOWN:
            allowed = "、".join(sorted(INPUTS | SHOWN))
            raise self._error(own, f"不支持的组件“{kind or '（未写 type）'}”，可用：{allowed}")
        own = own or f"{kind}_{len(self.ids) + 1}"
        if own in self.ids:
            raise self._error(own, "组件编号重复")
        self.ids.add(own)
        if kind in SHOWN:
            return self._shown(found, kind=kind, own=own, path=path, depth=depth)
        return self._input(found, kind=kind, own=own, path=path)

    def _shown(
        self, found: dict[str, Any], *, kind: str, own: str, path: tuple[str, ...], depth: int
    ) -> Field:
        children: tuple[Field, ...] = ()
        if kind == "group":
            inside = tuple(part for part in _text(found, "path").split(".") if part)
            children = self._components(found.get("components", []), path=(*path, *inside), depth=depth + 1)
        return Field(
            kind=kind,
            id=own,
            label=_text(found, "label") or _text(found, "text"),
            hide_when=self._hide_when(found, own),
            path=path,
            children=children,
        )

    def _input(self, found: dict[str, Any], *, kind: str, own: str, path: tuple[str, ...]) -> Field:
        key = self._key(found, own)
        validate = _mapping(found, "validate")
        readonly = bool(found.get("readonly") or found.get("disabled"))
        if path and not readonly:
            raise self._error(own, "带 path 的分组只能放只读字段")
        money = "yuan" in (found.get("format"), _mapping(found, "properties").get("format"))
        if money and (kind != "textfield" or not key.endswith("_fen")):
            raise self._error(own, "金额字段要用 textfield，且键名以 _fen 结尾")
        if kind == "datetime" and found.get("subtype", "date") != "date":
            raise self._error(own, "日期字段只支持 subtype 为 date")
        return Field(
            kind=kind,
            id=own,
            key=key,
            label=_text(found, "label") or _text(found, "dateLabel") or key,
            description=_text(found, "description"),
            required=validate.get("required") is True,
            readonly=readonly,
            money=money,
            choices=self._choices(found, kind, own),
            length_min=self._number(validate, "minLength", own, whole=True),
            length_max=self._number(validate, "maxLength", own, whole=True),
            minimum=self._number(validate, "min", own),
            maximum=self._number(validate, "max", own),
            decimals=self._number(found, "decimalDigits", own, whole=True),
            pattern=self._pattern(validate, own),
            default=_plain_default(found.get("defaultValue")),
            hide_when=self._hide_when(found, own),
            path=path,
        )

    def _key(self, found: dict[str, Any], own: str) -> str:
        key = unicodedata.normalize("NFKC", _text(found, "key"))
        if not key.isidentifier() or key.startswith("_"):
            raise self._error(
                own, f"字段的键名“{key}”不能作数据项名称：用字母、数字、下划线或汉字，不以数字或下划线开头"
            )
        if strange := strange_letter(key):
            raise self._error(own, f"键名“{key}”里的 {strange} 不是英文字母或汉字，只是形似，请重新输入")
        if key in self.keys:
            raise self._error(own, f"键名“{key}”重复")
        self.keys.add(key)
        return key

    def _choices(self, found: dict[str, Any], kind: str, own: str) -> tuple[Option, ...]:
        if kind not in ("radio", "select"):
            return ()
        values = found.get("values")
        if not isinstance(values, list) or not values:
            raise self._error(own, "单选和下拉要用 values 写明选项（不支持 valuesKey 与 valuesExpression）")
        options = [
            part
            for part in values
            if isinstance(part, dict) and _text(part, "value") and _text(part, "label")
        ]
        if len(options) != len(values):
            raise self._error(own, "每个选项都要有 value 和 label")
        found_values = {_text(part, "value") for part in options}
        if len(found_values) != len(options):
            raise self._error(own, "选项的 value 有重复")
        return tuple(Option(value=_text(part, "value"), label=_text(part, "label")) for part in options)

    def _number(self, found: Mapping[str, Any], name: str, own: str, *, whole: bool = False) -> Any:
        value = found.get(name)
        if value is None or value == "":
            return None
        if (
            isinstance(value, bool)
            or not isinstance(value, int if whole else int | float)
            or abs(value) > 1e15
        ):
            raise self._error(own, f"{name} 要是{'整数' if whole else '数字'}，现为 {value!r}")
        return value

    def _pattern(self, validate: Mapping[str, Any], own: str) -> str:
        pattern = _text(validate, "pattern")
        if len(pattern) > 300 or _ways(pattern) > _MOST_WAYS:
            raise self._error(
                own,
                "格式（pattern）的可能写法太多，核对可能要很久：括号之后不能再写 *、+ 或 {…}，少用 * 和 +，以 ^ 开头",
            )
        try:
            re.compile(pattern)
        except (re.error, OverflowError) as wrong:
            raise self._error(own, f"格式（pattern）不对：{wrong}") from wrong
        return pattern

    def _hide_when(self, found: dict[str, Any], own: str) -> Expression | None:
        text = _text(_mapping(found, "conditional"), "hide")
        if not text:
            return None
        try:
            return compile_expression(text, ())
        except ExpressionError as wrong:
            raise self._error(own, f"隐藏条件第{wrong.column}列：{wrong.message}") from wrong

    def _error(self, own: str, message: str) -> FormError:
        at = self.source.find(f'"{own}"') if own else -1
        return FormError(message, element=own, line=self.source.count("\n", 0, max(at, 0)) + 1)


def _holds(condition: Expression, values: Mapping[str, object]) -> bool:
    """Whether the condition hides; one that cannot be worked out hides nothing, so nothing goes unasked."""
    try:
        return condition.evaluate(values) is True
    except ExpressionError:
        return False


def _single(part: Field, value: str | list[str] | None) -> object:
    """The one value entered; a browser may send several for one name, and none for an empty checkbox."""
    if isinstance(value, list):
        value = value[-1] if value else None
    text = str(value).strip() if value is not None else ""
    if part.kind == "checkbox":
        return text
    if part.kind in ("number", "datetime") or part.money or part.pattern:
        text = unicodedata.normalize("NFKC", text)
    return text or None


def _loose(part: Field, value: object) -> object:
    """The value for hiding conditions: checked if it can be, null otherwise."""
    if part.readonly:
        return None
    try:
        return field_of(part).deserialize(value)
    except ValidationError:
        return None


def _messages(wrong: ValidationError) -> dict[str, object]:
    return dict(wrong.messages) if isinstance(wrong.messages, dict) else {"": wrong.messages}


def _sentence(messages: object) -> str:
    while isinstance(messages, dict | list) and messages:
        messages = next(iter(messages.values())) if isinstance(messages, dict) else messages[0]
    return str(messages)


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value.strip() if isinstance(value, str) else ""


def _mapping(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _english(found: object) -> dict[str, str]:
    return (
        {key: value for key, value in found.items() if isinstance(value, str)}
        if isinstance(found, dict)
        else {}
    )


def _ways(pattern: str) -> int:
    """How many ways of matching a text the pattern leaves open, at most; a group that is repeated leaves too many."""
    plain = _ESCAPED.sub("x", pattern)
    if re.search(r"\)[*+{]", plain.replace("(?", "(")):
        return _MOST_WAYS + 1
    ways = 1 if pattern.startswith("^") else MAX_MATCHED
    for found in _OPEN.finditer(plain.replace("(?", "(")):
        if found[0][0] == "{":
            ways *= min(int(found[2] or MAX_MATCHED), MAX_MATCHED) - min(int(found[1] or 0), MAX_MATCHED) + 1
        else:
            ways *= MAX_MATCHED if found[0] in "*+" else 2
    return ways


def _plain_default(value: object) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float | bool) else None
