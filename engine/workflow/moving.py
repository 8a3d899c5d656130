"""Writes the move of one case: state, version, inbox, timers and history together, in the caller's transaction.

The write takes hold only on the revision that was read, as every step's does. Called by ``cases.moves``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.values import Actor, CaseRef, Reason, RefusedError
from engine.workflow.codec import encode
from engine.workflow.migration import Plan, move, plan_for, read_state
from engine.workflow.runner import Around, StaleCaseError
from engine.workflow.script import ScriptEngine, StepError
from engine.workflow.sidecar import Sidecar, follow, sidecar_of
from engine.workflow.state_errors import StateError
from engine.workflow.tables import WorkflowCase, WorkflowHistory, WorkflowTask, case_ref
from engine.workflow.versions import Published

#: what the office answers for the case at an instant; None is now
AroundAt = Callable[[CaseRef, datetime | None], Around]


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who moves a case, when, and what the office answers meanwhile."""

    actor: Actor
    now: datetime
    #: asked only where an event must find its time or its number
    around: AroundAt


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A case that was moved, with all that its way back needs."""

    case: CaseRef
    plan: Plan
    #: the case's revision after the move; a later one means that it went on
    revision: int
    #: the state as it was stored before
    state: bytes
    #: JSON of the inbox rows that were changed, as they were
    inbox: str


def tried(case: WorkflowCase, *, old: Published, new: Published, by: By) -> Plan:
    """What the move would do to the case; carried out in memory where a new event must find its time."""
    if case.paused_at is not None:
        return Plan(verdict="cannot", reasons=(_PAUSED,))
    try:
        workflow = read_state(case.state, old.blueprint)
        plan = plan_for(workflow, old, new)
        if _arms(plan):
            step = _Step(case_ref(case.id, case), case.revision, by)
            move(workflow, old, new, engine_at=step.engine_at, since={})
    except StateError as broken:
        return Plan(verdict="cannot", reasons=(_because("unreadable", broken),))
    except (StepError, RefusedError) as unclear:
        return Plan(verdict="cannot", reasons=(_because("time_unclear", unclear),))
    return plan


def carry(session: Session, case_id: int, *, old: Published, new: Published, by: By) -> Carried | Plan:
    """The case moved from one version to the other, or the plan that says why it cannot.

    Raises StaleCaseError when another step was quicker, StateError for a state that cannot be read.
    """
    row = _read(session, case_id)
    if row.status != "running" or row.version_id != old.id:
        return Plan(verdict="cannot", reasons=(_gone(row.status),))
    if row.paused_at is not None:
        return Plan(verdict="cannot", reasons=(_PAUSED,))
    workflow = read_state(row.state, old.blueprint)
    plan = plan_for(workflow, old, new)
    if plan.verdict == "cannot":
        return plan
    before = sidecar_of(workflow, old.blueprint)
    step = _Step(case_ref(case_id, row), row.revision, by)
    since = _since(session, case_id) if _arms(plan) else {}
    try:
        moved = move(workflow, old, new, engine_at=step.engine_at, since=since)
    except (StepError, RefusedError) as unclear:
        return Plan(verdict="cannot", reasons=(_because("time_unclear", unclear),))
    after = sidecar_of(moved, new.blueprint)
    step.save(session, encode(moved), new)
    inbox = _follow_inbox(session, after, old, new)
    step.follow(session, before, after, new)
    outcome = {"from": old.number, "to": new.number, "reasons": [reason.text for reason in plan.reasons]}
    step.tell(session, new, outcome)
    return Carried(case=step.ref, plan=plan, revision=row.revision + 1, state=row.state, inbox=inbox)


def put_back(
    session: Session,
    case_id: int,
    *,
    old: Published,
    new: Published,
    carried: tuple[int, bytes, str],
    by: By,
) -> CaseRef | None:
    """The case as it was before its move from `old` to `new`; None when it has gone on since.

    `carried` is revision, state and inbox of :class:`Carried`. Drafts stay as they are now.
    """
    revision, state, inbox = carried
    row = _read(session, case_id)
    if row.status != "running" or row.revision != revision or row.paused_at is not None:
        return None
    step = _Step(case_ref(case_id, row), row.revision, by)
    before = sidecar_of(read_state(row.state, new.blueprint), new.blueprint)
    after = sidecar_of(read_state(state, old.blueprint), old.blueprint)
    step.save(session, state, old)
    for kept in orjson.loads(inbox):
        values = {key: kept[key] for key in ("name", "duty", "form")}
        if kept["duty"] != kept["moved_to"]:
            values["assignee"] = kept["assignee"]
        session.execute(update(WorkflowTask).where(WorkflowTask.id == kept["id"]).values(**values))
    step.follow(session, before, after, old)
    step.tell(session, old, {"from": new.number, "to": old.number, "back": True})
    return step.ref


@dataclass(slots=True)
class _Step:
    """One move or one way back, under way."""

    ref: CaseRef
    revision: int
    by: By

    def engine_at(self, instant: datetime | None) -> ScriptEngine:
        there = self.by.around(self.ref, instant)
        return ScriptEngine(there.functions, _never, _never, lambda: there.now)

    def save(self, session: Session, state: bytes, version: Published) -> None:
        won = session.execute(
            update(WorkflowCase)
            .where(WorkflowCase.id == self.ref.id, WorkflowCase.revision == self.revision)
            .values(state=state, version_id=version.id, revision=self.revision + 1)
            .execution_options(synchronize_session=False)
        )
        if won.rowcount != 1:  # type: ignore[attr-defined]
            raise StaleCaseError(self.ref.key)

    def follow(self, session: Session, before: Sidecar, after: Sidecar, version: Published) -> None:
        if before.timers == after.timers and before.messages.keys() == after.messages.keys():
            return
        here = self.by.around(self.ref, None)
        follow(
            session, self.ref.id, self.ref.region, before, after,
            blueprint=version.blueprint, functions=here.functions, done="", now=here.now,
        )  # fmt: skip

    def tell(self, session: Session, version: Published, outcome: Mapping[str, Any]) -> None:
        session.add(
            WorkflowHistory(
                case_id=self.ref.id,
                element_id=version.process_id,
                name=version.name,
                kind="moved",
                actor=self.by.actor.key,
                duty="",
                control=None,
                at=self.by.now,
                outcome=orjson.dumps(dict(outcome)).decode(),
            )
        )


def _read(session: Session, case_id: int) -> Any:
    return session.execute(
        select(
            WorkflowCase.version_id,
            WorkflowCase.revision,
            WorkflowCase.state,
            WorkflowCase.status,
            WorkflowCase.paused_at,
            WorkflowCase.case_key,
            WorkflowCase.process_id,
            WorkflowCase.region_code,
            WorkflowCase.subject,
        ).where(WorkflowCase.id == case_id)
    ).one()


_PAUSED = Reason(
    code="case_paused",
    text="此案已挂起，恢复后再换版",
    text_en="The case is paused; move it once it is resumed.",
)


def _gone(status: str) -> Reason:
    if status == "running":
        return Reason(
            code="other_version", text="此案已在别的版本上", text_en="The case is on another version."
        )
    return Reason(code="case_ended", text="此案已办结", text_en="The case has ended.")


def _because(code: str, error: Exception) -> Reason:
    return Reason(code=code, text=f"此案不能换版：{error}", text_en=f"The case cannot be moved: {error}")


def _arms(plan: Plan) -> bool:
    return plan.verdict == "notice" and any(reason.code == "event_added" for reason in plan.reasons)


def _since(session: Session, case_id: int) -> dict[str, datetime]:
    """When each open task came up."""
    rows = session.execute(
        select(WorkflowTask.id, WorkflowTask.created_at).where(
            WorkflowTask.case_id == case_id, WorkflowTask.status == "ready"
        )
    )
    return {row.id: row.created_at for row in rows}


def _follow_inbox(session: Session, after: Sidecar, old: Published, new: Published) -> str:
    """Name, duty and form of open tasks as the new version has them; the rows as they were, as JSON.

    Due day and draft stay. A claim is released where another duty takes over.
    """
    changed = {}
    for task_id, task in after.tasks.items():
        element, later = (version.blueprint.elements[str(task.task_spec.bpmn_id)] for version in (old, new))
        shown = [(each.name or each.id, each.duty or "", each.form) for each in (element, later)]
        if shown[0] != shown[1]:
            changed[task_id] = shown[1]
    if not changed:
        return "[]"
    kept = []
    rows = session.scalars(select(WorkflowTask).where(WorkflowTask.id.in_(changed)).with_for_update())
    for row in rows:
        name, duty, form = changed[row.id]
        kept.append(
            {
                "id": row.id,
                "name": row.name,
                "duty": row.duty,
                "form": row.form,
                "assignee": row.assignee,
                "moved_to": duty,
            }
        )
        if row.duty != duty:
            row.assignee = None
        row.name, row.duty, row.form = name, duty, form
    session.flush()
    return orjson.dumps(kept).decode()


def _never(name: str, _data: Mapping[str, Any]) -> Mapping[str, Any]:
    raise AssertionError(f"a move carries out no step: {name}")
