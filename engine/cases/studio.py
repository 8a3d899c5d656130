"""Redrawing a running process: analysts change files of the library, another analyst publishes.

A change (变更单) goes open → submitting → submitted → published, or is rejected, or withdrawn. Whoever had a hand in it may not
publish it: four eyes, kept here and by a trigger. Looking is in ``studio_reading``; both are one door.
"""

from __future__ import annotations

import orjson
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.cases import library as shelf
from engine.cases.drafts import (
    as_analyst,
    held,
    lend_hand,
    refuse_no_hand,
    refuse_one_too_many,
    refuse_rollback,
    refuse_unseen,
    refuse_untakeable,
    take_base,
)
from engine.cases.library_checks import CheckReport, check_files
from engine.cases.library_tables import Change, ChangeFile
from engine.cases.office import Office
from engine.cases.publishing import (
    FOUR_EYES,
    checked,
    put_into_library,
    record,
    refusal_of,
    refuse_in_use,
    refuse_moved,
    submit,
)
from engine.cases.rehearsal_runs import hand_in, not_yet_rehearsed
from engine.cases.studio_reading import (
    check_change,
    compare_versions,
    file_of,
    library,
    versions_of,
    view_change,
)
from engine.cases.studio_views import ChangeView, change_view, hands_of
from engine.cases.views import Done
from engine.store.actions import Action
from engine.values import Actor, Refusal, RefusedError
from engine.workflow.tables import ProcessVersion

