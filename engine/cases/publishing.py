"""Publishing: files into the library, and a new version of every process that they touch.

Called by the studio, after it has settled who may, and by setting up. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.cases.library import (
    digest_of,
    draft_files,
    drawn_in,
    kind_of,
    laid_over,
    library_files,
    newest,
    source_of,
)
from engine.cases.library_checks import CheckReport, check_files
from engine.cases.library_tables import Change, LibraryFile
from engine.cases.office import Office
from engine.cases.openers import OPENED_HERE
from engine.cases.staff import name_of
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.values import Actor, Reason, RefusedError
from engine.workflow.tables import ProcessVersion, WorkflowCase
from engine.workflow.versions import NoSuchProcessError

FOUR_EYES = Reason(
    code="four_eyes",
    text="四眼：您参与了这张变更单的修改，须由另一位流程分析岗发布",
    text_en="Four eyes: you had a hand in this change; another analyst has to publish it.",
    source="流程图由第二人发布（本系统设计，参照鲁人社函〔2020〕10号（八）岗位不相容）",
    verified=False,
)
#: a refusal names so many errors, and then only how many more there are
_SHOWN = 20


def checked(session: Session, office: Office, change: Change) -> CheckReport:
    """The report on the change as it stands; RefusedError with every error, and where nothing differs."""
    drafts, published = draft_files(session, change.id), library_files(session)
    if all(published.get(name) == content for name, content in drafts.items()):
        raise RefusedError(
            refusal_of(
                "nothing_changed", "没有任何改动，与现行版本一致", "Nothing differs from what is published."
            )
        )
    report = check_files(laid_over(published, drafts), drafts, office.runner.versions.names)
    refuse_errors(report)
    for name, content in drafts.items():
        if content is None and name in published:
            refuse_in_use(session, office, name, published[name])
    return report


def submit(session: Session, office: Office, actor: Actor, change: Change, report: CheckReport) -> None:
    """The change, with the report on it, waits for a second person."""
    change.status, change.submitted_at, change.report = "submitted", office.clock(), report.json
    # flushed alone, so that the database judges it before anything else is written
    session.flush()
    record(session, office, actor, change, Action.LIBRARY_CHANGE_SUBMITTED)


def put_into_library(session: Session, office: Office, actor: Actor, change: Change) -> None:
    """The submitted change published by the actor: library versions, process versions, trail.

    Needs ``library.lock``. Raises RefusedError where the base moved or the check finds an error.
    """
    refuse_moved(session, change)
    report, published = checked(session, office, change), library_files(session)
    drafts = {
        name: content
        for name, content in draft_files(session, change.id).items()
        if published.get(name) != content
    }
    files = laid_over(published, drafts)
    held, now = newest(session), office.clock()
    change.status, change.report = "published", report.json
    change.decided_by, change.decided_at = actor.key, now
    # before the library moves: the database asks for a rehearsal over what was published until now
    session.flush()
    for name, content in drafts.items():
        session.add(
            LibraryFile(
                name=name,
                number=held[name].number + 1 if name in held else 1,
                content=content,
                digest=digest_of(content),
                author=change.author,
                published_by=actor.key,
                published_at=now,
                change_id=change.id,
            )
        )
    session.flush()
    action = Action.DIAGRAM_ROLLED_BACK if change.kind == "rollback" else Action.DIAGRAM_PUBLISHED
    for name in sorted({each.name for each in report.files}):
        if name.endswith(".bpmn"):
            publish_diagram(
                session,
                office,
                actor,
                files,
                name,
                author=change.author,
                note=change.title if not change.note else f"{change.title}：{change.note}",
                action=action,
            )


def publish_diagram(
    session: Session,
    office: Office,
    actor: Actor,
    files: Mapping[str, bytes],
    name: str,
    *,
    author: str,
    note: str,
    action: Action = Action.DIAGRAM_PUBLISHED,
) -> list[ProcessVersion]:
    """A version of every process of the diagram, where anything differs from its newest one; new ones on the trail."""
    newest_before = session.scalar(select(func.max(ProcessVersion.id))) or 0
    versions = office.runner.versions.publish(
        session,
        source_of(files, name),
        author=author,
        published_by=actor.key,
        note=note,
        now=office.clock(),
    )
    for version in versions:
        if version.id <= newest_before:
            continue
        append(
            session,
            stream="diagrams",
            action=action,
            actor=actor,
            subject=f"{version.process_id}:{version.number}",
            after={"digest": version.digest, "file": name, "author": author},
            reason=note,
            now=office.clock(),
        )
    return versions


def refuse_moved(session: Session, change: Change) -> None:
    """Refused where a file that the change began from was published anew since."""
    base: dict[str, int] = orjson.loads(change.base)
    held = newest(session)
    moved = [
        refusal_of(
            "base_moved",
            f"{name} 在修改期间已由{name_of(session, held[name].published_by)}发布到第{held[name].number}版"
            f"（本变更单从第{number}版改起），请修改人看过差异后再提交",
            f"{name} was published meanwhile as version {held[name].number}; the draft began from {number}.",
            fact=name,
        )
        for name, number in sorted(base.items())
        if name in held and held[name].number != number
    ]
    if moved:
        raise RefusedError(*moved)


def running_cases(session: Session, process_id: str) -> Mapping[int, int]:
    """How many cases of the process run, by the id of their version, in every region: a version is the whole office's."""
    with beyond(session, "how many cases run on a version, wherever: with one of them it is in use"):
        counts = session.execute(
            select(WorkflowCase.version_id, func.count())
            .where(WorkflowCase.process_id == process_id, WorkflowCase.status == "running")
            .group_by(WorkflowCase.version_id)
        )
        return {version_id: count for version_id, count in counts}  # noqa: C416


