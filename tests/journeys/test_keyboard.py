"""A day at a desk without a mouse: Tab, Enter, Space and arrows do everything, and focus is always seen."""

from __future__ import annotations

import pytest
from browsing import PASSWORD, Invite, Visitor
from builders import a_claim
from playwright.sync_api import expect

from engine.cases.office import Office

pytestmark = pytest.mark.browser

FOCUS = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return ["", true];
  const style = getComputedStyle(here), near = getComputedStyle(here.parentElement);
  const ring = (of) => of.outlineStyle !== "none" && parseFloat(of.outlineWidth) > 0 || of.boxShadow !== "none";
  const name = here.getAttribute("aria-label") ?? here.labels?.[0]?.innerText ?? here.innerText;
  return [(name || here.value || here.id).trim(), ring(style) || ring(near)];
}"""


@pytest.mark.req("FLOW-05", "FLOW-10")
def test_a_clerk_signs_in_takes_a_task_and_hands_it_in_by_keys_alone(invite: Invite, office: Office) -> None:
    case = a_claim(office, "li", at="check_intake")
    clerk = invite().go("/")
    keys = clerk.page.keyboard

    _tab_to(clerk, "工作人员登录")
    keys.press("Enter")
    clerk.sees("账号")
    _tab_to(clerk, "账号")
    keys.type("wangshouli")
    _tab_to(clerk, "密码")
    keys.type(PASSWORD)
    keys.press("Enter")
    clerk.sees("我的工作")
    _tab_to(clerk, "可领")
    keys.press("Enter")
    expect(clerk.row(case.key)).to_be_visible()
    _tab_to(clerk, "受理审核")
    keys.press("Enter")
    clerk.sees("已查事实")
    _tab_to(clerk, "受理")
    keys.press("Space")
    keys.press("ArrowDown")
    expect(clerk.page.get_by_role("radio", name="退回申请人修改")).to_be_checked()
    keys.press("ArrowUp")
    expect(clerk.page.get_by_role("radio", name="受理", exact=True)).to_be_checked()
    _tab_to(clerk, "提交")
    keys.press("Enter")

    clerk.sees("已办结：受理审核")
    assert case.open_steps() == ["review_claim"]


def test_the_first_tab_leads_past_the_navigation(invite: Invite) -> None:
    clerk = invite().signs_in("wangshouli")
    clerk.page.keyboard.press("Tab")
    assert clerk.page.evaluate(FOCUS)[0] == "跳到正文"

    clerk.page.keyboard.press("Enter")
    expect(clerk.page.locator("main")).to_be_focused()


def test_errors_take_the_focus_and_lead_to_their_fields(invite: Invite, office: Office) -> None:
    case = a_claim(office, "zheng", at="check_intake")
    clerk = invite().signs_in("wangshouli").go(f"/tasks/{case.task_id('check_intake')}").presses("提交")
    expect(clerk.page.get_by_role("alert")).to_be_focused()

    clerk.page.keyboard.press("Tab")
    clerk.page.keyboard.press("Enter")
    clerk.page.keyboard.press("Space")

    expect(clerk.page.get_by_role("radio", name="受理", exact=True)).to_be_checked()


def _tab_to(visitor: Visitor, name: str) -> None:
    """Tab until the element with that name has the focus; at every stop the focus must be visible."""
    stops = []
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        found, seen = visitor.page.evaluate(FOCUS)
        stops.append(found)
        assert seen, f"the focus is not seen on {found!r}"
        if found.startswith(name):
            return
    raise AssertionError(f"{name} is not reached by Tab: {stops}")
