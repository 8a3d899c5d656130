"""The page of a case in a browser: every tab by keyboard and without scripts, papers brought and taken home."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsing import PHONE, Invite, Visitor
from builders import a_claim, actor
from playwright.sync_api import Download, expect

from engine.cases.attachments import attach
from engine.cases.office import Office
from engine.cases.uploads import Upload
from engine.registers.cast import PEOPLE

pytestmark = pytest.mark.browser

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
TABS = ("流程图", "表单", "审批记录", "材料", "文书", "资金", "期限", "关联案件")


def takes_home(visitor: Visitor, words: str) -> Download:
    """The file that comes when the link with these words is followed."""
    with visitor.page.expect_download() as coming:
        visitor.page.locator("main").get_by_role("link", name=words, exact=True).first.click()
    return coming.value


@pytest.mark.req("FLOW-07", "CTRL-07")
@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_every_tab_has_an_address_and_opens_by_keyboard(
    invite: Invite, office: Office, javascript: bool
) -> None:
    case = a_claim(office, "li" if javascript else "qin", at="review_claim")
    reviewer = invite(javascript=javascript).signs_in("zhaofuhe").go(f"/cases/{case.id}")

    for words in TABS:
        link = reviewer.page.get_by_role("navigation", name="案卷").get_by_role(
            "link", name=words, exact=True
        )
        link.focus()
        reviewer.page.keyboard.press("Enter")
        reviewer.page.wait_for_load_state()
        expect(link).to_have_attribute("aria-current", "page")
        assert "tab=" in reviewer.page.url
        reviewer.keeps(f"case-tab-{words}{'' if javascript else '-no-js'}")
    reviewer.go(f"/cases/{case.id}?tab=nonsense").sees("办到哪一步")


@pytest.mark.req("FLOW-07")
def test_the_diagram_is_moved_by_keys_and_says_where_the_case_can_go(invite: Invite, office: Office) -> None:
    case = a_claim(office, "zheng", at="review_claim")
    reviewer = invite().signs_in("zhaofuhe").go(f"/cases/{case.id}")
    page = reviewer.page
    canvas = page.locator(".diagram-canvas")
    expect(page.locator(".djs-connection.mark-done").first).to_be_attached()
    before = page.locator(".viewport").first.get_attribute("transform")

    canvas.focus()
    for key in ("+", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    moved = page.locator(".viewport").first.get_attribute("transform")
    page.keyboard.press("0")

    assert before != moved != page.locator(".viewport").first.get_attribute("transform")
    expect(page.locator(".mark-due")).to_have_text("最迟 2025-11-06")
    reviewer.sees("接下来可能", "复核：同意，不需要", "审批")


@pytest.mark.req("FLOW-07", "CLAIM-05")
@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_a_claimant_brings_a_paper_unasked_and_staff_read_it(
    invite: Invite, office: Office, javascript: bool
) -> None:
    key = "jin" if javascript else "zhou"
    case = a_claim(office, key, at="check_intake")
    claimant = invite(width=PHONE, javascript=javascript).proves(
        id_number=PEOPLE[key].id_number, name=PEOPLE[key].name
    )

    claimant.go(f"/cases/{case.id}").follows("材料").sees("办理不需要任何证明材料")
    claimant.page.locator("#file").set_input_files({"name": "x.pdf", "mimeType": "a/b", "buffer": b"<html>"})
    claimant.fills("名称", "劳动合同").presses("提供").sees("没有办成", "只能收入这些类型的文件")
    assert claimant.page.locator("#paper-title").input_value() == "劳动合同"
    claimant.page.locator("#file").set_input_files({"name": "合同.pdf", "mimeType": "a/b", "buffer": PDF})
    claimant.presses("提供").sees("已收入材料：劳动合同", "自愿提供")
    claimant.keeps(f"case-brought-{key}-phone")

    intake = invite(javascript=javascript).signs_in("wangshouli").go(f"/cases/{case.id}?tab=attachments")
    paper = takes_home(intake, "劳动合同")
    assert paper.suggested_filename == "合同.pdf"
    assert Path(paper.path()).read_bytes() == PDF
    receipt = takes_home(claimant.go(f"/cases/{case.id}?tab=papers"), "PDF")
    assert receipt.suggested_filename.startswith("受理回执")
    assert Path(receipt.path()).read_bytes().startswith(b"%PDF-")


@pytest.mark.req("CTRL-07")
def test_a_paper_is_never_shown_as_a_page_of_ours(invite: Invite, office: Office) -> None:
    case = a_claim(office, "lin", at="check_intake")
    upload = Upload(name='a"; x=.html.pdf', content=PDF + b"<script>alert(1)</script>")
    attach(office, actor(office, "lin"), case.id, upload)
    intake = invite().signs_in("wangshouli").go(f"/cases/{case.id}?tab=attachments")
    here = intake.page.locator("a[href^='/attachments/']").get_attribute("href")

    answer = intake.context.request.get(f"{intake.address}{here}")
    stranger = invite().signs_in("wuchuna").context.request.get(f"{intake.address}{here}")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]
    assert stranger.status == 403


@pytest.mark.req("CTRL-07")
def test_whole_numbers_are_printed_with_a_reason_only(invite: Invite, office: Office) -> None:
    case = a_claim(office, "feng", at="review_claim")
    reviewer = invite().signs_in("zhaofuhe").go(f"/cases/{case.id}?tab=papers")
    path = f"/cases/{case.id}/papers/approval"

    without = reviewer.posts(path, shape="pdf", why="")
    given = reviewer.posts(path, shape="pdf", why="归入纸质档案")
    masked = reviewer.go(path).reads()

    assert (without.status, given.status) == (403, 200)
    assert given.body().startswith(b"%PDF-")
    assert PEOPLE["feng"].id_number not in masked
    assert "********" in masked
