"""What may be, read from ``processes/duties.yaml`` by a few lines of its own: nothing of the engine is asked.

And the structures in which a task may stand when somebody acts on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, product
from pathlib import Path

import yaml

_FILE = yaml.safe_load((Path(__file__).parents[2] / "processes" / "duties.yaml").read_text(encoding="utf-8"))
_CLASS: Mapping[str, str] = {duty["id"]: duty["class"] for duty in _FILE["duties"]}
#: every duty that a person can hold
DUTIES = tuple(duty for duty, kind in _CLASS.items() if kind != "none")
#: duties that see every case of their region
OVERSIGHT = frozenset({"control", "fund_supervisor", "provincial", "verifier"})
#: duties that press for tasks of others
MANAGERS = frozenset({"approve", "provincial"})


def _pairs(when: Iterable[str]) -> frozenset[frozenset[str]]:
    found = set()
    for ban in _FILE["bans"]:
        if ban["when"] not in when:
            continue
        if "classes" in ban:
            first = [d for d in DUTIES if _CLASS[d] in ban["classes"]]
            second = [d for d in DUTIES if _CLASS[d] in ban["against"]]
        else:
            first, second = ban["duties"], ban["against"]
        found |= {frozenset(pair) for pair in product(first, second) if pair[0] != pair[1]}
    return frozenset(found)


_NOT_HELD, _NOT_DONE = _pairs({"post"}), _pairs({"post", "case"})


def held_together(a: str, b: str) -> bool:
    """Whether one person may hold both duties at a time."""
    return frozenset((a, b)) not in _NOT_HELD


def done_together(a: str, b: str) -> bool:
    """Whether one person may have a hand in one case with both duties; an empty one is no hand."""
    return not a or not b or frozenset((a, b)) not in _NOT_DONE


# --- structures -----------------------------------------------------------------------------------

_HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn">'
)
_TIMER = "<timerEventDefinition><timeDuration>P9D</timeDuration></timerEventDefinition>"


def _user(own: str, duty: str, inside: str = "") -> str:
    return f'<userTask id="{own}" name="{own}" camunda:candidateGroups="{duty}">{inside}</userTask>'


def _flow(*ids: str, inside: str = "") -> str:
    pairs = pairwise(ids)
    return "".join(
        f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}">{inside}</sequenceFlow>'
        for a, b in pairs
    )


def _fork(kind: str, task: str) -> str:
    return (
        f'<{kind} id="f"/>{task}{_user("beside", "intake")}<{kind} id="j"/>'
        + (_flow("f", "step") + _flow("f", "beside") if kind == "parallelGateway" else "")
        + _flow("step", "j")
        + _flow("beside", "j")
    )


def _inclusive(task: str) -> str:
    told = "<conditionExpression>both == 1</conditionExpression>"
    drawn = _fork("inclusiveGateway", task).replace('id="f"/>', 'id="f" default="f_j"/>', 1)
    return drawn + _flow("f", "step", inside=told) + _flow("f", "beside", inside=told) + _flow("f", "j")


def _limit(host: str, *, stops: bool) -> str:
    event = f'<boundaryEvent id="late" attachedToRef="{host}" cancelActivity="{str(stops).lower()}">{_TIMER}</boundaryEvent>'
    return event + _user("warned", "intake") + '<endEvent id="e2"/>' + _flow("late", "warned", "e2")


_SEVERAL = '<multiInstanceLoopCharacteristics isSequential="false" camunda:collection="people" camunda:elementVariable="who"/>'


def structures(duty: str) -> Iterator[tuple[str, bytes]]:
    """Name and diagram of each structure around one step ``step`` of that duty; it opens after ``first``."""
    task = _user("step", duty)
    inner = f'<startEvent id="is"/>{task}<endEvent id="ie"/>{_flow("is", "step", "ie")}'
    blocks = {
        "sequence": (task, "step", "step", ""),
        "parallel": (_fork("parallelGateway", task), "f", "j", ""),
        "inclusive": (_inclusive(task), "f", "j", ""),
        "several": (_user("step", duty, _SEVERAL), "step", "step", ""),
        "sub_process": (f'<subProcess id="sub">{inner}</subProcess>', "sub", "sub", ""),
        "call": ('<callActivity id="call" calledElement="called"/>', "call", "call", inner),
        "limit": (task + _limit("step", stops=True), "step", "step", ""),
        "reminder": (task + _limit("step", stops=False), "step", "step", ""),
    }
    for name, (block, begins, ends, called) in blocks.items():
        body = (
            '<startEvent id="s"/>' + _user("first", "claimant") + block + _user("last", "approve")
            + '<endEvent id="e"/>' + _flow("s", "first", begins) + _flow(ends, "last", "e")
        )  # fmt: skip
        process_id = f"m_{name}_{duty}"
        beside = (
            f'<process id="called_{duty}">{called.replace("called", "called")}</process>' if called else ""
        )
        text = f'{_HEAD}<process id="{process_id}" name="{name}">{body}</process>{beside}</definitions>'
        yield process_id, text.replace('calledElement="called"', f'calledElement="called_{duty}"').encode()
