"""The script of a try-out on its way through addresses and forms: packed as text, read back, and put into words.

It holds made-up people only and decides nothing; whoever sends another one tries out another case.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from engine.store.declaration import DeclarationError
from engine.workflow.forms import Form
from engine.workflow.rehearsal import (
    Answer,
    Do,
    Expected,
    Message,
    Rehearsal,
    ScriptStep,
    Start,
    Value,
    Wait,
    read_tests,
    value_of,
)
from engine.workflow.rehearsal_text import written
from web.forms import day_of

#: a script that is longer when unpacked is none of ours
_MOST_BYTES = 200_000
#: rows of facts and data that the page offers
ROWS = range(1, 7)


def packed(script: Rehearsal) -> str:
    """The script as one word for an address."""
    return base64.urlsafe_b64encode(zlib.compress(written(script).encode(), 9)).decode().rstrip("=")


def unpacked(word: str) -> Rehearsal | None:
    """The script; None for a word that is none. Its lines count from the beginning of ``written``."""
    try:
        raw = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        reader = zlib.decompressobj()
        text = reader.decompress(raw, _MOST_BYTES)
        return None if reader.unconsumed_tail else read_tests(text)[0]
    except (binascii.Error, ValueError, zlib.error, DeclarationError):
        return None


def begun(sent: Mapping[str, str], *, process: str) -> Rehearsal | None:
    """A new script from the form of the page, with nothing done yet; None without a day that can be used."""
    try:
        day = date.fromisoformat(sent.get("day", ""))
    except ValueError:
        return None
    kind, _colon, key = sent.get("player", "").partition(":")
    script = Rehearsal(
        name="我编的案例",
        process=process,
        person=key if kind == "person" else "",
        employer=key if kind == "employer" else "",
        facts=_pairs(sent, "fact"),
        data=_pairs(sent, "data"),
        day=day,
        steps=(),
        expect=Expected(),
        line=1,
    )
    return unpacked(packed(script))


def _pairs(sent: Mapping[str, str], what: str) -> dict[str, Value]:
    rows = (
        (sent.get(f"{what}-{row}", "").strip(), sent.get(f"{what}-{row}-value", "").strip()) for row in ROWS
    )
    # the code of a region is a text of digits
    return {
        name: value if name.endswith("region") else value_of(value) for name, value in rows if name and value
    }


def next_step(sent: MultiDict[str, str]) -> ScriptStep | None:
    """The step that a button of the page stands for, other than a form filled in; None for none."""
    unit, _colon, length = sent.get("try-wait", "").partition(":")
    match sent.get("try-act", ""):
        case "wait" if unit in ("workdays", "days") and length.isascii() and length.isdigit():
            return Wait(
                unit="workdays" if unit == "workdays" else "days", count=int(length[:4]), day=None, line=0
            )
        case "wait":
            day = day_of(length or sent.get("try-day", ""))
            return None if day is None else Wait(unit="until", count=0, day=day, line=0)
        case "message":
            payload = {
                key.removeprefix("payload."): value_of(value)
                for key, value in sent.items()
                if key.startswith("payload.") and value
            }
            return Message(name=sent.get("try-message", ""), payload=payload, refused="", line=0)
        case "answer":
            return Answer(who="bank", line=0)
    return None


def filled(form: Form, element: str, typed: Mapping[str, str | list[str]], *, by: str) -> Do:
    """The step that completes the task with what was typed."""
    fields: dict[str, Value] = {}
    for part in form.fields:
        value = typed.get(part.key)
        if value and not part.readonly:
            fields[part.key] = True if part.kind == "checkbox" else _value(value)
    return Do(element=element, fields=fields, by=by, refused="", line=0)


def _value(typed: str | list[str]) -> Value:
    return tuple(typed) if isinstance(typed, list) else typed


def followed(script: Rehearsal, *steps: ScriptStep, keep: int | None = None) -> Rehearsal:
    """The script up to that many of its steps, then these; what it expected was of another way."""
    return replace(script, steps=(*script.steps[:keep], *steps), expect=Expected())


def in_words(script: Rehearsal, names: Mapping[str, str]) -> Iterator[str]:
    """Each step of the script as a sentence."""
    for step in script.steps:
        yield _step_in_words(step, names)


def _step_in_words(step: ScriptStep, names: Mapping[str, str]) -> str:
    match step:
        case Do():
            entered = "；".join(
                f"{key}={str(value).lower() if value is True else value}"
                for key, value in step.fields.items()
            )
            what = _("办结“%(name)s”", name=names.get(step.element) or step.element)
            return f"{what}（{entered}）" if entered else str(what)
        case Wait(unit="until"):
            return str(_("等到 %(day)s", day=step.day))
        case Wait(unit="workdays"):
            return str(_("过 %(count)s 个工作日", count=step.count))
        case Wait():
            return str(_("过 %(count)s 天", count=step.count))
        case Message():
            return str(_("收到消息“%(name)s”", name=step.name))
        case Start():
            return str(_("另发起一件：%(name)s", name=step.process))
        case Answer():
            return str(_("银行答复"))
