"""Every action of casework × every structure × every duty, for who acts, who is named and who is stood in for.

Generated, not hand-picked: the answer of each use-case is held against a small oracle that reads ``duties.yaml`` by
itself. Each cell is played for real and rolled back. The default run draws a third of the cells, less of the structures' and the
substitutes' (seed printed); ``CHANGLING_MATRIX=all`` plays them all. What is refused changes nothing but the record of the refusal;
what is done leaves inbox and timers as the state of the case has them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import TypeVar

import pytest
from casework_oracle import DUTIES, MANAGERS, OVERSIGHT, done_together, held_together, structures
from clones import assert_rows_match
from sqlalchemy import Connection, select, text

from engine.cases import agencies, handing, inbox, pausing, sending_back, setup, signing, staff, telling
from engine.cases.office import Office
from engine.cases.stage import StageStore
from engine.cases.start import next_case, start_case
from engine.cases.views import Done
from engine.values import SYSTEM, Actor, Refusal
from engine.workflow.runner import Runner
from engine.workflow.tables import WorkflowCase, WorkflowTask
from engine.workflow.versions import Source, Versions

T = TypeVar("T")

SEED = 20251103
#: every cell of the structures and of the substitutes, not a drawn part of them
ALL = os.environ.get("CHANGLING_MATRIX") == "all"
#: the city whose county the cases are in: colleagues of a duty stand above the task, and reach it
CITY, COUNTY = "371500", "371502"
WHY = "矩阵"
#: tables of which nothing may change when an action is refused: by case, and all of it
OF_THE_CASE = (
    "workflow_task", "workflow_history", "workflow_timer", "workflow_subscription", "task_signer", "case_copy",
    "limit_pause", "letter", "outbox_message", "payment_order",
)  # fmt: skip
WHOLE = ("agency", "post", "task_urge", "held_completion")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An office in one transaction that is never committed, with two colleagues of every duty."""

    office: Office
    connection: Connection
    #: duty → who holds it and nothing else; the second of them is only ever named
    staff: Mapping[str, tuple[Actor, Actor]]
    logins: Mapping[str, str]
    #: process id → an open case of it
    cases: Mapping[str, int]

    @contextmanager
    def tried(self) -> Iterator[None]:
        """Whatever happens inside is gone after."""
        savepoint = self.connection.begin_nested()
        try:
            yield
        finally:
            savepoint.rollback()

    def task(self, case_id: int, element: str = "step") -> str:
        """The first open task of the element."""
        query = (
            select(WorkflowTask.id)
            .where(
                WorkflowTask.case_id == case_id,
                WorkflowTask.element_id == element,
                WorkflowTask.status == "ready",
            )
            .order_by(WorkflowTask.id)
            .limit(1)
        )
        with self.office.store.reading() as session:
            return session.scalars(query).one()

    def did(self, case_id: int, who: Actor, duty: str, rng: random.Random) -> None:
        """Somebody had a hand in the case with that duty, which they held then, in whichever way; no duty: none."""
        if not duty:
            return
        kind, as_principal = rng.choice(("completed", "signed", "assisted")), rng.random() < 0.5
        someone = "staff:999999"
        names = {"a": someone if as_principal else who.key, "b": who.key if as_principal else ""}
        self._behind(
            """INSERT INTO workflow_history (case_id, element_id, name, kind, actor, on_behalf_of, duty, at, outcome)
               VALUES (:c, 'earlier', 'earlier', :k, :a, :b, :d, now(), '{}')""",
            {"c": case_id, "k": kind, "d": duty, **names},
        )

    def _behind(self, sql: str, values: Mapping[str, object]) -> None:
        with self.office.store.transaction() as session:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            session.execute(text(sql), values)
            session.execute(text("SET LOCAL session_replication_role = origin"))

    def prints(self, case_id: int) -> tuple[object, ...]:
        """A digest of every watched table."""
        digest = "SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM"
        parts = [f"({digest} workflow_case t WHERE id = :c)"]
        parts += [f"({digest} {table} t WHERE case_id = :c)" for table in OF_THE_CASE]
        parts += [f"({digest} {table} t)" for table in WHOLE]
        with self.office.store.reading() as session:
            return tuple(session.execute(text(f"SELECT {', '.join(parts)}"), {"c": case_id}).one())


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    from offices import FixedClock, settings_for

    from engine.cases.office import open_office

    clock = FixedClock("2025-11-03T09:00+08:00")
    office = open_office(settings_for(database_url, tmp_path_factory.mktemp("matrix")), clock=clock)
    setup.set_up(office)
    setup.seed(office, people=0, employers=0, seed=1, day=date(2025, 11, 3), password="matrix-matrix")
    with office.store.engine.connect() as connection:
        outer = connection.begin()
        staged = replace(
            office, store=StageStore(connection), runner=Runner(Versions(office.runner.versions.names))
        )
        members, logins = _members(staged)
        cases = _cases(staged)
        yield World(office=staged, connection=connection, staff=members, logins=logins, cases=cases)
        outer.rollback()
    office.close()


