"""The wall of a checklist: everything is on it, nothing is missing from it, and each level sees its own (RECT-03)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from builders import PASSWORD, refused
from many_tasks import a_post
from offices import FixedClock, settings_for
from openpyxl import load_workbook
from sqlalchemy import event, select, text

from engine.cases import supervising, wall, wall_items, wall_sheets, work_plans
from engine.cases.checklist_files import issue_shipped
from engine.cases.checklist_views import ChecklistView
from engine.cases.office import Office, open_office
from engine.cases.setup import seed, set_up
from engine.cases.tile_maps import tiles_of
from engine.cases.views import Done
from engine.cases.wall_views import ItemFilter, ItemView, Trend, Wall
from engine.cases.work_plans import NewPlan, PlanReport, PlanTaken
from engine.oversight.rectification_tables import RectificationItem
from engine.store.audit import AuditEvent
from engine.tasks.tables import Letter
from engine.values import Actor

PLAN = NewPlan(
    title="专项行动任务分工", source="渝人社发〔2019〕169号", region="500000", issued_on=date(2019, 6, 26), target=date(2020, 12, 31)
)  # fmt: skip
#: a Thursday
RECEIVED = date(2020, 4, 2)


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office on the day on which Liaocheng received the notice."""
    settings = settings_for(database_url, tmp_path_factory.mktemp("office"))
    opened = open_office(settings, clock=FixedClock("2020-04-02T09:00+08:00"))
    set_up(opened)
    seed(opened, seed=1, people=0, employers=0, day=date(2020, 4, 2), password=PASSWORD)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def city(office: Office) -> Actor:
    """Who issues in Liaocheng."""
    return a_post(office, "provincial", "371500")


@pytest.fixture(scope="module")
def liaocheng(office: Office, city: Actor) -> int:
    """The checklist of 2020 over twelve units, some of it done."""
    issued = issue_shipped(office, city, "shandong-2020", received_on=RECEIVED)
    assert isinstance(issued, ChecklistView), issued
    # the states that the diagram brings about are proven with the diagram; here they are what is looked at
    with office.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for where, then in (
            (
                "region_code = '371521'",
                "status = 'no_problem', statement_by = 'staff:1', checked_on = '2020-04-01'",
            ),
            (
                "region_code = '371525'",
                "status = 'doing', done_due = '2020-04-01', planned_on = '2020-03-31'",
            ),
            (
                "region_code = '371571'",
                "status = 'planning', sent_back_on = '2020-04-01', plan_due = '2020-04-03'",
            ),
            (
                "region_code = '371581'",
                "status = 'done', verified_on = '2020-04-01', checked_on = '2020-03-24'",
            ),
        ):
            session.execute(
                text(f"UPDATE rectification_item SET {then} WHERE checklist_id = :id AND {where}"),
                {"id": issued.checklist_id},
            )
    return issued.checklist_id


@pytest.mark.req("RECT-01", "RECT-03")
def test_every_topic_of_every_unit_is_on_the_wall_and_the_sums_agree(
    office: Office, city: Actor, liaocheng: int
) -> None:
    found = wall.wall(office, city, liaocheng)

    assert isinstance(found, Wall), found
    assert (len(found.rows), len(found.columns), found.expected, found.present, found.missing) == (
        8,
        12,
        96,
        96,
        (),
    )
    assert found.tally.total == sum(row.tally.total for row in found.rows) == 96
    assert found.tally.total == sum(column.tally.total for column in found.columns)
    assert found.tally.standings == {
        "late": 8, "overdue_on_receipt": 72, "no_problem": 8, "done": 8
    }  # fmt: skip
    assert (found.tally.returned, found.tally.due_week, found.tally.settled) == (8, 8, 16)
    assert [(each.due, each.passed_on_receipt) for each in found.dates[:3]] == [
        (date(2020, 3, 30), True),
        (date(2020, 3, 31), True),
        (date(2020, 5, 31), False),
    ]


@pytest.mark.req("RECT-01", "RECT-03")
def test_a_cell_that_was_lost_is_named(office: Office, city: Actor, liaocheng: int) -> None:
    with office.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        lost = session.execute(
            text(
                "DELETE FROM rectification_item WHERE checklist_id = :id AND region_code = '371502' RETURNING *"
            ),
            {"id": liaocheng},
        ).mappings()
        kept = [dict(row) for row in lost if row["topic_id"]]

    found = wall.wall(office, city, liaocheng)

    with office.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        columns = ", ".join(kept[0])
        values = ", ".join(f":{name}" for name in kept[0])
        session.execute(
            text(f"INSERT INTO rectification_item ({columns}) OVERRIDING SYSTEM VALUE VALUES ({values})"),
            kept,
        )
    assert isinstance(found, Wall)
    assert (found.expected, found.present, len(found.missing)) == (96, 88, 8)
    assert {each.region_name for each in found.missing} == {"东昌府区"}
    assert all(row.cells[1] is not None and row.cells[1].missing == 1 for row in found.rows)


