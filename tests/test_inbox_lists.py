"""The lists of the inbox: every page against a plain sort of all rows, every total against a count of them."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import CONFIRMED
from many_tasks import a_post, seed_open_tasks
from offices import FixedClock, settings_for, staffed
from sqlalchemy import select, text, update

from engine.cases import bulk, case_lists, claims, inbox, inbox_counts, inbox_lists, inbox_views, setup, staff
from engine.cases.desk_tables import CaseCopy, TaskSigner
from engine.cases.inbox_filters import InboxFilter, read_filter, whom
from engine.cases.office import Office, open_office
from engine.cases.views import Done, TaskRow
from engine.duties import Agency
from engine.migrations import upgrade
from engine.registers.cast import EMPLOYERS, PEOPLE
from engine.values import Actor, Refusal, reach
from engine.workflow.tables import WorkflowCase, WorkflowTask

PASSWORD = "inbox-lists-pass"
SEED = random.randrange(2**32)


@pytest.fixture
def seeded(office: Office) -> Office:
    staffed(office, day=office.today, password=PASSWORD)
    with office.store.transaction() as session:
        if session.scalar(select(WorkflowTask.id).limit(1)) is None:
            seed_open_tasks(session, 900, now=office.clock())
    return office


@pytest.fixture
def rng() -> random.Random:
    print(f"seed {SEED}")
    return random.Random(SEED)


def who(office: Office, login: str) -> Actor:
    actor = staff.sign_in(office, login=login, password=PASSWORD)
    assert isinstance(actor, Actor), actor
    return actor


def all_open(office: Office) -> list[tuple[WorkflowTask, WorkflowCase]]:
    with office.store.reading() as session:
        query = select(WorkflowTask, WorkflowCase).join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
        return [(task, case) for task, case in session.execute(query.where(WorkflowTask.status == "ready"))]


def every_page(office: Office, actor: Actor, which: Any, asked: InboxFilter) -> list[TaskRow]:
    """All rows, page after page; each page's way back leads to the page before it."""
    page = inbox_lists.inbox(office, actor, which, asked)
    rows, last = list(page.rows), page
    assert not page.previous_cursor
    while page.next_cursor:
        page = inbox_lists.inbox(office, actor, which, asked, cursor=page.next_cursor)
        back = inbox_lists.inbox(office, actor, which, asked, cursor=page.previous_cursor)
        assert back.rows == last.rows
        assert page.total == last.total
        rows, last = [*rows, *page.rows], page
    assert page.total == len(rows)
    return rows


def a_duty(office: Office, region: str) -> str:
    """The staff duty with most open tasks there."""
    found = Counter(task.duty for task, _ in all_open(office) if task.region_code.startswith(reach(region)))
    return found.most_common(1)[0][0]


KEYS: dict[str, Callable[[WorkflowTask], Any]] = {
    "received": lambda task: (task.created_at, task.id),
    "due": lambda task: (task.due_at is None, task.due_at or 0, task.id),
    "case": lambda task: (task.case_id, task.id),
}


@pytest.mark.req("FLOW-05")
@pytest.mark.parametrize("region", ["371502", "371500", "370000"])
@pytest.mark.parametrize("which", ["claimable", "overdue", "below"])
def test_pages_and_totals_are_those_of_a_plain_sort(
    seeded: Office, rng: random.Random, which: str, region: str
) -> None:
    duty = "approve" if which == "below" else a_duty(seeded, region)
    actor = a_post(seeded, duty, region)
    now = seeded.clock()

    def belongs(task: WorkflowTask, case: WorkflowCase) -> bool:
        if not task.region_code.startswith(reach(region)):
            return False
        if which == "below":
            return task.region_code != region
        if task.duty != duty:
            return False
        late = task.due_at is not None and task.due_at < now and case.paused_at is None
        return task.assignee is None if which == "claimable" else late

    everything = all_open(seeded)
    for sort in ("received", "due", "case"):
        order = rng.choice(["asc", "desc"])
        asked = InboxFilter(sort=sort, order=order, size=rng.choice([25, 50, 100]))  # type: ignore[arg-type]
        wanted = sorted((task for task, case in everything if belongs(task, case)), key=KEYS[sort])
        if order == "desc":
            wanted.reverse()

        rows = every_page(seeded, actor, which, asked)

        assert [row.task_id for row in rows] == [task.id for task in wanted], (SEED, sort, order)
    assert inbox_lists.counts(seeded, actor)[which] == len(wanted)  # type: ignore[index]
    assert wanted or region == "371502"


