"""Rules about what people read: no form, diagram, table or letter asks for what the office may not ask.

What that is the office says (``Names.forbids``); nothing here knows it. Called by ``checks`` only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from lxml import etree

from engine.workflow.form_parts import walk
from engine.workflow.forms import Form
from engine.workflow.problems import Findings
from engine.workflow.vocabulary import Names, line_of

#: attributes and elements of a diagram or a decision table that people read
_READ_ATTRIBUTES = ("name", "label")
_READ_ELEMENTS = frozenset({"documentation", "text", "description"})
#: parts of an expression rather than of a sentence
_NOT_READ = frozenset({"inputExpression", "inputEntry", "conditionExpression"})


def judge_tree(root: etree._Element, names: Names, findings: Findings) -> None:
    """Judge the names, documentation, notes and answers in a diagram or decision file."""
    for node, text in _texts(root):
        for why in names.forbids(text):
            own = _own_id(node)
            findings.at("error", "forbidden_demand", own, line_of(node), f"“{own}”{why}")


def judge_form(form: Form, source: str, names: Names, findings: Findings) -> None:
    """Judge every label, description and choice of the form, in both languages."""
    for own, text in _shown(form):
        for why in names.forbids(text):
            findings.at(
                "error", "forbidden_demand", own, _line_in(source, text, own), f"“{own or '标题'}”{why}"
            )


def judge_letter(text: str, names: Names, findings: Findings) -> None:
    """Judge every line of a letter's template."""
    for number, line in enumerate(text.splitlines(), start=1):
        for why in names.forbids(line):
            findings.at("error", "forbidden_demand", "", number, f"信函{why}")


def _texts(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    for node in root.iter():
        local = _local(node)
        if not local:
            continue
        for attribute in _READ_ATTRIBUTES:
            text = node.get(attribute)
            if text:
                yield node, str(text)
        parent = node.getparent()
        if local in _READ_ELEMENTS and (parent is None or _local(parent) not in _NOT_READ):
            yield node, "".join(str(part) for part in node.itertext())


def _local(node: etree._Element) -> str:
    tag: object = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _own_id(node: etree._Element) -> str:
    """The id of the nearest element around the text that has one."""
    near: etree._Element | None = node
    while near is not None and not near.get("id"):
        near = near.getparent()
    return "" if near is None else str(near.get("id"))


def _shown(form: Form) -> Iterator[tuple[str, str]]:
    yield "", form.title
    for part in walk(form.components):
        for text in (part.label, part.description, *(choice.label for choice in part.choices)):
            yield part.key or part.id, text
    yield from form.english.items()


def _line_in(source: str, text: str, own: str) -> int:
    """The line on which the text is written, else that of its component, else the first."""
    spellings = (json.dumps(text, ensure_ascii=False), json.dumps(text), f'"{own}"')
    at = next((place for spelling in spellings if (place := source.find(spelling)) >= 0), 0)
    return source.count("\n", 0, at) + 1
