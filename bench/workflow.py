"""How long a durable completion takes: our codec beside the library's own serializer, in one run.

A completion is what the office waits for: read the case's row, finish its open task, run the engine, write
the row and commit. Both ways do the same on the same cases in turn, so that noise meets both alike; only
the ratios mean anything on another machine. Not a test; run it by hand::

    DATABASE_URL=postgresql+psycopg://… python bench/workflow.py [months] [cases]
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import Engine, create_engine, text

from engine.workflow.codec import decode, encode, prune

DIAGRAM = Path(__file__).parents[1] / "tests/workflow/diagrams/monthly.bpmn"
FORM = {f"字段{number}": f"经办人录入的第{number}项文本内容" for number in range(40)}


@dataclass(kw_only=True)
class Way:
    """One way to keep a case."""

    name: str
    write: Callable[[BpmnWorkflow], bytes]
    read: Callable[[bytes], BpmnWorkflow]
    #: seconds of each completion, in order of months
    taken: list[float] = field(default_factory=list)
    #: bytes after each completion
    sizes: list[int] = field(default_factory=list)


def main() -> None:
    """Print medians, sizes and ratios."""
    months = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("请设置 DATABASE_URL（PostgreSQL）。 Set DATABASE_URL to a PostgreSQL.")
    parser = SpiffBpmnParser()
    parser.add_bpmn_str(DIAGRAM.read_bytes())
    spec, subprocess_specs = parser.get_spec("monthly"), parser.get_subprocess_specs("monthly")
    ways = _ways(spec, subprocess_specs)
    database = create_engine(url)
    table = f"bench_workflow_{os.getpid()}"
    with database.begin() as session:
        session.execute(
            text(f"CREATE TABLE {table} (id text PRIMARY KEY, revision int NOT NULL, state bytea NOT NULL)")
        )
    try:
        _measure(ways, spec, subprocess_specs, database=database, table=table, months=months, cases=cases)
    finally:
        with database.begin() as session:
            session.execute(text(f"DROP TABLE {table}"))
        database.dispose()
    _print(ways, months, cases)


def _ways(spec: Any, subprocess_specs: dict[str, Any]) -> tuple[Way, Way]:
    stock = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))
    engine = PythonScriptEngine()

    def write_pruned(workflow: BpmnWorkflow) -> bytes:
        prune(workflow)
        return encode(workflow)

    return (
        Way(
            name="library",
            write=lambda workflow: stock.serialize_json(workflow).encode(),
            read=lambda state: stock.deserialize_json(state.decode()),
        ),
        Way(
            name="changling",
            write=write_pruned,
            read=lambda state: decode(state, spec, subprocess_specs, engine),
        ),
    )


def _measure(
    ways: tuple[Way, Way],
    spec: Any,
    subprocess_specs: dict[str, Any],
    *,
    database: Engine,
    table: str,
    months: int,
    cases: int,
) -> None:
    for way in ways:
        for case in range(cases):
            workflow = BpmnWorkflow(spec, subprocess_specs)
            workflow.task_tree.data.update(month_number=0, more_months="yes", 表单=FORM, 编号=case)
            workflow.do_engine_steps()
            insert = text(f"INSERT INTO {table} VALUES (:id, 0, :state)")
            with database.begin() as session:
                session.execute(insert, {"id": f"{way.name}:{case}", "state": way.write(workflow)})
    for _month in range(months):
        for case in range(cases):
            for way in ways:
                began = time.perf_counter()
                size = _complete(way, f"{way.name}:{case}", database, table)
                way.taken.append(time.perf_counter() - began)
                way.sizes.append(size)


def _complete(way: Way, key: str, database: Engine, table: str) -> int:
    with database.begin() as session:
        read = text(f"SELECT revision, state FROM {table} WHERE id = :id")
        revision, state = session.execute(read, {"id": key}).one()
        workflow = way.read(bytes(state))
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        task.data["month_confirmed"] = task.data["month_number"]
        task.run()
        workflow.do_engine_steps()
        state = way.write(workflow)
        write = text(
            f"UPDATE {table} SET state = :state, revision = revision + 1 WHERE id = :id AND revision = :seen"
        )
        assert session.execute(write, {"id": key, "seen": revision, "state": state}).rowcount == 1
    return len(state)


def _print(ways: tuple[Way, Way], months: int, cases: int) -> None:
    library, ours = ways
    print(f"durable completions: {cases} cases × {months} months, PostgreSQL, one process")
    for way in ways:
        last = way.taken[-cases:]
        print(
            f"  {way.name:10} median {_ms(way.taken):7.2f} ms   last month {_ms(last):7.2f} ms"
            f"   state {way.sizes[0]:7,} B first month, {way.sizes[-1]:7,} B last"
        )
    print(
        f"  library : changling = {_ms(library.taken) / _ms(ours.taken):.1f} : 1 over all months,"
        f" {_ms(library.taken[-cases:]) / _ms(ours.taken[-cases:]):.1f} : 1 in the last month,"
        f" {library.sizes[-1] / ours.sizes[-1]:.0f} : 1 in bytes"
    )


def _ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000


if __name__ == "__main__":
    main()
