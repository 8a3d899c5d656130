"""An analyst at the modeler: draws, sees what is wrong, saves; nothing that was not touched is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browsing import ROOT, Invite, Visitor
from lxml import etree
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FOREIGN = 'xmlns:house="urn:example:house" house:colour="blau"'
AXE = next((ROOT / "web" / "static" / "vendor").glob("axe.*.js"), Path())
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOK = """async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ["violations"]})).violations
  .flatMap(each => each.nodes.map(node => `${each.id}: ${node.target.join(" ")}`))"""


@pytest.fixture
def analyst(invite: Invite) -> Visitor:
    """An analyst at a desk with a new change open."""
    visitor = invite().signs_in("chuliucheng").go("/studio")
    return visitor.fills("改什么", "改名").presses("开单")


@pytest.mark.req("FLOW-02")
def test_a_step_is_renamed_by_keys_and_foreign_attributes_and_layout_survive(analyst: Visitor) -> None:
    change = analyst.page.url
    before = (ROOT / "processes" / "claim.bpmn").read_text()
    before = before.replace('<bpmn:userTask id="review_claim"', f'<bpmn:userTask {FOREIGN} id="review_claim"')
    _upload(analyst, before, "claim.bpmn")
    _open(analyst, change, "claim.bpmn")
    expect(analyst.page.locator("[data-state]")).to_have_text("")

    analyst.page.locator('[data-element-id="review_claim"]').first.dblclick()
    analyst.page.keyboard.press("Control+a")
    analyst.page.keyboard.type("仔细复核")
    analyst.page.keyboard.press("Control+s")
    expect(analyst.page.locator("[data-state]")).to_have_text("已保存")

    after = _download(analyst, change, "claim.bpmn")
    assert _facts(before.encode()) ^ _facts(after) == {
        _fact(before.encode(), "review_claim"),
        _fact(after, "review_claim"),
    }
    assert "仔细复核" in after.decode()


@pytest.mark.req("FLOW-02")
@pytest.mark.parametrize(
    ("step", "title", "kept"),
    [
        ("check_intake", "人工任务（表单、时限、回避）", "changling.person"),
        ("create_grant", "建立待遇", "changling.operation.create_grant"),
    ],
)
def test_a_template_adds_itself_and_takes_nothing_away(
    analyst: Visitor, step: str, title: str, kept: str
) -> None:
    change = analyst.page.url
    _open(analyst, change, "claim.bpmn")
    before = _download(analyst, change, "claim.bpmn")

    analyst.page.locator(f'[data-element-id="{step}"]').first.click()
    analyst.page.locator(".bio-properties-panel-select-template-button").click()
    analyst.page.locator(".djs-popup .entry").filter(has_text=title).first.click()
    analyst.page.keyboard.press("Control+s")
    expect(analyst.page.locator("[data-state]")).to_have_text("已保存")

    after = _download(analyst, change, "claim.bpmn")
    assert kept in _fact(after, step)
    assert _facts(before) - _facts(after) == {_fact(before, step)}


@pytest.mark.req("FLOW-03")
def test_a_fault_is_marked_while_drawing_and_the_list_leads_to_it(analyst: Visitor) -> None:
    change = analyst.page.url
    broken = (ROOT / "processes" / "claim.bpmn").read_text()
    _upload(
        analyst, broken.replace('camunda:topic="create_grant"', 'camunda:topic="no_such_thing"'), "claim.bpmn"
    )
    _open(analyst, change, "claim.bpmn")

    expect(analyst.page.locator('[data-element-id="create_grant"].problem-mark-error')).to_be_attached()
    analyst.page.get_by_role("button", name=re.compile("no_such_thing")).first.click()

    expect(analyst.page.locator('[data-element-id="create_grant"].selected')).to_be_attached()
    assert _violations(analyst) == []


@pytest.mark.req("FLOW-02")
def test_a_diagram_without_layout_is_laid_out_and_says_so(analyst: Visitor) -> None:
    change = analyst.page.url
    drawn = (ROOT / "processes" / "claim.bpmn").read_text()
    bare = re.sub(r"(?s)<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", "", drawn)
    _upload(analyst, bare, "claim.bpmn")
    _open(analyst, change, "claim.bpmn")

    analyst.sees("已自动排布")
    analyst.presses("保存草稿")
    expect(analyst.page.locator("[data-state]")).to_have_text("已保存")

    after = _download(analyst, change, "claim.bpmn")
    assert _shapes(after) == _shapes(drawn.encode())
    analyst.pictures("studio-laid-out")


@pytest.mark.req("FLOW-02")
@pytest.mark.parametrize("name", ["claim.bpmn", "decisions/claim-route.dmn", "forms/claim-review.form"])
def test_each_editor_opens_in_chinese_and_axe_finds_nothing(analyst: Visitor, name: str) -> None:
    _open(analyst, analyst.page.url, name)

    assert analyst.page.evaluate("[...notInChinese]") == []
    assert _violations(analyst) == []
    analyst.keeps(f"studio-{name.rpartition('/')[2]}")


def test_a_telephone_gets_the_lists_and_is_told_that_the_editor_wants_more_room(invite: Invite) -> None:
    visitor = invite(width=390).signs_in("chuliucheng").go("/studio").keeps("studio-telephone")
    visitor.fills("改什么", "手机上看").selects("先改哪个文件", "claim.bpmn").presses("开单")

    visitor.sees("编辑器需要大一些的屏幕", "检查结果").keeps("studio-telephone-editor")
    expect(visitor.page.locator("#bench")).not_to_be_visible()
    assert _violations(visitor) == []


def _open(visitor: Visitor, change: str, name: str) -> None:
    visitor.page.goto(f"{change}/files/{name}")
    expect(visitor.page.locator("#bench[data-ready]")).to_be_visible()


def _upload(visitor: Visitor, text: str, name: str) -> None:
    file = {"name": name, "mimeType": "application/xml", "buffer": text.encode()}
    visitor.page.locator("#file").set_input_files(file)  # type: ignore[arg-type]
    visitor.presses("存入变更单")


def _download(visitor: Visitor, change: str, name: str) -> bytes:
    return visitor.context.request.get(f"{change}/download/{name}").body()


def _violations(visitor: Visitor) -> list[str]:
    visitor.page.evaluate(AXE.read_text())
    found: list[str] = visitor.page.evaluate(LOOK, RULES)
    return found


def _facts(content: bytes) -> set[str]:
    """Every element with its own attributes, text and parent's id; order and white space left out."""
    root = etree.fromstring(content)
    label = "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNLabel"
    drawn = [each for each in root.iter() if isinstance(each.tag, str)]
    # a step that was renamed gets a label without a place of its own
    return {_said(each) for each in drawn if each.tag != label or len(each)}


def _fact(content: bytes, own: str) -> str:
    return _said(next(each for each in etree.fromstring(content).iter() if each.get("id") == own))


def _said(each: etree._Element) -> str:
    parent = each.getparent()
    attributes = {
        key: re.sub(r"\.0$", "", str(value))
        for key, value in each.attrib.items()
        # the standard's own default, which the modeler leaves out
        if (key, value) != ("cancelActivity", "true")
    }
    where = "" if parent is None else parent.get("id") or parent.tag
    return f"{each.tag} {sorted(attributes.items())} {(each.text or '').strip()} in {where}"


def _shapes(content: bytes) -> set[str]:
    namespace = "{http://www.omg.org/spec/BPMN/20100524/DI}"
    root = etree.fromstring(content)
    drawn = [each for kind in ("BPMNShape", "BPMNEdge") for each in root.iter(f"{namespace}{kind}")]
    return {str(each.get("bpmnElement")) for each in drawn}
