"""Rules about what people read: no form, diagram, table or letter asks for what the office may not ask.

What that is the office says (``Names.forbids``); nothing here knows it. Nor does a text hold signs that nobody sees.
A letter's template only puts values in, chooses and lists: it is no program. Called by ``checks`` only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError, nodes
from lxml import etree

from engine.workflow.form_parts import walk
from engine.workflow.forms import Form
from engine.workflow.problems import Findings, Severity
from engine.workflow.signs import hidden_sign
from engine.workflow.vocabulary import Names, line_of

#: attributes and elements of a diagram or a decision table that people read
_READ_ATTRIBUTES = ("name", "label")
_READ_ELEMENTS = frozenset({"documentation", "text", "description"})
#: extension properties that people read: the guide of a public process, and English names and descriptions
_READ_PROPERTIES = re.compile(r"guide_|english")
#: parts of an expression rather than of a sentence
_NOT_READ = frozenset({"inputExpression", "inputEntry", "conditionExpression"})
#: signs of one text, and of a letter
_LONGEST, _LONGEST_LETTER = 20_000, 100_000
#: what a letter's template may be made of; lists in lists in lists would be a program
_TEMPLATE = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Filter, nodes.Const,
    nodes.If, nodes.For, nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand,
)  # fmt: skip
_FILTERS = frozenset({"yuan"})
_MOST_LISTS = 2


def judge_tree(root: etree._Element, names: Names, findings: Findings) -> None:
    """Judge the names, documentation, notes and answers in a diagram or decision file."""
    for node, text in _texts(root):
        own = _own_id(node)
        _judge_signs(own, line_of(node), text, findings)
        for why in names.forbids(text) if len(text) <= _LONGEST else ():
            findings.at("error", "forbidden_demand", own, line_of(node), f"“{own[:80]}”{why}")


def judge_form(form: Form, source: str, names: Names, findings: Findings) -> None:
    """Judge every label, description and choice of the form, in both languages."""
    for own, text in _shown(form):
        line = _line_in(source, text, own)
        _judge_signs(own, line, text, findings)
        for why in names.forbids(text) if len(text) <= _LONGEST else ():
            findings.at("error", "forbidden_demand", own, line, f"“{own or '标题'}”{why}")


def judge_letter(text: str, names: Names, findings: Findings) -> None:
    """Judge every line of a letter's template, and what it is made of."""
    if len(text) > _LONGEST_LETTER:
        findings.at("error", "too_long", "", 1, f"信函有{len(text)}字，最多{_LONGEST_LETTER}字")
        return
    for number, line in enumerate(text.splitlines(), start=1):
        _judge_signs("", number, line, findings)
        for why in names.forbids(line) if len(line) <= _LONGEST else ():
            findings.at("error", "forbidden_demand", "", number, f"信函{why}")
    try:
        _judge_template(Environment(autoescape=True).parse(text), findings, lists=0)
    except TemplateSyntaxError as wrong:
        findings.at("error", "bad_letter", "", wrong.lineno, f"信函模板写法不对：{wrong.message}")
    except RecursionError:
        findings.at("error", "bad_letter", "", 1, "信函模板嵌套过深")


def _judge_template(node: nodes.Node, findings: Findings, *, lists: int) -> None:
    lists += isinstance(node, nodes.For)
    private = isinstance(node, nodes.Getattr) and node.attr.startswith("_")
    unknown = isinstance(node, nodes.Filter) and node.name not in _FILTERS
    if not isinstance(node, _TEMPLATE) or private or unknown or lists > _MOST_LISTS:
        message = "信函模板只能填入数据（金额可用 yuan）、按条件取舍、逐项列出，不能调用或计算"
        findings.at("error", "bad_letter", "", node.lineno, message)
        return
    for child in node.iter_child_nodes():
        _judge_template(child, findings, lists=lists)


def _judge_signs(own: str, line: int, text: str, findings: Findings) -> None:
    """A text that is too long to be read, or not what it looks like."""
    severity: Severity = "warning" if findings.open else "error"
    if len(text) > _LONGEST:
        findings.at(severity, "too_long", own, line, f"“{own[:80]}”的文字有{len(text)}字，最多{_LONGEST}字")
    elif hidden := hidden_sign(text):
        message = f"“{own[:80]}”的文字里有看不见或会颠倒书写方向的字符 {hidden}，请删去重新输入"
        findings.at(severity, "hidden_sign", own, line, message)


def _texts(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    for node in root.iter():
        local = _local(node)
        if not local:
            continue
        for attribute in _READ_ATTRIBUTES:
            text = node.get(attribute)
            if text:
                yield node, str(text)
        if local == "property" and _READ_PROPERTIES.match(node.get("name") or ""):
            yield node, str(node.get("value") or "")
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
