"""Every shipped diagram, every open step, every earlier step: sent back, the case ends as it would have, paid once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from builders import (
    MAIN_ROAD,
    Case,
    a_claim,
    a_finding,
    a_granted_claim,
    a_payment_run,
    a_refund,
    a_transfer,
    actor,
    refused,
)
from paths import assert_nothing_left
from sqlalchemy import func, select

from engine.cases import sending_back
from engine.cases.office import Office
from engine.cases.views import Done
from engine.money.payments import PaymentOrder
from engine.values import Refusal
from engine.workflow.tables import WorkflowCase, WorkflowSubscription, WorkflowTask, WorkflowTimer

pytestmark = [pytest.mark.slow, pytest.mark.req("FLOW-06", "MONEY-02")]

#: a step in which nobody of the case does anything: a time runs out, or finance pays what is ordered
WAIT = ""
#: process → how a case of it begins, and to whose cases a claim of more people leads
STARTS: dict[str, Callable[[Office], Case]] = {
    "claim": a_claim,
    "claim with evidence": lambda office: a_claim(office, "chen"),
    "transfer": a_transfer,
    "refund": a_refund,
    "finding": a_finding,
    "payment run": lambda office: (a_granted_claim(office), a_payment_run(office))[1],
}


@pytest.mark.parametrize("name", STARTS)
def test_every_earlier_step_is_gone_back_to_and_the_case_ends_as_it_would_have(
    office: Office, afresh: Callable[[], None], name: str
) -> None:
    told: Counter[str] = Counter()
    plain = _ended(STARTS[name](office))
    afresh()

    for steps in _main_road(STARTS[name](office), afresh):
        case = _at(STARTS[name](office), steps)
        step = _open(office)[0]
        ways = _ways(case, step)
        afresh()
        for to, no in ways.items():
            told[no or "gone back"] += 1
            print(name, step, "->", to, no)
            case = _at(STARTS[name](office), steps)
            outcome = sending_back.send_back(
                office, actor(office, MAIN_ROAD[step][0]), _task(office, case, step), to=to, why="材料有误"
            )
            if no:
                assert isinstance(outcome, Refusal)
                assert no in refused(outcome)
            else:
                assert isinstance(outcome, Done), outcome
                assert to in _open(office)
            assert _ended(case) == plain
            afresh()

    print(dict(told))
    assert told["gone back"]


def _main_road(case: Case, afresh: Callable[[], None]) -> Iterator[list[str]]:
    """The steps done before each step of staff on the main road."""
    done: list[str] = []
    roads = []
    while _running(case.office):
        step = (_open(case.office) or [WAIT])[0]
        if step != WAIT and MAIN_ROAD[step][0]:
            roads.append(list(done))
        _answer(case, step)
        done.append(step)
    afresh()
    yield from roads


def _at(case: Case, steps: list[str]) -> Case:
    for step in steps:
        _answer(case, step)
    return case


def _answer(case: Case, step: str) -> None:
    """The step done wherever it is open: a case may lead to one in another office."""
    with case.office.store.reading() as session:
        case_id = session.scalar(
            select(WorkflowTask.case_id).where(
                WorkflowTask.element_id == step, WorkflowTask.status == "ready"
            )
        )
        late = session.scalar(select(func.max(WorkflowTimer.due_at)))
        unpaid = session.scalar(
            select(WorkflowSubscription.task_id)
            .where(WorkflowSubscription.message == "transfer_paid")
            .limit(1)
        )
    if step == WAIT and unpaid is not None:
        a_payment_run(case.office).goes_on()
    elif step == WAIT:
        assert late is not None, "waits for nothing"
        case.clock.now = max(late, case.clock.now)
    else:
        assert case_id is not None, f"{step} is not open"
        (case if case_id == case.id else Case(office=case.office, id=case_id)).answers(step)
    case.sweep()


def _open(office: Office) -> list[str]:
    with office.store.reading() as session:
        return sorted(session.scalars(select(WorkflowTask.element_id).where(WorkflowTask.status == "ready")))


def _running(office: Office) -> bool:
    with office.store.reading() as session:
        return bool(session.scalar(select(func.count()).where(WorkflowCase.status == "running")))


def _task(office: Office, case: Case, step: str) -> str:
    with office.store.reading() as session:
        return session.scalars(
            select(WorkflowTask.id).where(WorkflowTask.element_id == step, WorkflowTask.status == "ready")
        ).one()


def _ways(case: Case, step: str) -> dict[str, str]:
    office = case.office
    found = sending_back.ways_back(office, actor(office, MAIN_ROAD[step][0]), _task(office, case, step))
    if isinstance(found, Refusal):
        # a step from which the diagram allows no way back
        assert refused(found) == ("send_back_no",)
        return {}
    return {way.element_id: way.reasons[0].code if way.reasons else "" for way in found}


def _ended(case: Case) -> tuple[list[str], int]:
    """Played to the end along the main road: where each case ended, and how many orders were written."""
    for _ in range(40):
        if not _running(case.office):
            break
        _answer(case, (_open(case.office) or [WAIT])[0])
    assert_nothing_left(case.office)
    with case.office.store.reading() as session:
        ends = session.scalars(select(WorkflowCase.ended_in)).all()
        orders = session.scalar(select(func.count()).select_from(PaymentOrder))
    return sorted(end or "" for end in ends), orders or 0
