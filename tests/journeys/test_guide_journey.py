"""Somebody reads how a matter goes; analysts publish a change; the guide has changed by itself."""

from __future__ import annotations

import pytest
from browsing import PHONE, Invite
from builders import actor
from playwright.sync_api import expect

from engine.cases import studio
from engine.cases.library_checks import CheckReport
from engine.cases.office import Office
from engine.cases.studio_views import ChangeView
from engine.cases.sweep import sweep_until_idle

pytestmark = pytest.mark.browser
DIAGRAM = "death-grant.bpmn"


@pytest.mark.req("SERV-01")
def test_a_guide_is_found_without_a_script_and_changes_in_the_moment_a_change_is_published(
    office: Office, invite: Invite
) -> None:
    reader = invite(width=PHONE, javascript=False).go("/").follows("办事指南")
    reader.fills("搜索指南", "遗属").presses("搜索").follows("丧葬补助金和抚恤金")
    steps = reader.page.locator(".guide-steps")
    expect(steps).to_contain_text("受理审核")
    before = reader.page.locator(".guide-narrow").inner_html()

    _publish(office, "受理审核", "核对亲属关系")
    reader.page.reload()

    expect(steps).to_contain_text("核对亲属关系")
    expect(steps).not_to_contain_text("受理审核")
    after = reader.page.locator(".guide-narrow")
    expect(after).to_be_visible()
    assert "受理审核" in before and "核对亲属关系" in after.inner_html()
    assert "第 2 版" in reader.page.locator(".head").inner_text()
    reader.pictures("guide-changed-phone")
    assert reader.overflow() <= 0


def _publish(office: Office, old: str, new: str) -> None:
    """One analyst renames a step, a second one publishes it, once its tests have passed."""
    author, second = actor(office, "chuliucheng"), actor(office, "weiliucheng2")
    change = studio.open_change(office, author, "环节改名")
    assert isinstance(change, ChangeView)
    drawn = (office.settings.processes_dir / DIAGRAM).read_bytes()
    report = studio.save_file(
        office,
        author,
        change.change_id,
        DIAGRAM,
        drawn.replace(f'name="{old}"'.encode(), f'name="{new}"'.encode()),
    )
    assert isinstance(report, CheckReport) and report.ok
    studio.submit_change(office, author, change.change_id)
    sweep_until_idle(office)
    assert isinstance(studio.publish_change(office, second, change.change_id), ChangeView)
