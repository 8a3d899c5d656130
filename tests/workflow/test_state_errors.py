"""What the codec refuses, and that it says which step, which value and what to do."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import zstandard
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from steps import finish, model, started

from engine.workflow.codec import (
    MissingNodeError,
    TooDeepError,
    UndrainedEventsError,
    UnknownFormatError,
    UnreadableStateError,
    UnstorableValueError,
    decode,
    encode,
)


class Colour(enum.StrEnum):
    """Not JSON, though it looks like text."""

    RED = "red"


@pytest.mark.parametrize(
    "value",
    [
        decimal.Decimal("1.50"),
        datetime.date(2026, 1, 1),
        datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        (1, 2),
        {1},
        b"x",
        uuid.UUID(int=1),
        Colour.RED,
        float("nan"),
        float("inf"),
        2**64,
        {1: "a"},
        "\ud800",
        {"\udfff": 1},
        len,
    ],
    ids=repr,
)
def test_value_that_is_not_json_is_refused_by_name(value: object) -> None:
    workflow = started("sequence", rounds=0)
    workflow.get_next_task(spec_name="accept_claim").data["form"] = {"items": [0, value]}

    with pytest.raises(UnstorableValueError) as refusal:
        encode(workflow)

    assert (refusal.value.process, refusal.value.element, refusal.value.key) == (
        "sequence",
        "accept_claim",
        "form.items[1]",
    )
    assert "form.items[1]" in str(refusal.value) and "form.items[1]" in refusal.value.text_en


def test_value_without_an_end_is_refused() -> None:
    workflow = started("sequence", rounds=0)
    endless: list[object] = []
    endless.append(endless)
    workflow.get_next_task(spec_name="accept_claim").data["form"] = endless

    with pytest.raises(UnstorableValueError, match="nested deeper"):
        encode(workflow)


def test_case_data_and_correlations_are_checked_too() -> None:
    workflow = started("sequence", rounds=0)
    workflow.data["total"] = decimal.Decimal(1)

    with pytest.raises(UnstorableValueError) as refusal:
        encode(workflow)

    assert refusal.value.key == "data.total"


@pytest.mark.req("SERV-05")
def test_state_is_refused_while_a_sent_message_was_not_taken() -> None:
    workflow = started("throwing", order="x")
    finish(workflow, "prepare_notice")
    finish(workflow, "read_notice")

    with pytest.raises(UndrainedEventsError) as refusal:
        encode(workflow)

    assert refusal.value.names == ("to_bank",)
    assert [event.event_definition.name for event in workflow.get_events()] == ["to_bank"]
    encode(workflow)


@pytest.mark.parametrize("first", [0, 2, 0x28, 255])
def test_other_format_is_refused_by_number(first: int) -> None:
    spec, subs = model("sequence").parse()

    with pytest.raises(UnknownFormatError) as refusal:
        decode(bytes([first]) + encode(started("sequence", rounds=0))[1:], spec, subs, None)

    assert refusal.value.version == first


def _no_json() -> bytes:
    return b"\x01" + zstandard.ZstdCompressor().compress(b"not json")


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: b"",
        lambda state: state[:1],
        lambda state: state[: len(state) // 2],
        lambda state: state[:-1],
        lambda state: state[:60] + bytes([state[60] ^ 1]) + state[61:],
        lambda state: _no_json(),
    ],
    ids=["empty", "only the format", "half", "end cut", "one bit", "no document"],
)
def test_damaged_state_is_refused(damage: Callable[[bytes], bytes]) -> None:
    spec, subs = model("sequence").parse()

    with pytest.raises(UnreadableStateError):
        decode(damage(encode(started("sequence", rounds=0))), spec, subs, None)


def test_step_that_the_diagram_lost_is_named() -> None:
    state = encode(started("sequence", rounds=0))
    spec, subs = model("monthly").parse()

    with pytest.raises(MissingNodeError) as refusal:
        decode(state, spec, subs, None)

    assert (refusal.value.process, refusal.value.element) == ("monthly", "accept_claim")


def test_sub_process_that_the_diagram_lost_is_named() -> None:
    workflow = started("call-activity", "call_activity")
    finish(workflow, "open_case")
    spec, subs = model("call-activity", "call_activity").parse()

    with pytest.raises(MissingNodeError) as refusal:
        decode(
            encode(workflow), spec, {name: sub for name, sub in subs.items() if name != "verify_person"}, None
        )

    assert (refusal.value.process, refusal.value.element) == ("call_activity", "verify_first")


def test_case_is_refused_before_the_library_loses_sight_of_it() -> None:
    workflow = started("join-in-loop", more_rounds="yes")
    task = workflow.get_next_task(state=TaskState.READY, spec_name="check_one")
    _let_grow(workflow, task)

    with pytest.raises(TooDeepError) as refusal:
        encode(workflow)

    assert refusal.value.process == "join_in_loop" and refusal.value.depth > 800


def _let_grow(workflow: BpmnWorkflow, task: Task) -> None:
    """Put a thousand finished steps above the task, as a thousand rounds would."""
    above: Any = task.parent
    above.children = [child for child in above.children if child is not task]
    for _ in range(1000):
        above = Task(workflow, above.task_spec, parent=above, state=TaskState.COMPLETED)
    task.parent = above
    above.children = [task]
