"""The state of one case as a few bytes, and back again.

Only what is still alive is worth keeping: :func:`prune` takes finished steps out of a workflow (they
belong in the history), :func:`encode` and :func:`decode` turn the rest into bytes and back. The diagram
itself is never stored; whoever decodes brings the parsed diagram of the case's version.

Bytes = one format byte, then zstd of a JSON document: per workflow its tasks in preorder, each with the
changes of its data against its parent's. It is not an archive format and not for other programs. It
builds on SpiffWorkflow 3.2.0; ``tests/workflow/test_codec.py`` proves that a case that was stored and
read at every step takes the same way as one that never left memory. The runner is the only caller.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import orjson
import zstandard
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.workflow.pruning import prunable, prune
from engine.workflow.state_errors import (
    MissingNodeError,
    StateError,
    TooDeepError,
    UndrainedEventsError,
    UnknownFormatError,
    UnreadableStateError,
    UnstorableValueError,
)

__all__ = [
    "MissingNodeError",
    "StateError",
    "TooDeepError",
    "UndrainedEventsError",
    "UnknownFormatError",
    "UnreadableStateError",
    "UnstorableValueError",
    "connect_loops",
    "decode",
    "encode",
    "prunable",
    "prune",
]

#: the first byte of every stored state; a new layout gets a new number and keeps reading the old ones
FORMAT = 1

#: SpiffWorkflow stops looking at depth 1,000 without a word, and climbs up by recursion before that; a case
#: is refused well ahead of both
DEEPEST = 800

#: values nested deeper than this are refused before a recursion limit is met
_NESTED = 100
_ACTIVE = TaskState.WAITING | TaskState.READY | TaskState.STARTED
_STRICT = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
#: id, parent, element, state, changed at, triggered, internal data, data set, data dropped
_COLUMNS = 9

_local = threading.local()
_loops_lock = threading.Lock()

# At level NOTSET the library collects all task data for every state change: a third of the running time.
for _name in ("spiff", "spiff.task", "spiff.workflow"):
    if logging.getLogger(_name).level == logging.NOTSET:
        logging.getLogger(_name).setLevel(logging.WARNING)


def encode(workflow: BpmnWorkflow) -> bytes:
    """The whole state of the workflow, without its diagram.

    The workflow is not changed; call :func:`prune` first to store only what is alive. Raises
    UnstorableValueError for data that is not plain JSON, UndrainedEventsError while ``get_events()`` was
    not called, TooDeepError for a case that the library is about to lose sight of.
    """
    if workflow.bpmn_events:
        names = tuple(str(event.event_definition.name) for event in workflow.bpmn_events)
        raise UndrainedEventsError(process=workflow.spec.name, names=names)
    writer = _Writer()
    for part in (workflow, *workflow.subprocesses.values()):
        writer.add(part)
    waiting = [writer.index[key] for key in workflow.event_manager.tasks if key in writer.index]
    document = orjson.dumps({"w": writer.parts, "e": waiting}, option=_STRICT)
    packed: bytes = _compressor().compress(document)
    return bytes([FORMAT]) + packed


def decode(
    state: bytes,
    spec: Any,
    subprocess_specs: Mapping[str, Any],
    script_engine: Any,
) -> BpmnWorkflow:
    """The workflow that :func:`encode` stored, on a parsed diagram that may be shared and brand new.

    The script engine is never left to the library, whose own one runs any Python that a diagram holds.
    Raises UnknownFormatError, UnreadableStateError for damaged bytes, MissingNodeError where the diagram
    has lost a step that the case still knows.
    """
    document = _read(state)
    connect_loops(spec, *subprocess_specs.values())
    top = BpmnWorkflow(spec, dict(subprocess_specs), script_engine=script_engine, deserializing=True)
    tasks: list[Task] = []
    for part in document["w"]:
        workflow = _open(top, part, tasks)
        _restore(workflow, part, tasks)
    for index in document["e"]:
        top.event_manager.add_task(tasks[index])
    return top


def connect_loops(*specs: Any) -> None:
    """Connect every repeated step of the parsed diagrams to its loop; doing it again changes nothing.

    The library connects when a loop starts. A case that is read by a process which never started that
    loop would wait for ever; and two threads that start it at once would connect, and count, twice.
    """
    with _loops_lock:
        for spec in specs:
            for loop in spec.task_specs.values():
                if isinstance(loop, LoopTask):
                    body = spec.task_specs[loop.task_spec]
                    if not body.completed_event.is_connected(loop.merge_child):
                        body.completed_event.connect(loop.merge_child)


class _Writer:
    """Collects the tasks of a workflow and its sub-processes as rows, numbered through."""

    def __init__(self) -> None:
        self.parts: list[dict[str, Any]] = []
        self.index: dict[UUID, int] = {}
        self._depth: dict[UUID, int] = {}

    def add(self, workflow: Any) -> None:
        """Append the workflow; a sub-process whose owner is no longer in the tree is left out."""
        owner = workflow.parent_task_id
        if owner is not None and owner not in self.index:
            return
        above = -1 if owner is None else self._depth[owner]
        rows = [self._row(task, above) for task in _preorder(workflow)]
        last = workflow.last_task
        for name, values in (("data", workflow.data), ("correlations", workflow.correlations)):
            _refuse_unstorable(values, process=workflow.spec.name, element="", key=name)
        part: dict[str, Any] = {
            "t": rows,
            "d": workflow.data,
            "c": workflow.correlations,
            "l": None if last is None else self.index.get(last.id),
            "s": [workflow.success, workflow.completed],
        }
        if owner is not None:
            part["o"] = self.index[owner]
        self.parts.append(part)

    def _row(self, task: Task, above: int) -> list[Any]:
        parent = task.parent
        depth = above + 1 if parent is None else self._depth[parent.id] + 1
        process, element = task.workflow.spec.name, task.task_spec.name
        if depth > DEEPEST and task.has_state(_ACTIVE):
            raise TooDeepError(process=process, element=element, depth=depth)
        self.index[task.id], self._depth[task.id] = len(self.index), depth
        inherited = {} if parent is None else parent.data
        changed = {
            key: value
            for key, value in task.data.items()
            if key not in inherited or not _same(value, inherited[key])
        }
        dropped = [key for key in inherited if key not in task.data]
        internal = _plain_internal(task)
        for values in (changed, internal):
            if values:
                _refuse_unstorable(values, process=process, element=element)
        row = [
            task.id.hex,
            -1 if parent is None else self.index[parent.id],
            element,
            task.state,
            # not rounded: joins merge their branches in the order of this instant
            task.last_state_change,
            int(task.triggered),
            internal or 0,
            changed or 0,
            dropped or 0,
        ]
        while not row[-1]:
            row.pop()
        return row


def _preorder(workflow: Any) -> Iterator[Task]:
    stack = [workflow.task_tree]
    while stack:
        task = stack.pop()
        yield task
        stack.extend(reversed(task.children))


def _same(left: object, right: object) -> bool:
    """Whether both are stored alike; unlike ``==``, 1 is not true and not 1.0, and order counts."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    # 0.0 equals -0.0
    return repr(left) == repr(right) if isinstance(left, float) else left == right


