"""The API of the studio: the library, changes on their way, versions, and moves of cases between them."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema

from engine.cases import move_trial, moves, rehearsal_runs, studio_reading
from engine.cases import studio as desk
from engine.cases.library_checks import CheckReport
from engine.cases.move_trial import MoveReport
from engine.cases.moves import MoveProgress
from engine.cases.office import Office
from engine.cases.rehearsal_runs import RunView
from engine.cases.studio_views import ChangeView, FileView, LibraryView, VersionComparison, VersionRow
from engine.values import Actor, Reason, Refusal
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, reads, writes
from web.api_records import answer_of, rows_of

studio = Room("studio", chinese="流程工作室", english="the studio")

_CHANGE = f"/studio/changes/<{NUMBER}:change_id>"
_NOT_RUN = Refusal(
    reasons=(
        Reason(code="no_such_run", text="此变更单尚未演练", text_en="The change was not rehearsed yet."),
    )
)


class NewChange(Schema):
    """A new change."""

    title = schemas.Text("title")
    note = schemas.Text("note", longest=2000, required=False)


class DraftFile(schemas.File):
    """A file as it is to be, and the digest of what it was opened with."""

    seen = schemas.Text("digest", longest=64, required=False)


class Move(Schema):
    """From which version to which."""

    from_version_id = schemas.number("from_version_id")
    to_version_id = schemas.number("to_version_id")


class Versions(Schema):
    """Which two versions are compared."""

    old = schemas.number("old", largest=1_000_000)
    new = schemas.number("new", largest=1_000_000)


@reads(studio, "/studio/library", chinese="流程库", answer=answer_of(LibraryView), who=STAFF)
def library(office: Office, actor: Actor) -> object:
    """Published files, and the changes on their way."""
    return studio_reading.library(office, actor)


@reads(studio, "/studio/files/<path:file_name>", chinese="流程库文件", answer=answer_of(FileView), who=STAFF)
def file(office: Office, actor: Actor, file_name: str) -> object:
    """A published file, byte for byte, in Base64."""
    return studio_reading.file_of(office, actor, file_name)


@writes(
    studio, "/studio/changes", chinese="开立变更单", asks=NewChange, done=ChangeView, status=201, who=STAFF
)
def open_change(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Open an empty change."""
    return desk.open_change(office, actor, asked["title"], note=asked["note"])


@reads(studio, _CHANGE, chinese="查看变更单", answer=answer_of(ChangeView), who=STAFF)
def change(office: Office, actor: Actor, change_id: int) -> object:
    """A change with its files."""
    return studio_reading.view_change(office, actor, change_id)


@reads(
    studio,
    f"{_CHANGE}/files/<path:file_name>",
    chinese="变更单中的文件",
    answer=answer_of(FileView),
    who=STAFF,
)
def draft(office: Office, actor: Actor, change_id: int, file_name: str) -> object:
    """The draft of a file, else what is published."""
    return studio_reading.file_of(office, actor, file_name, change_id=change_id)


@writes(
    studio,
    f"{_CHANGE}/files/<path:file_name>",
    method="PUT",
    chinese="保存文件",
    uploads=DraftFile,
    done=CheckReport,
    who=STAFF,
)
def save_file(office: Office, actor: Actor, asked: dict[str, Any], change_id: int, file_name: str) -> object:
    """Keep the draft of a file, and say what is to be mended."""
    content = schemas.content_of(asked["file"])
    return desk.save_file(office, actor, change_id, file_name, content, seen=asked["seen"] or None)


@writes(
    studio,
    f"{_CHANGE}/deletions/<path:file_name>",
    chinese="从流程库删除文件",
    done=CheckReport,
    who=STAFF,
)
def delete_file(office: Office, actor: Actor, change_id: int, file_name: str) -> object:
    """The change takes a published file out of the library."""
    return desk.delete_file(office, actor, change_id, file_name)


@writes(studio, f"{_CHANGE}/files/<path:file_name>", method="DELETE", chinese="从变更单撤下文件", who=STAFF)
def drop_file(office: Office, actor: Actor, change_id: int, file_name: str) -> object:
    """Take a file out of a change."""
    return desk.drop_file(office, actor, change_id, file_name)


@writes(studio, f"{_CHANGE}/rebase/<path:file_name>", chinese="改以最新版本为底", who=STAFF)
def rebase_file(office: Office, actor: Actor, change_id: int, file_name: str) -> object:
    """Let the draft stand on what is published now."""
    return desk.rebase_file(office, actor, change_id, file_name)


@reads(studio, f"{_CHANGE}/check", chinese="检查变更单", answer=answer_of(CheckReport), who=STAFF)
def check(office: Office, actor: Actor, change_id: int) -> object:
    """What is to be said of a change."""
    return studio_reading.check_change(office, actor, change_id)