@pytest.mark.req("RECT-03")
def test_the_matrix_is_one_statement_whatever_its_size(office: Office, city: Actor, liaocheng: int) -> None:
    said: list[str] = []
    event.listen(office.store.engine, "before_cursor_execute", lambda *given: said.append(given[2]))

    wall.wall(office, city, liaocheng)

    counting = [each for each in said if "rectification_item" in each and "count(" in each]
    assert len(counting) == 1


@pytest.mark.req("RECT-03")
def test_each_level_sees_its_own_and_what_is_below_it(office: Office, city: Actor, liaocheng: int) -> None:
    province, county = a_post(office, "provincial", "370000"), a_post(office, "rectifier", "371502")
    elsewhere, clerk = a_post(office, "provincial", "371600"), a_post(office, "intake", "371500")

    above, own = wall.wall(office, province, liaocheng), wall.wall(office, county, liaocheng)

    assert isinstance(above, Wall) and isinstance(own, Wall)
    assert (above.present, own.present, own.expected) == (96, 8, 8)
    assert [column.name for column in own.columns] == ["东昌府区"]
    listed, weeks = (
        wall_items.items(office, county, liaocheng, ItemFilter()),
        wall.trend(office, county, liaocheng),
    )
    assert isinstance(listed, tuple) and isinstance(weeks, Trend)
    assert listed[1].total == 8
    assert sum(week.checked + week.settled for week in weeks.weeks) == 0
    assert refused(wall.wall(office, county, liaocheng, region="371521")) == ("no_such_checklist",)
    assert refused(wall.wall(office, elsewhere, liaocheng)) == ("no_such_checklist",)
    assert refused(wall.wall(office, clerk, liaocheng)) == ("no_such_checklist",)
    other = _item_in(office, liaocheng, "371521")
    assert refused(wall_items.cell(office, county, other)) == ("no_such_checklist",)
    assert refused(supervising.supervise(office, county, other, why="催一催")) == ("no_such_checklist",)


@pytest.mark.req("RECT-03")
def test_a_province_is_drawn_by_city_and_leads_down_to_any_cell(office: Office) -> None:
    province = a_post(office, "provincial", "370000")
    issued = issue_shipped(office, province, "shandong-2020", received_on=RECEIVED)
    assert isinstance(issued, ChecklistView)

    whole = wall.wall(office, province, issued.checklist_id)
    drilled = wall.wall(office, province, issued.checklist_id, region="371500")

    assert isinstance(whole, Wall) and isinstance(drilled, Wall)
    assert [column.code for column in whole.columns if column.drills and column.units > 1] == ["371500"]
    assert whole.columns[0].own and whole.columns[0].code == "370000"
    assert (whole.present, drilled.present, drilled.above) == (issued.present, 96, (("370000", "山东省"),))
    cell = drilled.rows[0].cells[3]
    assert cell is not None and cell.item_id is not None
    opened = wall_items.cell(office, province, cell.item_id)
    assert isinstance(opened, ItemView)
    assert (opened.topic.title, opened.row.region) == ("参保范围", drilled.columns[3].code)


@pytest.mark.req("RECT-03")
def test_a_list_holds_what_the_figure_counts(office: Office, city: Actor, liaocheng: int) -> None:
    found = wall.wall(office, city, liaocheng)
    assert isinstance(found, Wall)
    shown = {**found.tally.standings, "returned": found.tally.returned, "due_week": found.tally.due_week}

    for word, count in shown.items():
        listed = wall_items.items(office, city, liaocheng, ItemFilter(show=word), size=200)
        assert isinstance(listed, tuple)
        assert len(listed[1].rows) == listed[1].total == count, word
    paged = wall_items.items(office, city, liaocheng, ItemFilter(topic="3", region="371500"))
    assert isinstance(paged, tuple) and {row.position for row in paged[1].rows} == {3}


@pytest.mark.req("RECT-03")
def test_the_trend_counts_each_step_in_the_week_of_its_day(
    office: Office, city: Actor, liaocheng: int
) -> None:
    found = wall.trend(office, city, liaocheng)

    assert isinstance(found, Trend)
    weeks = {week.monday: (week.checked, week.planned, week.settled) for week in found.weeks}
    assert weeks[date(2020, 3, 23)] == (8, 0, 0)
    assert weeks[date(2020, 3, 30)] == (8, 8, 16)
    assert list(weeks) == sorted(weeks) and len(weeks) == 12


@pytest.mark.req("RECT-03")
def test_wall_and_list_go_to_excel_and_it_is_on_record(office: Office, city: Actor, liaocheng: int) -> None:
    matrix = wall_sheets.export_wall(office, city, liaocheng)
    listed = wall_sheets.export_items(office, city, liaocheng, ItemFilter(show="late"))

    assert not isinstance(matrix, tuple | str) and hasattr(matrix, "read") and hasattr(listed, "read")
    sheet = load_workbook(BytesIO(matrix.read())).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert (len(rows), len(rows[0])) == (1 + 8 + 1, 2 + 12)
    assert rows[1][0] == "1. 参保范围" and "●销号" in {cell for row in rows[1:9] for cell in row}
    assert load_workbook(BytesIO(listed.read())).worksheets[0].max_row == 1 + 8
    with office.store.reading() as session:
        told = session.scalars(select(AuditEvent.subject).where(AuditEvent.action == "LIST_EXPORTED")).all()
    assert told.count(f"checklist:{liaocheng}") == 2


