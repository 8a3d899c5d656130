"""Sending back, recalling, pausing on a real database: examples for each structure."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from casework_drawings import PEOPLE, casework_diagram
from drawings import END, START, chain, process, user
from running import MONDAY, House
from sqlalchemy import text
from test_rewinding import sound_diagrams
from test_runner import parallel, timer

from engine.store.db import Store
from engine.values import RefusedError
from engine.workflow.going_back import field_of
from engine.workflow.migration import read_state
from engine.workflow.tables import WorkflowCase, WorkflowSubscription, WorkflowTimer
from engine.workflow.whereabouts import marking_of

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


def test_branches_that_were_joined_once_are_waited_for_again(house: House) -> None:
    house.publish(FORKED)
    case = house.start()
    for step in ("q", "a", "b", "a2"):
        house.complete(case, step)

    house.send_back(case, "c", "q")
    house.complete(case, "q")
    house.complete(case, "b")

    assert house.open(case) == ["a"]
    assert house.ways_back(case, "a") == {"b": "no_way_back", "q": ""}


def test_back_into_a_joined_branch_the_other_branches_stay_as_done_as_they_were(house: House) -> None:
    house.publish(FORKED)
    case = house.start()
    for step in ("q", "a", "a2"):
        house.complete(case, step)
    house.complete(case, "b", by_b=1)

    assert house.ways_back(case, "c") == {"b": "", "a2": "", "a": "", "q": ""}
    house.send_back(case, "c", "a")

    assert house.open(case) == ["a"]
    # within the branch nothing of the other one is at hand
    assert house.ways_back(case, "a") == {"b": "no_way_back", "q": ""}
    house.complete(case, "a", by_a=2)
    house.complete(case, "a2")
    assert house.open(case) == ["c"]
    data = house.data(case)
    assert (data["by_a"], data["by_b"]) == (2, 1)
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


def test_one_round_of_a_sub_process_goes_back_within_itself_and_all_of_them_out_of_it(house: House) -> None:
    loop = '<multiInstanceLoopCharacteristics camunda:collection="people" camunda:elementVariable="who"/>'
    house.publish(process(
        START + user("q") + f'<subProcess id="sp">{loop}<startEvent id="s1"/>' + user("a") + user("b")
        + '<endEvent id="e1"/>' + chain("s1", "a", "b", "e1") + "</subProcess>" + user("c") + END
        + chain("s", "q", "sp", "c", "e")
    ))  # fmt: skip
    case = house.start(people=list(PEOPLE))
    house.complete(case, "q")
    house.complete(case, "a", mine=1)
    assert house.open(case) == ["a", "b"]

    house.send_back(case, "b", "a")
    assert house.open(case) == ["a", "a"]
    house.complete(case, "a")
    house.send_back(case, "b", "q")
    assert house.open(case) == ["q"]

    house.complete(case, "q")
    for step in ("a", "a", "b", "b"):
        house.complete(case, step)
    assert house.ways_back(case, "c") == {"b": "round_ended", "a": "round_ended", "q": ""}
    house.complete(case, "c")
    assert house.case(case).status == "completed"


def test_an_event_that_came_meanwhile_and_what_it_set_going_stay_with_the_step_that_stays(
    house: House,
) -> None:
    house.publish(process(
        START + user("q") + '<subProcess id="sp"><startEvent id="s1"/>' + user("a") + user("b") + '<endEvent id="e1"/>'
        + chain("s1", "a", "b", "e1") + "</subProcess>" + boundary("t", "sp", timer("P5D"), stops=False) + user("remind")
        + '<endEvent id="e2"/>' + END + chain("s", "q", "sp", "e") + chain("t", "remind", "e2")
    ))  # fmt: skip
    case = house.start()
    house.complete(case, "q")
    house.complete(case, "a")
    house.wait(days=6)
    assert house.open(case) == ["b", "remind"]

    house.send_back(case, "b", "a")
    assert house.open(case) == ["a", "remind"]
    # out of the sub-process its reminder goes too, and may come again
    house.send_back(case, "a", "q")
    assert (house.open(case), house.due(case)) == (["q"], {})
    house.complete(case, "q")
    assert set(house.due(case)) == {"t"}


def test_a_step_of_a_process_that_is_called_twice_is_gone_back_to_where_there_is_one_way_only(
    house: House,
) -> None:
    called = f'<process id="k"><startEvent id="ks"/>{user("t")}<endEvent id="ke"/>{chain("ks", "t", "ke")}</process>'
    calls = "".join(f'<callActivity id="{own}" calledElement="k"/>' for own in ("c1", "c2"))
    body = START + parallel("f") + calls + parallel("j") + user("z") + END
    body += chain("s", "f", "c1", "j", "z", "e") + chain("f", "c2", "j")
    house.publish(process(body).replace(b"</definitions>", called.encode() + b"</definitions>"))
    case = house.start()
    house.complete(case, "t")
    house.complete(case, "t")

    assert house.ways_back(case, "z") == {"t": "several_ways"}


class Life:
    """One case of a random structure, played by random choices."""

    def __init__(
        self, house: House, fields: tuple[str, ...], rng: random.Random, began: dict[str, int] | None = None
    ) -> None:
        self.house, self.fields, self.rng = house, fields, rng
        self.began = began or self.answers()
        # every case has its own time: what another one waits for does not make this one late
        house.now = MONDAY
        self.case = house.start(people=list(PEOPLE), **self.began)
        #: what was done so far, to do it again in another case
        self.done: list[tuple[str, dict[str, int]]] = []

    def answers(self) -> dict[str, int]:
        """What the gateways will read."""
        return {name: self.rng.randrange(3) for name in self.fields}

    def step(self) -> None:
        """Somebody does an open task, or all limits pass."""
        tasks = self.house.open(self.case)
        limits = bool(self.house.timers(self.case)) and (not tasks or self.rng.random() < 0.2)
        self.does("" if limits else self.rng.choice(tasks), self.answers())

    def does(self, element: str, answers: dict[str, int]) -> None:
        """That step."""
        self.done.append((element, answers))
        if element:
            self.house.complete(self.case, element, **answers)
        else:
            self.house.pass_limits(self.case)

    def again(self, rng: random.Random) -> Life:
        """Another case that has come to the same place."""
        other = Life(self.house, self.fields, rng, self.began)
        for element, answers in self.done:
            other.does(element, answers)
        assert self.house.open(other.case) == self.house.open(self.case)
        return other

    def running(self) -> bool:
        """Whether it goes on."""
        return self.house.case(self.case).status == "running"

    def ends_beside(self, other: Life) -> None:
        """Played on, with further ways back, until it ends; nothing of it is left open, nothing of the other moves."""
        ways, before = 2, other.house.case(other.case).revision
        for _ in range(STEPS):
            if not self.running():
                break
            back = self.somewhere_back() if ways and self.rng.random() < 0.15 else None
            if back is None:
                self.step()
            else:
                ways -= 1
                self.house.send_back(self.case, *back)
            self.stands_somewhere()
        assert not self.running(), self.done
        for table in (WorkflowTimer, WorkflowSubscription):
            assert self.house._column(table.element_id, self.case) == []
        assert self.house.open(self.case) == []
        assert other.house.case(other.case).revision == before

    def somewhere_back(self) -> tuple[str, str] | None:
        """An open task and a step that it may be sent back to; None where there is none."""
        tasks = self.house.open(self.case)
        pairs = [
            (task, to) for task in tasks for to, no in self.house.ways_back(self.case, task).items() if not no
        ]
        return self.rng.choice(pairs) if pairs else None

    def stands_somewhere(self) -> None:
        """Its marking is one that the net can reach."""
        with self.house.store.reading() as session:
            row = session.get_one(WorkflowCase, self.case)
            version = self.house.runner.versions.get(session, row.version_id)
            field = field_of(version, self.house.names)
            if row.status == "running":
                marking = marking_of(read_state(row.state, version.blueprint), field.net)
                assert marking in field.reach.before, self.done


#: more than any of the random structures needs
STEPS = 120
STRUCTURES = int(os.environ.get("CHANGLING_STRUCTURES", "3"))


def test_every_structure_every_open_task_every_earlier_step_ends_in_order(house: House) -> None:
    base = random.randrange(10**6)
    print(f"seed {base}")
    told: Counter[str] = Counter()

    for seed, data in sound_diagrams(base, STRUCTURES):
        _, fields = casework_diagram(random.Random(seed))
        house.publish(data)
        rng = random.Random(seed)
        life, tried = Life(house, fields, rng), set[tuple[tuple[str, ...], str, str]]()
        while life.running():
            opened, now = tuple(house.open(life.case)), house.now
            for task in sorted(set(opened)):
                for to, no in house.ways_back(life.case, task).items():
                    if (opened, task, to) in tried:
                        continue
                    tried.add((opened, task, to))
                    told[no or "gone back"] += 1
                    print(seed, opened, task, "->", to, no)
                    other = life.again(random.Random(rng.random()))
                    if no:
                        with pytest.raises(RefusedError):
                            house.send_back(other.case, task, to)
                    else:
                        house.send_back(other.case, task, to)
                        assert to in house.open(other.case)
                        other.stands_somewhere()
                    other.ends_beside(life)
                    house.now = now
            life.step()

    print(dict(told))
    assert told["gone back"] > STRUCTURES
