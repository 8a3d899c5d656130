"""Files that another program takes from a folder: it finds a whole one or none, never a half-written one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import uuid4


def file_name(key: str) -> str:
    """A name for what has that key, without an ending: what is written again is the same file."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def write_whole(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """The content under that name, in the place of an older one; the folder is made. OSError as the disk says.

    Two writers at once do not mix. ``mode``: who may read it, where that is not for the process to say.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        part.write_bytes(content)
        if mode is not None:
            part.chmod(mode)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