@pytest.mark.req("RECT-05")
def test_an_item_is_supervised_once_a_day_with_a_letter_that_says_why(
    office: Office, city: Actor, liaocheng: int
) -> None:
    item, done = _item_in(office, liaocheng, "371525"), _item_in(office, liaocheng, "371581")

    first = supervising.supervise(office, city, item, why="进展太慢")
    again = supervising.supervise(office, city, item, why="进展太慢")

    assert isinstance(first, Done)
    assert refused(again) == ("supervised_today",)
    assert refused(supervising.supervise(office, city, done, why="进展太慢")) == ("item_settled",)
    assert refused(supervising.supervise(office, city, _item_in(office, liaocheng, "371502"), why=" ")) == (
        "why_missing",
    )
    with office.store.reading() as session:
        letters = session.scalars(select(Letter).where(Letter.kind == "rectification-supervision")).all()
    assert [letter.recipient for letter in letters] == ["office:371525"]
    assert "进展太慢" in letters[0].text


@pytest.mark.req("RECT-05")
def test_the_plan_of_chongqing_is_laid_on_who_leads_it_and_taken_once(office: Office) -> None:
    leader = a_post(office, "provincial", "500000")
    file = (office.settings.processes_dir / "plans" / "chongqing-2019.xlsx").read_bytes()

    unread = work_plans.import_plan(office, leader, file, PLAN)
    taken = work_plans.import_plan(office, leader, file, PLAN, warnings_read=True)
    again = work_plans.import_plan(office, leader, file, PLAN, warnings_read=True)

    assert isinstance(unread, PlanReport) and [fault.cell for fault in unread.faults] == ["E8"]
    assert isinstance(taken, PlanTaken) and isinstance(again, PlanTaken)
    assert (taken.again, again.again, again.plan.checklist_id) == (False, True, taken.plan.checklist_id)
    with office.store.reading() as session:
        items = session.scalars(
            select(RectificationItem).where(RectificationItem.checklist_id == taken.plan.checklist_id)
        ).all()
    leads = Counter(item.lead_unit for item in items)
    assert leads == {
        "市就业局": 11, "基金监督处": 3, "就业失业处": 1, "市社保局": 1, "各区县（自治县）人力社保局": 9 * 38
    }  # fmt: skip
    assert {item.region_code for item in items if item.lead_unit == "市就业局"} == {"500000"}
    found = wall.wall(office, leader, taken.plan.checklist_id)
    assert isinstance(found, Wall)
    assert (found.expected, found.present, len(found.columns)) == (358, 358, 39)
    one = wall_items.cell(office, leader, items[0].id)
    assert isinstance(one, ItemView)
    assert [(stage.title, stage.due) for stage in one.stages] == [
        ("制定措施", date(2019, 10, 15)),
        ("推进落实", date(2020, 9, 9)),
        ("自查验收", date(2020, 12, 31)),
    ]
    assert one.cooperating == ("就业失业处", "各区县（自治县）人力社保局")


@pytest.mark.req("RECT-05")
def test_a_plan_that_nobody_may_issue_or_whose_day_has_passed_is_refused(office: Office, city: Actor) -> None:
    file = (office.settings.processes_dir / "plans" / "chongqing-2019.xlsx").read_bytes()
    leader = a_post(office, "provincial", "500000")
    late = NewPlan(
        title="过期", source="文件", region="500000", issued_on=date(2019, 6, 26), target=date(2020, 4, 1)
    )

    assert refused(work_plans.import_plan(office, city, file, PLAN)) == ("other_region",)
    assert refused(work_plans.check_plan(office, leader, file, late)) == ("target_past",)


def test_every_region_has_a_tile_of_its_own() -> None:
    folder = Path(__file__).parents[1] / "processes"
    drawn = tiles_of(folder, "371500", ["371500", "371502", "371573", "371599"])
    plain = tiles_of(folder, "500000", [f"5001{n:02d}" for n in range(20)])

    for tiles in (drawn, plain):
        assert len({(tile.x, tile.y) for tile in tiles}) == len(tiles)
    assert max(drawn, key=lambda tile: tile.y).code == "371599"


def _item_in(office: Office, checklist_id: int, region: str) -> int:
    with office.store.reading() as session:
        return session.scalars(
            select(RectificationItem.id)
            .where(RectificationItem.checklist_id == checklist_id, RectificationItem.region_code == region)
            .order_by(RectificationItem.id)
        ).first() or pytest.fail(f"no item in {region}")
