"""A paper as it comes in, and whether the office may take it: its size, its kind, its name, what it is said to be.

Pure but for the settings; called by ``attachments``.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.cases.media import MacroError, Medium, medium_of
from engine.cases.office import Office
from engine.law.catalogues import find_demands
from engine.values import Reason, RefusedError

_NAME_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A paper as it comes."""

    #: as it was called on the sender's disk
    name: str
    content: bytes
    #: what it is, in the sender's words
    title: str = ""
    #: the person brought it unasked
    volunteered: bool = False
    #: the step at which it comes; empty: beside any step
    element_id: str = ""


def checked(office: Office, upload: Upload, *, brought_by_staff: bool) -> Medium:
    """The kind of the paper. RefusedError for what is not taken, and for what staff may not have asked for."""
    if brought_by_staff and not upload.volunteered:
        _refuse_demanded(office, upload)
    return _medium(office, upload)


def plain_name(name: str) -> str:
    """The last part of the name, without what could pass for another ending; at most as long as is kept."""
    last = PurePosixPath(printable(name).replace("\\", "/")).name
    stem, dot, ending = last.rpartition(".")
    kept = _NAME_MAX - len(dot) - len(ending)
    return f"{stem[:kept]}{dot}{ending}" if kept > 0 else last[:_NAME_MAX]


def printable(text: str) -> str:
    """Without control signs, and without those that turn the reading direction round (fdp.exe for exe.pdf)."""
    normal = unicodedata.normalize("NFC", text)
    return "".join(sign for sign in normal if unicodedata.category(sign)[0] != "C").strip()


def _refuse_demanded(office: Office, upload: Upload) -> None:
    words = f"{upload.title}\n{PurePosixPath(plain_name(upload.name)).stem}"
    found = find_demands(words, office.book.forbidden_demands)
    if found:
        raise RefusedError(
            *(
                Reason(
                    code="forbidden_demand",
                    text=f"“{each.word}”属于不得要求提供的材料（{each.demand.name}）；"
                    "如系本人自愿提供，请勾选“本人自愿提供”后再收入",
                    text_en="Nobody may be asked for this paper. If it was brought unasked, say so.",
                    fact=each.word,
                    source=each.demand.source,
                )
                for each in found
            )
        )


def _medium(office: Office, upload: Upload) -> Medium:
    settings, name = office.settings, plain_name(upload.name)
    ending = PurePosixPath(name).suffix.removeprefix(".").lower()
    if not upload.content or not ending:
        raise RefusedError(
            Reason(
                code="no_content",
                text="请选择一个文件；空文件和没有扩展名的文件不能收入",
                text_en="Choose a file.",
            )
        )
    if len(upload.content) > settings.attachment_bytes_max:
        megabytes = settings.attachment_bytes_max // (1024 * 1024)
        raise RefusedError(
            Reason(
                code="too_large",
                text=f"文件超过 {megabytes} MB，请压缩或分成几份上传",
                text_en=f"The file is larger than {megabytes} MB.",
                fact=f"{len(upload.content)} 字节",
            )
        )
    try:
        medium = medium_of(upload.content)
    except MacroError as macros:
        raise RefusedError(
            Reason(
                code="macros",
                text="文件带有宏，不能收入；请另存为不含宏的格式",
                text_en="The file has macros.",
            )
        ) from macros
    if medium is None or not medium.endings & settings.attachment_types:
        allowed = "、".join(sorted(settings.attachment_types))
        raise RefusedError(
            Reason(
                code="unknown_type",
                text=f"只能收入这些类型的文件：{allowed}",
                text_en=f"Only these kinds of file are taken: {allowed}.",
                fact=medium.name if medium else f".{ending}",
            )
        )
    if ending not in medium.endings:
        raise RefusedError(
            Reason(
                code="type_mismatch",
                text=f"文件名以 .{ending} 结尾，内容却是{medium.name}；请用正确的扩展名重新上传",
                text_en=f"The name ends in .{ending}, but the content is {medium.name}.",
                fact=name,
            )
        )
    return medium
