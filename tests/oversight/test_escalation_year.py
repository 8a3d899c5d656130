"""A simulated year over a whole province with random diligence: every overdue item is escalated on the right working
day, none escaped, none escalated twice (RECT-04).

Drawn items of Liaocheng go through the real process, step by step, with the forms that people fill in; after each step
the row must stand as the plain notebook says. All other items are moved by plain SQL to what their notebook says, the way
the process was just seen to move them. What is under test, the escalation, is one for all of them and knows no difference.

Reduced by default (22 counties until July); ``CHANGLING_YEAR=all`` plays 16 cities and 137 counties, ``CHANGLING_SEED`` a printed seed again.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from threading import Thread

import pytest
from builders import PASSWORD
from offices import FixedClock, settings_for
from rectification_year import Oracle, PlainItem, move_of, units_of_province, workdays
from sqlalchemy import select, update

from engine.cases import inbox, setup, staff
from engine.cases.checklist_views import ChecklistView
from engine.cases.checklists import issue_checklist
from engine.cases.escalations import escalation_due
from engine.cases.item_cases import open_case
from engine.cases.office import Office, open_office
from engine.cases.views import Done
from engine.oversight.rectification import Topic
from engine.oversight.rectification_tables import Escalation, EscalationPaper, RectificationItem
from engine.people import Region
from engine.store.export import verify_database
from engine.tasks.tables import Letter
from engine.values import CHINA, SYSTEM, Actor
from engine.workflow.tables import WorkflowTask

pytestmark = [pytest.mark.slow, pytest.mark.req("RECT-01", "RECT-04")]

WHOLE = os.environ.get("CHANGLING_YEAR") == "all"
SEED = int(os.environ.get("CHANGLING_SEED") or Random().randrange(10**6))
COUNTIES, TOPICS, DRAWN = (137, 8, 60) if WHOLE else (22, 3, 8)
PROVINCE, LIAOCHENG = "370000", "3715"
FIRST, LAST = date(2025, 1, 6), date(2025, 12, 31) if WHOLE else date(2025, 7, 31)
WHO = {"accept_plan": "handudao", "verify_done": "yangheyan"}


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office of the whole province, on the morning of 6 January 2025."""
    settings = settings_for(database_url, tmp_path_factory.mktemp("province"))
    opened = open_office(settings, clock=FixedClock("2025-01-06T09:00+08:00"))
    setup.set_up(opened)
    setup.seed(opened, people=0, employers=0, seed=1, day=date(2025, 1, 2), password=PASSWORD)
    with opened.store.transaction() as session:
        cities = sorted(session.scalars(select(Region.code).where(Region.level == "city")))
        known = sorted(
            session.scalars(select(Region.code).where(Region.level == "county", Region.code.startswith("37")))
        )
        for code, city in units_of_province(cities, COUNTIES, known):
            if code not in known:
                session.add(
                    Region(code=code, name=f"县{code}", english=code, parent_code=city, level="county")
                )
    yield opened
    opened.close()


def put_clock(office: Office, day: date, hour: int) -> None:
    office.clock.now = datetime.combine(day, time(hour), tzinfo=CHINA)  # type: ignore[attr-defined]


def issue(office: Office, *, received: date, check: date, plan: date, topics: int) -> list[PlainItem]:
    """A checklist over the whole province, as plain items; no cell may be missing."""
    chance = Random(SEED + topics)
    view = issue_checklist(
        office,
        _staff(office, "handudao"),
        title="梳理查摆",
        source="鲁人社函〔2020〕10号（十）",
        topics=[Topic(code=f"t{n}", title=f"项目{n}", benchmark="专项文件") for n in range(topics)],
        received_on=received,
        self_check_due=check,
        plan_due=plan,
        region=PROVINCE,
    )
    assert isinstance(view, ChecklistView), view
    assert (view.missing, view.present, view.expected) == ((), view.expected, topics * view.unit_count)
    assert view.unit_count == 1 + 16 + COUNTIES
    with office.store.reading() as session:
        rows = session.scalars(
            select(RectificationItem).where(RectificationItem.checklist_id == view.checklist_id)
        )
        return [
            PlainItem(
                id=row.id,
                status=row.status,
                dues={"self_check": row.self_check_due, "plan": row.plan_due, "done": None, "proposed": None},
                diligence=chance.choice((0.0, 0.02, 0.05, 0.1, 0.3)),
                by_process=False,
            )
            for row in rows
        ]


def draw_for_the_process(office: Office, items: list[PlainItem], chance: Random) -> dict[int, int]:
    """Opens the cases of drawn items of Liaocheng; case by item."""
    with office.store.reading() as session:
        there = set(
            session.scalars(
                select(RectificationItem.id).where(RectificationItem.region_code.startswith(LIAOCHENG))
            )
        )
    drawn = chance.sample([item for item in items if item.id in there], DRAWN)
    cases = {}
    for item in drawn:
        item.by_process, item.diligence = True, max(item.diligence, 0.1)
        with office.store.transaction() as session:
            row = session.get_one(RectificationItem, item.id)
            cases[item.id] = int(open_case(session, office, row, SYSTEM).id)
    return cases


def a_day_of_work(
    office: Office, day: date, items: list[PlainItem], cases: dict[int, int], chance: Random
) -> None:
    """What units and province do about their items on that day."""
    moved = []
    for item in items:
        move = move_of(item, day, chance)
        if move is None:
            continue
        if item.by_process:
            _step(office, cases[item.id], move.step, move.fields)
        item.status = move.status
        item.dues.update(move.dues)
        if item.by_process:
            _agrees(office, item)
        else:
            moved.append(item)
    _put(office, moved)


