"""A morning at the inbox: by keys alone, without scripts, many at once, and in Excel."""

from __future__ import annotations

from io import BytesIO

import pytest
from browsing import DESK, PHONE, Invite
from builders import a_claim
from openpyxl import load_workbook
from playwright.sync_api import expect

from engine.cases.office import Office
from engine.registers.cast import PEOPLE

pytestmark = pytest.mark.browser

PERSONS = ("li", "bo", "zheng", "lin")


@pytest.fixture(scope="module")
def claims(office: Office) -> dict[str, str]:
    """Four claims that wait at intake: number by person."""
    return {person: a_claim(office, person, at="check_intake").key for person in PERSONS}


@pytest.mark.req("FLOW-05")
def test_a_clerk_selects_and_claims_by_keys_and_opens_the_task(
    invite: Invite, claims: dict[str, str]
) -> None:
    clerk = invite().signs_in("wangshouli").go("/inbox?list=claimable")
    keys = clerk.page.keyboard
    expect(clerk.row(claims["li"])).to_be_visible()

    keys.press("?")
    expect(clerk.page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(clerk.page.get_by_role("dialog")).to_be_hidden()
    keys.press("j")
    keys.press("x")
    keys.press("ArrowDown")
    keys.press("x")
    expect(clerk.page.locator("[data-picked]")).to_have_text("2")
    keys.press("k")
    keys.press("x")
    expect(clerk.page.locator("[data-picked]")).to_have_text("1")
    keys.press("c")

    clerk.page.wait_for_url("**/tasks/*")
    clerk.sees("已领取：受理审核")
    clerk.go("/inbox")
    keys.press("j")
    keys.press("Enter")
    clerk.page.wait_for_url("**/tasks/*")
    clerk.sees("已查事实").presses("退回待领")
    clerk.sees("已退回待领")


@pytest.mark.req("FLOW-05")
def test_a_key_pressed_in_the_frame_in_which_the_help_closes_is_heard(
    invite: Invite, claims: dict[str, str]
) -> None:
    clerk = invite().signs_in("wangshouli").go("/inbox?list=claimable")
    clerk.page.keyboard.press("?")

    # until the next frame the focus stays on the button of the dialog that is closed
    clerk.page.evaluate(
        """() => {
          document.getElementById("keys").close();
          document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
        }"""
    )

    expect(clerk.page.locator("[data-row-link]").first).to_be_focused()


@pytest.mark.req("FLOW-05")
def test_single_keys_can_be_put_off(invite: Invite, claims: dict[str, str]) -> None:
    clerk = invite().signs_in("wangshouli").go("/inbox?list=claimable")
    clerk.page.get_by_role("button", name="快捷键").click()
    clerk.ticks("关闭单键快捷键").presses("关闭")
    clerk.page.locator("main").focus()

    clerk.page.keyboard.press("j")
    clerk.page.keyboard.press("x")

    expect(clerk.page.locator("[data-picked]")).to_have_text("0")


@pytest.mark.req("FLOW-05")
@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_a_person_is_found_by_number_and_the_number_stands_in_no_address(
    invite: Invite, claims: dict[str, str], javascript: bool
) -> None:
    clerk = invite(javascript=javascript).signs_in("wangshouli").go("/inbox?list=claimable")
    number = PEOPLE["bo"].id_number

    clerk.fills("搜索办件", number).presses("搜索")

    expect(clerk.row(claims["bo"])).to_be_visible()
    expect(clerk.page.locator("tbody tr")).to_have_count(1)
    assert number not in clerk.page.url
    assert number not in clerk.page.content()
    clerk.follows("全部清除")
    expect(clerk.row(claims["li"])).to_be_visible()


@pytest.mark.req("FLOW-05")
def test_without_scripts_lists_are_filtered_kept_and_claimed_in_bulk(
    invite: Invite, claims: dict[str, str]
) -> None:
    clerk = invite(javascript=False).signs_in("wangshouli").go("/inbox?list=claimable")
    clerk.page.locator("summary", has_text="筛选").click()
    clerk.page.get_by_label("环节").select_option("check_intake")
    clerk.presses("筛选办件")
    clerk.sees("条件：", "可领：共 4 件")
    clerk.page.locator("summary", has_text="视图").click()
    clerk.fills("把当前列表存为", "受理").presses("保存视图")
    clerk.sees("已保存视图：受理")

    for person in ("li", "bo"):
        clerk.row(claims[person]).get_by_role("checkbox").check()
    clerk.presses("批量领取")

    clerk.sees("共 2 件，办成 2 件，未办 0 件。")
    clerk.go("/inbox")
    for person in ("li", "bo"):
        clerk.row(claims[person]).get_by_role("checkbox").check()
    clerk.presses("批量转办")
    clerk.sees("本地区没有可以接收这些任务的同岗位同事。")


@pytest.mark.req("FLOW-05", "FLOW-06")
def test_a_reviewer_hands_many_over_and_sees_what_came_of_each(invite: Invite, office: Office) -> None:
    case = a_claim(office, "wu", at="review_claim")
    reviewer = invite().signs_in("zhaofuhe").takes(case.key).go("/inbox")
    reviewer.row(case.key).get_by_role("checkbox").check()
    reviewer.presses("批量转办")
    reviewer.selects("转给", "钱芙荷（qianfuhe2）").fills("原因", "出差三天").presses("转办")

    reviewer.sees("共 1 件，办成 1 件，未办 0 件。")
    colleague = invite().signs_in("qianfuhe2")
    expect(colleague.row(case.key)).to_be_visible()


@pytest.mark.req("FLOW-05")
def test_the_list_on_the_page_is_the_list_in_the_workbook(invite: Invite, claims: dict[str, str]) -> None:
    clerk = invite().signs_in("wangshouli").go("/inbox?list=claimable")
    shown = {row.split("\t")[0] for row in clerk.page.locator("tbody td.mono").all_inner_texts()}

    with clerk.page.expect_download() as download:
        clerk.page.get_by_role("link", name="导出 Excel").click()
    sheet = load_workbook(BytesIO(download.value.path().read_bytes())).worksheets[0]

    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert {str(row[0]) for row in rows} == shown
    assert all("********" in str(row[4]) for row in rows), "numbers stay masked"


@pytest.mark.req("FLOW-05")
def test_counts_change_on_an_open_page(invite: Invite, claims: dict[str, str]) -> None:
    clerk = invite().signs_in("wangshouli").go("/inbox?list=claimable")
    answer = clerk.context.request.get(f"{clerk.address}/inbox/counts")
    again = clerk.context.request.get(
        f"{clerk.address}/inbox/counts", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (answer.status, again.status) == (200, 304)
    before = clerk.page.locator("#count-todo").inner_text()

    other = clerk.context.new_page()
    other.goto(f"{clerk.address}/inbox?list=claimable")
    other.get_by_role("button", name="领取", exact=True).first.click()
    other.wait_for_url("**/tasks/*")
    clerk.page.evaluate("htmx.ajax('GET', '/inbox/counts', {swap: 'none'})")

    expect(clerk.page.locator("#count-todo")).to_have_text(str(int(before) + 1))


@pytest.mark.req("FLOW-05")
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_inbox_is_kept_for_people_to_look_at(invite: Invite, claims: dict[str, str], width: int) -> None:
    manager = invite(width=width).signs_in("zhengneikong").go("/inbox?list=below&density=dense")
    manager.sees("下级机构：")
    manager.keeps(f"inbox-below-{width}")
    clerk = invite(width=width).signs_in("wangshouli").go("/inbox?list=claimable&light=calm")
    clerk.page.locator("summary", has_text="筛选").click()
    clerk.keeps(f"inbox-claimable-{width}")
