"""YAML files that people maintain, read so that every complaint names file and line.

Not a schema language: a reader asks for the fields it knows, and what it does not know is refused.
Called by the readers of ``processes/duties.yaml`` and ``processes/regions.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml


class DeclarationError(Exception):
    """A declared file cannot be used; the message begins with ``file:line``."""

    retryable = False

    def __init__(self, *, file: str, line: int, message: str) -> None:
        self.file = file
        self.line = line
        super().__init__(f"{file}:{line}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One mapping of the file, with the line that it begins on."""

    file: str
    line: int
    fields: Mapping[str, yaml.Node]

    def error(self, message: str, *, field: str = "") -> DeclarationError:
        """The complaint about this entry, or about one field of it; for the caller to raise."""
        line = _line(self.fields[field]) if field in self.fields else self.line
        return DeclarationError(file=self.file, line=line, message=message)

    def only(self, *known: str) -> None:
        """DeclarationError if the entry has a field of another name: a typing error would be ignored silently."""
        for name in self.fields:
            if name not in known:
                raise self.error(f"不认识的字段「{name}」，可用：{'、'.join(known)}", field=name)

    def text(self, field: str, *, default: str | None = None) -> str:
        """The text of the field; DeclarationError when it is missing with no default, empty, or not a text."""
        node = self.fields.get(field)
        if node is None:
            if default is not None:
                return default
            raise self.error(f"缺少字段「{field}」")
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.error(f"字段「{field}」应当是非空文字", field=field)
        return str(node.value).strip()

    def flag(self, field: str, *, default: bool) -> bool:
        """The yes or no of the field, written true or false."""
        word = self.text(field, default=str(default).lower())
        if word not in ("true", "false"):
            raise self.error(f"字段「{field}」应当写 true 或 false，现在是「{word}」", field=field)
        return word == "true"

    def words(self, field: str) -> tuple[str, ...]:
        """The list of texts in the field; DeclarationError when it is not a list of texts or is empty."""
        node = self.fields.get(field)
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        if not items or not all(isinstance(item, yaml.ScalarNode) and item.value for item in items):
            raise self.error(f"字段「{field}」应当是非空的文字列表", field=field)
        return tuple(str(item.value) for item in items)

    def entries(self, field: str) -> tuple[Entry, ...]:
        """The list of mappings in the field; none when the field is missing."""
        node = self.fields.get(field)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(f"字段「{field}」应当是列表", field=field)
        return tuple(_entry(item, self.file) for item in node.value)

    def entry(self, field: str) -> Entry:
        """The mapping in the field; DeclarationError when there is none."""
        if field not in self.fields:
            raise self.error(f"缺少字段「{field}」")
        return _entry(self.fields[field], self.file)


def read_declaration(path: Path) -> Entry:
    """The file's outermost mapping; DeclarationError when it cannot be read or is not YAML."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError) as cause:
        raise DeclarationError(
            file=path.name, line=1, message=f"文件不能读取（{type(cause).__name__}）"
        ) from cause
    except yaml.MarkedYAMLError as cause:
        line = cause.problem_mark.line + 1 if cause.problem_mark else 1
        raise DeclarationError(
            file=path.name, line=line, message=f"YAML 写法不对：{cause.problem}"
        ) from cause
    except yaml.YAMLError as cause:
        raise DeclarationError(file=path.name, line=1, message="YAML 写法不对：含有不可用的字符") from cause
    if node is None:
        raise DeclarationError(file=path.name, line=1, message="文件是空的")
    return _entry(node, path.name)


def _entry(node: yaml.Node, file: str) -> Entry:
    if not isinstance(node, yaml.MappingNode):
        raise DeclarationError(file=file, line=_line(node), message="这里应当是「字段: 值」的一组")
    fields: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in fields:
            raise DeclarationError(file=file, line=_line(key), message=f"字段「{name}」写了两次")
        fields[name] = value
    return Entry(file=file, line=_line(node), fields=fields)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