def _members(office: Office) -> tuple[dict[str, tuple[Actor, Actor]], dict[str, str]]:
    from engine.duties import StaffMember

    found, logins = {}, {}
    with office.store.transaction() as session:
        for duty in DUTIES:
            pair = []
            for number in (1, 2):
                login = f"m{number}.{duty.replace('_', '.')}"
                member = StaffMember(login=login, name=f"{duty}{number}", password_hash="!", region_code=CITY)
                session.add(member)
                session.flush()
                session.execute(
                    text(
                        """INSERT INTO post (staff_id, duty, region_code, valid_from, assigned_by)
                           VALUES (:s, :d, :r, '2025-01-01', 'system:0')"""
                    ),
                    {"s": member.id, "d": duty, "r": CITY},
                )
                pair.append(member.id)
                logins[f"staff:{member.id}"] = login
            found[duty] = tuple(pair)
    actors = {duty: tuple(staff.actor_of(office, number) for number in pair) for duty, pair in found.items()}
    return actors, logins  # type: ignore[return-value]


def _cases(office: Office) -> dict[str, int]:
    opened: dict[str, int] = {}
    person = Actor(kind="person", id=1, name="李")
    for duty in DUTIES:
        for process_id, diagram in structures(duty):
            with office.store.transaction() as session:
                source = Source(file_name=f"{process_id}.bpmn", diagram=diagram, forms={}, decisions={})
                office.runner.versions.publish(
                    session, source, author="staff:1", published_by="staff:2", note="", now=office.clock()
                )
                case = next_case(session, office, process_id, region=COUNTY, subject=person.key)
                start_case(office, session, SYSTEM, case, {"people": ["甲", "乙"], "both": 1})
                opened[process_id] = case.id
            with office.store.reading() as session:
                first = session.scalars(
                    select(WorkflowTask.id).where(WorkflowTask.case_id == opened[process_id])
                ).one()
            done = inbox.complete_task(office, person, first, {})
            assert isinstance(done, Done), (process_id, done)
    return opened


# --- one cell -------------------------------------------------------------------------------------

Act = Callable[[World, Actor, int], object]


def _on_task(call: Callable[..., object], **given: object) -> Act:
    return lambda world, actor, case_id: call(world.office, actor, world.task(case_id), **given)


def _on_case(call: Callable[..., object], **given: object) -> Act:
    return lambda world, actor, case_id: call(world.office, actor, case_id, **given)


#: actions of who acts alone; what they mean to an actor who holds the task's duty is in ``_allowed``
ALONE: Mapping[str, Act] = {
    "claim": _on_task(inbox.claim_task),
    "draft": _on_task(inbox.save_draft, fields={}),
    "complete": _on_task(inbox.complete_task, fields={}),
    "release": _on_task(inbox.release_task),
    "send_back": _on_task(sending_back.send_back, to="first", why=WHY),
    "ways_back": _on_task(sending_back.ways_back),
    "recall": _on_task(sending_back.recall, why=WHY),
    "give_back": _on_task(handing.give_back, note=WHY),
    "sign": _on_task(signing.sign, opinion="agree", note=WHY),
    "take_back": _on_task(signing.take_back_completion),
    "urge": _on_task(telling.urge, note=WHY),
    "copy": _on_case(telling.copy_case, readers=["m2.approve"], note=WHY),
    "pause": _on_case(pausing.pause_case, why=WHY, source=WHY),
    "terminate": _on_case(pausing.terminate_case, why=WHY),
}
_NEVER = {"release", "recall", "give_back", "sign", "take_back"}


def _allowed(action: str, structure: str, *, task: str, holds: str, did: str) -> bool:
    hand = holds == task and done_together(did, task)
    decides = holds == "approve" and done_together(did, "approve")
    # the other branch waits for intake
    beside = structure in {"parallel", "inclusive"} and holds == "intake"
    return {
        "urge": holds in MANAGERS or holds == task,
        "copy": holds == task or beside or holds in OVERSIGHT or holds == "approve" or bool(did),
        "pause": hand or decides or (beside and done_together(did, "intake")),
        "terminate": decides,
    }.get(action, hand and action not in _NEVER)


