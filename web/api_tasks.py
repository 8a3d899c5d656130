"""The API of one task: everything its page does, and many at once."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema

from engine.cases import bulk, handing, inbox, sending_back, signing, telling
from engine.cases.office import Office
from engine.cases.views import BulkRow, TaskView
from engine.values import Actor
from web import api_schemas as schemas
from web.api_doors import STAFF, Room, reads, writes
from web.api_records import answer_of, rows_of

tasks = Room("tasks", chinese="任务", english="tasks")


@reads(tasks, "/tasks/<task_id>", chinese="查看任务", answer=answer_of(TaskView))
def task(office: Office, actor: Actor, task_id: str) -> object:
    """A task with its form's fields, facts and reasons."""
    return inbox.task_view(office, actor, task_id)


@writes(tasks, "/tasks/<task_id>/claim", chinese="领取任务")
def claim(office: Office, actor: Actor, task_id: str) -> object:
    """Take a task."""
    return inbox.claim_task(office, actor, task_id)


@writes(tasks, "/tasks/<task_id>/release", chinese="退回待领")
def release(office: Office, actor: Actor, task_id: str) -> object:
    """Give a task back to everybody of the duty."""
    return inbox.release_task(office, actor, task_id)


@writes(tasks, "/tasks/<task_id>/draft", method="PUT", chinese="暂存", asks=schemas.Completion)
def draft(office: Office, actor: Actor, asked: dict[str, Any], task_id: str) -> object:
    """Keep answers that are not complete yet."""
    return inbox.save_draft(office, actor, task_id, asked["fields"])


@writes(tasks, "/tasks/<task_id>/complete", chinese="办结", asks=schemas.Completion)
def complete(office: Office, actor: Actor, asked: dict[str, Any], task_id: str) -> object:
    """Hand a task in; the fields are those of its form, written as on the page."""
    return inbox.complete_task(office, actor, task_id, asked["fields"])


@reads(
    tasks, "/tasks/<task_id>/earlier-steps", chinese="可退回的环节", answer=rows_of(sending_back.EarlierStep)
)
def earlier_steps(office: Office, actor: Actor, task_id: str) -> object:
    """The steps to which a task can be sent back, and why not to others."""
    return sending_back.ways_back(office, actor, task_id)


@writes(tasks, "/tasks/<task_id>/send-back", chinese="退回", asks=schemas.SendBack, who=STAFF)
def send_back(office: Office, actor: Actor, asked: dict[str, Any], task_id: str) -> object:
    """Send a task back to an earlier step; controls done since are void."""
    return sending_back.send_back(
        office, actor, task_id, to=asked["to"], why=asked["why"], resume=asked["resume"]
    )


@writes(tasks, "/tasks/<task_id>/recall", chinese="撤回", asks=schemas.Why, who=STAFF)
def recall(office: Office, actor: Actor, asked: dict[str, Any], task_id: str) -> object:
    """Take back what one has just completed, while nobody after has acted."""
    return sending_back.recall(office, actor, task_id, why=asked["why"])


@reads(
    tasks,
    "/tasks/<task_id>/candidates",
    chinese="可接办的同事",
    asks=schemas.Search,
    answer=rows_of(handing.Candidate),
    who=STAFF,
)
def candidates(office: Office, actor: Actor, asked: dict[str, Any], task_id: str) -> object:
    """Colleagues to whom the task could go, or who could sign it, with the reasons against others."""
    return handing.candidates(office, actor, task_id, search=asked["search"], to_sign=asked["to_sign"])


@writes(tasks, "/tasks/<task_id>/hand-over", chinese="转办", asks=schemas.HandOver, who=STAFF)
def hand_over(office: Office, actor: Actor, asked: dict[str, Any], task_id: str) -> object:
    """Give a task to a colleague for good."""
    return handing.hand_over(office, actor, task_id, to=asked["to"], why=asked["why"])


@writes(tasks, "/tasks/<task_id>/delegate", chinese="委派", asks=schemas.HandOver, who=STAFF)
def delegate(office: Office, actor: Actor, asked: dict[str, Any], task_id: str) -> object:
    """Let a colleague work on a task that comes back to oneself."""
    return handing.delegate(office, actor, task_id, to=asked["to"], why=asked["why"])


@writes(tasks, "/tasks/<task_id>/give-back", chinese="交回委派", asks=schemas.Remark, who=STAFF)
def give_back(office: Office, actor: Actor, asked: dict[str, Any], task_id: str) -> object:
    """Give a delegated task back to its owner."""
    return handing.give_back(office, actor, task_id, note=asked["note"])


@writes(tasks, "/tasks/<task_id>/signers", chinese="加签", asks=schemas.AddSigner, who=STAFF)
def add_signer(office: Office, actor: Actor, asked: dict[str, Any], task_id: str) -> object:
    """Ask a colleague for an opinion before or after completion."""
    return signing.add_signer(
        office, actor, task_id, signer=asked["signer"], place=asked["place"], why=asked["why"]
    )


@writes(tasks, "/tasks/<task_id>/signers/<signer>", method="DELETE", chinese="减签", who=STAFF)
def remove_signer(office: Office, actor: Actor, task_id: str, signer: str) -> object:
    """Ask a colleague no longer who has not signed yet."""
    return signing.remove_signer(office, actor, task_id, signer=signer)


@writes(tasks, "/tasks/<task_id>/sign", chinese="签署意见", asks=schemas.Opinion, who=STAFF)
def sign(office: Office, actor: Actor, asked: dict[str, Any], task_id: str) -> object:
    """Give the opinion that one was asked for."""
    return signing.sign(office, actor, task_id, opinion=asked["opinion"], note=asked["note"])


@writes(tasks, "/tasks/<task_id>/take-back", chinese="撤回提交", who=STAFF)
def take_back(office: Office, actor: Actor, task_id: str) -> object:
    """Take back what waits for those who sign after."""
    return signing.take_back_completion(office, actor, task_id)


@writes(tasks, "/tasks/<task_id>/urge", chinese="催办", asks=schemas.Remark, who=STAFF)
def urge(office: Office, actor: Actor, asked: dict[str, Any], task_id: str) -> object:
    """Press for a task."""
    return telling.urge(office, actor, task_id, note=asked["note"])


def _many(path: str, chinese: str, asks: type[Schema]) -> Any:
    return writes(
        tasks,
        f"/bulk/{path}",
        chinese=chinese,
        asks=asks,
        who=STAFF,
        parts=True,
        done=tuple,
        answer=rows_of(BulkRow),
    )


@_many("claim", "批量领取", schemas.Tasks)
def claim_all(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Take many tasks; each row has its own answer."""
    return bulk.claim_all(office, actor, asked["task_ids"])


@_many("release", "批量退回待领", schemas.Tasks)
def release_all(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Give many tasks back; each row has its own answer."""
    return bulk.release_all(office, actor, asked["task_ids"])


@_many("hand-over", "批量转办", schemas.TasksTo)
def hand_all(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Hand many tasks over; each row has its own answer."""
    return bulk.hand_all(office, actor, asked["task_ids"], to=asked["to"], why=asked["why"])


@_many("complete", "批量办结", schemas.TasksCompletion)
def complete_all(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Complete many tasks of one step with the same answers; each row has its own answer."""
    return bulk.complete_all(office, actor, asked["task_ids"], asked["fields"])
