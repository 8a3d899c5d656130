"""What a page of the inbox and its counts cost with a million open tasks, against what they cost with a thousand.

Seeds two databases of its own by set-based SQL and asks as a county's clerk, a city's manager and the province:
the page and the counts as served, the first page of a list, one deep inside, narrowed ones. Prints medians and their ratios. Not a test; run it by hand::

    DATABASE_URL=postgresql+psycopg://… python bench/inbox.py [open tasks]
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from builders import CAST_DAY, PASSWORD  # noqa: E402
from flask.testing import FlaskClient  # noqa: E402
from many_tasks import a_post, seed_open_tasks  # noqa: E402
from offices import measured_office, staffed  # noqa: E402

from engine.cases import inbox_choices, inbox_counts, inbox_lists  # noqa: E402
from engine.cases.inbox_filters import InboxFilter  # noqa: E402
from engine.cases.office import Office  # noqa: E402
from engine.cases.sight import sight_of  # noqa: E402
from engine.store.sight import seen_as  # noqa: E402
from engine.values import Actor  # noqa: E402
from web.app import create_app  # noqa: E402

#: who asks: duty, region, and the list that they live in
ASKING = {
    "county clerk": ("intake", "371502", "claimable"),
    "city manager": ("approve", "371500", "below"),
    "province": ("approve", "370000", "below"),
    "province, overdue": ("approve", "370000", "overdue"),
}
ROUNDS = 31


def main() -> None:
    """Print the times with few and with many open tasks, and their ratio."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("请设置 DATABASE_URL（PostgreSQL）。 Set DATABASE_URL to a PostgreSQL.")
    print(f"{'':36}{1_000:>12} {many:>12}   ratio")
    with _office(url, 1_000) as small, _office(url, many) as large:
        for who, (duty, region, which) in ASKING.items():
            few = _questions(small, a_post(small, duty, region), which)
            most = _questions(large, a_post(large, duty, region), which)
            for what in few:
                a, b = _medians(few[what], most[what])
                print(f"{who:20}{what:16}{a * 1000:9.2f} ms {b * 1000:9.2f} ms   {b / a:.2f}", flush=True)


def _questions(office: Office, actor: Actor, which: str) -> dict[str, Callable[[], object]]:
    def page(cursor: str = "", **narrowed: str) -> Callable[[], object]:
        asked = InboxFilter(**narrowed)  # type: ignore[arg-type]
        return lambda: inbox_lists.inbox(office, actor, which, asked, cursor=cursor)  # type: ignore[arg-type]

    # as deep as both databases go: the same page is far from either end in the large one
    deep = ""
    for _ in range(3):
        deep = inbox_lists.inbox(office, actor, which, cursor=deep).next_cursor or deep  # type: ignore[arg-type]
    last = inbox_lists.inbox(office, actor, which, InboxFilter(order="desc"))  # type: ignore[arg-type]
    assert last.total == inbox_lists.counts(office, actor)[which]  # type: ignore[index]
    browser, eyes = _browser(office, actor), sight_of(office, actor)

    def seen(ask: Callable[[], object]) -> Callable[[], object]:
        """Asked with the eyes of the actor, as a page asks."""

        def asked() -> object:
            with seen_as(eyes):
                return ask()

        return asked

    found = {
        "page as served": lambda: browser.get(f"/inbox?list={which}"),
        "counts as served": lambda: browser.get("/inbox/counts"),
        "first page": page(),
        "deep page": page(deep),
        "last page": page(order="desc"),
        "by due day": page(sort="due"),
        "near limits": page(light="soon"),
        "one step": page(element="claim_step_1"),
        "counts": lambda: inbox_lists.counts(office, actor),
        "choices": lambda: inbox_choices.choices(office, actor, which),  # type: ignore[arg-type]
    }
    return {what: seen(ask) for what, ask in found.items()}


def _browser(office: Office, actor: Actor) -> FlaskClient:
    """Somebody signed in as the actor."""
    browser = create_app(office).test_client()
    with browser.session_transaction() as session:
        session.update(who=actor.key, seen=office.clock().isoformat())
    assert browser.get("/inbox").status_code == 200
    return browser


def _medians(*asked: Callable[[], object]) -> list[float]:
    """Seconds for each, asked in turn, so that a busy moment of the machine meets all of them."""
    taken: list[list[float]] = [[] for _ in asked]
    for _ in range(ROUNDS):
        for times, ask in zip(taken, asked, strict=True):
            begun = time.perf_counter()
            ask()
            times.append(time.perf_counter() - begun)
    return [statistics.median(times[5:]) for times in taken]


@contextmanager
def _office(url: str, count: int) -> Iterator[Office]:
    with measured_office(url, now="2025-11-03T09:00+08:00") as office:
        staffed(office, day=CAST_DAY, password=PASSWORD)
        _fill(office, count)
        yield office


def _fill(office: Office, count: int) -> None:
    begun = time.perf_counter()
    with office.store.transaction() as session:
        seed_open_tasks(session, count, now=office.clock())
    with office.store.transaction() as session:
        rows = inbox_counts.take_in(session)
    with office.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    print(f"{count} open tasks in {time.perf_counter() - begun:.0f} s, {rows} rows of sums", flush=True)


if __name__ == "__main__":
    main()