__all__ = [
    "check_change",
    "compare_versions",
    "delete_file",
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


def open_change(office: Office, actor: Actor, title: str, *, note: str = "") -> ChangeView | Refusal:
    """A new, empty change of the analyst."""

    def work(session: Session) -> ChangeView:
        change = _opened(session, office, actor, kind="edit", title=title, note=note)
        record(session, office, actor, change, Action.LIBRARY_CHANGE_OPENED)
        return change_view(session, change, actor)

    return as_analyst(office, actor, work, subject="change:new")


def save_file(
    office: Office, actor: Actor, change_id: int, name: str, content: bytes, *, seen: str | None = None
) -> CheckReport | Refusal:
    """The draft kept, faulty or not, and what is to be said of it and of the diagrams that it touches.

    ``seen`` is the digest of what the editor was opened with. Refused where somebody else saved since; without
    ``seen``, where somebody else saved the draft last. Refused too: a name or size that the library does not take.
    """

    def work(session: Session) -> CheckReport:
        change = held(session, change_id, "open")
        refuse_untakeable(name, content)
        return _drafted(session, office, actor, change, name, content, seen=seen)

    return as_analyst(office, actor, work, subject=f"change:{change_id}")


def delete_file(
    office: Office, actor: Actor, change_id: int, name: str, *, seen: str | None = None
) -> CheckReport | Refusal:
    """The change takes the published file out of the library, and what is to be said of the diagrams that name it.

    ``seen`` as for :func:`save_file`. Refused for a file that is not published, and for a diagram of which cases run
    or can still be opened. Taken back with :func:`drop_file`.
    """

    def work(session: Session) -> CheckReport:
        change = held(session, change_id, "open")
        published = shelf.library_files(session).get(name)
        if published is None:
            raise RefusedError(refusal_of("no_file", f"流程库里没有文件 {name[:80]}", "No such file."))
        refuse_in_use(session, office, name, published)
        return _drafted(session, office, actor, change, name, None, seen=seen)

    return as_analyst(office, actor, work, subject=f"change:{change_id}")


def drop_file(office: Office, actor: Actor, change_id: int, name: str) -> Done | Refusal:
    """The file is out of the change; the published one stands as it was."""

    def work(session: Session) -> Done:
        change = held(session, change_id, "open")
        refuse_rollback(change)
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

    return as_analyst(office, actor, work, subject=f"change:{change_id}")


def rebase_file(office: Office, actor: Actor, change_id: int, name: str) -> Done | Refusal:
    """The analyst has looked at what was published meanwhile: the draft now counts from that version."""

    def work(session: Session) -> Done:
        change = held(session, change_id, "open")
        take_base(session, change, name)
        lend_hand(session, change, actor)
        return Done(message=f"{name} 改以现行版本为底稿")

    return as_analyst(office, actor, work, subject=f"change:{change_id}")


def submit_change(office: Office, actor: Actor, change_id: int) -> ChangeView | Refusal:
    """The change waits for a second analyst; until its tests have passed it is on its way there (``submitting``).

    Refused with every error of the check. A test that fails leaves the change open: ``rehearsal_runs.run_view``.
    """

    def work(session: Session) -> ChangeView:
        change = held(session, change_id, "open")
        hand_in(session, office, actor, change)
        return change_view(session, change, actor)

    return as_analyst(office, actor, work, subject=f"change:{change_id}")


def publish_change(office: Office, actor: Actor, change_id: int) -> ChangeView | Refusal:
    """The files are published, and a new version of every process that they touch.

    Refused for whoever had a hand in it (四眼), where what it began from is no longer what is published, and where
    the check, made again at this moment over the whole library, finds an error. Refused too while its tests have
    not passed over what is published now: they are then played again.
    """

    def work(session: Session) -> ChangeView | Refusal:
        shelf.lock(session)
        change = held(session, change_id, "submitted")
        if actor.key in hands_of(session, change):
            raise RefusedError(FOUR_EYES)
        refuse_moved(session, change)
        # a value, not an exception: the rehearsal that it asks for must stand
        no = not_yet_rehearsed(session, office, actor, change)
        if no is not None:
            return no
        put_into_library(session, office, actor, change)
        return change_view(session, change, actor)

    return as_analyst(office, actor, work, subject=f"change:{change_id}")


def reject_change(office: Office, actor: Actor, change_id: int, *, why: str) -> Done | Refusal:
    """The change goes back with a reason; its files stay as they are."""

    def work(session: Session) -> Done:
        change = held(session, change_id, "submitted")
        change.status, change.why = "rejected", _given(why)
        change.decided_by, change.decided_at = actor.key, office.clock()
        record(session, office, actor, change, Action.LIBRARY_CHANGE_REJECTED)
        return Done(message=f"变更单“{change.title}”已退回")

    return as_analyst(office, actor, work, subject=f"change:{change_id}")


def reopen_change(office: Office, actor: Actor, change_id: int) -> ChangeView | Refusal:
    """A change that was handed in or rejected can be worked on again, by those who had a hand in it."""

    def work(session: Session) -> ChangeView:
        change = held(session, change_id, "submitting", "submitted", "rejected")
        refuse_no_hand(session, change, actor)
        change.status, change.submitted_at = "open", None
        change.decided_by, change.decided_at = None, None
        record(session, office, actor, change, Action.LIBRARY_CHANGE_OPENED)
        return change_view(session, change, actor)

    return as_analyst(office, actor, work, subject=f"change:{change_id}")


def withdraw_change(office: Office, actor: Actor, change_id: int, *, why: str = "") -> Done | Refusal:
    """The change is given up by one of those who had a hand in it; its files stay readable."""

    def work(session: Session) -> Done:
        change = held(session, change_id, "open", "submitting", "submitted", "rejected")
        refuse_no_hand(session, change, actor)
        change.status, change.why = "withdrawn", why.strip() or change.why
        change.decided_by, change.decided_at = actor.key, office.clock()
        record(session, office, actor, change, Action.LIBRARY_CHANGE_WITHDRAWN)
        return Done(message=f"变更单“{change.title}”已作废")

    return as_analyst(office, actor, work, subject=f"change:{change_id}")


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
        for name, content in {version.file_name: version.diagram, **shelf.files_beside(version)}.items():
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
        submit(session, office, actor, change, checked(session, office, change))
        return change_view(session, change, actor)

    return as_analyst(office, actor, work, subject=f"{process_id}:{number}")


def _drafted(
    session: Session,
    office: Office,
    actor: Actor,
    change: Change,
    name: str,
    content: bytes | None,
    *,
    seen: str | None,
) -> CheckReport:
    """The draft kept, and what is to be said of it; None for a file that the change takes out."""
    refuse_rollback(change)
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


def _given(why: str) -> str:
    if not why.strip():
        raise RefusedError(refusal_of("why_missing", "请写明原因", "Say why."))
    return why.strip()
