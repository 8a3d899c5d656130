"""Redrawing a running process: analysts change files of the library, another analyst publishes.

A change (变更单) goes open → submitted → published, or is rejected, or withdrawn. Whoever had a hand in it may not
publish it: four eyes, kept here and by a trigger. Looking is in ``studio_reading``; both are one door.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import orjson
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.cases import library as shelf
from engine.cases.drafts import lend_hand, refuse_one_too_many, refuse_unseen, refuse_untakeable, take_base
from engine.cases.library import Change, ChangeFile
from engine.cases.library_checks import CheckReport, check_files
from engine.cases.office import Office
from engine.cases.publishing import FOUR_EYES, put_into_library, record, refusal_of, refuse_errors
from engine.cases.steps import attempt
from engine.cases.studio_reading import (
    check_change,
    compare_versions,
    file_of,
    library,
    versions_of,
    view_change,
)
from engine.cases.studio_rehearsal import failing_cases, published_since
from engine.cases.studio_views import STATUS_NAMES, ChangeView, change_view, hands_of
from engine.cases.views import Done
from engine.duties import check_may
from engine.store.actions import Action
from engine.values import Actor, Refusal, RefusedError
from engine.workflow.tables import ProcessVersion

__all__ = [
    "check_change",
    "compare_versions",
    "drop_file",
    "file_of",
    "library",
    "open_change",
    "publish_change",
    "rebase_file",
    "reject_change",
    "reopen_change",
    "roll_back",
    "save_file",
    "submit_change",
    "versions_of",
    "view_change",
    "withdraw_change",
]

T = TypeVar("T")


def open_change(office: Office, actor: Actor, title: str, *, note: str = "") -> ChangeView | Refusal:
    """A new, empty change of the analyst."""

    def work(session: Session) -> ChangeView:
        change = _opened(session, office, actor, kind="edit", title=title, note=note)
        record(session, office, actor, change, Action.LIBRARY_CHANGE_OPENED)
        return change_view(session, change, actor)

    return _attempt(office, actor, work, subject="change:new")


def save_file(
    office: Office, actor: Actor, change_id: int, name: str, content: bytes, *, seen: str | None = None
) -> CheckReport | Refusal:
    """The draft kept, faulty or not, and what is to be said of it and of the diagrams that it touches.

    ``seen`` is the digest of what the editor was opened with. Refused where somebody else saved since; without
    ``seen``, where somebody else saved the draft last. Refused too: a name or size that the library does not take.
    """

    def work(session: Session) -> CheckReport:
        change = _held(session, change_id, "open")
        refuse_untakeable(name, content)
        draft = session.scalar(
            select(ChangeFile).where(ChangeFile.change_id == change.id, ChangeFile.name == name)
        )
        refuse_unseen(session, actor, draft, name=name, seen=seen)
        if draft is None:
            refuse_one_too_many(session, change)
            take_base(session, change, name)
            draft = ChangeFile(change_id=change.id, name=name)
        draft.content, draft.digest = content, shelf.digest_of(content)
        draft.updated_by, draft.updated_at = actor.key, office.clock()
        session.add(draft)
        lend_hand(session, change, actor)
        session.flush()
        return check_files(shelf.files_of(session, change.id), [name], office.runner.versions.names)

    return _attempt(office, actor, work, subject=f"change:{change_id}")


def drop_file(office: Office, actor: Actor, change_id: int, name: str) -> Done | Refusal:
    """The file is out of the change; the published one stands as it was."""

    def work(session: Session) -> Done:
        change = _held(session, change_id, "open")
        dropped = session.execute(
            delete(ChangeFile)
            .where(ChangeFile.change_id == change.id, ChangeFile.name == name)
            .returning(ChangeFile.id)
        ).first()
        if dropped is None:
            raise RefusedError(
                refusal_of("no_draft", f"变更单里没有文件 {name}", f"The change holds no {name}.")
            )
        base = orjson.loads(change.base)
        base.pop(name, None)
        change.base = orjson.dumps(base).decode()
        lend_hand(session, change, actor)
        return Done(message=f"{name} 已移出变更单")

    return _attempt(office, actor, work, subject=f"change:{change_id}")


def rebase_file(office: Office, actor: Actor, change_id: int, name: str) -> Done | Refusal:
    """The analyst has looked at what was published meanwhile: the draft now counts from that version."""

    def work(session: Session) -> Done:
        change = _held(session, change_id, "open")
        take_base(session, change, name)
        lend_hand(session, change, actor)
        return Done(message=f"{name} 改以现行版本为底稿")

    return _attempt(office, actor, work, subject=f"change:{change_id}")


def submit_change(office: Office, actor: Actor, change_id: int) -> ChangeView | Refusal:
    """The change waits for a second analyst; refused with every error, and every test that it makes fail."""
    looked = view_change(office, actor, change_id)
    if isinstance(looked, Refusal):
        return looked
    # only for those whom the work below will let through: rehearsals take their time
    failing = failing_cases(office, change_id) if "submit" in looked.can else ()

    def work(session: Session) -> ChangeView:
        change = _held(session, change_id, "open")
        if failing:
            raise RefusedError(*failing)
        _unchanged_since(session, looked, change, actor)
        _submit(session, office, actor, change)
        return change_view(session, change, actor)

    return _attempt(office, actor, work, subject=f"change:{change_id}")


def publish_change(office: Office, actor: Actor, change_id: int) -> ChangeView | Refusal:
    """The files are published, and a new version of every process that they touch.

    Refused for whoever had a hand in it (四眼), where what it began from is no longer what is published, and where
    the check, made again at this moment over the whole library, finds an error. The tests are played again where
    anything was published since they were.
    """
    looked = view_change(office, actor, change_id)
    if isinstance(looked, Refusal):
        return looked
    again = "publish" in looked.can and published_since(office, looked)
    failing = failing_cases(office, change_id) if again else ()

    def work(session: Session) -> ChangeView:
        if failing:
            raise RefusedError(*failing)
        shelf.lock(session)
        change = _held(session, change_id, "submitted")
        if actor.key in hands_of(session, change):
            raise RefusedError(FOUR_EYES)
        put_into_library(session, office, actor, change)
        return change_view(session, change, actor)

    return _attempt(office, actor, work, subject=f"change:{change_id}")


def reject_change(office: Office, actor: Actor, change_id: int, *, why: str) -> Done | Refusal:
    """The change goes back with a reason; its files stay as they are."""

    def work(session: Session) -> Done:
        change = _held(session, change_id, "submitted")
        change.status, change.why = "rejected", _given(why)
        change.decided_by, change.decided_at = actor.key, office.clock()
        record(session, office, actor, change, Action.LIBRARY_CHANGE_REJECTED)
        return Done(message=f"变更单“{change.title}”已退回")

    return _attempt(office, actor, work, subject=f"change:{change_id}")


def reopen_change(office: Office, actor: Actor, change_id: int) -> ChangeView | Refusal:
    """A submitted or rejected change can be worked on again, by those who had a hand in it."""

    def work(session: Session) -> ChangeView:
        change = _held(session, change_id, "submitted", "rejected")
        _own(session, change, actor)
        change.status, change.submitted_at = "open", None
        change.decided_by, change.decided_at = None, None
        record(session, office, actor, change, Action.LIBRARY_CHANGE_OPENED)
        return change_view(session, change, actor)

    return _attempt(office, actor, work, subject=f"change:{change_id}")


def withdraw_change(office: Office, actor: Actor, change_id: int, *, why: str = "") -> Done | Refusal:
    """The change is given up by one of those who had a hand in it; its files stay readable."""

    def work(session: Session) -> Done:
        change = _held(session, change_id, "open", "submitted", "rejected")
        _own(session, change, actor)
        change.status, change.why = "withdrawn", why.strip() or change.why
        change.decided_by, change.decided_at = actor.key, office.clock()
        record(session, office, actor, change, Action.LIBRARY_CHANGE_WITHDRAWN)
        return Done(message=f"变更单“{change.title}”已作废")

    return _attempt(office, actor, work, subject=f"change:{change_id}")


def roll_back(
    office: Office, actor: Actor, process_id: str, number: int, *, why: str
) -> ChangeView | Refusal:
    """A submitted change that brings back the diagram, forms and decisions of an older version, for a second person.

    Refused where they are what is published now, or where they could not be published today.
    """

    def work(session: Session) -> ChangeView:
        version = session.scalar(
            select(ProcessVersion).where(
                ProcessVersion.process_id == process_id, ProcessVersion.number == number
            )
        )
        if version is None:
            raise RefusedError(
                refusal_of(
                    "no_version",
                    f"流程“{process_id}”没有第{number}版",
                    f"{process_id} has no version {number}.",
                )
            )
        title = f"回退{version.name or process_id}到第{number}版"
        change = _opened(
            session,
            office,
            actor,
            kind="rollback",
            title=title,
            note=_given(why),
            target=f"{process_id}:{number}",
        )
        published = shelf.library_files(session)
        for name, content in _files_of(version).items():
            if published.get(name) != content:
                take_base(session, change, name)
                session.add(
                    ChangeFile(
                        change_id=change.id,
                        name=name,
                        content=content,
                        digest=shelf.digest_of(content),
                        updated_by=actor.key,
                        updated_at=office.clock(),
                    )
                )
        session.flush()
        _submit(session, office, actor, change)
        return change_view(session, change, actor)

    return _attempt(office, actor, work, subject=f"{process_id}:{number}")


def _attempt(office: Office, actor: Actor, work: Callable[[Session], T], *, subject: str) -> T | Refusal:
    """The work of an analyst, in one transaction; the refusal recorded beside the diagrams."""

    def authorised(session: Session) -> T:
        no = check_may(session, office.duties, actor, "analyst", office.settings.region, office.today)
        if no is not None:
            raise RefusedError(*no.reasons)
        return work(session)

    return attempt(office, actor, authorised, subject=subject, stream="diagrams")


def _opened(
    session: Session, office: Office, actor: Actor, *, kind: str, title: str, note: str, target: str = ""
) -> Change:
    title = " ".join(title.split())
    if not title or len(title) > 120:
        raise RefusedError(
            refusal_of("title", "请写明改什么（1至120字）", "Say what is changed, in 1 to 120 characters.")
        )
    change = Change(
        kind=kind,
        target=target,
        title=title,
        note=note.strip(),
        author=actor.key,
        status="open",
        base="{}",
        opened_at=office.clock(),
    )
    session.add(change)
    session.flush()
    lend_hand(session, change, actor)
    return change


def _submit(session: Session, office: Office, actor: Actor, change: Change) -> None:
    drafts, published = shelf.draft_files(session, change.id), shelf.library_files(session)
    if all(published.get(name) == content for name, content in drafts.items()):
        raise RefusedError(
            refusal_of(
                "nothing_changed", "没有任何改动，与现行版本一致", "Nothing differs from what is published."
            )
        )
    report = check_files({**published, **drafts}, drafts, office.runner.versions.names)
    refuse_errors(report)
    change.status, change.submitted_at, change.report = "submitted", office.clock(), report.json
    record(session, office, actor, change, Action.LIBRARY_CHANGE_SUBMITTED)


def _unchanged_since(session: Session, looked: ChangeView, change: Change, actor: Actor) -> None:
    """What is submitted is what was rehearsed."""
    now = change_view(session, change, actor)
    if [(each.name, each.digest) for each in now.files] != [
        (each.name, each.digest) for each in looked.files
    ]:
        raise RefusedError(
            refusal_of(
                "saved_meanwhile",
                "检查期间有人改过这张变更单里的文件，请看过后再提交",
                "Somebody saved a file of the change meanwhile; look at it and submit again.",
            )
        )


def _held(session: Session, change_id: int, *statuses: str) -> Change:
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


def _own(session: Session, change: Change, actor: Actor) -> None:
    if actor.key not in hands_of(session, change):
        raise RefusedError(
            refusal_of(
                "not_yours",
                "只有参与修改的人可以这样办理",
                "Only those who worked on the change may do this.",
            )
        )


def _given(why: str) -> str:
    if not why.strip():
        raise RefusedError(refusal_of("why_missing", "请写明原因", "Say why."))
    return why.strip()


def _files_of(version: ProcessVersion) -> dict[str, bytes]:
    """The files that the version was published from, by their names in the library."""
    bundle = orjson.loads(version.bundle)
    return {
        version.file_name: version.diagram,
        **{f"forms/{key}.form": text.encode() for key, text in bundle["forms"].items()},
        **{f"decisions/{name}": text.encode() for name, text in bundle["decisions"].items()},
    }