def _plain_internal(task: Task) -> dict[str, Any]:
    """The engine's notes on the task; events already seen are kept by their place among those awaited."""
    definition = getattr(task.task_spec, "event_definition", None)
    seen = task.internal_data.get("seen_events")
    if not seen or not isinstance(definition, MultipleEventDefinition):
        return dict(task.internal_data)
    awaited = definition.event_definitions
    plain = [[awaited.index(event.event_definition), event.payload, event.correlations] for event in seen]
    return {**task.internal_data, "seen_events": plain}


def _refuse_unstorable(values: object, *, process: str, element: str, key: str = "") -> None:
    flaw = _flaw(values, key, 0)
    if flaw is not None:
        path, kind = flaw
        raise UnstorableValueError(process=process, element=element, key=path, kind=kind)


def _flaw(value: object, path: str, depth: int) -> tuple[str, str] | None:
    """Where and what the first value is that JSON cannot hold exactly; None if there is none."""
    items: Iterable[tuple[str, object]]
    if type(value) is dict:
        wrong = next((name for name in value if type(name) is not str or _surrogate(name)), None)
        if wrong is not None:
            return path, f"{type(wrong).__name__} key"
        items = ((f"{path}.{name}" if path else name, inner) for name, inner in value.items())
    elif type(value) is list:
        items = ((f"{path}[{position}]", inner) for position, inner in enumerate(value))
    else:
        return None if _is_plain_scalar(value) else (path, type(value).__name__)
    if depth >= _NESTED:
        return path, f"nested deeper than {_NESTED}"
    return next((flaw for name, inner in items if (flaw := _flaw(inner, name, depth + 1))), None)


