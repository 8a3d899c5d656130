"""Reads XML from strangers: no DOCTYPE, no entities, no network, bounded in size and depth.

Used for diagrams and decision tables alike.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine.workflow.vocabulary import line_of

MAX_BYTES = 5_000_000
MAX_XML_DEPTH = 100
#: opening and closing tags; a large diagram of 800 steps with its picture has about 16,000
MAX_TAGS = 40_000
#: the parser compares every attribute of an element with every other
MAX_ATTRIBUTES = 1_000

_ENCODINGS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)
_TEXT_ENCODINGS = frozenset(
    {
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "gb2312",
        "gbk",
        "gb18030",
        "big5",
        "ascii",
        "cp1252",
    }
    | {f"iso8859-{part}" for part in range(1, 16)}
)
_ATTRIBUTE = re.compile(r"=\s*[\"']")
_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"'][^>]*\?>")


class ReadError(Exception):
    """A file cannot be read as a diagram; the message says where and why."""

    retryable = False

    def __init__(self, line: int, message: str, element: str = "") -> None:
        self.line = line
        self.message = message
        self.element = element
        where = f"第{line}行" + (f"“{element}”" if element else "")
        super().__init__(f"{where}：{message}")


@dataclass(frozen=True, slots=True)
class Document:
    """A well-formed XML file without entities."""

    root: etree._Element
    data: bytes


def read_xml(data: bytes) -> Document:
    """The XML in the bytes. Refuses with ReadError what is too large or too deep, DOCTYPE, entities and bad XML."""
    if len(data) > MAX_BYTES:
        raise ReadError(1, f"文件太大（{len(data) // 1_000_000}MB，最多{MAX_BYTES // 1_000_000}MB）")
    text = _decoded(data)
    # in the text and not only in the tree: a DOCTYPE must not even be looked at
    declared = re.search(r"<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", text)
    if declared:
        line = text.count("\n", 0, declared.start()) + 1
        raise ReadError(line, f"不允许 <!{declared[1]}：文件不得带文档类型或实体声明")
    _refuse_excess(text)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,
    )
    try:
        root: Any = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as wrong:
        raise ReadError(int(wrong.lineno or 1), f"不是完整的 XML：{wrong.msg}") from wrong
    if root is None:
        raise ReadError(1, "文件是空的")
    _refuse_depth(root)
    return Document(root, data)


def text_of(data: bytes) -> str:
    """The file as text, whatever its encoding, without a declaration of one; ReadError when it cannot be told."""
    return _decoded(data).lstrip("\ufeff\n")


def _decoded(data: bytes) -> str:
    encoding = next((name for mark, name in _ENCODINGS if data.startswith(mark)), "")
    if not encoding:
        declared = _DECLARATION.match(data[:200].decode("ascii", "replace"))
        encoding = declared[1] if declared else "utf-8"
    try:
        known = codecs.lookup(encoding).name
    except LookupError as wrong:
        raise ReadError(1, f"不认识的文字编码：{encoding}") from wrong
    if known not in _TEXT_ENCODINGS:
        raise ReadError(1, f"不接受文字编码 {encoding}，请存为 UTF-8 或 GB18030")
    # GB2312 files are written with GBK's and GB18030's further characters all the time
    try:
        text = data.decode("gb18030" if known in ("gb2312", "gbk") else known)
    except UnicodeError as wrong:
        raise ReadError(1, f"文字编码与声明的 {encoding} 不符") from wrong
    return re.sub(r"\A﻿?\s*<\?xml[^>]*\?>", lambda match: "\n" * match[0].count("\n"), text, count=1)


def _refuse_excess(text: str) -> None:
    """Before the parser sees it: what it would take seconds or gigabytes for."""
    if text.count("<") > MAX_TAGS:
        place = 0
        for _ in range(MAX_TAGS):
            place = text.index("<", place) + 1
        raise ReadError(text.count("\n", 0, place) + 1, f"标签太多（最多{MAX_TAGS}个），请拆成几个文件")
    line = 1
    # no attribute can hold this sign, so an opening tag reaches at most to the next one
    for part in text.split("<"):
        if len(part) > MAX_ATTRIBUTES * 3 and len(_ATTRIBUTE.findall(part)) > MAX_ATTRIBUTES:
            raise ReadError(line, f"一个元素的属性太多（最多{MAX_ATTRIBUTES}个）")
        line += part.count("\n")


def _refuse_depth(root: etree._Element) -> None:
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_XML_DEPTH:
            raise ReadError(line_of(node), f"元素嵌套过深（最多{MAX_XML_DEPTH}层）")
        waiting.extend((child, depth + 1) for child in node)
