"""A text file as the programs of an office write it: UTF-8, with or without a mark, or GB18030."""

from __future__ import annotations


def text_of(content: bytes) -> str:
    """The text of the file; UnicodeDecodeError where it is neither, or no text at all."""
    if b"\0" in content:
        raise UnicodeDecodeError("utf-8", content, 0, 1, "no text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")
