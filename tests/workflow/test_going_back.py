"""Sending back, recalling, pausing on a real database: examples for each structure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from drawings import END, START, chain, process, user
from running import House
from sqlalchemy import text
from test_runner import parallel, timer

from engine.store.db import Store

pytestmark = pytest.mark.req("FLOW-06")


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    """A house on the module's database, emptied of cases."""
    with store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(
            text(
                "TRUNCATE workflow_case, workflow_task, workflow_timer, workflow_subscription, "
                "workflow_history, workflow_incident, process_version CASCADE"
            )
        )
    yield House(store=store)


def boundary(own: str, host: str, definition: str, *, stops: bool = True) -> str:
    """A boundary event."""
    return f'<boundaryEvent id="{own}" attachedToRef="{host}" cancelActivity="{str(stops).lower()}">{definition}</boundaryEvent>'


def several(own: str, collection: str = "people", until: str = "", *, one_by_one: bool = False) -> str:
    """A user task done by several."""
    condition = f"<completionCondition>{until}</completionCondition>" if until else ""
    sequential = ' isSequential="true"' if one_by_one else ""
    return user(
        own,
        f'<multiInstanceLoopCharacteristics camunda:collection="{collection}" camunda:elementVariable="who"{sequential}>'
        f"{condition}</multiInstanceLoopCharacteristics>",
    )


FORKED = process(
    START + user("q") + parallel("f") + user("a") + user("a2") + user("b") + parallel("j") + user("c") + END
    + chain("s", "q", "f", "a", "a2", "j", "c", "e") + chain("f", "b", "j")
)  # fmt: skip


def test_a_sequence_goes_back_with_what_was_typed(house: House) -> None:
    house.publish(process(START + user("a") + user("b") + user("c") + END + chain("s", "a", "b", "c", "e")))
    case = house.start()
    house.complete(case, "a", typed="one")
    house.complete(case, "b", other="two")

    assert house.ways_back(case, "c") == {"b": "", "a": ""}
    house.send_back(case, "c", "a")

    assert house.open(case) == ["a"]
    data = house.data(case)
    assert (data["typed"], data["other"]) == ("one", "two")
    for step in ("a", "b", "c"):
        house.complete(case, step)
    assert house.case(case).status == "completed"


def test_inside_a_branch_only_that_branch_goes_back(house: House) -> None:
    house.publish(FORKED)
    case = house.start()
    for step in ("q", "a", "b"):
        house.complete(case, step)

    assert house.ways_back(case, "a2") == {"b": "no_way_back", "a": "", "q": ""}
    house.send_back(case, "a2", "a")

    assert house.open(case) == ["a"]
    for step in ("a", "a2", "c"):
        house.complete(case, step)
    assert house.case(case).status == "completed"


def test_before_the_split_all_branches_go_back(house: House) -> None:
    house.publish(FORKED)
    case = house.start()
    for step in ("q", "a", "b"):
        house.complete(case, step)

    house.send_back(case, "a2", "q")

    assert house.open(case) == ["q"]
    house.complete(case, "q")
    assert house.open(case) == ["a", "b"]
    for step in ("a", "a2"):
        house.complete(case, step)
    assert house.open(case) == ["b"]
    house.complete(case, "b")
    house.complete(case, "c")
    assert house.case(case).status == "completed"


def test_a_vote_goes_back_as_a_whole_and_can_be_gone_back_to(house: House) -> None:
    house.publish(
        process(START + user("a") + several("v") + user("b") + END + chain("s", "a", "v", "b", "e"))
    )
    case = house.start(people=["x", "y", "z"])
    house.complete(case, "a")
    house.complete(case, "v")
    assert house.open(case) == ["v", "v"]

    house.send_back(case, "v", "a")
    assert house.open(case) == ["a"]
    house.complete(case, "a")
    assert house.open(case) == ["v"] * 3
    for _ in range(3):
        house.complete(case, "v")
    house.send_back(case, "b", "v")

    assert house.open(case) == ["v"] * 3
    for _ in range(3):
        house.complete(case, "v")
    house.complete(case, "b")
    assert house.case(case).status == "completed"


IN_SUB = process(
    START + user("q") + '<subProcess id="sp"><startEvent id="s1"/>' + user("a") + user("b") + '<endEvent id="e1"/>'
    + chain("s1", "a", "b", "e1") + "</subProcess>" + boundary("t", "sp", timer("P5D")) + user("late") + user("c") + END
    + '<endEvent id="e2"/>' + chain("s", "q", "sp", "c", "e") + chain("t", "late", "e2")
)  # fmt: skip


def test_within_a_sub_process_its_limit_runs_on_and_out_of_it_the_limit_goes(house: House) -> None:
    house.publish(IN_SUB)
    case = house.start()
    house.complete(case, "q")
    due = house.due(case)
    house.now += timedelta(days=1)
    house.complete(case, "a")

    house.send_back(case, "b", "a")
    assert (house.open(case), house.due(case)) == (["a"], due)

    house.send_back(case, "a", "q")
    assert (house.open(case), house.due(case)) == (["q"], {})
    house.now += timedelta(days=9)
    for step in ("q", "a", "b", "c"):
        house.complete(case, step)
    assert house.case(case).status == "completed"


def test_into_a_finished_sub_process_enters_it_anew_with_its_limit(house: House) -> None:
    house.publish(IN_SUB)
    case = house.start()
    for step in ("q", "a", "b"):
        house.complete(case, step)
    house.now += timedelta(days=2)

    house.send_back(case, "c", "b")

    assert house.open(case) == ["b"]
    assert house.due(case) == {"t": house.now + timedelta(days=5)}
    house.wait(days=6)
    assert house.open(case) == ["late"]
    assert house.ways_back(case, "late") == {"a": "", "q": ""}
    house.send_back(case, "late", "a")
    for step in ("a", "b", "c"):
        house.complete(case, step)
    assert house.case(case).ended_in == "e"