def _judge(world: World, case_id: int, act: Callable[[], object], allowed: bool, told: object) -> None:
    """The action played: done or refused as it must be, nothing half, the case's rows as its state."""
    before = world.prints(case_id)
    outcome = act()
    done = not isinstance(outcome, Refusal)
    assert done == allowed, (told, outcome)
    if not done:
        assert world.prints(case_id) == before, told
    with world.office.store.reading() as session:
        running = session.get_one(WorkflowCase, case_id).status == "running"
    if running:
        assert_rows_match(world.office, case_id)


def _play_alone(
    world: World, structure: str, action: str, *, task: str, holds: str, did: str, rng: random.Random
) -> None:
    case_id, actor = world.cases[f"m_{structure}_{task}"], world.staff[holds][0]
    with world.tried():
        world.did(case_id, actor, did, rng)
        _judge(
            world,
            case_id,
            partial(ALONE[action], world, actor, case_id),
            _allowed(action, structure, task=task, holds=holds, did=did),
            (structure, action, f"task {task}", f"holds {holds}", f"did {did or 'nothing'}"),
        )


def _play_named(
    world: World, structure: str, action: str, *, task: str, holds: str, did: str, rng: random.Random
) -> None:
    """The first of the task's duty acts; the second of the named duty is the colleague."""
    case_id, actor, named = world.cases[f"m_{structure}_{task}"], world.staff[task][0], world.staff[holds][1]
    task_id, login = world.task(case_id), world.logins[named.key]
    hand = holds == task and done_together(did, task)
    signs = done_together(holds, task) and done_together(did, holds) and done_together(did, task)
    acts: Mapping[str, tuple[Callable[[], object], bool]] = {
        "hand_over": (lambda: handing.hand_over(world.office, actor, task_id, to=login, why=WHY), hand),
        "delegate": (lambda: handing.delegate(world.office, actor, task_id, to=login, why=WHY), hand),
        "before": (
            lambda: signing.add_signer(world.office, actor, task_id, signer=login, place="before", why=WHY),
            signs,
        ),
        "after": (
            lambda: signing.add_signer(world.office, actor, task_id, signer=login, place="after", why=WHY),
            signs,
        ),
        "substitute": (
            lambda: agencies.make_agency(
                world.office, actor, principal=world.logins[actor.key], substitute=login, duty=task,
                region=CITY, first_day=world.office.today, last_day=world.office.today + timedelta(days=9),
                why=WHY,
            ),
            held_together(holds, task),
        ),
    }  # fmt: skip
    act, allowed = acts[action]
    told = (structure, action, f"task {task}", f"named {holds}", f"did {did or 'nothing'}")
    with world.tried():
        world.did(case_id, named, did, rng)
        _judge(world, case_id, act, allowed, told)
        if allowed:
            _follow_up(world, case_id, action, actor, named, task=task, holds=holds, told=told)


def _follow_up(
    world: World,
    case_id: int,
    action: str,
    actor: Actor,
    named: Actor,
    *,
    task: str,
    holds: str,
    told: object,
) -> None:
    """What the named colleague may do now, and what they are bound by once they did it."""
    office, task_id = world.office, world.task(case_id)
    refusals: Mapping[str, tuple[Actor, str]] = {
        "hand_over": (actor, "claimed_by_other"),
        "delegate": (named, "delegated"),
        "before": (actor, "signers_waiting"),
    }
    if action in refusals:
        who, code = refusals[action]
        no = inbox.complete_task(office, who, task_id, {})
        assert isinstance(no, Refusal) and code in {reason.code for reason in no.reasons}, (told, no)
    if action == "delegate":
        assert isinstance(handing.give_back(office, named, task_id, note=WHY), Done), told
    if action == "after":
        assert isinstance(inbox.complete_task(office, actor, task_id, {}), Done), told
    if action in {"before", "after"}:
        assert isinstance(signing.sign(office, named, task_id, opinion="agree"), Done), told
    if action == "hand_over":
        assert isinstance(inbox.complete_task(office, named, task_id, {}), Done), told
    if action in {"delegate", "before"}:
        assert isinstance(inbox.complete_task(office, actor, task_id, {}), Done), told
    assert_rows_match(office, case_id)


