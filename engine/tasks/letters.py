"""Letters and notices: rendered from what the office has published, else from ``processes/letters``; kept as written,
sent by the outbox.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy import select

from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.tasks.desk import Desk
from engine.tasks.tables import Letter
from engine.values import Money

#: a name at the beginning of an entry in the note at the top
_NOTED = re.compile(r"[：；:;]\s*([a-z][a-z0-9_]*)")


class LetterError(Exception):
    """A letter could not be written from its template."""

    retryable = False


def send_letter(desk: Desk, kind: str, *, occasion: str = "", recipient: str = "", **facts: Any) -> Letter:
    """The letter of this kind for this occasion of the case: written once, put into the outbox once.

    Raises LetterError, naming file and cause, when the template is missing or wants a fact that is not given.
    """
    with beyond(
        desk.session, "a letter is the office's, to whomever it goes; whoever caused it need not see it"
    ):
        return _sent(desk, kind, occasion, recipient, facts)


def _sent(desk: Desk, kind: str, occasion: str, recipient: str, facts: Mapping[str, Any]) -> Letter:
    key = "/".join(filter(None, (desk.case.key, kind, occasion)))
    kept = desk.session.scalar(select(Letter).where(Letter.key == key))
    if kept is not None:
        return kept
    told = {"case_key": desk.case.key, "today": desk.today, **facts}
    title, text = render(desk.letters_dir, kind, told, own=desk.wording(kind))
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


def render(
    letters_dir: Path, kind: str, facts: Mapping[str, Any], *, own: str | None = None
) -> tuple[str, str]:
    """Title (the first heading) and text of a letter; LetterError names the file and what is wrong.

    ``own`` is the office's own template in place of the shipped one.
    """
    try:
        templates = _templates(letters_dir)
        template = templates.get_template(f"{kind}.md") if own is None else _compiled(letters_dir, own)
        text = template.render(facts).strip()
    except TemplateError as cause:
        raise LetterError(f"文书 {kind}.md 第{getattr(cause, 'lineno', '?')}行：{cause}") from cause
    first, _, rest = text.partition("\n")
    return first.lstrip("# ").strip(), rest.strip()


@lru_cache(maxsize=512)
def facts_named(text: str) -> frozenset[str]:
    """The facts that a template reads, and those that the note at its top says it may. None of a faulty one."""
    try:
        read = meta.find_undeclared_variables(_templates().parse(text))
    except (TemplateError, RecursionError):
        return frozenset()
    noted = text.partition("#}")[0] if text.startswith("{# 可用变量") else ""
    return frozenset(read) | frozenset(_NOTED.findall(noted))


def unknown_facts(text: str, known: Collection[str]) -> tuple[tuple[int, str], ...]:
    """The facts that a template reads and nobody gives, each with its line. None of a template that is faulty."""
    try:
        tree = _templates().parse(text)
        missing = meta.find_undeclared_variables(tree) - set(known)
    except (TemplateError, RecursionError):
        return ()
    names = [(node.lineno, node.name) for node in tree.find_all(nodes.Name) if node.name in missing]
    return tuple({name: (line, name) for line, name in reversed(names)}.values())


@lru_cache(maxsize=64)
def _compiled(letters_dir: Path, own: str) -> Template:
    """A month run writes thousands of letters with one wording."""
    return _templates(letters_dir).from_string(own)


@lru_cache(maxsize=8)
def _templates(letters_dir: Path | None = None) -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(letters_dir) if letters_dir else None,
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
    )
    env.filters["yuan"] = lambda fen: Money(int(fen)).text
    return env
