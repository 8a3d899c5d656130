"""The file of a case, one tab at a time: each look loads what its tab shows, and no more (CTRL-07)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from sqlalchemy.orm import Session

from engine.cases.attachments import attachment_rows, may_attach
from engine.cases.case_money import money_of
from engine.cases.file_views import CaseFile, CasePath, NextWay, Tab
from engine.cases.files import case_record, data_of_case, seen_case
from engine.cases.kin import related_to
from engine.cases.office import Office
from engine.cases.pausing import case_actions
from engine.cases.printing import prints_of
from engine.cases.reckoning import limits_of
from engine.cases.sight import MONEY_DUTIES
from engine.cases.steps import attempt
from engine.cases.trail import filled_forms, trail_of
from engine.cases.views import TaskRow
from engine.values import Actor, Reason, Refusal, RefusedError
from engine.workflow.history import history_of
from engine.workflow.path import ahead, taken
from engine.workflow.tables import WorkflowCase
from engine.workflow.versions import Published
from engine.workflow.vocabulary import PEOPLE_TASKS, Element

TABS: tuple[Tab, ...] = get_args(Tab)


def case_file(office: Office, actor: Actor, case_id: int, tab: Tab = "path") -> CaseFile | Refusal:
    """The case with that tab open; refused to those whose duty and region it is not. The look is recorded.

    A person or employer whom it is about has the file in plain words: the way it went, what they brought, their
    papers. Money is for the duties of money.
    """

    def work(session: Session) -> CaseFile:
        case = seen_case(session, office, actor, case_id, why=f"查看案件（{tab}）")
        tabs = tabs_of(actor)
        if tab not in tabs:
            raise RefusedError(
                Reason(
                    code="not_your_tab",
                    text="您的岗位不查看案卷的这一部分",
                    text_en="This part of the file is not for your duty.",
                    source="社会保险经办条例第四十九条（保密）",
                    fact=actor.name or actor.key,
                )
            )
        version = office.runner.versions.get(session, case.version_id)
        view = case_record(session, office, actor, case)
        view = replace(view, can=view.can | _acts(session, office, actor, case))
        return CaseFile(
            case=view,
            tab=tab,
            tabs=tabs,
            may_attach=may_attach(session, office, actor, case),
            paused_at=case.paused_at,
            **{tab: _PARTS[tab](_Opened(session, office, actor, case, version, view.tasks))},
        )

    return attempt(office, actor, work, subject=f"case:{case_id}")


def _acts(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> frozenset[str]:
    """What the actor may do with the case as a whole; the use-cases judge again when it is done."""
    if actor.kind != "staff":
        return frozenset()
    offered = case_actions(session, office, actor, case)
    return frozenset({"copy", *(act for act, against in offered.items() if not against)})


def tabs_of(actor: Actor) -> tuple[Tab, ...]:
    """The tabs of a file that the actor may open at all, in order."""
    if actor.kind != "staff":
        return ("path", "attachments", "papers")
    return tuple(tab for tab in TABS if tab != "money" or actor.duties & MONEY_DUTIES)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A case that the actor was found to see."""

    session: Session
    office: Office
    actor: Actor
    case: WorkflowCase
    version: Published
    tasks: tuple[TaskRow, ...]


#: what each tab shows, under the name of its part of the file
_PARTS: Mapping[Tab, Callable[[_Opened], Any]] = {
    "path": lambda at: _path(at),
    "forms": lambda at: filled_forms(at.session, at.office, at.case, at.version),
    "trail": lambda at: trail_of(at.session, at.office, at.case, at.version),
    "attachments": lambda at: attachment_rows(at.session, at.office, at.actor, at.case),
    "papers": lambda at: prints_of(at.session, at.office, at.actor, at.case),
    "money": lambda at: money_of(at.session, at.office, at.case),
    "limits": lambda at: limits_of(
        at.session, at.office, at.case, at.version, data_of_case(at.session, at.office, at.case)
    ),
    "related": lambda at: related_to(at.session, at.office, at.actor, at.case),
}


def _path(at: _Opened) -> CasePath:
    told = [row.element_id for row in history_of(at.session, at.case.id) if row.kind != "started"]
    blueprint, tasks = at.version.blueprint, at.tasks
    return CasePath(
        flows=tuple(sorted(taken(blueprint, [*told, *(task.element_id for task in tasks)]))),
        due={task.element_id: task.due_at for task in tasks if task.due_at},
        ahead=tuple(
            NextWay(
                after=task.name,
                when="，".join(way.words),
                automatic=way.automatic,
                to=way.to.name or way.to.id,
                duty_name=_lane(at.office, way.to),
                ends=way.to.kind == "endEvent",
            )
            for task in tasks
            for way in ahead(blueprint, task.element_id)
        ),
    )


def _lane(office: Office, element: Element) -> str:
    """Whose step it is; empty for what the office or the outside does."""
    duty = office.duties.duties.get(element.duty or "") if element.kind in PEOPLE_TASKS else None
    return duty.lane if duty else ""
