"""A rehearsal written down as analysts write it, and put at the end of a file that keeps everything else as it was.

The other way round is ``rehearsal.read_tests``; what is written here reads back as the same case. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from engine.store.declaration import DeclarationError
from engine.workflow.rehearsal import (
    Answer,
    Do,
    Expected,
    Message,
    Rehearsal,
    ScriptStep,
    Start,
    Value,
    Wait,
    read_tests,
)

_WIDTH = 110


class _Inline(dict[str, Any]):
    """A group that is written on one line: ``{answer: confirm}``."""


class _Row(list[Any]):
    """A list that is written on one line: ``[check_intake, review_claim]``."""


class _Writer(yaml.SafeDumper):
    """Indents lists as people do, and writes nothing as a reference, which tests may not contain."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """One level deeper; a list inside a group too."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Everything is written out."""
        return True


_Writer.add_representer(
    _Inline,
    lambda writer, group: writer.represent_mapping("tag:yaml.org,2002:map", group.items(), flow_style=True),
)


_Writer.add_representer(
    _Row,
    lambda writer, row: writer.represent_sequence("tag:yaml.org,2002:seq", row, flow_style=True),
)


def written(case: Rehearsal) -> str:
    """The case as an entry of a tests file."""
    entry = {
        "name": case.name,
        "process": case.process,
        "person": case.person,
        "employer": case.employer,
        "facts": _group(case.facts),
        "data": _group(case.data),
        "day": case.day,
        "steps": [_step(step) for step in case.steps],
        "expect": _expected(case.expect),
    }
    return yaml.dump(
        [{key: value for key, value in entry.items() if value or key == "name"}],
        Dumper=_Writer,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False,
        width=_WIDTH,
    )


def with_case(content: bytes, case: Rehearsal, *, file: str) -> bytes:
    """The tests file with the case at its end; comments, order and line ends stay as they are.

    DeclarationError where the file cannot be read, knows a case of that name, or is written so that nothing can
    be put behind it.
    """
    text = content.decode("utf-8-sig")
    before = read_tests(content, file=file) if _says_anything(text) else ()
    if any(each.name == case.name for each in before):
        raise DeclarationError(file=file, line=1, message=f"已有案例「{case.name}」，请换一个名称")
    indent = _indent(text) if before else ""
    entry = "".join(f"{indent}{line}\n" for line in written(case).splitlines())
    end = "\r\n" if b"\r\n" in content else "\n"
    gap = "" if not content else end if content.endswith(b"\n") else end * 2
    after = content + (gap + entry.replace("\n", end)).encode()
    if len(read_tests(after, file=file)) != len(before) + 1:
        raise DeclarationError(file=file, line=1, message="文件的写法不能在末尾接着写案例，请手工加入")
    return after


def _says_anything(text: str) -> bool:
    """Whether there is more than comments."""
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def _indent(text: str) -> str:
    """How far the entries of the list stand from the edge."""
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    return " " * int(root.start_mark.column) if root is not None else ""


def _step(step: ScriptStep) -> dict[str, Any]:
    match step:
        case Do():
            entry = {
                "do": step.element,
                "with": _group(step.fields),
                "as": step.by,
                "refused": step.refused,
            }
        case Wait():
            length = step.day if step.unit == "until" else step.count
            entry = {"wait": _Inline({step.unit: length})}
        case Message():
            what = _Inline({"name": step.name, **_present({"payload": _group(step.payload)})})
            entry = {"message": what, "refused": step.refused}
        case Start():
            entry = {"start": step.process, "data": _group(step.data)}
        case Answer():
            entry = {"answer": step.who}
    return _present(entry)


def _expected(expect: Expected) -> dict[str, Any]:
    found = _present(
        {
            "ended_in": expect.ended_in[0] if len(expect.ended_in) == 1 else _Row(expect.ended_in),
            "path": _Row(expect.path),
            "visited": _Row(expect.visited),
            "not_visited": _Row(expect.not_visited),
            "data": _group(expect.data),
            "letters": _Row(expect.letters),
            "refused": expect.refused,
            "due": _group(expect.due),
        }
    )
    return found if expect.open is None else {**found, "open": _Row(expect.open)}


def _present(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value}


def _group(values: Mapping[str, Value]) -> _Inline:
    return _Inline({key: _plain(value) for key, value in values.items()})


def _plain(value: Value) -> Any:
    if isinstance(value, Mapping):
        return _group(value)
    if isinstance(value, list | tuple):
        return _Row(_plain(each) for each in value)
    return value
