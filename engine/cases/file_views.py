"""What the file of a case shows beside :class:`engine.cases.views.CaseView`: frozen records, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentRow:
    """A paper (材料) of a case as lists show it."""

    attachment_id: int
    #: as it was called on the sender's disk
    name: str
    #: what it is, in the sender's words; empty where they gave none
    title: str
    #: e.g. ``PDF``
    kind: str
    #: bytes
    size: int
    #: the step at which it came; empty: beside any step
    step: str
    #: nobody asked for it and nobody may: it is no condition of anything
    volunteered: bool
    #: waiting, clean, infected, unscanned
    scan: str
    scan_note: str
    #: SHA-256 of the content, hex
    digest: str
    added_by: str
    added_at: datetime
    removed_by: str = ""
    removed_at: datetime | None = None
    removed_why: str = ""
    #: what this actor may do with it: ``open``, ``remove``
    can: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedAttachment:
    """A paper to be handed out."""

    name: str
    media_type: str
    content: bytes