@writes(studio, f"{_CHANGE}/submission", chinese="送审", done=ChangeView, who=STAFF)
def submit(office: Office, actor: Actor, change_id: int) -> object:
    """Submit a change, at once or when its tests have passed."""
    return desk.submit_change(office, actor, change_id)


@writes(studio, f"{_CHANGE}/publication", chinese="发布", done=ChangeView, who=STAFF)
def publish(office: Office, actor: Actor, change_id: int) -> object:
    """Publish a change as the second person."""
    return desk.publish_change(office, actor, change_id)


@writes(studio, f"{_CHANGE}/reopening", chinese="重新编辑", done=ChangeView, who=STAFF)
def reopen(office: Office, actor: Actor, change_id: int) -> object:
    """Take a submitted change back to be edited."""
    return desk.reopen_change(office, actor, change_id)


@writes(studio, f"{_CHANGE}/rejection", chinese="驳回变更单", asks=schemas.Why, who=STAFF)
def reject(office: Office, actor: Actor, asked: dict[str, Any], change_id: int) -> object:
    """Reject a change as the second person."""
    return desk.reject_change(office, actor, change_id, why=asked["why"])


@writes(studio, f"{_CHANGE}/withdrawal", chinese="作废变更单", asks=schemas.Why, who=STAFF)
def withdraw(office: Office, actor: Actor, asked: dict[str, Any], change_id: int) -> object:
    """Give a change up."""
    return desk.withdraw_change(office, actor, change_id, why=asked["why"])


@reads(studio, f"{_CHANGE}/run", chinese="演练情况", answer=answer_of(RunView), who=STAFF)
def run(office: Office, actor: Actor, change_id: int) -> object:
    """How the latest rehearsal of a change stands; asked for again and again, with If-None-Match."""
    found = rehearsal_runs.run_view(office, actor, change_id)
    return _NOT_RUN if found is None else found


@writes(studio, f"{_CHANGE}/run", chinese="开始演练", done=RunView, who=STAFF)
def start_run(office: Office, actor: Actor, change_id: int) -> object:
    """Play the tests of a change in the background."""
    return rehearsal_runs.start_run(office, actor, change_id)


@reads(
    studio,
    "/studio/processes/<process_id>/versions",
    chinese="流程各版本",
    answer=rows_of(VersionRow),
    who=STAFF,
)
def versions(office: Office, actor: Actor, process_id: str) -> object:
    """The published versions of a process, newest first."""
    return studio_reading.versions_of(office, actor, process_id)


@reads(
    studio,
    "/studio/processes/<process_id>/comparison",
    chinese="比较两个版本",
    asks=Versions,
    answer=answer_of(VersionComparison),
    who=STAFF,
)
def compare(office: Office, actor: Actor, asked: dict[str, Any], process_id: str) -> object:
    """What differs by meaning between two versions."""
    return studio_reading.compare_versions(office, actor, process_id, asked["old"], asked["new"])


@writes(
    studio,
    f"/studio/processes/<process_id>/versions/<{NUMBER}:version>/roll-back",
    chinese="回退版本",
    asks=schemas.Why,
    done=ChangeView,
    who=STAFF,
)
def roll_back(office: Office, actor: Actor, asked: dict[str, Any], process_id: str, version: int) -> object:
    """A submitted change that brings an older version back, for a second person."""
    return desk.roll_back(office, actor, process_id, version, why=asked["why"])


@writes(studio, "/studio/moves/trials", chinese="换版试算", asks=Move, done=MoveReport, who=STAFF)
def dry_run(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """What a move would do to the open cases; nothing is changed."""
    return move_trial.dry_run(office, actor, limit=100, **asked)


@writes(studio, "/studio/moves", chinese="开始换版", asks=Move, done=MoveProgress, status=201, who=STAFF)
def start_move(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Move the open cases from one version to another, in the background."""
    return moves.start_move(office, actor, **asked)


@reads(
    studio, f"/studio/moves/<{NUMBER}:job_id>", chinese="换版进度", answer=answer_of(MoveProgress), who=STAFF
)
def move(office: Office, actor: Actor, job_id: int) -> object:
    """How far a move has come; asked for again and again, with If-None-Match."""
    return moves.move_progress(office, actor, job_id)


@writes(
    studio,
    f"/studio/moves/<{NUMBER}:job_id>/undo",
    chinese="撤回换版",
    asks=schemas.Why,
    done=MoveProgress,
    who=STAFF,
)
def undo_move(office: Office, actor: Actor, asked: dict[str, Any], job_id: int) -> object:
    """Take a move back for cases that have not gone on since."""
    return moves.undo_move(office, actor, job_id, why=asked["why"])
