"""An analyst tries a drawing out at the browser: tokens move by keys, forms are filled, tests run, past cases replay."""

from __future__ import annotations

import json
import re

import pytest
from browsing import DESK, PHONE, ROOT, Invite, Visitor
from builders import a_claim
from playwright.sync_api import expect

from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle

pytestmark = pytest.mark.browser

STATIC = ROOT / "web" / "static" / "vendor"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOK = """async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ["violations"]})).violations
  .flatMap(each => each.nodes.map(node => `${each.id}: ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`))"""
SAMPLE = "合同期满、材料齐全，一路办到核定发放"


@pytest.fixture
def change(invite: Invite) -> str:
    """The path of a change in which the claim asks for a second review just where none is needed."""
    visitor = _analyst(invite).go("/studio").fills("改什么", "复核改道").presses("开单")
    path = visitor.page.url.removeprefix(visitor.address)
    drawn = (ROOT / "processes" / "claim.bpmn").read_text()
    skewed = drawn.replace('second_review_needed" default="one_review_enough"', 'second_review_needed"')
    skewed = skewed.replace("${second_review == true}", "${second_review == false}")
    upload = {"name": "claim.bpmn", "mimeType": "application/xml", "buffer": skewed.encode()}
    visitor.page.locator("#file").set_input_files([upload])
    visitor.presses("存入变更单")
    visitor.context.close()
    return path


@pytest.mark.req("FLOW-02")
def test_the_tokens_move_over_the_picture_by_keys_alone(invite: Invite) -> None:
    visitor = _analyst(invite).go("/studio/processes/claim/try").follows(SAMPLE)
    page = visitor.page
    expect(page.locator("[data-try][data-drawn]")).to_be_attached()
    expect(page.locator('[data-element-id="claim_granted"].mark-here')).to_be_attached()

    page.keyboard.press("ArrowLeft")
    for _step in range(8):
        page.keyboard.press("ArrowLeft")

    expect(page.locator("[data-count]")).to_have_text("第 4 步，共 13 步")
    expect(page.locator('[data-element-id="check_intake"].mark-here.mark-current')).to_be_attached()
    expect(page.locator('[data-element-id="review_claim"].mark-done')).not_to_be_attached()
    expect(page.locator("tr[aria-current=step]")).to_contain_text("受理审核")
    visitor.sees("令牌在：")
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-element-id="choose_route"].mark-current')).to_be_attached()
    page.reload()
    expect(page.locator("[data-count]")).to_have_text("第 5 步，共 13 步")
    page.get_by_role("button", name="播放").click()
    expect(page.locator("[data-count]")).to_have_text("第 13 步，共 13 步", timeout=30_000)
    expect(page.locator(".mark-current")).to_have_count(0)
    assert _violations(visitor) == []
    visitor.keeps("try-sample")


@pytest.mark.req("FLOW-02")
def test_a_case_is_walked_without_a_script_on_a_telephone(invite: Invite) -> None:
    visitor = _analyst(invite, width=PHONE, javascript=False).go("/studio/processes/claim/try")
    visitor.presses("发起，一步一步走")
    visitor.presses("办结，看下一步").sees("处需要更正")
    visitor.picks("以上内容是否正确", "正确，确认申领").fills("手机号码", "13800138000")
    visitor.ticks("我目前没有工作").ticks("我承诺以上情况属实").presses("办结，看下一步")

    visitor.presses("1 个工作日").presses("到下一个定时 2025-11-06").sees("督办受理")
    visitor.page.get_by_role("link", name="上一步").click()

    visitor.sees("第 5 步，共 6 步")
    visitor.keeps("try-phone")


@pytest.mark.req("FLOW-02")
def test_a_drawing_without_layout_is_laid_out_for_the_tokens(invite: Invite, change: str) -> None:
    drawn = (ROOT / "processes" / "claim.bpmn").read_text()
    bare = re.sub(r"(?s)<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", "", drawn)
    visitor = _analyst(invite).go(change)
    upload = {"name": "claim.bpmn", "mimeType": "application/xml", "buffer": bare.encode()}
    visitor.page.locator("#file").set_input_files([upload])
    visitor.presses("存入变更单").go(f"{change}/try").follows(SAMPLE)

    expect(visitor.page.locator('[data-element-id="claim_granted"].mark-here')).to_be_attached()


@pytest.mark.req("FLOW-03")
def test_the_tests_of_a_change_run_while_the_page_is_watched(
    invite: Invite, office: Office, change: str
) -> None:
    visitor = _analyst(invite).go(f"{change}/tests").presses("现在演练")
    visitor.sees("等待演练")

    sweep_until_idle(office)

    expect(visitor.page.locator("#run")).to_contain_text("演练未通过", timeout=30_000)
    expect(visitor.page.locator("#run [role=status]")).to_contain_text("共 27 个")
    assert _violations(visitor) == []
    visitor.keeps("try-tests")
    visitor.page.locator("tr", has_text=SAMPLE).get_by_role("link").first.click()
    visitor.sees("走到这里走不下去了")
    expect(visitor.page.locator('[data-element-id="second_review_claim"].mark-current')).to_be_attached()


@pytest.mark.req("FLOW-05")
def test_past_cases_replay_by_themselves_and_the_picture_says_how_many_differ(
    invite: Invite, office: Office, change: str
) -> None:
    for person in ("li", "ana", "sun"):
        a_claim(office, person).goes_on()
    for _each in range(9):
        a_claim(office, "qin").withdraw()
    visitor = _analyst(invite).go(f"{change}/replay").presses("开始重放")

    expect(visitor.page.get_by_text("12 件全部重放完")).to_be_visible(timeout=60_000)

    visitor.sees("路径与结果相同", "会不同", "哪里不同，多的在前")
    assert _violations(visitor) == []
    visitor.keeps("try-replay")


def _analyst(invite: Invite, *, width: int = DESK, javascript: bool = True) -> Visitor:
    return invite(width=width, javascript=javascript).signs_in("chuliucheng")


def _violations(visitor: Visitor) -> list[str]:
    """What axe finds, at a desk and on a telephone."""
    axe = (STATIC / json.loads((STATIC / "manifest.json").read_text())["axe.js"]).read_text("utf-8")
    visitor.page.evaluate(axe)
    found: list[str] = []
    for width in (PHONE, DESK):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width} {each}" for each in visitor.page.evaluate(LOOK, RULES)]
        assert visitor.overflow() <= 0, width
    return found
