"""What a file is, by its own bytes: the few kinds of paper that an office takes. Pure.

Not a virus scanner (``scanning``), and no reader: nothing is unpacked but a table of contents.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

#: an archive with more entries than a paper can have is no paper
_ENTRIES_MAX = 5_000
_HEIC = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A kind of paper."""

    #: as an HTTP answer says it
    media_type: str
    #: Chinese, for lists
    name: str
    #: endings under which it goes, lower case
    endings: frozenset[str]


class MacroError(Exception):
    """文件带有宏。"""

    retryable = False


PDF = Medium(media_type="application/pdf", name="PDF", endings=frozenset({"pdf"}))
JPEG = Medium(media_type="image/jpeg", name="JPEG 图片", endings=frozenset({"jpg", "jpeg"}))
PNG = Medium(media_type="image/png", name="PNG 图片", endings=frozenset({"png"}))
HEIC = Medium(media_type="image/heic", name="HEIC 图片", endings=frozenset({"heic"}))
DOCX = Medium(
    media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    name="Word 文档",
    endings=frozenset({"docx"}),
)
XLSX = Medium(
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    name="Excel 表格",
    endings=frozenset({"xlsx"}),
)
OFD = Medium(media_type="application/ofd", name="OFD 版式文件", endings=frozenset({"ofd"}))

#: media type → kind
MEDIA = {each.media_type: each for each in (PDF, JPEG, PNG, HEIC, DOCX, XLSX, OFD)}

_BY_FIRST_BYTES: tuple[tuple[Callable[[bytes], bool], Medium], ...] = (
    (lambda content: content.startswith(b"%PDF-"), PDF),
    (lambda content: content.startswith(b"\xff\xd8\xff"), JPEG),
    (lambda content: content.startswith(b"\x89PNG\r\n\x1a\n"), PNG),
    (lambda content: content[4:8] == b"ftyp" and content[8:12] in _HEIC, HEIC),
)
#: what an archive must hold to be one of these
_BY_ENTRY = (("word/document.xml", DOCX), ("xl/workbook.xml", XLSX), ("OFD.xml", OFD))


def medium_of(content: bytes) -> Medium | None:
    """The kind that the bytes show, whatever the file is called; None for any other. MacroError for macros."""
    if content.startswith(b"PK\x03\x04"):
        return _archive(content)
    return next((medium for fits, medium in _BY_FIRST_BYTES if fits(content)), None)


def _archive(content: bytes) -> Medium | None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    if len(names) > _ENTRIES_MAX:
        return None
    if any(name.rpartition("/")[2].lower() == "vbaproject.bin" for name in names):
        raise MacroError(MacroError.__doc__)
    return next((medium for entry, medium in _BY_ENTRY if entry in names), None)