@pytest.mark.req("FLOW-05")
def test_filters_leave_what_a_plain_look_at_all_rows_leaves(seeded: Office, rng: random.Random) -> None:
    duty = a_duty(seeded, "370000")
    actor = a_post(seeded, duty, "370000")
    everything = [pair for pair in all_open(seeded) if pair[0].duty == duty and pair[0].assignee is None]
    seen = 0
    today = seeded.today
    lights = {
        "overdue": lambda due: due is not None and due < seeded.clock(),
        "soon": lambda due: (
            due is not None and seeded.clock() <= due and due.astimezone(UTC).date() < soon_end
        ),
        "none": lambda due: due is None,
    }
    soon_end = seeded.calendar.after(today, 2)
    first = everything[0]
    for _ in range(40):
        asked = {
            "process": rng.choice(["", "", first[1].process_id, "nothing"]),
            "element": rng.choice(["", "", first[0].element_id]),
            "region": rng.choice(["", "", "371500", first[0].region_code, "500000"]),
            "light": rng.choice(["", "", "overdue", "soon", "none"]),
            "due_from": rng.choice(["", (today - timedelta(days=rng.randrange(20))).isoformat()]),
            "due_until": rng.choice(["", (today + timedelta(days=rng.randrange(20))).isoformat()]),
            "sort": rng.choice(["received", "due", "case"]),
            "order": rng.choice(["", "asc"]),
        }
        filters = read_filter(asked)
        assert not filters.mistakes

        def meets(task: WorkflowTask, case: WorkflowCase, asked: dict[str, str] = asked) -> bool:
            day = (task.due_at + timedelta(hours=8)).date().isoformat() if task.due_at else ""
            dated = bool(asked["due_from"] or asked["due_until"])
            return (
                asked["process"] in ("", case.process_id)
                and asked["element"] in ("", task.element_id)
                and task.region_code.startswith(reach(asked["region"] or "370000"))
                and (not asked["light"] or lights[asked["light"]](task.due_at))
                and (not dated or bool(day))
                and (asked["due_from"] or "0") <= (day or "1")
                and (day or "0") <= (asked["due_until"] or "9")
            )

        days = asked["light"] or asked["due_from"] or asked["due_until"]
        sort = "due" if days and asked["sort"] == "received" and not asked["order"] else asked["sort"]
        wanted = sorted((task for task, case in everything if meets(task, case)), key=KEYS[sort])

        rows = every_page(seeded, actor, "claimable", filters)

        assert [row.task_id for row in rows] == [task.id for task in wanted], (SEED, asked)
        seen += len(rows)
    assert seen > 20


COUNTED = """
SELECT scope, duty, element_id, process_id, claimed, due_on, sum(n)::bigint FROM
  (SELECT scope, duty, element_id, process_id, claimed, due_on, n FROM open_task_total
   UNION ALL SELECT scope, duty, element_id, process_id, claimed, due_on, n FROM open_task_delta) kept
 GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0
"""
TRUE = """
SELECT left(t.region_code, digits), t.duty, t.element_id, c.process_id, t.assignee IS NOT NULL,
       coalesce((t.due_at AT TIME ZONE 'Asia/Shanghai')::date, '9999-12-31'), count(*)
  FROM workflow_task t JOIN workflow_case c ON c.id = t.case_id, (VALUES (0), (2), (4), (6)) level(digits)
 WHERE t.status = 'ready' GROUP BY 1, 2, 3, 4, 5, 6
"""
CHANGES = (
    "UPDATE workflow_task SET assignee = :key WHERE id IN (SELECT id FROM workflow_task WHERE status = 'ready' ORDER BY md5(id || :key) LIMIT :n FOR UPDATE SKIP LOCKED)",
    "UPDATE workflow_task SET assignee = NULL WHERE id IN (SELECT id FROM workflow_task WHERE assignee IS NOT NULL ORDER BY md5(id || :key) LIMIT :n FOR UPDATE SKIP LOCKED)",
    "UPDATE workflow_task SET status = CASE status WHEN 'ready' THEN 'completed' ELSE 'ready' END WHERE id IN (SELECT id FROM workflow_task ORDER BY md5(id || :key) LIMIT :n FOR UPDATE SKIP LOCKED)",
    "UPDATE workflow_task SET due_at = due_at + interval '7 hours' * :n, region_code = '371522', draft = :key WHERE id IN (SELECT id FROM workflow_task ORDER BY md5(id || :key) LIMIT :n FOR UPDATE SKIP LOCKED)",
    "DELETE FROM workflow_task WHERE id IN (SELECT id FROM workflow_task ORDER BY md5(id || :key) LIMIT :n FOR UPDATE SKIP LOCKED)",
    "INSERT INTO workflow_task (id, case_id, element_id, name, duty, region_code, form, status, created_at) SELECT md5(t.id || :key), t.case_id, t.element_id, t.name, t.duty, t.region_code, '', 'ready', t.created_at FROM workflow_task t ORDER BY md5(t.id || :key) LIMIT :n ON CONFLICT DO NOTHING",
)  # fmt: skip


