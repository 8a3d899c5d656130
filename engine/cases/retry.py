"""Trying a parked step again: the same command, by the same actor, with every check anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy.orm import Session

from engine.cases.delivery import fire_timers_of
from engine.cases.inbox import complete_task
from engine.cases.incidents import lay_open
from engine.cases.office import Office
from engine.cases.operations import operator_scopes
from engine.cases.staff import actor_by_key
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.forms import FormErrors
from engine.workflow.tables import WorkflowCase, WorkflowIncident

#: refusals after which the incident is tried again by itself: it was parked anew, others were in the way, or the case is paused
_TRIED_AGAIN = {"step_failed", "busy", "case_paused"}
#: while one worker replays, others leave the incident alone
_LEASE = timedelta(minutes=5)
#: so many incidents are tried again with one press of a button
AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRow:
    """What came of one incident when many were tried again."""

    incident_id: int
    done: bool
    #: what was done, or why not
    message: str


def retry_all(office: Office, actor: Actor, incident_ids: Sequence[int]) -> tuple[RetryRow, ...]:
    """Each incident tried again by itself, at most so many; one that fails holds up no other."""
    rows = []
    for incident_id in list(dict.fromkeys(incident_ids))[:AT_ONCE]:
        outcome = retry_incident(office, actor, incident_id)
        rows.append(
            RetryRow(
                incident_id=incident_id,
                done=not isinstance(outcome, Refusal),
                message=outcome.text if isinstance(outcome, Refusal) else outcome.message,
            )
        )
    return tuple(rows)


def retry_incident(office: Office, actor: Actor, incident_id: int) -> Done | Refusal:
    """The parked step, tried again now because a person asked; recorded with who asked."""

    def work(session: Session) -> None:
        if not actor.duties & {"analyst", "control"}:
            raise RefusedError(Reason(code="not_operator", text="只有流程分析岗、内控稽核岗可以重试异常"))
        incident = session.get(WorkflowIncident, incident_id)
        if incident is None or incident.status != "open":
            raise RefusedError(Reason(code="no_such_incident", text="此异常已处理或不存在"))
        case = session.get(WorkflowCase, incident.case_id)
        scopes = operator_scopes(session, office, actor)
        if case is None or not case.region_code.startswith(scopes):
            raise RefusedError(
                Reason(
                    code="not_in_reach",
                    text="此案不在您的岗位与地区范围内",
                    text_en="The case is not within your duty and region.",
                )
            )
        append(
            session,
            stream=f"case:{incident.case_id}",
            action=Action.STEP_RETRIED,
            actor=actor,
            subject=f"incident:{incident_id}",
            now=office.clock(),
        )

    asked = attempt(office, actor, work, subject=f"incident:{incident_id}")
    return asked if isinstance(asked, Refusal) else replay(office, incident_id)


def replay(office: Office, incident_id: int) -> Done | Refusal:
    """The parked command once more; a refusal or another failure leaves the incident open with its new cause.

    After a refusal the sweep leaves it alone: what was refused once is for a person to look at.
    """
    with office.store.transaction() as session:
        incident = session.get_one(WorkflowIncident, incident_id, with_for_update=True)
        if incident.status != "open":
            return Done(message="异常已处理")
        incident.due_at = office.clock() + _LEASE
        command, case_id = orjson.loads(incident.command), CaseId(incident.case_id)
    if command["kind"] == "timer":
        fire_timers_of(office, case_id)
        return _outcome(office, incident_id, case_id)
    outcome = _completed(office, command)
    if not isinstance(outcome, Refusal):
        return outcome
    code = outcome.reasons[0].code
    if code == "task_closed":
        _close(office, incident_id)
        return Done(message="该任务已由他人办结，异常关闭", case_id=case_id)
    if code not in _TRIED_AGAIN:
        with office.store.transaction() as session:
            lay_open(session, incident_id, cause=outcome.text)
    return outcome


def _completed(office: Office, command: dict[str, Any]) -> Done | Refusal:
    """The task completed as it was meant to be, or why it can not be any more."""
    actor = actor_by_key(office, command["actor"])
    if actor is None:
        return Refusal(
            reasons=(Reason(code="actor_gone", text=f"原办理人 {command['actor']} 已不在岗，不能代为重试"),)
        )
    outcome = complete_task(office, actor, command["task_id"], command["fields"])
    if isinstance(outcome, FormErrors):
        return Refusal(
            reasons=(Reason(code="form_changed", text="表单已变更，原填写内容不再有效，请重新办理"),)
        )
    return outcome


def _outcome(office: Office, incident_id: int, case_id: CaseId) -> Done | Refusal:
    with office.store.reading() as session:
        incident = session.get_one(WorkflowIncident, incident_id)
        if incident.status == "open":
            return Refusal(reasons=(Reason(code="step_failed", text=f"重试仍未成功：{incident.cause}"),))
    return Done(message="重试成功", case_id=case_id)


def _close(office: Office, incident_id: int) -> None:
    with office.store.transaction() as session:
        incident = session.get_one(WorkflowIncident, incident_id)
        incident.status, incident.resolved_at = "resolved", office.clock()
