"""The log: one JSON object a line, from which nobody can be known.

Only what is known to be harmless gets out: the sentence as it stands in our code, numbers and words of known
shapes, the kind of an error and where it happened. What an error says stays in the office: it may quote a file.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from types import TracebackType

#: sentences of these are constants of our code (tests/test_logs.py); of others they may be made of anything
_OURS = ("engine", "web")
#: a method, an address of ours without its question, the key of a row
_HARMLESS = re.compile(
    r"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"
    r"|(/(api|v1|cases|tasks|inbox|claims|my|employer|payments|studio|changes|staff|calendar|agencies|monitoring"
    r"|operations|incidents|findings|exchange|messages|complete|claim|release|retry|export|metrics|readyz|healthz|\d{1,9}|[0-9a-f]{32}))+/?|/"
    r"|(case|task|staff|person|employer|office|incident|batch):\d{1,9}"
)
#: a whole number that cannot be part of an identity number, an account or a telephone number
_NUMBER_MAX = 9_999_999
_FOREIGN = re.compile(r"[^ -~]|\d{7,}")


class JsonLines(logging.Formatter):
    """Formats a record as a line of JSON without personal data."""

    def format(self, record: logging.LogRecord) -> str:
        """The line: at, level, logger, text, values, and for an error its kind and place."""
        ours = record.name.split(".")[0] in _OURS
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": str(record.msg) if ours and isinstance(record.msg, str) else _foreign(record.msg),
        }
        if record.args:
            values = record.args.values() if isinstance(record.args, dict) else record.args
            line["values"] = [_value(each) for each in values]
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _where(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)


def log_json(stream: logging.Handler, level: int = logging.INFO) -> None:
    """Everything that is logged from now on leaves by that handler, as lines of JSON."""
    stream.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[stream], force=True)


def _value(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) <= _NUMBER_MAX else "number"
    if isinstance(value, str) and _HARMLESS.fullmatch(value):
        return value
    return type(value).__name__


def _foreign(text: object) -> str:
    """The template of a library's sentence where it is one; words put into it beforehand may be anything."""
    template = text if isinstance(text, str) else ""
    return template if "%" in template and not _FOREIGN.search(template) else "…"


def _where(trace: TracebackType | None) -> list[str]:
    """File, line and function from the outermost call inwards; no line of code and no value."""
    return [
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]
