"""Short messages: out to people's telephones and their replies in, each once, through a folder that a gateway serves.

``data_dir/sms/out`` holds a file for each message under its key, written again with the same bytes when it is sent
again; ``in`` what came back, one file each: {"id", "number", "text"}. A gateway's own connector takes and puts them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from engine.cases.office import Office
from engine.store.whole_files import file_name, write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingSms:
    """A short message that came in."""

    #: of the gateway; the same one again is the same message
    message_number: str
    phone: str
    text: str


def send_sms(office: Office, *, key: str, phone: str, text: str) -> str:
    """Hand the message to the gateway; what to note as its receipt. The same key again is the same message."""
    name = f"{file_name(key)}.json"
    content = orjson.dumps({"key": key, "number": phone, "text": text}, option=orjson.OPT_SORT_KEYS)
    write_whole(_folder(office, "out") / name, content)
    return f"已交短信网关：{name}"


def collect_sms(office: Office, take: Callable[[Office, IncomingSms], bool]) -> int:
    """How many replies were taken; one that cannot be read is laid aside, one that must wait stays."""
    taken = 0
    for path in sorted(_folder(office, "in").glob("*.json")):
        # another worker may be quicker
        with suppress(FileNotFoundError):
            read = _read(path.read_bytes())
            if read is None:
                path.replace(_folder(office, "unreadable") / path.name)
            elif take(office, read):
                path.unlink()
                taken += 1
    return taken


def _read(content: bytes) -> IncomingSms | None:
    try:
        found = orjson.loads(content)
        read = IncomingSms(
            message_number=str(found["id"])[:80],
            phone=str(found["number"])[:20],
            text=str(found["text"])[:500],
        )
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return (
        read if read.message_number and "\0" not in f"{read.message_number}{read.phone}{read.text}" else None
    )


def _folder(office: Office, name: str) -> Path:
    folder = office.settings.data_dir / "sms" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
