"""Files that others take from a folder: there whole or not at all, never half-written under their name."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4


def write_whole(path: Path, content: bytes) -> None:
    """The content under that name; two writers at once do not mix."""
    part = path.with_suffix(f".{uuid4().hex}.part")
    part.write_bytes(content)
    part.replace(path)
