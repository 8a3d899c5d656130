"""Old cases replayed on a draft: what was entered then, by whom and when, and what would have come of it.

Facts that the case had gathered are put back as they were; what nobody kept is taken from the registers of today.
Each case is replayed on a stage of its own and rolled back. Called by the studio.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import Literal, cast

import orjson
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from engine.cases.office import Office
from engine.cases.openers import StuckError
from engine.cases.play import Play
from engine.cases.players import Crew, PlayerError, enter, subject_like
from engine.cases.rehearsed import Step
from engine.cases.staff import actor_by_key
from engine.cases.stage import Draft, UnreadableDraftError, UnsoundRehearsalError, draft_of, stage
from engine.registers import RegisterDown
from engine.registers.memory import registers_of
from engine.values import SYSTEM, Actor, Reason, Refusal
from engine.workflow.rehearsal import Do, Message, Value
from engine.workflow.runner import StepFailedError
from engine.workflow.tables import WorkflowCase, WorkflowHistory
from engine.workflow.versions import NoSuchProcessError
from engine.workflow.vocabulary import Element

Verdict = Literal["same", "differs", "cannot"]

MOST_CASES = 500
#: kinds of history whose outcome is an answer of the office, not of a person
_ANSWERS = ("operation", "decided")
#: what a run pays is fixed by the orders of its day, which have long been paid
_NOT_REPLAYED = {"payment_run": "发放依赖当时的支付单，不能重放"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One old case on the draft."""

    case_id: int
    case_key: str
    verdict: Verdict
    #: where the first difference is; empty for none
    element: str = ""
    before: str = ""
    after: str = ""
    #: why it cannot be replayed
    why: str = ""

    @property
    def text(self) -> str:
        """The outcome in a sentence."""
        if self.verdict == "same":
            return f"{self.case_key}：路径与结果相同"
        if self.verdict == "cannot":
            return f"{self.case_key}：不能重放：{self.why}"
        return f"{self.case_key}：{self.element}：{self.before} → {self.after}"


class _DiffersError(Exception):
    """The draft left the old path."""

    def __init__(self, element: str, before: str, after: str) -> None:
        self.element, self.before, self.after = element, before, after
        super().__init__(element)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """A row of the old case's history."""

    element: str
    name: str
    kind: str
    actor: str
    at: datetime
    outcome: Mapping[str, object]


def replay_history(
    office: Office,
    actor: Actor,
    process_id: str,
    files: Mapping[str, bytes],
    *,
    n: int = 100,
    skip: int = 0,
    until: datetime | None = None,
) -> tuple[Replayed, ...] | Refusal:
    """The `n` latest ended cases of the process, each replayed on the files; newest first.

    `skip` leaves out that many of the latest, `until` those that ended later, to go on where a call before stopped.

    Refused for whoever is no analyst, and for files that cannot be read.
    """
    if actor != SYSTEM and "analyst" not in actor.duties:
        return Refusal(
            reasons=(
                Reason(code="not_analyst", text="只有流程分析岗可以重放历史案件", text_en="Analysts replay."),
            )
        )
    try:
        draft = draft_of(office.runner.versions.names, files)
    except UnreadableDraftError as wrong:
        return Refusal(reasons=(Reason(code="unreadable", text=str(wrong)),))
    return tuple(
        _replayed(office, draft, case)
        for case in latest_ended(office, process_id, min(n, MOST_CASES), skip=skip, until=until)
    )


def latest_ended(
    office: Office, process_id: str, n: int, *, skip: int = 0, until: datetime | None
) -> Sequence[WorkflowCase]:
    """At most n cases of the process that ended, by then where a time is told, the latest first; of every region."""
    query = (
        select(WorkflowCase)
        .where(WorkflowCase.process_id == process_id, WorkflowCase.ended_at.is_not(None))
        .order_by(WorkflowCase.ended_at.desc(), WorkflowCase.id.desc())
        .offset(skip)
        .limit(n)
    )
    if until is not None:
        query = query.where(WorkflowCase.ended_at <= until)
    with office.store.beyond(
        "cases that ended, played again on a draft: their numbers, wherever they were"
    ) as session:
        return session.scalars(query).all()


def _replayed(office: Office, draft: Draft, case: WorkflowCase) -> Replayed:
    found = Replayed(case_id=case.id, case_key=case.case_key, verdict="same")
    cannot = _NOT_REPLAYED.get(case.process_id) or ("已被终止" if case.status == "cancelled" else "")
    if cannot:
        return replace(found, verdict="cannot", why=cannot)
    try:
        _replay(office, draft, case, _history(office, case.id))
    except _DiffersError as differs:
        return replace(
            found, verdict="differs", element=differs.element, before=differs.before, after=differs.after
        )
    except (StuckError, PlayerError, StepFailedError, NoSuchProcessError, UnsoundRehearsalError) as wrong:
        return replace(found, verdict="cannot", why=str(wrong))
    except RegisterDown as down:
        return replace(found, verdict="cannot", why=f"外部登记没有回答：{down}")
    except DBAPIError as wrong:
        return replace(found, verdict="cannot", why=f"数据库没有接受：{str(wrong.orig).splitlines()[0]}")
    return found


