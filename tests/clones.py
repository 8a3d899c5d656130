"""Many cases out of one: the same state and rows again and again under new ids, for tests of bulk work."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

from SpiffWorkflow.util.task import TaskState
from sqlalchemy import insert, select

from engine.cases.office import Office
from engine.workflow import codec
from engine.workflow.script import ScriptEngine, instant_of
from engine.workflow.tables import (
    WorkflowCase,
    WorkflowHistory,
    WorkflowSubscription,
    WorkflowTask,
    WorkflowTimer,
)

_TABLES = (WorkflowTask, WorkflowTimer, WorkflowSubscription, WorkflowHistory)


def clone(office: Office, case_id: int, *, times: int) -> list[int]:
    """New cases like that one, each open task with a draft of its own; their numbers."""
    with office.store.transaction() as session:
        case = session.get_one(WorkflowCase, case_id)
        version = office.runner.versions.get(session, case.version_id)
        first = max(session.scalars(select(WorkflowCase.id)).all()) + 1
        numbers = list(range(first, first + times))
        rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in (WorkflowCase, *_TABLES)}
        originals = {
            table: [_plain(row) for row in session.scalars(select(table).where(table.case_id == case_id))]
            for table in _TABLES
        }
        for number in numbers:
            workflow = codec.decode(
                case.state, version.blueprint.spec, version.blueprint.subprocess_specs, ScriptEngine.idle()
            )
            renamed = _rename(workflow)
            state = codec.encode(workflow)
            rows[WorkflowCase].append(
                {**_plain(case), "id": number, "case_key": f"{case.case_key}-{number}", "state": state}
            )
            for table, found in originals.items():
                rows[table] += [_again(row, number, case.case_key, renamed) for row in found]
        for table, found in rows.items():
            if found:
                session.execute(insert(table), found)
        session.connection().exec_driver_sql(f"SELECT setval('workflow_case_id_seq', {numbers[-1]})")
    return numbers


def _plain(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _again(row: dict[str, Any], number: int, key: str, renamed: dict[str, str]) -> dict[str, Any]:
    copy = {**row, "case_id": number}
    if "kind" in row:
        del copy["id"]
    elif "draft" in row:
        copy["id"] = renamed[row["id"]]
        copy["draft"] = json.dumps({"phone": f"139{number:08d}"}) if row["status"] == "ready" else None
    else:
        copy["task_id"] = renamed[row["task_id"]]
    if row.get("correlation") == key:
        copy["correlation"] = f"{key}-{number}"
    return copy


def _rename(workflow: Any) -> dict[str, str]:
    """Give every task another id; old → new."""
    assert not workflow.subprocesses
    new: dict[UUID, UUID] = {own: uuid4() for own in workflow.tasks}
    for task in workflow.tasks.values():
        task.id = new[task.id]
        task._parent = new.get(task._parent)
        task._children = [new[child] for child in task._children]
    workflow.tasks = {new[own]: task for own, task in workflow.tasks.items()}
    workflow.event_manager.tasks = {new[own]: task for own, task in workflow.event_manager.tasks.items()}
    return {old.hex: own.hex for old, own in new.items()}


def assert_rows_match(office: Office, case_id: int) -> None:
    """Inbox and timers of the case say what its state says, read by its own version."""
    with office.store.reading() as session:
        case = session.get_one(WorkflowCase, case_id)
        blueprint = office.runner.versions.get(session, case.version_id).blueprint
        workflow = codec.decode(case.state, blueprint.spec, blueprint.subprocess_specs, ScriptEngine.idle())
        ready, timers = set(), {}
        for part in (workflow, *workflow.subprocesses.values()):
            for task in part.tasks.values():
                if task.state == TaskState.READY:
                    element = blueprint.elements[task.task_spec.bpmn_id]
                    ready.add((task.id.hex, element.id, element.name, element.duty or "", element.form))
                elif task.state == TaskState.WAITING and "event_value" in task.internal_data:
                    timers[task.id.hex] = instant_of(task.internal_data["event_value"])
        open_rows = session.scalars(
            select(WorkflowTask).where(WorkflowTask.case_id == case_id, WorkflowTask.status == "ready")
        )
        shown = {(row.id, row.element_id, row.name, row.duty, row.form) for row in open_rows}
        waiting = session.scalars(select(WorkflowTimer).where(WorkflowTimer.case_id == case_id))
        assert shown == ready
        assert {row.task_id: row.due_at for row in waiting} == timers