def _drawn(rng: random.Random, cells: Iterable[T]) -> list[T]:
    """Half of the cells, or all of them when asked."""
    every = list(cells)
    return every if ALL else rng.sample(every, -(-len(every) // 3))


def _pairs(did: bool) -> Iterator[tuple[str, str, str]]:
    """(duty of the task, duty held, duty of an earlier hand): every pair without a hand; every hand for who holds it."""
    for task in DUTIES:
        yield from ((task, holds, "") for holds in DUTIES)
        if did:
            yield from ((task, task, earlier) for earlier in DUTIES)


@pytest.mark.req("FLOW-06", "MONEY-02", "CTRL-01")
@pytest.mark.parametrize("action", list(ALONE))
def test_who_acts_alone_is_judged_as_the_book_says(world: World, action: str) -> None:
    rng = random.Random(f"{SEED}/{action}")
    for task, holds, did in _drawn(rng, _pairs(did=ALL or action not in _NEVER)):
        _play_alone(world, "sequence", action, task=task, holds=holds, did=did, rng=rng)
    for did in DUTIES:
        _play_alone(world, "sequence", action, task=rng.choice(DUTIES), holds="approve", did=did, rng=rng)


@pytest.mark.req("FLOW-06", "MONEY-01", "MONEY-02")
@pytest.mark.parametrize("action", ["hand_over", "delegate", "before", "after", "substitute"])
def test_who_is_named_is_judged_as_the_book_says(world: World, action: str) -> None:
    rng = random.Random(f"{SEED}/{action}")
    for task, holds, did in _drawn(rng, _pairs(did=action != "substitute")):
        _play_named(world, "sequence", action, task=task, holds=holds, did=did, rng=rng)
    if action in {"before", "after"}:
        for task in DUTIES:
            for holds, did in ((rng.choice(DUTIES), rng.choice(DUTIES)) for _ in range(8)):
                _play_named(world, "sequence", action, task=task, holds=holds, did=did, rng=rng)


@pytest.mark.req("FLOW-06", "MONEY-02")
@pytest.mark.parametrize(
    "structure", ["parallel", "inclusive", "several", "sub_process", "call", "limit", "reminder"]
)
def test_no_structure_changes_who_may(world: World, structure: str) -> None:
    rng = random.Random(f"{SEED}/{structure}")
    print(f"seed {SEED}/{structure}")
    for task in _drawn(rng, DUTIES):
        for action in ALONE:
            cells = [(task, ""), (task, rng.choice(DUTIES)), (rng.choice(DUTIES), "")]
            for holds, did in cells if ALL else [rng.choice(cells)]:
                _play_alone(world, structure, action, task=task, holds=holds, did=did, rng=rng)
        for action in ("hand_over", "delegate", "before", "after"):
            for holds, did in ((task, ""), (rng.choice(DUTIES), rng.choice(DUTIES))):
                _play_named(world, structure, action, task=task, holds=holds, did=did, rng=rng)


@pytest.mark.req("FLOW-06", "MONEY-02")
def test_a_substitute_acts_where_neither_of_the_two_is_bound(world: World) -> None:
    """Every duty of the substitute × every earlier hand of either of the two, before the substitute completes."""
    rng = random.Random(f"{SEED}/substitute")
    office, day = world.office, world.office.today
    for task in DUTIES:
        principal = world.staff[task][0]
        for holds in (duty for duty in DUTIES if duty != task and held_together(duty, task)):
            substitute = world.staff[holds][1]
            bound = [*((d, "") for d in DUTIES), *(("", d) for d in DUTIES)]
            for mine, theirs in [("", ""), *(bound if ALL else rng.sample(bound, 4))]:
                case_id = world.cases[f"m_{rng.choice(['sequence', 'parallel', 'call'])}_{task}"]
                allowed = done_together(mine, task) and done_together(theirs, task)
                with world.tried():
                    made = agencies.make_agency(
                        office, principal, principal=world.logins[principal.key],
                        substitute=world.logins[substitute.key], duty=task, region=CITY, first_day=day,
                        last_day=day, why=WHY,
                    )  # fmt: skip
                    assert isinstance(made, Done), (task, holds, made)
                    world.did(case_id, substitute, mine, rng)
                    world.did(case_id, principal, theirs, rng)
                    told = (f"task {task}", f"substitute {holds}", f"did {mine}", f"principal did {theirs}")
                    act = partial(inbox.complete_task, office, substitute, world.task(case_id), {})
                    _judge(world, case_id, act, allowed, told)
                    if not allowed:
                        continue
                    with office.store.reading() as session:
                        last = session.execute(
                            text(
                                "SELECT actor, on_behalf_of, duty FROM workflow_history WHERE kind = 'completed' ORDER BY id DESC LIMIT 1"
                            )
                        ).one()
                    assert tuple(last) == (substitute.key, principal.key, task)
