"""What is seen of a rehearsal while its stage still stands: who would get each task, with which form, until when.

``look`` reads it from the stage; ``studio_try`` hands it to the page that analysts try their drawings on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.cases.casefacts import fact_labels, facts_of
from engine.cases.inbox import labels_of
from engine.cases.office import Office
from engine.cases.play import Play
from engine.cases.rehearsed import Step
from engine.cases.rows import history_rows
from engine.cases.views import Fact
from engine.duties import StaffMember
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import Letter
from engine.values import CHINA
from engine.workflow.forms import Form
from engine.workflow.path import taken
from engine.workflow.reader import Blueprint
from engine.workflow.tables import WorkflowCase, WorkflowSubscription, WorkflowTask, WorkflowTimer
from engine.workflow.versions import Published

#: logins of those who are hired for a rehearsal because nobody holds the post
_STAND_IN = "rehearsal-"
_BY_THEIR_OWN = ("claimant", "employer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Somebody who could do a task."""

    #: empty for the person or employer whom the case is about
    login: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A task of the rehearsal, done or waiting."""

    case_id: int
    element: str
    name: str
    duty: str
    duty_name: str
    #: ready, completed, cancelled
    status: str
    due_at: datetime | None
    #: those who hold the post that day; empty: nobody does
    holders: tuple[Holder, ...]
    form: Form
    #: what the form would show
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A message that the cases wait for."""

    element: str
    name: str
    message: str
    #: names of the data that arrive with it
    provides: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A letter that would have been sent."""

    kind: str
    title: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One thing that happened, as a page tells it."""

    #: 1, 2, 3 …
    number: int
    at: datetime
    #: which of the cases, by order of opening, from 1
    case_number: int
    element: str
    name: str
    words: str
    who: str
    duty_name: str
    facts: tuple[Fact, ...]
    #: elements where a token stands right after it, and events at their edge that would fire by time or message
    tokens: tuple[str, ...]
    armed: tuple[str, ...]
    #: flows that are certainly taken by then, and were not before
    flows: tuple[str, ...]
    #: the task that was completed; None where nobody was asked
    task: Assigned | None


