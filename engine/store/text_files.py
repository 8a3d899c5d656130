"""A text file as the programs of an office write it: UTF-8, with or without a mark, or GB18030."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

#: bytes read at a time
_BLOCK = 1 << 20
_NO_TEXT = "no text"


def text_of(content: bytes) -> str:
    """The text of the file; UnicodeDecodeError where it is neither, or no text at all."""
    return content.decode(_encoding_of(BytesIO(content)))


def lines_of(file: BinaryIO) -> Iterator[str]:
    """The lines of the open file from its beginning, one in memory at a time; errors as of :func:`text_of`.

    The file is read twice, so it must be one that can be wound back.
    """
    begun = ""
    for text in _decoded(file, _encoding_of(file)):
        *whole, begun = (begun + text).split("\n")
        for line in whole:
            yield f"{line}\n"
    if begun:
        yield begun


def _encoding_of(file: BinaryIO) -> str:
    try:
        for _ in _decoded(file, "utf-8-sig"):
            pass
    except UnicodeDecodeError as wrong:
        if wrong.reason == _NO_TEXT:
            raise
        for _ in _decoded(file, "gb18030"):
            pass
        return "gb18030"
    return "utf-8-sig"


def _decoded(file: BinaryIO, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    while block := file.read(_BLOCK):
        if b"\0" in block:
            raise UnicodeDecodeError(encoding, block, 0, 1, _NO_TEXT)
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)
