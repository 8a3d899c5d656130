"""Saving drafts of a change: what may be kept, whose work would be lost, what a draft began from.

Called by ``studio`` within its transaction.
"""

from __future__ import annotations

import orjson
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.cases import library as shelf
from engine.cases.library import Change, ChangeFile, ChangeHand
from engine.cases.publishing import refusal_of
from engine.cases.staff import name_of
from engine.values import CHINA, Actor, RefusedError
from engine.workflow.forms import MAX_BYTES as MAX_FORM_BYTES
from engine.workflow.xml_file import MAX_BYTES

#: files that one change may hold, so that a whole check stays a matter of seconds
MAX_FILES = 60
_LIMITS = {"diagram": MAX_BYTES, "decision": MAX_BYTES, "form": MAX_FORM_BYTES, "tests": MAX_FORM_BYTES}


def lend_hand(session: Session, change: Change, actor: Actor) -> None:
    """The actor had a hand in it, for good: who takes a draft out again still knows what it was."""
    session.execute(insert(ChangeHand).values(change_id=change.id, actor=actor.key).on_conflict_do_nothing())


def take_base(session: Session, change: Change, name: str) -> None:
    """The draft of the file counts from the version that is published now."""
    held = shelf.newest(session).get(name)
    change.base = orjson.dumps({**orjson.loads(change.base), name: held.number if held else 0}).decode()


def refuse_untakeable(name: str, content: bytes) -> None:
    """Refused where the library takes no file of that name, or none so large."""
    kind = shelf.kind_of(name)
    if kind is None:
        raise RefusedError(
            refusal_of(
                "file_name",
                f"文件名“{name[:80]}”不能用：要写 名称.bpmn、forms/名称.form、decisions/名称.dmn 或 名称.tests.yaml，"
                "名称用小写字母、数字和短横线",
                "File names: x.bpmn, forms/x.form, decisions/x.dmn, x.tests.yaml in lower case.",
            )
        )
    if len(content) > _LIMITS[kind]:
        raise RefusedError(
            refusal_of(
                "file_too_large",
                f"{name}：文件太大（{len(content) / 1e6:.1f}MB，最多{_LIMITS[kind] / 1e6:.1f}MB），没有保存",
                f"{name} is too large; nothing was kept.",
            )
        )


def refuse_unseen(
    session: Session, actor: Actor, draft: ChangeFile | None, *, name: str, seen: str | None
) -> None:
    """Refused where the analyst would write over what somebody else saved and they have not seen."""
    if draft is None:
        published = shelf.newest(session).get(name)
        if seen is None or published is None or published.digest == seen:
            return
        who, when = published.published_by, published.published_at
    else:
        if draft.digest == seen or (seen is None and draft.updated_by == actor.key):
            return
        who, when = draft.updated_by, draft.updated_at
    whose, at = name_of(session, who), f"{when.astimezone(CHINA):%Y-%m-%d %H:%M}"
    raise RefusedError(
        refusal_of(
            "saved_meanwhile",
            f"{name} 已由{whose}于{at}改过，您打开的不是最新内容；您的内容没有保存，请先看过最新内容再合并",
            f"{name} was saved by {whose} at {at}; yours was not kept. Look at theirs, then merge.",
            fact=who,
        )
    )


def refuse_one_too_many(session: Session, change: Change) -> None:
    """Refused where the change is full."""
    held = session.scalar(select(func.count()).where(ChangeFile.change_id == change.id)) or 0
    if held >= MAX_FILES:
        raise RefusedError(
            refusal_of("too_many_files", f"一张变更单最多{MAX_FILES}个文件", f"At most {MAX_FILES} files.")
        )
