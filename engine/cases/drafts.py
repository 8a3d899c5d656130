"""Acting on a change: who may, where it stands, what may be kept, whose work would be lost, what a draft began from.

Called by ``studio`` and ``rehearsal_runs``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import orjson
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.cases import library as shelf
from engine.cases.library_tables import Change, ChangeFile, ChangeHand
from engine.cases.office import Office
from engine.cases.publishing import refusal_of
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.studio_views import STATUS_NAMES, hands_of
from engine.duties import check_may
from engine.values import CHINA, Actor, Refusal, RefusedError
from engine.workflow.forms import MAX_BYTES as MAX_FORM_BYTES
from engine.workflow.xml_file import MAX_BYTES

T = TypeVar("T")

#: files that one change may hold, so that a whole check stays a matter of seconds
MAX_FILES = 60
MAX_LETTER_BYTES = 50_000
_LIMITS = {
    "diagram": MAX_BYTES,
    "decision": MAX_BYTES,
    "form": MAX_FORM_BYTES,
    "tests": MAX_FORM_BYTES,
    "letter": MAX_LETTER_BYTES,
}


def as_analyst(office: Office, actor: Actor, work: Callable[[Session], T], *, subject: str) -> T | Refusal:
    """The work of an analyst, in one transaction; the refusal recorded beside the diagrams."""

    def authorised(session: Session) -> T:
        refuse_no_analyst(session, office, actor)
        return work(session)

    return attempt(office, actor, authorised, subject=subject, stream="diagrams")


def refuse_no_analyst(session: Session, office: Office, actor: Actor) -> None:
    """Refused for whoever holds no post as an analyst today."""
    no = check_may(session, office.duties, actor, "analyst", office.settings.region, office.today)
    if no is not None:
        raise RefusedError(*no.reasons)


def held(session: Session, change_id: int, *statuses: str) -> Change:
    """The change, locked until the transaction ends; refused where it stands otherwise."""
    change = session.get(Change, change_id, with_for_update=True)
    if change is None:
        raise RefusedError(refusal_of("no_change", f"没有变更单 {change_id}", f"No change {change_id}."))
    if change.status not in statuses:
        is_now, wanted = (STATUS_NAMES[change.status], "、".join(STATUS_NAMES[each] for each in statuses))
        raise RefusedError(
            refusal_of(
                "change_status",
                f"变更单“{change.title}”{is_now}，只有{wanted}的才可以这样办理",
                f"The change is {change.status}.",
            )
        )
    return change


def refuse_no_hand(session: Session, change: Change, actor: Actor) -> None:
    """Refused for whoever did not work on the change."""
    if actor.key not in hands_of(session, change):
        raise RefusedError(
            refusal_of(
                "not_yours",
                "只有参与修改的人可以这样办理",
                "Only those who worked on the change may do this.",
            )
        )


def refuse_rollback(change: Change) -> None:
    """Refused where the change brings an older version back: it is not rehearsed, so nothing else goes with it."""
    if change.kind == "rollback":
        raise RefusedError(
            refusal_of(
                "rollback_fixed",
                "回退变更单只带回旧版本的文件，不能改动；要改请另开变更单",
                "A rollback brings back files as they were; open another change to edit them.",
            )
        )


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
                f"文件名“{name[:80]}”不能用：要写 名称.bpmn、forms/名称.form、decisions/名称.dmn、letters/名称.md 或 名称.tests.yaml，"
                "名称用小写字母、数字和短横线",
                "File names: x.bpmn, forms/x.form, decisions/x.dmn, letters/x.md, x.tests.yaml in lower case.",
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