def _replay(office: Office, draft: Draft, case: WorkflowCase, events: Sequence[_Event]) -> None:
    """Play the history; _DiffersError at the first thing that would have gone another way."""
    with office.store.reading() as session:
        elements = office.runner.versions.get(session, case.version_id).blueprint.elements
    subject = subject_like(office, case.subject, known=_gathered(events), at=case.started_at)
    with stage(office, draft, registers=registers_of(subject.province), at=case.started_at) as played:
        play = Play(office=played, subject=enter(played, subject), crew=Crew(played))
        play.start(case.process_id, cast(Mapping[str, Value], events[0].outcome))
        _no_refusal(play, case.process_id, "已受理")
        for event in events:
            if event.kind == "completed":
                _complete(play, played, event)
            elif event.kind in ("passed", "message") and elements[event.element].event == "message":
                _receive(play, event, elements[event.element])
        play.wait_until(case.ended_at or played.clock())
        _compare(play, case, events)


def _complete(play: Play, office: Office, event: _Event) -> None:
    """The same answer by the same person at the same instant; timers due before it fire first."""
    play.wait_until(event.at)
    waiting = play.open_tasks()
    done = f"“{event.name}”已办结"
    if event.element not in (task.element for task in waiting):
        now_open = "、".join(task.name for task in waiting)
        raise _DiffersError(
            event.element, done, f"不在待办，此时{f'待办：{now_open}' if now_open else '没有待办'}"
        )
    fields = cast(Mapping[str, Value], event.outcome)
    by = actor_by_key(office, event.actor) if event.actor.startswith("staff:") else None
    play.step(Do(element=event.element, fields=fields, by="", refused="", line=0), actor=by)
    _no_refusal(play, event.element, done)


def _receive(play: Play, event: _Event, element: Element) -> None:
    """A withdrawal or the like comes again; what another case sent is not known any more."""
    if element.kind != "boundaryEvent":
        raise StuckError(f"收到的消息“{event.name}”内容没有留存")
    play.wait_until(event.at)
    payload = dict.fromkeys(element.provides, "（历史案件）")
    play.step(Message(name=element.message, payload=payload, refused="", line=0))
    _no_refusal(play, event.element, f"“{event.name}”已收到")


def _no_refusal(play: Play, element: str, before: str) -> None:
    if play.met:
        raise _DiffersError(element, before, f"被拒绝：{play.met[0].text}")


def _compare(play: Play, case: WorkflowCase, events: Sequence[_Event]) -> None:
    """The two ways, step by step, with what operations and decisions gave; then the end."""
    after = [step for step in play.steps if step.case_id == play.cases[0]]
    for old, new in zip_longest(events, after):
        if old is None or new is None or old.element != new.element:
            where = (old or new).element
            raise _DiffersError(where, _named(old), _named(new))
        for key, value in old.outcome.items():
            if old.kind in _ANSWERS and _telling(key, value) and new.outcome.get(key) != value:
                raise _DiffersError(old.element, f"{key}={value}", f"{key}={new.outcome.get(key)}")
    ends = play.ends()
    if ends[0] != (case.ended_in or ""):
        raise _DiffersError(case.ended_in or "", case.ended_in or "没有结束", ends[0] or "没有结束")


def _named(event: _Event | Step | None) -> str:
    return f"“{event.name}”" if event else "没有这一步"


def _telling(key: str, value: object) -> bool:
    """Whether the value says how the case was decided; numbers of rows and files differ by nature."""
    return isinstance(value, str | int) and not key.endswith(("_id", "_number", "_key", "_masked"))


def _history(office: Office, case_id: int) -> Sequence[_Event]:
    query = select(WorkflowHistory).where(WorkflowHistory.case_id == case_id).order_by(WorkflowHistory.id)
    with office.store.beyond(
        "the history of a case that is played again; the analyst is told where it differs"
    ) as session:
        return [
            _Event(
                element=row.element_id,
                name=row.name,
                kind=row.kind,
                actor=row.actor,
                at=row.at,
                outcome=orjson.loads(row.outcome),
            )
            for row in session.scalars(query)
        ]


def _gathered(events: Sequence[_Event]) -> dict[str, object]:
    """What the case first learnt from registers, by name."""
    return dict(next((event.outcome for event in events if event.kind == "operation"), {}))
