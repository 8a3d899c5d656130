"""Letters and notices: rendered from ``processes/letters``, kept as written, sent by the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy import select

from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.desk import Desk
from engine.tasks.tables import Letter
from engine.values import Money


class LetterError(Exception):
    """A letter could not be written from its template."""

    retryable = False


def send_letter(desk: Desk, kind: str, *, occasion: str = "", recipient: str = "", **facts: Any) -> Letter:
    """The letter of this kind for this occasion of the case: written once, put into the outbox once.

    Raises LetterError, naming file and cause, when the template is missing or wants a fact that is not given.
    """
    key = "/".join(filter(None, (desk.case.key, kind, occasion)))
    kept = desk.session.scalar(select(Letter).where(Letter.key == key))
    if kept is not None:
        return kept
    title, text = render(desk.letters_dir, kind, {"case_key": desk.case.key, "today": desk.today, **facts})
    letter = Letter(
        key=key,
        case_id=desk.case.id,
        kind=kind,
        recipient=recipient or desk.case.subject,
        title=title,
        text=text,
        created_at=desk.now,
    )
    desk.session.add(letter)
    desk.session.flush()
    payload = {"letter_id": letter.id, "recipient": letter.recipient, "title": title}
    outbox.put(desk.session, kind="letter", key=key, payload=payload, now=desk.now, case_id=desk.case.id)
    append(
        desk.session,
        stream=f"case:{desk.case.id}",
        action=Action.NOTICE_SENT,
        actor=desk.actor,
        subject=letter.recipient,
        after={"kind": kind, "title": title},
        now=desk.now,
    )
    return letter


def render(letters_dir: Path, kind: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """Title (the first heading) and text of a letter; LetterError names the file and what is wrong."""
    try:
        text = _templates(letters_dir).get_template(f"{kind}.md").render(facts).strip()
    except TemplateError as cause:
        raise LetterError(f"文书 {kind}.md 第{getattr(cause, 'lineno', '?')}行：{cause}") from cause
    first, _, rest = text.partition("\n")
    return first.lstrip("# ").strip(), rest.strip()


@lru_cache(maxsize=8)
def _templates(letters_dir: Path) -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(letters_dir), undefined=StrictUndefined, autoescape=False, trim_blocks=True
    )
    env.filters["yuan"] = lambda fen: Money(int(fen)).text
    return env