@dataclass(slots=True, kw_only=True)
class Seen:
    """What ``look`` found; empty where the rehearsal could not begin."""

    #: in the order in which they were opened
    tasks: list[Assigned] = field(default_factory=list)
    awaited: list[Awaited] = field(default_factory=list)
    letters: list[Written] = field(default_factory=list)
    #: case → what its history says of each step, in order
    words: dict[int, list[str]] = field(default_factory=dict)
    #: case → process
    processes: dict[int, str] = field(default_factory=dict)
    #: element → its name, of every process that was played
    names: dict[str, str] = field(default_factory=dict)
    #: events that stand at the edge of a step
    edges: set[str] = field(default_factory=set)
    #: case → its diagram
    blueprints: dict[int, Blueprint] = field(default_factory=dict)
    #: step → the facts that it brought, as people call them; then data that have no other name than their own
    facts: list[tuple[Fact, ...]] = field(default_factory=list)
    #: steps of the script that were carried out before it ended or got stuck
    taken: int = 0
    #: where the clock of the stage stands, and when the next timer is due
    now: datetime | None = None
    next_due: datetime | None = None
    #: files lie at the bank and wait for its answer
    bank_waits: bool = False

    def look(self, play: Play) -> None:
        """Read everything from the stage of the play."""
        office, self.taken = play.office, play.taken
        with office.store.reading() as session:
            versions = self._cases(session, play)
            self.tasks = list(_tasks(session, play, versions))
            self.awaited = list(_awaited(session, play, versions))
            letters = session.scalars(
                select(Letter).where(Letter.case_id.in_(play.cases)).order_by(Letter.id)
            )
            self.letters = [
                Written(kind=each.kind, title=each.title, text=each.text, at=each.created_at)
                for each in letters
            ]
            self.facts = [_brought(session, office, step) for step in play.steps]
            self.now = office.clock()
            self.next_due = session.scalar(
                select(func.min(WorkflowTimer.due_at)).where(WorkflowTimer.case_id.in_(play.cases))
            )
            sent = select(OutboxMessage.id).where(
                OutboxMessage.kind == "bank_file", OutboxMessage.case_id.in_(play.cases)
            )
            self.bank_waits = session.scalar(sent.limit(1)) is not None

    def rows(self, steps: Sequence[Step]) -> tuple[StepRow, ...]:
        """The steps of the rehearsal that was looked at, in order."""
        numbers = {case_id: number for number, case_id in enumerate(self.processes, 1)}
        words = {case_id: iter(each) for case_id, each in self.words.items()}
        done = [task for task in self.tasks if task.status == "completed"]
        stands = tokens(steps)
        return tuple(
            StepRow(
                number=number,
                at=step.at,
                case_number=numbers[step.case_id],
                element=step.element,
                name=step.name or step.element,
                words=next(words[step.case_id], ""),
                who=step.who,
                duty_name=step.duty_name,
                facts=facts,
                tokens=tuple(each for each in stand if each == step.element or each not in self.edges),
                armed=tuple(each for each in stand if each != step.element and each in self.edges),
                flows=flows,
                task=_completed(done, step) if step.kind == "completed" else None,
            )
            for number, (step, facts, stand, flows) in enumerate(
                zip(steps, self.facts, stands, self._taken(steps, stands), strict=True), 1
            )
        )

    def _taken(self, steps: Sequence[Step], stands: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
        """For each step the flows that it shows to have been taken, each flow once."""
        passed: dict[int, list[str]] = {}
        found: set[str] = set()
        for step, stand in zip(steps, stands, strict=True):
            own = passed.setdefault(step.case_id, [])
            if step.kind != "started":
                own.append(step.element)
            now = taken(self.blueprints[step.case_id], [*own, *stand]) - found
            found |= now
            yield tuple(sorted(now))

    def _cases(self, session: Session, play: Play) -> dict[int, Published]:
        """The version that each case runs on; notes what the history says and what elements are called."""
        versions: dict[int, Published] = {}
        for case in session.scalars(
            select(WorkflowCase).where(WorkflowCase.id.in_(play.cases)).order_by(WorkflowCase.id)
        ):
            version = versions[case.id] = play.office.runner.versions.get(session, case.version_id)
            rows = history_rows(session, play.office, case.id, labels_of(version))
            self.words[case.id] = ["；".join(filter(None, (row.outcome, row.note))) for row in rows]
            self.processes[case.id] = case.process_id
            self.blueprints[case.id] = version.blueprint
            elements = version.blueprint.elements
            self.names.update({key: each.name for key, each in elements.items()})
            self.edges.update(key for key, each in elements.items() if each.kind == "boundaryEvent")
        return versions


def _completed(done: list[Assigned], step: Step) -> Assigned | None:
    """The earliest task of the step's element that no earlier step has completed, taken from the list."""
    for task in done:
        if (task.case_id, task.element) == (step.case_id, step.element):
            done.remove(task)
            return task
    return None


def _tasks(session: Session, play: Play, versions: Mapping[int, Published]) -> Iterator[Assigned]:
    query = select(WorkflowTask).where(WorkflowTask.case_id.in_(play.cases))
    known: dict[tuple[str, str], tuple[Holder, ...]] = {}
    for task in session.scalars(query.order_by(WorkflowTask.created_at, WorkflowTask.id)):
        post = (task.duty, task.region_code)
        if post not in known:
            known[post] = _holders(session, play, *post)
        form = versions[task.case_id].forms.get(task.form, Form.empty())
        waits = task.status == "ready"
        data = play.office.runner.data_of(session, task.case_id, task.id) if waits else {}
        yield Assigned(
            case_id=task.case_id,
            element=task.element_id,
            name=task.name,
            duty=task.duty,
            duty_name=_lane(play.office, task.duty),
            status=task.status,
            due_at=task.due_at,
            holders=known[post],
            form=form,
            values=form.values(data),
        )


def _holders(session: Session, play: Play, duty: str, region: str) -> tuple[Holder, ...]:
    if duty in _BY_THEIR_OWN:
        return (Holder(login="", name=play.subject.name),)
    found = [
        Holder(login=session.get_one(StaffMember, actor.id).login, name=actor.name)
        for actor in play.crew.holders(duty, region)
    ]
    return tuple(each for each in found if not each.login.startswith(_STAND_IN))


def _awaited(session: Session, play: Play, versions: Mapping[int, Published]) -> Iterator[Awaited]:
    query = select(WorkflowSubscription).where(WorkflowSubscription.case_id.in_(play.cases))
    for row in session.scalars(query.order_by(WorkflowSubscription.case_id, WorkflowSubscription.message)):
        element = versions[row.case_id].blueprint.elements[row.element_id]
        yield Awaited(
            element=element.id, name=element.name, message=row.message, provides=tuple(element.provides)
        )


def _brought(session: Session, office: Office, step: Step) -> tuple[Fact, ...]:
    """What an operation or a decision gave, said as the task pages say it; other data by their own names."""
    if step.kind not in ("operation", "decided"):
        return ()
    called = {label.key for label in fact_labels(office.settings.processes_dir / "facts.yaml")}
    own = (
        Fact(label=key, value=str(value), source="")
        for key, value in step.outcome.items()
        if key not in called and isinstance(value, str | int) and not key.endswith("_id")
    )
    return (*facts_of(office, session, step.outcome), *own)


def _lane(office: Office, duty: str) -> str:
    known = office.duties.duties.get(duty)
    return known.lane if known else duty


def tokens(steps: Sequence[Step]) -> tuple[tuple[str, ...], ...]:
    """For each step the elements where a token stands right after it.

    What goes on by itself is noted at once: within such a run one token travels from step to step, and those that
    stood elsewhere before and after it stay.
    """
    found: list[tuple[str, ...]] = []
    before: tuple[str, ...] = ()
    first = ""
    for at, step in enumerate(steps):
        after = steps[at + 1] if at + 1 < len(steps) else None
        first = first or step.element
        if after is None or after.waiting != step.waiting or after.kind in ("completed", "started"):
            found.append(step.waiting)
            before, first = step.waiting, ""
        else:
            still = (each for each in before if each in step.waiting and each != first)
            found.append(tuple(dict.fromkeys((step.element, *still))))
    return tuple(found)


def morning_after(instant: datetime) -> date:
    """The first day whose nine o'clock in China is not before the instant: so long must be waited for it to pass."""
    local = instant.astimezone(CHINA)
    passed = local.time() > time(9)
    return local.date() + timedelta(days=passed)
