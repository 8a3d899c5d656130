"""The Liaocheng example on the wall: 96 cells, two deadlines passed on receipt, a plan returned, a circular; and a plan.

Every page with axe, at a desk and on a telephone, and a picture of each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from browsing import DESK, PASSWORD, PHONE, ROOT, Invite, MorningClock, Visitor
from offices import settings_for
from playwright.sync_api import expect
from sqlalchemy import select

from engine.cases.escalations import escalation_due
from engine.cases.item_cases import open_item_cases
from engine.cases.office import Office, open_office
from engine.cases.setup import seed, set_up
from engine.duties import add_staff, assign_post
from engine.oversight.rectification_tables import ChecklistTopic, RectificationItem
from engine.values import SYSTEM, Refusal
from engine.workflow.tables import WorkflowCase

pytestmark = pytest.mark.browser

AXE = ROOT / "web" / "static" / "vendor"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
LOOK = """async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ["violations"]})).violations
  .flatMap(each => each.nodes.map(node => `${each.id}: ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`))"""
#: who is at a desk in spring 2020: login, name, region, duty
STAFF = (
    ("dudao", "聊督导", "371500", "provincial"),
    ("yanggu", "谷正改", "371521", "rectifier"),
    ("yududao", "渝督导", "500000", "provincial"),
)
RECEIVED = date(2020, 4, 2)


@pytest.fixture(scope="module")
def office_clock() -> MorningClock:
    """The morning on which Liaocheng received the notice."""
    clock = MorningClock()
    clock.now = datetime(2020, 4, 2, 1, 0, tzinfo=UTC)
    return clock


@pytest.fixture(scope="module")
def office(
    database_url: str, office_clock: MorningClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """An office of that spring, with its own staff."""
    opened = open_office(settings_for(database_url, tmp_path_factory.mktemp("office")), clock=office_clock)
    set_up(opened)
    seed(opened, seed=1, people=0, employers=0, day=RECEIVED, password=PASSWORD)
    with opened.store.transaction() as session:
        for login, name, region, duty in STAFF:
            member = add_staff(
                session,
                opened.vault,
                login=login,
                name=name,
                region=region,
                password=PASSWORD,
                day=RECEIVED,
                by=SYSTEM,
            )
            assert not isinstance(member, Refusal), member
            post = assign_post(
                session, opened.duties, staff_id=member.id, duty=duty, region=region, day=RECEIVED, by=SYSTEM
            )
            assert not isinstance(post, Refusal), post
    yield opened
    opened.close()


@pytest.mark.req("RECT-01", "RECT-02", "RECT-03", "RECT-04")
def test_the_checklist_of_2020_is_issued_returned_and_named_in_a_circular(
    invite: Invite, office: Office, office_clock: MorningClock
) -> None:
    city = invite().signs_in("dudao").go("/rectification/new")
    city.fills("收到文件的日期", "2020-04-02").fills("地区代码", "371500").presses("下达清单")
    city.sees(
        "共 96 项", "12 个单位 × 8 个项目 = 96 项，实有 96 项，一项不少。", "2 个在收到（2020-04-02）时已过"
    )
    city.sees("从收到之日起算至 2020-04-17")
    expect(city.page.locator("table.wall tbody td:not(.sum)")).to_have_count(96)
    expect(city.page.locator("table.wall td.w-overdue_on_receipt")).to_have_count(96)
    wall = city.page.url.removeprefix(city.address)
    _clean(city, "wall-1-received")

    # the sweep opens cases so many a round: those of the first topic are enough to go on with
    assert open_item_cases(office, limit=12) == 12
    key, item = _of(office, "371521", "参保范围")
    county = invite().signs_in("yanggu").go(wall)
    county.sees("1 个单位 × 8 个项目 = 8 项，实有 8 项，一项不少。")
    county.takes(key).picks("查摆结果", "有问题").picks("问题类型", "落实不到位")
    county.fills("存在的问题", "个别窗口仍要求登记失业").presses("提交").sees("已办结")
    county.takes(key).picks("问题类型", "落实不到位").fills("存在的问题", "个别窗口仍要求登记失业")
    county.fills("整改措施", "尽快整改到位").fills("整改责任人", "谷正改").fills("完成时限", "2020-05-29")
    county.presses("提交").sees("已办结")
    city.takes(key).picks("审核意见", "退回重报").fills("说明", "措施不具体，请写明谁、何时、做什么")
    city.fills("方案时限", "2020-04-14").presses("提交").sees("已办结")
    city.go(wall).sees("退回未重报")
    expect(city.page.locator("table.wall .back")).to_have_count(1)
    _clean(city, "wall-2-returned")

    # 10 April was the last day that counted for the self-check: the next working day it is named
    office_clock.forward(days=11)
    # a reminder of the returned plan, due on the 14th, and the circular to all in the city
    assert escalation_due(office, limit=10) == 2
    city.signs_in("dudao").go(wall)
    expect(city.page.locator("table.wall td.w-late")).to_have_count(95)
    _clean(city, "wall-3-late")
    city.page.get_by_role("link", name="通报、提醒").click()
    city.sees("通报", "95")
    _clean(city, "wall-4-papers")
    city.page.get_by_role("link", name="逾期事项的通报").first.click()
    city.sees("阳谷县", "未按时查摆", "时限 2020-04-10", "已逾期 1 个工作日")
    city.keeps("wall-5-circular")

    city.go(f"/rectification/items/{item}").sees("措施不具体，请写明谁、何时、做什么", "收到时已过")
    city.fills("督办的理由", "省厅五月底前要全部取消").presses("督办此项").sees("已督办，督办通知已发出")
    _clean(city, "wall-6-cell")
    english = invite(english=True)
    english.go("/sign-in")
    english.page.locator("#login").fill("dudao")
    english.page.locator("#password").fill(PASSWORD)
    english.page.locator("main form button").first.click()
    english.page.wait_for_load_state()
    english.go(wall).sees("12 units × 8 topics = 96 items, 96 there are: none is missing.")
    _clean(english, "wall-7-english")


@pytest.mark.req("RECT-03")
def test_the_wall_is_used_from_the_keyboard_and_without_a_script(invite: Invite) -> None:
    desk = invite(javascript=False).signs_in("dudao").go("/rectification").follows("政策落实梳理查摆")
    first = desk.page.locator("table.wall tbody td a").first

    first.focus()
    desk.page.keyboard.press("Tab")
    second = desk.page.locator("table.wall tbody td a").nth(1)
    expect(second).to_be_focused()
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_load_state()

    desk.sees("东昌府区：参保范围", "文件写明")


@pytest.mark.req("RECT-05")
def test_the_eighteen_tasks_of_chongqing_are_judged_and_taken_in(invite: Invite) -> None:
    desk = invite().signs_in("yududao").go("/work-plans")
    _fill_plan(desk)
    desk.presses("先检查").sees(
        "E8", "不清楚负责哪一部分", "读到 18 项任务，将下达 358 个责任事项。", "制定措施 2019-10-15"
    )
    _clean(desk, "plan-1-checked")

    _fill_plan(desk)
    desk.ticks("我已看过").presses("收入并下达").sees("共 358 项", "应有 358 项，实有 358 项，一项不少。")
    expect(desk.page.locator("table.wall tbody tr")).to_have_count(18)
    _clean(desk, "plan-2-wall")
    desk.page.locator("table.wall tbody td a").first.click()
    desk.page.wait_for_load_state()
    desk.sees("倒排时间表", "自查验收", "2020-12-31", "牵头单位")
    _clean(desk, "plan-3-item")


def _fill_plan(desk: Visitor) -> None:
    desk.fills("计划名称", "“畅通领、安全办”服务改革专项行动任务分工").fills(
        "依据的文件", "渝人社发〔2019〕169号"
    )
    desk.fills("地区代码", "500000").fills("印发日期", "2019-06-26").fills("完成日期", "2020-12-31")
    desk.page.get_by_label("分工表文件").set_input_files(ROOT / "processes" / "plans" / "chongqing-2019.xlsx")


def _of(office: Office, region: str, topic: str) -> tuple[str, int]:
    """The number of the case of that cell, and the item."""
    query = (
        select(WorkflowCase.case_key, RectificationItem.id)
        .join(RectificationItem, RectificationItem.case_id == WorkflowCase.id)
        .join(ChecklistTopic, ChecklistTopic.id == RectificationItem.topic_id)
        .where(RectificationItem.region_code == region, ChecklistTopic.title == topic)
    )
    with office.store.reading() as session:
        key, item = session.execute(query).one()
        return key, item


def _clean(visitor: Visitor, name: str) -> None:
    """axe finds nothing and nothing sticks out, at a desk and on a telephone; a picture of each is kept."""
    axe = (AXE / json.loads((AXE / "manifest.json").read_text())["axe.js"]).read_text("utf-8")
    visitor.page.evaluate(axe)
    for width in (DESK, PHONE):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        assert visitor.page.evaluate(LOOK, list(RULES)) == [], f"{name} at {width}"
        visitor.keeps(f"{name}-{width}")
    visitor.page.set_viewport_size({"width": DESK, "height": 900})