@pytest.fixture
def apart(empty_database: Callable[[], str], tmp_path: Path, clock: FixedClock) -> Iterator[Office]:
    """An office of its own, whose tasks may be spoilt."""
    url = empty_database()
    upgrade(url)
    opened = open_office(settings_for(url, tmp_path), clock=clock)
    setup.set_up(opened)
    setup.seed(opened, people=0, employers=0, seed=1, day=opened.today, password=PASSWORD)
    with opened.store.transaction() as session:
        seed_open_tasks(session, 300, now=opened.clock())
    yield opened
    opened.close()


def change_at_random(office: Office, seed: int, faults: list[Exception]) -> None:
    """Sixty transactions of random changes, some of them rolled back."""
    own = random.Random(seed)
    try:
        for _ in range(60):
            with office.store.engine.connect() as connection, connection.begin() as turn:
                for _ in range(own.randrange(1, 4)):
                    values = {"key": f"staff:{own.randrange(2**30)}", "n": own.randrange(1, 9)}
                    connection.execute(text(own.choice(CHANGES)), values)
                if own.random() < 0.2:
                    turn.rollback()
    except Exception as error:  # noqa: BLE001 - told by the test
        faults.append(error)


def add_up_until(office: Office, ended: threading.Event) -> None:
    while not ended.is_set():
        with office.store.transaction() as session:
            inbox_counts.take_in(session)


def look_at(office: Office) -> tuple[set[Any], set[Any]]:
    """What is counted and what is true, in one snapshot."""
    with office.store.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        return set(connection.execute(text(COUNTED)).all()), set(connection.execute(text(TRUE)).all())


@pytest.mark.req("FLOW-05")
def test_the_counters_are_exact_at_every_instant_while_many_work_at_once(
    apart: Office, rng: random.Random
) -> None:
    """Each look is one snapshot, taken while others change, roll back and add up."""
    ended, faults = threading.Event(), list[Exception]()
    changes = [(apart, rng.randrange(2**32), faults) for _ in range(3)]
    workers = [threading.Thread(target=change_at_random, args=each) for each in changes]
    sweepers = [threading.Thread(target=add_up_until, args=(apart, ended)) for _ in range(2)]
    for thread in (*workers, *sweepers):
        thread.start()

    while any(worker.is_alive() for worker in workers):
        counted, true = look_at(apart)
        assert counted == true, SEED
    ended.set()
    for thread in (*workers, *sweepers):
        thread.join()

    assert faults == []
    with apart.store.transaction() as session:
        inbox_counts.take_in(session)
        assert session.scalar(text("SELECT count(*) FROM open_task_delta")) == 0
        assert session.scalar(text("SELECT count(*) FROM open_task_total WHERE n <= 0")) == 0
    counted, true = look_at(apart)
    assert counted == true, SEED


@pytest.mark.req("FLOW-05")
def test_a_paused_case_is_not_overdue_and_a_limit_in_hours_is_from_its_hour_on(apart: Office) -> None:
    duty = a_duty(apart, "370000")
    actor = a_post(apart, duty, "370000")
    mine = [task.id for task, _ in all_open(apart) if task.duty == duty]
    now, (paused, ago, ahead) = apart.clock(), mine[:3]
    with apart.store.transaction() as session:
        for task_id, due in (
            (paused, now - timedelta(days=3)),
            (ago, now - timedelta(hours=1)),
            (ahead, now + timedelta(hours=1)),
        ):
            session.execute(
                update(WorkflowTask).where(WorkflowTask.id == task_id).values(due_at=due, assignee=None)
            )
        case = session.get_one(WorkflowTask, paused).case_id
        session.execute(update(WorkflowCase).where(WorkflowCase.id == case).values(paused_at=now))

    for light, belongs in (("overdue", ago), ("soon", ahead)):
        rows = every_page(apart, actor, "claimable", InboxFilter(light=light))  # type: ignore[arg-type]
        assert belongs in {row.task_id for row in rows}
        assert {row.light for row in rows} == {light}
        assert not {paused, ago, ahead} - {belongs} & {row.task_id for row in rows}
    assert inbox_lists.counts(apart, actor)["overdue"] == len(
        every_page(apart, actor, "overdue", InboxFilter())
    )


