"""Playing one script on the stage: each step through the use-case that pages call, time passing timer by timer.

What happened is read from the history that the cases themselves wrote. Called by ``rehearse``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import cast

import orjson
from sqlalchemy import ColumnElement, Select, Text, exists, literal, or_, select, union
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from engine.cases.delivery import deliver, fire_timers_of
from engine.cases.handover import UndeliveredError
from engine.cases.inbox import complete_task
from engine.cases.office import Office
from engine.cases.openers import StuckError, open_case
from engine.cases.payments import take_receipt
from engine.cases.players import Crew, PlayerError
from engine.cases.rehearsed import Met, OpenTask, Step
from engine.cases.staff import name_of
from engine.cases.stage import StageClock, StageStore
from engine.cases.steps import around, attempt, pass_on
from engine.cases.views import Done
from engine.money.bank_file import TestBank
from engine.money.batches import open_bank_file
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import Letter
from engine.values import CHINA, SYSTEM, Actor, Reason, Refusal, RefusedError
from engine.workflow.forms import FormErrors
from engine.workflow.rehearsal import Answer, Do, Message, ScriptStep, Value, Wait
from engine.workflow.runner import NotWaitingError
from engine.workflow.tables import (
    WorkflowCase,
    WorkflowHistory,
    WorkflowIncident,
    WorkflowSubscription,
    WorkflowTask,
    WorkflowTimer,
)

#: a diagram whose timers never come to rest is stopped
_MOST_TIMERS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stands:
    """How the cases stand after a step."""

    #: elements where a token stands
    waiting: tuple[str, ...]
    #: messages between the cases that have not arrived
    messages: tuple[int, ...]
    #: a step that failed, and why; empty for none
    failed: str


@dataclass(slots=True, kw_only=True)
class Play:
    """A script being played: the office on its stage, whom it is about, and what was met so far."""

    office: Office
    subject: Actor
    crew: Crew
    met: list[Met] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    #: steps of the script that were carried out, refused ones too
    taken: int = 0
    _seen: int = 0
    _names: dict[str, str] = field(default_factory=dict)
    _waiting: tuple[str, ...] = ()

    @property
    def cases(self) -> list[int]:
        """The cases opened so far; the first is the one that the script is about."""
        return cast(StageStore, self.office.store).cases

    @property
    def clock(self) -> StageClock:
        """The clock of the stage."""
        return cast(StageClock, self.office.clock)

    def start(self, process: str, data: Mapping[str, Value], *, line: int = 0) -> None:
        """Open a case of the process, through its own use-case where it has one."""
        outcome = open_case(self.office, self.subject, process, data)
        if isinstance(outcome, Refusal):
            self._refused(process, outcome, line)
        self._settle(line)

    def step(self, step: ScriptStep, *, actor: Actor | None = None) -> None:
        """Carry out one step of the script, a task by that actor if one is given; StuckError when it cannot be."""
        try:
            if isinstance(step, Do):
                self._do(step, actor)
            elif isinstance(step, Wait):
                self._wait(step)
            elif isinstance(step, Message):
                self._message(step)
            elif isinstance(step, Answer):
                self._answer(step)
            else:
                self.start(step.process, step.data, line=step.line)
        except PlayerError as wrong:
            raise StuckError(f"第{step.line}行：{wrong}") from wrong
        self.taken += 1

    def open_tasks(self) -> tuple[OpenTask, ...]:
        """What waits for people now, oldest first."""
        with self.office.store.reading() as session:
            tasks = session.scalars(self._ready()).all()
        return tuple(
            OpenTask(
                element=task.element_id,
                name=task.name,
                duty=task.duty,
                duty_name=self._lane(task.duty),
                region=task.region_code,
                due_at=task.due_at,
                holders=self._holders(task),
            )
            for task in tasks
        )

    def letters(self) -> tuple[str, ...]:
        """The kinds of letters written, in order."""
        with self.office.store.reading() as session:
            query = select(Letter.kind).where(Letter.case_id.in_(self.cases)).order_by(Letter.id)
            return tuple(session.scalars(query))

    def ends(self) -> tuple[str, ...]:
        """The end that each case reached, in the order of opening; empty for one that runs."""
        with self.office.store.reading() as session:
            query = select(WorkflowCase.ended_in).where(WorkflowCase.id.in_(self.cases))
            return tuple(end or "" for end in session.scalars(query.order_by(WorkflowCase.id)))

    def data(self) -> dict[str, object]:
        """The data of the first case as it stands: what its steps gave, and what its open tasks see."""
        if not self.cases:
            return {}
        data: dict[str, object] = {}
        for step in self.steps:
            if step.case_id == self.cases[0]:
                data.update(step.outcome)
        with self.office.store.reading() as session:
            return data | self.office.runner.data_of(session, self.cases[0])

    def waiting(self) -> tuple[str, ...]:
        """The elements where a token stands."""
        return self._waiting

    def _do(self, step: Do, by: Actor | None) -> None:
        query = self._ready().add_columns(WorkflowCase.subject).join(WorkflowCase)
        with self.office.store.reading() as session:
            found = session.execute(query.where(WorkflowTask.element_id == step.element)).first()
        if found is None:
            waiting = "、".join(each.element for each in self.open_tasks()) or "没有"
            raise StuckError(f"第{step.line}行：环节“{step.element}”不在待办；此时待办：{waiting}")
        task, subject = found
        actor = by or self.crew.for_task(task, subject, step.by)
        outcome = complete_task(self.office, actor, task.id, _as_typed(step.fields))
        if isinstance(outcome, Done):
            self.crew.did[step.element] = actor
        else:
            self._refused(step.element, outcome, step.line, foreseen=bool(step.refused))
        self._settle(step.line)
        self._as_expected(step.element, step.refused, refused=not isinstance(outcome, Done), line=step.line)

    def _message(self, step: Message) -> None:
        outcome = attempt(
            self.office,
            self.subject,
            lambda session: self._hand_over(session, step),
            subject=self.subject.key,
        )
        if isinstance(outcome, Refusal):
            self._refused(step.name, outcome, step.line, foreseen=bool(step.refused))
        self._settle(step.line)
        self._as_expected(step.name, step.refused, refused=isinstance(outcome, Refusal), line=step.line)

    def _hand_over(self, session: Session, step: Message) -> bool:
        query = select(WorkflowSubscription).where(
            WorkflowSubscription.case_id.in_(self.cases), WorkflowSubscription.message == step.name
        )
        row = session.scalars(query.order_by(WorkflowSubscription.case_id)).first()
        if row is None:
            raise RefusedError(
                Reason(code="not_waiting", text=f"没有案件在等待消息“{step.name}”", text_en="Nobody waits.")
            )
        for stepped in self.office.runner.deliver(
            session,
            kind="message",
            name=step.name,
            correlation=row.correlation,
            payload=dict(step.payload),
            around=around(self.office, session, self.subject),
            case_id=row.case_id,
        ):
            pass_on(session, stepped, now=self.office.clock())
        return True

    def _wait(self, step: Wait) -> None:
        today = self.office.today
        if step.unit == "until":
            assert step.day is not None  # noqa: S101 - read so
            until = step.day
        elif step.unit == "days":
            until = today + timedelta(days=step.count)
        else:
            until = self.office.calendar.after(today, step.count)
        if until < today:
            raise StuckError(f"第{step.line}行：不能等到 {until}，此时已是 {today}")
        self.wait_until(_morning(until), line=step.line)

    def wait_until(self, instant: datetime, *, line: int = 0) -> None:
        """Let time pass to the instant; timers fire when they are due, the next one first."""
        for _ in range(_MOST_TIMERS):
            due = self._next_due(instant)
            if due is None:
                self.clock.now = max(self.clock.now, instant)
                return
            due_at, case_id = due
            self.clock.now = max(self.clock.now, due_at)
            fire_timers_of(self.office, case_id)
            self._settle(line)
        raise StuckError(f"第{line}行：{_MOST_TIMERS} 次到期之后仍有定时，流程可能在原地循环")

    def _next_due(self, until: datetime) -> tuple[datetime, int] | None:
        query = select(WorkflowTimer.due_at, WorkflowTimer.case_id).where(
            WorkflowTimer.case_id.in_(self.cases), WorkflowTimer.due_at <= until
        )
        with self.office.store.reading() as session:
            row = session.execute(query.order_by(WorkflowTimer.due_at, WorkflowTimer.case_id)).first()
        return (row[0], row[1]) if row else None

    def _answer(self, step: Answer) -> None:
        if step.who != "bank":
            raise StuckError(f"第{step.line}行：answer 只能写 bank，现在是“{step.who}”")
        with self.office.store.reading() as session:
            sent = session.scalars(
                select(OutboxMessage).where(OutboxMessage.kind == "bank_file", self._ours()).order_by("id")
            ).all()
        if not sent:
            raise StuckError(f"第{step.line}行：此时没有发给银行的文件")
        for message in sent:
            file = open_bank_file(self.office.vault, orjson.loads(message.payload))
            outcome = take_receipt(self.office, SYSTEM, TestBank().answer(file))
            if isinstance(outcome, Refusal):
                self._refused("bank", outcome, step.line)
        self._settle(step.line)

    def _refused(
        self, element: str, outcome: FormErrors | Refusal, line: int, *, foreseen: bool = False
    ) -> None:
        if isinstance(outcome, FormErrors):
            codes: tuple[str, ...] = ("form",)
            text = "；".join(f"{key}：{wrong}" for key, wrong in outcome.errors.items())
        else:
            codes, text = tuple(reason.code for reason in outcome.reasons), outcome.text
        self.met.append(Met(element=element, codes=codes, text=text, line=line, foreseen=foreseen))

    def _as_expected(self, what: str, wanted: str, *, refused: bool, line: int) -> None:
        if wanted and not refused:
            raise StuckError(f"第{line}行：“{what}”应当被拒绝（{wanted}），却办成了")
        if wanted and wanted not in self.met[-1].codes:
            raise StuckError(
                f"第{line}行：“{what}”应当因 {wanted} 被拒绝，实际是 {'、'.join(self.met[-1].codes)}：{self.met[-1].text}"
            )

    def _settle(self, line: int) -> None:
        """Messages between the cases arrive, what happened is noted; StuckError when a step failed."""
        stands = self._stands()
        while stands.messages:
            self._pass(stands.messages, line)
            stands = self._stands()
        self._waiting = stands.waiting
        self._note()
        if stands.failed:
            raise StuckError(f"第{line}行：环节 {stands.failed}")

    def _pass(self, messages: Sequence[int], line: int) -> None:
        for message_id in messages:
            try:
                deliver(self.office, message_id)
            except (UndeliveredError, NotWaitingError) as failure:
                raise StuckError(f"第{line}行：消息未能送达：{failure}") from failure

    def _stands(self) -> _Stands:
        """One question for all, since it is asked after every step of every rehearsal."""
        places = [
            select(literal("waiting"), table.element_id).where(table.case_id.in_(self.cases))
            for table in (WorkflowTimer, WorkflowSubscription)
        ]
        tasks = select(literal("waiting"), WorkflowTask.element_id).where(
            WorkflowTask.case_id.in_(self.cases), WorkflowTask.status == "ready"
        )
        messages = select(literal("message"), cast_to(OutboxMessage.id, Text)).where(
            OutboxMessage.kind.in_(("message", "signal")), OutboxMessage.sent_at.is_(None), self._ours()
        )
        failed = select(
            literal("failed"), WorkflowIncident.element_id + " 未能完成：" + WorkflowIncident.cause
        )
        failed = failed.where(WorkflowIncident.case_id.in_(self.cases), WorkflowIncident.status == "open")
        with self.office.store.reading() as session:
            rows = session.execute(union(tasks, *places, messages, failed)).all()
        told: dict[str, list[str]] = {"waiting": [], "message": [], "failed": []}
        for kind, text in rows:
            told[kind].append(text)
        return _Stands(
            waiting=tuple(sorted(told["waiting"])),
            messages=tuple(sorted(int(number) for number in told["message"])),
            failed=min(told["failed"], default=""),
        )

    def _ours(self) -> ColumnElement[bool]:
        """Messages of these cases: put by them, or named after them."""
        named = (
            exists()
            .where(WorkflowCase.id.in_(self.cases))
            .where(OutboxMessage.key.endswith(WorkflowCase.case_key))
        )
        return or_(OutboxMessage.case_id.in_(self.cases), named)

    def _note(self) -> None:
        with self.office.store.reading() as session:
            rows = session.scalars(
                select(WorkflowHistory)
                .where(WorkflowHistory.case_id.in_(self.cases), WorkflowHistory.id > self._seen)
                .order_by(WorkflowHistory.id)
            ).all()
            for row in rows:
                self._seen = row.id
                self.steps.append(
                    Step(
                        at=row.at,
                        case_id=row.case_id,
                        element=row.element_id,
                        name=row.name,
                        duty=row.duty,
                        duty_name=self._lane(row.duty),
                        who=self._name(session, row.actor),
                        kind=row.kind,
                        outcome=orjson.loads(row.outcome),
                        waiting=self._waiting,
                    )
                )

    def _name(self, session: Session, key: str) -> str:
        if key not in self._names:
            known = {actor.key: actor.name for actor in (self.subject, *self.crew.did.values())}
            self._names[key] = known.get(key) or name_of(session, key)
        return self._names[key]

    def _ready(self) -> Select[WorkflowTask]:
        return (
            select(WorkflowTask)
            .where(WorkflowTask.case_id.in_(self.cases), WorkflowTask.status == "ready")
            .order_by(WorkflowTask.created_at, WorkflowTask.id)
        )

    def _holders(self, task: WorkflowTask) -> tuple[str, ...]:
        if task.duty in ("claimant", "employer"):
            return (self.subject.name,)
        return tuple(actor.name for actor in self.crew.holders(task.duty, task.region_code))

    def _lane(self, duty: str) -> str:
        return self.office.duties.duties[duty].lane if duty in self.office.duties.duties else duty


def _morning(day: date) -> datetime:
    """Nine o'clock of the day in China; limits that end with the day before have passed then."""
    return datetime.combine(day, time(9), tzinfo=CHINA).astimezone(UTC)


def _as_typed(fields: Mapping[str, Value]) -> dict[str, str | list[str]]:
    """The fields as a page sends them: an unticked box and an empty field are not sent."""
    typed: dict[str, str | list[str]] = {}
    for key, value in fields.items():
        if isinstance(value, tuple | list):
            typed[key] = [str(each) for each in value]
        elif value is not None and value is not False:
            typed[key] = "true" if value is True else str(value)
    return typed