def refuse_in_use(session: Session, office: Office, name: str, content: bytes) -> None:
    """Refused where the file is a diagram of which cases run, or can be opened other than by a call."""
    drawn = drawn_in(content) if kind_of(name) == "diagram" else None
    for process_id in drawn.processes if drawn else ():
        running = sum(running_cases(session, process_id).values())
        try:
            starts = office.runner.versions.latest(session, process_id).blueprint.start_messages
        except NoSuchProcessError:
            starts = frozenset()
        if running or starts or process_id in OPENED_HERE:
            why = f"还有{running}件在办" if running else "仍有入口发起它的案件"
            raise RefusedError(
                refusal_of(
                    "process_in_use",
                    f"{name} 不能删除：流程“{process_id}”{why}",
                    f"{name} cannot be deleted: cases of {process_id} run or can be opened.",
                    fact=process_id,
                )
            )


def refuse_errors(report: CheckReport) -> None:
    """Raises RefusedError with every error of the report."""
    errors = report.errors
    if not errors:
        return
    reasons = [
        refusal_of(
            problem.code,
            f"{name} 第{problem.line}行：{problem.message}",
            f"{name} line {problem.line}: {problem.code}",
            fact=problem.element,
        )
        for name, problem in errors[:_SHOWN]
    ]
    if len(errors) > _SHOWN:
        reasons.append(
            refusal_of("more_errors", f"另有{len(errors) - _SHOWN}处错误", "There are more errors.")
        )
    raise RefusedError(*reasons)


def record(session: Session, office: Office, actor: Actor, change: Change, action: Action) -> None:
    """What became of the change, on the trail of the diagrams."""
    append(
        session,
        stream="diagrams",
        action=action,
        actor=actor,
        subject=f"change:{change.id}",
        after={
            "title": change.title,
            "status": change.status,
            "files": {name: digest_of(content) for name, content in draft_files(session, change.id).items()},
        },
        reason=change.why,
        now=office.clock(),
    )


def refusal_of(code: str, text: str, text_en: str, *, fact: str = "") -> Reason:
    """A reason of this room."""
    return Reason(code=code, text=text, text_en=text_en, fact=fact)