@pytest.mark.req("FLOW-05")
def test_what_was_typed_leads_to_people_by_the_blind_index_and_never_into_an_address(seeded: Office) -> None:
    clerk = who(seeded, "wangshouli")
    li = PEOPLE["li"]
    person = staff.sign_in_person(seeded, id_number=li.id_number, name=li.name)
    employer = staff.sign_in_employer(seeded, credit_code=EMPLOYERS["guangyue"].credit_code)
    assert isinstance(person, Actor)
    assert isinstance(employer, Actor)

    assert whom(seeded, clerk, f" {li.id_number} ") == {"who": person.key}
    assert whom(seeded, clerk, "371502198206150022") == {"who": "nobody"}, "mistyped"
    assert whom(seeded, clerk, EMPLOYERS["guangyue"].credit_code.lower()) == {"who": employer.key}
    assert whom(seeded, clerk, "sl-2025-000017") == {"search": "SL-2025-000017"}
    assert whom(seeded, clerk, li.name) == {"name": li.name}
    assert whom(seeded, person, li.id_number) == {}, "only staff look people up"


@pytest.mark.req("FLOW-05")
def test_a_person_a_name_and_a_number_each_find_the_case(seeded: Office) -> None:
    clerk = who(seeded, "wangshouli")
    li = PEOPLE["li"]
    person = staff.sign_in_person(seeded, id_number=li.id_number, name=li.name)
    assert isinstance(person, Actor)
    opened = claims.submit_claim(seeded, person)
    assert isinstance(opened, Done)
    task = inbox_lists.inbox(seeded, person, "todo").rows[0].task_id
    assert isinstance(inbox.complete_task(seeded, person, task, CONFIRMED), Done)

    for asked in (
        {"who": person.key},
        {"name": li.name},
        {"search": opened.case_key},
        {"search": str(opened.case_id)},
    ):
        page = inbox_lists.inbox(seeded, clerk, "claimable", read_filter(asked))
        assert [(row.case_key, page.total) for row in page.rows] == [(opened.case_key, 1)], asked
    for asked in ({"who": "nobody"}, {"name": li.name[:1]}, {"search": opened.case_key[:-1]}):
        assert inbox_lists.inbox(seeded, clerk, "claimable", read_filter(asked)).rows == ()


@pytest.mark.req("FLOW-05")
def test_copies_signatures_and_lent_tasks_stand_in_lists_of_their_own(apart: Office) -> None:
    clerk, other = who(apart, "wangshouli"), who(apart, "zhaofuhe")
    first, second, third = (task for task, _ in all_open(apart)[:3])
    with apart.store.transaction() as session:
        for at, case_id in enumerate((first.case_id, second.case_id)):
            session.add(
                CaseCopy(case_id=case_id, reader=clerk.key, sent_by=other.key, note="请阅", at=apart.clock())
            )
            session.flush()
            assert at < 2
        session.add(
            TaskSigner(
                task_id=second.id, case_id=second.case_id, signer=clerk.key, place="before",
                asked_by=other.key, asked_at=apart.clock(), why="", opinion="", note="",
            )
        )  # fmt: skip
        session.execute(
            update(WorkflowTask)
            .where(WorkflowTask.id == third.id)
            .values(owner=clerk.key, assignee=other.key)
        )
        session.execute(update(WorkflowTask).where(WorkflowTask.id == second.id).values(assignee=other.key))
        session.execute(
            update(WorkflowCase).where(WorkflowCase.id == first.case_id).values(started_by=clerk.key)
        )

    page = case_lists.case_list(apart, clerk, "copied", InboxFilter(size=1))  # type: ignore[arg-type]
    rest = case_lists.case_list(apart, clerk, "copied", InboxFilter(size=1), cursor=page.next_cursor)
    back = case_lists.case_list(apart, clerk, "copied", InboxFilter(size=1), cursor=rest.previous_cursor)

    assert [row.case_id for row in (*page.rows, *rest.rows)] == [second.case_id, first.case_id]
    assert (back.rows, rest.next_cursor, page.previous_cursor) == (page.rows, "", "")
    assert all(row.unread and row.note == "请阅" for row in page.rows)
    assert [(row.task_id, row.to_sign) for row in inbox_lists.inbox(apart, clerk, "todo").rows] == [
        (second.id, True)
    ]
    assert [row.task_id for row in inbox_lists.inbox(apart, clerk, "delegated").rows] == [third.id]
    assert [row.case_id for row in case_lists.case_list(apart, clerk, "started").rows] == [first.case_id]
    counts = inbox_lists.counts(apart, clerk)
    assert [counts[key] for key in ("todo", "delegated", "started", "copied")] == [1, 1, 1, 2]