def _is_plain_scalar(value: object) -> bool:
    if value is None or type(value) is bool:
        return True
    if type(value) is int:
        return -(2**63) <= value < 2**64
    if type(value) is float:
        return math.isfinite(value)
    return type(value) is str and not _surrogate(value)


def _surrogate(text: str) -> bool:
    """Whether the text holds half a character, which UTF-8 cannot write."""
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def _read(state: bytes) -> dict[str, Any]:
    if not state:
        raise UnreadableStateError(size=0)
    if state[0] != FORMAT:
        raise UnknownFormatError(version=state[0])
    try:
        document: dict[str, Any] = orjson.loads(_decompressor().decompress(state[1:]))
    except (zstandard.ZstdError, orjson.JSONDecodeError) as damage:
        raise UnreadableStateError(size=len(state)) from damage
    return document


def _open(top: BpmnWorkflow, part: dict[str, Any], tasks: list[Task]) -> Any:
    """The empty workflow that the part belongs in: the case itself, or a sub-process under its owner."""
    if "o" not in part:
        return top
    owner = tasks[part["o"]]
    # the step may have stopped being a sub-process, or call one that the diagram no longer has
    called = getattr(owner.task_spec, "spec", None)
    if called not in top.subprocess_specs:
        raise MissingNodeError(process=owner.workflow.spec.name, node=owner.task_spec.name)
    workflow = BpmnSubWorkflow(top.subprocess_specs[called], owner.id, top, deserializing=True)
    workflow.completed_event.connect(owner.task_spec._on_subworkflow_completed, owner)
    top.subprocesses[owner.id] = workflow
    return workflow


def _restore(workflow: Any, part: dict[str, Any], tasks: list[Task]) -> None:
    first = len(tasks)
    for row in part["t"]:
        tasks.append(_restore_task(workflow, row, tasks))
    workflow.task_tree = tasks[first]
    workflow.data = part["d"]
    workflow.correlations = part["c"]
    workflow.success, workflow.completed = part["s"]
    workflow.last_task = None if part["l"] is None else tasks[part["l"]]


def _restore_task(workflow: Any, row: list[Any], tasks: list[Task]) -> Task:
    key, above, element, state, changed_at, triggered, internal, changed, dropped = row + [0] * (
        _COLUMNS - len(row)
    )
    spec = workflow.spec.task_specs.get(element)
    if spec is None:
        raise MissingNodeError(process=workflow.spec.name, node=element)
    parent = tasks[above] if above >= 0 else None
    task = Task(workflow, spec, parent=parent, state=state, id=UUID(hex=key))
    task.last_state_change = changed_at
    task.triggered = bool(triggered)
    # copied, not shared: the engine merges branches in place, and one branch must not see another's values
    task.data = {} if parent is None else {name: _copy(value) for name, value in parent.data.items()}
    task.data.update(changed or {})
    for name in dropped or ():
        del task.data[name]
    task.internal_data = internal or {}
    definition = getattr(spec, "event_definition", None)
    if task.internal_data.get("seen_events") and isinstance(definition, MultipleEventDefinition):
        awaited = definition.event_definitions
        seen = task.internal_data["seen_events"]
        task.internal_data["seen_events"] = [BpmnEvent(awaited[at], data, keys) for at, data, keys in seen]
    return task


def _copy(value: Any) -> Any:
    if type(value) is dict:
        return {name: _copy(inner) for name, inner in value.items()}
    return [_copy(inner) for inner in value] if type(value) is list else value


def _compressor() -> Any:
    # a zstd context serves one thread at a time, and web requests come in many
    if not hasattr(_local, "compressor"):
        _local.compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
    return _local.compressor


def _decompressor() -> Any:
    if not hasattr(_local, "decompressor"):
        _local.decompressor = zstandard.ZstdDecompressor()
    return _local.decompressor