def _step(office: Office, case_id: int, step: str, fields: dict[str, str]) -> None:
    with office.store.reading() as session:
        task = session.scalars(
            select(WorkflowTask.id).where(
                WorkflowTask.case_id == case_id,
                WorkflowTask.status == "ready",
                WorkflowTask.element_id == step,
            )
        ).one()
    outcome = inbox.complete_task(office, _staff(office, WHO.get(step, "jiangzhenggai")), task, fields)
    assert isinstance(outcome, Done), (step, outcome)


def _agrees(office: Office, item: PlainItem) -> None:
    """The row that the process left stands as the notebook says: what the other items are moved by is what it does."""
    with office.store.reading() as session:
        row = session.get_one(RectificationItem, item.id)
        assert row.status == item.status
        due = {"self_check": row.self_check_due, "plan": row.plan_due, "done": row.done_due}
        assert item.running is None or due[item.running[0]] == item.running[1]


def _put(office: Office, items: list[PlainItem]) -> None:
    with office.store.transaction() as session:
        for item in items:
            session.execute(
                update(RectificationItem)
                .where(RectificationItem.id == item.id)
                .values(
                    status=item.status,
                    plan_due=item.dues["plan"],
                    done_due=item.dues["done"],
                    statement_by="staff:1" if item.status == "no_problem" else None,
                    verified_on=office.today if item.status == "done" else None,
                )
            )


def _staff(office: Office, login: str) -> Actor:
    if login not in _ACTORS:
        found = staff.sign_in(office, login=login, password=PASSWORD)
        assert isinstance(found, Actor), found
        _ACTORS[login] = found
    return _ACTORS[login]


_ACTORS: dict[str, Actor] = {}


def escalate(office: Office, chance: Random) -> None:
    """The sweep of one morning: whole, in small bites as after kills, or by two workers at once."""
    how = chance.random()
    if how < 0.1:
        workers = [Thread(target=escalation_due, args=(office, 10_000)) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        escalation_due(office, 10_000)
    elif how < 0.25:
        while escalation_due(office, chance.randint(1, 7)):
            pass
    else:
        escalation_due(office, 10_000)
    if how < 0.25:
        assert escalation_due(office, 10_000) == 0, "a second round finds nothing"


def test_a_year_of_a_whole_province_is_escalated_as_the_notebook_says(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, actions = Random(SEED), Random(SEED + 1)
    days = workdays(Path(office.settings.processes_dir) / "calendar", 2024, 2025, 2026)
    oracle = Oracle(days)
    # received after its first deadline; and, in June, one received in time
    items = issue(office, received=FIRST, check=date(2024, 12, 27), plan=date(2024, 12, 27), topics=TOPICS)
    cases = draw_for_the_process(office, items, chance)
    still = {FIRST + timedelta(days=100 + each) for each in range(6)}

    day = FIRST
    while day <= LAST:
        if day == date(2025, 6, 3):
            put_clock(office, day, 8)
            items += issue(office, received=day, check=date(2025, 6, 13), plan=date(2025, 6, 30), topics=2)
        put_clock(office, day, 9)
        # nobody sweeps while the machines stand still for six days
        if day not in still:
            oracle.morning(day, items)
            escalate(office, chance)
        put_clock(office, day, 15)
        if day in days:
            a_day_of_work(office, day, items, cases, actions)
        day += timedelta(days=1)

    with office.store.reading() as session:
        rows = session.scalars(select(Escalation)).all()
        came = [(row.item_id, row.due_kind, row.due_on, row.stage, row.done_on) for row in rows]
        papers = session.scalars(select(EscalationPaper)).all()
        letters = session.scalars(select(Letter.key)).all()
        verdict = verify_database(session)
    with capsys.disabled():
        stages = Counter(stage for _, _, _, stage, _ in came)
        print(
            f"\nseed {SEED}: {len(items)} items of {1 + 16 + COUNTIES} units, {len(cases)} through the process, "
            f"{len(came)} escalations ({dict(stages)}) in {len(papers)} papers"
        )
    assert set(came) - oracle.came == set(), "escalated, but not due"
    assert oracle.came - set(came) == set(), "due, but escaped"
    assert len(came) == len(set(came)) == len(oracle.came)
    assert sum(paper.items for paper in papers) == len(came)
    assert len({(p.checklist_id, p.stage, p.region_code, p.issued_on) for p in papers}) == len(papers)
    assert sorted(letters) == sorted(set(letters)) and len(letters) == len(papers)
    assert verdict.ok, verdict.text
    _counters_agree(office, came)
    late = {(item, kind, due) for item, kind, due, stage, _ in came if stage == "circular"}
    assert len(late) > 20 and Counter(c[3] for c in came)["referral"] > 5, "the year must have been lively"


def _counters_agree(office: Office, came: list[tuple[int, str, date, str, date]]) -> None:
    counted = Counter((item, stage) for item, _, _, stage, _ in came)
    with office.store.reading() as session:
        for row in session.scalars(select(RectificationItem)):
            assert (row.reminders, row.circulars, row.government_notices, row.referrals) == tuple(
                counted[row.id, stage] for stage in ("reminder", "circular", "government", "referral")
            )