@pytest.mark.req("FLOW-05")
def test_views_are_kept_without_people_and_shared_only_within_ones_own_regions(seeded: Office) -> None:
    clerk, county = who(seeded, "wangshouli"), who(seeded, "shenxian")
    kept = inbox_views.keep_view(
        seeded, clerk, name="快到期", which="claimable", asked={"light": "soon", "who": "person:1", "name": "李"}, share="371525",
    )  # fmt: skip
    elsewhere = inbox_views.keep_view(seeded, county, name="市级", which="todo", asked={}, share="371500")

    (seen,) = inbox_views.views(seeded, county)
    assert isinstance(kept, Done)
    assert (seen.query, seen.mine, seen.owner) == ("list=claimable&light=soon", False, clerk.name)
    assert isinstance(elsewhere, Refusal)
    assert elsewhere.reasons[0].code == "other_region"
    assert isinstance(inbox_views.drop_view(seeded, county, seen.view_id), Refusal)
    assert isinstance(inbox_views.drop_view(seeded, clerk, seen.view_id), Done)
    assert inbox_views.views(seeded, clerk) == ()


@pytest.mark.req("FLOW-05")
def test_each_of_many_is_claimed_or_refused_by_itself(apart: Office) -> None:
    clerk = who(apart, "wangshouli")
    person = staff.sign_in_person(apart, id_number=PEOPLE["li"].id_number, name=PEOPLE["li"].name)
    assert isinstance(person, Actor)
    claims.submit_claim(apart, person)
    task = inbox_lists.inbox(apart, person, "todo").rows[0].task_id
    inbox.complete_task(apart, person, task, CONFIRMED)
    mine = inbox_lists.inbox(apart, clerk, "claimable", InboxFilter(name=PEOPLE["li"].name)).rows[0].task_id

    rows = bulk.claim_all(apart, clerk, [mine, "none", mine])
    again = bulk.release_all(apart, clerk, [mine])
    completed = bulk.complete_all(apart, clerk, [mine], {"intake_opinion": "pass"})

    assert not isinstance(rows, Refusal)
    assert not isinstance(again, Refusal)
    assert not isinstance(completed, Refusal)
    assert [(row.task_id, row.done) for row in rows] == [(mine, True), ("none", False)]
    assert rows[1].reasons[0].code == "no_such_task"
    assert again[0].done
    assert [(row.done, row.reasons[0].code) for row in completed] == [(False, "not_bulk")]
    assert isinstance(bulk.claim_all(apart, clerk, ["x"] * 101), Refusal)


@pytest.mark.req("FLOW-05", "FLOW-06")
def test_a_substitute_finds_what_the_principal_could_claim(apart: Office) -> None:
    duty = a_duty(apart, "370000")
    principal, substitute = a_post(apart, duty, "370000"), a_post(apart, duty, "371502")
    alone = inbox_lists.counts(apart, substitute)["claimable"]
    with apart.store.transaction() as session:
        agency = Agency(
            principal_id=principal.id, substitute_id=substitute.id, duty=duty, region_code="370000",
            valid_from=apart.today, valid_until=apart.today + timedelta(days=5), why="休假",
            made_by=principal.key, made_at=apart.clock(),
        )  # fmt: skip
        session.add(agency)

    together = inbox_lists.counts(apart, substitute)["claimable"]

    assert alone < together == inbox_lists.counts(apart, principal)["claimable"]
    assert len(every_page(apart, substitute, "claimable", InboxFilter())) == together, "none twice"
