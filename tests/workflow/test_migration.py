"""A running case on another version of its diagram: it goes on as a case of that version would at that point."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from drawings import END, START, chain, flow, process, user
from mutants import MUTATIONS, Mutation, engine_at, mutated, published, walk_over
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.workflow.codec import encode, prune
from engine.workflow.migration import Plan, move, plan, plan_for
from engine.workflow.reader import ReadError
from engine.workflow.script import ScriptEngine

DIAGRAMS = sorted((Path(__file__).parent / "diagrams").glob("*.bpmn"))
CLAIM = Path(__file__).parents[2] / "processes" / "claim.bpmn"
#: another start gives other walks: WALK_SEED=1000 pytest tests/workflow/test_migration.py
SEED = int(os.environ.get("WALK_SEED", "0"))
NOW = datetime(2026, 1, 5, tzinfo=UTC)
#: how often a comparison said something, by mutation, over the whole module
compared: Counter[str] = Counter()


@pytest.mark.req("FLOW-04")
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
@pytest.mark.parametrize("path", [*DIAGRAMS, CLAIM], ids=lambda path: path.stem)
def test_a_moved_case_goes_on_as_one_of_the_new_version(path: Path, mutation: Mutation) -> None:
    data = path.read_bytes()
    rng = random.Random(SEED)
    for seed in range(SEED, SEED + 2):
        changed = mutated(data, mutation, seed)
        if changed is None:
            continue
        try:
            old, new = published(data), published(changed, published(data).process_id, number=2)
        except ReadError:
            continue
        for at in (rng.randrange(3), rng.randrange(3, 9)):
            walked = walk_over(old, new, seed=seed, at=at)

            assert walked.before == walked.after, "ids of open tasks were lost"
            if walked.comparable:
                compared[mutation.__name__] += 1
                assert walked.found == walked.expected, f"seed {seed}, moved before step {at}"


def test_the_walks_above_compared_something_for_each_mutation() -> None:
    if len(compared) == 0:
        pytest.skip("the walks were not run")

    assert {mutation.__name__ for mutation in MUTATIONS} == set(compared)
    assert sum(compared.values()) > 100, compared


def begun(data: bytes, *steps: str, **facts: object) -> tuple[BpmnWorkflow, bytes]:
    """A case that did these steps; it, and the file."""
    blueprint = published(data).blueprint
    workflow = BpmnWorkflow(blueprint.spec, dict(blueprint.subprocess_specs), script_engine=engine_at(NOW))
    workflow.task_tree.data.update(facts)
    workflow.do_engine_steps()
    for step in steps:
        finish(workflow, step)
    prune(workflow)
    return workflow, data


def finish(workflow: BpmnWorkflow, element: str) -> None:
    task = next(iter(workflow.get_tasks(state=TaskState.READY, spec_name=element)))
    task.run()
    workflow.do_engine_steps()


def send(workflow: BpmnWorkflow, element: str) -> None:
    task = next(iter(workflow.get_tasks(state=TaskState.WAITING, spec_name=element)))
    event = BpmnEvent(task.task_spec.event_definition, {})
    task.task_spec.catch(task, event)
    task.task_spec._update(task)
    workflow.do_engine_steps()


def judged(case: tuple[BpmnWorkflow, bytes], new: bytes) -> Plan:
    return plan_for(case[0], published(case[1]), published(new, number=2))


def moved(case: tuple[BpmnWorkflow, bytes], new: bytes, **since: datetime) -> BpmnWorkflow:
    found = move(case[0], published(case[1]), published(new, number=2), engine_at=engine_at, since=since)
    found.script_engine = engine_at(NOW)
    return found


def ready(workflow: BpmnWorkflow) -> list[str]:
    return sorted(task.task_spec.name for task in workflow.get_tasks(state=TaskState.READY))


def codes(found: Plan) -> list[str]:
    return sorted(reason.code for reason in found.reasons)


def limited(timer: str = "P5D", *, more: str = "", kind: str = "", task: str = "") -> bytes:
    """One task with a time limit that ends in a late task."""
    event = (
        f'<boundaryEvent id="late" name="超时" attachedToRef="x" cancelActivity="{kind or "true"}">'
        f"<timerEventDefinition><timeDuration>{timer}</timeDuration></timerEventDefinition></boundaryEvent>"
    )
    body = START + END + (task or user("x")) + user("y") + user("z") + chain("s", "x", "y", "e")
    return process(body + (event + flow("late", "z") + flow("z", "e") if timer else "") + more)


@pytest.mark.req("FLOW-04")
def test_a_deadline_stays_at_its_instant_even_if_the_new_version_counts_otherwise() -> None:
    case = begun(limited("P5D"))
    due = [task.internal_data["event_value"] for task in case[0].event_manager.tasks.values()]

    found = judged(case, limited("P90D"))
    after = moved(case, limited("P90D"))

    assert (found.verdict, codes(found)) == ("notice", ["timer_changed"])
    assert [task.internal_data["event_value"] for task in after.event_manager.tasks.values()] == due
    after.script_engine = engine_at(NOW + timedelta(days=6))
    after.refresh_timers()
    after.do_engine_steps()
    assert ready(after) == ["z"]


@pytest.mark.req("FLOW-04")
def test_a_removed_time_limit_no_longer_fires_and_people_are_told_which() -> None:
    case = begun(limited("P5D"))

    found = judged(case, limited(""))
    after = moved(case, limited(""))

    assert (found.verdict, codes(found)) == ("notice", ["event_removed"])
    assert "超时" in found.reasons[0].text and "到期" in found.reasons[0].text
    assert not after.event_manager.tasks
    finish(after, "x")
    assert ready(after) == ["y"]


@pytest.mark.parametrize(("timer", "due"), [("P9D", NOW + timedelta(days=9)), ("${later(9)}", NOW)])
def test_an_added_duration_counts_from_now_and_an_added_limit_from_the_day_the_task_came_up(
    timer: str, due: datetime
) -> None:
    def at(instant: datetime | None) -> ScriptEngine:
        now = instant or NOW
        later = {"later": lambda days: (now + timedelta(days=days)).isoformat()}
        return ScriptEngine(later, lambda *_: {}, lambda *_: {}, lambda: now)

    workflow, data = begun(limited(""))
    task = workflow.get_tasks(state=TaskState.READY)[0]
    old, new = published(data), published(limited(timer), number=2)
    found = plan_for(workflow, old, new)
    after = move(workflow, old, new, engine_at=at, since={task.id.hex: NOW - timedelta(days=9)})

    [event] = after.event_manager.tasks.values()
    assert codes(found) == ["event_added"]
    assert event.state == TaskState.WAITING
    assert datetime.fromisoformat(event.internal_data["event_value"]) == due
    assert ready(after) == ["x"]
    after.script_engine = at(due + timedelta(seconds=1))
    after.refresh_timers()
    after.do_engine_steps()
    assert ready(after) == ["z"]


@pytest.mark.parametrize("kind", ["removed", "interrupting", "elsewhere"])
def test_a_reminder_that_went_out_is_spent_whatever_becomes_of_its_event(kind: str) -> None:
    """Beneath the split, a fired event that is gone or interrupts by now would end the open task."""

    def drawn(attached: str = "x", cancel: str = "false") -> bytes:
        reminder = (
            f'<boundaryEvent id="urged" attachedToRef="{attached}" cancelActivity="{cancel}">'
            f'<messageEventDefinition messageRef="m"/></boundaryEvent>{flow("urged", "r")}'
        )
        limit = (
            '<boundaryEvent id="late" attachedToRef="x"><timerEventDefinition><timeDuration>P5D</timeDuration>'
            f"</timerEventDefinition></boundaryEvent>{flow('late', 'e')}"
        )
        body = START + END + user("x") + user("y") + user("r") + '<endEvent id="e2"/>' + limit
        # the reminder's task is drawn somewhere else as well, so that it stays when the event goes
        body += '<exclusiveGateway id="g" default="g_x"/>' + flow("g", "r", "${False}") + flow("r", "e2")
        body += chain("s", "g", "x", "y", "e") + (reminder if attached else "")
        return process(body, more='<message id="m" name="urge"/>')

    new = {
        "removed": drawn(attached=""),
        "interrupting": drawn(cancel="true"),
        "elsewhere": drawn(attached="y"),
    }[kind]
    case = begun(drawn())
    send(case[0], "urged")
    prune(case[0])
    assert ready(case[0]) == ["r", "x"]

    found = judged(case, new)
    assert found.verdict != "cannot", found
    after = moved(case, new)
    assert "urged" not in [task.task_spec.name for task in after.event_manager.tasks.values()]
    after.refresh_timers()
    after.update_waiting_tasks()
    after.do_engine_steps()

    assert ready(after) == ["r", "x"]
    finish(after, "x")
    assert ready(after) == ["r", "y"]
    finish(after, "r")
    finish(after, "y")
    assert after.is_completed()


def forked(*branches: str, joined: tuple[str, ...] = (), kind: str = "parallelGateway") -> bytes:
    """Branches side by side that meet again."""
    steps = "".join(user(own) for own in branches)
    body = START + END + steps + f'<{kind} id="fork"/><{kind} id="join"/>' + flow("s", "fork")
    body += "".join(flow("fork", own) for own in branches)
    return process(body + "".join(flow(own, "join") for own in joined or branches) + flow("join", "e"))


CANNOT = {
    "an open task that is gone": (limited(), (), process(START + END + user("y") + chain("s", "y", "e")), "step_removed"),
    "an open task that is another kind": (
        limited(),
        (),
        limited(task='<manualTask id="x"/>'),
        "kind_changed",
    ),
    "a join that a branch has come to": (
        forked("a", "b", "c"), ("a",), forked("a", "b", "d"), "join_changed",
    ),
    "a join that waits for a branch never entered": (
        forked("a", "b"), (), forked("a", "b", "c"), "join_starved",
    ),
    "an open task inside a sub-process now": (
        limited(""),
        (),
        process(
            START + END + '<subProcess id="sub"><startEvent id="s1"/>' + user("x") + '<endEvent id="e1"/>'
            + chain("s1", "x", "e1") + "</subProcess>" + chain("s", "sub", "e")
        ),
        "step_moved",
    ),
    "an open task that is repeated now": (
        limited(""),
        (),
        limited("", task='<userTask id="x"><multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality>'
                '</multiInstanceLoopCharacteristics></userTask>'),
        "round_changed",
    ),
    "an open task that no flow leads to": (
        limited(""),
        (),
        process(START + END + user("x") + user("y") + chain("s", "y", "e") + flow("x", "e")),
        "step_unreachable",
    ),
}  # fmt: skip


@pytest.mark.req("FLOW-04")
@pytest.mark.parametrize("case", CANNOT.values(), ids=CANNOT)
def test_what_cannot_be_moved_is_refused_with_a_sentence(
    case: tuple[bytes, tuple[str, ...], bytes, str],
) -> None:
    old, steps, new, code = case

    found = judged(begun(old, *steps), new)

    assert found.verdict == "cannot"
    assert code in codes(found)
    assert all(reason.text and reason.text_en and reason.fact for reason in found.reasons)


def test_a_sub_process_under_way_moves_with_what_is_unreached_in_it() -> None:
    def drawn(*inside: str, kind: str = "subProcess") -> bytes:
        steps = "".join(user(own) for own in inside)
        body = f'<{kind} id="sub"><startEvent id="s1"/>{steps}<endEvent id="e1"/>'
        return process(
            START + END + body + chain("s1", *inside, "e1") + f"</{kind}>" + chain("s", "sub", "e")
        )

    case = begun(drawn("a", "b", "c"), "a")
    gone = judged(case, drawn("a", "c"))
    changed = judged(case, drawn("b", "n", "c", kind="transaction"))
    after = moved(case, drawn("b", "n", "c"))

    assert codes(gone) == ["step_removed"]
    assert codes(changed) == ["kind_changed"]
    finish(after, "b")
    assert ready(after) == ["n"]


def test_rounds_under_way_keep_their_entries() -> None:
    def drawn(after: str, entry: str = "one") -> bytes:
        step = (
            '<userTask id="x"><multiInstanceLoopCharacteristics isSequential="true">'
            f'<loopDataInputRef>people</loopDataInputRef><inputDataItem id="{entry}" name="{entry}"/>'
            "</multiInstanceLoopCharacteristics></userTask>"
        )
        return process(START + END + step + user(after) + chain("s", "x", after, "e"))

    case = begun(drawn("y"), people=["甲", "乙"])
    finish(case[0], "x [child]")
    prune(case[0])

    assert codes(judged(case, drawn("y", "another"))) == ["round_changed"]
    after = moved(case, drawn("w"))
    assert [task.data["one"] for task in after.get_tasks(state=TaskState.READY)] == ["乙"]
    finish(after, "x [child]")
    assert ready(after) == ["w"]


def test_branches_that_have_arrived_count_and_those_under_way_may_change_ahead() -> None:
    case = begun(forked("a", "b"), "a")
    new = forked("a", "b").replace(
        b'<sequenceFlow id="join_e"',
        (user("n") + flow("join", "n") + flow("n", "e")).encode() + b'<sequenceFlow id="join_e"',
    )
    new = new.replace(flow("join", "e").encode(), b"")

    assert judged(case, new).verdict == "clean"
    after = moved(case, new)
    finish(after, "b")
    assert ready(after) == ["n"]


def test_hands_and_forms_that_change_are_told_and_labels_are_not() -> None:
    other = '<userTask id="x" name="别名" camunda:candidateGroups="review" camunda:formKey="other"/>'

    assert codes(judged(begun(limited("")), limited("", task=other))) == ["duty_changed", "form_changed"]
    assert (
        judged(begun(limited("")), limited("", task=user("x", attributes='name="别名"'))).verdict == "clean"
    )


def test_the_time_of_an_added_event_may_depend_on_the_data_of_the_case() -> None:
    after = moved(begun(limited(""), wait="P3D"), limited("${wait}"))

    [event] = after.event_manager.tasks.values()
    left = datetime.fromisoformat(event.internal_data["event_value"]) - datetime.now(UTC)
    assert timedelta(days=3, minutes=-1) < left <= timedelta(days=3)


def test_a_join_that_starved_in_the_old_version_already_does_not_hinder_a_new_label() -> None:
    def drawn(label: str) -> bytes:
        body = START + END + user("a", attributes=f'name="{label}"') + user("b")
        body += '<exclusiveGateway id="one" default="one_a"/><parallelGateway id="all"/>'
        body += flow("one", "b", "${False}") + chain("s", "one", "a", "all", "e") + flow("b", "all")
        return process(body)

    assert judged(begun(drawn("旧")), drawn("新")).verdict == "clean"


def test_an_event_gateway_that_waits_keeps_what_it_waits_for() -> None:
    def drawn(second: str, message: str = "n") -> bytes:
        events = "".join(
            f'<intermediateCatchEvent id="{own}"><messageEventDefinition messageRef="{ref}"/>'
            "</intermediateCatchEvent>"
            for own, ref in (("one", "m"), (second, message))
        )
        body = START + END + '<eventBasedGateway id="first"/>' + events + user("z") + flow("z", "e")
        body += chain("s", "first", "one", "e") + flow("first", second) + flow(second, "z")
        return process(
            body, more='<message id="m" name="m"/><message id="n" name="n"/><message id="k" name="k"/>'
        )

    case = begun(drawn("two"))

    assert judged(case, drawn("two")).verdict == "clean"
    assert codes(judged(case, drawn("three"))) == ["choices_changed"]
    assert codes(judged(case, drawn("two", "k"))) == ["choices_changed"]


def test_a_stored_case_is_judged_as_it_stands() -> None:
    workflow, data = begun(limited())

    assert plan(encode(workflow), published(data), published(limited(), number=2)).verdict == "clean"
