"""Going one way back of a running case: what was completed is sent back, taken back, or comes straight back.

What may be gone is said by ``going_back``; here it is done in the loaded case and told in its history. Called by
``runner``, which loads the case, lets the engine run on and saves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from SpiffWorkflow.task import Task
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.duties.tables import HANDS
from engine.store.outbox import OutboxMessage
from engine.values import Reason, RefusedError
from engine.workflow import tokens
from engine.workflow.going_back import (
    Judge,
    Retreat,
    data_after,
    field_of,
    guarded,
    reason,
)
from engine.workflow.history import WENT_BACK, history_of
from engine.workflow.net import bits
from engine.workflow.rewinding import fresh
from engine.workflow.stepping import Live, told
from engine.workflow.tables import WorkflowHistory, WorkflowTask
from engine.workflow.vocabulary import PEOPLE_TASKS, Element, Names
from engine.workflow.whereabouts import whereabouts_of

#: under which a waiting task remembers to whom it goes straight back
RESUME = "resume"
OVER_AT_ONCE = Reason(
    code="over_at_once",
    text="该环节的期限已过，或者没有人要办，退回后会立即结束，请退回到别的环节",
    text_en="The step would be over at once: its time has passed, or nobody has to do it.",
)


def send_back(
    session: Session, live: Live, names: Names, sender: Task, *, to: str, why: str, resume: bool
) -> tuple[Task, WorkflowHistory]:
    """The fresh task of the step, and the row that tells it. The engine still has to run. Raises RefusedError."""
    retreat = _refuse_unless(_judge(session, live, names, sender).judge(to))
    own = str(sender.task_spec.bpmn_id)
    straight = resume and retreat.resume
    row = _tell(live, "returned", retreat, {"why": why, "from": own, "resume": straight})
    task = _go(retreat, sender)
    if straight:
        task.internal_data[RESUME] = {"element": own, "assignee": live.around.actor.key}
    return task, row


def recall(
    session: Session, live: Live, names: Names, done: WorkflowTask, *, why: str
) -> tuple[Task, WorkflowHistory]:
    """The same for a completed task that nobody and nothing after it has acted upon. Raises RefusedError."""
    history, elements = history_of(session, live.ref.id), live.version.blueprint.elements
    retreat = _refuse_unless(
        _acted_since(history, names, elements, done)
        or _left_since(session, done)
        or _judge(session, live, names, None).judge(done.element_id)
    )
    open_rows = session.scalars(
        select(WorkflowTask).where(WorkflowTask.case_id == live.ref.id, WorkflowTask.status == "ready")
    )
    taken = _taken_up(retreat, open_rows, live.around.actor.key)
    if taken is not None:
        raise RefusedError(taken)
    row = _tell(live, "recalled", retreat, {"why": why, "from": done.element_id})
    return _go(retreat, None), row


def goes_straight_back(live: Live, names: Names, task: Task) -> bool:
    """Whether the case went straight back from the completed task to who sent it here, and no step between is done.

    False where nobody asked for it, or where what happened meanwhile has closed the way: then it goes step by step.
    """
    asked = task.internal_data.get(RESUME)
    if asked is None:
        return False
    field = field_of(live.version, names)
    where = whereabouts_of(live.workflow, field.net, task)
    place = where.place_of(task)
    if not place:
        return False
    spot = field.net.holders[place.bit_length() - 1]
    ground, own = field.net.grounds[spot.scope], str(asked["element"])
    target = next((each for each in field.net.spots if (each.scope, each.node.id) == (spot.scope, own)), None)
    if target is None or target.node.kind not in PEOPLE_TASKS:
        return False
    going = where.marking & (place | ground.arming[spot.node.id])
    after = where.marking & ~going | fresh(field.net, where.marking, target)
    between = field.reach.between(where.marking, after)
    if between is None or guarded(between - {spot, target}, names):
        return False
    data = dict(task.data)
    tokens.withdraw(where, going)
    live.assigned[tokens.put(where, field.net, target, data).id.hex] = str(asked["assignee"])
    return True


def _judge(session: Session, live: Live, names: Names, sender: Task | None) -> Judge:
    history = history_of(session, live.ref.id)
    return Judge(live.workflow, live.version, names, history=history, sender=sender)


def _tell(live: Live, kind: str, retreat: Retreat, outcome: Mapping[str, Any]) -> WorkflowHistory:
    """The row that tells the way back, before it is gone: with what went, and what no longer stands."""
    spot, holders = retreat.way.spot, (retreat.net.holders[bit] for bit in bits(retreat.way.withdrawn))
    withdrawn = sorted({holder.node.id for holder in holders})
    row = told(
        live,
        kind,
        spot.node.id,
        spot.node.name,
        {**outcome, "withdrawn": withdrawn, "voids": list(retreat.voids)},
    )
    live.history.append(row)
    return row


def _refuse_unless(judged: Retreat | Reason) -> Retreat:
    if isinstance(judged, Reason):
        raise RefusedError(judged)
    return judged


def _acted_since(
    history: Sequence[WorkflowHistory], names: Names, elements: Mapping[str, Element], done: WorkflowTask
) -> Reason | None:
    """Who or what has acted since the task was completed, so that it cannot be taken back; None for nobody.

    The actor's key is the fact of the reason.
    """
    mine = ("completed", done.element_id, done.completed_at, done.completed_by)
    own = [row.id for row in history if (row.kind, row.element_id, row.at, row.actor) == mine]
    for row in history:
        element = elements.get(row.element_id)
        if not own or row.id <= own[-1] or element is None:
            continue
        if row.kind in HANDS or row.kind in WENT_BACK:
            text = f"后面的“{row.name}”已经有人办理，不能撤回"
            return reason("acted", text, "Somebody after you has acted.", row.actor)
        passed = row.kind in ("sent", "message") or (row.kind == "passed" and element.event == "message")
        if passed or (row.kind == "operation" and element.topic in names.needs):
            text = f"“{row.name}”已经执行，不能撤回"
            return reason("acted", text, "What cannot be undone has been done since.", row.actor)
    return None


def _left_since(session: Session, done: WorkflowTask) -> Reason | None:
    """What has left the office since the task was completed; the step's own letters too."""
    left = select(OutboxMessage.kind).where(
        OutboxMessage.case_id == done.case_id,
        OutboxMessage.created_at >= done.completed_at,
        OutboxMessage.kind.in_(("letter", "message", "signal")),
    )
    if session.scalar(left.limit(1)) is None:
        return None
    text = "办结后已经发出通知书或消息，不能撤回，请由后面的环节退回"
    return reason("acted", text, "A letter or message has left since.", "outbox")


def _taken_up(retreat: Retreat, open_rows: Iterable[WorkflowTask], by: str) -> Reason | None:
    """Why a task that would be taken away may not be: somebody has claimed it or begun to type."""
    tasks = [task for bit in bits(retreat.way.withdrawn) for task in retreat.where.tasks[1 << bit]]
    going = {each.id.hex for task in tasks for each in tokens.below(task)}
    for row in open_rows:
        if row.id in going and (row.draft or row.assignee not in (None, by)):
            text = f"后面的“{row.name}”已经有人领取或开始填写，不能撤回"
            return reason("acted", text, "Somebody has taken up what follows.", row.assignee or "")
    return None


def _go(retreat: Retreat, sender: Task | None) -> Task:
    """Take the way: the step's fresh task. The engine still has to run."""
    way, where = retreat.way, retreat.where
    data = data_after(where, way, sender)
    tokens.withdraw(where, way.withdrawn)
    undone = {spot.node.id for spot in way.undone}
    tokens.forget_joins(where, undone, way.after & where.marking)
    task = tokens.put(where, retreat.net, way.spot, data)
    for bit in bits(way.restored):
        tokens.put_at_join(where, retreat.net, 1 << bit, data)
    return task
