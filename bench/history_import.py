"""How many rows of an older system are taken over in a second, beside a COPY of the same rows into a bare table.

Uploads, checks and loads files of persons and of contributions as the office does, and prints rows per second of the
whole and of the load alone; the ratio to the bare COPY is the figure that means something on another machine. Makes
and drops a database of its own. Not a test; run it by hand::

    DATABASE_URL=postgresql+psycopg://… python bench/history_import.py [rows]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from history_files import as_csv, contribution_row, grant_row, person_row, staffed  # noqa: E402
from offices import measured_office  # noqa: E402

from engine.cases import history_import as history  # noqa: E402
from engine.cases.import_sweep import import_due  # noqa: E402
from engine.cases.office import Office  # noqa: E402
from engine.cases.uploads import Upload  # noqa: E402
from engine.store.copying import copy_rows  # noqa: E402
from engine.values import Actor, Refusal  # noqa: E402


def main() -> None:
    """Print rows per second of each step and the ratios."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("请设置 DATABASE_URL（PostgreSQL）。 Set DATABASE_URL to a PostgreSQL.")
    with measured_office(url, now="2025-11-03T09:00+08:00") as office:
        stewards = staffed(office)
        print(
            f"{'':16}{'bare COPY':>14}{'read+check':>14}{'load':>14}{'all':>14}{'load/COPY':>12}{'all/COPY':>12}"
        )
        for kind, row in (
            ("persons", person_row),
            ("contributions", contribution_row),
            ("grants", grant_row),
        ):
            _measure(office, stewards, kind, [row(person) for person in range(count)])


def _measure(office: Office, stewards: tuple[Actor, Actor], kind: str, rows: list[list[str]]) -> None:
    bare = _seconds(lambda: _bare(office, rows))
    content = as_csv(kind, rows, encoding="utf-8-sig")
    first, second = stewards

    def check() -> None:
        taken = history.upload(office, first, kind, Upload(name=f"{kind}.csv", content=content))
        assert not isinstance(taken, Refusal), taken.text
        found.append(taken.import_id)
        _run(office)

    def load() -> None:
        done = history.load(office, second, found[0])
        assert not isinstance(done, Refusal), done.text
        _run(office)

    found: list[int] = []
    checked, loaded = _seconds(check), _seconds(load)
    view = history.import_view(office, first, found[0])
    assert not isinstance(view, Refusal)
    assert view.status == "loaded", (view.status, view.why, view.report)
    shown = "".join(f"{len(rows) / each:12,.0f}/s" for each in (bare, checked, loaded, checked + loaded))
    print(f"{kind:16}{shown}{loaded / bare:12.1f}{(checked + loaded) / bare:12.1f}", flush=True)


def _run(office: Office) -> None:
    while import_due(office):
        pass


def _bare(office: Office, rows: Sequence[Sequence[str]]) -> None:
    with office.store.transaction() as session:
        columns = [f"c{number}" for number in range(len(rows[0]))]
        session.execute(text("DROP TABLE IF EXISTS bare"))
        session.execute(text(f"CREATE TABLE bare ({', '.join(f'{name} text' for name in columns)})"))
        copy_rows(session, "bare", columns, rows)


def _seconds(work: object) -> float:
    begun = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
